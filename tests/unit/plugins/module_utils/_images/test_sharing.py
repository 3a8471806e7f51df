# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.euc.aws.plugins.module_utils._images import sharing
from ansible_collections.euc.aws.plugins.module_utils._images.sharing import Change, Failure, Outcome

A, B, C, D = "111111111111", "222222222222", "333333333333", "444444444444"
ACCOUNTS = st.frozensets(st.sampled_from([A, B, C, D]))


@pytest.mark.parametrize(
    ("state", "account_ids", "purge_accounts", "expected"),
    [
        ("present", [A], False, None),
        ("present", [A], True, None),
        ("present", [], False, None),
        ("present", [], True, "state=absent with purge_accounts=true and no shared_account_ids"),
        ("present", None, False, "state=present needs shared_account_ids"),
        ("present", None, True, "state=present needs shared_account_ids"),
        ("absent", [A], False, None),
        ("absent", [], False, None),
        ("absent", None, True, None),
        ("absent", [A], True, "not both"),
        ("absent", [], True, "not both"),
        ("absent", None, False, "state=absent needs shared_account_ids"),
    ],
)
def test_only_clear_requests_pass(state, account_ids, purge_accounts, expected):
    problem = sharing.request_problem(state, account_ids, purge_accounts)
    assert (problem is None) if expected is None else (expected in problem)


@pytest.mark.parametrize(
    ("state", "account_ids", "purge_accounts", "grants", "revokes"),
    [
        pytest.param("present", {B, C, D}, False, [C, D], [], id="present adds what is missing"),
        pytest.param("present", {A}, False, [], [], id="present with part of the list changes nothing"),
        pytest.param("present", set(), False, [], [], id="present with nobody changes nothing"),
        pytest.param("present", {C, D, B}, True, [C, D], [A], id="exact set grants first, then revokes"),
        pytest.param("present", {A, B}, True, [], [], id="exact set that holds"),
        pytest.param("absent", {B, C}, False, [], [B], id="absent revokes only what is there"),
        pytest.param("absent", set(), False, [], [], id="absent with nobody changes nothing"),
        pytest.param("absent", set(), True, [], [A, B], id="absent and purge revokes everyone"),
    ],
)
def test_changes_from_a_and_b_sharing(state, account_ids, purge_accounts, grants, revokes):
    assert sharing.plan_changes(frozenset({B, A}), state, frozenset(account_ids), purge_accounts) == [
        *(Change(account_id, True) for account_id in grants),
        *(Change(account_id, False) for account_id in revokes),
    ]


@given(before=ACCOUNTS, listed=ACCOUNTS, state=st.sampled_from(["present", "absent"]), purge_accounts=st.booleans())
def test_the_result_is_what_was_asked_for_and_nobody_else_is_touched(before, listed, state, purge_accounts):
    changes = sharing.plan_changes(before, state, listed, purge_accounts)
    result = sharing.sharing_result("wsi-123456789", None, "label", before, changes)
    after = frozenset(result["shared_account_ids"])
    if state == "present":
        assert after == (listed if purge_accounts else before | listed)
    else:
        assert after == (frozenset() if purge_accounts else before - listed)
    assert result["changed"] == (after != before)
    assert all(change.holds_in(after) and not change.holds_in(before) for change in changes)
    assert sharing.plan_changes(after, state, listed, purge_accounts) == []


def test_result_and_diff():
    changes = [Change(D, True), Change(A, False)]
    assert sharing.sharing_result("wsi-123456789", "golden", "label", frozenset({B, A}), changes) == {
        "changed": True,
        "image_id": "wsi-123456789",
        "image_name": "golden",
        "shared_account_ids": [B, D],
        "granted_account_ids": [D],
        "revoked_account_ids": [A],
        "diff": {
            "before_header": "label",
            "after_header": "label",
            "before": {"image_id": "wsi-123456789", "shared_account_ids": [A, B]},
            "after": {"image_id": "wsi-123456789", "shared_account_ids": [B, D]},
        },
    }
    assert "image_name" not in sharing.sharing_result("wsi-123456789", None, "label", frozenset(), [])


OUTCOME = Outcome(
    done=[Change(A, True)],
    failed={
        Change(C, True): Failure("InvalidParameterValuesException", "No such account.", "Ask its owner.", False),
        Change(B, False): Failure("EndpointConnectionError", "Not reached", "", True),
    },
    not_attempted=[Change(D, False), Change("000000000000", False)],
)


def test_failure_result():
    assert sharing.failure_result(OUTCOME) == {
        "failed_accounts": {
            C: {"code": "InvalidParameterValuesException", "message": "No such account."},
            B: {"code": "EndpointConnectionError", "message": "Not reached"},
        },
        "not_attempted_account_ids": ["000000000000", D],
    }


def test_failure_message():
    assert sharing.failure_message("wsi-123456789 in eu-west-1", OUTCOME) == (
        "Sharing image wsi-123456789 in eu-west-1 was not completed: 1 granted, 0 revoked, 2 failed, 2 not attempted."
        f" Failed to share with account {C}: InvalidParameterValuesException: No such account."
        f" Failed to stop sharing with account {B}: EndpointConnectionError: Not reached."
        " Whether AWS did it all the same is not known: the permissions could not be read again."
        " Ask its owner."
        " Run the same task again: it takes up what is left."
    )
