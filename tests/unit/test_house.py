# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module has to have, and every file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
# JSON, a list of licences and pictures can't say whose they are; antsibull-changelog writes the other two.
WITHOUT_LICENCE = {".json", ".png"}, {"LICENSE", "CHANGELOG.rst", "changelog.yaml"}
# What tools leave in the folder that the tests run in.
# What decides, and knows neither AWS nor Ansible.
PURE = {
    "_aws/accounts.py",
    "_aws/making.py",
    "_aws/role.py",
    "_bundles/bundles.py",
    "_bundles/deleting.py",
    "_bundles/making.py",
    "_images/audit.py",
    "_images/deleting.py",
    "_images/images.py",
    "_images/making.py",
    "_images/origin.py",
    "_images/sharing.py",
    "_organizations/cached.py",
    "_organizations/choice.py",
    "_organizations/configuration.py",
    "_organizations/hosts.py",
}
UTILS = ROOT / "plugins/module_utils"
COLLECTION = "ansible_collections.euc.aws.plugins.module_utils."
GROUND = "_aws"
FILES = sorted(path.relative_to(UTILS).as_posix() for path in UTILS.rglob("*.py"))
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
    groups = read("meta/runtime.yml")["action_groups"]
    assert module in groups["aws"]
    assert module in groups["euc"]
    assert "  - euc.aws.common\n" in text
    assert "    **ROLE_OPTIONS,\n" in text
    assert module in [plugin["name"] for plugin in release["modules"]]
    assert (ROOT / f"tests/integration/targets/{module}/tasks/main.yml").is_file()
    assert (ROOT / f"tests/unit/plugins/modules/test_{module}.py").is_file()
    assert f":ansplugin:`euc.aws.{module}#module`" in guides


def imports_in(node):
    """Find what is imported, but for types: (dots in front, the module's name, the names taken from it)."""
    if isinstance(node, ast.ImportFrom):
        yield node.level, node.module or "", [alias.name for alias in node.names]
    elif isinstance(node, ast.Import):
        yield from ((0, alias.name, []) for alias in node.names)
    elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from imports_in(child)


def imported_by(name, text):
    """Find the files of module_utils that a file there imports, and the other modules."""
    ours, others = set(), set()
    for level, module, names in imports_in(ast.parse(text)):
        if level == 0 and not module.startswith(COLLECTION):
            others.add(module.partition(".")[0])
            continue
        folders = name.split("/")[:-1]
        start = folders[: len(folders) + 1 - level] if level else []
        found = "/".join([*start, *module.removeprefix(COLLECTION).split(".")]).rstrip("/")
        ours |= {f"{found}.py"} if (UTILS / f"{found}.py").is_file() else {f"{found}/{part}.py" for part in names}
    return ours, others


def apartness(name, text):
    """Say what a file imports that it must not."""
    ours, others = imported_by(name, text)
    wing = name.split("/")[0]
    wrong = {file for file in ours if file.split("/")[0] not in (GROUND, wing)}
    if name in PURE:
        wrong |= (ours - PURE) | (others & {"ansible", "ansible_collections", "boto3", "botocore"})
    return wrong


@pytest.mark.parametrize("name", FILES)
def test_the_wings_stand_apart_and_what_is_pure_stays_so(name):
    text = (UTILS / name).read_text(encoding="utf-8")
    assert apartness(name, text) == set()
    assert (name in PURE) == ("Pure: imports neither boto3 nor Ansible." in text)


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("_images/api.py", "from .._printers.api import look", {"_printers/api/look.py"}),
        ("_aws/client.py", "from .._images import api", {"_images/api.py"}),
        ("_images/apply.py", "from .._aws import calls\nfrom . import api\nimport boto3", set()),
        (
            "_images/sharing.py",
            "import re\nfrom .._aws.accounts import enumerated\nfrom .images import image_label",
            set(),
        ),
        ("_images/sharing.py", "try:\n    import botocore.session\nexcept ImportError:\n    pass", {"botocore"}),
        ("_images/sharing.py", "def f():\n    from .api import describe_images", {"_images/api.py"}),
        ("_images/sharing.py", "if TYPE_CHECKING:\n    from .api import describe_images", set()),
        ("_images/audit.py", "from ansible.module_utils.common import warnings", {"ansible"}),
        (
            "_images/api.py",
            "from ansible_collections.euc.aws.plugins.module_utils._printers.api import look",
            {"_printers/api/look.py"},
        ),
    ],
)
def test_what_is_not_apart_is_found(name, text, wrong):
    assert apartness(name, text) == wrong


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
