# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Never twice, never the wrong one: each fault at each call of workspaces_image, on servers of every kind."""

from __future__ import annotations

from dataclasses import replace

import botocore.session
import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_faults import FAULTS
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_image import (
    BUNDLES,
    COPY,
    COPY_ID,
    CREATE,
    DELETE,
    DESKTOP,
    DESKTOPS,
    FOREIGN,
    ORIGIN,
    TAG,
    THERE,
    WORKSPACE,
    a_copy,
    deletable,
    recipient,
    shared_state,
)
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, LOOK, READ, RECIPIENT, WRITE, Clients, image

REFUSED = {"status": 400}
MORE_FAULTS = {
    **FAULTS,
    "ResourceAlreadyExistsException": (REFUSED, ""),
    "ResourceLimitExceededException": (REFUSED, ""),
    "InvalidResourceStateException": (REFUSED, ""),
    "ResourceAssociatedException": (REFUSED, ""),
    "ThrottlingException, 503": ({"status": 503}, ""),
    "ThrottlingException, 503, applied": ({"status": 503, "applied": True}, ""),
}
# AWS's answer, but without the ID.
EMPTY = {"{}": ({"kind": "page", "body": "{}", "bears_request_id": True, "applied": True}, "")}
OF_A_READ = ("AccessDeniedException", "InternalServerException", "ConnectionClosedError", "NotFromAWSError")


def injected(operation, name, call=1, times=1):
    fields = {**MORE_FAULTS, **EMPTY}[name][0]
    code = name.partition(",")[0]
    return Fault(**{"operation": operation, "code": code, "call": call, "times": times, "message": "Why.", **fields})


def test_every_error_that_the_model_declares_is_among_the_faults():
    model = botocore.session.get_session().get_service_model("workspaces")
    declared = {
        shape.name
        for operation in (COPY, CREATE, DELETE, BUNDLES, DESKTOPS)
        for shape in model.operation_model(operation).error_shapes
    }
    assert declared <= set(MORE_FAULTS)


def attempt(run):
    """Run a task; its result, and what it said if it failed."""
    try:
        return run(), ""
    except AnsibleEUCError as error:
        return error.kwargs, str(error)


@pytest.mark.parametrize(
    ("operation", "call", "name", "times"),
    [
        *((operation, 1, name, 1) for operation in (COPY, CREATE) for name in (*MORE_FAULTS, *EMPTY)),
        *((COPY, 1, name, None) for name in MORE_FAULTS),
        *(
            (operation, call, name, None)
            for operation, call in ((LOOK, 1), (LOOK, 2), (DESKTOPS, 1))
            for name in OF_A_READ
        ),
    ],
)
@pytest.mark.parametrize(("hidden", "unique"), [(0, True), (2, False)], ids=["strict", "lax"])
def test_an_image_is_made_once_at_most(operation, call, name, times, hidden, unique, clock):
    fault = injected(operation, name, call, times)
    server = shared_state(hidden_looks=hidden, names_are_unique=unique, workspaces=[DESKTOP], faults=[fault])
    is_copy = operation in (LOOK, COPY)
    make = COPY if is_copy else CREATE
    clients = recipient(server) if is_copy else Clients(server)
    options = FOREIGN if is_copy else WORKSPACE
    before = server.images[:]
    result, message = attempt(lambda: image(clients, name="copy", **options))

    # Only what AWS refuses for its rate is asked of it again.
    assert len(server.calls(make)) <= (300 if name == "ThrottlingException" else 1)
    made = [each for each in server.images if each not in before]
    assert len(made) <= 1
    if not message:
        assert (result["image_id"], result["changed"]) == (made[0].image_id, True)
    elif result.get("may_take_effect"):
        assert "may still appear: look for it before you run this again" in message
    else:
        assert made == []
        assert message.startswith("Failed to ")

    # Some time later
    server.faults.clear()
    server.looks.update({each.image_id: hidden for each in made})
    assert image(clients, name="copy", **options)["changed"] == (not made)
    assert len([each for each in server.images if each not in before]) == 1


LOST = injected(COPY, "ConnectionClosedError, applied")


def test_a_copy_whose_answer_got_lost_is_found_by_its_name(clock):
    server = shared_state(hidden_looks=5, faults=[LOST])
    result = image(recipient(server), name="copy", tags={"a": "1"}, **FOREIGN)
    assert (result["changed"], result["image_id"]) == (True, COPY_ID)
    assert result["tags"] == {"a": "1", TAG: ORIGIN}
    assert result["diff"]["before"] == {}
    assert len(server.calls(COPY)) == 1


@pytest.mark.parametrize(
    ("hidden", "fault", "told"),
    [
        (999, None, "No image named 'copy' showed in us-east-1 in the 180 seconds after that."),
        (
            0,
            Fault(LOOK, "drop", call=3, times=None),
            "Whether any image is named 'copy' in us-east-1 could not be",
        ),
    ],
)
def test_a_copy_that_does_not_show_may_still_appear(hidden, fault, told, clock):
    server = shared_state(hidden_looks=hidden, faults=[LOST, *([fault] if fault else [])])
    result, message = attempt(lambda: image(recipient(server), name="copy", **FOREIGN))
    assert message.startswith("Failed to copy image wsi-123456789 of eu-west-1 as copy in us-east-1: ")
    assert told in message
    assert result == {"may_take_effect": True}
    assert 180 <= clock.now < 300


@pytest.mark.parametrize("tags", [{TAG: ORIGIN}, {TAG: f"{RECIPIENT}/{THERE}/wsi-000000000"}, {}])
@pytest.mark.parametrize("lost", [False, True])
def test_an_image_of_the_name_that_appears_meanwhile(tags, lost, clock):
    """Another task's copy of the same image is as good; another image is never taken for it."""
    server = shared_state(names_are_unique=not lost)
    server.history.append(server.resources())
    server.images.append(replace(a_copy(), tags=tags))
    server.faults = [Fault(LOOK, "stale", writes=99), *([replace(LOST, applied=False)] if lost else [])]
    result, message = attempt(lambda: image(recipient(server), name="copy", **FOREIGN))
    assert len(server.images) == 2
    if tags == {TAG: ORIGIN}:
        assert (result["image_id"], result["changed"]) == (COPY_ID, lost)
    else:
        assert "was made from" in message
        assert COPY_ID in message


def test_a_second_image_of_the_name_that_appears_meanwhile_is_told(clock):
    server = shared_state(names_are_unique=False, faults=[LOST])
    server.history.append(server.resources())
    server.images.append(replace(a_copy(), image_id="wsi-other0000"))
    server.faults.append(Fault(LOOK, "stale", writes=99))
    _result, message = attempt(lambda: image(recipient(server), name="copy", **FOREIGN))
    assert "2 images that you own in us-east-1 are named 'copy'" in message


@pytest.mark.parametrize(
    ("operation", "call", "name", "times"),
    [
        *((operation, call, name, None) for operation, call in ((DELETE, 1), (WRITE, 2)) for name in MORE_FAULTS),
        *((DELETE, 1, name, 1) for name in MORE_FAULTS),
        *((operation, 1, name, None) for operation in (LOOK, READ, BUNDLES, WRITE) for name in OF_A_READ),
    ],
)
def test_a_deletion_tells_the_truth(operation, call, name, times, clock):
    server = deletable(shared_account_ids={"111111111111", "222222222222"})
    server.faults = [injected(operation, name, call, times)]
    options = {"name": "golden", "state": "absent", "unshare": True}
    before = server.image(IMAGE_ID).shared_account_ids
    result, message = attempt(lambda: image(Clients(server), **options))
    if not message:
        assert (server.images, result["changed"]) == ([], True)
        assert result["revoked_account_ids"] == sorted(before)
    else:
        left = server.image(IMAGE_ID).shared_account_ids
        assert set(result.get("revoked_account_ids", [])) == before - left
        assert set(result.get("shared_account_ids", before)) == left
        assert result.get("changed", False) == (left != before)
    server.faults.clear()
    assert image(Clients(server), **options)["changed"] == bool(message)
    assert server.images == []


def test_a_deletion_of_which_nothing_is_known_is_told_as_such(clock):
    server = deletable()
    server.faults = [injected(DELETE, "ConnectionClosedError", times=None), Fault(LOOK, "drop", call=2, times=None)]
    result, message = attempt(lambda: image(Clients(server), name="golden", state="absent"))
    assert "Whether the image was deleted is not known: it could not be read again." in message
    assert result["may_take_effect"]
    server = deletable()
    server.faults = [injected(DELETE, "ConnectionClosedError", times=None)]
    result, message = attempt(lambda: image(Clients(server), name="golden", state="absent"))
    assert "was still there when it was read again, but may still be deleted." in message
    assert result["may_take_effect"]


@pytest.mark.parametrize(
    ("operation", "code", "changed"),
    [
        (READ, "ResourceNotFoundException", False),
        (WRITE, "ResourceNotFoundException", False),
        (DELETE, "AccessDeniedException", True),
    ],
)
def test_an_image_that_others_delete_meanwhile_is_gone(operation, code, changed, clock):
    server = deletable(shared_account_ids={"111111111111"})
    server.history.append({**server.resources(), "images": []})
    # Whatever is asked after that error is answered as if there were no image.
    server.faults = [
        Fault(operation, code=code, status=400, times=None),
        Fault(LOOK, "stale", call=2, times=None, writes=99),
    ]
    result = image(Clients(server), name="golden", state="absent", unshare=True)
    assert (result["changed"], result["revoked_account_ids"]) == (changed, ["111111111111"] * changed)


def test_a_bundle_that_takes_the_image_meanwhile_keeps_it(clock):
    server = deletable()
    server.history.append(server.resources())
    server.bundles.append(Bundle("wsb-123456789", "desk", server.images[0].owner, IMAGE_ID, "eu-west-1"))
    server.faults = [Fault(BUNDLES, "stale", writes=99)]
    _result, message = attempt(lambda: image(Clients(server), name="golden", state="absent"))
    assert "ResourceAssociatedException" in message
    assert "Bundles use the image" in message
