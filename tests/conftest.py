"""What all tests share: the loop they run on, and that they leave nothing behind; the work is in ``tests/support``."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

pytest_plugins = ["tests.support.hygiene", "tests.support.loops", "tests.support.windows"]
