# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making an image, once, and finding out what became of it.

AWS has no token that would make the second of two calls harmless. So a call that may have taken effect is never made
again: the image is looked for by its name, and its tag tells whether it is the one that was to be made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError, AnsibleRoleError
from .._aws.tags import as_request, describe_tags
from .._aws.wait import SLOW_PAUSE, poll
from . import api, images, making
from .errors import AnsibleImageCreationError
from .origin import origin_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .images import Image
    from .making import NewImage
    from .origin import Origin

# A new image may be missing from the first readings. For how long is not known.
_SECONDS_TO_SHOW = 180
_TAKEN = "ResourceAlreadyExistsException"


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
        # Without the role's credentials nothing was sent.
        if isinstance(error, AnsibleRoleError) or not (error.code == _TAKEN or error.may_take_effect):
            raise
        return _look_for(client, new, error)
    # AWS answers no more to a copy.
    return Made({"ImageId": image_id, "Name": new.name, "State": "PENDING"}, new.all_tags, is_new=True)


def _look_for(client: Any, new: NewImage, error: AnsibleEUCError) -> Made:
    region = client.meta.region_name
    owned = poll(
        client,
        None,
        lambda: api.describe_images(client, "OWNED"),
        lambda owned: bool(images.named_images(owned or [], new.name)),
        _SECONDS_TO_SHOW,
    )
    named = images.named_images(owned or [], new.name)
    if not named:
        raise AnsibleImageCreationError(
            making.not_seen(str(error), new.name, region, _SECONDS_TO_SHOW, owned is not None),
            response=error.response,
            may_take_effect=True,
        )
    if len(named) > 1:
        raise AnsibleImageCreationError(images.not_one_image(new.name, region, named, owned or []))
    tags = describe_tags(client, named[0]["ImageId"])
    check_origin(named[0], tags, new.origin, region)
    return Made(named[0], tags, is_new=error.code != _TAKEN)


def shown_image(client: Any, read: Callable[[], Image | None], timeout: int | None) -> Image | None:
    """Read an image, which may be missing from the first readings if it is new.

    :param read: Reads it; None where it is not there.
    :param timeout: The longest time to wait, in seconds; None not to. It is never looked for longer than three minutes.
    """
    image = read()
    if timeout is None:
        return image
    return poll(client, image, read, bool, min(timeout, _SECONDS_TO_SHOW))


def check_origin(image: Image, tags: Mapping[str, str], wanted: Origin, region: str) -> None:
    """Refuse an image that has the wanted name and came from elsewhere, or from nobody knows where.

    :raises AnsibleImageCreationError: If its tag does not tell the wanted origin.
    """
    if problem := origin_problem(image, tags, wanted, region):
        raise AnsibleImageCreationError(problem)


def usable_image(client: Any, image: Image, timeout: int | None) -> Image:
    """Return an image that is not in state ERROR, nor PENDING where that is to be waited for.

    :param timeout: The longest time to wait for it while it is PENDING, in seconds; None not to.
    :returns: The image as it was read last.
    :raises AnsibleEUCError: If it is in state ERROR, still PENDING, or gone; or if AWS can't be asked.
    """
    region = client.meta.region_name
    label = images.image_label(image["ImageId"], image.get("Name"), region)
    if timeout and image.get("State") == "PENDING":
        image = _waited_for(client, image, timeout)
        if image.get("State") == "PENDING":
            raise AnsibleImageCreationError(making.still_pending(label, timeout))
    if image.get("State") == "ERROR":
        raise AnsibleImageCreationError(making.made_in_error(image, region), state="ERROR")
    return image


def _waited_for(client: Any, image: Image, timeout: int) -> Image:
    seen = time.monotonic()

    def read() -> Image:
        nonlocal seen
        found = api.describe_images(client, "OWNED", [image["ImageId"]])
        if found:
            seen = time.monotonic()
        elif time.monotonic() - seen > _SECONDS_TO_SHOW:
            raise AnsibleImageCreationError(making.vanished(image, client.meta.region_name, _SECONDS_TO_SHOW))
        return found[0] if found else image

    return poll(client, image, read, lambda latest: latest.get("State") != "PENDING", timeout, SLOW_PAUSE)
