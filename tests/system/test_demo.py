# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What make demo shows, from its first step to its last."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[2]

HEAD = "account       Region     golden-2026-10  golden-2026-11  behind bundle desktop"
FLEET = [(account, region) for account in ("111111111111", "222222222222") for region in ("eu-west-1", "us-east-1")]
A, NO = "AVAILABLE", "-"


def stand(original: str, copies: str, behind: str, shared: str) -> list[Any]:
    """What a table has to say."""
    owner = ("123456789012", "eu-west-1", A, original, NO)
    sentence = f"golden-2026-11 is shared with {shared}."
    return [owner, *((*place, A, copies, f"golden-2026-{behind}") for place in FLEET), sentence]


def test_the_demo_shows_after_each_step_what_stands_where(ansible: Any) -> None:
    run = ansible.run(sys.executable, TREE / "demo" / "demo.py", PYTHONPATH=str(TREE.parents[2]))
    assert run.code == 0, run.output + run.errors
    both = "111111111111, 222222222222"
    # Five rows, and a sentence.
    tables = [table.splitlines()[:6] for table in run.output.split(f"{HEAD}\n")[1:]]
    assert [[*(tuple(row[2:].split()) for row in rows), sentence[2:]] for *rows, sentence in tables] == [
        stand(A, NO, "10", "999999999999"),
        stand(A, NO, "10", "nobody"),
        stand(A, NO, "10", "111111111111"),
        stand(A, A, "10", both),
        stand(A, A, "11", both),
        stand(A, A, "10", both),
        stand(NO, NO, "10", "nobody"),
    ]
    # Stars are at what a step changed.
    assert [sum(line.startswith("* ") for line in table) for table in tables] == [0, 1, 1, 5, 4, 4, 6]
    assert ansible.processes() == []
