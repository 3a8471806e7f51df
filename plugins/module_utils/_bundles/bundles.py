# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WorkSpaces bundles: which one is meant, and what is said of it.

Pure: imports neither boto3 nor Ansible. A bundle is what AWS answers: a dict in the shape of WorkspaceBundle in
botocore's data/workspaces/2015-04-08/service-2.json, where only BundleId is always there.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .._aws.accounts import enumerated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Any

    Bundle = dict[str, Any]

# BundleId in the same model.
_BUNDLE_ID = re.compile(r"wsb-[0-9a-z]{8,63}")


def bundle_ids_problem(values: Iterable[str], option: str) -> str | None:
    """Say what is wrong with bundle IDs.

    :param values: The values as Ansible passed them on.
    :param option: The option that they were given in, for the sentence.
    :returns: One sentence that names the malformed IDs, or None if there is none.
    """
    wrong = {value for value in values if not is_bundle_id(value)}
    if not wrong:
        return None
    return (
        f"{option} takes bundle IDs: wsb- and 8 to 63 digits or lower-case letters. These are not: {enumerated(wrong)}."
    )


def is_bundle_id(value: str) -> bool:
    """Tell whether a text has the form of a bundle's ID."""
    return _BUNDLE_ID.fullmatch(value) is not None


def bundle_label(bundle: Bundle, region: str) -> str:
    """Name a bundle for a person: its ID, its name where that is known, and the Region that it is in."""
    name = f" ({bundle['Name']})" if bundle.get("Name") else ""
    return f"{bundle['BundleId']}{name} in {region}"


def is_amazons(bundle: Bundle) -> bool:
    """Tell whether a bundle is one of AWS's own. They are asked for as AMAZON, and answered as Amazon."""
    return str(bundle.get("Owner")).casefold() == "amazon"


def is_settled(bundle: Bundle) -> bool:
    """Tell whether a bundle stays as it is until somebody does something. A state that is not known may pass."""
    return bundle.get("State") in ("AVAILABLE", "ERROR")


def identity(bundle: Bundle) -> dict[str, Any]:
    """Return what tells in a result which bundle is meant."""
    return {"bundle_id": bundle["BundleId"], "name": bundle.get("Name")}


def named_bundles(bundles: Iterable[Bundle], name: str) -> list[Bundle]:
    """Return the bundles of exactly this name."""
    return [bundle for bundle in bundles if bundle.get("Name") == name]


def matching_bundles(
    bundles: Iterable[Bundle], names: Collection[str] | None, image_ids: Collection[str] | None
) -> list[Bundle]:
    """Return the bundles that pass both filters, by name and then by ID.

    :param names: Names or shell-style patterns, in which case counts; None lets every name pass.
    :param image_ids: Images, one of which has to be behind the bundle; None lets every image pass.
    """
    return sorted(
        (
            bundle
            for bundle in bundles
            if (names is None or any(fnmatchcase(bundle.get("Name") or "", name) for name in names))
            and (image_ids is None or bundle.get("ImageId") in image_ids)
        ),
        key=lambda bundle: (bundle.get("Name") or "", bundle["BundleId"]),
    )


def several_bundles(name: str, region: str, named: Sequence[Bundle]) -> str:
    """Say that a name does not tell which bundle is meant, and list those that have it."""
    return (
        f"{len(named)} bundles that you own in {region} are named {name!r}, so the name does not tell which one is"
        f" meant: {_listed(named)}. Give the bundle_id of the right one."
    )


def no_bundle(name: str, region: str, owned: Sequence[Bundle], missing: Sequence[str]) -> str:
    """Say that there is no bundle of a name, and that not enough was given to make it.

    :param owned: All bundles that the caller owns in the Region.
    :param missing: The options that it takes besides to make it.
    """
    there = f"Your bundles there: {_listed(owned)}." if owned else "You own no other bundle there."
    return (
        f"You own no bundle named {name!r} in {region}. {there} Check the name, the Region and the account of the"
        f" credentials. To make it, give {', '.join(missing)} as well."
    )


def not_there(bundle_id: str, region: str) -> str:
    """Say that there is no bundle of an ID."""
    return (
        f"There is no bundle {bundle_id} in {region} that these credentials can see. Check the ID, the Region and the"
        " account of the credentials."
    )


def not_own(bundle: Bundle, region: str) -> str:
    """Say that a bundle is AWS's own."""
    return (
        f"Bundle {bundle_label(bundle, region)} is one of AWS's own, which nobody else can change. Make a bundle of"
        " your own, by name."
    )


def bundle_fields(bundle: Bundle) -> dict[str, Any]:
    """Return what results say of a bundle, in the words of the options. What AWS did not tell is null."""
    return {
        "bundle_id": bundle["BundleId"],
        "name": bundle.get("Name"),
        "description": bundle.get("Description"),
        "image_id": bundle.get("ImageId"),
        "compute_type": bundle.get("ComputeType", {}).get("Name"),
        "root_volume_size": _gib(bundle.get("RootStorage")),
        "user_volume_size": _gib(bundle.get("UserStorage")),
    }


def _gib(storage: Any) -> int | str | None:
    # AWS has sizes as text, whose form it does not tell.
    capacity = (storage or {}).get("Capacity")
    return int(capacity) if isinstance(capacity, str) and capacity.isdecimal() else capacity


def _listed(bundles: Iterable[Bundle]) -> str:
    return enumerated(
        f"{bundle.get('Name')} ({bundle['BundleId']}, image {bundle.get('ImageId')})" for bundle in bundles
    )
