# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play demo.yml and an ad-hoc command against moto, then read with boto3 what moto holds.

Run by ``make demo``. moto runs inside this process, so nothing is left when it ends, however it ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3

from ansible_collections.euc.aws.tests.aws_server import Image
from ansible_collections.euc.aws.tests.tools.servers import OWNER, REGION, give_to_moto, moto_server

HERE = Path(__file__).parent
IMAGE = Image("wsi-565315cce", "golden-2026-11", OWNER, REGION, shared_account_ids=frozenset(["999999999999"]))
SHARED_AFTER = ["444444444444"]


def main() -> int:
    """Play the demo and return the exit status: 0 if moto holds what it should at the end."""
    with moto_server() as url:
        give_to_moto([IMAGE])
        environment = ansible_environment(url)
        bin_directory = Path(sys.executable).parent
        play([bin_directory / "ansible-playbook", HERE / "demo.yml", "-e", f"image_id={IMAGE.image_id}"], environment)
        arguments = f"image_name={IMAGE.name} shared_account_ids={','.join(SHARED_AFTER)}"
        play(
            [bin_directory / "ansible", "localhost", "-m", "euc.aws.workspaces_image_permission", "-a", arguments],
            environment,
        )
        shared = read_permissions(url, IMAGE.image_id)
    print(f"\nWhat moto holds now, read with boto3: {IMAGE.image_id} is shared with {', '.join(shared) or 'nobody'}.")
    if shared != SHARED_AFTER:
        print(f"That is wrong: it should be {', '.join(SHARED_AFTER)}.", file=sys.stderr)
        return 1
    print("That is as it should be. moto is stopped, and nothing is left running.")
    print('For your own account, see "Your first task" in README.md.')
    return 0


def ansible_environment(url: str) -> dict[str, str]:
    """Return an environment in which Ansible meets moto, and nobody's AWS or Ansible settings."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    scratch = HERE.parent / ".build" / "demo"
    return inherited | {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "demo-access-key",
        "AWS_SECRET_ACCESS_KEY": "demo-secret-key",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
        "ANSIBLE_HOME": str(scratch),
        "ANSIBLE_REMOTE_TMP": str(scratch / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
    }


def play(command: list[str | Path], environment: dict[str, str]) -> None:
    """Show a command and run it."""
    words = [Path(command[0]).name, *map(str, command[1:])]
    print("\n$ " + " ".join(json.dumps(word) if " " in word else word for word in words), flush=True)
    subprocess.run(command, env=environment, check=True)


def read_permissions(url: str, image_id: str) -> list[str]:
    """Ask moto, with boto3 alone, who the image is shared with."""
    client = boto3.client(
        "workspaces", endpoint_url=url, region_name=REGION, aws_access_key_id="demo", aws_secret_access_key="demo"
    )
    permissions = client.describe_workspace_image_permissions(ImageId=image_id)["ImagePermissions"]
    return sorted(permission["SharedAccountId"] for permission in permissions)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. moto is stopped, and nothing is left running.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"\nThe demo failed: {Path(error.cmd[0]).name} ended with status {error.returncode}, see above.")
