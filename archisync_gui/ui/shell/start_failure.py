"""What is shown when Archisync could not start, and the choice that it offers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from archisync_gui.ui.live.context import problem
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask


async def show_failure(
    window: QWidget, error: BaseException, backups: Sequence[Path]
) -> Path | Literal["empty"] | None:
    """Archisync could not start: say what happened and wait until it was read. Where the archive is damaged or
    gone: the backup to be put in its place, or ``empty``, if the operator wants one of the two."""
    box = QMessageBox(window)
    box.setWindowTitle("Archisync")
    box.setIcon(QMessageBox.Icon.Critical)
    box.setTextFormat(Qt.TextFormat.PlainText)
    gone = getattr(error, "code", None) == "profile-gone"
    box.setText(tr("Archisync cannot go on.") if gone else tr("Archisync could not start."))
    box.setInformativeText(problem(error))
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.addButton(tr("&Quit"), QMessageBox.ButtonRole.RejectRole)
    from archisync_gui.ui.pages.backups import backup_word

    lost = getattr(error, "code", None) in ("damaged", "data-file-missing")
    newest = next(iter(backups), None) if lost else None
    empty = box.addButton(tr("Begin with an &empty archive"), QMessageBox.ButtonRole.ActionRole) if lost else None
    restore = None
    if newest is not None:
        last = tr("The last backup: {backup}.", backup=backup_word(newest))
        box.setInformativeText(f"{problem(error)}\n\n{last}")
        restore = box.addButton(tr("&Restore the last backup"), QMessageBox.ButtonRole.AcceptRole)
    await ask(box)
    if empty is not None and box.clickedButton() is empty:
        return "empty"
    return newest if restore is not None and box.clickedButton() is restore else None
