"""Long work told beside what one does: how far it is, how long it still takes, and the button that ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import span, tr

QUICK = 1.0
"""Work that ends within so many seconds is not talked about."""

PACE = 0.25
"""Seconds between two words about it."""


class Work:
    """One piece of work, done by the task that makes this. Its button cancels that task."""

    def __init__(self, context: Context, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._title, self._clock = context, title, clock
        self._task = asyncio.current_task()
        self._began = self._told = clock()

    def reached(self, fraction: float) -> None:
        """So much (0-1) is done."""
        now = self._clock()
        spent = now - self._began
        if spent < QUICK or now - self._told < PACE or not 0 < fraction < 1:
            return
        self._told = now
        left = span(spent * (1 - fraction) / fraction)
        text = tr("{title}: {part} %, about {time} left", title=self._title, part=int(fraction * 100), time=left)
        self._context.say(text, "work", tr("&Cancel"), self.cancel)

    def cancel(self) -> None:
        """The operator wants no more of it."""
        if self._task is not None:
            self._task.cancel()
            self._context.say(tr("{title}: cancelled, nothing was written.", title=self._title))
