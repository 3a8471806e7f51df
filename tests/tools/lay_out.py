# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy the checkout to a folder where Ansible's tools accept it as the collection euc.aws.

ansible-test wants a real copy, no symlink, in …/ansible_collections/euc/aws, with every file known to a git
repository of its own: files that git ignores it skips in silence. amazon.aws stands beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

# What tools leave in the copy, which has no counterpart in the checkout.
KEEP = (".git/", "tests/output/")


def main(tree: Path) -> None:
    """Make ``tree`` a copy of the checkout in the current folder, and copy only what differs.

    Raises subprocess.CalledProcessError if the current folder is no git work tree.
    """
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, stdout=subprocess.PIPE
    )
    files = {name for name in os.fsdecode(listing.stdout).split("\0") if os.path.isfile(name)}
    remove_others(tree, files)
    for name in files:
        copy_if_newer(Path(name), tree / name)
    if not (tree / ".git").exists():
        subprocess.run(["git", "init", "--quiet", tree], check=True)
    link_amazon_aws(tree.parent.parent)


def remove_others(tree: Path, files: set[str]) -> None:
    """Remove the files of ``tree`` that are not among ``files``, and folders that are empty then."""
    for path in sorted(tree.rglob("*"), reverse=True):
        name = path.relative_to(tree).as_posix()
        if name in files or name.startswith(KEEP):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        else:
            path.unlink()


def copy_if_newer(source: Path, target: Path) -> None:
    """Copy a file with its time and mode, unless the copy there has the same time and size."""
    new = source.stat()
    if target.is_file():
        old = target.stat()
        if (old.st_mtime_ns, old.st_size, old.st_mode) == (new.st_mtime_ns, new.st_size, new.st_mode):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def link_amazon_aws(collections: Path) -> None:
    """Link the amazon.aws of the Python that runs this into the folder ``collections``."""
    link = collections / "amazon" / "aws"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(Path(sysconfig.get_path("purelib"), "ansible_collections", "amazon", "aws"))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\nThe checkout has to be a git work tree: git lists the files of the collection.")
