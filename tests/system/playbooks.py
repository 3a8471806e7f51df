# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the collection's playbooks by name, as people and AWX do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

AWX = Path(__file__).parents[2] / "examples" / "awx"


def play(ansible: Any, name: str, variables: dict[str, Any], *arguments: str, code: int = 0) -> tuple[list[Any], Any]:
    """Run a playbook of the collection to this exit code; return what its tasks said, and its artifacts."""
    answers = ansible.write("answers.json", json.dumps(variables))
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    run = ansible.run("ansible-playbook", f"euc.aws.{name}", "-e", f"@{answers}", *arguments, **settings)
    # Of a loop there is a message for each item, and one that says nothing.
    said = [result["msg"] for result in run.results if {"msg", "results", "skipped"} & result.keys() == {"msg"}]
    assert run.code == code, said
    # To ask for the machine's facts takes longer than the whole playbook, which needs none.
    assert "Gathering Facts" not in run.output
    return said, json.loads(run.output[run.output.index("{") :])["global_custom_stats"]


def job(ansible: Any, playbook: str, answers: dict[str, Any], *cmdline: str) -> dict[str, Any]:
    """Run a job of AWX's to its good end, in a private data directory as AWX lays it out; return its artifacts."""
    # AWX marks what people typed, so that Ansible takes no braces in it for a template.
    ansible.write("job/env/extravars", "".join(f"{key}: !unsafe {json.dumps(answers[key])}\n" for key in answers))
    names = [name for name in ansible.settings if name.startswith(("AWS_", "ANSIBLE_"))]
    variables = {name: ansible.settings.pop(name) for name in names}
    ansible.write("job/env/envvars", json.dumps({**variables, "AWS_SECURITY_TOKEN": variables["AWS_SESSION_TOKEN"]}))
    ansible.write("job/env/cmdline", " ".join(cmdline))
    ansible.write("job/inventory/hosts", "elsewhere.example.com\n")
    for path in AWX.iterdir():
        ansible.write(f"job/project/{path.name}", path.read_text())
    run = ansible.run("ansible-runner", "run", "job", "--playbook", playbook, "--ident", "1")
    assert run.code == 0, run.output + run.errors
    events = [json.loads(path.read_text()) for path in (ansible.home / "job/artifacts/1/job_events").glob("*.json")]
    (last,) = [event for event in events if event["event"] == "playbook_on_stats"]
    return last["event_data"]["artifact_data"]
