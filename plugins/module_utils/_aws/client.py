# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the clients that a module calls AWS with."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

try:
    import botocore.session
except ImportError:
    pass  # Handled by AnsibleAWSModule.

from ansible.module_utils import basic

from .calls import accept_only_aws, be_patient
from .errors import AnsibleEUCError, refuse
from .profile import profile_settings
from .role import alias_problem

if TYPE_CHECKING:
    from typing import Any

    from .assume import RoleSession

# AWS allows 2 calls a second with bursts of 5:
# https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-troubleshooting.html. That all callers in
# an account and Region share that is assumed. botocore's "adaptive" mode paces itself by the refusals that it meets,
# with half a call a second at least. With more attempts it would take half an hour to tell that there is no network.
_ATTEMPTS = 10
_CONFIG = {"retries": {"mode": "adaptive", "total_max_attempts": _ATTEMPTS}}
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_RETRY_VARIABLES = ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE")
_RETRY_SETTINGS = ("max_attempts", "retry_mode")


class AWSClients:
    """Makes the clients of a task. Where it assumes a role, all of them share the role's credentials."""

    def __init__(self, module: Any) -> None:
        """Make none yet.

        :param module: The AnsibleAWSModule, or what stands in for it in a plugin. Where its user set botocore's
            retries, by ``retries`` in ``aws_config``, in the environment or in the profile, that replaces what is set
            here.
        :raises AnsibleEUCError: If two roles are given.
        """
        # Ansible leaves the alias in the parameters where it was given, and lost what the option said.
        refuse(alias_problem(basic._load_params()) if "iam_role_arn" in module.params else None)
        self._module = module
        self._role: RoleSession | None = None

    def make(self, service: str, region: str | None = None, repeats: bool = True) -> Any:
        """Make a client.

        :param service: The service, as botocore names it.
        :param region: The Region; None for the task's.
        :param repeats: False for calls that must not take effect twice. They are made again only where AWS surely did
            not heed them, which is where it throttled them, whatever retries the user set.
        :returns: A botocore client. Where botocore refuses to make one, amazon.aws ends the task by itself.
        :raises AnsibleEUCError: If something else keeps it from being made.
        """
        try:
            client = self._new_client(service, region)
        except AnsibleEUCError:
            raise
        except Exception as error:
            # A credential process may be run now, and what goes wrong there is not always botocore's error.
            raise AnsibleEUCError(f"Failed to make a client for {service}", error) from error
        self._prepare(client, repeats)
        return client

    @cached_property
    def _is_patient(self) -> bool:
        # Asked first where errors are told: the user's configuration is read, and may be none.
        return not _user_sets_retries(self._module.params)

    def _new_client(self, service: str, region: str | None) -> Any:
        config = _CONFIG if self._is_patient else {}
        if self._module.params["assume_role_arn"] is None:
            options = {"config": config, "region": region}
            return self._module.client(service, **{name: value for name, value in options.items() if value})
        if not self._role:
            # Ansible compiles what a task imports anew each time, and few tasks have a role.
            from .assume import RoleSession

            self._role = RoleSession(self._module, config, self._prepare)
        return self._role.client(service, region)

    def _prepare(self, client: Any, repeats: bool = True) -> None:
        if self._is_patient:
            be_patient(client, _ATTEMPTS if repeats else 1)
        elif not repeats:
            be_patient(client, 1, client.meta.config.retries.get("total_max_attempts", _ATTEMPTS))
        accept_only_aws(client)


def _user_sets_retries(params: dict[str, Any]) -> bool:
    if "retries" in (params["aws_config"] or {}) or any(os.environ.get(name) for name in _RETRY_VARIABLES):
        return True
    # Nothing is called through this session, and its handlers take longer to register than the files to read.
    session = botocore.session.Session(profile=params["profile"], include_builtin_handlers=False)
    profile = profile_settings(session)
    return any(name in profile for name in _RETRY_SETTINGS)
