# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Organization
from ansible_collections.euc.aws.tests.system.playbooks import AWX

INVENTORY = """\
plugin: euc.aws.organization_accounts
account_ids: []
regions:
  - eu-west-1
"""


@pytest.mark.parametrize("limit", [(), ("--limit", "*.eu-west-1")], ids=["everywhere", "one Region"])
def test_a_job_on_no_hosts_is_no_success(limit: tuple[str, ...], ansible: Any, server: Any) -> None:
    server.organization = Organization.of({"/": ["123456789012"]})
    inventory = ansible.write("all.organization_accounts.yml", INVENTORY)
    run = ansible.run("ansible-playbook", "-i", inventory, AWX / "list_images_everywhere.yml", *limit)
    assert run.code != 0, run.output
    assert "The inventory has no hosts" in run.output + run.errors
