# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import nullcontext

import pytest
from botocore.parsers import ResponseParserError

from ansible_collections.euc.aws.plugins.module_utils._images import api
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    READ,
    WRITE,
    new_client,
    new_image,
    new_state,
)


@pytest.mark.parametrize(
    ("operation", "call", "action"),
    [
        (READ, lambda client: api.describe_image_permissions(client, IMAGE_ID), "read the permissions of image {}"),
        (LOOK, lambda client: api.describe_images(client, "OWNED", [IMAGE_ID]), "look up image {} (OWNED)"),
        (LOOK, lambda client: api.describe_images(client, "SHARED", [IMAGE_ID] * 2), "look up the images (SHARED)"),
        (LOOK, lambda client: api.describe_images(client, "SHARED"), "look up the images (SHARED)"),
        (
            WRITE,
            lambda client: api.update_image_permission(client, IMAGE_ID, OWNER, True),
            f"share image {{}} with account {OWNER}",
        ),
        (
            WRITE,
            lambda client: api.update_image_permission(client, IMAGE_ID, OWNER, False),
            f"stop sharing image {{}} with account {OWNER}",
        ),
        (LOOK, lambda client: api.wait_while_pending(client, IMAGE_ID, 1), "wait for image {} to be AVAILABLE"),
    ],
)
def test_an_error_names_what_was_being_done(operation, call, action):
    client = new_client(new_state(new_image(), faults=[Fault(operation)]))
    with pytest.raises(AnsibleImagesError) as caught:
        call(client)
    assert str(caught.value).startswith(f"Failed to {action.format(IMAGE_ID)} in eu-west-1: An error occurred")


def test_pages_are_as_large_as_aws_allows_unless_ids_are_given():
    server = new_state(new_image())
    client = new_client(server)
    api.describe_images(client, "OWNED")
    api.describe_images(client, "OWNED", [IMAGE_ID])
    assert [call.parameters.get("MaxResults") for call in server.calls(LOOK)] == [25, None]


class Module:
    """What ``workspaces_client`` needs of an AnsibleAWSModule, whose calls a server answers."""

    def __init__(self, server, **aws_config):
        self.server = server
        self.params = {"aws_config": aws_config or None}

    def client(self, service, config):  # noqa: D102
        assert service == "workspaces"
        return new_client(self.server, **config | (self.params["aws_config"] or {}))


def test_retries_are_botocores_own():
    retries = api.workspaces_client(Module(new_state())).meta.config.retries
    assert retries == {"mode": "adaptive", "total_max_attempts": 10}


THROTTLED = None, {"Error": {"Code": "ThrottlingException"}}


@pytest.mark.parametrize(
    ("response", "attempts", "bounds"),
    [
        (THROTTLED, 1, (0, 2.5)),
        (THROTTLED, 299, (0, 2.5)),
        (THROTTLED, 300, None),
        ((None, {"Error": {"Code": "InternalServerException"}}), 1, None),
        ((None, {"ImagePermissions": []}), 1, None),
        (None, 1, None),
    ],
)
def test_only_a_throttled_call_gets_more_attempts(response, attempts, bounds, monkeypatch):
    monkeypatch.setattr(api, "uniform", lambda *given: given)
    assert api._pause_if_throttled(response=response, attempts=attempts, operation=None) == bounds


THROTTLE = Fault(READ, code="ThrottlingException", status=400, times=12)


@pytest.mark.parametrize(
    ("fault", "aws_config", "calls"),
    [
        (THROTTLE, {}, 13),
        (THROTTLE, {"read_timeout": 5}, 13),
        (THROTTLE, {"retries": {"mode": "standard", "total_max_attempts": 3}}, 3),
        (Fault(READ, times=12), {}, 2),
    ],
)
def test_a_throttled_call_gets_more_attempts_than_botocore_is_told_of(fault, aws_config, calls, monkeypatch):
    monkeypatch.setattr(api, "_CONFIG", {"retries": {"mode": "standard", "total_max_attempts": 2}})
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    server = new_state(new_image(), faults=[fault])
    client = api.workspaces_client(Module(server, **aws_config))
    with nullcontext() if calls == 13 else pytest.raises(AnsibleImagesError, match=fault.code):
        api.describe_image_permissions(client, IMAGE_ID)
    assert len(server.journal) == calls
    assert len(pauses) == calls - 1
    assert max(pauses) <= 2.5


def test_what_is_not_an_answer_of_aws_leaves_open_what_happened():
    client = new_client(new_state(new_image()))

    def answer_of_a_proxy(**_):
        raise ResponseParserError("invalid XML received")

    client.meta.events.register("after-call.workspaces", answer_of_a_proxy)
    with pytest.raises(AnsibleImagesError, match=r"invalid XML received\. Check the Region's name") as caught:
        api.update_image_permission(client, IMAGE_ID, OWNER, True)
    assert caught.value.leaves_open


def test_an_image_without_a_time_has_none():
    client = new_client(new_state(new_image()))
    client.meta.events.register("after-call.workspaces", lambda parsed, **_: parsed["Images"][0].pop("Created"))
    assert "Created" not in api.describe_images(client, "OWNED")[0]
