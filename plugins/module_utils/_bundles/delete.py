# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting a bundle that no WorkSpace uses, and finding out what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError
from .._aws.wait import SECONDS_TO_SHOW
from . import api, deleting
from .errors import AnsibleBundleDeletionError
from .lookup import read_again

if TYPE_CHECKING:
    from typing import Any

    from .bundles import Bundle


def check_unused(client: Any, bundle: Bundle) -> str | None:
    """Refuse a bundle that WorkSpaces use.

    :returns: A sentence that says that this is not known, for the caller may have no right to look; None if it is.
    :raises AnsibleEUCError: If WorkSpaces use it, or AWS can't be asked.
    """
    region = client.meta.region_name
    try:
        workspaces = api.describe_workspaces(client, bundle["BundleId"])
    except AnsibleBundleDeletionError as error:
        if error.code == "AccessDeniedException":
            return deleting.not_known(bundle, region)
        raise
    if problem := deleting.use_problem(bundle, region, deleting.users_of(workspaces)):
        raise AnsibleBundleDeletionError(problem)
    return None


def delete_bundle(client: Any, bundle: Bundle) -> bool:
    """Delete a bundle. Gone is success, whoever did it.

    :returns: Whether this task may have done it.
    :raises AnsibleEUCError: If it is not gone, or that can't be known.
    """
    try:
        api.delete_bundle(client, bundle["BundleId"])
    except AnsibleEUCError as error:
        # One that is gone may still be listed for some seconds.
        is_late = error.may_take_effect or error.code == "ResourceNotFoundException"
        seconds = SECONDS_TO_SHOW if is_late else 0
        found = read_again(client, bundle["BundleId"], lambda found: not found, seconds)
        if found == []:
            return error.leaves_open
        raise AnsibleBundleDeletionError(
            deleting.not_deleted(error.message, found, error.leaves_open, error.may_take_effect),
            response=error.response,
            may_take_effect=error.may_take_effect,
        ) from error
    return True
