# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that users run, each with credentials from where users keep them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

ARGUMENTS = {"image_id": "wsi-golden001", "shared_account_ids": ["111111111111", "222222222222"]}
SHARE = "- euc.aws.workspaces_image_permission: "
OPTIONS = {
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
}


def from_environment(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    """The environment variables that AWX sets for a credential of the type Amazon Web Services."""
    ansible.settings |= {**credentials, "AWS_SECURITY_TOKEN": credentials["AWS_SESSION_TOKEN"]}
    return {}


def from_profile(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    lines = [f"{name.lower()} = {value}" for name, value in credentials.items()]
    ansible.write("aws_credentials", "\n".join(["[images]", *lines, ""]))
    return {"profile": "images"}


def from_options(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    return {option: credentials[variable] for option, variable in OPTIONS.items()}


def playbook(ansible: Any, arguments: dict[str, Any]) -> Any:
    return ansible.run("ansible-playbook", ansible.playbook(SHARE + json.dumps(arguments)))


def ad_hoc(ansible: Any, arguments: dict[str, Any]) -> Any:
    words = {name: ",".join(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return ad_hoc_with(ansible, " ".join(f"{name}={value}" for name, value in words.items()))


def ad_hoc_json(ansible: Any, arguments: dict[str, Any]) -> Any:
    return ad_hoc_with(ansible, json.dumps(arguments))


def ad_hoc_with(ansible: Any, arguments: str) -> Any:
    return ansible.run("ansible", "localhost", "-m", "euc.aws.workspaces_image_permission", "-a", arguments)


def runner(ansible: Any, arguments: dict[str, Any]) -> Any:
    """AWX's way: a private data directory, with what is the job's in ``env``."""
    variables = [name for name in ansible.settings if name.startswith(("AWS_", "ANSIBLE_"))]
    ansible.write("job/env/envvars", json.dumps({name: ansible.settings.pop(name) for name in variables}))
    ansible.write("job/env/extravars", json.dumps(arguments))
    python = "ansible_python_interpreter={{ ansible_playbook_python }}"
    ansible.write("job/inventory/hosts", f"localhost ansible_connection=local {python}\n")
    tasks = SHARE + json.dumps({name: f"{{{{ {name} }}}}" for name in arguments})
    ansible.playbook(tasks).rename(ansible.write("job/project/share.yml", ""))
    return ansible.run("ansible-runner", "run", "job", "--playbook", "share.yml")


@pytest.mark.parametrize("source", [from_environment, from_profile, from_options])
@pytest.mark.parametrize("program", [playbook, ad_hoc, ad_hoc_json, runner])
def test_credentials_reach_aws(
    program: Any, source: Any, ansible: Any, server: Any, credentials: dict[str, str]
) -> None:
    for name in credentials:
        del ansible.settings[name]
    run = program(ansible, {**ARGUMENTS, **source(ansible, credentials)})
    assert run.code == 0, run.output + run.errors
    # The server knows one access key, and takes it with its session token only.
    assert {(call.account, call.error) for call in server.journal} == {("123456789012", None)}
    assert server.image("wsi-golden001").shared_account_ids == {"111111111111", "222222222222"}


def test_one_group_of_defaults_reaches_both_collections(ansible: Any, server: Any, credentials: dict[str, str]) -> None:
    options = {option: ansible.settings.pop(variable) for option, variable in OPTIONS.items()}
    options["region"] = "eu-central-1"
    tasks = """
- amazon.aws.aws_caller_info:
- euc.aws.workspaces_image_info:
- euc.aws.workspaces_image_permission: {image_id: wsi-golden001, shared_account_ids: []}
  ignore_errors: true
"""
    run = ansible.play(tasks, keywords=f"module_defaults:\n  group/euc.aws.aws: {json.dumps(options)}")
    caller, images, permission = run.results
    assert caller["account"] == "123456789012"
    assert images["images"] == []
    assert "no image wsi-golden001 in eu-central-1" in permission["msg"]
    assert {call.region for call in server.journal} == {"eu-central-1"}


def test_check_and_diff_as_a_person_sees_them(ansible: Any, server: Any) -> None:
    arguments = json.dumps({**ARGUMENTS, "purge_accounts": True})
    path = ansible.playbook(SHARE + arguments)
    server.images = [replace(server.images[0], shared_account_ids={"222222222222", "333333333333"})]
    checked = ansible.run("ansible-playbook", path, "--check", "--diff")
    assert server.calls("UpdateWorkspaceImagePermission") == []
    real = ansible.run("ansible-playbook", path, "--diff")
    assert checked.output == real.output
    assert [line for line in real.output.splitlines() if line.startswith(("---", "+", "-", " ", "@"))] == [
        "--- before: wsi-golden001 (golden) in eu-west-1",
        "+++ after: wsi-golden001 (golden) in eu-west-1",
        "@@ -1,7 +1,7 @@",
        " {",
        '     "image_id": "wsi-golden001",',
        '     "shared_account_ids": [',
        '-        "222222222222",',
        '-        "333333333333"',
        '+        "111111111111",',
        '+        "222222222222"',
        "     ]",
        " }",
    ]


def test_a_loop_over_regions(ansible: Any, server: Any) -> None:
    regions = ["eu-west-1", "us-east-1", "ap-northeast-1"]
    server.images = [replace(server.images[0], region=region) for region in regions]
    run = ansible.play(f"""
- euc.aws.workspaces_image_permission:
    image_name: golden
    shared_account_ids: ["111111111111"]
    region: "{{{{ item }}}}"
  loop: {regions}
""")
    assert [item["changed"] for item in run.results[0]["results"]] == [True, True, True]
    assert [image.shared_account_ids for image in server.images] == [{"111111111111"}] * 3
