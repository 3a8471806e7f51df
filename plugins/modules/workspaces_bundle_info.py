#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: workspaces_bundle_info
version_added: 1.2.0
short_description: Tell which Amazon WorkSpaces bundles there are, and which images are behind them
description:
  - Lists the Amazon WorkSpaces bundles that you own, or those that AWS offers, in a Region.
  - Tells which image is behind each, with its name where the image is yours.
author:
  - Contributors to the euc.aws project (@euc-aws)
options:
  bundle_ids:
    description:
      - Only the bundles with these IDs. The ones that are not found are returned in RV(missing_bundle_ids).
      - An empty list stands for no bundle. Leave the option out to read every bundle.
    type: list
    elements: str
  names:
    description:
      - Only the bundles with these names. C(*), C(?) and C([...]) work as in a shell. Upper and lower case count.
      - An empty list stands for no bundle. Leave the option out to let every name pass.
    type: list
    elements: str
  image_ids:
    description:
      - Only the bundles with one of these images behind them.
      - An empty list stands for no bundle. Leave the option out to let every image pass.
    type: list
    elements: str
  owner:
    description:
      - Whose bundles to read. With V(self), those that you own. With V(amazon), those that AWS offers to everybody.
    type: str
    choices:
      - self
      - amazon
    default: self
  include_tags:
    description:
      - Whether to read the tags of each of your bundles. This takes a call for each.
    type: bool
    default: false
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
  - Bundles exist in one Region. Run the module once for each Region.
  - The image of a bundle is that of WorkSpaces that are made or rebuilt from now on. WorkSpaces that exist may still
    have the one before.
  - "Calls: one for each page of bundles, or one for each 25 of O(bundle_ids). For your own bundles, one for each 25
    different images behind those that were found, and with O(include_tags) one for each bundle that was found."
  - The IAM actions needed are C(workspaces:DescribeWorkspaceBundles), C(workspaces:DescribeWorkspaceImages) for your
    own bundles, and C(workspaces:DescribeTags) with O(include_tags=true).
seealso:
  - module: euc.aws.workspaces_bundle
  - module: euc.aws.workspaces_image_info
  - name: DescribeWorkspaceBundles
    description: The operation in the API reference of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/api/API_DescribeWorkspaceBundles.html
"""

EXAMPLES = r"""
- name: Find the bundles that use this image
  euc.aws.workspaces_bundle_info:
    image_ids:
      - wsi-0123456789abcdef0
    region: eu-west-1
  register: users

- name: Read the bundles for desktops
  euc.aws.workspaces_bundle_info:
    names:
      - desktop*
    include_tags: true
    region: eu-west-1
  register: desktops

- name: Make the job red if one of them still uses anything but this image
  ansible.builtin.assert:
    that:
      - desktops.bundles != []
      - lagging == []
    fail_msg: "These lag: {{ lagging | map(attribute='name') | join(', ') }}"
  vars:
    lagging: "{{ desktops.bundles | rejectattr('image_id', 'equalto', 'wsi-0123456789abcdef0') }}"

- name: Look at two bundles
  euc.aws.workspaces_bundle_info:
    bundle_ids:
      - wsb-0123456789
      - wsb-9876543210
    region: eu-west-1

- name: See what AWS offers
  euc.aws.workspaces_bundle_info:
    owner: amazon
    names:
      - "*Windows*"
    region: eu-west-1
"""

RETURN = r"""
region:
  description: The Region that was read.
  returned: success
  type: str
  sample: eu-west-1
bundles:
  description:
    - The bundles found, by name and then by ID.
    - A field that AWS does not answer is null.
  returned: success
  type: list
  elements: dict
  contains:
    bundle_id:
      description: The ID of the bundle.
      returned: always
      type: str
      sample: wsb-0123456789
    name:
      description: The name of the bundle. Several of those that AWS offers may have the same.
      returned: always
      type: str
      sample: desktop
    description:
      description: What describes the bundle.
      returned: always
      type: str
      sample: Windows 11 for the office
    image_id:
      description: The ID of the image behind the bundle.
      returned: always
      type: str
      sample: wsi-0123456789abcdef0
    image_name:
      description: The name of that image. Null where the image is not yours.
      returned: always
      type: str
      sample: golden-2026-11
    compute_type:
      description: The compute type of the bundle.
      returned: always
      type: str
      sample: STANDARD
    root_volume_size:
      description: The size of the root volume, in GiB.
      returned: always
      type: int
      sample: 80
    user_volume_size:
      description: The size of the user volume, in GiB.
      returned: always
      type: int
      sample: 50
    state:
      description: V(AVAILABLE), V(PENDING) or V(ERROR).
      returned: always
      type: str
      sample: AVAILABLE
    owner:
      description: The account that owns the bundle, or V(Amazon).
      returned: always
      type: str
      sample: "123456789012"
    bundle_type:
      description: V(REGULAR) or V(STANDBY).
      returned: always
      type: str
      sample: REGULAR
    creation_time:
      description: When the bundle was made.
      returned: always
      type: str
      sample: "2026-11-02T08:30:00+00:00"
    last_updated_time:
      description: When the bundle was changed last, as AWS tells it. AWS does not say which changes count.
      returned: always
      type: str
      sample: "2026-11-02T08:30:00+00:00"
    tags:
      description: The tags of the bundle. Null for one that AWS offers.
      returned: when O(include_tags=true)
      type: dict
      sample:
        team: desktops
missing_bundle_ids:
  description:
    - The IDs in O(bundle_ids) that were not found among the bundles of O(owner), sorted.
    - A bundle that was deleted while the module read is here as well.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import TYPE_CHECKING

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import refuse
from ansible_collections.euc.aws.plugins.module_utils._aws.result import exit_with
from ansible_collections.euc.aws.plugins.module_utils._aws.role import ROLE_OPTIONS, role_problems
from ansible_collections.euc.aws.plugins.module_utils._aws.tags import tags_of_many
from ansible_collections.euc.aws.plugins.module_utils._bundles.api import describe_bundles
from ansible_collections.euc.aws.plugins.module_utils._bundles.bundles import (
    bundle_fields,
    bundle_ids_problem,
    is_amazons,
    matching_bundles,
)
from ansible_collections.euc.aws.plugins.module_utils._images.api import describe_images
from ansible_collections.euc.aws.plugins.module_utils._images.images import image_ids_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    bundle_ids=dict(type="list", elements="str"),
    names=dict(type="list", elements="str"),
    image_ids=dict(type="list", elements="str"),
    owner=dict(type="str", choices=["self", "amazon"], default="self"),
    include_tags=dict(type="bool", default=False),
)

# What is returned as AWS tells it, beside the words of workspaces_bundle.
_MORE_FIELDS = ("State", "Owner", "BundleType", "CreationTime", "LastUpdatedTime")


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    refuse(
        *role_problems(params),
        bundle_ids_problem(params["bundle_ids"] or (), "bundle_ids"),
        image_ids_problem(params["image_ids"] or (), "image_ids"),
    )


def run(params: Mapping[str, Any], client: Any) -> dict[str, Any]:
    """Read the bundles that the parameters ask for.

    :param params: Parameters that ``validate_parameters`` let through.
    :param client: A botocore client for WorkSpaces.
    :returns: The result of the task.
    :raises AnsibleEUCError: If AWS refuses to list bundles or images, or to tell tags.
    """
    wanted_ids = None if params["bundle_ids"] is None else sorted(set(params["bundle_ids"]))
    amazons = params["owner"] == "amazon"
    owner = "AMAZON" if amazons else None
    found = [bundle for bundle in describe_bundles(client, wanted_ids, owner) if is_amazons(bundle) == amazons]
    bundles = matching_bundles(found, params["names"], params["image_ids"])
    names = {} if amazons else _image_names(client, {bundle["ImageId"] for bundle in bundles if "ImageId" in bundle})
    own_ids = [] if amazons or not params["include_tags"] else [bundle["BundleId"] for bundle in bundles]
    tags, gone = tags_of_many(client, own_ids)
    return {
        "region": client.meta.region_name,
        "bundles": [
            {
                **bundle_fields(bundle),
                "image_name": names.get(bundle.get("ImageId")),
                **boto3_resource_to_ansible_dict({name: bundle.get(name) for name in _MORE_FIELDS}, force_tags=False),
                **({"tags": tags.get(bundle["BundleId"])} if params["include_tags"] else {}),
            }
            for bundle in bundles
            if bundle["BundleId"] not in gone
        ],
        "missing_bundle_ids": sorted(gone | set(wanted_ids or ()) - {bundle["BundleId"] for bundle in found}),
    }


def _image_names(client: Any, image_ids: set[str]) -> dict[str | None, str | None]:
    return {image["ImageId"]: image.get("Name") for image in describe_images(client, "OWNED", sorted(image_ids))}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)

    def work() -> dict[str, Any]:
        validate_parameters(module.params)
        return run(module.params, AWSClients(module).make("workspaces"))

    exit_with(module, work)


if __name__ == "__main__":
    main()
