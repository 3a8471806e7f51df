# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict server: what it answers, what it refuses, what it writes down, and how it fails when told to."""

from __future__ import annotations

import copy
import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.endpoint
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from ansible_collections.euc.aws.tests.aws_server import (
    BlockedName,
    Bundle,
    Call,
    Fault,
    Image,
    Result,
    Role,
    State,
    Throttle,
    WorkSpace,
    serve,
)
from ansible_collections.euc.aws.tests.aws_server.pages import page
from ansible_collections.euc.aws.tests.aws_server.server import make
from ansible_collections.euc.aws.tests.aws_server.service import AwsError, Service
from ansible_collections.euc.aws.tests.aws_server.services import SERVICES
from ansible_collections.euc.aws.tests.unit.aws_server.support import Connect, call, client, in_process, refusal

ROOT = Path(__file__).parents[3]
OWNER, FRIEND, STRANGER, BYOL = "111111111111", "222222222222", "333333333333", "444444444444"
GOLD, PENDING, BROKEN, DEDICATED, NINGXIA = (f"wsi-{name:0<9}" for name in ("gold", "pend", "broken", "byol", "cn"))
DESCRIBE, PERMISSIONS, UPDATE, COPY, DELETE = (
    "DescribeWorkspaceImages",
    "DescribeWorkspaceImagePermissions",
    "UpdateWorkspaceImagePermission",
    "CopyWorkspaceImage",
    "DeleteWorkspaceImage",
)


def new_state(**settings: Any) -> State:
    """A state with one image of each sort."""
    images = [
        Image(GOLD, "gold", OWNER, shared_account_ids=frozenset([FRIEND])),
        Image(PENDING, "pending", OWNER, state="PENDING"),
        Image(BROKEN, "broken", OWNER, state="ERROR", error_code="DiskFreeSpace", error_message="Disk is full"),
        Image(DEDICATED, "byol", OWNER, required_tenancy="DEDICATED", byol_account_ids=frozenset([BYOL])),
        Image(NINGXIA, "gold", OWNER, region="cn-northwest-1"),
    ]
    access_keys = {"OWNER": OWNER, "FRIEND": FRIEND, "STRANGER": STRANGER}
    return State(**{"access_keys": access_keys, "images": images, **settings})


def grant(account_id: str, image_id: str = GOLD) -> dict[str, Any]:
    return {"ImageId": image_id, "SharedAccountId": account_id, "AllowCopyImage": True}


def revoke(account_id: str, image_id: str = GOLD) -> dict[str, Any]:
    return {**grant(account_id, image_id), "AllowCopyImage": False}


def copied(**other: Any) -> dict[str, Any]:
    return {"Name": "copy", "SourceImageId": GOLD, "SourceRegion": "us-east-1", **other}


REFUSALS = [
    # what is wrong, who calls, the operation, its parameters, AWS's code
    ("a required member is missing", "OWNER", PERMISSIONS, {}, "ValidationException"),
    ("the image id does not match its pattern", "OWNER", PERMISSIONS, {"ImageId": "wsi-UP"}, "ValidationException"),
    ("the image id ends in a newline", "OWNER", PERMISSIONS, {"ImageId": GOLD + "\n"}, "ValidationException"),
    ("an image id in a list does not match", "OWNER", DESCRIBE, {"ImageIds": ["ami-1"]}, "ValidationException"),
    ("no image ids", "OWNER", DESCRIBE, {"ImageIds": []}, "ValidationException"),
    ("26 image ids", "OWNER", DESCRIBE, {"ImageIds": [GOLD] * 26}, "ValidationException"),
    ("an image type that is not one", "OWNER", DESCRIBE, {"ImageType": "MINE"}, "ValidationException"),
    ("MaxResults below its range", "OWNER", DESCRIBE, {"MaxResults": 0}, "ValidationException"),
    ("MaxResults above its range", "OWNER", PERMISSIONS, {"ImageId": GOLD, "MaxResults": 26}, "ValidationException"),
    ("an account id of 11 digits", "OWNER", UPDATE, grant("1" * 11), "ValidationException"),
    ("an account id of 13 digits", "OWNER", UPDATE, grant("1" * 13), "ValidationException"),
    ("an account id in other digits", "OWNER", UPDATE, grant("\u0661" * 12), "ValidationException"),
    ("a name that is too long", "OWNER", COPY, copied(Name="n" * 65), "ValidationException"),
    ("a member of a structure in a list is missing", "OWNER", COPY, copied(Tags=[{}]), "ValidationException"),
    ("a number for a string", "OWNER", UPDATE, {**grant(BYOL), "SharedAccountId": 1}, "SerializationException"),
    ("a boolean for a number", "OWNER", DESCRIBE, {"MaxResults": True}, "SerializationException"),
    ("an empty token", "OWNER", DESCRIBE, {"NextToken": ""}, "ValidationException"),
    ("a token never given", "OWNER", DESCRIBE, {"NextToken": "x"}, "InvalidParameterValuesException"),
    ("an unknown image", "OWNER", PERMISSIONS, {"ImageId": "wsi-unknown00"}, "ResourceNotFoundException"),
    ("an image of another Region", "OWNER", PERMISSIONS, {"ImageId": NINGXIA}, "ResourceNotFoundException"),
    ("a recipient reads permissions", "FRIEND", PERMISSIONS, {"ImageId": GOLD}, "AccessDeniedException"),
    ("a stranger reads permissions", "STRANGER", PERMISSIONS, {"ImageId": GOLD}, "ResourceNotFoundException"),
    ("a recipient shares on", "FRIEND", UPDATE, grant(STRANGER), "AccessDeniedException"),
    ("a stranger shares", "STRANGER", UPDATE, grant(BYOL), "ResourceNotFoundException"),
    ("an unknown image is shared", "OWNER", UPDATE, grant(BYOL, "wsi-unknown00"), "ResourceNotFoundException"),
    ("the owner shares with itself", "OWNER", UPDATE, grant(OWNER), "InvalidParameterValuesException"),
    ("a PENDING image is shared", "OWNER", UPDATE, grant(BYOL, PENDING), "ResourceUnavailableException"),
    ("an image in ERROR is shared", "OWNER", UPDATE, grant(BYOL, BROKEN), "ResourceUnavailableException"),
    ("an account that does not exist", "OWNER", UPDATE, grant("999999999999"), "InvalidParameterValuesException"),
    ("an account without BYOL", "OWNER", UPDATE, grant(FRIEND, DEDICATED), "OperationNotSupportedException"),
    ("a revoke of what was never granted", "OWNER", UPDATE, revoke(STRANGER), "InvalidParameterValuesException"),
    ("a stranger copies", "STRANGER", COPY, copied(), "ResourceNotFoundException"),
    ("a PENDING image is copied", "OWNER", COPY, copied(SourceImageId=PENDING), "ResourceUnavailableException"),
    ("a copy with a name in use", "OWNER", COPY, copied(Name="byol"), "ResourceAlreadyExistsException"),
    (
        "a copy out of China (Ningxia)",
        "OWNER",
        COPY,
        copied(SourceImageId=NINGXIA, SourceRegion="cn-northwest-1"),
        "OperationNotSupportedException",
    ),
    ("a shared image is deleted", "OWNER", DELETE, {"ImageId": GOLD}, "InvalidResourceStateException"),
    ("a PENDING image is deleted", "OWNER", DELETE, {"ImageId": PENDING}, "InvalidResourceStateException"),
    ("a recipient deletes", "FRIEND", DELETE, {"ImageId": GOLD}, "AccessDeniedException"),
    ("an unknown image is deleted", "OWNER", DELETE, {"ImageId": "wsi-unknown00"}, "AccessDeniedException"),
    ("a key nobody knows", "NOBODY", DESCRIBE, {}, "UnrecognizedClientException"),
    ("an operation without behaviour", "OWNER", "DescribeAccount", {}, "UnknownOperationException"),
]
# Any operation can answer these; the model declares the others one by one.
COMMON = {
    "ValidationException",
    "SerializationException",
    "UnrecognizedClientException",
    "UnknownOperationException",
}


@pytest.mark.parametrize(
    ("key", "operation", "parameters", "code"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_refuses(key: str, operation: str, parameters: dict[str, Any], code: str) -> None:
    """With the right code, without an effect, and noted in the journal."""
    state = new_state(unknown_account_ids={"999999999999"})
    before = list(state.images)
    connection = in_process(state, key)
    error = refusal(connection, operation, **parameters)
    assert error.response["Error"]["Code"] == code
    assert state.images == before
    noted = [(entry.operation, entry.parameters, entry.error, entry.changed) for entry in state.journal]
    assert noted == [(operation, parameters, code, False)]
    shapes = connection.meta.service_model.operation_model(operation).error_shapes
    # Tokens: DescribeWorkspaceImages declares no error for them.
    assert code in COMMON | {shape.name for shape in shapes} or "NextToken" in parameters


def image_of(state: State, **other: Any) -> dict[str, Any]:
    """What DescribeWorkspaceImages says of the gold image, less its date."""
    return {
        "ImageId": GOLD,
        "Name": "gold",
        "Description": "A test image",
        "OperatingSystem": {"Type": "WINDOWS"},
        "State": "AVAILABLE",
        "RequiredTenancy": "DEFAULT",
        "OwnerAccountId": OWNER,
        **other,
    }


@pytest.mark.parametrize(
    ("key", "parameters", "ids"),
    [
        pytest.param("OWNER", {}, [BROKEN, DEDICATED, GOLD, PENDING], id="all of the Region"),
        pytest.param("OWNER", {"ImageType": "OWNED"}, [BROKEN, DEDICATED, GOLD, PENDING], id="owned"),
        pytest.param("OWNER", {"ImageType": "SHARED"}, [], id="an owner is no recipient"),
        pytest.param("FRIEND", {"ImageType": "SHARED"}, [GOLD], id="a recipient sees what is shared with it"),
        pytest.param("FRIEND", {"ImageType": "OWNED"}, [], id="but does not own it"),
        pytest.param("FRIEND", {}, [GOLD], id="without a type both"),
        pytest.param("STRANGER", {}, [], id="a stranger sees nothing"),
        pytest.param("STRANGER", {"ImageIds": [GOLD]}, [], id="nor by id"),
        pytest.param("OWNER", {"ImageIds": [GOLD, "wsi-unknown00"]}, [GOLD], id="unknown ids are left out"),
    ],
)
def test_shows_images(key: str, parameters: dict[str, Any], ids: list[str]) -> None:
    answer = call(in_process(new_state(), key), DESCRIBE, **parameters)
    assert [image["ImageId"] for image in answer["Images"]] == ids


def test_describes_an_image(connect: Connect) -> None:
    state = new_state()
    images = call(connect(state), DESCRIBE, ImageIds=[GOLD, BROKEN])["Images"]
    assert [image.pop("Created").timestamp() for image in images] == [1_700_000_000] * 2
    broken = {"ImageId": BROKEN, "Name": "broken", "State": "ERROR"}
    error = {"ErrorCode": "DiskFreeSpace", "ErrorMessage": "Disk is full"}
    assert images == [image_of(state, **broken, **error), image_of(state)]


def test_shares_and_unshares(connect: Connect) -> None:
    state = new_state()
    owner = connect(state)
    for parameters, shared in [
        (grant(STRANGER), [FRIEND, STRANGER]),
        (grant(STRANGER), [FRIEND, STRANGER]),
        (revoke(FRIEND), [STRANGER]),
        (revoke(STRANGER), []),
    ]:
        assert call(owner, UPDATE, **parameters) == {}
        permissions = call(owner, PERMISSIONS, ImageId=GOLD)
        assert permissions == {"ImageId": GOLD, "ImagePermissions": [{"SharedAccountId": id} for id in shared]}


@pytest.mark.parametrize("image_id", [PENDING, BROKEN])
def test_unshares_an_image_that_is_not_available(image_id: str) -> None:
    images = [Image(image_id, "x", OWNER, state="PENDING", shared_account_ids=frozenset([FRIEND]))]
    state = new_state(images=images)
    call(in_process(state), UPDATE, **revoke(FRIEND, image_id))
    assert state.image(image_id).shared_account_ids == frozenset()


def test_shares_a_byol_image_within_the_organization() -> None:
    state = new_state()
    call(in_process(state), UPDATE, **grant(BYOL, DEDICATED))
    assert state.image(DEDICATED).shared_account_ids == {BYOL}


def test_errors_carry_the_members_of_their_shape(connect: Connect) -> None:
    owner = connect(new_state())
    unavailable = refusal(owner, UPDATE, **grant(BYOL, PENDING)).response
    unsupported = refusal(owner, UPDATE, **grant(FRIEND, DEDICATED)).response
    assert (unavailable["ResourceId"], unavailable["Error"]["Message"]) == (PENDING, "The image is PENDING.")
    assert unsupported["reason"] == "BYOL"
    assert unsupported["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert unsupported["ResponseMetadata"]["RequestId"] == "00000002"


def test_a_pending_image_becomes_available_after_its_looks() -> None:
    state = new_state(images=[Image(GOLD, "gold", OWNER, pending_looks=2)])
    owner = in_process(state)
    states = []
    for _look in range(3):
        refused = state.looks[GOLD] < 2 and refusal(owner, UPDATE, **grant(FRIEND)).response["Error"]["Code"]
        states.append((refused, call(owner, DESCRIBE)["Images"][0]["State"]))
    assert states == [("ResourceUnavailableException", "PENDING")] * 2 + [(False, "AVAILABLE")]
    call(owner, UPDATE, **grant(FRIEND))


@pytest.mark.parametrize("key", ["OWNER", "FRIEND"])
def test_copies_to_the_callers_region(key: str, connect: Connect) -> None:
    """A copy belongs to the copier, is shared with nobody, and outlives the sharing."""
    state = new_state(copy_pending_looks=1)
    there = connect(state, key, region_name="eu-west-1")
    copy_id = call(there, COPY, **copied())["ImageId"]
    call(in_process(state), UPDATE, **revoke(FRIEND))
    assert [call(there, DESCRIBE)["Images"][0]["State"] for _look in range(2)] == ["PENDING", "AVAILABLE"]
    image = state.image(copy_id)
    assert (image.owner, image.region, image.shared_account_ids) == (state.access_keys[key], "eu-west-1", frozenset())


def test_no_two_copies_have_one_id() -> None:
    owner = in_process(new_state(copy_pending_looks=0))
    first = call(owner, COPY, **copied())["ImageId"]
    call(owner, DELETE, ImageId=first)
    assert call(owner, COPY, **copied())["ImageId"] != first


def test_copies_end_at_the_quota() -> None:
    connection = in_process(new_state(image_quota=4))
    assert refusal(connection, COPY, **copied()).response["Error"]["Code"] == "ResourceLimitExceededException"


def test_deletes_an_unshared_image() -> None:
    state = new_state()
    owner = in_process(state)
    call(owner, UPDATE, **revoke(FRIEND))
    call(owner, DELETE, ImageId=GOLD)
    assert GOLD not in [image.image_id for image in state.images]


@pytest.mark.parametrize(("token", "accepted"), [("right", True), ("wrong", False), (None, False)])
def test_session_tokens(token: str | None, accepted: bool) -> None:
    connection = in_process(new_state(session_tokens={"OWNER": "right"}), token=token)
    if accepted:
        call(connection, DESCRIBE)
    else:
        assert refusal(connection, DESCRIBE).response["Error"]["Code"] == "UnrecognizedClientException"


# Pages and their tokens


def shared_state(count: int) -> tuple[State, list[str]]:
    ids = [f"{number:012}" for number in range(count)]
    return new_state(images=[Image(GOLD, "gold", OWNER, shared_account_ids=frozenset(ids))]), ids


@pytest.mark.parametrize(
    ("shares", "limit", "sizes"),
    [(0, {}, [0]), (25, {}, [25]), (26, {}, [25, 1]), (75, {}, [25] * 3), (5, {"MaxResults": 2}, [2, 2, 1])],
)
def test_pages(shares: int, limit: dict[str, int], sizes: list[int]) -> None:
    state, ids = shared_state(shares)
    owner = in_process(state)
    pages: list[list[str]] = []
    token: dict[str, str] | None = {}
    while token is not None:
        answer = call(owner, PERMISSIONS, ImageId=GOLD, **limit, **token)
        pages.append([permission["SharedAccountId"] for permission in answer["ImagePermissions"]])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    assert [len(page) for page in pages] == sizes
    assert [id for page in pages for id in page] == ids


def test_pages_of_images() -> None:
    images = [Image(f"wsi-{number:09}", f"image-{number}", OWNER) for number in range(30)]
    answer = in_process(new_state(images=images)).get_paginator("describe_workspace_images").paginate()
    assert [len(page["Images"]) for page in answer] == [25, 5]


@pytest.mark.parametrize(
    ("key", "region", "operation", "parameters"),
    [
        pytest.param("OWNER", "us-east-1", PERMISSIONS, {"ImageId": "wsi-other0000"}, id="another image"),
        pytest.param("OWNER", "us-east-1", DESCRIBE, {}, id="another operation"),
        pytest.param("FRIEND", "us-east-1", DESCRIBE, {}, id="another account"),
        pytest.param("OWNER", "us-east-1", PERMISSIONS, {"ImageId": GOLD, "NextToken": "{}0"}, id="altered"),
    ],
)
def test_a_token_serves_only_its_own_request(key: str, region: str, operation: str, parameters: dict[str, Any]) -> None:
    state, ids = shared_state(26)
    state.images.append(Image("wsi-other0000", "other", OWNER, shared_account_ids=frozenset(ids)))
    token = call(in_process(state), PERMISSIONS, ImageId=GOLD)["NextToken"]
    parameters = {**parameters, "NextToken": parameters.get("NextToken", "{}").format(token)}
    error = refusal(in_process(state, key, region_name=region), operation, **parameters)
    assert error.response["Error"]["Code"] == "InvalidParameterValuesException"


@pytest.mark.parametrize(("key", "region"), [("FRIEND", "us-east-1"), ("OWNER", "eu-west-1")])
def test_a_token_serves_only_its_own_account_and_region(key: str, region: str) -> None:
    images = [
        Image(f"wsi-{number:09}", "shared", OWNER, shared_account_ids=frozenset([FRIEND])) for number in range(26)
    ]
    state = new_state(images=images)
    token = call(in_process(state), DESCRIBE)["NextToken"]
    assert refusal(in_process(state, key, region_name=region), DESCRIBE, NextToken=token)
    assert len(call(in_process(state), DESCRIBE, NextToken=token)["Images"]) == 1


def test_max_results_may_change_between_pages() -> None:
    owner = in_process(shared_state(5)[0])
    token = call(owner, PERMISSIONS, ImageId=GOLD, MaxResults=1)["NextToken"]
    assert len(call(owner, PERMISSIONS, ImageId=GOLD, NextToken=token)["ImagePermissions"]) == 4


# Faults

FAULTS = [
    # the fault, what the client gets, whether the first grant took effect
    (Fault(UPDATE), "InternalFailure", False),
    (Fault(UPDATE, code="ThrottlingException", status=400), "ThrottlingException", False),
    (Fault(UPDATE, code="ExpiredTokenException", status=400), "ExpiredTokenException", False),
    (Fault(UPDATE, code="ServiceUnavailable", status=503), "ServiceUnavailable", False),
    (Fault(UPDATE, applied=True), "InternalFailure", True),
    (Fault(UPDATE, account_id=STRANGER), "InternalFailure", False),
    (Fault(UPDATE, account_id=BYOL), None, True),
    (Fault(UPDATE, call=2), None, True),
    (Fault(PERMISSIONS), None, True),
    (Fault(UPDATE, "drop"), ConnectionClosedError, False),
    (Fault(UPDATE, "drop", applied=True), ConnectionClosedError, True),
    (Fault(UPDATE, "slow", seconds=1.5), ReadTimeoutError, True),
    (Fault(UPDATE, "slow", seconds=0.01), None, True),
]


@pytest.mark.parametrize(("fault", "outcome", "applied"), FAULTS, ids=lambda value: str(value)[:90])
def test_faults(connect: Connect, fault: Fault, outcome: Any, applied: bool) -> None:
    state = new_state(faults=[fault])
    owner = connect(state)
    if outcome is None:
        call(owner, UPDATE, **grant(STRANGER))
    elif isinstance(outcome, str):
        response = refusal(owner, UPDATE, **grant(STRANGER)).response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        assert (response["Error"]["Code"], response["Error"]["Message"], status) == (
            outcome,
            "Injected fault.",
            fault.status,
        )
    else:
        with pytest.raises(outcome):
            call(owner, UPDATE, **grant(STRANGER))
    assert (STRANGER in state.image(GOLD).shared_account_ids) == applied
    assert [entry.changed for entry in state.journal] == [applied]
    assert state.journal[0].error == (
        "ConnectionClosed" if outcome is ConnectionClosedError else outcome if isinstance(outcome, str) else None
    )


PAGES = [
    # the fault, what the client takes it for
    (Fault(UPDATE, "page"), 200),
    (Fault(UPDATE, "page", applied=True), 200),
    (Fault(UPDATE, "page", status=502, body="Bad gateway", content_type="text/plain"), 502),
    (Fault(UPDATE, "page", status=403, applied=True), 403),
    (Fault(UPDATE, "page", body="\x89PNG\xff", content_type="image/png"), UnicodeDecodeError),
]


@pytest.mark.parametrize(("fault", "outcome"), PAGES, ids=lambda value: str(value)[:90])
def test_something_that_is_not_aws_answers(
    monkeypatch: pytest.MonkeyPatch, connect: Connect, fault: Fault, outcome: Any
) -> None:
    """With its own bytes, and nothing that tells of AWS."""
    state = new_state(faults=[fault])
    owner = connect(state)
    answers: list[Any] = []
    convert = botocore.endpoint.convert_to_response_dict

    def keep(*args: Any) -> Any:
        answers.append(convert(*args))
        return answers[-1]

    monkeypatch.setattr(botocore.endpoint, "convert_to_response_dict", keep)  # botocore 1.34 has no such event
    if outcome == 200:
        call(owner, UPDATE, **grant(STRANGER))
    elif isinstance(outcome, int):
        assert refusal(owner, UPDATE, **grant(STRANGER)).response["ResponseMetadata"]["HTTPStatusCode"] == outcome
    else:
        with pytest.raises(outcome):
            call(owner, UPDATE, **grant(STRANGER))
    sent = [(fault.status, fault.body.encode("latin-1"))]
    assert [(answer["status_code"], answer["body"]) for answer in answers[:1]] == sent  # botocore may take it twice
    headers = {name.lower(): value for name, value in answers[0]["headers"].items()}
    assert (headers["content-type"], "x-amzn-requestid" in headers) == (fault.content_type, False)
    assert [(entry.error, entry.changed) for entry in state.journal] == [("NotFromAWS", fault.applied)]
    assert (STRANGER in state.image(GOLD).shared_account_ids) == fault.applied


def test_a_page_has_bytes_only() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        Fault(UPDATE, "page", body="\u20ac")


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        (Fault(DESCRIBE), [1]),
        (Fault(DESCRIBE, call=2), [2]),
        (Fault(DESCRIBE, call=2, times=2), [2, 3]),
        (Fault(DESCRIBE, call=3, times=None), [3, 4, 5]),
    ],
)
def test_a_fault_holds_for_its_calls(fault: Fault, refused: list[int]) -> None:
    state = new_state(faults=[fault])
    owner = in_process(state)
    for number in range(1, 6):
        if number in refused:
            refusal(owner, DESCRIBE)
        else:
            call(owner, DESCRIBE)
        call(owner, PERMISSIONS, ImageId=GOLD)  # another operation's calls do not count
    assert len(state.journal) == 10


def test_calls_to_a_region_are_counted_apart() -> None:
    state = new_state(faults=[Fault(DESCRIBE, call=2, region="eu-west-1")])
    here, there = in_process(state), in_process(state, region_name="eu-west-1")
    for connection in (here, there, here, here):
        call(connection, DESCRIBE)
    refusal(there, DESCRIBE)
    call(there, DESCRIBE)


def test_calls_for_an_account_are_counted_apart() -> None:
    state = new_state(faults=[Fault(UPDATE, call=2, account_id=STRANGER)])
    owner = in_process(state)
    for account_id in (STRANGER, BYOL, BYOL):
        call(owner, UPDATE, **grant(account_id))
    refusal(owner, UPDATE, **grant(STRANGER))


def test_calls_by_an_account_are_counted_apart() -> None:
    state = new_state(faults=[Fault(DESCRIBE, call=2, caller_account=OWNER)])
    owner, friend = in_process(state), in_process(state, "FRIEND")
    for connection in (owner, friend, friend):
        call(connection, DESCRIBE)
    refusal(owner, DESCRIBE)
    call(friend, DESCRIBE)


def test_botocore_retries_what_was_dropped(connect: Connect) -> None:
    state = new_state(faults=[Fault(UPDATE, "drop", applied=True)])
    call(connect(state, config={"retries": {"total_max_attempts": 2}}), UPDATE, **grant(STRANGER))
    assert [(entry.error, entry.changed) for entry in state.journal] == [("ConnectionClosed", True), (None, False)]


@pytest.mark.parametrize(("writes", "seen"), [(1, [FRIEND, STRANGER]), (2, [FRIEND]), (9, [FRIEND])])
def test_a_stale_read_shows_what_was_before_the_last_writes(writes: int, seen: list[str]) -> None:
    state = new_state(faults=[Fault(PERMISSIONS, "stale", writes=writes)])
    owner = in_process(state)
    call(owner, UPDATE, **grant(STRANGER))
    call(owner, UPDATE, **grant(BYOL))
    reads = [call(owner, PERMISSIONS, ImageId=GOLD)["ImagePermissions"] for _read in range(2)]
    assert [[permission["SharedAccountId"] for permission in read] for read in reads] == [
        seen,
        [FRIEND, STRANGER, BYOL],
    ]


def test_a_stale_write_changes_neither_the_present_nor_the_past() -> None:
    state = new_state(faults=[Fault(UPDATE, "stale", call=2), Fault(PERMISSIONS, "stale")])
    owner = in_process(state)
    call(owner, UPDATE, **grant(STRANGER))
    call(owner, UPDATE, **grant(BYOL))
    reads = [call(owner, PERMISSIONS, ImageId=GOLD)["ImagePermissions"] for _read in range(2)]
    assert [[permission["SharedAccountId"] for permission in read] for read in reads] == [[FRIEND], [FRIEND, STRANGER]]


def test_a_stale_read_before_any_write_is_a_read() -> None:
    owner = in_process(new_state(faults=[Fault(PERMISSIONS, "stale")]))
    assert call(owner, PERMISSIONS, ImageId=GOLD)["ImagePermissions"] == [{"SharedAccountId": FRIEND}]


def test_throttles_by_account_and_region() -> None:
    now = [0.0]
    state = new_state(throttle=Throttle(rate=2, burst=5, clock=lambda: now[0]))
    owner = in_process(state)

    def accepted(connection: Any, calls: int) -> int:
        first = len(state.journal)
        for _call in range(calls):
            with suppress(ClientError):
                call(connection, DESCRIBE)
        answers = [entry.error for entry in state.journal[first:]]
        assert set(answers) <= {None, "ThrottlingException"}
        return answers.count(None)

    assert accepted(owner, 7) == 5
    assert accepted(in_process(state, "FRIEND"), 1) == 1
    assert accepted(in_process(state, region_name="eu-west-1"), 1) == 1
    now[0] = 1.5
    assert accepted(owner, 7) == 3
    now[0] = 100
    assert accepted(owner, 7) == 5


# Journal and state


def test_the_journal_tells_who_did_what() -> None:
    state = new_state()
    call(in_process(state), UPDATE, **grant(STRANGER))
    refusal(in_process(state, "FRIEND"), UPDATE, **revoke(FRIEND))
    call(in_process(state, "FRIEND", region_name="eu-west-1"), DESCRIBE)
    shared = frozenset([FRIEND, STRANGER])
    arns = {name: f"arn:aws:iam::{account}:user/tester" for name, account in state.access_keys.items()}
    owner, friend = ({"caller": arns[name], "access_key": name} for name in ("OWNER", "FRIEND"))
    assert state.journal == [
        Call(UPDATE, OWNER, "us-east-1", grant(STRANGER), None, True, shared, **owner),
        Call(UPDATE, FRIEND, "us-east-1", revoke(FRIEND), "AccessDeniedException", False, shared, **friend),
        Call(DESCRIBE, FRIEND, "eu-west-1", {}, None, False, None, **friend),
    ]
    assert state.calls(DESCRIBE) == state.journal[2:]


def test_calls_at_the_same_time_all_count() -> None:
    state = new_state()
    with serve(state) as url:
        ids = [f"{number:012}" for number in range(24)]

        def share(part: list[str]) -> None:
            owner = client(endpoint_url=url)
            for account_id in part:
                call(owner, UPDATE, **grant(account_id))

        threads = [threading.Thread(target=share, args=(ids[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert state.image(GOLD).shared_account_ids == {FRIEND, *ids}
    assert len(state.journal) == 24


def test_a_state_survives_json() -> None:
    state = new_state(
        faults=[Fault(UPDATE, "drop", times=None), Fault(UPDATE, "page", body="\xff")],
        unknown_account_ids={BYOL},
        session_tokens={"OWNER": "token"},
        expired_access_keys={"FRIEND"},
        roles=[Role("arn:aws:iam::222222222222:role/images", frozenset([OWNER]), "external-id", 7200)],
        session_seconds=2.5,
        service_throttles={"sts": Throttle(3, 4)},
        throttle=Throttle(1, 2),
        image_quota=7,
        copy_pending_looks=3,
        bundles=[Bundle("wsb-desk00000", "desk", OWNER, GOLD, tags={"team": "eu"})],
        workspaces=[WorkSpace("ws-master000", OWNER, modification_states=[{"State": "UPDATE_FAILED"}])],
        blocked_names=[BlockedName("old", OWNER, "us-east-1", 1.5)],
        bundle_quota=8,
        names_are_unique=False,
        hidden_looks=2,
        copy_result=Result("ERROR", "UnknownError", "Broken", [{"ErrorCode": "DomainJoined", "ErrorMessage": "x"}]),
        copy_results={BYOL: Result("ERROR")},
        bundle_pending_looks=4,
        bundle_result="ERROR",
    )
    call(in_process(state, token="token"), DESCRIBE)
    told = json.loads(json.dumps(state.as_json()))
    assert vars(state).keys() - told.keys() == {"clock", "sessions", "history", "looks", "pages", "lock"}
    other = State(journal=[Call(DESCRIBE, OWNER, "us-east-1", {})])
    other.load(copy.deepcopy(told))
    assert len(told.pop("journal")) == 1
    assert other.as_json() == {**told, "journal": []}
    for name in told.keys() - {"journal", "throttle", "service_throttles"}:
        assert getattr(other, name) == getattr(state, name)


# HTTP by hand


def test_listens_on_loopback_only() -> None:
    with make(State()) as server:
        assert server.server_address[0] == "127.0.0.1"


def http(url: str, body: Any = None, method: str | None = None, **headers: str) -> tuple[int, bytes]:
    """Send a request without boto3; the status and body of the answer."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=OWNER/20260101/us-east-1/workspaces/aws4_request, Signature=0"}
SIGNED_FOR_STS = {"Authorization": SIGNED["Authorization"].replace("workspaces", "sts")}
QUERY = {"Content_Type": "application/x-www-form-urlencoded"}
ELSEWHERE = f"Other.{DESCRIBE}"
TARGET = {"X_Amz_Target": f"WorkspacesService.{DESCRIBE}", "Content_Type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        pytest.param(b"{}", TARGET, "MissingAuthenticationTokenException", id="not signed"),
        pytest.param(b"{", {**SIGNED, **TARGET}, "SerializationException", id="not JSON"),
        pytest.param(b"[]", {**SIGNED, **TARGET}, "SerializationException", id="not an object"),
        pytest.param(b'{"Color": 1}', {**SIGNED, **TARGET}, "SerializationException", id="an unknown member"),
        pytest.param(
            b"{}", {**SIGNED, **TARGET, "X_Amz_Target": "WorkspacesService.No"}, "UnknownOperationException", id="no op"
        ),
        pytest.param(
            b"{}",
            {**SIGNED, **TARGET, "X_Amz_Target": ELSEWHERE},
            "UnknownOperationException",
            id="no service",
        ),
        pytest.param(b"{}", {**SIGNED_FOR_STS, **TARGET}, "UnknownOperationException", id="signed for another service"),
        pytest.param(b"\xa0", {**SIGNED, "Content_Type": "application/cbor"}, "UnknownOperationException", id="CBOR"),
    ],
)
def test_refuses_what_no_client_sends(body: bytes, headers: dict[str, str], code: str) -> None:
    state = new_state()
    with serve(state) as url:
        status, answer = http(url, body, **headers)
    assert (status, json.loads(answer)["__type"]) == (400, code)
    assert state.journal[0].error == code


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(b"Action=GetCallerIdentity", QUERY, 403, "MissingAuthenticationToken", id="not signed"),
        pytest.param(b"Action=GetCallerIdentity", {**SIGNED_FOR_STS, **QUERY}, 400, "InvalidAction", id="no version"),
        pytest.param(
            b"Action=GetCallerIdentity&Version=2011-06-15",
            {**SIGNED, **QUERY},
            400,
            "InvalidAction",
            id="signed for another service",
        ),
        pytest.param(
            b"Action=GetCallerIdentity&Version=2011-06-15&A.B=1&A=2",
            {**SIGNED_FOR_STS, **QUERY},
            400,
            "MalformedInput",
            id="unknown members",
        ),
    ],
)
def test_refuses_queries_that_no_client_sends(body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    with serve(new_state()) as url:
        answer = http(url, body, **headers)
    assert (answer[0], f"<Code>{code}</Code>" in answer[1].decode()) == (status, True)


def test_another_json_service_is_one_service_more(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    """With its own target, model, behaviours and pages."""
    service = Service("organizations")

    @service.behaviour
    def list_accounts(state: State, call: Call) -> dict[str, Any]:
        bad_token = AwsError("InvalidInputException", "No such page.", Reason="INVALID_NEXT_TOKEN")
        ids, rest = page(state, call, state.access_keys.values(), 2, bad_token)
        return {"Accounts": [{"Id": id} for id in ids], **rest}

    monkeypatch.setitem(SERVICES, "organizations", service)
    connection = connect(new_state(), service="organizations")
    answers = connection.get_paginator("list_accounts").paginate()
    pages = [[account["Id"] for account in answer["Accounts"]] for answer in answers]
    assert pages == [[OWNER, FRIEND], [STRANGER]]
    assert refusal(connection, "ListAccounts", NextToken="x").response["Reason"] == "INVALID_NEXT_TOKEN"
    assert refusal(connection, "ListAccounts", MaxResults=21).response["Error"]["Code"] == "ValidationException"


def test_clients_speak_json_to_workspaces() -> None:
    """If botocore ever prefers another of the protocols that the model names, the server must learn it."""
    model = client().meta.service_model
    assert getattr(model, "resolved_protocol", model.metadata["protocol"]) == "json"


def test_is_controlled_over_http() -> None:
    state = State()
    with serve(state) as url:
        control, owner = f"{url}/_control", client(endpoint_url=url)
        assert http(control, new_state().as_json(), "PUT")[0] == 200
        call(owner, UPDATE, **grant(STRANGER))
        assert http(control, [{"operation": UPDATE, "call": 2}], "POST")[0] == 200
        refusal(owner, UPDATE, **grant(BYOL))
        told = json.loads(http(control)[1])
        assert [entry["error"] for entry in told["journal"]] == [None, "InternalFailure"]
        assert told["images"][0]["shared_account_ids"] == [FRIEND, STRANGER]
        http(control, method="DELETE")
        assert (state.journal, len(state.faults)) == ([], 1)
        status, message = http(control, {"image": []}, "PUT")
        assert status == 400
        assert b"'image'" in message


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_runs_as_a_program(tmp_path: Path, stop: signal.Signals) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(new_state().as_json()))
    command = [sys.executable, "-m", "tests.aws_server", "--state", str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as program:
        try:
            assert program.stdout
            url = program.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            assert call(client(endpoint_url=url), DESCRIBE, ImageIds=[GOLD])["Images"][0]["Name"] == "gold"
            program.send_signal(stop)
            assert (program.wait(10), *program.communicate()) == (0, "", "")
        finally:
            program.kill()
