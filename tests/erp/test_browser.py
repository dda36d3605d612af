"""Starting the browser: its socket fits below any temporary folder, and one that hangs is given up."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.erp import browser
from archisync_gui.model import FailureKind, SyncFailure


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")
async def test_a_browser_starts_where_the_temporary_folder_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 12)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert await browser.try_browser()
    assert list(folder.iterdir()) == []


def test_a_short_temporary_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.sep + "t")
    assert browser._temporary_base() == Path(os.sep + "t")


async def test_a_browser_that_makes_no_context_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hung:
        def is_connected(self) -> bool:
            return True

        async def new_context(self, **options: object) -> None:
            await asyncio.Event().wait()

        async def close(self) -> None:
            return None

    monkeypatch.setattr(browser, "START_LIMIT", 0.01)
    hung: Any = browser.Browser()
    hung._chromium = Hung()
    with pytest.raises(SyncFailure) as caught:
        await hung.page("agente01")
    assert (caught.value.code, caught.value.kind) == ("browser-silent", FailureKind.TRANSIENT)
    await hung.close()
    assert not hung.running
