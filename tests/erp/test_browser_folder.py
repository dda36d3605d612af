"""Chromium's socket must fit below the temporary folder, however long the system's own is."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from archisync_gui.erp import browser


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
