"""Finds an installed browser for tests that start one themselves, in the same way as the program."""

from __future__ import annotations

import shutil
from typing import Any

from archisync_gui.erp.launch import CHANNELS, NAMES


def installed() -> dict[str, Any]:
    """Arguments for Playwright's ``launch``: a browser on the PATH, or else Chrome at its standard location."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return {"channel": CHANNELS[0]} if found is None else {"executable_path": found}
