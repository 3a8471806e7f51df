# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.euc.aws.plugins.module_utils._organizations.cached import cached_accounts, spoilt_problem

ACCOUNT = {"id": "000000000001", "name": "shop", "path": "/Workloads", "tags": None}
TAGGED = {**ACCOUNT, "tags": {"stage": "production"}}


@pytest.mark.parametrize("value", [[], [ACCOUNT], [ACCOUNT, TAGGED, {**ACCOUNT, "name": None}]])
def test_what_was_cached_is_taken(value):
    assert cached_accounts(value) == value
    assert spoilt_problem(value) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "accounts",
        {},
        {"accounts": [ACCOUNT]},
        ["000000000001"],
        [ACCOUNT, None],
        [{**ACCOUNT, "email": "shop@example.com"}],
        [{"id": "000000000001"}],
        *([{**ACCOUNT, **part}] for part in ({"id": 1}, {"name": 1}, {"path": None}, {"tags": []})),
        *([{**ACCOUNT, "tags": tags}] for tags in ({"stage": None}, {"stage": ["production"]}, {1: "one"})),
    ],
    ids=repr,
)
def test_what_has_another_form_counts_as_not_cached(value):
    assert cached_accounts(value) is None


def test_an_id_that_is_none_is_told():
    assert "'1', '{{ 7 }}'. Look" in spoilt_problem([ACCOUNT, {"id": "{{ 7 }}"}, {"id": "1"}])
