# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WorkSpaces images: which one is meant, and whether it can be shared.

Pure: imports neither boto3 nor Ansible. An image is what AWS answers: a dict in the shape of
WorkspaceImage in botocore's data/workspaces/2015-04-08/service-2.json, where only ImageId is always there.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .._aws.accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Any

    Image = dict[str, Any]

# What to do with an image that another account shares with the caller.
_ASK_THE_OWNER = "Only its owner can change it, or read who has it: run this with the owner's credentials."
# https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html
COPY_IT_FIRST = "A bundle needs an image of your own: copy it first, with euc.aws.workspaces_image."

# The pattern of WorkspaceImageId in the same model.
_IMAGE_ID = re.compile(r"wsi-[0-9a-z]{9,63}")


def image_ids_problem(values: Iterable[str], option: str) -> str | None:
    """Say what is wrong with image IDs.

    :param values: The values as Ansible passed them on.
    :param option: The option that they were given in, for the sentence.
    :returns: One sentence that names the malformed IDs, or None if there is none.
    """
    wrong = {value for value in values if not _IMAGE_ID.fullmatch(value)}
    if not wrong:
        return None
    return (
        f"{option} takes image IDs: wsi- and 9 to 63 digits or lower-case letters. These are not: {enumerated(wrong)}."
    )


def image_label(image_id: str, image_name: str | None, region: str) -> str:
    """Name an image for a person: its ID, its name where that is known, and the Region that it is in."""
    name = f" ({image_name})" if image_name else ""
    return f"{image_id}{name} in {region}"


def is_settled(image: Image) -> bool:
    """Tell whether an image stays as it is until somebody does something. A state that is not known may pass."""
    return image.get("State") in ("AVAILABLE", "ERROR")


def reasons(image: Image) -> str:
    """Tell all that AWS says of an image in state ERROR: the code, the message, and every detail."""
    told = [
        f"{error.get('ErrorCode') or 'no code'}: {(error.get('ErrorMessage') or 'no message').rstrip('.')}"
        for error in (image, *image.get("ErrorDetails", []))
    ]
    return "; ".join(told)


def named_images(images: Iterable[Image], name: str) -> list[Image]:
    """Return the images of exactly this name."""
    return [image for image in images if image.get("Name") == name]


def matching_images(
    images: Iterable[Image], names: Collection[str] | None, states: Collection[str] | None
) -> list[Image]:
    """Return the images that pass both filters, by name and then by ID.

    :param names: Names or shell-style patterns, in which case counts; None lets every name pass.
    :param states: States; None lets every state pass.
    """
    return sorted(
        (
            image
            for image in images
            if (names is None or any(fnmatchcase(image.get("Name") or "", name) for name in names))
            and (states is None or image.get("State") in states)
        ),
        key=lambda image: (image.get("Name") or "", image["ImageId"]),
    )


def not_one_image(name: str, region: str, named: Sequence[Image], owned: Sequence[Image]) -> str:
    """Say why a name does not tell which image is meant.

    :param named: The images of that name: none, or several.
    :param owned: All images that the caller owns in the Region.
    :returns: A sentence that lists what was found.
    """
    if named:
        return (
            f"{len(named)} images that you own in {region} are named {name!r}, so the name does not tell which one"
            f" is meant: {_listed(named)}. Give the image_id of the right one."
        )
    if owned:
        return (
            f"You own no image named {name!r} in {region}. Your images there: {_listed(owned)}."
            " Check the name, the Region and the account of the credentials."
        )
    return (
        f"You own no image named {name!r} in {region}, nor any other image there."
        " Check the Region and the account of the credentials."
    )


def not_owned(image_id: str, region: str, shared: Sequence[Image], way_out: str = _ASK_THE_OWNER) -> str:
    """Say why an image that the caller does not own can't be worked on.

    :param shared: What AWS answers to the question for this image among those shared with the caller.
    :param way_out: What to do where it is shared with the caller.
    """
    if shared:
        owner = shared[0].get("OwnerAccountId", "another account")
        return (
            f"Image {image_label(image_id, shared[0].get('Name'), region)} is not yours: {owner} owns it and shares"
            f" it with you. {way_out}"
        )
    return (
        f"There is no image {image_id} in {region} that these credentials can see. Check the ID, the Region"
        " (an image exists in one Region, and a copy of it in another Region has its own ID) and the account"
        " of the credentials."
    )


def recipients_problem(image: Image, account_ids: Collection[str], region: str) -> str | None:
    """Say why an image that the caller owns can't be shared with just these accounts, whatever state it is in.

    :param image: The image as AWS describes it.
    :param account_ids: The accounts that would be granted permission.
    :returns: A sentence, or None if nothing speaks against it.
    """
    label = image_label(image["ImageId"], image.get("Name"), region)
    owner = image.get("OwnerAccountId")
    if owner in account_ids:
        return (
            f"Image {label} is owned by {owner}, which shared_account_ids lists as well. An owner needs no permission"
            " to copy its own image: take it out of the list."
        )
    return None


def state_problem(image: Image, region: str, waited: int | None = None, use: str = "shared") -> str | None:
    """Say why an image that the caller owns can't be used in the state that it is in.

    :param image: The image as AWS describes it.
    :param waited: How long it was waited for, in seconds; None if it was not.
    :param use: What it is to be: "shared", for example.
    :returns: A sentence, or None if nothing speaks against it.
    """
    label = image_label(image["ImageId"], image.get("Name"), region)
    state = image.get("State")
    if state == "ERROR":
        return (
            f"Image {label} is in state ERROR and can't be {use}. AWS says: {reasons(image)}. Create the image"
            " anew, and take that one."
        )
    if state == "PENDING":
        return (
            f"Image {label} is still PENDING, and can be {use} once it is AVAILABLE. Run this again later, or set wait"
            " to true."
            if waited is None
            else f"Image {label} was still PENDING after {waited} seconds, and can be {use} once it is AVAILABLE."
            " Raise wait_timeout, or run this again later."
        )
    if state != "AVAILABLE":
        return f"Image {label} is in state {state}. It can be {use} once it is AVAILABLE."
    return None


def _listed(images: Iterable[Image]) -> str:
    return ", ".join(
        sorted(
            f"{image.get('Name')} {image['ImageId']} ({image.get('State')}, created {image.get('Created')})"
            for image in images
        )
    )
