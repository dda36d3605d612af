"""A folder or its file that disappears is noticed, at once by a notification of the system, or else by polling."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from archisync_gui.app import folder_watch as module
from archisync_gui.app.folder_watch import folder_watch

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of changes in folders (inotify)")

NOTICED = 30.0
"""Seconds; less than polling at the interval :data:`folder_watch.SELDOM` would take."""


@linux
@pytest.mark.parametrize("how", ["removed", "renamed", "its file removed", "its file replaced"])
async def test_a_change_of_the_folder_is_noticed_at_once(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "lock").touch()
    with folder_watch(folder, "lock") as changed:
        match how:
            case "removed":
                (folder / "lock").unlink()
                folder.rmdir()
            case "renamed":
                folder.rename(tmp_path / "away")
            case "its file removed":
                (folder / "lock").unlink()
            case "its file replaced":
                (folder / "lock").rename(folder / "old")
        async with asyncio.timeout(NOTICED):
            await changed()


@linux
@pytest.mark.qasync
async def test_on_the_panels_loop_too(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    folder.mkdir()
    with folder_watch(folder, "lock") as changed:
        folder.rename(tmp_path / "away")
        async with asyncio.timeout(NOTICED):
            await changed()


@linux
async def test_changes_of_other_files_are_not_reported(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with folder_watch(tmp_path, "lock") as changed:
        waiting = asyncio.ensure_future(changed())
        (tmp_path / "data").unlink()
        (tmp_path / "note").touch()
        (tmp_path / "note").rename(tmp_path / "noted")
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        (tmp_path / "lock").touch()
        (tmp_path / "lock").unlink()
        async with asyncio.timeout(NOTICED):
            await waiting


@pytest.mark.parametrize("told", [True, False])
async def test_without_notifications_the_folder_is_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    if not told:
        monkeypatch.setattr(module, "_inotify", lambda folder: None)
    monkeypatch.setattr(module, "OFTEN", 0.01)
    monkeypatch.setattr(module, "SELDOM", 0.01)
    with folder_watch(tmp_path, "lock") as changed:
        async with asyncio.timeout(NOTICED):
            await changed()


@linux
def test_a_missing_folder_is_not_watched(tmp_path: Path) -> None:
    assert module._inotify(tmp_path / "gone") is None
