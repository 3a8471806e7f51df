# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print who an image is shared with, or set it first: with boto3, so that no code of the collection is asked."""

from __future__ import annotations

import argparse
import json
from typing import Any

import boto3
from botocore.config import Config

# A real account allows 2 calls a second, with bursts of 5.
CONFIG = Config(retries={"mode": "adaptive", "total_max_attempts": 10})


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image_id")
    parser.add_argument("--set", nargs="*", metavar="ACCOUNT", help="the accounts that are to have the image")
    parser.add_argument("--among", nargs="*", metavar="ACCOUNT", help="the only accounts that may be changed")
    options = parser.parse_args()
    client = boto3.client("workspaces", config=CONFIG)
    shared = read(client, options.image_id)
    if options.set is not None:
        wrong = shared ^ set(options.set)
        for account_id in sorted(wrong if options.among is None else wrong & set(options.among)):
            update(client, options.image_id, account_id, account_id in options.set)
        shared = read(client, options.image_id)
    print(json.dumps(sorted(shared)))


def read(client: Any, image_id: str) -> set[str]:
    """Return the accounts that an image is shared with."""
    shared: set[str] = set()
    token: dict[str, str] | None = {}
    while token is not None:
        page = client.describe_workspace_image_permissions(ImageId=image_id, **token)
        shared |= {permission["SharedAccountId"] for permission in page["ImagePermissions"]}
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
    return shared


def update(client: Any, image_id: str, account_id: str, allow: bool) -> None:
    """Let an account copy an image, or no longer let it."""
    client.update_workspace_image_permission(ImageId=image_id, SharedAccountId=account_id, AllowCopyImage=allow)


if __name__ == "__main__":
    main()
