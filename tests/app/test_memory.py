"""Free memory is returned to the system where the C library supports it."""

from __future__ import annotations

import sys
from typing import ClassVar

import psutil
import pytest

from archisync_gui.app import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="glibc, the C library of Linux")

MEGABYTE = 1_000_000


@linux
def test_free_memory_is_returned_to_the_system() -> None:
    if memory._glibc() is None:
        pytest.skip("needs Linux with glibc: musl gives nothing back")
    small = [bytes(600) for _ in range(200_000)]  # below the size for which Python and glibc allocate whole pages
    kept = small[::50]
    del small
    before = psutil.Process().memory_info().rss
    memory.give_back()
    assert kept
    assert psutil.Process().memory_info().rss < before - 20 * MEGABYTE


def test_other_c_libraries_are_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("no library is loaded"))
    memory.give_back()
    memory.share_one_heap()


@linux
def test_one_heap_can_be_asked_for() -> None:
    class Library:
        asked: ClassVar[list[tuple[int, int]]] = []

        def mallopt(self, what: int, value: int) -> int:
            self.asked.append((what, value))
            return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "_glibc", Library)
        memory.share_one_heap()
    assert Library.asked == [(-8, 1)]
