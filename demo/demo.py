# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take an image the whole way against an emulator of AWS, and read with boto3 after each step what stands where.

Run by ``make demo``. The emulator runs inside this process, so nothing is left when it ends, however it ends.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3
import yaml

from ansible_collections.euc.aws.tests.aws_server import Bundle, Image, Role, State, serve

HERE = Path(__file__).resolve().parent
FLEET = yaml.safe_load((HERE / "fleet.yml").read_text(encoding="utf-8"))["all"]
OWNER, REGION = FLEET["vars"]["image_owner_account_id"], FLEET["vars"]["image_owner_region"]
PLACES = [(host["aws_account_id"], host["aws_region"]) for host in FLEET["hosts"].values()]
ACCOUNTS = sorted({account_id for account_id, _region in PLACES})
OLD, NEW, BUNDLE = "golden-2026-10", "golden-2026-11", "desktop"

INTRODUCTION = """\
AWS is played by tests/aws_server, an emulator that is a part of this repository. It runs on 127.0.0.1,
and refuses what AWS's documents say that AWS refuses. No AWS account is asked or changed."""


@dataclass(frozen=True)
class Stand:
    """What stands where, a row for each account and Region, and the accounts that can copy the owner's new image."""

    rows: list[tuple[str, ...]]
    shared_account_ids: list[str]

    @classmethod
    def of(cls, original: str, copies: str, behind: str, shared_account_ids: list[str]) -> Stand:
        """Take the states of the new image and of its copies, and the image behind the bundles."""
        owners = (OWNER, REGION, "AVAILABLE", original, "-")
        return cls([owners, *((*place, "AVAILABLE", copies, behind) for place in PLACES)], shared_account_ids)

    def table(self, before: Stand) -> str:
        """Lay it out in less than 100 columns, with a star at each line that is not as it was before."""
        head = ("account", "Region", OLD, NEW, f"behind bundle {BUNDLE}")
        lines = [(" " if row in [head, *before.rows] else "*", *row) for row in [head, *self.rows]]
        star = " " if self.shared_account_ids == before.shared_account_ids else "*"
        return "\n".join(
            [
                *("{} {:14}{:11}{:16}{:16}{}".format(*line) for line in lines),
                f"{star} {NEW} is shared with {', '.join(self.shared_account_ids) or 'nobody'}.",
            ]
        )


@dataclass(frozen=True)
class Step:
    """A command, in the lines that it is shown in, and what has to stand where after it."""

    title: str
    command: tuple[str, ...]
    after: Stand


STEPS = [
    Step(
        "Share an image: dry run, exact set, mistyped account IDs",
        ("ansible-playbook demo/demo.yml",),
        Stand.of("AVAILABLE", "-", OLD, []),
    ),
    Step(
        "Share it by one command",
        (
            "ansible localhost -m euc.aws.workspaces_image_permission",
            f"-a 'image_name={NEW} shared_account_ids={ACCOUNTS[0]}'",
        ),
        Stand.of("AVAILABLE", "-", OLD, ACCOUNTS[:1]),
    ),
    Step(
        "Share it with all accounts of a fleet, and copy it into each of their Regions",
        (
            "ansible-playbook euc.aws.distribute_image -i demo/fleet.yml",
            f"-e distribute_image_name={NEW} -e distribute_wait_timeout=60",
        ),
        Stand.of("AVAILABLE", "AVAILABLE", OLD, ACCOUNTS),
    ),
    Step(
        "Switch the bundles to it: one first, then the others",
        (
            "ansible-playbook euc.aws.switch_bundles -i demo/fleet.yml",
            f"-e switch_image_name={NEW} -e switch_bundle_names={BUNDLE} -e 'switch_serial=\"1, 100%\"'",
        ),
        Stand.of("AVAILABLE", "AVAILABLE", NEW, ACCOUNTS),
    ),
    Step(
        "Roll back",
        (
            "ansible-playbook euc.aws.switch_bundles -i demo/fleet.yml",
            f"-e switch_image_name={OLD} -e switch_bundle_names={BUNDLE}",
        ),
        Stand.of("AVAILABLE", "AVAILABLE", OLD, ACCOUNTS),
    ),
    Step(
        "Retire the image that was no good: delete the copies, unshare it, delete it",
        (
            f"ansible-playbook euc.aws.retire_image -i demo/fleet.yml -e retire_image_name={NEW}",
            "-e retire_copies=true -e retire_permissions=true -e retire_original=true",
        ),
        Stand.of("-", "-", OLD, []),
    ),
]


def main() -> int:
    """Play the demo and return the exit status: 0 if after each step everything stands where it should."""
    with serve(state_of_aws()) as url:
        found = read(url)
        print(f"{INTRODUCTION}\n\nWhat stands where at the start:\n\n{found.table(found)}")
        for step in STEPS:
            play(step, ansible_environment(url))
            before, found = found, read(url)
            print(f"\nWhat stands where now, read with boto3:\n\n{found.table(before)}")
            if found != step.after:
                print(f"\nThat is wrong. It should be:\n\n{step.after.table(before)}", file=sys.stderr)
                return 1
    print("\nAfter each step all stood as it should. The emulator is stopped, and nothing is left running.")
    print('For your own account, see "Your first task" in README.md.')
    return 0


def state_of_aws() -> State:
    """Two images of the owner's, and copies of the older one behind a bundle in each place."""
    copies = [Image(f"wsi-older000{number}", OLD, *place) for number, place in enumerate(PLACES, 1)]
    return State(
        # boto3 has one for each account. Ansible has the owner's, and assumes roles.
        access_keys={access_key_of(account_id): account_id for account_id in (OWNER, *ACCOUNTS)},
        roles=[Role(f"arn:aws:iam::{account_id}:role/images", frozenset({OWNER})) for account_id in ACCOUNTS],
        images=[
            Image("wsi-565315ccd", OLD, OWNER, REGION),
            Image("wsi-565315cce", NEW, OWNER, REGION, shared_account_ids=frozenset({"999999999999"})),
            *copies,
        ],
        bundles=[
            Bundle(f"wsb-desktop0{number}", BUNDLE, copy.owner, copy.image_id, copy.region)
            for number, copy in enumerate(copies, 1)
        ],
        copy_pending_looks=1,
    )


def access_key_of(account_id: str) -> str:
    """The access key of an account in the emulator."""
    return f"demo-access-key-{account_id}"


def ansible_environment(url: str) -> dict[str, str]:
    """Return an environment in which Ansible meets the emulator, and nobody's AWS or Ansible settings."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    scratch = HERE.parent / ".build" / "demo"
    return inherited | {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": access_key_of(OWNER),
        "AWS_SECRET_ACCESS_KEY": "demo-secret-key",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
        "ANSIBLE_HOME": str(scratch),
        "ANSIBLE_REMOTE_TMP": str(scratch / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
    }


def play(step: Step, environment: dict[str, str]) -> None:
    """Show a step's command and run it."""
    print(f"\n=== {step.title}\n\n$ " + " \\\n    ".join(step.command), flush=True)
    program, *arguments = shlex.split(" ".join(step.command))
    subprocess.run([Path(sys.executable).parent / program, *arguments], cwd=HERE.parent, env=environment, check=True)


def read(url: str) -> Stand:
    """Ask the emulator, with boto3 alone, what stands where."""
    rows, shared = [], []
    for account_id, region in [(OWNER, REGION), *PLACES]:
        client = boto3.client(
            "workspaces",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=access_key_of(account_id),
            aws_secret_access_key="demo-secret-key",
        )
        images = {image["Name"]: image for image in client.describe_workspace_images(ImageType="OWNED")["Images"]}
        names = {image["ImageId"]: name for name, image in images.items()}
        behind = [names[bundle["ImageId"]] for bundle in client.describe_workspace_bundles()["Bundles"]]
        states = [images[name]["State"] if name in images else "-" for name in (OLD, NEW)]
        rows.append((account_id, region, *states, *(behind or "-")))
        if account_id == OWNER and NEW in images:
            permissions = client.describe_workspace_image_permissions(ImageId=images[NEW]["ImageId"])
            shared = sorted(permission["SharedAccountId"] for permission in permissions["ImagePermissions"])
    return Stand(rows, shared)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The emulator is stopped, and nothing is left running.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"\nThe demo failed: {Path(error.cmd[0]).name} ended with status {error.returncode}, see above.")
