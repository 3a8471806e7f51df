# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


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
