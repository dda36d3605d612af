"""The overview: table of types, two-hour strip, queue, activity. What an operator looks at for two seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QHeaderView,
    QListView,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.model import Event, Outcome, QueueEntry, State, Status
from archisync_gui.settings import interval_key
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.look.theme import scaled
from archisync_gui.ui.text import words
from archisync_gui.ui.text.activity import KINDS, ActivityLine, event_line
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import IconButton, Page, card, column, label, line, row
from archisync_gui.ui.widgets.delegates import ActivityDelegate, CellDelegate, QueueDelegate
from archisync_gui.ui.widgets.models import ROW, ActivityModel, QueueModel, TypeRow, TypesModel
from archisync_gui.ui.widgets.timeline import Picture, Timeline, bars_of, forecast_bars, miss_bars

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

REMEMBERED = 60
"""Lines of activity that a start takes from the kept events."""

LOOK_BACK = (timedelta(days=1), timedelta(days=8))
"""How far back they are looked for: a day; when nothing happened in it (a weekend), as far as the history is shown."""

PICTURE_AGE = timedelta(seconds=10)
"""So old the strip may be while nothing happens: its hours move by less than a pixel meanwhile."""

NARROW = 64
"""Below so many times the height of a line, queue and activity stand under the table."""


class TypesTable(QTableView):
    """The table of types: Enter or the row's button syncs, the menu key opens what else can be done."""

    def __init__(self, context: Context, model: TypesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._types = model
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu_at)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)
        model.rowsInserted.connect(self._rows_changed)
        model.rowsRemoved.connect(self._rows_changed)
        model.dataChanged.connect(self._tell_buttons)
        model.dataChanged.connect(self._widen)
        self._measure()

    def _measure(self) -> None:
        metrics = QFontMetrics(self.font())
        fine = QFontMetrics(scaled(self.font(), 0.86))
        self.verticalHeader().setDefaultSectionSize(metrics.height() + fine.height() + 24)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(30)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._widest: dict[int, int] = {}
        self._share()

    def forget_widths(self) -> None:
        """The words changed: measure anew."""
        self._widest.clear()
        self._share()

    def _widen(self, first: QModelIndex, last: QModelIndex) -> None:
        """Share the room anew when the changed rows have longer words than any before: progress changes one row many
        times a second, and sharing costs as much as all else the panel does then."""
        index, hint = self._types.index, self.sizeHintForIndex
        for number in range(first.row(), last.row() + 1):
            columns = range(first.column(), last.column() + 1)
            if any(hint(index(number, at)).width() > self._widest[at] for at in columns if at in self._widest):
                self._share()
                return

    def _share(self, *_: object) -> None:
        """Give each column what its words need, then what is left; widths only grow, so that nothing jumps."""
        header = self.horizontalHeader()
        room = self.viewport().width()
        metrics = QFontMetrics(self.font())
        for at in range(4):
            title = metrics.horizontalAdvance(self._types.headers()[at]) + 24
            self._widest[at] = max(self._widest.get(at, title), self.sizeHintForColumn(at))
        needed = dict(self._widest)
        bars = max(134, metrics.horizontalAdvance(self._types.headers()[TypesModel.BARS]) + 24)
        action = 54
        rest = room - sum(needed.values()) - action
        show_bars = rest >= bars
        header.setSectionHidden(TypesModel.BARS, not show_bars)
        spare = rest - (bars if show_bars else 0)
        words_columns = (TypesModel.STATE, TypesModel.FRESH, TypesModel.EXPECTED)
        if spare >= 0:
            for at in words_columns:
                needed[at] += spare // 3
        else:
            for at in words_columns:
                needed[at] = max(90, needed[at] + spare * needed[at] // sum(needed[c] for c in words_columns))
        for at, width in {**needed, TypesModel.BARS: bars, TypesModel.ACTION: action}.items():
            if header.sectionSize(at) != width:
                header.resizeSection(at, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def sizeHint(self) -> QSize:
        rows = self._types.rowCount() * self.verticalHeader().defaultSectionSize()
        return QSize(640, rows + self.horizontalHeader().sizeHint().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, self.sizeHint().height())

    def _rows_changed(self, parent: QModelIndex, first: int, last: int) -> None:
        for at in range(self._types.rowCount()):
            index = self._types.index(at, TypesModel.ACTION)
            if self.indexWidget(index) is None:
                self.setIndexWidget(index, self._button(self._types.item(at)))
        self._tell_buttons()
        self._share()
        self.updateGeometry()

    def _button(self, what: TypeRow) -> QWidget:
        holder = QWidget(self)
        layout = row(holder, (4, 0, 8, 0))
        button = IconButton("refresh", "sync")
        button.clicked.connect(partial(self._context.sync, what.type, what.account))
        layout.addStretch(1)
        layout.addWidget(button)
        return holder

    def _tell_buttons(self, *_: object) -> None:
        for at in range(self._types.rowCount()):
            holder = self.indexWidget(self._types.index(at, TypesModel.ACTION))
            button = holder.findChild(QToolButton) if holder is not None else None
            if isinstance(button, IconButton):
                what: TypeRow = self._types.item(at)
                button.say(*_sync_words(what))
                button.setEnabled(what.status is not None)

    def current(self) -> TypeRow | None:
        """The selected row."""
        index = self.currentIndex()
        return index.data(ROW) if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        what = self.current()
        if what is not None:
            match event.key():
                case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                    self._context.sync(what.type, what.account)
                    return
                case Qt.Key.Key_Right | Qt.Key.Key_Left if what.account is None and what.accounts > 1:
                    if what.unfolded == (event.key() == Qt.Key.Key_Left):
                        self._types.toggle(what.type)
                    return
                case Qt.Key.Key_Menu:
                    self._menu_at(self.visualRect(self.currentIndex()).center())
                    return
        super().keyPressEvent(event)

    def _clicked(self, index: QModelIndex) -> None:
        what: TypeRow = index.data(ROW)
        if what.account is None and what.accounts > 1 and index.column() == TypesModel.TYPE:
            self._types.toggle(what.type)
        elif index.column() == TypesModel.STATE and what.status is not None:
            item = what.status
            if item.state in (State.REFUSED, State.STOPPED) or item.unclean_in_a_row >= 2:
                self._context.open("trouble", item)
            elif (
                item.state in (State.IDLE, State.BACKING_OFF)
                and item.last_outcome is Outcome.FAILED
                and item.last_run_id
            ):
                self._context.open("run", item.last_run_id)

    def _double_clicked(self, index: QModelIndex) -> None:
        what: TypeRow = index.data(ROW)
        self._context.open("history", {"type": what.type, "account": what.account})

    def _menu_at(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            self.menu(index.data(ROW)).popup(self.viewport().mapToGlobal(point))

    def menu(self, what: TypeRow) -> QMenu:
        """Everything that can be done with a row."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        context = self._context
        item = what.status

        def add(text: str, act: object, enabled: bool = True, why: str = "") -> None:
            action = QAction(text, menu)
            action.setEnabled(enabled)
            if not enabled:
                action.setText(f"{text} ({why})")
            action.triggered.connect(act)
            menu.addAction(action)

        add(tr("&Sync now"), partial(context.sync, what.type, what.account), item is not None, tr("no account"))
        entry = _waiting(context.status, what)
        if entry is not None:
            add(
                tr("&Run anyway"),
                partial(context.run_anyway, entry),
                entry.run_anyway_possible,
                tr("its turn comes by itself"),
            )
            add(tr("&Move to the front"), partial(context.to_front, entry))
            add(tr("&Take out of the queue"), partial(context.remove, entry))
        if item is not None and item.state is State.REFUSED:
            add(tr("&Look at the refused read"), partial(context.open, "trouble", item))
        if item is not None and item.state is State.STOPPED:
            add(tr("&Password…"), partial(context.open, "trouble", item))
        menu.addSeparator()
        add(tr("&History"), partial(context.open, "history", {"type": what.type, "account": what.account}))
        add(tr("&Data"), partial(context.open, "data", {"type": what.type, "account": what.account}))
        if item is not None and item.last_run_id:
            add(tr("&Last run…"), partial(context.open, "run", item.last_run_id))
        add(tr("&Interval…"), partial(context.open, "settings", interval_key(what.type)))
        return menu


def _waiting(status: Status | None, what: TypeRow) -> QueueEntry | None:
    if status is None:
        return None
    for entry in status.queue:
        if entry.type == what.type and what.account in (None, entry.account):
            return entry
    return None


def _sync_words(what: TypeRow) -> tuple[str, str]:
    name = words.type_name(what.type) + (f", {what.account}" if what.account else "")
    say = tr("Sync {type} now", type=name)
    if what.status is None:
        return say, tr("No account reads this list: enter one in Settings")
    if what.status.is_running:
        return say, tr("Sync {type} once more after the run that is active", type=name)
    if what.status.queue_position:
        return say, tr("{type} waits already; asking again keeps its place", type=name)
    return say, say


class QueueList(QListView):
    """The waiting requests with their two buttons; Delete removes, Home moves to the front."""

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
        model.rowsInserted.connect(self._rows_changed)
        model.rowsRemoved.connect(self._rows_changed)
        model.dataChanged.connect(self._tell_buttons)

    def _rows_changed(self, *_: object) -> None:
        for at in range(self._queue.rowCount()):
            index = self._queue.index(at, 0)
            if self.indexWidget(index) is None:
                self.setIndexWidget(index, self._buttons(self._queue.item(at)))
        self._tell_buttons()

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

    def _tell_buttons(self, *_: object) -> None:
        for at in range(self._queue.rowCount()):
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


class Overview(Page):
    """The first page."""

    def __init__(self, context: Context, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._feed = feed
        self.types = TypesModel(self)
        self.queue = QueueModel(self)
        self.activity = ActivityModel(self)
        self.table = TypesTable(context, self.types)
        self.strip = Timeline()
        self._pictured = datetime.min.replace(tzinfo=UTC)
        """When the strip was drawn last."""
        self.queue_list = QueueList(context, self.queue)
        self.activity_list = _activity_list(self.activity)
        self._build()
        self.strip.clicked.connect(partial(context.open, "run"))
        self.strip.asked.connect(partial(context.open, "why"))
        self.activity_list.activated.connect(self._open_activity)
        self.activity_list.clicked.connect(self._open_activity)
        context.bridge.status_changed.connect(self.show_status)
        context.bridge.happened.connect(self._happened)
        context.bridge.tick.connect(self._tick)
        context.services_changed.connect(self._remember)
        feed.runs_changed.connect(self._runs)
        self.queue.rowsInserted.connect(self._queue_size)
        self.queue.rowsRemoved.connect(self._queue_size)
        self.retranslate()
        if context.status is not None:
            self.show_status(context.status)
        if feed.runs:
            self._runs()
        self._told: set[tuple[str, int]] | None = set()
        """Events shown while the kept ones are being read; ``None`` afterwards."""
        self._remember()

    def _build(self) -> None:
        left = card()
        inside = column(left, (1, 1, 1, 10))
        inside.addWidget(self.table, 0)
        self._strip_title = label(name="muted", factor=0.92)
        self._strip_title.setContentsMargins(12, 10, 12, 6)
        inside.addWidget(self._strip_title)
        holder = QWidget()
        row(holder, (12, 2, 4, 0)).addWidget(self.strip)
        inside.addWidget(holder, 1)
        self.table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        queue_card = card()
        queue_layout = column(queue_card, (1, 1, 1, 1))
        self._queue_title, self._queue_count = label(bold=True), label(name="muted", bold=True)
        head = row(margins=(12, 9, 12, 9))
        head.addWidget(self._queue_title, 1)
        head.addWidget(self._queue_count)
        queue_layout.addLayout(head)
        queue_layout.addWidget(line())
        self._queue_empty = label(name="muted", wrap=True)
        self._queue_empty.setContentsMargins(12, 10, 12, 10)
        queue_layout.addWidget(self._queue_empty)
        queue_layout.addWidget(self.queue_list)
        self.queue_list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        activity_card = card()
        activity_layout = column(activity_card, (1, 1, 1, 1))
        self._activity_title = label(bold=True)
        self._activity_title.setContentsMargins(12, 9, 12, 9)
        activity_layout.addWidget(self._activity_title)
        activity_layout.addWidget(line())
        self._activity_empty = label(name="muted", wrap=True)
        self._activity_empty.setContentsMargins(12, 10, 12, 10)
        activity_layout.addWidget(self._activity_empty)
        activity_layout.addWidget(self.activity_list, 1)

        side = QWidget()
        side_layout = column(side, gap=14)
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
        self._strip_title.setText(tr("Last 2 hours · violet: order form open · dotted: what comes next"))
        self._queue_title.setText(tr("In queue", "title"))
        self._activity_title.setText(tr("Activity"))
        self._queue_empty.setText(tr("Nothing waits."))
        self._activity_empty.setText(tr("Nothing has happened yet."))
        self.table.setAccessibleName(tr("The lists and how fresh they are"))
        self.queue_list.setAccessibleName(tr("What waits, in order"))
        self.activity_list.setAccessibleName(tr("The last events"))
        self.strip.setAccessibleName(tr("Timeline of the last two hours"))
        self.activity.retranslate()
        self.types.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 5)
        if self._context.status is not None:
            self.show_status(self._context.status)
        self.table.forget_widths()

    def show_status(self, status: Status) -> None:
        """Fill everything from a snapshot; while nobody looks, nothing."""
        if not self.isVisible():
            return
        now = self._context.now()
        self.types.show_status(status, now)
        self.queue.show_status(status, now)
        self._queue_count.setText(str(len(status.queue)) if status.queue else "")
        self._queue_empty.setVisible(not status.queue)
        self.queue_list.setVisible(bool(status.queue))
        self._picture()

    def _picture(self) -> None:
        status = self._context.status
        if status is None:
            return
        now = self._pictured = self._context.now()
        forecast = status.explanation.forecast or tuple(
            a.expected for t in status.statuses.values() for a in t.accounts if a.expected is not None
        )
        since = now - timedelta(hours=2)
        recent = [r for r in self._feed.runs if r.ended is None or r.ended > since]
        self.strip.show_picture(
            Picture(
                tuple(status.statuses),
                bars_of(recent, now)
                + miss_bars([m for m in self._feed.misses if m.last > since])
                + forecast_bars(forecast),
                self._feed.spans(now),
                now,
            )
        )

    def _tick(self) -> None:
        if self.isVisible() and self._context.status is not None:
            now = self._context.now()
            self.types.refresh(now)
            self.queue.show_status(self._context.status, now)
            if not timedelta() <= now - self._pictured < PICTURE_AGE:
                self._picture()

    def _runs(self) -> None:
        self.types.set_runs(self._feed.runs)
        self._picture()

    def _happened(self, events: Sequence[Event]) -> None:
        if self._told is not None:
            self._told.update((event.boot, event.revision) for event in events)
        self.activity.prepend(_lines(events))
        self._activity_empty.setVisible(self.activity.rowCount() == 0)

    def _remember(self) -> None:
        """What happened before this start, in the same words."""
        services = self._context.services
        if services is not None and services.store is not None and self._told is not None:
            self._context.background.run(self._kept_activity(services.store), "activity")

    async def _kept_activity(self, store: Store) -> None:
        now = self._context.now()
        found: list[Event] = []
        for back in LOOK_BACK:
            found = await _kept_events(store, now - back, now)
            if _lines(found):
                break
        told, self._told = self._told, None
        if told is None:
            return  # another reading was quicker
        older = _lines([event for event in found if (event.boot, event.revision) not in told])
        if older:
            self.activity.put_before(older[-REMEMBERED:])
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
        """Catch up with what was not looked at."""
        super().showEvent(event)
        if self._context.status is not None:
            self.show_status(self._context.status)
            self.types.refresh(self._context.now())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW * QFontMetrics(self.font()).height()
        wanted = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._body.direction() is not wanted:
            self._body.setDirection(wanted)


async def _kept_events(store: Store, since: datetime, until: datetime) -> list[Event]:
    """All kept events of that time, read in parts."""
    part, found, after = 1000, list[Event](), None
    while True:
        page = await store.events(since, until, KINDS, after=after, limit=part)
        found += [stored.event for stored in page]
        if len(page) < part:
            return found
        after = page[-1].id


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
