#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: workspaces_image_info
version_added: 1.0.0
short_description: Tell which Amazon WorkSpaces images there are, and who can copy them
description:
  - Lists the Amazon WorkSpaces images that you own, or that other accounts share with you, in a Region.
  - Lists the accounts that each of your images is shared with, and tells which of them should not be there.
author:
  - Contributors to the euc.aws project (@euc-aws)
options:
  image_ids:
    description:
      - Only the images with these IDs. The ones that are not found are returned in RV(missing_image_ids).
      - An empty list stands for no image. Leave the option out to read every image.
    type: list
    elements: str
  names:
    description:
      - Only the images with these names. C(*), C(?) and C([...]) work as in a shell. Upper and lower case count.
      - An empty list stands for no image. Leave the option out to let every name pass.
    type: list
    elements: str
  owner:
    description:
      - Whose images to read.
      - With V(self), those that you own. With V(shared), those that other accounts share with you.
        With V(all), both.
    type: str
    choices:
      - self
      - shared
      - all
    default: self
  states:
    description:
      - Only the images in these states.
      - An empty list stands for no image. Leave the option out to let every state pass.
    type: list
    elements: str
    choices:
      - AVAILABLE
      - PENDING
      - ERROR
  include_permissions:
    description:
      - Whether to read which accounts each of your images is shared with.
      - This takes a call for each image, and one more for each further 25 accounts. Without it the module is quick.
    type: bool
    default: true
  include_tags:
    description:
      - Whether to read the tags of each of your images, which tell what it was made from too.
      - This takes a call for each image. AWS tells only the owner of an image its tags.
    type: bool
    default: false
    version_added: 1.2.0
  allowed_account_ids:
    description:
      - The accounts that images may be shared with, 12 digits each. Put them in quotes.
      - The module then tells which images are shared with any other account, in RV(images[].unexpected_account_ids)
        and RV(violations). It does not fail because of that.
      - With an empty list, no image may be shared with anybody.
      - Not possible with O(include_permissions=false).
    type: list
    elements: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - euc.aws.common
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
  - Images exist in one Region. Run the module once for each Region.
  - AWS tells only the owner of an image who can copy it. For an image of another account
    RV(images[].shared_account_ids) is null.
  - AWS allows L(2 calls a second by default,https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-troubleshooting.html),
    with bursts of 5. It does not say who shares that; the module takes it that all callers in an account and Region do.
  - The IAM actions needed are C(workspaces:DescribeWorkspaceImages), C(workspaces:DescribeWorkspaceImagePermissions)
    unless O(include_permissions=false), and C(workspaces:DescribeTags) with O(include_tags=true).
seealso:
  - module: euc.aws.workspaces_image
  - module: euc.aws.workspaces_image_permission
  - name: DescribeWorkspaceImages
    description: The operation in the API reference of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/api/API_DescribeWorkspaceImages.html
  - name: DescribeWorkspaceImagePermissions
    description: The operation in the API reference of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/api/API_DescribeWorkspaceImagePermissions.html
"""

EXAMPLES = r"""
- name: Read my images and who can copy them
  euc.aws.workspaces_image_info:
    region: eu-west-1
  register: mine

- name: Show who can copy what
  ansible.builtin.debug:
    msg: "{{ item.name }} ({{ item.image_id }}): {{ item.shared_account_ids | join(', ') | default('nobody', true) }}"
  loop: "{{ mine.images }}"
  loop_control:
    label: "{{ item.image_id }}"

- name: Find the golden images that are ready to be shared
  euc.aws.workspaces_image_info:
    names:
      - golden-*
    states:
      - AVAILABLE
    include_permissions: false
    region: eu-west-1

- name: Find the images that other accounts share with me
  euc.aws.workspaces_image_info:
    owner: shared
    region: eu-west-1

- name: Look at two images, whoever owns them
  euc.aws.workspaces_image_info:
    image_ids:
      - wsi-0123456789abcdef0
      - wsi-0fedcba9876543210
    owner: all
    region: eu-west-1

- name: Look at the images that a recipient has copied, as a role in the recipient's account
  euc.aws.workspaces_image_info:
    assume_role_arn: arn:aws:iam::111111111111:role/image-recipient
    assume_role_external_id: golden-images-7f3a
    include_permissions: false
    region: eu-west-1

- name: Tell what each of my images was made from
  euc.aws.workspaces_image_info:
    include_permissions: false
    include_tags: true
    region: eu-west-1

- name: Audit who can copy my images
  euc.aws.workspaces_image_info:
    allowed_account_ids:
      - "111111111111"
      - "222222222222"
    region: eu-west-1
  register: audit

- name: Make the job red if an image is open to any other account, or could not be audited
  ansible.builtin.assert:
    that:
      - audit.violations == []
      - audit.images | selectattr('permissions_error', 'defined') == []

- name: Revoke every permission that the audit found
  euc.aws.workspaces_image_permission:
    image_id: "{{ item.image_id }}"
    shared_account_ids: "{{ item.unexpected_account_ids }}"
    state: absent
    region: eu-west-1
  loop: "{{ audit.images | selectattr('unexpected_account_ids') }}"
  loop_control:
    label: "{{ item.image_id }}"
"""

RETURN = r"""
region:
  description: The Region that was read.
  returned: success
  type: str
  sample: eu-west-1
images:
  description:
    - The images found, by name and then by ID.
    - A field that AWS does not answer is null.
  returned: success
  type: list
  elements: dict
  contains:
    image_id:
      description: The ID of the image.
      returned: always
      type: str
      sample: wsi-0123456789abcdef0
    name:
      description: The name of the image.
      returned: always
      type: str
      sample: golden-2026-11
    description:
      description: The description of the image.
      returned: always
      type: str
      sample: Windows 11 with all updates
    operating_system:
      description: The operating system, with its C(type).
      returned: always
      type: dict
      sample:
        type: WINDOWS
    state:
      description: V(AVAILABLE), V(PENDING) or V(ERROR).
      returned: always
      type: str
      sample: AVAILABLE
    required_tenancy:
      description: V(DEFAULT), or V(DEDICATED) for a bring-your-own-licence image.
      returned: always
      type: str
      sample: DEFAULT
    error_code:
      description: The code of the error of an image in state V(ERROR).
      returned: always
      type: str
    error_message:
      description: The text of the error of an image in state V(ERROR).
      returned: always
      type: str
    error_details:
      description: More errors of the image, each with C(error_code) and C(error_message).
      returned: always
      type: list
      elements: dict
    created:
      description: When the image was created.
      returned: always
      type: str
      sample: "2026-11-02T08:30:00+00:00"
    owner_account_id:
      description: The account that owns the image.
      returned: always
      type: str
      sample: "123456789012"
    updates:
      description: Whether AWS has updates for the image, in C(update_available), and which, in C(description).
      returned: always
      type: dict
      sample:
        update_available: false
        description: This WorkSpace image does not have updates available
    shared_account_ids:
      description:
        - The accounts that can copy the image, sorted.
        - Null where this was not read. AWS does not tell it for an image of another account, O(include_permissions)
          may be V(false), and AWS may refuse it.
      returned: always
      type: list
      elements: str
      sample:
        - "111111111111"
        - "333333333333"
    permissions_error:
      description: Why the accounts that can copy the image could not be read, with AWS's C(code) and C(message).
      returned: when AWS refused it for this image
      type: dict
      sample:
        code: AccessDeniedException
        message: You are not authorized to perform this operation.
    tags:
      description: The tags of the image. Null for an image of another account.
      returned: when O(include_tags=true)
      type: dict
      sample:
        euc.aws/source: 123456789012/eu-west-1/wsi-0123456789abcdef0
        team: desktops
    source:
      description:
        - What the image was made from, as M(euc.aws.workspaces_image) wrote it into the tag C(euc.aws/source).
        - C(account_id) and C(region), with C(image_id) or C(workspace_id). For a WorkSpace C(account_id) is null, as
          it is of the image's own account.
        - Null where no tag tells it.
      returned: when O(include_tags=true)
      type: dict
      sample:
        account_id: "123456789012"
        region: eu-west-1
        image_id: wsi-0123456789abcdef0
    unexpected_account_ids:
      description:
        - The accounts that can copy the image and are not in O(allowed_account_ids), sorted.
        - Null where RV(images[].shared_account_ids) is null.
      returned: when O(allowed_account_ids) was given
      type: list
      elements: str
      sample:
        - "333333333333"
missing_image_ids:
  description:
    - The IDs in O(image_ids) that were not found among the images of O(owner), sorted.
    - An image that was deleted while the module read is here as well.
  returned: success
  type: list
  elements: str
  sample: []
violations:
  description:
    - Each account that can copy an image and is not in O(allowed_account_ids), by image and then by account.
    - An image whose accounts could not be read has none here. Look at RV(images[].permissions_error) too.
  returned: when O(allowed_account_ids) was given
  type: list
  elements: dict
  sample:
    - image_id: wsi-0123456789abcdef0
      image_name: golden-2026-11
      account_id: "333333333333"
"""

from typing import TYPE_CHECKING

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict

from ansible_collections.euc.aws.plugins.module_utils._aws.accounts import account_ids_problem
from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import refuse
from ansible_collections.euc.aws.plugins.module_utils._aws.result import exit_with
from ansible_collections.euc.aws.plugins.module_utils._aws.role import ROLE_OPTIONS, role_problems
from ansible_collections.euc.aws.plugins.module_utils._aws.tags import tags_of_many
from ansible_collections.euc.aws.plugins.module_utils._images import audit, origin
from ansible_collections.euc.aws.plugins.module_utils._images.api import describe_images
from ansible_collections.euc.aws.plugins.module_utils._images.images import image_ids_problem, matching_images
from ansible_collections.euc.aws.plugins.module_utils._images.reading import permissions_of_images

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    image_ids=dict(type="list", elements="str"),
    names=dict(type="list", elements="str"),
    owner=dict(type="str", choices=["self", "shared", "all"], default="self"),
    states=dict(type="list", elements="str", choices=["AVAILABLE", "PENDING", "ERROR"]),
    include_permissions=dict(type="bool", default=True),
    include_tags=dict(type="bool", default=False),
    allowed_account_ids=dict(type="list", elements="str"),
)

_IMAGE_TYPES = {"self": ["OWNED"], "shared": ["SHARED"], "all": ["OWNED", "SHARED"]}


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    refuse(
        *role_problems(params),
        image_ids_problem(params["image_ids"] or (), "image_ids"),
        account_ids_problem(params["allowed_account_ids"] or (), "allowed_account_ids"),
        "allowed_account_ids asks who can copy the images, and include_permissions=false not to read that."
        if params["allowed_account_ids"] is not None and not params["include_permissions"]
        else None,
    )


def run(params: Mapping[str, Any], client: Any) -> dict[str, Any]:
    """Read the images that the parameters ask for, and who can copy them.

    :param params: Parameters that ``validate_parameters`` let through.
    :param client: A botocore client for WorkSpaces.
    :returns: The result of the task.
    :raises AnsibleImagesError: If AWS refuses to list images, or to tell the permissions of every one of them.
    """
    wanted_ids = None if params["image_ids"] is None else sorted(set(params["image_ids"]))
    found = {
        image["ImageId"]: (image, image_type == "OWNED")
        # An image that AWS lists under both types is the caller's.
        for image_type in reversed(_IMAGE_TYPES[params["owner"]])
        for image in describe_images(client, image_type, wanted_ids)
    }
    images = matching_images((image for image, _owned in found.values()), params["names"], params["states"])
    own_ids = [image["ImageId"] for image in images if found[image["ImageId"]][1]]
    permissions = permissions_of_images(client, own_ids if params["include_permissions"] else [])
    tags, without_tags = tags_of_many(client, own_ids if params["include_tags"] else [])
    gone = permissions.gone | without_tags

    fields = dict.fromkeys(client.meta.service_model.shape_for("WorkspaceImage").members)
    result = {
        "region": client.meta.region_name,
        "images": [
            {
                **boto3_resource_to_ansible_dict({**fields, **image}, force_tags=False),
                **audit.sharing_fields(permissions, image["ImageId"], params["allowed_account_ids"]),
                **(origin.tag_fields(tags.get(image["ImageId"])) if params["include_tags"] else {}),
            }
            for image in images
            if image["ImageId"] not in gone
        ],
        "missing_image_ids": sorted(gone | set(wanted_ids or ()) - found.keys()),
    }
    if params["allowed_account_ids"] is not None:
        result["violations"] = audit.violations(result["images"])
    return result


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)

    def work() -> dict[str, Any]:
        validate_parameters(module.params)
        return run(module.params, AWSClients(module).make("workspaces"))

    exit_with(module, work)


if __name__ == "__main__":
    main()
