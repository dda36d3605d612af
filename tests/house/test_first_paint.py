"""What the panel may not have imported when its window is painted for the first time: the start waits for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HEAVY = {
    "aiohttp",
    "alembic",
    "cryptography",
    "jeepney",
    "keyring",
    "numpy",
    "openpyxl",
    "playwright",
    "pydantic",
    "pyqtgraph",
    "psycopg",
    "sqlalchemy",
    "archisync_gui.app.core",
    "archisync_gui.demo_erp",
    "archisync_gui.drafts",
    "archisync_gui.endpoint",
    "archisync_gui.erp",
    "archisync_gui.orchestrator",
    "archisync_gui.store",
    "archisync_gui.syncs",
    "archisync_gui.updates",
    "minisign",
    *(
        f"archisync_gui.ui.{page}"
        for page in (
            "dialogs.about",
            "dialogs.first_run",
            "dialogs.run_details",
            "dialogs.clear",
            "dialogs.crash",
            "dialogs.diagnostics",
            "dialogs.pairing",
            "dialogs.sessions",
            "dialogs.why",
            "dialogs.trouble",
            "output.diagnostics",
            "pages.data",
            "live.summary",
            "output.morning",
            "live.watches",
            "output.summary",
            "pages.summary",
            "pages.history",
            "pages.settings",
            "pages.timeline",
            "widgets.charts",
        )
    ),
}
"""Used after the first paint, or when their page is opened."""

LOOK = """
import sys
import archisync_gui.app.desktop as desktop

async def lived(life, panel):
    print(panel.window.was_painted, *sys.modules, sep="\\n")
    return 0

desktop.Life.lived = lived
from archisync_gui.cli import main
sys.exit(main(["--demo", "--profile", sys.argv[1]]))
"""
"""Starts the panel as people do, and stops it where the services would be opened."""


def test_the_list_names_modules_that_exist() -> None:
    assert [name for name in sorted(HEAVY) if find_spec(name) is None] == []


def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path / "profile")],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    painted, *modules = done.stdout.splitlines()
    assert painted == "True", "the window was not painted before the services were opened"
    assert "archisync_gui.ui.pages.overview" in modules, "the first page is there"
    assert sorted(HEAVY & set(modules)) == []
