# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.euc.aws.plugins.module_utils._images import images

RECIPIENT = "111111111111"
OWNER = "123456789012"
IMAGE = {"ImageId": "wsi-123456789", "Name": "golden", "State": "AVAILABLE", "OwnerAccountId": OWNER}
TWIN = {"ImageId": "wsi-987654321", "Name": "golden", "State": "ERROR", "Created": "2026-01-02"}
FOREIGN = (
    " owns it and shares it with you. Only its owner can change it, or read who has it: run this with the owner's"
    " credentials."
)
OTHER = {"ImageId": "wsi-555555555", "Name": "Golden", "State": "PENDING", "Created": "2026-01-03"}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("wsi-123456789", False),
        ("wsi-" + "z9" * 31 + "z", False),
        ("wsi-12345678", True),
        ("wsi-" + "z" * 64, "wsi-" + "z" * 56 + "..."),
        ("wsi-12345678A", True),
        ("wsi-123456789\n", True),
        (" wsi-123456789", True),
        ("ami-123456789", True),
        ("wsi-12345678٩", True),
    ],
)
def test_image_ids(value, wrong):
    problem = images.image_ids_problem(["wsi-000000000", value], "image_id")
    assert problem == (
        "image_id takes image IDs: wsi- and 9 to 63 digits or lower-case letters."
        f" These are not: {(value if wrong is True else wrong)!r}."
        if wrong
        else None
    )


def test_every_malformed_image_id_is_named_once():
    problem = images.image_ids_problem(["e", "b", "d", "a", "c", "b"], "image_ids")
    assert problem.endswith("These are not: 'a', 'b', 'c', 'd', 'e'.")


def test_images_without_a_name_come_first_and_match_as_an_empty_name():
    nameless = [{"ImageId": "wsi-222222222"}, {"ImageId": "wsi-111111111"}]
    assert images.matching_images([OTHER, IMAGE, *nameless], None, None) == [*reversed(nameless), OTHER, IMAGE]
    assert images.matching_images([IMAGE, *nameless], [""], None) == [*reversed(nameless)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, None, id="AVAILABLE and another's account"),
        pytest.param(
            {"OwnerAccountId": RECIPIENT},
            "is owned by 111111111111, which shared_account_ids lists as well. An owner needs no permission to copy its"
            " own image: take it out of the list.",
            id="self-share",
        ),
        pytest.param(
            {"State": "PENDING"},
            "is still PENDING, and can be shared once it is AVAILABLE. Run this again later, or set wait to true.",
            id="PENDING",
        ),
        pytest.param(
            {"State": "ERROR", "ErrorCode": "OutdatedPowershellVersion", "ErrorMessage": "Update it"},
            "is in state ERROR and can't be shared. AWS says: OutdatedPowershellVersion: Update it."
            " Create the image anew, and take that one.",
            id="ERROR, with what AWS says",
        ),
        pytest.param(
            {"State": "ERROR"},
            "is in state ERROR and can't be shared. AWS says: no code: no message."
            " Create the image anew, and take that one.",
            id="ERROR without a reason",
        ),
        pytest.param(
            {"State": "ARCHIVED"},
            "is in state ARCHIVED. It can be shared once it is AVAILABLE.",
            id="a state of the future",
        ),
        pytest.param({"OwnerAccountId": None}, None, id="old answer without the owner"),
    ],
)
def test_what_speaks_against_sharing(changes, expected):
    image = {**IMAGE, **changes}
    problem = images.recipients_problem(image, [RECIPIENT], "eu-west-1") or images.state_problem(image, "eu-west-1")
    assert problem == (expected and f"Image wsi-123456789 (golden) in eu-west-1 {expected}")


def test_what_speaks_against_sharing_after_a_wait():
    assert images.state_problem({**IMAGE, "State": "PENDING"}, "eu-west-1", 60) == (
        "Image wsi-123456789 (golden) in eu-west-1 was still PENDING after 60 seconds, and can be shared once it is"
        " AVAILABLE. Raise wait_timeout, or run this again later."
    )


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        pytest.param(
            [],
            "You own no image named 'golden' in eu-west-1, nor any other image there. Check the Region and the"
            " account of the credentials.",
            id="no image",
        ),
        pytest.param(
            [OTHER],
            "You own no image named 'golden' in eu-west-1. Your images there:"
            " Golden wsi-555555555 (PENDING, created 2026-01-03)."
            " Check the name, the Region and the account of the credentials.",
            id="another name, which differs in case",
        ),
        pytest.param(
            [TWIN, OTHER, {**IMAGE, "Created": "2026-01-01"}],
            "2 images that you own in eu-west-1 are named 'golden', so the name does not tell which one is meant:"
            " golden wsi-123456789 (AVAILABLE, created 2026-01-01), golden wsi-987654321 (ERROR, created 2026-01-02)."
            " Give the image_id of the right one.",
            id="two of the name",
        ),
    ],
)
def test_a_name_that_is_not_one_image_lists_what_was_found(owned, expected):
    named = images.named_images(owned, "golden")
    assert images.not_one_image("golden", "eu-west-1", named, owned) == expected


def test_named_images_takes_only_the_exact_name():
    assert images.named_images([OTHER, IMAGE, TWIN], "golden") == [IMAGE, TWIN]


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        (
            [],
            "There is no image wsi-123456789 in eu-west-1 that these credentials can see. Check the ID, the Region (an"
            " image exists in one Region, and a copy of it in another Region has its own ID) and the account of the"
            " credentials.",
        ),
        ([IMAGE], f"Image wsi-123456789 (golden) in eu-west-1 is not yours: {OWNER}{FOREIGN}"),
        (
            [{"ImageId": "wsi-123456789"}],
            f"Image wsi-123456789 in eu-west-1 is not yours: another account{FOREIGN}",
        ),
    ],
)
def test_an_image_that_is_not_owned(shared, expected):
    assert images.not_owned("wsi-123456789", "eu-west-1", shared) == expected
