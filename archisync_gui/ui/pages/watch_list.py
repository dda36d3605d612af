"""The watched records in the settings, with buttons to end the watches."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QPushButton, QWidget

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.watches import Watches
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import column, label, row


class WatchList(QWidget):
    """One line for each watched record; its name opens the sheet."""

    def __init__(self, context: Context, watches: Watches) -> None:
        super().__init__()
        self._context, self._watches = context, watches
        self._title = label(bold=True)
        self._rows = column(gap=4)
        outer = column(self, gap=6)
        outer.addWidget(self._title)
        outer.addLayout(self._rows)
        watches.changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Show the watches in the present language."""
        self._title.setText(tr("Watched customers and orders"))
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        if not self._watches.all:
            text = tr("None. A record's sheet has the button Watch: find the customer or order with Ctrl+K.")
            self._rows.addWidget(label(text, "muted", wrap=True))
        for watch in self._watches.all:
            holder = QWidget()
            line = row(holder)
            name = QPushButton(watch.name.replace("&", "&&"))
            name.setObjectName("link")
            name.clicked.connect(partial(self._context.open, "record", watch.target))
            remove = QPushButton(tr("Remove"))
            remove.setAccessibleName(tr("Remove {account}", account=watch.name))
            remove.clicked.connect(partial(self._watches.remove, watch.target))
            line.addWidget(name)
            line.addWidget(label(words.type_name(watch.list), "muted"), 1)
            line.addWidget(remove)
            self._rows.addWidget(holder)
