# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not AWS's answer is never success, and what goes wrong in the middle loses nothing of the report."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault

READ = "DescribeWorkspaceImagePermissions"
LOOK = "DescribeWorkspaceImages"
WRITE = "UpdateWorkspaceImagePermission"
A, B, C, D = (str(digit) * 12 for digit in range(1, 5))
UNSHARE = {"image_id": "wsi-golden001", "state": "absent", "purge_accounts": True}
SHARE = {"image_id": "wsi-golden001", "shared_account_ids": [A, C, D]}
EVERY_CALL = [
    ("workspaces_image_permission", UNSHARE, READ, 1),
    ("workspaces_image_permission", UNSHARE, WRITE, 1),
    ("workspaces_image_permission", UNSHARE, WRITE, 2),
    ("workspaces_image_permission", {"image_name": "golden", "shared_account_ids": [C]}, LOOK, 1),
    ("workspaces_image_permission", SHARE, LOOK, 1),
    ("workspaces_image_info", {"allowed_account_ids": []}, LOOK, 1),
    ("workspaces_image_info", {"allowed_account_ids": []}, READ, 1),
]


def task(module: str, options: dict[str, Any]) -> str:
    return f"- euc.aws.{module}: {json.dumps(options)}"


@pytest.mark.parametrize(("module", "options", "operation", "call"), EVERY_CALL)
def test_what_is_not_awss_answer_is_never_success(
    ansible: Any, server: Any, module: str, options: dict[str, Any], operation: str, call: int
) -> None:
    server.images = [replace(server.images[0], shared_account_ids={A, B})]
    server.faults = [Fault(operation, "page", call=call, body='{"status": "ok"}')]
    run = ansible.play(task(module, options))
    (result,) = run.results
    assert run.code == 2
    assert "What answered is not AWS" in result["msg"]
    assert "A proxy or a sign-in page between here and AWS answers in its place" in result["msg"]
    if operation == WRITE:
        # The first is looked up again, and told as unknown; the one after that was not tried.
        failed = [A, B][call - 1]
        assert list(result["failed_accounts"]) == [failed]
        assert result["failed_accounts"][failed]["may_take_effect"]
        assert result["revoked_account_ids"] == [A][: call - 1]
        assert set(result["shared_account_ids"]) == server.image("wsi-golden001").shared_account_ids


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("print('please log in')", "JSONDecodeError"),
        ("print(credentials('2020-01-01T00:00:00Z'))", "RuntimeError"),
        ("sys.exit('your sign-in has ended')", "CredentialRetrievalError"),
    ],
    ids=["it talks", "it serves stale ones", "it fails"],
)
def test_credentials_that_end_half_way_lose_nothing_of_the_report(
    ansible: Any, server: Any, credentials: dict[str, str], says: str, told: str
) -> None:
    """The process is asked before every call, as what it serves is always about to expire."""
    source = ansible.write(
        "source.py",
        f"""
import datetime, json, pathlib, sys
def credentials(expiration):
    return json.dumps({{
        "Version": 1,
        "AccessKeyId": {credentials["AWS_ACCESS_KEY_ID"]!r},
        "SecretAccessKey": {credentials["AWS_SECRET_ACCESS_KEY"]!r},
        "SessionToken": {credentials["AWS_SESSION_TOKEN"]!r},
        "Expiration": expiration,
    }})
asked = pathlib.Path(__file__).with_name("asked")
count = len(asked.read_text()) if asked.exists() else 0
asked.write_text("x" * (count + 1))
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)
if count < 5:
    print(credentials(soon.strftime("%Y-%m-%dT%H:%M:%SZ")))
else:
    {says}
""",
    )
    ansible.write("aws_config", f"[profile process]\ncredential_process = {sys.executable} {source}\n")
    for name in credentials:
        del ansible.settings[name]
    run = ansible.play(task("workspaces_image_permission", {**SHARE, "profile": "process"}))
    (result,) = run.results
    granted = server.image("wsi-golden001").shared_account_ids
    assert run.code == 2
    assert told in result["msg"]
    assert result["changed"]
    assert 0 < len(granted) < 3
    assert set(result["granted_account_ids"]) == granted
    assert len(result["failed_accounts"]) == 1
    assert len(result["not_attempted_account_ids"]) == 2 - len(granted)
    assert not any(value in run.output + run.errors for value in credentials.values())
