# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle that is to be deleted: what speaks against it, and what is said of it.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.accounts import enumerated
from .bundles import bundle_fields, bundle_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .bundles import Bundle

# How many of the WorkSpaces that use a bundle are named.
_NAMED = 5


def users_of(workspaces: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name the WorkSpaces that keep a bundle, by ID and user, sorted.

    :param workspaces: WorkSpaces as AWS describes them. One that is TERMINATED is gone, and may still be listed.
    """
    return sorted(
        f"{workspace['WorkspaceId']} of {workspace.get('UserName')}"
        for workspace in workspaces
        if workspace.get("State") != "TERMINATED"
    )


def use_problem(bundle: Bundle, region: str, users: Sequence[str]) -> str | None:
    """Say that WorkSpaces keep a bundle from being deleted; None if there is none.

    :param users: What ``users_of`` told.
    """
    if not users:
        return None
    first = f", the first of them {enumerated(users[:_NAMED])}" if len(users) > _NAMED else f": {enumerated(users)}"
    return (
        f"Bundle {bundle_label(bundle, region)} can't be deleted: WorkSpaces use it, {len(users)} in all{first}. Delete"
        " them, or migrate them to another bundle. Nothing was changed."
    )


def not_known(bundle: Bundle, region: str) -> str:
    """Say that check mode can't know whether a bundle can be deleted."""
    return (
        f"Whether WorkSpaces use bundle {bundle_label(bundle, region)} is not known, for the caller may not look: AWS"
        " refuses to delete it if they do. Allow workspaces:DescribeWorkspaces to see it before."
    )


def not_deleted(error: str, found: Sequence[Bundle] | None, leaves_open: bool, may_take_effect: bool) -> str:
    """Say what is known after a deletion that failed.

    :param error: What is known of the call.
    :param found: The bundle as it was read again; None where AWS could not be asked.
    :param leaves_open: Whether AWS may have done it all the same.
    :param may_take_effect: Whether AWS may do it later.
    """
    if found is None and leaves_open:
        return f"{error} Whether the bundle was deleted is not known: it could not be read again."
    if may_take_effect:
        return f"{error} The bundle was still there when it was read again, but may still be deleted."
    return error


def deletion_result(
    bundle: Bundle | None, bundle_id: str | None, name: str | None, region: str, changed: bool
) -> dict[str, Any]:
    """Build what the module returns of a bundle that is to be absent.

    :param bundle: The bundle as it was before this task; None if there was none.
    :param bundle_id: The ID that was asked for; None where the name was.
    :param name: The name that was asked for; None where the ID was.
    """
    bundle_id, name = (bundle["BundleId"], bundle.get("Name")) if bundle else (bundle_id, name)
    label = f"{name or bundle_id} in {region}"
    gone = bundle if changed else None
    return {
        "changed": changed,
        "bundle_id": bundle_id,
        "name": name,
        "region": region,
        "image_id": None,
        "previous_image_id": bundle.get("ImageId") if bundle else None,
        "diff": {
            "before_header": label,
            "after_header": label,
            "before": bundle_fields(gone) if gone else {},
            "after": {},
        },
    }
