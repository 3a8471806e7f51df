# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making an image, once, and finding out what became of it.

AWS has no token that would make the second of two calls harmless. So a call that may have taken effect is never made
again: the image is looked for by its name, and its tag tells whether it is the one that was to be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError, may_be_there
from .._aws.making import TAKEN, not_ready, not_seen, not_settled
from .._aws.tags import AnsibleTagsError, as_request, describe_tags
from .._aws.wait import SECONDS_TO_SHOW, poll
from . import api, images, making
from .errors import AnsibleImageCreationError
from .lookup import existing_image, watched_image
from .origin import SOURCE_TAG, origin_problem, vouching_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .images import Image
    from .making import NewImage
    from .origin import Origin


@dataclass(frozen=True)
class Made:
    """An image that is there now: what is known of it, its tags, and whether this task made it."""

    image: Image
    tags: Mapping[str, str]
    is_new: bool


def make_image(client: Any, once: Any, new: NewImage) -> Made:
    """Make an image by one call.

    :param client: The client that reads.
    :param once: A client that makes no call again that may have taken effect.
    :raises AnsibleEUCError: If AWS refuses, if there is another image of that name, and if it is not known whether
        the image was made; then with ``may_take_effect`` in its result.
    """
    try:
        image_id = api.make_image(once, new, as_request(new.all_tags))
    except AnsibleEUCError as error:
        if not may_be_there(error):
            raise
        return _look_for(client, new, error)
    # AWS answers no more to a copy.
    return Made({"ImageId": image_id, "Name": new.name, "State": "PENDING"}, new.all_tags, is_new=True)


def _look_for(client: Any, new: NewImage, error: AnsibleEUCError) -> Made:
    """Find out what became of a call that may have made the image, or that AWS refused because the name is taken."""
    try:
        seen = _seen(client, new)
        if seen and seen[0]:
            check_origin(*seen, new.origin, client.meta.region_name)
    except AnsibleEUCError as reason:
        raise AnsibleImageCreationError(
            not_settled(error, reason, "image"),
            response=error.response,
            may_take_effect=error.may_take_effect,
        ) from reason
    if seen and seen[0]:
        return Made(*seen, is_new=error.code != TAKEN)
    raise AnsibleImageCreationError(
        not_seen(error, "image", new.name, client.meta.region_name, SECONDS_TO_SHOW, seen is not None),
        response=error.response,
        may_take_effect=error.may_take_effect,
    )


def _seen(client: Any, new: NewImage) -> tuple[Image, dict[str, str]] | None:
    """Look for an image by its name until it shows with the tag that tells its origin, for three minutes at most.

    :returns: What was read last: the image and its tags, both empty where no image has the name; None where AWS could
        not be asked.
    """

    def read() -> tuple[Image, dict[str, str]]:
        image = existing_image(client, new.name)
        return (image, _tags_of_new(client, image["ImageId"])) if image else ({}, {})

    latest: tuple[Image, dict[str, str]] | None = None
    return poll(client, latest, read, lambda seen: seen is not None and SOURCE_TAG in seen[1], SECONDS_TO_SHOW)


def _tags_of_new(client: Any, image_id: str) -> dict[str, str]:
    try:
        return describe_tags(client, image_id)
    except AnsibleTagsError as error:
        # The tags of a new image may show later than the image.
        if error.code != "ResourceNotFoundException":
            raise
        return {}


def shown_image(client: Any, read: Callable[[], Image | None], timeout: int | None) -> Image | None:
    """Read an image, which may be missing from the first readings if it is new.

    :param read: Reads it; None where it is not there.
    :param timeout: The longest time to wait, in seconds; None not to. It is never looked for longer than three minutes.
    """
    image = read()
    if timeout is None:
        return image
    return poll(client, image, read, bool, min(timeout, SECONDS_TO_SHOW))


def check_origin(image: Image, tags: Mapping[str, str], wanted: Origin, region: str) -> None:
    """Refuse an image that has the wanted name and came from elsewhere, or from nobody knows where.

    :raises AnsibleImageCreationError: If its tag does not tell the wanted origin.
    """
    if problem := origin_problem(image, tags, wanted, region):
        raise AnsibleImageCreationError(problem)


def check_vouching(tags: Mapping[str, Any] | None, image_id: str, region: str) -> None:
    """Refuse tags given by hand that would tell an image to be made from itself.

    :raises AnsibleImageCreationError: If they do.
    """
    if problem := vouching_problem(tags, image_id, region):
        raise AnsibleImageCreationError(problem)


def usable_image(client: Any, image: Image, timeout: int | None) -> Image:
    """Return an image that is not in state ERROR, and is AVAILABLE where that is to be waited for.

    :param timeout: The longest time to wait for it until it is settled, in seconds; None not to.
    :returns: The image as it was read last.
    :raises AnsibleEUCError: If it is in state ERROR, not ready in time, or gone; or if AWS can't be asked.
    """
    region = client.meta.region_name
    if timeout and not images.is_settled(image):
        image = _waited_for(client, image, timeout)
    if image.get("State") == "ERROR":
        raise AnsibleImageCreationError(making.made_in_error(image, region), state="ERROR")
    return image


def _waited_for(client: Any, image: Image, timeout: int) -> Image:
    label = images.image_label(image["ImageId"], image.get("Name"), client.meta.region_name)
    try:
        look = watched_image(client, image, timeout)
    except AnsibleEUCError as error:
        error.message += f" Image {label} was waited for, and goes on being made: run this again to wait on."
        raise
    if look.is_gone:
        raise AnsibleImageCreationError(making.vanished(label, SECONDS_TO_SHOW))
    if not images.is_settled(look.found):
        state = str(look.found.get("State")) if look.is_seen else None
        raise AnsibleImageCreationError(not_ready("image", label, state, timeout))
    return look.found
