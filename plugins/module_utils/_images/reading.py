# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what AWS tells of each of many images. Raises ``AnsibleImagesError``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import api
from .audit import PermissionsRead
from .errors import AnsibleImagesError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def permissions_of_images(client: Any, image_ids: Iterable[str]) -> PermissionsRead:
    """Read who has each of the caller's images.

    An image that AWS refuses to tell about, or that is gone meanwhile, does not keep the others from being read.
    To be refused every image is an error.
    """
    shared_with: dict[str, frozenset[str]] = {}
    refused: dict[str, AnsibleImagesError] = {}
    gone: set[str] = set()
    for image_id in image_ids:
        try:
            shared_with[image_id] = api.describe_image_permissions(client, image_id)
        except AnsibleImagesError as error:
            if error.code == "ResourceNotFoundException":
                gone.add(image_id)
            elif error.code == "AccessDeniedException":
                refused[image_id] = error
            else:
                raise
    if refused and not shared_with:
        raise next(iter(refused.values()))
    return PermissionsRead(
        shared_with,
        {image_id: {"code": error.code, "message": error.answer} for image_id, error in refused.items()},
        gone,
    )
