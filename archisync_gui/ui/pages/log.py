"""The live log: what the program tells itself, with level, search and follow; the way to folder and diagnostics."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.plaintext import OneLineFormatter
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.look.theme import color
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.widgets.basic import Page, breakable, card, column, label, row
from archisync_gui.ui.widgets.files import open_path
from archisync_gui.ui.widgets.models import Index

KEPT = 5000
"""Lines kept for the page; the files have the rest."""


class LogFeed(logging.Handler):
    """Keeps the last lines in memory; any thread may write, nobody is called."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[tuple[int, int, str]] = deque(maxlen=KEPT)
        """Number, level, text."""
        self._number = 0
        self.setFormatter(OneLineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        try:
            text = self.format(record)
        except Exception:  # a bad format string must not stop the program
            text = str(record.msg)
        self._number += 1
        self.lines.append((self._number, record.levelno, text))


class LogModel(QAbstractListModel):
    """The lines that match, oldest first."""

    def __init__(self, feed: LogFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._lines: list[tuple[int, str]] = []
        self._seen = 0
        self._level = logging.INFO
        self._text = ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        level, text = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text.replace("\n", " ⏎ ")
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(text) if "\n" in text else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return color("bad" if level >= logging.ERROR else "warn" if level >= logging.WARNING else "text")
        return None

    def filter(self, level: int, text: str) -> None:
        """Show only lines of this level and above that hold this text."""
        self.beginResetModel()
        self._level, self._text = level, text.casefold()
        self._lines = [(at, line) for _, at, line in self._feed.lines if self._matches(at, line)]
        self._seen = self._feed.lines[-1][0] if self._feed.lines else 0
        self.endResetModel()

    def catch_up(self) -> bool:
        """Take the lines that came since; True if any of them is shown."""
        if not self._feed.lines or self._feed.lines[-1][0] == self._seen:
            return False
        fresh = [(at, line) for number, at, line in self._feed.lines if number > self._seen and self._matches(at, line)]
        self._seen = self._feed.lines[-1][0]
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

    def _matches(self, level: int, line: str) -> bool:
        return level >= self._level and (not self._text or self._text in line.casefold())


class _Lines(QListView):
    """The list; copying takes the selected lines."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted(self.selectedIndexes(), key=lambda i: i.row())
            QGuiApplication.clipboard().setText("\n".join(str(i.data()) for i in rows))
            return
        super().keyPressEvent(event)


class LogPage(Page):
    """The live log."""

    def __init__(self, context: Context, feed: LogFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.model = LogModel(feed, self)
        self.level, self.search, self.follow = QComboBox(), QLineEdit(), QCheckBox()
        self.folder, self.bundle = QPushButton(), QPushButton()
        self.list = _Lines()
        top = row(gap=8)
        top.addWidget(self.level)
        self.search.setClearButtonEnabled(True)
        top.addWidget(self.search, 1)
        top.addWidget(self.follow)
        top.addWidget(self.folder)
        top.addWidget(self.bundle)
        self.follow.setChecked(True)
        self.list.setModel(self.model)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setTabKeyNavigation(False)
        font = self.list.font()
        font.setFamilies(["DejaVu Sans Mono", "Consolas", "Menlo", "monospace"])
        self.list.setFont(font)
        frame = card()
        column(frame, (8, 6, 4, 6)).addWidget(self.list)
        self._where = label(name="muted", wrap=True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 14)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(frame, 1)
        outer.addWidget(self._where)
        self.retranslate()
        kept = context.recall("log/level")
        self.level.setCurrentIndex(max(0, self.level.findData(int(kept) if kept.isdigit() else logging.INFO)))
        self.level.currentIndexChanged.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.follow.toggled.connect(self._jump)
        self.folder.clicked.connect(self._open_folder)
        self.bundle.clicked.connect(lambda: context.open("diagnostics"))
        self._late = QTimer(self, singleShot=True, interval=0)
        self._late.timeout.connect(self._catch_up)
        context.bridge.tick.connect(self._catch_up)
        context.bridge.happened.connect(lambda _: self._late.start() if self.isVisible() else None)
        context.services_changed.connect(self.retranslate)

    def retranslate(self) -> None:
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
        self.folder.setText(tr("Open fol&der"))
        self.bundle.setText(tr("Dia&gnostics…"))
        self.list.setAccessibleName(tr("Log lines"))
        path = self._path()
        self._where.setText(tr("All of it is in {path}", path=breakable(str(path))) if path is not None else "")
        self.folder.setEnabled(path is not None)
        self.folder.setToolTip(plain(str(path.parent)) if path is not None else tr("There is no log file"))
        self.bundle.setToolTip(tr("Make a file to send to whoever helps you; what is in it is shown first"))

    def shown(self) -> None:
        self._filter()

    def _path(self) -> Path | None:
        services = self._context.services
        return services.log_file if services is not None else None

    def _filter(self, *_: object) -> None:
        self._context.remember("log/level", str(self.level.currentData() or logging.INFO))
        self.model.filter(self.level.currentData() or logging.INFO, self.search.text())
        self._jump()

    def _catch_up(self) -> None:
        if self.isVisible() and self.model.catch_up():
            self._jump()

    def _jump(self, *_: object) -> None:
        if self.follow.isChecked():
            self.list.scrollToBottom()

    def _open_folder(self) -> None:
        path = self._path()
        if path is not None and not open_path(path.parent):
            self._context.say(tr("The folder could not be opened: {path}", path=path.parent), "bad")
