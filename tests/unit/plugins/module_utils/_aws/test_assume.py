# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that assume a role, against the strict server's STS, with one clock for both."""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import botocore.loaders
import pytest
from ansible_collections.amazon.aws.plugins.module_utils.botocore import boto3_conn, get_aws_connection_info

from ansible_collections.euc.aws.plugins.module_utils._aws import assume, calls, client, wait
from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import (
    AnsibleEUCError,
    AnsibleRoleError,
    NotFromAWSError,
)
from ansible_collections.euc.aws.tests.aws_server import Fault, Role, attach
from ansible_collections.euc.aws.tests.unit.support import (
    LOOK,
    OWNER,
    READ,
    REGION,
    WRITE,
    accounts,
    new_image,
    new_state,
    permission,
)

ARN = f"arn:aws:iam::{OWNER}:role/images"
CALLER = "999999999999"
CALLER_ARN = f"arn:aws:iam::{CALLER}:user/tester"
TRUST = "the three usual reasons"
ONCE = {"retries": {"total_max_attempts": 1}}
ASSUME = "AssumeRole"
OPTIONS = (
    *("access_key", "secret_key", "session_token", "profile", "region", "endpoint_url", "validate_certs"),
    *("aws_ca_bundle", "aws_config", "assume_role_arn", "assume_role_external_id"),
)


class Module:
    """What ``AWSClients`` needs of an AnsibleAWSModule."""

    def __init__(self, **options):
        given = {"access_key": CALLER, "secret_key": "secret", "region": REGION, "validate_certs": True}
        self.params = {**dict.fromkeys(OPTIONS), **given, "assume_role_arn": ARN, **options}

    def client(self, service, **options):
        """Make a client as AnsibleAWSModule does."""
        region, endpoint, found = get_aws_connection_info(self)
        return boto3_conn(self, "client", service, **{"region": region, "endpoint": endpoint, **found, **options})


class Time:
    """One time for the server, for the role's credentials and for botocore."""

    def __init__(self):
        self.seconds = 2_000_000_000.0

    def __call__(self):
        """Tell it as the server wants it."""
        return self.seconds

    def utc(self):
        """Tell it as the credentials want it."""
        return datetime.fromtimestamp(self.seconds, UTC)


@pytest.fixture
def now(monkeypatch):
    """A time that only the test moves."""
    time = Time()
    monkeypatch.setattr(assume, "_now", time.utc)
    return time


@pytest.fixture(scope="module")
def models():
    """Botocore's models, read once for all tests."""
    return botocore.loaders.create_loader()


@pytest.fixture
def home(models, monkeypatch, tmp_path):
    """Keep the settings of whoever runs this out, and make a place for others."""
    for name in ("AWS_PROFILE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_STS_REGIONAL_ENDPOINTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("botocore.loaders.create_loader", lambda *_arguments: models)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.fixture
def made(monkeypatch):
    """The clients that were made for a role, and the one for STS."""
    clients = []
    new_client = assume._client

    def client(*arguments, **options):
        clients.append(new_client(*arguments, **options))
        return clients[-1]

    monkeypatch.setattr(assume, "_client", client)
    return clients


@pytest.fixture
def server(now, home, monkeypatch):
    """A server where CALLER may assume the owner's role, and that every client for a role meets."""
    state = new_state(new_image(), roles=[Role(ARN, {CALLER})], clock=now)
    state.access_keys[CALLER] = CALLER
    new_client = assume._client

    def client(*arguments, **options):
        made = new_client(*arguments, **options)
        attach(made, state)
        return made

    monkeypatch.setattr(assume, "_client", client)
    monkeypatch.setattr(calls, "uniform", lambda shortest, longest: 0)
    return state


def look(client):
    """Call WorkSpaces as a module does."""
    return calls.call(client, "look", client.describe_workspace_images)["Images"]


def asked(server):
    """What the server was asked, and by which account."""
    return [(call.operation, call.account, call.region) for call in server.journal]


def test_one_role_is_assumed_for_all_clients_and_regions_of_a_task(server):
    clients = AWSClients(Module())
    here, there, again = clients.make("workspaces"), clients.make("workspaces", "us-east-1"), clients.make("workspaces")
    assert server.journal == []
    assert [len(look(client)) for client in (here, there, again, here)] == [1, 0, 1, 1]
    assert asked(server) == [
        (ASSUME, CALLER, REGION),
        *((LOOK, OWNER, region) for region in (REGION, "us-east-1", REGION, REGION)),
    ]
    request = {"RoleArn": ARN, "RoleSessionName": "ansible-euc.aws", "DurationSeconds": "3600"}
    assert {name: str(value) for name, value in server.journal[0].parameters.items()} == request


def test_no_role_is_assumed_unless_one_is_given(server):
    client = AWSClients(Module(assume_role_arn=None)).make("workspaces")
    attach(client, server)
    look(client)
    assert asked(server) == [(LOOK, CALLER, REGION)]


def test_the_external_id_is_sent(server):
    server.roles = [Role(ARN, {CALLER}, external_id="abc")]
    look(AWSClients(Module(assume_role_external_id="abc")).make("workspaces"))
    assert server.journal[0].parameters["ExternalId"] == "abc"


def test_the_credentials_are_renewed_before_they_expire_for_all_clients(server, now):
    clients = AWSClients(Module())
    here, there = clients.make("workspaces"), clients.make("workspaces", "us-east-1")
    for minute in range(0, 180, 5):
        now.seconds = 2_000_000_000 + 60 * minute + 1
        look(here)
        look(there)
    # Every 45 minutes, as botocore asks for them 15 minutes before.
    assert len(server.calls(ASSUME)) == 4
    assert {call.error for call in server.journal} == {None}


@pytest.mark.parametrize("fault", [Fault(ASSUME, code="AccessDenied", status=403, call=2, times=None)])
def test_a_renewal_that_fails_ends_nothing_while_the_credentials_hold(fault, server, now):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    server.faults = [fault]
    for second in range(45 * 60, 59 * 60, 15):
        now.seconds = 2_000_000_000 + second + 1
        look(client)
    # One a minute, from 15 minutes before the end to 1.
    assert len(server.calls(ASSUME)) == 1 + 14
    assert server.calls("GetCallerIdentity") == []
    now.seconds = 2_000_000_000 + 59 * 60 + 1
    with pytest.raises(AnsibleRoleError, match=TRUST):
        look(client)
    server.faults = []
    look(client)
    assert len(server.calls(ASSUME)) == 1 + 14 + 2


def test_a_renewal_that_fails_late_gives_no_credentials_that_expired_meanwhile(made, server, now):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    made[1].meta.events.register("before-call", lambda **_: setattr(now, "seconds", now.seconds + 300))
    server.faults = [Fault(ASSUME, code="AccessDenied", status=403, times=None)]
    now.seconds += 46 * 60
    look(client)
    look(client)
    # The pause counts from the end of an attempt.
    assert len(server.calls(ASSUME)) == 2
    now.seconds = 2_000_000_000.0 + 58 * 60
    with pytest.raises(AnsibleRoleError, match=TRUST):
        look(client)


def test_a_renewal_without_all_of_the_credentials_is_none(made, server, now):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    made[1].meta.events.register(
        "after-call.sts.AssumeRole", lambda parsed, **_: parsed["Credentials"].pop("SecretAccessKey")
    )
    now.seconds += 46 * 60
    look(client)
    now.seconds += 14 * 60
    with pytest.raises(AnsibleRoleError, match="the answer can't be read"):
        look(client)


def test_a_role_that_is_refused_is_told_with_who_asked_and_why(server):
    server.roles = []
    with pytest.raises(AnsibleRoleError) as caught:
        look(AWSClients(Module()).make("workspaces"))
    message = str(caught.value)
    assert message.startswith(f"The role {ARN} could not be assumed by {CALLER_ARN}: ")
    assert f"User: {CALLER_ARN} is not authorized to perform: sts:AssumeRole on resource: {ARN}. Check" in message
    assert TRUST in message
    assert "trust policy" in message
    assert "assume_role_external_id" in message
    assert "sts:AssumeRole on this role." in message
    assert "image" not in message.replace(ARN, "")
    assert caught.value.code == "AccessDenied"
    assert caught.value.answer.startswith(f"The role {ARN} could not be assumed by {CALLER_ARN}: User: ")
    assert asked(server) == [(ASSUME, CALLER, REGION), ("GetCallerIdentity", CALLER, REGION)]


@pytest.mark.parametrize(
    "fault",
    [
        {"code": "AccessDenied", "status": 403},
        {"kind": "drop"},
        {"kind": "page"},
        {"kind": "page", "body": "<html/>"},
    ],
)
def test_who_asked_may_stay_unknown(fault, server):
    server.roles = []
    server.faults = [Fault("GetCallerIdentity", times=None, **fault)]
    with pytest.raises(AnsibleRoleError, match=f"^The role {ARN} could not be assumed: .*{TRUST}"):
        look(AWSClients(Module(aws_config=ONCE)).make("workspaces"))


NOT_AWS = "answers in its place, or AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL leads elsewhere"
XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Sign in</body></html>'
# What STS answers, or something in its place, and what is said of it.
ANSWERS = {
    "an HTML page": ({"kind": "page"}, None, NOT_AWS),
    "an XML page": ({"kind": "page", "body": XHTML, "content_type": "text/xml"}, None, NOT_AWS),
    "an empty page": ({"kind": "page", "body": ""}, None, NOT_AWS),
    "a JSON page": ({"kind": "page", "body": "{}", "content_type": "application/json"}, None, NOT_AWS),
    "a page with an error": ({"kind": "page", "status": 403}, None, NOT_AWS),
    "nothing": ({"kind": "drop"}, "ConnectionClosedError", "between here and AWS STS"),
    "late": ({"kind": "slow", "seconds": 99}, "ReadTimeoutError", "between here and AWS STS"),
    "a fault": ({"code": "InternalFailure"}, "InternalFailure", "a fault on the side of AWS"),
    "expired": ({"code": "ExpiredToken", "status": 403}, "ExpiredToken", "to assume the role with have expired"),
    "unknown": ({"code": "InvalidClientTokenId", "status": 403}, "InvalidClientTokenId", "does not know these"),
    "signature": ({"code": "SignatureDoesNotMatch", "status": 403}, "SignatureDoesNotMatch", "the clock of"),
    "throttled": ({"code": "Throttling", "status": 400}, "Throttling", "AWS STS sets"),
    "refused value": ({"code": "ValidationError", "status": 400}, "ValidationError", "Check assume_role_arn"),
    "inactive": ({"code": "RegionDisabledException", "status": 403}, "RegionDisabledException", "activate it in IAM"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_has_a_message_of_its_own_and_none_speaks_of_trust(name, server):
    fault, code, words = ANSWERS[name]
    server.faults = [Fault(ASSUME, times=None, **fault)]
    with pytest.raises(AnsibleRoleError) as caught:
        look(AWSClients(Module(aws_config={**ONCE, "read_timeout": 5})).make("workspaces"))
    message = str(caught.value)
    assert message.startswith(f"The role {ARN} could not be assumed: ")
    assert words in message
    assert code in (None, caught.value.code)
    assert isinstance(caught.value.exception, NotFromAWSError) == (words == NOT_AWS)
    assert TRUST not in message
    assert "Sign in" not in message
    assert asked(server) == [(ASSUME, CALLER, REGION)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"access_key": None, "secret_key": None}, "Unable to locate credentials. Give credentials to assume the role"),
        ({"secret_key": None}, "Partial credentials .* Give credentials to assume the role with"),
        ({"access_key": "AKIANOBODYS"}, "AWS does not know these credentials"),
    ],
)
def test_a_source_that_is_none_is_told_as_such(options, words, server):
    with pytest.raises(AnsibleRoleError, match=words) as caught:
        look(AWSClients(Module(**options)).make("workspaces"))
    assert TRUST not in str(caught.value)


def test_an_expired_source_is_told_as_such(server):
    server.expired_access_keys = {CALLER}
    with pytest.raises(AnsibleRoleError, match="The credentials to assume the role with have expired: renew them"):
        look(AWSClients(Module()).make("workspaces"))


def test_a_throttled_sts_is_waited_for(server, clock, monkeypatch):
    # botocore's adaptive mode would take its time.
    monkeypatch.setattr(client, "_CONFIG", {"retries": {"mode": "standard", "total_max_attempts": 10}})
    server.faults = [Fault(ASSUME, code="Throttling", status=400, times=12)]
    assert len(look(AWSClients(Module()).make("workspaces"))) == 1
    assert len(server.calls(ASSUME)) == 13


def test_the_users_retries_are_those_of_sts_too(server, clock):
    server.faults = [Fault(ASSUME, code="Throttling", status=400, times=12)]
    retries = {"retries": {"total_max_attempts": 3, "mode": "standard"}}
    with pytest.raises(AnsibleRoleError, match="AWS STS sets"):
        look(AWSClients(Module(aws_config=retries)).make("workspaces"))
    assert len(server.calls(ASSUME)) == 3


@pytest.fixture
def together(clock, now, monkeypatch):
    """One time for waiting, for the server and for the credentials; a throttled call is made again after 2.5 s."""

    def sleep(seconds):
        clock.sleep(seconds)
        now.seconds += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr(calls, "uniform", lambda shortest, longest: longest)
    return sleep


# What AWS makes of a renewal that falls into a wait, and how long each call takes.
RENEWALS = {
    "throttled": ({"code": "Throttling", "status": 400}, 0.1),
    "slow": (None, 40),
    "slow and throttled": ({"code": "Throttling", "status": 400}, 40),
    "without an answer": ({"kind": "drop"}, 9),
    "a fault": ({"code": "InternalFailure"}, 9),
}


@pytest.mark.parametrize("minutes_left", [14, 0])
@pytest.mark.parametrize("name", RENEWALS)
def test_no_renewal_outlasts_a_wait(name, minutes_left, server, now, made, clock, together):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    fault, seconds_a_call = RENEWALS[name]
    server.faults = [Fault(ASSUME, times=None, **fault)] if fault else []
    now.seconds += 3600 - 60 * minutes_left
    begun = []

    def take_time(**_kwargs):
        begun.append(clock.now)
        together(seconds_a_call)

    for one in made:
        one.meta.events.register_first("before-send", take_time)
    assert wait.poll(client, "PENDING", lambda: look(client) and "PENDING", lambda latest: latest is None, 60)
    # Before a call is made again that was not throttled, botocore pauses by chance, for 20 seconds at most.
    pause = 2.5 if "throttled" in name else 20
    assert 60 <= clock.now <= 60 + pause + seconds_a_call
    assert len([one for one in begun if one >= 60]) <= 1
    assert server.calls(ASSUME)[1:]


def test_the_last_look_of_a_wait_needs_no_renewal_while_the_role_holds(server, now, clock, together):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    # botocore asks for a renewal from 15 minutes before the end, and here at the end of the wait.
    now.seconds += 2700 - 59.5
    wait.poll(client, 0, lambda: len(look(client)), lambda latest: latest > 1, 60)
    assert (clock.now, len(server.calls(LOOK)), len(server.calls(ASSUME))) == (60, 61, 1)


def test_a_profile_leads_to_the_credentials(server, home):
    (home / "credentials").write_text(f"[images]\naws_access_key_id = {CALLER}\naws_secret_access_key = secret\n")
    (home / "config").write_text("[profile images]\nregion = us-east-1\n")
    look(AWSClients(Module(access_key=None, secret_key=None, region=None, profile="images")).make("workspaces"))
    assert asked(server) == [(ASSUME, CALLER, "us-east-1"), (LOOK, OWNER, "us-east-1")]


def test_a_credential_process_that_fails_when_it_renews_is_not_taken_for_sts(server, home):
    # Good for a minute, and so asked again before the first call, when it talks.
    first = json.dumps(
        {
            "Version": 1,
            "AccessKeyId": CALLER,
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": (datetime.now(UTC) + timedelta(minutes=1)).isoformat(),
        }
    )
    mark, program = home / "mark", home / "process"
    program.write_text(f"[ -e {mark} ] && echo Please sign in && exit\ntouch {mark}\necho '{first}'\n")
    (home / "config").write_text(f"[profile images]\ncredential_process = /bin/sh {program}\n")
    words = r"JSONDecodeError: .* Mostly the profile's credential_process"
    with pytest.raises(AnsibleRoleError, match=words) as caught:
        look(AWSClients(Module(access_key=None, secret_key=None, profile="images")).make("workspaces"))
    assert "AWS STS answers in its place" not in str(caught.value)
    assert server.journal == []


def test_no_other_source_is_asked_where_keys_are_given(server, home):
    (home / "config").write_text("[default]\ncredential_process = /nowhere/at-all\n")
    look(AWSClients(Module()).make("workspaces"))
    assert asked(server)[0] == (ASSUME, CALLER, REGION)


def test_a_profile_that_is_not_there_keeps_the_client_from_being_made(server):
    module = Module(access_key=None, secret_key=None, profile="nobodys")
    with pytest.raises(AnsibleEUCError, match=r"^Failed to make a client for workspaces: .*\(nobodys\) could not be"):
        AWSClients(module).make("workspaces")


@pytest.mark.parametrize(
    ("options", "environment", "workspaces", "sts"),
    [
        ({}, {}, "https://workspaces.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"),
        ({"endpoint_url": "https://vpce"}, {}, "https://vpce", "https://sts.eu-west-1.amazonaws.com"),
        ({}, {"AWS_ENDPOINT_URL": "https://all"}, "https://all", "https://all"),
        (
            {"endpoint_url": "https://vpce"},
            {"AWS_ENDPOINT_URL_STS": "https://sts", "AWS_ENDPOINT_URL": "https://all"},
            "https://vpce",
            "https://sts",
        ),
        (
            {},
            {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
            "https://workspaces.eu-west-1.amazonaws.com",
            "https://sts.amazonaws.com",
        ),
        (
            {"region": "cn-northwest-1"},
            {},
            "https://workspaces.cn-northwest-1.amazonaws.com.cn",
            "https://sts.cn-northwest-1.amazonaws.com.cn",
        ),
    ],
)
def test_each_service_has_its_endpoint(options, environment, workspaces, sts, made, server, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    look(AWSClients(Module(**options)).make("workspaces"))
    assert [client.meta.endpoint_url for client in made] == [workspaces, sts]


def test_a_profile_may_ask_for_the_global_sts(home, made, server):
    (home / "config").write_text("[default]\nsts_regional_endpoints = legacy\n")
    look(AWSClients(Module()).make("workspaces"))
    assert made[1].meta.endpoint_url == "https://sts.amazonaws.com"


def test_without_a_region_the_global_sts_is_asked(home, made, server):
    client = AWSClients(Module(region=None)).make("organizations")
    with pytest.raises(Exception, match="ListRoots"):
        calls.call(client, "list", client.list_roots)
    assert made[1].meta.endpoint_url == "https://sts.amazonaws.com"
    assert asked(server)[0][0] == ASSUME


@pytest.mark.parametrize(
    ("options", "verify"),
    [({}, True), ({"validate_certs": False}, False), ({"aws_ca_bundle": "/etc/ca.pem"}, "/etc/ca.pem")],
)
def test_connection_options_reach_both_clients(options, verify, made, server):
    config = {"read_timeout": 77, "proxies": {"https": "http://proxy"}}
    look(AWSClients(Module(aws_config=config, **options)).make("workspaces"))
    assert [client._endpoint.http_session._verify for client in made] == [verify, verify]
    assert [client.meta.config.read_timeout for client in made] == [77, 77]
    assert [client.meta.config.proxies for client in made] == [{"https": "http://proxy"}] * 2


def test_aws_is_told_the_same_words_as_by_amazon_aws(made, server):
    agents = []
    look(AWSClients(Module()).make("workspaces"))
    plain = Module().client("workspaces")
    for one in (plain, *made):
        one.meta.events.register_first("before-send", lambda request, **_: agents.append(request.headers["User-Agent"]))
    attach(plain, server)
    plain.describe_workspace_images()
    made[0].describe_workspace_images()
    made[1].get_caller_identity()
    assert len(agents) == 3
    assert set(agents) == {agents[0]}


def test_an_answer_that_can_not_be_read_is_not_shown(server):
    cut = "<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>canary0SECRET</SecretAccessKey><Sess"
    server.faults = [Fault(ASSUME, "page", body=cut, content_type="text/xml")]
    with pytest.raises(AnsibleRoleError) as caught:
        look(AWSClients(Module()).make("workspaces"))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_no_credentials_are_in_an_error(server, now):
    client = AWSClients(Module()).make("workspaces")
    look(client)
    now.seconds += 3600
    server.roles = []
    with pytest.raises(AnsibleRoleError) as caught:
        look(client)
    (session,) = server.sessions.values()
    told = repr(vars(caught.value)) + str(caught.value)
    assert session.secret_access_key not in told
    assert session.session_token not in told


BEFORE, WANTED, CHANGED = accounts(*range(60)), accounts(*range(2, 63)), accounts(60, 61, 62, 0, 1)
REQUEST = {"image_name": "golden", "shared_account_ids": WANTED, "purge_accounts": True}
POSITIONS = [*((READ, n) for n in (1, 2, 3)), *((LOOK, n) for n in (1, 2, 3)), *((WRITE, n) for n in (1, 2, 3, 4, 5))]


def before(client, operation, number, happen):
    """Let something happen before a call is signed, at that number of its operation."""
    seen = []

    def count(**_kwargs):
        seen.append(operation)
        if len(seen) == number:
            happen()

    client.meta.events.register(f"before-call.workspaces.{operation}", count)


@pytest.fixture
def many(server):
    """The server, with images and accounts enough for pages."""
    others = [new_image(image_id=f"wsi-0000000{n:02}", name=f"other{n}") for n in range(59)]
    server.images = [*others, new_image(shared_account_ids=BEFORE)]
    return server


@pytest.mark.parametrize(("operation", "number"), POSITIONS)
def test_a_role_that_is_refused_at_a_call_is_told_with_what_was_done_before(operation, number, many, now):
    client = AWSClients(Module()).make("workspaces")

    def refuse():
        now.seconds += 3600
        many.roles = []

    before(client, operation, number, refuse)
    with pytest.raises(AnsibleEUCError, match=f"The role {ARN} could not be assumed by {CALLER_ARN}") as caught:
        permission(client, **REQUEST)
    assert TRUST in str(caught.value)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    # The call may have been made before, and got no clear answer, when the role was to be renewed for another attempt.
    assert ("Whether AWS did it all the same is not known" in str(caught.value)) == (operation == WRITE)
    assert_told(caught.value, many, operation, number)
    many.roles = [Role(ARN, {CALLER})]
    permission(client, **REQUEST)
    assert many.images[-1].shared_account_ids == set(WANTED)


# Before the first call of all there is no session yet.
@pytest.mark.parametrize(("operation", "number"), [position for position in POSITIONS if position != (LOOK, 1)])
def test_a_session_that_ends_early_at_a_call_is_told_with_what_was_done_before(operation, number, many, now):
    client = AWSClients(Module()).make("workspaces")

    def end():
        many.sessions = {key: replace(session, expires=0) for key, session in many.sessions.items()}

    before(client, operation, number, end)
    with pytest.raises(AnsibleEUCError, match=r"ExpiredTokenException.* have expired: renew them") as caught:
        permission(client, **REQUEST)
    assert_told(caught.value, many, operation, number)
    assert len(many.calls(ASSUME)) == 1


def assert_told(error, server, operation, number):
    """What was done before is in the result, and is what holds."""
    shared_with = server.images[-1].shared_account_ids
    if operation != WRITE:
        assert shared_with == set(BEFORE)
        assert error.kwargs == {}
        return
    done = CHANGED[: number - 1]
    assert shared_with == set(BEFORE) ^ set(done)
    assert error.kwargs["shared_account_ids"] == sorted(shared_with)
    assert error.kwargs["changed"] == bool(done)
    assert list(error.kwargs["failed_accounts"]) == [CHANGED[number - 1]]
    assert error.kwargs["not_attempted_account_ids"] == sorted(CHANGED[number:])


def test_a_role_that_is_renewed_at_each_call_changes_nothing_else(many, now):
    client = AWSClients(Module()).make("workspaces")
    for operation, number in POSITIONS:
        before(client, operation, number, lambda: setattr(now, "seconds", now.seconds + 3600))
    assert permission(client, **REQUEST)["changed"]
    assert many.images[-1].shared_account_ids == set(WANTED)
    # Before the first call of all it was not assumed yet.
    assert len(many.calls(ASSUME)) == len(POSITIONS)
