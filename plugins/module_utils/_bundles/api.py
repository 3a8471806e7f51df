# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls to AWS: one function an operation, every page read, errors typed. Nothing is decided here.

Every function raises ``AnsibleBundlesError`` for what AWS refuses, for what never reaches it and for what is no answer
of AWS's. Operations and their limits are those of botocore's data/workspaces/2015-04-08/service-2.json.
"""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from .._aws.calls import call, every_full_page, every_page, paginator_of
from .._aws.errors import UnreadableAnswerError
from .bundles import is_bundle_id
from .errors import (
    AnsibleBundleCreationError,
    AnsibleBundleDeletionError,
    AnsibleBundlesError,
    AnsibleBundleUpdateError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .bundles import Bundle
    from .making import NewBundle

# The most IDs that DescribeWorkspaceBundles takes.
_PAGE_SIZE = 25


def describe_bundles(client: Any, bundle_ids: Sequence[str] | None = None, owner: str | None = None) -> list[Bundle]:
    """Read bundles, from every page.

    :param bundle_ids: Only these bundles, however many and whosever; None for all. AWS leaves out what it does not
        find.
    :param owner: ``AMAZON`` for AWS's own, None for the caller's. AWS takes none beside IDs, so it goes unheeded there.
    """
    paginator = paginator_of(client, "DescribeWorkspaceBundles", "Bundles")
    if bundle_ids is None:
        queries: list[dict[str, Any]] = [{"Owner": owner} if owner else {}]
    else:
        queries = [
            {"BundleIds": bundle_ids[start : start + _PAGE_SIZE]} for start in range(0, len(bundle_ids), _PAGE_SIZE)
        ]
    which = f"bundle {bundle_ids[0]}" if bundle_ids and len(bundle_ids) == 1 else "the bundles"
    return call(
        client,
        f"look up {which}",
        # Recorded answers have an empty list: https://github.com/cloud-custodian/cloud-custodian, placebo data of
        # test_workspaces_bundle_delete.
        lambda: [_in_utc(bundle) for query in queries for bundle in every_full_page(paginator, "Bundles", **query)],
        AnsibleBundlesError,
    )


def make_bundle(client: Any, new: NewBundle, tags: Sequence[Mapping[str, str]]) -> Bundle:
    """Make a bundle. Two calls may make two bundles.

    :param tags: All of its tags, as AWS takes them.
    :returns: The new bundle as AWS describes it, its ``BundleId`` at least.
    """
    request: dict[str, Any] = {
        "BundleName": new.name,
        "BundleDescription": new.description,
        "ImageId": new.image_id,
        "ComputeType": {"Name": new.compute_type},
        "UserStorage": {"Capacity": str(new.user_volume_size)},
        "Tags": tags,
    }
    if new.root_volume_size is not None:
        request["RootStorage"] = {"Capacity": str(new.root_volume_size)}

    def make() -> Bundle:
        made: Bundle = client.create_workspace_bundle(**request)["WorkspaceBundle"]
        # An answer without the ID is none.
        if not is_bundle_id(made["BundleId"]):
            raise UnreadableAnswerError
        return made

    return call(client, f"make bundle {new.label} from image {new.image_id}", make, AnsibleBundleCreationError)


def update_bundle(client: Any, bundle_id: str, image_id: str) -> None:
    """Put an image behind a bundle."""
    call(
        client,
        f"put image {image_id} behind bundle {bundle_id}",
        lambda: client.update_workspace_bundle(BundleId=bundle_id, ImageId=image_id),
        AnsibleBundleUpdateError,
    )


def delete_bundle(client: Any, bundle_id: str) -> None:
    """Delete a bundle."""
    call(
        client,
        f"delete bundle {bundle_id}",
        lambda: client.delete_workspace_bundle(BundleId=bundle_id),
        AnsibleBundleDeletionError,
    )


def describe_workspaces(client: Any, bundle_id: str) -> list[dict[str, Any]]:
    """Read the WorkSpaces that use a bundle, from every page."""
    paginator = paginator_of(client, "DescribeWorkspaces", "Workspaces")
    return call(
        client,
        f"look up the WorkSpaces of bundle {bundle_id}",
        lambda: [
            # As with bundles.
            {"WorkspaceId": workspace["WorkspaceId"], **workspace}
            for workspace in every_page(paginator, "Workspaces", BundleId=bundle_id)
        ],
        AnsibleBundleDeletionError,
    )


def _in_utc(bundle: Bundle) -> Bundle:
    # botocore tells times in the zone of the machine that it runs on.
    times = {name: bundle[name] for name in ("CreationTime", "LastUpdatedTime") if name in bundle}
    # Without an ID it is no answer of AWS's, which is an error of the call.
    return {
        "BundleId": bundle["BundleId"],
        **bundle,
        **{name: time.astimezone(timezone.utc) for name, time in times.items()},
    }
