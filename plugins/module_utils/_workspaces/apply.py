# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the planned changes, one call an account, and finding out what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import api
from .errors import AnsibleWorkspacesError
from .sharing import Change, Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def apply_changes(client: Any, image_id: str, changes: Sequence[Change]) -> Outcome:
    """Make changes in their order.

    A refusal of one account lets the others go on. Every other error ends the run, unless the permissions, read
    again, show that the change holds.

    :returns: What became of each change. AWS's errors are in it: this raises nothing for them.
    """
    failed: dict[Change, Failure] = {}
    for attempted, change in enumerate(changes, 1):
        try:
            api.update_image_permission(client, image_id, change.account_id, change.allow_copy)
        except AnsibleWorkspacesError as error:
            failed[change] = _failure(change, error)
            if not error.refuses_one_account:
                failed = _still_failed(client, image_id, failed)
                if change in failed:
                    return _outcome(changes[:attempted], failed, changes[attempted:])
    return _outcome(changes, _still_failed(client, image_id, failed), ())


def _failure(change: Change, error: AnsibleWorkspacesError) -> Failure:
    # To revoke a permission that somebody else has just revoked may be answered as if the image were gone.
    vanished = error.code == "ResourceNotFoundException" and not change.allow_copy
    return Failure(error.code, error.answer, error.advice, error.leaves_open or vanished, error.response)


def _still_failed(client: Any, image_id: str, failed: dict[Change, Failure]) -> dict[Change, Failure]:
    """Leave out the changes that hold in spite of their error, by reading the permissions once more."""
    if not any(failure.may_hold for failure in failed.values()):
        return failed
    try:
        shared_with = api.describe_image_permissions(client, image_id)
    except AnsibleWorkspacesError:
        # What AWS answered to the change says more than why it could not be asked again.
        return failed
    return {
        change: replace(failure, may_hold=False)
        for change, failure in failed.items()
        if not change.holds_in(shared_with)
    }


def _outcome(attempted: Sequence[Change], failed: dict[Change, Failure], not_attempted: Sequence[Change]) -> Outcome:
    return Outcome([change for change in attempted if change not in failed], failed, not_attempted)
