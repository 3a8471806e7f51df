# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of every module says alike."""

from __future__ import annotations


class ModuleDocFragment:
    """The role to assume, the action groups, and what is done about throttling."""

    DOCUMENTATION = r"""
options:
  assume_role_arn:
    description:
      - The ARN of an IAM role. The module assumes it, and makes all its calls as that role.
      - It is assumed with the credentials that the other options lead to, such as O(profile), the environment or the
        instance's role. These need C(sts:AssumeRole) on the role, and the role's trust policy has to let them in.
      - The role's credentials stay in memory. They last an hour, and are renewed while the task runs.
      - O(endpoint_url) does not lead to AWS STS, which the role is asked of. For that, set the environment variable
        E(AWS_ENDPOINT_URL_STS).
      - Give the option or its alias, not both.
    type: str
    aliases:
      - iam_role_arn
    version_added: 1.2.0
  assume_role_external_id:
    description:
      - The external ID that the trust policy of the role in O(assume_role_arn) asks for.
      - It is no secret. It keeps the role's account from being reached by somebody else through the same caller.
    type: str
    version_added: 1.2.0
attributes:
  action_group:
    description:
      - Use C(group/euc.aws.euc) in C(module_defaults) for options of this collection's modules,
        O(assume_role_arn) among them.
      - Use C(group/euc.aws.aws) for options that the modules of C(amazon.aws) take as well. These are in it too, and
        refuse O(assume_role_arn).
    support: full
    membership:
      - euc.aws.aws
      - euc.aws.euc
notes:
  - A call that AWS throttles is made up to 300 times, with pauses of 2.5 seconds at most. A call that meets another
    error that may pass is made up to 10 times. The two are counted apart. Both leave pacing to botocore's V(adaptive)
    mode. A C(retries) entry in O(aws_config), the environment variables E(AWS_MAX_ATTEMPTS) and E(AWS_RETRY_MODE), or
    C(max_attempts) and C(retry_mode) in the profile, replace all of that.
"""
