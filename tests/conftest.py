"""What all tests share: the loop they run on, and that they leave nothing behind; the work is in ``tests/support``."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

pytest_plugins = ["tests.support.hygiene", "tests.support.loops", "tests.support.postgres", "tests.support.windows"]

# How long an example takes depends on what else the computer does: no test asserts on elapsed time.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
