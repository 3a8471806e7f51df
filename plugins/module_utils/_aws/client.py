# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the clients that a module calls AWS with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

try:
    import botocore.session
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from .calls import accept_only_aws, be_patient
from .errors import AnsibleEUCError

if TYPE_CHECKING:
    from typing import Any

# AWS allows 2 calls a second with bursts of 5, for all callers in an account and Region together
# (https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html). botocore's "adaptive" mode
# paces itself by the refusals that it meets, with half a call a second at least. With more attempts it would take
# half an hour to tell that there is no network.
_ATTEMPTS = 10
_CONFIG = {"retries": {"mode": "adaptive", "total_max_attempts": _ATTEMPTS}}
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_RETRY_VARIABLES = ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")
_RETRY_SETTINGS = ("max_attempts", "retry_mode")


def aws_client(module: Any, service: str) -> Any:
    """Make a client for a module's calls.

    :param module: The AnsibleAWSModule. Where its user set botocore's retries, by ``retries`` in ``aws_config``, in the
        environment or in the profile, that replaces what is set here.
    :param service: The service, as botocore names it.
    :returns: A botocore client. Where botocore refuses to make one, amazon.aws ends the task by itself.
    :raises AnsibleEUCError: If something else keeps it from being made.
    """
    is_patient = not _user_sets_retries(module.params)
    try:
        client = module.client(service, **({"config": _CONFIG} if is_patient else {}))
    except Exception as error:
        # A credential process is run now, and what goes wrong there is not always botocore's error.
        raise AnsibleEUCError(f"Failed to make a client for {service}", error) from error
    if is_patient:
        be_patient(client, _ATTEMPTS)
    accept_only_aws(client)
    return client


def _user_sets_retries(params: dict[str, Any]) -> bool:
    if "retries" in (params["aws_config"] or {}) or any(os.environ.get(name) for name in _RETRY_VARIABLES):
        return True
    session = botocore.session.Session(profile=params["profile"])
    # Not get_scoped_config, which raises where there is no such profile: module.client says that better.
    profile = session.full_config.get("profiles", {}).get(session.profile or "default", {})
    return any(name in profile for name in _RETRY_SETTINGS)
