# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""boto3 clients of a state, in-process or over HTTP, and calls by AWS's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ansible_collections.euc.aws.tests.aws_server import State, attach

Connect = Callable[..., Any]


def client(key: str = "OWNER", service: str = "workspaces", token: str | None = None, **settings: Any) -> Any:
    """A boto3 client that neither retries nor checks parameters, unless told so."""
    config = {"retries": {"total_max_attempts": 1}, "parameter_validation": False, "read_timeout": 1}
    config.update(settings.pop("config", {}))
    return boto3.client(
        service,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        aws_session_token=token,
        config=Config(**config),
        **{"region_name": "us-east-1", **settings},
    )


client()  # botocore reads its models once here, and not again in each process that ansible-test forks for a test


def in_process(state: State, *args: Any, **settings: Any) -> Any:
    """A client attached to the state."""
    attached = client(*args, **settings)
    attach(attached, state)
    return attached


def call(connection: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """Call by AWS's name of the operation; the answer without its metadata."""
    answer: dict[str, Any] = getattr(connection, botocore.xform_name(operation))(**parameters)
    answer.pop("ResponseMetadata")
    return answer


def refusal(connection: Any, operation: str, **parameters: Any) -> ClientError:
    """The error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(connection, operation, **parameters)
    return caught.value
