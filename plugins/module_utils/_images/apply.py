# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the planned changes, one call an account, and finding out what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._aws.errors import AnsibleEUCError
from . import api
from .errors import AnsibleImagesError
from .sharing import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from .sharing import Change


def apply_changes(client: Any, image_id: str, shared_with: AbstractSet[str], changes: Sequence[Change]) -> Outcome:
    """Make changes in their order: the grants, and then the revokes if no grant failed.

    A refusal of one account lets the others go on. Every other error ends the run, unless the permissions, read
    again, show that the change holds.

    :param shared_with: The accounts that have permission before.
    :param changes: Grants first.
    :returns: What became of each change. AWS's errors are in it: this raises nothing for them.
    """
    grants = [change for change in changes if change.allow_copy]
    revokes = [change for change in changes if not change.allow_copy]
    granted = _apply(client, image_id, shared_with, grants)
    if granted.failed:
        # Who was to get the image has not got it, so nobody loses it.
        return replace(granted, not_attempted=[*granted.not_attempted, *revokes])
    revoked = _apply(client, image_id, granted.shared_with, revokes)
    return replace(revoked, done=[*granted.done, *revoked.done])


def _apply(client: Any, image_id: str, shared_with: AbstractSet[str], changes: Sequence[Change]) -> Outcome:
    outcome = Outcome(shared_with=shared_with)
    for attempted, change in enumerate(changes, 1):
        try:
            api.update_image_permission(client, image_id, change.account_id, change.allow_copy)
        except AnsibleEUCError as error:
            # AWS's refusal, or the role's that was to be renewed for this call.
            outcome = replace(outcome, failed={**outcome.failed, change: _failure(change, error)})
            if not (isinstance(error, AnsibleImagesError) and error.refuses_one_account):
                outcome = _read_again(client, image_id, changes[:attempted], outcome)
                if change in outcome.failed:
                    return replace(outcome, not_attempted=changes[attempted:])
        else:
            outcome = replace(outcome, done=[*outcome.done, change], shared_with=change.applied_to(outcome.shared_with))
    return _read_again(client, image_id, changes, outcome)


def _failure(change: Change, error: AnsibleEUCError) -> Failure:
    # To revoke a permission that somebody else has just revoked may be answered as if the image were gone.
    vanished = error.code == "ResourceNotFoundException" and not change.allow_copy
    return Failure(
        error.code, error.answer, error.advice, error.leaves_open or vanished, error.may_take_effect, error.response
    )


def _read_again(client: Any, image_id: str, attempted: Sequence[Change], outcome: Outcome) -> Outcome:
    """Find out, by reading the permissions once more, which changes hold in spite of their error."""
    if not any(failure.is_open for failure in outcome.failed.values()):
        return outcome
    try:
        shared_with = api.describe_image_permissions(client, image_id)
    except AnsibleEUCError:
        # What AWS answered to the change says more than why it could not be asked again.
        return outcome
    failed = {
        change: replace(failure, is_open=False)
        for change, failure in outcome.failed.items()
        if not change.holds_in(shared_with)
    }
    return replace(
        outcome,
        done=[change for change in attempted if change not in failed],
        failed=failed,
        shared_with=shared_with,
    )
