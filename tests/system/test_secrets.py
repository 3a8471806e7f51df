# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secret key and the session token stand in no output, no log and no file, whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault

# One that is shared with, one that is refused before any call, and two that AWS refuses to share with.
ACCOUNT_IDS = ["111111111111", "1", "222222222222", "333333333333"]


def environment(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    return {}


def profile(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    lines = [f"{name.lower()} = {ansible.settings.pop(name)}" for name in credentials]
    ansible.write("given/credentials", "\n".join(["[images]", *lines, ""]))
    ansible.settings["AWS_SHARED_CREDENTIALS_FILE"] = str(ansible.home / "given" / "credentials")
    return {"profile": "images"}


def options(ansible: Any, credentials: dict[str, str]) -> dict[str, str]:
    values = [ansible.settings.pop(name) for name in credentials]
    return dict(zip(["access_key", "secret_key", "session_token"], values, strict=True))


def playbook(ansible: Any, tasks: list[dict[str, Any]]) -> list[Any]:
    lines = [f"- euc.aws.workspaces_image_permission: {json.dumps(task)}\n  ignore_errors: true" for task in tasks]
    path = ansible.playbook("\n".join(lines)).rename(ansible.write("given/playbook.yml", ""))
    return [ansible.run("ansible-playbook", "-vvvv", path)]


def ad_hoc(ansible: Any, tasks: list[dict[str, Any]]) -> list[Any]:
    command = ("ansible", "localhost", "-vvvv", "-m", "euc.aws.workspaces_image_permission", "-a")
    return [ansible.run(*command, json.dumps(task)) for task in tasks]


@pytest.mark.parametrize("program", [playbook, ad_hoc])
@pytest.mark.parametrize("source", [environment, profile, options])
def test_secrets_are_kept(source: Any, program: Any, ansible: Any, server: Any, credentials: dict[str, str]) -> None:
    server.faults = [
        Fault("DescribeWorkspaceImages", call=2, code="AccessDeniedException", status=400),
        Fault("DescribeWorkspaceImages", call=3, code="UnrecognizedClientException", status=400),
    ]
    given = source(ansible, credentials)
    ansible.settings["ANSIBLE_LOG_PATH"] = str(ansible.home / "log")
    tasks = [{"image_id": "wsi-golden001", "shared_account_ids": [account_id], **given} for account_id in ACCOUNT_IDS]
    output = "".join(run.output + run.errors for run in program(ansible, tasks))
    for words in ('"changed": true', "12-digit", "AccessDeniedException", "UnrecognizedClientException"):
        assert words in output
    files = [path for path in ansible.home.rglob("*") if path.is_file() and path.parent.name != "given"]
    assert ansible.home / "log" in files
    for secret in (credentials["AWS_SECRET_ACCESS_KEY"], credentials["AWS_SESSION_TOKEN"]):
        assert secret not in output
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
