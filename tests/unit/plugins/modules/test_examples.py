# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every task of this collection in EXAMPLES, README and guides, held against the argument spec of its module."""

from __future__ import annotations

import json
import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec

from ansible_collections.euc.aws.plugins.doc_fragments.organization_accounts import ModuleDocFragment
from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleEUCError

ROOT = Path(__file__).parents[4]
MODULES = {
    f"euc.aws.{path.stem}": import_module(f"ansible_collections.euc.aws.plugins.modules.{path.stem}")
    for path in sorted((ROOT / "plugins/modules").glob("*.py"))
}


def tasks_in(node):
    if isinstance(node, list):
        for item in node:
            yield from tasks_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in MODULES and node.get("name"):
                yield pytest.param(key, value or {}, id=node["name"])
            elif key in ("tasks", "block", "rescue", "always"):
                yield from tasks_in(value)


PAGES = {
    path.name: path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/docsite/rst/*.rst"))]
}


def blocks(page, language):
    markdown = re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)
    rst = re.findall(rf"^( *)\.\. code-block:: {language}\n\n((?:\1    .*\n|\n)+)", PAGES[page], re.MULTILINE)
    return markdown + [textwrap.dedent(body) for _indent, body in rst]


def documents():
    for module in MODULES.values():
        yield module.EXAMPLES
    for page in PAGES:
        yield from blocks(page, "yaml")


TASKS = [task for text in documents() for task in tasks_in(yaml.safe_load(text))]


# What stands in for a template, which only a play can fill.
STAND_INS = {
    "bundle_id": "wsb-123456789",
    "image_id": "wsi-123456789",
    "image_name": "golden",
    "source_image_id": "wsi-123456789",
    "shared_account_ids": ["111111111111"],
    "region": "eu-west-1",
    "assume_role_arn": "arn:aws:iam::111111111111:role/images",
}


# Options that a module has by a fragment of its own documentation
SHARED = {"euc.aws.organization_accounts_info": yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]}


def validated(module, options):
    filled = {
        name: STAND_INS[name] if isinstance(value, str) and "{{" in value else value for name, value in options.items()
    }
    spec, rules = MODULES[module].ARGUMENT_SPEC, getattr(MODULES[module], "OPTION_RULES", {})
    result = ArgumentSpecValidator(aws_argument_spec() | spec, **rules).validate(filled)
    # In words of its own, for pytest may be told to add none.
    assert result.error_messages == [], result.error_messages
    MODULES[module].validate_parameters(result.validated_parameters)


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_a_task_of_the_documentation_fits_its_module(module, options):
    validated(module, options)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_found_and_its_json_parses(page):
    assert sum(len(blocks(page, language)) for language in ("json", "shell", "text", "yaml")) == len(
        re.findall(r"^```\w|code-block", PAGES[page], re.MULTILINE)
    )
    for text in blocks(page, "json"):
        json.loads(text)


@pytest.mark.parametrize("module", MODULES)
def test_every_option_of_a_module_is_in_its_examples(module):
    used = {option for task in TASKS if task.values[0] == module for option in task.values[1]}
    documented = {**yaml.safe_load(MODULES[module].DOCUMENTATION).get("options", {}), **SHARED.get(module, {})}
    missing = {name for name, option in documented.items() if not used & {name, *option.get("aliases", ())}}
    assert missing == set()


@pytest.mark.parametrize(
    ("module", "options", "error", "message"),
    [
        ("workspaces_image_permission", {"purge": True}, AssertionError, r"purge\. Supported parameters include"),
        ("workspaces_image_permission", {}, AnsibleEUCError, "state=present needs shared_account_ids"),
        ("workspaces_image", {"name": "golden"}, AssertionError, r"mutually exclusive: name\|image_id"),
    ],
)
def test_a_task_that_does_not_fit_is_found(module, options, error, message):
    with pytest.raises(error, match=message):
        validated(f"euc.aws.{module}", {"image_id": "wsi-123456789", **options})
