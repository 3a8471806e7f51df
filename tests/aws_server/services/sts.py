# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""STS: who calls, and temporary credentials of a role. Session policies, tags and MFA devices have no effect here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ..credentials import caller_of, issue
from ..service import AwsError, Service
from ..state import Call, Principal, Role, State

SERVICE = Service("sts")
DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+", re.ASCII)


@SERVICE.behaviour
def get_caller_identity(state: State, call: Call) -> dict[str, Any]:
    """Who the access key belongs to."""
    caller = caller_of(state, call.access_key)
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


@SERVICE.behaviour
def assume_role(state: State, call: Call) -> dict[str, Any]:
    """Credentials of a role for who it trusts. One answer to all who may not: AWS does not say what was wrong.

    The bounds of the duration are documented; that trust is looked at before them, and ValidationError, are assumed.
    """
    caller = caller_of(state, call.access_key)
    arn, seconds = call.parameters["RoleArn"], call.parameters.get("DurationSeconds", DEFAULT_SECONDS)
    if not _ROLE_ARN.fullmatch(arn):
        raise AwsError("ValidationError", f"{arn} is not the ARN of a role.")
    role = next((role for role in state.roles if role.arn == arn), None)
    if role is None or not _trusts(role, caller, call.parameters.get("ExternalId")):
        message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise AwsError("AccessDenied", message, 403)
    if seconds > role.max_session_seconds:
        raise AwsError("ValidationError", "DurationSeconds exceeds the MaxSessionDuration of the role.")
    if caller.role_arn and seconds > CHAINED_SECONDS:
        raise AwsError("ValidationError", "DurationSeconds exceeds the hour that a role assumed by a role may last.")
    access_key, session = issue(state, role, call.parameters["RoleSessionName"], seconds)
    expiration = datetime.fromtimestamp(state.clock() + seconds, UTC)
    return {
        "Credentials": {
            "AccessKeyId": access_key,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "AssumedRoleUser": {"AssumedRoleId": session.principal.user_id, "Arn": session.principal.arn},
    }


def _trusts(role: Role, caller: Principal, external_id: str | None) -> bool:
    """Whether the role's trust policy lets the caller in. An external ID that it does not ask for is no harm (assumed).

    It can name an account, of which everybody is let in who may call AssumeRole (and who may is not looked at here),
    a user, a role, or one session of a role (guide).
    """
    names = {caller.account, caller.arn, caller.role_arn} - {""}
    return bool(names & role.trusted) and role.external_id in (None, external_id)
