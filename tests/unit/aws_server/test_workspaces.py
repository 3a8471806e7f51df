# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict server's images that come to be, their tags, the bundles before them and the WorkSpaces behind them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from ansible_collections.euc.aws.tests.aws_server import (
    AMAZON,
    BlockedName,
    Bundle,
    Call,
    Fault,
    Image,
    Result,
    State,
    WorkSpace,
)
from ansible_collections.euc.aws.tests.unit.aws_server.support import Connect, call, in_process, refusal

OWNER, FRIEND = "111111111111", "222222222222"
HERE, THERE = "us-east-1", "eu-west-1"
GOLD, NEXT, USED, PENDING, FOREIGN = (f"wsi-{name:0<9}" for name in ("gold", "next", "used", "pend", "foreign"))
BUNDLE, BUSY, COMING, PUBLIC, OTHERS = (f"wsb-{name:0<9}" for name in ("mine", "busy", "coming", "public", "others"))
MASTER, STOPPED, CHANGING, LOCKED, ROOTED, ALIEN = (
    f"ws-{name:0<9}" for name in ("master", "stopped", "change", "user", "root", "alien")
)
MODIFIED = {"Resource": "ROOT_VOLUME", "State": "UPDATE_IN_PROGRESS"}
FAILED = {**MODIFIED, "State": "UPDATE_FAILED"}
NOW = 1_800_000_000.0


def new_state(**settings: Any) -> State:
    """A state with one of each sort of image, bundle and WorkSpace, whose clock stands still."""
    images = [
        Image(GOLD, "gold", OWNER, tags={"stage": "test", "team": "eu"}),
        Image(NEXT, "next", OWNER, shared_account_ids=frozenset([FRIEND])),
        Image(USED, "used", OWNER),
        Image(PENDING, "pending", OWNER, state="PENDING"),
        Image(FOREIGN, "foreign", FRIEND, shared_account_ids=frozenset([OWNER])),
    ]
    bundles = [
        Bundle(BUNDLE, "desk", OWNER, USED),
        Bundle(BUSY, "busy", OWNER, USED),
        Bundle(COMING, "coming", OWNER, USED, state="PENDING"),
        Bundle(PUBLIC, "Standard with Windows", AMAZON, ""),
        Bundle(OTHERS, "desk", FRIEND, FOREIGN),
    ]
    workspaces = [
        WorkSpace(MASTER, OWNER, bundle_id=BUSY, modification_states=[FAILED]),
        WorkSpace(STOPPED, OWNER, bundle_id=BUSY, state="STOPPED", user_name="ann"),
        WorkSpace(CHANGING, OWNER, modification_states=[FAILED, MODIFIED]),
        WorkSpace(LOCKED, OWNER, user_volume_encryption_enabled=True),
        WorkSpace(ROOTED, OWNER, root_volume_encryption_enabled=True),
        WorkSpace(ALIEN, FRIEND),
    ]
    given = {"images": images, "bundles": bundles, "workspaces": workspaces, "clock": lambda: NOW, **settings}
    return State(access_keys={"OWNER": OWNER, "FRIEND": FRIEND}, **given)


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def many(count: int) -> list[dict[str, str]]:
    return [{"Key": f"key-{number}"} for number in range(count)]


def tagging(*tags: dict[str, str], resource_id: str = GOLD) -> tuple[str, dict[str, Any]]:
    return "CreateTags", {"ResourceId": resource_id, "Tags": list(tags)}


def copying(**other: Any) -> tuple[str, dict[str, Any]]:
    return "CopyWorkspaceImage", {"Name": "new", "SourceImageId": GOLD, "SourceRegion": HERE, **other}


def making(**other: Any) -> tuple[str, dict[str, Any]]:
    return "CreateWorkspaceImage", {"Name": "new", "Description": "New image", "WorkspaceId": MASTER, **other}


def bundling(compute_type: str = "STANDARD", root: str = "80", user: str = "50", **other: Any) -> tuple[str, Any]:
    parameters = {
        "BundleName": "new",
        "BundleDescription": "New bundle",
        "ImageId": GOLD,
        "ComputeType": {"Name": compute_type},
        "RootStorage": {"Capacity": root},
        "UserStorage": {"Capacity": user},
    }
    return "CreateWorkspaceBundle", parameters | other


def switching(bundle_id: str = BUNDLE, image_id: str = GOLD) -> tuple[str, dict[str, Any]]:
    return "UpdateWorkspaceBundle", {"BundleId": bundle_id, "ImageId": image_id}


def removing(bundle_id: str = BUNDLE) -> tuple[str, dict[str, Any]]:
    return "DeleteWorkspaceBundle", {"BundleId": bundle_id}


def tags_of(connection: Any, resource_id: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in call(connection, "DescribeTags", ResourceId=resource_id)["TagList"]}


def images(connection: Any, **parameters: Any) -> dict[str, Any]:
    return {image["ImageId"]: image for image in call(connection, "DescribeWorkspaceImages", **parameters)["Images"]}


def bundles(connection: Any, **parameters: Any) -> dict[str, Any]:
    found = call(connection, "DescribeWorkspaceBundles", **parameters)["Bundles"]
    return {bundle["BundleId"]: bundle for bundle in found}


def workspaces(connection: Any, **parameters: Any) -> dict[str, Any]:
    found = call(connection, "DescribeWorkspaces", **parameters)["Workspaces"]
    return {workspace["WorkspaceId"]: workspace for workspace in found}


INVALID, UNKNOWN, DENIED, TAKEN, FULL, UNAVAILABLE, WRONG_STATE, UNSUPPORTED, IN_USE = (
    f"{name}Exception"
    for name in (
        "InvalidParameterValues",
        "ResourceNotFound",
        "AccessDenied",
        "ResourceAlreadyExists",
        "ResourceLimitExceeded",
        "ResourceUnavailable",
        "InvalidResourceState",
        "OperationNotSupported",
        "ResourceAssociated",
    )
)
REFUSALS = [
    # what is wrong, the call, AWS's code, and what the state has besides
    ("tags of an unknown image", tagging({"Key": "a"}, resource_id="wsi-unknown00"), UNKNOWN, {}),
    ("tags of an image that is shared with the caller", tagging({"Key": "a"}, resource_id=FOREIGN), UNKNOWN, {}),
    ("tags of AWS's bundle", tagging({"Key": "a"}, resource_id=PUBLIC), UNKNOWN, {}),
    ("tags read of what is shared", ("DescribeTags", {"ResourceId": FOREIGN}), UNKNOWN, {}),
    ("tags removed of what is shared", ("DeleteTags", {"ResourceId": FOREIGN, "TagKeys": ["a"]}), UNKNOWN, {}),
    ("49 tags beside 2", tagging(*many(49)), FULL, {}),
    ("a reserved tag", tagging({"Key": "aws:team"}), INVALID, {}),
    ("a reserved value", tagging({"Key": "a", "Value": "AWS:x"}), INVALID, {}),
    ("a reserved tag removed", ("DeleteTags", {"ResourceId": GOLD, "TagKeys": ["aws:team"]}), INVALID, {}),
    ("a tag with a space at its end", tagging({"Key": "a "}), INVALID, {}),
    ("a tag with a star", tagging({"Key": "a", "Value": "*"}), INVALID, {}),
    ("a tag twice", tagging({"Key": "a"}, {"Key": "a", "Value": "b"}), INVALID, {}),
    ("a key of 128 characters", tagging({"Key": "k" * 128}), "ValidationException", {}),
    ("a value of 256 characters", tagging({"Key": "k", "Value": "v" * 256}), "ValidationException", {}),
    ("a copy with a reserved tag", copying(Tags=[{"Key": "aws:x"}]), INVALID, {}),
    ("a copy with 51 tags", copying(Tags=many(51)), FULL, {}),
    ("a copy from another partition", copying(SourceRegion="cn-north-1"), UNSUPPORTED, {}),
    ("a copy from nowhere", copying(SourceRegion="nowhere"), INVALID, {}),
    ("an image of an unknown WorkSpace", making(WorkspaceId="ws-unknown00"), UNKNOWN, {}),
    ("an image of another's WorkSpace", making(WorkspaceId=ALIEN), UNKNOWN, {}),
    ("an image of a WorkSpace that is not AVAILABLE", making(WorkspaceId=STOPPED), WRONG_STATE, {}),
    ("an image of a WorkSpace that is modified", making(WorkspaceId=CHANGING), WRONG_STATE, {}),
    ("an image of an encrypted user volume", making(WorkspaceId=LOCKED), UNSUPPORTED, {}),
    ("an image of an encrypted root volume", making(WorkspaceId=ROOTED), UNSUPPORTED, {}),
    ("an image with a name in use", making(Name="gold"), TAKEN, {}),
    ("an image above the quota", making(), FULL, {"image_quota": 4}),
    ("an image with a reserved tag", making(Tags=[{"Key": "aws:x"}]), INVALID, {}),
    ("an image without a description", ("CreateWorkspaceImage", {}), "ValidationException", {}),
    ("an image that bundles use is deleted", ("DeleteWorkspaceImage", {"ImageId": USED}), IN_USE, {}),
    ("a bundle of an unknown image", bundling(ImageId="wsi-unknown00"), UNKNOWN, {}),
    ("a bundle of a shared image", bundling(ImageId=FOREIGN), DENIED, {}),
    ("a bundle of a PENDING image", bundling(ImageId=PENDING), UNAVAILABLE, {}),
    ("a bundle with a name in use", bundling(BundleName="desk"), TAKEN, {}),
    ("a bundle above the quota", bundling(), FULL, {"bundle_quota": 3}),
    ("a bundle with a reserved tag", bundling(Tags=[{"Key": "aws:x"}]), INVALID, {}),
    ("a bundle of a type that ended", bundling("GRAPHICSPRO", "100", "100"), INVALID, {}),
    ("a bundle of a type that never was", bundling("MIGHTY"), "ValidationException", {}),
    ("a root volume that is too small", bundling(root="79"), INVALID, {}),
    ("a user volume that is too small", bundling("GENERALPURPOSE_4XLARGE", "175", "50"), INVALID, {}),
    ("a user volume that is too large", bundling(user="2001"), INVALID, {}),
    ("a size that is no number", bundling(user="50 GB"), INVALID, {}),
    (
        "a bundle whose name is still blocked",
        bundling(),
        TAKEN,
        {"blocked_names": [BlockedName("new", OWNER, HERE, NOW + 1)], "names_are_unique": False},
    ),
    ("an unknown bundle is updated", switching("wsb-unknown00"), UNKNOWN, {}),
    ("another's bundle is updated", switching(OTHERS), UNKNOWN, {}),
    ("AWS's bundle is updated", switching(PUBLIC), DENIED, {}),
    ("a PENDING bundle is updated", switching(COMING), UNAVAILABLE, {}),
    ("a bundle gets a shared image", switching(image_id=FOREIGN), DENIED, {}),
    ("a bundle gets a PENDING image", switching(image_id=PENDING), UNAVAILABLE, {}),
    ("a bundle gets an unknown image", switching(image_id="wsi-unknown00"), UNKNOWN, {}),
    ("no bundle is updated", ("UpdateWorkspaceBundle", {"ImageId": GOLD}), INVALID, {}),
    ("an unknown bundle is deleted", removing("wsb-unknown00"), UNKNOWN, {}),
    ("AWS's bundle is deleted", removing(PUBLIC), DENIED, {}),
    ("a bundle with WorkSpaces is deleted", removing(BUSY), IN_USE, {}),
    ("bundles by id and owner", ("DescribeWorkspaceBundles", {"BundleIds": [BUNDLE], "Owner": AMAZON}), INVALID, {}),
    ("26 bundle ids", ("DescribeWorkspaceBundles", {"BundleIds": [BUNDLE] * 26}), "ValidationException", {}),
    ("two filters", ("DescribeWorkspaces", {"BundleId": BUSY, "WorkspaceIds": [MASTER]}), INVALID, {}),
    ("a user without a directory", ("DescribeWorkspaces", {"UserName": "ann"}), INVALID, {}),
    ("a token never given", ("DescribeWorkspaces", {"NextToken": "x"}), INVALID, {}),
]


@pytest.mark.parametrize(("step", "code", "settings"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_refuses(step: tuple[str, dict[str, Any]], code: str, settings: dict[str, Any]) -> None:
    """With a code that the model declares, and without an effect."""
    state = new_state(**settings)
    before = state.resources()
    connection = in_process(state)
    operation, parameters = step
    assert refusal(connection, operation, **parameters).response["Error"]["Code"] == code
    assert state.resources() == before
    declared = {shape.name for shape in connection.meta.service_model.operation_model(operation).error_shapes}
    assert code in declared | {"ValidationException", "SerializationException"}


# Tags


@pytest.mark.parametrize("resource_id", [GOLD, BUNDLE])
def test_tags_are_added_overwritten_and_removed(connect: Connect, resource_id: str) -> None:
    state = new_state()
    owner = connect(state)
    elsewhere = in_process(state, region_name=THERE)
    assert refusal(elsewhere, "DescribeTags", ResourceId=resource_id).response["Error"]["Code"] == UNKNOWN
    before = tags_of(owner, resource_id)
    operation, parameters = tagging(*tagged(stage="live", Stage="\u00e9+-=._:/@ 1"), {"Key": "empty"})
    call(owner, operation, **{**parameters, "ResourceId": resource_id})
    assert tags_of(owner, resource_id) == before | {"stage": "live", "Stage": "\u00e9+-=._:/@ 1", "empty": ""}
    call(owner, "DeleteTags", ResourceId=resource_id, TagKeys=["Stage", "stage", "unknown"])
    assert tags_of(owner, resource_id) == {key: before[key] for key in before.keys() - {"stage"}} | {"empty": ""}


def test_fifty_tags_are_allowed_and_those_of_aws_do_not_count() -> None:
    state = new_state(images=[Image(GOLD, "gold", OWNER, tags={"aws:stack": "x", "key-0": "old"})])
    operation, parameters = tagging(*many(50))
    call(in_process(state), operation, **parameters)
    assert len(state.image(GOLD).tags) == 51


@pytest.mark.parametrize("step", [copying, making, bundling])
def test_what_is_made_has_the_tags_that_were_given(step: Any) -> None:
    """And none of the source's."""
    state = new_state()
    owner = in_process(state)
    operation, parameters = step(Tags=tagged(team="us"))
    answer = call(owner, operation, **parameters)
    new_id = answer.get("ImageId") or answer["WorkspaceBundle"]["BundleId"]
    assert tags_of(owner, new_id) == {"team": "us"}


# Images that come to be

ERROR = Result("ERROR", "UnknownError", "It broke", [{"ErrorCode": "DomainJoined", "ErrorMessage": "Leave it"}])
TOLD = {"ErrorCode": ERROR.error_code, "ErrorMessage": ERROR.error_message, "ErrorDetails": ERROR.error_details}


def test_makes_an_image_from_a_workspace(connect: Connect) -> None:
    """Which can't be used until the image is AVAILABLE."""
    state = new_state(copy_pending_looks=1)
    owner = connect(state)
    operation, parameters = making()
    answer = call(owner, operation, **parameters)
    assert answer.pop("Created").timestamp() == NOW
    assert answer == {
        "ImageId": "wsi-made00000",
        "Name": "new",
        "Description": "New image",
        "OperatingSystem": {"Type": "WINDOWS"},
        "State": "PENDING",
        "RequiredTenancy": "DEFAULT",
        "OwnerAccountId": OWNER,
    }
    assert workspaces(owner)[MASTER]["State"] == "SUSPENDED"
    assert refusal(owner, operation, **parameters | {"Name": "other"}).response["Error"]["Code"] == WRONG_STATE
    states = [images(owner)["wsi-made00000"]["State"] for _look in range(2)]
    assert states == ["PENDING", "AVAILABLE"]
    call(owner, "CopyWorkspaceImage", Name="copy", SourceImageId="wsi-made00000", SourceRegion=HERE)
    assert workspaces(owner)[MASTER]["State"] == "AVAILABLE"


@pytest.mark.parametrize("step", [copying(), making()], ids=lambda step: step[0])
@pytest.mark.parametrize("hidden", [0, 2])
@pytest.mark.parametrize("result", [Result(), ERROR], ids=lambda result: result.state)
def test_a_new_image_is_hidden_then_pending_then_what_it_was_to_be(
    step: tuple[str, dict[str, Any]], hidden: int, result: Result
) -> None:
    state = new_state(hidden_looks=hidden, copy_pending_looks=1, copy_result=result)
    owner = in_process(state)
    image_id = call(owner, step[0], **step[1])["ImageId"]
    looks = [images(owner, ImageIds=[image_id]).get(image_id) for _look in range(hidden + 2)]
    assert [look and look["State"] for look in looks] == [*[None] * hidden, "PENDING", result.state]
    last = looks[-1]
    assert last is not None
    assert {name: last[name] for name in TOLD if name in last} == (TOLD if result is ERROR else {})


def test_copies_of_one_account_end_otherwise() -> None:
    state = new_state(copy_pending_looks=0, copy_results={OWNER: ERROR})
    operation, parameters = copying(SourceImageId=FOREIGN)
    ends = [call(in_process(state, key), operation, **parameters)["ImageId"] for key in ("OWNER", "FRIEND")]
    assert [state.image(image_id).state for image_id in ends] == ["ERROR", "AVAILABLE"]


def test_what_does_not_show_yet_is_there() -> None:
    """All pages of a list are one look."""
    state = new_state(hidden_looks=2, copy_pending_looks=0)
    owner = in_process(state)
    operation, parameters = copying()
    image_id = call(owner, operation, **parameters)["ImageId"]
    assert refusal(owner, operation, **parameters).response["Error"]["Code"] == TAKEN
    call(owner, "CreateTags", ResourceId=image_id, Tags=[{"Key": "a"}])
    token = call(owner, "DescribeWorkspaceImages", MaxResults=1)["NextToken"]
    call(owner, "DescribeWorkspaceImages", MaxResults=1, NextToken=token)
    assert [image_id in images(owner) for _look in range(2)] == [False, True]


@pytest.mark.parametrize("step", [copying(), making(), bundling()], ids=lambda step: step[0])
@pytest.mark.parametrize(("unique", "count"), [(True, 1), (False, 2)])
def test_a_name_may_be_taken_twice_if_the_state_says_so(
    step: tuple[str, dict[str, Any]], unique: bool, count: int
) -> None:
    state = new_state(names_are_unique=unique, copy_pending_looks=0)
    owner = in_process(state)
    for _call in range(2):
        with suppress(ClientError):
            call(owner, step[0], **step[1])
    assert [record.name for record in [*state.images, *state.bundles]].count("new") == count


@pytest.mark.parametrize("step", [copying(), making(), bundling()], ids=lambda step: step[0])
def test_what_is_in_another_region_does_not_count(step: tuple[str, dict[str, Any]]) -> None:
    state = new_state(image_quota=5, bundle_quota=4, blocked_names=[BlockedName("new", OWNER, THERE, NOW + 1)])
    state.images.append(Image("wsi-there0000", "new", OWNER, THERE))
    state.bundles.append(Bundle("wsb-there0000", "new", OWNER, "wsi-there0000", THERE))
    call(in_process(state), step[0], **step[1])


# Bundles and WorkSpaces


@pytest.mark.parametrize(
    ("key", "parameters", "ids"),
    [
        pytest.param("OWNER", {}, [BUSY, COMING, BUNDLE], id="own"),
        pytest.param("OWNER", {"Owner": OWNER}, [BUSY, COMING, BUNDLE], id="own by account id"),
        pytest.param("OWNER", {"Owner": AMAZON}, [PUBLIC], id="AWS's"),
        pytest.param("OWNER", {"Owner": FRIEND}, [], id="another account's"),
        pytest.param("OWNER", {"BundleIds": [BUNDLE, PUBLIC, OTHERS, "wsb-unknown00"]}, [BUNDLE, PUBLIC], id="by id"),
        pytest.param("FRIEND", {}, [OTHERS], id="to each its own"),
    ],
)
def test_shows_bundles(key: str, parameters: dict[str, Any], ids: list[str]) -> None:
    connection = in_process(new_state(), key)
    assert list(bundles(connection, **parameters)) == ids
    assert not bundles(in_process(new_state(), key, region_name=THERE), **parameters)


def test_bundles_come_in_pages() -> None:
    listed = [Bundle(f"wsb-{number:09}", f"bundle-{number}", OWNER, USED) for number in range(30)]
    paginator = in_process(new_state(bundles=listed)).get_paginator("describe_workspace_bundles")
    assert [len(page["Bundles"]) for page in paginator.paginate()] == [25, 5]


def test_aws_owns_bundles_by_another_spelling() -> None:
    public = bundles(in_process(new_state()), Owner=AMAZON)[PUBLIC]
    assert (public["Owner"], "ImageId" in public) == ("Amazon", False)


@pytest.mark.parametrize("result", ["AVAILABLE", "ERROR"])
def test_makes_a_bundle(connect: Connect, result: str) -> None:
    state = new_state(hidden_looks=1, bundle_pending_looks=1, bundle_result=result)
    owner = connect(state)
    operation, parameters = bundling()
    made = call(owner, operation, **parameters)["WorkspaceBundle"]
    bundle_id = made["BundleId"]
    assert [made.pop(name).timestamp() for name in ("CreationTime", "LastUpdatedTime")] == [NOW, NOW]
    assert made == {
        "BundleId": bundle_id,
        "Name": "new",
        "Owner": OWNER,
        "Description": "New bundle",
        "ImageId": GOLD,
        "RootStorage": {"Capacity": "80"},
        "UserStorage": {"Capacity": "50"},
        "ComputeType": {"Name": "STANDARD"},
        "State": "PENDING",
        "BundleType": "REGULAR",
    }
    states = [bundles(owner).get(bundle_id, {}).get("State") for _look in range(3)]
    assert states == [None, "PENDING", result]


@pytest.mark.parametrize(
    ("compute_type", "root"), [("POWER", "80"), ("GENERALPURPOSE_8XLARGE", "175"), ("GRAPHICS_G4DN", "100")]
)
def test_a_root_volume_that_is_left_out_is_the_smallest(compute_type: str, root: str) -> None:
    operation, parameters = bundling(compute_type, user="100")
    del parameters["RootStorage"]
    made = call(in_process(new_state()), operation, **parameters)["WorkspaceBundle"]
    assert made["RootStorage"] == {"Capacity": root}


def test_puts_another_image_behind_a_bundle() -> None:
    """Which frees the image that was there."""
    state = new_state(bundles=[Bundle(BUNDLE, "desk", OWNER, USED, updated=1)])
    owner = in_process(state)
    operation, parameters = switching()
    assert call(owner, operation, **parameters) == {}
    bundle = bundles(owner)[BUNDLE]
    assert (bundle["ImageId"], bundle["LastUpdatedTime"].timestamp()) == (GOLD, NOW)
    call(owner, "DeleteWorkspaceImage", ImageId=USED)
    assert refusal(owner, "DeleteWorkspaceImage", ImageId=GOLD).response["Error"]["Code"] == IN_USE
    call(owner, operation, BundleId=BUNDLE)
    assert bundles(owner)[BUNDLE]["ImageId"] == GOLD


def test_the_name_of_a_deleted_bundle_is_blocked_for_two_hours() -> None:
    now = [NOW]
    state = new_state(clock=lambda: now[0])
    owner = in_process(state)
    operation, parameters = bundling(BundleName="desk")
    assert call(owner, "DeleteWorkspaceBundle", BundleId=BUNDLE) == {}
    assert BUNDLE not in bundles(owner)
    for now[0] in (NOW, NOW + 7199):
        assert refusal(owner, operation, **parameters).response["Error"]["Code"] == TAKEN
    call(owner, operation, **parameters | {"BundleName": "other"})
    now[0] = NOW + 7200
    call(owner, operation, **parameters)


def test_a_bundle_may_go_when_its_workspaces_have_gone() -> None:
    state = new_state(workspaces=[WorkSpace(MASTER, OWNER, bundle_id=BUSY, state="TERMINATED")])
    call(in_process(state), "DeleteWorkspaceBundle", BundleId=BUSY)


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        pytest.param({}, {MASTER, STOPPED, CHANGING, LOCKED, ROOTED}, id="all of the caller's"),
        pytest.param({"BundleId": BUSY}, {MASTER, STOPPED}, id="of a bundle"),
        pytest.param({"WorkspaceIds": [MASTER, ALIEN]}, {MASTER}, id="by id"),
        pytest.param({"DirectoryId": "d-0000000000", "UserName": "ann"}, {STOPPED}, id="by user"),
        pytest.param({"DirectoryId": "d-1111111111"}, set(), id="of another directory"),
        pytest.param({"WorkspaceName": "none-has-one"}, set(), id="by name"),
    ],
)
def test_shows_workspaces(parameters: dict[str, Any], ids: set[str]) -> None:
    assert workspaces(in_process(new_state()), **parameters).keys() == ids
    assert not workspaces(in_process(new_state(), region_name=THERE), **parameters)


def test_describes_a_workspace() -> None:
    assert workspaces(in_process(new_state()))[LOCKED] == {
        "WorkspaceId": LOCKED,
        "DirectoryId": "d-0000000000",
        "UserName": "master",
        "State": "AVAILABLE",
        "BundleId": "wsb-none00000",
        "UserVolumeEncryptionEnabled": True,
        "ModificationStates": [],
    }


def test_workspaces_come_in_pages_of_a_limit_that_may_change() -> None:
    owner = in_process(new_state())
    first = call(owner, "DescribeWorkspaces", Limit=2)
    rest = call(owner, "DescribeWorkspaces", NextToken=first["NextToken"])
    assert [len(page["Workspaces"]) for page in (first, rest)] == [2, 3]


# Faults

STEPS = [
    # a call, and whether it changes something
    (copying(), True),
    (making(), True),
    (tagging({"Key": "a"}), True),
    (tagging({"Key": "a"}, resource_id=BUNDLE), True),
    (("DeleteTags", {"ResourceId": GOLD, "TagKeys": ["team"]}), True),
    (("DescribeTags", {"ResourceId": GOLD}), False),
    (("DeleteWorkspaceImage", {"ImageId": GOLD}), True),
    (bundling(), True),
    (switching(), True),
    (removing(), True),
    (("DescribeWorkspaceBundles", {}), False),
    (("DescribeWorkspaces", {}), False),
]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("kind", ["error", "drop", "page"])
@pytest.mark.parametrize(("step", "changes"), STEPS, ids=[step[0] for step, _changes in STEPS])
def test_faults_meet_every_operation(step: tuple[str, dict[str, Any]], changes: bool, kind: Any, applied: bool) -> None:
    """At the call that they are for, and with or without its effect."""
    operation, parameters = step
    state = new_state(
        faults=[Fault(operation, kind, call=2, applied=applied)], journal=[Call(operation, OWNER, HERE, {})]
    )
    before = state.resources()
    with suppress(ClientError, ConnectionClosedError):
        call(in_process(state), operation, **parameters)
    told = {"error": "InternalFailure", "drop": "ConnectionClosed", "page": "NotFromAWS"}[kind]
    assert [(entry.error, entry.changed) for entry in state.journal[1:]] == [(told, changes and applied)]
    assert (state.resources() != before) == (changes and applied)


def test_a_stale_deletion_blocks_no_name() -> None:
    state = new_state(faults=[Fault("DeleteWorkspaceBundle", "stale")])
    call(in_process(state), "DeleteWorkspaceBundle", BundleId=BUNDLE)
    assert (state.bundles, state.blocked_names) == (new_state().bundles, [])


@pytest.mark.parametrize(("writes", "seen"), [(0, GOLD), (1, NEXT), (2, USED)])
def test_a_stale_read_shows_bundles_as_they_were(writes: int, seen: str) -> None:
    faults = [Fault("DescribeWorkspaceBundles", "stale", writes=writes)] if writes else []
    state = new_state(faults=faults)
    owner = in_process(state)
    for image_id in (NEXT, GOLD):
        operation, parameters = switching(image_id=image_id)
        call(owner, operation, **parameters)
    assert bundles(owner)[BUNDLE]["ImageId"] == seen
    assert bundles(owner)[BUNDLE]["ImageId"] == GOLD
