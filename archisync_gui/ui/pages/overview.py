"""The overview page: table of lists, timeline of the last two hours, today's numbers, queue, activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QListView,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.model import Event, EventKind, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns, kept_events
from archisync_gui.ui.pages.overview_parts import QueueList, TodayCard
from archisync_gui.ui.pages.types_table import TypesTable
from archisync_gui.ui.text.activity import KINDS, ActivityLine, event_line
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import Page, card, column, label, line, row
from archisync_gui.ui.widgets.delegates import ActivityDelegate
from archisync_gui.ui.widgets.models import ActivityModel, QueueModel
from archisync_gui.ui.widgets.snapshot_model import ROW
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.timeline_bars import Picture, bars_of, forecast_bars, miss_bars
from archisync_gui.ui.widgets.types_model import TypesModel

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

OLDER_LINES = 60
"""Most lines of activity that are made from stored events at a start."""

LOOK_BACK = (timedelta(days=1), timedelta(days=8))
"""How far back they are searched: a day; if nothing happened in it (a weekend), eight days."""

STRIP_AGE = timedelta(seconds=10)
"""The timeline is drawn again after this time even if nothing happens; until then it moves by less than a pixel."""

NARROW = 64
"""Width of the page, in heights of a line, below which queue and activity are below the table."""

VERY_TALL = 55
"""Height of the page, in lines of text, from which the timeline's lanes are twice as high."""

TALL = 36
"""Height of the page, in lines of text, from which the timeline is unfolded by default."""


class Overview(Page):
    """The overview page, which is the first one."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._past_runs = past_runs
        self.types = TypesModel(self)
        self.queue = QueueModel(self)
        self.activity = ActivityModel(self)
        self.table = TypesTable(context, self.types)
        self.strip = Timeline()
        self._drawn_at = datetime.min.replace(tzinfo=UTC)
        """When the timeline was last drawn."""
        self.today = TodayCard(context, past_runs)
        self.queue_list = QueueList(context, self.queue)
        self.activity_list = _activity_list(self.activity)
        self._build()
        self.strip.clicked.connect(partial(context.open, "run"))
        self.strip.miss_clicked.connect(partial(context.open, "why"))
        self.activity_list.activated.connect(self._open_activity)
        self.activity_list.clicked.connect(self._open_activity)
        context.bridge.status_changed.connect(self.show_status)
        context.bridge.happened.connect(self._happened)
        context.bridge.tick.connect(self._tick)
        context.services_changed.connect(self._load_activity)
        past_runs.runs_changed.connect(self._show_runs)
        self.types.rowsInserted.connect(self._spread)
        self.types.rowsRemoved.connect(self._spread)
        self.queue.rowsInserted.connect(self._queue_size)
        self.queue.rowsRemoved.connect(self._queue_size)
        self.retranslate()
        if context.status is not None:
            self.show_status(context.status)
        if past_runs.runs:
            self._show_runs()
        self._shown_events: set[tuple[str, int, EventKind]] | None = set()
        """Marks of the events that were shown while the stored ones are being read; ``None`` afterwards."""
        self._load_activity()

    def _build(self) -> None:
        left = card()
        inside = column(left, (1, 1, 1, 10))
        inside.addWidget(self.table, 0)
        self.unfold = QPushButton()
        self.unfold.setObjectName("link")
        self.unfold.setCheckable(True)
        self.unfold.clicked.connect(self._fold_chosen)
        inside.addStretch(1)
        inside.addWidget(line())
        below = QWidget()
        self._below = below
        beneath = column(below)
        title = row(margins=(9, 6, 12, 4))
        title.addWidget(self.unfold)
        title.addStretch(1)
        beneath.addLayout(title)
        strip = row(margins=(12, 2, 4, 0))
        strip.addWidget(self.strip)
        beneath.addLayout(strip, 1)
        inside.addWidget(below, 2)
        self.table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        self._queue_card = queue_card = card()
        queue_layout = column(queue_card, (1, 1, 1, 1))
        self._queue_title, self._queue_count = label(bold=True), label(name="muted", bold=True)
        self._queue_more = label(name="muted")
        self._queue_more.setContentsMargins(12, 4, 12, 8)
        head = row(margins=(12, 9, 12, 9))
        head.addWidget(self._queue_title, 1)
        head.addWidget(self._queue_count)
        queue_layout.addLayout(head)
        queue_layout.addWidget(line())
        queue_layout.addWidget(self.queue_list)
        queue_layout.addWidget(self._queue_more)
        self.queue_list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        activity_card = card()
        activity_layout = column(activity_card, (1, 1, 1, 1))
        self._activity_title = label(bold=True)
        self._activity_title.setContentsMargins(12, 9, 12, 9)
        activity_layout.addWidget(self._activity_title)
        activity_layout.addWidget(line())
        self._activity_empty = label(name="muted", wrap=True)
        self._activity_empty.setContentsMargins(12, 10, 12, 10)
        self._activity_empty.hide()  # until the stored events are read
        activity_layout.addWidget(self._activity_empty)
        activity_layout.addWidget(self.activity_list, 1)

        side = QWidget()
        side_layout = column(side, gap=14)
        side_layout.addWidget(self.today, 0)
        side_layout.addWidget(queue_card, 0)
        side_layout.addWidget(activity_card, 1)
        side.setMinimumWidth(round(17.5 * QFontMetrics(self.font()).height()))
        self._side = side

        body = QWidget()
        self._body: QBoxLayout = row(body, (18, 14, 18, 14), 14)
        self._body.addWidget(left, 79)
        self._body.addWidget(side, 21)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def retranslate(self) -> None:
        self.unfold.setAccessibleName(tr("Timeline of the last two hours"))
        self.unfold.setToolTip(tr("Violet: an order form was open. Dotted: what comes next. A click opens the lists."))
        self._fold()
        self.today.retranslate()
        self._queue_title.setText(tr("In queue", "title"))
        self._activity_title.setText(tr("Activity"))
        self._activity_empty.setText(tr("Nothing has happened yet."))
        self.table.setAccessibleName(tr("The lists and how fresh they are"))
        self.queue_list.setAccessibleName(tr("What waits, in order"))
        self.activity_list.setAccessibleName(tr("The last events"))
        self.strip.setAccessibleName(tr("Timeline of the last two hours"))
        self.activity.retranslate()
        self.types.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.types.columnCount() - 1)
        if self._context.status is not None:
            self.show_status(self._context.status)
        self.table.forget_widths()

    def show_status(self, status: Status) -> None:
        """Show a status; does nothing while the page is not visible."""
        if not self.isVisible():
            return
        now = self._context.now()
        self.types.show_status(status, now)
        self.queue.show_status(status, now)
        self._queue_count.setText(str(len(status.queue)) if status.queue else "")
        hidden = len(status.queue) - self.queue.rowCount()
        self._queue_more.setText(tr("… and %n more", "", hidden) if hidden else "")
        self._queue_more.setVisible(bool(hidden))
        self._queue_card.setVisible(bool(status.queue))
        self._draw_strip()

    def _draw_strip(self) -> None:
        status = self._context.status
        if status is None:
            return
        now = self._drawn_at = self._context.now()
        forecast = status.explanation.forecast or tuple(
            a.expected for t in status.statuses.values() for a in t.accounts if a.expected is not None
        )
        since = now - timedelta(hours=2)
        recent = [r for r in self._past_runs.runs if r.ended is None or r.ended > since]
        self.strip.show_picture(
            Picture(
                tuple(status.statuses),
                bars_of(recent, now)
                + miss_bars([m for m in self._past_runs.misses if m.last > since])
                + forecast_bars(forecast),
                self._past_runs.spans(now),
                now,
            )
        )

    def _tick(self) -> None:
        if self.isVisible() and self._context.status is not None:
            now = self._context.now()
            self.types.refresh(now)
            self.queue.show_status(self._context.status, now)
            if not timedelta() <= now - self._drawn_at < STRIP_AGE:
                self._draw_strip()

    def _show_runs(self) -> None:
        self.types.set_runs(self._past_runs.runs, self._past_runs.news)
        self._draw_strip()

    def _happened(self, events: Sequence[Event]) -> None:
        if self._shown_events is not None:
            self._shown_events.update(event.mark for event in events)
        self.activity.prepend(_lines(events))
        self._activity_empty.setVisible(self.activity.rowCount() == 0)

    def _load_activity(self) -> None:
        """Add the events before this start to the activity."""
        services = self._context.services
        if services is None or self._shown_events is None:
            return
        if services.store is not None:
            self._context.background.run(self._read_activity(services.store), "activity")
        else:
            self._activity_empty.setVisible(self.activity.rowCount() == 0)

    async def _read_activity(self, store: Store) -> None:
        now = self._context.now()
        found: list[Event] = []
        for back in LOOK_BACK:
            found = await kept_events(store, now - back, now, KINDS)
            if _lines(found):
                break
        shown, self._shown_events = self._shown_events, None
        if shown is None:
            return  # another call was faster
        older = _lines([event for event in found if event.mark not in shown])
        if older:
            self.activity.put_before(older[-OLDER_LINES:])
        self._activity_empty.setVisible(self.activity.rowCount() == 0)

    def _queue_size(self, *_: object) -> None:
        height = min(sum(self.queue_list.sizeHintForRow(at) for at in range(self.queue.rowCount())) + 2, 330)
        self.queue_list.setFixedHeight(max(height, 20))

    def _open_activity(self, index: QModelIndex) -> None:
        found = index.data(ROW)
        if found is not None and found.run_id:
            self._context.open("run", found.run_id)
        elif found is not None and found.place:
            self._context.open(found.place, found.at if found.place == "why" else None)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the present status, which was not shown while the page was not visible."""
        super().showEvent(event)
        if self._context.status is not None:
            self.show_status(self._context.status)

    def _fold_chosen(self, unfolded: bool) -> None:
        self._context.remember("overview/band", "open" if unfolded else "folded")
        self._fold()

    def _fold(self) -> None:
        """Show the timeline in one lane, or a lane for each list: as chosen, else depending on the page's height."""
        chosen = self._context.recall("overview/band")
        beside = self._body.direction() is QBoxLayout.Direction.LeftToRight
        tall = beside and self.height() > TALL * QFontMetrics(self.font()).height()
        unfolded = chosen == "open" if chosen else tall
        self.unfold.setChecked(unfolded)
        self.unfold.setText(("▾ " if unfolded else "▸ ") + tr("Last 2 hours"))
        self.strip.set_folded(not unfolded)
        lanes = 1 if not unfolded else 2 if self.height() > VERY_TALL * QFontMetrics(self.font()).height() else 1
        self.strip.setMaximumHeight(self.strip.sizeHint().height() * lanes)
        self._spread()

    def _spread(self, *_: object) -> None:
        """Give the remaining height to the table's rows."""
        if self._body.direction() is QBoxLayout.Direction.LeftToRight:
            below = self.unfold.sizeHint().height() + self.strip.maximumHeight() + 12
            self.table.spread(self.height() - 28 - 12 - below - 8)
        else:
            self.table.spread(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW * QFontMetrics(self.font()).height()
        wanted = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._body.direction() is not wanted:
            self._body.setDirection(wanted)
        self._fold()


def _lines(events: Sequence[Event]) -> list[ActivityLine]:
    return [line for line in map(event_line, events) if line is not None]


def _activity_list(model: ActivityModel) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(ActivityDelegate(view))
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setMinimumHeight(120)
    view.setTabKeyNavigation(False)
    return view
