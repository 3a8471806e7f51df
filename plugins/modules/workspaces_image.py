#!/usr/bin/python
# -*- coding: utf-8 -*-

# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: workspaces_image
version_added: 1.2.0
short_description: Copy, make, tag and delete Amazon WorkSpaces images
description:
  - Makes sure that there is an Amazon WorkSpaces image of a name in a Region, as a copy of another image or made from a
    WorkSpace, or that there is none.
  - AWS does not keep where an image came from. The module writes that into the tag C(euc.aws/source) as it makes the
    image, and refuses an image of the wanted name that came from elsewhere.
  - Makes one image at most. A call that may have made one is never made again, and the image is looked for instead.
author:
  - Contributors to the euc.aws project (@euc-aws)
options:
  name:
    description:
      - The exact name of the image in the Region, 1 to 64 letters, digits and C(_./()\-), without spaces.
      - Only images that you own count. The task fails if you own several of this name, and lists them.
      - Exactly one of O(name) and O(image_id) is required.
    type: str
  image_id:
    description:
      - The ID of an image that exists, to tag, wait for or delete it.
    type: str
  state:
    description:
      - With V(present), there is an image of this name, and if there was none it is made from the source.
        One that is V(PENDING) counts. One that is V(ERROR) is an error, with all that AWS says of it.
      - With V(absent), there is none. What keeps it from being deleted is found first, and told together. With
        O(source_image_id) an image that was made from another source is not deleted.
    type: str
    choices:
      - present
      - absent
    default: present
  source_image_id:
    description:
      - The ID of the image to copy. It has to be V(AVAILABLE).
      - Without O(source_account_id), it has to be your own.
      - With O(state=absent), the ID of the image that the one to delete was copied from. Its tag C(euc.aws/source) has
        to tell just this source, with O(source_region) and O(source_account_id) or what they are by default. One
        that tells another source, or none, is an error. The source itself is not looked at, and may be gone.
    type: str
  source_region:
    description:
      - The Region that O(source_image_id) is in. By default the task's own.
      - The source is looked at in its own Region. A custom O(endpoint_url) serves both Regions.
    type: str
  source_account_id:
    description:
      - The account that has to own O(source_image_id), 12 digits. Put it in quotes.
      - AWS tells recipients to check whose image it is before they copy it, so an image of another account is copied
        only where this names the account.
    type: str
  assume_shared:
    description:
      - In check mode only, whether to take a source of O(source_account_id) that can't be seen for one that will be
        shared, and report the copy that would be made. So copies can be checked before the owner shares the image.
      - All that can be checked without the source is. A source that can be seen is checked as always.
      - Requires O(source_image_id) and O(source_account_id). It changes nothing outside check mode.
    type: bool
    default: false
  source_workspace_id:
    description:
      - The ID of the WorkSpace to make the image from, in the task's Region. It has to be V(AVAILABLE), with volumes
        that are not encrypted and no modification going on. All that is checked first.
      - The WorkSpace can't be used while the image is made, for up to 45 minutes. The module warns of that.
      - What runs in the WorkSpace is not looked at. See what AWS asks of it, such as the Image Checker in Windows.
    type: str
  description:
    description:
      - What describes the image, 1 to 256 letters, digits, spaces and C(_./()-).
      - Required with O(source_workspace_id). With O(source_image_id), the source's is taken by default.
      - AWS takes it only when an image is made, so it is not compared afterwards.
    type: str
  image_quota:
    description:
      - How many images you may own in the Region. Where there are that many, no other is made, in check mode neither.
      - AWS's default is 40. It does not tell this module whether yours was raised, so without this option the images
        are not counted.
      - Images that are V(PENDING) or V(ERROR) count, those that are shared with you do not.
    type: int
  wait:
    description:
      - Whether to wait until the image is V(AVAILABLE). Without it a copy is started, and the task goes on.
      - Without a source, an image that is not there is looked for during three minutes, because a new one may be
        missing from the first readings.
      - With O(state=absent), whether to wait for an image that is V(PENDING), which AWS does not delete.
      - Check mode waits too for an image that is already V(PENDING), because what comes of it decides.
    type: bool
    default: false
  wait_timeout:
    description:
      - The longest time to wait, in seconds. AWS does not say how long a copy takes.
      - AWS is asked every 30 seconds, more often where the time is short. A wait goes on where AWS gives no answer for
        up to five minutes.
    type: int
    default: 14400
  unshare:
    description:
      - With O(state=absent), whether to take the image first from every account that it is shared with.
      - Without it, an image that is shared is not deleted, and the accounts are listed.
    type: bool
    default: false
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
      - Everything is read and checked as in a real run. The results are the same, but for the ID of an image that
        would be made, which is null.
      - What only AWS knows check mode can't, such as the quota of images where O(image_quota) does not tell it.
  diff_mode:
    description: Returns what has changed, or would change in check mode.
    support: full
  idempotent:
    description: Run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - The tag C(euc.aws/source) holds account, Region and ID of the source, as in
    V(123456789012/eu-west-1/wsi-0123456789abcdef0). For a WorkSpace it holds Region and ID. O(purge_tags) spares it.
  - An image that lacks the tag is refused where a source is given. To vouch for it, run the module without a source,
    with that tag in O(tags) and O(purge_tags=false). The message has the command.
  - A copy call that got no answer is not made again. The name is looked for instead, for three minutes. If no image
    shows, the task fails and says that it may still appear.
  - That two tasks at once make one image rests on AWS, which refuses a name that is taken.
  - "Calls: for an image that is there, one for each 25 images that you own, and one for its tags. For a copy, one for
    each 25 images that you own, one to look at the source and one to copy it. One more looks at the source where
    O(source_account_id) is your own account, or the source can't be seen. For a deletion, one for each 25 images that
    you own by name, or one by ID, one for each 25 accounts that have the image, one for each page of your bundles, one
    for each account to revoke, one for the tags with O(source_image_id), and the deletion. Changed tags take two at
    most. Waiting comes on top."
  - An image is copied within a partition only. In China (Ningxia) it can be copied within that Region only. To or
    from AWS GovCloud (US) and Regions that have to be opted into, AWS Support has to be asked.
  - To delete an image leaves copies of it as they are. Unsharing does too.
  - The IAM actions needed are C(workspaces:DescribeWorkspaceImages) and C(workspaces:DescribeTags). To copy,
    C(workspaces:CopyWorkspaceImage) and C(workspaces:CreateTags). From a WorkSpace,
    C(workspaces:CreateWorkspaceImage), C(workspaces:DescribeWorkspaces) and C(workspaces:CreateTags). To change tags,
    C(workspaces:CreateTags) and C(workspaces:DeleteTags). To delete, C(workspaces:DeleteWorkspaceImage),
    C(workspaces:DescribeWorkspaceImagePermissions), C(workspaces:DescribeWorkspaceBundles) and, with O(unshare),
    C(workspaces:UpdateWorkspaceImagePermission). C(workspaces:DescribeTags) is needed to delete with
    O(source_image_id) only.
seealso:
  - module: euc.aws.workspaces_image_permission
  - module: euc.aws.workspaces_image_info
  - name: Copy a custom WorkSpaces image
    description: The chapter on copying images in the administration guide of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/adminguide/copy-custom-image.html
  - name: Create a custom WorkSpaces image and bundle
    description: The chapter on making images in the administration guide of Amazon WorkSpaces.
    link: https://docs.aws.amazon.com/workspaces/latest/adminguide/create-custom-bundle.html
"""

EXAMPLES = r"""
- name: Copy an image that another account shares with me, from its Region to mine
  euc.aws.workspaces_image:
    name: golden-2026-11
    source_image_id: wsi-0123456789abcdef0
    source_region: eu-west-1
    source_account_id: "123456789012"
    region: us-east-1

- name: See whether the image could be copied once it is shared, in an account that has room for 40 images
  euc.aws.workspaces_image:
    name: golden-2026-11
    source_image_id: wsi-0123456789abcdef0
    source_region: eu-west-1
    source_account_id: "123456789012"
    assume_shared: true
    image_quota: 40
    region: us-east-1
  check_mode: true

- name: Copy my own image to another Region, tag the copy, and wait until it can be used
  euc.aws.workspaces_image:
    name: golden-2026-11
    source_image_id: wsi-0123456789abcdef0
    source_region: eu-west-1
    tags:
      team: desktops
    wait: true
    region: ap-northeast-1

- name: Make an image from a WorkSpace, which can't be used meanwhile
  euc.aws.workspaces_image:
    name: golden-2026-11
    source_workspace_id: ws-0123456789
    description: Windows 11 with all updates of November
    wait: true
    region: eu-west-1

- name: Wait for an image that is being made, for six hours at most
  euc.aws.workspaces_image:
    name: golden-2026-11
    wait: true
    wait_timeout: 21600
    region: eu-west-1

- name: Give an image these tags and no others
  euc.aws.workspaces_image:
    name: golden-2026-11
    tags:
      team: desktops
      release: "2026-11"
    region: eu-west-1

- name: Vouch for an image that was copied by hand
  euc.aws.workspaces_image:
    image_id: wsi-0fedcba9876543210
    tags:
      euc.aws/source: 123456789012/eu-west-1/wsi-0123456789abcdef0
    purge_tags: false
    region: us-east-1

- name: Show what keeps an image from being deleted, without deleting it
  euc.aws.workspaces_image:
    name: golden-2025-11
    state: absent
    region: eu-west-1
  check_mode: true

- name: Delete a copy, if it is one of just this image
  euc.aws.workspaces_image:
    name: golden-2025-11
    state: absent
    source_image_id: wsi-0123456789abcdef0
    source_region: eu-west-1
    source_account_id: "123456789012"
    region: us-east-1

- name: Take an image from everybody, and delete it
  euc.aws.workspaces_image:
    name: golden-2025-11
    state: absent
    unshare: true
    region: eu-west-1
"""

RETURN = r"""
image_id:
  description:
    - The ID of the image.
    - Null in check mode for an image that would be made, and with O(state=absent) where no image had the name.
  returned: once the image is known
  type: str
  sample: wsi-0fedcba9876543210
name:
  description: The name of the image. Null with O(state=absent) where no image had the ID.
  returned: once the image is known
  type: str
  sample: golden-2026-11
region:
  description: The Region that the image is in.
  returned: once the image is known
  type: str
  sample: us-east-1
state:
  description: V(AVAILABLE), V(PENDING) or V(ERROR). A new image that was not waited for is V(PENDING).
  returned: with O(state=present), once the image is known
  type: str
  sample: PENDING
source:
  description:
    - What the image was made from, as its tag C(euc.aws/source) tells. Null if it does not.
    - C(account_id) and C(region), with C(image_id) or C(workspace_id). For a WorkSpace C(account_id) is null, as it is
      of the image's own account.
  returned: with O(state=present), once the image is known
  type: dict
  sample:
    account_id: "123456789012"
    region: eu-west-1
    image_id: wsi-0123456789abcdef0
tags:
  description:
    - The tags of the image after the task.
    - For an image that the task made, those that it was made with. They are not read again after a wait.
  returned: with O(state=present), once the image is known
  type: dict
  sample:
    euc.aws/source: 123456789012/eu-west-1/wsi-0123456789abcdef0
    team: desktops
revoked_account_ids:
  description: The accounts that the image was taken from, sorted.
  returned: with O(state=absent), once the image is known
  type: list
  elements: str
  sample:
    - "111111111111"
shared_account_ids:
  description: The accounts that still have the image, sorted.
  returned: when an image was not deleted, once the accounts were read
  type: list
  elements: str
  sample: []
may_take_effect:
  description:
    - Whether what was asked of AWS may still happen, because AWS gave no clear answer. It had not happened when AWS was
      asked again, or AWS could not be asked.
  returned: when an image could not be made, or was not deleted
  type: bool
  sample: false
failed_accounts:
  description: As in M(euc.aws.workspaces_image_permission).
  returned: when the image could not be taken from an account
  type: dict
not_attempted_account_ids:
  description: As in M(euc.aws.workspaces_image_permission).
  returned: when the image could not be taken from an account
  type: list
  elements: str
diff:
  description: What has changed, or would change in check mode. Shown with C(--diff).
  returned: once the image is known
  type: dict
  sample:
    before_header: golden-2026-11 in us-east-1
    after_header: golden-2026-11 in us-east-1
    before: {}
    after:
      image_id: wsi-0fedcba9876543210
      name: golden-2026-11
      tags:
        euc.aws/source: 123456789012/eu-west-1/wsi-0123456789abcdef0
"""

import time
from typing import TYPE_CHECKING

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.euc.aws.plugins.module_utils._aws.accounts import account_ids_problem
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
from ansible_collections.euc.aws.plugins.module_utils._bundles.api import describe_bundles
from ansible_collections.euc.aws.plugins.module_utils._images import deleting, making, origin
from ansible_collections.euc.aws.plugins.module_utils._images.delete import (
    Deleted,
    check_deletable_origin,
    deletable_image,
    delete_image,
)
from ansible_collections.euc.aws.plugins.module_utils._images.images import image_ids_problem
from ansible_collections.euc.aws.plugins.module_utils._images.lookup import (
    existing_image,
    image_among,
    owned_image,
    owned_image_by_name,
    owned_images,
    owned_or_absent_image,
)
from ansible_collections.euc.aws.plugins.module_utils._images.make import (
    Made,
    check_origin,
    check_vouching,
    make_image,
    shown_image,
    usable_image,
)
from ansible_collections.euc.aws.plugins.module_utils._images.sources import check_room, new_image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.euc.aws.plugins.module_utils._images.images import Image

ARGUMENT_SPEC = dict(
    **ROLE_OPTIONS,
    **TAG_OPTIONS,
    name=dict(type="str"),
    image_id=dict(type="str"),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    source_image_id=dict(type="str"),
    source_region=dict(type="str"),
    source_account_id=dict(type="str"),
    assume_shared=dict(type="bool", default=False),
    source_workspace_id=dict(type="str"),
    description=dict(type="str"),
    image_quota=dict(type="int"),
    wait=dict(type="bool", default=False),
    wait_timeout=dict(type="int", default=14400),
    unshare=dict(type="bool", default=False),
)
# Which options go together, as AnsibleModule takes it.
OPTION_RULES = dict(
    mutually_exclusive=[("name", "image_id"), ("image_id", "source_image_id", "source_workspace_id")],
    required_one_of=[("name", "image_id")],
    required_by={
        "source_region": "source_image_id",
        "source_account_id": "source_image_id",
        "source_workspace_id": "description",
    },
)


def validate_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what can't be right, before any call to AWS.

    :raises AnsibleEUCError: With everything that is wrong, in one message.
    """
    ids = [(option, params[option]) for option in ("image_id", "source_image_id") if params[option] is not None]
    has_source = making.has_source(params)
    refuse(
        *role_problems(params),
        *(image_ids_problem([value], option) for option, value in ids),
        None
        if params["source_account_id"] is None
        else account_ids_problem([params["source_account_id"]], "source_account_id"),
        *making.request_problems(params),
        tags_problem(params["tags"], beside=1 if has_source else 0),
        origin.source_tag_problem(params["tags"], has_source),
        timeout_problem(params["wait_timeout"]),
    )


def run(params: Mapping[str, Any], clients: AWSClients, check_mode: bool) -> dict[str, Any]:
    """Bring an image to what the parameters ask for.

    :param params: Parameters that ``validate_parameters`` let through.
    :param clients: What makes clients.
    :param check_mode: Whether to leave out the writes, and only these.
    :returns: The result of the task.
    :raises AnsibleEUCError: If anything could not be done; with the result so far, if something was.
    """
    if params["state"] == "absent":
        return _absent(params, clients.make("workspaces"), check_mode)
    return _present(params, clients, check_mode)


def _present(params: Mapping[str, Any], clients: AWSClients, check_mode: bool) -> dict[str, Any]:
    client = clients.make("workspaces")
    region = client.meta.region_name
    started = time.monotonic()
    owned: list[Image] = []
    image: Image | None
    if making.has_source(params):
        owned = owned_images(client)
        image = image_among(client, params["name"], owned)
    else:
        image = _image_to_be(client, params)
    timeout = params["wait_timeout"] if params["wait"] else None
    if image is not None:
        # To look for it was a part of the wait.
        left = timeout and max(1, round(timeout - (time.monotonic() - started)))
        return _as_wanted(params, client, Made(image, describe_tags(client, image["ImageId"]), False), left, check_mode)

    check_room(params, client, owned)
    source_region = params["source_region"] or region
    source_client = client if source_region == region else clients.make("workspaces", source_region)
    new = new_image(params, client, source_client, assume_shared=check_mode and params["assume_shared"])
    if params["source_workspace_id"] is not None:
        # AnsibleAWSModule.warn passes warnings on in a way that ansible-core 2.19 calls deprecated.
        warn(f"WorkSpace {new.origin.source_id} can't be used while the image is made, for up to 45 minutes.")
    if check_mode:
        return making.image_result(making.planned(new, params["wait"]), new.all_tags, {}, region, True)
    with told_on_failure(may_take_effect=False):
        made = make_image(client, clients.make("workspaces", repeats=False), new)
    return _as_wanted(params, client, made, timeout, check_mode)


def _image_to_be(client: Any, params: Mapping[str, Any]) -> Image:
    """Find the image that is meant, where there is nothing to make it from."""
    timeout = params["wait_timeout"] if params["wait"] else None
    image = shown_image(client, lambda: _named_image(client, params), timeout)
    if image is not None:
        return image
    # Says what there is instead.
    if params["image_id"] is not None:
        return owned_image(client, params["image_id"])
    return owned_image_by_name(client, params["name"])


def _named_image(client: Any, params: Mapping[str, Any]) -> Image | None:
    if params["image_id"] is not None:
        return owned_or_absent_image(client, params["image_id"])
    return existing_image(client, params["name"])


def _as_wanted(
    params: Mapping[str, Any], client: Any, made: Made, timeout: int | None, check_mode: bool
) -> dict[str, Any]:
    """Bring an image that is there to what is asked for, and wait for it; ``timeout`` seconds, None not to."""
    image, tags, is_new = made.image, made.tags, made.is_new
    region = client.meta.region_name
    before = {} if is_new else making.image_facts(image, tags)
    wanted = making.wanted_origin(params, region, image.get("OwnerAccountId")) if making.has_source(params) else None
    try:
        check_vouching(params["tags"], image["ImageId"], region)
        if wanted and not is_new:
            check_origin(image, tags, wanted, region)
        found = image
        image = usable_image(client, image, timeout)
        if image is not found and not is_new:
            # Others may have changed them during the wait.
            tags = describe_tags(client, image["ImageId"])
            before = making.image_facts(image, tags)
            if wanted:
                check_origin(image, tags, wanted, region)
        to_set, to_unset = changed_tags(tags, params["tags"], params["purge_tags"], [origin.SOURCE_TAG])
        if not check_mode:
            change_tags(client, image["ImageId"], tags, to_set, to_unset)
    except AnsibleEUCError as error:
        tags = error.kwargs.get("tags", tags)
        so_far = making.image_result(image, tags, before, region, is_new)
        error.kwargs.update({**so_far, **error.kwargs, "changed": is_new or error.kwargs.get("changed", False)})
        raise
    changed = is_new or bool(to_set or to_unset)
    return making.image_result(image, applied_tags(tags, to_set, to_unset), before, region, changed)


def _absent(params: Mapping[str, Any], client: Any, check_mode: bool) -> dict[str, Any]:
    region = client.meta.region_name
    image = _named_image(client, params)
    about = image, params["image_id"], params["name"], region
    with told_on_failure(**deleting.deletion_result(*about, [], changed=False), may_take_effect=False):
        deleted = Deleted([], changed=False) if image is None else _deleted(params, client, image, check_mode)
    return deleting.deletion_result(*about, deleted.revoked, deleted.changed)


def _deleted(params: Mapping[str, Any], client: Any, image: Image, check_mode: bool) -> Deleted:
    if params["source_image_id"] is not None:
        region = client.meta.region_name
        named = making.wanted_origin(params, region, image.get("OwnerAccountId"))
        check_deletable_origin(image, describe_tags(client, image["ImageId"]), named, region)
    timeout = params["wait_timeout"] if params["wait"] else None
    found = deletable_image(client, image, lambda: describe_bundles(client), params["unshare"], timeout)
    if found is None:
        return Deleted([], changed=False)
    if check_mode:
        return Deleted(sorted(found.shared_with), changed=True)
    return delete_image(client, found.image, found.shared_with)


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, **OPTION_RULES, supports_check_mode=True)

    def work() -> dict[str, Any]:
        validate_parameters(module.params)
        return run(module.params, AWSClients(module), module.check_mode)

    exit_with(module, work)


if __name__ == "__main__":
    main()
