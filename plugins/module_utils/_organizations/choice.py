# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which accounts of an organization are chosen, and what is wrong with a choice.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.accounts import account_ids_problem, enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

STATES = ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"]

# For the argument spec of the module; plugins/doc_fragments/organization.py documents it.
CHOICE_OPTIONS = dict(
    organizational_units=dict(type="list", elements="str"),
    recursive=dict(type="bool", default=True),
    account_ids=dict(type="list", elements="str"),
    exclude_organizational_units=dict(type="list", elements="str"),
    exclude_account_ids=dict(type="list", elements="str"),
    states=dict(type="list", elements="str", choices=STATES, default=["ACTIVE"]),
    include_tags=dict(type="bool", default=False),
)

# RootId and OrganizationalUnitId in botocore's data/organizations/2016-11-28/service-2.json.
_UNIT_ID = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")
_PATH = re.compile(r"/|(?:/[^/]+)+")
_NOT_AWS = "Look what answers in the place of AWS: endpoint_url, AWS_ENDPOINT_URL, or a proxy. No account is returned."


@dataclass(frozen=True, slots=True)
class Account:
    """An account as AWS tells of it; None for what it does not tell.

    ``chain``: the IDs from the root down to the unit that it is in. ``joined``: when, in ISO 8601 and UTC.
    """

    id: str
    name: str | None
    email: str | None
    state: str | None
    joined: str | None
    chain: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Unit:
    """An organizational unit. ``chain`` is None where AWS does not tell it."""

    id: str
    name: str
    chain: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """What was chosen, by IDs. Without units and without accounts it is the whole organization.

    ``unit_ids`` and ``account_ids`` are None where they were not given; an empty one chooses nothing.
    """

    unit_ids: frozenset[str] | None
    recursive: bool
    account_ids: frozenset[str] | None
    excluded_unit_ids: frozenset[str]
    excluded_account_ids: frozenset[str]
    states: frozenset[str]

    @property
    def is_everything(self) -> bool:
        """Whether it is the whole organization because nothing was named."""
        return self.unit_ids is None and self.account_ids is None

    @property
    def named_account_ids(self) -> frozenset[str]:
        """The accounts that were named and are not excluded by their IDs."""
        return (self.account_ids or frozenset()) - self.excluded_account_ids

    def includes(self, account: Account) -> bool:
        """Whether an account is chosen, whatever its state. Its ``chain`` has to be known."""
        above = account.chain or ()
        if account.id in self.excluded_account_ids or not self.excluded_unit_ids.isdisjoint(above):
            return False
        units = self.unit_ids or frozenset()
        is_in_units = not units.isdisjoint(above if self.recursive else above[-1:])
        return self.is_everything or is_in_units or account.id in self.named_account_ids


def choose(choice: Choice, accounts: Iterable[Account]) -> tuple[list[Account], list[str]]:
    """Choose accounts.

    :param accounts: Every account that may be chosen, each once.
    :returns: Those that are chosen, by ID; and a sentence for each reason for which they must not be used.
    """
    included = sorted((account for account in accounts if choice.includes(account)), key=lambda account: account.id)
    return (
        [account for account in included if account.state in choice.states],
        [*_without_state(included), *_in_another_state(choice, included)],
    )


def _without_state(accounts: Iterable[Account]) -> list[str]:
    ids = [account.id for account in accounts if account.state is None]
    if not ids:
        return []
    return [
        f"AWS told no state of {enumerated(ids)}, and whoever is not active must not be taken for it. Update botocore"
        " where this runs: before 1.40.27 it drops the field State, and AWS has retired the field Status."
    ]


def _in_another_state(choice: Choice, accounts: Iterable[Account]) -> list[str]:
    states = {
        account.id: account.state
        for account in accounts
        if account.id in choice.named_account_ids and account.state and account.state not in choice.states
    }
    if not states:
        return []
    return [
        f"account_ids names accounts that are in another state than {' or '.join(sorted(choice.states))}:"
        f" {enumerated(states, states.get)}. Take them out, or put their state into states."
    ]


def null_problem(given: Mapping[str, Any], options: Iterable[str] = tuple(CHOICE_OPTIONS)) -> str | None:
    """Say which options are null, which Ansible does not tell from those that are left out.

    :param given: The arguments as they were given, not yet validated.
    :param options: The options that must not be null.
    """
    nulls = {option for option in options if option in given and given[option] is None}
    if not nulls:
        return None
    return (
        f"These options are null: {enumerated(nulls)}. Mostly a variable has no value, and the choice would be another"
        " than you meant. Give them values, or leave them out."
    )


def choice_problems(params: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the options, as far as they tell themselves; a sentence each."""
    problems = [
        _units_problem(params["organizational_units"] or (), "organizational_units"),
        account_ids_problem(params["account_ids"] or (), "account_ids"),
        _units_problem(params["exclude_organizational_units"] or (), "exclude_organizational_units"),
        account_ids_problem(params["exclude_account_ids"] or (), "exclude_account_ids"),
    ]
    if params["organizational_units"] is None and not params["recursive"]:
        problems.append("recursive=false goes with organizational_units, which are not given.")
    return [problem for problem in problems if problem]


def _units_problem(values: Iterable[str], option: str) -> str | None:
    wrong = {value for value in values if not (_UNIT_ID.fullmatch(value) or _PATH.fullmatch(value))}
    if not wrong:
        return None
    return (
        f"{option} takes IDs of organizational units (ou-...), of the root (r-...), and paths from the root such as"
        f" /Workloads/Production, and these are neither: {enumerated(wrong, _likely_path)}."
    )


def _likely_path(value: str) -> str | None:
    path = "/" + value.strip("/")
    is_likely = path != "/" and _PATH.fullmatch(path) and not value.startswith(("ou-", "r-", "{"))
    return f'if the path is meant: "{path}"' if is_likely else None


def is_path(value: str) -> bool:
    """Say whether a unit is named by its path and not by its ID."""
    return value.startswith("/")


def steps(path: str) -> list[str]:
    """Split a path from the root into the names on the way; none for the root itself."""
    return [name for name in path.split("/") if name]


def no_unit_there(path: str, option: str, above: str, name: str, there: Sequence[Unit]) -> str:
    """Tell that a path leads to nothing.

    :param above: The path down to which it leads.
    :param name: The name that is not there.
    :param there: The units that are.
    """
    return (
        f"{option} names {enumerated([path])}, but there is no organizational unit {enumerated([name])} in"
        f" {enumerated([above])}. {_listed(there)}"
    )


def not_one_unit(path: str, option: str, found: Iterable[Unit]) -> str:
    """Tell that a path can't be followed because the name of a unit has a slash."""
    names = {unit.id: unit.name for unit in found}
    return (
        f"{option} names {enumerated([path])}, and because the name of an organizational unit has a slash, the path"
        f" does not tell which one is meant. Choose by ID: {enumerated(names, names.get)}."
    )


def no_such_unit(unit_id: str, option: str, there: Sequence[Unit]) -> str:
    """Tell that an ID is not one of the organization's."""
    ids = {unit.name: unit.id for unit in there}
    return (
        f"{option} names {unit_id}, which is not in this organization. Directly below the root:"
        f" {enumerated(ids, ids.get) or 'no unit'}."
    )


def no_such_accounts(account_ids: Iterable[str], option: str) -> str | None:
    """Tell that accounts are not in the organization; None if there is none to tell of."""
    ids = set(account_ids)
    if not ids:
        return None
    return (
        f"{option} names accounts that are not in this organization: {enumerated(ids)}. Check the IDs; take out"
        " accounts that have left or were closed long ago."
    )


def no_account_id(values: Iterable[str]) -> str:
    """Tell that what stands for the IDs of accounts in an answer is none."""
    return f"AWS told accounts whose IDs are not 12 digits: {enumerated(values)}. {_NOT_AWS}"


def another_account(asked: str, told: str) -> str:
    """Tell that AWS answered about an account that it was not asked for."""
    return f"AWS was asked for account {asked} and told of {told}. {_NOT_AWS}"


def no_accounts() -> str:
    """Tell that the whole organization has no account, which can't be: one manages it."""
    return f"AWS told no account at all, and an organization has the one that manages it. {_NOT_AWS}"


def none_chosen(states: Iterable[str]) -> str:
    """Tell that no account is chosen, which is an answer, and mostly not the one that was wanted."""
    return (
        "No account is chosen: none fits what organizational_units, account_ids, the exclusions and states"
        f" ({', '.join(sorted(states))}) say."
    )


def _listed(units: Sequence[Unit]) -> str:
    ids = {unit.name: unit.id for unit in units}
    return f"The units there: {enumerated(ids, ids.get)}." if ids else "No unit is there."
