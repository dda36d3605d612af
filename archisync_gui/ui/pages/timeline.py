"""The timeline of the history page: stored runs in a span of ten minutes to five weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from archisync_gui import zone
from archisync_gui.model import RunRecord
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns
from archisync_gui.ui.text.i18n import clock, day_short, moment, tr
from archisync_gui.ui.widgets.basic import card, column, label, row
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.timeline_bars import Picture, bars_of, forecast_bars, miss_bars

MOST = 4000
"""Most runs that are read: five weeks of a busy schedule have more, which could not be distinguished."""

_SPANS = (timedelta(hours=2), timedelta(days=1), timedelta(days=7))

LANE = 1.3
"""Height of a list's lane, in lines of text."""


class TimelineBand(QWidget):
    """The timeline with its buttons, range and legend."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._past_runs = context, past_runs
        self._runs: tuple[RunRecord, ...] = ()
        self._reading = 0
        self._cut: datetime | None = None
        """Start of the oldest run that was read, if there are more than :data:`MOST`."""
        self._span_read: tuple[datetime, datetime] | None = None
        """The span whose runs have been read."""
        self.timeline = Timeline(interactive=True)
        self.spans = [QPushButton() for _ in _SPANS]
        self.closer, self.wider = QPushButton(), QPushButton()
        self.unfold = QPushButton()
        """The button that shows or hides the timeline; the page handles its clicks."""
        self.unfold.setObjectName("link")
        self.unfold.setCheckable(True)
        self.unfold.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        top = row(margins=(1, 0, 0, 0), gap=8)
        top.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignLeft)
        for button, span in zip(self.spans, _SPANS, strict=True):
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.clicked.connect(partial(self._set_span, span))
            top.addWidget(button)
        self.spans[0].setChecked(True)
        top.addSpacing(12)
        for button, factor in ((self.closer, 0.6), (self.wider, 1.6)):
            button.clicked.connect(partial(self._zoom, factor))
            top.addWidget(button)
        self._range = label(name="muted", wrap=True)
        self._range.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self._range, 1)
        frame = card()
        column(frame, (14, 10, 8, 6)).addWidget(self.timeline)
        self._legend = label(name="muted", factor=0.92, wrap=True)
        outer = column(self, gap=8)
        outer.addLayout(top)
        outer.addWidget(frame)
        outer.addWidget(self._legend)
        self._folding = (*self.spans, self.closer, self.wider, self._range, frame, self._legend)
        self.timeline.clicked.connect(partial(context.open, "run"))
        self.timeline.miss_clicked.connect(partial(context.open, "why"))
        self.timeline.moved.connect(self._moved_by_hand)
        past_runs.runs_changed.connect(self._refresh)
        context.bridge.tick.connect(self._tick)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        for button, text in zip(self.spans, (tr("&2 hours"), tr("Da&y", "span"), tr("W&eek")), strict=True):
            button.setText(text)
        self.closer.setText(tr("C&loser"))
        self.wider.setText(tr("W&ider"))
        self.closer.setToolTip(tr("Show less time (mouse wheel, or +)"))
        self.wider.setToolTip(tr("Show more time (mouse wheel, or −)"))
        self.timeline.setAccessibleName(tr("Timeline of runs"))
        self.unfold.setAccessibleName(tr("Timeline of runs"))
        self._legend.setText(
            tr(
                "Blue: runs · red: failed or refused · thin line: suspended · grey: nothing read · cross: due and not "
                "read · violet: order form open · dotted: expected. Wheel zooms, dragging moves, a click explains."
            )
        )
        self._show()

    def fold(self, folded: bool) -> None:
        """Show the timeline, or only its name."""
        self.unfold.setChecked(not folded)
        self.unfold.setText(("▸ " if folded else "▾ ") + tr("Timeline"))
        for part in self._folding:
            part.setHidden(folded)

    def refresh(self) -> None:
        """Read the shown span, if the timeline is visible."""
        self._refresh()

    def _set_span(self, span: timedelta) -> None:
        self.timeline.set_span(span, timedelta(hours=1) if span < timedelta(days=1) else span / 12)
        self._moved()

    def _zoom(self, factor: float) -> None:
        self.timeline.zoom(factor)

    def _moved_by_hand(self) -> None:
        """The operator changed the span by wheel, dragging or keys: uncheck the buttons of the fixed spans."""
        for button in self.spans:
            button.setAutoExclusive(False)
            button.setChecked(False)
            button.setAutoExclusive(True)
        self._moved()

    def _moved(self) -> None:
        self._show()
        first, last = self.timeline.span
        if self._span_read is None or first < self._span_read[0] or min(last, self._context.now()) > self._span_read[1]:
            self._refresh()

    def _refresh(self) -> None:
        if self.isVisible():
            self._reading += 1
            self._context.background.run(self._read(self._reading), "timeline")

    async def _read(self, number: int) -> None:
        services = self._context.services
        if services is None or services.store is None:
            return
        first, last = self.timeline.span
        margin = (last - first) / 2
        now = self._context.now()
        found = await services.store.runs(since=first - margin, before=last + margin, limit=MOST)
        if number == self._reading:
            self._runs = tuple(found)
            self._cut = found[-1].started if len(found) == MOST else None
            # Later runs are reported by events, so moving into the future needs no reading.
            until = datetime.max.replace(tzinfo=UTC) if last + margin >= now else last + margin
            self._span_read = (first - margin, until)
            self._show()

    def _tick(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        status = self._context.status
        if status is None:
            return
        now = self._context.now()
        forecast = status.explanation.forecast or tuple(
            a.expected for t in status.statuses.values() for a in t.accounts if a.expected is not None
        )
        bars = bars_of(self._runs, now) + miss_bars(self._past_runs.misses) + forecast_bars(forecast)
        self.timeline.show_picture(Picture(tuple(status.statuses), bars, self._past_runs.spans(now), now))
        lanes = max(1, len(status.statuses)) + 1.5  # 1.5 for the axis
        self.timeline.setFixedHeight(round(lanes * LANE * self.fontMetrics().height()))
        first, last = self.timeline.span
        until = (
            clock(last) if zone.local(first).date() == zone.local(last).date() else f"{day_short(last)}, {clock(last)}"
        )
        shown = f"{day_short(first)}, {clock(first)} – {until}"
        if self._cut is not None and self._cut > first:
            shown += " · " + tr("runs since {time}", time=moment(self._cut))
        self._range.setText(shown)
