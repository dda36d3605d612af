"""A pytest plugin for runs that may hang or crash: writes each test's result to a file at once, and skips the tests
that have a result there already (``pytest -p tests.support.verdicts --verdicts FILE``).

The file has one JSON object per line, in the order of events: ``all`` (every test that was found), ``started``,
``test`` with its ``outcome``, the ``reason`` (why skipped, or what the failure says) and its ``seconds``. The last
line about a test counts. `packaging/wine/suite.py` reads it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

OUTCOMES = ("passed", "skipped", "failed")
"""From best to worst: a test gets the worst outcome of its phases."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--verdicts", metavar="FILE", type=Path, help="write results there; skip tests that have one")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.verdicts is not None:
        config.pluginmanager.register(Verdicts(config.option.verdicts), "archisync-verdicts")


def events(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Parse the lines of a file of results; lines that are not JSON (cut off when a process died) are left out."""
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


class Verdicts:
    """The plugin; registered when ``--verdicts`` names a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = 0.0
        self._outcome = "passed"
        self._reason = ""
        self._broken: dict[str, str] = {}

    def _write(self, **event: object) -> None:
        with self._file.open("a", encoding="utf-8", newline="\n") as out:
            out.write(json.dumps(event) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported counts as one test that fails."""
        if report.failed and report.nodeid:  # without a node id nothing at all could be collected, and pytest ends
            self._broken[report.nodeid] = str(report.longrepr)[-500:]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the tests that have a result."""
        if items or self._broken:
            self._write(all=[*(item.nodeid for item in items), *self._broken])
        for nodeid, reason in self._broken.items():
            self._write(test=nodeid, outcome="failed", reason=reason, seconds=0.0)
        known = set()
        if self._file.exists():
            known = {event.get("test") for event in events(self._file.read_text("utf-8").splitlines())}
        done = [item for item in items if item.nodeid in known]
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in known]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._began, self._outcome, self._reason = time.monotonic(), "passed", ""
        self._write(started=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if OUTCOMES.index(report.outcome) <= OUTCOMES.index(self._outcome):
            return
        self._outcome = report.outcome
        if isinstance(report.longrepr, tuple):
            self._reason = report.longrepr[2].removeprefix("Skipped: ")
        else:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._reason = str(crash.message if crash else report.longrepr or "")[:500]

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        seconds = round(time.monotonic() - self._began, 1)
        self._write(test=nodeid, outcome=self._outcome, reason=self._reason, seconds=seconds)
