# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists in pages, each but the last with an opaque token for the next one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from .service import AwsError
from .state import Call, State

# What may change from page to page. Limit is DescribeWorkspaces' word for MaxResults.
_SIZES = ("NextToken", "MaxResults", "Limit")


def page(
    state: State, call: Call, ids: Iterable[str], size: int, bad_token: AwsError, empty_first: bool = False
) -> tuple[list[str], dict[str, str]]:
    """One page of the sorted ids, of MaxResults or else `size`, and NextToken if more follow.

    With `empty_first` the first page has none, and a token: some services answer so, and say it.

    A token serves only the account, Region, operation and parameters that it was made for; MaxResults may change
    (assumed). Any other one raises `bad_token`.
    """
    scope = {name: value for name, value in call.parameters.items() if name not in _SIZES}

    def token_after(last: str) -> str:
        seal = repr((call.account, call.region, call.operation, sorted(scope.items()), last))
        return hashlib.sha256(seal.encode()).hexdigest()

    token = call.parameters.get("NextToken")
    last = state.pages.get(token, "")
    if token is not None and token != token_after(last):
        raise bad_token
    left = sorted(id for id in ids if id > last)
    listed = left[: call.parameters.get("MaxResults", size)]
    if empty_first and token is None:
        listed = []
    elif len(listed) == len(left):
        return listed, {}
    after = listed[-1] if listed else ""
    token = token_after(after)
    state.pages[token] = after
    return listed, {"NextToken": token}
