"""What all tests share: the loop they run on, and that they leave nothing behind; the work is in ``tests/support``."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "SYSTEMROOT" in os.environ:  # Windows: its fonts are found by themselves on its real screen only
    os.environ.setdefault("QT_QPA_FONTDIR", os.path.join(os.environ["SYSTEMROOT"], "Fonts"))  # noqa: PTH118
os.environ.setdefault("PYTEST_QT_API", "pyside6")

pytest_plugins = [
    "tests.support.hygiene",
    "tests.support.loops",
    "tests.support.one_browser",
    "tests.support.postgres",
    "tests.support.schemas",
    "tests.support.times",
    "tests.support.windows",
]

# How long an example takes depends on what else the computer does: no test asserts on elapsed time.
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
"""As the time at the end of a run tells (``tests/support/times.py``)."""
LONG = ("e2e", "syncs", "erp", "office")
"""Folders whose tests start browsers, servers and programs."""


def length(file: Path) -> tuple[int, bool]:
    """Sorts the longest files first, then those of long folders."""
    name = file.relative_to(Path(__file__).parent).as_posix()
    place = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return place, not name.startswith(LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test has logged may be no text (half a character); pytest-xdist ends the whole run where it has to send
    such a report."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers of pytest-xdist begin with the long files, so that at the end none is alone with one of them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: length(item.path))
