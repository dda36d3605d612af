"""The event loop: order, cancelled timers, times, and that nothing runs after its close."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.system import loop as loop_module
from archisync_gui.ui.system.loop import QtEventLoop, collecting_in_gui_thread


@pytest.fixture
def loop(qapp: QApplication) -> QtEventLoop:
    return QtEventLoop(qapp)


def test_callbacks_keep_their_order(loop: QtEventLoop) -> None:
    seen: list[int] = []

    async def main() -> None:
        for i in range(500):
            loop.call_soon(seen.append, i)
        await asyncio.sleep(0.01)

    loop.run_until_complete(main())
    loop.close()
    assert seen == list(range(500))


def test_no_wake_up_is_lost_when_a_callback_processes_events(loop: QtEventLoop, qapp: QApplication) -> None:
    async def waiter(awaited: asyncio.Future[int]) -> int:
        return await awaited

    async def main() -> list[int]:
        awaited = [loop.create_future() for _ in range(3)]
        tasks = [asyncio.ensure_future(waiter(future)) for future in awaited]
        await asyncio.sleep(0)
        for number, future in enumerate(awaited):
            future.set_result(number)
        qapp.processEvents()  # a nested event loop, like that of a modal dialog or a print preview
        return await asyncio.wait_for(asyncio.gather(*tasks), 5)

    answers = loop.run_until_complete(main())
    loop.close()
    assert answers == [0, 1, 2]


def test_sleep_never_ends_early(loop: QtEventLoop) -> None:
    async def main() -> list[float]:
        late = []
        for delay in (0.001, 0.02, 0.06):
            began = time.monotonic()
            await asyncio.sleep(delay)
            late.append(time.monotonic() - began - delay)
        return late

    late = loop.run_until_complete(main())
    loop.close()
    assert min(late) >= 0


def test_cancelled_timers_do_not_run_and_are_forgotten(loop: QtEventLoop) -> None:
    ran: list[int] = []

    async def main() -> int:
        handles = [loop.call_later(0.01, ran.append, i) for i in range(1000)]
        for handle in handles:
            handle.cancel()
        await asyncio.sleep(0.03)
        return len(loop._timer._later)

    left = loop.run_until_complete(main())
    loop.close()
    assert ran == []
    assert left <= 64


def test_nothing_runs_after_close(loop: QtEventLoop, qapp: QApplication) -> None:
    ran: list[str] = []

    loop.run_until_complete(asyncio.sleep(0))
    loop.call_later(0.01, ran.append, "late")
    loop.close()
    QApplication.processEvents()
    assert ran == []
    assert not loop._timer._soon.isActive()
    assert not loop._timer._alarm.isActive()


def test_handles_know_their_time(loop: QtEventLoop) -> None:
    async def main() -> float:
        handle = loop.call_later(5, print)
        handle.cancel()
        return handle.when() - loop.time()

    ahead = loop.run_until_complete(main())
    loop.close()
    assert 4 < ahead <= 5


def test_the_collector_is_pinned_and_freed() -> None:
    with collecting_in_gui_thread():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_objects_that_exist_after_the_first_minute_are_not_scanned_by_the_collector(
    loop: QtEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full collection that scans all modules and the whole window stops the loop for 0.1 s."""
    done: list[str] = []
    monkeypatch.setattr(gc, "isenabled", lambda: False)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 11))
    monkeypatch.setattr(gc, "collect", lambda generation=2: done.append(f"collect {generation}"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("freeze"))
    for minute in range(1, 4):
        monkeypatch.setattr(loop_module, "FULL_COLLECTION_SECONDS", -1.0)
        loop._timer._collect()
        monkeypatch.setattr(loop_module, "FULL_COLLECTION_SECONDS", 60.0)
        loop._timer._collect()  # once a minute
        assert len(done) == minute
    loop.close()
    assert done == ["freeze", "collect 2", "collect 2"]


def test_this_pyside_does_not_steal_references(qapp: QApplication) -> None:
    """PySide6 6.12.0 on Python below 3.12 loses a reference to None in every call, and the process dies later."""
    before = sys.getrefcount(None)
    for _ in range(1000):
        QObject().setObjectName("x")
    assert sys.getrefcount(None) > before - 200


def test_a_thread_that_ends_as_the_loop_is_closed_calls_nothing(qapp: QApplication) -> None:
    loop, called = QtEventLoop(qapp), list[int]()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(called.append, 1))
    thread.start()
    thread.join()
    loop.close()
    qapp.processEvents()
    assert called == []
