# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module has to have, and every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
# JSON, a list of licences and pictures can't say whose they are; antsibull-changelog writes the other two.
WITHOUT_LICENCE = {".json", ".png"}, {"LICENSE", "CHANGELOG.rst", "changelog.yaml"}
# What tools leave in the folder that the tests run in.
NOT_OURS = ("tests/output", "tests/integration/integration_config.yml", "build")


def read(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_all_that_belongs_to_it(module):
    text = (ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")
    added = re.search(r"^version_added: (.+)$", text, re.MULTILINE)[1]
    # antsibull-changelog writes a module down when the version that brings it is released.
    release = read("changelogs/changelog.yaml")["releases"].get(added, {"modules": [{"name": module}]})
    guides = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/docsite/rst").glob("*.rst"))
    assert module in read("meta/runtime.yml")["action_groups"]["aws"]
    assert module in [plugin["name"] for plugin in release["modules"]]
    assert (ROOT / f"tests/integration/targets/{module}/tasks/main.yml").is_file()
    assert (ROOT / f"tests/unit/plugins/modules/test_{module}.py").is_file()
    assert f":ansplugin:`euc.aws.{module}#module`" in guides


def test_every_file_says_under_which_licence_it_is():
    files = [path for path in ROOT.rglob("*") if path.is_file()]
    names = {path.relative_to(ROOT).as_posix(): path for path in files}
    silent = [
        name
        for name, path in names.items()
        if path.suffix not in WITHOUT_LICENCE[0]
        and path.name not in WITHOUT_LICENCE[1]
        and not name.startswith((*NOT_OURS, "."))
        and "__pycache__" not in name
        and "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text(encoding="utf-8")
    ]
    assert len(names) > 50
    assert silent == []
