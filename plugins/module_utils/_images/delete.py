# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting an image, after taking it from everybody, and finding out what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError
from . import api, deleting, sharing
from .apply import apply_changes
from .errors import AnsibleImageDeletionError, AnsibleImagesError
from .images import image_label, is_settled
from .lookup import current_permissions, watched_image
from .origin import deletion_origin_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from .images import Image
    from .origin import Origin


@dataclass(frozen=True)
class Deleted:
    """What became of an image that is gone now: whom it was taken from, and whether this task did anything."""

    revoked: list[str]
    changed: bool


@dataclass(frozen=True)
class Deletable:
    """An image that nothing keeps from being deleted, and the accounts that it is to be taken from first."""

    image: Image
    shared_with: AbstractSet[str]


def check_deletable_origin(image: Image, tags: Mapping[str, str], named: Origin, region: str) -> None:
    """Refuse to delete an image whose tag does not tell just the source that is named.

    :raises AnsibleImageDeletionError: If it does not.
    """
    if problem := deletion_origin_problem(image, tags, named, region):
        raise AnsibleImageDeletionError(problem)


def deletable_image(
    client: Any,
    image: Image,
    read_bundles: Callable[[], Collection[Mapping[str, Any]]],
    unshare: bool,
    timeout: int | None,
) -> Deletable | None:
    """Return an image of the caller's once nothing speaks against deleting it; None if it is gone meanwhile.

    :param read_bundles: Reads the caller's bundles.
    :param unshare: Whether it may be taken from accounts.
    :param timeout: The longest time to wait for it while it is PENDING, in seconds; None not to.
    :raises AnsibleEUCError: With everything that keeps it, or if AWS can't be asked.
    """
    found = _checked(client, image, read_bundles, unshare, 0 if timeout else None)
    if found is None or timeout is None or is_settled(image):
        return found
    look = watched_image(client, image, timeout)
    # Others may have shared it meanwhile, or put it behind bundles.
    return None if look.is_gone else _checked(client, look.found, read_bundles, unshare, timeout)


def _checked(
    client: Any,
    image: Image,
    read_bundles: Callable[[], Collection[Mapping[str, Any]]],
    unshare: bool,
    waited: int | None,
) -> Deletable | None:
    try:
        shared_with = current_permissions(client, image["ImageId"])
    except AnsibleImagesError as error:
        if error.code == "ResourceNotFoundException" and _is_there(client, image["ImageId"]) is False:
            return None
        raise
    used_by = deleting.bundles_of(image["ImageId"], read_bundles())
    region = client.meta.region_name
    if problem := deleting.deletion_problem(image, region, shared_with, used_by, unshare, waited):
        raise AnsibleImageDeletionError(problem, shared_account_ids=sorted(shared_with))
    return Deletable(image, shared_with)


def delete_image(client: Any, image: Image, shared_with: AbstractSet[str]) -> Deleted:
    """Take an image from everybody who has it, and delete it. Gone is success, whoever did it.

    :param shared_with: The accounts that have the image.
    :raises AnsibleEUCError: If it is not gone, or that can't be known. Its result says whom it was taken from.
    """
    image_id = image["ImageId"]
    outcome = apply_changes(
        client, image_id, shared_with, sharing.plan_changes(shared_with, "absent", frozenset(), purge_accounts=True)
    )
    revoked = sorted(change.account_id for change in outcome.done)
    if outcome.failed:
        if _is_there(client, image_id) is False:
            return Deleted(revoked, bool(revoked))
        label = image_label(image_id, image.get("Name"), client.meta.region_name)
        raise AnsibleImageDeletionError(
            f"{sharing.failure_message(label, outcome)} The image was not deleted.",
            response=next(iter(outcome.failed.values())).response,
            **_reported(revoked, outcome.shared_with),
            **sharing.failure_result(outcome),
        )
    try:
        api.delete_image(client, image_id)
    except AnsibleEUCError as error:
        is_there = _is_there(client, image_id)
        if is_there is False:
            return Deleted(revoked, bool(revoked) or error.leaves_open)
        raise AnsibleImageDeletionError(
            deleting.not_deleted(str(error), is_there, error.leaves_open, error.may_take_effect),
            response=error.response,
            may_take_effect=error.may_take_effect,
            **_reported(revoked, outcome.shared_with),
        ) from error
    return Deleted(revoked, changed=True)


def _reported(revoked: list[str], shared_with: AbstractSet[str]) -> dict[str, Any]:
    return {
        "changed": bool(revoked),
        "revoked_account_ids": revoked,
        "shared_account_ids": sorted(shared_with),
    }


def _is_there(client: Any, image_id: str) -> bool | None:
    """Tell whether the caller owns such an image; None where AWS can't be asked."""
    try:
        return bool(api.describe_images(client, "OWNED", [image_id]))
    except AnsibleEUCError:
        # What AWS answered to the change says more than why it could not be asked again.
        return None
