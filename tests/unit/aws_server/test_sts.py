# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict server's STS: who may assume which role, for how long, and what the credentials are good for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from ansible_collections.euc.aws.tests.aws_server import Fault, Image, Role, State, Throttle
from ansible_collections.euc.aws.tests.unit.aws_server.support import Connect, call, client, in_process, refusal

AUTOMATION, OWNER, STRANGER = "111111111111", "222222222222", "333333333333"
ASSUME, IDENTITY, DESCRIBE = "AssumeRole", "GetCallerIdentity", "DescribeWorkspaceImages"
START = 1_800_000_000
USER = f"arn:aws:iam::{AUTOMATION}:user/tester"
IMAGES, GUARDED, LONG, BY_USER, BY_ROLE, BY_SESSION, NOBODYS = (
    f"arn:aws:iam::{OWNER}:role/{name}"
    for name in ("team/images", "guarded", "long", "by-user", "by-role", "by-session", "nobodys")
)
SESSION = f"arn:aws:sts::{OWNER}:assumed-role/images/tester"
ROLES = [
    Role(IMAGES, frozenset([AUTOMATION])),
    Role(GUARDED, frozenset([AUTOMATION]), external_id="secret"),
    Role(LONG, frozenset([AUTOMATION, OWNER]), max_session_seconds=7200),
    Role(BY_USER, frozenset([USER])),
    Role(BY_ROLE, frozenset([IMAGES])),
    Role(BY_SESSION, frozenset([SESSION])),
    Role(NOBODYS),
]

client(service="sts")  # botocore reads its model once here, as in support.py


class Clock:
    """A clock that stands still."""

    now: float = START

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def new_state(**settings: Any) -> State:
    """A state whose roles are all OWNER's, as is its one image."""
    access_keys = {"AUTOMATION": AUTOMATION, "STRANGER": STRANGER}
    images = [Image("wsi-gold00000", "gold", OWNER)]
    return State(**{"access_keys": access_keys, "images": images, "roles": ROLES, "clock": Clock(), **settings})


def asked(role: str = IMAGES, **other: Any) -> dict[str, Any]:
    return {"RoleArn": role, "RoleSessionName": "tester", **other}


def session_of(credentials: dict[str, Any]) -> dict[str, Any]:
    """How a client is given the credentials that STS answered."""
    return {"key": credentials["AccessKeyId"], "token": credentials["SessionToken"]}


def assumed(state: State, service: str = "workspaces", **other: Any) -> Any:
    """A client with the credentials of a role."""
    credentials = call(in_process(state, "AUTOMATION", "sts"), ASSUME, **asked(**other))["Credentials"]
    return in_process(state, service=service, **session_of(credentials))


def code_of(error: ClientError) -> tuple[str, int]:
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_tells_who_calls(connect: Connect) -> None:
    identity = call(connect(new_state(), "STRANGER", "sts"), IDENTITY)
    assert identity == {"UserId": "AIDATESTER", "Account": STRANGER, "Arn": f"arn:aws:iam::{STRANGER}:user/tester"}


def test_a_role_acts_in_its_own_account(connect: Connect) -> None:
    state = new_state()
    answer = call(connect(state, "AUTOMATION", "sts"), ASSUME, **asked())
    credentials = answer["Credentials"]
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": "AROATESTER:tester", "Arn": SESSION}
    assert re.fullmatch("ASIA[A-Z]{16}", credentials["AccessKeyId"])
    assert credentials["Expiration"] == datetime.fromtimestamp(START + 3600, UTC)
    session = state.sessions[credentials["AccessKeyId"]]
    assert (session.secret_access_key, session.session_token) == (
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
    )
    images = call(connect(state, **session_of(credentials)), DESCRIBE, ImageType="OWNED")["Images"]
    assert [image["ImageId"] for image in images] == ["wsi-gold00000"]
    identity = call(connect(state, service="sts", **session_of(credentials)), IDENTITY)
    assert identity == {"UserId": "AROATESTER:tester", "Account": OWNER, "Arn": SESSION}
    noted = [(entry.operation, entry.account, entry.caller, entry.access_key) for entry in state.journal]
    assert noted == [
        (ASSUME, AUTOMATION, USER, "AUTOMATION"),
        (DESCRIBE, OWNER, SESSION, credentials["AccessKeyId"]),
        (IDENTITY, OWNER, SESSION, credentials["AccessKeyId"]),
    ]


def test_no_two_sessions_have_the_same_credentials() -> None:
    state = new_state()
    sts = in_process(state, "AUTOMATION", "sts")
    sessions = [call(sts, ASSUME, **asked())["Credentials"] for _call in range(2)]
    for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert sessions[0][name] != sessions[1][name]


def test_a_role_of_another_partition_acts_there() -> None:
    role = Role(f"arn:aws-cn:iam::{OWNER}:role/images", frozenset([AUTOMATION]))
    state = new_state(roles=[role])
    identity = call(assumed(state, "sts", role=role.arn), IDENTITY)
    assert identity["Arn"] == f"arn:aws-cn:sts::{OWNER}:assumed-role/images/tester"


DENIED = ("AccessDenied", 403)
INVALID = ("ValidationError", 400)
MALFORMED = ("MalformedInput", 400)
REFUSALS = [
    # what is wrong, whose key, the parameters, AWS's code and status
    ("an unknown role", "AUTOMATION", asked(f"arn:aws:iam::{OWNER}:role/none"), DENIED),
    ("a role that trusts nobody", "AUTOMATION", asked(NOBODYS), DENIED),
    ("an account that is not trusted", "STRANGER", asked(), DENIED),
    ("a user that is not trusted", "STRANGER", asked(BY_USER), DENIED),
    ("a user where a role is trusted", "AUTOMATION", asked(BY_ROLE), DENIED),
    ("no external id", "AUTOMATION", asked(GUARDED), DENIED),
    ("a wrong external id", "AUTOMATION", asked(GUARDED, ExternalId="guess"), DENIED),
    ("899 seconds", "AUTOMATION", asked(DurationSeconds=899), INVALID),
    ("43201 seconds", "AUTOMATION", asked(LONG, DurationSeconds=43201), INVALID),
    ("longer than the role's maximum", "AUTOMATION", asked(DurationSeconds=3601), INVALID),
    ("longer than a higher maximum", "AUTOMATION", asked(LONG, DurationSeconds=7201), INVALID),
    ("a duration that is no number", "AUTOMATION", asked(DurationSeconds="an hour"), MALFORMED),
    ("no role", "AUTOMATION", {"RoleSessionName": "tester"}, INVALID),
    ("a user's ARN", "AUTOMATION", asked(USER), INVALID),
    ("a role's name", "AUTOMATION", asked("images-of-the-owner-account"), INVALID),
    ("a session name with a space", "AUTOMATION", asked(RoleSessionName="the tester"), INVALID),
    ("a session name of one letter", "AUTOMATION", asked(RoleSessionName="t"), INVALID),
    ("a session name of 65 letters", "AUTOMATION", asked(RoleSessionName="t" * 65), INVALID),
    ("an external id with a space", "AUTOMATION", asked(GUARDED, ExternalId="the secret"), INVALID),
    ("51 tags", "AUTOMATION", asked(Tags=[{"Key": "k", "Value": "v"}] * 51), INVALID),
    ("a tag without a value", "AUTOMATION", asked(Tags=[{"Key": "k"}]), INVALID),
    ("a key nobody knows", "NOBODY", asked(), ("InvalidClientTokenId", 403)),
    ("an expired key", "EXPIRED", asked(), ("ExpiredToken", 403)),
]


@pytest.mark.parametrize(("key", "parameters", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_refuses(key: str, parameters: dict[str, Any], code: tuple[str, int]) -> None:
    state = new_state(expired_access_keys={"EXPIRED"})
    state.access_keys["EXPIRED"] = AUTOMATION
    assert code_of(refusal(in_process(state, key, "sts"), ASSUME, **parameters)) == code
    assert [(entry.operation, entry.error) for entry in state.journal] == [(ASSUME, code[0])]
    assert state.sessions == {}


def test_denies_in_the_same_words_whatever_the_reason() -> None:
    sts = in_process(new_state(), "AUTOMATION", "sts")
    messages = {
        refusal(sts, ASSUME, **asked(GUARDED, **external_id)).response["Error"]["Message"]
        for external_id in ({}, {"ExternalId": "guess"})
    }
    assert messages == {f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {GUARDED}"}


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(asked(GUARDED, ExternalId="secret"), id="the external id"),
        pytest.param(asked(ExternalId="needless"), id="an external id that is not asked for"),
        pytest.param(asked(BY_USER), id="a user is trusted"),
        pytest.param(asked(DurationSeconds=900), id="the shortest session"),
        pytest.param(asked(LONG, DurationSeconds=7200), id="the role's longest session"),
        pytest.param(asked(Tags=[{"Key": "k", "Value": "v"}], TransitiveTagKeys=[]), id="tags"),
    ],
)
def test_accepts(parameters: dict[str, Any], connect: Connect) -> None:
    state = new_state()
    call(connect(state, "AUTOMATION", "sts"), ASSUME, **parameters)
    assert [entry.parameters for entry in state.journal] == [parameters]


@pytest.mark.parametrize(
    ("role", "seconds", "code"),
    [
        pytest.param(BY_ROLE, 3600, None, id="the role is trusted"),
        pytest.param(BY_SESSION, 3600, None, id="the session is trusted"),
        pytest.param(LONG, 3600, None, id="the role's account is trusted"),
        pytest.param(LONG, 3601, INVALID, id="longer than an hour"),
        pytest.param(GUARDED, 3600, DENIED, id="only the account where the chain starts is trusted"),
    ],
)
def test_a_role_assumes_a_role(role: str, seconds: int, code: tuple[str, int] | None) -> None:
    sts = assumed(new_state(), "sts")
    parameters = asked(role, DurationSeconds=seconds, ExternalId="secret")
    if code:
        assert code_of(refusal(sts, ASSUME, **parameters)) == code
    else:
        call(sts, ASSUME, **parameters)


@pytest.mark.parametrize(
    ("settings", "lasts"), [({}, 900), ({"session_seconds": 5}, 5), ({"session_seconds": 0}, 0)], ids=str
)
def test_sessions_expire(settings: dict[str, Any], lasts: int) -> None:
    """When they were told to, or after other seconds than those that were told."""
    state = new_state(**settings)
    credentials = call(in_process(state, "AUTOMATION", "sts"), ASSUME, **asked(DurationSeconds=900))["Credentials"]
    assert credentials["Expiration"] == datetime.fromtimestamp(START + 900, UTC)
    workspaces, sts = (in_process(state, service=name, **session_of(credentials)) for name in ("workspaces", "sts"))
    if lasts:
        state.clock.now += lasts - 1  # type: ignore[attr-defined]
        call(workspaces, DESCRIBE)
        call(sts, IDENTITY)
    state.clock.now = START + lasts  # type: ignore[attr-defined]
    assert code_of(refusal(workspaces, DESCRIBE)) == ("ExpiredTokenException", 400)
    assert code_of(refusal(sts, ASSUME, **asked(LONG))) == ("ExpiredToken", 403)
    assert state.journal[-1].caller == SESSION


def test_an_access_key_is_expired() -> None:
    state = new_state(expired_access_keys={"AUTOMATION"})
    assert code_of(refusal(in_process(state, "AUTOMATION"), DESCRIBE)) == ("ExpiredTokenException", 400)
    call(in_process(state, "STRANGER"), DESCRIBE)


@pytest.mark.parametrize("token", ["wrong", None])
def test_a_session_needs_its_token(token: str | None) -> None:
    state = new_state()
    credentials = call(in_process(state, "AUTOMATION", "sts"), ASSUME, **asked())["Credentials"]
    for service, code in (("workspaces", "UnrecognizedClientException"), ("sts", "InvalidClientTokenId")):
        connection = in_process(state, credentials["AccessKeyId"], service, token)
        assert refusal(connection, DESCRIBE if service == "workspaces" else IDENTITY).response["Error"]["Code"] == code


def test_has_no_other_operations() -> None:
    error = refusal(in_process(new_state(), "AUTOMATION", "sts"), "GetSessionToken")
    assert code_of(error) == ("InvalidAction", 400)


# Faults and throttles


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"code": "Throttling", "status": 400}, ("Throttling", 400)),
        ({"code": "ServiceUnavailable", "status": 503}, ("ServiceUnavailable", 503)),
        ({"kind": "page", "status": 403}, ClientError),
        ({"kind": "drop"}, ConnectionClosedError),
    ],
    ids=str,
)
def test_faults(connect: Connect, fault: dict[str, Any], outcome: Any, applied: bool) -> None:
    state = new_state(faults=[Fault(ASSUME, applied=applied, **fault)])
    sts = connect(state, "AUTOMATION", "sts")
    if isinstance(outcome, tuple):
        assert code_of(refusal(sts, ASSUME, **asked())) == outcome
    else:
        with pytest.raises(outcome):
            call(sts, ASSUME, **asked())
    assert len(state.sessions) == applied
    call(sts, ASSUME, **asked())


def test_each_service_has_its_own_throttle() -> None:
    state = new_state(throttle=Throttle(burst=1), service_throttles={"sts": Throttle(burst=2)})
    for throttle in (state.throttle, *state.service_throttles.values()):
        assert throttle
        throttle.clock = Clock()
    sts, workspaces = (in_process(state, "AUTOMATION", service) for service in ("sts", "workspaces"))
    for _call in range(2):
        call(sts, IDENTITY)
    call(workspaces, DESCRIBE)
    assert code_of(refusal(sts, IDENTITY)) == ("Throttling", 400)
    assert code_of(refusal(workspaces, DESCRIBE)) == ("ThrottlingException", 400)


def test_the_throttle_of_workspaces_is_not_for_sts() -> None:
    state = new_state(throttle=Throttle(burst=1, clock=Clock()))
    sts = in_process(state, "AUTOMATION", "sts")
    for _call in range(3):
        call(sts, IDENTITY)
    call(in_process(state, "AUTOMATION"), DESCRIBE)
