# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle that is to be made or to get another image: what is asked for, what differs, and what is said of it.

Pure: imports neither boto3 nor Ansible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._aws.making import NAME, pattern_problems
from .bundles import bundle_fields, bundle_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .._images.images import Image
    from .bundles import Bundle

# WorkspaceBundleDescription in botocore's data/workspaces/2015-04-08/service-2.json. Which compute types there are only
# AWS knows: new ones come.
_DESCRIPTION = re.compile(r"[a-zA-Z0-9_./() -]{1,255}")
_COMPUTE_TYPE = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_SIZES = ("root_volume_size", "user_volume_size")
_ONLY_PRESENT = ("image_id", "image_name", "description", "compute_type", *_SIZES, "tags")
_IMAGE = "image_id or image_name"


@dataclass(frozen=True)
class NewBundle:
    """A bundle to be made. Sizes are in GiB; None leaves that of the root volume to AWS."""

    name: str
    description: str
    image_id: str
    compute_type: str
    root_volume_size: int | None
    user_volume_size: int
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """Its name, and what AWS may not like of it."""
        root = "" if self.root_volume_size is None else f"root {self.root_volume_size} GiB, "
        return f"{self.name} ({self.compute_type}, {root}user {self.user_volume_size} GiB)"


@dataclass(frozen=True)
class WantedImage:
    """The image that is to be behind a bundle, None where none is asked for, and what was read to find it.

    ``read``: images of the caller's by their ID, all of them where the image is given by name. None is the ID of none.
    """

    image: Image | None = None
    read: Mapping[str | None, Image] = field(default_factory=dict)

    @property
    def image_id(self) -> str | None:
        """Its ID; None where none is asked for."""
        return self.image["ImageId"] if self.image else None


def request_problems(params: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the options that say which bundle, and what it is to be like; a sentence each."""
    patterns = {
        "name": NAME,
        "image_name": NAME,
        "description": (_DESCRIPTION, "1 to 255 letters, digits, spaces and _./()-"),
        "compute_type": (_COMPUTE_TYPE, "the name of a compute type, such as STANDARD"),
    }
    problems = pattern_problems(params, patterns)
    problems += [
        f"{option} takes a size in GiB, and this is none: {params[option]}."
        for option in _SIZES
        # A boolean is an integer to Python, and to Ansible.
        if params[option] is not None and (isinstance(params[option], bool) or params[option] < 0)
    ]
    if params["bundle_id"] is None and params["name"] is None:
        problems.append("Neither name nor bundle_id says which bundle is meant.")
    misplaced = [option for option in _ONLY_PRESENT if params[option] is not None]
    if params["state"] == "absent" and misplaced:
        problems.append(f"state=absent deletes a bundle, and takes no {', '.join(misplaced)}.")
    if params["state"] == "present" and params["bundle_id"] is not None and params["description"] is not None:
        problems.append("description goes with name: AWS takes it only when a bundle is made.")
    return problems


def missing_to_make(params: Mapping[str, Any]) -> list[str]:
    """Return the options that it takes besides to make a bundle."""
    has_image = params["image_id"] is not None or params["image_name"] is not None
    needed = ("description", "compute_type", "user_volume_size")
    return [*([] if has_image else [_IMAGE]), *(option for option in needed if params[option] is None)]


def new_bundle(params: Mapping[str, Any], image_id: str) -> NewBundle:
    """Return the bundle to be made, for parameters that lack nothing."""
    tags = {key: str(value) for key, value in (params["tags"] or {}).items()}
    sizes = {option: params[option] for option in _SIZES}
    # AWS's compute types are in capitals, and are compared whatever the case.
    compute_type = params["compute_type"].upper()
    return NewBundle(params["name"], params["description"], image_id, compute_type, tags=tags, **sizes)


def planned(new: NewBundle, wait: bool) -> Bundle:
    """Return the bundle that a real run would make, as far as that can be known."""
    return {
        "BundleId": None,
        "Name": new.name,
        "Description": new.description,
        "ImageId": new.image_id,
        "ComputeType": {"Name": new.compute_type},
        "RootStorage": {"Capacity": new.root_volume_size},
        "UserStorage": {"Capacity": new.user_volume_size},
        "State": "AVAILABLE" if wait else "PENDING",
    }


def fixed_problem(bundle: Bundle, params: Mapping[str, Any], region: str) -> str | None:
    """Say in what a bundle differs from what was asked for that AWS can't change; None if it does not."""
    found = _differences(bundle, {option: params[option] for option in ("compute_type", *_SIZES)})
    if not found:
        return None
    return (
        f"Bundle {bundle_label(bundle, region)} is not as asked for: {found}. AWS changes nothing of a bundle"
        " but its image. Leave these options out, or make a new bundle under another name: that of a deleted one can't"
        " be used again for two hours. Nothing was changed."
    )


def other_problem(bundle: Bundle, new: NewBundle, region: str) -> str | None:
    """Say in what a bundle that appeared meanwhile differs from the one that was to be made; None if it does not."""
    asked = {option: getattr(new, option) for option in ("image_id", "compute_type", *_SIZES)}
    found = _differences(bundle, asked)
    if not found:
        return None
    return (
        f"Bundle {bundle_label(bundle, region)} was made by somebody else while this task ran, and is not as asked for:"
        f" {found}. Look at it before you run this again."
    )


def _differences(bundle: Bundle, asked: Mapping[str, Any]) -> str:
    fields = bundle_fields(bundle)
    return "; ".join(
        f"{option} is {'unknown' if fields[option] is None else fields[option]}, and {value} was asked for"
        for option, value in asked.items()
        # An option that was left out is not compared, and AWS's words are in capitals.
        if value is not None and str(fields[option]).casefold() != str(value).casefold()
    )


def pending_problem(bundle: Bundle, region: str) -> str:
    """Say that a bundle can't get another image yet."""
    state = bundle.get("State") or "not AVAILABLE"
    return (
        f"Bundle {bundle_label(bundle, region)} is still {state}, and can get another image once it is AVAILABLE. Run"
        " this again later, or set wait to true."
    )


def waited_on(bundle: Bundle, region: str) -> str:
    """Say, behind what ended a wait, that this ends nothing at AWS."""
    return f" Bundle {bundle_label(bundle, region)} was waited for, and goes on being made: run this again to wait on."


def vanished(bundle: Bundle, region: str, seconds: int) -> str:
    """Say that a bundle that is waited for is not there any longer."""
    return (
        f"Bundle {bundle_label(bundle, region)} has not been there for {seconds} seconds: somebody has deleted it."
        " Its name can't be used again for two hours."
    )


def in_error(bundle: Bundle, region: str) -> str:
    """Say that a bundle is of no use, and how to start over."""
    return (
        f"Bundle {bundle_label(bundle, region)} is in state ERROR. AWS does not say why. To start over, make another"
        " under another name, and delete this one with state=absent. Its name can't be used again for two hours."
    )


def not_switched(told: str, found: Sequence[Bundle] | None, is_replaced: bool, may_take_effect: bool) -> str:
    """Say what is known of a bundle that does not show the image that was put behind it.

    :param told: What is known of the call.
    :param found: The bundle as it was read last; empty if it was not there, None if it could not be read.
    :param is_replaced: Whether it has neither the image before nor the one that was put behind it.
    :param may_take_effect: Whether AWS may do it later.
    """
    later = " The change may still take effect: look at the bundle before you rely on it." if may_take_effect else ""
    if found is None:
        return f"{told} Which image the bundle has now is not known: it could not be read again.{later}"
    if not found:
        return f"{told} The bundle was not there when it was read again.{later}"
    whose = ", which somebody else has put behind it meanwhile" if is_replaced else ""
    return f"{told} When the bundle was read again, it had image {found[0].get('ImageId')}{whose}.{later}"


def accepted(bundle: Bundle, image_id: str, region: str, seconds: int) -> str:
    """Say that AWS took a change that does not show."""
    return (
        f"AWS took the call that puts image {image_id} behind bundle {bundle_label(bundle, region)}, and that did not"
        f" show for {seconds} seconds."
    )


def bundle_result(
    bundle: Bundle,
    tags: Mapping[str, str],
    before: Mapping[str, Any],
    region: str,
    changed: bool,
    images: Mapping[str | None, Image],
) -> dict[str, Any]:
    """Build what the module returns for a bundle that exists, or will.

    :param bundle: The bundle; ``BundleId`` is null where AWS is yet to give it.
    :param tags: The tags that it has.
    :param before: What ``bundle_facts`` told before; empty if there was no bundle.
    :param images: The images of the caller's that were read, by ID.
    """
    label = f"{bundle.get('Name')} in {region}"
    image_id, previous_image_id = bundle.get("ImageId"), before.get("image_id")
    return {
        "changed": changed,
        **bundle_fields(bundle),
        "image_name": images.get(image_id, {}).get("Name"),
        "previous_image_id": previous_image_id,
        "previous_image_name": images.get(previous_image_id, {}).get("Name"),
        "rollback": bool(before) and _is_older(image_id, previous_image_id, images),
        "region": region,
        "state": bundle.get("State"),
        "tags": tags,
        "diff": {
            "before_header": label,
            "after_header": label,
            "before": before,
            "after": bundle_facts(bundle, tags),
        },
    }


def _is_older(image_id: str | None, than_id: str | None, images: Mapping[str | None, Image]) -> bool | None:
    """Tell whether one image was created before another; None where that is not known of both."""
    if image_id is not None and image_id == than_id:
        return False
    created, other = (images.get(each, {}).get("Created") for each in (image_id, than_id))
    return None if created is None or other is None else created < other


def bundle_facts(bundle: Bundle, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what a diff shows of a bundle."""
    return {**bundle_fields(bundle), "tags": tags}
