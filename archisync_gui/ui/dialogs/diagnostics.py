"""Saving the diagnostics bundle."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QPlainTextEdit,
    QWidget,
)

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.output.diagnostics import Diagnostics
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog
from archisync_gui.ui.widgets.files import ask_where, say_saved


class DiagnosticsDialog(Dialog):
    """Shows the contents of the bundle before it is written."""

    def __init__(self, context: Context, bundle: Diagnostics, parent: QWidget | None = None) -> None:
        super().__init__(tr("Diagnostics bundle"), parent, 600)
        self._context, self._bundle = context, bundle
        explained = tr(
            "A file to send to whoever helps you. Passwords, tokens and personal data (names, addresses, phone "
            "numbers, e-mail) are taken out. It holds:"
        )
        self.body.addWidget(label(explained, wrap=True))
        self.list = QPlainTextEdit("\n".join(f"{name}\n    {what}" for name, what in bundle.contents()))
        self.list.setReadOnly(True)
        self.list.setAccessibleName(tr("Contents"))
        self.body.addWidget(self.list, 1)
        self.save = self.add_button(tr("&Save…"), self._start, "primary")
        self.add_button(tr("&Cancel"), self.close)

    def _start(self) -> None:
        self._context.background.run(self._save(), "diagnostics", self)

    async def _save(self) -> None:
        path = await ask_where(self, tr("Save diagnostics"), "archisync-diagnostics", ("zip",))
        if path is None:
            return
        written = await self._bundle.write(path)
        say_saved(self._context.say, written)
        self.close()
