# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who an image is shared with, who it is to be shared with, and what follows: changes, results, diff.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._aws.accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

# What the message of a failed run tells of failures: so many kinds, and so many characters of what AWS says of each.
_MOST_KINDS = 5
_LONGEST_ANSWER = 1000


@dataclass(frozen=True)
class Change:
    """One account that is to be granted permission to copy the image, or to lose it."""

    account_id: str
    allow_copy: bool

    def holds_in(self, shared_with: AbstractSet[str]) -> bool:
        """Tell whether this change is what already is, given the accounts that have permission."""
        return (self.account_id in shared_with) == self.allow_copy

    def applied_to(self, shared_with: AbstractSet[str]) -> AbstractSet[str]:
        """Return the accounts that have permission after this change, given those that have it before."""
        return shared_with | {self.account_id} if self.allow_copy else shared_with - {self.account_id}


@dataclass(frozen=True)
class Failure:
    """What AWS answered to a change that failed, and what to do about it.

    ``is_open``: the change may hold all the same, and the permissions have not been read since.
    ``may_take_effect``: it may still come to hold, because AWS gave no answer, or a fault of its own.
    ``response``: AWS's whole answer, with the request ID; None where there was none.
    """

    code: str
    message: str
    advice: str
    is_open: bool
    may_take_effect: bool = False
    response: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a list of changes. Each is in exactly one of ``done``, ``failed`` and ``not_attempted``.

    ``shared_with``: the accounts that have permission, as it was read last, and with what was done since.
    """

    shared_with: AbstractSet[str]
    done: Sequence[Change] = ()
    failed: Mapping[Change, Failure] = field(default_factory=dict)
    not_attempted: Sequence[Change] = ()


def request_problem(state: str, account_ids: Sequence[str] | None, purge_accounts: bool) -> str | None:
    """Say why ``state``, ``shared_account_ids`` and ``purge_accounts`` together make no clear request.

    :param account_ids: The accounts listed; None where the option was not given.
    :returns: A sentence, or None if the request is clear.
    """
    if state == "present":
        if account_ids is None:
            return "state=present needs shared_account_ids: the accounts to share the image with."
        if purge_accounts and not account_ids:
            return (
                "shared_account_ids is empty and purge_accounts is true, which would take the image from every"
                " account. An empty list is mostly a template gone wrong, so it is refused. To unshare from every"
                " account, say so: state=absent with purge_accounts=true and no shared_account_ids."
            )
        return None
    if purge_accounts and account_ids is not None:
        return (
            "state=absent takes shared_account_ids (unshare from these accounts) or purge_accounts=true (unshare"
            " from every account), not both."
        )
    if not purge_accounts and account_ids is None:
        return (
            "state=absent needs shared_account_ids (unshare from these accounts) or purge_accounts=true (unshare"
            " from every account)."
        )
    return None


def plan_changes(
    shared_with: AbstractSet[str], state: str, account_ids: AbstractSet[str], purge_accounts: bool
) -> list[Change]:
    """Compute what has to change for a request that ``request_problem`` found clear.

    :param shared_with: The accounts that have permission now.
    :param account_ids: The accounts listed; empty where none was.
    :returns: Grants first, so that nobody who keeps access is ever without it; then revokes; each by account ID.
    """
    if state == "present":
        grants = account_ids - shared_with
        revokes = shared_with - account_ids if purge_accounts else frozenset()
    else:
        grants = frozenset()
        revokes = shared_with if purge_accounts else shared_with & account_ids
    return [Change(account_id, True) for account_id in sorted(grants)] + [
        Change(account_id, False) for account_id in sorted(revokes)
    ]


def granted_by(changes: Sequence[Change]) -> list[str]:
    """Return the accounts that changes grant permission to."""
    return [change.account_id for change in changes if change.allow_copy]


def planned_outcome(shared_with: AbstractSet[str], changes: Sequence[Change]) -> Outcome:
    """Return what becomes of changes where nothing fails, which is what check mode tells."""
    for change in changes:
        shared_with = change.applied_to(shared_with)
    return Outcome(shared_with, done=changes)


def sharing_result(
    image_id: str, image_name: str | None, label: str, before: AbstractSet[str], outcome: Outcome
) -> dict[str, Any]:
    """Build what the module returns, in check mode and after a failure as well.

    :param image_name: The image's name, or None where nothing had to be read that tells it.
    :param label: The image, as ``image_label`` names it.
    :param before: The accounts that had permission before.
    :param outcome: What became of the changes, or would in a real run.
    """
    after = sorted(outcome.shared_with)
    result = {
        "changed": bool(outcome.done),
        "image_id": image_id,
        "shared_account_ids": after,
        "granted_account_ids": sorted(granted_by(outcome.done)),
        "revoked_account_ids": sorted(change.account_id for change in outcome.done if not change.allow_copy),
        "diff": {
            "before_header": label,
            "after_header": label,
            "before": {"image_id": image_id, "shared_account_ids": sorted(before)},
            "after": {"image_id": image_id, "shared_account_ids": after},
        },
    }
    if image_name:
        result["image_name"] = image_name
    return result


def failure_result(outcome: Outcome) -> dict[str, Any]:
    """Build what a failed run returns beside ``sharing_result``: which changes were not made, and why."""
    return {
        "failed_accounts": {
            change.account_id: {
                "code": failure.code,
                "message": failure.message,
                "may_take_effect": failure.is_open or failure.may_take_effect,
            }
            for change, failure in outcome.failed.items()
        },
        "not_attempted_account_ids": sorted(change.account_id for change in outcome.not_attempted),
    }


def failure_message(label: str, outcome: Outcome) -> str:
    """Tell a person what was done, what was not and why, and what to do now.

    Failures that are alike are told once, with their accounts, 50 of them at most. ``failure_result`` has all.

    :param label: The image, as ``image_label`` names it.
    :param outcome: What became of the changes; at least one failed.
    """
    granted = len(granted_by(outcome.done))
    parts = [
        f"Sharing image {label} was not completed: {granted} granted, {len(outcome.done) - granted} revoked,"
        f" {len(outcome.failed)} failed, {len(outcome.not_attempted)} not attempted."
    ]
    kinds = _alike(outcome.failed)
    parts += [_told(*kind) for kind in kinds[:_MOST_KINDS]]
    if len(kinds) > _MOST_KINDS:
        parts.append(f"Failures of {len(kinds) - _MOST_KINDS} more kinds are in failed_accounts.")
    if any(not change.allow_copy for change in outcome.not_attempted) and any(
        change.allow_copy for change in outcome.failed
    ):
        parts.append("Because an account could not be granted permission, nobody's was revoked.")
    parts += dict.fromkeys(failure.advice for failure in outcome.failed.values() if failure.advice)
    parts.append("Run the same task again: it takes up what is left.")
    return " ".join(parts)


def _alike(failed: Mapping[Change, Failure]) -> list[tuple[Change, Failure, list[str]]]:
    """Bring together failures of which AWS says the same, but for the account's ID: one of them, and all accounts."""
    kinds: dict[Any, tuple[Change, Failure, list[str]]] = {}
    for change, failure in failed.items():
        kind = (change.allow_copy, failure.code, failure.message.replace(change.account_id, ""), failure.is_open)
        kinds.setdefault(kind, (change, failure, []))[2].append(change.account_id)
    return list(kinds.values())


def _told(change: Change, failure: Failure, account_ids: Sequence[str]) -> str:
    action = "share with" if change.allow_copy else "stop sharing with"
    whom = f"account {account_ids[0]}"
    if len(account_ids) > 1:
        whom = f"{len(account_ids)} accounts ({enumerated(account_ids)}), of the first"
    answer = failure.message[:_LONGEST_ANSWER].rstrip(".")
    told = f"Failed to {action} {whom}: {failure.code}: {answer}."
    if failure.is_open:
        return f"{told} Whether AWS did it all the same is not known: the permissions could not be read again."
    if failure.may_take_effect:
        return f"{told} It did not hold when the permissions were read again, but may still take effect."
    return told
