# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the collection in every place, one break at a time, and list the breaks that no test notices.

    python tests/tools/mutants.py [FILE ...]

Runs in the laid-out tree. No file is changed: a fork of this process takes the broken code in place of the file's,
and runs pytest. The first fork breaks nothing, and notes which tests call which functions; each other one runs only the
tests that call the broken function, the quickest first, and stops at the first that fails. `playbook_mutants` breaks
playbooks and templates. mutmut 3 breaks neither decorated functions, so no property, nor tables, nor f-strings, and
much here is made of these.
"""

from __future__ import annotations

import ast
import builtins
import copy
import os
import pickle
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
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
# Nobody reads what pytest would say, so it need not take the time to find out.
OPTIONS = (
    *("-qx", "--tb=no", "--assert=plain", "-pno:unraisableexception", "-pno:threadexception"),
    *("--override-ini=addopts=--import-mode=importlib", "-pno:cacheprovider"),
)
NOT_LOADED = 99
SURVIVED = pytest.ExitCode.OK
# A test failed, a file of tests could not be imported, or a time limit ended it.
NOTICED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, -signal.SIGXCPU, -signal.SIGALRM)

# Breaks that nobody can tell from the code as it is: a pattern of what the report says, and why. One that no
# survivor fits any more is an error.
EQUIVALENT = {
    r"_raise_if_not_from_aws: .*status_code": "AWS answers with 200, or with 400 and more",
    r"frozen=True": "frozen keeps a later change from assigning; none does now",
    r"run: set\(wanted_ids or \(\)\) - found\.keys -> ": "a dictionary's keys can be taken from a list, too",
    r"wait.py:\d+: ContextVar\(": "the name of a variable is shown to who debugs, and to nobody else",
    r"_present: .*str\(wanted\.image_id\)": "there is an image where nothing is missing, which mypy can't know",
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


# A function, by its file and the line that it begins in.
Function = tuple[str, int]


class Mutant(NamedTuple):
    """One break: where it is, what was there and what is instead, and the code of the whole file with it.

    ``within`` is the function that is broken, and those around it, the innermost first; none where what is broken runs
    as the file is imported.
    """

    path: Path
    line: int
    change: str
    code: CodeType
    within: tuple[Function, ...] = ()


class Test(NamedTuple):
    """A test, by its ID: how long it takes, and which functions are called meanwhile."""

    node_id: str
    seconds: float
    called: frozenset[Function]


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every break of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return mutants_below(tree, tree, path)


def mutants_below(
    node: Any, tree: ast.Module, path: Path, function: str = "", within: tuple[Function, ...] = ()
) -> Iterator[Mutant]:
    """Make every break of what is below a node; between two of them the tree is as it was."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        function = f"{function}.{node.name}".lstrip(".")
    around = within
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or is_left_out(child, field):
                continue
            before = text_of(node)
            if isinstance(node, ast.FunctionDef):
                # Decorators and defaults run where the function is made.
                within = ((str(path), node.lineno), *around) if field == "body" else around
            for variant in variants(child):
                put(node, field, index, variant)
                change = f"{function}: {difference(before, text_of(node))}".lstrip(": ")
                line = getattr(child, "lineno", getattr(node, "lineno", 0))
                # Without its binding a name is not to be found by `nonlocal`, and that is no program.
                with suppress(SyntaxError):
                    yield Mutant(path, line, change, compile(ast.fix_missing_locations(tree), path, "exec"), within)
            put(node, field, index, child)
            yield from mutants_below(child, tree, path, function, within)


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


def fork(work: Callable[[], int]) -> int:
    """Do work in a fork that says nothing, and return its process ID. Its exit code is what the work returns."""
    if pid := os.fork():
        return pid
    status = 3
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        status = work()
    finally:
        os._exit(status)


def tests_with(mutant: Mutant, tests: list[Test]) -> int:
    """Run the tests that concern a mutant in this process, and return pytest's exit code, or NOT_LOADED."""
    # A break may make an endless loop, or wait for an hour.
    resource.setrlimit(resource.RLIMIT_CPU, (90, 90))
    signal.alarm(400)
    loaded = replace_code({mutant.path.absolute(): mutant.code})
    concerned = concerning(mutant, tests)
    files = dict.fromkeys(test.node_id.partition("::")[0] for test in concerned)
    status = int(pytest.main([*OPTIONS, *files], plugins=[Selection([test.node_id for test in concerned])]))
    return status if status or loaded else NOT_LOADED


def concerning(mutant: Mutant, tests: list[Test]) -> list[Test]:
    """Choose the tests that call what is broken; all where none does, or where it runs as the file is imported."""
    for function in mutant.within:
        if found := [test for test in tests if function in test.called]:
            return found
    return tests


class Selection:
    """Lets pytest run these tests only, in this order."""

    def __init__(self, node_ids: list[str]) -> None:
        self.order = {node_id: number for number, node_id in enumerate(node_ids)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Answer pytest's event of that name."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self.order), key=lambda item: self.order[item.nodeid]
        )


class Notes:
    """Notes for pytest how long each test takes, and which functions are called meanwhile."""

    def __init__(self) -> None:
        self.tests: list[Test] = []
        self.called: set[Function] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Answer pytest's event of that name."""
        self.called.clear()
        begun = time.perf_counter()
        result = yield
        self.tests.append(Test(item.nodeid, time.perf_counter() - begun, frozenset(self.called)))
        return result


def note_tests(path: Path) -> int:
    """Run all tests in this process with nothing broken, write what was noted, and return pytest's exit code."""
    notes = Notes()
    builtins._note_call = notes.called.add  # type: ignore[attr-defined]
    replace_code({path.absolute(): noting(path) for path in FILES if path.suffix == ".py"})
    status = int(pytest.main([*OPTIONS, str(TESTS)], plugins=[notes]))
    path.write_bytes(pickle.dumps(sorted(notes.tests, key=lambda test: test.seconds)))
    return status


def noting(path: Path) -> CodeType:
    """Compile a file so that each of its functions tells when it is called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body[:0] = ast.parse(f"_note_call({(str(path), node.lineno)!r})").body
    return compile(ast.fix_missing_locations(tree), path, "exec")


def replace_code(code: Mapping[Path, CodeType]) -> list[str]:
    """Let Python import this code in place of that of the files; return the list of the modules where it did."""
    loaded: list[str] = []
    get_code = SourceFileLoader.get_code

    def get_other_code(self: SourceFileLoader, name: str) -> CodeType | None:
        other = code.get(Path(self.path))
        if other is None:
            return get_code(self, name)
        loaded.append(name)
        return other

    SourceFileLoader.get_code = get_other_code  # type: ignore[assignment, method-assign]
    return loaded


def run_all(candidates: Iterable[Mutant], tests: list[Test]) -> Iterator[tuple[Mutant, int]]:
    """Run the tests with each mutant, one on each processor at a time; yield it with the exit code."""
    running: dict[int, Mutant] = {}
    for mutant in candidates:
        running[fork(partial(tests_with, mutant, tests))] = mutant
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
    if not files:
        return
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "notes")
        _pid, status = os.waitpid(fork(partial(note_tests, notes)), 0)
        yield "", os.waitstatus_to_exitcode(status)
        tests = pickle.loads(notes.read_bytes())
    for mutant, status in run_all((mutant for path in files for mutant in mutants(path)), tests):
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
