"""What is free goes back to the system, where the C library can do that."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from archisync_gui.app import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="glibc, the C library of Linux")

MEGABYTE = 1_000_000


@linux
def test_free_memory_is_given_back() -> None:
    if memory._glibc() is None:
        pytest.skip("needs Linux with glibc: musl gives nothing back")
    small = [bytes(600) for _ in range(200_000)]  # below the size for which Python and glibc take pages of their own
    kept = small[::50]
    del small
    before = psutil.Process().memory_info().rss
    memory.give_back()
    assert kept
    assert psutil.Process().memory_info().rss < before - 20 * MEGABYTE


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("no library is loaded"))
    memory.give_back()
    memory.share_one_heap()


@linux
def test_the_panel_shares_one_heap_before_it_starts_threads() -> None:
    text = (Path(memory.__file__).parent / "desktop.py").read_text("utf-8")
    assert text.index("first_paint()") < text.index("_share_one_heap()\n        try") < text.index("life.lived(")
