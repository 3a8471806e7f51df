# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WorkSpaces, which images are made from and bundles made for. Here they are only read."""

from __future__ import annotations

from typing import Any

from ...desktops import WorkSpace
from ...service import AwsError
from ...state import Call, State
from .common import PAGE, SERVICE, current_state, paged

_FILTERS = {"WorkspaceIds", "BundleId", "DirectoryId", "WorkspaceName"}


@SERVICE.behaviour
def describe_workspaces(state: State, call: Call) -> dict[str, Any]:
    """The caller's WorkSpaces in the Region, by one filter at most, UserName only with DirectoryId (model).

    Ids that are not there are left out, as no error for them is declared. No WorkSpace here has a WorkspaceName.
    """
    filters = _FILTERS & call.parameters.keys()
    if len(filters) > 1 or ("UserName" in call.parameters and filters != {"DirectoryId"}):
        raise AwsError("InvalidParameterValuesException", "These filters cannot be combined.")
    found = {id: workspace for id, workspace in own_workspaces(state, call).items() if _passes(workspace, call)}
    ids, rest = paged(state, call, found, call.parameters.get("Limit", PAGE))
    return {"Workspaces": [_description(state, found[id]) for id in ids], **rest}


def own_workspaces(state: State, call: Call) -> dict[str, WorkSpace]:
    """The caller's WorkSpaces in the Region, by id."""
    place = (call.account, call.region)
    return {record.workspace_id: record for record in state.workspaces if (record.owner, record.region) == place}


def workspace_state(state: State, workspace: WorkSpace) -> str:
    """SUSPENDED while an image is made from it (guide); else what the WorkSpace says."""
    for image in state.images:
        if image.workspace_id == workspace.workspace_id and current_state(state, image) == "PENDING":
            return "SUSPENDED"
    return workspace.state


def is_modified(workspace: WorkSpace) -> bool:
    """Whether a modification goes on; one that failed does not."""
    return any(modification["State"] != "UPDATE_FAILED" for modification in workspace.modification_states)


def _passes(workspace: WorkSpace, call: Call) -> bool:
    has = {"BundleId": workspace.bundle_id, "DirectoryId": workspace.directory_id, "UserName": workspace.user_name}
    asked = call.parameters
    return (
        all(asked.get(name, value) == value for name, value in has.items())
        and "WorkspaceName" not in asked
        and workspace.workspace_id in asked.get("WorkspaceIds", [workspace.workspace_id])
    )


def _description(state: State, workspace: WorkSpace) -> dict[str, Any]:
    """The WorkSpace as the model's Workspace. Only what is encrypted says so (as in AWS's examples)."""
    encrypted = {
        "RootVolumeEncryptionEnabled": workspace.root_volume_encryption_enabled,
        "UserVolumeEncryptionEnabled": workspace.user_volume_encryption_enabled,
    }
    return {
        "WorkspaceId": workspace.workspace_id,
        "DirectoryId": workspace.directory_id,
        "UserName": workspace.user_name,
        "State": workspace_state(state, workspace),
        "BundleId": workspace.bundle_id,
        "ModificationStates": workspace.modification_states,
        **{name: True for name, value in encrypted.items() if value},
    }
