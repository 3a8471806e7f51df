# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks by name, as people and AWX run them."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.euc.aws.tests.aws_server import Fault, Image
from ansible_collections.euc.aws.tests.system.playbooks import answered, job, play

TREE = Path(__file__).parents[2]
OWNER = "123456789012"
UPDATE = "UpdateWorkspaceImagePermission"
ZERO, ONE, TWO, THREE = "012345670123", "111111111111", "222222222222", "333333333333"
REGIONS = {"eu-west-1": "wsi-golden001", "us-east-1": "wsi-golden002", "ap-northeast-1": "wsi-golden003"}


@pytest.fixture(autouse=True)
def images(server: Any) -> None:
    """Images of the name golden in three Regions, and others that can't be shared."""
    server.images = [
        *[
            Image(image_id, "golden", OWNER, region, shared_account_ids=frozenset([TWO]))
            for region, image_id in REGIONS.items()
        ],
        Image("wsi-young0001", "young", OWNER, "us-east-1"),
        Image("wsi-young0002", "young", OWNER, "eu-west-1", pending_looks=1),
        Image("wsi-twin00001", "twin", OWNER, "us-east-1"),
        Image("wsi-twin00002", "twin", OWNER, "us-east-1"),
        Image("wsi-twin00003", "twin", OWNER, "eu-west-1"),
        Image("wsi-foreign01", "foreign", "999999999999", "eu-west-1", shared_account_ids=frozenset([OWNER])),
    ]


def shared(server: Any) -> list[set[str]]:
    """Who can copy the images of the name golden, by Region."""
    return [set(server.image(image_id).shared_account_ids) for image_id in REGIONS.values()]


def outcome(region: str, granted: list[str], revoked: list[str], after: list[str], **more: Any) -> dict[str, Any]:
    """What a workflow's next node gets for a Region."""
    changes = {"granted_account_ids": granted, "revoked_account_ids": revoked, "shared_account_ids": after}
    image = {"region": region, "image_id": REGIONS[region], "image_name": "golden"}
    return {**image, **changes, "changed": bool(granted or revoked), "check_mode": False, **more}


@pytest.mark.parametrize(
    ("account_ids", "regions", "exact"),
    [
        (f"{ONE}\r\n# the old ones, {THREE}\r\n{TWO}\t; {ZERO} # new\r\n\r\n", "eu-west-1\nus-east-1", "True"),
        (f" {ONE},{TWO};;{ZERO},{ONE}", "eu-west-1, us-east-1 eu-west-1 # our two", "yes"),
        ([int(ONE), f"{TWO} # the second", ZERO], ["eu-west-1", "us-east-1"], True),
    ],
)
def test_answers_in_every_spelling(account_ids: Any, regions: Any, exact: Any, ansible: Any, server: Any) -> None:
    server.images[1] = replace(server.images[1], shared_account_ids={THREE})
    answers = {"share_account_ids": account_ids, "share_regions": regions, "share_exact": exact}
    answers |= {"share_image_name": " golden ", "share_image_id": ""}
    _said, artifacts = play(ansible, "share_image", answers)
    assert shared(server) == [{ONE, TWO, ZERO}, {ONE, TWO, ZERO}, {TWO}]
    assert artifacts["image_sharing"] == [
        outcome("eu-west-1", [ZERO, ONE], [], [ZERO, ONE, TWO]),
        outcome("us-east-1", [ZERO, ONE, TWO], [THREE], [ZERO, ONE, TWO]),
    ]


def test_what_is_left_out_or_null_is_what_the_module_does_without_it(ansible: Any, server: Any) -> None:
    answers = {"share_account_ids": ONE, "share_image_id": " wsi-golden001 ", "share_image_name": None}
    play(ansible, "share_image", {**answers, "share_regions": None, "share_exact": None, "share_wait": None})
    assert shared(server) == [{ONE, TWO}, {TWO}, {TWO}]
    assert {call.region for call in server.journal} == {ansible.settings["AWS_REGION"]}
    answers = {"unshare_account_ids": ONE, "unshare_image_id": " wsi-golden001 ", "unshare_image_name": None}
    play(ansible, "unshare_image", {**answers, "unshare_regions": None, "unshare_everyone": None})
    assert shared(server) == [{TWO}, {TWO}, {TWO}]


def test_variables_of_the_users_are_none_of_the_playbooks(ansible: Any, server: Any) -> None:
    """What a workflow hands to every node, for example. Ansible warns if a loop of a playbook's takes such a name."""
    others = {"region": "us-east-1", "item": "us-east-1", "image_sharing": []}
    answers = {"share_account_ids": ONE, "share_image_id": "wsi-golden001", "report_dest": str(ansible.home), **others}
    variables = ansible.write("answers.json", json.dumps(answers))
    run = ansible.run("ansible-playbook", "euc.aws.share_image", "euc.aws.report_image_sharing", "-e", f"@{variables}")
    assert (run.code, "WARNING" in run.output + run.errors) == (0, False), run.output + run.errors
    assert shared(server) == [{ONE, TWO}, {TWO}, {TWO}]
    assert {call.region for call in server.journal} == {ansible.settings["AWS_REGION"]}


def test_an_image_is_waited_for_before_others_are_shared(ansible: Any, server: Any) -> None:
    """Also where the user has chosen a strategy under which no host waits for the others."""
    answers = {"share_account_ids": ONE, "share_image_name": "young", "share_regions": "us-east-1 eu-west-1"}
    ansible.settings["ANSIBLE_STRATEGY"] = "free"
    play(ansible, "share_image", {**answers, "share_wait": "true"})
    assert [server.image(f"wsi-young000{number}").shared_account_ids for number in (1, 2)] == [{ONE}, {ONE}]
    first = [call.operation for call in server.journal].index(UPDATE)
    waited = [call.operation for call in server.journal[:first] if call.region == "eu-west-1"]
    find, read = "DescribeWorkspaceImages", "DescribeWorkspaceImagePermissions"
    assert waited[:4] == [find, read, find, read]


def test_every_region_is_read_and_changed_at_once(ansible: Any, server: Any, eventually: Any) -> None:
    threads = threading.active_count()

    def all_at_once() -> bool:
        return threading.active_count() == threads + len(REGIONS)

    answers = {"share_account_ids": ONE, "share_image_name": "golden", "share_regions": list(REGIONS)}
    variables = ansible.write("answers.json", json.dumps(answers))
    # The server has a thread for each connection, and answers none of them meanwhile.
    with server.lock:
        process = ansible.start("ansible-playbook", "euc.aws.share_image", "-e", f"@{variables}")
        eventually(all_at_once)
    eventually(lambda: len(server.journal) == 2 * len(REGIONS) and threading.active_count() == threads)
    with server.lock:
        eventually(all_at_once)
    run = ansible.finish(process)
    assert run.code == 0, run.output
    assert shared(server) == [{ONE, TWO}] * 3


def test_ctrl_c_stops_every_region(ansible: Any, server: Any, eventually: Any) -> None:
    server.faults = [Fault(UPDATE, "slow", times=None, seconds=0.2)]
    answers = {
        "share_account_ids": [f"4{number:011d}" for number in range(50)],
        "share_image_name": "golden",
        "share_regions": list(REGIONS),
    }
    variables = ansible.write("answers.json", json.dumps(answers))
    process = ansible.start("ansible-playbook", "euc.aws.share_image", "-e", f"@{variables}")
    eventually(lambda: {call.region for call in server.calls(UPDATE)} == set(REGIONS))
    os.killpg(process.pid, signal.SIGINT)
    assert ansible.finish(process).code != 0
    eventually(lambda: ansible.processes() == [])
    assert all(len(accounts) < 40 for accounts in shared(server))


@pytest.mark.parametrize(
    ("inventory", "limit", "hosts"),
    [
        ("localhost\n", "localhost", {"localhost"}),
        ("localhost ansible_connection=local\n", "localhost,image_sharing_eu-west-1", {"localhost"}),
        (
            "localhost ansible_connection=local\n[all:vars]\nansible_connection=ssh\n",
            "localhost,image_sharing_regions",
            {f"image_sharing_{region}" for region in REGIONS},
        ),
    ],
)
def test_a_limit_that_leaves_regions_out_leaves_nothing_undone(
    inventory: str, limit: str, hosts: set[str], ansible: Any, server: Any
) -> None:
    """Whatever an inventory says of localhost, nothing leaves it."""
    ansible.write("hosts", inventory.replace("localhost", f"localhost ansible_python_interpreter={sys.executable}"))
    answers = {"share_account_ids": ONE, "share_image_name": "golden", "share_regions": list(REGIONS)}
    variables = ansible.write("answers.json", json.dumps(answers))
    arguments = ["-i", "hosts", "-e", f"@{variables}", "--limit", limit, "--diff"]
    run = ansible.run("ansible-playbook", "euc.aws.share_image", *arguments)
    assert run.code == 0, run.output + run.errors
    # Each Region once: neither the hosts nor what is only read count as changes, and only changes are shown.
    changed = re.findall(r"^changed: \[(.*?)\]", run.output, re.MULTILINE)
    assert (set(changed), len(changed)) == (hosts, len(REGIONS))
    assert run.output.count("--- before: ") == len(REGIONS)
    assert shared(server) == [{ONE, TWO}] * 3


UNTOUCHED = "Nothing was asked of AWS, and nothing was changed."
NO_IMAGE = "share_image_id or share_image_name has to name the image: one of the two."
NOBODY = f"Name the accounts in unshare_account_ids, or set unshare_everyone to true: one of the two. {UNTOUCHED}"
BOTH = {"name": "golden", "regions": "eu-west-1 us-east-1"}
NOT_EU22 = f"and these are not: eu:22. {UNTOUCHED}"
FIFTY = "\n".join(f"4{number:011d}{'0' if number == 30 else ''}" for number in range(50))


@pytest.mark.parametrize(
    ("playbook", "answers", "sentence", "asked"),
    [
        ("share", {}, "missing required arguments: share_account_ids", []),
        ("share", {"ids": "# ", "id": "", "name": ""}, f"{NO_IMAGE} share_account_ids names no account: name", []),
        ("share", {"ids": ONE, "id": "wsi-golden001", "name": "golden"}, f"{NO_IMAGE} {UNTOUCHED}", []),
        ("share", {"ids": ONE, **BOTH, "id": "wsi-golden001", "name": ""}, "share_image_id goes with one Region", []),
        ("share", {"ids": ONE, "exact": "ja", **BOTH}, "argument 'share_exact' is of type", []),
        ("share", {"ids": ONE, **BOTH, "regions": "eu-west-1 eu:22"}, f"Regions such as eu-west-1, {NOT_EU22}", []),
        ("share", {"ids": FIFTY, **BOTH}, f"account IDs, and these are not: '4000000000300'. {UNTOUCHED}", []),
        ("unshare", {"ids": "", "everyone": "no", **BOTH}, NOBODY, []),
        ("unshare", {"ids": TWO, "everyone": "yes", **BOTH}, NOBODY, []),
        ("report", {"dest": "", "region": ""}, "Name an existing directory for the report", []),
        ("share", {"ids": ONE, **BOTH, "regions": "eu-west-1 eu-wst-1"}, "in eu-wst-1, nor", ["eu-west-1", "eu-wst-1"]),
        ("share", {"ids": ONE, **BOTH, "name": "twin"}, "in us-east-1 are named 'twin'", ["eu-west-1", "us-east-1"]),
        ("share", {"ids": ONE, "id": "wsi-foreign01"}, "is not yours: 999999999999 owns it", ["eu-west-1"]),
        ("share", {"ids": ONE, "name": "young"}, "wsi-young0002 (young) in eu-west-1 is still PENDING", ["eu-west-1"]),
    ],
)
def test_bad_input_ends_in_a_sentence(
    playbook: str, answers: dict[str, str], sentence: str, asked: list[str], ansible: Any, server: Any
) -> None:
    """Nothing was changed before it, in no Region. AWS was asked only what AWS alone can tell."""
    short = {"id": "image_id", "name": "image_name", "ids": "account_ids"}
    variables = {f"{playbook}_{short.get(key, key)}": answer for key, answer in answers.items()}
    said, artifacts = play(ansible, f"{playbook}_image{'_sharing' * (playbook == 'report')}", variables, code=2)
    assert sentence in said[-1]
    assert (artifacts, server.calls(UPDATE)) == ({}, [])
    assert sorted({call.region for call in server.journal}) == asked


def test_a_failure_half_way_is_in_the_summary(ansible: Any, server: Any) -> None:
    server.faults = [Fault(UPDATE, code="AccessDeniedException", message="Not you.", status=400, account_id=ONE)]
    others = {image_id for region, image_id in REGIONS.items() if region != "us-east-1"}
    server.images = [
        replace(image, shared_account_ids={ONE, TWO}) if image.image_id in others else image for image in server.images
    ]
    answers = {"share_image_name": "golden", "share_regions": list(REGIONS), "share_account_ids": [ONE, THREE, ZERO]}
    said, artifacts = play(ansible, "share_image", answers, code=2)
    summary, end = said[-2:]
    assert [said.count(summary), said.count(end)] == [1, 1]
    sentence = artifacts["image_sharing"][1]["msg"]
    told = {"code": "AccessDeniedException", "message": "Not you.", "may_take_effect": False}
    failure = {"failed_accounts": {ONE: told}, "msg": sentence}
    assert artifacts["image_sharing"] == [
        outcome("eu-west-1", [ZERO, THREE], [], [ZERO, ONE, TWO, THREE]),
        outcome("us-east-1", [ZERO], [], [ZERO, TWO], not_attempted_account_ids=[THREE], **failure),
        outcome("ap-northeast-1", [ZERO, THREE], [], [ZERO, ONE, TWO, THREE]),
    ]
    assert end == "Not everything was done in us-east-1. The summary above tells what and why."
    assert sentence.startswith("Sharing image wsi-golden002 (golden) in us-east-1 was not completed: 1 granted")
    assert summary[:9] == [
        "Image wsi-golden001 (golden) in eu-west-1",
        f"- granted to 2 accounts: {ZERO}, {THREE}",
        "- revoked from nobody",
        f"- can be copied now by 4 accounts: {ZERO}, {ONE}, {TWO}, {THREE}",
        "Image wsi-golden002 (golden) in us-east-1",
        f"- granted to 1 account: {ZERO}",
        "- revoked from nobody",
        f"- can be copied now by 2 accounts: {ZERO}, {TWO}",
        f"- FAILED: {sentence}",
    ]
    assert shared(server) == [{ZERO, ONE, TWO, THREE}, {ZERO, TWO}, {ZERO, ONE, TWO, THREE}]


@pytest.mark.parametrize("operation", ["DescribeWorkspaceImages", UPDATE])
def test_what_is_not_an_answer_of_aws_is_no_success(operation: str, ansible: Any, server: Any) -> None:
    """A sign-in page answers in the place of AWS: from the first call on, or from the first change on."""
    server.faults = [Fault(operation, "page", body="{}", times=None)]
    answers = {"unshare_image_name": "golden", "unshare_regions": list(REGIONS), "unshare_everyone": True}
    said, artifacts = play(ansible, "unshare_image", answers, code=2)
    if operation == UPDATE:
        assert [entry["changed"] for entry in artifacts["image_sharing"]] == [False] * 3
        assert all("What answered is not AWS" in entry["msg"] for entry in artifacts["image_sharing"])
    else:
        assert artifacts == {}
        assert said[-1].endswith("Nothing was changed in any Region.")
        assert said.count(said[-1]) == 1
        assert all(
            f"{region}: Failed to look up the images (OWNED) in {region}: What" in said[-1] for region in REGIONS
        )
    assert shared(server) == [{TWO}] * 3


def test_what_failed_is_told_once(ansible: Any, server: Any) -> None:
    server.faults = [Fault(UPDATE, code="AccessDeniedException", message="Not you.", status=400)]
    answers = ansible.write("answers.json", json.dumps({"share_account_ids": ONE, "share_image_id": "wsi-golden001"}))
    run = ansible.run("ansible-playbook", "euc.aws.share_image", "-e", f"@{answers}")
    assert run.code == 2
    assert (run.output + run.errors).count("Not you.") == 1


def test_hosts_that_ansible_itself_fails_on_are_told_of(ansible: Any, server: Any, eventually: Any) -> None:
    """Ansible takes a host for unreachable where it can't make its directory for temporary files."""
    place = ansible.write("remote", "")
    answers = {"share_account_ids": ONE, "share_image_name": "golden", "share_regions": list(REGIONS)}
    said, artifacts = play(ansible, "share_image", answers, code=2)
    assert said[-1].endswith("Nothing was changed in any Region.")
    assert (artifacts, server.journal) == ({}, [])

    place.unlink()
    variables = ansible.write("answers.json", json.dumps(answers))
    server.faults = [Fault("DescribeWorkspaceImagePermissions", "slow", times=None, seconds=2)]
    process = ansible.start("ansible-playbook", "euc.aws.share_image", "-e", f"@{variables}")
    eventually(lambda: len(server.calls("DescribeWorkspaceImagePermissions")) == len(REGIONS))
    place.rename(ansible.home / "away")
    place.write_text("")
    run = ansible.finish(process)
    assert run.code == 2
    assert run.output.count("- FAILED: ") == len(REGIONS)
    assert server.calls(UPDATE) == []


def test_the_dry_run_tells_what_the_real_run_does(ansible: Any, server: Any) -> None:
    answers = {"unshare_image_name": "golden", "unshare_regions": "eu-west-1 us-east-1", "unshare_everyone": "True"}
    said, dry = play(ansible, "unshare_image", answers, "--check", "--diff")
    assert server.calls(UPDATE) == []
    assert said[-1][:4] == [
        "Image wsi-golden001 (golden) in eu-west-1",
        "- would be granted to nobody",
        f"- would be revoked from 1 account: {TWO}",
        "- could be copied then by nobody",
    ]
    # Another spelling that the check of the answers lets through
    _said, real = play(ansible, "unshare_image", {**answers, "unshare_everyone": "t"})
    assert shared(server) == [set(), set(), {TWO}]
    assert real["image_sharing"] == [outcome(region, [], [TWO], []) for region in ("eu-west-1", "us-east-1")]
    assert dry["image_sharing"] == [{**result, "check_mode": True} for result in real["image_sharing"]]


@pytest.mark.parametrize(
    ("name", "cmdline", "granted", "revoked", "after"),
    [
        ("share_image", ["--check", "--diff"], [ONE], [], [ONE, TWO]),
        ("share_image", [], [ONE], [], [ONE, TWO]),
        ("unshare_image", [], [], [TWO], []),
    ],
)
def test_a_job_of_awx(
    name: str, cmdline: list[str], granted: list[str], revoked: list[str], after: list[str], ansible: Any, server: Any
) -> None:
    del ansible.settings["AWS_REGION"]
    typed = {"image_name": "golden", "regions": "eu-west-1", "account_ids": f"{ONE} # ours {{{{ 1 // 0 }}}}\n{TWO}"}
    prefix = name.removesuffix("image")
    answers = answered(name, {prefix + key: typed[key] for key in typed})
    artifacts = job(ansible, f"{name}.yml", answers, *cmdline)
    assert artifacts["image_sharing"] == [outcome("eu-west-1", granted, revoked, after, check_mode=bool(cmdline))]
    assert shared(server)[0] == ({TWO} if cmdline else set(after))


@pytest.mark.parametrize("name", ["share_image", "unshare_image"])
def test_the_head_of_a_playbook_names_its_variables(name: str) -> None:
    text = (TREE / "playbooks" / f"{name}.yml").read_text()
    declared = yaml.safe_load(text)[0]["tasks"][0]["ansible.builtin.validate_argument_spec"]["argument_spec"]
    assert re.findall(r"^#   (\w+)  +\w", text, re.MULTILINE) == list(declared)
