#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: organization_accounts_info
version_added: 1.2.0
short_description: Tell which accounts an AWS organization has, by organizational unit
description:
  - Lists the accounts of an AWS organization, of some of its organizational units, or single ones, with what is to be
    left out.
  - RV(account_ids) is ready for O(euc.aws.workspaces_image_permission#module:shared_account_ids).
  - The inventory plugin P(euc.aws.organization_accounts#inventory) makes hosts of the same choice.
author:
  - Contributors to the euc.aws project (@euc-aws)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - euc.aws.common
  - euc.aws.organization_accounts
attributes:
  check_mode:
    description: Can run in check mode. The module changes nothing, so it does the same in both modes.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in check mode.
    support: N/A
    details:
      - The module changes nothing.
  idempotent:
    description: Run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - AWS Organizations has one endpoint in each partition. O(region) says no more than the partition.
  - The IAM actions needed are C(organizations:ListAccounts), C(organizations:ListAccountsForParent),
    C(organizations:ListOrganizationalUnitsForParent), C(organizations:ListRoots), C(organizations:ListParents),
    C(organizations:DescribeAccount), C(organizations:DescribeOrganizationalUnit) and, with O(include_tags),
    C(organizations:ListTagsForResource).
seealso:
  - plugin: euc.aws.organization_accounts
    plugin_type: inventory
  - module: euc.aws.workspaces_image_permission
  - name: ListAccounts
    description: The operation in the API reference of AWS Organizations.
    link: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

EXAMPLES = r"""
- name: Find every active account of the organization
  euc.aws.organization_accounts_info:
  register: everyone

- name: Find the accounts of one unit, but for some
  euc.aws.organization_accounts_info:
    organizational_units:
      - /Workloads/Production
    exclude_organizational_units:
      - /Workloads/Production/Frozen
    exclude_account_ids:
      - "012345670123"
  register: production

- name: Share an image with exactly these accounts
  euc.aws.workspaces_image_permission:
    image_name: golden-2026-11
    shared_account_ids: "{{ production.account_ids }}"
    purge_accounts: true
    region: eu-west-1

- name: Find the accounts directly in a unit, and one more, as a delegated administrator
  euc.aws.organization_accounts_info:
    assume_role_arn: arn:aws:iam::222222222222:role/organization-reader
    assume_role_external_id: golden-images-7f3a
    organizational_units:
      - ou-ab12-11111111
    recursive: false
    account_ids:
      - "111111111111"

- name: Find the accounts that are on their way out, with their tags
  euc.aws.organization_accounts_info:
    states:
      - SUSPENDED
      - PENDING_CLOSURE
    include_tags: true
"""

RETURN = r"""
account_ids:
  description: The IDs of the accounts in RV(accounts), in the same order.
  returned: success
  type: list
  elements: str
  sample:
    - "111111111111"
    - "333333333333"
accounts:
  description: The accounts that are chosen, by ID. A field that AWS does not answer is null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the account.
      returned: always
      type: str
      sample: "111111111111"
    name:
      description: The name of the account.
      returned: always
      type: str
      sample: shop-production
    email:
      description: The email address of the account.
      returned: always
      type: str
      sample: shop-production@example.com
    state:
      description: The state of the account, one of O(states).
      returned: always
      type: str
      sample: ACTIVE
    path:
      description: The path from the root of the organizational unit that the account is in. V(/) is the root.
      returned: always
      type: str
      sample: /Workloads/Production
    joined:
      description: When the account became a part of the organization.
      returned: always
      type: str
      sample: "2026-11-02T08:30:00+00:00"
    tags:
      description: The tags of the account.
      returned: when O(include_tags=true)
      type: dict
      sample:
        stage: production
"""

from typing import TYPE_CHECKING

from ansible.module_utils import basic
from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import refuse
from ansible_collections.euc.aws.plugins.module_utils._aws.result import exit_with
from ansible_collections.euc.aws.plugins.module_utils._aws.role import ROLE_OPTIONS, role_problems
from ansible_collections.euc.aws.plugins.module_utils._organizations.choice import (
    CHOICE_OPTIONS,
    choice_problems,
    none_chosen,
    null_problem,
)
from ansible_collections.euc.aws.plugins.module_utils._organizations.lookup import find_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.euc.aws.plugins.module_utils._organizations.lookup import Found

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    **CHOICE_OPTIONS,
)


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    refuse(*role_problems(params), *choice_problems(params))


def run(params: Mapping[str, Any], client: Any) -> dict[str, Any]:
    """Find the accounts that the parameters choose.

    :param params: Parameters that ``validate_parameters`` let through.
    :param client: A botocore client for Organizations.
    :returns: The result of the task.
    :raises AnsibleOrganizationsError: If any account or unit can't be told for sure.
    """
    accounts = find_accounts(client, params)
    if not accounts:
        warn(none_chosen(params["states"]))
    return {
        "account_ids": [found.account.id for found in accounts],
        "accounts": [_as_result(found) for found in accounts],
    }


def _as_result(found: Found) -> dict[str, Any]:
    account = found.account
    result = {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "state": account.state,
        "path": found.path,
        "joined": account.joined,
    }
    return result if found.tags is None else {**result, "tags": found.tags}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)

    def work() -> dict[str, Any]:
        refuse(null_problem(basic._load_params()))
        validate_parameters(module.params)
        return run(module.params, AWSClients(module).make("organizations"))

    exit_with(module, work)


if __name__ == "__main__":
    main()
