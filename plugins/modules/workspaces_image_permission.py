#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: workspaces_image_permission
version_added: 1.0.0
short_description: Share an Amazon WorkSpaces image with other AWS accounts
description:
  - Shares an Amazon WorkSpaces image that you own with other AWS accounts, or stops sharing it.
    An account that an image is shared with can copy it.
  - Reads first who has the image, and changes only what differs.
  - Permissions are granted before any is revoked, so an account that keeps access is never without it.
author:
  - Contributors to the euc.aws project (@euc-aws)
options:
  image_id:
    description:
      - The ID of the image.
      - Exactly one of O(image_id) and O(image_name) is required.
    type: str
  image_name:
    description:
      - The exact name of an image that you own in the Region.
      - The task fails if you own no image of this name, or several. It then lists what was found.
      - To find an image by its name, all images that you own in the Region are read, 25 a call.
    type: str
  shared_account_ids:
    description:
      - The IDs of the accounts, 12 digits each. An ID that is listed twice counts once.
      - Put IDs in quotes. YAML reads V(012345670123) without quotes as an octal number. The module refuses what
        comes of that, and says which ID was probably meant.
      - Give it once. If the option and its alias are both given, Ansible warns and takes the alias.
      - Required with O(state=present). With O(state=absent), either this or O(purge_accounts=true) is required.
      - An empty list changes nothing, and the module warns about it. With O(purge_accounts=true) an empty list is
        refused.
    type: list
    elements: str
    aliases:
      - shared_account_id
  state:
    description:
      - With V(present), each account in O(shared_account_ids) can copy the image.
      - With V(absent), none of them can.
    type: str
    choices:
      - present
      - absent
    default: present
  purge_accounts:
    description:
      - With O(state=present), O(shared_account_ids) is the whole truth. Every other account loses its permission.
        If an account can't be granted permission, nobody loses it in that run.
      - With O(state=absent), every account loses its permission. O(shared_account_ids) must not be given then.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for an image that is V(PENDING), as it is right after it was created or copied.
      - Without this, sharing such an image fails. An image is only waited for if there is an account to share it with.
      - Check mode waits too, because what comes of the image decides what the task would do.
      - After the wait it is read again who has the image, because others may have changed that.
    type: bool
    default: false
  wait_timeout:
    description:
      - The longest time to wait, in seconds. AWS is asked every 15 seconds, more often where the time is short.
      - A call that AWS throttles is not made again after that, so the task ends one call late at most.
    type: int
    default: 3600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - euc.aws.common
attributes:
  check_mode:
    description: Can run in check mode and tell what it would change, without changing anything.
    support: full
    details:
      - Everything is read and checked as in a real run. RV(ignore:changed), the diff and the lists are the same.
  diff_mode:
    description: Returns what has changed, or would change in check mode.
    support: full
  idempotent:
    description: Run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - An image is shared within its Region. An account that has it can copy it to other Regions.
    In China (Ningxia) an image can be copied within that Region only. In AWS GovCloud (US), AWS Support has to be asked
    to copy an image to or from other Regions.
  - A bring-your-own-licence image can be shared only with accounts of the same organization that are enabled for
    bring-your-own-licence. In AWS GovCloud (US) such an image can't be shared.
  - To stop sharing an image does not touch the copies that were made while it was shared.
  - AWS deletes an image only if it is shared with no account. See the example that unshares an image from all of them.
    M(euc.aws.workspaces_image) can do both.
  - That an image has to be V(AVAILABLE), and that its own owner is refused, are checks of the module's. AWS does not
    say what it answers to that.
  - An account that an image is shared with can't share it further, and neither can this module with that account's
    credentials.
  - Whether an account ID is the one that you meant, only you can tell. Confirm it with the account's owner.
  - AWS allows L(2 calls a second by default,https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-troubleshooting.html),
    with bursts of 5. It does not say who shares that; the module takes it that all callers in an account and Region do.
    The module makes a call for each account to be changed and for each 25 accounts that have permission.
  - The IAM actions needed are C(workspaces:DescribeWorkspaceImages), C(workspaces:DescribeWorkspaceImagePermissions)
    and C(workspaces:UpdateWorkspaceImagePermission).
seealso:
  - module: euc.aws.workspaces_image
  - name: Share or unshare a custom WorkSpaces image
    description: The chapter on sharing images in the administration guide of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/adminguide/share-custom-image.html
  - name: UpdateWorkspaceImagePermission
    description: The operation in the API reference of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/api/API_UpdateWorkspaceImagePermission.html
  - module: amazon.aws.aws_caller_info
"""

EXAMPLES = r"""
- name: Share an image with one account
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    shared_account_id: "111111111111"
    region: eu-west-1

- name: Share an image with many accounts, and leave everyone else's permission as it is
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    shared_account_ids:
      - "111111111111"
      - "222222222222"
      - "012345670123"
    region: eu-west-1

- name: Share an image with exactly these accounts, and with no other
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    shared_account_ids:
      - "111111111111"
      - "222222222222"
    purge_accounts: true
    region: eu-west-1

- name: Stop sharing an image with one account
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    shared_account_ids:
      - "222222222222"
    state: absent
    region: eu-west-1

- name: Stop sharing an image with every account, which AWS asks for before the image can be deleted
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    state: absent
    purge_accounts: true
    region: eu-west-1

- name: Share an image by its name, as soon as it is AVAILABLE
  euc.aws.workspaces_image_permission:
    image_name: golden-2026-11
    shared_account_ids:
      - "111111111111"
    wait: true
    wait_timeout: 5400
    region: eu-west-1

- name: Share the copies of an image in several Regions
  euc.aws.workspaces_image_permission:
    image_name: golden-2026-11
    shared_account_ids:
      - "111111111111"
      - "222222222222"
    region: "{{ item }}"
  loop:
    - eu-west-1
    - us-east-1
    - ap-northeast-1

- name: Show what an exact set would change, without changing it
  euc.aws.workspaces_image_permission:
    image_id: wsi-0123456789abcdef0
    shared_account_ids:
      - "111111111111"
    purge_accounts: true
    region: eu-west-1
  check_mode: true
  diff: true

- name: Share an image of another account, as a role there that lets you in
  euc.aws.workspaces_image_permission:
    assume_role_arn: arn:aws:iam::123456789012:role/image-owner
    assume_role_external_id: golden-images-7f3a
    image_name: golden-2026-11
    shared_account_ids:
      - "111111111111"
    region: eu-west-1

- name: Give the role and the Region once, for this collection's modules
  module_defaults:
    group/euc.aws.euc:
      assume_role_arn: arn:aws:iam::123456789012:role/image-owner
      assume_role_external_id: golden-images-7f3a
      region: eu-west-1
  block:
    - name: Share the image as that role
      euc.aws.workspaces_image_permission:
        image_name: golden-2026-11
        shared_account_ids:
          - "111111111111"

- name: Give the Region and the profile once, for this module and those of amazon.aws
  module_defaults:
    group/euc.aws.aws:
      region: eu-west-1
      profile: images
  block:
    - name: Tell whose image it is
      amazon.aws.aws_caller_info:

    - name: Share the image
      euc.aws.workspaces_image_permission:
        image_name: golden-2026-11
        shared_account_ids:
          - "111111111111"
"""

RETURN = r"""
image_id:
  description: The ID of the image.
  returned: once the image is known
  type: str
  sample: wsi-0123456789abcdef0
image_name:
  description: The name of the image.
  returned: where O(image_name) was given, or the image was looked at because a permission was to be granted
  type: str
  sample: golden-2026-11
shared_account_ids:
  description:
    - The accounts that can copy the image after the task, sorted.
    - In check mode, those that could copy it after a real run.
  returned: once the permissions were read
  type: list
  elements: str
  sample:
    - "111111111111"
    - "222222222222"
granted_account_ids:
  description: The accounts that were granted permission to copy the image, sorted.
  returned: once the permissions were read
  type: list
  elements: str
  sample:
    - "222222222222"
revoked_account_ids:
  description: The accounts whose permission to copy the image was revoked, sorted.
  returned: once the permissions were read
  type: list
  elements: str
  sample: []
diff:
  description: What has changed, or would change in check mode. Shown with C(--diff).
  returned: once the permissions were read
  type: dict
  sample:
    before_header: wsi-0123456789abcdef0 (golden-2026-11) in eu-west-1
    after_header: wsi-0123456789abcdef0 (golden-2026-11) in eu-west-1
    before:
      image_id: wsi-0123456789abcdef0
      shared_account_ids:
        - "111111111111"
    after:
      image_id: wsi-0123456789abcdef0
      shared_account_ids:
        - "111111111111"
        - "222222222222"
failed_accounts:
  description:
    - The accounts whose permission could not be changed, with the code and the message that AWS answered.
    - C(may_take_effect) is true where AWS gave no clear answer. The change did not hold when the permissions were read
      again, or they could not be read, and it may still come to hold.
    - The changes in RV(granted_account_ids) and RV(revoked_account_ids) were made before or after that.
  returned: when a change failed
  type: dict
  sample:
    "333333333333":
      code: InvalidParameterValuesException
      message: The account does not exist.
      may_take_effect: false
not_attempted_account_ids:
  description:
    - The accounts whose permission was to be changed, but was not tried, sorted.
    - It is not tried when an error is about the caller, the image or the service, and so would meet every account.
    - No permission is revoked in a run in which one could not be granted.
  returned: when a change failed
  type: list
  elements: str
  sample: []
"""

from typing import TYPE_CHECKING

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.euc.aws.plugins.module_utils._aws.accounts import account_ids_problem
from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import refuse
from ansible_collections.euc.aws.plugins.module_utils._aws.result import exit_with
from ansible_collections.euc.aws.plugins.module_utils._aws.role import ROLE_OPTIONS, role_problems
from ansible_collections.euc.aws.plugins.module_utils._aws.wait import timeout_problem
from ansible_collections.euc.aws.plugins.module_utils._images import sharing
from ansible_collections.euc.aws.plugins.module_utils._images.apply import apply_changes
from ansible_collections.euc.aws.plugins.module_utils._images.errors import AnsibleImagesError
from ansible_collections.euc.aws.plugins.module_utils._images.images import (
    image_ids_problem,
    image_label,
)
from ansible_collections.euc.aws.plugins.module_utils._images.lookup import (
    current_permissions,
    owned_image,
    owned_image_by_name,
    shareable_image,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    image_id=dict(type="str"),
    image_name=dict(type="str"),
    shared_account_ids=dict(type="list", elements="str", aliases=["shared_account_id"]),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    purge_accounts=dict(type="bool", default=False),
    wait=dict(type="bool", default=False),
    wait_timeout=dict(type="int", default=3600),
)


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    image_id, account_ids = params["image_id"], params["shared_account_ids"]
    refuse(
        *role_problems(params),
        account_ids_problem(account_ids or (), "shared_account_ids"),
        sharing.request_problem(params["state"], account_ids, params["purge_accounts"]),
        image_ids_problem([image_id], "image_id") if image_id else None,
        # Ansible itself tells neither from both, but lets null and an empty string pass as given.
        None if image_id or params["image_name"] else "Neither image_id nor image_name says which image is meant.",
        timeout_problem(params["wait_timeout"]),
    )


def run(params: Mapping[str, Any], client: Any, check_mode: bool) -> dict[str, Any]:
    """Bring the permissions of an image to what the parameters ask for.

    :param params: Parameters that ``validate_parameters`` let through.
    :param client: A botocore client for WorkSpaces.
    :param check_mode: Whether to leave out the writes, and only these.
    :returns: The result of the task.
    :raises AnsibleImagesError: If anything could not be done; with the result so far, if something was.
    """
    image = owned_image_by_name(client, params["image_name"]) if params["image_name"] else None
    image_id = image["ImageId"] if image else params["image_id"]
    shared_with = current_permissions(client, image_id)
    changes = _planned(params, shared_with)

    if sharing.granted_by(changes):
        found = image or owned_image(client, image_id)
        timeout = params["wait_timeout"] if params["wait"] else None
        image = shareable_image(client, found, sharing.granted_by(changes), timeout)
        if image is not found:
            # Others may have changed who has the image during the wait, and purging would miss them.
            shared_with = current_permissions(client, image_id)
            changes = _planned(params, shared_with)

    outcome = (
        sharing.planned_outcome(shared_with, changes)
        if check_mode
        else apply_changes(client, image_id, shared_with, changes)
    )
    image_name = image.get("Name") if image else None
    label = image_label(image_id, image_name, client.meta.region_name)
    result = sharing.sharing_result(image_id, image_name, label, shared_with, outcome)
    if outcome.failed:
        raise AnsibleImagesError(
            sharing.failure_message(label, outcome),
            response=next(iter(outcome.failed.values())).response,
            **result,
            **sharing.failure_result(outcome),
        )
    return result


def _planned(params: Mapping[str, Any], shared_with: AbstractSet[str]) -> list[sharing.Change]:
    account_ids = frozenset(params["shared_account_ids"] or ())
    return sharing.plan_changes(shared_with, params["state"], account_ids, params["purge_accounts"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC,
        mutually_exclusive=[("image_id", "image_name")],
        required_one_of=[("image_id", "image_name")],
        supports_check_mode=True,
    )

    def work() -> dict[str, Any]:
        validate_parameters(module.params)
        if module.params["shared_account_ids"] == []:
            # AnsibleAWSModule.warn passes warnings on in a way that ansible-core 2.19 calls deprecated.
            warn("shared_account_ids is empty, so this task changes nothing.")
        return run(module.params, AWSClients(module).make("workspaces"), module.check_mode)

    exit_with(module, work)


if __name__ == "__main__":
    main()
