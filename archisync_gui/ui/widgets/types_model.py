"""The model of the overview's table of lists: a row for each list, and on demand one for each of its accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject

from archisync_gui.conditions import Condition, conditions
from archisync_gui.model import (
    STORED,
    AccountTypeStatus,
    Freshness,
    Outcome,
    RunRecord,
    Scope,
    Status,
)
from archisync_gui.ui.text import list_words, status_words, words
from archisync_gui.ui.text.i18n import absolute, ago, lasting, took, tr
from archisync_gui.ui.widgets.snapshot_model import Cell, SnapshotModel


@dataclass(frozen=True, slots=True)
class TypeRow:
    """The object that a row of the table shows: a list, or one account of it."""

    type: str
    account: str | None
    """``None``: the list over all accounts."""
    status: AccountTypeStatus | None
    accounts: int = 1
    unfolded: bool = False
    condition: Condition | None = None
    """Why it is not up to date; ``None``: it is."""


Today = Callable[[datetime], Mapping[tuple[str, str], list_words.News]]
"""Returns what the runs of the day of that time changed, by list and account."""


class TypesModel(SnapshotModel):
    """The table of lists: a row for each, with rows of its accounts below it when it is unfolded."""

    TYPE, FRESH, TODAY, EXPECTED, ACTION = range(5)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(5, parent)
        self._unfolded: set[str] = set()
        self._last: tuple[Status, datetime] | None = None
        self._lengths: dict[tuple[str, str], tuple[tuple[float, bool], ...]] = {}
        """Durations of the last 20 runs in seconds, oldest first, and whether each failed."""
        self._good: dict[tuple[str, str], RunRecord] = {}
        self._today: Today = lambda _now: {}

    def headers(self) -> Sequence[str]:
        return (tr("List"), tr("Updated", "column"), tr("Today", "column"), tr("Next update"), "")

    def set_runs(self, runs: Sequence[RunRecord], today: Today) -> None:
        """Set the latest runs (in any order), and the function for today's changes. That is called whenever cells are
        made, so that after midnight none shows yesterday's changes."""
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
        """Show or hide the rows of a list's accounts."""
        self._unfolded ^= {sync_type}
        self.refresh()

    def show_status(self, status: Status, now: datetime) -> None:
        """Show this snapshot as of ``now``."""
        self._last = (status, now)
        self.refresh()

    def refresh(self, now: datetime | None = None) -> None:
        """Make the cells again, because time has passed or the language changed."""
        if self._last is None:
            return
        status, before = self._last
        moment = now or before
        self._last = (status, moment)
        present = conditions(status)
        needs_action = any(not condition.warning for condition in present)
        rows: list[tuple[object, object, tuple[Cell, ...]]] = []
        for type_status in status.statuses.values():
            speaker = list_words.worst(type_status)
            many = len(type_status.accounts)
            unfolded = many > 1 and type_status.type in self._unfolded
            found = status_words.condition_of(present, type_status.type, None)
            row = TypeRow(type_status.type, None, speaker, many, unfolded, found)
            faded = needs_action and found is None
            oldest = list_words.stalest(type_status.accounts)
            cells = self._cells(row, status, moment, type_status.interval, faded, oldest)
            rows.append(((type_status.type, None), row, cells))
            if unfolded:
                for item in type_status.accounts:
                    own = status_words.condition_of(present, type_status.type, item.account)
                    child = TypeRow(type_status.type, item.account, item, condition=own)
                    faded = needs_action and own is None
                    cells = self._cells(child, status, moment, type_status.interval, faded)
                    rows.append(((type_status.type, item.account), child, cells))
        self.replace(rows)

    def _news(self, row: TypeRow, now: datetime) -> list_words.News:
        """What today's runs changed, for the row's account or for all."""
        found = [n for (t, account), n in self._today(now).items() if t == row.type and row.account in (None, account)]
        return list_words.News(
            sum(n.added for n in found),
            sum(n.changed for n in found),
            sum(n.gone for n in found),
            any(n.first for n in found),
            sum(n.runs for n in found),
        )

    def _cells(
        self,
        row: TypeRow,
        status: Status,
        now: datetime,
        interval: int | None,
        faded: bool,
        oldest: AccountTypeStatus | None = None,
    ) -> tuple[Cell, ...]:
        """``oldest``: the account whose age the row shows, where that is not the one whose state it shows."""
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
        lengths = self._lengths.get((row.type, item.account), ())
        state = list_words.list_line(item, row.condition, self._news(row, now), now)
        return (
            title,
            self._age_cell(oldest or item, now, faded),
            Cell(
                state.chip.text,
                state.detail,
                chip=state.chip,
                tooltip=partial(_state_tip, item, state),
                faded=faded,
                elided=True,
            ),
            Cell(
                list_words.expected_line(item, status, now, interval),
                tooltip=partial(_expected_tip, item, lengths),
                faded=faded,
            ),
            Cell(),
        )

    def _age_cell(self, item: AccountTypeStatus, now: datetime, faded: bool) -> Cell:
        """The cell that shows how fresh the stored copy is, and since when."""
        fresh = list_words.freshness_chip(item.freshness, item.last_run_time, now)
        newest = item.new_as_of
        newer = newest is not None and (item.last_run_time is None or newest > item.last_run_time)
        since = ago((now - newest).total_seconds()) if newest is not None and newer else ""
        read = item.last_run_time if item.freshness is Freshness.FRESH else None
        return Cell(
            ago((now - read).total_seconds()) if read is not None else fresh.text,
            tr("new ones: {since}", since=since) if since else "",
            chip=fresh,
            tooltip=partial(_fresh_tip, item, self._good.get((item.type, item.account))),
            faded=faded,
        )


def _seconds(run: RunRecord) -> float:
    if run.ended is None:
        return 0.0
    paused = sum((end - start).total_seconds() for start, end in run.suspensions if end is not None)
    return max(0.0, (run.ended - run.started).total_seconds() - paused)


def _state_tip(item: AccountTypeStatus, line: list_words.ListLine) -> str:
    lines = [line.chip.text, *([line.detail] if line.detail else []), *([line.more] if line.more else [])]
    if item.last_error is not None and item.last_outcome in (Outcome.FAILED, Outcome.REFUSED):
        found = words.code_text(item.last_error.code, item.last_error.params)
        lines.append(str(found) if found is not None else item.last_error.message)
    if item.failures_in_a_row:
        lines.append(tr("%n failure(s) in a row", "", item.failures_in_a_row))
    return "\n".join(lines)


def _fresh_tip(item: AccountTypeStatus, good: RunRecord | None) -> str:
    counts = list_words.counts_line(item, good)
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
    """The last and the median duration, and the number of failures."""
    good = sorted(seconds for seconds, failed in lengths if not failed)
    lines = [tr("Last: {length}", length=took(lengths[-1][0]))]
    if good:
        lines.append(tr("Usually: {length}", length=took(good[len(good) // 2])))
    failed = sum(1 for _, bad in lengths if bad)
    if failed:
        lines.append(tr("%n failed", "", failed))
    return "\n".join(lines)
