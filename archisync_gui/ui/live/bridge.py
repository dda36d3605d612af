"""The bridge from the orchestrator's events to Qt signals, and background work started by widgets.

Events are gathered and handed on at most 15 times a second (once a second while nobody looks); no timer runs while
nothing happens. What the signals mean is decided by their receivers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from archisync_gui.model import Event, EventKind, Status, SyncFailure, SyncType
from archisync_gui.model.events import QueueUpdated

if TYPE_CHECKING:
    from archisync_gui.orchestrator import OrchestratorApi

log = logging.getLogger(__name__)

SHOWN_GAP = 1 / 15
"""Seconds between two updates while the window is shown. Twenty a second look no smoother and cost a third more."""

HIDDEN_GAP = 1.0
"""Seconds between two updates while it is hidden: enough for the tray."""

KEPT = 500
"""Events kept for one update; older progress is worthless, older results are in the history."""


class Bridge(QObject):
    """One per panel: subscribes to an orchestrator and tells widgets, coalesced."""

    status_changed = Signal(object)
    """The newest :class:`Status`."""
    happened = Signal(object)
    """A tuple of :class:`Event` in order, without progress that a later one overtook."""
    tick = Signal()
    """Once a second, only while the window is shown: clocks on screen move on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orchestrator: OrchestratorApi | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._pending: list[Event] = []
        self._shown = False
        self._last = 0.0
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.flush)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self.tick)

    def attach(self, orchestrator: OrchestratorApi) -> None:
        """Listen to ``orchestrator`` and tell its status at once."""
        self.detach()
        self._orchestrator = orchestrator
        self._unsubscribe = orchestrator.subscribe(self._heard)
        self.flush()

    def detach(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = None
        self._orchestrator = None
        self._pending.clear()
        self._timer.stop()

    def set_shown(self, shown: bool) -> None:
        """The window was shown or hidden."""
        self._shown = shown
        if shown:
            self._clock.start()
            if self._orchestrator is not None:
                self._timer.start(0)
        else:
            self._clock.stop()

    @property
    def quiet(self) -> bool:
        """True when no timer of this bridge runs."""
        return not self._timer.isActive() and not self._clock.isActive()

    def _heard(self, event: Event) -> None:
        pending = self._pending
        if pending and event.kind is pending[-1].kind and event.kind in _OVERTAKEN and not rows_replaced(pending[-1:]):
            pending[-1] = event
        else:
            pending.append(event)
            if len(pending) > KEPT:
                del pending[0]
        if not self._timer.isActive():
            gap = SHOWN_GAP if self._shown else HIDDEN_GAP
            wait = gap - (time.monotonic() - self._last)
            self._timer.start(max(0, int(wait * 1000)))

    def flush(self) -> None:
        """Hand on what was gathered."""
        if self._orchestrator is None:
            return
        self._last = time.monotonic()
        events, self._pending = tuple(self._pending), []
        status: Status = self._orchestrator.get_status()
        self.status_changed.emit(status)
        if events:
            self.happened.emit(events)


def rows_replaced(events: Sequence[Event]) -> set[SyncType]:
    """The lists whose rows the operator changed here or on another computer: cleared, accepted or re-keyed. What was
    read of them before may be other records under the same keys."""
    return {e.data.type for e in events if isinstance(e.data, QueueUpdated) and e.data.type is not None}


_OVERTAKEN = frozenset({EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED})


class Background(QObject):
    """Runs coroutines for widgets: keeps them alive, tells failures, ends them with the panel."""

    failed = Signal(object)
    """The exception that a coroutine raised and nobody else handles."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: set[asyncio.Task[object]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(
        self, work: Coroutine[Any, Any, object], name: str = "ui", owner: QObject | None = None
    ) -> asyncio.Task[object]:
        """Start ``work`` in the loop; where that stands still (a timer fires between two of its turns), when it goes
        on. It ends with its ``owner``, a dialog or row that it fills: one that is closed meanwhile has nothing left to
        be filled."""
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        if self._loop is None or self._loop.is_closed():
            work.close()
            raise RuntimeError("there is no event loop")
        task = self._loop.create_task(work, name=f"ui:{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if owner is not None:
            owner.destroyed.connect(lambda: task.cancel())
        return task

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, SyncFailure) and error.code == "closing":
            # The archive is closed for a restart or at the end: what comes after it reads anew.
            log.info("%s was cut off: the archive is being closed", task.get_name())
        elif error is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
            self.failed.emit(error)

    async def close(self) -> None:
        """Cancel what runs and wait for its end, and for that of what it started in ending."""
        while tasks := [t for t in self._tasks if t is not asyncio.current_task()]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
