"""Asking where to save a file, and opening files and folders with the system's programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from archisync_gui.export import named
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask


async def ask_where(parent: QWidget, title: str, name: str, kinds: tuple[str, ...]) -> Path | None:
    """Ask where to save. ``kinds``: endings (``csv``, ``xlsx``), the default first. ``None``: the dialog was closed."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters([f"{k.upper()} (*.{k})" for k in kinds])
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    if folder:
        dialog.setDirectory(folder)
    dialog.selectFile(f"{name}.{kinds[0]}")
    picked: list[str] = []
    dialog.filterSelected.connect(lambda text: picked.append(text.split(" ")[0].lower()))
    if await ask(dialog) != QFileDialog.DialogCode.Accepted:
        return None
    chosen = dialog.selectedFiles()
    return named(Path(chosen[0]), kinds, picked[-1] if picked else None) if chosen else None


def open_path(path: Path | str) -> bool:
    """Open a file or folder with the system's program for it."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def say_saved(say: Callable[..., None], path: Path) -> None:
    """Show that a file was written, with buttons that open it or its folder; ``say``: ``Context.say``."""

    def opened(what: Path) -> None:
        if not open_path(what):
            say(tr("No program could be started for {path}.", path=what), "bad")

    open_it, show_it = (tr("&Open"), lambda: opened(path)), (tr("Show in &folder"), lambda: opened(path.parent))
    say(tr("Saved as {name}.", name=path.name), "ok", *open_it, show_it)
