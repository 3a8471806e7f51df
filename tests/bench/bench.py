# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure what modules cost, workspaces_image_permission above all, against the least that boto3 needs for the same.

    python tests/bench/bench.py REPORT_FOLDER [--quick] [--only NAME ...] [--hosts N ...] [--forks N]

Every figure is a ratio between two things that ran in turn, or side by side, on the same machine. The strict server
answers in a process of its own. The report is written as Markdown, JSON and a plot.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from ansible_collections.euc.aws.plugins.module_utils._aws.client import AWSClients
from ansible_collections.euc.aws.tests.aws_server import Organization
from ansible_collections.euc.aws.tests.bench import floor
from ansible_collections.euc.aws.tests.bench.fleet import fleet, fleet_faults
from ansible_collections.euc.aws.tests.bench.report import write_report
from ansible_collections.euc.aws.tests.bench.runs import (
    BARE,
    BUNDLE,
    BURST,
    IMAGES,
    MODULE,
    OURS,
    PROGRAMS,
    REGION,
    ROLE,
    SOURCE,
    Bench,
    Command,
    Sample,
    peak_memory,
    settings,
    strict_server,
    timed,
)
from ansible_collections.euc.aws.tests.unit import support

FLOOR = [sys.executable, str(Path(__file__).with_name("floor.py"))]
RATE, SLOW = 2, 0.5
REGIONS = ("eu-west-1", "us-east-1", "us-west-2", "ap-northeast-1", "eu-central-1")
FORKS = 4 * (os.cpu_count() or 1)
OWN_CODE = "euc.aws"
AS_THE_MODULE = "as the module"
RETRIES = (AS_THE_MODULE, "adaptive", "standard", "legacy")


def accounts(count: int) -> list[str]:
    """Make that many account IDs."""
    return [f"3{number:011d}" for number in range(count)]


def ratios(samples: dict[str, list[Sample]], over: str, under: str) -> list[float]:
    """The ratio of each round."""
    return [a.seconds / b.seconds for a, b in zip(samples[over], samples[under], strict=True)]


def seconds(samples: list[Sample]) -> float:
    """The median of what was taken."""
    return statistics.median(sample.seconds for sample in samples)


def module_process(bench: Bench) -> None:
    """1: the module's process against the floor and what Ansible needs to start, and against the least module."""
    for changes in (0, 1, 10, 100):
        against_the_least(bench, "1", f"{changes} changes", changes)


def role(bench: Bench) -> None:
    """9: the same with a role to assume."""
    for changes in (0, 10):
        against_the_least(bench, "9", f"{changes} changes with a role", changes, ROLE)


def against_the_least(bench: Bench, item: str, what: str, changes: int, role_arn: str = "") -> None:
    """Measure a task's process against the floor, and against the least module of Ansible's that does the same."""
    more = {"assume_role_arn": role_arn} if role_arn else {}
    matters = "A task that changes nothing, against a script of boto3 alone and what Ansible needs to start a module"
    over_the_start(
        bench,
        item,
        what,
        matters if not changes and not role_arn else "",
        module=bench.share(accounts(changes), **more),
        least=bench.share(accounts(changes), module="least", **more),
        floor=[*FLOOR, *(["--role", role_arn] if role_arn else []), IMAGES[0], *accounts(changes)],
    )


def converged_image(bench: Bench) -> None:
    """11: the process of workspaces_image that finds its image made as said, by its name, and reads its tags."""
    source = {"source_image_id": SOURCE["image_id"], "source_region": SOURCE["region"], "source_account_id": OURS}
    over_the_start(
        bench,
        "11",
        "workspaces_image, converged by name",
        # 1.05 can't be: the least module and the import of this module's own code take 1.12.
        goal="≤ 1.13",
        module=bench.packed("euc.aws.workspaces_image", name=IMAGES[0], **source),
        least=bench.packed("least", image_name=IMAGES[0]),
        floor=[*FLOOR, "--name", IMAGES[0]],
    )


def converged_bundle(bench: Bench) -> None:
    """13: the process of workspaces_bundle that finds its bundle with the image behind it, and reads its tags."""
    over_the_start(
        bench,
        "13",
        "workspaces_bundle, converged by name",
        # As above, 1.08.
        goal="≤ 1.09",
        module=bench.packed("euc.aws.workspaces_bundle", name=BUNDLE, image_id=IMAGES[0]),
        least=bench.packed("least", bundle_name=BUNDLE),
        floor=[*FLOOR, "--bundle", BUNDLE],
    )


def over_the_start(
    bench: Bench, item: str, what: str, matters: str = "", goal: str = "≤ 1.05", **contenders: Command
) -> None:
    """Measure a module and the least module against the floor and what Ansible needs to start, and each other.

    :param matters: As in ``Bench.add``, for the module's row.
    :param goal: That of the module's row.
    :param contenders: ``module``, ``least`` and ``floor``.
    """
    starters = {
        "ping": bench.packed("ansible.builtin.ping", data="pong"),
        "python": [sys.executable, "-c", ""],
    }
    samples = bench.compare(11, {**contenders, **starters})
    note = ", ".join(f"{name} {seconds(taken):.2f} s" for name, taken in samples.items())
    # What Ansible needs to start any module, on top of the floor: nothing in this collection can go below it.
    for name, limit in (("module", goal), ("least", "")):
        row = f"{what}: {name} ÷ (floor + Ansible's own start)"
        taken = against_start(samples, name, "seconds")
        bench.add(item, row, taken, limit, note, matters if name == "module" else "", samples)
        # On a busy machine the time on the processor tells more than the time on the clock.
        bench.add(item, f"{row}, processor time", against_start(samples, name, "cpu_seconds"))
    bench.add(item, f"{what}: module ÷ least module", ratios(samples, "module", "least"))
    # No module of as much code can go below this, as Ansible packs source.
    own = statistics.median(imported(times, OWN_CODE) for times in import_times(bench, contenders["module"])) / 1000
    with_code = [Sample(sample.seconds + own, sample.cpu_seconds + own) for sample in samples["least"]]
    least = against_start({**samples, "with code": with_code}, "with code", "seconds")
    row = f"{what}: (least + the import of the module's own code) ÷ (floor + Ansible's own start)"
    bench.add(item, row, least, "", f"import {1000 * own:.0f} ms")


def against_start(samples: dict[str, list[Sample]], name: str, unit: str) -> list[float]:
    """The ratio of each round between what one took, and the floor with what Ansible needs to start."""
    taken = {other: [getattr(sample, unit) for sample in samples[other]] for other in samples}
    rounds = zip(taken[name], taken["floor"], taken["ping"], taken["python"], strict=True)
    return [one / (floored + ping - python) for one, floored, ping, python in rounds]


def against_the_cli(bench: Bench) -> None:
    """2: a task, and an ad-hoc call, against two calls of the AWS CLI in `command` tasks."""
    arguments = {"image_id": IMAGES[0], "shared_account_ids": accounts(1)}
    cli = [str(PROGRAMS / "aws"), "workspaces"]
    describe = [*cli, "describe-workspace-image-permissions", "--image-id", IMAGES[0]]
    update = [*cli, "update-workspace-image-permission", "--image-id", IMAGES[0], "--allow-copy-image"]
    update += ["--shared-account-id", accounts(1)[0]]
    contenders = {
        "playbook": bench.playbook({MODULE: arguments}),
        "ad_hoc": bench.ad_hoc(MODULE, **arguments),
        "cli": bench.playbook(*({"ansible.builtin.command": {"argv": argv}} for argv in (describe, update))),
    }
    samples = bench.compare(7, contenders)
    note = ", ".join(f"{name} {seconds(taken):.2f} s" for name, taken in samples.items())
    ours = ratios(samples, "playbook", "cli")
    matters = "A task that shares an image, against two calls of the AWS CLI in a playbook"
    bench.add("2", "playbook: task ÷ AWS CLI tasks", ours, "< 1", note, matters, samples)
    bench.add("2", "`ansible` ad-hoc ÷ AWS CLI tasks", ratios(samples, "ad_hoc", "cli"), "< 1")


def one_task_or_a_loop(bench: Bench) -> None:
    """3: a task with 100 accounts against 100 tasks with one account each."""
    arguments = {"image_id": IMAGES[0], "shared_account_ids": accounts(100)}
    one_each = {MODULE: {**arguments, "shared_account_ids": ["{{ item }}"]}, "loop": accounts(100)}
    contenders = {"loop": bench.playbook(one_each), "task": bench.playbook({MODULE: arguments})}
    samples = bench.compare(3, contenders)
    note = ", ".join(f"{name} {seconds(taken):.2f} s" for name, taken in samples.items())
    matters = "A loop over 100 accounts, against one task with 100 accounts"
    bench.add("3", "100 accounts: loop ÷ one task", ratios(samples, "loop", "task"), "≥ 30", note, matters, samples)


def refused(bench: Bench) -> Counter[str]:
    """Count the calls of each account that the throttle refused in this round."""
    failed = [call for call in bench.control("GET")["journal"] if call["error"]]
    errors = {call["error"] for call in failed}
    if errors - {"ThrottlingException"}:
        raise RuntimeError(f"other errors than throttling: {errors}")
    return Counter(call["account"] for call in failed)


def throttled(bench: Bench, item: str, tasks: int, grants: int, rate: float, rounds: int, goal: str = "") -> None:
    """4 and 5: tasks that share a throttle. None may fail: a command that fails ends the benchmark."""
    images = IMAGES[:tasks]
    # Whose account, how many calls a task, and the tasks.
    contenders = {"module": (OURS, grants + 2, [bench.share(accounts(grants), image_id) for image_id in images])}
    # The floor does not look at the image, which is one call a task. Under less it gives up, as `retry_modes` tells.
    if rate == RATE:
        contenders["floor"] = BARE, grants + 1, [[*FLOOR, f"{image_id}b", *accounts(grants)] for image_id in images]
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    refusals: dict[str, list[int]] = {name: [] for name in contenders}
    for _round in range(bench.rounds(rounds)):
        bench.reset(throttle={"rate": rate, "burst": BURST})
        # Two processes run side by side, each with a token bucket of its own. Eight would fight for the processor.
        with ThreadPoolExecutor(max_workers=2 if tasks == 1 else 1) as pool:
            started = {
                name: pool.submit(timed, commands, bench.settings | {"AWS_ACCESS_KEY_ID": owner})
                for name, (owner, _calls, commands) in contenders.items()
            }
        for name, process in started.items():
            samples[name].append(process.result())
        refused_calls = refused(bench)
        for name, (owner, _calls, _commands) in contenders.items():
            refusals[name].append(refused_calls[owner])
    for name, (_owner, calls, _commands) in contenders.items():
        what = f"{tasks} x {grants} grants at {rate}/s: {name} ÷ limit"
        limit, limit_of_writes = ((tasks * number - BURST) / rate for number in (calls, grants))
        note = f"{seconds(samples[name]):.1f} s, refused calls {refusals[name]}"
        for of, least in (("writes", limit_of_writes), ("all its calls", limit)):
            taken = [sample.seconds / least for sample in samples[name]]
            is_goal = bool(goal) and name == "module" and of == "all its calls"
            matters = (
                f"{tasks} x {grants} grants under AWS's throttle, against the least time it allows" if is_goal else ""
            )
            bench.add(item, f"{what} of {of}", taken, goal if is_goal else "", f"limit {least:.1f} s, {note}", matters)
    if "floor" in contenders:
        ours = ratios(samples, "module", "floor")
        bench.add(item, f"{tasks} x {grants} grants at {rate}/s: module ÷ floor", ours, samples=samples)


def alone_under_the_throttle(bench: Bench) -> None:
    """4: 100 grants under AWS's throttle."""
    throttled(bench, "4", 1, 25 if bench.quick else 100, RATE, 3, "≤ 1.03")


def four_under_one_throttle(bench: Bench) -> None:
    """5: four tasks at once, and the same under a quarter of the throttle."""
    throttled(bench, "5", 4, 6 if bench.quick else 25, RATE, 3, "≤ 1.05")
    throttled(bench, "5", 4, 3 if bench.quick else 25, SLOW, 1)


def regions_side_by_side(bench: Bench) -> None:
    """10: the playbook share_image in five Regions, each under its own throttle, against the slowest of them alone."""
    grants = 10 if bench.quick else 100
    samples: dict[str, list[Sample]] = {"all": [], "slowest": []}
    for _round in range(bench.rounds(2)):
        alone = [share_in_regions(bench, [region], grants) for region in REGIONS]
        samples["slowest"].append(max(alone, key=lambda sample: sample.seconds))
        samples["all"].append(share_in_regions(bench, REGIONS, grants))
    note = ", ".join(f"{name} {seconds(taken):.1f} s" for name, taken in samples.items())
    matters = f"{len(REGIONS)} Regions x {grants} accounts with one playbook, against the slowest Region alone"
    what = f"{len(REGIONS)} Regions x {grants} grants at {RATE}/s each: all ÷ slowest alone"
    bench.add("10", what, ratios(samples, "all", "slowest"), "≤ 1.2", note, matters, samples)


def share_in_regions(bench: Bench, regions: Sequence[str], grants: int) -> Sample:
    """Share the image of one name in these Regions by the collection's playbook, on a new server."""
    images = [
        {"image_id": f"wsi-golden{region.replace('-', '')}", "name": "golden", "owner": OURS, "region": region}
        for region in regions
    ]
    bench.reset(images=images, throttle={"rate": RATE, "burst": BURST})
    answers = {"share_image_name": "golden", "share_regions": list(regions), "share_account_ids": accounts(grants)}
    command = [str(PROGRAMS / "ansible-playbook"), "euc.aws.share_image", "-e", json.dumps(answers)]
    sample = timed([command], bench.settings)
    refused(bench)
    return sample


def retry_modes(bench: Bench) -> None:
    """5: what others' retries make of it: groups of four floors at once, each group under its own throttle."""
    grants = 6 if bench.quick else 25
    for rate, groups in ((RATE, bench.rounds(12)), (SLOW, bench.rounds(6))):
        mode_of = {f"4{number:011d}": mode for number, mode in enumerate(RETRIES * groups)}
        ends = share_at_once(bench, mode_of, grants, rate)
        refused_calls = refused(bench)
        limit = (4 * (grants + 1) - BURST) / rate
        for mode in dict.fromkeys(mode_of.values()):
            owners = [owner for owner in mode_of if mode_of[owner] == mode]
            gave_up = sum(ends[owner].count(None) for owner in owners)
            refusals = sorted(refused_calls[owner] for owner in owners)
            note = f"refused calls {refusals[0]} to {refusals[-1]}, {gave_up} of {4 * groups} gave up"
            finished = [max(filter(None, ends[owner])) / limit for owner in owners if None not in ends[owner]]
            what = f"4 x {grants} grants at {rate}/s, retries {mode}: floor ÷ limit of all its calls"
            bench.add("5", what, finished, "", note)


def share_at_once(bench: Bench, mode_of: dict[str, str], grants: int, rate: float) -> dict[str, list[float | None]]:
    """Let each account share four images at once, with its retries; return when each was done, None for never."""
    images = [(f"wsi-{owner}{task}", owner) for owner, task in product(mode_of, range(4))]
    bench.control(
        "PUT",
        {
            "access_keys": {owner: owner for owner in mode_of},
            "images": [{"image_id": one, "name": one, "owner": owner, "region": REGION} for one, owner in images],
            "throttle": {"rate": rate, "burst": BURST},
        },
    )
    clients = [new_client(bench.url, owner, mode_of[owner]) for _image_id, owner in images]
    begun = time.perf_counter()

    def seconds_until_shared(client: Any, image_id: str) -> float | None:
        try:
            floor.share(client, image_id, *accounts(grants))
        except ClientError:
            return None
        return time.perf_counter() - begun

    # Threads, as they mostly wait.
    with ThreadPoolExecutor(max_workers=len(images)) as pool:
        ends = list(pool.map(seconds_until_shared, clients, [image_id for image_id, _owner in images]))
    return {owner: ends[number * 4 : number * 4 + 4] for number, owner in enumerate(mode_of)}


def new_client(url: str, owner: str, retries: str) -> Any:
    """Make a client with the retries of the module, or of one of botocore's modes."""
    where = {"endpoint_url": url, "region_name": REGION, "aws_access_key_id": owner, "aws_secret_access_key": "secret"}

    def make(service: str, config: dict[str, Any]) -> Any:
        return floor.new_client(service, config, **where)

    if retries == AS_THE_MODULE:
        options = dict.fromkeys(("aws_config", "profile", "assume_role_arn"))
        return AWSClients(SimpleNamespace(params=options, client=make)).make("workspaces")
    return make("workspaces", floor.retries(retries))


def calls(bench: Bench) -> None:
    """6: the calls made, against the formula in the design; and memory at 2,000 accounts."""
    for shared, changes in product((0, 1, 25, 26, 300), (0, 1, 100)):
        image = support.new_image(shared_account_ids=set(support.accounts(*range(shared))))
        state = support.new_state(image)
        wanted = support.accounts(*range(1000, 1000 + changes))
        support.permission(support.new_client(state), shared_account_ids=wanted)
        formula = max(1, math.ceil(shared / 25)) + (changes > 0) + changes
        what = f"{shared} shares, {changes} changes: {len(state.journal)} calls ÷ formula"
        bench.add("6", what, [len(state.journal) / formula], "= 1")
    count = 200 if bench.quick else 2000
    contenders = {"module": bench.share(accounts(count)), "floor": [*FLOOR, IMAGES[0], *accounts(count)]}
    peaks = {}
    for name, command in contenders.items():
        bench.reset()
        peaks[name] = peak_memory(command, bench.settings)
    note = ", ".join(f"{name} {peak:.0f} MB" for name, peak in peaks.items())
    bench.add("6", f"memory at {count} accounts: module ÷ floor", [peaks["module"] / peaks["floor"]], "", note)


def growth(bench: Bench) -> None:
    """7: the time of each further account, without a throttle: a line through the medians, and step by step."""
    sizes = (0, 10, 100) if bench.quick else (0, 10, 100, 1000)
    commands: dict[str, Callable[[int], Command]] = {
        "module": lambda size: bench.share(accounts(size)),
        "floor": lambda size: [*FLOOR, IMAGES[0], *accounts(size)],
    }
    # Every size in each round: the machine may be quicker in one minute than in the next.
    contenders = {f"{name} {size}": command(size) for name, command in commands.items() for size in sizes}
    samples = bench.compare(7, contenders)
    for size in sizes:
        of_size = {name: samples[f"{name} {size}"] for name in commands}
        bench.add("7", f"{size} accounts: module ÷ floor", ratios(of_size, "module", "floor"), samples=of_size)
    slopes = {}
    for name in commands:
        medians = [seconds(samples[f"{name} {size}"]) for size in sizes]
        slopes[name], start = statistics.linear_regression(sizes, medians)
        steps = zip(pairwise(sizes), pairwise(medians), strict=True)
        each = [1000 * (later - earlier) / (more - less) for (less, more), (earlier, later) in steps]
        between = ", ".join(f"to {size} {value:.2f}" for size, value in zip(sizes[1:], each, strict=True))
        note = f"fit {start:.2f} s + {1000 * slopes[name]:.2f} ms an account; step by step {between} ms"
        bench.add("7", f"{name}: ms an account, last step ÷ the one before", [each[-1] / each[-2]], "flat", note)
    bench.add("7", "time an account: module ÷ floor", [slopes["module"] / slopes["floor"]])


def organization(bench: Bench) -> None:
    """12: the growth with an organization: all of it from one list, and unit by unit; 20 units in each that has any."""
    for size in (100, 1000, 10_000):
        tops = [f"/u{number}" for number in range(max(1, size // 500))]
        leaves = [f"{top}/v{number}" for top in tops for number in range(20)]
        tree = {"/": [OURS], **{top: [] for top in tops}, **{leaf: [] for leaf in leaves}}
        for number, account_id in enumerate(accounts(size - 1)):
            tree[leaves[number % len(leaves)]].append(account_id)
        find_accounts(bench, size, tops, tree)


def find_accounts(bench: Bench, size: int, tops: list[str], tree: dict[str, list[str]]) -> None:
    """Find the accounts of an organization in each way. ``tops`` are the units directly below the root."""
    module, known = "euc.aws.organization_accounts_info", {"organization": Organization.of(tree).as_json()}
    contenders: dict[str, Command] = {
        "list": bench.packed(module, known, recursive=True),
        "walk": bench.packed(module, known, organizational_units=tops),
        "floor": [*FLOOR, "--organization"],
    }
    pages = math.ceil(size / 20)
    names = math.ceil(len(tops) / 20)
    formulas = {
        "list": pages + names + len(tops),
        "walk": 1 + names + sum(1 + max(1, math.ceil(len(ids) / 20)) for unit, ids in tree.items() if unit != "/"),
        "floor": pages,
    }
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    notes = []
    for name, command in contenders.items():
        for _round in range(bench.rounds(3)):
            bench.reset(**known)
            samples[name].append(timed([command], bench.settings))
        made = len(bench.control("GET")["journal"])
        bench.add("12", f"{size} accounts, {name}: calls ÷ formula", [made / formulas[name]], "= 1", f"{made} calls")
        peak = peak_memory(command, bench.settings)
        notes.append(f"{name} {seconds(samples[name]):.1f} s, {peak:.0f} MB")
    ratio = ratios(samples, "list", "floor")
    bench.add("12", f"{size} accounts: list ÷ floor", ratio, note=", ".join(notes), samples=samples)


def imports(bench: Bench) -> None:
    """8: whose code the process imports, and the heaviest modules, by `-X importtime` of what Ansible packed."""
    rounds = import_times(bench, bench.share([]))
    for owner in ("ansible", "amazon.aws", OWN_CODE, "boto3", "botocore", "urllib3", "Python's own"):
        spent = [imported(times, owner) for times in rounds]
        shares = [ms / sum(times.values()) for ms, times in zip(spent, rounds, strict=True)]
        bench.add("8", f"import: {owner} ÷ all", shares, "", f"{statistics.median(spent):.0f} ms")
    medians = {name: statistics.median(times.get(name, 0) for times in rounds) for name in rounds[0]}
    for name in sorted(medians, key=medians.__getitem__)[:-4:-1]:
        shares = [times.get(name, 0) / sum(times.values()) for times in rounds]
        bench.add("8", f"heaviest: {name} ÷ all", shares, "", f"{medians[name]:.0f} ms")


def import_times(bench: Bench, command: Command) -> list[dict[str, float]]:
    """Run what Ansible packed some times, and return for each run the milliseconds that each module took to import."""
    python, module = command
    rounds = []
    for _round in range(bench.rounds(7)):
        bench.reset()
        timing = [python, "-X", "importtime", module]
        run = subprocess.run(timing, env=bench.settings, text=True, capture_output=True, check=True)
        lines = re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", run.stderr, re.MULTILINE)
        rounds.append({name: int(micros) / 1000 for micros, name in lines})
    return rounds


def imported(times: dict[str, float], owner: str) -> float:
    """Return the milliseconds that the import of somebody's code took."""
    return sum(ms for name, ms in times.items() if owner_of(name) == owner)


def owner_of(module: str) -> str:
    """Tell whose a module is, by its full name."""
    parts = module.split(".")
    if parts[0] in sys.stdlib_module_names:
        return "Python's own"
    return ".".join(parts[1:3]) if parts[0] == "ansible_collections" else parts[0]


MEASUREMENTS: tuple[Callable[[Bench], None], ...] = (
    module_process,
    role,
    converged_image,
    converged_bundle,
    against_the_cli,
    one_task_or_a_loop,
    alone_under_the_throttle,
    four_under_one_throttle,
    regions_side_by_side,
    retry_modes,
    calls,
    growth,
    organization,
    fleet,
    fleet_faults,
    imports,
)


def main() -> None:
    """Measure, and write the report."""
    names = [measure.__name__ for measure in MEASUREMENTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the report goes")
    parser.add_argument("--quick", action="store_true", help="one round of each, and fewer accounts")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--hosts", nargs="+", type=int, default=[100, 1000], help="the sizes of the fleets")
    parser.add_argument("--forks", type=int, default=FORKS, help="how many tasks of a fleet run at a time")
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as home, strict_server() as url:
        bench = Bench(url, Path(home), settings(url, Path(home)), options.quick, options.hosts, options.forks)
        try:
            for measure in MEASUREMENTS:
                if measure.__name__ in options.only:
                    measure(bench)
        finally:
            write_report(options.folder, bench.rows, time.monotonic() - begun)


if __name__ == "__main__":
    # Whoever ends it, by Ctrl-C or otherwise: what was measured is written, and the server stops.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
