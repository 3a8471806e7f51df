# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.euc.aws.plugins.inventory.organization_accounts import EXAMPLES, trust_as_template
from ansible_collections.euc.aws.tests.aws_server import Fault, Role, serve
from ansible_collections.euc.aws.tests.unit.inventories import NAME, new_plugin
from ansible_collections.euc.aws.tests.unit.support import OWNER, accounts, counted, new_organization

A, B, C = accounts(1, 2, 3)
READER = "222222222222"
ROLE = f"arn:aws:iam::{OWNER}:role/reader"
NOTHING = " Nothing was asked of AWS, and nothing was changed."
SECRETS = {"secret_key": "canary0SECRET", "session_token": None}


@pytest.fixture
def server():
    """An organization in which somebody likes templates."""
    state = new_organization({"/": [OWNER], "/Prod{{ 1 + 1 }}": [A, B], "/Sandbox": [C]})
    known = state.organization.accounts
    state.organization.accounts = [replace(a, name="{{ 7 * 7 }}", tags={"stage": "{{ 3 * 3 }}"}) for a in known]
    state.roles = [Role(ROLE, trusted=frozenset({OWNER}), external_id="golden")]
    return state


class Inventory:
    """Parses configurations of the plugin, and keeps the last inventory."""

    def __init__(self, directory, url):
        self._path = directory / "all.organization_accounts.yml"
        self._url = url
        self.data = InventoryData()
        # What other sources gave: what adds groups, and which group is a child of which
        self.before = lambda data: None
        self.children = []

    def parse(self, use_cache=True, **options):
        """Parse, with the options of a user who has keys, into an inventory that has a host already."""
        keys = {"access_key": OWNER, **SECRETS, "region": "eu-west-1", "endpoint_url": self._url}
        self._path.write_text(yaml.safe_dump({"plugin": NAME, **keys, **options}))
        self.data = InventoryData()
        self.data.add_host("before")
        self.before(self.data)
        for parent, child in self.children:
            self.data.add_child(parent, child)
        plugin = new_plugin()
        plugin.parse(self.data, DataLoader(), str(self._path), cache=use_cache)
        if "cache" in options:
            plugin.update_cache_if_changed()  # as Ansible's inventory manager does
        return self

    def variables(self, host):
        """The variables that the plugin gave to a host."""
        given = self.data.hosts[host].vars.items()
        return {name: value for name, value in given if name not in ("inventory_file", "inventory_dir")}

    @property
    def hosts(self):
        """The hosts that the plugin added."""
        return sorted(self.data.hosts.keys() - {"before"})

    @property
    def groups(self):
        """The hosts of each group."""
        groups = self.data.get_groups_dict()
        return {name: sorted(hosts) for name, hosts in groups.items() if name not in ("all", "ungrouped")}


@pytest.fixture
def inventory(server, tmp_path, monkeypatch):
    """What parses against the server."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    with serve(server) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        yield Inventory(tmp_path, url)


def test_a_host_for_each_account_and_region(inventory):
    inventory.parse(
        organizational_units=["/Sandbox"],
        regions=["us-east-1", "eu-west-1", "us-east-1"],
        role_name="team/images",
        include_tags=True,
    )
    assert inventory.hosts == [f"{C}.eu-west-1", f"{C}.us-east-1"]
    assert inventory.variables(f"{C}.eu-west-1") == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "aws_account_id": C,
        "aws_account_name": "{{ 7 * 7 }}",
        "aws_account_path": "/Sandbox",
        "aws_account_tags": {"stage": "{{ 3 * 3 }}"},
        "aws_region": "eu-west-1",
        "assume_role_arn": f"arn:aws:iam::{C}:role/team/images",
    }


def test_one_host_an_account_without_regions(inventory):
    assert inventory.parse(exclude_account_ids=[OWNER]).hosts == [A, B, C]
    assert not {"aws_region", "assume_role_arn", "aws_account_tags"} & inventory.variables(A).keys()


def test_what_others_wrote_is_data_and_what_we_wrote_is_run(inventory):
    variables = inventory.parse(include_tags=True, compose={"composed": "aws_account_name ~ '!'"}).variables(A)
    templar = Templar(loader=DataLoader(), variables={**variables, "ansible_playbook_python": "/our/python"})
    for text, result in {
        "{{ aws_account_name }}": "{{ 7 * 7 }}",
        "{{ composed }}": "{{ 7 * 7 }}!",
        "{{ aws_account_path }}": "/Prod{{ 1 + 1 }}",
        "{{ aws_account_tags.stage }}": "{{ 3 * 3 }}",
        "{{ ansible_python_interpreter }}": "/our/python",
    }.items():
        assert templar.template(trust_as_template(text)) == result


def test_groups(inventory):
    keyed = [{"key": "aws_region", "prefix": "region"}, {"key": "aws_account_tags", "prefix": "tag"}]
    inventory.parse(
        regions=["eu-west-1"],
        include_tags=True,
        exclude_account_ids=[OWNER, B],
        keyed_groups=[*keyed, {"key": "aws_account_path", "prefix": "unit", "parent_group": "units"}],
        groups={"sandboxes": "(aws_account_path ~ '/').startswith('/Sandbox/')"},
    )
    a, c = f"{A}.eu-west-1", f"{C}.eu-west-1"
    assert inventory.groups == {
        "region_eu_west_1": [a, c],
        "tag_stage____3___3___": [a, c],
        "unit__Prod___1___1___": [a],
        "unit__Sandbox": [c],
        "units": [a, c],
        "sandboxes": [c],
    }


@pytest.mark.parametrize(
    "options",
    [
        {"compose": {"a": "aws_account_path.split('d')[3]"}},
        {"groups": {"a": "aws_account_path.split('d')[3] == ''"}},
        {"keyed_groups": [{"key": "aws_account_id if aws_account_path.startswith('/Prod') else nothing_like_it"}]},
    ],
    ids=str,
)
def test_a_failure_half_way_leaves_no_host(options, inventory):
    with pytest.raises(AnsibleError):
        inventory.parse(strict=True, **options)
    assert (inventory.hosts, inventory.groups) == ([], {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"organizational_units": ["/Sandbx"]}, "there is no organizational unit 'Sandbx' in '/'. The units there: "),
        (
            {"access_key": "UNKNOWN"},
            " of the organization in eu-west-1: An error occurred (UnrecognizedClientException)",
        ),
        ({"profile": "images"}, "Passing both a profile and access tokens is not supported."),
        ({"assume_role_arn": f"{ROLE}s"}, f"The role {ROLE}s could not be assumed by arn:aws:iam::{OWNER}:user/tester"),
        ({"assume_role_arn": ROLE, "iam_role_arn": f"{ROLE}s"}, "name different roles: "),
        (
            {"account_ids": [1402433619], "regions": ["Ireland"], "partition": "AWS", "recursive": False},
            "account_ids takes 12-digit AWS account IDs, and these are not: '1402433619' (if 012345670123 was meant:"
            ' YAML read it as an octal number, so quote it, as "012345670123"). recursive=false goes with'
            " organizational_units, which are not given. regions takes Regions such as eu-west-1, and these are not:"
            f" 'Ireland'. partition takes aws, aws-cn, aws-us-gov and the like, and not 'AWS'.{NOTHING}",
        ),
        ({"regions": []}, f"regions is empty. Leave it out for one host an account.{NOTHING}"),
        (
            {"role_name": "my role"},
            "role_name takes the name of an IAM role, with its path in front, and not 'my role'",
        ),
        (
            {"role_name": "images", "regions": ["eu-west-1", "cn-north-1"]},
            f"partition is aws, and these Regions are in another: 'cn-north-1'.{NOTHING}",
        ),
        (
            {"role_name": "images", "regions": ["us-iso-east-1", "eusc-de-east-1", "us-isox-east-1", "mx-central-1"]},
            "partition is aws, and these Regions are in another: 'eusc-de-east-1', 'us-iso-east-1', 'us-isox-east-1'."
            + NOTHING,
        ),
        (
            {"role_name": "images", "regions": ["eu-west-1", "us-gov-west-1"], "partition": "aws-us-gov"},
            f"partition is aws-us-gov, and these Regions are in another: 'eu-west-1'.{NOTHING}",
        ),
        ({"states": ["OPEN"]}, "OPEN"),
    ],
    ids=str,
)
def test_a_failure_has_the_modules_message_and_leaves_no_host(options, message, inventory, server):
    with pytest.raises(AnsibleError) as caught:
        inventory.parse(**options)
    assert message in str(caught.value)
    assert (inventory.hosts, inventory.groups) == ([], {})
    if NOTHING in message:
        assert server.journal == []


def test_a_page_that_fails_leaves_no_host(inventory, server):
    server.organization.empty_pages = True
    server.faults.append(Fault("ListOrganizationalUnitsForParent", call=2, code="AccessDeniedException", status=400))
    with pytest.raises(AnsibleParserError, match="Only the management account and delegated administrators"):
        inventory.parse()
    assert inventory.hosts == []


def test_the_role_that_reads_is_assumed_once(inventory, server):
    inventory.parse(iam_role_arn=ROLE, assume_role_external_id="golden", account_ids=[A])
    assert inventory.hosts == [A]
    assert counted(server)["AssumeRole"] == 1
    assert {call.account for call in server.journal} == {OWNER}
    assert "assume_role_external_id" not in inventory.variables(A)


def test_an_option_that_is_null_takes_no_role_away_from_its_alias(inventory, server):
    server.roles = [Role(ROLE, trusted=frozenset({OWNER}))]
    with suppress(AnsibleParserError):  # Refusing the two is as good as heeding the one.
        inventory.parse(iam_role_arn=ROLE, assume_role_arn=None, account_ids=[A])
    assert [call.operation for call in server.journal][:1] in ([], ["AssumeRole"])


def test_nobody_is_an_answer_with_a_warning(inventory, monkeypatch):
    said = []
    monkeypatch.setattr("ansible.utils.display.Display.warning", lambda _self, text, *_a, **_k: said.append(text))
    assert inventory.parse(account_ids=[]).hosts == []
    assert [text.partition(":")[0] for text in said] == ["No account is chosen"]


def cached(directory, **options):
    return {
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(directory / "cache"),
        "assume_role_arn": ROLE,
        "assume_role_external_id": "golden",
        "include_tags": True,
        **options,
    }


def test_a_cached_inventory_makes_no_call(inventory, server, tmp_path):
    inventory.parse(**cached(tmp_path))
    before = inventory.variables(A)
    assert server.journal
    server.journal.clear()
    # What makes hosts of accounts is not cached.
    inventory.parse(**cached(tmp_path, regions=["eu-west-1"]))
    assert inventory.variables(f"{A}.eu-west-1") == {**before, "aws_region": "eu-west-1"}
    templar = Templar(loader=DataLoader(), variables=inventory.variables(f"{A}.eu-west-1"))
    assert templar.template(trust_as_template("{{ aws_account_tags.stage }}")) == "{{ 3 * 3 }}"
    assert server.journal == []
    inventory.parse(use_cache=False, **cached(tmp_path))
    assert server.journal
    text = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert SECRETS["secret_key"] not in text
    assert A in text


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        ({"exclude_account_ids": [A]}, [B, C, OWNER]),
        ({"organizational_units": ["/Sandbox"]}, [C]),
        ({"states": ["ACTIVE", "CLOSED"]}, [A, B, C, OWNER]),
        ({"access_key": "OTHER"}, [A, B, C, OWNER]),
        ({"assume_role_arn": f"{ROLE}2"}, [A, B, C, OWNER]),
        ({"include_tags": False}, [A, B, C, OWNER]),
    ],
    ids=str,
)
def test_what_was_cached_for_one_choice_serves_no_other(options, hosts, inventory, server, tmp_path):
    server.access_keys["OTHER"] = OWNER
    server.roles.append(Role(f"{ROLE}2", trusted=frozenset({OWNER})))
    inventory.parse(**cached(tmp_path))
    server.journal.clear()
    assert inventory.parse(**cached(tmp_path, **options)).hosts == hosts
    assert server.journal


def test_no_secret_is_in_a_variable(inventory):
    inventory.parse(role_name="images", include_tags=True)
    text = json.dumps([inventory.variables(host) for host in inventory.hosts])
    assert not {word for word in (*SECRETS, SECRETS["secret_key"], '"access_key"') if word in text}


@pytest.mark.parametrize(
    "options",
    [
        {"organisational_units": ["/Sandbox"]},
        {"account_ids": [A, B], "exclude_accounts": [A]},
        {"organizational_units": None},
        {"account_ids": None},
        {"exclude_account_ids": None},
        {"exclude_organizational_units": None},
        {"organizational_units": ["/Sandbox"], "recursive": "ture"},
    ],
    ids=str,
)
def test_a_slip_of_the_pen_widens_no_choice_and_narrows_none(options, inventory, server):
    with pytest.raises(AnsibleError) as caught:
        inventory.parse(**options)
    assert next(reversed(options)) in str(caught.value)
    assert (inventory.hosts, server.journal) == ([], [])


def test_an_id_out_of_a_spoilt_cache_is_not_run(inventory, tmp_path):
    inventory.parse(**cached(tmp_path))
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text(file.read_text().replace(A, "{{ 7 * 7 }}"))
    with pytest.raises(AnsibleParserError):
        inventory.parse(**cached(tmp_path))
    assert inventory.hosts == []


def test_what_is_in_the_cache_and_no_list_of_accounts_is_replaced(inventory, server, tmp_path):
    inventory.parse(**cached(tmp_path))
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text('{"hosts": ["elsewhere"]}')
    assert inventory.parse(**cached(tmp_path)).hosts == [A, B, C, OWNER]
    server.journal.clear()
    assert inventory.parse(**cached(tmp_path)).hosts == [A, B, C, OWNER]
    assert server.journal == []


def test_what_was_cached_for_one_file_of_credentials_serves_no_other(inventory, server, tmp_path, monkeypatch):
    server.access_keys["OTHER"] = "210987654321"
    options = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    keys = {"access_key": None, "secret_key": None}
    for name, key in {"one": OWNER, "other": "OTHER"}.items():
        (tmp_path / name).write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key=secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "one"))
    assert inventory.parse(**keys, **options).hosts == [A, B, C, OWNER]
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "other"))
    with pytest.raises(AnsibleParserError, match="is in no organization"):
        inventory.parse(**keys, **options)


def test_groups_that_go_in_a_circle_with_those_of_another_source_leave_no_host(inventory):
    inventory.before = lambda data: (data.add_group("region_eu_west_1"), data.add_group("units"))
    inventory.children = [("region_eu_west_1", "units")]
    with pytest.raises(AnsibleError, match="recursive dependency loop"):
        inventory.parse(
            regions=["eu-west-1"], keyed_groups=[{"key": "aws_region", "prefix": "region", "parent_group": "units"}]
        )
    assert inventory.hosts == []


def test_a_host_has_its_variables_where_another_source_has_a_group_of_its_name(inventory):
    inventory.before = lambda data: data.add_group(A)
    inventory.parse(role_name="images")
    assert inventory.variables(A)["assume_role_arn"] == f"arn:aws:iam::{A}:role/images"


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("organization_accounts.yml", True),
        ("x.organization_accounts.yaml", True),
        ("organization_accounts.json", False),
        ("organization.yml", False),
    ],
)
def test_files_that_are_ours(name, is_ours, tmp_path):
    (tmp_path / name).write_text(f"plugin: {NAME}")
    assert new_plugin().verify_file(str(tmp_path / name)) == is_ours


@pytest.mark.parametrize("example", list(yaml.safe_load_all(EXAMPLES)), ids=lambda example: str(example)[:60])
def test_the_examples_are_run(example, inventory, server, tmp_path):
    tree = {"/": [OWNER, READER], "/Workloads": [], "/Workloads/Production": [A], "/Workloads/Production/Frozen": [B]}
    server.organization = new_organization(tree, delegated={READER}).organization
    server.roles = [
        Role(f"arn:aws:iam::{READER}:role/organization-reader", frozenset({OWNER}), external_id="golden-images-7f3a")
    ]
    here = {"cache_connection": str(tmp_path), "cache_plugin": "jsonfile"} if "cache" in example else {}
    inventory.parse(**{"strict": True, **example, **here})
    assert inventory.hosts in ([f"{A}.eu-west-1", f"{A}.us-east-1"], [A, B, OWNER, READER])
