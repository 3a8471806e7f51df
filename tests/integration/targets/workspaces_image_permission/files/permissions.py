# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print who an image is shared with, or set it first: with boto3, so that no code of the collection is asked."""

from __future__ import annotations

import json
import sys

import boto3


def main(image_id: str, *wanted: str) -> None:
    client = boto3.client("workspaces")
    shared = read(client, image_id)
    if wanted:
        for account_id in shared ^ set(wanted[1:]):
            client.update_workspace_image_permission(
                ImageId=image_id, SharedAccountId=account_id, AllowCopyImage=account_id not in shared
            )
        shared = read(client, image_id)
    print(json.dumps(sorted(shared)))


def read(client, image_id: str) -> set[str]:
    shared, token = set(), {}
    while token is not None:
        page = client.describe_workspace_image_permissions(ImageId=image_id, **token)
        shared |= {permission["SharedAccountId"] for permission in page["ImagePermissions"]}
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
    return shared


if __name__ == "__main__":
    main(*sys.argv[1:])
