# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that meet each other, and runs that are stopped in the middle."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.euc.aws.tests.aws_server import Fault

UPDATE = "UpdateWorkspaceImagePermission"
FIFTY = [f"1{number:011d}" for number in range(50)]
TREE = Path(__file__).parents[2]


def share(account_ids: list[str]) -> str:
    arguments = {"image_id": "wsi-golden001", "shared_account_ids": account_ids}
    return f"- euc.aws.workspaces_image_permission: {json.dumps(arguments)}"


def interrupt(process: subprocess.Popen[str]) -> None:
    """Do what Ctrl-C in a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def two_runs(ansible: Any) -> tuple[list[Path], set[str]]:
    """Write two playbooks that share one image with different accounts. Return them, and all accounts."""
    lists = [[f"{first}{number:011d}" for number in range(10)] for first in (1, 2)]
    paths = [ansible.playbook(share(ids)).rename(ansible.home / f"{ids[0]}.yml") for ids in lists]
    return paths, {*lists[0], *lists[1]}


def test_two_runs_that_read_at_once_keep_both_lists(ansible: Any, server: Any, eventually: Any) -> None:
    paths, accounts = two_runs(ansible)
    server.faults = [Fault("DescribeWorkspaceImagePermissions", "slow", seconds=1)]
    threads = threading.active_count()
    # The server answers nothing before both have connected, for which it has a thread each.
    with server.lock:
        started = [ansible.start("ansible-playbook", path) for path in paths]
        eventually(lambda: threading.active_count() == threads + 2)
    assert [ansible.finish(process).code for process in started] == [0, 0]
    assert [call.operation for call in server.journal[:2]] == ["DescribeWorkspaceImagePermissions"] * 2
    assert server.image("wsi-golden001").shared_account_ids == accounts


def test_a_run_that_begins_while_another_writes_keeps_both_lists(ansible: Any, server: Any, eventually: Any) -> None:
    paths, accounts = two_runs(ansible)
    server.faults = [Fault(UPDATE, "slow", times=None, seconds=0.2)]
    first = ansible.start("ansible-playbook", paths[0])
    eventually(lambda: server.history)
    second = ansible.run("ansible-playbook", paths[1])
    assert (ansible.finish(first).code, second.code) == (0, 0)
    assert server.image("wsi-golden001").shared_account_ids == accounts


def test_ctrl_c_in_the_middle_of_50_grants(ansible: Any, server: Any, eventually: Any) -> None:
    path = ansible.playbook(share(FIFTY))
    server.faults = [Fault(UPDATE, "slow", times=None, seconds=0.2)]
    process = ansible.start("ansible-playbook", path)
    eventually(lambda: len(server.calls(UPDATE)) >= 10)
    interrupt(process)
    run = ansible.finish(process)
    assert run.code != 0
    assert "interrupt" in (run.output + run.errors).strip().splitlines()[-1]
    assert "Traceback" not in run.output + run.errors
    eventually(lambda: ansible.processes() == [])
    made = len(server.history)
    assert 10 <= made < 50
    server.faults.clear()

    again = ansible.run("ansible-playbook", path)
    assert again.code == 0
    assert len(server.calls(UPDATE)) == 50
    assert server.image("wsi-golden001").shared_account_ids == set(FIFTY)


def test_a_module_that_is_killed_anywhere_is_continued_by_the_next_run(
    ansible: Any, server: Any, eventually: Any
) -> None:
    """Each run is killed when a drawn number of its calls is in the journal, before or after it has the answer."""
    keeper = "999999999999"
    accounts = [f"1{number:011d}" for number in range(100)]
    server.images = [replace(server.images[0], shared_account_ids={keeper})]
    server.faults = [Fault("DescribeWorkspaceImagePermissions", code="AccessDeniedException", status=400)]
    ansible.settings["ANSIBLE_KEEP_REMOTE_FILES"] = "true"
    ansible.play(share(accounts))
    (module,) = ansible.home.glob("remote/*/AnsiballZ_workspaces_image_permission.py")
    server.faults = [Fault(UPDATE, "slow", times=None, seconds=0.05)]
    drawn = random.Random(4)
    for _run in range(24):
        calls = len(server.journal) + drawn.randrange(1, 5)
        number = drawn.choice([signal.SIGTERM, signal.SIGKILL])
        process = ansible.start(sys.executable, module)
        eventually(lambda calls=calls: len(server.journal) >= calls)
        process.send_signal(number)
        assert ansible.finish(process).code == -number
        assert keeper in server.image("wsi-golden001").shared_account_ids
    assert 0 < len(server.history) < 100
    server.faults.clear()
    assert json.loads(ansible.run(sys.executable, module).output)["changed"]
    writes = server.calls(UPDATE)
    assert sorted(call.parameters["SharedAccountId"] for call in writes) == accounts
    assert not json.loads(ansible.run(sys.executable, module).output)["changed"]


def test_ctrl_c_in_the_demo_leaves_nothing(ansible: Any, eventually: Any) -> None:
    collections = str(TREE.parents[2])
    process = ansible.start(sys.executable, TREE / "demo" / "demo.py", PYTHONPATH=collections)
    # While a module runs: Ansible prints a traceback if it is interrupted just when it forks.
    eventually(lambda: any("AnsiballZ_" in command for command in ansible.processes()))
    interrupt(process)
    run = ansible.finish(process)
    assert run.code != 0
    assert run.errors.strip().splitlines()[-1] == "Interrupted. The emulator is stopped, and nothing is left running."
    assert "Traceback" not in run.output + run.errors
    eventually(lambda: ansible.processes() == [])
