# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict server's Organizations: who may ask, what is there, in which pages, and how often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Organization, State
from ansible_collections.euc.aws.tests.unit.aws_server.support import Connect, call, client, in_process, refusal

MANAGEMENT, DELEGATED, MEMBER, OUTSIDER = "111111111111", "222222222222", "333333333333", "999999999999"
FIVE_DEEP = "/One/Two/Three/Four/Five"
TREE = {
    "/": [MANAGEMENT],
    "/One": [f"1{number:011}" for number in range(21)],
    "/One/Two": [],
    "/One/Two/Three": [],
    "/One/Two/Three/Four": [],
    FIVE_DEEP: [DELEGATED, MEMBER],
}
ONE, TWO, THREE, FOUR, FIVE = (f"ou-ab12-{number:08}" for number in range(5))
DENIED, NOT_IN_USE = "AccessDeniedException", "AWSOrganizationsNotInUseException"

client(service="organizations")  # botocore reads its model once here, as in support.py


def new_state(**settings: Any) -> State:
    """A state whose access keys are the account ids."""
    keys = {account: account for account in (MANAGEMENT, DELEGATED, MEMBER, OUTSIDER)}
    return State(access_keys=keys, organization=Organization.of(TREE, delegated={DELEGATED}, **settings))


def test_tells_the_tree(connect: Connect) -> None:
    connection = connect(new_state(), MANAGEMENT, "organizations")
    roots = call(connection, "ListRoots")["Roots"]
    assert [(root["Id"], root["Name"]) for root in roots] == [("r-ab12", "Root")]
    units = call(connection, "ListOrganizationalUnitsForParent", ParentId=ONE)["OrganizationalUnits"]
    assert [(unit["Id"], unit["Name"]) for unit in units] == [(TWO, "Two")]
    described = call(connection, "DescribeOrganizationalUnit", OrganizationalUnitId=FIVE)["OrganizationalUnit"]
    assert described.get("Path", f"o-exampleorgid/r-ab12/{ONE}/{TWO}/{THREE}/{FOUR}/{FIVE}/").count("/") == 7
    accounts = call(connection, "ListAccountsForParent", ParentId=FIVE)["Accounts"]
    assert [account["Id"] for account in accounts] == [DELEGATED, MEMBER]
    assert call(connection, "ListParents", ChildId=MEMBER)["Parents"] == [{"Id": FIVE, "Type": "ORGANIZATIONAL_UNIT"}]
    assert call(connection, "ListParents", ChildId=ONE)["Parents"] == [{"Id": "r-ab12", "Type": "ROOT"}]
    account = call(connection, "DescribeAccount", AccountId=MEMBER)["Account"]
    assert (account["Name"], account["Email"]) == ("account-3333", f"{MEMBER}@example.com")


def test_tells_the_fields_that_it_is_told_to() -> None:
    state = new_state(gives_paths=False, gives_state=False, gives_status=True)
    assert state.organization
    state.organization.accounts[0] = replace(state.organization.accounts[0], state="CLOSED", tags={"a": "b"})
    connection = in_process(state, MANAGEMENT, "organizations")
    account = call(connection, "DescribeAccount", AccountId=MANAGEMENT)["Account"]
    assert account["Status"] == "SUSPENDED"
    assert not {"State", "Paths"} & account.keys()
    assert call(connection, "ListTagsForResource", ResourceId=MANAGEMENT)["Tags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize(("empty", "sizes"), [(False, [20, 4]), (True, [0, 20, 4])])
def test_pages(empty: bool, sizes: list[int]) -> None:
    connection = in_process(new_state(empty_pages=empty), MANAGEMENT, "organizations")
    pages = list(connection.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["Accounts"]) for page in pages] == sizes


@pytest.mark.parametrize(
    ("who", "code"), [(MANAGEMENT, None), (DELEGATED, None), (MEMBER, DENIED), (OUTSIDER, NOT_IN_USE)]
)
def test_who_may_ask(who: str, code: str | None) -> None:
    connection = in_process(new_state(), who, "organizations")
    if code:
        assert refusal(connection, "ListAccounts").response["Error"]["Code"] == code
    else:
        assert call(connection, "ListAccounts")["Accounts"]


NOWHERE = "ou-ab12-99999999"
REFUSALS = [
    # operation, parameters, AWS's code
    ("ListAccountsForParent", {"ParentId": NOWHERE}, "ParentNotFoundException"),
    ("ListOrganizationalUnitsForParent", {"ParentId": "r-zz99"}, "ParentNotFoundException"),
    ("ListParents", {"ChildId": NOWHERE}, "ChildNotFoundException"),
    ("DescribeAccount", {"AccountId": OUTSIDER}, "AccountNotFoundException"),
    ("DescribeOrganizationalUnit", {"OrganizationalUnitId": NOWHERE}, "OrganizationalUnitNotFoundException"),
    ("ListTagsForResource", {"ResourceId": OUTSIDER}, "TargetNotFoundException"),
    ("ListAccounts", {"NextToken": "guess"}, "InvalidInputException"),
    ("ListAccounts", {"MaxResults": 21}, "ValidationException"),
]


@pytest.mark.parametrize(("operation", "parameters", "code"), REFUSALS)
def test_refuses(operation: str, parameters: dict[str, Any], code: str) -> None:
    connection = in_process(new_state(), MANAGEMENT, "organizations")
    assert refusal(connection, operation, **parameters).response["Error"]["Code"] == code


def test_throttles_each_operation_by_itself() -> None:
    state = new_state(rates={"ListAccounts": (1e-9, 2), "ListRoots": (1e-9, 1)})
    connection = in_process(state, MANAGEMENT, "organizations")
    for operation, burst in (("ListAccounts", 2), ("ListRoots", 1)):
        for _call in range(burst):
            call(connection, operation)
        assert refusal(connection, operation).response["Error"]["Code"] == "TooManyRequestsException"
    call(in_process(state, DELEGATED, "organizations"), "ListRoots")


def test_the_organization_is_a_part_of_the_state() -> None:
    state, other = new_state(rates={"ListRoots": (1, 2)}), State()
    other.load(state.as_json())
    assert other.organization == state.organization
