"""The lives of the panel (from the opening of its services to their closing): confirmed work is done between two of
them, and a quit is never lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from archisync_gui.app import desktop, exit_codes
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock
from archisync_gui.store import Store, StoreError
from archisync_gui.ui.live.context import problem
from archisync_gui.ui.shell.panel import Panel

pytestmark = pytest.mark.qasync


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(f"{tmp_path / 'p'}{os.sep}", demo=True)


class Parts:
    """Replaces core, drafts and endpoint; subclasses act while they are open, and while they close."""

    def __init__(self) -> None:
        self.broken: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.lives: list[Life] = []
        self.done: list[str] = []

    async def opens(self, life: Life) -> None:
        """Called when the services are open."""

    async def closes(self, life: Life) -> None:
        """Called while the services close."""

    async def work(self) -> tuple[str, str]:
        """Work that the operator has confirmed."""
        self.done.append("work")
        return "done", "ok"

    @asynccontextmanager
    async def opened(self, life: Life, panel: Panel) -> AsyncIterator[Any]:
        self.lives.append(life)
        await self.opens(life)
        try:
            yield self
        finally:
            await self.closes(life)


async def lived(parts: Parts, profile: Profile, app: QApplication, patch: pytest.MonkeyPatch) -> int:
    patch.setattr(desktop, "_opened", parts.opened)
    async with asyncio.timeout(60):
        return await desktop._lives(app, Life(profile, None, asyncio.Event()), hidden=True)


async def test_work_between_two_lives_is_followed_by_the_next(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moves(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working") if len(self.lives) == 1 else life.quit.set()

    parts = Moves()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert len(parts.lives) == 2
    assert parts.done == ["work"]
    assert parts.lives[1].notice == ("done", "ok")


async def test_a_quit_while_a_life_closes_for_work_ends_the_program_after_the_work(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session ends, or the operator quits, while the archive is closed for a restore."""

    class Quits(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working")

        async def closes(self, life: Life) -> None:
            life.quit.set()

    parts = Quits()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert len(parts.lives) == 1
    assert parts.done == ["work"]


async def test_a_quit_during_the_work_ends_the_program_after_it(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quits(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working")

        async def work(self) -> tuple[str, str]:
            self.lives[0].quit.set()
            await asyncio.sleep(0)
            return await super().work()

    parts = Quits()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert len(parts.lives) == 1
    assert parts.done == ["work"]


async def test_confirmed_work_is_done_although_a_part_fails_to_close(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors(r"archisync_gui\.app\.life: the panel could not go on")

    class Fails(Parts):
        async def opens(self, life: Life) -> None:
            life.move(self.work, "working") if len(self.lives) == 1 else life.quit.set()

        async def closes(self, life: Life) -> None:
            if len(self.lives) == 1:
                raise OSError("the disk is away for a moment")

    parts = Fails()
    assert await lived(parts, profile, qapp, monkeypatch) == exit_codes.OK
    assert len(parts.lives) == 2
    assert parts.done == ["work"]


async def test_a_failed_restore_is_reported_before_the_next_choice(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """The archive is damaged at the start and the backup cannot be restored: the question is repeated, with the
    reason."""
    expected_errors(r"archisync_gui\.app\.life: the panel could not go on")
    expected_errors(r"archisync_gui\.app\.life: .* could not be put back")
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    backup = await store.backup("operator")
    await store.close()
    asked: list[tuple[str, Path | None, str]] = []

    class Damaged(Parts):
        async def opens(self, life: Life) -> None:
            raise StoreError("damaged", path="archisync.db", detail="")

    async def chosen(_panel: Panel, error: StoreError, offered: Path | None, said: str) -> Path | None:
        asked.append((error.code, offered, said))
        return offered if len(asked) == 1 else None

    async def full(*_: object, **__: object) -> None:
        raise StoreError("disk-full", path="archisync.db", detail="")

    monkeypatch.setattr(Panel, "show_failure", chosen)
    monkeypatch.setattr(Store, "restore", full)
    assert await lived(Damaged(), profile, qapp, monkeypatch) == exit_codes.CONFIG
    why = problem(StoreError("disk-full", path="archisync.db", detail=""))
    assert asked == [("damaged", backup, ""), ("damaged", backup, why)]
