"""A run's control as the runner uses it: it can repeat the last progress, so that a slow ERP is not taken for a dead
one."""

from __future__ import annotations

from contextlib import AbstractContextManager

from archisync_gui.model import Clock, Progress, RunControl

SELDOM = 1.0
"""Seconds; a progress that was told less than this ago is not repeated. The page's limit (``page_driver.LIMIT``) and
this together are less than the watchdog's patience (rule 24)."""


class FollowedControl:
    """A ``RunControl`` that knows what was told last."""

    def __init__(self, control: RunControl, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._last: Progress | None = None
        self._told_at = 0.0
        self.run = control.run
        self.resume = control.resume

    def progress(self, progress: Progress) -> None:
        """Report progress."""
        self._last, self._told_at = progress, self._clock.monotonic()
        self._control.progress(progress)

    def moved(self) -> None:
        """A step of the browser's work begins, for this run or for what it waits for: the run does not stand still."""
        if self._last is not None and self._clock.monotonic() - self._told_at >= SELDOM:
            self.progress(self._last)

    def suspend_requested(self) -> bool:
        """Whether the run has to make way at its next safe point."""
        return self._control.suspend_requested()

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        """Declare a step without progress."""
        return self._control.long_step(limit)

    def logged_in(self) -> None:
        """Count one login."""
        self._control.logged_in()
