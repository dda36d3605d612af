"""A pytest plugin that prints the duration of a run, the number of processors, and its ten slowest files.

Several workers run at once, so the times of all files together are more than the duration of the run.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

SLOWEST = 10
LEAST = 60
"""Seconds; nothing is printed for a shorter run."""

_began = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_began] = time.monotonic()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    seconds = time.monotonic() - config.stash[_began]
    files: dict[str, float] = {}
    tests: set[str] = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                file = report.nodeid.partition("::")[0]
                files[file] = files.get(file, 0.0) + report.duration
                tests.add(report.nodeid)
    if seconds < LEAST:
        return
    workers = config.getoption("numprocesses", None) or 1
    terminalreporter.section("time of the suite")
    terminalreporter.line(
        f"{len(tests)} tests in {seconds / 60:.1f} minutes; {os.cpu_count()} processors, {workers} workers, "
        f"{sum(files.values()):.0f} s in all tests together"
    )
    for file in sorted(files, key=lambda name: -files[name])[:SLOWEST]:
        terminalreporter.line(f"{files[file]:7.1f} s  {file}")
