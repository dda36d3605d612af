"""The one event loop: asyncio inside Qt's loop, by qasync; what runs in it lives elsewhere.

Two things differ from plain qasync 0.28. It makes one live Qt timer per callback and never kills them, also not at
``close()``; collected in a worker thread they crash the process. Here two timers serve all callbacks. And Python's
cyclic collector runs only in the GUI thread, at the end of a batch of callbacks, since a QObject freed elsewhere is
the same crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import heapq
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.system.application import application

import qasync  # type: ignore[import-untyped]  # isort: skip  (chooses its Qt by what is imported already)

BATCH_SECONDS = 0.008
"""Callbacks run at most so long before Qt gets its turn to paint: half a frame."""

FULL_COLLECTION_SECONDS = 60.0
"""The oldest generation is collected at most so often, and only when nothing waits."""


class _Timers:
    """Runs handles in the order given (ready ones) or by their time (later ones), from two Qt timers.

    Takes the place of qasync's own timer object and answers to the same calls.
    """

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        self._later: list[tuple[float, int, asyncio.Handle]] = []
        self._order = 0
        self._stopped = False
        self._soon = QTimer(singleShot=True, interval=0, timerType=Qt.TimerType.PreciseTimer)
        self._soon.timeout.connect(self._run_ready)
        self._alarm = QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._alarm.timeout.connect(self._run_due)
        self._last_full = time.monotonic()
        self._frozen = False
        self._in_batch = False

    def add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        if self._stopped:
            return handle
        if delay <= 0:
            self._ready.append(handle)
            if not self._soon.isActive():
                self._soon.start()
        else:
            self._order += 1
            heapq.heappush(self._later, (time.monotonic() + delay, self._order, handle))
            if self._later[0][2] is handle:
                self._set_alarm()
        return handle

    def forget_cancelled(self) -> None:
        """Drop cancelled handles when they are many: time-outs set and cancelled a thousand times cost nothing."""
        if len(self._later) > 64:
            self._later = [entry for entry in self._later if not entry[2].cancelled()]
            heapq.heapify(self._later)

    def stop(self) -> None:
        """End both timers and forget everything that waits; for good."""
        self._stopped = True
        self._soon.stop()
        self._alarm.stop()
        self._ready.clear()
        self._later.clear()

    def set_debug(self, enabled: bool) -> None:
        """Nothing differs in debug mode."""

    def _set_alarm(self) -> None:
        while self._later and self._later[0][2].cancelled():
            heapq.heappop(self._later)
        if not self._later:
            self._alarm.stop()
            return
        wait = self._later[0][0] - time.monotonic()
        self._alarm.start(max(0, min(int(wait * 1000) + 1, 2**31 - 1)))

    def _run_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        self._set_alarm()
        self._run_ready()

    def _run_ready(self) -> None:
        if self._in_batch:
            # A callback processes Qt's events (a nested event loop). A task cannot be entered from within another one:
            # asyncio raises, and the wake-up of that task is lost. What is ready runs when the callback has returned.
            return
        self._in_batch = True
        try:
            self._run_batch()
        finally:
            self._in_batch = False
        if self._ready:
            self._soon.start()
        self._collect()

    def _run_batch(self) -> None:
        until = time.monotonic() + BATCH_SECONDS
        for _ in range(len(self._ready)):
            if not self._ready or time.monotonic() > until:
                break
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()  # noqa: SLF001

    def _collect(self) -> None:
        if gc.isenabled():
            return
        young, middle, old = gc.get_count()
        if young > 2000:
            gc.collect(1 if middle > 10 else 0)
        if old > 10 and not self._ready and time.monotonic() - self._last_full > FULL_COLLECTION_SECONDS:
            self._last_full = time.monotonic()
            if self._frozen:
                gc.collect()
            else:
                # What is there by now stays (modules, classes, the window): to look through it takes 110 ms, and of
                # 185,000 objects 150 were garbage after the first read.
                self._frozen = True
                gc.freeze()


class QtEventLoop(qasync.QEventLoop):  # type: ignore[misc]
    """qasync's loop with timers that end with it, honour ``cancel`` and never fire early."""

    def __init__(self, app: QCoreApplication | None = None) -> None:
        super().__init__(app or QApplication.instance())
        self._timer = _Timers()

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """As asyncio's: returns a handle that knows its time."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """As asyncio's."""
        self._check_closed()
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timer.add_callback(handle, when - self.time())
        return handle

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:
        """As asyncio's: callbacks run in the order given."""
        self._check_closed()
        return self._timer.add_callback(asyncio.Handle(callback, args, self, context))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timer.forget_cancelled()


@contextlib.contextmanager
def collecting_in_gui_thread() -> Iterator[None]:
    """Within it the cyclic collector runs only where the loop calls it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run(main: Callable[[QApplication], Awaitable[int]]) -> int:
    """Run ``main`` inside Qt's loop to its end and return its exit code.

    ``QApplication.quit()`` (a session that logs out) does not cut ``main`` off: it may notice ``aboutToQuit`` and
    finish; a second quit cancels it.
    """
    app = application()
    loop = QtEventLoop(app)
    asyncio.set_event_loop(loop)
    with collecting_in_gui_thread():
        try:
            task = loop.create_task(_as_coroutine(main, app))
            for attempt in range(3):
                try:
                    code: int = loop.run_until_complete(task)
                    return code
                except asyncio.CancelledError:
                    return 130
                except RuntimeError:
                    if task.done():
                        raise
                    if attempt == 1:
                        task.cancel()
            return 1
        finally:
            _cancel_rest(loop)
            asyncio.set_event_loop(None)
            loop.close()


async def _as_coroutine(main: Callable[[QApplication], Awaitable[int]], app: QApplication) -> int:
    return await main(app)


def _cancel_rest(loop: QtEventLoop) -> None:
    """As ``asyncio.run`` does: no task and no async generator outlives the loop."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if rest:
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
