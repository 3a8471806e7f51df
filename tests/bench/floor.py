# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor of the benchmark: share an image with accounts by the fewest calls, and by nothing but boto3.

    python floor.py IMAGE_ID [ACCOUNT_ID ...]

It reads who has the image and grants what is missing, with the retries that the modules set. It does not look at
the image, checks nothing and reports nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import boto3
from botocore.config import Config


def new_client(mode: str = "adaptive", **credentials: str) -> Any:
    """Make a client with one of botocore's retry modes."""
    config = Config(retries={"mode": mode, "total_max_attempts": 10})
    return boto3.session.Session().client("workspaces", config=config, **credentials)


def share(client: Any, image_id: str, *account_ids: str) -> None:
    """Share the image."""
    shared_with: set[str] = set()
    query = {"ImageId": image_id, "MaxResults": 25}
    while True:
        page = client.describe_workspace_image_permissions(**query)
        shared_with.update(permission["SharedAccountId"] for permission in page["ImagePermissions"])
        if not page.get("NextToken"):
            break
        query["NextToken"] = page["NextToken"]
    for account_id in account_ids:
        if account_id not in shared_with:
            client.update_workspace_image_permission(ImageId=image_id, AllowCopyImage=True, SharedAccountId=account_id)


if __name__ == "__main__":
    share(new_client(), *sys.argv[1:])
