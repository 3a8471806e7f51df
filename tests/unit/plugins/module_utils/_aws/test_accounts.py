# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._aws.accounts import account_ids_problem

NO_ZERO = '(if 012345678901 was meant: it lost its leading zero, so quote it, as "012345678901")'
ACCOUNT_IDS = st.text("0123456789", min_size=12, max_size=12)


@given(st.lists(ACCOUNT_IDS))
def test_account_ids_of_12_digits_are_no_problem(values):
    assert account_ids_problem(values, "shared_account_ids") is None


@given(st.text("01234567", min_size=11, max_size=11))
def test_an_octal_misreading_names_the_id_that_was_meant(digits):
    read_by_yaml = str(int(digits, 8))
    problem = account_ids_problem([read_by_yaml], "shared_account_ids")
    if read_by_yaml != "0":
        assert f'so quote it, as "0{digits}"' in problem
    assert repr(read_by_yaml) in problem


@given(st.text().filter(lambda text: len(text) != 12))
def test_whatever_is_not_12_characters_long_is_refused(value):
    assert account_ids_problem([value], "shared_account_ids")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("", "''", id="empty"),
        pytest.param("1234567890123", "'1234567890123'", id="13 digits"),
        pytest.param("12345678901", NO_ZERO, id="11 digits"),
        pytest.param("8589934591", "if 077777777777 was meant", id="the highest octal misreading"),
        pytest.param("8589934592", "these are not: '8589934592'.", id="too high for an octal misreading"),
        pytest.param("1234-5678-9012", 'write it without hyphens: "123456789012"', id="as the console shows it"),
        pytest.param(" 123456789012", "there is white space around it", id="white space before"),
        pytest.param("123456789012\n", "'123456789012\\n' (there is white space around it)", id="newline after"),
        pytest.param("١٢٣٤٥٦٧٨٩٠١٢", "these are not: '١٢٣٤٥٦٧٨٩٠١٢'.", id="digits of another script"),
        pytest.param("1" * 61, f"'{'1' * 60}...'", id="very long, shown in part"),
        pytest.param("1" * 60, f"these are not: '{'1' * 60}'.", id="just short enough to be shown whole"),
    ],
)
def test_a_wrong_id_is_named_with_what_was_probably_meant(value, shown):
    problem = account_ids_problem(["123456789012", value], "shared_account_ids")
    assert problem.startswith("shared_account_ids takes 12-digit AWS account IDs")
    assert shown in problem
    assert "'123456789012'" not in problem


def test_every_wrong_id_is_named_once():
    problem = account_ids_problem(["e", "b", "d", "a", "c", "b"], "shared_account_ids")
    assert problem.endswith("these are not: 'a', 'b', 'c', 'd', 'e'.")


@pytest.mark.parametrize(("count", "end"), [(50, "'x49'."), (51, "'x49', and 1 more."), (2000, "and 1950 more.")])
def test_of_many_wrong_ids_the_first_50_are_named(count, end):
    problem = account_ids_problem([f"x{number:02}" for number in range(count)], "shared_account_ids")
    assert problem.endswith(end)
