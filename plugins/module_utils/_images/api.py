# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS: one function an operation, every page read, errors typed. Nothing is decided here.

Every function raises ``AnsibleImagesError`` for what AWS refuses, for what never reaches it and for what is no answer
of AWS's. Operations and their limits are those of botocore's data/workspaces/2015-04-08/service-2.json.
"""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from .._aws.calls import call, every_full_page, every_page, paginator_of
from .._aws.errors import UnreadableAnswerError
from .errors import AnsibleImageCreationError, AnsibleImageDeletionError, AnsibleImagesError
from .images import image_ids_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .images import Image
    from .making import NewImage

# The most that DescribeWorkspaceImagePermissions and DescribeWorkspaceImages answer on one page, and the most IDs
# that the latter takes.
_PAGE_SIZE = 25
_PAGES = {"PageSize": _PAGE_SIZE}


def describe_image_permissions(client: Any, image_id: str) -> frozenset[str]:
    """Read the accounts that an image is shared with, from every page."""
    paginator = paginator_of(client, "DescribeWorkspaceImagePermissions", "ImagePermissions")
    return _call(
        client,
        f"read the permissions of image {image_id}",
        lambda: frozenset(
            permission["SharedAccountId"]
            for permission in every_page(paginator, "ImagePermissions", ImageId=image_id, PaginationConfig=_PAGES)
        ),
    )


def describe_images(client: Any, image_type: str, image_ids: Sequence[str] | None = None) -> list[Image]:
    """Read images, from every page.

    :param image_type: ``OWNED`` by the caller, or ``SHARED`` with the caller.
    :param image_ids: Only these images, however many; None for all. AWS leaves out what it does not find.
    """
    paginator = paginator_of(client, "DescribeWorkspaceImages", "Images")
    if image_ids is None:
        queries: list[dict[str, Any]] = [{"PaginationConfig": _PAGES}]
    else:
        # A page size beside IDs is refused by some AWS operations, and needs none: AWS takes a page of IDs a call.
        queries = [
            {"ImageIds": image_ids[start : start + _PAGE_SIZE]} for start in range(0, len(image_ids), _PAGE_SIZE)
        ]
    which = f"image {image_ids[0]}" if image_ids and len(image_ids) == 1 else "the images"
    return _call(
        client,
        f"look up {which} ({image_type})",
        lambda: [
            _in_utc(image)
            for query in queries
            # Recorded answers have an empty list: https://github.com/cloud-custodian/cloud-custodian, placebo data of
            # test_workspaces_image_delete.
            for image in every_full_page(paginator, "Images", ImageType=image_type, **query)
        ],
    )


def update_image_permission(client: Any, image_id: str, account_id: str, allow_copy: bool) -> None:
    """Let one account copy the image, or no longer let it."""
    action = "share image {0} with" if allow_copy else "stop sharing image {0} with"
    _call(
        client,
        f"{action.format(image_id)} account {account_id}",
        lambda: client.update_workspace_image_permission(
            ImageId=image_id, AllowCopyImage=allow_copy, SharedAccountId=account_id
        ),
    )


def describe_workspace(client: Any, workspace_id: str) -> dict[str, Any] | None:
    """Read one WorkSpace; None if AWS does not find it."""
    found = call(
        client,
        f"look up WorkSpace {workspace_id}",
        lambda: client.describe_workspaces(WorkspaceIds=[workspace_id]).get("Workspaces", []),
        AnsibleImageCreationError,
    )
    return found[0] if found else None


def make_image(client: Any, new: NewImage, tags: Sequence[Mapping[str, str]]) -> str:
    """Copy an image to the client's Region, or make one from a WorkSpace there. Two calls may make two images.

    :param tags: All of its tags, as AWS takes them.
    :returns: The ID of the new image.
    """
    request = {"Name": new.name, "Tags": tags}
    if new.description is not None:
        request["Description"] = new.description
    source_id = new.origin.source_id
    if source_id.startswith("ws-"):
        action, operation = f"make image {new.name} from WorkSpace {source_id}", client.create_workspace_image
        request["WorkspaceId"] = source_id
    else:
        action = f"copy image {source_id} of {new.origin.region} as {new.name}"
        operation = client.copy_workspace_image
        request.update(SourceImageId=source_id, SourceRegion=new.origin.region)
    return call(client, action, lambda: _new_id(operation(**request)), AnsibleImageCreationError)


def _new_id(answer: Mapping[str, Any]) -> str:
    image_id = answer.get("ImageId")
    if not isinstance(image_id, str) or image_ids_problem([image_id], "ImageId"):
        raise UnreadableAnswerError
    return image_id


def delete_image(client: Any, image_id: str) -> None:
    """Delete an image."""
    call(
        client,
        f"delete image {image_id}",
        lambda: client.delete_workspace_image(ImageId=image_id),
        AnsibleImageDeletionError,
    )


def _in_utc(image: Image) -> Image:
    # botocore tells times in the zone of the machine that it runs on.
    # Without an ID it is no answer of AWS's, which is an error of the call.
    in_utc = {"Created": image["Created"].astimezone(timezone.utc)} if "Created" in image else {}
    return {"ImageId": image["ImageId"], **image, **in_utc}


def _call(client: Any, action: str, function: Callable[[], Any]) -> Any:
    return call(client, action, function, AnsibleImagesError)
