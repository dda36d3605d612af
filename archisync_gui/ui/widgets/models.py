"""Models of queue, activity and sessions, filled from status snapshots and events; views are notified of changes only.

Their rows are tuples of :class:`Cell` with texts from ``ui.text``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QModelIndex, QObject

from archisync_gui.model import (
    QueueEntry,
    SessionView,
    Status,
)
from archisync_gui.ui.text import words
from archisync_gui.ui.text.activity import ActivityLine, event_line
from archisync_gui.ui.text.i18n import absolute, ago, clock, span, tr
from archisync_gui.ui.text.words import Chip
from archisync_gui.ui.widgets.snapshot_model import Cell, SnapshotModel

# ------------------------------------------------------------------------------------------------------ queue


class QueueModel(SnapshotModel):
    """The waiting requests, in order."""

    SHOWN = 50
    """Most rows: each has buttons, and the order forms of an office can cause a thousand waiting requests."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(1, parent)
        self._entries: tuple[QueueEntry, ...] = ()

    def show_status(self, status: Status, now: datetime) -> None:
        """Show the queue of this snapshot as of ``now``."""
        self._entries = status.queue
        many = len(status.accounts) > 1
        rows: list[tuple[object, object, tuple[Cell, ...]]] = []
        for at, entry in enumerate(status.queue[: self.SHOWN]):
            waiting = span((now - entry.requested_at).total_seconds())
            name = words.type_name(entry.type) + (f" · {entry.account}" if many else "")
            tip, chip = partial(_queue_tip, entry), Chip(f"{at + 1}", "muted", waiting)
            cell = Cell(name, words.queue_detail(entry), tooltip=tip, chip=chip)
            rows.append((entry.id, entry, (cell,)))
        self.replace(rows)


def _queue_tip(entry: QueueEntry) -> str:
    why = words.reason_word(entry.reason, entry.params)
    return "\n".join((tr("Waits because: {why}", why=why), tr("Asked at {time}", time=absolute(entry.requested_at))))


# ------------------------------------------------------------------------------------------------------ activity


SAME_TROUBLE = timedelta(minutes=5)
"""Failures of a list within this time are one line in the activity."""


class ActivityModel(SnapshotModel):
    """The last events as sentences, newest first."""

    KEPT = 200

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(1, parent)

    def prepend(self, lines: Sequence[ActivityLine]) -> None:
        """Add newer lines; ``lines``: oldest first."""
        lines = lines[-self.KEPT :]
        if not lines:
            return
        newest = {line.subject: line for line in lines if line.subject}
        lines = [line for line in lines if not line.subject or newest[line.subject] is line]
        for at in range(min(len(self._items), 60) - 1, -1, -1):
            old = self._items[at]
            if (
                isinstance(old, ActivityLine)
                and old.subject in newest
                and newest[old.subject].at - old.at < SAME_TROUBLE
            ):
                self._remove(at, at)
        self.beginInsertRows(QModelIndex(), 0, len(lines) - 1)
        for line in lines:
            self._keys.insert(0, object())
            self._items.insert(0, line)
            self._rows.insert(0, (_activity_cell(line),))
        self.endInsertRows()
        extra = len(self._rows) - self.KEPT
        if extra > 0:
            self.beginRemoveRows(QModelIndex(), self.KEPT, len(self._rows) - 1)
            del self._keys[self.KEPT :], self._items[self.KEPT :], self._rows[self.KEPT :]
            self.endRemoveRows()

    def retranslate(self) -> None:
        """Make the texts of all lines in the present language."""
        for at, old in enumerate(self._items):
            event = old.event if isinstance(old, ActivityLine) else None
            line = event_line(event) if event is not None else None
            if line is not None:
                self._items[at], self._rows[at] = line, (_activity_cell(line),)
        if self._items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._items) - 1, self._columns - 1))

    def put_before(self, older: Sequence[ActivityLine]) -> None:
        """Add lines that are older than the shown ones; ``older``: oldest first."""
        shown = [line for line in reversed(self._items) if isinstance(line, ActivityLine)]
        if self._items:
            self.beginRemoveRows(QModelIndex(), 0, len(self._items) - 1)
            self._keys.clear()
            self._items.clear()
            self._rows.clear()
            self.endRemoveRows()
        for line in [*older, *shown]:
            # One by one: of lines about the same subject `prepend` keeps only the newest of one call, whatever its age.
            self.prepend([line])


def _activity_cell(line: ActivityLine) -> Cell:
    return Cell(line.text, line.aside, chip=Chip(clock(line.at), line.tone, ""), tooltip=partial(absolute, line.at))


# ------------------------------------------------------------------------------------------------------ sessions


class SessionsModel(SnapshotModel):
    """The open order form tabs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(4, parent)

    def headers(self) -> Sequence[str]:
        return (tr("Tab"), tr("Open since"), tr("Last sign of life"), tr("Ends by itself at"))

    def show_status(self, status: Status, now: datetime) -> None:
        """Show this snapshot as of ``now``."""
        self.replace([(s.handle, s, _session_cells(s, now)) for s in status.sessions])


def _session_cells(session: SessionView, now: datetime) -> tuple[Cell, ...]:
    label = session.label or (tr("program without a name") if session.anonymous else tr("order form"))
    connected = tr("connected") if session.connected else tr("not connected")
    place = tr("on {computer}", computer=session.computer) if session.computer else ""
    return (
        Cell(label, " · ".join(p for p in (place, session.account or "", connected) if p), bold=True),
        Cell(clock(session.since), tooltip=partial(absolute, session.since)),
        Cell(ago((now - session.last_sign).total_seconds()), tooltip=partial(absolute, session.last_sign)),
        Cell(clock(session.deadline), tooltip=partial(absolute, session.deadline)),
    )
