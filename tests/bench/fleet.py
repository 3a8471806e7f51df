# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fleet costs: the playbook distribute_image over accounts and Regions, each under AWS's throttle.

The least that it can cost has two parts, which are measured apart and added:

- The same play with ``ansible.builtin.ping`` in place of our tasks, made from the playbook itself. That is what
  Ansible takes to bring as many tasks to as many hosts, to start a process for each, and to sum up.
- The same calls by boto3 alone: one process for each task on a host, as many at a time as Ansible has forks. One
  process for a whole host would make fewer calls, for it would assume the role once; but between a host's tasks all
  other hosts have to be checked, and no credentials may lie about meanwhile.

Python's own start is in both parts, some 20 ms a task.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.euc.aws.tests.bench.runs import BURST, OURS, PROGRAMS, REGION, TREE, Bench, Command, Sample

FLOOR = [sys.executable, str(Path(__file__).with_name("floor.py"))]
REGIONS = (REGION, "us-east-1", "us-west-2", "ap-northeast-1", "eu-central-1")
IMAGE, NAME = "wsi-golden001", "golden"
RATE, PENDING_LOOKS = 2, 2
# A sixtieth of it passes between two looks, and a second at least.
WAIT = 60
# What a host's tasks register, and the calls of each as the floor makes them
TASKS = {"distribute_check": "check", "distribute_copy": "copy", "distribute_waited": "wait"}
RUNS = {"first run": tuple(TASKS.values()), "second run": ("check",)}
# What a ping keeps of the task that it stands for
KEPT = ("name", "run_once", "ignore_unreachable", "vars")
LOOK, COPY, TAGS, ROLE = "DescribeWorkspaceImages", "CopyWorkspaceImage", "DescribeTags", "AssumeRole"
PERMISSIONS, GRANT = "DescribeWorkspaceImagePermissions", "UpdateWorkspaceImagePermission"
Hosts = dict[str, dict[str, str]]
ANSWERS = {
    "distribute_image_name": NAME,
    "distribute_wait_timeout": WAIT,
    "image_owner_account_id": OURS,
    "image_owner_region": REGION,
}


@dataclass(frozen=True)
class Cost:
    """What a run took, and the most megabytes that one of its processes held, mostly the controller."""

    sample: Sample
    megabytes: float


def role_of(account: str) -> str:
    """The ARN of the role in an account."""
    return f"arn:aws:iam::{account}:role/image-recipient"


def new_hosts(count: int) -> Hosts:
    """Make that many hosts, five Regions an account."""
    accounts = [f"3{number:011d}" for number in range(-(-count // len(REGIONS)))]
    pairs = [(account, region) for account in accounts for region in REGIONS][:count]
    return {
        f"{account}.{region}": {"aws_account_id": account, "aws_region": region, "assume_role_arn": role_of(account)}
        for account, region in pairs
    }


def start_anew(bench: Bench, hosts: Hosts) -> None:
    """Let the server start anew, with the owner's image, a role in each account, and AWS's throttle."""
    accounts = dict.fromkeys(host["aws_account_id"] for host in hosts.values())
    bench.control(
        "PUT",
        {
            "access_keys": {OURS: OURS},
            "roles": [{"arn": role_of(account), "trusted": [OURS]} for account in accounts],
            "images": [{"image_id": IMAGE, "name": NAME, "owner": OURS, "region": REGION}],
            "throttle": {"rate": RATE, "burst": BURST},
            "copy_pending_looks": PENDING_LOOKS,
        },
    )


def cost(command: Command, bench: Bench) -> Cost:
    """Run a command of Ansible's; RuntimeError with its last words if it fails."""
    log = bench.home / "log"
    settings = bench.settings | {"ANSIBLE_FORKS": str(bench.forks)}
    with log.open("w") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
        seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{command[:4]} failed:\n{log.read_text()[-3000:]}")
    return Cost(Sample(seconds, usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024)


def playing(bench: Bench, playbook: str, hosts: Hosts) -> list[str]:
    """Return the command that plays a playbook on these hosts."""
    inventory = bench.home / "fleet.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    return [str(PROGRAMS / "ansible-playbook"), "-i", str(inventory), playbook, "-e", json.dumps(ANSWERS)]


def pinged(bench: Bench, tasks: Sequence[str]) -> Path:
    """Write the playbook with pings in place of our tasks; those of a host that are not among ``tasks`` skip it."""
    folder = TREE / "playbooks"
    (play,) = yaml.safe_load((folder / "distribute_image.yml").read_text())
    play["vars_files"] = [str(folder / "vars" / "fleet.yml")]
    # What our tasks would have told.
    source = {"image_id": IMAGE, "name": NAME, "state": "AVAILABLE", "owner_account_id": OURS}
    play["vars"] |= {"owner_images": {"images": [source]}, "distribute_check": source}
    play["tasks"] = list(_pinging(play["tasks"], folder, tasks))
    path = bench.home / "pinged.yml"
    # The file would have aliases, which a reader of it would have to follow.
    path.write_text(json.dumps([play]))
    if not (templates := bench.home / "templates").exists():
        templates.symlink_to(folder / "templates")
    return path


def _pinging(tasks: list[dict[str, Any]], folder: Path, pinging: Sequence[str]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        (module,) = [key for key in task if "." in key]
        kept: dict[str, Any] = {key: task[key] for key in KEPT if key in task}
        if module == "ansible.builtin.import_tasks":
            for inner in _pinging(yaml.safe_load((folder / task[module]).read_text()), folder, pinging):
                yield {**kept, **inner, "vars": {**kept.get("vars", {}), **inner.get("vars", {})}}
        elif module.startswith("euc.aws."):
            is_made = task["register"] not in TASKS or TASKS[task["register"]] in pinging
            made = "fleet_host_problem == ''" if is_made else "false"
            yield {**kept, "ansible.builtin.ping": {}, "register": "pinged", "when": made}
        else:
            yield task


def floors(bench: Bench, hosts: Hosts, forks: int, tasks: Sequence[str]) -> Sample:
    """Make the calls of these tasks by boto3 alone, task by task on all hosts; the owner grants after the checks."""
    begun, used = time.perf_counter(), os.times()

    def run(host: dict[str, str], task: str) -> None:
        _floor(bench, host["aws_region"], "--role", host["assume_role_arn"], f"--{task}", NAME, IMAGE, REGION)

    _floor(bench, REGION, "--name", NAME)
    # Threads, as they only wait for the processes.
    with ThreadPoolExecutor(max_workers=forks) as pool:
        for task in tasks:
            list(pool.map(run, hosts.values(), repeat(task)))
            if task == "check":
                _floor(bench, REGION, IMAGE, *dict.fromkeys(host["aws_account_id"] for host in hosts.values()))
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return Sample(time.perf_counter() - begun, cpu)


def _floor(bench: Bench, region: str, *arguments: str) -> None:
    settings = bench.settings | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    run = subprocess.run([*FLOOR, *arguments], env=settings, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{arguments} failed:\n{run.stderr[-3000:]}")


def answered(bench: Bench) -> dict[str, int]:
    """Count the calls that the throttle let through; RuntimeError if one failed otherwise."""
    journal = bench.control("GET")["journal"]
    if errors := {call["error"] for call in journal} - {None, "ThrottlingException"}:
        raise RuntimeError(f"other errors than throttling: {errors}")
    return Counter(call["operation"] for call in journal if not call["error"])


def formula(hosts: int, tasks: Sequence[str]) -> dict[str, int]:
    """The calls of a run whose hosts need these tasks: those of the owner, and of each host."""
    accounts = math.ceil(hosts / len(REGIONS))
    if tasks == RUNS["second run"]:
        # The owner's image, and each host's copy with its tags
        return {LOOK: 1 + hosts, TAGS: hosts, ROLE: hosts}
    looks = 3 + 2 + 1 + PENDING_LOOKS
    owner = {LOOK: 2 + looks * hosts, PERMISSIONS: 1, GRANT: accounts}
    return {**owner, TAGS: 2 * hosts, COPY: hosts, ROLE: len(tasks) * hosts}


def fleet(bench: Bench) -> None:
    """14: the playbook distribute_image over hosts, against pings and the floor; the second run; and its growth."""
    sizes = (5, 10) if bench.quick else bench.hosts
    first: dict[int, Cost] = {}
    for size in sizes:
        hosts = new_hosts(size)
        start_anew(bench, hosts)
        # The second run meets what the first one left, and so does the floor of it.
        ours = {name: distribute(bench, hosts, name) for name in RUNS}
        first[size] = ours["first run"]
        start_anew(bench, hosts)
        for name, taken in ours.items():
            against_the_floor(bench, hosts, name, taken)
    small, large = min(sizes), max(sizes)
    matters = f"The time of a host in the playbook distribute_image, among {large} against among {small}"
    for unit, what, goal in (("seconds", "time", "≤ 1.15"), ("cpu_seconds", "processor time", "")):
        each = {size: getattr(first[size].sample, unit) / size for size in sizes}
        note = ", ".join(f"{size} hosts {1000 * one:.0f} ms" for size, one in each.items())
        ratio = each[large] / each[small]
        bench.add("14", f"{what} a host, {large} hosts ÷ {small}", [ratio], goal, note, matters if goal else "")


def distribute(bench: Bench, hosts: Hosts, name: str) -> Cost:
    """Run the playbook on the server as it is, and hold its calls against the formula."""
    bench.control("DELETE")
    taken = cost(playing(bench, "euc.aws.distribute_image", hosts), bench)
    made, expected = answered(bench), formula(len(hosts), RUNS[name])
    if made != expected:
        raise RuntimeError(f"{made} calls, and by the formula {expected}")
    calls = sum(made.values())
    ratio = calls / sum(expected.values())
    bench.add("14", f"{len(hosts)} hosts, {name}: calls ÷ formula", [ratio], "= 1", f"{calls} calls")
    return taken


def against_the_floor(bench: Bench, hosts: Hosts, name: str, ours: Cost) -> None:
    """Measure what is at least needed for a run, on the server as it is, and compare the run with that."""
    pings = cost(playing(bench, str(pinged(bench, RUNS[name])), hosts), bench)
    floored = floors(bench, hosts, bench.forks, RUNS[name])
    samples = {"playbook": [ours.sample], "pings": [pings.sample], "floor": [floored]}
    what = f"{len(hosts)} hosts, {name}: playbook ÷ (pings + floor)"
    note = f"{bench.forks} forks, " + ", ".join(f"{one} {taken.seconds:.1f} s" for one, (taken,) in samples.items())
    matters = f"The playbook distribute_image on {len(hosts)} hosts, {name}, against pings and boto3 alone"
    ratio = ours.sample.seconds / (pings.sample.seconds + floored.seconds)
    bench.add("14", what, [ratio], "≤ 1.2", note, matters, samples)
    note = ", ".join(f"{one} {taken.cpu_seconds:.1f} s" for one, (taken,) in samples.items())
    ratio = ours.sample.cpu_seconds / (pings.sample.cpu_seconds + floored.cpu_seconds)
    bench.add("14", f"{what}, processor time", [ratio], "", note)
    note = f"playbook {ours.megabytes:.0f} MB, pings {pings.megabytes:.0f} MB"
    what = f"{len(hosts)} hosts, {name}: memory of the controller, playbook ÷ pings"
    bench.add("14", what, [ours.megabytes / pings.megabytes], "", note)


def fleet_faults(bench: Bench) -> None:
    """14: the tests of a fleet in which things go wrong, with more hosts and twenty kills."""
    more = {} if bench.quick else {"FLEET_HOSTS": "100", "KILLED_FLEETS": "10"}
    command = [sys.executable, "-m", "pytest", "-q", str(TREE / "tests" / "system" / "test_fleet_faults.py")]
    run = subprocess.run(command, cwd=TREE, env=os.environ | more, text=True, stdout=subprocess.PIPE, check=False)
    print(run.stdout, flush=True)
    words = re.findall(r"(\d+) (passed|failed|error)", run.stdout.splitlines()[-1])
    ended = {end: int(count) for count, end in words}
    count = sum(ended.values())
    bench.add("14", f"a fleet with faults: {count} tests, passed ÷ all", [ended.get("passed", 0) / count], "= 1")
