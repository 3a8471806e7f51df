# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts of an organization as an inventory: programs that people and AWX run, and what they say when it fails."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import yaml

from ansible_collections.euc.aws.tests.aws_server import Fault, Organization, Role
from ansible_collections.euc.aws.tests.system.playbooks import AWX

MANAGEMENT, A, B, C = "123456789012", "111111111111", "222222222222", "333333333333"
TREE = {
    "/": [MANAGEMENT],
    "/Workloads": [],
    "/Workloads/Production": [A, B],
    "/Workloads/Production/Frozen": [C],
}
FILE = "production.organization_accounts.yml"
HOSTS = [f"{account}.{region}" for account in (A, B) for region in ("eu-west-1", "us-east-1")]
DENIED = Fault("ListAccountsForParent", times=None, code="AccessDeniedException", status=400, message="Not for you.")


@pytest.fixture
def server(ansible: Any) -> Any:
    """An organization as the examples name it, whose accounts have a template for a name."""
    organization = Organization.of(TREE)
    organization.accounts = [
        replace(account, name="{{ 7 * 7 }}", tags={"image-wave": "canary"} if account.account_id == A else {})
        for account in organization.accounts
    ]
    ansible.server.organization = organization
    ansible.server.roles = [Role(f"arn:aws:iam::{id}:role/image-recipient", frozenset({MANAGEMENT})) for id in (A, B)]
    ansible.server.images = [replace(ansible.server.images[0], owner=A, name="golden-of-a")]
    for path in AWX.iterdir():
        ansible.write(path.name, path.read_text())
    return ansible.server


def inventory(ansible: Any, *arguments: str, **options: Any) -> Any:
    """Run ansible-inventory on the file of the examples, with other options."""
    given = {**yaml.safe_load((AWX / FILE).read_text()), **options}
    ansible.write(FILE, yaml.safe_dump(given))
    return ansible.run("ansible-inventory", "-i", FILE, *arguments)


def test_the_list_has_data_and_no_secret(ansible: Any, server: Any, credentials: dict[str, str]) -> None:
    run = inventory(ansible, "--list")
    assert run.code == 0, run.errors
    listed = json.loads(run.output)
    assert sorted(listed["_meta"]["hostvars"]) == HOSTS
    assert listed["_meta"]["hostvars"][HOSTS[0]] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "assume_role_arn": f"arn:aws:iam::{A}:role/image-recipient",
        "aws_account_id": A,
        "aws_account_name": {"__ansible_unsafe": "{{ 7 * 7 }}"},
        "aws_account_path": {"__ansible_unsafe": "/Workloads/Production"},
        "aws_account_tags": {"image-wave": {"__ansible_unsafe": "canary"}},
        "aws_region": "eu-west-1",
    }
    assert listed["region_eu_west_1"]["hosts"] == HOSTS[::2]
    assert listed["canary"]["hosts"] == HOSTS[:2]
    assert [secret for secret in credentials.values() if secret in run.output + run.errors] == []
    assert "WARNING" not in run.errors


def test_the_playbook_of_the_examples_works_in_each_account(ansible: Any, server: Any) -> None:
    limited = ("--limit", "*.eu-west-1")
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    run = ansible.run("ansible-playbook", "-i", FILE, "list_images_everywhere.yml", *limited, **settings)
    assert run.code == 0, run.output + run.errors
    assert {result["host"]: result["msg"] for result in run.results if "msg" in result} == {
        HOSTS[0]: ["golden-of-a"],
        HOSTS[2]: [],
    }
    looked = [(call.account, call.region) for call in server.calls("DescribeWorkspaceImages")]
    assert sorted(looked) == [(A, "eu-west-1"), (B, "eu-west-1")]


def test_the_playbook_of_the_examples_refuses_to_run_on_no_hosts(ansible: Any, server: Any) -> None:
    play = ("ansible-playbook", "-i", FILE, "list_images_everywhere.yml")
    inventory(ansible, "--graph", exclude_organizational_units=["/Workloads"])
    nobody = ansible.run(*play)
    assert (nobody.code, "The inventory has no hosts." in nobody.output + nobody.errors) == (4, True)
    assert "No account is chosen: none fits what" in " ".join(nobody.errors.split())
    ansible.write(FILE, (AWX / FILE).read_text())
    server.faults = [DENIED]
    failed = ansible.run(*play)
    assert failed.code != 0
    assert "The inventory has no hosts." not in failed.output + failed.errors
    assert "Only the management account and delegated administrators" in " ".join(failed.errors.split())
    # Without the setting of the examples Ansible goes on.
    ansible.write("ansible.cfg", "")
    gone_on = ansible.run(*play)
    assert (gone_on.code, "The inventory has no hosts." in gone_on.output + gone_on.errors) == (4, True)


def test_a_failure_is_told_in_the_modules_words(ansible: Any, server: Any) -> None:
    server.faults = [DENIED]
    run = inventory(ansible, "--list")
    words = " ".join(run.errors.split())
    assert run.code != 0
    assert "Failed to list the accounts in ou-ab12-00000001 in eu-west-1: An error occurred (AccessDenied" in words
    assert "Not for you. Only the management account and delegated administrators" in words
    assert "Traceback" not in run.errors
    task = "- euc.aws.organization_accounts_info: {organizational_units: [/Workloads]}"
    assert ansible.play(task).results[0]["msg"][-200:] in words


def test_no_state_is_told_in_one_sentence(ansible: Any, server: Any) -> None:
    server.organization.gives_state = False
    run = inventory(ansible, "--list")
    assert f"AWS told no state of '{A}', '{B}'" in " ".join(run.errors.split())
    task = "- euc.aws.organization_accounts_info:"
    result = ansible.play(task).results[0]
    assert "Update botocore where this runs" in result["msg"]
    assert "Traceback" not in json.dumps(result) + run.errors


def test_a_cached_inventory_asks_nothing(ansible: Any, server: Any) -> None:
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(ansible.home / "c")}
    first = inventory(ansible, "--list", **options)
    assert server.journal
    server.journal.clear()
    for secret in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        del ansible.settings[secret]
    assert inventory(ansible, "--list", **options).output == first.output
    assert server.journal == []


def test_many_accounts_in_five_regions(ansible: Any, server: Any) -> None:
    accounts = [f"5{number:011}" for number in range(200)]
    tree = {"/": [MANAGEMENT], **{f"/u{unit}": accounts[unit::10] for unit in range(10)}}
    server.organization = Organization.of(tree)
    regions = [f"eu-west-{number}" for number in range(1, 6)]
    everything = {"organizational_units": ["/"], "exclude_organizational_units": [], "regions": regions}
    run = inventory(ansible, "--graph", **everything, include_tags=False)
    assert run.code == 0, run.errors
    # Each is in one group.
    assert run.output.count("|--5") == 1000
    assert Counter(call.operation for call in server.journal) == {
        "ListRoots": 1,
        "ListAccounts": 11,
        "ListOrganizationalUnitsForParent": 1,
    }
