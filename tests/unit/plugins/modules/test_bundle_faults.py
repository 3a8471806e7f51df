# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Never twice, never by guess: each fault at each call of workspaces_bundle, on servers of every kind."""

from __future__ import annotations

from dataclasses import replace

import botocore.session
import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._bundles.delete import delete_bundle
from ansible_collections.euc.aws.plugins.module_utils._bundles.switch import put_image_behind
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_faults import (
    EMPTY,
    MORE_FAULTS,
    OF_A_READ,
    attempt,
    injected,
)
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    BUNDLE_ID,
    BUNDLES,
    CREATE,
    DELETE,
    DESKTOPS,
    NEW,
    OLD_ID,
    OURS,
    SET,
    TAGS,
    UPDATE,
    a_state,
)
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, LOOK, OWNER, REGION, Clients, bundle, new_client

# Also a wait where none is due takes no time.
pytestmark = pytest.mark.usefixtures("clock")
FAULTED = "InternalServerException"
LOST, NEVER_CAME = "ConnectionClosedError, applied", "ConnectionClosedError"
# Those that pass may have to be told from those that stay.
PASSING = [name for name, (fields, _meaning) in MORE_FAULTS.items() if fields.get("status") != 400]
SWITCH = {"name": "desk", "image_id": IMAGE_ID}
UNCLEAR = {"name": "new", "region": REGION, "may_take_effect": True}


def test_every_error_that_the_model_declares_is_among_the_faults():
    model = botocore.session.get_session().get_service_model("workspaces")
    operations = [model.operation_model(name) for name in (CREATE, UPDATE, DELETE, BUNDLES)]
    assert {shape.name for operation in operations for shape in operation.error_shapes} <= set(MORE_FAULTS)


@pytest.mark.parametrize(
    ("operation", "name", "times"),
    [
        *((CREATE, name, 1) for name in (*MORE_FAULTS, *EMPTY)),
        *((CREATE, name, None) for name in PASSING),
        *((operation, name, None) for operation in (BUNDLES, LOOK) for name in OF_A_READ),
    ],
)
@pytest.mark.parametrize(("hidden", "unique"), [(0, True), (2, False)], ids=["strict", "lax"])
def test_a_bundle_is_made_once_at_most(operation, name, times, hidden, unique, clock):
    fault = injected(operation, name, times=times)
    server = a_state(OURS, hidden_looks=hidden, names_are_unique=unique, faults=[fault])
    result, message = attempt(lambda: bundle(Clients(server), **NEW))

    # Only what AWS refuses for its rate is asked of it again.
    assert len(server.calls(CREATE)) <= (300 if name == "ThrottlingException" else 1)
    made = server.bundles[1:]
    assert len(made) <= 1
    if not message:
        assert (result["bundle_id"], result["changed"], result["previous_image_id"]) == (made[0].bundle_id, True, None)
    elif result["may_take_effect"]:
        assert result == UNCLEAR
        assert "may still appear: look for it before you run this again" in message
    else:
        assert made == []
        assert message.startswith("Failed to ")

    # Some time later
    server.faults.clear()
    server.looks.update({each.bundle_id: hidden for each in made})
    assert bundle(Clients(server), **NEW)["changed"] == (not made)
    assert len(server.bundles) == 2


@pytest.mark.parametrize(
    ("hidden", "faults", "told"),
    [
        (999, [], "No bundle named 'new' showed in eu-west-1 in the 180 seconds after that. The bundle may"),
        (0, [Fault(BUNDLES, "drop", call=2, times=None)], "Whether any bundle is named 'new' in eu-west-1 could not"),
    ],
)
def test_a_bundle_that_does_not_show_may_still_appear(hidden, faults, told, clock):
    server = a_state(hidden_looks=hidden, faults=[injected(CREATE, f"{FAULTED}, applied"), *faults])
    with pytest.raises(AnsibleEUCError, match=r"^Failed to make bundle new \(STANDARD") as caught:
        bundle(Clients(server), **NEW)
    assert told in caught.value.message
    assert (caught.value.code, caught.value.kwargs) == (FAULTED, UNCLEAR)
    assert 180 <= clock.now < 300


DENIED = Fault(BUNDLES, code="AccessDeniedException", status=400, call=2, times=None)


@pytest.mark.parametrize(
    ("options", "operation", "others", "told", "known"),
    [
        (NEW, CREATE, [DENIED], "The bundle may have been made, or may still appear: ", UNCLEAR),
        (SWITCH, UPDATE, [], "may still take effect: ", {"image_id": OLD_ID}),
        ({"name": "desk", "state": "absent"}, DELETE, [], "may still be deleted.", {"bundle_id": BUNDLE_ID}),
    ],
)
def test_a_failure_keeps_what_aws_answered(options, operation, others, told, known, clock):
    server = a_state(OURS, faults=[injected(operation, FAULTED, times=None), *others])
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(server), **options)
    assert told in caught.value.message
    assert (caught.value.code, caught.value.kwargs["may_take_effect"]) == (FAULTED, True)
    assert {name: caught.value.kwargs.get(name) for name in known} == known


def test_a_refusal_behind_a_retry_of_botocore_s_leaves_open_what_is_read_at_once(clock):
    """Where the user set the retries, only botocore counts them."""
    for operation, change in ((UPDATE, put_image_behind), (DELETE, delete_bundle)):
        faults = [injected(operation, FAULTED), Fault(operation, code="AccessDeniedException", status=400, call=2)]
        server = a_state(OURS, faults=faults)
        arguments = [IMAGE_ID] if operation == UPDATE else []
        with pytest.raises(AnsibleEUCError) as caught:
            change(new_client(server, attempts=3), {"BundleId": BUNDLE_ID, "ImageId": OLD_ID}, *arguments)
        assert (caught.value.code, caught.value.kwargs["may_take_effect"]) == ("AccessDeniedException", False)
        assert (len(server.calls(operation)), len(server.calls(BUNDLES))) == (2, 1)


def test_a_bundle_of_which_aws_answers_only_the_id_is_told_as_it_was_asked_for():
    server = a_state()
    whole = bundle(Clients(server), **NEW, tags={"a": "1"})
    body = f'{{"WorkspaceBundle": {{"BundleId": "{whole["bundle_id"]}"}}}}'
    server = a_state(faults=[Fault(CREATE, "page", body=body, bears_request_id=True, applied=True)])
    assert bundle(Clients(server), **NEW, tags={"a": "1"}) == whole


@pytest.mark.parametrize("fields", [{}, {"image_id": OLD_ID}, {"compute_type": "POWER"}, {"user_storage": "100"}])
@pytest.mark.parametrize("lost", [False, True])
def test_a_bundle_of_the_name_that_appears_meanwhile(fields, lost, clock):
    """Another task's bundle of the same kind is as good; any other is never taken for it."""
    server = a_state(names_are_unique=not lost)
    server.history.append(server.resources())
    server.bundles.append(replace(OURS, name="new", **{"image_id": IMAGE_ID, **fields}))
    server.faults = [Fault(BUNDLES, "stale", writes=99), *([injected(CREATE, NEVER_CAME)] if lost else [])]
    result, message = attempt(lambda: bundle(Clients(server), **NEW))
    assert len(server.bundles) == 1
    if fields:
        assert f"Bundle {BUNDLE_ID} (new) in eu-west-1 was made by somebody else while this task ran" in message
    else:
        assert (result["bundle_id"], result["changed"], result["tags"]) == (BUNDLE_ID, lost, {"a": "1"})
        assert result["previous_image_id"] == (None if lost else IMAGE_ID)
    assert clock.now < 30


def test_a_second_bundle_of_the_name_that_appears_meanwhile_is_told(clock):
    server = a_state(names_are_unique=False, faults=[injected(CREATE, LOST)])
    server.history.append(server.resources())
    server.bundles.append(replace(OURS, name="new"))
    server.faults.append(Fault(BUNDLES, "stale", writes=99))
    assert "2 bundles that you own in eu-west-1 are named 'new'" in attempt(lambda: bundle(Clients(server), **NEW))[1]


@pytest.mark.parametrize(
    ("operation", "call", "name", "times"),
    [
        *((UPDATE, 1, name, None) for name in MORE_FAULTS),
        *((UPDATE, 1, name, 1) for name in PASSING),
        *((operation, 1, name, None) for operation in (BUNDLES, LOOK, TAGS) for name in OF_A_READ),
        *((BUNDLES, 2, name, None) for name in OF_A_READ),
    ],
)
def test_what_is_behind_a_bundle_is_told_as_it_is(operation, call, name, times, clock):
    server = a_state(OURS, faults=[injected(operation, name, call, times)])
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    switched = server.bundles[0].image_id == IMAGE_ID
    if not message:
        assert switched
        assert (result["changed"], result["image_id"], result["previous_image_id"]) == (True, IMAGE_ID, OLD_ID)
    elif operation == UPDATE:
        assert not switched
        assert (result["changed"], result["image_id"], result["previous_image_id"]) == (False, OLD_ID, OLD_ID)
        assert result["diff"]["after"]["image_id"] == OLD_ID
        assert message.startswith(f"Failed to put image {IMAGE_ID} behind bundle {BUNDLE_ID} in eu-west-1: ")
        assert result.get("may_take_effect", False) == ("may still take effect" in message)
    elif switched:
        assert "Which image the bundle has now is not known" in message
        assert result["may_take_effect"]
    server.faults.clear()
    assert bundle(Clients(server), **SWITCH)["changed"] == (not switched)
    assert server.bundles[0].image_id == IMAGE_ID


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("looks", [3, 999])
def test_a_switch_that_shows_late_is_waited_for(lost, looks, clock):
    server = a_state(OURS, faults=[injected(UPDATE, LOST, times=None)] if lost else [])
    server.faults += [Fault(BUNDLES, "stale", call=2, times=looks, writes=99)]
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    assert len(server.calls(UPDATE)) == (3 if lost else 1)
    if looks == 3:
        assert clock.now < 60
        assert (result["changed"], result["image_id"], result["previous_image_id"]) == (True, IMAGE_ID, OLD_ID)
    else:
        assert f"When the bundle was read again, it had image {OLD_ID}. The change may still take effect" in message
        assert ("AWS took the call that puts image" in message) == (not lost)
        assert (result["changed"], result["image_id"], result["may_take_effect"]) == (False, OLD_ID, True)
        assert 180 <= clock.now < 200


def test_a_bundle_that_is_gone_after_the_switch_is_told(clock):
    server = a_state(OURS)
    server.history.append({**server.resources(), "bundles": []})
    server.faults = [Fault(BUNDLES, "stale", call=2, times=None, writes=99)]
    result, message = attempt(lambda: bundle(Clients(server), **SWITCH))
    assert "The bundle was not there when it was read again. The change may still take effect" in message
    assert (result["image_id"], result["changed"], result["may_take_effect"]) == (None, False, True)


@pytest.mark.parametrize("tags", [{"b": "2"}, {"a": "1", "b": "2"}])
@pytest.mark.parametrize("options", [SWITCH, {"name": "desk"}])
def test_tags_that_fail_hide_no_switch(tags, options, clock):
    server = a_state(OURS, faults=[Fault(SET, code="ResourceLimitExceededException", status=400)])
    result, message = attempt(lambda: bundle(Clients(server), **options, tags=tags))
    assert message.startswith(f"Failed to write tags of {BUNDLE_ID}")
    now = server.bundles[0]
    assert (result["image_id"], result["previous_image_id"], result["tags"]) == (now.image_id, OLD_ID, now.tags)
    assert result["changed"] == (now != OURS)


@pytest.mark.parametrize(
    ("operation", "name", "times"),
    [
        *((DELETE, name, None) for name in MORE_FAULTS),
        *((DELETE, name, 1) for name in PASSING),
        *((operation, name, None) for operation in (BUNDLES, DESKTOPS) for name in OF_A_READ),
    ],
)
def test_a_deletion_tells_the_truth(operation, name, times, clock):
    server = a_state(OURS, faults=[injected(operation, name, times=times)])
    result, message = attempt(lambda: bundle(Clients(server), name="desk", state="absent"))
    assert bool(message) == bool(server.bundles)
    if message:
        assert not result.get("changed", False)
        assert result.get("may_take_effect", False) == ("but may still be deleted" in message)
    else:
        assert (result["changed"], result["previous_image_id"]) == (True, OLD_ID)
    server.faults.clear()
    assert bundle(Clients(server), name="desk", state="absent")["changed"] == bool(message)


def test_a_deletion_of_which_nothing_is_known_is_told_as_such(clock):
    server = a_state(OURS)
    server.faults = [injected(DELETE, NEVER_CAME, times=None), Fault(BUNDLES, "drop", call=2, times=None)]
    result, message = attempt(lambda: bundle(Clients(server), name="desk", state="absent"))
    assert "Whether the bundle was deleted is not known: it could not be read again." in message
    assert result["may_take_effect"]


@pytest.mark.parametrize(("code", "changed"), [("ResourceNotFoundException", False), ("InternalFailure", True)])
def test_a_bundle_that_others_delete_meanwhile_is_gone(code, changed, clock):
    server = a_state(OURS)
    server.history.append({**server.resources(), "bundles": []})
    server.faults = [
        Fault(DELETE, code=code, status=500 if changed else 400, times=None),
        Fault(BUNDLES, "stale", call=2, times=None, writes=99),
    ]
    result = bundle(Clients(server), name="desk", state="absent")
    assert (result["changed"], bool(result["diff"]["before"])) == (changed, changed)
    assert server.bundles[0].owner == OWNER
