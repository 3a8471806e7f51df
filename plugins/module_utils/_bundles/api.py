# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS: one function an operation, every page read, errors typed. Nothing is decided here.

Every function raises ``AnsibleBundlesError`` for what AWS refuses, for what never reaches it and for what is no answer
of AWS's. Operations and their limits are those of botocore's data/workspaces/2015-04-08/service-2.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.calls import call, every_page, paginator_of
from .errors import AnsibleBundlesError

if TYPE_CHECKING:
    from typing import Any


def describe_bundles(client: Any) -> list[dict[str, Any]]:
    """Read the caller's own bundles, from every page."""
    return call(
        client,
        "look up the bundles",
        lambda: every_page(paginator_of(client, "DescribeWorkspaceBundles", "Bundles"), "Bundles"),
        AnsibleBundlesError,
    )
