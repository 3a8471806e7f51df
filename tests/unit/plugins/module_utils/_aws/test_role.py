# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.euc.aws.plugins.module_utils._aws.role import (
    ROLE_OPTIONS,
    alias_problem,
    assume_role_request,
    role_problems,
)

ARN = "arn:aws:iam::123456789012:role/images"
NO_ROLE = "assume_role_arn takes the ARN of an IAM role, such as"
NO_ID = "assume_role_external_id takes 2 to 1224 letters, digits and _+=,.@:/- and this is not of that kind: "


def problems(role_arn, external_id=None):
    return role_problems({"assume_role_arn": role_arn, "assume_role_external_id": external_id})


@pytest.mark.parametrize(
    "role_arn",
    [
        None,
        ARN,
        "arn:aws-cn:iam::000000000000:role/a",
        "arn:aws-us-gov:iam::123456789012:role/team/images/Owner_+=,.@-1",
        "arn:aws:iam::123456789012:role/a!b~c/owner",
        f"arn:aws:iam::123456789012:role/{'r' * 64}",
    ],
)
def test_a_role_or_none_is_no_problem(role_arn):
    assert problems(role_arn) == []


@pytest.mark.parametrize(
    "role_arn",
    [
        "",
        " ",
        "images",
        f" {ARN}",
        f"{ARN}\n",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/team/",
        "arn:aws:iam::123456789012:role//images",
        "arn:aws:iam::12345678901:role/images",
        f"arn:aws:iam::{chr(0x661) * 12}:role/images",
        "arn:aws:iam::123456789012:user/images",
        "arn:aws:iam:eu-west-1:123456789012:role/images",
        "arn:aws:sts::123456789012:assumed-role/images/session",
        "arn:AWS:iam::123456789012:role/images",
        "arn::iam::123456789012:role/images",
        f"arn:aws:iam::123456789012:role/{'r' * 65}",
        "arn:aws:iam::123456789012:role/rôle",
        "arn:aws:iam::123456789012:role/*",
        pytest.param("x" * 100_000, id="long"),
    ],
)
def test_what_is_no_role_is_refused_with_what_it_is(role_arn):
    (problem,) = problems(role_arn)
    assert problem.startswith(NO_ROLE)
    assert problem.endswith(f"and this is none: {role_arn!r}." if len(role_arn) <= 60 else "...'.")
    assert len(problem) < 300


@pytest.mark.parametrize(
    "external_id", ["ab", pytest.param("a" * 1224, id="longest"), "Az09_+=,.@:/-", "01", "golden-images-7f3a"]
)
def test_an_external_id_that_sts_takes(external_id):
    assert problems(ARN, external_id) == []


@pytest.mark.parametrize(
    "external_id", ["", "a", pytest.param("a" * 1225, id="too long"), "a b", "ab\n", "ab;", "äö", "{{ x }}"]
)
def test_an_external_id_that_sts_does_not_take(external_id):
    (problem,) = problems(ARN, external_id)
    assert problem.startswith(NO_ID)


def test_an_external_id_needs_a_role():
    assert problems(None, "abc") == ["assume_role_external_id goes with assume_role_arn, which is not given."]


def test_all_problems_are_told():
    assert [problem[:30] for problem in problems("x", "y")] == [NO_ROLE[:30], NO_ID[:30]]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"assume_role_arn": "a"},
        {"iam_role_arn": "a"},
        {"assume_role_arn": "a", "iam_role_arn": "a"},
        {"assume_role_arn": None, "iam_role_arn": "a"},
        {"assume_role_arn": None, "iam_role_arn": None},
        {"iam_role_arn": None},
    ],
)
def test_one_role_is_no_problem_whatever_it_is_called(given):
    assert alias_problem(given) is None


def test_two_roles_are_a_problem():
    problem = alias_problem({"assume_role_arn": "b", "iam_role_arn": "a"})
    assert problem == "assume_role_arn and its alias iam_role_arn name different roles: 'a', 'b'. Give one of the two."


def test_an_alias_that_is_null_takes_no_role_away():
    given = {"assume_role_arn": ARN, "iam_role_arn": None}
    # Ansible would go on without the role, in the account of who called.
    assert ArgumentSpecValidator(ROLE_OPTIONS).validate(given).validated_parameters["assume_role_arn"] is None
    assert f"name different roles: '{ARN}', 'null'." in alias_problem(given)


@pytest.mark.parametrize(("external_id", "more"), [(None, {}), ("abc", {"ExternalId": "abc"})])
def test_the_request(external_id, more):
    request = assume_role_request({"assume_role_arn": ARN, "assume_role_external_id": external_id})
    assert request == {"RoleArn": ARN, "RoleSessionName": "ansible-euc.aws", "DurationSeconds": 3600, **more}


def test_the_alias_is_that_of_amazon_aws():
    result = ArgumentSpecValidator(ROLE_OPTIONS).validate({"iam_role_arn": ARN})
    assert result.validated_parameters["assume_role_arn"] == ARN
