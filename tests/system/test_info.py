# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module workspaces_image_info with a full Region of images, and what AWS does in the middle of reading them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault, Image

READ = "DescribeWorkspaceImagePermissions"
# As many images as a Region may hold, with from no page of permissions to three.
SHARED_WITH = {
    f"wsi-image{number:04d}": [f"1{account:011d}" for account in range(shares)]
    for number, shares in enumerate([0, 1, 24, 25, 26, 50, 51, 60] * 5)
}
CALLS = {"DescribeWorkspaceImages": 2, READ: sum(max(1, -(-len(ids) // 25)) for ids in SHARED_WITH.values())}
DENIED = Fault(READ, code="AccessDeniedException", status=400, message="Not for you")


@pytest.fixture
def server(ansible: Any) -> Any:
    """A Region with 40 images of the caller's."""
    ansible.server.images = [
        Image(image_id, "golden", "123456789012", "eu-west-1", shared_account_ids=frozenset(ids))
        for image_id, ids in SHARED_WITH.items()
    ]
    return ansible.server


def read(ansible: Any, *arguments: str) -> dict[str, Any]:
    return ansible.play("- euc.aws.workspaces_image_info:", *arguments).results[0]


def shared_with(result: dict[str, Any]) -> dict[str, list[str] | None]:
    return {image["image_id"]: image["shared_account_ids"] for image in result["images"]}


def test_every_image_is_read_with_the_fewest_calls(ansible: Any, server: Any) -> None:
    results = [read(ansible), read(ansible, "--check")]
    assert Counter(call.operation for call in server.journal) == {name: 2 * count for name, count in CALLS.items()}
    assert shared_with(results[0]) == SHARED_WITH
    assert results[0] == results[1]
    assert not results[0]["changed"]
    assert "diff" not in results[0]


def test_throttling_in_the_middle_is_waited_out(ansible: Any, server: Any) -> None:
    server.faults = [Fault(READ, call=20, times=2, code="ThrottlingException", status=400)]
    result = read(ansible)
    assert shared_with(result) == SHARED_WITH
    assert len(server.calls(READ)) == CALLS[READ] + 2


def test_credentials_that_expire_in_the_middle(ansible: Any, server: Any) -> None:
    server.faults = [Fault(READ, call=20, times=None, code="ExpiredTokenException", status=400)]
    result = read(ansible)
    assert result["msg"].startswith("Failed to read the permissions of image wsi-image0012 in eu-west-1: ")
    assert result["msg"].endswith("The credentials have expired: renew them.")
    assert result["error"]["code"] == "ExpiredTokenException"
    assert len(server.calls(READ)) == 20


def test_access_denied_to_one_image(ansible: Any, server: Any) -> None:
    server.faults = [replace(DENIED, call=2)]
    result = read(ansible)
    assert result["images"][1]["permissions_error"] == {"code": "AccessDeniedException", "message": "Not for you"}
    assert shared_with(result) == {**SHARED_WITH, "wsi-image0001": None}


def test_access_denied_to_all_images(ansible: Any, server: Any) -> None:
    server.faults = [replace(DENIED, times=None)]
    result = read(ansible)
    assert "Not for you" in result["msg"]
    assert "Allow the caller the workspaces actions" in result["msg"]
    assert result["error"]["code"] == "AccessDeniedException"


def test_an_image_that_is_deleted_between_the_two_calls(ansible: Any, server: Any, eventually: Any) -> None:
    server.faults = [Fault(READ, "slow", seconds=2)]
    server.images = [replace(image, shared_account_ids=frozenset()) for image in server.images]
    play = ansible.playbook("- euc.aws.workspaces_image_info:")
    process = ansible.start("ansible-playbook", play, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    eventually(lambda: server.calls(READ))
    with server.lock:
        server.images = [image for image in server.images if image.image_id != "wsi-image0039"]
    result = ansible.finish(process).results[0]
    assert result["missing_image_ids"] == ["wsi-image0039"]
    assert len(result["images"]) == 39
