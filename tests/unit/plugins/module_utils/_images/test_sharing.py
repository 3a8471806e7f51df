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
    result = sharing.sharing_result("wsi-123456789", None, "label", before, sharing.planned_outcome(before, changes))
    after = frozenset(result["shared_account_ids"])
    if state == "present":
        assert after == (listed if purge_accounts else before | listed)
    else:
        assert after == (frozenset() if purge_accounts else before - listed)
    assert result["changed"] == (after != before)
    assert all(change.holds_in(after) and not change.holds_in(before) for change in changes)
    assert sharing.plan_changes(after, state, listed, purge_accounts) == []


def test_result_and_diff():
    outcome = Outcome(shared_with={C, D}, done=[Change(D, True), Change(A, False)])
    assert sharing.sharing_result("wsi-123456789", "golden", "label", frozenset({B, A}), outcome) == {
        "changed": True,
        "image_id": "wsi-123456789",
        "image_name": "golden",
        "shared_account_ids": [C, D],
        "granted_account_ids": [D],
        "revoked_account_ids": [A],
        "diff": {
            "before_header": "label",
            "after_header": "label",
            "before": {"image_id": "wsi-123456789", "shared_account_ids": [A, B]},
            "after": {"image_id": "wsi-123456789", "shared_account_ids": [C, D]},
        },
    }
    nothing = sharing.sharing_result("wsi-123456789", None, "label", frozenset(), Outcome(frozenset()))
    assert "image_name" not in nothing
    assert not nothing["changed"]


REFUSED = Failure("InvalidParameterValuesException", "No such account.", "Ask its owner.", is_open=False)
OUTCOME = Outcome(
    shared_with={A},
    done=[Change(A, True)],
    failed={
        Change(C, True): REFUSED,
        Change(B, False): Failure("EndpointConnectionError", "Not reached", "", is_open=True),
    },
    not_attempted=[Change("000000000000", True)],
)
HEAD = "Sharing image wsi-123456789 in eu-west-1 was not completed:"
TAIL = " Run the same task again: it takes up what is left."


def message(outcome):
    return sharing.failure_message("wsi-123456789 in eu-west-1", outcome)


def test_failure_result():
    not_attempted = [Change(D, False), Change("000000000000", False)]
    late = Failure("InternalFailure", "Oh", "", is_open=False, may_take_effect=True)
    failed = {**OUTCOME.failed, Change("999999999999", True): late}
    assert sharing.failure_result(Outcome(frozenset(), failed=failed, not_attempted=not_attempted)) == {
        "failed_accounts": {
            C: {"code": "InvalidParameterValuesException", "message": "No such account.", "may_take_effect": False},
            B: {"code": "EndpointConnectionError", "message": "Not reached", "may_take_effect": True},
            "999999999999": {"code": "InternalFailure", "message": "Oh", "may_take_effect": True},
        },
        "not_attempted_account_ids": ["000000000000", D],
    }


def test_failure_message():
    assert message(OUTCOME) == (
        f"{HEAD} 1 granted, 0 revoked, 2 failed, 1 not attempted."
        f" Failed to share with account {C}: InvalidParameterValuesException: No such account."
        f" Failed to stop sharing with account {B}: EndpointConnectionError: Not reached."
        " Whether AWS did it all the same is not known: the permissions could not be read again."
        f" Ask its owner.{TAIL}"
    )


def test_what_did_not_hold_when_read_again_may_still():
    late = Failure("ConnectionClosedError", "Gone", "Look.", is_open=False, may_take_effect=True)
    assert message(Outcome(frozenset(), failed={Change(A, False): late})) == (
        f"{HEAD} 0 granted, 0 revoked, 1 failed, 0 not attempted. Failed to stop sharing with account {A}:"
        " ConnectionClosedError: Gone. It did not hold when the permissions were read again, but may still take"
        f" effect. Look.{TAIL}"
    )


@pytest.mark.parametrize(
    ("failed", "not_attempted", "is_said"),
    [(Change(A, True), Change(B, False), True), (Change(A, True), Change(B, True), False),
     (Change(A, False), Change(B, False), False)],
)  # fmt: skip
def test_who_kept_an_image_because_a_grant_failed(failed, not_attempted, is_said):
    said = "Because an account could not be granted permission, nobody's was revoked." in message(
        Outcome(frozenset(), failed={failed: REFUSED}, not_attempted=[not_attempted])
    )
    assert said is is_said


def test_failures_that_are_alike_are_told_once():
    refused = {number: Failure("ValidationException", f"No {number:012d}.", "Ask.", False) for number in range(300)}
    told = message(
        Outcome(
            frozenset(),
            failed={
                **{Change(f"{number:012d}", True): failure for number, failure in refused.items()},
                Change(A, False): Failure("ValidationException", f"No {A}.", "Ask.", False),
            },
        )
    )
    assert told.startswith(
        f"{HEAD} 0 granted, 0 revoked, 301 failed, 0 not attempted. Failed to share with 300 accounts"
        " ('000000000000', '000000000001', "
    )
    assert "'000000000049', and 250 more), of the first: ValidationException: No 000000000000. Failed to stop" in told
    assert told.endswith(f"Failed to stop sharing with account {A}: ValidationException: No {A}. Ask.{TAIL}")
    assert len(told) < 2000


def test_a_message_stays_bounded_whatever_aws_says():
    kinds = {Change(f"{n:012d}", True): Failure(f"Code{n}", "x" * 5000, "", False) for n in range(300)}
    told = message(Outcome(frozenset(), failed=kinds))
    assert told.endswith(f"Failures of 295 more kinds are in failed_accounts.{TAIL}")
    assert told.count("x" * 1000 + ".") == 5
    assert len(told) < 6000
