# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an image came from. AWS does not keep that, so a tag of the image does, written as the image is made.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .images import image_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .images import Image

SOURCE_TAG = "euc.aws/source"
_VALUE = re.compile(r"(?:([0-9]{12})/)?([a-z]{2}[a-z0-9-]{1,29})/((?:wsi|ws)-[0-9a-z]{8,63})")


@dataclass(frozen=True)
class Origin:
    """The image or the WorkSpace that an image was made from.

    ``account_id``: the account that owns it; None for a WorkSpace, which is of the image's own account, and where AWS
    does not tell the owner of an image that is the caller's.
    """

    source_id: str
    region: str
    account_id: str | None = None

    @property
    def tag(self) -> str:
        """The value of the tag: account, Region and ID, as in ``123456789012/eu-west-1/wsi-0123456789abcdef0``."""
        return "/".join(filter(None, [self.account_id, self.region, self.source_id]))

    def of(self, own_account_id: str | None) -> Origin:
        """Return it with the image's own account for one that is not told; None where AWS does not tell that either."""
        return replace(self, account_id=self.account_id or own_account_id)


def read_origin(value: str | None) -> Origin | None:
    """Return the origin that the value of a tag tells; None if there is no tag, or one that tells none."""
    found = _VALUE.fullmatch(value or "")
    return Origin(found[3], found[2], found[1]) if found else None


def source_fields(tags: Mapping[str, str]) -> dict[str, Any] | None:
    """Build what the results of modules say of an image's origin; None if its tags do not tell it."""
    origin = read_origin(tags.get(SOURCE_TAG))
    if origin is None:
        return None
    kind = "image_id" if origin.source_id.startswith("wsi-") else "workspace_id"
    return {"account_id": origin.account_id, "region": origin.region, kind: origin.source_id}


def tag_fields(tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Build what the result says of an image's tags; null where they were not read."""
    return {"tags": tags, "source": None if tags is None else source_fields(tags)}


def source_tag_problem(tags: Mapping[str, Any] | None, has_source: bool) -> str | None:
    """Say why the tag that tells the origin can't be given by hand.

    :param tags: The tags that the user gave, or None.
    :param has_source: Whether an option says what the image is to be made from.
    :returns: A sentence, or None.
    """
    value = (tags or {}).get(SOURCE_TAG)
    if SOURCE_TAG not in (tags or {}):
        return None
    if has_source:
        return f"The tag {SOURCE_TAG} is written from the source, so tags must not have it beside a source."
    if read_origin(str(value)):
        return None
    return (
        f"The tag {SOURCE_TAG} takes account, Region and ID of the source, as in"
        f" 123456789012/eu-west-1/wsi-0123456789abcdef0, and not {value!r}."
    )


def vouching_problem(tags: Mapping[str, Any] | None, image_id: str, region: str) -> str | None:
    """Say why a tag that is given by hand can't tell the origin of just this image; None if it can, or is not given."""
    origin = read_origin((tags or {}).get(SOURCE_TAG))
    if origin and (origin.source_id, origin.region) == (image_id, region):
        return f"The tag {SOURCE_TAG} would say that image {image_id} in {region} was made from itself."
    return None


def origin_problem(image: Image, tags: Mapping[str, str], wanted: Origin, region: str) -> str | None:
    """Say why an image that has the wanted name is not the one that was asked for.

    :param image: An image of the caller's, as AWS describes it.
    :param tags: Its tags.
    :param wanted: What it was to be made from.
    :returns: A sentence that says what to run or to change; None if it came from there.
    """
    told = _doubt(image, tags, wanted, region)
    if told is None:
        return None
    if _is_source(image, wanted, region):
        return f"{told} For a copy elsewhere set region, and for one in the same Region give another name."
    if SOURCE_TAG not in tags:
        return (
            f"{told} If you know that it was, vouch for it with the command here, and run this again after that:"
            f" {_vouching(image['ImageId'], wanted, region)}"
        )
    return f"{told} Nothing was copied over it. Give the new image another name, or delete this one first."


def deletion_origin_problem(image: Image, tags: Mapping[str, str], named: Origin, region: str) -> str | None:
    """Say why an image that is to be deleted is not the one that was made from the source that is named.

    :param image: An image of the caller's, as AWS describes it.
    :param tags: Its tags.
    :param named: What it has to be made from.
    :returns: A sentence that shows both sources; None if it came from there.
    """
    told = _doubt(image, tags, named, region)
    if told is None:
        return None
    return (
        f"{told} It was not deleted, nor taken from anybody. If it is the one to delete, run this without the source."
    )


def _doubt(image: Image, tags: Mapping[str, str], wanted: Origin, region: str) -> str | None:
    """Say what speaks against it that an image was made from there; None if its tag says that it was."""
    label = image_label(image["ImageId"], image.get("Name"), region)
    if _is_source(image, wanted, region):
        return f"Image {label} is the source itself, so it can't be a copy of it."
    value = tags.get(SOURCE_TAG)
    if value is None:
        return f"Image {label} has no tag {SOURCE_TAG}, so nothing tells that it was made from {wanted.tag}."
    origin, own_account_id = read_origin(value), image.get("OwnerAccountId")
    if origin and origin.of(own_account_id) == wanted.of(own_account_id):
        return None
    return f"Image {label} was made from {value or 'nothing'}, as its tag {SOURCE_TAG} says, and not from {wanted.tag}."


def _is_source(image: Image, origin: Origin, region: str) -> bool:
    return (image["ImageId"], region) == (origin.source_id, origin.region)


def _vouching(image_id: str, wanted: Origin, region: str) -> str:
    task = {"image_id": image_id, "region": region, "tags": {SOURCE_TAG: wanted.tag}, "purge_tags": False}
    return f"ansible localhost -m euc.aws.workspaces_image -a '{json.dumps(task)}'"
