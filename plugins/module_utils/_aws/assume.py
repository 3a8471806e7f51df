# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Assuming a role: its credentials, kept in memory and renewed, and the sessions that make clients with them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

try:
    import boto3
    from botocore.config import Config
    from botocore.credentials import CredentialResolver, DeferredRefreshableCredentials
    from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
    from botocore.session import Session
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.common import get_collection_info

from .errors import AnsibleRoleError, UnreadableAnswerError
from .profile import profile_settings
from .role import assume_role_request
from .wait import heed_deadline, stop_if_time_is_up, time_is_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# botocore asks for new credentials before every call from 15 minutes before the old ones expire. A renewal that fails
# is tried again after this time, and ends nothing while the old ones hold for longer.
_PAUSE = timedelta(seconds=60)


class RoleSession:
    """Makes clients that call AWS as a role. All of them share the role's credentials."""

    def __init__(self, module: Any, config: Mapping[str, Any], prepare: Callable[[Any], None]) -> None:
        """Read the connection options. Nothing is asked of AWS before a client calls.

        :param module: The AnsibleAWSModule, whose ``assume_role_arn`` is given.
        :param config: botocore's settings for every client, over which the user's ``aws_config`` goes.
        :param prepare: What is done with the client for STS before it is used.
        """
        self._region, self._endpoint_url, options = get_aws_connection_info(module)
        profile = options.pop("profile_name", None)
        settings = Config(user_agent=_user_agent()).merge(Config(**config))
        self._options = {"verify": options.pop("verify"), "config": settings.merge(options.pop("aws_config", Config()))}
        self._source_keys = options
        self._prepare = prepare
        self._source, self._session = Session(profile=profile), Session(profile=profile)
        # To read botocore's models and endpoints takes longer than a call.
        self._session.register_component("data_loader", self._source.get_component("data_loader"))
        role = _Role(assume_role_request(module.params), self._sts, self._renew_source)
        credentials = DeferredRefreshableCredentials(role.credentials, _Provider.METHOD, time_fetcher=_now)
        self._session.register_component("credential_provider", CredentialResolver([_Provider(credentials)]))

    def client(self, service: str, region: str | None = None) -> Any:
        """Make a client that calls a service as the role.

        :param region: The Region; None for the task's.
        :raises Exception: What botocore raises where it can't make one.
        """
        where = {"region_name": region or self._region, "endpoint_url": self._endpoint_url}
        return _client(self._session, service, **where, **self._options)

    def _sts(self) -> Any:
        """Make the client that assumes the role, with the credentials that the other options lead to."""
        _prefer_regional_sts(self._source)
        # endpoint_url is the other service's. AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL are botocore's own.
        client = _client(self._source, "sts", region_name=self._region, **self._source_keys, **self._options)
        self._prepare(client)
        heed_deadline(client)
        return client

    def _renew_source(self) -> None:
        """Let the credentials that the role is assumed with renew themselves, where they do.

        :raises Exception: What their source raises. In the call itself that would pass for an answer of STS's.
        """
        if self._source_keys["aws_access_key_id"]:
            return
        credentials = self._source.get_credentials()
        try:
            if credentials:
                credentials.get_frozen_credentials()
        except ClientError as error:
            # The profile has a role of its own, which botocore assumes.
            raise CredentialRetrievalError(provider=credentials.method, error_msg=error) from error


class _Provider:
    """Hands credentials to botocore, as the only source that its session has."""

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load(self) -> Any:
        """Answer botocore, which asks each provider for this."""
        return self._credentials


class _Role:
    """The credentials of a role as STS gave them, kept in memory."""

    def __init__(
        self, request: Mapping[str, Any], new_sts: Callable[[], Any], renew_source: Callable[[], None]
    ) -> None:
        """Keep what is asked of STS, what makes the client that asks, when first needed, and what to do before."""
        self._request = request
        self._new_sts = new_sts
        self._renew_source = renew_source
        self._sts: Any = None
        self._held: dict[str, str] = {}
        self._good_until = self._try_again = datetime.min.replace(tzinfo=timezone.utc)

    def credentials(self) -> dict[str, str]:
        """Assume the role, or give the credentials that hold where that failed just before.

        :returns: What botocore's ``RefreshableCredentials`` take.
        :raises AnsibleRoleError: If the role can't be assumed, and no credentials hold any longer.
        """
        now = _now()
        if now < self._good_until and (now < self._try_again or time_is_up()):
            return self._held
        try:
            self._assume()
        except Exception as error:
            # The attempts may have taken minutes.
            now = _now()
            if now >= self._good_until:
                raise AnsibleRoleError(self._request["RoleArn"], self._caller(error), error) from error
            self._try_again = now + _PAUSE
        # This was a call, and the one that asked for the credentials would be another.
        stop_if_time_is_up()
        return self._held

    def _assume(self) -> None:
        self._sts = self._sts or self._new_sts()
        self._renew_source()
        try:
            given = self._sts.assume_role(**self._request)["Credentials"]
            held = {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }
        except (BotoCoreError, ClientError):
            raise
        except Exception:
            # botocore's parser raises all kinds for what is not STS's XML. Some have the answer in their text, and it
            # may hold secrets, so the result's traceback must not show them.
            raise UnreadableAnswerError from None
        self._held, self._good_until = held, given["Expiration"] - _PAUSE

    def _caller(self, error: Exception) -> str | None:
        """Return the ARN of who asked, where AWS refused just that; None where it is not known."""
        if not isinstance(error, ClientError) or error.response.get("Error", {}).get("Code") != "AccessDenied":
            return None
        try:
            return self._sts.get_caller_identity()["Arn"]
        except Exception:
            # Why the role was refused says more than why this was.
            return None


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _client(session: Any, service: str, **options: Any) -> Any:
    # As amazon.aws makes them: boto3 has a part in how the client introduces itself.
    return boto3.session.Session(botocore_session=session).client(service, **options)


def _prefer_regional_sts(session: Any) -> None:
    # botocore's default since 1.40. A Region that has to be opted into refuses what the global endpoint gives:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html
    if not (os.environ.get("AWS_STS_REGIONAL_ENDPOINTS") or "sts_regional_endpoints" in profile_settings(session)):
        session.set_config_variable("sts_regional_endpoints", "regional")


def _user_agent() -> str:
    """Return the words by which amazon.aws tells AWS who calls."""
    amazon_aws = get_collection_info()
    return f"APN/1.0 Ansible/{ansible_version} {amazon_aws['name']}/{amazon_aws['version']}"
