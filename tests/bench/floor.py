# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor of the benchmark: share an image with accounts by the fewest calls, and by nothing but boto3.

    python floor.py [--role ARN] IMAGE_ID [ACCOUNT_ID ...]
    python floor.py --name NAME
    python floor.py --bundle NAME
    python floor.py --organization
    python floor.py --role ARN --check|--copy|--wait NAME IMAGE_ID REGION

It reads who has the image and grants what is missing, with botocore's adaptive retries. It does not look at the image,
checks nothing and reports nothing. With a name, it finds the image or the bundle of that name, and reads its tags. With
--organization it lists the accounts of the organization, and does not tell in which units they are. The last line makes
the calls of one task of a playbook that copies an image to where the role is.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import boto3
from botocore.config import Config


def new_client(service: str, config: dict[str, Any], **credentials: str) -> Any:
    """Make a client, as a module of Ansible is asked for one."""
    return boto3.session.Session().client(service, config=Config(**config), **credentials)


def retries(mode: str) -> dict[str, Any]:
    """Return the configuration of a client with one of botocore's retry modes."""
    return {"retries": {"mode": mode, "total_max_attempts": 10}}


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


def look(client: Any, name: str) -> dict[str, Any] | None:
    """Find the caller's image of this name, and read its tags."""
    query, found = {"ImageType": "OWNED"}, None
    while True:
        page = client.describe_workspace_images(**query)
        for image in page["Images"]:
            if image["Name"] == name:
                found = image
                client.describe_tags(ResourceId=image["ImageId"])
        if not page.get("NextToken"):
            return found
        query["NextToken"] = page["NextToken"]


def check(client: Any, source: Any, name: str, image_id: str, _region: str) -> None:
    """Look for the copy, and for what it is made from among what is shared with the caller and what is its own."""
    if not look(client, name):
        for kind in ("SHARED", "OWNED"):
            source.describe_workspace_images(ImageType=kind, ImageIds=[image_id])


def copy(client: Any, source: Any, name: str, image_id: str, region: str) -> None:
    """Look for the copy and for its source, and make it."""
    if not look(client, name):
        source.describe_workspace_images(ImageType="SHARED", ImageIds=[image_id])
        client.copy_workspace_image(Name=name, SourceImageId=image_id, SourceRegion=region)


def wait(client: Any, _source: Any, name: str, _image_id: str, _region: str) -> None:
    """Look each second at the copy until it is no longer PENDING, and read its tags."""
    image = look(client, name)
    while image and image["State"] == "PENDING":
        time.sleep(1)
        (image,) = client.describe_workspace_images(ImageType="OWNED", ImageIds=[image["ImageId"]])["Images"]
    if image:
        client.describe_tags(ResourceId=image["ImageId"])


def look_at_bundle(client: Any, name: str) -> None:
    """Find the caller's bundle of this name, and read its tags."""
    query: dict[str, str] = {}
    while True:
        page = client.describe_workspace_bundles(**query)
        for bundle in page["Bundles"]:
            if bundle["Name"] == name:
                client.describe_tags(ResourceId=bundle["BundleId"])
        if not page.get("NextToken"):
            break
        query["NextToken"] = page["NextToken"]


def list_accounts(client: Any) -> None:
    """List every account of the organization."""
    accounts = []
    for page in client.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 20}):
        accounts += page["Accounts"]


def assumed(role_arn: str) -> dict[str, str]:
    """Return the credentials of a role, as options of a client."""
    answer = new_client("sts", {}).assume_role(RoleArn=role_arn, RoleSessionName="floor")["Credentials"]
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


FLEET_TASKS = {"--check": check, "--copy": copy, "--wait": wait}


def main(arguments: list[str]) -> None:
    """Share the image that the command line names, or look at it, or at a bundle."""
    if arguments[0] in ("--name", "--bundle"):
        find = look if arguments[0] == "--name" else look_at_bundle
        find(new_client("workspaces", retries("adaptive")), arguments[1])
        return
    credentials = {}
    if arguments == ["--organization"]:
        list_accounts(new_client("organizations", retries("adaptive")))
        return
    if arguments[0] == "--role":
        credentials, arguments = assumed(arguments[1]), arguments[2:]
    client = new_client("workspaces", retries("adaptive"), **credentials)
    if arguments[0] in FLEET_TASKS:
        option, name, image_id, region = arguments
        source = new_client("workspaces", retries("adaptive"), region_name=region, **credentials)
        FLEET_TASKS[option](client, source, name, image_id, region)
        return
    share(client, *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
