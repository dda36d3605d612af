"""Where the tests that drive a browser by themselves find one: as the program does, on all systems."""

from __future__ import annotations

import shutil
from typing import Any

from archisync_gui.erp.launch import CHANNELS, NAMES


def installed() -> dict[str, Any]:
    """What Playwright's ``launch`` has to be told: a program on the path, or else Chrome at its fixed place."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return {"channel": CHANNELS[0]} if found is None else {"executable_path": found}
