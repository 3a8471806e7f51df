# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any tree, any choice, told in any way: the answer is that of a model which asks account by account, by paths.

Set EUC_AWS_EXAMPLES for more examples than the default.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._organizations.errors import AnsibleOrganizationsError
from ansible_collections.euc.aws.tests.unit.support import (
    OWNER,
    accounts,
    chosen_by,
    new_client,
    new_organization,
)

EXAMPLES = int(os.environ.get("EUC_AWS_EXAMPLES", "100"))
STATES = ["ACTIVE", "SUSPENDED", "PENDING_CLOSURE"]
STRANGER = "999999999999"
SERVER = new_organization({"/": [OWNER]})
CLIENT = new_client(SERVER, service="organizations")


@st.composite
def trees(draw):
    """Draw units up to five deep, by path, with accounts and their states."""
    paths = ["/"]
    for number in range(draw(st.integers(0, 9))):
        above = draw(st.sampled_from([path for path in paths if path.count("/") < 5 or path == "/"]))
        paths.append(f"{above.rstrip('/')}/u{number}")
    ids = accounts(*range(1, draw(st.integers(1, 45))))
    places = {account: draw(st.sampled_from(paths)) for account in ids}
    states = {account: draw(st.sampled_from(["ACTIVE", *STATES])) for account in ids}
    return paths, places, states


def lists(values):
    return st.none() | st.lists(st.sampled_from(values), max_size=4)


@st.composite
def choices(draw, paths, ids):
    """Draw options: units by path, or by an ID in its place, and accounts, some of which nobody has."""
    units = draw(lists(paths))
    return {
        "organizational_units": units,
        "recursive": draw(st.booleans()) or units is None,
        "account_ids": draw(lists(ids) | lists([*ids, STRANGER])),
        "exclude_organizational_units": draw(lists(paths)),
        "exclude_account_ids": draw(lists(ids) | lists([*ids, STRANGER])),
        "states": draw(st.lists(st.sampled_from(STATES), unique=True)),
    }


def is_below(path, unit):
    return path == unit or path.startswith(unit.rstrip("/") + "/")


def expected(places, states, options):
    """Say which accounts are chosen, or None where the choice is an error."""
    units, named = options["organizational_units"], options["account_ids"]
    excluded_units, excluded = options["exclude_organizational_units"] or [], options["exclude_account_ids"] or []
    if STRANGER in [*(named or []), *excluded]:
        return None
    found = []
    for account, path in places.items():
        if account in excluded or any(is_below(path, unit) for unit in excluded_units):
            continue
        is_named = account in (named or [])
        is_in_unit = any(is_below(path, unit) if options["recursive"] else path == unit for unit in units or [])
        if not is_named and not is_in_unit and not (units is None and named is None):
            continue
        if states[account] in options["states"]:
            found.append(account)
        elif is_named:
            return None
    return sorted(found)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
def test_the_answer_is_that_of_asking_account_by_account(data):
    paths, places, states = data.draw(trees())
    options = data.draw(choices(paths, [*places, OWNER]))
    places, states = {**places, OWNER: "/"}, {**states, OWNER: "ACTIVE"}
    way = {"gives_paths": data.draw(st.booleans()), "empty_pages": data.draw(st.booleans())}
    tree = {path: [account for account, place in places.items() if place == path] for path in paths}
    SERVER.organization = known = new_organization(tree, **way).organization
    known.accounts = [replace(account, state=states[account.account_id]) for account in known.accounts]
    ids = dict(zip(paths, [known.root_id, *(unit.unit_id for unit in known.units)], strict=True))
    asked = {
        name: [ids[path] if data.draw(st.booleans()) else path for path in value]
        if "units" in name and value
        else value
        for name, value in options.items()
        if value is not None
    }
    SERVER.journal.clear()
    answer = expected(places, states, options)
    if answer is None:
        with pytest.raises(AnsibleOrganizationsError, match="No account is returned"):
            chosen_by(CLIENT, **asked)
    else:
        assert [(account["id"], account["path"]) for account in chosen_by(CLIENT, **asked)["accounts"]] == [
            (account, places[account]) for account in answer
        ]
