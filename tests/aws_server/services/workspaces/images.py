# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images as they are: who sees them, who may copy them, and their end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...service import AwsError
from ...state import Call, Image, State
from .common import (
    SERVICE,
    check_available,
    current_state,
    own,
    owned_image,
    paged,
    relation,
    shown,
)


@SERVICE.behaviour
def describe_workspace_images(state: State, call: Call) -> dict[str, Any]:
    """The caller's own images, those shared with it, or (assumed, when ImageType is left out) both.

    Ids that are neither are left out, as no error for them is declared.
    """
    kinds = [call.parameters["ImageType"]] if "ImageType" in call.parameters else ["OWNED", "SHARED"]
    visible = [image for image in state.images if image.region == call.region and relation(image, call) in kinds]
    wanted = call.parameters.get("ImageIds") or [image.image_id for image in visible]
    found = {image.image_id: image for image in visible if image.image_id in wanted}
    images, rest = shown(state, call, found, image_description)
    return {"Images": images, **rest}


@SERVICE.behaviour
def describe_workspace_image_permissions(state: State, call: Call) -> dict[str, Any]:
    """Who the image is shared with, for its owner."""
    image = owned_image(state, call)
    ids, rest = paged(state, call, list(image.shared_account_ids))
    return {"ImageId": image.image_id, "ImagePermissions": [{"SharedAccountId": id} for id in ids], **rest}


@SERVICE.behaviour
def update_workspace_image_permission(state: State, call: Call) -> dict[str, Any]:
    """Grant or revoke for one account. Granting twice is accepted; revoking what was not granted is not (guide)."""
    image = owned_image(state, call)
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
def delete_workspace_image(state: State, call: Call) -> dict[str, Any]:
    """Refused while bundles use the image (the code was recorded), while it is shared, or PENDING (guide).

    Not-found is not declared here, so AccessDenied stands in for it.
    """
    try:
        image = owned_image(state, call)
    except AwsError:
        raise AwsError("AccessDeniedException", "The caller owns no such image.") from None
    if any(bundle.image_id == image.image_id for bundle in own(call, state.bundles)):
        raise AwsError("ResourceAssociatedException", "One or more bundles use the image.")
    if image.shared_account_ids:
        raise AwsError("InvalidResourceStateException", "The image is shared. Unshare it first.")
    if current_state(state, image) == "PENDING":
        raise AwsError("InvalidResourceStateException", "The image is PENDING.")
    state.images.remove(image)
    return {}


def _check_grant(state: State, image: Image, account_id: str) -> None:
    check_available(state, image)
    if account_id in state.unknown_account_ids:
        raise AwsError("InvalidParameterValuesException", f"There is no account {account_id}.")
    if image.required_tenancy == "DEDICATED" and account_id not in image.byol_account_ids:
        message = f"Account {account_id} is not enabled for bring-your-own-licence images."
        raise AwsError("OperationNotSupportedException", message, reason="BYOL")


def image_description(state: State, image: Image) -> dict[str, Any]:
    """The image as the model's WorkspaceImage, which has no tags."""
    now = current_state(state, image)
    described: dict[str, Any] = {
        "ImageId": image.image_id,
        "Name": image.name,
        "Description": image.description,
        "OperatingSystem": {"Type": image.operating_system},
        "State": now,
        "RequiredTenancy": image.required_tenancy,
        "OwnerAccountId": image.owner,
    }
    if image.created is not None:
        described["Created"] = image.created
    if now == "ERROR":
        described.update(ErrorCode=image.error_code, ErrorMessage=image.error_message)
        if image.error_details:
            described["ErrorDetails"] = image.error_details
    return described
