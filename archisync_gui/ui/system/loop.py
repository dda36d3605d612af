"""The event loop: asyncio inside Qt's loop, by qasync.

Three things differ from plain qasync 0.28. qasync starts one Qt timer per callback and never kills them, not even at
``close()``; when such a timer is garbage-collected in a worker thread, the process crashes. Here two timers serve all
callbacks. Python's cyclic collector runs only in the GUI thread, at the end of a batch of callbacks, since a QObject
that is freed in another thread crashes the process, too. And a call from a thread that arrives after ``close()`` is
dropped, where qasync raises.
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
"""Longest time for which callbacks run before Qt may paint: half a frame."""

FULL_COLLECTION_SECONDS = 60.0
"""Shortest time between two collections of the oldest generation, which also need an idle loop."""


class _Timers:
    """Runs ready handles in the order in which they were added, and later ones by their time, from two Qt timers.

    It replaces qasync's own timer object and has the same methods.
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
        """Drop cancelled handles when there are many, so that thousands of cancelled time-outs need no memory."""
        if len(self._later) > 64:
            self._later = [entry for entry in self._later if not entry[2].cancelled()]
            heapq.heapify(self._later)

    def stop(self) -> None:
        """Stop both timers for good and drop all handles."""
        self._stopped = True
        self._soon.stop()
        self._alarm.stop()
        self._ready.clear()
        self._later.clear()

    def set_debug(self, enabled: bool) -> None:
        """Do nothing: there is no debug mode."""

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
            # A callback processes Qt's events (a nested event loop). asyncio does not allow a task to run inside
            # another one: it raises, and the wake-up of that task is lost. So ready handles wait until the callback
            # has returned.
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
                # The present objects (modules, classes, the window) stay anyway: to examine them takes 110 ms, and
                # after the first read only 150 of 185,000 were garbage.
                self._frozen = True
                gc.freeze()


class QtEventLoop(qasync.QEventLoop):  # type: ignore[misc]
    """qasync's loop with timers that stop with the loop, respect ``cancel`` and never fire early."""

    def __init__(self, app: QCoreApplication | None = None) -> None:
        super().__init__(app or QApplication.instance())
        self._timer = _Timers()
        # qasync 0.28 passes calls from threads on by this signal, and raises when one is delivered after close().
        signal = self._QEventLoop__call_soon_signal
        signal.disconnect()
        signal.connect(lambda callback, args: None if self.is_closed() else self.call_soon(callback, *args))

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
        """As asyncio's: callbacks run in the order of the calls."""
        self._check_closed()
        return self._timer.add_callback(asyncio.Handle(callback, args, self, context))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timer.forget_cancelled()


@contextlib.contextmanager
def collecting_in_gui_thread() -> Iterator[None]:
    """Within this context the cyclic collector runs only when the loop calls it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run(main: Callable[[QApplication], Awaitable[int]]) -> int:
    """Run ``main`` inside Qt's loop to its end and return its exit code.

    ``QApplication.quit()`` (when the session logs out) does not cancel ``main``, which can react to ``aboutToQuit`` and
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
    """End all tasks and asynchronous generators before the loop is closed, as ``asyncio.run`` does."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if rest:
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
