"""A damaged or missing file of the drafts is replaced by its newest sound copy, and the operator is told of when it is;
the daily copies are made with the archive's backup."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archisync_gui import zone
from archisync_gui.app.backing_up import back_up
from archisync_gui.app.core import Core
from archisync_gui.app.drafts_file import open_drafts
from archisync_gui.drafts import DraftConflict, Drafts
from archisync_gui.drafts.drafts import FILE
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import codes, text
from archisync_gui.model import BackupTrouble, SyncFailure, SystemClock
from archisync_gui.office.membership import FILE as MEMBERSHIP
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.store import Store, StoreError, backups
from tests.support.hygiene import ExpectedErrors

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGENT = "agente01"


class DayClock(SystemClock):
    """A wall clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Rig:
    """A profile's folder whose drafts are opened and copied as the panel does it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.clock = folder, folder / FILE, DayClock()
        self.troubles: list[BackupTrouble | None] = []
        self.lost: list[SyncFailure] = []

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Drafts]:
        """As at a start of the panel; ``lost`` are the errors of the file."""
        core = SimpleNamespace(profile=SimpleNamespace(folder=self.folder), clock=self.clock)
        drafts, self.lost = await open_drafts(cast("Core", core), ran_before=True)
        try:
            yield drafts
        finally:
            await drafts.close()

    async def save(self, draft: str, note: str) -> None:
        drafts = await Drafts.open(self.folder, clock=self.clock)
        await drafts.put(AGENT, draft, {"note": note})
        await drafts.close()

    async def back_up(self, days: float = 0.0) -> None:
        """The daily backup, so many days later."""
        self.clock.time += timedelta(days=days)
        store = await Store.open(self.folder, ENTITIES, clock=self.clock)
        try:
            orchestrator = SimpleNamespace(backup_failing=self.troubles.append)
            await back_up(store, cast("Orchestrator", orchestrator), self.clock)
        finally:
            await store.close()

    def copies(self) -> tuple[Path, ...]:
        return backups.listed(self.path)

    def damage(self, *files: Path) -> bytes:
        for file in files or (self.path,):
            file.write_bytes(file.read_bytes()[:4096] + b"\x07" * 8192)
        return self.path.read_bytes()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def notes(drafts: Drafts) -> dict[str, Any]:
    return {draft.id: draft.document["note"] for draft in await drafts.list(AGENT)}


async def test_the_daily_backup_copies_archive_and_drafts_once_a_day(rig: Rig) -> None:
    await rig.save("draft-one", "primo")
    await rig.back_up()
    await rig.back_up(days=0.2)
    names = sorted(file.name[:7] for file in (rig.folder / "backups").iterdir())
    assert names == ["archisy", "drafts-"]
    for _ in range(12):
        await rig.back_up(days=1)
    assert len(rig.copies()) == 10
    assert rig.troubles == [None] * 14


@pytest.mark.parametrize(("code", "shown"), [("disk-full", "disk-full"), ("damaged", "drafts-unsound")])
async def test_drafts_that_cannot_be_copied_are_a_trouble_and_the_archive_is_copied(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, code: str, shown: str
) -> None:
    await rig.save("draft-one", "primo")
    await rig.back_up()

    def refuse(*_: object) -> None:
        raise StoreError(code, path=str(rig.path))

    with monkeypatch.context() as broken:
        broken.setattr("archisync_gui.app.backing_up.daily", refuse)
        await rig.back_up(days=1)
    trouble = rig.troubles[-1]
    assert trouble is not None
    assert (trouble.error.code, trouble.last) == (shown, START)
    assert len(backups.listed(rig.folder / "archisync.db")) == 2
    await rig.back_up()
    assert rig.troubles[-1] is None
    assert len(rig.copies()) == 2


async def test_a_computer_of_an_office_copies_no_drafts(rig: Rig) -> None:
    await rig.save("draft-one", "primo")
    (rig.folder / MEMBERSHIP).write_text('{"url": "postgresql://office@server.example.test/office"}', encoding="utf-8")
    await rig.back_up()
    assert rig.copies() == ()
    assert len(backups.listed(rig.folder / "archisync.db")) == 1


async def test_a_damaged_file_is_replaced_by_its_newest_copy(rig: Rig, expected_errors: ExpectedErrors) -> None:
    expected_errors(r"the drafts cannot be read")
    await rig.save("draft-one", "primo")
    await rig.save("draft-gone", "eliminata dopo")
    await rig.back_up()
    drafts = await Drafts.open(rig.folder, clock=rig.clock)
    await drafts.put(AGENT, "draft-one", {"note": "cambiata dopo"}, if_match=1)
    await drafts.delete(AGENT, "draft-gone")
    await drafts.close()
    damaged = rig.damage()
    zone.use("Europe/Rome")
    try:
        async with rig.opened() as drafts:
            assert await notes(drafts) == {"draft-one": "primo", "draft-gone": "eliminata dopo"}
            # What a browser still keeps is sent as usual: a new draft is stored, a later one becomes a conflict.
            await drafts.put(AGENT, "draft-new", {"note": "ancora nel browser"})
            with pytest.raises(DraftConflict):
                await drafts.put(AGENT, "draft-one", {"note": "ancora dopo"}, if_match=2)
    finally:
        zone.use("")
    (trouble,) = rig.lost
    assert trouble.code == "drafts-damaged-restored"
    assert trouble.params["time"] == "02/03/2026 10:00"
    kept = Path(str(trouble.params["kept"]))
    assert await asyncio.to_thread(kept.read_bytes) == damaged
    for language in ("it", "en"):
        said = text(trouble.code, language, trouble.params)
        assert "02/03/2026 10:00" in said.what
        assert str(kept) in said.means
    async with rig.opened():
        assert rig.lost == [], "told again"


async def test_a_damaged_newest_copy_is_passed_over(rig: Rig, expected_errors: ExpectedErrors) -> None:
    expected_errors(r"the drafts cannot be read")
    await rig.save("draft-one", "primo")
    await rig.back_up()
    await rig.save("draft-two", "secondo")
    await rig.back_up(days=1)
    newest, _ = rig.copies()
    rig.damage(rig.path, newest)
    async with rig.opened() as drafts:
        assert await notes(drafts) == {"draft-one": "primo"}
    assert [trouble.code for trouble in rig.lost] == ["drafts-damaged-restored"]
    assert str(rig.lost[0].params["time"]).startswith("02/03/2026")


async def test_a_file_that_is_gone_is_replaced_by_its_newest_copy(rig: Rig) -> None:
    await rig.save("draft-one", "primo")
    await rig.back_up()
    rig.path.unlink()
    async with rig.opened() as drafts:
        assert await notes(drafts) == {"draft-one": "primo"}
    assert [trouble.code for trouble in rig.lost] == ["drafts-missing-restored"]
    assert codes() >= {"drafts-missing-restored", "drafts-damaged-restored", "drafts-unsound"}


async def test_without_a_copy_the_drafts_begin_empty(rig: Rig, expected_errors: ExpectedErrors) -> None:
    expected_errors(r"the drafts cannot be read")
    await rig.save("draft-one", "primo")
    damaged = rig.damage()
    async with rig.opened() as drafts:
        assert await notes(drafts) == {}
    assert [trouble.code for trouble in rig.lost] == ["drafts-damaged"]
    assert await asyncio.to_thread(Path(str(rig.lost[0].params["kept"])).read_bytes) == damaged
    rig.path.unlink()
    for file in rig.copies():
        file.unlink()
    async with rig.opened() as drafts:
        assert await notes(drafts) == {}
    assert [trouble.code for trouble in rig.lost] == ["drafts-missing"]


async def test_a_computer_of_an_office_takes_no_copy_from_before_joining(
    rig: Rig, expected_errors: ExpectedErrors
) -> None:
    """The office has those drafts, perhaps changed or deleted since: they must not be handed in again."""
    expected_errors(r"the drafts cannot be read")
    await rig.save("draft-one", "primo")
    await rig.back_up()
    (rig.folder / MEMBERSHIP).write_text('{"url": "postgresql://office@server.example.test/office"}', encoding="utf-8")
    rig.damage()
    async with rig.opened() as drafts:
        assert await notes(drafts) == {}
    assert [trouble.code for trouble in rig.lost] == ["drafts-damaged"]
