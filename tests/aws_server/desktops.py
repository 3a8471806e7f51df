# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands on images: WorkSpaces, and the bundles that they come from."""

from __future__ import annotations

from dataclasses import dataclass, field

AMAZON = (
    "AMAZON"  # the owner of public bundles, as it is asked for; they are answered with "Amazon" (Terraform's tests)
)


@dataclass(frozen=True)
class WorkSpace:
    """A desktop. While an image that was made from it is PENDING, it shows as SUSPENDED, whatever `state` says.

    `modification_states` are AWS's own: `{"Resource": "ROOT_VOLUME", "State": "UPDATE_IN_PROGRESS"}`.
    """

    workspace_id: str
    owner: str
    region: str = "us-east-1"
    bundle_id: str = "wsb-none00000"
    state: str = "AVAILABLE"
    root_volume_encryption_enabled: bool = False
    user_volume_encryption_enabled: bool = False
    modification_states: list[dict[str, str]] = field(default_factory=list)
    directory_id: str = "d-0000000000"
    user_name: str = "master"
    operating_system: str = "WINDOWS"


@dataclass(frozen=True)
class Bundle:
    """What WorkSpaces are made from; AWS's own are those of the owner AMAZON, whose image need not be among ours.

    It does not show in its first `hidden_looks` DescribeWorkspaceBundles, then as PENDING in the next `pending_looks`,
    then as `state`. Sizes are in GiB, as text.
    """

    bundle_id: str
    name: str
    owner: str
    image_id: str
    region: str = "us-east-1"
    description: str = "A test bundle"
    compute_type: str = "STANDARD"
    root_storage: str = "80"
    user_storage: str = "50"
    state: str = "AVAILABLE"
    hidden_looks: int = 0
    pending_looks: int = 0
    created: float = 1_700_000_000
    updated: float = 1_700_000_000
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BlockedName:
    """The name of a deleted bundle, which its owner can't use in the Region before the clock reads `until`."""

    name: str
    owner: str
    region: str
    until: float
