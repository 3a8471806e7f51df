# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the accounts of an organization that are meant: all of them, or an error.

The calls are those that the documentation of organization_accounts_info counts. Every function raises
``AnsibleOrganizationsError``, for AWS's errors and with a sentence of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import api
from .choice import Choice, choose, no_accounts, no_such_accounts
from .errors import AnsibleOrganizationsError
from .tree import NoSuchUnitError, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from .choice import Account


@dataclass(frozen=True)
class Found:
    """An account that is chosen, the path of the unit that it is in, and its tags, None where they were not asked."""

    account: Account
    path: str
    tags: dict[str, str] | None


def find_accounts(client: Any, params: Mapping[str, Any]) -> list[Found]:
    """Find the accounts that are chosen.

    :param client: A botocore client for Organizations.
    :param params: The options of CHOICE_OPTIONS, which ``choice_problems`` let through.
    :returns: All of them, by ID.
    """
    tree = Tree(client)
    choice = _with_ids(tree, params)
    accounts = _read(client, tree, choice)
    _hold_exclusions_against(tree, params)
    chosen, problems = choose(choice, accounts.values())
    _refuse(problems)
    paths = {chain: tree.path(chain) for chain in {account.chain or () for account in chosen}}
    return [
        Found(
            account, paths[account.chain or ()], api.list_tags(client, account.id) if params["include_tags"] else None
        )
        for account in chosen
    ]


def _with_ids(tree: Tree, params: Mapping[str, Any]) -> Choice:
    """Name every unit by its ID. What is only excluded by ID is not looked up yet: mostly it is met while reading."""
    units, excluded = params["organizational_units"], params["exclude_organizational_units"] or ()
    found, problems = _ids(tree, units or (), "organizational_units")
    by_path = [unit for unit in excluded if unit.startswith("/")]
    left_out, more = _ids(tree, by_path, "exclude_organizational_units")
    _refuse([*problems, *more])
    return Choice(
        unit_ids=None if units is None else found,
        recursive=params["recursive"],
        account_ids=None if params["account_ids"] is None else frozenset(params["account_ids"]),
        excluded_unit_ids=left_out | set(excluded) - set(by_path),
        excluded_account_ids=frozenset(params["exclude_account_ids"] or ()),
        states=frozenset(params["states"]),
    )


def _hold_exclusions_against(tree: Tree, params: Mapping[str, Any]) -> None:
    excluded = params["exclude_organizational_units"] or ()
    _ids_found, problems = _ids(
        tree, [unit for unit in excluded if not unit.startswith("/")], "exclude_organizational_units"
    )
    _refuse(problems)


def _ids(tree: Tree, units: Iterable[str], option: str) -> tuple[frozenset[str], list[str]]:
    ids, problems = set(), []
    for unit in dict.fromkeys(units):
        try:
            ids.add(tree.id_of(unit, option))
        except NoSuchUnitError as problem:
            problems.append(str(problem))
    return frozenset(ids), problems


def _read(client: Any, tree: Tree, choice: Choice) -> dict[str, Account]:
    """Read every account that may be chosen, with its chain, by ID."""
    takes_root = choice.is_everything or (choice.recursive and any(u.startswith("r-") for u in choice.unit_ids or ()))
    accounts = _listed(client, tree) if takes_root else None
    is_complete = accounts is not None
    if accounts is None:
        starts = [tree.root()] if takes_root else sorted(choice.unit_ids or ())
        accounts = {account.id: account for account in _walked(client, tree, choice, starts)}
        is_complete = takes_root and not choice.excluded_unit_ids
    if is_complete and not accounts:
        raise AnsibleOrganizationsError(no_accounts())
    accounts.update(_named(client, tree, choice, accounts, is_complete))
    return accounts


def _listed(client: Any, tree: Tree) -> dict[str, Account] | None:
    """Read the whole organization from one list; None if AWS, or this botocore, does not tell where accounts are."""
    if not api.tells_paths(client):
        return None
    accounts = {}
    for account in api.list_accounts(client):
        if account.chain is None:
            return None
        tree.learn(account.chain)
        accounts[account.id] = account
    return accounts


def _walked(client: Any, tree: Tree, choice: Choice, starts: Iterable[str]) -> Iterator[Account]:
    """Read unit by unit, but for those that are excluded. One that was moved meanwhile may come twice, or not."""
    ahead, seen = list(starts), set()
    while ahead:
        unit_id = ahead.pop()
        chain = tree.chain(unit_id)
        if unit_id in seen or not choice.excluded_unit_ids.isdisjoint(chain):
            continue
        seen.add(unit_id)
        yield from (replace(account, chain=chain) for account in api.list_accounts_for_parent(client, unit_id))
        if choice.recursive:
            ahead += [unit.id for unit in tree.units(unit_id)]


def _named(
    client: Any, tree: Tree, choice: Choice, read: Mapping[str, Account], is_complete: bool
) -> dict[str, Account]:
    """Look up the accounts that were named and not read, to exclude them too: an unknown one is an error.

    :param is_complete: Whether every account of the organization was read.
    :returns: Those that may be chosen.
    """
    excluded, named = choice.excluded_account_ids - read.keys(), choice.named_account_ids - read.keys()
    unknown = set(excluded | named) if is_complete else set()
    found = {}
    for account_id in () if is_complete else sorted(excluded | named):
        try:
            account = api.describe_account(client, account_id)
        except AnsibleOrganizationsError as error:
            if not error.says_not_there:
                raise
            unknown.add(account_id)
            continue
        if account_id in named:
            found[account_id] = _located(tree, account)
    _refuse(
        [
            no_such_accounts(unknown & named, "account_ids"),
            no_such_accounts(unknown & excluded, "exclude_account_ids"),
        ]
    )
    return found


def _located(tree: Tree, account: Account) -> Account:
    """Add to an account where it is, if AWS did not tell."""
    if account.chain:
        tree.learn(account.chain)
        return account
    return replace(account, chain=tree.chain(tree.parent_of(account.id)))


def _refuse(problems: Iterable[str | None]) -> None:
    found = [problem for problem in problems if problem]
    if found:
        raise AnsibleOrganizationsError(" ".join([*found, "No account is returned."]))
