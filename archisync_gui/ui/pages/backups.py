"""The archive's backups in the settings: listing, making and restoring them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import absolute, decimal, tr
from archisync_gui.ui.widgets.basic import column, row
from archisync_gui.ui.widgets.dialog import confirm_loss


def backup_word(path: Path) -> str:
    """``26 Nov 2026 14:03 · before clearing Orders · 18.2 MB``."""
    found = path.stat()
    when = absolute(datetime.fromtimestamp(found.st_mtime, UTC))
    reason = path.stem.partition("Z-")[2]
    cleared = reason.removeprefix("before-clear-")
    if cleared != reason:
        why = tr("before clearing {type}", type=words.type_name(cleared))
    elif reason.startswith("before-accept"):
        why = tr("before a read was accepted")
    elif reason.startswith("before-rekey"):
        why = tr("before new ids")
    elif reason.startswith("replaced"):
        why = tr("replaced by a backup")
    elif reason.startswith("operator"):
        why = tr("by hand")
    else:
        why = tr("by Archisync itself")
    return f"{when} · {why} · {decimal(found.st_size / 1e6)} MB"


class Backups(QWidget):
    """The backups, newest first, with buttons to make one and to restore one, which restarts Archisync."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._paths: tuple[Path, ...] = ()
        self.choice = QComboBox()
        self.make, self.restore = QPushButton(), QPushButton()
        self.restore.setObjectName("danger")
        outer = column(self, gap=10)
        outer.addWidget(self.choice)
        line = row(gap=8)
        line.addWidget(self.make)
        line.addWidget(self.restore)
        line.addStretch(1)
        outer.addLayout(line)
        self.make.clicked.connect(lambda: context.background.run(self._make(), "backup"))
        self.restore.clicked.connect(lambda: context.background.run(self._restore(), "restore"))
        context.bridge.status_changed.connect(self._show_buttons)
        self.retranslate()

    def retranslate(self) -> None:
        self.choice.setAccessibleName(tr("Backups"))
        self.make.setText(tr("B&ack up now"))
        self.restore.setText(tr("&Restore this backup…"))
        self._paths = ()
        self.choice.clear()
        self.show_backups()

    def show_backups(self) -> None:
        """Show the existing backups."""
        services = self._context.services
        found: Sequence[Path] = services.store.backups() if services is not None and services.store is not None else ()
        if tuple(found) != self._paths or not self.choice.count():
            self._paths = tuple(found)
            self.choice.clear()
            for path in found:
                self.choice.addItem(backup_word(path), path)
            if not found:
                self.choice.addItem(tr("No backup yet"))
        self.choice.setEnabled(bool(found))
        self.choice.setToolTip("" if found else tr("No backup yet"))
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        services, status = self._context.services, self._context.status
        can_make = services is not None and services.backup is not None
        self.make.setEnabled(can_make)
        self.make.setToolTip(tr("A sound copy of the whole archive") if can_make else tr("Not available here"))
        running = status is not None and status.current_run is not None
        can = services is not None and services.restore is not None
        self.restore.setEnabled(can and bool(self._paths) and not running)
        self.restore.setToolTip(
            tr("A list is being read: wait for its end, or cancel it")
            if running
            else tr("Not available here")
            if not can
            else tr("The archive becomes what it was then; the present one is kept as a backup")
            if self._paths
            else tr("No backup yet")
        )

    async def _make(self) -> None:
        services = self._context.services
        if services is None or services.backup is None:
            return
        self.make.setEnabled(False)
        self.make.setToolTip(tr("A backup is being made"))
        try:
            path = await services.backup()
            self._context.say(tr("Backup made: {name}", name=path.name), "ok")
        finally:
            self.show_backups()

    async def _restore(self) -> None:
        services, path = self._context.services, self.choice.currentData()
        if services is None or services.restore is None or not isinstance(path, Path):
            return
        question = tr("Restore the archive of {backup}?", backup=backup_word(path))
        detail = tr(
            "What was read since is read again from the ERP; changes seen since are no longer in the history. The "
            "present archive is kept as a backup, the order form's drafts stay. Archisync starts anew."
        )
        if await confirm_loss(self, question, detail, tr("&Restore")):
            services.restore(path)
