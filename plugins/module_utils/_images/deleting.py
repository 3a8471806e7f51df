# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image that is to be deleted: what speaks against it, and what is said of it.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.accounts import enumerated
from .images import image_label, is_settled

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from .images import Image


def bundles_of(image_id: str, bundles: Collection[Mapping[str, Any]]) -> list[str]:
    """Name the bundles that use an image, by name and ID, sorted.

    :param bundles: Bundles as AWS describes them.
    """
    return sorted(
        f"{bundle.get('Name')} ({bundle.get('BundleId')})" for bundle in bundles if bundle.get("ImageId") == image_id
    )


def deletion_problem(
    image: Image, region: str, shared_with: AbstractSet[str], used_by: Sequence[str], unshare: bool, waited: int | None
) -> str | None:
    """Say everything that keeps an image of the caller's from being deleted.

    :param shared_with: The accounts that have it.
    :param used_by: The bundles that use it.
    :param unshare: Whether it is to be taken from these accounts first.
    :param waited: How long it was waited for until it is settled, in seconds; 0 if it will be, None if not.
    :returns: One text that lists all; None if nothing speaks against it.
    """
    found = []
    if used_by:
        found.append(f"bundles use it: {enumerated(used_by)} (delete them, or put another image behind them)")
    if shared_with and not unshare:
        found.append(f"it is shared with {enumerated(shared_with)} (with unshare=true it is taken from them first)")
    if not is_settled(image) and waited is None:
        found.append(f"it is {image.get('State')} (run this again later, or set wait to true)")
    elif not is_settled(image) and waited:
        found.append(
            f"it was {image.get('State')} when AWS listed it last, in {waited} seconds (raise wait_timeout, or run this"
            " again later)"
        )
    if not found:
        return None
    label = image_label(image["ImageId"], image.get("Name"), region)
    return f"Image {label} can't be deleted: {'; '.join(found)}. Nothing was changed."


def not_deleted(error: str, is_there: bool | None, leaves_open: bool, may_take_effect: bool) -> str:
    """Say what is known after a deletion that failed.

    :param error: What is known of the call.
    :param is_there: Whether the image was there when AWS was asked again; None where it could not be asked.
    :param leaves_open: Whether AWS may have done it all the same.
    :param may_take_effect: Whether AWS may do it later.
    """
    if is_there is None and leaves_open:
        return f"{error} Whether the image was deleted is not known: it could not be read again."
    if may_take_effect:
        return f"{error} The image was still there when it was read again, but may still be deleted."
    return error


def deletion_result(
    image: Image | None, image_id: str | None, name: str | None, region: str, revoked: Collection[str], changed: bool
) -> dict[str, Any]:
    """Build what the module returns of an image that is to be absent.

    :param image: The image as it was before this task; None if there was none.
    :param image_id: The ID that was asked for; None where the name was.
    :param name: The name that was asked for; None where the ID was.
    :param revoked: The accounts that it was taken from.
    """
    image_id, name = (image["ImageId"], image.get("Name")) if image else (image_id, name)
    label = f"{name or image_id} in {region}"
    return {
        "changed": changed,
        "image_id": image_id,
        "name": name,
        "region": region,
        "revoked_account_ids": sorted(revoked),
        "diff": {
            "before_header": label,
            "after_header": label,
            "before": {"image_id": image_id, "name": name} if image and changed else {},
            "after": {},
        },
    }
