# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles: what WorkSpaces are made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...desktops import AMAZON, BlockedName, Bundle
from ...service import AwsError
from ...state import Call, State
from .common import SERVICE, check_available, current_state, not_found, own, owned_image, shown
from .desktops import own_workspaces
from .tags import given_tags

BLOCKED_SECONDS = 2 * 60 * 60
LARGEST = 2000
# What AWS no longer makes, and the smallest root and user volumes in GiB by the start of the compute type (guide).
_ENDED = {"GRAPHICS", "GRAPHICSPRO"}
_SMALLEST = {"GENERALPURPOSE": (175, 100), "GRAPHICS": (100, 100), "": (80, 10)}


@SERVICE.behaviour
def describe_workspace_bundles(state: State, call: Call) -> dict[str, Any]:
    """The caller's own bundles, or those of AMAZON (model), or by id both.

    Other ids are left out (inferred). The caller's account id as the owner is taken for the caller, any other owner
    has nothing (both assumed).
    """
    owner, wanted = call.parameters.get("Owner"), call.parameters.get("BundleIds")
    if owner is not None and wanted is not None:  # model
        raise AwsError("InvalidParameterValuesException", "BundleIds cannot be combined with Owner.")
    owners = {call.account, AMAZON} if wanted else {owner or call.account} & {call.account, AMAZON}
    found = {
        bundle.bundle_id: bundle
        for bundle in state.bundles
        if bundle.region == call.region and bundle.owner in owners and (not wanted or bundle.bundle_id in wanted)
    }
    bundles, rest = shown(state, call, found, _description)
    return {"Bundles": bundles, **rest}


@SERVICE.behaviour
def create_workspace_bundle(state: State, call: Call) -> dict[str, Any]:
    """From an image of the caller's own that is AVAILABLE. The bundle is PENDING for a while.

    Documented are the quota and that a deleted bundle's name can't be used for two hours. That such a name, and one in
    use, give ResourceAlreadyExists is assumed.
    """
    image = owned_image(state, call)
    check_available(state, image)
    given = call.parameters
    root, user = _sizes(call)
    tags = given_tags(call)
    if any(_is_blocked(state, call, record) for record in state.blocked_names):
        raise AwsError("ResourceAlreadyExistsException", "A bundle of that name was deleted less than 2 hours ago.")
    owned = own(call, state.bundles)
    if state.names_are_unique and any(bundle.name == given["BundleName"] for bundle in owned):
        raise AwsError("ResourceAlreadyExistsException", "There is a bundle of that name.")
    if len(owned) >= state.bundle_quota:
        raise AwsError("ResourceLimitExceededException", "The bundle quota of the Region is used up.")
    bundle = Bundle(
        f"wsb-made{len(state.history):05d}",
        given["BundleName"],
        call.account,
        image.image_id,
        call.region,
        given["BundleDescription"],
        compute_type=given["ComputeType"].get("Name", "STANDARD"),
        root_storage=root,
        user_storage=user,
        state=state.bundle_result,
        hidden_looks=state.hidden_looks,
        pending_looks=state.bundle_pending_looks,
        created=state.clock(),
        updated=state.clock(),
        tags=tags,
    )
    state.bundles.append(bundle)
    return {"WorkspaceBundle": _description(state, bundle)}


@SERVICE.behaviour
def update_workspace_bundle(state: State, call: Call) -> dict[str, Any]:
    """Put another image of the caller's behind the bundle; nothing else can change, and the answer is empty (model).

    That both have to be AVAILABLE, and that LastUpdatedTime moves, is assumed.
    """
    bundle = _owned(state, call)
    check_available(state, bundle)
    if "ImageId" in call.parameters:
        image = owned_image(state, call)
        check_available(state, image)
        new = replace(bundle, image_id=image.image_id, updated=state.clock())
        state.bundles[state.bundles.index(bundle)] = new
    return {}


@SERVICE.behaviour
def delete_workspace_bundle(state: State, call: Call) -> dict[str, Any]:
    """Refused while WorkSpaces use the bundle (guide; the model has the code). Its name is blocked for two hours."""
    bundle = _owned(state, call)
    if any(
        workspace.bundle_id == bundle.bundle_id and workspace.state != "TERMINATED"
        for workspace in own_workspaces(state, call).values()
    ):
        raise AwsError("ResourceAssociatedException", "One or more WorkSpaces use the bundle.")
    state.bundles.remove(bundle)
    until = state.clock() + BLOCKED_SECONDS
    state.blocked_names.append(BlockedName(bundle.name, bundle.owner, bundle.region, until))
    return {}


def _owned(state: State, call: Call) -> Bundle:
    """The bundle named BundleId, if it is the caller's. AMAZON's is denied, another account's not found (assumed)."""
    if "BundleId" not in call.parameters:  # which the model allows
        raise AwsError("InvalidParameterValuesException", "There has to be a BundleId.")
    id = call.parameters["BundleId"]
    for bundle in state.bundles:
        if (bundle.bundle_id, bundle.region) == (id, call.region):
            if bundle.owner == call.account:
                return bundle
            if bundle.owner == AMAZON:
                raise AwsError("AccessDeniedException", "The bundle belongs to AWS.")
    raise not_found("bundle", id)


def _is_blocked(state: State, call: Call, record: BlockedName) -> bool:
    asked = (call.parameters["BundleName"], call.account, call.region)
    return (record.name, record.owner, record.region) == asked and state.clock() < record.until


def _sizes(call: Call) -> tuple[str, str]:
    """Capacities of the root and the user volume, which are text; the root's is the smallest if left out (assumed).

    The bounds are documented, InvalidParameterValues for what is outside is assumed. The compute types that ended are
    documented too.
    """
    compute_type = call.parameters["ComputeType"].get("Name", "STANDARD")
    if compute_type in _ENDED:
        raise AwsError("InvalidParameterValuesException", f"AWS no longer offers {compute_type}.")
    smallest = next(sizes for start, sizes in _SMALLEST.items() if compute_type.startswith(start))
    root = call.parameters.get("RootStorage", {"Capacity": str(smallest[0])})["Capacity"]
    user = call.parameters["UserStorage"]["Capacity"]
    for size, least in ((root, smallest[0]), (user, smallest[1])):
        if not (size.isdecimal() and least <= int(size) <= LARGEST):
            message = f"A volume of {size!r} GiB is not possible with {compute_type}: {least} to {LARGEST} are."
            raise AwsError("InvalidParameterValuesException", message)
    return root, user


def _description(state: State, bundle: Bundle) -> dict[str, Any]:
    """The bundle as the model's WorkspaceBundle, which has no tags."""
    described = {
        "BundleId": bundle.bundle_id,
        "Name": bundle.name,
        "Owner": "Amazon" if bundle.owner == AMAZON else bundle.owner,
        "Description": bundle.description,
        "ImageId": bundle.image_id,
        "RootStorage": {"Capacity": bundle.root_storage},
        "UserStorage": {"Capacity": bundle.user_storage},
        "ComputeType": {"Name": bundle.compute_type},
        "LastUpdatedTime": bundle.updated,
        "CreationTime": bundle.created,
        "State": current_state(state, bundle),
        "BundleType": "REGULAR",
    }
    return {name: value for name, value in described.items() if value != ""}
