# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's report: a table, the same as data, and a plot."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

AMAZON_AWS = Path(__file__).parents[4] / "amazon" / "aws" / "MANIFEST.json"


@dataclass(frozen=True)
class Row:
    """A ratio, once for each round; the goal, in words; and the samples that it comes from.

    ``matters``: what it tells a reader who reads five figures; empty for what only some want to know.
    """

    item: str
    what: str
    ratios: list[float]
    goal: str
    note: str
    samples: dict[str, list[dict[str, float]]]
    matters: str = ""

    @property
    def median(self) -> str:
        """The median of the rounds."""
        return f"{statistics.median(self.ratios):.2f}" if self.ratios else "none"

    def __str__(self) -> str:
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}" if len(self.ratios) > 1 else ""
        cells = (self.item, self.what, self.median, spread, self.goal, self.note)
        return f"| {' | '.join(cells)} |"


def machine() -> dict[str, Any]:
    """What the figures were measured with."""
    packages = ("ansible-core", "boto3", "botocore", "awscli")
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load average at the end": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
        "Python": platform.python_version(),
        "amazon.aws": json.loads(AMAZON_AWS.read_text(encoding="utf-8"))["collection_info"]["version"],
        **{package: version(package) for package in packages},
    }


def write_report(folder: Path, rows: list[Row], seconds: float) -> None:
    """Write report.md, report.json and report.png into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {**machine(), "took": f"{seconds / 60:.0f} minutes"}
    data = {"facts": facts, "rows": [asdict(row) for row in rows]}
    (folder / "report.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    table = ["| item | what | median ratio | spread | goal | of it |", "| --- | --- | --- | --- | --- | --- |"]
    with_facts = [f"- {name}: {value}" for name, value in facts.items()]
    matter = ["| what | figure | goal |", "| --- | --- | --- |"]
    matter += [f"| {row.matters} | {row.median} | {row.goal} |" for row in rows if row.matters]
    text = "\n".join(["# Benchmark", "", *with_facts, "", *matter, "", *table, *map(str, rows), ""])
    (folder / "report.md").write_text(text, encoding="utf-8")
    plot(folder / "report.png", rows)


def plot(path: Path, rows: list[Row]) -> None:
    """Draw items 4 and 5 against the throttle's limit, and item 7 against the number of accounts."""
    figure, (throttle, growth) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    limited = [row for row in rows if row.what.endswith("all its calls")]
    for height, row in enumerate(reversed(limited)):
        throttle.plot(row.ratios, [height] * len(row.ratios), "o", color="C0" if "module" in row.what else "C1")
    throttle.set_yticks(range(len(limited)), [row.what.split(" ÷")[0] for row in reversed(limited)])
    throttle.axvline(1, color="grey", linestyle="--")
    throttle.set(title="Under the throttle", xlabel="time ÷ least time that the throttle allows for its calls")
    grown = [row for row in rows if row.item == "7" and row.samples]
    for name in ("module", "floor"):
        medians = [statistics.median(sample["seconds"] for sample in row.samples[name]) for row in grown]
        growth.plot([int(row.what.split()[0]) for row in grown], medians, "o-", label=name)
    growth.set(title="Without a throttle", xlabel="accounts", ylabel="seconds")
    growth.legend()
    figure.savefig(path, dpi=110)
