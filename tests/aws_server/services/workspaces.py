# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WorkSpaces: one function for each operation.

Names, types, limits and patterns are the model's business. Codes are those that the model declares for the
operation; which of them AWS picks for which reason is assumed unless said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..pages import page
from ..service import AwsError, Service
from ..state import Call, Image, State

SERVICE = Service("workspaces")
PAGE = 25


@SERVICE.behaviour
def describe_workspace_images(state: State, call: Call) -> dict[str, Any]:
    """The caller's own images, those shared with it, or (assumed, when ImageType is left out) both.

    Ids that are neither are left out, as no error for them is declared.
    """
    kinds = [call.parameters["ImageType"]] if "ImageType" in call.parameters else ["OWNED", "SHARED"]
    visible = [image for image in state.images if image.region == call.region and _relation(image, call) in kinds]
    wanted = call.parameters.get("ImageIds") or [image.image_id for image in visible]
    found = {image.image_id: image for image in visible if image.image_id in wanted}
    ids, rest = _page(state, call, list(found))
    answer = {"Images": [_description(found[image_id], _state(state, found[image_id])) for image_id in ids], **rest}
    state.looks.update(ids)
    return answer


@SERVICE.behaviour
def describe_workspace_image_permissions(state: State, call: Call) -> dict[str, Any]:
    """Who the image is shared with, for its owner."""
    image = _owned(state, call)
    ids, rest = _page(state, call, list(image.shared_account_ids))
    return {"ImageId": image.image_id, "ImagePermissions": [{"SharedAccountId": id} for id in ids], **rest}


@SERVICE.behaviour
def update_workspace_image_permission(state: State, call: Call) -> dict[str, Any]:
    """Grant or revoke for one account. Granting twice is accepted; revoking what was not granted is not (guide)."""
    image = _owned(state, call)
    account_id = call.parameters["SharedAccountId"]
    if account_id == image.owner:  # assumed
        raise AwsError("InvalidParameterValuesException", "An image cannot be shared with its owner.")
    if call.parameters["AllowCopyImage"]:
        _check_grant(state, image, account_id)
        shared = image.shared_account_ids | {account_id}
    # An image that is not AVAILABLE can be unshared: no document says otherwise, and it has to be before deletion.
    elif account_id in image.shared_account_ids:
        shared = image.shared_account_ids - {account_id}
    else:
        raise AwsError("InvalidParameterValuesException", f"The image is not shared with {account_id}.")
    state.images[state.images.index(image)] = replace(image, shared_account_ids=shared)
    return {}


@SERVICE.behaviour
def copy_workspace_image(state: State, call: Call) -> dict[str, Any]:
    """Called in the destination Region, by the owner or a recipient. The copy is the caller's, PENDING for a while."""
    source_region = call.parameters["SourceRegion"]
    source = _visible(state, replace(call, region=source_region), call.parameters["SourceImageId"])
    _check_available(state, source)
    # The guide: China (Ningxia) copies within the Region only, GovCloud to or from elsewhere only by AWS Support.
    if source_region != call.region and any(
        region.startswith(("cn-northwest-1", "us-gov-")) for region in (source_region, call.region)
    ):
        raise AwsError("OperationNotSupportedException", "No copies across these Regions.", reason="REGION")
    owned = [image for image in state.images if image.owner == call.account and image.region == call.region]
    if any(image.name == call.parameters["Name"] for image in owned):
        raise AwsError("ResourceAlreadyExistsException", "There is an image of that name in the destination Region.")
    if len(owned) >= state.image_quota:
        raise AwsError("ResourceLimitExceededException", "The image quota of the destination Region is used up.")
    copy = replace(
        source,
        image_id=f"wsi-copy{len(state.history):05d}",  # each write adds to the history, so no id comes twice
        name=call.parameters["Name"],
        description=call.parameters.get("Description", source.description),
        owner=call.account,
        region=call.region,
        shared_account_ids=frozenset(),
        pending_looks=state.copy_pending_looks,
    )
    state.images.append(copy)
    return {"ImageId": copy.image_id}


@SERVICE.behaviour
def delete_workspace_image(state: State, call: Call) -> dict[str, Any]:
    """Refused while the image is shared (guide). Not-found is not declared here, so AccessDenied stands in for it."""
    try:
        image = _owned(state, call)
    except AwsError:
        raise AwsError("AccessDeniedException", "The caller owns no such image.") from None
    if image.shared_account_ids:
        raise AwsError("InvalidResourceStateException", "The image is shared. Unshare it first.")
    if _state(state, image) == "PENDING":
        raise AwsError("InvalidResourceStateException", "The image is PENDING.")
    state.images.remove(image)
    return {}


def _relation(image: Image, call: Call) -> str:
    if image.owner == call.account:
        return "OWNED"
    return "SHARED" if call.account in image.shared_account_ids else ""


def _visible(state: State, call: Call, image_id: str) -> Image:
    """The image if the caller owns it or is a recipient; who is neither is told that there is none."""
    for image in state.images:
        if image.image_id == image_id and image.region == call.region and _relation(image, call):
            return image
    raise AwsError("ResourceNotFoundException", f"There is no image {image_id} here.", ResourceId=image_id)


def _owned(state: State, call: Call) -> Image:
    """The image named ImageId, if it is the caller's: a recipient can neither read nor pass on permissions (guide)."""
    image = _visible(state, call, call.parameters["ImageId"])
    if image.owner != call.account:
        raise AwsError("AccessDeniedException", "The image belongs to another account.")
    return image


def _check_grant(state: State, image: Image, account_id: str) -> None:
    _check_available(state, image)
    if account_id in state.unknown_account_ids:
        raise AwsError("InvalidParameterValuesException", f"There is no account {account_id}.")
    if image.required_tenancy == "DEDICATED" and account_id not in image.byol_account_ids:
        message = f"Account {account_id} is not enabled for bring-your-own-licence images."
        raise AwsError("OperationNotSupportedException", message, reason="BYOL")


def _check_available(state: State, image: Image) -> None:
    if (now := _state(state, image)) != "AVAILABLE":
        raise AwsError("ResourceUnavailableException", f"The image is {now}.", ResourceId=image.image_id)


def _state(state: State, image: Image) -> str:
    return "PENDING" if state.looks[image.image_id] < image.pending_looks else image.state


def _description(image: Image, state: str) -> dict[str, Any]:
    """The image as the model's WorkspaceImage."""
    described = {
        "ImageId": image.image_id,
        "Name": image.name,
        "Description": image.description,
        "OperatingSystem": {"Type": image.operating_system},
        "State": state,
        "RequiredTenancy": image.required_tenancy,
        "Created": image.created,
        "OwnerAccountId": image.owner,
    }
    if state == "ERROR":
        described.update(ErrorCode=image.error_code, ErrorMessage=image.error_message)
    return described


def _page(state: State, call: Call, ids: list[str]) -> tuple[list[str], dict[str, str]]:
    bad_token = AwsError("InvalidParameterValuesException", "NextToken is not valid for this request.")
    return page(state, call, ids, PAGE, bad_token)
