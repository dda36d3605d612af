"""Configuration of the whole suite: plugins (in ``tests/support``), Hypothesis profiles, order of the test files."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "SYSTEMROOT" in os.environ:  # Windows: Qt's offscreen platform does not find the system's fonts by itself
    os.environ.setdefault("QT_QPA_FONTDIR", os.path.join(os.environ["SYSTEMROOT"], "Fonts"))  # noqa: PTH118
os.environ.setdefault("PYTEST_QT_API", "pyside6")

pytest_plugins = [
    "tests.support.crashes",
    "tests.support.hygiene",
    "tests.support.loops",
    "tests.support.one_browser",
    "tests.support.postgres",
    "tests.support.schemas",
    "tests.support.times",
    "tests.support.windows",
]

# No deadline: how long an example takes depends on the load of the computer.
settings.register_profile("suite", deadline=None, max_examples=30)
settings.load_profile("suite")
# For a night: ``bootstrap.py test --hypothesis-profile=many``.
settings.register_profile("many", deadline=None, max_examples=1000)

LONGEST = (
    "office/test_start_without_server.py",
    "erp/test_ways.py",
    "office/test_leadership.py",
    "app/test_operator_actions.py",
    "syncs/test_faults.py",
    "e2e/test_order_form_findings.py",
    "syncs/test_quick_read.py",
    "e2e/test_order_form.py",
    "syncs/test_pipeline.py",
    "store/test_store_damage.py",
    "erp/test_conformance.py",
    "ui/test_accessible.py",
    "e2e/test_panel_desktop.py",
    "orchestrator/test_month.py",
    "e2e/test_first_light.py",
    "erp/test_recovery.py",
    "erp/test_view_state.py",
    "house/test_walk.py",
    "office/test_rounds.py",
    "office/test_office_commands.py",
    "e2e/test_order_form_sessions.py",
    "house/test_contracts.py",
)
"""The slowest files, slowest first, as listed at the end of a run (``tests/support/times.py``)."""
LONG = ("e2e", "syncs", "erp", "office")
"""Folders whose tests start browsers, servers and programs."""


def length(file: Path) -> tuple[int, bool]:
    """Sort key: first the slowest files, then the files of the slow folders, then all others."""
    name = file.relative_to(Path(__file__).parent).as_posix()
    place = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return place, not name.startswith(LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Replace lone surrogates in the captured output: pytest-xdist cannot send such a report and ends the whole run."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With pytest-xdist the slow files start first, so that no worker runs one alone at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: length(item.path))
