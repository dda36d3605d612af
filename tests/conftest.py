"""What all tests share: the loop they run on, and that they leave nothing behind; the work is in ``tests/support``."""

import os
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

LONG = ("e2e", "syncs", "erp", "office")
"""Folders whose tests start browsers, servers and programs."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers of pytest-xdist begin with the long files, so that at the end none is alone with one of them."""
    if hasattr(config, "workerinput"):
        here = Path(__file__).parent
        items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in LONG)
