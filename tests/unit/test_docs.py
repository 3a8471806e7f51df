# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides, held against the source: each message is explained, each variable of a playbook is named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.euc.aws.plugins.module_utils._aws.errors import AnsibleRoleError
from ansible_collections.euc.aws.plugins.module_utils._aws.tags import AnsibleTagsError
from ansible_collections.euc.aws.plugins.module_utils._bundles.errors import (
    AnsibleBundleCreationError,
    AnsibleBundleDeletionError,
    AnsibleBundlesError,
    AnsibleBundleUpdateError,
)
from ansible_collections.euc.aws.plugins.module_utils._images.errors import (
    AnsibleImageCreationError,
    AnsibleImageDeletionError,
    AnsibleImagesError,
)
from ansible_collections.euc.aws.plugins.module_utils._organizations.errors import AnsibleOrganizationsError

ROOT = Path(__file__).parents[2]
GUIDES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/docsite/rst/*.rst"))}
PLAYBOOKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("playbooks/*.yml"))}
THREE_WORDS = re.compile(r"[A-Za-z_=]+( [A-Za-z_=]+){2}")


def texts_in(node):
    """Find every string that is written in the code, with … where a value goes; not docstrings and documentation."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts_in(part.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value.replace("{0}", "…")
    elif not is_documentation(node):
        for child in ast.iter_child_nodes(node):
            yield from texts_in(child)


def is_documentation(node):
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# apply.py tells of an account in words of its own, so nobody reads this one.
UNREAD = {"stop sharing image … with"}
ADVICE = [
    error.ADVICE
    for error in (
        AnsibleBundleCreationError,
        AnsibleBundleDeletionError,
        AnsibleBundleUpdateError,
        AnsibleBundlesError,
        AnsibleImageCreationError,
        AnsibleImageDeletionError,
        AnsibleImagesError,
        AnsibleOrganizationsError,
        AnsibleRoleError,
        AnsibleTagsError,
    )
]
# Advice follows AWS's error code, by which the page explains it.
MESSAGES = sorted(
    {
        text
        for path in ROOT.glob("plugins/**/*.py")
        for text in texts_in(ast.parse(path.read_text(encoding="utf-8")))
        if THREE_WORDS.search(text)
    }
    - {advice for table in ADVICE for advice in table.values()}
    - UNREAD
)
QUOTES = sorted(set(re.findall(r"``(.+?)``", GUIDES["guide_errors"])))
SENTENCES = [quote for quote in QUOTES if THREE_WORDS.search(quote)]
OF_MODULES, OF_PLAYBOOKS = GUIDES["guide_errors"].split("\nThe playbooks\n------")
SENTENCES_OF_MODULES = [quote for quote in SENTENCES if f"``{quote}``" in OF_MODULES]
SENTENCES_OF_PLAYBOOKS = [quote for quote in SENTENCES if f"``{quote}``" in OF_PLAYBOOKS]


def is_in(quote, text):
    return re.search(".*".join(map(re.escape, quote.split("…"))), text, re.DOTALL)


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_of_the_modules_is_explained(message):
    assert any(is_in(quote, message) for quote in SENTENCES)


@pytest.mark.parametrize("code", sorted(set().union(*ADVICE)))
def test_each_error_code_that_has_advice_is_explained(code):
    assert code in QUOTES


# test_explained_messages.py provokes those of the modules.
@pytest.mark.parametrize("quote", SENTENCES_OF_PLAYBOOKS)
def test_each_message_of_the_playbooks_that_is_explained_exists(quote):
    files = [path for path in ROOT.glob("playbooks/**/*") if path.suffix in (".yml", ".j2")]
    assert any(is_in(quote, " ".join(path.read_text(encoding="utf-8").split())) for path in files)


def variables(playbook):
    heads = re.findall(r"^#   (\w+(?:, \w+)*)(?:  +\w|$)", PLAYBOOKS[playbook], re.MULTILINE)
    return set(", ".join(heads).split(", "))


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_each_playbook_and_its_variables_are_in_their_guide(playbook):
    named = re.findall(r"``([\w.]+)``", GUIDES["guide_playbooks"] + GUIDES["guide_fleet"])
    assert variables(playbook)
    assert {*variables(playbook), f"euc.aws.{playbook}"} - set(named) == set()


def test_the_index_leads_to_every_guide_and_to_the_playbooks_first():
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    listed = [guide for section in sections for guide in section["toctree"]]
    assert listed[0] == "guide_playbooks"
    assert sorted(listed) == sorted(GUIDES)


# What AWS does and does not do, on the pages that say it, with where AWS says so.
ADMIN_GUIDE = "https://docs.aws.amazon.com/workspaces/latest/adminguide/"
SOURCES = {
    "guide_share": [f"{ADMIN_GUIDE}share-custom-image.html", f"{ADMIN_GUIDE}delete_bundle.html"],
    "guide_images": [
        f"{ADMIN_GUIDE}create-custom-bundle.html",
        f"{ADMIN_GUIDE}tag-workspaces-resources.html",
        f"{ADMIN_GUIDE}delete_bundle.html",
        f"{ADMIN_GUIDE}share-custom-image.html",
    ],
    "guide_copies": [
        f"{ADMIN_GUIDE}copy-custom-image.html",
        f"{ADMIN_GUIDE}workspaces-limits.html",
        "https://docs.aws.amazon.com/workspaces/latest/api/API_CopyWorkspaceImage.html",
    ],
    "guide_bundles": [
        f"{ADMIN_GUIDE}{page}.html"
        for page in (
            "update-custom-bundle",
            "share-custom-image",
            "create-custom-bundle",
            "workspaces-limits",
            "delete_bundle",
        )
    ],
    "guide_many": [f"{ADMIN_GUIDE}amazon-workspaces-troubleshooting.html"],
    "guide_iam": [
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonworkspaces.html",
        f"{ADMIN_GUIDE}copy-custom-image.html",
    ],
    "guide_errors": [
        f"{ADMIN_GUIDE}delete_bundle.html",
        "https://docs.aws.amazon.com/workspaces/latest/api/CommonErrors.html",
        f"{ADMIN_GUIDE}create-custom-bundle.html",
        f"{ADMIN_GUIDE}workspaces-limits.html",
    ],
    "guide_organizations": ["https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"],
}


@pytest.mark.parametrize("guide", SOURCES)
def test_a_guide_says_where_aws_says_so(guide):
    assert [source for source in SOURCES[guide] if f"<{source}>`__" not in GUIDES[guide]] == []


def test_the_guides_name_no_other_variable():
    ours = "share|unshare|report|distribute|switch|retire|image_owner"
    named = set(re.findall(rf"(?<![\w.])(?:{ours})_\w+", "".join(GUIDES.values())))
    gathered = (ROOT / "playbooks/templates/images_gathered.j2").read_text(encoding="utf-8")
    artifacts = set(re.findall(r"'(report_\w+)':", gathered))
    # A playbook of AWX's project has the name of ours.
    assert named - set(PLAYBOOKS) == artifacts.union(*map(variables, PLAYBOOKS))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_file_that_a_page_links_to_is_there(page):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
