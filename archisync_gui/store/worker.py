"""A thread that runs jobs one after the other for an asyncio loop; no SQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from archisync_gui.model import FailureKind, SyncFailure

T = TypeVar("T")

INTERRUPT_AGAIN = 0.05
"""Seconds between two calls of ``on_cancel``."""


class Worker:
    """Runs jobs in the order of the calls, on one thread of its own, for any asyncio loop."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: object | None = None
        self._closed = False

    async def run(
        self, job: Callable[[], T], *, on_cancel: Callable[[], None] | None = None, keeps_result: bool = False
    ) -> T:
        """Run ``job`` on the thread and return its result.

        When the caller is cancelled, a job that has not begun is dropped. For a job that runs, ``on_cancel`` is called
        (on the caller's thread, to make the job stop early), and its end is awaited; a second cancellation ends this
        wait. ``keeps_result``: if the job succeeds all the same, its result is returned and the cancellation is
        ignored, since it came too late; further cancellations do not end the wait.
        Raises :class:`SyncFailure` ``closing`` after :meth:`close`.
        """
        if self._closed:
            raise SyncFailure("closing", FailureKind.PERMANENT)
        token = object()

        def call() -> T:
            with self._lock:
                self._running = token
            try:
                return job()
            finally:
                with self._lock:
                    self._running = None

        future: Future[T] = self._pool.submit(call)
        waiter = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            waiter.add_done_callback(_retrieve)
            if not future.cancel():
                while not waiter.done():
                    with self._lock:  # so that the next job cannot begin and be interrupted instead of this one
                        if self._running is token and on_cancel is not None:
                            on_cancel()
                    # Repeated: SQLite ignores an interrupt that comes while the job is between two statements.
                    try:
                        await asyncio.wait({waiter}, timeout=INTERRUPT_AGAIN)
                    except asyncio.CancelledError:
                        if not keeps_result:
                            raise
                if keeps_result and waiter.exception() is None:
                    return waiter.result()
            raise

    async def close(self, last: Callable[[], None] | None = None) -> None:
        """Finish the jobs in the queue, then run ``last``, then end the thread. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            await asyncio.shield(asyncio.wrap_future(self._pool.submit(last or _nothing)))
        finally:
            # The queue is empty here (or the caller was cancelled): joining the idle thread takes microseconds.
            self._pool.shutdown(wait=True)


def _nothing() -> None:
    return None


def _retrieve(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
