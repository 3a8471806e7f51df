# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[2]


def test_the_tarball_installs_and_works_without_the_checkout(ansible: Any, server: Any) -> None:
    built = ansible.run("ansible-galaxy", "collection", "build", TREE, "--output-path", ansible.home)
    assert built.code == 0, built.errors
    (tarball,) = ansible.home.glob("euc-aws-*.tar.gz")
    collections = ansible.home / "collections"
    # Without force, it is content with the collection that the tests run from.
    installed = ansible.run(
        "ansible-galaxy", "collection", "install", tarball, "--offline", "--force", "-p", collections
    )
    assert installed.code == 0, installed.errors
    assert (collections / "ansible_collections/euc/aws/MANIFEST.json").is_file()

    task = "- euc.aws.workspaces_image_permission: {image_id: wsi-golden001, shared_account_id: '111111111111'}"
    ansible.settings["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    assert ansible.play(task).results[0]["granted_account_ids"] == ["111111111111"]
    assert server.image("wsi-golden001").shared_account_ids == {"111111111111"}
