"""The program's entry point: an ordinary start of the panel paints a first picture before it imports everything else.

Imports almost nothing itself. Any other start (a command, a new profile, a second start, ``--hidden``, no display) goes
to the command line at once, which also reports wrong arguments and profiles.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archisync_gui.ui.shell.window import MainWindow

FIRST_PAINT = 0.3
"""Maximum seconds to wait for the first picture: a window that is covered is not painted."""

REST = (
    "asyncio",
    "archisync_gui.model",
    "archisync_gui.settings",
    "archisync_gui.cli",
    "archisync_gui.app.profile",
    "archisync_gui.app.desktop",
    "archisync_gui.ui.text.words",
    "archisync_gui.ui.live.context",
    "archisync_gui.ui.shell.window_parts",
    "archisync_gui.ui.widgets.models",
    "archisync_gui.ui.pages.overview",
    "archisync_gui.ui.shell.panel",
    "archisync_gui.ui.system.loop",
)
"""The modules that the panel needs next, each imported in about 50 ms or less: between two of them the window is
painted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``archisync-gui``. Returns the exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    window = first_window(argv)
    if window is not None:
        _import_rest()
    from archisync_gui.cli import main as run

    return run(argv, window)


def first_window(argv: Sequence[str]) -> MainWindow | None:
    """The window with its first picture painted; ``None``: this is no ordinary start of the panel."""
    folder = _profile_folder(argv)
    if folder is None:
        return None
    from archisync_gui.app.display import display_available

    if not display_available():
        return None
    import time

    from archisync_gui.ui.system.application import application

    app = application()
    from PySide6.QtCore import QEventLoop, QSettings

    from archisync_gui.ui.shell.window import MEMORY, MainWindow
    from archisync_gui.ui.text.last_known import read_last_known

    window = MainWindow()
    window.recall(QSettings(str(folder / MEMORY), QSettings.Format.IniFormat))
    window.show_picture(read_last_known(folder), demo="--demo" in argv)
    until = time.monotonic() + FIRST_PAINT
    while not window.was_painted and time.monotonic() < until:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
    return window


def _import_rest() -> None:
    from PySide6.QtWidgets import QApplication

    for name in REST:
        import_module(name)
        QApplication.processEvents()


def _profile_folder(argv: Sequence[str]) -> Path | None:
    """The folder of the profile that these arguments open in a panel; ``None`` for other arguments, and if the folder
    is no profile of that kind or is used by a running process."""
    demo, name, rest = False, "", list(argv)
    while rest:
        match rest.pop(0):
            case "--demo":
                demo = True
            case "--profile" if rest:
                name = rest.pop(0)
            case _:
                return None
    from archisync_gui.app.profile_folder import BIRTH, LOCK, folder_of
    from archisync_gui.disk import read_json

    try:
        folder = folder_of(name, demo=demo)
        ours = read_json(folder / BIRTH)["kind"] == ("demo" if demo else "real")
        return folder if ours and not _held(folder / LOCK) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _held(lock: Path) -> bool:
    """True if a process holds the profile's lock. Only checks it; ``ProfileLock`` takes it later. On Windows a released
    lock leaves no file. Raises ``OSError`` if the file cannot be opened."""
    if not lock.exists():
        return False
    with lock.open("rb+") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
