# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a built tarball holds what a user needs, all of it and nothing else."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

SHIPPED = (
    "CHANGELOG.rst",
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


def main(tree: Path, tarball: Path) -> int:
    """Compare the files of ``tarball`` with those of the laid-out ``tree``, and return the exit status."""
    with tarfile.open(tarball) as archive:
        there = {member.name for member in archive if member.isfile()} - WRITTEN_BY_THE_BUILD
    names = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    wanted = {name for name in names if name.startswith(SHIPPED) and not name.startswith(NOT_SHIPPED)}
    for name in sorted(there - wanted):
        print(f"ERROR: {name} should not be in the tarball: name it in build_ignore of galaxy.yml", file=sys.stderr)
    for name in sorted(wanted - there):
        print(f"ERROR: {name} is missing in the tarball", file=sys.stderr)
    print(f"{tarball}: {len(there)} files")
    return int(there != wanted)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
