"""The log: events as sentences and, on request, the program's technical log lines.

With filters by level and text, and buttons for the folder and the diagnostics bundle.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QLineEdit,
    QListView,
    QPushButton,
    QWidget,
)

from archisync_gui.model import Event
from archisync_gui.plaintext import OneLineFormatter
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import kept_events
from archisync_gui.ui.look.theme import color
from archisync_gui.ui.text.activity import KINDS, ActivityLine, event_line
from archisync_gui.ui.text.i18n import absolute, plain, tr
from archisync_gui.ui.widgets.basic import Flow, breakable, card, column, label
from archisync_gui.ui.widgets.files import open_path
from archisync_gui.ui.widgets.snapshot_model import Index

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

KEPT = 5000
"""Most lines in memory; the files have all."""

BACK = timedelta(days=8)
"""How old the oldest sentences are; the history page shows older runs."""

LEVELS = {"bad": logging.ERROR, "warn": logging.WARNING}
"""The level of a sentence, by its tone; others have ``INFO``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log."""

    at: float
    """Seconds since the epoch."""
    level: int
    text: str
    technical: bool = True
    """A technical line of the program; False: a sentence about an event."""


def sentence(activity: ActivityLine) -> Line:
    """An event as a line: time, sentence, duration."""
    aside = f" · {activity.aside}" if activity.aside else ""
    text = f"{absolute(activity.at)}  {activity.text}{aside}"
    return Line(activity.at.timestamp(), LEVELS.get(activity.tone, logging.INFO), text, technical=False)


class LogFeed(logging.Handler):
    """Keeps the program's last log lines in memory. Any thread may write; there is no notification."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[tuple[int, Line]] = deque(maxlen=KEPT)
        """Lines with their numbers."""
        self._number = 0
        self.setFormatter(OneLineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line."""
        try:
            text = self.format(record)
        except Exception:  # a bad format string must not stop the program
            text = str(record.msg)
        self._number += 1
        self.lines.append((self._number, Line(record.created, record.levelno, text)))


class LogModel(QAbstractListModel):
    """The lines that match the filter, oldest first."""

    def __init__(self, feed: LogFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._sentences: deque[Line] = deque(maxlen=KEPT)
        self._lines: list[Line] = []
        self._seen = 0
        self._level = logging.INFO
        self._text = ""
        self._technical = True

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.text.replace("\n", " ⏎ ")
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(line.text) if "\n" in line.text else None
        if role == Qt.ItemDataRole.ForegroundRole:
            level = line.level
            quiet = "muted" if line.technical else "text"
            return color("bad" if level >= logging.ERROR else "warn" if level >= logging.WARNING else quiet)
        return None

    def filter(self, level: int, text: str, technical: bool = True) -> None:
        """Show only lines of this level or above that contain this text; ``technical``: also technical lines."""
        self.beginResetModel()
        self._level, self._text, self._technical = level, text.casefold(), technical
        every = [*self._sentences, *(line for _, line in self._feed.lines)]
        self._lines = sorted(filter(self._matches, every), key=lambda line: line.at)
        self._seen = self._feed.lines[-1][0] if self._feed.lines else 0
        self.endResetModel()

    def add_sentences(self, lines: Iterable[Line], anew: bool = False) -> bool:
        """Add sentences; ``anew``: replace all earlier ones. True if any of them is shown."""
        if anew:
            self._sentences.clear()
        fresh = list(lines)
        self._sentences.extend(fresh)
        if anew:
            self.filter(self._level, self._text, self._technical)
            return True
        return self._append([line for line in fresh if self._matches(line)])

    def catch_up(self) -> bool:
        """Add the technical lines written since the last call; True if any of them is shown."""
        if not self._feed.lines or self._feed.lines[-1][0] == self._seen:
            return False
        fresh = [line for number, line in self._feed.lines if number > self._seen and self._matches(line)]
        self._seen = self._feed.lines[-1][0]
        return self._append(fresh)

    def _append(self, fresh: list[Line]) -> bool:
        if fresh:
            first = len(self._lines)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            self._lines += fresh
            self.endInsertRows()
        extra = len(self._lines) - KEPT
        if extra > 0:
            self.beginRemoveRows(QModelIndex(), 0, extra - 1)
            del self._lines[:extra]
            self.endRemoveRows()
        return bool(fresh)

    def _matches(self, line: Line) -> bool:
        wanted = self._technical or not line.technical
        return wanted and line.level >= self._level and (not self._text or self._text in line.text.casefold())


class _Lines(QListView):
    """The list of lines; copying takes the selected ones."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted(self.selectedIndexes(), key=lambda i: i.row())
            QGuiApplication.clipboard().setText("\n".join(str(i.data()) for i in rows))
            return
        super().keyPressEvent(event)


class LogView(QWidget):
    """The log with its filters and buttons; new lines appear while it is visible."""

    def __init__(self, context: Context, feed: LogFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.model = LogModel(feed, self)
        self.level, self.search, self.follow = QComboBox(), QLineEdit(), QCheckBox()
        self.technical = QCheckBox()
        self.folder, self.bundle = QPushButton(), QPushButton()
        self.list = _Lines()
        self._reading = 0
        self._meanwhile: list[Event] = []
        """Events since the reading of the stored events began."""
        self._build()
        self.retranslate()
        kept = context.recall("log/level")
        self.level.setCurrentIndex(max(0, self.level.findData(int(kept) if kept.isdigit() else logging.INFO)))
        self.technical.setChecked(context.recall("log/technical") == "yes")
        self.level.currentIndexChanged.connect(self._filter)
        self.technical.toggled.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.follow.toggled.connect(self._scroll_to_end)
        self.folder.clicked.connect(self._open_folder)
        self.bundle.clicked.connect(lambda: context.open("diagnostics"))
        self._catch_up_timer = QTimer(self, singleShot=True, interval=0)
        self._catch_up_timer.timeout.connect(self._catch_up)
        context.bridge.tick.connect(self._catch_up)
        context.bridge.happened.connect(self._happened)
        context.services_changed.connect(self.retranslate)

    def _build(self) -> None:
        holder = QWidget()
        top = Flow(holder, gap=8)
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(self.fontMetrics().averageCharWidth() * 24)
        for part in (self.level, self.search, self.follow, self.technical):
            top.addWidget(part)
        top.push_right()
        for button in (self.folder, self.bundle):
            top.addWidget(button)
        self.follow.setChecked(True)
        for box in (self.follow, self.technical):
            box.setMinimumHeight(self.level.sizeHint().height())
        self.list.setModel(self.model)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setTabKeyNavigation(False)
        frame = card()
        column(frame, (8, 6, 4, 6)).addWidget(self.list)
        self._where = label(name="muted", wrap=True)
        outer = column(self, gap=12)
        outer.addWidget(holder)
        outer.addWidget(frame, 1)
        outer.addWidget(self._where)

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        at = max(0, self.level.currentIndex())
        self.level.blockSignals(True)
        self.level.clear()
        for text, level in (
            (tr("Everything"), logging.INFO),
            (tr("Warnings and errors"), logging.WARNING),
            (tr("Errors only"), logging.ERROR),
        ):
            self.level.addItem(text, level)
        self.level.setCurrentIndex(at)
        self.level.blockSignals(False)
        self.level.setAccessibleName(tr("Level"))
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search in the log"))
        self.follow.setText(tr("Fo&llow"))
        self.technical.setText(tr("&Technical"))
        self.technical.setToolTip(tr("Show the program's own lines, too"))
        self.folder.setText(tr("Op&en folder"))
        self.bundle.setText(tr("Dia&gnostics…"))
        self.list.setAccessibleName(tr("Log lines"))
        path = self._path()
        self._where.setText(tr("All of it is in {path}", path=breakable(str(path))) if path is not None else "")
        self.folder.setEnabled(path is not None)
        self.folder.setToolTip(plain(str(path.parent)) if path is not None else tr("There is no log file"))
        self.bundle.setToolTip(tr("Make a file to send to whoever helps you; what is in it is shown first"))
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        """Add what happened while the log was not visible."""
        super().showEvent(event)
        self._filter()
        self._read()

    def _path(self) -> Path | None:
        services = self._context.services
        return services.log_file if services is not None else None

    def _read(self) -> None:
        """Read the stored events again: those before this start, and those while the log was not visible."""
        services = self._context.services
        if services is not None and services.store is not None:
            self._reading += 1
            self._context.background.run(self._read_events(services.store, self._reading), "log")

    async def _read_events(self, store: Store, number: int) -> None:
        self._meanwhile = []
        now = self._context.now()
        found = await kept_events(store, now - BACK, now, KINDS)
        if number == self._reading:
            known = {event.mark for event in found}
            later = [event for event in self._meanwhile if event.mark not in known]
            self.model.add_sentences(_sentences([*found, *later]), anew=True)
            self._scroll_to_end()

    def _happened(self, events: Sequence[Event]) -> None:
        if self.isVisible():
            self._meanwhile += events
            if self.model.add_sentences(_sentences(events)):
                self._scroll_to_end()
            self._catch_up_timer.start()

    def _filter(self, *_: object) -> None:
        level = self.level.currentData() or logging.INFO
        self._context.remember("log/level", str(level))
        self._context.remember("log/technical", "yes" if self.technical.isChecked() else "")
        self.model.filter(level, self.search.text(), self.technical.isChecked())
        self._scroll_to_end()

    def _catch_up(self) -> None:
        if self.isVisible() and self.model.catch_up():
            self._scroll_to_end()

    def _scroll_to_end(self, *_: object) -> None:
        if self.follow.isChecked():
            self.list.scrollToBottom()

    def _open_folder(self) -> None:
        path = self._path()
        if path is not None and not open_path(path.parent):
            self._context.say(tr("The folder could not be opened: {path}", path=path.parent), "bad")


def _sentences(events: Iterable[Event]) -> list[Line]:
    return [sentence(line) for line in map(event_line, events) if line is not None]
