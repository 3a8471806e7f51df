# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_bundle against the strict server: what is made, switched, refused and deleted, and by which calls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.modules import workspaces_bundle
from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, WorkSpace
from ansible_collections.euc.aws.tests.aws_server.desktops import AMAZON
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    RECIPIENT,
    REGION,
    Clients,
    bundle,
    counted,
    new_image,
    new_state,
)

# Also a wait where none is due takes no time.
pytestmark = pytest.mark.usefixtures("clock")
BUNDLES, DESKTOPS = "DescribeWorkspaceBundles", "DescribeWorkspaces"
CREATE, UPDATE, DELETE = "CreateWorkspaceBundle", "UpdateWorkspaceBundle", "DeleteWorkspaceBundle"
TAGS, SET, UNSET = "DescribeTags", "CreateTags", "DeleteTags"
BUNDLE_ID, OLD_ID = "wsb-123456789", "wsi-000000000"
OURS = Bundle(BUNDLE_ID, "desk", OWNER, OLD_ID, REGION, tags={"a": "1"})
AWS_OWN = Bundle("wsb-amazon000", "Standard", AMAZON, "wsi-amazon000", REGION)
NEW = {
    "name": "new",
    "image_id": IMAGE_ID,
    "description": "Windows 11",
    "compute_type": "STANDARD",
    "root_volume_size": 80,
    "user_volume_size": 50,
}
FOREIGN_ID = "wsi-foreign00"


def a_state(*bundles, **fields):
    """Make a server with two images of OWNER's, the old and the new one, one shared with OWNER, and bundles."""
    images = [
        new_image(image_id=OLD_ID, name="old", created=1_600_000_000),
        new_image(**{name: fields.pop(name) for name in ("state", "pending_looks") if name in fields}),
        new_image(image_id=FOREIGN_ID, name="foreign", owner=RECIPIENT, shared_account_ids={OWNER}),
    ]
    return new_state(*images, bundles=list(bundles), **fields)


def failure(clients, **options):
    """Run a task that fails, in check mode and then for real, and hold one against the other."""
    with pytest.raises(AnsibleEUCError) as rehearsed:
        bundle(clients, check_mode=True, **options)
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(clients, **options)
    assert (str(rehearsed.value), rehearsed.value.kwargs) == (str(caught.value), caught.value.kwargs)
    return caught.value


def writes(state):
    return [call.operation for call in state.journal if not call.operation.startswith("Describe")]


def headers(name):
    return dict.fromkeys(("before_header", "after_header"), f"{name} in {REGION}")


def both(server, **options):
    """Run a task in check mode, which writes nothing, and for real; both results."""
    dry = bundle(Clients(server), check_mode=True, **options)
    assert writes(server) == []
    server.journal.clear()
    return dry, bundle(Clients(server), **options)


@pytest.mark.parametrize("which", [{"image_id": IMAGE_ID}, {"image_name": "golden"}])
@pytest.mark.parametrize("root", [100, None])
def test_a_bundle_is_made(which, root):
    server = a_state(OURS, AWS_OWN, Bundle("wsb-other0000", "new", RECIPIENT, IMAGE_ID, REGION))
    options = {**NEW, "root_volume_size": root, "tags": {"team": 1}}
    options = {name: value for name, value in options.items() if name != "image_id"} | which
    dry, result = both(server, **options)
    assert counted(server) == {BUNDLES: 1, LOOK: 1, CREATE: 1}
    made = server.bundles[-1]
    assert (made.name, made.image_id, made.description, made.compute_type, made.root_storage, made.user_storage) == (
        *("new", IMAGE_ID, "Windows 11", "STANDARD"),
        *(str(root or 80), "50"),
    )
    facts = {**NEW, "bundle_id": made.bundle_id, "root_volume_size": root or 80, "tags": {"team": "1"}}
    assert result == {
        "changed": True,
        **facts,
        "image_name": "golden",
        "previous_image_id": None,
        "previous_image_name": None,
        "rollback": False,
        "region": REGION,
        "state": "PENDING",
        "diff": {**headers("new"), "before": {}, "after": facts},
    }
    assert made.tags == {"team": "1"}
    unknown = {"bundle_id": None, "root_volume_size": root}
    assert dry == {**result, **unknown, "diff": {**result["diff"], "after": {**result["diff"]["after"], **unknown}}}

    server.journal.clear()
    again = bundle(Clients(server), **options)
    assert counted(server) == {BUNDLES: 1, TAGS: 1} | ({LOOK: 1} if "image_name" in which else {})
    assert (again["changed"], again["previous_image_id"], again["image_id"]) == (False, IMAGE_ID, IMAGE_ID)
    assert again["diff"]["before"] == again["diff"]["after"] == result["diff"]["after"]


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({"name": "desk", "image_id": IMAGE_ID}, {}),
        ({"name": "desk", "image_name": "golden"}, {}),
        ({"bundle_id": BUNDLE_ID, "image_id": IMAGE_ID}, {}),
        ({"name": "desk", "image_name": "golden", "wait": True}, {}),
        ({"name": "desk", "image_id": IMAGE_ID, "tags": {"b": "2"}}, {UNSET: 1, SET: 1}),
        # AWS does not take the description later, and its sizes are text.
        ({**NEW, "name": "desk", "compute_type": "standard", "description": "Other"}, {}),
    ],
)
def test_another_image_is_put_behind_a_bundle_and_back(options, calls, clock):
    server = a_state(OURS, AWS_OWN)
    dry, result = both(server, **options)
    assert counted(server) == {BUNDLES: 2, LOOK: 1, TAGS: 1, UPDATE: 1, **calls}
    assert dry == result
    assert (result["changed"], result["image_id"], result["previous_image_id"]) == (True, IMAGE_ID, OLD_ID)
    assert result["diff"]["before"]["image_id"] == OLD_ID
    assert result["diff"]["after"]["image_id"] == IMAGE_ID == server.bundles[0].image_id
    assert clock.pauses == []

    server.journal.clear()
    again = bundle(Clients(server), **options)
    assert writes(server) == []
    assert (again["changed"], again["image_id"], again["previous_image_id"]) == (False, IMAGE_ID, IMAGE_ID)
    back = bundle(Clients(server), bundle_id=result["bundle_id"], image_id=result["previous_image_id"])
    assert (back["changed"], back["image_id"], back["previous_image_id"]) == (True, OLD_ID, IMAGE_ID)


@pytest.mark.parametrize(
    ("options", "fields", "told"),
    [
        ({"image_name": "golden"}, {}, ("golden", "old", False)),
        ({"image_name": "old"}, {"image_id": IMAGE_ID}, ("old", "golden", True)),
        # Created in the same second.
        ({"image_name": "twin"}, {"image_id": IMAGE_ID}, ("twin", "golden", False)),
        ({"image_name": "golden"}, {"image_id": IMAGE_ID}, ("golden", "golden", False)),
        ({"image_name": "golden", "tags": {}}, {"image_id": IMAGE_ID}, ("golden", "golden", False)),
        # AWS's own images, deleted ones and those of others are not among one's own.
        ({"image_name": "golden"}, {"image_id": FOREIGN_ID}, ("golden", None, None)),
        ({"image_name": "golden"}, {"image_id": "wsi-deleted00"}, ("golden", None, None)),
        ({"image_id": IMAGE_ID}, {}, ("golden", None, None)),
        ({"image_id": OLD_ID}, {}, (None, None, False)),
        ({"tags": {}}, {}, (None, None, False)),
        ({}, {}, (None, None, False)),
    ],
)
@pytest.mark.parametrize("which", [{"name": "desk"}, {"bundle_id": BUNDLE_ID}])
@pytest.mark.parametrize("wait", [True, False])
def test_what_was_put_behind_a_bundle_is_told_by_name_and_whether_it_is_older(options, fields, told, which, wait):
    server = a_state(replace(OURS, **fields))
    server.images.append(new_image(image_id="wsi-twin00000", name="twin"))
    dry, result = both(server, **which, **options, wait=wait)
    assert dry == result
    assert (result["image_name"], result["previous_image_name"], result["rollback"]) == told
    is_read = "image_name" in options or options.get("image_id") == IMAGE_ID
    assert len(server.calls(LOOK)) == is_read


@pytest.mark.parametrize(
    ("fault", "told", "is_read_again"),
    [
        # Who can't look does not know which image it is.
        (Fault(BUNDLES, "drop", call=2, times=None), (None, "old", None), True),
        # What AWS refused is as it was.
        (Fault(UPDATE, code="AccessDeniedException", status=400), ("old", "old", False), False),
        (Fault(BUNDLES, "stale", call=2, times=None), ("old", "old", False), True),
    ],
)
def test_after_a_failure_names_are_told_as_far_as_the_image_is_known(fault, told, is_read_again, clock):
    server = a_state(OURS, faults=[fault])
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(server), name="desk", image_name="golden")
    result = caught.value.kwargs
    assert (result["image_name"], result["previous_image_name"], result["rollback"]) == told
    assert (len(server.calls(BUNDLES)) > 1) == is_read_again


@pytest.mark.parametrize(
    ("options", "tags", "expected"),
    [
        ({"tags": {"a": 1}}, {"a": "1"}, []),
        ({"tags": {"b": "2"}}, {"b": "2"}, [UNSET, SET]),
        ({"tags": {"b": "2"}, "purge_tags": False}, {"a": "1", "b": "2"}, [SET]),
        ({"tags": {}}, {}, [UNSET]),
        ({}, {"a": "1"}, []),
    ],
)
@pytest.mark.parametrize("which", [{"name": "desk"}, {"bundle_id": BUNDLE_ID}])
def test_tags_are_brought_to_what_is_asked(which, options, tags, expected):
    server = a_state(OURS)
    dry, result = both(server, **which, **options)
    assert (dry, writes(server)) == (result, expected)
    assert server.bundles[0].tags == tags == result["tags"] == result["diff"]["after"]["tags"]
    assert (result["changed"], result["image_id"], result["previous_image_id"]) == (bool(expected), OLD_ID, OLD_ID)


def test_what_aws_can_not_change_is_told_before_anything_is_changed():
    server = a_state(OURS)
    asked = {"compute_type": "POWER", "root_volume_size": 175, "user_volume_size": 100, "image_id": IMAGE_ID}
    assert "user_volume_size is 50, and 100 was asked for. " in failure(Clients(server), name="desk", **asked).message
    assert counted(server) == {BUNDLES: 2}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "nix"}, "You own no bundle named 'nix' in eu-west-1. Your bundles there: 'broken (wsb-broken000, "),
        ({"name": "nix"}, "give image_id or image_name, description, compute_type, user_volume_size as well"),
        ({**NEW, "user_volume_size": None}, "To make it, give user_volume_size as well"),
        ({"name": "twin"}, "2 bundles that you own in eu-west-1 are named 'twin', so the name does not tell which one"),
        ({"name": "twin", "state": "absent"}, "'twin (wsb-twin00001, image wsi-000000000)'"),
        ({"bundle_id": "wsb-nothere00"}, "There is no bundle wsb-nothere00 in eu-west-1 that"),
        ({"bundle_id": "wsb-amazon000"}, "wsb-amazon000 (Standard) in eu-west-1 is one of AWS's own"),
        ({"bundle_id": "wsb-amazon000", "state": "absent"}, "is one of AWS's own"),
        ({"name": "desk", "image_name": "nix"}, "You own no image named 'nix' in eu-west-1"),
        ({"name": "desk", "image_name": "foreign"}, "You own no image named 'foreign' in eu-west-1"),
        ({"name": "desk", "image_id": "wsi-nothere00"}, "There is no image wsi-nothere00 in eu-west-1"),
        ({"name": "desk", "image_id": FOREIGN_ID}, f"{RECIPIENT} owns it and shares it with you. A bundle"),
        ({**NEW, "image_id": FOREIGN_ID}, "copy it first, with euc.aws.workspaces_image."),
        ({"name": "broken"}, "wsb-broken000 (broken) in eu-west-1 is in state ERROR. AWS does not say why"),
        ({"name": "early", "image_id": IMAGE_ID}, "is still PENDING, and can get another image once it is AVAILABLE"),
    ],
)
def test_what_is_not_the_one_meant_is_refused(options, told):
    twins = [replace(OURS, bundle_id=f"wsb-twin0000{number}", name="twin") for number in (1, 2)]
    broken = replace(OURS, bundle_id="wsb-broken000", name="broken", state="ERROR")
    early = replace(OURS, bundle_id="wsb-early0000", name="early", state="PENDING")
    server = a_state(OURS, *twins, broken, early, AWS_OWN)
    assert told in str(failure(Clients(server), **options))
    assert writes(server) == []


@pytest.mark.parametrize("state", ["PENDING", "ERROR"])
@pytest.mark.parametrize("options", [NEW, {"name": "desk", "image_name": "golden"}])
def test_an_image_that_is_not_available_is_refused(state, options, clock):
    server = a_state(OURS, state=state)
    told = str(failure(Clients(server), **options))
    assert "put behind a bundle" in told
    assert f"{IMAGE_ID} (golden) in eu-west-1 is" in told
    assert writes(server) == []
    # One that is behind the bundle already is not looked at.
    server = a_state(replace(OURS, image_id=IMAGE_ID, pending_looks=2), state=state)
    assert not bundle(Clients(server), name="desk", image_id=IMAGE_ID, wait=True)["changed"]


@pytest.mark.parametrize("which", [{"image_id": IMAGE_ID}, {"image_name": "golden"}])
def test_an_image_and_then_the_bundle_are_waited_for(which, clock):
    wanted = {**{name: value for name, value in NEW.items() if name != "image_id"}, **which, "wait": True}
    server = a_state(pending_looks=3, bundle_pending_looks=3)
    dry = bundle(Clients(server), check_mode=True, **wanted)
    server.looks.clear()
    server.journal.clear()
    result = bundle(Clients(server), **wanted)
    assert dry["state"] == result["state"] == "AVAILABLE"
    assert (result["image_name"], result["previous_image_id"], result["changed"]) == ("golden", None, True)
    assert counted(server) == {BUNDLES: 6, LOOK: 4, CREATE: 1}
    server = a_state(replace(OURS, pending_looks=5), pending_looks=3)
    dry = bundle(Clients(server), check_mode=True, name="desk", **which, wait=True)
    assert writes(server) == []
    server.looks.clear()
    server.journal.clear()
    assert bundle(Clients(server), name="desk", **which, wait=True) == dry
    assert (dry["state"], dry["image_name"], dry["previous_image_id"]) == ("AVAILABLE", "golden", OLD_ID)
    # All of one's own images are read again where one is given by name: others may have put a new one behind it.
    assert counted(server) == {BUNDLES: 7, LOOK: 6 if "image_name" in which else 5, TAGS: 2, UPDATE: 1}


def test_a_bundle_that_others_change_during_the_wait_is_read_again(clock):
    server = a_state(OURS, pending_looks=2)
    server.history.append(server.resources())
    server.bundles[0] = replace(OURS, image_id="wsi-111111111", tags={"b": "2"})
    # Only the first look, before the wait, shows what was.
    server.faults = [Fault(BUNDLES, "stale", writes=99)]
    result = bundle(Clients(server), name="desk", image_id=IMAGE_ID, wait=True)
    assert (result["previous_image_id"], result["tags"]) == ("wsi-111111111", {"b": "2"})
    server.history.append(server.resources())
    server.bundles[0] = replace(OURS, pending_looks=99, image_id="wsi-111111111", compute_type="POWER")
    server.journal.clear()
    server.looks.clear()
    assert "compute_type is POWER" in str(
        failure(Clients(server), name="desk", image_id=IMAGE_ID, compute_type="STANDARD", wait=True)
    )


def test_a_wait_without_an_image_asked_for_puts_none_back(clock):
    """Somebody switches a bundle while another task waits for it."""
    server = a_state(replace(OURS, pending_looks=3))
    server.history.append(server.resources())
    server.bundles[0] = replace(server.bundles[0], image_id=IMAGE_ID)
    server.faults = [Fault(BUNDLES, "stale", writes=99)]
    result = bundle(Clients(server), name="desk", wait=True)
    assert (result["changed"], result["image_id"], result["previous_image_id"]) == (False, IMAGE_ID, IMAGE_ID)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"pending_looks": 999}, "was still PENDING after 60 seconds, and can be put behind a bundle"),
        ({"bundle_pending_looks": 999}, "(new) in eu-west-1 was still PENDING after 60 seconds. It goes on being made"),
        ({"pending_looks": 60, "bundle_pending_looks": 999}, "(new) in eu-west-1 was still PENDING after 60 seconds."),
        ({"bundle_result": "ERROR"}, "(new) in eu-west-1 is in state ERROR"),
    ],
)
def test_all_waits_together_last_as_long_as_said(fields, told, clock):
    clock.now = 1000
    server = a_state(**fields)
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(server), **NEW, wait=True, wait_timeout=60)
    assert told in str(caught.value)
    assert clock.now <= 1060
    is_made = len(server.bundles) == 1
    assert caught.value.kwargs.get("changed", False) == is_made
    if is_made:
        assert caught.value.kwargs["bundle_id"] == server.bundles[0].bundle_id
        assert caught.value.kwargs["state"] == ("ERROR" if "bundle_result" in fields else "PENDING")


def test_a_bundle_that_vanishes_while_it_is_waited_for_is_told(clock):
    server = a_state(bundle_pending_looks=99)
    server.faults = [Fault(BUNDLES, "stale", call=4, times=None, writes=99)]
    with pytest.raises(AnsibleEUCError, match="has not been there for 180 seconds") as caught:
        bundle(Clients(server), **NEW, wait=True)
    assert 180 < clock.now < 360
    assert (caught.value.kwargs["changed"], caught.value.kwargs["image_id"]) == (True, IMAGE_ID)


DESKTOP = WorkSpace("ws-000000000", OWNER, REGION, BUNDLE_ID)


@pytest.mark.parametrize("which", [{"name": "desk"}, {"bundle_id": BUNDLE_ID}])
def test_a_bundle_is_deleted(which, monkeypatch):
    monkeypatch.setattr(workspaces_bundle, "warn", None)
    gone = replace(DESKTOP, state="TERMINATED")
    server = a_state(OURS, AWS_OWN, workspaces=[gone, replace(DESKTOP, workspace_id="ws-1", bundle_id="wsb-other0000")])
    dry, result = both(server, state="absent", **which)
    assert counted(server) == {BUNDLES: 1, DESKTOPS: 1, DELETE: 1}
    before = {**NEW, "bundle_id": BUNDLE_ID, "name": "desk", "description": "A test bundle", "image_id": OLD_ID}
    expected = {
        "changed": True,
        "bundle_id": BUNDLE_ID,
        "name": "desk",
        "region": REGION,
        "image_id": None,
        "previous_image_id": OLD_ID,
        "diff": {**headers("desk"), "before": before, "after": {}},
    }
    assert dry == result == expected
    assert server.bundles == [AWS_OWN]
    server.journal.clear()
    again = bundle(Clients(server), state="absent", **which)
    diff = {**headers(which.get("name", BUNDLE_ID)), "before": {}, "after": {}}
    unknown = {"name": None, "bundle_id": None, "previous_image_id": None}
    assert again == {**expected, **unknown, **which, "changed": False, "diff": diff}
    assert counted(server) == {BUNDLES: 1}


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "WorkSpaces use it, 1 in all: 'ws-000000000 of master'. Delete them, or migrate them"),
        (27, "WorkSpaces use it, 27 in all, the first of them 'ws-000000000 of master', 'ws-000000001 of master', "),
    ],
)
def test_a_bundle_that_workspaces_use_is_kept(number, told):
    server = a_state(OURS)
    server.workspaces = [replace(DESKTOP, workspace_id=f"ws-{each:09d}") for each in range(number)]
    failed = failure(Clients(server), name="desk", state="absent")
    assert told in str(failed)
    known = {"bundle_id": BUNDLE_ID, "name": "desk", "region": REGION}
    assert failed.kwargs == {**known, "changed": False, "may_take_effect": False}
    assert counted(server) == {BUNDLES: 2, DESKTOPS: 4 if number > 25 else 2}


@pytest.mark.parametrize("used", [False, True])
def test_check_mode_warns_where_it_may_not_look_at_workspaces(used, monkeypatch):
    warnings = []
    monkeypatch.setattr(workspaces_bundle, "warn", warnings.append)
    denied = Fault(DESKTOPS, code="AccessDeniedException", status=400, times=None)
    server = a_state(OURS, workspaces=[DESKTOP] if used else [], faults=[denied])
    assert bundle(Clients(server), check_mode=True, name="desk", state="absent")["changed"]
    assert [
        f"Whether WorkSpaces use bundle {BUNDLE_ID} (desk) in eu-west-1 is not known" in text for text in warnings
    ] == [True]
    if used:
        with pytest.raises(AnsibleEUCError, match=r"ResourceAssociatedException.*WorkSpaces use the bundle: delete"):
            bundle(Clients(server), name="desk", state="absent")
    else:
        assert bundle(Clients(server), name="desk", state="absent")["changed"]
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("options", "fields", "told"),
    [
        ({"user_volume_size": 5}, {}, "80 and 10 GiB at least"),
        ({"compute_type": "GRAPHICS"}, {}, "GRAPHICS and GRAPHICSPRO themselves have ended"),
        ({}, {"bundle_quota": 1}, "50, which AWS does not raise"),
    ],
)
def test_what_aws_refuses_is_told_with_the_rule(options, fields, told):
    server = a_state(OURS, **fields)
    assert bundle(Clients(server), check_mode=True, **NEW | options)["changed"]
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(server), **NEW | options)
    assert told in str(caught.value)
    assert caught.value.kwargs == {"name": "new", "region": REGION, "may_take_effect": False}
    # In check mode and for real, and not behind the refusal
    assert counted(server)[BUNDLES] == 2
    assert len(server.bundles) == 1


def test_the_name_of_a_deleted_bundle_is_blocked_for_two_hours(clock):
    server = a_state(OURS, clock=lambda: 1_700_000_000 + clock.now)
    bundle(Clients(server), name="desk", state="absent")
    with pytest.raises(AnsibleEUCError, match="AWS blocks that name for two hours") as caught:
        bundle(Clients(server), **{**NEW, "name": "desk"})
    assert not caught.value.kwargs["may_take_effect"]
    # Nothing of that may still appear, so it is not looked for as long.
    assert clock.now == 30
    clock.now = 7201
    assert bundle(Clients(server), **{**NEW, "name": "desk"})["changed"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "a b"}, "name takes 1 to 64 letters"),
        ({"name": "a" * 65}, "name takes 1 to 64 letters"),
        ({"name": "a\n"}, "name takes 1 to 64 letters"),
        ({"name": None}, "Neither name nor bundle_id says which bundle is meant."),
        ({"bundle_id": "desk"}, "bundle_id takes bundle IDs"),
        ({"bundle_id": "wsb-1"}, "bundle_id takes bundle IDs"),
        ({"image_id": "golden"}, "image_id takes image IDs"),
        ({"image_name": ""}, "image_name takes 1 to 64 letters"),
        ({"description": "Büro"}, "description takes 1 to 255"),
        ({"description": "a" * 256}, "description takes 1 to 255"),
        ({"compute_type": ""}, "compute_type takes the name of a compute type"),
        ({"compute_type": "a b"}, "compute_type takes the name of a compute type"),
        ({"root_volume_size": -1}, "root_volume_size takes a size in GiB, and this is none: -1."),
        ({"user_volume_size": -1}, "user_volume_size takes a size in GiB"),
        ({"bundle_id": BUNDLE_ID, "description": "x"}, "description goes with name"),
        (
            {"state": "absent", "image_name": "x", "root_volume_size": 80, "tags": {}},
            "takes no image_name, root_volume_size, tags.",
        ),
        ({"wait_timeout": 0}, "wait_timeout is 0"),
        ({"tags": {"": "x"}}, "tags takes keys of 1 to 127"),
        ({"assume_role_external_id": "abc"}, "assume_role_external_id goes with assume_role_arn"),
    ],
)
def test_bad_input_is_refused_before_any_call(options, told):
    server = new_state()
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(server), **({} if "bundle_id" in options else {"name": "desk"}) | options)
    assert told in str(caught.value)
    assert server.journal == []


def test_options_that_do_not_go_together_are_refused():
    validator = ArgumentSpecValidator(workspaces_bundle.ARGUMENT_SPEC, **workspaces_bundle.OPTION_RULES)
    given = {}, {"name": "x", "bundle_id": "y"}, {"name": "x", "image_id": "y", "image_name": "z"}
    assert [validator.validate(options).error_messages for options in given] == [
        ["one of the following is required: name, bundle_id"],
        ["parameters are mutually exclusive: name|bundle_id"],
        ["parameters are mutually exclusive: image_id|image_name"],
    ]


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(AnsibleEUCError) as caught:
        bundle(Clients(new_state()), name="a b", image_id="x", compute_type="", user_volume_size=-1, wait_timeout=-1)
    for part in ("name takes", "image_id takes", "compute_type takes", "user_volume_size takes", "wait_timeout is -1"):
        assert part in str(caught.value)


def test_a_compute_type_that_is_new_is_left_to_aws():
    server = a_state(faults=[Fault(CREATE, code="InvalidParameterValuesException", status=400)])
    with pytest.raises(AnsibleEUCError, match=r"make bundle new \(QUANTUM_2X, root 80 GiB, user 50 GiB\)"):
        bundle(Clients(server), **{**NEW, "compute_type": "Quantum_2x"})
    assert json.loads(json.dumps(server.calls(CREATE)[0].parameters))["ComputeType"] == {"Name": "QUANTUM_2X"}
