# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS Organizations: one function an operation, every page read, errors typed. Nothing is decided here.

Every function raises ``AnsibleOrganizationsError`` for what AWS refuses, for what never reaches it and for what is no
answer of AWS's, such as one without the list that was asked for. Operations and their limits are those of botocore's
data/organizations/2016-11-28/service-2.json. A page may be empty and have a token.
"""

from __future__ import annotations

from datetime import timezone
from functools import cache
from typing import TYPE_CHECKING

from .._aws.accounts import is_account_id
from .._aws.calls import call, every_full_page, paginator_of
from .choice import Account, Unit, another_account, no_account_id
from .errors import AnsibleOrganizationsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

# The most that each of these operations answers on one page.
_PAGES = {"PaginationConfig": {"PageSize": 20}}


def list_roots(client: Any) -> list[str]:
    """Read the IDs of the organization's roots, of which AWS has one today."""
    return [root["Id"] for root in _every(client, "find the root of the organization", "ListRoots", "Roots", _PAGES)]


def list_accounts(client: Any) -> Iterator[Account]:
    """Read every account of the organization, page by page as they are taken."""
    pages = iter(paginator_of(client, "ListAccounts", "Accounts").paginate(**_PAGES))

    def accounts_of_next_page() -> list[Account] | None:
        page = next(pages, None)
        return None if page is None else [_account(answer) for answer in page["Accounts"]]

    while (accounts := _call(client, "list the accounts of the organization", accounts_of_next_page)) is not None:
        yield from accounts


def list_accounts_for_parent(client: Any, parent_id: str) -> list[Account]:
    """Read the accounts that are in a unit or in the root, and not those below."""
    action = f"list the accounts in {parent_id}"
    parameters = {"ParentId": parent_id, **_PAGES}
    return [_account(a) for a in _every(client, action, "ListAccountsForParent", "Accounts", parameters)]


def list_units_for_parent(client: Any, parent_id: str) -> list[Unit]:
    """Read the units that are in a unit or in the root, and not those below."""
    action, operation = f"list the organizational units in {parent_id}", "ListOrganizationalUnitsForParent"
    found = _every(client, action, operation, "OrganizationalUnits", {"ParentId": parent_id, **_PAGES})
    return [_unit(answer) for answer in found]


def list_parents(client: Any, child_id: str) -> list[str]:
    """Read the IDs of what an account or a unit is in: one unit, or the root."""
    action = f"find out where {child_id} is in the organization"
    return [p["Id"] for p in _every(client, action, "ListParents", "Parents", {"ChildId": child_id, **_PAGES})]


def describe_account(client: Any, account_id: str) -> Account:
    """Read one account."""
    action = f"look up account {account_id} in the organization"
    account = _call(client, action, lambda: _account(client.describe_account(AccountId=account_id)["Account"]))
    if account.id != account_id:
        raise AnsibleOrganizationsError(another_account(account_id, account.id))
    return account


def describe_unit(client: Any, unit_id: str) -> Unit:
    """Read one unit."""
    action = f"look up the organizational unit {unit_id}"
    ask = client.describe_organizational_unit
    return _call(client, action, lambda: _unit(ask(OrganizationalUnitId=unit_id)["OrganizationalUnit"]))


def list_tags(client: Any, account_id: str) -> dict[str, str]:
    """Read the tags of an account."""
    action = f"read the tags of account {account_id}"
    found = _every(client, action, "ListTagsForResource", "Tags", {"ResourceId": account_id})
    return {tag["Key"]: tag["Value"] for tag in found}


def tells_paths(client: Any) -> bool:
    """Say whether this botocore passes on where accounts and units are. Older ones than 1.42.80 drop it silently."""
    return "Paths" in client.meta.service_model.shape_for("Account").members


def _every(client: Any, action: str, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Any]:
    paginator = paginator_of(client, operation, key)
    return _call(client, action, lambda: every_full_page(paginator, key, **parameters))


def _account(answer: Mapping[str, Any]) -> Account:
    # It becomes a part of ARNs and the name of a host.
    if not is_account_id(answer["Id"]):
        raise AnsibleOrganizationsError(no_account_id([answer["Id"]]))
    joined = answer.get("JoinedTimestamp")
    return Account(
        id=answer["Id"],
        name=answer.get("Name"),
        email=answer.get("Email"),
        # Status was to retire on 2026-09-09. botocore passes on State from 1.40.27 on.
        state=answer.get("State") or answer.get("Status"),
        # botocore tells times in the zone of the machine that it runs on.
        joined=joined.astimezone(timezone.utc).isoformat() if joined else None,
        chain=_chain(answer.get("Paths", ())),
    )


def _unit(answer: Mapping[str, Any]) -> Unit:
    return Unit(answer["Id"], answer["Name"], _chain([answer["Path"]] if "Path" in answer else ()))


def _chain(paths: Sequence[str]) -> tuple[str, ...] | None:
    """Return the IDs from the root down that the one path tells; None where there is none, or more than one."""
    return _chain_of(paths[0]) if len(paths) == 1 else None


@cache  # Many accounts are in one unit, and share the answer.
def _chain_of(path: str) -> tuple[str, ...] | None:
    """Take the IDs out of ``o-…/r-…/ou-…/``. The model allows an account's own ID at the end."""
    ids = tuple(part for part in path.split("/") if part.startswith(("r-", "ou-")))
    return ids if ids and ids[0].startswith("r-") else None


def _call(client: Any, action: str, function: Callable[[], Any]) -> Any:
    return call(client, action, function, AnsibleOrganizationsError)
