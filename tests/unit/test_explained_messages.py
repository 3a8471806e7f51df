# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every sentence that guide_errors quotes from the modules, provoked, and looked for in what a user then reads."""

from __future__ import annotations

import json
import os
import sys
from urllib.parse import urlsplit

import pytest
from ansible.module_utils import basic
from botocore.exceptions import ClientError

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.plugins.module_utils._images.sharing import Change, Failure, Outcome, failure_message
from ansible_collections.euc.aws.plugins.modules import workspaces_image_permission
from ansible_collections.euc.aws.tests.aws_server import Fault, serve
from ansible_collections.euc.aws.tests.unit.support import (
    IMAGE_ID,
    OWNER,
    READ,
    RECIPIENT,
    REGION,
    WRITE,
    accounts,
    info,
    new_client,
    new_image,
    new_state,
    permission,
)
from ansible_collections.euc.aws.tests.unit.test_docs import QUOTES, SENTENCES_OF_MODULES, is_in

ONE, TWO = accounts(1, 2)
# Nothing listens there.
NOWHERE = "http://127.0.0.1:1"
ROLE = f"arn:aws:iam::{OWNER}:role/images"
KEYS = {"access_key": OWNER, "secret_key": "secret"}
GRANT = {"shared_account_ids": [ONE]}
SEVEN = accounts(*range(1, 8))
SEVEN_REASONS = [
    Fault(WRITE, account_id=each, code="ValidationException", status=400, message=f"Reason {each[-1] * 3}.")
    for each in SEVEN
]
STALE = {"Version": 1, "AccessKeyId": OWNER, "SecretAccessKey": "secret", "Expiration": "2020-01-01T00:00:00Z"}
SIGN_IN = """\
[default]
sso_start_url = https://euc-aws.invalid/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = images
"""


def process(code):
    """Write a configuration whose credentials come from a process that runs this Python code."""
    return f"[default]\ncredential_process = '{sys.executable}' -c '{code}'\n"


def without_an_error():
    """Tell of an account that AWS refused without a code and a message, which no server here does."""
    error = AnsibleEUCError("Failed to do it", ClientError({"ResponseMetadata": {}}, "UpdateWorkspaceImagePermission"))
    failure = Failure(error.code, error.answer, error.advice, is_open=False)
    return failure_message(IMAGE_ID, Outcome(frozenset(), failed={Change(ONE, True): failure}))


class Reader:
    """Runs a module that fails, or warns, and reads what it says."""

    def __init__(self, monkeypatch, capsys, directory):
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._configuration = directory / "config"

    def permission(self, *images, access_key=OWNER, faults=(), unknown=(), **options):
        """Run workspaces_image_permission against a server that knows these images."""
        server = new_state(*images, faults=list(faults), unknown_account_ids={*unknown})
        with pytest.raises(AnsibleEUCError) as caught:
            permission(new_client(server, access_key), **options)
        return str(caught.value)

    def info(self, **options):
        """Run workspaces_image_info."""
        with pytest.raises(AnsibleEUCError) as caught:
            info(new_client(new_state()), **options)
        return str(caught.value)

    def task(self, configuration="", environment=None, faults=(), sts=None, **options):
        """Run workspaces_image_permission as Ansible does, over HTTP, with this configuration of AWS's.

        :param sts: Where STS is; None for the server.
        :param options: What differs from a task that works; None for what is left out, {host} for the server's address.
        """
        self._configuration.write_text(configuration)
        for name, value in (environment or {}).items():
            self._monkeypatch.setenv(name, value)
        with serve(new_state(new_image(), faults=list(faults))) as url:
            # endpoint_url does not lead to STS.
            self._monkeypatch.setenv("AWS_ENDPOINT_URL_STS", (sts or "{url}").format(url=url))
            options = {"endpoint_url": url, "region": REGION, "image_id": IMAGE_ID, **GRANT, **options}
            given = {
                name: value.format(host=urlsplit(url).netloc) if isinstance(value, str) else value
                for name, value in options.items()
                if value is not None
            }
            self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
            # ansible-core 2.19 and later ask for it.
            self._monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
            with pytest.raises(SystemExit):
                workspaces_image_permission.main()
        result = json.loads(self._capsys.readouterr().out)
        return result.get("msg") or str(result["warnings"])


@pytest.fixture
def reader(monkeypatch, capsys, tmp_path):
    """Keep the settings of whoever runs this out."""
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return Reader(monkeypatch, capsys, tmp_path)


# How each sentence comes to be read.
PROVOKED = {
    # Before anything is asked of AWS
    "Nothing was asked of AWS, and nothing was changed": lambda reader: reader.permission(),
    "takes 12-digit AWS account IDs, and these are not": lambda reader: reader.permission(shared_account_ids=["1"]),
    "there is white space around it": lambda reader: reader.permission(shared_account_ids=[f" {ONE}"]),
    "write it without hyphens": lambda reader: reader.permission(shared_account_ids=["1111-2222-3333"]),
    "was meant: YAML read it as an octal number, so quote it": lambda reader: reader.permission(
        shared_account_ids=["1402433619"]
    ),
    "was meant: it lost its leading zero, so quote it": lambda reader: reader.permission(
        shared_account_ids=["98765432109"]
    ),
    "takes image IDs: wsi- and 9 to 63 digits or lower-case letters": lambda reader: reader.permission(
        image_id="ami-123456789", **GRANT
    ),
    "Neither image_id nor image_name says which image is meant": lambda reader: reader.permission(image_id="", **GRANT),
    "state=present needs shared_account_ids": lambda reader: reader.permission(),
    "state=absent needs shared_account_ids … or purge_accounts=true": lambda reader: reader.permission(state="absent"),
    "state=absent takes shared_account_ids … or purge_accounts=true … not both": lambda reader: reader.permission(
        state="absent", purge_accounts=True, **GRANT
    ),
    "shared_account_ids is empty and purge_accounts is true": lambda reader: reader.permission(
        purge_accounts=True, shared_account_ids=[]
    ),
    "shared_account_ids is empty, so this task changes nothing": lambda reader: reader.task(
        **KEYS, shared_account_ids=[]
    ),
    "and has to be at least 1 second": lambda reader: reader.permission(wait_timeout=0, **GRANT),
    "allowed_account_ids asks who can copy the images, and include_permissions=false not to read that": (
        lambda reader: reader.info(allowed_account_ids=[], include_permissions=False)
    ),
    "assume_role_arn takes the ARN of an IAM role": lambda reader: reader.permission(assume_role_arn="images"),
    "assume_role_external_id takes 2 to 1224 letters, digits … and this is not of that kind": (
        lambda reader: reader.permission(assume_role_external_id="a")
    ),
    "assume_role_external_id goes with assume_role_arn, which is not given": lambda reader: reader.permission(
        assume_role_external_id="golden"
    ),
    "assume_role_arn and its alias iam_role_arn name different roles": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, iam_role_arn=f"{ROLE}2"
    ),
    # The image
    "You own no image named … Your images there": lambda reader: reader.permission(
        new_image(), image_name="Golden", **GRANT
    ),
    "nor any other image there": lambda reader: reader.permission(image_name="golden", **GRANT),
    "so the name does not tell which one is meant": lambda reader: reader.permission(
        new_image(), new_image(image_id="wsi-987654321"), image_name="golden", **GRANT
    ),
    "There is no image … that these credentials can see": lambda reader: reader.permission(**GRANT),
    "owns it and shares it with you": lambda reader: reader.permission(
        new_image(shared_account_ids=[RECIPIENT]), access_key=RECIPIENT, **GRANT
    ),
    "which shared_account_ids lists as well": lambda reader: reader.permission(new_image(), shared_account_ids=[OWNER]),
    "is still PENDING, and can be shared once it is AVAILABLE": lambda reader: reader.permission(
        new_image(state="PENDING"), **GRANT
    ),
    "was still PENDING after … seconds, and can be shared once it is AVAILABLE": lambda reader: reader.permission(
        new_image(state="PENDING"), wait=True, wait_timeout=1, **GRANT
    ),
    "is in state ERROR and can't be shared": lambda reader: reader.permission(new_image(state="ERROR"), **GRANT),
    "It can be shared once it is AVAILABLE": lambda reader: reader.permission(new_image(state="ARCHIVED"), **GRANT),
    # Half-way
    "was not completed: … granted, … revoked, … failed, … not attempted": lambda reader: reader.permission(
        new_image(), unknown=[ONE], **GRANT
    ),
    "stop sharing with": lambda reader: reader.permission(
        new_image(shared_account_ids=[ONE]), faults=[Fault(WRITE)], state="absent", **GRANT
    ),
    "… accounts (…), of the first": lambda reader: reader.permission(
        new_image(), unknown=[ONE, TWO], shared_account_ids=[ONE, TWO]
    ),
    "more kinds are in failed_accounts": lambda reader: reader.permission(
        new_image(), faults=SEVEN_REASONS, shared_account_ids=SEVEN
    ),
    "Whether AWS did it all the same is not known": lambda reader: reader.permission(
        new_image(), faults=[Fault(WRITE, "drop"), Fault(READ, call=2)], **GRANT
    ),
    "It did not hold when the permissions were read again, but may still take effect": lambda reader: reader.permission(
        new_image(), faults=[Fault(WRITE, "drop")], **GRANT
    ),
    "Because an account could not be granted permission, nobody's was revoked": lambda reader: reader.permission(
        new_image(shared_account_ids=[TWO]), unknown=[ONE], purge_accounts=True, **GRANT
    ),
    "Run the same task again: it takes up what is left": lambda reader: reader.permission(
        new_image(), unknown=[ONE], **GRANT
    ),
    # What AWS answers
    "read the permissions of image": lambda reader: reader.permission(new_image(), faults=[Fault(READ)], **GRANT),
    "An error occurred (…) when calling the … operation": lambda reader: reader.permission(
        new_image(), faults=[Fault(READ)], **GRANT
    ),
    "no error code": lambda reader: without_an_error(),
    "This is a fault on the side of AWS, and retries did not help": lambda reader: reader.permission(
        new_image(), faults=[Fault(READ)], **GRANT
    ),
    # Credentials
    "Unable to locate credentials": lambda reader: reader.task(),
    "Partial credentials found in": lambda reader: reader.task(environment={"AWS_ACCESS_KEY_ID": OWNER}),
    "Couldn't connect to AWS": lambda reader: reader.task(environment={"AWS_ACCESS_KEY_ID": OWNER}),
    "The config profile (…) could not be found": lambda reader: reader.task(profile="images"),
    "Unable to parse config file": lambda reader: reader.task("[default\n"),
    "requires a region and none was found": lambda reader: reader.task(**KEYS, region=None),
    "Error when retrieving credentials from": lambda reader: reader.task(process("raise SystemExit(1)")),
    "Expecting value": lambda reader: reader.task(process('print("Please log in.")')),
    "make a client for": lambda reader: reader.task("[default]\ncredential_process = /nowhere/at-all\n"),
    "Credentials were refreshed, but the refreshed credentials are still expired": lambda reader: reader.task(
        process(f"print({json.dumps(json.dumps(STALE))})")
    ),
    "Error loading SSO Token": lambda reader: reader.task(SIGN_IN),
    "The security token included in the request is invalid": lambda reader: reader.task(
        access_key="UNKNOWN", secret_key="secret"
    ),
    # The role
    "The role … could not be assumed": lambda reader: reader.task(**KEYS, assume_role_arn=ROLE),
    "What answered is not AWS, for the answer can't be read": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, faults=[Fault("AssumeRole", "page", body="<p>Sign in")]
    ),
    "AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL if one is set": lambda reader: reader.task(
        **KEYS, assume_role_arn=ROLE, sts=NOWHERE
    ),
    # The way to AWS
    "Could not connect to the endpoint URL": lambda reader: reader.task(**KEYS, endpoint_url=NOWHERE),
    "Failed to connect to proxy URL": lambda reader: reader.task(**KEYS, environment={"HTTP_PROXY": NOWHERE}),
    "SSL validation failed for": lambda reader: reader.task(**KEYS, endpoint_url="https://{host}"),
    "Connection was closed before we received a valid response from endpoint URL": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "drop")]
    ),
    "Read timeout on endpoint URL": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "slow", seconds=1)], aws_config={"read_timeout": 0.2}
    ),
    "Check the Region's name, the endpoint_url if one is set, and the network or proxy": lambda reader: reader.task(
        **KEYS, endpoint_url=NOWHERE
    ),
    "What answered is not AWS, for the answer bears no request ID of AWS's": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "page")]
    ),
    "This is neither an answer of AWS nor an error of its SDK": lambda reader: reader.task(
        **KEYS, faults=[Fault(READ, "page", body="\u00ff")]
    ),
}


@pytest.mark.parametrize("sentence", PROVOKED)
def test_a_sentence_that_is_explained_is_read(sentence, reader):
    assert is_in(sentence, PROVOKED[sentence](reader))


def test_every_sentence_that_is_explained_is_provoked():
    assert set(SENTENCES_OF_MODULES) - set(PROVOKED) == set()


def test_nothing_else_is_provoked():
    assert set(PROVOKED) - set(QUOTES) == set()
