"""The bridge from the orchestrator's events to Qt signals, and background work started by widgets.

Events are collected and emitted at most 15 times a second (once a second while the window is hidden). No timer runs
while nothing happens.
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
"""Seconds between two updates while the window is shown. 20 updates a second look no smoother and cost a third more."""

HIDDEN_GAP = 1.0
"""Seconds between two updates while the window is hidden: enough for the tray."""

MAX_PENDING = 500
"""Most events of one update. When there are more, the oldest are dropped: the history has their results."""


class Bridge(QObject):
    """Subscribes to an orchestrator and emits its events and status, several at a time. One per panel."""

    status_changed = Signal(object)
    """The newest :class:`Status`."""
    happened = Signal(object)
    """A tuple of :class:`Event` in order, without progress events that a later one replaces."""
    tick = Signal()
    """Once a second, only while the window is shown: for ages and clocks on the screen."""

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
        """Subscribe to ``orchestrator`` and emit its status at once."""
        self.detach()
        self._orchestrator = orchestrator
        self._unsubscribe = orchestrator.subscribe(self._on_event)
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

    def _on_event(self, event: Event) -> None:
        pending = self._pending
        if pending and event.kind is pending[-1].kind and event.kind in _SUPERSEDED and not rows_replaced(pending[-1:]):
            pending[-1] = event
        else:
            pending.append(event)
            if len(pending) > MAX_PENDING:
                del pending[0]
        if not self._timer.isActive():
            gap = SHOWN_GAP if self._shown else HIDDEN_GAP
            wait = gap - (time.monotonic() - self._last)
            self._timer.start(max(0, int(wait * 1000)))

    def flush(self) -> None:
        """Emit the present status and the collected events."""
        if self._orchestrator is None:
            return
        self._last = time.monotonic()
        events, self._pending = tuple(self._pending), []
        status: Status = self._orchestrator.get_status()
        self.status_changed.emit(status)
        if events:
            self.happened.emit(events)


def rows_replaced(events: Sequence[Event]) -> set[SyncType]:
    """The lists whose rows an operator changed, here or on another computer (cleared, accepted or re-keyed). The same
    keys may belong to other records now."""
    return {e.data.type for e in events if isinstance(e.data, QueueUpdated) and e.data.type is not None}


_SUPERSEDED = frozenset({EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED})


class Background(QObject):
    """Runs coroutines for widgets: keeps them alive, reports failures, cancels them when the panel ends."""

    failed = Signal(object)
    """An exception that a coroutine raised."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: set[asyncio.Task[object]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(
        self, work: Coroutine[Any, Any, object], name: str = "ui", owner: QObject | None = None
    ) -> asyncio.Task[object]:
        """Start ``work`` as a task. Also works outside a running loop (a Qt timer that fires between two callbacks of
        asyncio): the task then starts with the loop's next callbacks. The task is cancelled when ``owner``, the dialog
        or row that it fills, is destroyed."""
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
            # The archive is being closed, for a restart or at the program's end: no error to report.
            log.info("%s was cut off: the archive is being closed", task.get_name())
        elif error is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
            self.failed.emit(error)

    async def close(self) -> None:
        """Cancel all tasks and wait for their end; also tasks that they start while they end."""
        while tasks := [t for t in self._tasks if t is not asyncio.current_task()]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
