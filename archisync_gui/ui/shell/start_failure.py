"""The dialog that is shown when Archisync could not start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from archisync_gui.store.errors import LOST
from archisync_gui.ui.live.context import problem
from archisync_gui.ui.text.i18n import message, tr
from archisync_gui.ui.widgets.basic import ask


async def show_failure(
    window: QWidget, error: BaseException, backup: Path | None, said: str
) -> Path | Literal["empty"] | None:
    """Show why Archisync could not start, and wait until the dialog is closed. ``said``: a sentence about the work
    before this start. If the archive is damaged or gone, the operator can replace it: by ``backup``, the last usable
    one, which is returned then, or by an empty archive (``empty``)."""
    box = QMessageBox(window)
    box.setWindowTitle("Archisync")
    box.setIcon(QMessageBox.Icon.Critical)
    box.setTextFormat(Qt.TextFormat.PlainText)
    gone = getattr(error, "code", None) in ("profile-gone", "file-replaced")
    box.setText(tr("Archisync cannot go on.") if gone else tr("Archisync could not start."))
    sentences = [*filter(None, [said]), problem(error)]
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.addButton(tr("&Quit"), QMessageBox.ButtonRole.RejectRole)
    from archisync_gui.ui.pages.backups import backup_word

    lost = getattr(error, "code", None) in LOST
    empty = box.addButton(tr("Begin with an &empty archive"), QMessageBox.ButtonRole.ActionRole) if lost else None
    restore = None
    if lost and backup is not None:
        sentences.append(tr("The last backup: {backup}.", backup=backup_word(backup)))
        restore = box.addButton(tr("&Restore the last backup"), QMessageBox.ButtonRole.AcceptRole)
    elif lost:
        sentences.append(message("no-usable-backup"))
    box.setInformativeText("\n\n".join(sentences))
    await ask(box)
    if empty is not None and box.clickedButton() is empty:
        return "empty"
    return backup if restore is not None and box.clickedButton() is restore else None
