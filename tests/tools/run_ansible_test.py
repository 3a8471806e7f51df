# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one command of ansible-test on the laid-out collection, and fail if it tested less than it should.

ansible-test ends with status 0 where it found nothing to test, or skipped what it lacks a tool for.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from xml.etree import ElementTree

from ansible_test._internal.python_requirements import get_venv_packages

from ansible_collections.euc.aws.tests.tools import servers

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ARGUMENTS = {"sanity": ["--junit"], "units": [], "integration": []}
# pylint takes about as long as several others together.
PARTS = {"pylint": ["--test", "pylint"], "others": ["--skip-test", "pylint"]}
SUSPICIOUS = re.compile(r"All targets skipped|WARNING: (Excluding|Skipping|Required program) ")
# The collection has no file of the kind that these sanity tests look at.
NOTHING_TO_LOOK_AT = {"empty-init", "pslint"}


def main() -> int:
    """Run the command that the arguments name, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, help="the collection, laid out")
    parser.add_argument("command", choices=ARGUMENTS)
    parser.add_argument("--server", choices=servers.SERVERS, default="moto", help="what stands in for AWS")
    parser.add_argument("--only", default="tests/unit/", help="the folder of the unit tests to run, with / at its end")
    parser.add_argument("--part", choices=PARTS, help="the part of the sanity tests to run, which is all without this")
    options = parser.parse_args()
    # Beside the collections, so that runs of several trees at once keep apart
    home = options.tree.absolute().parents[2] / "home"
    place_get_pip(home)
    configure_pip(home)
    junit = options.tree / "tests" / "output" / "junit"
    for report in junit.glob("*.xml"):
        report.unlink()
    with server_for(options):
        arguments = {"units": [options.only], "sanity": PARTS.get(options.part, [])}.get(options.command, [])
        status, complaints = run(options.tree, options.command, home, arguments)
    if status:
        return status
    ran, skipped = read_reports(junit)
    complaints += CHECKS[options.command](options, ran, skipped)
    for complaint in complaints:
        print(f"ERROR: this run tested less than it should: {complaint}", file=sys.stderr)
    print(f"{options.command}: {len(ran)} passed, {len(complaints)} failed")
    return int(bool(complaints))


def place_get_pip(home: Path) -> None:
    """Give ansible-test, where it looks for a downloaded get-pip.py, one that needs no download.

    Where it looks is told by bootstrap() in ansible_test/_util/target/setup/requirements.py, and the version by
    get_venv_packages(), which wants to know no more of a Python than its version.
    """
    pip_version = get_venv_packages(argparse.Namespace(version=PYTHON))["pip"]
    path = home / ".ansible" / "test" / "cache" / f"get_pip_{pip_version.replace('.', '_')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The pip of this environment spares the other one a pip to start with.
    path.write_text(
        "import subprocess, sys\n"
        f"pip = [{sys.executable!r}, '-m', 'pip', '--python', sys.executable]\n"
        "wanted = [word for word in sys.argv[1:] if word not in ('--no-setuptools', '--no-wheel')]\n"
        "subprocess.check_call([*pip, 'install', '--quiet', *wanted])\n"
    )


def configure_pip(home: Path) -> None:
    """Let the pip of ansible-test, which passes it no variables, share the cache.

    It compiles what it installs: a warning of a later compilation would count as the finding of a sanity test.
    """
    path = home / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    if cache := os.environ.get("PIP_CACHE_DIR"):
        path.write_text(f"[global]\ncache-dir = {cache}\n")


def server_for(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Return a context in which integration tests find their server. The other commands need none."""
    if options.command != "integration":
        return nullcontext()
    return servers.running(options.server, options.tree / "tests" / "integration" / "integration_config.yml")


def run(tree: Path, command: str, home: Path, arguments: list[str]) -> tuple[int, list[str]]:
    """Run ansible-test in ``tree``, pass on what it prints, and return its status and the lines that tell of skips."""
    binaries = Path(sys.executable).parent
    process = subprocess.Popen(
        [
            binaries / "ansible-test",
            command,
            "--local",
            "--python",
            PYTHON,
            "--color",
            "no",
            *ARGUMENTS[command],
            *arguments,
        ],
        cwd=tree,
        env=os.environ | {"HOME": str(home), "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    suspicious = []
    with process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if SUSPICIOUS.search(line):
                suspicious.append(line.strip())
    return process.returncode, suspicious


def read_reports(junit: Path) -> tuple[list[str], list[str]]:
    """Return what ran and what was skipped, each as ``FILE CLASS NAME`` of a test case in the reports."""
    ran: list[str] = []
    skipped: list[str] = []
    for report in sorted(junit.glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            found = skipped if case.find("skipped") is not None else ran
            found.append(f"{report.stem} {case.get('classname')} {case.get('name')}")
    return ran, skipped


def check_sanity(options: argparse.Namespace, ran: list[str], skipped: list[str]) -> list[str]:
    """Return the sanity tests that found nothing to look at but should have, or that nothing ran."""
    names = {case.split()[-1].removesuffix(f"-python-{PYTHON}") for case in skipped}
    return [f"{name} was skipped" for name in sorted(names - NOTHING_TO_LOOK_AT)] or some(ran)


def check_units(options: argparse.Namespace, ran: list[str], skipped: list[str]) -> list[str]:
    """Return the files of unit tests of which no test ran."""
    classes = {case.split()[1] for case in ran}
    files = [
        path.relative_to(options.tree).with_suffix("") for path in options.tree.glob(f"{options.only}**/test_*.py")
    ]
    names = [".".join(file.parts) for file in files]
    return [f"no test of {name} ran" for name in names if not any(c.startswith(name) for c in classes)] or some(ran)


def check_integration(options: argparse.Namespace, ran: list[str], skipped: list[str]) -> list[str]:
    """Return the integration targets of which no task ran."""
    reports = {case.split()[0].rsplit("-", 2)[0] for case in ran}
    targets = {path.name for path in options.tree.glob("tests/integration/targets/*")}
    return [f"target {name} was not run" for name in sorted(targets - reports)] or some(ran)


def some(ran: list[str]) -> list[str]:
    """Return a complaint if nothing ran."""
    return [] if ran else ["nothing ran at all"]


CHECKS = {"sanity": check_sanity, "units": check_units, "integration": check_integration}

if __name__ == "__main__":
    sys.exit(main())
