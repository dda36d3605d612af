"""Parts of the overview: the numbers of today, and the queue. The table of lists is in ``types_table``."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QPushButton,
    QToolButton,
    QWidget,
)

from archisync_gui.entities.views import NUMBERS_OF_TODAY
from archisync_gui.model import QueueEntry
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import NumberOfToday, PastRuns, countable
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.widgets.basic import IconButton, column, label, line, row
from archisync_gui.ui.widgets.delegates import QueueDelegate
from archisync_gui.ui.widgets.models import QueueModel
from archisync_gui.ui.widgets.snapshot_model import deselect_removed_rows


class TodayCard(QFrame):
    """Today's numbers; a click on one shows its rows on the data page."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._context, self._past_runs = context, past_runs
        inside = column(self, (1, 1, 1, 8))
        self._title = label(bold=True)
        self._title.setContentsMargins(12, 9, 12, 9)
        inside.addWidget(self._title)
        inside.addWidget(line())
        self._rows = column(margins=(10, 6, 8, 0))
        inside.addLayout(self._rows)
        self.numbers: dict[str, QPushButton] = {}
        """Buttons by view."""
        for view in NUMBERS_OF_TODAY:  # made before the numbers are counted, so that nothing moves then
            button = self.numbers[view] = QPushButton("…")
            button.setObjectName("link")
            button.clicked.connect(partial(self._open, view))
            self._rows.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        past_runs.today_changed.connect(self.show_numbers)
        context.services_changed.connect(self._offer)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self._title.setText(tr("Today"))
        self._offer()

    def _offer(self) -> None:
        """Show a button for each number whose list exists."""
        services = self._context.services
        offered = {view.name for view in countable(services)} if services is not None else set(self.numbers)
        for view, button in self.numbers.items():
            button.setVisible(view in offered)
        self.show_numbers()

    def show_numbers(self) -> None:
        """Show the last counts; ``…`` for those that are not counted."""
        counted = {found.view: found for found in self._past_runs.numbers}
        for view, button in self.numbers.items():
            found = counted.get(view)
            button.setText(today_word(found) if found is not None else "…")
            button.setAccessibleName("" if found is not None else tr("not counted yet"))
            button.setToolTip(tr("Within 7 days from today") if found is not None and view == "due" else "")

    def _open(self, view: str) -> None:
        found = next((n for n in self._past_runs.numbers if n.view == view), None)
        if found is not None:
            self._context.open("data", {"type": found.list, "view": view, "account": ""})  # all accounts, as counted


def today_word(found: NumberOfToday) -> str:
    """The text of a number of today."""
    match found.view:
        case "new-today":
            return tr("%n new customer(s)", "", found.count)
        case "shipped-today":
            return tr("%n delivery note(s)", "", found.count)
        case "changed-today":
            return tr("%n price(s) changed", "", found.count)
        case _:
            text = tr("%n invoice(s) due", "", found.count)
            return f"{text} · {money(found.sum)}" if found.sum else text


class QueueList(QListView):
    """The waiting requests, each with two buttons; the key Delete removes one, Home moves it to the front."""

    def __init__(self, context: Context, model: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._queue = model
        self.setModel(model)
        self.setItemDelegate(QueueDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        model.rowsInserted.connect(self._inserted)
        model.rowsRemoved.connect(lambda: self._update_buttons(0, 0))
        model.rowsMoved.connect(lambda: self._update_buttons(0, model.rowCount() - 1))
        deselect_removed_rows(self, model)
        model.dataChanged.connect(lambda first, last: self._update_buttons(first.row(), last.row()))

    def _inserted(self, _: QModelIndex, first: int, last: int) -> None:
        for at in range(first, last + 1):
            self.setIndexWidget(self._queue.index(at, 0), self._buttons(self._queue.item(at)))
        self._update_buttons(first, last + 1)  # also those of the entry that was the first before

    def _buttons(self, entry: QueueEntry) -> QWidget:
        holder = QWidget(self)
        layout = row(holder, (0, 1, 6, 0), 0)
        layout.addStretch(1)
        front, remove = IconButton("up", "front", role="muted"), IconButton("close", "remove", role="muted")
        front.clicked.connect(partial(self._context.to_front, entry))
        remove.clicked.connect(partial(self._context.remove, entry))
        for button in (front, remove):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return holder

    def _update_buttons(self, first: int, last: int) -> None:
        for at in range(first, min(last + 1, self._queue.rowCount())):
            holder = self.indexWidget(self._queue.index(at, 0))
            entry: QueueEntry = self._queue.item(at)
            name = words.type_name(entry.type)
            for button in holder.findChildren(QToolButton) if holder is not None else ():
                if isinstance(button, IconButton):
                    if button.objectName() == "front":
                        button.setEnabled(at > 0)
                        say = tr("Move {type} to the front", type=name)
                        button.say(say, say if at else tr("{type} is the next already", type=name))
                    else:
                        button.say(tr("Take {type} out of the queue", type=name))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid():
            entry = self._queue.item(index.row())
            if event.key() == Qt.Key.Key_Delete:
                self._context.remove(entry)
                return
            if event.key() == Qt.Key.Key_Home:
                self._context.to_front(entry)
                return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        height = sum(self.sizeHintForRow(at) for at in range(self._queue.rowCount()))
        return QSize(240, max(height, 40))
