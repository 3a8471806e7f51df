# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.euc.aws.plugins.module_utils._organizations.hosts import groups_problem


@pytest.mark.parametrize(
    ("children", "circle"),
    [
        ([], None),
        ([("all", "a"), ("all", "b"), ("a", "b")], None),
        ([("a", "b"), ("b", "c"), ("c", "a")], {"a", "b", "c"}),
        ([("a", "a")], {"a"}),
    ],
)
def test_groups_go_in_no_circle(children, circle):
    problem = groups_problem(children)
    assert (problem and set(problem.partition("loop: ")[2].partition(".")[0].replace("'", "").split(", "))) == circle
