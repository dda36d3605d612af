"""The content of the timeline: runs, misses and expected runs as bars with tooltips. ``timeline`` paints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archisync_gui.model import STORED, Forecast, Outcome, RunRecord
from archisync_gui.model.events import Missed
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import absolute, lasting, moment, took, tr


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on a lane."""

    type: str
    start: datetime
    end: datetime
    kind: str
    """``run``, ``bad``, ``pause``, ``skip``, ``next`` or ``miss``."""
    source: RunRecord | Forecast | Missed
    """What it shows; the tooltip is made of it when it is needed."""

    @property
    def run_id(self) -> str:
        """The id of the run that it shows, or an empty text."""
        return self.source.id if isinstance(self.source, RunRecord) else ""

    @property
    def tip(self) -> str:
        """The tooltip."""
        if isinstance(self.source, RunRecord):
            return run_tip(self.source, self.end)
        if isinstance(self.source, Missed):
            return miss_tip(self.source)
        return tr(
            "{type}, expected at {time}, about {length}",
            type=words.type_name(self.type),
            time=moment(self.start),
            length=lasting(self.source.seconds),
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """The content of a timeline."""

    lanes: tuple[str, ...] = ()
    """Sync types, top to bottom."""
    bars: tuple[Bar, ...] = ()
    sessions: tuple[tuple[datetime, datetime], ...] = ()
    now: datetime | None = None


def bars_of(runs: Sequence[RunRecord], now: datetime) -> tuple[Bar, ...]:
    """Past and active runs as bars."""
    bars: list[Bar] = []
    for run in runs:
        end = run.ended or now
        bad = run.outcome in (Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED)
        kind = "bad" if bad else "skip" if run.outcome is Outcome.SKIPPED else "run"
        start = run.started
        for paused, resumed in run.suspensions:
            if paused > start:
                bars.append(Bar(run.type, start, paused, kind, run))
            bars.append(Bar(run.type, paused, resumed or now, "pause", run))
            start = resumed or now
        if end > start or not run.suspensions:
            bars.append(Bar(run.type, start, end, kind, run))
    return tuple(bars)


def run_tip(run: RunRecord, now: datetime) -> str:
    """The tooltip of a run."""
    end = run.ended or now
    lines = [
        f"{words.type_name(run.type)}, {words.scope_word(run.scope, run.key)} · {run.account}",
        f"{absolute(run.started)} · {took((end - run.started).total_seconds())}",
        words.outcome_word(run.outcome).text + " · " + words.origin_word(run.origin),
    ]
    if run.outcome in STORED:
        lines.append(words.run_line(run))
    if run.error is not None:
        lines.append(words.failure_word(run.error))
    return "\n".join(lines)


def miss_bars(missed: Sequence[Missed]) -> tuple[Bar, ...]:
    """Missed reads (due, but not done) as bars."""
    return tuple(Bar(m.type, m.due, m.last, "miss", m) for m in missed)


def miss_tip(missed: Missed) -> str:
    """The tooltip of a missed read."""
    name = words.type_name(missed.type) + (f" · {missed.account}" if missed.account else "")
    if missed.count > 1:
        when = tr(
            "due %n time(s) from {first} to {last}, not read",
            "",
            missed.count,
            first=moment(missed.due),
            last=moment(missed.last, missed.due),
        )
    else:
        when = tr("due at {time}, not read", time=moment(missed.due))
    return "\n".join((name, when, tr("Because: {why}", why=words.reason_word(missed.reason))))


def forecast_bars(forecast: Sequence[Forecast]) -> tuple[Bar, ...]:
    """Expected runs as dotted bars."""
    return tuple(Bar(f.type, f.starts, f.starts + timedelta(seconds=max(f.seconds, 1)), "next", f) for f in forecast)
