# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of the tree of units. AWS is asked for each part of it once, and only where it is needed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from . import api
from .choice import no_such_unit, no_unit_there, not_one_unit, steps
from .errors import AnsibleOrganizationsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .choice import Unit


class NoSuchUnitError(Exception):
    """A unit that was named is not there, or could be several. Its text is the sentence for the user."""


class Tree:
    """Units, their names and what they are in. Every method raises ``AnsibleOrganizationsError`` for AWS's errors."""

    def __init__(self, client: Any) -> None:
        """Know nothing yet.

        :param client: A botocore client for Organizations.
        """
        self._client = client
        self._tells_paths = api.tells_paths(client)
        self._root: str | None = None
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._units: dict[str, list[Unit]] = {}

    def root(self) -> str:
        """Return the ID of the root."""
        if self._root is None:
            roots = api.list_roots(self._client)
            if len(roots) != 1:
                raise AnsibleOrganizationsError(
                    f"AWS tells {len(roots)} roots of the organization, and what is below one alone would be a part."
                )
            self._root = roots[0]
        return self._root

    def units(self, parent_id: str) -> list[Unit]:
        """Return the units that are in a unit or in the root, and not those below."""
        if parent_id not in self._units:
            found = api.list_units_for_parent(self._client, parent_id)
            self._units[parent_id] = found
            self._parents.update({unit.id: parent_id for unit in found})
            self._names.update({unit.id: unit.name for unit in found})
        return self._units[parent_id]

    def learn(self, chain: Sequence[str]) -> None:
        """Remember a chain of IDs from the root down that AWS told."""
        self._root = chain[0]
        self._parents.update({child: parent for parent, child in pairwise(chain)})

    def knows(self, unit_id: str) -> bool:
        """Say whether a unit or root was met."""
        return unit_id == self._root or unit_id in self._parents

    def chain(self, unit_id: str) -> tuple[str, ...]:
        """Return the IDs from the root down to a unit or to the root itself.

        AWS answers for an ID that it does not have with an error that ``says_not_there``.
        """
        ids = [unit_id]
        while not ids[0].startswith("r-"):
            if ids[0] not in self._parents:
                self._locate(ids[0])
            ids.insert(0, self._parents[ids[0]])
        return tuple(ids)

    def _locate(self, unit_id: str) -> None:
        if self._tells_paths:
            unit = api.describe_unit(self._client, unit_id)
            self._names[unit_id] = unit.name
            if unit.chain:
                # That the path ends with the unit itself is told nowhere.
                self.learn(unit.chain if unit.chain[-1] == unit_id else (*unit.chain, unit_id))
                return
            self._tells_paths = False
        self._parents[unit_id] = self.parent_of(unit_id)

    def parent_of(self, child_id: str) -> str:
        """Ask AWS for what an account or a unit is in."""
        parents = api.list_parents(self._client, child_id)
        if len(parents) != 1:
            raise AnsibleOrganizationsError(f"AWS tells {len(parents)} parents of {child_id}, so where it is, is open.")
        return parents[0]

    def path(self, chain: Sequence[str]) -> str:
        """Put the names on the way down from the root into words, such as ``/Workloads/Production``."""
        return "/" + "/".join(self._name(parent, child) for parent, child in pairwise(chain))

    def _name(self, parent_id: str, unit_id: str) -> str:
        if unit_id not in self._names:
            self.units(parent_id)
        if unit_id not in self._names:
            raise AnsibleOrganizationsError(
                f"The organizational unit {unit_id} is no longer in {parent_id}: it was moved or deleted while the"
                " organization was read. Run this again."
            )
        return self._names[unit_id]

    def id_of(self, unit: str, option: str) -> str:
        """Return the ID of a unit.

        :param unit: Its ID, which has to be the root's or one that was met, or its path.
        :param option: Where it was named, for the sentence.
        :raises NoSuchUnitError: If it is not there, or the path can mean several.
        """
        return self._followed(unit, option) if unit.startswith("/") else self._present(unit, option)

    def _present(self, unit_id: str, option: str) -> str:
        is_there = self.knows(unit_id)
        if not is_there and unit_id.startswith("r-"):
            is_there = unit_id == self.root()
        elif not is_there:
            try:
                self.chain(unit_id)
                is_there = True
            except AnsibleOrganizationsError as error:
                if not error.says_not_there:
                    raise
        if not is_there:
            raise NoSuchUnitError(no_such_unit(unit_id, option, self.units(self.root())))
        return unit_id

    def _followed(self, path: str, option: str) -> str:
        names = steps(path)
        if not names:
            return self.root()
        found = list(self._ways(self.root(), names))
        if not found:
            raise NoSuchUnitError(self._lost(path, names, option))
        if len(found) > 1 or "/" in "".join(unit.name for way in found for unit in way):
            raise NoSuchUnitError(not_one_unit(path, option, [way[-1] for way in found]))
        return found[0][-1].id

    def _ways(self, parent_id: str, names: Sequence[str]) -> Iterator[list[Unit]]:
        """Find each way that a path can be followed: the name of a unit may have slashes itself."""
        for unit in self.units(parent_id):
            length = unit.name.count("/") + 1
            if unit.name == "/".join(names[:length]):
                rest = names[length:]
                yield from ([unit, *way] for way in self._ways(unit.id, rest)) if rest else [[unit]]

    def _lost(self, path: str, names: Sequence[str], option: str) -> str:
        """Say where a path ends that leads to nothing."""
        parent_id, above = self.root(), "/"
        for name in names:
            there = self.units(parent_id)
            unit = next((unit for unit in there if unit.name == name), None)
            if unit is None:
                return no_unit_there(path, option, above, name, there)
            parent_id, above = unit.id, f"{above.rstrip('/')}/{name}"
        return no_unit_there(path, option, above, names[-1], self.units(parent_id))
