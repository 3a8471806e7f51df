# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the collection in every place, one break at a time, and list the breaks that no test notices.

    python tests/tools/mutants.py [FILE ...]

Runs in the laid-out tree. No file is changed: a fork of this process takes the broken code in place of the file's,
and runs pytest. `playbook_mutants` breaks playbooks and templates. mutmut 3 breaks neither decorated functions, so no
property, nor tables, nor f-strings, and much here is made of these.
"""

from __future__ import annotations

import ast
import copy
import os
import re
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader
from itertools import chain, takewhile
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

# Imported here once, so that no fork has to.
import boto3
import pytest
from ansible_collections.amazon.aws.plugins.module_utils import modules as _modules  # noqa: F401
from hypothesis import Phase, settings

from ansible_collections.euc.aws.tests import aws_server as _server  # noqa: F401
from ansible_collections.euc.aws.tests.tools import playbook_mutants

FILES = [
    *sorted(Path("plugins/module_utils").glob("*/*.py")),
    *sorted(Path("plugins/modules").glob("*.py")),
    *playbook_mutants.FILES,
]
TESTS = Path("tests/unit/plugins")
# The quickest first.
OTHER_TESTS = (
    "module_utils/_images/test_api.py",
    "module_utils/_aws/test_calls.py",
    "module_utils/_aws/test_assume.py",
    "modules/test_workspaces_image_info.py",
    "modules/test_workspaces_image_permission.py",
    "modules/test_workspaces_image.py",
    "modules/test_histories.py",
    "modules/test_faults.py",
    "modules/test_image_faults.py",
)
# Nobody reads what pytest would say, so it need not take the time to find out.
OPTIONS = (
    *("-qx", "--tb=no", "--assert=plain", "-pno:unraisableexception", "-pno:threadexception"),
    *("--override-ini=addopts=--import-mode=importlib", "--override-ini=cache_dir=.mutants_cache"),
)
NOT_LOADED = 99
SURVIVED = pytest.ExitCode.OK
# A test failed, a file of tests could not be imported, or a time limit ended it.
NOTICED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, -signal.SIGXCPU, -signal.SIGALRM)

# Breaks that nobody can tell from the code as it is: a pattern of what the report says, and why. One that no
# survivor fits any more is an error.
EQUIVALENT = {
    r"_raise_if_not_from_aws: .*status_code": "AWS answers with 200, or with 400 and more",
    r"(Failure|Outcome|PermissionsRead): .*frozen=True": "frozen keeps a later change from assigning; none does now",
    r"run: set\(wanted_ids or \(\)\) - found\.keys -> ": "a dictionary's keys can be taken from a list, too",
    r"_status: .*'HTTPStatusCode', 0\) -> ": "every number below 500 means the same",
    **playbook_mutants.EQUIVALENT,
}

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
    ast.Sub: (ast.Add, ast.BitAnd),
    ast.Add: (ast.Sub,),
    ast.FloorDiv: (ast.Mult,),
}


class Mutant(NamedTuple):
    """One break: where it is, what was there and what is instead, and the code of the whole file with it."""

    path: Path
    line: int
    change: str
    code: CodeType


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every break of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return mutants_below(tree, tree, path)


def mutants_below(node: Any, tree: ast.Module, path: Path, function: str = "") -> Iterator[Mutant]:
    """Make every break of what is below a node; between two of them the tree is as it was."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        function = f"{function}.{node.name}".lstrip(".")
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or is_left_out(child, field):
                continue
            before = text_of(node)
            for variant in variants(child):
                put(node, field, index, variant)
                change = f"{function}: {difference(before, text_of(node))}".lstrip(": ")
                line = getattr(child, "lineno", getattr(node, "lineno", 0))
                yield Mutant(path, line, change, compile(ast.fix_missing_locations(tree), path, "exec"))
            put(node, field, index, child)
            yield from mutants_below(child, tree, path, function)


def is_left_out(node: ast.AST, field: str) -> bool:
    """Tell what no unit test can hold: types, documentation, imports, and main(), which needs a process."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Try(body=[ast.ImportFrom(), *_]):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Assign(targets=[ast.Name(id="DOCUMENTATION" | "EXAMPLES" | "RETURN" | "ARGUMENT_SPEC")]):
            return True
    return field in ("annotation", "returns") or (isinstance(node, ast.FunctionDef) and node.name == "main")


def variants(node: Any) -> Iterator[ast.AST]:
    """Make what could stand in the place of a node, and means something else."""
    for kind in SWAPPED.get(type(node), ()):
        yield kind()
    match node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(other) for other in (value + 1, value - 1) if other >= 0)
        case ast.Constant(value=str() as value):
            yield ast.Constant("" if value else "changed")
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BoolOp():
            yield from node.values
        case ast.BinOp():
            yield from (node.left, node.right)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Call(func=ast.Attribute(value=receiver)):
            yield receiver
        case ast.Call(args=[argument, *_]):
            yield argument
        case ast.Return(value=ast.expr() as value) if getattr(value, "value", value) is not None:
            yield ast.Return(ast.Constant(None))
        case ast.If():
            yield from (with_field(node, "test", ast.Constant(outcome)) for outcome in (True, False))
        case ast.comprehension():
            yield with_field(node, "ifs", [ast.Constant(False)])
        case ast.Slice():
            yield from (with_field(node, bound, None) for bound in ("lower", "upper") if getattr(node, bound))
        case ast.ExceptHandler():
            yield with_field(node, "body", [ast.Raise()])
        case ast.Return():
            yield ast.Return(ast.Constant("changed"))
        case ast.Raise() | ast.Assign() | ast.AugAssign() | ast.Expr():
            yield ast.Pass()
    for field in ("elts", "ifs", "keywords", "decorator_list"):
        for index in range(len(getattr(node, field, ()))):
            yield with_field(node, field, without(getattr(node, field), index))
    if isinstance(node, ast.Dict):
        for index in range(len(node.keys)):
            yield ast.Dict(without(node.keys, index), without(node.values, index))


def without(items: list[Any], index: int) -> list[Any]:
    """Return a list without one of its items."""
    return items[:index] + items[index + 1 :]


def with_field(node: ast.AST, field: str, value: Any) -> ast.AST:
    """Return a copy of a node that has another value in one field."""
    new = copy.copy(node)
    setattr(new, field, value)
    return new


def put(node: ast.AST, field: str, index: int, child: ast.AST) -> None:
    """Put a child into a field of a node; into the list that is there, if one is."""
    if isinstance(getattr(node, field), list):
        getattr(node, field)[index] = child
    else:
        setattr(node, field, child)


def text_of(node: ast.AST) -> str:
    """Write a node on one line."""
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())


def difference(before: str, after: str) -> str:
    """Show where two texts differ, with a few words around it."""
    start = max(0, equal_characters(before, after) - 30)
    end = max(0, equal_characters(before[:start:-1], after[:start:-1]) - 30)
    shown = [text[start : len(text) - end] for text in (before, after)]
    return " -> ".join(text if len(text) <= 100 else f"{text[:70]} ... {text[-30:]}" for text in shown)


def equal_characters(one: str, other: str) -> int:
    """Count the characters that two texts have in common from their start."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def start_tests(mutant: Mutant) -> int:
    """Run the tests with a mutant in a fork, and return its process ID. Its exit code is pytest's."""
    if pid := os.fork():
        return pid
    status = 3
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        # A break may make an endless loop, or wait for an hour.
        resource.setrlimit(resource.RLIMIT_CPU, (90, 90))
        signal.alarm(400)
        status = run_tests(mutant)
    finally:
        os._exit(status)


def run_tests(mutant: Mutant) -> int:
    """Run the tests with a mutant in this process, and return pytest's exit code, or NOT_LOADED."""
    loaded = []
    get_code = SourceFileLoader.get_code

    def get_broken_code(self: SourceFileLoader, name: str) -> CodeType | None:
        if Path(self.path) != mutant.path.absolute():
            return get_code(self, name)
        loaded.append(name)
        return mutant.code

    SourceFileLoader.get_code = get_broken_code  # type: ignore[assignment, method-assign]
    own_tests = [str(path) for path in TESTS.rglob(f"test_{mutant.path.stem}.py")]
    # The test that noticed the break before mostly notices the next one, too.
    other_tests = ["--failed-first", *(str(TESTS / test) for test in OTHER_TESTS)]
    for tests in filter(None, (own_tests, other_tests)):
        if status := int(pytest.main([*OPTIONS, *tests])):
            return status
    return int(SURVIVED) if loaded else NOT_LOADED


def run_all(candidates: Iterable[Mutant]) -> Iterator[tuple[Mutant, int]]:
    """Run the tests with each mutant, one on each processor at a time; yield it with the exit code."""
    running: dict[int, Mutant] = {}
    for mutant in candidates:
        running[start_tests(mutant)] = mutant
        if len(running) == os.cpu_count():
            yield wait_for_one(running)
    while running:
        yield wait_for_one(running)


def wait_for_one(running: dict[int, Mutant]) -> tuple[Mutant, int]:
    """Wait until the tests of one of the mutants end, and return it with their exit code."""
    pid, status = os.wait()
    return running.pop(pid), os.waitstatus_to_exitcode(status)


def warm_up() -> None:
    """Do once what every fork would do again, and make hypothesis try the same examples every time."""
    os.environ["EUC_AWS_EXAMPLES"] = "20"
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", max_examples=30, derandomize=True, database=None, deadline=None, phases=phases)
    settings.load_profile("mutants")
    boto3.client("workspaces", region_name="eu-west-1")


def in_forks(files: list[Path]) -> Iterator[tuple[str, int]]:
    """Break files of Python; yield what to say of each break, and pytest's exit code. The first breaks nothing."""
    if files:
        warm_up()
        whole = Mutant(files[0], 0, "", compile(files[0].read_text(encoding="utf-8"), files[0], "exec"))
        yield "", wait_for_one({start_tests(whole): whole})[1]
    for mutant, status in run_all(mutant for path in files for mutant in mutants(path)):
        yield f"{mutant.path.name}:{mutant.line}: {mutant.change}", status


def main(files: list[Path]) -> int:
    """Break these files, print what survives and how many did not, and return this program's exit code."""
    killed, survived, fitting = 0, 0, set()
    python = [path for path in files if path.suffix == ".py"]
    others = [path for path in files if path.suffix != ".py"]
    for report, status in chain(in_forks(python), playbook_mutants.in_copies(others)):
        if status not in (*NOTICED, SURVIVED):
            raise RuntimeError(f"It is not known whether the tests notice {report}: exit code {status}")
        patterns = {pattern for pattern in EQUIVALENT if re.search(pattern, report)}
        if not report and status:
            print("The tests fail without any break. Run make unit, and make system.")
            return 1
        if status:
            killed += 1
        elif patterns:
            fitting |= patterns
        elif report:
            survived += 1
            print(f"survived: {report}", flush=True)
    stale = EQUIVALENT.keys() - fitting if files == FILES else set()
    print(*(f"no survivor fits any more: {pattern}" for pattern in sorted(stale)), sep="\n")
    print(f"{killed} passed, {survived + len(stale)} failed")
    return int(bool(survived or stale))


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or FILES))
