# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_bundle when two things go wrong one after the other, or the world changes during a wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from ansible_collections.euc.aws.plugins.modules import workspaces_bundle
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_faults import attempt
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_image_truth import Meanwhile
from ansible_collections.euc.aws.tests.unit.plugins.modules.test_workspaces_bundle import (
    AWS_OWN,
    BUNDLE_ID,
    BUNDLES,
    CREATE,
    DELETE,
    DESKTOP,
    NEW,
    OLD_ID,
    OURS,
    TAGS,
    UNSET,
    UPDATE,
    a_state,
    failure,
    writes,
)
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, LOOK, OWNER, REGION, Clients, bundle, new_image

# Also a wait where none is due takes no time.
pytestmark = pytest.mark.usefixtures("clock")
SWITCH = {"name": "desk", "image_id": IMAGE_ID}
WAIT = {"wait": True, "wait_timeout": 600}
LOST = Fault(CREATE, "drop", applied=True)
EXPIRED = {"code": "ExpiredTokenException", "status": 400, "times": None}


def meanwhile(server, act):
    return Meanwhile(server, act, OWNER)


def change(server, **fields):
    """Change the first bundle."""
    server.bundles[0] = replace(server.bundles[0], **fields)


def returned(when):
    """Return what the documentation promises of a result then."""
    return {name for name, told in yaml.safe_load(workspaces_bundle.RETURN).items() if when in told["returned"]}


def is_no_less_than(result, **expected):
    return {name: result.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"name": "desk", "compute_type": "POWER"}, {}),
        ({**SWITCH, "image_id": "wsi-nothere00"}, {}),
        (SWITCH, {"state": "PENDING"}),
        ({"name": "desk"}, {"faults": [Fault(TAGS, **EXPIRED)]}),
        ({"name": "desk"}, {"bundle": {"state": "ERROR"}}),
        (SWITCH, {"bundle": {"state": "PENDING"}}),
        (SWITCH, {"faults": [Fault(UPDATE, code="AccessDeniedException", status=400)]}),
        ({"bundle_id": BUNDLE_ID, "state": "absent"}, {"workspaces": [DESKTOP]}),
        ({"name": "desk", "state": "absent"}, {"faults": [Fault(DELETE, code="AccessDeniedException", status=400)]}),
    ],
    ids=[
        *("other size", "no image", "image not ready", "tags not read", "bundle in error", "bundle not ready"),
        *("no switch", "in use", "no deletion"),
    ],
)
def test_a_failure_tells_which_bundle_and_that_nothing_will_happen(options, fields):
    ours = replace(OURS, **fields.get("bundle", {}))
    server = a_state(ours, **{name: value for name, value in fields.items() if name != "bundle"})
    result, message = attempt(lambda: bundle(Clients(server), **options))
    assert message
    assert is_no_less_than(result, bundle_id=BUNDLE_ID, name="desk", region=REGION, may_take_effect=False)
    assert returned("once the bundle is known") <= set(result)
    assert "tags" not in result or returned("once the bundle and its tags are known") <= set(result)


@pytest.mark.parametrize(
    ("which", "known"),
    [({"bundle_id": AWS_OWN.bundle_id}, {"name": "Standard"}), ({"name": "nix"}, {})],
    ids=["AWS's own", "missing"],
)
def test_a_bundle_that_is_not_one_s_own_is_told_as_far_as_it_is_known(which, known):
    told = failure(Clients(a_state(AWS_OWN)), **which).kwargs
    assert told == {**which, **known, "region": REGION, "may_take_effect": False}


@pytest.mark.parametrize("kind", [EXPIRED, {"kind": "drop", "times": None}], ids=["session expired", "no answer"])
def test_a_bundle_that_was_made_stays_a_change_where_its_tags_can_not_be_read(kind, clock):
    server = a_state(faults=[LOST, Fault(TAGS, **kind)])
    result, message = attempt(lambda: bundle(Clients(server), **NEW, tags={"a": "1"}))
    assert message.startswith("Failed to make bundle")
    assert is_no_less_than(result, bundle_id=server.bundles[0].bundle_id, name="new", region=REGION, changed=True)


def test_a_bundle_that_was_made_stays_a_change_where_its_tags_can_not_be_changed(clock):
    server = a_state(faults=[LOST, Fault(UNSET, code="AccessDeniedException", status=400)])

    def act(operation, _number):
        if operation == TAGS:
            change(server, tags={"tagged-by": "a-robot"})

    result, message = attempt(lambda: bundle(meanwhile(server, act), **NEW, tags={"a": "1"}))
    assert "Failed to remove tags" in message
    assert is_no_less_than(result, changed=True, previous_image_id=None)


def test_more_than_50_tags_in_all_are_refused_before_anything_is_changed():
    server = a_state(OURS)
    error = failure(Clients(server), **SWITCH, tags={f"new{n}": "1" for n in range(50)}, purge_tags=False)
    assert writes(server) == []
    assert is_no_less_than(error.kwargs, bundle_id=BUNDLE_ID, changed=False, image_id=OLD_ID, tags={"a": "1"})


@pytest.mark.parametrize(
    "options", [WAIT, {"image_id": IMAGE_ID}, {"image_id": IMAGE_ID, **WAIT}], ids=["wait", "switch", "both"]
)
def test_a_state_that_nobody_knows_is_not_taken_for_available(options, clock):
    looks = 2 if "wait" in options else 0
    error = failure(Clients(a_state(replace(OURS, state="VALIDATING", pending_looks=looks))), name="desk", **options)
    assert "still VALIDATING" in error.message or "was still VALIDATING after 600 seconds" in error.message
    assert error.kwargs["state"] == "VALIDATING"


def test_an_image_in_a_state_that_nobody_knows_is_waited_for(clock):
    server = a_state(OURS, state="VALIDATING")

    def act(operation, number):
        if (operation, number) == (LOOK, 4):
            server.images[1] = replace(server.images[1], state="AVAILABLE")

    result, message = attempt(lambda: bundle(meanwhile(server, act), **SWITCH, **WAIT))
    assert message == ""
    assert result["image_id"] == IMAGE_ID


@pytest.mark.parametrize("never", ["answered", "shown"])
def test_a_wait_says_of_a_bundle_that_it_did_not_see_no_more_than_it_knows(never, clock):
    server = a_state(hidden_looks=999 if never == "shown" else 0, bundle_pending_looks=99)
    server.faults = [Fault(BUNDLES, "drop", call=2, times=None)] if never == "answered" else []
    result, message = attempt(lambda: bundle(Clients(server), **NEW, wait=True, wait_timeout=100))
    assert "(new) in eu-west-1 was not among the bundles that AWS listed at the end of 100 seconds, or AWS" in message
    assert (result["changed"], result["state"]) == (True, "PENDING")


@pytest.mark.parametrize("which", [{"name": "desk"}, {"bundle_id": BUNDLE_ID}])
@pytest.mark.parametrize("wait", [True, False])
def test_a_bundle_that_does_not_show_yet_is_looked_for(which, wait, clock):
    server = a_state(replace(OURS, hidden_looks=5))
    _result, message = attempt(lambda: bundle(Clients(server), **which, wait=wait))
    assert bool(message) == (not wait)
    assert clock.now <= 180
    gone = a_state()
    since = clock.now
    failed = failure(Clients(gone), **which, wait=wait)
    assert "You own no bundle" in failed.message or "There is no bundle" in failed.message
    assert clock.now - since == (360 if wait else 0)


def test_looking_for_a_bundle_and_waiting_for_its_image_last_as_long_as_said_together(clock):
    server = a_state(replace(OURS, hidden_looks=20), pending_looks=999)
    _result, message = attempt(lambda: bundle(Clients(server), bundle_id=BUNDLE_ID, image_id=IMAGE_ID, **WAIT))
    assert "was still PENDING after" in message
    assert clock.now <= 600


@pytest.mark.parametrize("looks", [2, None])
def test_a_bundle_that_does_not_show_after_the_wait_for_its_image_is_looked_for(looks, clock):
    server = a_state(OURS, pending_looks=57)
    server.history.append({**server.resources(), "bundles": []})
    server.faults = [Fault(BUNDLES, "stale", call=2, times=looks, writes=99)]
    _result, message = attempt(lambda: bundle(Clients(server), **SWITCH, **WAIT))
    assert ("You own no bundle" in message) == (looks is None)
    assert 570 < clock.now <= 600


def test_an_image_is_waited_for_at_least_a_second(clock):
    server = a_state(replace(OURS, hidden_looks=60), pending_looks=999)
    _result, message = attempt(lambda: bundle(Clients(server), **SWITCH, wait=True, wait_timeout=60))
    assert "was still PENDING after 1 seconds" in message
    assert clock.now == 61


def test_a_switch_goes_by_the_image_that_has_the_name_after_the_wait(clock):
    server = a_state(replace(OURS, pending_looks=4))

    def act(operation, number):
        if (operation, number) == (BUNDLES, 3):
            server.images[1:2] = [
                replace(server.images[1], name="golden-old"),
                replace(server.images[1], image_id="wsi-newgolden"),
            ]

    result, message = attempt(lambda: bundle(meanwhile(server, act), name="desk", image_name="golden", **WAIT))
    assert message == ""
    assert (result["image_id"], result["previous_image_id"]) == ("wsi-newgolden", OLD_ID)
    assert (result["image_name"], result["previous_image_name"]) == ("golden", "old")


def test_an_image_that_is_new_and_was_put_behind_a_bundle_during_the_wait_is_told_by_name(clock):
    server = a_state(OURS, pending_looks=3)

    def act(operation, number):
        if (operation, number) == (LOOK, 3):
            server.images.append(new_image(image_id="wsi-333333333", name="third", created=1_800_000_000))
            change(server, image_id="wsi-333333333")

    result, message = attempt(lambda: bundle(meanwhile(server, act), name="desk", image_name="golden", **WAIT))
    assert message == ""
    assert is_no_less_than(result, image_name="golden", previous_image_id="wsi-333333333", rollback=True)
    assert result["previous_image_name"] == "third"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"root_volume_size": 80}, "root_volume_size is unknown, and 80 was asked for"),
        (SWITCH, "is still not AVAILABLE, and can get another image once it is AVAILABLE"),
    ],
)
def test_what_aws_leaves_out_is_said_in_words(options, told, clock):
    body = f'{{"Bundles": [{{"BundleId": "{BUNDLE_ID}", "Name": "desk", "ImageId": "{OLD_ID}"}}]}}'
    server = a_state(OURS, faults=[Fault(BUNDLES, "page", body=body, bears_request_id=True, times=None)])
    assert told in failure(Clients(server), **{"name": "desk", **options}).message


def test_a_switch_is_not_tried_with_an_image_that_went_bad_during_the_wait(clock):
    server = a_state(replace(OURS, pending_looks=4))

    def act(operation, number):
        if (operation, number) == (BUNDLES, 3):
            server.images[1] = replace(server.images[1], state="ERROR")

    result, message = attempt(lambda: bundle(meanwhile(server, act), **SWITCH, **WAIT))
    assert "is in state ERROR" in message
    assert writes(server) == []
    assert is_no_less_than(result, bundle_id=BUNDLE_ID, changed=False, may_take_effect=False)


def test_a_wait_that_ends_for_expired_credentials_says_what_goes_on(clock):
    server = a_state(bundle_pending_looks=99, faults=[Fault(BUNDLES, call=3, **EXPIRED)])
    result, message = attempt(lambda: bundle(Clients(server), **NEW, **WAIT))
    assert "was waited for, and goes on being made: run this again to wait on." in message
    assert is_no_less_than(result, bundle_id=server.bundles[0].bundle_id, changed=True)


def test_a_listing_without_a_list_is_no_empty_one(clock):
    """To botocore's parser it is one, whatever the shape of the JSON, and names need not be unique."""
    server = a_state(replace(OURS, name="new"), names_are_unique=False)
    server.faults = [Fault(BUNDLES, "page", body='{"message": "ok"}', bears_request_id=True)]
    attempt(lambda: bundle(Clients(server), **NEW))
    assert len(server.bundles) == 1


@pytest.mark.parametrize("answer", ['{"WorkspaceBundle": {"BundleId": 7}}', '{"WorkspaceBundle": {"BundleId": "new"}}'])
def test_the_id_of_a_new_bundle_is_an_id(answer, clock):
    server = a_state(faults=[Fault(CREATE, "page", body=answer, bears_request_id=True, applied=True)])
    assert bundle(Clients(server), **NEW)["bundle_id"] == server.bundles[0].bundle_id
