# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user's ``aws_config`` wins over what the modules set, as the calls show that reach the server."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault

READ = "DescribeWorkspaceImagePermissions"
ONCE = {"retries": {"total_max_attempts": 1}}


def share(ansible: Any, aws_config: dict[str, Any], **options: str) -> dict[str, Any]:
    arguments = {"image_id": "wsi-golden001", "shared_account_ids": [], "aws_config": aws_config, **options}
    return ansible.play(f"- euc.aws.workspaces_image_permission: {json.dumps(arguments)}").results[0]


@pytest.mark.parametrize(
    ("aws_config", "calls"),
    [({}, 3), ({"read_timeout": 30}, 3), (ONCE, 1), ({"retries": {"max_attempts": 1, "mode": "standard"}}, 2)],
)
@pytest.mark.parametrize("fault", [Fault(READ, times=2), Fault(READ, times=2, code="ThrottlingException", status=400)])
def test_retries(fault: Fault, aws_config: dict[str, Any], calls: int, ansible: Any, server: Any) -> None:
    server.faults = [fault]
    result = share(ansible, aws_config)
    assert len(server.journal) == calls
    assert result.get("failed", False) == (calls < 3)


def test_read_timeout(ansible: Any, server: Any) -> None:
    server.faults = [Fault(READ, "slow", seconds=3)]
    result = share(ansible, {**ONCE, "read_timeout": 1})
    assert "Read timeout on endpoint URL" in result["msg"]
    assert len(server.journal) == 1
    assert not share(ansible, ONCE).get("failed")


def test_proxy(ansible: Any, server: Any) -> None:
    proxy = ansible.settings["AWS_ENDPOINT_URL"]
    result = share(ansible, {**ONCE, "proxies": {"http": proxy}}, endpoint_url="http://aws.invalid")
    assert not result.get("failed"), result["msg"]
    assert [call.operation for call in server.journal] == [READ]


def test_proxy_that_is_not_there(ansible: Any, server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unheard:
        port = unheard.getsockname()[1]
    result = share(ansible, {**ONCE, "proxies": {"http": f"http://127.0.0.1:{port}"}})
    assert f'Failed to connect to proxy URL: "http://127.0.0.1:{port}"' in result["msg"]
    assert "the network or proxy between here and AWS" in result["msg"]
    assert server.journal == []
