# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose an access key is, whether it still is good, and temporary ones for a role."""

from __future__ import annotations

import secrets
import string

from .state import Principal, Role, Session, State


def caller_of(state: State, access_key: str) -> Principal:
    """Who the access key belongs to; a principal without an account or anything else if nobody has it."""
    if access_key in state.sessions:
        return state.sessions[access_key].principal
    account = state.access_keys.get(access_key)
    return Principal(account, f"arn:aws:iam::{account}:user/tester", "AIDATESTER") if account else Principal()


def is_known(state: State, access_key: str, session_token: str) -> bool:
    """Whether somebody has the access key, and the session token is the one that has to come with it."""
    if access_key in state.sessions:
        return session_token == state.sessions[access_key].session_token
    return access_key in state.access_keys and session_token == state.session_tokens.get(access_key, "")


def is_expired(state: State, access_key: str) -> bool:
    """Whether the access key's time is over."""
    if access_key in state.sessions:
        return state.clock() >= state.sessions[access_key].expires
    return access_key in state.expired_access_keys


def issue(state: State, role: Role, name: str, seconds: float) -> tuple[str, Session]:
    """A new access key for a session of the role, and what belongs to it.

    It lasts for `seconds`, or for `state.session_seconds` if that is set, whatever the caller is told.
    """
    _arn, partition, _iam, _region, account, resource = role.arn.split(":", 5)
    role_name = resource.rpartition("/")[2]  # a role's path is not in the ARN of its sessions (guide)
    access_key = "ASIA" + "".join(secrets.choice(string.ascii_uppercase) for _letter in range(16))
    principal = Principal(
        account,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{role_name}/{name}",
        user_id=f"AROATESTER:{name}",
        role_arn=role.arn,
    )
    lasts = seconds if state.session_seconds is None else state.session_seconds
    session = Session(principal, secrets.token_urlsafe(30), secrets.token_urlsafe(192), state.clock() + lasts)
    state.sessions[access_key] = session
    return access_key, session
