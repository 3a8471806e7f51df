# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
import time

import pytest


def pytest_collection_finish():
    """Keep the garbage collector of each process that ansible-test forks for a test from copying all there is."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Print what became of each fault that test_faults.py injects: operation, fault, outcome, and how often seen."""
    outcomes = [
        value
        for report in terminalreporter.stats.get("passed", ())
        for name, value in report.user_properties
        if name == "fault"
    ]
    if outcomes:
        terminalreporter.section("faults of AWS, at the first, a middle and the last call")
    for operation, fault, outcome in dict.fromkeys(map(tuple, outcomes)):
        terminalreporter.write_line(
            f"{operation:34} {fault:34} {outcome:30} {outcomes.count((operation, fault, outcome))} passed"
        )


class Clock:
    """A clock that only sleeping moves, so that waiting takes no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the time of everything that sleeps in this process: waiting, and botocore's retries."""
    replaced = Clock()
    monkeypatch.setattr("time.monotonic", replaced.monotonic)
    monkeypatch.setattr("time.sleep", replaced.sleep)
    # botocore's pacing waits by a lock, not by sleeping.
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_arguments, **_options: True)
    return replaced


@pytest.fixture
def tokyo(monkeypatch):
    """Let the machine's time be Tokyo's, and no longer than for this test."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()
