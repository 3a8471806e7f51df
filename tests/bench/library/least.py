# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least module of Ansible that does what floor.py does, by amazon.aws's own base: nothing here can be quicker."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def share(client: Any, image_id: str, account_ids: list[str]) -> None:
    """Share an image that is shared with nobody."""
    client.describe_workspace_image_permissions(ImageId=image_id, MaxResults=25)
    for account_id in account_ids:
        client.update_workspace_image_permission(ImageId=image_id, AllowCopyImage=True, SharedAccountId=account_id)


def look(client: Any, name: str) -> None:
    """Find the caller's image of this name, and read its tags."""
    images = client.describe_workspace_images(ImageType="OWNED")["Images"]
    client.describe_tags(ResourceId=next(image["ImageId"] for image in images if image["Name"] == name))


def look_at_bundle(client: Any, name: str) -> None:
    """Find the caller's bundle of this name, and read its tags."""
    bundles = client.describe_workspace_bundles()["Bundles"]
    client.describe_tags(ResourceId=next(bundle["BundleId"] for bundle in bundles if bundle["Name"] == name))


def assumed(module: Any, role_arn: str) -> dict[str, str]:
    """Return the credentials of a role, as options of a client."""
    answer = module.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="least")["Credentials"]
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


def main() -> None:
    """Run the task."""
    module = AnsibleAWSModule(
        argument_spec=dict(
            image_id=dict(type="str"),
            image_name=dict(type="str"),
            bundle_name=dict(type="str"),
            shared_account_ids=dict(type="list", elements="str"),
            assume_role_arn=dict(type="str"),
        )
    )
    credentials = assumed(module, module.params["assume_role_arn"]) if module.params["assume_role_arn"] else {}
    retries = {"retries": {"mode": "adaptive", "total_max_attempts": 10}}
    client = module.client("workspaces", config=retries, **credentials)
    if module.params["image_name"]:
        look(client, module.params["image_name"])
        module.exit_json(changed=False)
    if module.params["bundle_name"]:
        look_at_bundle(client, module.params["bundle_name"])
        module.exit_json(changed=False)
    share(client, module.params["image_id"], module.params["shared_account_ids"])
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
