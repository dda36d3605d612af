"""Table models of the overview, filled from snapshots: only what changed is told to the views.

Rows are plain tuples of text and chips computed by :mod:`archisync_gui.ui.text.words`; the models
ask nobody for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from archisync_gui.conditions import Condition, conditions
from archisync_gui.model import (
    STORED,
    AccountTypeStatus,
    Freshness,
    Outcome,
    QueueEntry,
    RunRecord,
    Scope,
    SessionView,
    Status,
)
from archisync_gui.ui.text import words
from archisync_gui.ui.text.activity import ActivityLine, event_line
from archisync_gui.ui.text.i18n import absolute, ago, clock, lasting, plain, span, took, tr
from archisync_gui.ui.text.words import Chip

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole

VALUE = int(Qt.ItemDataRole.UserRole)
"""The cell's :class:`Cell`, for delegates."""
ROW = VALUE + 1
"""What the row stands for (a type and account, a queue entry, an activity line)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a delegate paints in one cell."""

    text: str = ""
    detail: str = ""
    """A second, smaller line."""
    chip: Chip | None = None
    tooltip: str = ""
    bold: bool = False
    indent: int = 0
    right: bool = False
    """Figures that stand below each other."""
    fold: str = ""
    """``open`` or ``shut``: rows below it can be folded in or out."""
    faded: bool = False
    """It steps back, because something else needs attention."""
    elided: bool = False
    """The second line may end in …; the tooltip has all of it."""

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        chip = self.chip.text if self.chip is not None and self.chip.text != self.text else ""
        parts = [chip, self.text if self.text not in chip else "", self.detail]
        return ", ".join(p for p in parts if p)


class SnapshotModel(QAbstractTableModel):
    """Rows of cells with keys; :meth:`replace` tells the smallest change (ranges, insertions, removals)."""

    def __init__(self, columns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._keys: list[object] = []
        self._rows: list[tuple[Cell, ...]] = []
        self._items: list[object] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._columns

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        if role == ROW:
            return self._items[index.row()]
        cell = self._rows[index.row()][index.column()]
        if role == VALUE:
            return cell
        if role == ItemRole.DisplayRole:
            return cell.chip.text if cell.chip and not cell.text else cell.text
        if role == ItemRole.ToolTipRole:
            return plain(cell.tooltip) if cell.tooltip else None
        if role == ItemRole.AccessibleTextRole:
            return cell.spoken
        return None

    def headers(self) -> Sequence[str]:
        """Column titles in the language of the panel."""
        return ()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ItemRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == ItemRole.DisplayRole:
                titles = self.headers()
                return titles[section] if section < len(titles) else None
            if role == ItemRole.TextAlignmentRole:
                right = bool(self._rows) and section < self._columns and self._rows[0][section].right
                side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def item(self, row: int) -> Any:
        """What a row stands for."""
        return self._items[row]

    def replace(self, rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        """Show these rows, each ``(key, item, cells)``."""
        keys = [key for key, _, _ in rows]
        if keys != self._keys:
            self._align(keys, rows)
        together: list[tuple[int, list[int]]] = []
        """Rows below each other that changed, each with its changed columns."""
        for at, (_, item, cells) in enumerate(rows):
            self._items[at] = item
            before = self._rows[at]
            if before != cells:
                self._rows[at] = cells
                together.append((at, [column for column in range(self._columns) if before[column] != cells[column]]))
            elif together:
                self._tell(together)
                together = []
        if together:
            self._tell(together)

    def _tell(self, changed: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Tell the smallest range: painting what did not change is most of what an update of progress costs."""
        left, right = min(columns[0] for _, columns in changed), max(columns[-1] for _, columns in changed)
        self.dataChanged.emit(self.index(changed[0][0], left), self.index(changed[-1][0], right))

    def _align(self, keys: list[object], rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        """Remove and insert rows until the keys are the wanted ones; neighbours together, each told once."""
        wanted, end = set(keys), len(self._keys)
        while end:
            first = end
            while first and self._keys[first - 1] not in wanted:
                first -= 1
            if first < end:
                self._remove(first, end - 1)
            end = max(first - 1, 0)
        at = 0
        known = set(self._keys)
        while at < len(keys):
            if at < len(self._keys) and self._keys[at] == keys[at]:
                at += 1
                continue
            last = at
            if keys[at] in known:
                moved = self._keys.index(keys[at], at)
                self._remove(moved, moved)
            else:
                while last + 1 < len(keys) and keys[last + 1] not in known:
                    last += 1
            self._insert(at, rows[at : last + 1])
            at = last + 1

    def _insert(self, at: int, rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(rows) - 1)
        self._keys[at:at] = [key for key, _, _ in rows]
        self._items[at:at] = [item for _, item, _ in rows]
        self._rows[at:at] = [cells for _, _, cells in rows]
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._keys[first : last + 1], self._items[first : last + 1], self._rows[first : last + 1]
        self.endRemoveRows()


# ------------------------------------------------------------------------------------------------------ types


@dataclass(frozen=True, slots=True)
class TypeRow:
    """What a row of the table of types stands for."""

    type: str
    account: str | None
    """``None``: the type over all accounts."""
    status: AccountTypeStatus | None
    accounts: int = 1
    unfolded: bool = False
    condition: Condition | None = None
    """Why it is not fresh, if it is not."""


class TypesModel(SnapshotModel):
    """The table of lists: one row each, its accounts below it when unfolded."""

    TYPE, FRESH, STATE, EXPECTED, ACTION = range(5)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(5, parent)
        self._unfolded: set[str] = set()
        self._last: tuple[Status, datetime] | None = None
        self._lengths: dict[tuple[str, str], tuple[tuple[float, bool], ...]] = {}
        """Durations of the last 20 runs in seconds, oldest first, and which of them failed."""
        self._good: dict[tuple[str, str], RunRecord] = {}
        self._today: Mapping[tuple[str, str], words.News] = {}

    def headers(self) -> Sequence[str]:
        return (tr("List"), tr("Updated", "column"), tr("Today", "column"), tr("Next update"), "")

    def set_runs(self, runs: Sequence[RunRecord], today: Mapping[tuple[str, str], words.News]) -> None:
        """Take the latest runs (any order), and what the runs of today brought for each list and account."""
        grouped: dict[tuple[str, str], list[RunRecord]] = {}
        for run in runs:
            if run.ended is not None and run.outcome not in (None, Outcome.CANCELLED, Outcome.SKIPPED):
                grouped.setdefault((run.type, run.account), []).append(run)
        self._today = today
        self._good = {
            key: max(good, key=lambda r: r.started)
            for key, group in grouped.items()
            if (good := [r for r in group if r.outcome in STORED and r.scope is Scope.ALL])
        }
        self._lengths = {
            key: tuple(
                (_seconds(r), r.outcome in (Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED))
                for r in sorted(group, key=lambda r: r.started)[-20:]
            )
            for key, group in grouped.items()
        }
        self.refresh()

    def toggle(self, sync_type: str) -> None:
        """Fold a type's accounts in or out."""
        self._unfolded ^= {sync_type}
        self.refresh()

    def show_status(self, status: Status, now: datetime) -> None:
        """Show this snapshot as of ``now``."""
        self._last = (status, now)
        self.refresh()

    def refresh(self, now: datetime | None = None) -> None:
        """Compute the cells again: a clock moved on, or the language changed."""
        if self._last is None:
            return
        status, before = self._last
        moment = now or before
        present = conditions(status)
        needs_action = any(not condition.warning for condition in present)
        rows: list[tuple[object, object, tuple[Cell, ...]]] = []
        for type_status in status.statuses.values():
            speaker = words.worst(type_status)
            many = len(type_status.accounts)
            unfolded = many > 1 and type_status.type in self._unfolded
            found = words.condition_of(present, type_status.type, None)
            row = TypeRow(type_status.type, None, speaker, many, unfolded, found)
            faded = needs_action and found is None
            cells = self._cells(row, status, moment, type_status.interval, faded)
            rows.append(((type_status.type, None), row, cells))
            if unfolded:
                for item in type_status.accounts:
                    own = words.condition_of(present, type_status.type, item.account)
                    child = TypeRow(type_status.type, item.account, item, condition=own)
                    faded = needs_action and own is None
                    cells = self._cells(child, status, moment, type_status.interval, faded)
                    rows.append(((type_status.type, item.account), child, cells))
        self.replace(rows)

    def _news(self, row: TypeRow) -> words.News:
        """What today's runs brought: of the row's account, or of all accounts."""
        found = [n for (t, account), n in self._today.items() if t == row.type and row.account in (None, account)]
        return words.News(
            sum(n.added for n in found),
            sum(n.changed for n in found),
            sum(n.gone for n in found),
            any(n.first for n in found),
            sum(n.runs for n in found),
        )

    def _cells(
        self, row: TypeRow, status: Status, now: datetime, interval: int | None, faded: bool
    ) -> tuple[Cell, ...]:
        item = row.status
        name = words.type_name(row.type) if row.account is None else row.account
        fold = ""
        if row.account is None and row.accounts > 1:
            fold = tr("%n account(s)", "", row.accounts)
        sign = "" if not fold else "open" if row.unfolded else "shut"
        indent = 0 if row.account is None else 1
        title = Cell(name, fold, bold=row.account is None, indent=indent, fold=sign, faded=faded)
        if item is None:
            none = Cell("–", tooltip=tr("No account reads this list"))
            return (title, none, none, none, Cell())
        fresh = words.freshness_chip(item.freshness, item.last_run_time, now)
        counts = words.counts_line(item, self._good.get((row.type, item.account)))
        lengths = self._lengths.get((row.type, item.account), ())
        state = words.list_line(item, row.condition, self._news(row), now)
        newest = item.new_as_of
        newer = newest is not None and (item.last_run_time is None or newest > item.last_run_time)
        since = ago((now - newest).total_seconds()) if newest is not None and newer else ""
        return (
            title,
            Cell(
                ago((now - item.last_run_time).total_seconds())
                if item.freshness is Freshness.FRESH and item.last_run_time is not None
                else fresh.text,
                tr("new ones: {since}", since=since) if since else "",
                chip=fresh,
                tooltip=_fresh_tip(item, counts),
                faded=faded,
            ),
            Cell(
                state.chip.text, state.detail, chip=state.chip, tooltip=_state_tip(item, state), faded=faded,
                elided=True,
            ),
            Cell(
                words.expected_line(item, status, now, interval), tooltip=_expected_tip(item, lengths), faded=faded
            ),
            Cell(),
        )  # fmt: skip


def _seconds(run: RunRecord) -> float:
    if run.ended is None:
        return 0.0
    paused = sum((end - start).total_seconds() for start, end in run.suspensions if end is not None)
    return max(0.0, (run.ended - run.started).total_seconds() - paused)


def _state_tip(item: AccountTypeStatus, said: words.ListLine) -> str:
    lines = [said.chip.text, *([said.detail] if said.detail else []), *([said.more] if said.more else [])]
    if item.last_error is not None and item.last_outcome in (Outcome.FAILED, Outcome.REFUSED):
        found = words.told(item.last_error.code, item.last_error.params)
        lines.append(str(found) if found is not None else item.last_error.message)
    if item.failures_in_a_row:
        lines.append(tr("%n failure(s) in a row", "", item.failures_in_a_row))
    return "\n".join(lines)


def _fresh_tip(item: AccountTypeStatus, counts: str) -> str:
    lines = [counts] if counts else []
    if item.last_run_time is not None:
        lines.append(tr("Read on {time}", time=absolute(item.last_run_time)))
    if item.new_as_of is not None:
        lines.append(tr("New ones as of {time}", time=absolute(item.new_as_of)))
    if item.all_as_of is not None and item.all_as_of != item.last_run_time:
        lines.append(tr("Clean whole read as of {time}", time=absolute(item.all_as_of)))
    if item.last_attempt is not None:
        chip = words.outcome_word(item.last_outcome)
        lines.append(tr("Last attempt {time}: {outcome}", time=absolute(item.last_attempt), outcome=chip.text.lower()))
    return "\n".join(lines) or tr("Never read")


def _expected_tip(item: AccountTypeStatus, lengths: tuple[tuple[float, bool], ...]) -> str:
    lines = []
    if item.due is not None:
        lines.append(tr("Due at {time}", time=absolute(item.due)))
    if item.expected is not None:
        starts = absolute(item.expected.starts)
        lines.append(tr("Starts {time}, takes about {length}", time=starts, length=lasting(item.expected.seconds)))
    if lengths:
        lines.append(_lengths_tip(lengths))
    return "\n".join(lines)


def _lengths_tip(lengths: tuple[tuple[float, bool], ...]) -> str:
    """How long the last runs took, and how many failed."""
    good = sorted(seconds for seconds, failed in lengths if not failed)
    lines = [tr("Last: {length}", length=took(lengths[-1][0]))]
    if good:
        lines.append(tr("Usually: {length}", length=took(good[len(good) // 2])))
    failed = sum(1 for _, bad in lengths if bad)
    if failed:
        lines.append(tr("%n failed", "", failed))
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------ queue


class QueueModel(SnapshotModel):
    """What waits, in order."""

    SHOWN = 50
    """Rows at most: each has buttons, and the order forms of an office can have a thousand requests wait."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(1, parent)
        self._entries: tuple[QueueEntry, ...] = ()

    def show_status(self, status: Status, now: datetime) -> None:
        """Show this snapshot as of ``now``."""
        self._entries = status.queue
        many = len(status.accounts) > 1
        rows: list[tuple[object, object, tuple[Cell, ...]]] = []
        for at, entry in enumerate(status.queue[: self.SHOWN]):
            waiting = span((now - entry.requested_at).total_seconds())
            name = words.type_name(entry.type) + (f" · {entry.account}" if many else "")
            why = words.reason_word(entry.reason, entry.params)
            tip = "\n".join(
                (
                    tr("Waits because: {why}", why=why),
                    tr("Asked at {time}", time=absolute(entry.requested_at)),
                )
            )
            cell = Cell(name, words.queue_detail(entry), tooltip=tip, chip=Chip(f"{at + 1}", "muted", waiting))
            rows.append((entry.id, entry, (cell,)))
        self.replace(rows)


# ------------------------------------------------------------------------------------------------------ activity


SAME_TROUBLE = timedelta(minutes=5)
"""Attempts this close to each other are one line in the activity."""


class ActivityModel(SnapshotModel):
    """The last events in plain words, newest first."""

    KEPT = 200

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(1, parent)

    def prepend(self, lines: Sequence[ActivityLine]) -> None:
        """Add lines, given oldest first."""
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
        """Say all lines in the language of now."""
        for at, old in enumerate(self._items):
            event = old.event if isinstance(old, ActivityLine) else None
            line = event_line(event) if event is not None else None
            if line is not None:
                self._items[at], self._rows[at] = line, (_activity_cell(line),)
        if self._items:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._items) - 1, self._columns - 1))

    def put_before(self, older: Sequence[ActivityLine]) -> None:
        """Add lines of before those that are shown, given oldest first."""
        shown = [line for line in reversed(self._items) if isinstance(line, ActivityLine)]
        if self._items:
            self.beginRemoveRows(QModelIndex(), 0, len(self._items) - 1)
            self._keys.clear()
            self._items.clear()
            self._rows.clear()
            self.endRemoveRows()
        for line in [*older, *shown]:
            # One by one: what `prepend` says once of one moment must not swallow the same trouble of hours before.
            self.prepend([line])


def _activity_cell(line: ActivityLine) -> Cell:
    return Cell(line.text, line.aside, chip=Chip(clock(line.at), line.tone, ""), tooltip=absolute(line.at))


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
        Cell(clock(session.since), tooltip=absolute(session.since)),
        Cell(ago((now - session.last_sign).total_seconds()), tooltip=absolute(session.last_sign)),
        Cell(clock(session.deadline), tooltip=absolute(session.deadline)),
    )
