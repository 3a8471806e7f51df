# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import suppress

import pytest

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError
from ansible_collections.euc.aws.tests.aws_server import Fault
from ansible_collections.euc.aws.tests.unit.support import IMAGE_ID, READ, new_client, new_image, new_state

DEFAULT = {"mode": "standard", "total_max_attempts": 2}
OURS = {"mode": "adaptive", "total_max_attempts": 10}


class Module:
    """What ``AWSClients`` needs of an AnsibleAWSModule, whose calls a server answers."""

    def __init__(self, server, aws_config=None, profile=None):
        self.server = server
        self.params = {"aws_config": aws_config, "profile": profile, "assume_role_arn": None}

    def client(self, service, config=None):
        """Make a client as AnsibleAWSModule does: what the user sets goes over what the module sets."""
        assert service == "workspaces"
        settings = {"retries": DEFAULT, **(config or {}), **(self.params["aws_config"] or {})}
        return new_client(self.server, **settings)


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """Keep the settings of whoever runs this out, and make a place for others."""
    for name in ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path / "config"


def attempts(module, clock):
    """Return the retries of the client, and how often a call is made that AWS throttles twelve times."""
    module.server.faults = [Fault(READ, code="ThrottlingException", status=400, times=12)]
    client = AWSClients(module).make("workspaces")
    with suppress(client.exceptions.ClientError):
        client.describe_workspace_image_permissions(ImageId=IMAGE_ID)
    return client.meta.config.retries, len(module.server.journal)


@pytest.mark.parametrize("aws_config", [None, {}, {"read_timeout": 5}])
def test_a_throttled_call_is_made_until_it_is_answered(aws_config, clock):
    assert attempts(Module(new_state(new_image()), aws_config), clock) == (OURS, 13)


@pytest.mark.parametrize(
    ("aws_config", "environment", "config", "profile"),
    [
        ({"retries": DEFAULT}, {}, "", None),
        (None, {"AWS_MAX_ATTEMPTS": "2"}, "", None),
        (None, {"AWS_RETRY_MODE": "standard"}, "", None),
        (None, {}, "[default]\nmax_attempts = 2\n", None),
        (None, {}, "[default]\nretry_mode = standard\n", None),
        (None, {}, "[profile slow]\nmax_attempts = 2\n", "slow"),
        (None, {"AWS_PROFILE": "slow"}, "[profile slow]\nmax_attempts = 2\n", None),
    ],
)
def test_retries_that_the_user_sets_replace_ours(
    aws_config, environment, config, profile, settings, clock, monkeypatch
):
    settings.write_text(config)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert attempts(Module(new_state(new_image()), aws_config, profile), clock) == (DEFAULT, 2)


@pytest.mark.parametrize(
    ("config", "profile"),
    [("[profile slow]\nmax_attempts = 2\n", None), ("[default]\nmax_attempts = 2\n", "other"), ("", "missing")],
)
def test_settings_of_another_profile_replace_nothing(config, profile, settings, clock):
    settings.write_text(config)
    assert attempts(Module(new_state(new_image()), None, profile), clock) == (OURS, 13)


def test_a_file_of_settings_that_can_not_be_read_is_left_for_who_makes_the_client_to_tell(settings, clock):
    settings.write_text("[default\nregion = eu-west-1\n")
    assert AWSClients(Module(new_state())) is not None


@pytest.mark.parametrize("aws_config", [None, {"retries": DEFAULT}])
def test_an_answer_that_is_not_awss_is_none_whoever_sets_the_retries(aws_config):
    client = AWSClients(Module(new_state(new_image(), faults=[Fault(READ, "page")]), aws_config)).make("workspaces")
    with pytest.raises(Exception, match="bears no request ID"):
        client.describe_workspace_image_permissions(ImageId=IMAGE_ID)


def test_a_configuration_that_can_not_be_read_is_told_as_such(settings):
    settings.write_text("[no configuration")
    with pytest.raises(AnsibleEUCError, match=r"^Failed to make a client for workspaces: Unable to parse config file"):
        AWSClients(Module(new_state())).make("workspaces")


def test_a_client_that_can_not_be_made_is_told_as_such():
    def client(*_args, **_kwargs):
        raise FileNotFoundError("no such process")

    module = Module(new_state())
    module.client = client
    with pytest.raises(AnsibleEUCError, match=r"^Failed to make a client for workspaces: FileNotFoundError: no such"):
        AWSClients(module).make("workspaces")


@pytest.mark.parametrize(
    ("aws_config", "throttled"),
    [(None, 13), ({"retries": DEFAULT}, 2), ({"retries": {"mode": "legacy", "max_attempts": 4}}, 5)],
)
def test_no_setting_repeats_a_call_that_must_not_take_effect_twice(aws_config, throttled, clock):
    for fault, made in (
        (Fault(READ, code="ThrottlingException", status=400, times=12), throttled),
        (Fault(READ, times=None), 1),
        (Fault(READ, "drop", times=None), 1),
    ):
        server = new_state(new_image(), faults=[fault])
        client = AWSClients(Module(server, aws_config)).make("workspaces", repeats=False)
        with suppress(Exception):
            client.describe_workspace_image_permissions(ImageId=IMAGE_ID)
        assert len(server.journal) == made
