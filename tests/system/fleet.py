# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet on the strict server: accounts with a role each, in several Regions, and the image that is meant for them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.euc.aws.tests.aws_server import Image, Role

OWNER = "123456789012"
SOURCE = Image("wsi-golden001", "golden-2026-11", OWNER, "eu-west-1")
ANSWERS = {"image_owner_account_id": OWNER, "image_owner_region": "eu-west-1"}


@dataclass
class Fleet:
    """Hosts for ``accounts`` in ``regions``, each with a role that the owner may assume."""

    ansible: Any
    accounts: list[str]
    regions: list[str]
    hosts: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = {
            f"{account}.{region}": {
                "aws_account_id": account,
                "aws_region": region,
                "assume_role_arn": role_of(account),
            }
            for account in self.accounts
            for region in self.regions
        }
        self.ansible.modules_in_process = True
        self.server.images = [SOURCE]
        self.server.roles = [Role(role_of(account), frozenset({OWNER})) for account in self.accounts]

    @property
    def server(self) -> Any:
        """The strict server's state."""
        return self.ansible.server

    def inventory(self, *hosts: str) -> Path:
        """Write an inventory of these hosts, or of all."""
        chosen = {host: variables for host, variables in self.hosts.items() if not hosts or host in hosts}
        return self.ansible.write("fleet.json", json.dumps({"all": {"hosts": chosen}}))

    def copied(self) -> Counter[tuple[str, str]]:
        """How many copies were made, by account and Region, whatever became of them."""
        calls = self.server.calls("CopyWorkspaceImage")
        return Counter((call.account, call.region) for call in calls if call.changed)

    def one_each(self) -> dict[tuple[str, str], int]:
        """What `copied` has to say in the end: one for each host."""
        return {(host["aws_account_id"], host["aws_region"]): 1 for host in self.hosts.values()}

    def copies(self, name: str = SOURCE.name) -> list[Image]:
        """The images of a name that are not the owner's."""
        return [image for image in self.server.images if image.name == name and image.owner != OWNER]


def role_of(account: str) -> str:
    """The ARN of the role in an account."""
    return f"arn:aws:iam::{account}:role/image-recipient"
