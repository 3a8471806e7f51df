# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.euc.aws.plugins.module_utils._organizations.configuration import configuration_problems

KNOWN = {
    "assume_role_arn": {"type": "str", "aliases": ["iam_role_arn"]},
    "recursive": {"type": "bool", "aliases": ["deep"]},
    "strict": {"type": "boolean"},
    "account_ids": {"type": "list"},
}


def problems(given):
    return configuration_problems(given, KNOWN, lambda value: value in (True, False))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"assume_role_arn": "a", "recursive": False, "account_ids": []},
        {"iam_role_arn": "a", "deep": True},
        {"assume_role_arn": None},
        {"assume_role_arn": None, "iam_role_arn": None},
        {"assume_role_arn": "a", "iam_role_arn": "a"},
    ],
    ids=repr,
)
def test_options_and_their_aliases_are_let_through(given):
    assert problems(given) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"account_id": [], 7: 1}, "'7', 'account_id' (mostly account_ids is meant). Correct"),
        ({"recursive": "ture"}, "neither true nor false: 'recursive' ('ture')."),
        ({"strict": "ture"}, "neither true nor false: 'strict' ('ture')."),
        ({"deep": "ture"}, "neither true nor false: 'deep' ('ture')."),
        ({"assume_role_arn": None, "iam_role_arn": "a"}, "by an alias too: 'assume_role_arn' (by iam_role_arn)."),
    ],
    ids=repr,
)
def test_what_ansible_would_not_tell_is_told(given, words):
    (problem,) = problems(given)
    assert words in problem
