# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import nullcontext

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.calls import be_patient
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    READ,
    RECIPIENT,
    WRITE,
    accounts,
    counted,
    new_client,
    new_image,
    new_state,
    permission,
)

A, B, C, D = accounts(1, 2, 3, 4)
REFUSED = {"code": "InvalidParameterValuesException", "status": 400}


@pytest.mark.parametrize("shares", [0, 1, 25, 26, 300])
@pytest.mark.parametrize(("grants", "revokes"), [(0, 0), (1, 0), (100, 0), (0, 1), (0, 100), (100, 100)], ids=str)
def test_calls_made(shares, grants, revokes):
    before = accounts(*range(shares))
    wanted = before[min(revokes, shares) :] + accounts(*range(1000, 1000 + grants))
    server = new_state(new_image(shared_account_ids=before))
    permission(new_client(server), **exactly(wanted))
    expected = {READ: max(1, -(-shares // 25)), LOOK: int(grants > 0), WRITE: grants + min(revokes, shares)}
    assert counted(server) == {operation: calls for operation, calls in expected.items() if calls}
    assert {call.parameters["MaxResults"] for call in server.calls(READ)} == {25}


def exactly(account_ids):
    """Ask for an exact set, which may be nobody."""
    if account_ids:
        return {"shared_account_ids": account_ids, "purge_accounts": True}
    return {"state": "absent", "purge_accounts": True}


def test_calls_made_by_name():
    server = new_state(*[new_image(image_id=f"wsi-00000000{n:02}", name=f"n{n}") for n in range(26)])
    result = permission(new_client(server), image_name="n7", shared_account_ids=[A])
    assert (result["image_id"], result["image_name"]) == ("wsi-0000000007", "n7")
    assert counted(server) == {LOOK: 2, READ: 1, WRITE: 1}


@pytest.mark.parametrize(
    ("name", "message"), [("golden", r"^2 images that you own"), ("other", r"^You own no image named 'other'")]
)
def test_a_name_that_is_not_one_image(name, message):
    server = new_state(new_image(), new_image(image_id="wsi-987654321"))
    with pytest.raises(AnsibleImagesError, match=message):
        permission(new_client(server), image_name=name, shared_account_ids=[A])
    assert counted(server) == {LOOK: 1}


def test_grants_go_first_then_revokes_each_by_account():
    server = new_state(new_image(shared_account_ids=accounts(9, 7, 5, 6, 8)))
    permission(new_client(server), shared_account_ids=accounts(4, 2, 1, 3, 0), purge_accounts=True)
    assert [
        (call.parameters["SharedAccountId"], call.parameters["AllowCopyImage"]) for call in server.calls(WRITE)
    ] == [(account_id, number < 5) for number, account_id in enumerate(accounts(*range(10)))]


def test_waiting_ends_when_the_image_is_available(clock):
    server = new_state(new_image(pending_looks=3))
    result = permission(new_client(server), shared_account_ids=[A], wait=True, wait_timeout=3600)
    assert result["granted_account_ids"] == [A]
    assert clock.pauses == [15, 15, 15]
    assert counted(server) == {READ: 2, LOOK: 4, WRITE: 1}
    assert all(call.parameters == {"ImageIds": [IMAGE_ID], "ImageType": "OWNED"} for call in server.calls(LOOK))


def test_waiting_ends_with_the_time(clock):
    server = new_state(new_image(pending_looks=1000))
    with pytest.raises(AnsibleImagesError, match=r"was still PENDING after 60 seconds.* Raise wait_timeout"):
        permission(new_client(server), shared_account_ids=[A], wait=True, wait_timeout=60)
    assert clock.now == 60
    assert counted(server) == {READ: 1, LOOK: 61}


def test_under_throttling_no_call_is_made_again_after_the_time_either(clock):
    throttled = {"code": "ThrottlingException", "status": 400, "call": 2, "times": None}
    server = new_state(new_image(pending_looks=1000), faults=[Fault(READ, **throttled), Fault(LOOK, **throttled)])
    client = new_client(server)
    be_patient(client, 10)
    with pytest.raises(AnsibleImagesError, match="at the end of 10 seconds, or AWS gave no answer then"):
        permission(client, shared_account_ids=[A], wait=True, wait_timeout=10)
    assert counted(server)[READ] == 1


@pytest.mark.parametrize(
    ("times", "timeout", "told"),
    [
        (1, 3600, ""),
        # Three minutes, and a reading.
        (12, 3600, ""),
        (None, 3600, f"There is no image {IMAGE_ID} in eu-west-1 that these credentials can see"),
        (None, 60, "was not among the images that AWS listed at the end of 60 seconds"),
    ],
)
def test_a_reading_that_leaves_the_image_out_ends_no_wait(times, timeout, told, clock):
    answer = {"body": '{"Images": []}', "content_type": "application/x-amz-json-1.1", "bears_request_id": True}
    server = new_state(new_image(pending_looks=3), faults=[Fault(LOOK, "page", call=3, times=times, **answer)])
    with pytest.raises(AnsibleImagesError, match=told) if told else nullcontext():
        permission(new_client(server), shared_account_ids=[A], wait=True, wait_timeout=timeout)
    assert len(server.calls(WRITE)) == (not told)
    assert clock.now <= 240


def test_what_no_wait_can_mend_is_told_before_it(clock):
    server = new_state(new_image(pending_looks=1000))
    with pytest.raises(AnsibleImagesError, match="An owner needs no permission"):
        permission(new_client(server), shared_account_ids=[OWNER], wait=True)
    assert counted(server) == {READ: 1, LOOK: 1}


def test_an_error_during_the_wait_is_told_as_what_it_is(clock):
    expired = Fault(LOOK, call=4, code="ExpiredTokenException", status=400)
    server = new_state(new_image(pending_looks=9), faults=[expired])
    with pytest.raises(AnsibleImagesError, match=r"^Failed to look up image .*have expired") as e:
        permission(new_client(server), shared_account_ids=[A], wait=True)
    assert e.value.code == "ExpiredTokenException"


@pytest.mark.parametrize("check_mode", [False, True])
def test_who_was_granted_permission_during_the_wait_is_purged_too(check_mode, clock, monkeypatch):
    server = new_state(new_image(pending_looks=3, shared_account_ids=[B]))

    def meanwhile(seconds):
        clock.now += seconds
        server.images = [new_image(pending_looks=3, shared_account_ids=[B, C])]

    monkeypatch.setattr("time.sleep", meanwhile)
    request = {"shared_account_ids": [A], "purge_accounts": True, "wait": True}
    result = permission(new_client(server), check_mode, **request)
    assert result["revoked_account_ids"] == [B, C]
    assert result["diff"]["before"]["shared_account_ids"] == [B, C]
    assert server.image(IMAGE_ID).shared_account_ids == ({B, C} if check_mode else {A})


def test_who_got_the_image_during_the_wait_needs_no_grant(clock, monkeypatch):
    server = new_state(new_image(pending_looks=2))

    def meanwhile(_seconds):
        server.images = [new_image(pending_looks=2, shared_account_ids=[A])]

    monkeypatch.setattr("time.sleep", meanwhile)
    assert not permission(new_client(server), shared_account_ids=[A], wait=True)["changed"]
    assert counted(server) == {READ: 2, LOOK: 3}


@pytest.mark.parametrize(
    ("image", "wait", "message", "calls"),
    [
        pytest.param({"pending_looks": 9}, False, "is still PENDING", {READ: 1, LOOK: 1}, id="not asked to wait"),
        pytest.param({"state": "ERROR"}, True, "is in state ERROR", {READ: 1, LOOK: 1}, id="nothing to wait for"),
        pytest.param({}, True, "", {READ: 1, LOOK: 1, WRITE: 1}, id="no need to wait"),
    ],
)
def test_only_a_pending_image_is_waited_for(image, wait, message, calls, clock):
    server = new_state(new_image(**image))
    with pytest.raises(AnsibleImagesError, match=message) if message else nullcontext():
        permission(new_client(server), shared_account_ids=[A], wait=wait)
    assert counted(server) == calls


def test_nothing_is_waited_for_if_nothing_is_granted():
    server = new_state(new_image(pending_looks=9, shared_account_ids=[A]))
    assert not permission(new_client(server), shared_account_ids=[A], wait=True)["changed"]
    assert counted(server) == {READ: 1}


@pytest.mark.parametrize("options", [{"shared_account_ids": [A]}, {"state": "absent", "purge_accounts": True}])
@pytest.mark.parametrize(
    ("shared_with", "message"),
    [
        ([], rf"There is no image {IMAGE_ID} in eu-west-1 .* AWS answered: .*ResourceNotFoundException.*[^.]\.$"),
        ([RECIPIENT], f"Image {IMAGE_ID} .golden. in eu-west-1 is not yours: {OWNER} .*AWS answered: .*AccessDenied"),
    ],
)
def test_an_image_that_is_not_the_callers(options, shared_with, message):
    server = new_state(new_image(shared_account_ids=shared_with))
    with pytest.raises(AnsibleImagesError, match=message) as caught:
        permission(new_client(server, RECIPIENT), **options)
    assert caught.value.response["ResponseMetadata"]["RequestId"]
    assert counted(server) == {READ: 1, LOOK: 2}


def test_if_the_image_can_not_be_looked_up_the_first_refusal_is_told():
    denied = {"code": "AccessDeniedException", "status": 400}
    server = new_state(new_image(), faults=[Fault(READ, **denied), Fault(LOOK, **denied)])
    with pytest.raises(AnsibleImagesError, match=r"^Failed to read the permissions"):
        permission(new_client(server), shared_account_ids=[A])
    assert counted(server) == {READ: 1, LOOK: 1}


def test_a_refusal_that_is_not_about_the_image_makes_no_other_call():
    server = new_state(new_image(), faults=[Fault(READ, code="ExpiredTokenException", status=400)])
    with pytest.raises(AnsibleImagesError, match="credentials have expired"):
        permission(new_client(server), shared_account_ids=[A])
    assert counted(server) == {READ: 1}


@pytest.mark.parametrize(
    ("state", "code", "calls"),
    [
        ("present", "AccessDeniedException", {READ: 1, LOOK: 1, WRITE: 1}),
        ("present", "ResourceNotFoundException", {READ: 1, LOOK: 1, WRITE: 1}),
        ("absent", "AccessDeniedException", {READ: 1, WRITE: 1}),
    ],
)
def test_after_a_change_that_was_surely_not_made_nothing_is_read_again(state, code, calls):
    before = [C, D] if state == "present" else [A, B]
    server = new_state(new_image(shared_account_ids=before), faults=[Fault(WRITE, code=code, status=400)])
    with pytest.raises(AnsibleImagesError, match=code):
        permission(new_client(server), shared_account_ids=[A, B], state=state)
    assert counted(server) == calls


def test_access_denied_on_an_image_of_the_callers_is_about_its_rights():
    server = new_state(new_image(), faults=[Fault(READ, code="AccessDeniedException", status=400)])
    with pytest.raises(AnsibleImagesError, match=r"AccessDeniedException.* Allow the caller"):
        permission(new_client(server), shared_account_ids=[A])


@pytest.mark.parametrize(
    ("revoked_by_others", "fault"),
    [
        pytest.param(True, None, id="refused as invalid, for it is gone already"),
        pytest.param(True, Fault(WRITE, code="ResourceNotFoundException", status=400), id="answered as not found"),
        pytest.param(False, Fault(WRITE, applied=True), id="made, and answered with a fault of AWS's own"),
        pytest.param(False, Fault(WRITE, "drop", applied=True), id="made, and not answered"),
        pytest.param(False, Fault(WRITE, "slow", seconds=9), id="made, and answered too late"),
    ],
)
def test_a_revoke_that_failed_and_holds_is_a_revoke(revoked_by_others, fault):
    server = new_state(new_image(shared_account_ids=[A, B]))
    client = new_client(server)
    if revoked_by_others:
        client.update_workspace_image_permission(ImageId=IMAGE_ID, SharedAccountId=A, AllowCopyImage=False)
        server.journal.clear()
        server.faults.append(Fault(READ, "stale"))
    if fault:
        server.faults.append(fault)
    result = permission(client, shared_account_ids=[A, B], state="absent")
    assert (result["revoked_account_ids"], result["shared_account_ids"]) == ([A, B], [])
    assert counted(server) == {READ: 2, WRITE: 2}


def test_a_refused_account_lets_the_others_go_on_and_nobody_lose_the_image():
    server = new_state(new_image(shared_account_ids=[D]), unknown_account_ids={B})
    with pytest.raises(AnsibleImagesError) as caught:
        permission(new_client(server), shared_account_ids=[A, B, C], purge_accounts=True)
    error = caught.value
    assert error.kwargs["changed"] is True
    assert error.kwargs["granted_account_ids"] == [A, C]
    assert error.kwargs["revoked_account_ids"] == []
    assert error.kwargs["shared_account_ids"] == [A, C, D]
    assert list(error.kwargs["failed_accounts"]) == [B]
    assert error.kwargs["failed_accounts"][B]["code"] == "InvalidParameterValuesException"
    assert error.kwargs["not_attempted_account_ids"] == [D]
    assert error.response["Error"]["Code"] == "InvalidParameterValuesException"
    assert f"Failed to share with account {B}: InvalidParameterValuesException: " in str(error)
    assert "2 granted, 0 revoked, 1 failed, 1 not attempted" in str(error)
    assert "nobody's was revoked" in str(error)
    assert "not known" not in str(error)
    assert counted(server) == {READ: 2, LOOK: 1, WRITE: 3}


def test_an_exact_set_whose_only_grant_is_refused_takes_the_image_from_nobody():
    server = new_state(new_image(shared_account_ids=[C, D]), unknown_account_ids={B})
    with pytest.raises(AnsibleImagesError, match=r": 0 granted, 0 revoked, 1 failed, 2 not attempted\.") as caught:
        permission(new_client(server), shared_account_ids=[B], purge_accounts=True)
    assert server.image(IMAGE_ID).shared_account_ids == {C, D}
    assert caught.value.kwargs["not_attempted_account_ids"] == [C, D]


def test_a_grant_that_failed_and_holds_lets_the_revokes_go_on():
    server = new_state(new_image(shared_account_ids=[C, D]), faults=[Fault(WRITE, "drop", applied=True)])
    result = permission(new_client(server), shared_account_ids=[A], purge_accounts=True)
    assert (result["granted_account_ids"], result["revoked_account_ids"]) == ([A], [C, D])
    assert counted(server) == {READ: 2, LOOK: 1, WRITE: 3}


def test_a_refused_revoke_lets_the_others_go_on():
    server = new_state(new_image(shared_account_ids=[A, B, C]), faults=[Fault(WRITE, **REFUSED)])
    with pytest.raises(AnsibleImagesError, match=": 0 granted, 2 revoked, 1 failed, 0 not attempted"):
        permission(new_client(server), state="absent", purge_accounts=True)
    assert server.image(IMAGE_ID).shared_account_ids == {A}


@pytest.mark.parametrize(
    ("fault", "is_said"),
    [
        (Fault(WRITE, "drop"), True),
        (Fault(WRITE, "page"), True),
        (Fault(WRITE, "page", body="\u00ff"), True),
        (Fault(WRITE), True),
        (Fault(WRITE, **REFUSED), False),
    ],
    ids=["no answer", "login page", "no text", "fault of AWS's own", "refusal"],
)
def test_what_was_not_answered_may_still_take_effect(fault, is_said):
    server = new_state(new_image(), faults=[fault])
    with pytest.raises(AnsibleImagesError) as caught:
        permission(new_client(server), shared_account_ids=[A])
    assert ("did not hold when the permissions were read again, but may still" in str(caught.value)) is is_said
    assert caught.value.kwargs["failed_accounts"][A]["may_take_effect"] is is_said


@pytest.mark.parametrize(("first", "is_said"), [("drop", True), ("error", True), ("throttled", False)])
def test_an_attempt_that_got_no_clear_answer_counts_though_the_last_was_refused(first, is_said, clock):
    throttled = {"code": "ThrottlingException", "status": 400}
    server = new_state(new_image())
    server.faults = [
        Fault(WRITE, **throttled) if first == "throttled" else Fault(WRITE, first),
        Fault(WRITE, call=2, code="ExpiredTokenException", status=400),
    ]
    client = new_client(server, attempts=10)
    be_patient(client, 10)
    with pytest.raises(AnsibleImagesError, match="ExpiredTokenException") as caught:
        permission(client, shared_account_ids=[A])
    assert caught.value.kwargs["failed_accounts"][A]["may_take_effect"] is is_said


def test_what_was_read_last_is_what_is_told():
    server = new_state(new_image(shared_account_ids=[C]), faults=[Fault(READ, "stale"), Fault(WRITE, "drop", call=2)])
    client = new_client(server)
    client.update_workspace_image_permission(ImageId=IMAGE_ID, SharedAccountId=D, AllowCopyImage=True)
    with pytest.raises(AnsibleImagesError) as caught:
        permission(client, shared_account_ids=[A])
    assert caught.value.kwargs["diff"]["before"]["shared_account_ids"] == [C]
    assert caught.value.kwargs["shared_account_ids"] == [C, D]
    assert caught.value.kwargs["diff"]["after"]["shared_account_ids"] == [C, D]
    assert not caught.value.kwargs["changed"]


@pytest.mark.parametrize("error", [ValueError("Expecting value: line 1"), FileNotFoundError("no process")])
def test_the_report_survives_what_is_not_botocores_error(error):
    """A credential_process that talks, or is gone, when it is asked again in the middle."""
    server = new_state(new_image(shared_account_ids=[D]))
    client = new_client(server)

    def sign(request, **_):
        if len(server.calls(WRITE)) == 2:
            raise error

    client.meta.events.register("before-sign", sign)
    with pytest.raises(AnsibleImagesError, match=type(error).__name__) as caught:
        permission(client, shared_account_ids=[A, B, C], purge_accounts=True)
    assert caught.value.kwargs["granted_account_ids"] == [A, B]
    assert list(caught.value.kwargs["failed_accounts"]) == [C]
    assert caught.value.kwargs["not_attempted_account_ids"] == [D]
    assert "is not known" in str(caught.value)


def test_what_can_not_be_read_again_is_said_to_be_unknown():
    server = new_state(new_image(), faults=[Fault(WRITE, call=2, applied=True), Fault(READ, call=2)])
    with pytest.raises(AnsibleImagesError, match="Whether AWS did it all the same is not known") as caught:
        permission(new_client(server), shared_account_ids=[A, B, C])
    assert caught.value.kwargs["granted_account_ids"] == [A]
    assert list(caught.value.kwargs["failed_accounts"]) == [B]
    assert caught.value.kwargs["not_attempted_account_ids"] == [C]


def test_an_error_behind_a_retry_leaves_open_whether_the_first_try_was_applied(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    faults = [Fault(WRITE, applied=True), Fault(WRITE, call=2, code="ExpiredTokenException", status=400)]
    server = new_state(new_image(), faults=faults)
    assert permission(new_client(server, attempts=2), shared_account_ids=[A])["granted_account_ids"] == [A]
    assert counted(server) == {READ: 2, LOOK: 1, WRITE: 2}


@pytest.mark.parametrize("body", ['{"__type": "AccessDeniedException", "message": null}', '{"__type": null}', "{}", ""])
def test_the_report_survives_an_error_that_says_nothing(body):
    fault = Fault(WRITE, "page", call=2, status=400, body=body, bears_request_id=True)
    with pytest.raises(AnsibleImagesError, match=": no message") as caught:
        permission(new_client(new_state(new_image(), faults=[fault])), shared_account_ids=[A, B, C])
    assert caught.value.kwargs["granted_account_ids"] == [A]
    assert caught.value.kwargs["failed_accounts"][B]["message"] == "no message"
    assert caught.value.kwargs["not_attempted_account_ids"] == [C]


@pytest.mark.parametrize("image_id", [None, "", "wsi-1"])
def test_bad_input_is_refused_in_one_message(image_id):
    options = {"shared_account_ids": ["1402433619"], "state": "absent", "purge_accounts": True, "wait_timeout": 0}
    with pytest.raises(AnsibleEUCError) as caught:
        permission(None, image_id=image_id, **options)
    image_problem = "'wsi-1'" if image_id else "Neither image_id nor image_name says which image is meant."
    assert str(caught.value).startswith("shared_account_ids takes 12-digit AWS account IDs")
    for part in ('"012345670123"', "not both", image_problem, "wait_timeout is 0, and has to be at least 1 second."):
        assert part in str(caught.value)
    assert ("image_id takes" in str(caught.value)) == bool(image_id)
    assert ("Neither" in str(caught.value)) != bool(image_id)
