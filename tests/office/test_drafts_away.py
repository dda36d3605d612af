"""Drafts of an office during an outage of its server: kept on this computer, sent afterwards, and none is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from members import Proxy

from archisync_gui.app import joining
from archisync_gui.app.profile import open_profile
from archisync_gui.drafts import Draft, DraftConflict, Drafts, OfficeDrafts, away
from archisync_gui.model import SystemClock
from archisync_gui.store import StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server

pytestmark = on_a_server

WHO = "agente01"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "AGAIN", 0.1)


@asynccontextmanager
async def computer(server: Server, folder: Path) -> AsyncIterator[OfficeDrafts]:
    """The drafts of one computer."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240
    found = OfficeDrafts(Postgres(server, name="drafts", seconds=1), SystemClock())
    await found.begin(await Drafts.open(folder, clock=SystemClock()), folder)
    try:
        yield found
    finally:
        await found.close()


@asynccontextmanager
async def two_computers(office: Server, folder: Path) -> AsyncIterator[tuple[Proxy, OfficeDrafts, OfficeDrafts]]:
    """The drafts of two computers, and the proxy between the first one and the server."""
    proxy = Proxy(office)
    async with proxy as behind, computer(behind, folder / "here") as here, computer(office, folder / "there") as there:
        yield proxy, here, there


async def back(drafts: OfficeDrafts) -> None:
    async with asyncio.timeout(60):
        while drafts.away:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def texts(drafts: tuple[Draft, ...]) -> list[tuple[str, object]]:
    return sorted((draft.id, draft.document["text"]) for draft in drafts)


@pytest.mark.parametrize("mode", ["cut", "silent"])
async def test_drafts_saved_during_an_outage_are_sent_afterwards(office: Server, tmp_path: Path, mode: str) -> None:
    async with two_computers(office, tmp_path) as (proxy, here, there):
        await here.put(WHO, "old", {"text": "one"})
        await there.put(WHO, "other", {"text": "seen by all"})
        assert texts(await here.list(WHO)) == [("old", "one"), ("other", "seen by all")]
        proxy.set(mode)  # type: ignore[arg-type]
        changed = await here.put(WHO, "old", {"text": "two"}, if_match=1)
        assert here.away
        assert changed.version == 2
        await here.put(WHO, "old", {"text": "three"}, if_match=2)
        await here.put(WHO, "new", {"text": "made here"})
        # During the outage everything works as with the server.
        assert texts(await here.list(WHO)) == [("new", "made here"), ("old", "three"), ("other", "seen by all")]
        assert await here.count(WHO) == 3
        assert (await here.get(WHO, "old")).version == 3  # type: ignore[union-attr]
        with pytest.raises(DraftConflict):
            await here.put(WHO, "old", {"text": "late"}, if_match=1)
        with pytest.raises(StoreError, match="office-unreachable"):
            await here.delete(WHO, "other")
        first, total = await here.page(WHO, 2)
        second, _ = await here.page(WHO, 2, (first[-1].updated_at, first[-1].id))
        assert (total, [draft.id for draft in (*first, *second)]) == (3, ["new", "old", "other"])
        assert texts(await there.list(WHO)) == [("old", "one"), ("other", "seen by all")]
        proxy.set("open")
        await back(here)
        assert texts(await there.list(WHO)) == [("new", "made here"), ("old", "three"), ("other", "seen by all")]
        # The versions known to the order form continue.
        assert (await here.put(WHO, "old", {"text": "four"}, if_match=3)).version == 4
    own = await Drafts.open(tmp_path / "here", clock=SystemClock())
    assert await own.list(WHO) == ()
    await own.close()


async def test_a_draft_that_another_computer_has_deleted_is_not_shown_in_an_outage(
    office: Server, tmp_path: Path
) -> None:
    """Nor one that was erased with its customer."""
    async with two_computers(office, tmp_path) as (proxy, here, there):
        await there.put(WHO, "old", {"text": "one"})
        await there.put(WHO, "other", {"text": "two"})
        assert texts(await here.list(WHO)) == [("old", "one"), ("other", "two")]
        await there.delete(WHO, "old")
        assert texts(await here.list(WHO)) == [("other", "two")]
        proxy.set("cut")
        assert texts(await here.list(WHO)) == [("other", "two")]
        assert here.away


async def test_a_draft_changed_on_two_computers_is_kept_twice(office: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    async with two_computers(office, tmp_path) as (proxy, here, there):
        here.handed_in = lambda count, copies: told.append((count, copies))
        for id in ("both", "gone", "same"):
            await here.put(WHO, id, {"text": "one"})
        proxy.set("cut")
        await here.put(WHO, "both", {"text": "here"}, if_match=1)
        await here.put(WHO, "both", {"text": "here again"}, if_match=2)
        await here.put(WHO, "gone", {"text": "here"}, if_match=1)
        await here.put(WHO, "same", {"text": "equal"}, if_match=1)
        await there.put(WHO, "both", {"text": "there"}, if_match=1)
        await there.put(WHO, "same", {"text": "equal"}, if_match=1)
        await there.delete(WHO, "gone")
        proxy.set("open")
        await back(here)
        found = await there.list(WHO)
        assert sorted(str(draft.document["text"]) for draft in found) == ["equal", "here", "here again", "there"]
        assert {draft.id: draft.document["text"] for draft in found}["both"] == "there"
        assert told == [(3, 2)]
        assert texts(await here.list(WHO)) == texts(found)


@pytest.mark.parametrize("saves", [1, 2])
async def test_a_form_that_was_open_in_an_outage_does_not_save_over_another_computers_changes(
    office: Server, tmp_path: Path, saves: int
) -> None:
    """Its version was counted here; the same number in the office may be that of another computer."""
    async with two_computers(office, tmp_path) as (proxy, here, there):
        seen = (await here.put(WHO, "x", {"text": "one"})).version
        proxy.set("cut")
        for number in range(saves):
            seen = (await here.put(WHO, "x", {"text": f"here {number}"}, if_match=seen)).version
        await there.put(WHO, "x", {"text": "there"}, if_match=1)
        proxy.set("open")
        await back(here)
        if saves > 1:  # otherwise the other computer would reach the same number now
            theirs = await there.get(WHO, "x")
            assert theirs is not None
            await there.put(WHO, "x", {"text": "there"}, if_match=theirs.version)
        with pytest.raises(DraftConflict) as conflict:
            await here.put(WHO, "x", {"text": "here at last"}, if_match=seen)
        assert conflict.value.current is not None
        assert conflict.value.current.document == {"text": "there"}
        with pytest.raises(DraftConflict):
            await here.delete(WHO, "x", if_match=seen)
        assert texts(await there.list(WHO))[-1] == ("x", "there")


def fail_write(drafts: OfficeDrafts, monkeypatch: pytest.MonkeyPatch, code: str, *, after: bool = False) -> None:
    """Make the server's writes fail with that code; ``after``: the write is done and only its answer is lost."""
    write = drafts._database.write

    async def failing(job: Callable[[Any], Any], *, abandoned: Any = None) -> Any:
        if after:
            await write(job)
        raise StoreError(code, path="office", detail="tests")

    monkeypatch.setattr(drafts._database, "write", failing)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("seen", [None, 1])
async def test_a_save_whose_answer_was_lost_makes_no_copy(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: int | None, restarts: bool
) -> None:
    told: list[tuple[int, int]] = []
    proxy = Proxy(office)
    async with proxy as behind:
        async with AsyncExitStack() as stack:
            here = await stack.enter_async_context(computer(behind, tmp_path / "here"))
            here.handed_in = lambda count, copies: told.append((count, copies))
            if seen:
                await here.put(WHO, "x", {"text": "one"})
            with monkeypatch.context() as patched:
                fail_write(here, patched, "office-unreachable", after=True)
                saved = await here.put(WHO, "x", {"text": "two"}, if_match=seen)
                proxy.set("cut")
            saved = await here.put(WHO, "x", {"text": "three"}, if_match=saved.version)
            with pytest.raises(StoreError, match="office-unreachable"):  # the office may have the draft
                await here.delete(WHO, "x")
            if not restarts:
                proxy.set("open")
                await back(here)
                assert told == [(1, 0)]
        proxy.set("open")
        async with computer(behind, tmp_path / "here") as here:
            assert texts(await here.list(WHO)) == [("x", "three")]
            assert (await here.put(WHO, "x", {"text": "four"}, if_match=saved.version)).version == saved.version + 1


async def test_a_draft_whose_version_alone_was_raised_makes_no_copy(office: Server, tmp_path: Path) -> None:
    """Two computers change it in the same outage; sending the first copy raises the version without a change of
    text."""
    async with two_computers(office, tmp_path) as (proxy, here, there):
        await there.put(WHO, "x", {"text": "one"})
        await here.list(WHO)
        proxy.set("cut")
        saved = await here.put(WHO, "x", {"text": "two"}, if_match=1)
        now = SystemClock().now()
        await there.hand_in(Draft("x", WHO, 4, now, now, {"text": "a third computer's"}), 3)
        proxy.set("open")
        await back(here)
        assert sorted(str(text) for _, text in texts(await there.list(WHO))) == ["a third computer's", "two"]
        after = await there.get(WHO, "x")
        assert after is not None
        assert after.version > saved.version


async def test_drafts_that_were_sent_are_shown_although_the_others_could_not_be_loaded(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(office)
    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(proxy)
        here = await stack.enter_async_context(computer(behind, tmp_path / "here"))
        await here.put(WHO, "x", {"text": "one"})
        proxy.set("cut")
        saved = await here.put(WHO, "x", {"text": "two"}, if_match=1)
        looked = asyncio.Event()

        async def everything() -> Any:
            looked.set()
            raise StoreError("office-unreachable", path="office", detail="tests")

        with monkeypatch.context() as patched:
            patched.setattr(here, "everything", everything)
            proxy.set("open")
            async with asyncio.timeout(60):
                await looked.wait()
            assert here.away
            assert texts(await here.list(WHO)) == [("x", "two")]
            saved = await here.put(WHO, "x", {"text": "three"}, if_match=saved.version)
        await back(here)
        assert texts(await here.list(WHO)) == [("x", "three")]


@pytest.mark.parametrize("code", ["office-disk-full", "office-login", "office-tls", "disk-error"])
async def test_a_draft_that_the_server_refuses_is_kept_here(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    async with computer(office, tmp_path / "here") as here:
        with monkeypatch.context() as patched:
            fail_write(here, patched, code)
            await here.put(WHO, "x", {"text": "one"})
            assert here.away
        await back(here)
    async with computer(office, tmp_path / "there") as there:
        assert texts(await there.list(WHO)) == [("x", "one")]


async def test_drafts_migrated_by_a_later_program_are_not_written(office: Server, tmp_path: Path) -> None:
    """Another computer has migrated the drafts while this one runs: they stay here until it is updated."""
    async with computer(office, tmp_path / "here") as here:
        await here.put(WHO, "x", {"text": "one"})
        with office.connect("tests", autocommit=True) as connection:
            connection.execute("UPDATE drafts_schema SET version = version + 1")
            await here.put(WHO, "x", {"text": "two"}, if_match=1)
            assert here.away
            assert connection.execute("SELECT version FROM drafts").fetchall() == [(1,)]
            connection.execute("UPDATE drafts_schema SET version = version - 1")
        await back(here)
        assert texts(await here.list(WHO)) == [("x", "two")]


async def test_a_computer_that_ends_during_an_outage_sends_its_drafts_at_its_next_start(
    office: Server, tmp_path: Path
) -> None:
    proxy = Proxy(office)
    async with proxy as behind:
        async with computer(behind, tmp_path / "here") as here:
            await here.put(WHO, "old", {"text": "one"})
            proxy.set("cut")
            await here.put(WHO, "old", {"text": "two"}, if_match=1)
            await here.put(WHO, "new", {"text": "made here"})
            await here.put(WHO, "unwanted", {"text": "made here"})
            assert await here.delete(WHO, "unwanted")
        async with computer(office, tmp_path / "there") as there:
            assert texts(await there.list(WHO)) == [("old", "one")]
            await there.put(WHO, "old", {"text": "there"}, if_match=1)
        proxy.set("open")
        async with computer(behind, tmp_path / "here") as here:
            found = await here.list(WHO)
            assert sorted(str(draft.document["text"]) for draft in found) == ["made here", "there", "two"]


async def test_a_draft_whose_base_cannot_be_read_is_not_lost_by_a_deletion_elsewhere(
    office: Server, tmp_path: Path
) -> None:
    proxy = Proxy(office)
    async with proxy as behind:
        async with computer(behind, tmp_path / "here") as here:
            await here.put(WHO, "old", {"text": "one"})
            proxy.set("cut")
            await here.put(WHO, "old", {"text": "two"}, if_match=1)
        (tmp_path / "here" / away.FILE).write_bytes(b"\0\0\0")
        async with computer(office, tmp_path / "there") as there:
            assert await there.delete(WHO, "old")
        proxy.set("open")
        async with computer(behind, tmp_path / "here") as here:
            assert [draft.document["text"] for draft in await here.list(WHO)] == ["two"]


@pytest.mark.parametrize("mode", ["cut", "silent"])
async def test_drafts_are_available_when_the_server_is_away_at_the_start(
    office: Server, tmp_path: Path, mode: str
) -> None:
    own = await Drafts.open(tmp_path, clock=SystemClock())
    await own.put(WHO, "before", {"text": "made before joining"})
    await own.close()
    proxy = Proxy(office)
    async with AsyncExitStack() as stack:
        await (await Drafts.join(Postgres(office), clock=SystemClock())).close()
        behind = await stack.enter_async_context(proxy)
        proxy.set(mode)  # type: ignore[arg-type]
        here = await stack.enter_async_context(computer(behind, tmp_path))
        assert here.away
        await here.put(WHO, "new", {"text": "made here"})
        assert texts(await here.list(WHO)) == [("before", "made before joining"), ("new", "made here")]
        proxy.set("open")
        await back(here)
        there = await stack.enter_async_context(computer(office, tmp_path / "there"))
        assert texts(await there.list(WHO)) == [("before", "made before joining"), ("new", "made here")]


async def test_sending_twice_changes_nothing(office: Server, tmp_path: Path) -> None:
    async with computer(office, tmp_path / "here") as here:
        await here.put(WHO, "a", {"text": "one"})
        await here.put(WHO, "a", {"text": "two"}, if_match=1)
        now = SystemClock().now()
        mine = Draft("a", WHO, 2, now, now, {"text": "mine"})
        copy = await here.hand_in(mine, 1)
        assert copy is not None
        assert copy.id != "a"
        assert await here.hand_in(mine, 1) == copy
        assert texts(await here.list(WHO)) == sorted([("a", "two"), (copy.id, "mine")])
        found = await here.get(WHO, "a")
        assert found is not None
        assert found.version == 3  # a version unknown to the forms of the other computer
        after = await here.hand_in(Draft("a", WHO, 4, now, now, {"text": "next"}), 3)
        assert after is not None
        assert after.version == 4
        # A file from before this computer joined does not restore drafts that were deleted meanwhile.
        await here.delete(WHO, "a")
        assert await here.hand_in(Draft("a", WHO, 9, now, now, {"text": "long ago"}), None) is None
        assert texts(await here.list(WHO)) == [(copy.id, "mine")]


async def test_an_error_that_is_no_outage_is_raised_and_no_draft_is_kept_here(office: Server, tmp_path: Path) -> None:
    async with computer(office, tmp_path / "here") as here:
        await here.put(WHO, "a", {"text": "one"})
        with office.connect("tests", autocommit=True) as connection:
            connection.execute("ALTER TABLE drafts RENAME COLUMN size TO bytes")
        with pytest.raises(Exception, match="size"):
            await here.put(WHO, "a", {"text": "two"}, if_match=1)
        assert not here.away


async def test_past_orders_are_copied_to_the_office_and_back(office: Server, tmp_path: Path) -> None:
    """The last order is offered on every computer of the office, and on this one after it has left."""
    order = {"customer": {"id": "50120"}, "text": "x", "lines": [{"itemId": "A1", "quantity": 5}]}
    (tmp_path / "here").mkdir()
    own = await Drafts.open(tmp_path / "here", clock=SystemClock())
    await own.put(WHO, "before", order)
    await own.delete(WHO, "before")
    await own.set_letterhead(WHO, "Ferramenta")
    await own.close()
    async with two_computers(office, tmp_path) as (proxy, here, there):
        assert [line["itemId"] for line in (await there.past(WHO, "50120")).lines] == ["A1"]
        proxy.set("cut")
        made = await here.put(WHO, "away", {**order, "lines": [{"itemId": "B2", "quantity": 1}]})
        assert here.away
        proxy.set("open")
        await back(here)
        past = await there.past(WHO, "50120")
        assert ([line["itemId"] for line in past.lines], past.at) == (["B2"], made.updated_at)
        await there.set_letterhead(WHO, "Ferramenta 2")
    own = await Drafts.open(tmp_path / "here", clock=SystemClock())
    try:
        assert await own.past_orders() == ()  # customers erased in the office are not restored from this computer
    finally:
        await own.close()
    profile = open_profile(f"{tmp_path / 'left'}{os.sep}", demo=True)
    shutil.copy(tmp_path / "here" / "drafts.db", profile.folder)
    await joining._bring_drafts_back(profile, office)
    own = await Drafts.open(profile.folder, clock=SystemClock())
    try:
        assert [line["itemId"] for line in (await own.past(WHO, "50120")).lines] == ["B2"]
        assert await own.letterhead(WHO) == "Ferramenta 2"
    finally:
        await own.close()


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[Drafts]:
    """The drafts in a computer's own file."""
    found = await Drafts.open(folder, clock=SystemClock())
    try:
        yield found
    finally:
        await found.close()


async def test_what_was_saved_in_an_outage_is_not_lost_by_leaving_the_office(office: Server, tmp_path: Path) -> None:
    """The panel was closed before the server came back, and another computer has gone further since."""
    profile = open_profile(f"{tmp_path / 'here'}{os.sep}", demo=True)
    proxy = Proxy(office)
    async with proxy as behind:
        async with computer(behind, profile.folder) as here:
            await here.put(WHO, "x", {"text": "one"})
            proxy.set("cut")
            await here.put(WHO, "x", {"text": "here"}, if_match=1)
    async with computer(office, tmp_path / "there") as there:
        for version in (1, 2):
            await there.put(WHO, "x", {"text": f"there {version}"}, if_match=version)
    await joining._bring_drafts_back(profile, office)
    async with alone(profile.folder) as own:
        assert sorted(str(draft.document["text"]) for draft in await own.list(WHO)) == ["here", "there 2"]


async def test_leaving_with_a_copy_needs_the_server_for_the_drafts_too(office: Server, tmp_path: Path) -> None:
    profile = open_profile(f"{tmp_path / 'here'}{os.sep}", demo=True)
    async with alone(profile.folder) as own:
        await own.put(WHO, "x", {"text": "one"})
    proxy = Proxy(office)
    async with proxy as behind:
        proxy.set("cut")
        with pytest.raises(StoreError, match="office-unreachable"):
            await joining._bring_drafts_back(profile, behind)
    async with alone(profile.folder) as own:
        assert texts(await own.list(WHO)) == [("x", "one")]


async def test_what_was_changed_after_leaving_is_there_after_joining_again(office: Server, tmp_path: Path) -> None:
    profile = open_profile(f"{tmp_path / 'here'}{os.sep}", demo=True)
    told: list[tuple[int, int]] = []
    async with computer(office, profile.folder) as here:
        for name in ("changed here", "deleted there", "gone", "newer there", "both"):
            await here.put(WHO, name, {"text": name})
    await joining._bring_drafts_back(profile, office)
    async with alone(profile.folder) as own:
        for name in ("changed here", "deleted there", "both"):
            await own.put(WHO, name, {"text": f"{name}, changed"}, if_match=1)
    async with computer(office, tmp_path / "there") as there:
        for name in ("deleted there", "gone"):
            await there.delete(WHO, name)
        for name in ("newer there", "both"):
            await there.put(WHO, name, {"text": f"{name}, new"}, if_match=1)
    again = OfficeDrafts(Postgres(office, name="drafts", seconds=1), SystemClock())
    again.handed_in = lambda count, copies: told.append((count, copies))
    await again.begin(await Drafts.open(profile.folder, clock=SystemClock()), profile.folder)
    try:
        found = await again.list(WHO)
    finally:
        await again.close()
    expected = ["both, changed", "both, new", "changed here, changed", "deleted there, changed", "newer there, new"]
    assert sorted(str(draft.document["text"]) for draft in found) == expected
    assert {draft.id: draft.document["text"] for draft in found}["changed here"] == "changed here, changed"
    assert told == [(5, 2)]


async def test_a_draft_that_was_deleted_before_joining_is_kept_in_an_outage_all_the_same(
    office: Server, tmp_path: Path
) -> None:
    """The office has it from the time before: this computer has left, deleted it, and joined again."""
    async with computer(office, tmp_path / "there") as there:
        await there.put(WHO, "x", {"text": "one"})
    (tmp_path / "here").mkdir()
    async with alone(tmp_path / "here") as own:
        await own.put(WHO, "x", {"text": "one"})
        await own.delete(WHO, "x")
    proxy = Proxy(office)
    async with proxy as behind:
        async with computer(behind, tmp_path / "here") as here:
            assert await here.get(WHO, "x") is not None
            proxy.set("cut")
            await here.put(WHO, "x", {"text": "two"}, if_match=1)
        async with computer(behind, tmp_path / "here") as here:
            assert here.away
            assert texts(await here.list(WHO)) == [("x", "two")]
        proxy.set("open")
        async with computer(behind, tmp_path / "here") as here:
            assert texts(await here.list(WHO)) == [("x", "two")]


async def test_a_base_whose_draft_never_came_is_none_of_a_later_one(office: Server, tmp_path: Path) -> None:
    """The program was killed between the two; the office's draft is a later one by the next outage."""
    proxy = Proxy(office)
    async with proxy as behind:
        async with computer(behind, tmp_path / "here") as here:
            await here.put(WHO, "x", {"text": "one"})
            await here._remember((WHO, "x"), away._Base(1, ()))
        async with computer(behind, tmp_path / "here") as here:
            await here.put(WHO, "x", {"text": "two"}, if_match=1)
            proxy.set("cut")
            await here.put(WHO, "x", {"text": "three"}, if_match=2)
            proxy.set("open")
            await back(here)
            assert texts(await here.list(WHO)) == [("x", "three")]
