# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server knows of an organization: its units, its accounts, and who may ask for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unit:
    """An organizational unit. `parent` is the id of a unit or of the root."""

    unit_id: str
    name: str
    parent: str


@dataclass(frozen=True)
class Account:
    """An account. `parent` is the id of the unit or root that it is in."""

    account_id: str
    name: str
    parent: str
    state: str = "ACTIVE"
    email: str = "somebody@example.com"
    joined: float = 1_700_000_000
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Rate:
    """A token bucket: `rate` calls a second, `burst` at once."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _tokens: float | None = None
    _since: float = 0

    def allows(self) -> bool:
        """Take a token; False if there is none left."""
        now = self.clock()
        tokens = self.burst if self._tokens is None else min(self.burst, self._tokens + (now - self._since) * self.rate)
        self._since = now
        self._tokens = tokens - 1 if tokens >= 1 else tokens
        return tokens >= 1


# Calls a second and at once, for one calling account: https://docs.aws.amazon.com/organizations/latest/userguide/
# orgs_reference_limits.html
AWS_RATES = {
    "ListAccounts": (8, 12),
    "ListAccountsForParent": (5, 8),
    "ListOrganizationalUnitsForParent": (5, 8),
    "ListParents": (5, 8),
    "ListTagsForResource": (10, 15),
    "DescribeOrganizationalUnit": (2, 2),
    "ListRoots": (1, 2),
    "DescribeOrganization": (1, 2),
    "DescribeAccount": (20, 30),
}


@dataclass
class Organization:
    """An organization, whose management account has to be one of its accounts.

    - `delegated` are the accounts that may ask beside the management account.
    - `gives_paths`: whether accounts and units tell where they are. `gives_state` and `gives_status`: which of the two
      fields accounts tell their state in.
    - `empty_pages`: whether the first page of each list is empty and has a token.
    - `rates`: calls a second and at once by operation, such as AWS_RATES; what is left out is not throttled.
    """

    management: str
    units: list[Unit] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    root_id: str = "r-ab12"
    organization_id: str = "o-exampleorgid"
    delegated: set[str] = field(default_factory=set)
    gives_paths: bool = True
    gives_state: bool = True
    gives_status: bool = False
    empty_pages: bool = False
    rates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    _buckets: dict[tuple[str, str], Rate] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tree: Mapping[str, Iterable[str]], **settings: Any) -> Organization:
        """An organization with these accounts in the units of these paths; `/` is the root.

        A unit has the id `ou-ab12-` and its number in the tree. The first account of all is the management account,
        unless told otherwise.
        """
        paths = [path for path in tree if path != "/"]
        ids = {"/": "r-ab12", **{path: f"ou-ab12-{number:08}" for number, path in enumerate(paths)}}
        accounts = [
            Account(account_id, f"account-{account_id[-4:]}", ids[path], email=f"{account_id}@example.com")
            for path, account_ids in tree.items()
            for account_id in account_ids
        ]
        units = [Unit(ids[path], path.rpartition("/")[2], ids[path.rpartition("/")[0] or "/"]) for path in paths]
        management = accounts[0].account_id if accounts else ""
        return cls(**{"management": management, "units": units, "accounts": accounts, **settings})

    def unit(self, unit_id: str) -> Unit | None:
        """The unit of this id, if there is one."""
        return next((unit for unit in self.units if unit.unit_id == unit_id), None)

    def account(self, account_id: str) -> Account | None:
        """The account of this id, if there is one."""
        return next((account for account in self.accounts if account.account_id == account_id), None)

    def chain(self, parent: str) -> list[str]:
        """The ids from the root down to a unit."""
        found = self.unit(parent)
        return [*self.chain(found.parent), parent] if found else [parent]

    def allows(self, operation: str, caller: str) -> bool:
        """Whether AWS's rate for the operation lets the caller call now."""
        if operation not in self.rates:
            return True
        return self._buckets.setdefault((operation, caller), Rate(*self.rates[operation])).allows()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Organization:
        """The organization that `as_json` told of."""
        return cls(
            **{
                **data,
                "units": [Unit(**unit) for unit in data.get("units", ())],
                "accounts": [Account(**account) for account in data.get("accounts", ())],
                "delegated": set(data.get("delegated", ())),
                "rates": {operation: tuple(rate) for operation, rate in data.get("rates", {}).items()},
            }
        )

    def as_json(self) -> dict[str, Any]:
        """The organization as JSON types, sets as sorted lists."""
        return {
            **{name: value for name, value in vars(self).items() if not name.startswith("_")},
            "units": [asdict(unit) for unit in self.units],
            "accounts": [asdict(account) for account in self.accounts],
            "delegated": sorted(self.delegated),
            "rates": {operation: list(rate) for operation, rate in self.rates.items()},
        }
