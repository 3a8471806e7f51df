# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module workspaces_image when runs die, meet each other, or lose AWS's answer: an image is never made twice.

Most tests are a recipient's, who copies a shared image from one Region to another.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault, Image, Result, Role, WorkSpace

CALLER, OWNER = "123456789012", "999999999999"
ARN = f"arn:aws:iam::{CALLER}:role/images"
LOOK, COPY, MAKE = "DescribeWorkspaceImages", "CopyWorkspaceImage", "CreateWorkspaceImage"
UNSHARE, DELETE = "UpdateWorkspaceImagePermission", "DeleteWorkspaceImage"
NAME = {"name": "golden-copy", "region": "us-east-1"}
SOURCE = {"source_image_id": "wsi-golden001", "source_region": "eu-west-1", "source_account_id": OWNER}
MASTER = {"source_workspace_id": "ws-master001", "description": "Master"}
# A second is the shortest time between two looks.
WAIT = {"wait": True, "wait_timeout": 60}


@pytest.fixture
def server(server: Any) -> Any:
    """Two images that another account shares, a WorkSpace, and copies that do not show when first looked for."""
    server.images = [replace(server.images[0], owner=OWNER, shared_account_ids={CALLER})]
    server.images += [replace(server.images[0], image_id="wsi-golden002")]
    server.workspaces = [WorkSpace("ws-master001", CALLER, "us-east-1")]
    server.hidden_looks = 1
    server.copy_pending_looks = 0
    return server


def task(**options: Any) -> str:
    return f"- euc.aws.workspaces_image: {json.dumps({**NAME, **options})}"


def packed(ansible: Any, server: Any, **options: Any) -> Path:
    """Return the module with its arguments, as Ansible packs it, without having done anything."""
    server.faults = [Fault(LOOK, code="AccessDeniedException", status=400)]
    ansible.settings["ANSIBLE_KEEP_REMOTE_FILES"] = "true"
    ansible.play(task(**options))
    (module,) = ansible.home.glob("remote/*/AnsiballZ_workspaces_image.py")
    server.journal.clear()
    server.faults.clear()
    return module


def succeeded(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result that is none of a failure: these may tell of changes, too."""
    assert not result.get("failed"), result["msg"]
    return result


def own_images(server: Any) -> list[str]:
    return [image.image_id for image in server.images if image.owner == CALLER]


@pytest.mark.parametrize(
    ("source", "operation", "refusals"),
    [
        (SOURCE, COPY, []),
        # Before the image shows, all that shows is what AWS does with the WorkSpace meanwhile.
        (MASTER, MAKE, ["SUSPENDED and has to be AVAILABLE (an image may be in the making from it"]),
    ],
)
def test_a_task_that_is_killed_at_the_call_is_found_by_the_next(
    source: dict[str, Any], operation: str, refusals: list[str], ansible: Any, server: Any, eventually: Any
) -> None:
    module = packed(ansible, server, **source)
    server.copy_pending_looks = 2
    server.faults = [Fault(operation, "slow", seconds=60)]
    process = ansible.start(sys.executable, module)
    eventually(lambda: server.calls(operation))
    process.kill()
    assert ansible.finish(process).code == -signal.SIGKILL
    *refused, result = (json.loads(ansible.run(sys.executable, module).output) for _run in [*refusals, "found"])
    assert all(words in late["msg"] for words, late in zip(refusals, refused, strict=True)), refused
    assert not succeeded(result)["changed"]
    assert own_images(server) == [result["image_id"]]


@pytest.mark.parametrize("other", ["wsi-golden001", "wsi-golden002"])
def test_two_tasks_at_once_make_one_image_and_both_tell_the_truth(
    other: str, ansible: Any, server: Any, eventually: Any
) -> None:
    sources = [SOURCE, {**SOURCE, "source_image_id": other}]
    paths = [
        ansible.playbook(task(**source)).rename(ansible.home / f"{number}.yml") for number, source in enumerate(sources)
    ]
    server.faults = [Fault(LOOK, "slow", seconds=1)]
    threads = threading.active_count()
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    # The server answers nothing before both have connected, for which it has a thread each.
    with server.lock:
        started = [ansible.start("ansible-playbook", path, **settings) for path in paths]
        eventually(lambda: threading.active_count() == threads + 2)
    results = [ansible.finish(process).results[0] for process in started]
    (image_id,) = own_images(server)
    assert [call.error for call in server.calls(COPY)] == [None, "ResourceAlreadyExistsException"]
    made, late = sorted(results, key=lambda result: not result["changed"])
    assert (succeeded(made)["changed"], made["image_id"]) == (True, image_id)
    if other == SOURCE["source_image_id"]:
        assert (succeeded(late)["changed"], late["image_id"]) == (False, image_id)
    else:
        assert (late["changed"], late["failed"]) == (False, True)
        assert f"{image_id} (golden-copy) in us-east-1 was made from {OWNER}/eu-west-1/wsi-golden00" in late["msg"]


FIVE = {"retries": {"mode": "standard", "total_max_attempts": 5}}
THROTTLED = Fault(COPY, code="ThrottlingException", status=400)


@pytest.mark.parametrize(
    ("faults", "aws_config", "variables"),
    [
        ([Fault(COPY, "drop", applied=True)], {}, {}),
        ([Fault(COPY, "drop", applied=True)], {}, {"AWS_MAX_ATTEMPTS": "5", "AWS_RETRY_MODE": "legacy"}),
        ([THROTTLED, Fault(COPY, call=2, applied=True)], FIVE, {}),
        ([Fault(COPY, "slow", seconds=30)], {"read_timeout": 1, **FIVE}, {}),
    ],
    ids=["dropped", "dropped, AWS_MAX_ATTEMPTS", "throttled, then a 500", "no answer in time"],
)
def test_a_copy_without_an_answer_is_not_made_again(
    faults: list[Fault], aws_config: dict[str, Any], variables: dict[str, str], ansible: Any, server: Any
) -> None:
    server.faults = faults
    ansible.settings.update(variables)
    (result,) = ansible.play(task(**SOURCE, aws_config=aws_config)).results
    assert succeeded(result)["changed"]
    assert own_images(server) == [result["image_id"]]
    assert len(server.calls(COPY)) == len(faults)


def test_a_wait_outlasts_a_session_and_a_lost_network(ansible: Any, server: Any) -> None:
    # What is asked for an hour ends in a quarter of an hour and a second by the module's time, and so is renewed in a
    # second. The server ends it in 4.
    server.clock = lambda: time.time() - 3600 + 15 * 60 + 1
    server.session_seconds = 4
    server.roles = [Role(ARN, frozenset({CALLER}))]
    server.copy_pending_looks = 5
    server.faults = [Fault(LOOK, "drop", call=4, times=2)]
    once = {"retries": {"total_max_attempts": 1}}
    (result,) = ansible.play(task(**SOURCE, **WAIT, assume_role_arn=ARN, aws_config=once)).results
    assert (succeeded(result)["changed"], result["state"]) == (True, "AVAILABLE")
    assert Counter(call.error for call in server.journal).keys() == {None, "ConnectionClosed"}
    assert len(server.calls("AssumeRole")) > 1
    assert len(own_images(server)) == 1


def test_a_copy_that_ends_in_error_is_told_and_started_over(ansible: Any, server: Any) -> None:
    details = [{"ErrorCode": "DomainJoined", "ErrorMessage": "Leave the domain."}]
    server.copy_pending_looks = 1
    server.copy_result = Result("ERROR", "OutdatedPowershellVersion", "Update PowerShell.", details)
    ended, again = ansible.play("\n".join([task(**SOURCE, **WAIT) + "\n  ignore_errors: true", task(**SOURCE)])).results
    (image_id,) = own_images(server)
    for result, changed in ((ended, True), (again, False)):
        assert result["failed"]
        assert (result["changed"], result["image_id"], result["state"]) == (changed, image_id, "ERROR")
        assert "OutdatedPowershellVersion: Update PowerShell" in result["msg"]
        assert "DomainJoined: Leave the domain" in result["msg"]
        assert "delete it with state=absent" in result["msg"]
    server.copy_result = Result()
    deleted, anew = ansible.play("\n".join([task(state="absent"), task(**SOURCE, **WAIT)])).results
    assert (succeeded(deleted)["changed"], succeeded(anew)["changed"], anew["state"]) == (True, True, "AVAILABLE")
    assert own_images(server) == [anew["image_id"]] != [image_id]


def test_ctrl_c_in_a_wait_and_the_next_run_waits_on(ansible: Any, server: Any, eventually: Any) -> None:
    server.copy_pending_looks = 1000
    path = ansible.playbook(task(**SOURCE, **WAIT))
    process = ansible.start("ansible-playbook", path)
    # The name and the source are looked at, and then the copy.
    eventually(lambda: len(server.calls(LOOK)) > 3)
    os.killpg(process.pid, signal.SIGINT)
    run = ansible.finish(process)
    assert run.code != 0
    assert "Traceback" not in run.output + run.errors
    eventually(lambda: ansible.processes() == [])
    with server.lock:
        server.images = [replace(image, pending_looks=server.looks[image.image_id] + 1) for image in server.images]
    (result,) = ansible.play(task(**SOURCE, **WAIT)).results
    assert (succeeded(result)["changed"], result["state"]) == (False, "AVAILABLE")
    assert own_images(server) == [result["image_id"]]
    assert len(server.calls(COPY)) == 1


def test_a_deletion_that_is_killed_is_finished_by_the_next(ansible: Any, server: Any, eventually: Any) -> None:
    accounts = [f"1{number:011d}" for number in range(5)]
    server.images = [Image("wsi-old000001", "golden-copy", CALLER, "us-east-1", shared_account_ids=frozenset(accounts))]
    module = packed(ansible, server, state="absent", unshare=True)
    server.faults = [Fault(UNSHARE, "slow", call=3, seconds=60)]
    process = ansible.start(sys.executable, module)
    eventually(lambda: len(server.calls(UNSHARE)) == 3)
    process.kill()
    assert ansible.finish(process).code == -signal.SIGKILL
    # The deletion takes effect, and the answer is lost.
    server.faults = [Fault(DELETE, "drop", applied=True)]
    results = [json.loads(ansible.run(sys.executable, module).output) for _run in range(2)]
    assert [succeeded(result)["changed"] for result in results] == [True, False]
    assert [result["revoked_account_ids"] for result in results] == [accounts[3:], []]
    assert server.images == []


def test_the_warning_of_a_workspace_comes_only_where_an_image_is_made_from_it(ansible: Any, server: Any) -> None:
    tasks = [task(**MASTER), task(**MASTER, tags={"team": "desktops"})]
    server.hidden_looks = 0
    made, tagged = ansible.play("\n".join(tasks)).results
    assert (made["changed"], tagged["changed"]) == (True, True)
    assert [bool(result.get("warnings")) for result in (made, tagged)] == [True, False]
