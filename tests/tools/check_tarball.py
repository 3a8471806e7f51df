# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a built tarball holds what a user needs, all of it and nothing else, and what its pages link to."""

from __future__ import annotations

import posixpath
import re
import sys
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path

SHIPPED = (
    "CHANGELOG.rst",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "changelogs/",
    "docs/",
    "examples/",
    "meta/",
    "playbooks/",
    "plugins/",
    "requirements.txt",
)
NOT_SHIPPED = ("changelogs/fragments/", "docs/antsibull-docs.cfg", "docs/conf.py")
WRITTEN_BY_THE_BUILD = {"FILES.json", "MANIFEST.json"}


_LINK = re.compile(r"\]\(([^)#\s]+)")


def dead_links(pages: Mapping[str, str], names: Collection[str]) -> list[str]:
    """Find the links of Markdown pages that lead to nothing in the tarball.

    :param pages: The text of each page, by its path in the tarball. Links to other sites are not looked at.
    :param names: The paths of all files in the tarball.
    :returns: "PAGE: LINK" for each.
    """
    there = {*names, *(parent.as_posix() for name in names for parent in Path(name).parents)}
    return [
        f"{page}: {link}"
        for page, text in sorted(pages.items())
        for link in _LINK.findall(text)
        if "://" not in link and posixpath.normpath(posixpath.join(posixpath.dirname(page), link)) not in there
    ]


def main(tree: Path, tarball: Path) -> int:
    """Compare the files of ``tarball`` with those of the laid-out ``tree``, and return the exit status."""
    there, pages = read(tarball)
    names = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    wanted = {name for name in names if name.startswith(SHIPPED) and not name.startswith(NOT_SHIPPED)}
    dead = dead_links(pages, there)
    for name in sorted(there - wanted):
        print(f"ERROR: {name} should not be in the tarball: name it in build_ignore of galaxy.yml", file=sys.stderr)
    for name in sorted(wanted - there):
        print(f"ERROR: {name} is missing in the tarball", file=sys.stderr)
    for link in dead:
        print(f"ERROR: {link} leads to nothing in the tarball", file=sys.stderr)
    print(f"{tarball}: {len(there)} files")
    return int(there != wanted or bool(dead))


def read(tarball: Path) -> tuple[set[str], dict[str, str]]:
    """Return the names of the collection's files in a tarball, and the text of its Markdown pages by name."""
    pages = {}
    with tarfile.open(tarball) as archive:
        names = {member.name for member in archive if member.isfile()}
        for name in names:
            content = archive.extractfile(name) if name.endswith(".md") else None
            if content:
                pages[name] = content.read().decode()
    return names - WRITTEN_BY_THE_BUILD, pages


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
