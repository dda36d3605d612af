"""Drafts: versions, retries, isolation, and that the ERP's copy can be cleared without touching them."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.drafts import DraftConflict, Drafts, Past
from archisync_gui.drafts import drafts as drafts_module
from archisync_gui.drafts.past import PastOrder
from archisync_gui.model import SystemClock
from archisync_gui.store import StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import Offices, on_a_server


class FixedClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("drafts never wait")


@pytest.fixture(params=["file", pytest.param("server", marks=on_a_server)])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """An office for the tests of the drafts that its members share."""
    if request.param == "file":
        yield None
        return
    offices: Offices = request.getfixturevalue("offices")
    with offices.one() as found:
        yield found


@pytest.fixture
async def drafts(tmp_path: Path, server: Server | None) -> AsyncIterator[Drafts]:
    clock = FixedClock()
    if server is None:
        opened = await Drafts.open(tmp_path / "data", clock=clock)
    else:
        opened = await Drafts.join(Postgres(server), clock=clock)
    yield opened
    await opened.close()


ONE = {"customer": "50120", "lines": [{"article": "A1", "quantity": 5}]}
TWO = {"customer": "50120", "lines": []}


async def test_a_draft_comes_back_as_it_was_saved(drafts: Drafts) -> None:
    saved = await drafts.put("agent", "draft-1", ONE)
    assert (saved.version, saved.document) == (1, ONE)
    assert await drafts.get("agent", "draft-1") == saved
    assert await drafts.list("agent") == (saved,)


async def test_the_same_save_sent_again_changes_nothing(drafts: Drafts) -> None:
    first = await drafts.put("agent", "draft-1", ONE)
    assert await drafts.put("agent", "draft-1", ONE) == first
    second = await drafts.put("agent", "draft-1", TWO, if_match=1)
    assert await drafts.put("agent", "draft-1", TWO, if_match=1) == second
    assert second.version == 2
    assert len(await drafts.list("agent")) == 1


async def test_two_tabs_never_overwrite_each_other(drafts: Drafts) -> None:
    await drafts.put("agent", "draft-1", ONE)
    theirs = await drafts.put("agent", "draft-1", TWO, if_match=1)
    with pytest.raises(DraftConflict) as conflict:
        await drafts.put("agent", "draft-1", {"customer": "other"}, if_match=1)
    assert conflict.value.current == theirs
    with pytest.raises(DraftConflict):
        await drafts.put("agent", "draft-1", {"customer": "other"})
    with pytest.raises(DraftConflict):
        await drafts.delete("agent", "draft-1", if_match=1)
    assert await drafts.get("agent", "draft-1") == theirs


async def test_a_deleted_draft_stays_deleted_whatever_arrives_late(drafts: Drafts) -> None:
    await drafts.put("agent", "draft-1", ONE)
    assert await drafts.delete("agent", "draft-1", if_match=1)
    assert not await drafts.delete("agent", "draft-1")
    for version in (None, 1):
        with pytest.raises(DraftConflict) as conflict:
            await drafts.put("agent", "draft-1", ONE, if_match=version)
        assert conflict.value.current is None
    assert await drafts.list("agent") == ()
    assert await drafts.get("agent", "draft-1") is None


async def test_a_version_for_a_draft_that_never_was_is_a_conflict(drafts: Drafts) -> None:
    with pytest.raises(DraftConflict):
        await drafts.put("agent", "draft-1", ONE, if_match=3)


async def test_accounts_never_see_each_others_drafts(drafts: Drafts) -> None:
    await drafts.put("agent", "draft-1", ONE)
    assert await drafts.list("other") == ()
    assert await drafts.get("other", "draft-1") is None
    assert not await drafts.delete("other", "draft-1")
    await drafts.put("other", "draft-1", TWO)
    mine = await drafts.get("agent", "draft-1")
    assert mine is not None
    assert mine.document == ONE


async def test_drafts_survive_a_restart_on_a_disk_that_was_told_to_write(tmp_path: Path) -> None:
    drafts = await Drafts.open(tmp_path, clock=FixedClock())
    saved = await drafts.put("agent", "draft-1", ONE)
    mode = await drafts._database.exclusive(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar())
    assert await drafts._database.exclusive(lambda c: c.exec_driver_sql("PRAGMA fullfsync").scalar()) == 1
    await drafts.close()
    assert mode == 2  # FULL
    drafts = await Drafts.open(tmp_path, clock=FixedClock())
    assert await drafts.get("agent", "draft-1") == saved
    await drafts.close()


WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from archisync_gui.drafts import Drafts
from archisync_gui.model import SystemClock

async def main():
    drafts = await Drafts.open(Path(sys.argv[1]), clock=SystemClock())
    for number in range(5):
        await drafts.put("agente1", f"draft-{number:012d}", {"note": f"n. {number}"})
        print(number, flush=True)
    os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))

asyncio.run(main())
"""


async def test_every_acknowledged_draft_survives_a_kill(tmp_path: Path) -> None:
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    acknowledged = (await killed.communicate())[0].split()
    assert killed.returncode != 0
    drafts = await Drafts.open(tmp_path, clock=SystemClock())
    kept = await drafts.list("agente1")
    assert len(acknowledged) == 5
    assert {draft.document["note"] for draft in kept} == {f"n. {int(number)}" for number in acknowledged}
    await drafts.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes; the profile folder is private there")
@pytest.mark.parametrize("server", ["file"], indirect=True)
async def test_the_file_is_private(drafts: Drafts, tmp_path: Path) -> None:
    await drafts.put("agent", "draft-1", ONE)
    for file in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_file_of_a_later_program_is_refused(tmp_path: Path) -> None:
    drafts = await Drafts.open(tmp_path, clock=FixedClock())
    await drafts._database.write(lambda c: c.exec_driver_sql("PRAGMA user_version = 99").close())
    await drafts.close()
    with pytest.raises(StoreError) as refused:
        await Drafts.open(tmp_path, clock=FixedClock())
    assert refused.value.code == "newer-schema"


async def test_only_the_last_orders_and_deleted_ids_are_remembered_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archisync_gui.drafts.drafts.PAST_KEPT", 2)
    monkeypatch.setattr("archisync_gui.drafts.drafts.TOMBSTONES_KEPT", 1)
    clock = FixedClock()
    kept = await Drafts.open(tmp_path, clock=clock)
    for number in range(4):
        clock.time += timedelta(minutes=1)
        document = {"customer": {"id": f"c{number}"}, "lines": [{"itemId": "x", "quantity": 1000}]}
        await kept.put("agente1", f"draft-{number}", document)
    for id_ in ("draft-0", "draft-1"):
        clock.time += timedelta(minutes=1)
        await kept.delete("agente1", id_)
    await kept.close()
    clock.time += timedelta(days=4000)
    kept = await Drafts.open(tmp_path, clock=clock)
    found = [len((await kept.past("agente1", f"c{number}")).lines) for number in range(4)]
    with pytest.raises(DraftConflict):
        await kept.put("agente1", "draft-1", {})
    again = await kept.put("agente1", "draft-0", {})
    await kept.close()
    assert found == [0, 0, 1, 1]
    assert again.version == 1


async def test_drafts_move_to_an_office_and_back(drafts: Drafts, tmp_path: Path) -> None:
    own = await Drafts.open(tmp_path / "own", clock=FixedClock())
    try:
        first = await own.put("agent", "draft-1", ONE)
        await own.put("other", "draft-2", TWO)
        await own.put("agent", "gone", ONE)
        await own.delete("agent", "gone")
        await own.set_letterhead("agent", "Ferramenta")
        taken = await drafts.take(*await own.everything())
        assert {draft.id for draft in taken} == {"draft-1", "draft-2"}
        assert await drafts.get("agent", "draft-1") == first
        assert await drafts.letterhead("agent") == "Ferramenta"
        assert await drafts.take(*await own.everything()) == ()
        await own.forget(taken)
        assert (await own.everything())[0] == ()
        second = await drafts.put("agent", "draft-1", TWO, if_match=1)
        await drafts.delete("other", "draft-2")
        assert await own.take(*await drafts.everything()) == (second,)
        assert await own.get("agent", "draft-1") == second
        # A copy of before is no news, and what was deleted does not come back.
        assert await own.take([first], {}) == ()
        assert await drafts.take(taken, {}) == ()
        assert await drafts.get("other", "draft-2") is None
    finally:
        await own.close()


def an_order(*items: str, customer: str = "50120") -> dict[str, Any]:
    return {"customer": {"id": customer}, "lines": [{"itemId": item, "quantity": 1} for item in items]}


def ordered(past: Past) -> tuple[list[object], list[object]]:
    return [line["itemId"] for line in past.lines], [line["itemId"] for line in past.usual]


async def test_past_orders_and_letterheads_move_to_an_office_and_back(drafts: Drafts, tmp_path: Path) -> None:
    """They outlive the drafts, and cannot be read again from the ERP."""
    clock = FixedClock()
    own = await Drafts.open(tmp_path / "own", clock=clock)
    try:
        for at, items in enumerate((("A1", "B2"), ("A1",))):
            clock.time += timedelta(minutes=1)
            await own.put("agent", f"draft-{at}", an_order(*items))
            await own.delete("agent", f"draft-{at}")
        await own.set_letterhead("agent", "Ferramenta")
        await own.set_letterhead("alone", "Mine")
        await drafts.take(*await own.everything())
        past = await own.past_orders()
        for _ in range(2):  # taking twice changes nothing
            await drafts.take_past(past)
            assert ordered(await drafts.past("agent", "50120")) == (["A1"], ["A1"])
        assert await drafts.past_orders() == past
        await own.forget_past(past)
        assert await own.past_orders() == ()
        # The office goes on.
        drafts._clock = clock
        clock.time += timedelta(minutes=1)
        await drafts.put("agent", "draft-2", an_order("B2", "C3"))
        await drafts.set_letterhead("agent", "Ferramenta 2")
        await own.take(*await drafts.everything(), newer_heads=True)
        await own.take_past(await drafts.past_orders())
        assert ordered(await own.past("agent", "50120")) == (["B2", "C3"], ["B2", "A1"])
        assert await own.letterhead("agent") == "Ferramenta 2"
        assert await own.letterhead("alone") == "Mine"
        clock.time += timedelta(minutes=1)
        newer = await own.put("agent", "draft-3", an_order("D4"))
        old = PastOrder("agent", "draft-3", newer.updated_at - timedelta(minutes=1), ({"not": "taken"},))
        await own.take_past([old])
        await own.forget_past([old])
        assert ordered(await own.past("agent", "50120"))[0] == ["D4"]
    finally:
        await own.close()


async def test_no_more_past_orders_are_taken_than_are_kept(
    drafts: Drafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts_module, "PAST_KEPT", 2)
    clock = FixedClock()
    own = await Drafts.open(tmp_path / "own", clock=clock)
    try:
        for at in range(4):
            clock.time += timedelta(minutes=1)
            await own.put("agent", f"draft-{at}", an_order(f"A{at}"))
        await drafts.take_past(await own.past_orders())
    finally:
        await own.close()
    assert [order.draft for order in await drafts.past_orders()] == ["draft-2", "draft-3"]


@on_a_server
@pytest.mark.parametrize("server", ["server"], indirect=True)
async def test_of_two_members_that_save_at_once_one_is_told_of_the_conflict(server: Server) -> None:
    members = [await Drafts.join(Postgres(server), clock=FixedClock()) for _ in range(2)]
    try:
        await members[0].put("agent", "draft-1", ONE)
        for version in range(1, 8):
            document = {**ONE, "n": version}
            saves = [
                member.put("agent", "draft-1", {**document, "by": at}, if_match=version)
                for at, member in enumerate(members)
            ]
            found = await asyncio.gather(*saves, return_exceptions=True)
            assert sorted(type(one).__name__ for one in found) == ["Draft", "DraftConflict"]
    finally:
        for member in members:
            await member.close()
