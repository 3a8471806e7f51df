# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of images and bundles, for their owner. The model has their lengths."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ...service import AwsError
from ...state import Call, State
from .common import SERVICE, not_found

LIMIT = 50
RESERVED = "aws:"
_TEXT = re.compile(r"[\w+\-=.:/@ ]*")  # letters and numbers of any script, and what the guide names


@SERVICE.behaviour
def create_tags(state: State, call: Call) -> dict[str, Any]:
    """Add tags to an image or bundle; what a key had is overwritten (Terraform relies on it).

    The limit of 50 is the model's, and ResourceLimitExceeded declared; that it is for this is assumed.
    """
    records, index = _resource(state, call)
    tags = _checked(records[index].tags, given_tags(call))
    records[index] = replace(records[index], tags=tags)
    return {}


@SERVICE.behaviour
def delete_tags(state: State, call: Call) -> dict[str, Any]:
    """Remove tags; keys that are not there do not matter (assumed). Reserved ones stay (guide; the code is assumed)."""
    records, index = _resource(state, call)
    keys = call.parameters["TagKeys"]
    if any(_is_reserved(key) for key in keys):
        raise AwsError("InvalidParameterValuesException", f"Tags of {RESERVED} cannot be deleted.")
    tags = {key: value for key, value in records[index].tags.items() if key not in keys}
    records[index] = replace(records[index], tags=tags)
    return {}


@SERVICE.behaviour
def describe_tags(state: State, call: Call) -> dict[str, Any]:
    """All tags at once: there are no pages (model)."""
    records, index = _resource(state, call)
    return {"TagList": [{"Key": key, "Value": value} for key, value in records[index].tags.items()]}


def given_tags(call: Call) -> dict[str, str]:
    """The parameter Tags, checked; a value that is left out is empty (assumed).

    Which characters there may be, that spaces may not stand at an end, and that `aws:` is reserved, is documented. That
    breaking it gives InvalidParameterValues is assumed, as is that a key may come only once.
    """
    tags = [(tag["Key"], tag.get("Value", "")) for tag in call.parameters.get("Tags", [])]
    for text in (text for tag in tags for text in tag):
        if not _TEXT.fullmatch(text) or text != text.strip() or _is_reserved(text):
            raise AwsError("InvalidParameterValuesException", f"A tag cannot have the key or value {text!r}.")
    if len(dict(tags)) < len(tags):
        raise AwsError("InvalidParameterValuesException", "A tag's key comes twice.")
    return _checked({}, dict(tags))


def _checked(present: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """The tags after those given were added. AWS's own do not count towards the limit (assumed)."""
    tags = {**present, **given}
    if sum(not _is_reserved(key) for key in tags) > LIMIT:
        raise AwsError("ResourceLimitExceededException", f"A resource has {LIMIT} tags at most.")
    return tags


def _is_reserved(text: str) -> bool:
    return text.lower().startswith(RESERVED)


def _resource(state: State, call: Call) -> tuple[list[Any], int]:
    """The list that the image or bundle named ResourceId is in, and where.

    What is another account's is not found: AccessDenied is not declared for tags (that AWS answers so is assumed).
    """
    id = call.parameters["ResourceId"]
    taggable: list[tuple[list[Any], str]] = [(state.images, "image_id"), (state.bundles, "bundle_id")]
    for records, id_name in taggable:
        for index, record in enumerate(records):
            if (getattr(record, id_name), record.owner, record.region) == (id, call.account, call.region):
                return records, index
    raise not_found("resource", id)
