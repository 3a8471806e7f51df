# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding what an image is to be made from, and telling why that can't be done.

Raises ``AnsibleImageCreationError`` with sentences of its own, and ``AnsibleImagesError`` for AWS's errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import api, making
from .errors import AnsibleImageCreationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from .images import Image
    from .making import NewImage


def new_image(params: Mapping[str, Any], client: Any, source_client: Any, assume_shared: bool) -> NewImage:
    """Look at the source, and return the image that is to be made from it.

    :param params: The module's options, which name a source.
    :param client: A client of the Region where the image is to be made.
    :param source_client: A client of the Region where the source is.
    :param assume_shared: Whether a source of a named account that can't be seen is taken for one that will be shared.
    """
    origin = making.wanted_origin(params, client.meta.region_name, None)
    if params["source_workspace_id"] is not None:
        _check_workspace(client, origin.source_id)
        return making.new_image(params, origin, None)
    here, there = client.meta, source_client.meta
    _refuse(making.regions_problem(there.region_name, there.partition, here.region_name, here.partition))
    source = _source_image(source_client, origin.source_id, params["source_account_id"], assume_shared)
    return making.new_image(params, replace(origin, account_id=source.get("OwnerAccountId")), source.get("Description"))


def check_room(params: Mapping[str, Any], client: Any, owned: Collection[Image]) -> None:
    """Refuse to make an image where as many are there as the user says that there may be.

    :param owned: All images that the caller owns in the client's Region.
    """
    _refuse(making.quota_problem(params["name"], len(owned), params["image_quota"], client.meta.region_name))


def _source_image(client: Any, image_id: str, account_id: str | None, assume_shared: bool) -> Image:
    region = client.meta.region_name
    found = api.describe_images(client, "SHARED" if account_id else "OWNED", [image_id])
    if not found and account_id:
        # The caller's own account may be the one that is named.
        found = api.describe_images(client, "OWNED", [image_id])
    if not found and assume_shared:
        # Its state and its description nobody but its owner can tell before.
        return {"ImageId": image_id, "OwnerAccountId": account_id}
    if not found:
        seen = [] if account_id else api.describe_images(client, "SHARED", [image_id])
        _refuse(making.source_not_found(image_id, account_id, region, seen))
    _refuse(making.source_problem(found[0], account_id, region))
    return found[0]


def _check_workspace(client: Any, workspace_id: str) -> None:
    workspace = api.describe_workspace(client, workspace_id)
    _refuse(making.workspace_problem(workspace, workspace_id, client.meta.region_name))


def _refuse(problem: str | None) -> None:
    if problem:
        raise AnsibleImageCreationError(problem)
