# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the collection's playbooks by name, as people and AWX do."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from typing import Any

AWX = Path(__file__).parents[2] / "examples" / "awx"
# ansible-playbook, with its modules in its own processes
QUICK = ("python", Path(__file__).with_name("in_process.py"))
ELSEWHERE = {"all": {"hosts": ["elsewhere.example.com"]}}


def survey(name: str) -> dict[str, Any]:
    """Return the survey of this name."""
    return json.loads((AWX / f"{name}_survey.json").read_text())


def answered(name: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AWX hands to a job: the answers, and the defaults of what was not asked or not answered.

    A default that its own question would refuse is none: ``SurveyJobTemplateMixin`` in AWX's awx/main/models/mixins.py.
    """
    given = {}
    for question in survey(name)["spec"]:
        default = question["default"]
        if isinstance(default, int) or (question["type"] != "integer" and len(default) >= (question["min"] or 0)):
            given[question["variable"]] = default
    return {**given, **answers}


def play(ansible: Any, name: str, variables: dict[str, Any], *arguments: str, code: int = 0) -> tuple[list[Any], Any]:
    """Run a playbook of the collection to this exit code; return what its tasks said, and its artifacts."""
    answers = ansible.write("answers.json", json.dumps(variables))
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    program = QUICK if ansible.modules_in_process else ("ansible-playbook",)
    run = ansible.run(*program, f"euc.aws.{name}", "-e", f"@{answers}", *arguments, **settings)
    # Of a loop there is a message for each item, and one that says nothing.
    said = [result["msg"] for result in run.results if {"msg", "results", "skipped"} & result.keys() == {"msg"}]
    assert run.code == code, said
    # To ask for the machine's facts takes longer than the whole playbook, which needs none.
    assert "Gathering Facts" not in run.output
    return said, json.loads(run.output[run.output.index("{") :])["global_custom_stats"]


@dataclass(frozen=True)
class Job:
    """How a job of AWX's ended."""

    code: int
    output: str
    artifacts: dict[str, Any]


def job(
    ansible: Any,
    playbook: str,
    answers: Mapping[str, Any],
    *cmdline: str,
    inventory: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a job of AWX's to its good end; return its artifacts. The inventory is as ansible-inventory lists it."""
    ended = _end(ansible, "job", _start(ansible, "job", playbook, answers, inventory or ELSEWHERE, cmdline))
    assert ended.code == 0, ended.output
    return ended.artifacts


def slices(
    ansible: Any,
    playbook: str,
    answers: Mapping[str, Any],
    hosts: Mapping[str, Mapping[str, Any]],
    count: int,
    *cmdline: str,
) -> list[Job]:
    """Run a job of AWX's in slices, all at once, to whatever end: each sees its own part of the hosts and no other.

    ``hosts`` are their variables by their names. The parts are AWX's: ``Inventory.get_script_data`` and
    ``JobTemplate.get_effective_slice_ct`` in https://github.com/ansible/awx, awx/main/models.
    """
    count = min(count, len(hosts))
    started = []
    for number in range(count):
        part = sorted(hosts)[number::count]
        inventory = {"all": {"hosts": part}, "_meta": {"hostvars": {name: dict(hosts[name]) for name in part}}}
        place = f"slice-{number + 1}"
        started.append((place, _start(ansible, place, playbook, answers, inventory, cmdline)))
    return [_end(ansible, place, process) for place, process in started]


def _start(
    ansible: Any,
    place: str,
    playbook: str,
    answers: Mapping[str, Any],
    inventory: Mapping[str, Any],
    cmdline: Iterable[str],
) -> Popen[str]:
    """Start a job in a private data directory of its own, as AWX lays it out."""
    shutil.rmtree(ansible.home / place, ignore_errors=True)
    ansible.write(f"{place}/env/extravars", _unsafe(answers))
    moved = {key: value for key, value in ansible.settings.items() if key.startswith(("AWS_", "ANSIBLE_"))}
    ansible.write(f"{place}/env/envvars", json.dumps({**moved, "AWS_SECURITY_TOKEN": moved["AWS_SESSION_TOKEN"]}))
    ansible.write(f"{place}/env/cmdline", shlex.join(cmdline))
    script = f"#!/usr/bin/env python3\nprint({json.dumps(inventory)!r})\n"
    ansible.write(f"{place}/inventory/hosts", script).chmod(0o700)
    for path in AWX.iterdir():
        ansible.write(f"{place}/project/{path.name}", path.read_text())
    left = {key: value for key, value in ansible.settings.items() if key not in moved}
    runner = ("ansible-runner", "run", place, "--playbook", playbook, "--ident", "1")
    return replace(ansible, settings=left).start(*runner)


def _unsafe(value: Any) -> str:
    """Write YAML as AWX does: every text is marked, so that Ansible takes no braces in it for a template."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {_unsafe(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_unsafe, value)) + "]"
    return ("!unsafe " if isinstance(value, str) else "") + json.dumps(value)


def _end(ansible: Any, place: str, process: Popen[str]) -> Job:
    """Wait for the end of a job. One that ends before its first play has no artifacts."""
    run = ansible.finish(process)
    paths = (ansible.home / place / "artifacts/1/job_events").glob("*.json")
    events = [json.loads(path.read_text()) for path in paths]
    artifacts = [event["event_data"]["artifact_data"] for event in events if event["event"] == "playbook_on_stats"]
    return Job(run.code, run.output + run.errors, artifacts[0] if artifacts else {})
