# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is declared to be supported is what tests/tools/matrix.sh runs, and a build is called what it is."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ansible_collections.euc.aws.tests.tools.check_tarball import dead_links

ROOT = Path(__file__).parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def read(name):
    return yaml.safe_load(text(name))


def in_order(versions):
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


@dataclass(frozen=True)
class Row:
    """What one row of the matrix tests together; None where requirements-dev.txt brings the newest that fits."""

    python: str
    amazon_aws: str
    ansible_core: str | None
    boto3: str | None


def rows():
    for line in re.findall(r"^ *(row .*)$", text("tests/tools/matrix.sh"), re.MULTILINE):
        _row, _name, python, amazon_aws, _targets, *pins = shlex.split(line.removesuffix(" &"))
        pinned = dict(pin.split("==") for pin in pins)
        core = pinned.get("ansible-core")
        yield Row(python, amazon_aws.rstrip("."), core and core.removesuffix(".*"), pinned.get("boto3"))


ROWS = list(rows())
CORES = in_order({row.ansible_core for row in ROWS if row.ansible_core})
PYTHONS = in_order({row.python for row in ROWS})
AMAZON_AWS = in_order({row.amazon_aws for row in ROWS})
BOTO3 = in_order({row.boto3 for row in ROWS if row.boto3})


def listed(versions):
    """Put versions into words, as the README does."""
    return " and ".join(filter(None, [", ".join(versions[:-1]), versions[-1]]))


def test_the_matrix_has_rows():
    assert len(ROWS) >= 3
    assert all((CORES, PYTHONS, AMAZON_AWS, BOTO3))


@pytest.mark.parametrize(
    "claim",
    [
        f"ansible-core {CORES[0]} or later",
        f"amazon/aws/) {AMAZON_AWS[0]} or later",
        f"Python {PYTHONS[0]} or later with boto3",
        f"tested with ansible-core {listed(CORES)}, Python {listed(PYTHONS)}, amazon.aws {listed(AMAZON_AWS)},"
        f" and boto3 {listed([*BOTO3, 'the newest'])}.",
    ],
)
def test_the_readme_claims_what_the_matrix_runs(claim):
    assert claim in text("README.md")


def test_the_metadata_asks_for_the_oldest_that_the_matrix_runs():
    assert read("meta/runtime.yml")["requires_ansible"] == f">={CORES[0]}.0"
    assert read("galaxy.yml")["dependencies"] == {"amazon.aws": f">={AMAZON_AWS[0]}.0"}
    assert read("tests/config.yml")["modules"]["python_requires"] == f">={PYTHONS[0]}"
    assert re.findall(r"^boto.*$", text("requirements.txt"), re.MULTILINE) == [
        f"boto3>={BOTO3[0]}",
        f"botocore>={BOTO3[0]}",
    ]


def test_the_execution_environment_takes_what_the_matrix_runs():
    dependencies = read("examples/awx/execution-environment.yml")["dependencies"]
    major, minor = CORES[-1].split(".")
    assert dependencies["ansible_core"]["package_pip"] == f"ansible-core>={CORES[0]},<{major}.{int(minor) + 1}"
    assert dependencies["python_interpreter"]["package_system"].removeprefix("python") in PYTHONS


def test_a_fresh_machine_gets_every_python_of_the_matrix():
    assert f"for version in {' '.join(PYTHONS)}; do" in text(".ci/run")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "Makefile"])
def test_no_page_asks_for_another_python(page):
    assert {"3." + minor for minor in re.findall(r"\b3\.(\d+) or later", text(page))} == {PYTHONS[0]}


def test_a_build_between_releases_is_not_called_as_a_release():
    waiting = {path.name for path in (ROOT / "changelogs/fragments").glob("*.y*ml")}
    releases = read("changelogs/changelog.yaml")["releases"]
    assert not waiting or read("galaxy.yml")["version"] not in releases
    # A fragment that stays behind is told again by the next release.
    assert waiting & {name for release in releases.values() for name in release["fragments"]} == set()


def test_a_link_to_what_the_tarball_lacks_is_found():
    pages = {
        "README.md": "[a](docs/a.md) [b](docs/rst) [c](docs/c.md) [d](https://example.com/d) [e](a.md#e) ![f](f.png)",
        "docs/a.md": "[g](../README.md) [h](README.md)",
    }
    names = {*pages, "docs/rst/guide.rst"}
    assert dead_links(pages, names) == [
        "README.md: docs/c.md",
        "README.md: a.md",
        "README.md: f.png",
        "docs/a.md: README.md",
    ]
