# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet in which things go wrong: hosts that fail, controllers that are killed, slices that run at once."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from subprocess import Popen
from typing import Any

import psutil
import pytest

from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, Image, Result, Role, Throttle
from ansible_collections.euc.aws.tests.system.fleet import ANSWERS, OWNER, SOURCE, Fleet, role_of
from ansible_collections.euc.aws.tests.system.playbooks import play, slices

HERE, THERE = "eu-west-1", "us-east-1"
LOOK, COPY, TAGS = "DescribeWorkspaceImages", "CopyWorkspaceImage", "DescribeTags"
UPDATE, PERMISSIONS = "UpdateWorkspaceImagePermission", "DescribeWorkspaceImagePermissions"
# A second is the shortest time between two looks.
DISTRIBUTE = {**ANSWERS, "distribute_image_name": SOURCE.name, "distribute_wait_timeout": 60}
# `make bench` sets more. Each fleet is killed twice.
HOSTS = int(os.environ.get("FLEET_HOSTS", "20"))
KILLED_FLEETS = int(os.environ.get("KILLED_FLEETS", "2"))


def accounts(count: int) -> list[str]:
    return [f"3{number:011d}" for number in range(count)]


def distribute(ansible: Any, fleet: Fleet, code: int = 0) -> dict[str, dict[str, Any]]:
    """Distribute the image to the fleet; return what became of each host."""
    _said, artifacts = play(ansible, "distribute_image", DISTRIBUTE, "-i", str(fleet.inventory()), code=code)
    return {outcome["host"]: outcome for outcome in artifacts["image_distribution"]}


def fill(fleet: Fleet, host: str) -> None:
    """Use up the quota of a host."""
    account, region = (fleet.hosts[host][name] for name in ("aws_account_id", "aws_region"))
    used = range(fleet.server.image_quota)
    fleet.server.images += [Image(f"wsi-{host[:12]}{n}", f"old-{n}", account, region) for n in used]


def free(fleet: Fleet, host: str) -> None:
    """Make room on a host again."""
    fleet.server.images = [image for image in fleet.server.images if not image.image_id.startswith(f"wsi-{host[:12]}")]


def refuse_the_role(fleet: Fleet, host: str) -> None:
    fleet.hosts[host]["assume_role_arn"] += "-new"


def trust_the_role(fleet: Fleet, host: str) -> None:
    fleet.server.roles.append(Role(fleet.hosts[host]["assume_role_arn"], frozenset({OWNER})))


def fill_unlooked(fleet: Fleet, host: str) -> None:
    fill(fleet, host)
    fleet.hosts[host]["distribute_image_quota"] = 0


def end_in_error(fleet: Fleet, host: str) -> None:
    account = fleet.hosts[host]["aws_account_id"]
    fleet.server.copy_results[account] = Result("ERROR", "OutdatedPowershellVersion", "Update PowerShell.")


def delete_the_error(fleet: Fleet, host: str) -> None:
    account = fleet.hosts[host]["aws_account_id"]
    del fleet.server.copy_results[account]
    fleet.server.images = [image for image in fleet.server.images if image.owner != account]


def move_to_china(fleet: Fleet, host: str) -> None:
    arn = fleet.hosts[host]["assume_role_arn"].replace("arn:aws:", "arn:aws-cn:")
    fleet.hosts[host] |= {"aws_region": "cn-northwest-1", "assume_role_arn": arn}
    fleet.server.roles.append(Role(arn, frozenset({OWNER})))


def move_back(fleet: Fleet, host: str) -> None:
    fleet.hosts[host] |= {"aws_region": THERE, "assume_role_arn": role_of(fleet.hosts[host]["aws_account_id"])}


def throttle(fleet: Fleet, host: str, operation: str = LOOK, times: int | None = None) -> None:
    """Let AWS refuse a host's calls. It is asked three times, so that nobody has to wait for minutes."""
    account = fleet.hosts[host]["aws_account_id"]
    fault = Fault(operation, code="ThrottlingException", status=400, caller_account=account, times=times)
    fleet.server.faults.append(fault)


def end_throttle(fleet: Fleet, _host: str) -> None:
    fleet.server.faults.clear()


def forget_account(fleet: Fleet, host: str) -> None:
    fleet.server.unknown_account_ids.add(fleet.hosts[host]["aws_account_id"])


def know_account(fleet: Fleet, _host: str) -> None:
    fleet.server.unknown_account_ids.clear()


# What goes wrong, how it is mended, what is told of it, and the state of the copy that is told.
Change = Callable[[Fleet, str], None]
FAILURES: list[tuple[Change, Change, str, str | None]] = [
    (refuse_the_role, trust_the_role, "not authorized to perform: sts:AssumeRole", None),
    (fill, free, "40 images", None),
    (fill_unlooked, free, "ResourceLimitExceeded", None),
    (end_in_error, delete_the_error, "OutdatedPowershellVersion: Update PowerShell", "ERROR"),
    (move_to_china, move_back, "cn-northwest-1", None),
    (throttle, end_throttle, "ThrottlingException", None),
    (forget_account, know_account, "The image could not be shared with this account. InvalidParameterValues", None),
]


def test_hosts_that_fail_each_in_its_own_way_stop_no_other(ansible: Any, server: Any) -> None:
    fleet = Fleet(ansible, accounts(HOSTS), [THERE])
    bad = dict(zip(list(fleet.hosts)[: max(len(FAILURES), HOSTS // 10)], cycle(FAILURES), strict=False))
    for host, (spoil, _mend, _words, _state) in bad.items():
        spoil(fleet, host)
    slow = list(fleet.hosts)[-1]
    throttle(fleet, slow, COPY, times=2)
    ansible.settings["AWS_MAX_ATTEMPTS"] = "3"
    outcomes = distribute(ansible, fleet, code=2)
    assert list(outcomes) == list(fleet.hosts)
    for host, outcome in outcomes.items():
        words, state = bad[host][2:] if host in bad else ("", "AVAILABLE")
        assert words in outcome.get("msg", ""), outcome
        assert ("msg" in outcome, outcome["state"]) == (host in bad, state), outcome
    # What was made, a copy that ended in ERROR included, is told as made.
    in_error = {host for host, (spoil, *_rest) in bad.items() if spoil is end_in_error}
    assert {host for host, end in outcomes.items() if end["changed"]} == {*in_error, *(fleet.hosts.keys() - bad.keys())}
    for host, (_spoil, mend, _words, _state) in bad.items():
        mend(fleet, host)
    mended = distribute(ansible, fleet)
    assert {host: (end["state"], end["changed"]) for host, end in mended.items()} == {
        host: ("AVAILABLE", host in bad) for host in fleet.hosts
    }
    again = {(fleet.hosts[host]["aws_account_id"], THERE): 2 for host in in_error}
    assert fleet.copied() == {**fleet.one_each(), **again}


def test_a_missing_bundle_stops_no_other_host(ansible: Any, server: Any) -> None:
    fleet = Fleet(ansible, accounts(4), [HERE, THERE])

    def images(word: str) -> list[Image]:
        places = [(host["aws_account_id"], host["aws_region"]) for host in fleet.hosts.values()]
        return [Image(f"wsi-{word}{number:09}", word, *place) for number, place in enumerate(places)]

    old, new = images("old"), images("new")
    server.images += [*old, *new]
    bundles = [Bundle(f"wsb-{i.image_id[4:]}", "desk", i.owner, i.image_id, i.region) for i in old]
    server.bundles = bundles[1:]
    without = next(iter(fleet.hosts))
    answers = {"switch_image_name": "new", "switch_bundle_names": ["desk"], "switch_max_fail_percentage": 100}

    def switch(code: int) -> dict[str, tuple[bool, str]]:
        _said, artifacts = play(ansible, "switch_bundles", answers, "-i", str(fleet.inventory()), code=code)
        ends = artifacts["bundle_switches"]
        return {end["host"]: (end["changed"], end.get("msg", "")) for end in ends}

    ends = switch(2)
    changed, msg = ends.pop(without)
    assert (changed, "desk" in msg) == (False, True), msg
    assert set(ends.values()) == {(True, "")}
    server.bundles.append(bundles[0])
    ends = switch(0)
    assert ends == {host: (host == without, "") for host in fleet.hosts}
    assert {bundle.image_id for bundle in server.bundles} == {image.image_id for image in new}


def kill(process: Popen[str], with_all: bool) -> None:
    """Kill the controller at once, and with it all that it started, or nothing else: its tasks live on then."""
    # A process that stands still starts no other. Ansible's workers are in process groups of their own.
    process.send_signal(signal.SIGSTOP)
    for child in psutil.Process(process.pid).children(recursive=True) if with_all else []:
        child.kill()
    process.kill()


@pytest.mark.parametrize("seed", range(KILLED_FLEETS))
def test_a_controller_that_is_killed_at_any_moment_leaves_one_copy_a_host(
    seed: int, ansible: Any, server: Any, eventually: Any
) -> None:
    fleet = Fleet(ansible, accounts(3), [HERE, THERE])
    # As AWS's lists may lag, the next run may not see what the one before made.
    server.hidden_looks = 1
    chance = random.Random(seed)
    command = ("ansible-playbook", "euc.aws.distribute_image", "-i", fleet.inventory(), "-e", json.dumps(DISTRIBUTE))
    moments = []
    for with_all in chance.sample([True, False], 2):
        # The first calls are the owner's, and a whole run makes some 14 for each host besides.
        moments.append((len(server.journal) + chance.randrange(1, 12 * len(fleet.hosts)), with_all))
        process = ansible.start(*command)
        eventually(lambda: len(server.journal) >= moments[-1][0] or process.poll() is not None)  # noqa: B023
        if process.poll() is None:
            kill(process, with_all)
    end = ansible.run(*command)
    assert end.code == 0, (seed, moments, end.output)
    # What a controller left alone when it was killed goes on for a while.
    eventually(lambda: ansible.processes() == [])
    assert fleet.copied() == fleet.one_each(), (seed, moments)
    assert [server.looks[copy.image_id] >= 3 for copy in fleet.copies()] == [True] * len(fleet.hosts), (seed, moments)


def test_four_slices_at_once_end_as_one_run_does(ansible: Any, server: Any) -> None:
    stranger = "999999999999"
    fleet = Fleet(ansible, accounts(HOSTS // 5), [HERE, THERE])
    server.images = [replace(SOURCE, shared_account_ids=frozenset({stranger}))]
    server.throttle = Throttle()
    ended = slices(ansible, "euc.aws.distribute_image", DISTRIBUTE, fleet.hosts, 4)
    assert [part.code for part in ended] == [0] * 4, ended
    outcomes = [outcome for part in ended for outcome in part.artifacts["image_distribution"]]
    assert {outcome["host"]: outcome["state"] for outcome in outcomes} == dict.fromkeys(fleet.hosts, "AVAILABLE")
    assert fleet.copied() == fleet.one_each()
    assert server.image(SOURCE.image_id).shared_account_ids == {stranger, *fleet.accounts}
    assert {call.parameters["AllowCopyImage"] for call in server.calls(UPDATE)} == {True}


def test_the_calls_of_a_run_follow_a_formula_and_a_second_one_writes_nothing(ansible: Any, server: Any) -> None:
    fleet = Fleet(ansible, accounts(3), [HERE, THERE])
    hosts = len(fleet.hosts)

    def calls() -> Counter[str]:
        counted = Counter(call.operation for call in server.journal)
        assert {call.error for call in server.journal} == {None}
        server.journal.clear()
        return counted

    distribute(ansible, fleet)
    # The owner looks for the image, and at it again before it grants. A host looks for the copy, for the source among
    # what is shared with it and among its own, for the copy and the source again, and then three times at the copy.
    first = {LOOK: 2 + 8 * hosts, "AssumeRole": 3 * hosts, TAGS: 2 * hosts, COPY: hosts, PERMISSIONS: 1, UPDATE: 3}
    assert calls() == first
    again = distribute(ansible, fleet)
    assert not any(outcome["changed"] for outcome in again.values())
    assert calls() == {LOOK: 1 + hosts, "AssumeRole": hosts, TAGS: hosts}
