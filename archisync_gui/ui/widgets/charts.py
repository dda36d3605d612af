"""Charts of the history by pyqtgraph; imported when they are first opened, since the import takes half a second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pyqtgraph as pg  # type: ignore[import-untyped]
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from archisync_gui import zone
from archisync_gui.model import STORED, UNSUCCESSFUL, RunRecord
from archisync_gui.ui.look.theme import color, scaled, theme
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import clock, day_short, decimal, number, took, tr
from archisync_gui.ui.widgets.basic import card, column, label, row

_ROLES = ("accent", "ok", "warn", "session", "bad", "muted")
_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
    Qt.PenStyle.SolidLine,
)
LEGEND_ROOM = 1.6
"""Height of the chart of durations relative to its longest run, so that the legend covers no line."""

_COUNTED = STORED | UNSUCCESSFUL


def success_by_day(runs: Sequence[RunRecord]) -> dict[date, tuple[int, int]]:
    """By day of the office: the number of successful runs, and of all successful and failed ones."""
    days: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for run in runs:
        if run.outcome in _COUNTED:
            entry = days[zone.local(run.started).date()]
            entry[0] += run.outcome in STORED
            entry[1] += 1
    return {day: (good, every) for day, (good, every) in sorted(days.items())}


def changes_by_day(runs: Sequence[RunRecord]) -> dict[date, int]:
    """By day of the office: the number of rows added, changed and gone."""
    days: dict[date, int] = defaultdict(int)
    for run in runs:
        days[zone.local(run.started).date()] += run.added + run.changed + run.gone
    return dict(sorted(days.items()))


class _TimeAxis(pg.DateAxisItem):  # type: ignore[misc]
    """A time axis in the panel's format and the office's time zone."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        moments = [zone.local(datetime.fromtimestamp(value, UTC)) for value in values]
        return [clock(m) if spacing < 86400 and (m.hour or m.minute) else day_short(m) for m in moments]


class _Figures(pg.AxisItem):  # type: ignore[misc]
    """An axis with numbers in the format of the panel's language."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [number(int(value)) if spacing >= 1 else decimal(value) for value in values]


NEAR = 24
"""Largest distance in pixels between the mouse and a point that it points at."""


class Pointer:
    """Shows the text of the point under the mouse in a chart's heading; a double click resets the zoom."""

    def __init__(self, plot: pg.PlotWidget, heading: QLabel, show_all: Callable[[], None]) -> None:
        self._plot, self._heading, self._show_all = plot, heading, show_all
        self._title = ""
        self._points: Sequence[tuple[float, float, str]] = ()
        plot.scene().sigMouseMoved.connect(self._moved)
        plot.scene().sigMouseClicked.connect(self._clicked)

    def show(self, title: str, points: Sequence[tuple[float, float, str]]) -> None:
        """Set the chart's title, and its points: x, y and text."""
        self._title, self._points = title, points
        self._heading.setText(title)
        self._plot.setToolTip(tr("Wheel zooms, dragging moves, a double click shows everything again"))

    def _moved(self, at: QPointF) -> None:
        description = self.nearest(at)
        self._heading.setText(f"{self._title} · {description}" if description else self._title)

    def nearest(self, at: QPointF) -> str:
        """The text of the point near that position in the scene; empty where there is none."""
        view = self._plot.plotItem.vb

        def far(point: tuple[float, float, str]) -> float:
            there = view.mapViewToScene(QPointF(point[0], point[1]))
            return float(abs(there.x() - at.x()) + abs(there.y() - at.y()) / 4)

        found = min(self._points, key=far, default=None)
        return found[2] if found is not None and far(found) <= NEAR else ""

    def _clicked(self, event: Any) -> None:
        if event.double():
            self._show_all()


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """A chart with a description for screen readers."""

    description = ""

    def summary(self) -> str:
        """The chart in words."""
        return self.description


class Charts(QWidget):
    """Three small charts side by side: the wheel zooms, dragging moves, the heading shows the point under the mouse, a
    double click resets the zoom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: Sequence[RunRecord] = ()
        layout = row(self, gap=12)
        self._plots: list[_Plot] = []
        self._pointers: list[Pointer] = []
        for _ in range(3):
            frame = card()
            inside = column(frame, (10, 8, 10, 6), 4)
            heading = label(name="muted")
            plot = _Plot(axisItems={"bottom": _TimeAxis(), "left": _Figures("left")})
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.showGrid(y=True, alpha=0.12)
            plot.plotItem.layout.setContentsMargins(0, 8, 6, 0)  # the topmost figure is not cut
            plot.getAxis("left").enableAutoSIPrefix(False)
            inside.addWidget(heading)
            inside.addWidget(plot)
            layout.addWidget(frame, 1)
            self._plots.append(plot)
            self._pointers.append(Pointer(plot, heading, self._paint))
        self.setMinimumHeight(self.fontMetrics().height() * 9)
        theme().changed.connect(self._paint)

    def show_runs(self, runs: Sequence[RunRecord]) -> None:
        """Draw these runs."""
        self._runs = runs
        self._paint()

    def _paint(self) -> None:
        titles = (tr("Duration, seconds"), tr("Went well, % of a day's runs"), tr("Rows changed in a day"))
        for title, plot in zip(titles, self._plots, strict=True):
            plot.clear()
            plot.enableAutoRange(x=True)
            plot.setAccessibleName(title)
            plot.setBackground(color("surface"))
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(color("border")))
                axis.setTextPen(pg.mkPen(color("muted")))
        duration, success, changed = self._plots
        if duration.plotItem.legend is None:
            size = f"{round(scaled(self.font(), 0.8).pointSizeF())}pt"
            duration.addLegend(offset=(4, 1), labelTextSize=size, colCount=3)
        duration.plotItem.legend.clear()
        duration.plotItem.legend.setLabelTextColor(color("muted"))
        types = list(dict.fromkeys(r.type for r in self._runs))
        highest = 1.0
        for at, sync_type in enumerate(types):
            points = sorted(
                (r.started.timestamp(), (r.ended - r.started).total_seconds())
                for r in self._runs
                if r.type == sync_type and r.ended is not None and r.outcome in STORED
            )
            if points:
                highest = max(highest, *(y for _, y in points))
                pen = pg.mkPen(color(_ROLES[at % len(_ROLES)]), width=1.6, style=_DASHES[at % len(_DASHES)])
                duration.plot([x for x, _ in points], [y for _, y in points], pen=pen, name=words.type_name(sync_type))
        duration.setYRange(0, highest * LEGEND_ROOM)
        share = {d: 100 * g / n for d, (g, n) in success_by_day(self._runs).items() if n}
        rows = changes_by_day(self._runs)
        self._bars(success, share, "ok")
        self._bars(changed, {d: float(n) for d, n in rows.items()}, "accent")
        points_of_all = (
            [_run_point(r) for r in self._runs if r.ended is not None and r.outcome in STORED],
            [
                (_noon(d), 100 * g / n, tr("{day}: {good} of {all}", day=day_short(d), good=number(g), all=number(n)))
                for d, (g, n) in success_by_day(self._runs).items()
            ],
            [(_noon(d), float(n), f"{day_short(d)}: {number(n)}") for d, n in rows.items()],
        )
        for title, pointer, its_points in zip(titles, self._pointers, points_of_all, strict=True):
            pointer.show(title, its_points)
        # Descriptions for screen readers.
        duration.description = usual_durations(self._runs)
        success.description = ", ".join(f"{day_short(d)}: {decimal(s, 0)} %" for d, s in share.items())
        changed.description = ", ".join(f"{day_short(d)}: {number(n)}" for d, n in rows.items())

    def _bars(self, plot: pg.PlotWidget, values: dict[date, float], role: str) -> None:
        if not values:
            return
        middle = [_noon(d) for d in values]
        plot.addItem(pg.BarGraphItem(x=middle, height=list(values.values()), width=60000, brush=color(role), pen=None))
        plot.setXRange(min(middle) - 86400, max(middle) + 86400)
        every = max(1, -(-len(middle) // 6))  # there is room for about six days
        days = [(at, day_short(d)) for at, d in zip(middle, values, strict=True)]
        plot.getAxis("bottom").setTicks([days[::every]])
        plot.setYRange(0, max([1.0, *values.values()]))


def _run_point(run: RunRecord) -> tuple[float, float, str]:
    seconds = (run.ended - run.started).total_seconds() if run.ended is not None else 0.0
    started = zone.local(run.started)
    description = f"{words.type_name(run.type)}, {day_short(started)} {clock(started)}: {took(seconds)}"
    return run.started.timestamp(), seconds, description


def usual_durations(runs: Sequence[RunRecord]) -> str:
    """``Ordini: 32 s, Clienti: 42 s``: the median duration of each list's successful runs."""
    lengths: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.ended is not None and run.outcome in STORED:
            lengths[run.type].append((run.ended - run.started).total_seconds())
    return ", ".join(f"{words.type_name(t)}: {took(sorted(found)[len(found) // 2])}" for t, found in lengths.items())


def _noon(day: date) -> float:
    return datetime.combine(day, time(12)).timestamp()
