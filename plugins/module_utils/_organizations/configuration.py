# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the file of an inventory that Ansible would read without a word.

Ansible drops keys that it does not know, and takes every word for a false that it can't read as a true.
Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from .._aws.accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Ansible's own fragment "constructed" has both.
_BOOLEAN = ("bool", "boolean")


def configuration_problems(
    given: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], is_boolean: Callable[[Any], bool]
) -> list[str]:
    """Say what is wrong with the keys of the file, and with what is to be true or false; a sentence each.

    :param given: What is in the file.
    :param known: The plugin's options as its documentation has them, with ``type`` and ``aliases``.
    :param is_boolean: Whether Ansible can read a value as true or false.
    """
    names = {alias: name for name, option in known.items() for alias in (name, *option.get("aliases", ()))}
    problems = [
        _unknown_problem(given, names),
        _boolean_problem(
            given, {key for key, name in names.items() if known[name].get("type") in _BOOLEAN}, is_boolean
        ),
        _hidden_problem(given, names),
    ]
    return [problem for problem in problems if problem]


def _unknown_problem(given: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    unknown = {str(key) for key in given if key not in names}
    if not unknown:
        return None
    return (
        "These keys are no options of the inventory plugin euc.aws.organization_accounts:"
        f" {enumerated(unknown, lambda key: _meant(key, names))}. Correct them, or take them out."
    )


def _meant(key: str, names: Mapping[str, str]) -> str | None:
    near = get_close_matches(key, names, n=1)
    return f"mostly {near[0]} is meant" if near else None


def _boolean_problem(given: Mapping[str, Any], keys: set[str], is_boolean: Callable[[Any], bool]) -> str | None:
    wrong = {key: repr(given[key]) for key in keys & given.keys() if given[key] is not None}
    wrong = {key: value for key, value in wrong.items() if not is_boolean(given[key])}
    return f"These options are neither true nor false: {enumerated(wrong, wrong.get)}." if wrong else None


def _hidden_problem(given: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    """Tell of options that are null, which Ansible takes before what an alias says."""
    hidden = {
        name: f"by {alias}"
        for alias, name in names.items()
        if alias != name and given.get(alias) is not None and given.get(name, alias) is None
    }
    if not hidden:
        return None
    return f"These options are null, and given by an alias too: {enumerated(hidden, hidden.get)}. Give one of the two."
