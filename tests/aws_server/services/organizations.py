# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations: one function for each operation that reads. One organization; every other account is in none.

Names, types, limits and patterns are the model's business. Codes are those that the model declares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..organization import Account, Organization, Unit
from ..pages import page
from ..service import AwsError, Service
from ..state import Call, State

SERVICE = Service("organizations")
PAGE = 20
Item = TypeVar("Item")


@SERVICE.behaviour
def list_roots(state: State, call: Call) -> dict[str, Any]:
    """The one root that there is."""
    organization = _asked(state, call)
    root = {"Id": organization.root_id, "Arn": _arn(organization, "root", organization.root_id), "Name": "Root"}
    return _page(state, call, "Roots", {organization.root_id: root}, lambda found: {**found, "PolicyTypes": []})


@SERVICE.behaviour
def list_accounts(state: State, call: Call) -> dict[str, Any]:
    """Every account, the management account as well."""
    organization = _asked(state, call)
    return _accounts(state, call, organization, organization.accounts)


@SERVICE.behaviour
def list_accounts_for_parent(state: State, call: Call) -> dict[str, Any]:
    """The accounts that are in a unit or in the root, not those below."""
    organization = _asked(state, call)
    parent = _parent(organization, call)
    return _accounts(state, call, organization, [a for a in organization.accounts if a.parent == parent])


@SERVICE.behaviour
def list_organizational_units_for_parent(state: State, call: Call) -> dict[str, Any]:
    """The units that are in a unit or in the root, not those below."""
    organization = _asked(state, call)
    parent = _parent(organization, call)
    found = {unit.unit_id: unit for unit in organization.units if unit.parent == parent}
    return _page(state, call, "OrganizationalUnits", found, lambda unit: _unit(organization, unit))


@SERVICE.behaviour
def list_parents(state: State, call: Call) -> dict[str, Any]:
    """The unit or root that a unit or an account is in."""
    organization = _asked(state, call)
    child = call.parameters["ChildId"]
    found = organization.unit(child) or organization.account(child)
    if found is None:
        raise AwsError("ChildNotFoundException", "You specified a child that doesn't exist.")
    kind = "ROOT" if found.parent == organization.root_id else "ORGANIZATIONAL_UNIT"
    return _page(state, call, "Parents", {found.parent: kind}, lambda kind: {"Id": found.parent, "Type": kind})


@SERVICE.behaviour
def describe_account(state: State, call: Call) -> dict[str, Any]:
    """One account."""
    organization = _asked(state, call)
    found = organization.account(call.parameters["AccountId"])
    if found is None:
        raise AwsError("AccountNotFoundException", "You specified an account that doesn't exist.")
    return {"Account": _account(organization, found)}


@SERVICE.behaviour
def describe_organizational_unit(state: State, call: Call) -> dict[str, Any]:
    """One unit."""
    organization = _asked(state, call)
    found = organization.unit(call.parameters["OrganizationalUnitId"])
    if found is None:
        message = "You specified an organizational unit that doesn't exist."
        raise AwsError("OrganizationalUnitNotFoundException", message)
    return {"OrganizationalUnit": _unit(organization, found)}


@SERVICE.behaviour
def list_tags_for_resource(state: State, call: Call) -> dict[str, Any]:
    """The tags of an account; of what else has tags, none."""
    organization = _asked(state, call)
    found = organization.account(call.parameters["ResourceId"])
    if found is None:
        raise AwsError("TargetNotFoundException", "You specified a target that doesn't exist.")
    tags = {key: {"Key": key, "Value": value} for key, value in found.tags.items()}
    return _page(state, call, "Tags", tags, lambda tag: tag)


def _asked(state: State, call: Call) -> Organization:
    """The organization, for who may ask, as often as AWS allows."""
    organization = state.organization
    if organization is None or organization.account(call.account) is None:
        raise AwsError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    if call.account not in {organization.management, *organization.delegated}:
        raise AwsError("AccessDeniedException", "You don't have permissions to access this resource.")
    if not organization.allows(call.operation, call.account):
        raise AwsError("TooManyRequestsException", "AWS Organizations can't complete your request: too many requests.")
    return organization


def _parent(organization: Organization, call: Call) -> str:
    parent = str(call.parameters["ParentId"])
    if parent != organization.root_id and organization.unit(parent) is None:
        raise AwsError("ParentNotFoundException", "You specified parent that doesn't exist.")
    return parent


def _accounts(state: State, call: Call, organization: Organization, accounts: list[Account]) -> dict[str, Any]:
    found = {account.account_id: account for account in accounts}
    return _page(state, call, "Accounts", found, lambda account: _account(organization, account))


def _account(organization: Organization, account: Account) -> dict[str, Any]:
    """The account as the model's Account."""
    described: dict[str, Any] = {
        "Id": account.account_id,
        "Arn": _arn(organization, "account", account.account_id),
        "Email": account.email,
        "Name": account.name,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": account.joined,
    }
    if organization.gives_state:
        described["State"] = account.state
    if organization.gives_status:  # which knows fewer states
        described["Status"] = {"CLOSED": "SUSPENDED", "PENDING_ACTIVATION": "ACTIVE"}.get(account.state, account.state)
    if organization.gives_paths:
        described["Paths"] = [_path(organization, account.parent)]
    return described


def _unit(organization: Organization, unit: Unit) -> dict[str, Any]:
    """The unit as the model's OrganizationalUnit."""
    path = {"Path": _path(organization, unit.unit_id)} if organization.gives_paths else {}
    return {"Id": unit.unit_id, "Arn": _arn(organization, "ou", unit.unit_id), "Name": unit.name, **path}


def _path(organization: Organization, parent: str) -> str:
    """Where something is, in the form of the model's Path. That an account's ends with its unit is assumed."""
    return "/".join([organization.organization_id, *organization.chain(parent), ""])


def _arn(organization: Organization, kind: str, name: str) -> str:
    return f"arn:aws:organizations::{organization.management}:{kind}/{organization.organization_id}/{name}"


def _page(
    state: State, call: Call, key: str, found: Mapping[str, Item], describe: Callable[[Item], dict[str, Any]]
) -> dict[str, Any]:
    bad_token = AwsError("InvalidInputException", "NextToken is not valid for this request.")
    empty_first = bool(state.organization and state.organization.empty_pages)
    ids, rest = page(state, call, found, PAGE, bad_token, empty_first)
    return {key: [describe(found[id]) for id in ids], **rest}
