# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name a role to assume: what is valid, and what is asked of STS.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# For the argument spec of every module; plugins/doc_fragments/common.py documents it.
ROLE_OPTIONS = dict(
    assume_role_arn=dict(type="str", aliases=["iam_role_arn"]),
    assume_role_external_id=dict(type="str"),
)

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: a name of 64 characters, a path of 512.
_ROLE_ARN = re.compile(r"arn:[a-z][a-z-]{0,30}:iam::[0-9]{12}:role/(?:[!-.0-~]+/){0,255}[A-Za-z0-9_+=,.@-]{1,64}")
# externalIdType in botocore's data/sts/2011-06-15/service-2.json.
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
# In CloudTrail and in the ARN of the caller it tells who acted. roleSessionNameType in the same model.
_SESSION_NAME = "ansible-euc.aws"
# The default, and the most that a chained role may have. botocore renews credentials that last less than 15 minutes
# before every call.
_SECONDS = 3600


def role_problems(params: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the options that name a role; a sentence each."""
    role_arn, external_id = params["assume_role_arn"], params["assume_role_external_id"]
    problems = []
    if role_arn is not None and not is_role_arn(role_arn):
        problems.append(
            "assume_role_arn takes the ARN of an IAM role, such as arn:aws:iam::123456789012:role/images, and this is"
            f" none: {enumerated([role_arn])}."
        )
    if external_id is not None and not _EXTERNAL_ID.fullmatch(external_id):
        problems.append(
            "assume_role_external_id takes 2 to 1224 letters, digits and _+=,.@:/- and this is not of that kind:"
            f" {enumerated([external_id])}."
        )
    if external_id is not None and role_arn is None:
        problems.append("assume_role_external_id goes with assume_role_arn, which is not given.")
    return problems


def is_role_arn(value: str) -> bool:
    """Say whether a text has the form of the ARN of a role."""
    return bool(_ROLE_ARN.fullmatch(value))


def alias_problem(given: Mapping[str, Any]) -> str | None:
    """Say if the option and its alias name two roles, of which Ansible would take the alias's with a warning.

    :param given: The arguments as they were given, not yet validated.
    """
    option, alias = given.get("assume_role_arn"), given.get("iam_role_arn", given.get("assume_role_arn"))
    # An alias that is null is taken too, and would let the task go on without the role.
    if option is None or option == alias:
        return None
    roles = [str(option), "null" if alias is None else str(alias)]
    return f"assume_role_arn and its alias iam_role_arn name different roles: {enumerated(roles)}. Give one of the two."


def assume_role_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of AssumeRole, for options that ``role_problems`` let through."""
    request = {
        "RoleArn": params["assume_role_arn"],
        "RoleSessionName": _SESSION_NAME,
        "DurationSeconds": _SECONDS,
    }
    if params["assume_role_external_id"] is not None:
        request["ExternalId"] = params["assume_role_external_id"]
    return request
