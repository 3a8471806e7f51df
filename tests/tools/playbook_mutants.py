# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the playbooks and their templates in every place, one break at a time, and run the tests that concern them.

These tests start Ansible, which reads files. So each worker has a copy of the laid-out tree, and the broken file in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest
import yaml

FILES = sorted(path for path in Path("playbooks").rglob("*") if path.suffix in (".yml", ".j2"))
TESTS = {
    "image_sharing.html.j2": ["test_report.py", "-k", "pages_say or markup"],
    "image_sharing.csv.j2": ["test_report.py", "-k", "pages_say or markup"],
    "image_sharing_summary.txt.j2": ["test_playbooks.py", "-k", "half_way or dry_run or refused_at_once"],
    "images_gathered.j2": ["test_report_images.py", "-k", "who_has or newest or can_not_be"],
    "images.html.j2": ["test_report_images.py", "-k", "who_has or newest or can_not_be or becomes"],
    "images_summary.txt.j2": ["test_report_images.py", "-k", "who_has or can_not_be"],
    "images.csv.j2": ["test_report_images.py", "-k", "who_has or newest or can_not_be or becomes"],
    "report.css.j2": ["test_report_images.py", "-k", "sideways"],
    "report_images.yml": ["test_report_images.py", "-k", "not becomes"],
    "report_image_sharing.yml": ["test_report.py", "-k", "not (pages_say or markup)"],
    "share_image.yml": ["test_playbooks.py", "-k", "not (awx or head or execution or unshare)"],
    "unshare_image.yml": ["test_playbooks.py", "-k", "unshare or null or dry_run or answer_of_aws or survey"],
}
FLEET_TESTS = ["test_fleet.py"]
FLEET_FILES = (
    "ask_caller.yml",
    "fleet.yml",
    "fleet_problems.txt.j2",
    "find_owner_image.yml",
    "refuse_problems.yml",
    "refuse_inventory.yml",
)
TESTS |= dict.fromkeys(FLEET_FILES, FLEET_TESTS)
# The table of bad answers names the playbook in the ID of each case.
TESTS |= {
    name: [*FLEET_TESTS, "-k", tests]
    for names, tests in (
        (("distribute_image.yml", "image_distribution_summary.txt.j2"), "reaches or failure or distribute or problems"),
        (("switch_bundles.yml", "bundle_switches_summary.txt.j2"), "switched or lacks or switch"),
        (("retire_image.yml", "image_retirement_summary.txt.j2"), "retire or gone"),
    )
    for name in names
}
ALL_TESTS = ["test_playbooks.py", "-k", "not (awx or survey or head or execution)"]
OPTIONS = ["-qx", "--tb=no", "--override-ini=addopts=--import-mode=importlib", "--failed-first"]
# A run that waits for something that never comes is noticed, too.
LONGEST = 600

# Breaks that nobody can tell from the file as it is: a pattern of what the report says, and why.
EQUIVALENT = {r"\[\| list -> \]": "Ansible makes a list of whatever a filter of Jinja's yields"}

# What stands below these keys of a play or a task is no task, and is broken as data.
TASK_LISTS = ("tasks", "block", "rescue", "always")
# A task without its name says less, and does the same.
KEPT = ("name", "hosts")
FILTER = re.compile(r"\|\s*(?:\w+\.)*(\w+)")
INLINE_IF = re.compile(r"(?<=\sif )(?:(?!\selse\b|\sif\b|\}\}|%\}).)+?(?=\s+else\b)", re.DOTALL)
BLOCK_IF = re.compile(r"(?<=\{% )(if|elif) (?:(?!%\}).)+?(?= %\})", re.DOTALL)
LOOP = re.compile(r"(?<=\{% for )((?:(?! in ).)+ in) (?:(?!%\}).)+?(?= %\})", re.DOTALL)
OUTPUT = re.compile(r"\{\{-? .*? -?\}\}", re.DOTALL)
SECTION = re.compile(r"<h2>.*?(?=\n(?:\{% if \w+ %\}\n)?<h2>|\n\{% endif %\}\n</body>)", re.DOTALL)


class Mutant(NamedTuple):
    """One break: the file, what was changed, and the file's whole text with it."""

    path: Path
    change: str
    text: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every break of a playbook, of a file of tasks or of a template."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".j2":
        yield from (Mutant(path, change, broken) for change, broken in template_breaks(text))
        return
    data = yaml.safe_load(text)
    for change, broken in data_breaks(data, ""):
        yield Mutant(path, change, dumped(broken))


def dumped(data: Any) -> str:
    """Write YAML, one line for each string: where a line was folded makes no difference to Ansible."""
    return yaml.safe_dump(data, sort_keys=False, width=10_000, allow_unicode=True)


def data_breaks(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Break what is below a node of YAML; yield what was changed, and a copy of the node with that."""
    if isinstance(node, dict):
        where = node.get("name", where) if isinstance(node.get("name"), str) else where
        for key, value in node.items():
            # Without its module, or its list of tasks, there is no task.
            if key not in (*KEPT, *TASK_LISTS) and not (
                isinstance(key, str) and key.count(".") == 2 and "name" in node
            ):
                yield f"{where}: no {key}", {one: other for one, other in node.items() if one != key}
            for change, broken in data_breaks(value, where) if key not in KEPT else ():
                yield change, {**node, key: broken}
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield f"{where}: no {label(value)}", node[:index] + node[index + 1 :]
            for change, broken in data_breaks(value, where):
                yield change, [*node[:index], broken, *node[index + 1 :]]
    elif isinstance(node, bool):
        yield f"{where}: {not node} for {node}", not node
    elif isinstance(node, str):
        for change, broken in expression_breaks(node):
            yield f"{where}: {change}", broken


def label(value: Any) -> str:
    """Name an entry of a list: a task by its name, a text by its beginning."""
    return str(value.get("name", value) if isinstance(value, dict) else value)[:60]


def template_breaks(text: str) -> Iterator[tuple[str, str]]:
    """Break a template; yield what was changed, and its text with that."""
    start = text.index("#}") if text.startswith("{#") else 0
    for pattern, instead in ((BLOCK_IF, ("true", "false")), (LOOP, ("[]",)), (OUTPUT, ("",)), (SECTION, ("",))):
        for found in pattern.finditer(text, start):
            for new in instead:
                kept = f"{found[1]} {new}" if found.groups() else new
                yield changed(text, found.start(), found.end(), kept)
    yield from expression_breaks(text, start)


def expression_breaks(text: str, start: int = 0) -> Iterator[tuple[str, str]]:
    """Drop each filter, and let each condition of an `… if … else …` be true and be false."""
    for found in FILTER.finditer(text, start):
        yield changed(text, found.start(), end_of_call(text, found.end()), "")
    for found in INLINE_IF.finditer(text, start):
        for new in ("true", "false"):
            yield changed(text, found.start(), found.end(), new)
    for old, new in ((" == ", " != "), (" > ", " >= "), (" and ", " or "), (" or ", " and "), (" not in ", " in ")):
        for found in re.finditer(re.escape(old), text[start:]):
            if in_expression(text, start + found.start()):
                yield changed(text, start + found.start(), start + found.end(), new)


def in_expression(text: str, position: int) -> bool:
    """Tell whether a place is in Jinja, and not in words or CSS. A condition of a task has no braces."""
    before = text[:position]
    opened = max(before.rfind("{{"), before.rfind("{%"))
    return opened > max(before.rfind("}}"), before.rfind("%}")) or "{" not in text


def end_of_call(text: str, position: int) -> int:
    """Find the end of the arguments that begin at a position; the position itself where none do."""
    if text[position : position + 1] != "(":
        return position
    depth = 0
    for index in range(position, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if not depth:
            return index + 1
    return position


def changed(text: str, start: int, end: int, new: str) -> tuple[str, str]:
    """Put a text in the place of another; return what to tell of it, and the whole."""
    around = text[max(0, start - 40) : start], text[start:end], text[end : end + 25]
    before, old, after = (" ".join(part.split()) for part in around)
    line = text.count("\n", 0, start) + 1
    shown = old if len(old) <= 90 else f"{old[:60]} … {old[-25:]}"
    return f"{line}: {before} [{shown} -> {new}] {after}", text[:start] + new + text[end:]


def copied_tree(folder: Path) -> Path:
    """Copy the laid-out tree, the current folder, below a folder, with amazon.aws beside it; return the copy."""
    here = Path.cwd()
    tree = folder / "ansible_collections" / "euc" / "aws"
    shutil.copytree(here, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__", ".mutants_cache"))
    link = tree.parents[1] / "amazon" / "aws"
    link.parent.mkdir()
    link.symlink_to((here.parents[1] / "amazon" / "aws").resolve())
    return tree


def run_tests(mutant: Mutant, tree: Path) -> int:
    """Run the tests that concern a file in a copy of the tree with the broken file; return pytest's exit code."""
    target = tree / mutant.path
    unbroken = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    tests, *selection = TESTS.get(mutant.path.name, ALL_TESTS)
    collections = str(tree.parents[2])
    settings = {"PYTHONPATH": collections, "ANSIBLE_COLLECTIONS_PATH": collections}
    command = [sys.executable, "-m", "pytest", *OPTIONS, f"--override-ini=cache_dir={tree}/.mutants_cache"]
    command += [f"--basetemp={collections}/tmp", f"tests/system/{tests}", *selection]
    try:
        return subprocess.run(
            command, cwd=tree, env=os.environ | settings, stdout=subprocess.DEVNULL, timeout=LONGEST, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return int(pytest.ExitCode.TESTS_FAILED)
    finally:
        target.write_text(unbroken, encoding="utf-8")


def unbroken(path: Path) -> Mutant:
    """The file as it is; YAML written as its breaks are."""
    text = path.read_text(encoding="utf-8")
    return Mutant(path, "", text if path.suffix == ".j2" else dumped(yaml.safe_load(text)))


def in_copies(files: list[Path]) -> Iterator[tuple[str, int]]:
    """Break these files; yield what to say of each break, and pytest's exit code.

    Of each file the first breaks nothing, and nothing is said of it. One runs on each processor at a time.
    """
    workers = os.cpu_count() or 1
    trees: SimpleQueue[Path] = SimpleQueue()

    def run(mutant: Mutant) -> tuple[str, int]:
        tree = trees.get()
        try:
            return mutant.change and f"{mutant.path.name}:{mutant.change}", run_tests(mutant, tree)
        finally:
            trees.put(tree)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        for number in range(workers if files else 0):
            trees.put(copied_tree(Path(folder, str(number))))
        yield from pool.map(run, [one for path in files for one in (unbroken(path), *mutants(path))])
