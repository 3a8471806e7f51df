# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role to assume, from wherever users name it, in another account than that of the credentials."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Fault, Role

CALLER, OWNER = "123456789012", "999999999999"
ARN = f"arn:aws:iam::{OWNER}:role/images"
ROLE = {"assume_role_arn": ARN, "assume_role_external_id": "golden-7f3a"}
TASK = {"image_id": "wsi-golden001", "shared_account_ids": ["111111111111"]}
SHARE = "- euc.aws.workspaces_image_permission: "
READ, LOOK, WRITE = "DescribeWorkspaceImagePermissions", "DescribeWorkspaceImages", "UpdateWorkspaceImagePermission"
AS_THE_ROLE = [("AssumeRole", CALLER), (READ, OWNER), (LOOK, OWNER), (WRITE, OWNER)]


@pytest.fixture
def server(server: Any) -> Any:
    """The image is another account's, which has a role for the caller."""
    server.images = [replace(image, owner=OWNER) for image in server.images]
    server.roles = [Role(ARN, frozenset({CALLER}), external_id="golden-7f3a")]
    return server


def asked(server: Any) -> list[tuple[str, str]]:
    return [(call.operation, call.account) for call in server.journal]


def in_the_task(ansible: Any) -> Any:
    return ansible.play(SHARE + json.dumps({**TASK, **ROLE}))


def by_the_alias(ansible: Any) -> Any:
    return ansible.play(SHARE + json.dumps({**TASK, **ROLE, "iam_role_arn": ARN}))


def ad_hoc(ansible: Any) -> Any:
    words = " ".join(f"{name}={value}" for name, value in ROLE.items())
    arguments = f"image_id=wsi-golden001 shared_account_ids=111111111111 {words}"
    return ansible.run("ansible", "localhost", "-m", "euc.aws.workspaces_image_permission", "-a", arguments)


def in_the_group_of_this_collection(ansible: Any) -> Any:
    keywords = f"module_defaults:\n  group/euc.aws.euc: {json.dumps(ROLE)}"
    return ansible.play(SHARE + json.dumps(TASK), keywords=keywords)


def in_host_variables(ansible: Any) -> Any:
    variables = {**ROLE, "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    ansible.write("hosts.json", json.dumps({"all": {"hosts": {"owner": variables}}}))
    task = {**TASK, **{name: f"{{{{ {name} }}}}" for name in ROLE}}
    playbook = [{"hosts": "owner", "gather_facts": False, "tasks": [{"euc.aws.workspaces_image_permission": task}]}]
    return ansible.run("ansible-playbook", "-i", "hosts.json", ansible.write("fleet.yml", json.dumps(playbook)))


@pytest.mark.parametrize(
    "named", [in_the_task, by_the_alias, ad_hoc, in_the_group_of_this_collection, in_host_variables]
)
def test_the_role_is_assumed_once_and_does_all_the_rest(named: Any, ansible: Any, server: Any) -> None:
    run = named(ansible)
    assert run.code == 0, run.output + run.errors
    assert asked(server) == AS_THE_ROLE
    assert server.image("wsi-golden001").shared_account_ids == {"111111111111"}


def test_check_mode_assumes_it_too(ansible: Any, server: Any) -> None:
    assert ansible.play(SHARE + json.dumps({**TASK, **ROLE}), "--check").results[0]["changed"]
    assert asked(server) == AS_THE_ROLE[:-1]


def test_the_other_group_goes_on_with_the_options_that_both_collections_take(ansible: Any, server: Any) -> None:
    defaults = {"group/euc.aws.aws": {"region": "eu-central-1"}, "group/euc.aws.euc": ROLE}
    tasks = f"""
- amazon.aws.aws_caller_info:
- euc.aws.workspaces_image_info:
- euc.aws.workspaces_image_info: {{region: eu-west-1}}
- amazon.aws.aws_caller_info:
  module_defaults:
    group/euc.aws.aws: {json.dumps(ROLE)}
  ignore_errors: true
"""
    run = ansible.play(tasks, keywords=f"module_defaults: {json.dumps(defaults)}")
    caller, there, here, refused = run.results
    assert caller["account"] == CALLER
    assert (there["region"], there["images"]) == ("eu-central-1", [])
    assert [image["owner_account_id"] for image in here["images"]] == [OWNER]
    assert "Unsupported parameters" in refused["msg"]
    assert [call.region for call in server.calls("AssumeRole")] == ["eu-central-1", "eu-west-1"]


NOTHING = "Nothing was asked of AWS, and nothing was changed."
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"assume_role_arn": "images"}, "assume_role_arn takes the ARN of an IAM role"),
    ({"assume_role_arn": ""}, "assume_role_arn takes the ARN of an IAM role"),
    ({"iam_role_arn": "images"}, "assume_role_arn takes the ARN of an IAM role"),
    ({"assume_role_arn": ["images"]}, "assume_role_arn takes the ARN of an IAM role"),
    ({"assume_role_arn": ARN, "iam_role_arn": f"{ARN}2"}, "name different roles: "),
    ({"assume_role_external_id": "abc"}, "assume_role_external_id goes with assume_role_arn, which is not given."),
    ({"assume_role_arn": ARN, "assume_role_external_id": "a b"}, "assume_role_external_id takes 2 to 1224"),
    (
        {"assume_role_arn": "images", "assume_role_external_id": "", "shared_account_ids": ["1"]},
        "'images'. assume_role_external_id takes 2 to 1224 letters, digits and _+=,.@:/- and this is not of that kind:"
        " ''. shared_account_ids takes 12-digit AWS account IDs",
    ),
]


def test_what_can_not_be_a_role_is_refused_before_any_call(ansible: Any, server: Any) -> None:
    tasks = "\n".join(f"{SHARE}{json.dumps({**TASK, **options})}\n  ignore_errors: true" for options, _words in REFUSED)
    results = ansible.play(tasks).results
    assert [words for result, (_o, words) in zip(results, REFUSED, strict=True) if words not in result["msg"]] == []
    assert {result["msg"].rpartition(". ")[2] for result in results} == {NOTHING}
    assert server.journal == []


def test_a_role_that_is_refused_is_told_with_who_asked(ansible: Any, server: Any) -> None:
    result = ansible.play(SHARE + json.dumps({**TASK, "assume_role_arn": ARN})).results[0]
    assert result["msg"].startswith(f"The role {ARN} could not be assumed by arn:aws:iam::{CALLER}:user/tester: ")
    assert "the three usual reasons" in result["msg"]
    assert result["error"]["code"] == "AccessDenied"
    assert asked(server) == [("AssumeRole", CALLER), ("GetCallerIdentity", CALLER)]


def test_a_page_in_the_place_of_sts_is_told_as_such(ansible: Any, server: Any) -> None:
    server.faults = [Fault("AssumeRole", "page")]
    result = ansible.play(SHARE + json.dumps({**TASK, **ROLE})).results[0]
    assert "AWS STS answers in its place" in result["msg"]
    assert "Sign in" not in json.dumps(result)


def test_a_role_may_be_assumed_by_the_role_of_a_profile(ansible: Any, server: Any, credentials: dict[str, str]) -> None:
    middle = f"arn:aws:iam::{CALLER}:role/middle"
    server.roles = [Role(middle, frozenset({CALLER})), Role(ARN, frozenset({middle}))]
    lines = [f"{name.lower()} = {ansible.settings.pop(name)}" for name in credentials]
    ansible.write("aws_credentials", "\n".join(["[person]", *lines, ""]))
    ansible.write("aws_config", f"[profile images]\nrole_arn = {middle}\nsource_profile = person\n")
    result = ansible.play(SHARE + json.dumps({**TASK, "assume_role_arn": ARN, "profile": "images"})).results[0]
    assert not result.get("failed"), result["msg"]
    assert [call.parameters["RoleArn"] for call in server.calls("AssumeRole")] == [middle, ARN]


def test_a_profiles_own_role_that_is_refused_is_not_taken_for_the_tasks(
    ansible: Any, server: Any, credentials: dict[str, str]
) -> None:
    middle = f"arn:aws:iam::{CALLER}:role/middle"
    lines = [f"{name.lower()} = {ansible.settings.pop(name)}" for name in credentials]
    ansible.write("aws_credentials", "\n".join(["[person]", *lines, ""]))
    ansible.write("aws_config", f"[profile images]\nrole_arn = {middle}\nsource_profile = person\n")
    message = ansible.play(SHARE + json.dumps({**TASK, **ROLE, "profile": "images"})).results[0]["msg"]
    assert "Error when retrieving credentials from assume-role: " in message
    assert f"perform: sts:AssumeRole on resource: {middle}" in message
    assert "Check what the credentials come from: the profile" in message
    assert "the three usual reasons" not in message
    assert [call.parameters["RoleArn"] for call in server.calls("AssumeRole")] == [middle]


def test_an_alias_that_is_null_takes_no_role_away(ansible: Any, server: Any) -> None:
    defaults = {"group/euc.aws.euc": {"assume_role_arn": ARN}}
    run = ansible.play(SHARE + json.dumps({**TASK, "iam_role_arn": None}), keywords=f"module_defaults: {defaults}")
    assert "name different roles: " in run.results[0]["msg"]
    assert server.journal == []


def test_endpoint_url_is_not_that_of_sts(ansible: Any, server: Any) -> None:
    url = ansible.settings.pop("AWS_ENDPOINT_URL")
    task = {**TASK, **ROLE, "endpoint_url": "http://127.0.0.1:1", "aws_config": {"retries": {"total_max_attempts": 1}}}
    result = ansible.run(
        *("ansible-playbook", ansible.playbook(SHARE + json.dumps(task))),
        AWS_ENDPOINT_URL_STS=url,
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
    ).results[0]
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:1/"' in result["msg"]
    assert asked(server) == [("AssumeRole", CALLER)]


def test_a_wait_that_outlasts_a_session_renews_it(ansible: Any, server: Any) -> None:
    # What is asked for an hour ends in a quarter of an hour and 3 seconds by the module's time, and so is renewed in 3
    # seconds. The server ends it in 8.
    server.clock = lambda: time.time() - 3600 + 15 * 60 + 3
    server.session_seconds = 8
    server.images = [replace(server.images[0], pending_looks=12)]
    task = {**TASK, **ROLE, "wait": True, "wait_timeout": 60}
    result = ansible.play(SHARE + json.dumps(task)).results[0]
    assert result.get("changed"), result["msg"]
    assert {call.error for call in server.journal} == {None}
    assert len(server.calls("AssumeRole")) in range(3, 6)
    # Each call was made with the session of the last AssumeRole before it.
    sessions = [call.access_key for call in server.journal if call.operation != "AssumeRole"]
    assert len(dict.fromkeys(sessions)) == len(server.calls("AssumeRole"))


def playbook(ansible: Any, tasks: list[dict[str, Any]]) -> list[Any]:
    lines = [f"{SHARE}{json.dumps(task)}\n  ignore_errors: true" for task in tasks]
    return [ansible.run("ansible-playbook", "-vvvv", ansible.playbook("\n".join(lines)))]


def one_by_one(ansible: Any, tasks: list[dict[str, Any]]) -> list[Any]:
    command = ("ansible", "localhost", "-vvvv", "-m", "euc.aws.workspaces_image_permission", "-a")
    return [ansible.run(*command, json.dumps(task)) for task in tasks]


@pytest.mark.parametrize("program", [playbook, one_by_one])
def test_the_roles_credentials_are_in_no_output_and_no_file(
    program: Any, ansible: Any, server: Any, credentials: dict[str, str]
) -> None:
    # Shared, refused by WorkSpaces, an expired session, a role that is refused, an answer that can't be read.
    cut = "<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>canary0STS0SECRET</SecretAcc"
    server.faults = [
        Fault(READ, call=2, code="AccessDeniedException", status=400),
        Fault(READ, call=3, code="ExpiredTokenException", status=400),
        Fault("AssumeRole", call=4, code="AccessDenied", status=403),
        Fault("AssumeRole", "page", call=5, body=cut, content_type="text/xml"),
    ]
    ansible.settings["ANSIBLE_LOG_PATH"] = str(ansible.home / "log")
    runs = program(ansible, [{**TASK, **ROLE, "debug_botocore_endpoint_logs": True}] * 5)
    output = "".join(run.output + run.errors for run in runs)
    told = ("AccessDeniedException", "ExpiredTokenException", "usual reasons", "can't be read", '"resource_actions"')
    for words in ('"changed": true', *told):
        assert words in output
    sessions = server.sessions.values()
    secrets = [secret for session in sessions for secret in (session.secret_access_key, session.session_token)]
    secrets += ["canary0STS0SECRET", credentials["AWS_SECRET_ACCESS_KEY"], credentials["AWS_SESSION_TOKEN"]]
    assert len(secrets) == 2 * 3 + 3
    files = [path for path in ansible.home.rglob("*") if path.is_file()]
    assert ansible.home / "log" in files
    for secret in secrets:
        assert secret not in output
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
