# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""workspaces_image against the strict server: what is made, kept, refused and deleted, and by which calls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.modules import workspaces_image
from ansible_collections.euc.aws.tests.aws_server import Bundle, Fault, Image, Result, WorkSpace
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    LOOK,
    OWNER,
    READ,
    RECIPIENT,
    REGION,
    WRITE,
    Clients,
    accounts,
    counted,
    image,
    new_image,
    new_state,
)

TAG = "euc.aws/source"
THERE = "us-east-1"
COPY, CREATE, DELETE = "CopyWorkspaceImage", "CreateWorkspaceImage", "DeleteWorkspaceImage"
TAGS, SET, UNSET = "DescribeTags", "CreateTags", "DeleteTags"
BUNDLES, DESKTOPS = "DescribeWorkspaceBundles", "DescribeWorkspaces"
COPY_ID = "wsi-copy00000"
ORIGIN = f"{OWNER}/{REGION}/{IMAGE_ID}"
FOREIGN = {"source_image_id": IMAGE_ID, "source_region": REGION, "source_account_id": OWNER}
OWN = {"source_image_id": IMAGE_ID}
WORKSPACE = {"source_workspace_id": "ws-12345678", "description": "Made"}
DESKTOP = WorkSpace("ws-12345678", OWNER, REGION)


def shared_state(**fields):
    """Make a server with an image of OWNER's that RECIPIENT can copy, which shows as AVAILABLE at once."""
    return new_state(new_image(shared_account_ids={RECIPIENT}), copy_pending_looks=0, **fields)


def a_copy(**fields):
    """Make the recipient's copy of that image."""
    return Image(COPY_ID, "copy", RECIPIENT, THERE, **{"tags": {TAG: ORIGIN}, **fields})


def recipient(state):
    return Clients(state, RECIPIENT, THERE)


def failure(clients, **options):
    """Run a task that fails, in check mode and then for real, and hold one against the other."""
    with pytest.raises(AnsibleEUCError) as rehearsed:
        image(clients, check_mode=True, **options)
    with pytest.raises(AnsibleEUCError) as caught:
        image(clients, **options)
    assert (str(rehearsed.value), rehearsed.value.kwargs) == (str(caught.value), caught.value.kwargs)
    return caught.value


def writes(state):
    return [call.operation for call in state.journal if not call.operation.startswith("Describe")]


def test_a_recipient_copies_from_another_region():
    server = shared_state()
    dry = image(recipient(server), check_mode=True, name="copy", tags={"team": "a"}, **FOREIGN)
    assert writes(server) == []
    server.journal.clear()
    result = image(recipient(server), name="copy", tags={"team": "a"}, **FOREIGN)
    assert [(call.operation, call.region) for call in server.journal] == [(LOOK, THERE), (LOOK, REGION), (COPY, THERE)]
    copied = server.image(COPY_ID)
    assert (copied.owner, copied.region, copied.description) == (RECIPIENT, THERE, "A test image")
    assert copied.tags == {"team": "a", TAG: ORIGIN} == result["tags"]
    assert result["source"] == {"account_id": OWNER, "region": REGION, "image_id": IMAGE_ID}
    assert (result["changed"], result["state"], result["image_id"]) == (True, "PENDING", COPY_ID)
    assert result["diff"]["before"] == {}
    assert dry["image_id"] is None
    assert json.loads(json.dumps(dry).replace("null", f'"{COPY_ID}"')) == result

    server.journal.clear()
    again = image(recipient(server), name="copy", tags={"team": "a"}, **FOREIGN)
    assert counted(server) == {LOOK: 1, TAGS: 1}
    assert again == {
        **result,
        "changed": False,
        "state": "AVAILABLE",
        "diff": {**result["diff"], "before": result["diff"]["after"]},
    }


def test_pages_of_owned_images_count_one_call_for_25():
    others = [Image(f"wsi-other{n:04d}", f"other{n}", RECIPIENT, THERE) for n in range(26)]
    server = shared_state()
    server.images += others
    image(recipient(server), name="copy", **FOREIGN)
    assert counted(server) == {LOOK: 3, COPY: 1}


@pytest.mark.parametrize("source", [FOREIGN, {**FOREIGN, "assume_shared": True}, WORKSPACE])
@pytest.mark.parametrize(("quota", "is_full"), [(26, True), (1, True), (27, False), (None, False)])
def test_no_image_is_made_where_there_are_as_many_as_there_may_be(source, quota, is_full):
    server = shared_state(workspaces=[replace(DESKTOP, owner=RECIPIENT, region=THERE)])
    states = ["ERROR", "PENDING", *["AVAILABLE"] * 24]
    server.images += [
        Image(f"wsi-other{n:04d}", f"other{n}", RECIPIENT, THERE, state) for n, state in enumerate(states)
    ]
    options = {"name": "copy", **source, "image_quota": quota}
    if is_full:
        told = f"no room for image copy in us-east-1: you own 26 images there, and image_quota is {quota}. Delete"
        error = failure(recipient(server), **options)
        assert told in str(error)
        assert counted(server) == {LOOK: 4}
        server.images.append(a_copy(tags={TAG: ORIGIN if "source_image_id" in source else f"{THERE}/ws-12345678"}))
    else:
        assert image(recipient(server), check_mode=True, **options)["changed"]
        assert image(recipient(server), **options)["changed"]
    # One that is there takes no more room.
    assert not image(recipient(server), **{**options, "image_quota": 1})["changed"]
    assert not image(recipient(server), name="copy", image_quota=1)["changed"]


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        (OWN, {LOOK: 2, COPY: 1}),
        ({**OWN, "source_region": REGION, "source_account_id": OWNER}, {LOOK: 3, COPY: 1}),
        ({**OWN, "description": "Other"}, {LOOK: 2, COPY: 1}),
    ],
)
def test_an_owner_copies_its_own_image(options, calls):
    server = new_state(new_image())
    result = image(Clients(server), name="copy", **options)
    assert counted(server) == calls
    assert server.image(COPY_ID).description == options.get("description", "A test image")
    assert result["tags"] == {TAG: ORIGIN}


def test_a_description_that_aws_would_not_take_is_not_passed_on():
    server = new_state(new_image(description="é"))
    image(Clients(server), name="copy", **OWN)
    assert "Description" not in server.calls(COPY)[0].parameters


def test_an_image_is_made_from_a_workspace():
    server = new_state(workspaces=[DESKTOP], copy_pending_looks=1)
    dry = image(Clients(server), check_mode=True, name="made", **WORKSPACE)
    result = image(Clients(server), name="made", **WORKSPACE)
    assert counted(server) == {LOOK: 2, DESKTOPS: 2, CREATE: 1}
    assert {**result, "image_id": None, "diff": None} == {**dry, "diff": None}
    assert result["source"] == {"account_id": None, "region": REGION, "workspace_id": "ws-12345678"}
    assert server.image(result["image_id"]).tags == {TAG: f"{REGION}/ws-12345678"}
    assert not image(Clients(server), name="made", **WORKSPACE)["changed"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"workspace_id": "ws-87654321"}, "There is no WorkSpace ws-12345678 in eu-west-1"),
        ({"state": "STOPPED"}, "it is STOPPED and has to be AVAILABLE (start it)"),
        ({"state": "SUSPENDED"}, "it is SUSPENDED and has to be AVAILABLE (an image may be in the making from it: run"),
        ({"state": "REBOOTING"}, "it is REBOOTING and has to be AVAILABLE."),
        ({"root_volume_encryption_enabled": True}, "its Root volume is encrypted"),
        (
            {"root_volume_encryption_enabled": True, "user_volume_encryption_enabled": True, "state": "ERROR"},
            "it is ERROR and has to be AVAILABLE; its Root and User volume is encrypted",
        ),
        (
            {"modification_states": [{"Resource": "ROOT_VOLUME", "State": "UPDATE_IN_PROGRESS"}]},
            "a modification is going on (ROOT_VOLUME UPDATE_IN_PROGRESS)",
        ),
    ],
)
def test_a_workspace_that_no_image_can_be_made_from_is_refused(fields, told):
    server = new_state(workspaces=[replace(DESKTOP, **fields)])
    assert told in str(failure(Clients(server), name="made", **WORKSPACE))
    assert writes(server) == []


def test_a_modification_that_failed_is_none():
    failed = [{"Resource": "ROOT_VOLUME", "State": "UPDATE_FAILED"}]
    server = new_state(workspaces=[replace(DESKTOP, modification_states=failed)])
    assert image(Clients(server), name="made", **WORKSPACE)["changed"]


@pytest.mark.parametrize(
    ("fields", "options", "told"),
    [
        ({}, {**FOREIGN, "source_account_id": None}, f"is not yours: {OWNER} shares it with you"),
        ({}, {**FOREIGN, "source_image_id": "wsi-987654321"}, "There is no image wsi-987654321 of 123456789012"),
        ({}, {"source_image_id": IMAGE_ID}, "There is no image wsi-123456789 of yours in us-east-1"),
        ({}, {**FOREIGN, "source_region": None}, "There is no image wsi-123456789 of 123456789012"),
        (
            {},
            {**FOREIGN, "source_account_id": "333333333333"},
            "belongs to 123456789012, and source_account_id is 3333",
        ),
        ({"owner": None}, FOREIGN, "has an owner that AWS does not tell"),
        ({"state": "PENDING"}, FOREIGN, "is PENDING, and can be copied once it is AVAILABLE"),
        (
            {"state": "ERROR", "error_code": "E", "error_message": "Why.", "error_details": [{"ErrorCode": "D"}]},
            FOREIGN,
            "is in state ERROR and can't be copied. AWS says: E: Why; D: no message.",
        ),
        ({}, {**FOREIGN, "source_region": "cn-north-1"}, "cn-north-1 is in the partition aws-cn, and us-east-1 in aws"),
    ],
)
def test_a_source_that_is_not_the_one_meant_is_refused(fields, options, told, monkeypatch):
    if "owner" in fields:
        fields = {}
        without_owner(monkeypatch)
    server = shared_state()
    server.images = [replace(each, **fields) for each in server.images]
    assert told in str(failure(recipient(server), name="copy", **options))
    assert writes(server) == []


@pytest.mark.parametrize(
    ("fields", "options", "seen"),
    [
        # Not shared, or not there: the recipient can't tell one from the other.
        ({}, {}, {}),
        ({}, {"description": "Mine", "tags": {"team": "a"}, "wait": True}, {"tags": {"team": "a", TAG: ORIGIN}}),
        ({"image_id": "wsi-987654321"}, {}, {}),
        ({"region": "eu-west-2"}, {}, {}),
        ({"shared_account_ids": {RECIPIENT}}, {}, {}),
    ],
)
def test_check_mode_takes_a_source_that_is_not_shared_yet_for_one_that_will_be(fields, options, seen):
    server = new_state(new_image(**fields), copy_pending_looks=0)
    options = {"name": "copy", **FOREIGN, "assume_shared": True, **options}
    dry = image(recipient(server), check_mode=True, **options)
    assert (dry["changed"], dry["image_id"], dry["tags"]) == (True, None, {TAG: ORIGIN, **seen.get("tags", {})})
    assert writes(server) == []
    assert counted(server) == {LOOK: 2 if "shared_account_ids" in fields else 3}
    if "shared_account_ids" not in fields:
        with pytest.raises(AnsibleEUCError, match="There is no image wsi-123456789 of 123456789012 that is shared"):
            image(recipient(server), **options)
        assert writes(server) == []
    # As if it had been shared from the start.
    server.images = [new_image(shared_account_ids={RECIPIENT})]
    result = image(recipient(server), **options)
    assert json.loads(json.dumps(dry).replace("null", f'"{COPY_ID}"')) == result


@pytest.mark.parametrize(
    ("images", "options", "told"),
    [
        ([], {"source_region": "cn-north-1"}, "cn-north-1 is in the partition aws-cn"),
        ([replace(a_copy(), tags={})], {}, f"has no tag {TAG}"),
        ([replace(a_copy(), tags={TAG: ORIGIN.replace(REGION, THERE)})], {}, "as its tag"),
        ([a_copy(state="ERROR")], {}, "is in state ERROR"),
        ([new_image(shared_account_ids={RECIPIENT}, state="PENDING")], {}, "can be copied once it is AVAILABLE"),
        ([new_image(shared_account_ids={RECIPIENT}, owner="333333333333")], {}, "Nothing was copied"),
        ([new_image(shared_account_ids={RECIPIENT}, state="ERROR")], {}, "is in state ERROR and can't be copied"),
    ],
)
def test_all_else_is_checked_where_a_source_is_taken_for_shared(images, options, told):
    server = new_state(*images)
    error = failure(recipient(server), name="copy", **{**FOREIGN, "assume_shared": True, **options})
    assert told in str(error)


def without_owner(monkeypatch):
    """Let AWS not tell who owns an image, as it did in 2021."""
    module = "ansible_collections.euc.aws.plugins.module_utils._images.api"
    monkeypatch.setattr(f"{module}._in_utc", lambda each: {k: v for k, v in each.items() if k != "OwnerAccountId"})


def test_an_own_image_whose_owner_aws_does_not_tell_is_copied(monkeypatch):
    without_owner(monkeypatch)
    server = new_state(new_image())
    result = image(Clients(server), name="copy", **OWN)
    assert result["tags"] == {TAG: f"{REGION}/{IMAGE_ID}"}
    assert not image(Clients(server), name="copy", **OWN)["changed"]


@pytest.mark.parametrize(("source", "here"), [("cn-north-1", "cn-northwest-1"), ("cn-northwest-1", "cn-north-1")])
def test_no_copy_leaves_or_enters_ningxia(source, here):
    server = new_state(new_image(region=source))
    clients = Clients(server, region=here)
    assert "within that Region only" in str(
        failure(clients, name="copy", source_image_id=IMAGE_ID, source_region=source)
    )
    assert image(Clients(server, region=source), name="copy", source_image_id=IMAGE_ID)["changed"]


@pytest.mark.parametrize(
    "tags",
    [
        {TAG: f"{RECIPIENT}/{REGION}/{IMAGE_ID}"},
        {TAG: f"{OWNER}/eu-west-2/{IMAGE_ID}"},
        {TAG: f"{OWNER}/{REGION}/wsi-987654321"},
        {TAG: f"{REGION}/ws-12345678"},
        {TAG: "nonsense"},
        {TAG: ""},
    ],
)
@pytest.mark.parametrize("state", ["AVAILABLE", "PENDING"])
def test_an_image_of_the_name_that_came_from_elsewhere_is_refused(tags, state):
    server = shared_state()
    server.images.append(replace(a_copy(), tags=tags, state=state))
    error = failure(recipient(server), name="copy", wait=True, wait_timeout=1, **FOREIGN)
    assert f"was made from {tags[TAG] or 'nothing'}, as its tag {TAG} says, and not from {ORIGIN}" in str(error)
    assert (error.kwargs["changed"], error.kwargs["image_id"]) == (False, COPY_ID)
    assert writes(server) == []


def test_one_vouches_for_an_image_without_the_tag_by_what_the_message_prints():
    server = shared_state()
    server.images.append(replace(a_copy(), tags={"team": "a"}))
    told = str(failure(recipient(server), name="copy", **FOREIGN))
    command = json.loads(told.split(" -a '")[1].split("'")[0])
    assert told.split("ansible localhost -m ")[1].startswith("euc.aws.workspaces_image -a '")
    assert command.pop("region") == THERE
    assert image(recipient(server), **command)["changed"]
    assert server.image(COPY_ID).tags == {"team": "a", TAG: ORIGIN}
    assert not image(recipient(server), name="copy", **FOREIGN)["changed"]


@pytest.mark.parametrize(
    ("options", "tags", "writes_expected"),
    [
        ({"tags": {"a": "1"}}, {"a": "1"}, []),
        ({"tags": {"a": 1}}, {"a": "1"}, []),
        ({"tags": {"a": "2"}}, {"a": "2"}, [SET]),
        ({"tags": {"b": "2"}}, {"b": "2"}, [UNSET, SET]),
        ({"tags": {"b": "2"}, "purge_tags": False}, {"a": "1", "b": "2"}, [SET]),
        ({"tags": {}}, {}, [UNSET]),
        ({"tags": {}, "purge_tags": False}, {"a": "1"}, []),
        ({}, {"a": "1"}, []),
    ],
)
@pytest.mark.parametrize("which", [{"name": "copy", **FOREIGN}, {"name": "copy"}, {"image_id": COPY_ID}])
def test_tags_are_brought_to_what_is_asked_and_the_origin_is_spared(options, tags, writes_expected, which):
    server = shared_state()
    server.images.append(replace(a_copy(), tags={"a": "1", TAG: ORIGIN}))
    dry = image(recipient(server), check_mode=True, **which, **options)
    assert writes(server) == []
    result = image(recipient(server), **which, **options)
    assert result == dry
    assert writes(server) == writes_expected
    assert server.image(COPY_ID).tags == {**tags, TAG: ORIGIN} == result["tags"] == result["diff"]["after"]["tags"]
    assert result["changed"] == bool(writes_expected)
    assert result["diff"]["before"]["tags"] == {"a": "1", TAG: ORIGIN}


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Fault(SET, status=500, times=9), False),
        (Fault(SET, status=500, times=9, applied=True), True),
        (Fault(SET, "drop", times=9, applied=True), True),
        (Fault(SET, "page"), False),
        (Fault(SET, status=400, code="ResourceLimitExceededException"), False),
    ],
)
def test_tags_that_could_not_be_written_are_read_again(fault, is_done, clock):
    server = shared_state(faults=[fault])
    server.images.append(replace(a_copy(), tags={"a": "1", TAG: ORIGIN}))
    options = {"name": "copy", "tags": {"b": "2"}}
    if is_done:
        assert image(recipient(server), **options)["tags"] == {"b": "2", TAG: ORIGIN}
    else:
        with pytest.raises(AnsibleEUCError, match=f"Failed to write tags of {COPY_ID} in us-east-1: ") as caught:
            image(recipient(server), **options)
        # The other tag was removed before that.
        assert caught.value.kwargs["tags"] == server.image(COPY_ID).tags == {TAG: ORIGIN}
        assert (caught.value.kwargs["changed"], caught.value.kwargs["image_id"]) == (True, COPY_ID)
        assert caught.value.kwargs["diff"]["after"]["tags"] == {TAG: ORIGIN}


def test_tags_of_which_nothing_is_known_are_told_as_they_were(clock):
    server = shared_state(faults=[Fault(SET, "drop", times=None), Fault(TAGS, "drop", call=2, times=None)])
    server.images.append(a_copy())
    with pytest.raises(AnsibleEUCError, match="Failed to write tags") as caught:
        image(recipient(server), name="copy", tags={"b": "2"})
    assert caught.value.kwargs["tags"] == {TAG: ORIGIN}


def test_an_image_in_error_is_an_error_that_tells_all(clock):
    wrong = Result("ERROR", "Code", "Message.", [{"ErrorCode": "DomainJoined", "ErrorMessage": "Leave the domain."}])
    server = shared_state(copy_result=wrong)
    with pytest.raises(
        AnsibleEUCError, match=r"AWS says: Code: Message; DomainJoined: Leave the domain\. To start"
    ) as new:
        image(recipient(server), name="copy", wait=True, **FOREIGN)
    assert (new.value.kwargs["changed"], new.value.kwargs["image_id"]) == (True, COPY_ID)
    assert new.value.kwargs["state"] == "ERROR"
    error = failure(recipient(server), name="copy", **FOREIGN)
    assert "is in state ERROR. AWS says: Code: Message; DomainJoined" in str(error)
    assert (error.kwargs["changed"], error.kwargs["state"]) == (False, "ERROR")
    image(recipient(server), name="copy", state="absent")
    server.copy_result = Result()
    assert image(recipient(server), name="copy", **FOREIGN)["changed"]


def test_an_image_is_waited_for(clock):
    server = shared_state(hidden_looks=2)
    server.copy_pending_looks = 3
    dry = image(recipient(server), check_mode=True, name="copy", wait=True, **FOREIGN)
    result = image(recipient(server), name="copy", wait=True, **FOREIGN)
    assert result["state"] == dry["state"] == "AVAILABLE"
    assert clock.pauses == [30] * 6
    assert len(server.calls(COPY)) == 1


def test_an_image_that_is_pending_already_is_waited_for_in_check_mode_too(clock):
    server = shared_state()
    server.images.append(a_copy(pending_looks=3))
    result = image(recipient(server), check_mode=True, name="copy", wait=True, tags={"a": "1"}, **FOREIGN)
    assert (result["state"], result["changed"]) == ("AVAILABLE", True)
    assert len(clock.pauses) == 3
    # Its tags are read again after the wait, for others may have changed them.
    assert len(server.calls(TAGS)) == 2


def test_a_wait_that_runs_out_of_time_says_how_far_it_got(clock):
    server = shared_state()
    server.copy_pending_looks = 999
    with pytest.raises(
        AnsibleEUCError, match=r"wsi-copy00000 \(copy\) in us-east-1 was still PENDING after 60 sec"
    ) as new:
        image(recipient(server), name="copy", wait=True, wait_timeout=60, **FOREIGN)
    assert (new.value.kwargs["changed"], new.value.kwargs["image_id"]) == (True, COPY_ID)
    assert clock.now == 60
    with pytest.raises(AnsibleEUCError, match="was still PENDING after 60 seconds") as old:
        image(recipient(server), name="copy", wait=True, wait_timeout=60, **FOREIGN)
    assert (old.value.kwargs["changed"], old.value.kwargs["state"]) == (False, "PENDING")


def test_an_image_that_vanishes_while_it_is_waited_for_is_told(clock):
    server = shared_state()
    server.images.append(a_copy(pending_looks=99, hidden_looks=0))
    server.faults = [Fault(LOOK, "stale", call=call, writes=99) for call in range(3, 100)]
    server.history.append({**server.resources(), "images": []})
    with pytest.raises(AnsibleEUCError, match="has not been there for 180 seconds") as caught:
        image(recipient(server), name="copy", wait=True, **FOREIGN)
    assert 180 < clock.now < 300
    assert caught.value.kwargs["image_id"] == COPY_ID


def test_a_lost_network_ends_no_wait_for_some_minutes(clock):
    server = shared_state()
    server.copy_pending_looks = 9
    server.faults = [Fault(LOOK, "drop", call=4, times=12)]
    assert image(recipient(server), name="copy", wait=True, **FOREIGN)["state"] == "AVAILABLE"
    server = shared_state()
    server.copy_pending_looks = 9
    server.faults = [Fault(LOOK, "drop", call=4, times=None)]
    with pytest.raises(AnsibleEUCError, match="Failed to look up image wsi-copy00000") as caught:
        image(recipient(server), name="copy", wait=True, **FOREIGN)
    assert 300 < clock.now < 900
    assert (caught.value.kwargs["changed"], caught.value.kwargs["image_id"]) == (True, COPY_ID)


def test_several_images_of_a_name_are_an_error_that_lists_them():
    server = shared_state()
    server.images += [a_copy(), replace(a_copy(), image_id="wsi-copy00001")]
    for state in ("present", "absent"):
        error = failure(recipient(server), name="copy", state=state, **(FOREIGN if state == "present" else {}))
        assert "2 images that you own in us-east-1 are named 'copy'" in str(error)
        assert "wsi-copy00001" in str(error)


def test_an_image_that_is_not_there_needs_a_source():
    assert "You own no image named 'copy' in us-east-1" in str(failure(recipient(shared_state()), name="copy"))
    clients = Clients(shared_state(), RECIPIENT)
    assert f"is not yours: {OWNER} owns it" in str(failure(clients, image_id=IMAGE_ID))


@pytest.mark.parametrize("which", [{"name": "copy"}, {"image_id": COPY_ID}])
def test_who_waits_for_an_image_that_does_not_show_yet_looks_for_it(which, clock):
    server = shared_state(hidden_looks=4)
    image(recipient(server), name="copy", **FOREIGN)
    assert image(recipient(server), wait=True, **which)["state"] == "AVAILABLE"
    server = shared_state()
    for timeout, waited in ((9999, 180), (60, 60)):
        clock.now = 0
        with pytest.raises(AnsibleEUCError, match=r"You own no image named|There is no image"):
            image(recipient(server), wait=True, wait_timeout=timeout, **which)
        assert clock.now == waited
    server = shared_state(hidden_looks=20)
    server.copy_pending_looks = 999
    image(recipient(server), name="copy", **FOREIGN)
    clock.now = 0
    with pytest.raises(AnsibleEUCError, match="was still PENDING after"):
        image(recipient(server), wait=True, wait_timeout=60, **which)
    assert clock.now <= 61


def deletable(**fields):
    server = new_state(new_image(**fields))
    server.bundles = [Bundle("wsb-other0000", "other", OWNER, "wsi-000000000", REGION)]
    return server


@pytest.mark.parametrize("which", [{"name": "golden"}, {"image_id": IMAGE_ID}])
@pytest.mark.parametrize("shared", [[], accounts(*range(26))])
@pytest.mark.parametrize("state", ["AVAILABLE", "ERROR"])
def test_an_image_is_deleted(which, shared, state):
    server = deletable(shared_account_ids=frozenset(shared), state=state)
    options = {"state": "absent", "unshare": bool(shared), **which}
    dry = image(Clients(server), check_mode=True, **options)
    assert writes(server) == []
    server.journal.clear()
    assert image(Clients(server), **options) == dry
    assert (dry["changed"], dry["revoked_account_ids"], dry["image_id"], dry["name"]) == (
        True,
        shared,
        IMAGE_ID,
        "golden",
    )
    assert dry["diff"]["before"] == {"image_id": IMAGE_ID, "name": "golden"}
    expected = {LOOK: 1, READ: 2 if shared else 1, BUNDLES: 1, WRITE: len(shared), DELETE: 1}
    assert counted(server) == {operation: number for operation, number in expected.items() if number}
    assert server.images == []
    server.journal.clear()
    again = image(Clients(server), **options)
    assert (again["changed"], again["revoked_account_ids"], again["diff"]["before"]) == (False, [], {})
    assert set(counted(server)) == {LOOK}


SOURCES = [
    # What the tag says, what the task says beside the ID, and whether that is the same.
    (ORIGIN, {}, True),
    (ORIGIN, {"source_account_id": None}, False),
    (ORIGIN, {"source_region": None}, False),
    (ORIGIN, {"source_account_id": "333333333333"}, False),
    (ORIGIN, {"source_image_id": "wsi-987654321"}, False),
    (f"{RECIPIENT}/{REGION}/{IMAGE_ID}", {"source_account_id": None}, True),
    (f"{REGION}/{IMAGE_ID}", {"source_account_id": None}, True),
    (f"{REGION}/{IMAGE_ID}", {}, False),
    (f"{RECIPIENT}/{THERE}/{IMAGE_ID}", {"source_account_id": None, "source_region": None}, True),
    (f"{REGION}/ws-12345678", {}, False),
    ("nonsense", {}, False),
    ("", {}, False),
    (None, {}, False),
    # Nothing is a copy of itself, whatever its tag says.
    (
        f"{RECIPIENT}/{THERE}/{COPY_ID}",
        {"source_image_id": COPY_ID, "source_region": THERE, "source_account_id": None},
        False,
    ),
]


@pytest.mark.parametrize(("tag", "options", "is_same"), SOURCES)
def test_only_the_copy_of_the_source_that_is_named_is_deleted(tag, options, is_same):
    tags = {"team": "a", **({} if tag is None else {TAG: tag})}
    # The source is gone.
    server = new_state(a_copy(tags=tags, shared_account_ids=frozenset(accounts(1))))
    options = {"name": "copy", "state": "absent", "unshare": True, **FOREIGN, **options}
    if is_same:
        dry = image(recipient(server), check_mode=True, **options)
        assert counted(server) == {LOOK: 1, TAGS: 1, READ: 1, BUNDLES: 1}
        server.journal.clear()
        assert image(recipient(server), **options) == dry
        assert counted(server) == {LOOK: 1, TAGS: 1, READ: 1, BUNDLES: 1, WRITE: 1, DELETE: 1}
        assert (dry["changed"], server.images) == (True, [])
        server.journal.clear()
        assert not image(recipient(server), **options)["changed"]
        assert counted(server) == {LOOK: 1}
    else:
        error = failure(recipient(server), **options)
        assert f"{COPY_ID} (copy) in us-east-1" in str(error)
        assert "It was not deleted, nor taken from anybody." in str(error)
        wanted = {**FOREIGN, **options}
        account = wanted["source_account_id"] or RECIPIENT
        if wanted["source_image_id"] == COPY_ID:
            assert "is the source itself" in str(error)
        else:
            assert f"from {account}/{wanted['source_region'] or THERE}/{wanted['source_image_id']}" in str(error)
            assert (f"was made from {tag or 'nothing'}, as" if tag is not None else "has no tag") in str(error)
        assert (error.kwargs["changed"], error.kwargs["image_id"]) == (False, COPY_ID)
        assert (counted(server), writes(server)) == ({LOOK: 2, TAGS: 2}, [])


def test_everything_that_keeps_an_image_is_told_together():
    server = deletable(shared_account_ids={RECIPIENT}, pending_looks=99)
    server.bundles.append(Bundle("wsb-123456789", "desk", OWNER, IMAGE_ID, REGION))
    told = str(failure(Clients(server), name="golden", state="absent"))
    assert "bundles use it: 'desk (wsb-123456789)'" in told
    assert f"it is shared with '{RECIPIENT}'" in told
    assert "it is PENDING (run this again later" in told
    told = str(failure(Clients(server), name="golden", state="absent", unshare=True, wait=True))
    assert "bundles use it" in told
    assert "shared with" not in told
    assert "PENDING" not in told
    assert writes(server) == []


def test_an_image_that_is_pending_is_waited_for_and_looked_at_again(clock):
    server = deletable(pending_looks=3)
    assert image(Clients(server), check_mode=True, name="golden", state="absent", wait=True)["changed"]
    assert len(clock.pauses) == 3
    assert (len(server.calls(READ)), len(server.calls(BUNDLES))) == (2, 2)
    server = deletable(pending_looks=999)
    error = failure(Clients(server), name="golden", state="absent", wait=True, wait_timeout=60)
    assert "it was PENDING when AWS listed it last, in 60 seconds" in str(error)


def test_an_image_that_goes_while_it_is_waited_for_is_ok(clock):
    server = deletable(pending_looks=99)
    server.history.append({**server.resources(), "images": []})
    server.faults = [Fault(LOOK, "stale", call=2, times=None, writes=99)]
    result = image(Clients(server), name="golden", state="absent", wait=True)
    assert (result["changed"], writes(server)) == (False, [])


def test_an_image_of_another_account_is_not_deleted():
    server = shared_state()
    assert f"is not yours: {OWNER}" in str(failure(Clients(server, RECIPIENT), image_id=IMAGE_ID, state="absent"))
    assert not image(Clients(server, RECIPIENT), name="golden", state="absent")["changed"]
    assert writes(server) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "a b"}, "name takes 1 to 64 letters"),
        ({"name": ""}, "name takes 1 to 64 letters"),
        ({"name": "a" * 65}, "name takes 1 to 64 letters"),
        ({"name": "a\n"}, "name takes 1 to 64 letters"),
        ({"name": None}, "Neither name nor image_id says which image is meant."),
        ({"image_id": "wsi-1"}, "image_id takes image IDs"),
        ({"source_image_id": ""}, "source_image_id takes image IDs"),
        ({**OWN, "source_region": "Europe"}, "source_region takes the name of a Region"),
        ({**OWN, "source_account_id": "1"}, "source_account_id takes 12-digit AWS account IDs"),
        ({**OWN, "description": "a\\b"}, "description takes 1 to 256"),
        ({**WORKSPACE, "source_workspace_id": "ws-1"}, "source_workspace_id takes ws- and 8"),
        ({"description": "x"}, "description goes with a source"),
        ({**OWN, "image_quota": 0}, "image_quota takes a number of images, at least 1, and this is none: 0."),
        ({**OWN, "image_quota": True}, "image_quota takes a number of images"),
        ({"state": "absent", "image_quota": 40}, "takes no image_quota."),
        ({**OWN, "assume_shared": True}, "assume_shared=true goes with a copy, and with source_account_id"),
        ({**WORKSPACE, "assume_shared": True}, "assume_shared=true goes with a copy"),
        ({"assume_shared": True}, "assume_shared=true goes with a copy"),
        ({"assume_shared": True, "state": "absent"}, "assume_shared=true goes with a copy"),
        ({"state": "absent", **WORKSPACE, "tags": {}}, "takes no source_workspace_id, description, tags."),
        ({"unshare": True}, "unshare=true goes with state=absent"),
        ({"wait_timeout": 0}, "wait_timeout is 0"),
        ({"tags": {"": "x"}}, "tags takes keys of 1 to 127"),
        ({"tags": {"a*": "x"}}, "tags takes keys of 1 to 127"),
        ({"tags": {"a" * 128: "x"}}, "tags takes keys of 1 to 127"),
        ({"tags": {" a": "x"}}, "tags takes keys of 1 to 127"),
        ({"tags": {"a": "x" * 256}}, "tags takes values of at most 255"),
        ({"tags": {"a": "x\n"}}, "tags takes values of at most 255"),
        ({"tags": {"a": None}}, "tags takes values of at most 255"),
        ({"tags": {"a": ["x"]}}, "tags takes values of at most 255"),
        ({"tags": {"AWS:x": "x"}}, "AWS's own, and these do: 'AWS:x'"),
        ({"tags": {str(n): "x" for n in range(51)}}, "tags takes at most 50 tags here, and these are 51"),
        ({**OWN, "tags": {str(n): "x" for n in range(50)}}, "tags takes at most 49 tags here, and these are 50"),
        ({**OWN, "tags": {TAG: ORIGIN}}, "tags must not have it beside a source"),
        ({"tags": {TAG: "nonsense"}}, f"The tag {TAG} takes account, Region and ID"),
        ({"tags": {TAG: None}}, f"The tag {TAG} takes account, Region and ID"),
        ({"assume_role_external_id": "abc"}, "assume_role_external_id goes with assume_role_arn"),
    ],
)
def test_bad_input_is_refused_before_any_call(options, told):
    server = new_state()
    with pytest.raises(AnsibleEUCError) as caught:
        image(Clients(server), **({} if "image_id" in options else {"name": "copy"}) | options)
    assert told in str(caught.value)
    assert server.journal == []


def test_options_that_do_not_go_together_are_refused():
    validator = ArgumentSpecValidator(workspaces_image.ARGUMENT_SPEC, **workspaces_image.OPTION_RULES)
    exclusive, needed = "parameters are mutually exclusive", "missing parameter(s) required by"
    told = {
        "one of the following is required: name, image_id": [],
        f"{exclusive}: name|image_id": ["name", "image_id"],
        f"{exclusive}: image_id|source_image_id|source_workspace_id": ["image_id", "source_image_id"],
        f"{needed} 'source_region': source_image_id": ["name", "source_region"],
        f"{needed} 'source_account_id': source_image_id": ["name", "source_account_id"],
        f"{needed} 'source_workspace_id': description": ["name", "source_workspace_id"],
    }
    found = {words: validator.validate(dict.fromkeys(given, "x")).error_messages for words, given in told.items()}
    assert found == {words: [words] for words in told}


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(AnsibleEUCError) as caught:
        image(Clients(new_state()), name="a b", source_image_id="x", wait_timeout=-1, tags={"*": "x"})
    for part in ("name takes", "source_image_id takes", "wait_timeout is -1", "tags takes"):
        assert part in str(caught.value)
