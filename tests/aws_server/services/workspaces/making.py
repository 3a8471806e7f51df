# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images that come to be: copies, and those made from a WorkSpace."""

from __future__ import annotations

import functools
from dataclasses import asdict, replace
from typing import Any

import botocore.session
from botocore.exceptions import UnknownRegionError

from ...desktops import WorkSpace
from ...service import AwsError
from ...state import Call, Image, State
from .common import SERVICE, check_available, not_found, own, visible_image
from .desktops import is_modified, own_workspaces, workspace_state
from .images import image_description
from .tags import given_tags


@SERVICE.behaviour
def copy_workspace_image(state: State, call: Call) -> dict[str, Any]:
    """Called in the destination Region, by the owner or a recipient. The copy is the caller's, PENDING for a while.

    It has the tags that were given, and none of the source's (assumed). The codes are declared; what each is for, and
    that names are taken by account and Region, is assumed.
    """
    source_region = call.parameters["SourceRegion"]
    _check_regions(source_region, call.region)
    source = visible_image(state, replace(call, region=source_region), call.parameters["SourceImageId"])
    check_available(state, source)
    copy = replace(
        source,
        image_id=_new_id(state, "copy"),
        description=call.parameters.get("Description", source.description),
        workspace_id="",
        shared_account_ids=frozenset(),
    )
    return {"ImageId": _add(state, call, copy).image_id}


@SERVICE.behaviour
def create_workspace_image(state: State, call: Call) -> dict[str, Any]:
    """From a WorkSpace of the caller's that is AVAILABLE, not being modified and not encrypted.

    These conditions are the guide's, and the codes are declared; which code is for which condition is assumed.
    """
    workspace = _source_workspace(state, call)
    image = Image(
        _new_id(state, "made"),
        call.parameters["Name"],
        call.account,
        description=call.parameters["Description"],
        operating_system=workspace.operating_system,
        workspace_id=workspace.workspace_id,
    )
    return image_description(state, _add(state, call, image))


def _check_regions(source: str, destination: str) -> None:
    """Refuse a copy between partitions, out of or into China (Ningxia) and GovCloud.

    The guide: Ningxia copies within the Region only, GovCloud to or from elsewhere only by AWS Support. That a Region
    that is none gives InvalidParameterValues is assumed.
    """
    try:
        partitions = {_partition(region) for region in (source, destination)}
    except UnknownRegionError:
        raise AwsError("InvalidParameterValuesException", f"There is no Region {source}.") from None
    closed = any(region.startswith(("cn-northwest-1", "us-gov-")) for region in (source, destination))
    if len(partitions) > 1 or (source != destination and closed):
        raise AwsError("OperationNotSupportedException", "No copies across these Regions.", reason="REGION")


@functools.cache
def _partition(region: str) -> str:
    return str(botocore.session.get_session().get_partition_for_region(region))


def _source_workspace(state: State, call: Call) -> WorkSpace:
    """The WorkSpace named WorkspaceId, if an image can be made from it."""
    id = call.parameters["WorkspaceId"]
    workspace = own_workspaces(state, call).get(id)
    if workspace is None:
        raise not_found("WorkSpace", id)
    if workspace.root_volume_encryption_enabled or workspace.user_volume_encryption_enabled:
        raise AwsError("OperationNotSupportedException", "The WorkSpace is encrypted.", reason="ENCRYPTED")
    if (now := workspace_state(state, workspace)) != "AVAILABLE":
        raise AwsError("InvalidResourceStateException", f"The WorkSpace is {now}.")
    if is_modified(workspace):
        raise AwsError("InvalidResourceStateException", "The WorkSpace is being modified.")
    return workspace


def _new_id(state: State, word: str) -> str:
    return f"wsi-{word}{len(state.history):05d}"  # each write adds to the history, so no id comes twice


def _add(state: State, call: Call, image: Image) -> Image:
    """Give the caller the image under the name that it asked for, if there is room for it."""
    tags = given_tags(call)
    owned = own(call, state.images)
    name = call.parameters["Name"]
    if state.names_are_unique and any(image.name == name for image in owned):
        raise AwsError("ResourceAlreadyExistsException", "There is an image of that name in the destination Region.")
    if len(owned) >= state.image_quota:
        raise AwsError("ResourceLimitExceededException", "The image quota of the destination Region is used up.")
    new = replace(
        image,
        name=name,
        owner=call.account,
        region=call.region,
        created=state.clock(),
        hidden_looks=state.hidden_looks,
        pending_looks=state.copy_pending_looks,
        tags=tags,
        **asdict(state.copy_results.get(call.account, state.copy_result)),
    )
    state.images.append(new)
    return new
