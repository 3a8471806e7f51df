# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the system tests share: Ansible's programs as processes, and the strict server that they meet over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansible_collections.euc.aws.tests.aws_server import Image, State, serve

TREE = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
# Words that occur nowhere else, so that a search finds them. Ansible masks every occurrence of a secret, so a secret
# of one letter would take that letter out of every output.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIACANARYKEYIDENTIFIER",
    "AWS_SECRET_ACCESS_KEY": "canary0SECRET0p9Zk4wTq7Ls2Vb8Xn3Rd6Hy",
    "AWS_SESSION_TOKEN": "canary0TOKEN0fJ5mC1uGe8KiWo2Pa7Ds9Qz",
}
FOREIGN = ("AWS_", "ANSIBLE_", "PYTHONPATH", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY")

# In the background of a shell script SIGINT is ignored, and would be by everything that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Run:
    """How a process ended, and what it said."""

    code: int
    output: str
    errors: str

    @property
    def results(self) -> list[dict[str, Any]]:
        """The result of each task, with its host, from what the callback ansible.posix.json printed."""
        plays = json.loads(self.output[self.output.index("{") :])["plays"]
        hosts = [item for play in plays for task in play["tasks"] for item in task["hosts"].items()]
        return [{**result, "host": host} for host, result in hosts]


@dataclass
class Ansible:
    """Runs programs of this Python's environment in the folder ``home``, with ``settings`` as their environment.

    With ``modules_in_process`` the playbooks of the collection run as in_process.py does, which is quick.
    """

    home: Path
    server: State
    settings: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    modules_in_process: bool = False

    def start(self, program: str, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
        """Start a program in a process group of its own, as a terminal does."""
        process = subprocess.Popen(
            [PROGRAMS / program, *arguments],
            cwd=self.home,
            env=self.settings | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> Run:
        """Wait for the end of a program that was started."""
        output, errors = process.communicate(timeout=900)
        return Run(process.returncode, output, errors)

    def run(self, program: str, *arguments: str | Path, **settings: str) -> Run:
        """Run a program to its end."""
        return self.finish(self.start(program, *arguments, **settings))

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def playbook(self, tasks: str, keywords: str = "") -> Path:
        """Write a playbook with these tasks on localhost; ``keywords`` are lines of the play."""
        lines = ["hosts: localhost", "gather_facts: false", *keywords.splitlines(), "tasks:"]
        lines += [f"  {line}" for line in tasks.strip().splitlines()]
        return self.write("playbook.yml", "- " + "\n  ".join(lines) + "\n")

    def play(self, tasks: str, *arguments: str, keywords: str = "") -> Run:
        """Run such a playbook for its results."""
        playbook = self.playbook(tasks, keywords)
        return self.run("ansible-playbook", playbook, *arguments, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")

    def processes(self) -> list[str]:
        """Return the command lines of all processes that run with this HOME, whoever their parent is."""
        processes = [process.info for process in psutil.process_iter(["environ", "cmdline"])]
        # Of somebody else's, or of one that has just ended, there is nothing to see.
        own = (process for process in processes if (process["environ"] or {}).get("HOME") == str(self.home))
        return [" ".join(process["cmdline"]) for process in own if process["cmdline"]]


@contextmanager
def _new_ansible(home: Path) -> Iterator[Ansible]:
    access_key = CREDENTIALS["AWS_ACCESS_KEY_ID"]
    server = State(
        access_keys={access_key: "123456789012"},
        session_tokens={access_key: CREDENTIALS["AWS_SESSION_TOKEN"]},
        images=[Image("wsi-golden001", "golden", "123456789012", "eu-west-1")],
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with serve(server) as url:
        settings = {
            "HOME": str(home),
            "TMPDIR": str(home),
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": str(home / "aws_config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws_credentials"),
            "ANSIBLE_COLLECTIONS_PATH": str(TREE.parents[2]),
            "ANSIBLE_HOME": str(home / "ansible"),
            "ANSIBLE_REMOTE_TMP": str(home / "remote"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
        }
        programs = Ansible(home, server, inherited | settings | CREDENTIALS)
        try:
            yield programs
        finally:
            for process in programs.started:
                process.kill()
                process.communicate()


@pytest.fixture(scope="session")
def new_ansible() -> Callable[[Path], AbstractContextManager[Ansible]]:
    """What makes an ``ansible`` in a folder, for fixtures that serve several tests."""
    return _new_ansible


@pytest.fixture
def ansible(tmp_path: Path) -> Iterator[Ansible]:
    """Ansible's programs in an empty folder, with credentials and none of the caller's settings.

    They meet a strict server of their own, which knows these credentials and one image.
    """
    with _new_ansible(tmp_path) as programs:
        yield programs


@pytest.fixture
def server(ansible: Ansible) -> State:
    """What the strict server knows and was asked."""
    return ansible.server


@pytest.fixture(scope="session")
def credentials() -> dict[str, str]:
    """The credentials, as environment variables."""
    return dict(CREDENTIALS)


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], Any]], None]:
    """Wait until something holds; fail if it does not within five minutes."""

    def wait(holds: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 300
        while not holds():
            assert time.monotonic() < deadline, "this never came true"
            time.sleep(0.005)

    return wait
