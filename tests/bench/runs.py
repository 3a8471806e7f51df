# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark runs: processes, one or several at once, against the strict server in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from ansible_collections.euc.aws.tests.bench.report import Row

TREE = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
MODULE = "euc.aws.workspaces_image_permission"
REGION = "eu-west-1"
# Two accounts, so that two contenders can meet the throttle side by side: each account has a token bucket of its own.
OURS, BARE = "111111111111", "222222222222"
IMAGES = [f"wsi-golden00{number}" for number in range(1, 5)]
# What the images were made from, as their tags say
SOURCE = {"image_id": "wsi-source001", "region": "us-east-1"}
# The bundle that has the first image behind it
BUNDLE = "desktop"
ROLE = f"arn:aws:iam::{OURS}:role/images"
BURST = 5
Command = Sequence[str]


@dataclass(frozen=True)
class Sample:
    """What a group of processes took, from the start of the first to the end of the last."""

    seconds: float
    cpu_seconds: float


def timed(commands: Sequence[Command], settings: dict[str, str]) -> Sample:
    """Run commands side by side. Raises RuntimeError with their output if one fails."""
    with tempfile.TemporaryFile("w+") as output:
        begun = time.perf_counter()
        started = [
            subprocess.Popen(command, env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            for command in commands
        ]
        usages = []
        try:
            for process in started:
                _pid, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                usages.append(usage)
        finally:
            for process in started:
                process.kill()
        seconds = time.perf_counter() - begun
        if any(process.returncode for process in started):
            output.seek(0)
            raise RuntimeError(f"{commands[0][:4]} failed:\n{output.read()[-3000:]}")
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return Sample(seconds, cpu)


def peak_memory(command: Command, settings: dict[str, str]) -> float:
    """Run a command, and return the most megabytes that it held."""
    # By a process that is small itself, because Linux counts what the parent holds at the fork.
    lines = ["import resource, subprocess, sys", "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)"]
    lines += ["print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"]
    parent = [sys.executable, "-S", "-c", "\n".join(lines), *command]
    return float(subprocess.run(parent, env=settings, check=True, stdout=subprocess.PIPE).stdout)


@dataclass
class Bench:
    """The server's URL, a folder for files, the environment of what is run, and the rows that were measured.

    ``hosts`` are the sizes of the fleets, ``forks`` how many of their tasks run at a time.
    """

    url: str
    home: Path
    settings: dict[str, str]
    quick: bool
    hosts: Sequence[int] = (100, 1000)
    forks: int = 8
    rows: list[Row] = field(default_factory=list)

    def rounds(self, count: int) -> int:
        """How often to measure."""
        return 1 if self.quick else count

    def reset(self, **state: Any) -> None:
        """Let the server start anew, with four images of each account that are shared with nobody, and a bundle."""
        images: list[dict[str, Any]] = [
            {"image_id": image_id if owner == OURS else f"{image_id}b", "name": image_id, "owner": owner}
            for image_id, owner in product(IMAGES, (OURS, BARE))
        ]
        bundle = {"bundle_id": "wsb-desktop01", "name": BUNDLE, "owner": OURS, "image_id": IMAGES[0], "region": REGION}
        tags = {"euc.aws/source": f"{OURS}/{SOURCE['region']}/{SOURCE['image_id']}"}
        keys = {"access_keys": {OURS: OURS, BARE: BARE}, "roles": [{"arn": ROLE, "trusted": [OURS]}]}
        images = [{**image, "region": REGION, "tags": tags} for image in images]
        self.control("PUT", {**keys, "images": images, "bundles": [bundle], **state})

    def control(self, method: str, data: Any = None) -> Any:
        """Tell the server something, and return all that it knows."""
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_control", body, method=method)) as answer:
            return json.load(answer)

    def packed(self, module: str, state: Any = None, **arguments: Any) -> list[str]:
        """Let Ansible pack a module with its arguments, and return the command that runs it as Ansible does.

        :param state: What the server knows besides, as the module is run once.
        """
        self.reset(**(state or {}))
        folder = self.home / f"packed{len(list(self.home.iterdir()))}"
        keep = {"ANSIBLE_KEEP_REMOTE_FILES": "true", "ANSIBLE_REMOTE_TMP": str(folder)}
        timed([self.ad_hoc(module, **arguments)], self.settings | keep)
        (file,) = folder.glob("*/AnsiballZ_*.py")
        return [sys.executable, str(file)]

    def share(self, account_ids: list[str], image_id: str = IMAGES[0], module: str = MODULE, **more: str) -> list[str]:
        """Return the command that runs the module's process alone."""
        return self.packed(module, image_id=image_id, shared_account_ids=account_ids, **more)

    def ad_hoc(self, module: str, **arguments: Any) -> list[str]:
        """Return the command that runs one module by `ansible`."""
        return [str(PROGRAMS / "ansible"), "localhost", "-m", module, "-a", json.dumps(arguments)]

    def playbook(self, *tasks: dict[str, Any]) -> list[str]:
        """Return the command that plays these tasks. JSON is YAML."""
        path = self.home / f"play{len(list(self.home.iterdir()))}.yml"
        path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        return [str(PROGRAMS / "ansible-playbook"), str(path)]

    def compare(self, count: int, contenders: Mapping[str, Command]) -> dict[str, list[Sample]]:
        """Run each contender in turn, the first first in one round and last in the next, each on a new server."""
        samples: dict[str, list[Sample]] = {name: [] for name in contenders}
        for number in range(self.rounds(count)):
            for name in list(contenders)[:: -1 if number % 2 else 1]:
                self.reset()
                samples[name].append(timed([contenders[name]], self.settings))
        return samples

    def add(
        self,
        item: str,
        what: str,
        ratios: list[float],
        goal: str = "",
        note: str = "",
        matters: str = "",
        samples: Mapping[str, Sequence[Sample]] | None = None,
    ) -> None:
        """Add a row to the report, and show it.

        :param matters: What it tells a reader who reads five figures; empty for what only some want to know.
        """
        as_data = {name: [asdict(sample) for sample in taken] for name, taken in (samples or {}).items()}
        row = Row(item, what, ratios, goal, note, as_data, matters)
        self.rows.append(row)
        print(row, flush=True)


@contextmanager
def strict_server() -> Iterator[str]:
    """Run the strict server in a process of its own, and yield its URL."""
    command = [sys.executable, "-m", "ansible_collections.euc.aws.tests.aws_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def settings(url: str, home: Path) -> dict[str, str]:
    """The environment of all that is measured: the server and its credentials, and none of the caller's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    return inherited | {
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(TREE.parents[2]),
        "ANSIBLE_LIBRARY": str(Path(__file__).with_name("library")),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": OURS,
        "AWS_SECRET_ACCESS_KEY": "benchmark-secret",
    }
