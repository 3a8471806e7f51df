# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recipes of the guide "Many accounts, many Regions", run as they stand there, under a throttle."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.euc.aws.tests.aws_server import Throttle

GUIDE = Path(__file__).parents[2].joinpath("docs/docsite/rst/guide_many.rst").read_text(encoding="utf-8")
READ = "DescribeWorkspaceImagePermissions"
LOOK = "DescribeWorkspaceImages"
WRITE = "UpdateWorkspaceImagePermission"
REGIONS = ["eu-west-1", "us-east-1", "ap-northeast-1"]
IMAGES = ["golden-2026-11", "golden-2026-11-gpu"]


@pytest.fixture(autouse=True)
def images(server: Any) -> None:
    """Put the images of the recipes into each Region, under a throttle that is AWS's, but twenty times as fast."""
    server.throttle = Throttle(rate=40, burst=5)
    server.images = [
        replace(server.images[0], image_id=f"wsi-{name.replace('-', '')}{region[:2]}", name=name, region=region)
        for region in REGIONS
        for name in IMAGES
    ]


def accounts(count: int) -> list[str]:
    """Make that many account IDs."""
    return [f"1{number:011d}" for number in range(count)]


def recipe(name: str, **replaced: str) -> str:
    """Return the code block of the guide that has a play or a task of this name, with other values for some keys."""
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", GUIDE, re.MULTILINE)
    (block,) = (textwrap.dedent(block) for block in blocks if f"- name: {name}\n" in block)
    for key, value in replaced.items():
        block, count = re.subn(rf"(?m)(^ +{key}:) .+$", rf"\1 {value}", block)
        assert count
    return block


def run(ansible: Any, path: Path, account_ids: list[str], *arguments: str) -> Any:
    """Play a recipe with the variable that it takes, as a person does."""
    variables = json.dumps({"image_account_ids": account_ids})
    # Where the starting and the asking half of async meet, which take HOME from different places.
    result = ansible.run(
        "ansible-playbook", path, "--extra-vars", variables, *arguments, ANSIBLE_ASYNC_DIR=str(ansible.home / "async")
    )
    assert result.code == 0, result.output + result.errors
    return result


def answered(server: Any) -> Counter[tuple[str, str]]:
    """Count the calls that the throttle let through, by Region and operation; none may have failed otherwise."""
    assert {call.error for call in server.journal} <= {None, "ThrottlingException"}
    return Counter((call.region, call.operation) for call in server.journal if not call.error)


def shared(server: Any) -> list[frozenset[str]]:
    """Return who has each image that somebody has."""
    return [image.shared_account_ids for image in server.images if image.shared_account_ids]


def test_three_hundred_accounts_in_the_background(ansible: Any, server: Any) -> None:
    path = ansible.playbook(recipe("Share the image with three hundred accounts", poll="1"))
    result = run(ansible, path, accounts(300))
    assert "ASYNC POLL on localhost: jid=" in result.output
    assert answered(server) == {("eu-west-1", LOOK): 1, ("eu-west-1", READ): 1, ("eu-west-1", WRITE): 300}
    assert shared(server) == [set(accounts(300))]
    assert "changed=1 " in result.output
    assert "changed=0 " in run(ansible, path, accounts(300)).output


def test_three_hundred_accounts_fifty_at_a_time(ansible: Any, server: Any) -> None:
    path = ansible.playbook(recipe("Share the image with three hundred accounts, fifty at a time"))
    result = run(ansible, path, accounts(300))
    lines = [f"changed: [localhost] => (item={number} of 6)" for number in range(1, 7)]
    assert [line for line in result.output.splitlines() if "item=" in line] == lines
    # Before the first batch nobody has the image, then 50, 100, 150, 200 and 250 accounts have it.
    reads = 1 + 2 + 4 + 6 + 8 + 10
    assert answered(server) == {("eu-west-1", LOOK): 6, ("eu-west-1", READ): reads, ("eu-west-1", WRITE): 300}
    assert shared(server) == [set(accounts(300))]


def test_every_region_in_the_background(ansible: Any, server: Any) -> None:
    path = ansible.playbook(recipe("Start to share the copies in every Region", delay="1"))
    result = run(ansible, path, accounts(30))
    calls = {LOOK: 1, READ: 1, WRITE: 30}
    assert answered(server) == {(region, name): count for region in REGIONS for name, count in calls.items()}
    assert shared(server) == [set(accounts(30))] * 3
    assert [f"(item={region})" in result.output for region in REGIONS] == [True] * 3


def test_images_in_many_regions_keep_within_the_throttle_of_each(ansible: Any, server: Any) -> None:
    path = ansible.write("regions.yml", recipe("Share the images in every Region at once"))
    run(ansible, path, accounts(12))
    calls = {LOOK: 2, READ: 2, WRITE: 24}
    assert answered(server) == {(region, name): count for region in REGIONS for name, count in calls.items()}
    assert shared(server) == [set(accounts(12))] * 6
    writes = {region: [c for c in server.calls(WRITE) if c.region == region and not c.error] for region in REGIONS}
    for calls_there in writes.values():
        image_ids = [call.parameters["ImageId"] for call in calls_there]
        assert len(set(image_ids[:12])) == len(set(image_ids[12:])) == 1, "one image after the other"
    order = [id(call) for call in server.journal]
    started = [order.index(id(calls_there[0])) for calls_there in writes.values()]
    ended = [order.index(id(calls_there[-1])) for calls_there in writes.values()]
    assert max(started) < min(ended), "all Regions at the same time"
