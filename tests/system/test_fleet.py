# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks for a fleet, by name, on accounts and Regions of the strict server.

A run takes seconds, so each tells of several things.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, Image, Result, Role
from ansible_collections.euc.aws.tests.system.fleet import ANSWERS, OWNER, SOURCE, Fleet, role_of
from ansible_collections.euc.aws.tests.system.playbooks import play

ONE, TWO, ZERO, OTHER = "111111111111", "222222222222", "012345678901", "444444444444"
DUBLIN, VIRGINIA = "eu-west-1", "us-east-1"
NAME = SOURCE.name
OLD = "golden-2026-10"
UPDATE, COPY, DELETE = "UpdateWorkspaceImagePermission", "CopyWorkspaceImage", "DeleteWorkspaceImage"
SWITCH = "UpdateWorkspaceBundle"
SIGN_IN = Fault("DescribeWorkspaceImages", "page", times=None)
DISTRIBUTE: dict[str, Any] = {**ANSWERS, "distribute_image_name": NAME, "distribute_wait_timeout": 20}
RETIRE: dict[str, Any] = {**ANSWERS, "retire_image_name": NAME}
ALL_STEPS = {"retire_copies": True, "retire_permissions": True, "retire_original": True}
SWITCH_ALL = {"switch_image_name": NAME, "switch_bundle_names": "desk, # for all\nlab;desk"}
LINEAGE = {"euc.aws/source": f"{OWNER}/{DUBLIN}/{SOURCE.image_id}"}
# Older ansible-core would run the braces if anything took what AWS says for a template.
REFUSED: dict[str, Any] = {"code": "AccessDeniedException", "message": "Not you. {{ 1 // 0 }}", "status": 400}
# What Ansible, Jinja and Python leave in a text that somebody forgot about.
NOISE = re.compile(r"omit|undefined|Undefined|None|\{'|\['|\{\{|<class|Traceback")


@pytest.fixture
def fleet(ansible: Any) -> Fleet:
    """Two accounts in two Regions."""
    ansible.server.copy_pending_looks = 1
    return Fleet(ansible, [ONE, TWO], [DUBLIN, VIRGINIA])


def run(fleet: Fleet, name: str, answers: dict[str, Any], *arguments: str, code: int = 0) -> tuple[str, Any]:
    """Run a playbook on the fleet; return all that people read, in lines, and the artifacts."""
    said, artifacts = play(fleet.ansible, name, answers, "-i", str(fleet.inventory()), *arguments, code=code)
    told = "\n".join(line for message in said for line in ([message] if isinstance(message, str) else message))
    # Of the variable that can't be worked out, ansible-core 2.17 shows all, and of a value its class.
    ours = "\n".join(line for line in told.splitlines() if "1 // 0" not in line and "argument '" not in line)
    assert not NOISE.search(ours), ours
    return told, artifacts


def writes(fleet: Fleet) -> list[tuple[str, str, str]]:
    """What was changed in AWS: operation, account, Region, sorted. Forgets all calls."""
    changed = sorted((call.operation, call.account, call.region) for call in fleet.server.journal if call.changed)
    fleet.server.journal.clear()
    return changed


def calls(fleet: Fleet, account: str) -> Counter[str]:
    """How often each operation was called by an account, and roles in it assumed by the owner."""
    journal = fleet.server.journal
    assumed = [call for call in journal if call.operation == "AssumeRole" and account in call.parameters["RoleArn"]]
    made = Counter(call.operation for call in journal if call.account == account and call.operation != "AssumeRole")
    return made + Counter({"AssumeRole": len(assumed)})


def add_copies(fleet: Fleet, name: str = NAME, **fields: Any) -> None:
    """Give every host an image."""
    for number, host in enumerate(fleet.hosts.values()):
        image_id = f"wsi-{'old' if name == OLD else 'new'}{number:06}"
        fleet.server.images.append(
            Image(image_id, name, host["aws_account_id"], host["aws_region"], **{"tags": LINEAGE, **fields})
        )


def add_bundles(fleet: Fleet) -> None:
    """Give every host the two bundles, with the old image behind them."""
    for number, host in enumerate(fleet.hosts.values()):
        fleet.server.bundles += [
            Bundle(f"wsb-{name}{number:06}", name, host["aws_account_id"], f"wsi-old{number:06}", host["aws_region"])
            for name in ("desk", "lab")
        ]


def behind(fleet: Fleet) -> list[str]:
    """The images behind the bundles, shortened to old and new."""
    return [bundle.image_id[4:7] for bundle in fleet.server.bundles]


def test_an_image_reaches_every_host_once(fleet: Fleet) -> None:
    """The very place of the image is a host too, and another Region of its owner."""
    fleet.ansible.modules_in_process = False
    fleet.hosts["original"] = {"aws_account_id": OWNER, "aws_region": DUBLIN}
    fleet.hosts["owner"] = {"aws_account_id": OWNER, "aws_region": VIRGINIA}
    answers = {**DISTRIBUTE, "distribute_tags": {"team": "desktops"}, "distribute_wait": "", "profile": None}

    told, dry = run(fleet, "distribute_image", answers, "--check", "--diff")
    assert "Nothing speaks against any of 6 hosts." in told
    assert "- would be copied or tagged: 5\n- as it should be already: 1\n- still PENDING: 0\n- FAILED: 0" in told
    assert calls(fleet, ONE) == {"AssumeRole": 2 * 2, "DescribeWorkspaceImages": 2 * 6}
    assert writes(fleet) == []

    fleet.server.hidden_looks = 1
    told, real = run(fleet, "distribute_image", answers)
    assert "- copied or tagged: 5\n- as it should be already: 1\n- still PENDING: 0\n- FAILED: 0" in told
    copied = calls(fleet, ONE)
    assert copied[COPY] == 2
    assert copied["AssumeRole"] == 2 * 3
    assert len(fleet.server.calls(UPDATE)) == 2
    assert writes(fleet) == sorted(
        [(COPY, account, region) for account in (ONE, TWO) for region in (DUBLIN, VIRGINIA)]
        + [(COPY, OWNER, VIRGINIA), (UPDATE, OWNER, DUBLIN), (UPDATE, OWNER, DUBLIN)]
    )
    assert all(copy.tags == {**LINEAGE, "team": "desktops"} for copy in fleet.copies())
    ids = {(image.owner, image.region): image.image_id for image in fleet.server.images}
    assert real == {
        "image_distribution": [
            {
                "host": host,
                "account_id": variables["aws_account_id"],
                "region": variables["aws_region"],
                "image_id": ids[variables["aws_account_id"], variables["aws_region"]],
                "image_name": NAME,
                "state": "AVAILABLE",
                "changed": host != "original",
                "check_mode": False,
            }
            for host, variables in fleet.hosts.items()
        ],
        "image_distribution_summary": {"hosts": 6, "changed": 5, "unchanged": 1, "pending": 0, "failed": 0},
    }
    unknown = {"changed": True, "image_id": None, "state": "PENDING"}
    assert dry["image_distribution"] == [
        {**outcome, "check_mode": True, **(unknown if outcome["changed"] else {})}
        for outcome in real["image_distribution"]
    ]

    _told, again = run(fleet, "distribute_image", answers)
    assert calls(fleet, ONE) == {"AssumeRole": 2, "DescribeWorkspaceImages": 2, "DescribeTags": 2}
    # Of the owner's own: the image, and the copy in the other Region.
    assert fleet.server.calls("DescribeWorkspaceImagePermissions") == []
    assert writes(fleet) == []
    unchanged = [{**outcome, "changed": False} for outcome in real["image_distribution"]]
    assert again["image_distribution"] == unchanged


def test_no_hosts_failure_stops_another(fleet: Fleet) -> None:
    """Each is told with its own reason, and the artifacts have all of it."""
    fleet.ansible.modules_in_process = False
    server, hosts = fleet.server, fleet.hosts
    # As YAML reads it where the quotes are missing
    hosts[f"{ONE}.{DUBLIN}"]["aws_account_id"] = int(ONE)
    hosts |= {
        "octal": {"aws_account_id": 1402433619, "aws_region": DUBLIN},
        "nobody": {"aws_region": DUBLIN, "assume_role_arn": role_of(ONE)},
        "nowhere": {"aws_account_id": ONE, "aws_region": "Ireland", "assume_role_arn": role_of(ONE)},
        "other role": {"aws_account_id": OTHER, "aws_region": DUBLIN, "assume_role_arn": role_of(TWO)},
        "no role": {"aws_account_id": OTHER, "aws_region": VIRGINIA, "assume_role_arn": "images"},
        "lost": {"aws_account_id": OTHER, "aws_region": "{{ 1 // 0 }}", "assume_role_arn": role_of(OTHER)},
        "other keys": {"aws_account_id": OTHER, "aws_region": "eu-west-2"},
        "refused": {"aws_account_id": OTHER, "aws_region": "eu-west-3", "assume_role_arn": role_of(OTHER)},
        "unwritable": {"aws_account_id": OWNER, "aws_region": "eu-west-3"},
        "many": {"aws_account_id": OWNER, "aws_region": "eu-north-1", "distribute_image_quota": "many"},
        "full": {"aws_account_id": ONE, "aws_region": "ap-south-1", "assume_role_arn": role_of(ONE)},
        "taken": {"aws_account_id": ONE, "aws_region": "sa-east-1", "assume_role_arn": role_of(ONE)},
        "china": {"aws_account_id": ONE, "aws_region": "cn-north-1", "assume_role_arn": role_of(ONE)},
        "unknown": {"aws_account_id": ZERO, "aws_region": DUBLIN, "assume_role_arn": role_of(ZERO)},
        "denied": {"aws_account_id": TWO, "aws_region": "sa-east-1", "assume_role_arn": role_of(TWO)},
    }
    hosts["full"]["distribute_image_quota"] = "1"
    hosts["unwritable"] |= {"ansible_remote_tmp": "/proc/nowhere", "ansible_pipelining": False}
    server.roles.append(Role(role_of(ZERO), frozenset({OWNER})))
    server.images += [
        Image("wsi-another01", "another", ONE, "ap-south-1"),
        Image("wsi-another02", NAME, ONE, "sa-east-1", tags={"euc.aws/source": f"{OWNER}/{DUBLIN}/wsi-golden999"}),
    ]
    server.unknown_account_ids = {ZERO}
    server.faults = [Fault(COPY, region="sa-east-1", **REFUSED)]
    reasons = {
        "octal": "aws_account_id has to be the 12 digits of an account, in quotes, and is 1402433619.",
        "nobody": "in quotes, and is not given. assume_role_arn is of account 111111111111, and aws_account_id is not",
        "nowhere": "aws_region has to be a Region, such as eu-west-1, and is Ireland.",
        "other role": f"assume_role_arn is of account {TWO}, and aws_account_id is {OTHER}.",
        "no role": "assume_role_arn has to be the ARN of a role, such as arn:aws:iam::111111111111:role/images, and is",
        "lost": "Ansible could not work on this host, and has said why.",
        "other keys": f"The credentials are of account {OWNER}, and aws_account_id is {OTHER}.",
        "refused": f"The role {role_of(OTHER)} could not be assumed",
        "unwritable": "Failed to create temporary directory.",
        "many": "distribute_image_quota has to be a number of images, and is many.",
        "full": f"There is no room for image {NAME} in ap-south-1",
        "taken": f"Image wsi-another02 ({NAME}) in sa-east-1 was made from {OWNER}/{DUBLIN}/wsi-golden999",
        "china": "An image can't be copied from eu-west-1 to cn-north-1",
        "unknown": "could not be shared with this account. InvalidParameterValuesException: There is no account",
        "denied": "Not you.",
    }
    told, artifacts = run(fleet, "distribute_image", {**DISTRIBUTE, "distribute_max_fail_percentage": "80"}, code=2)
    outcomes = {outcome["host"]: outcome for outcome in artifacts["image_distribution"]}
    assert outcomes.keys() == hosts.keys()
    assert {host for host, outcome in outcomes.items() if "msg" in outcome} == reasons.keys()
    for host, reason in reasons.items():
        assert reason in outcomes[host]["msg"], host
        assert f"{host}: {outcomes[host]['msg']}" in told
        assert outcomes[host]["changed"] is False
        if host != "taken":
            assert (outcomes[host]["image_id"], outcomes[host].get("state")) == (None, None)
    # What is known before anything is changed.
    assert artifacts["fleet_problems"].keys() == reasons.keys() - {"unknown", "denied"}
    assert artifacts["image_distribution_summary"] == {
        "hosts": 19, "changed": 4, "unchanged": 0, "pending": 0, "failed": 15,
    }  # fmt: skip
    assert len(fleet.copies()) == 4 + 1

    # Sharing refused to all, when two of the hosts are not done: who has the image needs nobody's leave.
    for host in reasons:
        del hosts[host]
    server.images = [image for image in server.images if (image.owner, image.region) != (TWO, VIRGINIA)]
    server.images[0] = SOURCE
    server.faults = [Fault(UPDATE, times=None, **REFUSED)]
    server.journal.clear()
    _told, artifacts = run(fleet, "distribute_image", DISTRIBUTE, code=2)
    (failed,) = [outcome for outcome in artifacts["image_distribution"] if "msg" in outcome]
    assert (failed["account_id"], failed["region"], failed["image_id"]) == (TWO, VIRGINIA, None)
    assert "The image could not be shared with this account. AccessDeniedException: Not you." in failed["msg"]
    assert writes(fleet) == []

    # Mended, the same command finishes, but for a copy that comes to nothing.
    server.faults = []
    server.copy_result = Result("ERROR", error_code="DiskFull", error_message="No room.")
    _told, artifacts = run(fleet, "distribute_image", DISTRIBUTE, code=2)
    (failed,) = [outcome for outcome in artifacts["image_distribution"] if "msg" in outcome]
    assert "is in state ERROR. AWS says: DiskFull: No room." in failed["msg"]
    assert writes(fleet) == [(COPY, TWO, VIRGINIA), (UPDATE, OWNER, DUBLIN)]


NOTHING = "Nothing was asked of AWS, and nothing was changed."
ONE_IMAGE = f"has to be one image that account {OWNER} owns in {DUBLIN}, in state AVAILABLE"
HOW_MANY = "how many hosts make a wave, such as 10 or 20%"


@pytest.mark.parametrize(
    ("playbook", "answers", "sentence"),
    [
        ("distribute", {"distribute_image_id": SOURCE.image_id}, "has to name the image: one of the two."),
        ("distribute", {"image_owner_account_id": 1402433619, "image_owner_region": None}, "has to be the 12 digits"),
        ("distribute", {"distribute_wait": "ja", "distribute_image_quota": ""}, "argument 'distribute_wait' is of"),
        ("distribute", {"distribute_image_name": "golden-*"}, f"golden-* {ONE_IMAGE}"),
        ("distribute", {"distribute_image_name": "twin"}, "wsi-twin00001, twin, AVAILABLE; wsi-twin00002, twin, AVAIL"),
        ("distribute", {"distribute_image_name": "young"}, "has wsi-young0001, young, PENDING there."),
        ("distribute", {"image_owner_account_id": OTHER}, f"Account {OWNER} has {SOURCE.image_id}, {NAME}, AVAILABLE"),
        ("distribute", {"distribute_image_name": None, "distribute_image_id": "wsi-foreign01"}, f"{OWNER} has none"),
        ("distribute", {"distribute_copy_name": "my copy"}, "4 of 4 hosts can't take the image, for the reasons"),
        ("switch", {"switch_serial": "1, half"}, HOW_MANY),
        ("switch", {"switch_image_name": None}, "switch_image_name has to name the image"),
        ("switch", {"switch_bundle_names": "# none"}, "switch_bundle_names at least one bundle"),
        ("retire", {"retire_image_name": None}, "Name the image in retire_image_name, and set one of"),
        ("retire", {"retire_copies": "no", "retire_original": ""}, "Name the image in retire_image_name, and set one"),
    ],
)  # fmt: skip
def test_bad_answers_end_in_a_sentence(playbook: str, answers: dict[str, Any], sentence: str, fleet: Fleet) -> None:
    fleet.server.images += [
        Image("wsi-twin00001", "twin", OWNER, DUBLIN),
        Image("wsi-twin00002", "twin", OWNER, DUBLIN),
        Image("wsi-young0001", "young", OWNER, DUBLIN, state="PENDING"),
        Image("wsi-foreign01", "golden-foreign", OTHER, DUBLIN, shared_account_ids=frozenset({OWNER})),
    ]
    given = {"distribute": DISTRIBUTE, "switch": SWITCH_ALL, "retire": {**RETIRE, **ALL_STEPS}}[playbook]
    if "retire_copies" in answers:
        given = RETIRE
    name = "switch_bundles" if playbook == "switch" else f"{playbook}_image"
    told, artifacts = run(fleet, name, {**given, **answers}, code=2)
    assert sentence in told.splitlines()[-1] if not sentence.startswith("4 of") else sentence in told
    assert set(artifacts) <= {"fleet_problems"}
    assert writes(fleet) == []


@pytest.mark.parametrize("playbook", ["distribute_image", "switch_bundles", "retire_image"])
def test_hosts_that_can_not_be_worked_on_together(playbook: str, fleet: Fleet) -> None:
    """Two hosts for one place are refused, and no hosts at all, whatever strategy is set."""
    answers = {**DISTRIBUTE, **SWITCH_ALL, **RETIRE, **ALL_STEPS}
    fleet.hosts["twin"] = dict(fleet.hosts[f"{ONE}.{DUBLIN}"])
    fleet.hosts["no place"], fleet.hosts["no place either"] = {}, {}
    fleet.ansible.settings["ANSIBLE_STRATEGY"] = "free"
    told, artifacts = run(fleet, playbook, answers, code=2)
    assert told.splitlines()[-1].endswith(f"and here are several: {ONE}.{DUBLIN}, twin. {NOTHING}")
    assert (artifacts, fleet.server.journal) == ({}, [])

    fleet.hosts.clear()
    variables = fleet.ansible.write("answers.json", json.dumps(answers))
    inventory = fleet.inventory()
    ended = fleet.ansible.run("ansible-playbook", f"euc.aws.{playbook}", "-i", inventory, "-e", f"@{variables}")
    assert ended.code != 0
    assert "The inventory has no hosts" in ended.output + ended.errors


def test_too_many_problems_stop_all_before_anything_is_changed(fleet: Fleet) -> None:
    fleet.server.faults = [replace(SIGN_IN, region=VIRGINIA)]
    # In a workflow, what a job before handed on comes as an answer.
    before = {"fleet_problems": {f"{ONE}.{DUBLIN}": "This is over."}, "image_distribution": []}
    others = {**before, "region": "us-west-2", "item": "{{ 1 // 0 }}"}
    answers = {**DISTRIBUTE, "distribute_max_fail_percentage": 49, **others}
    told, artifacts = run(fleet, "distribute_image", answers, code=2)
    assert "2 of 4 hosts can't take the image, for the reasons above. Nothing was changed anywhere." in told
    assert artifacts.keys() == {"fleet_problems"}
    assert artifacts["fleet_problems"].keys() == {f"{ONE}.{VIRGINIA}", f"{TWO}.{VIRGINIA}"}
    assert all("What answered is not AWS" in problem for problem in artifacts["fleet_problems"].values())
    assert writes(fleet) == []

    # A slice is right by itself, and one problem of two hosts is half of them.
    limit = ["--limit", f"{ONE}.*"]
    _told, artifacts = run(fleet, "distribute_image", {**answers, "distribute_max_fail_percentage": 50}, *limit, code=2)
    assert [outcome["changed"] for outcome in artifacts["image_distribution"]] == [True, False]
    assert writes(fleet) == [(COPY, ONE, DUBLIN), (UPDATE, OWNER, DUBLIN)]


def test_bundles_are_switched_in_waves_and_back(fleet: Fleet) -> None:
    server = fleet.server
    add_copies(fleet)
    add_copies(fleet, OLD, created=1_600_000_000)
    add_bundles(fleet)
    fleet.hosts[f"{TWO}.{VIRGINIA}"]["switch_serial"] = [1, "2", "100%"]
    for host in fleet.hosts.values():
        host["switch_serial"] = [1, "2", "100%"]
    waiting = server.images.pop(1)
    server.images.append(replace(waiting, pending_looks=1))

    told, dry = run(fleet, "switch_bundles", {**SWITCH_ALL, "switch_wait": "yes", "switch_wait_timeout": 60}, "--check")
    assert re.findall(r"on (\d) of 4 hosts in this wave", told) == ["1", "2", "1"]
    assert re.findall(r"- would be switched: (\d)\n  - from golden-2026-10: (\d)", told) == [
        ("2", "2"), ("4", "4"), ("2", "2"),
    ]  # fmt: skip
    assert re.findall(r"Hosts of later waves: (\d), not looked at so far", told) == ["3", "1"]
    assert writes(fleet) == []

    # The second wave goes wrong on one of its hosts: the third does not start.
    server.faults = [Fault(SWITCH, region=DUBLIN, call=3, times=None, **REFUSED)]
    told, half = run(fleet, "switch_bundles", SWITCH_ALL, code=2)
    assert "- FAILED: 2" in told
    assert told.count("Not you.") >= 1
    assert writes(fleet) == [(SWITCH, ONE, DUBLIN)] * 2 + [(SWITCH, ONE, VIRGINIA)] * 2
    assert behind(fleet) == ["new"] * 4 + ["old"] * 4
    assert [outcome["changed"] for outcome in half["bundle_switches"]] == [True] * 4 + [False] * 2

    # What is left. The waves are those of the answers, over those of the inventory.
    server.faults = []
    told, rest = run(fleet, "switch_bundles", {**SWITCH_ALL, "switch_serial": "50%"})
    assert re.findall(r"- as it should be already: (\d)", told) == ["4", "0"]
    assert "ROLLBACK" not in told
    assert writes(fleet) == [(SWITCH, TWO, DUBLIN)] * 2 + [(SWITCH, TWO, VIRGINIA)] * 2
    assert [outcome["check_mode"] for outcome in dry["bundle_switches"]] == [True] * 8
    assert [{**outcome, "changed": True} for outcome in rest["bundle_switches"][4:]] == [
        {
            "host": f"{TWO}.{region}",
            "account_id": TWO,
            "region": region,
            "bundle_name": name,
            "bundle_id": f"wsb-{name}{number:06}",
            "image_id": f"wsi-new{number:06}",
            "image_name": NAME,
            "previous_image_id": f"wsi-old{number:06}",
            "previous_image_name": OLD,
            "rollback": False,
            "changed": True,
            "check_mode": False,
        }
        for number, region in ((2, DUBLIN), (3, VIRGINIA))
        for name in ("desk", "lab")
    ]

    told, back = run(fleet, "switch_bundles", {**SWITCH_ALL, "switch_image_name": OLD, "switch_serial": 10})
    assert f"- from {NAME}: 8, a ROLLBACK, as that image is the newer one" in told
    assert all(outcome["rollback"] and outcome["changed"] for outcome in back["bundle_switches"])
    assert behind(fleet) == ["old"] * 8
    assert calls(fleet, ONE)[SWITCH] == 4


def test_a_host_that_lacks_a_bundle_or_the_image_keeps_all_as_they_are(fleet: Fleet) -> None:
    add_copies(fleet)
    add_copies(fleet, OLD)
    add_bundles(fleet)
    del fleet.server.bundles[1]
    fleet.server.images = [image for image in fleet.server.images if (image.name, image.owner) != (NAME, TWO)]
    told, artifacts = run(fleet, "switch_bundles", SWITCH_ALL, code=2)
    assert "3 of 4 hosts can't take the image behind these bundles, for the reasons above. Nothing was ch" in told
    assert f"{ONE}.{DUBLIN}: You own no bundle named 'lab' in {DUBLIN}." in told
    assert artifacts.keys() == {"fleet_problems"}
    assert artifacts["fleet_problems"].keys() == fleet.hosts.keys() - {f"{ONE}.{VIRGINIA}"}
    assert writes(fleet) == []

    # Unless some may fail: then the others go on, and the host does nothing by half.
    answers = {**SWITCH_ALL, "switch_max_fail_percentage": "75"}
    told, artifacts = run(fleet, "switch_bundles", answers, code=2)
    assert writes(fleet) == [(SWITCH, ONE, VIRGINIA)] * 2
    assert ["msg" in outcome for outcome in artifacts["bundle_switches"]] == [True, True, False, False] + [True] * 4


def test_nothing_is_retired_while_anything_speaks_against_it(fleet: Fleet) -> None:
    server, hosts = fleet.server, fleet.hosts
    add_copies(fleet)
    server.images[0] = replace(SOURCE, shared_account_ids=frozenset({ONE, TWO, *(f"5{n:011}" for n in range(12))}))
    server.images[2] = replace(server.images[2], tags={"euc.aws/source": f"{OWNER}/{DUBLIN}/wsi-golden999"})
    server.images[3] = replace(server.images[3], tags={})
    server.bundles = [
        Bundle("wsb-desk00001", "desk", ONE, "wsi-new000000", DUBLIN),
        Bundle("wsb-owner0001", "owner-desk", OWNER, SOURCE.image_id, DUBLIN),
    ]
    hosts |= {
        "refused": {"aws_account_id": OTHER, "aws_region": DUBLIN, "assume_role_arn": role_of(OTHER)},
        "nobody": {"aws_region": DUBLIN},
        "lost": {"aws_account_id": OTHER, "aws_region": "{{ 1 // 0 }}", "assume_role_arn": role_of(OTHER)},
    }
    told, artifacts = run(fleet, "retire_image", {**RETIRE, **ALL_STEPS}, code=2)
    assert "6 of 7 hosts and the owner can't give the image up, for the reasons above. Nothing was" in told
    assert artifacts.keys() == {"fleet_problems"}
    problems = artifacts["fleet_problems"]
    reasons = {
        f"{ONE}.{DUBLIN}": "bundles use it: 'desk (wsb-desk00001)'",
        f"{ONE}.{VIRGINIA}": f"was made from {OWNER}/{DUBLIN}/wsi-golden999",
        f"{TWO}.{DUBLIN}": "has no tag euc.aws/source",
        "refused": "could not be assumed",
        "nobody": "in quotes, and is not given.",
        "lost": "Ansible could not work on this host",
        f"The owner, account {OWNER}": "Bundles have the image behind them: owner-desk, wsb-owner0001. Delete them, or",
    }
    assert problems.keys() == reasons.keys()
    for host, reason in reasons.items():
        assert reason in problems[host]
    others = "500000000000, 500000000001, 500000000002"
    assert f"Accounts that it is not to be unshared from can copy the image: {others}" in told
    assert "500000000009 and 2 more." in told
    assert writes(fleet) == []


def test_an_image_is_retired_step_by_step(fleet: Fleet) -> None:
    server = fleet.server
    add_copies(fleet)
    server.images[0] = replace(SOURCE, shared_account_ids=frozenset({ONE, TWO}))
    fleet.hosts["original"] = {"aws_account_id": OWNER, "aws_region": DUBLIN}
    everything = {**RETIRE, **ALL_STEPS}

    told, dry = run(fleet, "retire_image", everything, "--check", "--diff")
    assert "- copies that would be deleted: 4, on 5 hosts\n- copies that are left: 0" in told
    assert "- would be unshared from 2 accounts\n- the owner's image would be deleted" in told
    owner = {"image_id": SOURCE.image_id, "unshared_account_ids": [ONE, TWO], "deleted": True, "check_mode": True}
    assert dry["image_retirement_owner"] == owner
    assert [outcome["changed"] for outcome in dry["image_retirement"]] == [True] * 4 + [False]
    assert writes(fleet) == []

    # Some deletions are refused: what the copies come from stays.
    server.faults = [Fault(DELETE, region=VIRGINIA, times=None, **REFUSED)]
    told, half = run(fleet, "retire_image", {**everything, "retire_copies": "yes"}, code=2)
    assert "Because of that, nothing was done after the copies." in told
    outcomes = {outcome["host"]: ("msg" in outcome, outcome["changed"]) for outcome in half["image_retirement"]}
    assert outcomes == {
        f"{account}.{region}": (region == VIRGINIA, region == DUBLIN)
        for account in (ONE, TWO)
        for region in (DUBLIN, VIRGINIA)
    } | {"original": (False, False)}
    nothing = {"image_id": SOURCE.image_id, "unshared_account_ids": [], "deleted": False, "check_mode": False}
    assert half["image_retirement_owner"] == nothing
    assert writes(fleet) == [(DELETE, ONE, DUBLIN), (DELETE, TWO, DUBLIN)]

    # A slice takes the image from its own accounts only, and does not delete what others have.
    server.faults = []
    slice_ = ["--limit", f"{TWO}.*"]
    told, _artifacts = run(fleet, "retire_image", everything, *slice_, code=2)
    assert f"Accounts that it is not to be unshared from can copy the image: {ONE}." in told
    assert "0 of 2 hosts and the owner can't give the image up" in told
    told, part = run(fleet, "retire_image", {**RETIRE, "retire_permissions": True}, *slice_)
    assert "- copies that are left: 1\n- unshared from 1 account\n- the owner's image is left" in told
    assert part["image_retirement_owner"] == {**nothing, "unshared_account_ids": [TWO]}
    assert writes(fleet) == [(UPDATE, OWNER, DUBLIN)]

    told, rest = run(fleet, "retire_image", everything)
    assert writes(fleet) == [
        (DELETE, ONE, VIRGINIA), (DELETE, OWNER, DUBLIN), (DELETE, TWO, VIRGINIA), (UPDATE, OWNER, DUBLIN),
    ]  # fmt: skip
    assert "- unshared from 1 account\n- the owner's image is deleted" in told
    assert [outcome["changed"] for outcome in rest["image_retirement"]] == [False, True, False, True, False]
    assert server.images == []


def test_copies_that_are_left_of_an_image_that_is_gone(fleet: Fleet) -> None:
    """Only where it is sure to be gone: credentials of another account see nothing either."""
    server = fleet.server
    server.images.clear()
    add_copies(fleet)
    copies = {**RETIRE, "retire_copies": "true"}
    told, artifacts = run(fleet, "retire_image", copies, code=2)
    assert f"The owner has no image {NAME}, and here is wsi-new000000. Name in retire_image_id" in told
    assert artifacts["fleet_problems"].keys() == fleet.hosts.keys()

    copies["retire_image_id"] = SOURCE.image_id
    told, _artifacts = run(fleet, "retire_image", {**copies, "image_owner_account_id": OTHER}, code=2)
    assert f"Account {OWNER} has none there. Nothing was changed." in told
    assert writes(fleet) == []

    _told, artifacts = run(fleet, "retire_image", {**copies, "retire_original": True})
    assert [outcome["changed"] for outcome in artifacts["image_retirement"]] == [True] * 4
    assert len(writes(fleet)) == 4
    told, artifacts = run(fleet, "retire_image", {**RETIRE, **ALL_STEPS})
    assert "- copies that were deleted: 0, on 4 hosts\n- copies that are left: 0" in told
    assert "- the owner's image was not there" in told
    assert artifacts["image_retirement_owner"]["image_id"] is None
    assert writes(fleet) == []
