# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can copy which image, and who should not.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any


@dataclass(frozen=True)
class PermissionsRead:
    """What AWS answered to the question who has which image.

    ``shared_with``: the accounts, by image ID. ``refused``: code and message, by the ID of an image whose permissions
    AWS did not tell. ``gone``: the IDs of images that were no longer there.
    """

    shared_with: Mapping[str, AbstractSet[str]]
    refused: Mapping[str, Mapping[str, str]]
    gone: AbstractSet[str]


def sharing_fields(
    permissions: PermissionsRead, image_id: str, allowed_account_ids: Collection[str] | None
) -> dict[str, Any]:
    """Build what the result says of an image's sharing; null where it was not read.

    :param allowed_account_ids: The accounts that may have the image; None if nobody asked.
    """
    shared_with = permissions.shared_with.get(image_id)
    fields: dict[str, Any] = {"shared_account_ids": None if shared_with is None else sorted(shared_with)}
    if image_id in permissions.refused:
        fields["permissions_error"] = permissions.refused[image_id]
    if allowed_account_ids is not None:
        fields["unexpected_account_ids"] = (
            None if shared_with is None else sorted(shared_with - set(allowed_account_ids))
        )
    return fields


def violations(images: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Flatten the unexpected accounts of images into a row for each image and account.

    :param images: Images as the module returns them, with ``unexpected_account_ids``.
    """
    return [
        {"image_id": image["image_id"], "image_name": image["name"], "account_id": account_id}
        for image in images
        for account_id in image["unexpected_account_ids"] or ()
    ]
