# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict server beside moto, an independent emulator: the same answers, but for a list of known differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.workspaces.models import Workspace, workspaces_backends

from ansible_collections.euc.aws.tests.aws_server import Image, State, WorkSpace, serve
from ansible_collections.euc.aws.tests.tools import servers

OWNER, FRIEND, STRANGER = "123456789012", "222222222222", "333333333333"  # moto takes every caller for the first
REGION = "us-east-1"
IMAGES = [
    Image("wsi-gold00000", "gold", OWNER),
    Image("wsi-many00000", "many", OWNER, shared_account_ids=frozenset(f"{number:012}" for number in range(26))),
    Image("wsi-pending00", "pending", OWNER, state="PENDING"),
    Image("wsi-foreign00", "foreign", FRIEND, shared_account_ids=frozenset([OWNER])),
    Image("wsi-secret000", "secret", FRIEND),
    Image("wsi-longer00000", "longer", OWNER),
]
GOLD, MANY, PENDING, FOREIGN, SECRET, LONGER = (image.image_id for image in IMAGES)
MASTER = WorkSpace("ws-master000", OWNER, bundle_id="wsb-desk00000")
Step = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with servers.moto_server() as url:
        yield url


@pytest.fixture
def moto(moto_url: str) -> Iterator[Any]:
    """A client of moto, which has the images, the WorkSpace and nothing else."""
    servers.give_to_moto(IMAGES)
    given = {"DirectoryId": MASTER.directory_id, "BundleId": MASTER.bundle_id, "UserName": MASTER.user_name}
    workspace = Workspace(given, "ALWAYS_ON", "", "")
    workspace.workspace_id = MASTER.workspace_id
    workspaces_backends[OWNER][REGION].workspaces[MASTER.workspace_id] = workspace
    yield client(moto_url)
    workspaces_backends[OWNER][REGION].reset()


@pytest.fixture
def strict() -> Iterator[Any]:
    """A client of the strict server."""
    state = State(access_keys={"KEY": OWNER}, images=list(IMAGES), workspaces=[MASTER], copy_pending_looks=0)
    with serve(state) as url:
        yield client(url)


def client(url: str) -> Any:
    return boto3.client(
        "workspaces",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="KEY",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


client("http://127.0.0.1")  # botocore reads its models here, and not in each process that ansible-test forks


def outcome(connection: Any, step: Step) -> Any:
    """The answer, or the error code, of a call; without what only moto says."""
    operation, parameters = step
    try:
        answer = getattr(connection, xform_name(operation))(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    answer.pop("ResponseMetadata")
    for image in answer.get("Images", []):
        for name in ("Updates", "ErrorDetails", "ErrorCode", "ErrorMessage"):
            if name in image and not (name == "Updates" and image[name]["UpdateAvailable"]):
                del image[name]
    for made in (answer, *answer.get("Images", [])):  # which has an id and a date that nobody chose
        if made.get("Name") == "made":
            for name in ("ImageId", "Created", "OperatingSystem"):
                made.pop(name, None)
    for workspace in answer.get("Workspaces", []):
        for name in ("WorkspaceProperties", "ModificationStates"):
            workspace.pop(name, None)
    if "Images" in answer:
        answer["Images"].sort(key=lambda image: image["Name"])
    return answer


def images(**parameters: Any) -> Step:
    return "DescribeWorkspaceImages", parameters


def permissions(image_id: str, **parameters: Any) -> Step:
    return "DescribeWorkspaceImagePermissions", {"ImageId": image_id, **parameters}


def update(allow: bool, account_id: str, image_id: str = GOLD) -> Step:
    parameters = {"ImageId": image_id, "AllowCopyImage": allow, "SharedAccountId": account_id}
    return "UpdateWorkspaceImagePermission", parameters


def workspaces(**parameters: Any) -> Step:
    return "DescribeWorkspaces", parameters


def make(name: str = "made", workspace_id: str = MASTER.workspace_id) -> Step:
    return "CreateWorkspaceImage", {"Name": name, "Description": "An image", "WorkspaceId": workspace_id}


LEGAL: list[Step] = [
    images(ImageType="OWNED"),
    images(ImageType="SHARED", ImageIds=[FOREIGN]),
    images(ImageIds=[GOLD]),
    images(ImageIds=[GOLD, PENDING]),
    images(ImageIds=["wsi-unknown00"]),
    images(ImageIds=[GOLD], ImageType="SHARED"),
    images(ImageIds=[FOREIGN], ImageType="OWNED"),
    permissions(GOLD),
    update(True, FRIEND),
    permissions(GOLD),
    update(True, FRIEND),
    update(True, STRANGER),
    permissions(GOLD),
    update(False, FRIEND),
    permissions(GOLD),
    update(False, STRANGER),
    permissions(GOLD),
    permissions(PENDING),
    workspaces(),
    workspaces(BundleId=MASTER.bundle_id),
    workspaces(BundleId="wsb-other0000"),
    workspaces(WorkspaceIds=[MASTER.workspace_id, "ws-unknown00"]),
    make(),
    images(ImageType="OWNED"),
    ("DescribeTags", {"ResourceId": GOLD}),
]


def test_legal_calls_are_answered_alike(moto: Any, strict: Any) -> None:
    answers = [(step, outcome(moto, step)) for step in LEGAL]
    assert [(step, outcome(strict, step)) for step in LEGAL] == answers
    assert not [answer for _step, answer in answers if isinstance(answer, str)], "a legal call was refused"


ILLEGAL: list[tuple[Step, str]] = [
    (make(workspace_id="ws-unknown00"), "ResourceNotFoundException"),
    (make("gold"), "ResourceAlreadyExistsException"),
    (workspaces(BundleId=MASTER.bundle_id, DirectoryId="d-0000000000"), "InvalidParameterValuesException"),
    (workspaces(UserName="ann"), "InvalidParameterValuesException"),
]


def test_illegal_calls_are_refused_alike(moto: Any, strict: Any) -> None:
    for connection in (moto, strict):
        assert [(step, outcome(connection, step)) for step, _code in ILLEGAL] == ILLEGAL


EMPTY = {"ImageId": "wsi-unknown00", "ImagePermissions": []}
DIFFERENCES: list[tuple[str, Step, Any, Any]] = [
    # what differs, the call, what the strict server answers, what moto answers; None for any answer, not an error
    ("unknown image, permissions", permissions("wsi-unknown00"), "ResourceNotFoundException", EMPTY),
    ("unknown image, grant", update(True, FRIEND, "wsi-unknown00"), "ResourceNotFoundException", "500"),
    ("10 characters and more in an image id", permissions(LONGER), None, "ValidationException"),
    ("account id of letters", update(True, "friend"), "ValidationException", {}),
    ("account id of 11 digits", update(True, "1" * 11), "ValidationException", {}),
    ("sharing with the owner", update(True, OWNER), "InvalidParameterValuesException", {}),
    ("revoking what was not granted", update(False, STRANGER), "InvalidParameterValuesException", {}),
    ("foreign image, grant", update(True, STRANGER, FOREIGN), "AccessDeniedException", {}),
    ("foreign image, permissions", permissions(FOREIGN), "AccessDeniedException", None),
    ("image not shared with the caller", permissions(SECRET), "ResourceNotFoundException", None),
    ("PENDING image, grant", update(True, FRIEND, PENDING), "ResourceUnavailableException", {}),
    ("MaxResults out of range", permissions(GOLD, MaxResults=26), "ValidationException", None),
    ("token never given", permissions(GOLD, NextToken="x"), "InvalidParameterValuesException", None),
    ("image type unknown", images(ImageType="MINE"), "ValidationException", None),
    (
        "copying",
        ("CopyWorkspaceImage", {"Name": "copy", "SourceImageId": GOLD, "SourceRegion": REGION}),
        None,
        "500",
    ),
    ("deleting", ("DeleteWorkspaceImage", {"ImageId": GOLD}), {}, "500"),
    ("bundles", ("DescribeWorkspaceBundles", {}), {"Bundles": []}, "500"),
    (
        "tags of an unknown image",
        ("CreateTags", {"ResourceId": "wsi-unknown00", "Tags": [{"Key": "a"}]}),
        "ResourceNotFoundException",
        {},
    ),
]


@pytest.mark.parametrize(
    ("step", "right", "lenient"), [row[1:] for row in DIFFERENCES], ids=[r[0] for r in DIFFERENCES]
)
def test_known_differences(moto: Any, strict: Any, step: Step, right: Any, lenient: Any) -> None:
    """When this fails because moto has become stricter, take the row away, or move it to the legal calls."""
    for connection, expected in ((strict, right), (moto, lenient)):
        answer = outcome(connection, step)
        assert not isinstance(answer, str) if expected is None else answer == expected


def test_moto_does_not_page(moto: Any, strict: Any) -> None:
    sizes = [len(outcome(connection, permissions(MANY))["ImagePermissions"]) for connection in (strict, moto)]
    assert sizes == [25, 26]


def test_moto_shows_images_that_are_not_shared_with_the_caller(moto: Any, strict: Any) -> None:
    found = [len(outcome(connection, images(ImageIds=[SECRET]))["Images"]) for connection in (strict, moto)]
    assert found == [0, 1]


def test_moto_tells_of_updates(moto: Any, strict: Any) -> None:
    described = [connection.describe_workspace_images(ImageIds=[GOLD])["Images"][0] for connection in (strict, moto)]
    assert ["Updates" in image for image in described] == [False, True]
