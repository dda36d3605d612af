"""The history page: the timeline, and all stored runs with filters, export, and charts of duration and success."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QDate, QModelIndex, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDateEdit,
    QFrame,
    QHeaderView,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from archisync_gui import zone
from archisync_gui.export import write
from archisync_gui.model import STORED, Origin, Outcome, RunRecord
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns, all_runs, midnight
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.output.runs import run_cells, run_heads
from archisync_gui.ui.pages.timeline import TimelineBand
from archisync_gui.ui.text import list_words, words
from archisync_gui.ui.text.i18n import absolute, date_format, moment, took, tr
from archisync_gui.ui.widgets.basic import Flow, Page, card, column, empty_label, fill, label, row
from archisync_gui.ui.widgets.calendar import with_calendar
from archisync_gui.ui.widgets.delegates import CellDelegate
from archisync_gui.ui.widgets.files import ask_where, say_saved
from archisync_gui.ui.widgets.snapshot_model import Cell, SnapshotModel

STEP = 300
"""Runs that are read at once; more on request."""

TIMELINE = "timeline"
"""Argument of :meth:`History.focus_on` for the timeline."""

TALL = 34
"""Height of the page, in lines of text, from which the timeline is unfolded by default."""

WITH_CHARTS = 52
"""Height of the page, in lines of text, up to which the timeline is folded while the charts are shown."""

WRONG = (Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED)
"""The outcomes of the filter *All that went wrong*."""


class RunsModel(SnapshotModel):
    """The table of runs, newest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(7, parent)
        self._accounts = 1

    def headers(self) -> Sequence[str]:
        return tr("Started"), tr("List"), tr("Outcome"), tr("Asked by"), tr("Duration"), tr("Rows"), tr("Error")

    def show_runs(self, runs: Sequence[RunRecord], now: datetime, accounts: int) -> None:
        """Show these runs; ``accounts``: number of accounts (with several, each run shows its account)."""
        self._accounts = accounts
        self.replace([(r.id, r, _cells(r, now, accounts)) for r in runs])

    def update_durations(self, now: datetime) -> None:
        """Show the present duration of the runs that have not ended."""
        for at in range(self.rowCount()):
            run: RunRecord = self.item(at)
            if run.ended is None:
                self.replace_cells(at, _cells(run, now, self._accounts))


def _cells(run: RunRecord, now: datetime, accounts: int) -> tuple[Cell, ...]:
    end = run.ended or now
    error, warnings = "", list_words.warnings_of(run)
    if run.error is not None:
        error = words.failure_word(run.error)
    elif warnings:
        error = tr("%n warning(s)", "", len(warnings))
    scope = words.scope_word(run.scope, run.key) if run.scope.value != "all" else ""
    detail = " · ".join(p for p in (run.account if accounts > 1 else "", scope) if p)
    done = run.outcome in STORED
    return (
        Cell(moment(run.started, now), tooltip=absolute(run.started)),
        Cell(words.type_name(run.type), detail, bold=True),
        Cell(chip=words.outcome_word(run.outcome)),
        Cell(words.origin_word(run.origin)),
        Cell(took((end - run.started).total_seconds()), right=True),
        Cell(words.rows_word(run.rows), words.brought_word(run), right=True) if done else Cell("–", right=True),
        Cell(
            error,
            tooltip=run.error.message if run.error is not None else "\n".join(map(words.warning_word, warnings[:20])),
        ),
    )


class History(Page):
    """The history page."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.band = TimelineBand(context, past_runs)
        self._runs: list[RunRecord] = []
        self._reading, self._limit = 0, STEP
        self._offered: list[tuple[str | None, str]] = []
        self.model = RunsModel(self)
        self.type, self.account, self.outcome, self.origin, self.period = (QComboBox() for _ in range(5))
        self._remembered = {"type": self.type, "outcome": self.outcome, "origin": self.origin, "period": self.period}
        self.since, self.until = QDateEdit(), QDateEdit()
        self.table = QTableView()
        self.more, self.charts_button = QPushButton(), QPushButton()
        self.export = QPushButton()
        self.charts: QWidget | None = None
        self._build()
        self.retranslate()
        self._recall()
        for box in (self.type, self.account, self.outcome, self.origin, self.period):
            box.currentIndexChanged.connect(self._filtered)
        for edit in (self.since, self.until):
            edit.dateChanged.connect(self._filtered)
        self.table.activated.connect(self._open)
        self.table.doubleClicked.connect(self._open)
        self.more.clicked.connect(self._read_more)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-history"))
        self.charts_button.toggled.connect(self._toggle_charts)
        context.bridge.tick.connect(self._tick)
        past_runs.runs_changed.connect(self._read_again)
        context.services_changed.connect(self.retranslate)

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 14)
        outer.setSpacing(12)
        self.band.unfold.clicked.connect(self._fold_chosen)
        outer.addWidget(self.band)
        filters = Flow()
        for box in (self.type, self.account, self.outcome, self.origin, self.period):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            filters.addWidget(box)
        filters.push_right()
        self.charts_button.setCheckable(True)
        filters.addWidget(self.charts_button)
        filters.addWidget(self.export)
        outer.addLayout(filters)
        self._dates = QWidget()
        dates = row(self._dates, gap=8)
        now = zone.now()
        today = QDate(now.year, now.month, now.day)
        self._from, self._to = label(name="muted"), label(name="muted")
        for words_before, edit, date in ((self._from, self.since, today.addDays(-7)), (self._to, self.until, today)):
            edit.setDate(date)
            with_calendar(edit)
            dates.addWidget(words_before)
            dates.addWidget(edit)
        dates.addStretch(1)
        self._dates.hide()
        outer.addWidget(self._dates)
        self._frame = card()
        inside = column(self._frame, (1, 1, 1, 1))
        table = self.table
        table.setModel(self.model)
        table.setItemDelegate(CellDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() * 2 + 14)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        em = table.fontMetrics().horizontalAdvance("0")
        for at, width in enumerate((18, 17, 24, 24, 12, 18)):
            header.resizeSection(at, em * width)
        header.setSectionResizeMode(6, QHeaderView.ResizeMode.Stretch)
        inside.addWidget(table, 1)
        self._empty = empty_label()
        inside.addWidget(self._empty)
        outer.addWidget(self._frame, 1)
        bottom = row()
        self._count = label(name="muted")
        bottom.addWidget(self._count)
        bottom.addStretch(1)
        bottom.addWidget(self.more)
        outer.addLayout(bottom)
        self._outer = outer

    def retranslate(self) -> None:
        services = self._context.services
        types: list[tuple[object, str]] = [(None, tr("All lists"))]
        types += [(e.name, words.type_name(e.name)) for e in services.entities] if services is not None else []
        fill(self.type, types)
        self._show_accounts()
        outcomes: list[tuple[object, str]] = [(None, tr("Any outcome")), (WRONG, tr("All that went wrong"))]
        fill(self.outcome, [*outcomes, *((o, words.outcome_word(o).text) for o in Outcome)])
        fill(self.origin, [(None, tr("Asked by anyone")), *((o, words.origin_word(o)) for o in Origin)])
        fill(
            self.period,
            [
                ("any", tr("Any time")),
                ("1", tr("Today")),
                ("7", tr("Last 7 days")),
                ("30", tr("Last 30 days")),
                ("own", tr("From … to …")),
            ],
        )
        self.type.setAccessibleName(tr("List"))
        self.account.setAccessibleName(tr("Account"))
        self.outcome.setAccessibleName(tr("Outcome"))
        self.origin.setAccessibleName(tr("Asked by"))
        self.period.setAccessibleName(tr("Period"))
        self.since.setAccessibleName(tr("From"))
        self.until.setAccessibleName(tr("To"))
        self._from.setText(tr("From"))
        self._to.setText(tr("To"))
        for edit in (self.since, self.until):
            edit.setDisplayFormat(date_format())
        self.table.setAccessibleName(tr("Runs"))
        self.charts_button.setText(tr("C&harts"))
        self.export.setText(tr("E&xport…"))
        self.export.setToolTip(tr("Save these runs as CSV or Excel file"))
        self.more.setText(tr("Show &more"))
        self._empty.setText(tr("No run matches. Choose another list, outcome or period above."))
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 6)
        self.band.retranslate()
        self._fold()
        self._show()

    def _show_accounts(self) -> None:
        """Offer the accounts in use, if there are several."""
        status = self._context.status
        names = account_ids(status) if status is not None else ()
        offered = [(None, tr("All accounts")), *((name, name) for name in names if len(names) > 1)]
        if offered != self._offered:  # else a list that is unfolded would be closed
            self._offered = offered
            fill(self.account, offered)
        self.account.setVisible(len(names) > 1)

    def shown(self) -> None:
        self._show_accounts()
        self._fold()
        self.band.refresh()
        self._filtered()

    def focus_on(self, what: object) -> None:
        """Show the timeline (:data:`TIMELINE`), or the runs of ``what["type"]`` (a list) and ``what["account"]``."""
        if what == TIMELINE:
            self.charts_button.setChecked(False)
            self._fold_chosen(True)
        if isinstance(what, dict):
            for name, box in (("type", self.type), ("account", self.account)):
                box.setCurrentIndex(max(0, box.findData(what.get(name))))

    def _tick(self) -> None:
        if self.isVisible():
            self.model.update_durations(self._context.now())

    def _read_again(self) -> None:
        """Read as many runs as are wanted, so that a new run does not undo *Show more*."""
        if self.isVisible():
            self._show_accounts()
            self._context.background.run(self._read(), "history")

    def _criteria(self) -> dict[str, Any]:
        period = str(self.period.currentData())
        now = self._context.now()
        since: datetime | None = None
        before: datetime | None = None
        if period == "own":
            first, last = self.since.date().toPython(), self.until.date().toPython()
            since = zone.local(datetime.combine(first, datetime.min.time()))  # type: ignore[arg-type]
            before = zone.local(datetime.combine(last + timedelta(days=1), datetime.min.time()))  # type: ignore[arg-type, operator]
        elif period == "1":
            since = midnight(now)
        elif period.isdigit():
            since = now - timedelta(days=int(period))
        return {
            "sync_type": self.type.currentData(),
            "account": self.account.currentData(),
            "outcome": self.outcome.currentData(),
            "origin": self.origin.currentData(),
            "since": since,
            "before": before,
        }

    def _recall(self) -> None:
        """Restore the filters of the last time."""
        for name, box in self._remembered.items():
            kept = self._context.recall(f"history/{name}")
            at = next((i for i in range(box.count()) if kept and str(box.itemData(i)) == kept), -1)
            if at >= 0:
                box.setCurrentIndex(at)

    def _filtered(self, *_: object) -> None:
        for name, box in self._remembered.items():
            self._context.remember(f"history/{name}", str(box.currentData() or ""))
        self._dates.setVisible(self.period.currentData() == "own")
        self._limit = STEP
        self._context.background.run(self._read(), "history")

    def _read_more(self) -> None:
        self._limit += STEP
        self._context.background.run(self._read(), "history")

    async def _read(self) -> None:
        services = self._context.services
        if services is None or services.store is None:
            return
        self._reading += 1
        number, limit = self._reading, self._limit
        found = list(await services.store.runs(**self._criteria(), limit=limit + 1))
        if number != self._reading:
            return  # a later reading has begun meanwhile
        older = len(found) > limit
        self._runs = found[:limit]
        self.more.setEnabled(older)
        self.more.setToolTip("" if older else tr("There are no older ones"))
        self._show()

    def _whole_days(self) -> list[RunRecord]:
        """The runs for charts of days: without those of the oldest day if not all of its runs were read."""
        if not self.more.isEnabled() or not self._runs:
            return self._runs
        cut = zone.local(self._runs[-1].started).date()
        return [run for run in self._runs if zone.local(run.started).date() != cut]

    def _show(self) -> None:
        status = self._context.status
        self.model.show_runs(self._runs, self._context.now(), len(status.accounts) if status is not None else 1)
        self._empty.setVisible(not self._runs)
        self.table.setVisible(bool(self._runs))
        shown = tr("%n run(s)", "", len(self._runs))
        self._count.setText(tr("the newest: {runs}", runs=shown) if self.more.isEnabled() else shown)
        if self.charts is not None and self.charts.isVisible():
            self.charts.show_runs(self._whole_days())  # type: ignore[attr-defined]

    def _open(self, index: QModelIndex) -> None:
        self._context.open("run", self.model.item(index.row()).id)

    def _toggle_charts(self, on: bool) -> None:
        if on and self.charts is None:
            from archisync_gui.ui.widgets.charts import Charts

            self.charts = Charts()
            self._outer.insertWidget(self._outer.indexOf(self._frame) + 1, self.charts)
            self._size_charts()
        if self.charts is not None:
            self.charts.setVisible(on)
            if on:
                self.charts.show_runs(self._whole_days())  # type: ignore[attr-defined]
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._size_charts()
        self._fold()

    def _fold_chosen(self, unfolded: bool) -> None:
        self._context.remember("history/timeline", "open" if unfolded else "folded")
        self._fold()
        self.band.refresh()

    def _fold(self) -> None:
        """Show the timeline or only its name: as chosen by the operator, else depending on the page's height."""
        chosen = self._context.recall("history/timeline")
        height = self.height() / self.fontMetrics().height()
        unfolded = chosen == "open" if chosen else height > TALL
        if height <= WITH_CHARTS and self.charts_button.isChecked():
            unfolded = False  # both together would leave no room for the runs
        self.band.fold(not unfolded)

    def _size_charts(self) -> None:
        """Set the height of the charts: as much as they need, at most two fifths of the page."""
        if self.charts is not None:
            line = self.fontMetrics().height()
            self.charts.setFixedHeight(max(9 * line, min(14 * line, self.height() * 2 // 5)))

    async def _export(self) -> None:
        path = await ask_where(self, tr("Export runs"), "archisync-" + tr("runs"), ("xlsx", "csv"))
        if path is None:
            return
        services = self._context.services
        if services is None or services.store is None:
            return
        rows = [run_cells(run) for run in await all_runs(services.store, self._criteria())]
        await write(path, run_heads(), rows, tr("runs"))
        say_saved(self._context.say, path)
