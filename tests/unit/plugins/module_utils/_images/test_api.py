# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

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


def test_an_image_without_a_time_has_none():
    client = new_client(new_state(new_image()))
    client.meta.events.register("after-call.workspaces", lambda parsed, **_: parsed["Images"][0].pop("Created"))
    assert "Created" not in api.describe_images(client, "OWNED")[0]


def test_an_answer_of_another_shape_is_told_as_a_failure_of_the_call():
    client = new_client(new_state(new_image(shared_account_ids=[OWNER])))
    client.meta.events.register("after-call", lambda parsed, **_: parsed["ImagePermissions"][0].clear())
    with pytest.raises(AnsibleImagesError, match=r"^Failed to read the permissions .* KeyError: 'SharedAccountId'"):
        api.describe_image_permissions(client, IMAGE_ID)
