#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: workspaces_bundle
version_added: 1.2.0
short_description: Make Amazon WorkSpaces bundles, and put another image behind them
description:
  - Makes sure that there is an Amazon WorkSpaces bundle of a name in a Region, with an image of yours behind it, or
    that there is none.
  - New WorkSpaces get the image that is behind their bundle. B(WorkSpaces that exist keep the image that they have
    until they are rebuilt), whatever is put behind their bundle.
  - Makes one bundle at most. A call that may have made one is never made again, and the bundle is looked for instead.
author:
  - Contributors to the euc.aws project (@euc-aws)
options:
  name:
    description:
      - The exact name of the bundle in the Region, 1 to 64 letters, digits and C(_./()\-), without spaces.
      - Only bundles that you own count. The task fails if you own several of this name, and lists them.
      - Exactly one of O(name) and O(bundle_id) is required.
    type: str
  bundle_id:
    description:
      - The ID of a bundle of yours that exists. One of AWS's own is refused.
    type: str
  state:
    description:
      - With V(present), there is a bundle of this name, and if there was none it is made. That takes an image,
        O(description), O(compute_type) and O(user_volume_size). One that is V(PENDING) counts. One that is V(ERROR) is
        an error.
      - With V(absent), there is none. A bundle that WorkSpaces use is refused, with their number.
    type: str
    choices:
      - present
      - absent
    default: present
  image_id:
    description:
      - The ID of the image to put behind the bundle. It has to be your own and V(AVAILABLE). An image that is shared
        with you has to be copied first.
      - Without O(image_id) and O(image_name), the image of a bundle that exists is left as it is.
      - The two are mutually exclusive.
    type: str
  image_name:
    description:
      - The exact name of the image to put behind the bundle, among the images that you own in the Region. The task
        fails if none or several have it.
    type: str
  description:
    description:
      - What describes the bundle, 1 to 255 letters, digits, spaces and C(_./()-).
      - AWS takes it only when a bundle is made, so it is not compared afterwards.
    type: str
  compute_type:
    description:
      - The compute type as AWS names it, such as V(STANDARD), V(PERFORMANCE) or V(GENERALPURPOSE_4XLARGE).
      - AWS knows which there are. It can't change that of a bundle that exists, and neither can this module.
    type: str
  root_volume_size:
    description:
      - The size of the root volume, in GiB. Left out, a new bundle gets what AWS chooses.
      - AWS can't change that of a bundle that exists.
    type: int
  user_volume_size:
    description:
      - The size of the user volume, in GiB.
      - AWS can't change that of a bundle that exists.
    type: int
  wait:
    description:
      - Whether to wait until the image is V(AVAILABLE), and then until the bundle is.
      - A bundle that is not there, and can't be made for lack of options, is looked for during three minutes, because
        a new one may be missing from the first readings.
      - Check mode waits too for what is already V(PENDING), because what comes of it decides.
      - After a wait it is read again what is behind a bundle that was there before, its tags, and whether the image can
        be put behind it.
      - It has no meaning with O(state=absent).
    type: bool
    default: false
  wait_timeout:
    description:
      - The longest time to wait for image and bundle together, in seconds. AWS does not say how long a copy takes.
      - A wait goes on where AWS gives no answer for up to five minutes.
    type: int
    default: 14400
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
  - euc.aws.common
attributes:
  check_mode:
    description: Can run in check mode and tell what it would change, without changing anything.
    support: full
    details:
      - Everything is read and checked as in a real run. The results are the same, but for what only AWS can give a
        bundle that would be made, which is null. That is its ID, and the size of its root volume if that was left out.
      - What only AWS knows check mode can't, such as the quota of bundles, a name that is blocked, or a size that it
        refuses.
      - With O(state=absent), and without the right to C(workspaces:DescribeWorkspaces), it can't know whether
        WorkSpaces use the bundle. It warns then.
  diff_mode:
    description: Returns what has changed, or would change in check mode.
    support: full
  idempotent:
    description: Run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - AWS can change only the image of a bundle. Where O(compute_type), O(root_volume_size) or O(user_volume_size) is
    given and differs, the task fails before it changes anything, and names each difference. What is left out is not
    compared.
  - AWS blocks the name of a deleted bundle for two hours.
  - To go back, put RV(previous_image_id) behind the bundle.
  - AWS answers nothing to a change of the image. So the bundle is read again, for three minutes if need be, until it
    shows the image. If it does not, the task fails.
  - A call that makes a bundle and gets no answer is not made again. The name is looked for instead, for three minutes.
    If no bundle shows, the task fails and says that it may still appear.
  - "Calls: for a bundle that is there, one for each page of bundles that you own, or one by ID, and one for its tags.
    With O(image_name), one for each 25 images that you own. To change the image, one look at an image given by ID, one
    that changes it, and one that reads the bundle again. To make a bundle, one for each page of bundles, the look at
    the image, and one that makes it. For a deletion, one for each page of bundles by name, or one by ID, one for each
    25 WorkSpaces that use it, at least one, and the deletion. Changed tags take two at most. Waiting comes on top."
  - The IAM actions needed are C(workspaces:DescribeWorkspaceBundles), C(workspaces:DescribeWorkspaceImages) and
    C(workspaces:DescribeTags). To make a bundle, C(workspaces:CreateWorkspaceBundle) and C(workspaces:CreateTags). To
    change the image, C(workspaces:UpdateWorkspaceBundle). To change tags, C(workspaces:CreateTags) and
    C(workspaces:DeleteTags). To delete, C(workspaces:DeleteWorkspaceBundle), and C(workspaces:DescribeWorkspaces) to
    see before whether WorkSpaces use the bundle.
seealso:
  - module: euc.aws.workspaces_bundle_info
  - module: euc.aws.workspaces_image
  - name: Update a custom WorkSpaces bundle
    description: The chapter on the image of a bundle in the administration guide of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/adminguide/update-custom-bundle.html
  - name: Create a custom WorkSpaces image and bundle
    description: The chapter on making bundles in the administration guide of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/adminguide/create-custom-bundle.html
"""

EXAMPLES = r"""
- name: Put this month's image behind the bundle, once it is AVAILABLE
  euc.aws.workspaces_bundle:
    name: desktop
    image_name: golden-2026-11
    wait: true
    region: eu-west-1
  register: switch

- name: Go back to the image before
  euc.aws.workspaces_bundle:
    bundle_id: "{{ switch.bundle_id }}"
    image_id: "{{ switch.previous_image_id }}"
    region: eu-west-1
  when: switch.previous_image_id is not none

- name: Make a bundle, and wait until WorkSpaces can be made of it
  euc.aws.workspaces_bundle:
    name: desktop
    image_id: wsi-0123456789abcdef0
    description: Windows 11 for the office
    compute_type: STANDARD
    root_volume_size: 80
    user_volume_size: 50
    tags:
      team: desktops
    wait: true
    wait_timeout: 3600
    region: eu-west-1

- name: Give a bundle one more tag
  euc.aws.workspaces_bundle:
    name: desktop
    tags:
      release: "2026-11"
    purge_tags: false
    region: eu-west-1

- name: Delete a bundle that no WorkSpace uses
  euc.aws.workspaces_bundle:
    name: desktop-old
    state: absent
    region: eu-west-1
"""

RETURN = r"""
bundle_id:
  description:
    - The ID of the bundle.
    - Null in check mode for a bundle that would be made, and with O(state=absent) where no bundle had the name.
  returned: once it is known, from O(bundle_id) or because the bundle was found or made
  type: str
  sample: wsb-0123456789
name:
  description: The name of the bundle. Null with O(state=absent) where no bundle had the ID.
  returned: once it is known, from O(name) or because the bundle was found
  type: str
  sample: desktop
region:
  description: The Region that the bundle is in, or would be.
  returned: always, except where options are refused
  type: str
  sample: eu-west-1
image_id:
  description:
    - The ID of the image behind the bundle after the task. Null with O(state=absent).
    - Null after a failure that leaves open which image it is.
  returned: on success, and with O(state=present) once the bundle and its tags are known
  type: str
  sample: wsi-0123456789abcdef0
previous_image_id:
  description:
    - The ID of the image that was behind the bundle before the task. Give it to O(image_id) to go back.
    - Null where the bundle was made, and the same as RV(image_id) where the image was not changed.
  returned: on success, and with O(state=present) once the bundle and its tags are known
  type: str
  sample: wsi-0fedcba9876543210
image_name:
  description:
    - The name of the image in RV(image_id).
    - Null where no call was needed that tells it. It is told with O(image_name), and with O(image_id) where that image
      was not behind the bundle before.
  returned: with O(state=present), once the bundle and its tags are known
  type: str
  sample: golden-2026-11
previous_image_name:
  description:
    - The name of the image in RV(previous_image_id). Null where the bundle was made.
    - It is told with O(image_name) only, and null there too where the image is not among yours any longer.
  returned: with O(state=present), once the bundle and its tags are known
  type: str
  sample: golden-2026-10
rollback:
  description:
    - Whether the image behind the bundle was created before the one that was behind it, as AWS tells of both. A copy
      was created when it was copied.
    - It is told with O(image_name) only. V(false) where the image was not changed, and where the bundle was made.
    - Null where it is not known. With O(image_id) that is every change of the image. With O(image_name) it is one from
      an image that is not among yours any longer, or a failure that leaves open which image is behind the bundle.
  returned: with O(state=present), once the bundle and its tags are known
  type: bool
  sample: false
state:
  description: V(AVAILABLE), V(PENDING), V(ERROR), or a state that AWS may come to have.
  returned: with O(state=present), once the bundle and its tags are known
  type: str
  sample: AVAILABLE
description:
  description: What describes the bundle.
  returned: with O(state=present), once the bundle and its tags are known
  type: str
  sample: Windows 11 for the office
compute_type:
  description: The compute type of the bundle.
  returned: with O(state=present), once the bundle and its tags are known
  type: str
  sample: STANDARD
root_volume_size:
  description: The size of the root volume, in GiB.
  returned: with O(state=present), once the bundle and its tags are known
  type: int
  sample: 80
user_volume_size:
  description: The size of the user volume, in GiB.
  returned: with O(state=present), once the bundle and its tags are known
  type: int
  sample: 50
tags:
  description: The tags of the bundle after the task. Of one that the task made, those that it was made with.
  returned: with O(state=present), once the bundle and its tags are known
  type: dict
  sample:
    team: desktops
may_take_effect:
  description:
    - Whether what was asked of AWS may still happen, because AWS gave no clear answer, or took a change that does not
      show.
  returned: when a bundle could not be made, given another image or deleted
  type: bool
  sample: false
diff:
  description: What has changed, or would change in check mode. Shown with C(--diff).
  returned: on success, and with O(state=present) once the bundle and its tags are known
  type: dict
  sample:
    before_header: desktop in eu-west-1
    after_header: desktop in eu-west-1
    before:
      image_id: wsi-0fedcba9876543210
    after:
      image_id: wsi-0123456789abcdef0
"""

import math
import time
from typing import TYPE_CHECKING

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError, refuse, told_on_failure
from ansible_collections.euc.aws.plugins.module_utils._aws.result import exit_with
from ansible_collections.euc.aws.plugins.module_utils._aws.role import ROLE_OPTIONS, role_problems
from ansible_collections.euc.aws.plugins.module_utils._aws.tags import (
    TAG_OPTIONS,
    applied_tags,
    change_tags,
    changed_tags,
    describe_tags,
    tags_problem,
)
from ansible_collections.euc.aws.plugins.module_utils._aws.wait import timeout_problem
from ansible_collections.euc.aws.plugins.module_utils._bundles import deleting, making
from ansible_collections.euc.aws.plugins.module_utils._bundles.bundles import bundle_ids_problem, identity, is_settled
from ansible_collections.euc.aws.plugins.module_utils._bundles.delete import check_unused, delete_bundle
from ansible_collections.euc.aws.plugins.module_utils._bundles.errors import AnsibleBundleUpdateError
from ansible_collections.euc.aws.plugins.module_utils._bundles.lookup import (
    bundle_to_be,
    own_bundle,
    own_bundle_by_name,
)
from ansible_collections.euc.aws.plugins.module_utils._bundles.make import Made, make_bundle, usable_bundle
from ansible_collections.euc.aws.plugins.module_utils._bundles.switch import put_image_behind
from ansible_collections.euc.aws.plugins.module_utils._images.images import image_ids_problem
from ansible_collections.euc.aws.plugins.module_utils._images.lookup import (
    available_image,
    image_for_bundles,
    one_among,
    owned_images,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ansible_collections.euc.aws.plugins.module_utils._bundles.bundles import Bundle
    from ansible_collections.euc.aws.plugins.module_utils._images.images import Image

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    **TAG_OPTIONS,
    name=dict(type="str"),
    bundle_id=dict(type="str"),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    image_id=dict(type="str"),
    image_name=dict(type="str"),
    description=dict(type="str"),
    compute_type=dict(type="str"),
    root_volume_size=dict(type="int"),
    user_volume_size=dict(type="int"),
    wait=dict(type="bool", default=False),
    wait_timeout=dict(type="int", default=14400),
)
# What an image is looked for, in sentences about it
_USE = "put behind a bundle"
# Which options go together, as AnsibleModule takes it.
OPTION_RULES = dict(
    mutually_exclusive=[("name", "bundle_id"), ("image_id", "image_name")],
    required_one_of=[("name", "bundle_id")],
)


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    refuse(
        *role_problems(params),
        bundle_ids_problem([] if params["bundle_id"] is None else [params["bundle_id"]], "bundle_id"),
        image_ids_problem([] if params["image_id"] is None else [params["image_id"]], "image_id"),
        *making.request_problems(params),
        tags_problem(params["tags"]),
        timeout_problem(params["wait_timeout"]),
    )


def run(params: Mapping[str, Any], clients: AWSClients, check_mode: bool) -> dict[str, Any]:
    """Bring a bundle to what the parameters ask for.

    :param params: Parameters that ``validate_parameters`` let through.
    :param clients: What makes clients.
    :param check_mode: Whether to leave out the writes, and only these.
    :returns: The result of the task.
    :raises AnsibleEUCError: If anything could not be done; with what is known of the bundle, and the result so far, if
        something was.
    """
    client = clients.make("workspaces")
    given = {option: params[option] for option in ("bundle_id", "name") if params[option] is not None}
    with told_on_failure(**given, region=client.meta.region_name):
        if params["state"] == "absent":
            return _absent(params, client, check_mode)
        return _present(params, clients, client, check_mode)


def _present(params: Mapping[str, Any], clients: AWSClients, client: Any, check_mode: bool) -> dict[str, Any]:
    deadline = time.monotonic() + params["wait_timeout"]
    with told_on_failure(may_take_effect=False):
        bundle, wanted = _found(params, client, deadline)
        if bundle is not None:
            with told_on_failure(**identity(bundle)):
                made = Made(bundle, describe_tags(client, bundle["BundleId"]), is_new=False)
        else:
            new = making.new_bundle(params, str(wanted.image_id))
            if check_mode:
                planned, region = making.planned(new, params["wait"]), client.meta.region_name
                return making.bundle_result(planned, new.tags, {}, region, changed=True, images=wanted.read)
            made = make_bundle(client, clients.make("workspaces", repeats=False), new)
    return _as_wanted(params, client, made, wanted, deadline, check_mode)


def _found(params: Mapping[str, Any], client: Any, deadline: float) -> tuple[Bundle | None, making.WantedImage]:
    """Find the bundle that is meant, and the image that is to be behind it, which can be put there."""
    bundle = bundle_to_be(client, params, params["wait_timeout"] if params["wait"] else 0)
    with told_on_failure(**(identity(bundle) if bundle else {})):
        wanted = _wanted_image(client, params, bundle)
        image = wanted.image
        if image is not None and (bundle is None or image["ImageId"] != bundle.get("ImageId")):
            # All waits together may take that long, and it takes a whole second to wait at all.
            timeout = max(1, math.ceil(deadline - time.monotonic())) if params["wait"] else None
            awaited = available_image(client, image, _USE, timeout)
            if awaited is not image:
                # Others may have changed the bundle while the image was waited for, and put behind it what is new.
                bundle = bundle_to_be(client, params, max(0.0, deadline - time.monotonic()))
                owned = owned_images(client) if bundle and params["image_name"] is not None else []
                wanted = making.WantedImage(awaited, _by_id([awaited, *owned]))
    return bundle, wanted


def _wanted_image(client: Any, params: Mapping[str, Any], bundle: Bundle | None) -> making.WantedImage:
    """Find the image that is to be behind the bundle."""
    if params["image_name"] is not None:
        owned = owned_images(client)
        image = one_among(client, params["image_name"], owned)
        return making.WantedImage(image, _by_id(owned))
    if params["image_id"] is None:
        return making.WantedImage()
    if bundle and params["image_id"] == bundle.get("ImageId"):
        return making.WantedImage({"ImageId": params["image_id"]})
    image = image_for_bundles(client, params["image_id"])
    return making.WantedImage(image, _by_id([image]))


def _by_id(images: Iterable[Image]) -> dict[str | None, Image]:
    return {image["ImageId"]: image for image in images}


def _as_wanted(
    params: Mapping[str, Any],
    client: Any,
    made: Made,
    wanted: making.WantedImage,
    deadline: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Bring a bundle that is there to what is asked for, and wait for it."""
    region = client.meta.region_name
    bundle, tags, changed = made.bundle, made.tags, made.is_new
    before = {} if made.is_new else making.bundle_facts(bundle, tags)
    try:
        with told_on_failure(may_take_effect=False):
            left = max(0.0, deadline - time.monotonic())
            bundle = usable_bundle(client, bundle, params["wait_timeout"] if params["wait"] else None, left)
            if bundle is not made.bundle and not made.is_new:
                # Others may have changed them during the wait, and the image that is to be behind it.
                tags = describe_tags(client, bundle["BundleId"])
                before = making.bundle_facts(bundle, tags)
                wanted = _wanted_after_wait(client, params, bundle)
            # Before anything is changed, because it may be refused.
            to_set, to_unset = changed_tags(tags, params["tags"], params["purge_tags"], [])
            if wanted.image_id is not None and wanted.image_id != bundle.get("ImageId"):
                bundle = _with_image(client, bundle, wanted.image_id, check_mode)
                changed = True
                left = max(0.0, deadline - time.monotonic())
                bundle = usable_bundle(client, bundle, params["wait_timeout"] if params["wait"] else None, left)
        if not check_mode:
            change_tags(client, bundle["BundleId"], tags, to_set, to_unset)
    except AnsibleEUCError as error:
        told = error.kwargs
        bundle = {**bundle, "ImageId": told.get("image_id", bundle.get("ImageId"))}
        changed = changed or bool(told.get("changed"))
        so_far = making.bundle_result(bundle, told.get("tags", tags), before, region, changed, wanted.read)
        told.update({**so_far, **told, "changed": changed})
        raise
    changed = changed or bool(to_set or to_unset)
    return making.bundle_result(bundle, applied_tags(tags, to_set, to_unset), before, region, changed, wanted.read)


def _wanted_after_wait(client: Any, params: Mapping[str, Any], bundle: Bundle) -> making.WantedImage:
    wanted = _wanted_image(client, params, bundle)
    if wanted.image is not None and wanted.image_id != bundle.get("ImageId"):
        available_image(client, wanted.image, _USE, None)
    return wanted


def _with_image(client: Any, bundle: Bundle, image_id: str, check_mode: bool) -> Bundle:
    if not is_settled(bundle):
        raise AnsibleBundleUpdateError(making.pending_problem(bundle, client.meta.region_name))
    if check_mode:
        return {**bundle, "ImageId": image_id}
    return put_image_behind(client, bundle, image_id)


def _absent(params: Mapping[str, Any], client: Any, check_mode: bool) -> dict[str, Any]:
    region = client.meta.region_name
    with told_on_failure(changed=False, may_take_effect=False):
        if params["bundle_id"] is not None:
            bundle = own_bundle(client, params["bundle_id"])
        else:
            bundle = own_bundle_by_name(client, params["name"])
        changed = bundle is not None and _deleted(client, bundle, check_mode)
    return deleting.deletion_result(bundle, params["bundle_id"], params["name"], region, changed)


def _deleted(client: Any, bundle: Bundle, check_mode: bool) -> bool:
    """Delete a bundle that nothing uses; whether this task may have done it, or would."""
    with told_on_failure(**identity(bundle)):
        not_known = check_unused(client, bundle)
        if not check_mode:
            return delete_bundle(client, bundle)
    if not_known:
        # AnsibleAWSModule.warn passes warnings on in a way that ansible-core 2.19 calls deprecated.
        warn(not_known)
    return True


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, **OPTION_RULES, supports_check_mode=True)

    def work() -> dict[str, Any]:
        validate_parameters(module.params)
        return run(module.params, AWSClients(module), module.check_mode)

    exit_with(module, work)


if __name__ == "__main__":
    main()
