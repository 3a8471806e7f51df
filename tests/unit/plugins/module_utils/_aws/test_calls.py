# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from ansible_collections.euc.aws.plugins.module_utils._aws import calls
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError, NotFromAWSError
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    OWNER,
    READ,
    WRITE,
    new_client,
    new_image,
    new_state,
)

THROTTLED = {"code": "ThrottlingException", "status": 400}


def read(client):
    return client.describe_workspace_image_permissions(ImageId=IMAGE_ID)


def patient_client(server, attempts=3):
    client = new_client(server, attempts=attempts)
    calls.be_patient(client, attempts)
    calls.accept_only_aws(client)
    return client


@pytest.mark.parametrize("error", [AnsibleEUCError, AnsibleImagesError])
def test_whatever_is_raised_is_told_as_a_failure_of_the_call(error):
    with pytest.raises(
        error, match=r"^Failed to look in eu-west-1: ZeroDivisionError: division by zero\. This is"
    ) as e:
        calls.call(new_client(new_state()), "look", lambda: 1 / 0, error)
    assert e.type is error
    assert isinstance(e.value.exception, ZeroDivisionError)


def test_what_is_told_already_stays_as_it_is():
    told = AnsibleEUCError("The role can't be assumed.")

    def raise_it():
        raise told

    with pytest.raises(AnsibleEUCError) as caught:
        calls.call(new_client(new_state()), "look", raise_it, AnsibleImagesError)
    assert caught.value is told


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ({}, 200, "text/html"),
        ({"body": ""}, 200, "text/html"),
        ({"body": '{"status": "ok"}', "content_type": "application/json"}, 200, "application/json"),
        ({"body": '{"ImagePermissions": []}', "content_type": "application/x-amz-json-1.1"}, 200, "application/x-amz"),
        ({"content_type": ""}, 200, "unknown"),
        ({"status": 403}, 403, "text/html"),
        ({"status": 500}, 500, "text/html"),
    ],
    ids=["login page", "empty", "JSON of another shape", "JSON of the right shape", "no type", "403", "500"],
)
def test_an_answer_without_awss_request_id_is_none(fault, status, content_type, clock):
    client = patient_client(new_state(new_image(), faults=[Fault(READ, "page", times=None, **fault)]))
    with pytest.raises(AnsibleEUCError, match=rf"HTTP status {status}, content type {content_type}") as caught:
        calls.call(client, "look", lambda: read(client))
    assert caught.value.got_no_answer
    assert caught.value.code == "NotFromAWSError"


@pytest.mark.parametrize("body", ["", '{"ImagePermissions": [', "<html>"])
def test_an_answer_that_is_cut_off_or_replaced_behind_its_head_is_none(body):
    replaced = Fault(READ, "page", body=body, bears_request_id=True)
    client = patient_client(new_state(new_image(), faults=[replaced]))
    with pytest.raises(AnsibleEUCError, match=r"the answer can't be read\. A proxy or") as caught:
        calls.call(client, "look", lambda: read(client))
    assert caught.value.got_no_answer
    assert caught.value.code == "UnreadableAnswerError"


@pytest.mark.parametrize(("body", "is_taken"), [("", True), ("{}", True), ("<html>", False)])
def test_an_answer_may_be_empty_where_nothing_is_asked_for(body, is_taken):
    replaced = Fault(WRITE, "page", body=body, bears_request_id=True)
    client = patient_client(new_state(new_image(), faults=[replaced]))
    request = {"ImageId": IMAGE_ID, "SharedAccountId": OWNER, "AllowCopyImage": True}
    with nullcontext() if is_taken else pytest.raises(NotFromAWSError):
        client.update_workspace_image_permission(**request)


def test_an_error_of_awss_need_not_be_readable():
    refused = Fault(READ, "page", body="", status=403, bears_request_id=True)
    client = patient_client(new_state(new_image(), faults=[refused]))
    with pytest.raises(client.exceptions.ClientError, match="403"):
        read(client)


@pytest.mark.parametrize("body", ["\u00ff\u00fe\u00fa", "[]", "null", '"text"', "7"])
def test_a_body_that_botocore_can_not_read_is_told_as_a_failure_of_the_call(body):
    client = patient_client(new_state(new_image(), faults=[Fault(READ, "page", body=body)]))
    with pytest.raises(AnsibleEUCError, match=r"^Failed to look in eu-west-1: ") as caught:
        calls.call(client, "look", lambda: read(client))
    assert caught.value.got_no_answer


@pytest.mark.parametrize("code", ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
def test_each_code_that_botocore_takes_for_throttling_gets_the_patience(code, clock):
    server = new_state(new_image(), faults=[Fault(READ, code=code, status=400, times=20)])
    read(patient_client(server))
    assert len(server.journal) == 21
    assert len(clock.pauses) == 20
    assert 0 < max(clock.pauses) <= 2.5


def test_patience_with_throttling_ends(clock):
    server = new_state(new_image(), faults=[Fault(READ, **THROTTLED, times=None)])
    client = patient_client(server)
    with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
        read(client)
    assert len(server.journal) == 300
    assert max(clock.pauses) <= 2.5


@pytest.mark.parametrize(("faults", "is_answered"), [(2, True), (3, False)])
def test_throttling_takes_no_attempt_from_other_errors(faults, is_answered, clock):
    throttled = [Fault(READ, call=call, times=10, **THROTTLED) for call in (1, 12, 23)]
    others = [Fault(READ, call=call) for call in (11, 22, 33)[:faults]]
    server = new_state(new_image(), faults=[*throttled, *others])
    client = patient_client(server, attempts=3)
    if is_answered:
        read(client)
        assert len(server.journal) == 33
    else:
        with pytest.raises(client.exceptions.ClientError, match="InternalFailure"):
            read(client)
        assert len(server.journal) == 33


def test_throttling_takes_nothing_from_the_retries_of_a_long_run(clock):
    """Botocore's quota for the life of a client is gone after some hundred retries, throttled ones too."""
    server = new_state(new_image())
    client = patient_client(server)
    for _call in range(200):
        first = len(server.journal) + 1
        server.faults = [Fault(READ, call=first, times=2, **THROTTLED), Fault(READ, call=first + 2)]
        read(client)
    assert len(server.journal) == 200 * 4


def test_what_only_looks_like_throttling_gets_no_patience(clock):
    server = new_state(new_image(), faults=[Fault(READ, "page", status=429, times=None)])
    with pytest.raises(AnsibleEUCError, match="HTTP status 429"):
        calls.call(client := patient_client(server), "look", lambda: read(client))
    assert len(server.journal) <= 3


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (Fault(READ, **THROTTLED, times=20), 21),
        (Fault(READ, code="ThrottlingException", status=503), 1),
        (Fault(READ, status=500), 1),
        (Fault(READ, "drop"), 1),
        (Fault(READ, "slow", seconds=9), 1),
        (Fault(READ, "page", status=429), 1),
        (Fault(READ, "page", status=502), 1),
        (Fault(READ, code="RequestTimeout", status=400), 1),
    ],
    ids=["throttled", "503", "500", "no answer", "too late", "a page with 429", "a page with 502", "timeout"],
)
def test_a_call_that_must_not_take_effect_twice_is_repeated_only_where_it_was_not_heeded(fault, made, clock):
    server = new_state(new_image(), faults=[fault])
    with suppress(Exception):
        read(patient_client(server, attempts=1))
    assert len(server.journal) == made


def test_throttled_calls_are_made_as_often_as_said(clock):
    server = new_state(new_image(), faults=[Fault(READ, **THROTTLED, times=None)])
    client = new_client(server)
    calls.be_patient(client, 1, throttled_attempts=4)
    with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
        read(client)
    assert len(server.journal) == 4
