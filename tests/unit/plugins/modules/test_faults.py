# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each operation that workspaces_image_permission calls, each fault, at the first, a middle and the last call.

The outcomes are printed as a table at the end of the test run.
"""

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    READ,
    WRITE,
    accounts,
    new_client,
    new_image,
    new_state,
    permission,
)

REFUSED = {"status": 400}
# What a fault does to a write. A fault that meets a read ends the run before the first write, whatever it is.
GOES_ON, STOPS, HOLDS = "others go on", "stops", "holds, so others go on"
FAULTS = {
    "AccessDeniedException": (REFUSED, STOPS),
    "InvalidParameterValuesException": (REFUSED, GOES_ON),
    "OperationNotSupportedException": (REFUSED, GOES_ON),
    "ResourceNotFoundException": (REFUSED, STOPS),
    "ResourceUnavailableException": (REFUSED, STOPS),
    "ThrottlingException": (REFUSED, STOPS),
    "ExpiredTokenException": (REFUSED, STOPS),
    "UnrecognizedClientException": (REFUSED, STOPS),
    "InternalServerException": ({"status": 500}, STOPS),
    "ServiceUnavailableException": ({"status": 503}, STOPS),
    "ConnectionClosedError": ({"kind": "drop"}, STOPS),
    "NotFromAWSError": ({"kind": "page"}, STOPS),
    "NotFromAWSError, empty": ({"kind": "page", "body": ""}, STOPS),
    "NotFromAWSError, JSON": ({"kind": "page", "body": '{"status": "ok"}'}, STOPS),
    "UnreadableAnswerError": ({"kind": "page", "bears_request_id": True}, STOPS),
    "UnicodeDecodeError": ({"kind": "page", "body": "\u00ff"}, STOPS),
    "NotFromAWSError, applied": ({"kind": "page", "applied": True}, HOLDS),
    "InternalServerException, applied": ({"status": 500, "applied": True}, HOLDS),
    "ConnectionClosedError, applied": ({"kind": "drop", "applied": True}, HOLDS),
    "ReadTimeoutError": ({"kind": "slow", "seconds": 9}, HOLDS),
}
BEFORE = accounts(*range(60))
# Three grants, then two revokes
WANTED = accounts(*range(2, 63))
CHANGED = accounts(60, 61, 62, 0, 1)
REVOKED = accounts(0, 1)
UNANSWERED = {
    "ConnectionClosedError": "endpoint URL",
    "ReadTimeoutError": "endpoint URL",
    "NotFromAWSError": "What answered is not AWS",
    "UnreadableAnswerError": "the answer can't be read",
    "UnicodeDecodeError": "can't decode byte",
}
CALLS = {READ: (1, 2, 3), LOOK: (1, 2, 3), WRITE: (1, 3, 5)}
ACTIONS = {
    READ: f"Failed to read the permissions of image {IMAGE_ID} in eu-west-1",
    LOOK: "Failed to look up the images (OWNED) in eu-west-1",
    WRITE: f"Sharing image {IMAGE_ID} (golden) in eu-west-1 was not completed",
}


def test_every_error_that_the_model_declares_is_among_the_faults():
    model = botocore.session.get_session().get_service_model("workspaces")
    declared = {shape.name for operation in CALLS for shape in model.operation_model(operation).error_shapes}
    assert declared <= set(FAULTS)


@pytest.mark.parametrize("position", [0, 1, 2], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_fault(operation, name, position, record_property):
    fields, on_write = FAULTS[name]
    code = name.partition(",")[0]
    call = CALLS[operation][position]
    others = [new_image(image_id=f"wsi-0000000{n:02}", name=f"other{n}") for n in range(59)]
    server = new_state(
        *others,
        new_image(shared_account_ids=BEFORE),
        faults=[Fault(**{"operation": operation, "code": code, "call": call, "message": "Why.", **fields})],
    )
    client = new_client(server)
    request = {"image_name": "golden", "shared_account_ids": WANTED, "purge_accounts": True}
    expected = on_write if operation == WRITE else "fails before the first write"
    record_property("fault", (operation, name, expected))

    if expected == HOLDS:
        assert permission(client, **request)["changed"]
    else:
        with pytest.raises(AnsibleImagesError) as caught:
            permission(client, **request)
        assert_tells_all(caught.value, operation, code, call, expected)
        reported = set(caught.value.kwargs.get("shared_account_ids", BEFORE))
        assert reported == server.image(IMAGE_ID).shared_account_ids

    server.faults.clear()
    permission(client, **request)
    assert server.image(IMAGE_ID).shared_account_ids == set(WANTED)


def assert_tells_all(error, operation, code, call, expected):
    answer = "Why." if error.response else UNANSWERED[code]
    assert str(error).startswith(ACTIONS[operation])
    assert answer in str(error)
    assert not error.response or error.response["Error"]["Code"] == code
    if operation == WRITE:
        account_id = CHANGED[call - 1]
        assert f"account {account_id}: {code}: " in str(error)
        assert list(error.kwargs["failed_accounts"]) == [account_id]
        assert error.kwargs["failed_accounts"][account_id]["code"] == code
        assert answer in error.kwargs["failed_accounts"][account_id]["message"]
        # Where a grant fails nobody is revoked.
        kept = REVOKED if call <= 3 else []
        left = kept if expected == GOES_ON else sorted(CHANGED[call:])
        assert error.kwargs["not_attempted_account_ids"] == left
    else:
        assert error.code == code
