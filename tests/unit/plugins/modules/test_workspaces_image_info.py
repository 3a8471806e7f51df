# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import (
    LOOK,
    OWNER,
    READ,
    RECIPIENT,
    REGION,
    accounts,
    counted,
    info,
    new_client,
    new_image,
    new_state,
)

A, B, C = accounts(1, 2, 3)
GOLD, SILVER, BROKEN, FOREIGN = "wsi-gold00001", "wsi-silver001", "wsi-broken001", "wsi-foreign01"
ACCESS_DENIED = {"code": "AccessDeniedException", "status": 400, "message": "Not yours to know."}


def server_with_four_images():
    return new_state(
        new_image(image_id=SILVER, name="silver", shared_account_ids=[C, A]),
        new_image(image_id=FOREIGN, name="gold-foreign", owner=RECIPIENT, shared_account_ids=[OWNER, B]),
        new_image(image_id=GOLD, name="gold", shared_account_ids=[]),
        new_image(image_id=BROKEN, name="gold", state="ERROR", error_code="Bad", error_message="It is bad."),
    )


def image_ids(result):
    return [image["image_id"] for image in result["images"]]


@pytest.mark.parametrize(
    ("options", "expected", "missing"),
    [
        pytest.param({}, [BROKEN, GOLD, SILVER], [], id="the caller's own, by name and then by ID"),
        pytest.param({"owner": "shared"}, [FOREIGN], [], id="those shared with the caller"),
        pytest.param({"owner": "all"}, [BROKEN, GOLD, FOREIGN, SILVER], [], id="both"),
        pytest.param({"names": ["gold"]}, [BROKEN, GOLD], [], id="exact name"),
        pytest.param({"names": ["g*", "silver"], "owner": "all"}, [BROKEN, GOLD, FOREIGN, SILVER], [], id="patterns"),
        pytest.param({"names": ["G*"]}, [], [], id="upper and lower case count"),
        pytest.param({"names": []}, [], [], id="no name"),
        pytest.param({"states": ["AVAILABLE"]}, [GOLD, SILVER], [], id="state"),
        pytest.param({"states": []}, [], [], id="no state"),
        pytest.param({"image_ids": [SILVER, GOLD, SILVER]}, [GOLD, SILVER], [], id="IDs, one of them twice"),
        pytest.param({"image_ids": []}, [], [], id="no ID"),
        pytest.param({"image_ids": [FOREIGN, "wsi-000000000"]}, [], ["wsi-000000000", FOREIGN], id="missing"),
        pytest.param({"image_ids": [FOREIGN, GOLD], "owner": "all"}, [GOLD, FOREIGN], [], id="IDs of both"),
        pytest.param({"image_ids": [GOLD], "states": ["ERROR"]}, [], [], id="an ID that a filter leaves out is there"),
    ],
)
def test_filters(options, expected, missing):
    result = info(new_client(server_with_four_images()), **options)
    assert image_ids(result) == expected
    assert result["missing_image_ids"] == missing
    assert result["region"] == REGION


@pytest.mark.usefixtures("tokyo")
def test_every_field_of_the_model_is_there():
    image = info(new_client(server_with_four_images()), image_ids=[SILVER])["images"][0]
    assert image == {
        "image_id": SILVER,
        "name": "silver",
        "description": "A test image",
        "operating_system": {"type": "WINDOWS"},
        "state": "AVAILABLE",
        "required_tenancy": "DEFAULT",
        "error_code": None,
        "error_message": None,
        "error_details": image["error_details"],
        "created": "2023-11-14T22:13:20+00:00",
        "owner_account_id": OWNER,
        "updates": image["updates"],
        "shared_account_ids": [A, C],
    }


def test_accounts_that_were_not_read_are_null():
    client = new_client(server_with_four_images())
    assert [image["shared_account_ids"] for image in info(client, owner="all")["images"]] == [[], [], None, [A, C]]
    quick = info(client, include_permissions=False)
    assert [image["shared_account_ids"] for image in quick["images"]] == [None, None, None]


@pytest.mark.parametrize(
    ("allowed", "unexpected", "violations"),
    [
        pytest.param([A, C], [[], [], None, []], [], id="all as allowed"),
        pytest.param([A], [[], [], None, [C]], [(SILVER, "silver", C)], id="one too many"),
        pytest.param([], [[], [], None, [A, C]], [(SILVER, "silver", A), (SILVER, "silver", C)], id="nobody allowed"),
    ],
)
def test_audit(allowed, unexpected, violations):
    result = info(new_client(server_with_four_images()), owner="all", allowed_account_ids=allowed)
    assert [image["unexpected_account_ids"] for image in result["images"]] == unexpected
    fields = ("image_id", "image_name", "account_id")
    assert result["violations"] == [dict(zip(fields, row, strict=True)) for row in violations]


@pytest.mark.parametrize(
    ("images", "shares", "options", "expected"),
    [
        pytest.param(0, 0, {}, {LOOK: 1}, id="nothing there"),
        pytest.param(40, 0, {}, {LOOK: 2, READ: 40}, id="40 images"),
        pytest.param(40, 0, {"include_permissions": False}, {LOOK: 2}, id="40 images without permissions"),
        pytest.param(2, 26, {}, {LOOK: 1, READ: 4}, id="2 images of two pages each"),
        pytest.param(2, 25, {}, {LOOK: 1, READ: 2}, id="2 images of one full page each"),
        pytest.param(3, 1, {"names": ["n1"]}, {LOOK: 1, READ: 1}, id="only what passes the filters is read"),
        pytest.param(3, 1, {"owner": "all"}, {LOOK: 2, READ: 3}, id="own and foreign"),
        pytest.param(3, 1, {"image_ids": [f"wsi-{n:09}" for n in range(26)]}, {LOOK: 2, READ: 3}, id="26 IDs"),
        pytest.param(3, 1, {"image_ids": ["wsi-000000001"] * 26}, {LOOK: 1, READ: 1}, id="one ID, 26 times"),
        pytest.param(3, 1, {"image_ids": []}, {}, id="no ID"),
    ],
)
def test_calls_made(images, shares, options, expected):
    shared = accounts(*range(shares))
    server = new_state(
        *[new_image(image_id=f"wsi-{n:09}", name=f"n{n}", shared_account_ids=shared) for n in range(images)]
    )
    info(new_client(server), **options)
    assert counted(server) == expected


def test_an_image_that_is_listed_as_shared_too_is_the_callers(monkeypatch):
    lists_both = "ansible_collections.euc.aws.plugins.modules.workspaces_image_info.describe_images"
    monkeypatch.setattr(lists_both, lambda client, image_type, image_ids: [{"ImageId": SILVER}])
    result = info(new_client(server_with_four_images()), owner="all")
    assert [image["shared_account_ids"] for image in result["images"]] == [[A, C]]


def test_an_image_that_vanishes_between_the_calls_is_missing():
    server = server_with_four_images()
    server.faults.append(Fault(READ, call=2, code="ResourceNotFoundException", status=400))
    result = info(new_client(server), allowed_account_ids=[])
    assert (image_ids(result), result["missing_image_ids"]) == ([BROKEN, SILVER], [GOLD])


def test_an_image_whose_permissions_are_refused_says_so_and_the_others_are_read():
    server = server_with_four_images()
    server.faults.append(Fault(READ, call=2, **ACCESS_DENIED))
    result = info(new_client(server), allowed_account_ids=[])
    assert [image["shared_account_ids"] for image in result["images"]] == [[], None, [A, C]]
    assert [image["unexpected_account_ids"] for image in result["images"]] == [[], None, [A, C]]
    assert [image.get("permissions_error") for image in result["images"]] == [
        None,
        {"code": "AccessDeniedException", "message": "Not yours to know."},
        None,
    ]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(READ, times=None, **ACCESS_DENIED), f"Failed to read the permissions of image {BROKEN} .*Allow the"),
        (Fault(LOOK, **ACCESS_DENIED), "Failed to look up the images .OWNED. in eu-west-1: .*AccessDeniedException"),
        (Fault(READ, call=2, code="ExpiredTokenException", status=400), f"image {GOLD} .* credentials have expired"),
        (Fault(READ, call=3, kind="drop"), f"image {SILVER} .* Connection was closed .*Check the Region's name"),
    ],
)
def test_what_ends_the_task(fault, message):
    server = server_with_four_images()
    server.faults.append(fault)
    with pytest.raises(AnsibleImagesError, match=message):
        info(new_client(server))


def test_bad_input_is_refused_in_one_message():
    with pytest.raises(AnsibleEUCError) as caught:
        info(None, image_ids=["wsi-1"], allowed_account_ids=["1402433619"], include_permissions=False)
    assert str(caught.value).startswith("image_ids takes image IDs")
    assert "allowed_account_ids takes 12-digit AWS account IDs" in str(caught.value)
    for part in ("'wsi-1'", '"012345670123"', "include_permissions=false", "Nothing was asked of AWS"):
        assert part in str(caught.value)
