# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from ansible.module_utils import basic

from ansible_collections.euc.aws.plugins.module_utils._aws.calls import be_patient
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._organizations.api import tells_paths
from ansible_collections.euc.aws.plugins.module_utils._organizations.errors import AnsibleOrganizationsError
from ansible_collections.euc.aws.plugins.modules import organization_accounts_info
from ansible_collections.euc.aws.tests.aws_server import Fault, Unit, serve
from ansible_collections.euc.aws.tests.unit.support import (
    OWNER,
    RECIPIENT,
    accounts,
    chosen,
    chosen_by,
    counted,
    new_client,
    new_organization,
    new_state,
)

A, B, C, D, E, CLOSED = accounts(1, 2, 3, 4, 5, 6)
TREE = {
    "/": [OWNER],
    "/Workloads": [A],
    "/Workloads/Production": [B],
    "/Workloads/Production/Frozen": [C],
    "/Sandbox": [D, CLOSED],
    "/Empty": [],
    "/Security": [E],
}
WORKLOADS, PRODUCTION, FROZEN, SANDBOX, EMPTY, SECURITY = (f"ou-ab12-{number:08}" for number in range(6))
NOWHERE, STRANGER = "ou-ab12-99999999", "999999999999"
PATHS = tells_paths(new_client(new_state(), service="organizations"))
needs_paths = pytest.mark.skipif(not PATHS, reason="this botocore drops the paths of accounts and units")


ACCOUNT_OF_NO_ID = '{"Accounts": [{"Id": "{{ 7 * 7 }}", "State": "ACTIVE", "Paths": ["o-exampleorgid/r-ab12/"]}]}'


def organization(**settings):
    server = new_organization(TREE, **settings)
    closed = [replace(a, state="SUSPENDED") if a.account_id == CLOSED else a for a in server.organization.accounts]
    server.organization.accounts = closed
    return server


@pytest.fixture(params=["paths", "no paths", "empty pages"])
def server(request):
    """The organization, told in each way that AWS may tell it."""
    return organization(gives_paths=request.param != "no paths", empty_pages=request.param == "empty pages")


CHOICES = [
    ("the whole organization", {}, [A, B, C, D, E, OWNER]),
    ("a unit by path", {"organizational_units": ["/Workloads"]}, [A, B, C]),
    ("a unit by ID", {"organizational_units": [WORKLOADS]}, [A, B, C]),
    ("a unit below by ID", {"organizational_units": [FROZEN]}, [C]),
    ("a unit by both, and one below it", {"organizational_units": [PRODUCTION, "/Workloads", WORKLOADS]}, [A, B, C]),
    ("a unit without those below", {"organizational_units": ["/Workloads"], "recursive": False}, [A]),
    ("the root by path", {"organizational_units": ["/"]}, [A, B, C, D, E, OWNER]),
    ("the root by ID", {"organizational_units": ["r-ab12"]}, [A, B, C, D, E, OWNER]),
    ("the root without what is below", {"organizational_units": ["/"], "recursive": False}, [OWNER]),
    ("a unit without accounts", {"organizational_units": ["/Empty"]}, []),
    ("no unit", {"organizational_units": []}, []),
    ("accounts alone", {"account_ids": [C, A, C]}, [A, C]),
    ("no account", {"account_ids": []}, []),
    ("accounts beside a unit", {"organizational_units": ["/Security"], "account_ids": [A, E]}, [A, E]),
    ("without an account", {"exclude_account_ids": [A, OWNER]}, [B, C, D, E]),
    ("without an account that was named", {"account_ids": [A, B], "exclude_account_ids": [A]}, [B]),
    ("without a closed account that was named", {"account_ids": [CLOSED, B], "exclude_account_ids": [CLOSED]}, [B]),
    ("without a unit", {"exclude_organizational_units": ["/Workloads"]}, [D, E, OWNER]),
    ("without a unit by ID", {"exclude_organizational_units": [PRODUCTION]}, [A, D, E, OWNER]),
    ("without the root", {"exclude_organizational_units": ["/"]}, []),
    (
        "a unit without one below",
        {"organizational_units": ["/Workloads"], "exclude_organizational_units": [PRODUCTION]},
        [A],
    ),
    (
        "a unit below one that is excluded",
        {"organizational_units": [FROZEN], "exclude_organizational_units": ["/Workloads"]},
        [],
    ),
    (
        "a named account in a unit that is excluded",
        {"account_ids": [C, D], "exclude_organizational_units": [WORKLOADS]},
        [D],
    ),
    (
        "a unit without those below, one of which is excluded",
        {"organizational_units": ["/Workloads"], "recursive": False, "exclude_organizational_units": [FROZEN]},
        [A],
    ),
    ("an exclusion somewhere else", {"organizational_units": ["/Sandbox"], "exclude_account_ids": [A]}, [D]),
    ("an excluded unit somewhere else", {"account_ids": [D], "exclude_organizational_units": [EMPTY]}, [D]),
    ("another state", {"states": ["SUSPENDED"]}, [CLOSED]),
    ("two states", {"organizational_units": ["/Sandbox"], "states": ["SUSPENDED", "ACTIVE"]}, [D, CLOSED]),
    ("no state", {"states": []}, []),
    ("a closed account by its state", {"account_ids": [CLOSED], "states": ["SUSPENDED"]}, [CLOSED]),
]


@pytest.mark.parametrize(("options", "expected"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES])
def test_choices(options, expected, server):
    assert chosen(server, **options)["account_ids"] == expected


def test_what_is_told_of_an_account(server):
    account = server.organization.account(C)
    tagged = replace(account, name="{{ 7 * 7 }}", tags={"stage": "production"})
    server.organization.accounts[server.organization.accounts.index(account)] = tagged
    expected = {
        "id": C,
        "name": "{{ 7 * 7 }}",
        "email": f"{C}@example.com",
        "state": "ACTIVE",
        "path": "/Workloads/Production/Frozen",
        "joined": "2023-11-14T22:13:20+00:00",
    }
    assert chosen(server, account_ids=[C])["accounts"] == [expected]
    tagged_too = chosen(server, organizational_units=[FROZEN], include_tags=True)["accounts"]
    assert tagged_too == [{**expected, "tags": {"stage": "production"}}]


def test_an_account_that_has_only_status_has_that_state():
    server = organization(gives_state=False, gives_status=True)
    assert chosen(server, states=["SUSPENDED"])["account_ids"] == [CLOSED]


UNITS = "'Empty' (ou-ab12-00000004), 'Sandbox' (ou-ab12-00000003), 'Security' (ou-ab12-00000005), "
ERRORS = [
    (
        "a misspelt unit",
        {"organizational_units": ["/Workloads", "/workloads/Production"]},
        f"organizational_units names '/workloads/Production', but there is no organizational unit 'workloads' in '/'."
        f" The units there: {UNITS}'Workloads' (ou-ab12-00000000).",
    ),
    (
        "a misspelt unit below, and another that is excluded",
        {"organizational_units": ["/Workloads/Prod"], "exclude_organizational_units": ["/Empty/Prod"]},
        "organizational_units names '/Workloads/Prod', but there is no organizational unit 'Prod' in '/Workloads'. The"
        " units there: 'Production' (ou-ab12-00000001). exclude_organizational_units names '/Empty/Prod', but there is"
        " no organizational unit 'Prod' in '/Empty'. No unit is there.",
    ),
    (
        "an unknown unit",
        {"organizational_units": [NOWHERE]},
        f"organizational_units names {NOWHERE}, which is not in this organization. Directly below the root: {UNITS}",
    ),
    ("an unknown root", {"organizational_units": ["r-zz99"]}, "organizational_units names r-zz99, which is not in"),
    (
        "an unknown unit that is excluded",
        {"exclude_organizational_units": [NOWHERE]},
        f"exclude_organizational_units names {NOWHERE}, which is not in this organization.",
    ),
    (
        "an unknown unit that is excluded from accounts",
        {"account_ids": [A], "exclude_organizational_units": [NOWHERE, "r-zz99"]},
        "exclude_organizational_units names r-zz99, which is not in this organization.",
    ),
    (
        "unknown accounts",
        {"account_ids": [A, STRANGER], "exclude_account_ids": ["888888888888"]},
        f"account_ids names accounts that are not in this organization: '{STRANGER}'. Check the IDs; take out accounts"
        " that have left or were closed long ago. exclude_account_ids names accounts that are not in this organization:"
        " '888888888888'.",
    ),
    (
        "an unknown account that is excluded from everything",
        {"exclude_account_ids": [STRANGER]},
        f"exclude_account_ids names accounts that are not in this organization: '{STRANGER}'.",
    ),
    (
        "an unknown account that is excluded from a unit",
        {"organizational_units": ["/Empty"], "exclude_account_ids": [STRANGER]},
        f"exclude_account_ids names accounts that are not in this organization: '{STRANGER}'.",
    ),
    (
        "a closed account",
        {"organizational_units": ["/Security"], "account_ids": [CLOSED]},
        f"account_ids names accounts that are in another state than ACTIVE: '{CLOSED}' (SUSPENDED). Take them out, or",
    ),
    (
        "a closed account beside everything",
        {"organizational_units": ["/"], "account_ids": [CLOSED]},
        f"account_ids names accounts that are in another state than ACTIVE: '{CLOSED}' (SUSPENDED).",
    ),
]


@pytest.mark.parametrize(("options", "message"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_errors(options, message, server):
    with pytest.raises(AnsibleOrganizationsError) as caught:
        chosen(server, **options)
    assert message in str(caught.value)
    assert str(caught.value).endswith("No account is returned.")
    assert caught.value.exception is None


def test_a_name_with_a_slash_is_named_by_its_id(server):
    server.organization.units += [
        Unit("ou-ab12-0slash00", "Workloads/Production", "r-ab12"),
        Unit("ou-ab12-0slash01", "Data/Lake", "r-ab12"),
    ]
    for path, ids in {
        "/Workloads/Production": f"'{PRODUCTION}' (Production), 'ou-ab12-0slash00' (Workloads/Production)",
        "/Data/Lake": "'ou-ab12-0slash01' (Data/Lake)",
    }.items():
        with pytest.raises(AnsibleOrganizationsError) as caught:
            chosen(server, organizational_units=[path])
        assert f"does not tell which one is meant. Choose by ID: {ids}." in str(caught.value)
    assert chosen(server, organizational_units=["ou-ab12-0slash00", FROZEN])["account_ids"] == [C]


@pytest.mark.parametrize(
    "options", [{}, {"organizational_units": ["/Sandbox"]}, {"account_ids": [D]}, {"states": ["ACTIVE", "CLOSED"]}]
)
def test_an_account_without_a_state_is_an_error(options):
    with pytest.raises(AnsibleOrganizationsError) as caught:
        chosen(organization(gives_state=False, gives_status=False), **options)
    assert f"'{D}'" in str(caught.value)
    assert "Update botocore where this runs" in str(caught.value)
    assert caught.value.exception is None


def test_no_account_is_an_answer_with_a_warning(server, monkeypatch):
    said = []
    monkeypatch.setattr("ansible_collections.euc.aws.plugins.modules.organization_accounts_info.warn", said.append)
    assert chosen(server, organizational_units=["/Empty"]) == {"account_ids": [], "accounts": []}
    assert [text.partition(":")[0] for text in said] == ["No account is chosen"]


LISTED = "ListAccounts"
ROOTS, UNITS_IN, ACCOUNTS_IN = "ListRoots", "ListOrganizationalUnitsForParent", "ListAccountsForParent"
PARENTS, ACCOUNT, UNIT, TAGS = "ListParents", "DescribeAccount", "DescribeOrganizationalUnit", "ListTagsForResource"
# By name: the options, and the calls where AWS and botocore tell paths, and where they do not
CALLS = [
    ("everything", {}, {LISTED: 1, UNITS_IN: 3}, {ROOTS: 1, UNITS_IN: 7, ACCOUNTS_IN: 7}),
    (
        "names only of what is chosen",
        {"exclude_organizational_units": [PRODUCTION]},
        {LISTED: 1, UNITS_IN: 1},
        {ROOTS: 1, UNITS_IN: 5, ACCOUNTS_IN: 5},
    ),
    (
        "everything but a path",
        {"exclude_organizational_units": ["/Workloads"], "exclude_account_ids": [D]},
        {ROOTS: 1, LISTED: 1, UNITS_IN: 1},
        {ROOTS: 1, UNITS_IN: 4, ACCOUNTS_IN: 4},
    ),
    (
        "a unit by path",
        {"organizational_units": ["/Workloads"]},
        {ROOTS: 1, UNITS_IN: 4, ACCOUNTS_IN: 3},
        {ROOTS: 1, UNITS_IN: 4, ACCOUNTS_IN: 3},
    ),
    (
        "a unit by ID",
        {"organizational_units": [FROZEN]},
        {UNIT: 1, UNITS_IN: 3, ACCOUNTS_IN: 1},
        {PARENTS: 3, UNITS_IN: 4, ACCOUNTS_IN: 1},
    ),
    (
        "a unit by ID, twice, and not what is below",
        {"organizational_units": [WORKLOADS] * 2, "recursive": False},
        {UNIT: 1, ACCOUNTS_IN: 1},
        {PARENTS: 1, UNITS_IN: 1, ACCOUNTS_IN: 1},
    ),
    (
        "accounts, of one unit",
        {"account_ids": [D, C], "exclude_account_ids": [A]},
        {ACCOUNT: 3, UNITS_IN: 3},
        {ACCOUNT: 3, PARENTS: 6, UNITS_IN: 3},
    ),
    ("tags", {"account_ids": [OWNER], "include_tags": True}, {ACCOUNT: 1, TAGS: 1}, {ACCOUNT: 1, PARENTS: 1, TAGS: 1}),
    ("nothing", {"account_ids": [], "organizational_units": []}, {}, {}),
]


@pytest.mark.parametrize(
    "paths", [pytest.param(True, marks=needs_paths), pytest.param(False, id="no paths")], ids=lambda _: "paths"
)
@pytest.mark.parametrize(("options", "told", "not_told"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_calls_made(options, told, not_told, paths, monkeypatch):
    server = organization()
    if not paths:
        server = organization(gives_paths=False)
        monkeypatch.setattr(
            "ansible_collections.euc.aws.plugins.module_utils._organizations.api.tells_paths", lambda _client: False
        )
    chosen(server, **options)
    assert counted(server) == (told if paths else not_told)


def pages(number):
    return max(1, -(-number // 20))


@pytest.mark.parametrize(("size", "units"), [(20, 1), (41, 21), (500, 45)])
@needs_paths
def test_the_calls_for_everything_grow_by_a_page(size, units):
    tree = {"/": [OWNER], **{f"/u{unit}": [] for unit in range(units)}, **{f"/u0/v{unit}": [] for unit in range(units)}}
    tree["/u0/v0"] = accounts(*range(size - 1))
    server = new_organization(tree)
    assert len(chosen(server)["accounts"]) == size
    assert counted(server) == {LISTED: pages(size), UNITS_IN: 2 * pages(units)}


def test_a_walk_goes_on_where_aws_does_not_tell_paths():
    server = organization(gives_paths=False)
    assert len(chosen(server)["accounts"]) == 6
    assert counted(server)[ACCOUNTS_IN] == 7
    assert counted(server).get(LISTED, 0) == PATHS


@pytest.mark.parametrize(
    ("fault", "options", "message"),
    [
        (Fault(ACCOUNTS_IN, call=3), {"organizational_units": ["/Workloads"]}, "list the accounts in ou-ab12-00000002"),
        (Fault(UNITS_IN, call=2), {"organizational_units": ["/Workloads"]}, "list the organizational units in ou-ab"),
        (Fault(ROOTS), {"organizational_units": ["/"], "recursive": False}, "find the root of the organization"),
        (Fault(ACCOUNT), {"account_ids": [A]}, f"look up account {A} in the organization"),
        (Fault(TAGS), {"account_ids": [A], "include_tags": True}, f"read the tags of account {A}"),
        (
            Fault(ACCOUNTS_IN, kind="page", body="{}", bears_request_id=True),
            {"organizational_units": ["/Empty"]},
            "Key",
        ),
        pytest.param(
            # Every organization has an account: the one that manages it.
            Fault(LISTED, kind="page", body='{"Accounts": []}', bears_request_id=True),
            {},
            "account",
            marks=needs_paths,
        ),
        pytest.param(
            Fault(LISTED, kind="page", body=ACCOUNT_OF_NO_ID, bears_request_id=True), {}, "7 [*] 7", marks=needs_paths
        ),
        (
            Fault(
                ACCOUNT, kind="page", body=f'{{"Account": {{"Id": "{B}", "State": "ACTIVE"}}}}', bears_request_id=True
            ),
            {"account_ids": [A]},
            A,
        ),
        (
            Fault(ACCOUNTS_IN, call=2, code="ParentNotFoundException", status=400),
            {"organizational_units": ["/Workloads"]},
            "moved while the organization was read: run this again",
        ),
    ],
)
def test_what_fails_is_never_a_shorter_list(fault, options, message):
    server = organization()
    server.faults.append(fault)
    with pytest.raises(AnsibleOrganizationsError, match=message):
        chosen(server, **options)


@pytest.mark.parametrize(
    ("access_key", "message"),
    [
        (RECIPIENT, "AWSOrganizationsNotInUseException.*The account of the credentials is in no organization"),
        (A, "AccessDeniedException.*Only the management account and delegated administrators of the organization may"),
    ],
)
def test_who_may_not_ask(access_key, message):
    server = organization()
    server.access_keys[A] = A
    with pytest.raises(AnsibleOrganizationsError, match=message):
        chosen(server, access_key)


def test_throttling_is_waited_out(clock):
    server = organization(gives_paths=False)
    for operation in (ROOTS, ACCOUNTS_IN):
        server.faults.append(Fault(operation, times=25, code="TooManyRequestsException", status=400))
    client = new_client(server, service="organizations", attempts=10)
    be_patient(client, 10)
    assert len(chosen_by(client)["accounts"]) == 6
    assert len(clock.pauses) == 50


def test_a_delegated_administrator_may_ask():
    server = organization(delegated={A})
    server.access_keys[A] = A
    assert chosen(server, A, organizational_units=["/Security"])["account_ids"] == [E]


@pytest.mark.parametrize(
    "option", ["organizational_units", "account_ids", "exclude_organizational_units", "exclude_account_ids"]
)
def test_a_variable_without_a_value_is_not_the_whole_organization(option, monkeypatch, capsys):
    """A template of an empty variable gives null, and Ansible does not tell that from an option that is left out."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    server = organization()
    with serve(server) as url:
        given = {option: None, "access_key": OWNER, "secret_key": "secret", "region": "eu-west-1", "endpoint_url": url}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        # ansible-core 2.19 and later ask for it.
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            organization_accounts_info.main()
    result = json.loads(capsys.readouterr().out)
    assert "account_ids" not in result, result["account_ids"]
    assert option in result["msg"]
    assert server.journal == []


def test_bad_input_is_refused_in_one_message():
    with pytest.raises(AnsibleEUCError) as caught:
        chosen(
            organization(),
            recursive=False,
            account_ids=["1"],
            exclude_account_ids=["2"],
            exclude_organizational_units=["Workloads/Production", "/a//b", "ou-1", "", "{{ unit }}"],
        )
    assert str(caught.value) == (
        "account_ids takes 12-digit AWS account IDs, and these are not: '1' (if 000000000001 was meant: YAML read it as"
        ' an octal number, so quote it, as "000000000001").'
        " exclude_organizational_units takes IDs of organizational units (ou-...), of the root (r-...), and paths from"
        " the root such as /Workloads/Production, and these are neither: '', '/a//b', 'Workloads/Production' (if the"
        " path is meant: \"/Workloads/Production\"), 'ou-1', '{{ unit }}'."
        " exclude_account_ids takes 12-digit AWS account IDs, and these are not: '2' (if 000000000002 was meant: YAML"
        ' read it as an octal number, so quote it, as "000000000002").'
        " recursive=false goes with organizational_units, which are not given."
        " Nothing was asked of AWS, and nothing was changed."
    )
