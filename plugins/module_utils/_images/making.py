# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image that is to be made: what is asked for, what speaks against its source, and what is said of it.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._aws.making import NAME, pattern_problems
from .images import image_label, reasons
from .origin import SOURCE_TAG, Origin, source_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .images import Image

# WorkspaceImageDescription, WorkspaceId and Region in botocore's
# data/workspaces/2015-04-08/service-2.json.
_DESCRIPTION = re.compile(r"[a-zA-Z0-9_./() -]{1,256}")
_WORKSPACE_ID = re.compile(r"ws-[0-9a-z]{8,63}")
_REGION = re.compile(r"[-0-9a-z]{1,31}")
# https://docs.aws.amazon.com/workspaces/latest/adminguide/copy-custom-image.html
_NINGXIA = "cn-northwest-1"
# By the state of a WorkSpace. While an image is made from it, it is SUSPENDED, though the image may not show yet.
_WHAT_HELPS = {
    "STOPPED": " (start it)",
    "SUSPENDED": " (an image may be in the making from it: run this again once it is AVAILABLE)",
}
_ONLY_PRESENT = ("source_workspace_id", "description", "tags", "image_quota")


@dataclass(frozen=True)
class NewImage:
    """An image to be made: its name, what AWS is told of it, and what it is made from."""

    name: str
    description: str | None
    origin: Origin
    tags: Mapping[str, str]

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags that it is made with: the user's, and the one that tells its origin."""
        return {**self.tags, SOURCE_TAG: self.origin.tag}


def request_problems(params: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the options that say which image, and what it is made from; a sentence each."""
    patterns = {
        "name": NAME,
        "description": (_DESCRIPTION, "1 to 256 letters, digits, spaces and _./()-"),
        "source_workspace_id": (_WORKSPACE_ID, "ws- and 8 to 63 digits or lower-case letters"),
        "source_region": (_REGION, "the name of a Region, such as eu-west-1"),
    }
    problems = pattern_problems(params, patterns)
    if params["image_id"] is None and params["name"] is None:
        problems.append("Neither name nor image_id says which image is meant.")
    misplaced = [option for option in _ONLY_PRESENT if params[option] is not None]
    if params["state"] == "absent" and misplaced:
        problems.append(f"state=absent deletes an image, and takes no {', '.join(misplaced)}.")
    if params["state"] == "present" and params["unshare"]:
        problems.append("unshare=true goes with state=absent: before an image is deleted, it is taken from everybody.")
    if params["state"] == "present" and params["description"] is not None and not has_source(params):
        problems.append("description goes with a source: AWS takes it only when an image is made.")
    quota = params["image_quota"]
    # A boolean is an integer to Python, and to Ansible.
    if quota is not None and (isinstance(quota, bool) or quota < 1):
        problems.append(f"image_quota takes a number of images, at least 1, and this is none: {quota}.")
    if params["assume_shared"] and (params["state"] == "absent" or params["source_account_id"] is None):
        problems.append("assume_shared=true goes with a copy, and with source_account_id: whose image will be shared.")
    return problems


def has_source(params: Mapping[str, Any]) -> bool:
    """Tell whether an option says what the image is to be made from."""
    return params["source_image_id"] is not None or params["source_workspace_id"] is not None


def wanted_origin(params: Mapping[str, Any], region: str, own_account_id: str | None) -> Origin:
    """Return where the image is to come from, as far as the options tell.

    :param region: The task's Region.
    :param own_account_id: The caller's account, from which a source comes where no other is named; None if AWS does
        not tell it.
    """
    if params["source_workspace_id"] is not None:
        return Origin(params["source_workspace_id"], region)
    return Origin(
        params["source_image_id"], params["source_region"] or region, params["source_account_id"] or own_account_id
    )


def new_image(params: Mapping[str, Any], origin: Origin, source_description: str | None) -> NewImage:
    """Return the image to be made.

    :param origin: Where it comes from.
    :param source_description: What describes the source. Whether AWS copies that along it does not say.
    """
    description = params["description"]
    if description is None and source_description and _DESCRIPTION.fullmatch(source_description):
        description = source_description
    tags = {key: str(value) for key, value in (params["tags"] or {}).items()}
    return NewImage(params["name"], description, origin, tags)


def quota_problem(name: str, owned: int, quota: int | None, region: str) -> str | None:
    """Say why there is no room for one more image.

    :param owned: How many images the caller owns in the Region.
    :param quota: How many it may own there; None if that is not to be looked at.
    """
    if quota is None or owned < quota:
        return None
    return (
        f"There is no room for image {name} in {region}: you own {owned} images there, and image_quota is {quota}."
        " Delete old ones with state=absent, or have AWS raise the quota L-18CE281C, and then raise image_quota."
        " Nothing was made."
    )


def planned(new: NewImage, wait: bool) -> Image:
    """Return the image that a real run would make, as far as that can be known."""
    return {"ImageId": None, "Name": new.name, "State": "AVAILABLE" if wait else "PENDING"}


def regions_problem(source_region: str, source_partition: str, region: str, partition: str) -> str | None:
    """Say why no image can ever be copied from one Region to another; None if AWS may allow it."""
    if source_partition != partition:
        reason = f"{source_region} is in the partition {source_partition}, and {region} in {partition}"
    elif source_region != region and _NINGXIA in (source_region, region):
        reason = f"in {_NINGXIA} an image can be copied within that Region only"
    else:
        return None
    return f"An image can't be copied from {source_region} to {region}: {reason}. Make it there from a WorkSpace."


def source_problem(image: Image, account_id: str | None, region: str) -> str | None:
    """Say why an image that the caller can see is not the source that was meant, or can't be copied yet.

    :param account_id: The account that has to own it; None for the caller's own image.
    :param region: The Region that it is in.
    """
    label = image_label(image["ImageId"], image.get("Name"), region)
    owner, state = image.get("OwnerAccountId"), image.get("State")
    if account_id and owner != account_id:
        told = f"belongs to {owner}" if owner else "has an owner that AWS does not tell"
        return f"The source {label} {told}, and source_account_id is {account_id}. Nothing was copied."
    if state == "ERROR":
        return f"The source {label} is in state ERROR and can't be copied. AWS says: {reasons(image)}."
    if state != "AVAILABLE":
        return f"The source {label} is {state}, and can be copied once it is AVAILABLE. Run this again then."
    return None


def source_not_found(image_id: str, account_id: str | None, region: str, seen: Sequence[Image]) -> str:
    """Say why a source can't be copied that is not among the images where it has to be.

    :param account_id: The account that has to own it; None for the caller's own image.
    :param seen: The image among those that are shared with the caller, where only an own one was looked for.
    """
    if seen:
        owner = seen[0].get("OwnerAccountId") or "an account that AWS does not tell"
        return (
            f"The source {image_label(image_id, seen[0].get('Name'), region)} is not yours: {owner} shares it with you."
            " AWS tells recipients to check whose image it is. If you trust that account, name it in source_account_id."
        )
    whose = f"of {account_id} that is shared with you" if account_id else "of yours"
    return (
        f"There is no image {image_id} {whose} in {region} that these credentials can see. Check the ID, source_region,"
        " source_account_id and that the owner shares it, in that Region, with the account of the credentials."
    )


def workspace_problem(workspace: Mapping[str, Any] | None, workspace_id: str, region: str) -> str | None:
    """Say why no image can be made from a WorkSpace now.

    :param workspace: The WorkSpace as AWS describes it; None if there is none.
    :returns: A sentence that names everything; None if nothing speaks against it.
    """
    if workspace is None:
        return (
            f"There is no WorkSpace {workspace_id} in {region} that these credentials can see. Check the ID, the Region"
            " and the account of the credentials."
        )
    # https://docs.aws.amazon.com/workspaces/latest/adminguide/create-custom-bundle.html
    state = workspace.get("State")
    volumes = [name for name in ("Root", "User") if workspace.get(f"{name}VolumeEncryptionEnabled")]
    changing = [
        f"{change.get('Resource')} {change.get('State')}"
        for change in workspace.get("ModificationStates", [])
        if change.get("State") != "UPDATE_FAILED"
    ]
    found = [
        "" if state == "AVAILABLE" else f"it is {state} and has to be AVAILABLE{_WHAT_HELPS.get(str(state), '')}",
        f"its {' and '.join(volumes)} volume is encrypted, of which AWS makes no image" if volumes else "",
        f"a modification is going on ({', '.join(changing)})" if changing else "",
    ]
    if not any(found):
        return None
    return f"No image can be made from WorkSpace {workspace_id} in {region}: {'; '.join(filter(None, found))}."


def vanished(label: str, seconds: int) -> str:
    """Say that an image that is waited for is not there any longer."""
    return (
        f"Image {label} has not been there for {seconds} seconds: somebody has deleted it. Run this again to make it"
        " anew."
    )


def made_in_error(image: Image, region: str) -> str:
    """Say why an image of the wanted name is of no use, and how to start over."""
    label = image_label(image["ImageId"], image.get("Name"), region)
    return (
        f"Image {label} is in state ERROR. AWS says: {reasons(image)}. To start over, delete it with state=absent, mend"
        " what AWS names, and run this again."
    )


def image_result(
    image: Image, tags: Mapping[str, str], before: Mapping[str, Any], region: str, changed: bool
) -> dict[str, Any]:
    """Build what the module returns for an image that exists, or will.

    :param image: The image: ``Name``, ``State``, and ``ImageId``, null where AWS is yet to give it.
    :param tags: The tags that it has.
    :param before: What ``image_facts`` told before; empty if there was no image.
    """
    label = f"{image.get('Name')} in {region}"
    return {
        "changed": changed,
        "image_id": image["ImageId"],
        "name": image.get("Name"),
        "region": region,
        "state": image.get("State"),
        "source": source_fields(tags),
        "tags": dict(tags),
        "diff": {
            "before_header": label,
            "after_header": label,
            "before": dict(before),
            "after": image_facts(image, tags),
        },
    }


def image_facts(image: Image, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what a diff shows of an image."""
    return {"image_id": image["ImageId"], "name": image.get("Name"), "tags": dict(tags)}
