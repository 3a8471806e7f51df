# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the image that a task is about, and telling why it can't be worked on.

Every function raises ``AnsibleImagesError``, for AWS's errors and with a sentence of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.making import not_ready
from .._aws.wait import PAUSE, SLOW_PAUSE, watch
from . import api, images
from .errors import AnsibleImagesError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from .._aws.wait import Look
    from .images import Image


def owned_images(client: Any) -> list[Image]:
    """Return all images that the caller owns in the Region."""
    return api.describe_images(client, "OWNED")


def owned_image_by_name(client: Any, name: str) -> Image:
    """Return the one image of this name that the caller owns in the Region."""
    return one_among(client, name, owned_images(client))


def existing_image(client: Any, name: str) -> Image | None:
    """Return the one image of this name that the caller owns in the Region; None if there is none."""
    return image_among(client, name, owned_images(client))


def one_among(client: Any, name: str, owned: Sequence[Image]) -> Image:
    """Return the one image of this name among all that the caller owns in the Region."""
    return _named(client, name, owned, {1})[0]


def image_among(client: Any, name: str, owned: Sequence[Image]) -> Image | None:
    """Return the one image of this name among all that the caller owns in the Region; None if there is none."""
    return next(iter(_named(client, name, owned, {0, 1})), None)


def _named(client: Any, name: str, owned: Sequence[Image], expected: Collection[int]) -> list[Image]:
    named = images.named_images(owned, name)
    if len(named) not in expected:
        raise AnsibleImagesError(images.not_one_image(name, client.meta.region_name, named, owned))
    return named


def owned_image(client: Any, image_id: str) -> Image:
    """Return an image that the caller owns in the Region."""
    image = owned_or_absent_image(client, image_id)
    if image is None:
        raise AnsibleImagesError(images.not_owned(image_id, client.meta.region_name, []))
    return image


def owned_or_absent_image(client: Any, image_id: str) -> Image | None:
    """Return an image that the caller owns in the Region; None if there is none. Another account's is an error."""
    owned = api.describe_images(client, "OWNED", [image_id])
    if owned:
        return owned[0]
    shared = api.describe_images(client, "SHARED", [image_id])
    if shared:
        raise AnsibleImagesError(images.not_owned(image_id, client.meta.region_name, shared))
    return None


def watched_image(client: Any, image: Image, timeout: int, pause: float = SLOW_PAUSE) -> Look[Image]:
    """Read an image of the caller's until it is settled or gone, or until time is up.

    :param timeout: The longest time to wait, in seconds.
    :param pause: The seconds between two readings where the time is not short.
    """

    def read() -> Image | None:
        return next(iter(api.describe_images(client, "OWNED", [image["ImageId"]])), None)

    return watch(client, image, read, images.is_settled, timeout, pause)


def current_permissions(client: Any, image_id: str) -> frozenset[str]:
    """Return the accounts that an image of the caller's is shared with.

    If AWS refuses to tell, the image is looked up, to say whether it is there and whose it is.
    """
    try:
        return api.describe_image_permissions(client, image_id)
    except AnsibleImagesError as refused:
        if refused.code in ("ResourceNotFoundException", "AccessDeniedException"):
            _explain_refusal(client, image_id, refused)
        raise


def _explain_refusal(client: Any, image_id: str, refused: AnsibleImagesError) -> None:
    try:
        owned_image(client, image_id)
    except AnsibleImagesError as found:
        if not found.exception:
            raise AnsibleImagesError(
                f"{found} AWS answered: {str(refused.exception).rstrip('.')}.", response=refused.response
            ) from found


def shareable_image(client: Any, image: Image, account_ids: Collection[str], timeout: int | None) -> Image:
    """Return an image that the caller owns, once nothing speaks against sharing it with these accounts.

    :param timeout: The longest time to wait for it while it is PENDING, in seconds; None not to.
    :returns: The image itself, or what was read last where it was waited for.
    """
    _refuse(images.recipients_problem(image, account_ids, client.meta.region_name))
    return available_image(client, image, "shared", timeout)


def image_for_bundles(client: Any, image_id: str) -> Image:
    """Return an image that the caller owns, which is what a bundle can be made of."""
    owned = api.describe_images(client, "OWNED", [image_id])
    if not owned:
        shared = api.describe_images(client, "SHARED", [image_id])
        region = client.meta.region_name
        raise AnsibleImagesError(images.not_owned(image_id, region, shared, images.COPY_IT_FIRST))
    return owned[0]


def available_image(client: Any, image: Image, use: str, timeout: int | None) -> Image:
    """Return an image that the caller owns, once it is AVAILABLE.

    :param use: What it can be then, for the sentence: "shared", for example.
    :param timeout: The longest time to wait for it while it is PENDING, in seconds; None not to.
    :returns: The image itself, or what was read last where it was waited for.
    """
    waited = None if images.is_settled(image) else timeout
    if waited:
        image = _settled_image(client, image, waited)
    _refuse(images.state_problem(image, client.meta.region_name, waited, use))
    return image


def _refuse(problem: str | None) -> None:
    if problem:
        raise AnsibleImagesError(problem)


def _settled_image(client: Any, image: Image, timeout: int) -> Image:
    """Return the image once it is settled, or as it was read last where time is up."""
    region = client.meta.region_name
    look = watched_image(client, image, timeout, PAUSE)
    if look.is_gone:
        raise AnsibleImagesError(images.not_owned(image["ImageId"], region, []))
    if not look.is_seen:
        label = images.image_label(image["ImageId"], image.get("Name"), region)
        raise AnsibleImagesError(not_ready("image", label, None, timeout))
    return look.found
