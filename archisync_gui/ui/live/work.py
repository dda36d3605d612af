"""Progress of long work in the notice: percentage, time left, and a button that cancels it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import span, tr

UNREPORTED = 1.0
"""Seconds; shorter work shows no progress."""

INTERVAL = 0.25
"""Seconds between two updates of the notice."""


class Work:
    """One piece of work, done by the task that creates this object. The button in the notice cancels that task."""

    def __init__(self, context: Context, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._title, self._clock = context, title, clock
        self._task = asyncio.current_task()
        self._began = self._said_at = clock()

    def reached(self, fraction: float) -> None:
        """Report the part that is done (0-1)."""
        now = self._clock()
        spent = now - self._began
        if spent < UNREPORTED or now - self._said_at < INTERVAL or not 0 < fraction < 1:
            return
        self._said_at = now
        left = span(spent * (1 - fraction) / fraction)
        text = tr("{title}: {part} %, about {time} left", title=self._title, part=int(fraction * 100), time=left)
        self._context.say(text, "work", tr("&Cancel"), self.cancel)

    def cancel(self) -> None:
        """Cancel the work: the operator pressed the button."""
        if self._task is not None:
            self._task.cancel()
            self._context.say(tr("{title}: cancelled, nothing was written.", title=self._title))
