"""Modules that must not be imported before the panel's first paint, since their imports would delay the start."""

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

async def lived(life, panel, opened):
    print(panel.window.was_painted, *sys.modules, sep="\\n")
    return 0

desktop.Life.lived = lived
from archisync_gui.cli import main
sys.exit(main(["--demo", "--profile", sys.argv[1]]))
"""
"""Starts the panel with the ordinary command, and stops it where the services would be opened."""


FIRST_PICTURE = """
import sys
from archisync_gui.start import first_window
window = first_window(["--demo", "--profile", sys.argv[1]])
print(window is not None and window.was_painted, *sys.modules, sep="\\n")
"""
"""Paints the first picture as an ordinary start does, and nothing else."""

MOST_AT_FIRST_PICTURE = 180 if sys.platform != "win32" else 190
"""The most modules that may be imported when the first picture is painted. It was 173 on Linux with Python 3.11; an
empty PySide6 window has 146."""

AFTER_FIRST_PICTURE = HEAVY | {
    "asyncio",
    "filelock",
    "qasync",
    "archisync_gui.cli",
    "archisync_gui.model",
    "archisync_gui.settings",
    "archisync_gui.app.desktop",
    "archisync_gui.app.profile",
    "archisync_gui.ui.pages.overview",
    "archisync_gui.ui.shell.panel",
    "archisync_gui.ui.shell.window_parts",
    "archisync_gui.ui.text.i18n",
    "archisync_gui.ui.widgets.basic",
}

MOST_AT_FIRST_PAINT = 373 if sys.platform != "win32" else 395
"""The most modules that may be imported when the window is painted. It was 350 on Linux with Python 3.11 (an empty
PySide6 window has about 130), and 382 on Windows with Python 3.13, whose standard library has more modules. Measure
the start before and after (``bench start``) when you raise it."""

MOST_AT_REST = 670 if sys.platform != "win32" else 680
"""The most modules that may be imported once the services are open, before any read. It was 666 on Linux."""

NOT_AT_REST = {
    "aiohttp",
    "alembic",
    "archisync_gui.endpoint.http_server",
    "mako",
    "numpy",
    "openpyxl",
    "playwright",
    "psycopg",
    "pydantic",
    "pyqtgraph",
    *(["PySide6.QtNetwork"] if sys.platform == "linux" else []),
}
"""Needed only for another system than Linux, a first call, an older database, a read, an export, a chart or an
office; 6 to 20 MB each."""

AT_REST = """
import sys
import archisync_gui.app.desktop as desktop
from archisync_gui.app.core import Core

async def until_over(life, core):
    print(*sys.modules, sep="\\n")

open_core = Core.open

async def opened(*what, **how):
    return await open_core(*what, **{**how, "reads": False})

Core.open = opened
desktop.Life._until_over = until_over
from archisync_gui.cli import main
sys.exit(main(["--demo", "--profile", sys.argv[1]]))
"""
"""Starts the panel with the ordinary command, but without reads, and stops it once all services are open."""


SOURCES = AT_REST.replace("*sys.modules", "*__import__('linecache').cache")
"""The same, but it prints the files whose source ``linecache`` keeps in memory."""

MOST_SOURCES = 30
"""Files whose source may be kept in memory: those imported together with PySide6 itself, and generated ones."""


def started(program: str, profile: Path) -> list[str]:
    """Run a program that starts the panel; the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(profile)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_list_names_modules_that_exist() -> None:
    assert [name for name in sorted(AFTER_FIRST_PICTURE | NOT_AT_REST) if find_spec(name) is None] == []


def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path: Path) -> None:
    painted, *modules = started(LOOK, tmp_path / "profile")
    assert painted == "True", "the window was not painted before the services were opened"
    assert "archisync_gui.ui.pages.overview" in modules, "the first page was not made"
    assert sorted(HEAVY & set(modules)) == []
    assert len({*modules} - {"sitecustomize"}) <= MOST_AT_FIRST_PAINT  # Debian's Python imports that by itself


def test_few_modules_are_imported_before_the_first_picture(tmp_path: Path) -> None:
    """Only the second start of a profile has a first picture: the first start makes the profile."""
    profile = tmp_path / "profile"
    assert started(FIRST_PICTURE, profile)[0] == "False", "a picture was painted before the profile exists"
    started(LOOK, profile)
    painted, *modules = started(FIRST_PICTURE, profile)
    assert painted == "True"
    assert sorted(AFTER_FIRST_PICTURE & set(modules)) == []
    assert len(modules) <= MOST_AT_FIRST_PICTURE


def test_no_source_is_read_while_modules_are_imported(tmp_path: Path) -> None:
    """PySide6's import hook would read the source of every module (27 MB)."""
    kept = [file for file in started(SOURCES, tmp_path / "profile") if file.endswith(".py")]
    assert len(kept) <= MOST_SOURCES, kept


def test_an_idle_panel_has_not_imported_modules_of_reads_and_exports(tmp_path: Path) -> None:
    """Measured at the second start of a profile, since the first one makes the database."""
    started(AT_REST, tmp_path / "profile")
    modules = set(started(AT_REST, tmp_path / "profile"))
    assert {"archisync_gui.endpoint.server", "sqlalchemy"} <= modules, "the services are not open"
    assert sorted(NOT_AT_REST & modules) == []
    assert len(modules) <= MOST_AT_REST
