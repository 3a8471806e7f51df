# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all operations of WorkSpaces share: pages, and what a caller may see of images and bundles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ...desktops import Bundle
from ...pages import page
from ...service import AwsError, Service
from ...state import Call, Image, State

SERVICE = Service("workspaces")
PAGE = 25
Shown = TypeVar("Shown", Image, Bundle)


def paged(state: State, call: Call, ids: Iterable[str], size: int = PAGE) -> tuple[list[str], dict[str, str]]:
    """One page of the ids, and NextToken if more follow."""
    bad_token = AwsError("InvalidParameterValuesException", "NextToken is not valid for this request.")
    return page(state, call, ids, size, bad_token)


def shown(
    state: State, call: Call, found: dict[str, Shown], describe: Callable[[State, Shown], dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """One page of what was found, by id, described, and a look taken at each of it.

    What does not show yet is left out. However many pages are read, that is one look.
    """
    hidden = {id for id, record in found.items() if state.looks[id] < record.hidden_looks}
    ids, rest = paged(state, call, found.keys() - hidden)
    descriptions = [describe(state, found[id]) for id in ids]
    state.looks.update(ids)
    if "NextToken" not in call.parameters:
        state.looks.update(hidden)
    return descriptions, rest


def current_state(state: State, record: Image | Bundle) -> str:
    """PENDING until there were enough looks; then what the record says."""
    id = record.image_id if isinstance(record, Image) else record.bundle_id
    return "PENDING" if state.looks[id] < record.hidden_looks + record.pending_looks else record.state


def relation(image: Image, call: Call) -> str:
    """What the image is to the caller, as ImageType has it: OWNED, SHARED or nothing."""
    if image.owner == call.account:
        return "OWNED"
    return "SHARED" if call.account in image.shared_account_ids else ""


def visible_image(state: State, call: Call, image_id: str) -> Image:
    """The image if the caller owns it or is a recipient; who is neither is told that there is none.

    That describing does not show a new image yet does not matter here (assumed).
    """
    for image in state.images:
        if image.image_id == image_id and image.region == call.region and relation(image, call):
            return image
    raise not_found("image", image_id)


def owned_image(state: State, call: Call) -> Image:
    """The image named ImageId, if it is the caller's.

    A recipient can neither read nor pass on permissions, and can't put the image behind a bundle (guide).
    """
    image = visible_image(state, call, call.parameters["ImageId"])
    if image.owner != call.account:
        raise AwsError("AccessDeniedException", "The image belongs to another account.")
    return image


def not_found(kind: str, id: str) -> AwsError:
    """The error for what is not there, or not for the caller."""
    return AwsError("ResourceNotFoundException", f"There is no {kind} {id} here.", ResourceId=id)


def check_available(state: State, record: Image | Bundle) -> None:
    """Raise ResourceUnavailableException for an image or bundle that is PENDING or in ERROR."""
    if (now := current_state(state, record)) != "AVAILABLE":
        kind, id = ("image", record.image_id) if isinstance(record, Image) else ("bundle", record.bundle_id)
        raise AwsError("ResourceUnavailableException", f"The {kind} is {now}.", ResourceId=id)


def own(call: Call, records: Iterable[Shown]) -> list[Shown]:
    """Those of the caller in the call's Region."""
    return [record for record in records if (record.owner, record.region) == (call.account, call.region)]
