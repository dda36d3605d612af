"""The database file: its mode, migration, extended declarations, backups, and faults of the disk."""

import asyncio
import contextlib
import dataclasses
import os
import re
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from store_samples import ENTITIES, PARCELS, START, ManualClock, Reads, parcel

from archisync_gui import messages
from archisync_gui.disk import beside
from archisync_gui.entities import ENTITIES as REAL
from archisync_gui.entities.declaration import Column, Entity, Kind
from archisync_gui.model import EventKind, SyncTypeSpec
from archisync_gui.store import Store, StoreError, errors, migrate, schema
from archisync_gui.store.store import FILE
from tests.support.events import an_event

NEW_COLUMN = Column("WEIGHT", "weight", "PESO", "Weight", Kind.NUMBER)


def columns(path: Path, table: str) -> list[str]:
    with sqlite3.connect(path) as connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    return names


def without(entity: Entity, name: str) -> Entity:
    return dataclasses.replace(entity, columns=tuple(c for c in entity.columns if c.name != name))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes; the profile folder is private there")
async def test_files_are_private(store: Store, reads: Reads, tmp_path: Path) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    backup = await store.backup("test")
    folder = tmp_path / "data"
    files = [*(f for f in folder.iterdir() if f.is_file()), backup]
    assert {f.name for f in files} >= {FILE, f"{FILE}-wal", backup.name}
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert {stat.S_IMODE(f.stat().st_mode) for f in (folder, backup.parent)} == {0o700}


async def test_alembic_makes_exactly_the_declared_fixed_tables(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def differences(connection: sa.Connection) -> list[object]:
        own = set(schema.FIXED.tables)
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, parents: kind != "table" or name in own,
            },
        )
        return list(compare_metadata(context, schema.FIXED))

    assert await store._database.exclusive(differences) == []
    assert await store._database.exclusive(migrate.version) == migrate.HEAD
    assert max(migrate._versions()) == migrate.HEAD


async def test_the_six_declarations_make_six_tables(tmp_path: Path, clock: ManualClock) -> None:
    store = await Store.open(tmp_path, REAL, clock=clock)
    await store.close()
    for entity in REAL:
        assert {c.name for c in entity.columns} <= set(columns(tmp_path / FILE, entity.name))


async def test_a_seventh_entity_gets_its_table_and_the_others_keep_their_rows(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock
) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.close()
    seventh = Entity(
        spec=SyncTypeSpec("returns", priority=1, interval=60, stagger=5),
        it="Resi",
        en="Returns",
        path="RETURNS_ListView/",
        columns=(Column("ID", "id", "ID", "ID", Kind.ID), Column("NOTE", "note", "NOTA", "Note")),
        key=("id",),
        natural_key=("note",),
    )
    store = await Store.open(tmp_path / "data", [*ENTITIES, seventh], clock=clock)
    assert store.backups() == ()
    assert (await store.apply("returns", "agent", reads.batch([{"id": "5", "note": "rotto"}]))).added == 1
    assert (await store.rows("returns", "agent", search="5")).total == 1
    assert (await store.rows("parcels", "agent")).total == 1
    assert (await store.search("returns", "agent")).rows[0].values == {"id": "5", "note": "rotto"}
    await store.close()


async def test_a_new_column_is_added_after_a_backup_and_its_first_values_are_no_changes(
    tmp_path: Path, reads: Reads, clock: ManualClock
) -> None:
    store = await Store.open(tmp_path, ENTITIES, clock=clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.close()
    wider = dataclasses.replace(PARCELS, columns=(*PARCELS.columns, NEW_COLUMN))
    store = await Store.open(tmp_path, [wider], clock=clock)
    assert [backup.name for backup in store.backups()] == ["archisync-000001-20260302T090100Z-before-migration.db"]
    delta = await store.apply(
        "parcels", "agent", reads.batch([parcel(1, weight=1_500), parcel(2, weight=None, cost=9)])
    )
    assert (delta.changed, delta.unchanged) == (1, 1)
    row = await store.row("parcels", "agent", "1")
    assert row is not None
    assert row.values["weight"] == 1_500
    changes = await store.changes(START, clock.forward(hours=1), ["agent"])
    assert [(change.key, change.field) for change in changes] == [("2", "cost")]
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1, weight=7), parcel(2, cost=9)]))).changed == 1
    await store.close()
    store = await Store.open(tmp_path, [wider], clock=clock)
    assert len(store.backups()) == 1
    await store.close()


async def test_a_column_that_is_no_longer_declared_stays_in_the_file(
    tmp_path: Path, reads: Reads, clock: ManualClock
) -> None:
    store = await Store.open(tmp_path, ENTITIES, clock=clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.close()
    narrower = dataclasses.replace(without(PARCELS, "city"), natural_key=("name",), search=("name",))
    store = await Store.open(tmp_path, [narrower], clock=clock)
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1)]))).unchanged == 1
    assert "city" not in (await store.rows("parcels", "agent")).rows[0].values
    await store.close()
    assert "city" in columns(tmp_path / FILE, "parcels")


async def test_a_column_of_another_kind_keeps_the_old_values_aside(
    tmp_path: Path, reads: Reads, clock: ManualClock
) -> None:
    textual = dataclasses.replace(
        PARCELS,
        columns=tuple(dataclasses.replace(c, kind=Kind.TEXT) if c.name == "cost" else c for c in PARCELS.columns),
    )
    store = await Store.open(tmp_path, [textual], clock=clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost="10,01 €")]))
    await store.close()
    store = await Store.open(tmp_path, [PARCELS], clock=clock)
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1)]))).unchanged == 1
    assert (await store.rows("parcels", "agent")).rows[0].values["cost"] == 1_001
    await store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        kept = connection.execute("SELECT row_old1_cost FROM parcels").fetchone()
    connection.close()
    assert kept == ("10,01 €",)


async def test_a_changed_search_declaration_is_searched_at_once(
    tmp_path: Path, reads: Reads, clock: ManualClock
) -> None:
    by_name = dataclasses.replace(PARCELS, search=("name",))
    store = await Store.open(tmp_path, [by_name], clock=clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert (await store.rows("parcels", "agent", search="forli")).total == 0
    await store.close()
    store = await Store.open(tmp_path, [PARCELS], clock=clock)
    assert (await store.rows("parcels", "agent", search="forli")).total == 1
    await store.close()


@pytest.mark.parametrize("name", ["row_key", "id"])
async def test_a_declaration_that_cannot_be_a_table_is_refused(name: str, tmp_path: Path, clock: ManualClock) -> None:
    odd = dataclasses.replace(PARCELS, columns=(*PARCELS.columns, Column("X", name, "X", "X")))
    with pytest.raises(ValueError, match="column names"):
        await Store.open(tmp_path, [odd], clock=clock)


async def test_a_file_of_a_later_program_is_refused_and_not_touched(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    path = store.path
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as refused:
        await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    assert refused.value.code == "newer-schema"
    assert refused.value.params["found"] == "9999"
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused_and_a_backup_restores_it(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock
) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    backup = await store.backup("evening")
    await store.close()
    store.path.write_bytes(b"this is no database, but it was once" * 500)
    with pytest.raises(StoreError) as refused:
        await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    assert refused.value.code == "damaged"
    with pytest.raises(StoreError):
        await Store.restore(tmp_path / "data", store.path, clock=clock)
    kept, _ = await Store.restore(tmp_path / "data", backup, clock=clock)
    assert kept is not None
    assert kept.read_bytes().startswith(b"this is no database")
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    assert (await store.rows("parcels", "agent")).total == 1
    await store.check()
    await store.close()


@pytest.mark.parametrize("present", ["sound", "damaged", "missing"])
async def test_a_backup_from_before_the_clock_was_set_back_has_doubtful_times(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock, present: str
) -> None:
    """Rule 30: the doubt is kept when the archive is replaced. An unreadable archive may have had one."""
    every = {"last_success", "new_as_of", "all_as_of"}
    clock.forward(hours=4)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.keep_refused("parcels", "agent", reads.batch([parcel(2)]))
    backup = await store.backup("before")
    clock.forward(hours=-4)
    if present == "sound":
        await store.journal.clock_doubted()
    clock.forward(hours=5)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert not (await store.ages("parcels", "agent")).doubtful
    after = await store.backup("after")
    await store.close()
    if present == "damaged":
        store.path.write_bytes(b"no database" * 500)
    elif present == "missing":
        store.path.unlink()
    await Store.restore(tmp_path / "data", backup, clock=clock)
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    assert (await store.ages("parcels", "agent")).doubtful == every
    await store.accept_read("run-2")
    assert (await store.ages("parcels", "agent")).doubtful == every, "the refused read is from before, too"
    await store.close()
    await Store.restore(tmp_path / "data", after, clock=clock)
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    # A backup made after the doubt contains it; for one made before, only the archive has it.
    assert (await store.ages("parcels", "agent")).doubtful == (set() if present == "sound" else every)
    await store.close()


async def test_pages_destroyed_inside_the_file_are_found_by_the_check(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock
) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(500)]))
    await store.close()
    content = bytearray(store.path.read_bytes())
    content[8192 : len(content) - 4096] = b"\xff" * (len(content) - 12288)
    store.path.write_bytes(content)

    async def open_and_check() -> None:
        opened = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
        try:
            await opened.check()
        finally:
            await opened.close()

    with pytest.raises(StoreError) as refused:
        await open_and_check()
    assert refused.value.code == "damaged"


async def test_only_the_newest_backups_are_kept(store: Store, clock: ManualClock) -> None:
    made = []
    for n in range(13):
        clock.forward(seconds=1)
        made.append(await store.backup(f"n {n}"))
    assert (await store.maintain()).backups == 3
    assert store.backups() == tuple(reversed(made[3:]))


async def test_after_the_clock_was_set_back_newer_backups_are_kept(store: Store, clock: ManualClock) -> None:
    """The newest backup is found neither by the times in the names nor by those of the files."""
    made = []
    for n in range(13):
        clock.forward(days=-30)
        made.append(await store.backup("operator"))
        os.utime(made[-1], (10_000 - n, 10_000 - n))
    assert (await store.maintain()).backups == 3
    assert store.backups() == tuple(reversed(made[3:]))


async def test_backups_of_an_earlier_version_count_as_older(store: Store, tmp_path: Path) -> None:
    new = await store.backup("operator")
    for at, name in enumerate(("archisync-20990101T000000Z-operator.db", "archisync-20200101T000000Z-operator-1.db")):
        (new.parent / name).write_bytes(new.read_bytes())
        os.utime(new.parent / name, (at, at))
    assert [backup.name for backup in store.backups()] == [
        new.name,
        "archisync-20200101T000000Z-operator-1.db",
        "archisync-20990101T000000Z-operator.db",
    ]


async def test_files_of_a_killed_backup_are_removed_and_never_listed(store: Store) -> None:
    made = await store.backup("operator")
    left = beside(made)
    left.write_bytes(b"half a copy")
    assert store.backups() == (made,)
    await store.maintain()
    assert not left.exists()


async def test_a_backup_restored_twice_in_one_second_overwrites_no_kept_archive(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "data"
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    backup = await store.backup("operator")
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)], whole=False))
    await store.close()
    first, _ = await Store.restore(folder, backup, clock=clock)
    second, _ = await Store.restore(folder, backup, clock=clock)
    assert first is not None
    assert second is not None
    assert first != second
    await Store.restore(folder, first, clock=clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    assert (await store.rows("parcels", "agent")).total == 2
    await store.close()


async def test_the_newest_transactions_of_a_killed_program_are_restored_with_its_archive(
    tmp_path: Path, clock: ManualClock
) -> None:
    """They are in the write-ahead log, which is kept and restored together with its file."""
    folder, live = tmp_path / "data", tmp_path / "live"
    store = await Store.open(live, ENTITIES, clock=clock)
    backup = await store.backup("operator")
    await store.apply("parcels", "agent", Reads(clock).batch([parcel(1)]))
    folder.mkdir()
    for file in live.iterdir():  # a copy of the files as a kill would leave them
        if file.is_file() and not file.name.endswith("-shm"):
            (folder / file.name).write_bytes(file.read_bytes())
    await store.close()
    kept, _ = await Store.restore(folder, backup, clock=clock)
    assert kept is not None
    assert not list(folder.glob("*-wal"))
    await Store.restore(folder, kept, clock=clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    assert (await store.rows("parcels", "agent")).total == 1
    await store.close()


# --------------------------------------------------------------------------------------------- full and protected


def pages(store: Store, more: int) -> object:
    """Set SQLite's limit of a file's size. Beyond it, SQLite reports a full disk."""

    def job(connection: sa.Connection) -> None:
        count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {count + more}").close()

    return store._database.exclusive(job)


async def fill_and_free(store: Store, reads: Reads, fill: object, free: object) -> None:
    """Fill the disk during the second read, then free it: no rows are lost, and none are half written."""
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(100)]))
    many = [parcel(n, cost=5, name="x" * 400) for n in range(20_000)]
    await fill()  # type: ignore[operator]
    with pytest.raises(StoreError) as full:
        await store.apply("parcels", "agent", reads.batch(many))
    assert full.value.code == "disk-full"
    assert full.value.params["path"] == str(store.path)
    assert "pieno" in messages.line(full.value.code, "it", full.value.params)
    page = await store.rows("parcels", "agent")
    assert page.total == 100
    assert all(row.values["cost"] == 1_000 + int(row.key) for row in page.rows)
    await free()  # type: ignore[operator]
    assert (await store.apply("parcels", "agent", reads.batch(many[:200]))).added == 100
    await store.check()


async def test_a_full_disk_loses_nothing_and_reads_are_applied_again_with_free_space(
    store: Store, reads: Reads
) -> None:
    async def fill() -> None:
        await pages(store, 20)  # type: ignore[misc]

    async def free() -> None:
        await pages(store, 1_000_000)  # type: ignore[misc]

    await fill_and_free(store, reads, fill, free)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = sys.platform == "linux" and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True).returncode == 0
    )
    if not mounted:
        pytest.skip("mounting a small disk needs Linux and the right to do so")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)  # also where a failed test left a file open


async def test_a_really_full_disk(small_disk: Path, reads: Reads, clock: ManualClock) -> None:
    store = await Store.open(small_disk / "data", ENTITIES, clock=clock)
    ballast = small_disk / "ballast"

    async def fill() -> None:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass

    async def free() -> None:
        ballast.unlink()

    await fill_and_free(store, reads, fill, free)
    await store.close()


async def test_the_clean_up_makes_room_on_a_full_disk_before_it_writes(
    small_disk: Path, reads: Reads, clock: ManualClock
) -> None:
    """A write needs space that only the clean-up can free, by pruning backups and old pictures."""
    store = await Store.open(small_disk / "data", ENTITIES, clock=clock)
    try:
        pictures = small_disk / "screenshots"
        pictures.mkdir()
        await store.apply("parcels", "agent", reads.batch([parcel(1)]))
        await store.maintain(pictures)
        for _ in range(14):
            await store.backup("operator")
        picture = pictures / "old.png"
        picture.write_bytes(b"\0" * 50_000)
        long_ago = clock.now().timestamp() - 86_400 * 90
        os.utime(picture, (long_ago, long_ago))
        with (small_disk / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 512):
                pass
        with pytest.raises(StoreError, match="disk-full"):
            await store.apply("parcels", "agent", reads.batch([parcel(n, name="x" * 500) for n in range(500)]))
        clock.forward(days=1)
        removed = await store.maintain(pictures)
        assert (removed.backups, removed.screenshots) == (4, 1)
        assert len(store.backups()) == 10
        await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(50)]))
    finally:
        await store.close()


async def test_the_journal_loses_nothing_while_the_disk_is_full(store: Store, reads: Reads) -> None:
    await pages(store, 0)  # type: ignore[misc]
    many = 300
    for n in range(many):
        with contextlib.suppress(StoreError):  # raised, so that the status can show it; the event is kept in memory
            said = {"cause": "x" * 500}
            await store.journal.event(an_event(EventKind.SYNC_CANCELLED, "boot", n, reads.clock.now(), said))
    assert store.journal.pending > 0
    await pages(store, 1_000_000)  # type: ignore[misc]
    await store.journal.event(an_event(EventKind.QUEUE_UPDATED, "boot", many, reads.clock.now()))
    assert store.journal.pending == 0
    stored = await store.events(START, reads.clock.forward(days=1))
    assert [kept.event.revision for kept in stored] == list(range(many + 1))


@pytest.mark.parametrize("waiting", [0, 2])
async def test_a_write_of_the_journal_that_is_cancelled_too_late_is_written_once(
    store: Store, reads: Reads, waiting: int
) -> None:
    """The caller is cancelled after the commit; entries that waited with it are written, too."""

    async def tell(number: int) -> None:
        await store.journal.event(an_event(EventKind.QUEUE_UPDATED, "boot", number, reads.clock.now()))

    if waiting:
        await pages(store, 0)  # type: ignore[misc]
        number = 0
        while store.journal.pending < waiting:
            number += 1
            with contextlib.suppress(StoreError):
                said = {"cause": "x" * 5000}
                await store.journal.event(an_event(EventKind.SYNC_CANCELLED, "boot", number, reads.clock.now(), said))
        await pages(store, 1_000_000)  # type: ignore[misc]
    side = store._database._writer  # type: ignore[attr-defined]
    run = side.worker.run
    committed = asyncio.Event()

    async def late(job: Any, **how: Any) -> Any:
        loop = asyncio.get_running_loop()
        go_on = threading.Event()

        def call() -> Any:
            done = job()
            loop.call_soon_threadsafe(committed.set)
            go_on.wait(30)
            return done

        release.append(go_on)
        return await run(call, **how)

    release: list[threading.Event] = []
    side.worker.run = late
    telling = asyncio.ensure_future(tell(900))
    await committed.wait()
    side.worker.run = run
    telling.cancel()
    await asyncio.sleep(0)
    release[0].set()
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert store.journal.pending == 0
    await tell(901)
    stored = [kept.event.revision for kept in await store.events(START, reads.clock.forward(days=1))]
    assert sorted(stored) == sorted(set(stored)), "an event was written twice"
    assert {900, 901} <= set(stored)


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
import alembic.command, sqlalchemy.dialects.sqlite
from archisync_gui.model import SystemClock
from archisync_gui.store import Store, StoreError
from tests.support.events import an_event
async def main():
    try:
        await Store.open(Path(sys.argv[1]), [], clock=SystemClock())
    except StoreError as error:
        print(error.code)
if os.geteuid() == 0:  # nothing is protected from root
    os.seteuid(65534)
asyncio.run(main())
"""


async def make(folder: Path, clock: ManualClock) -> None:
    await (await Store.open(folder, ENTITIES, clock=clock)).close()


@pytest.mark.skipif(os.name == "nt", reason="Windows protects files by access lists, not by modes")
@pytest.mark.parametrize("protected", ["file", "folder"])
def test_a_protected_file_or_folder_is_named(clock: ManualClock, protected: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if protected == "file":
            asyncio.run(make(folder, clock))
            (folder / FILE).chmod(0o444)
        before = [file.read_bytes() for file in folder.iterdir()]
        folder.chmod(0o755 if os.geteuid() == 0 else 0o555)
        child = subprocess.run(
            [sys.executable, "-c", READ_ONLY, name],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
        )
        folder.chmod(0o700)
        assert child.stdout.strip() == "read-only", child.stderr
        assert [file.read_bytes() for file in folder.iterdir()] == before


async def test_another_program_that_holds_the_file_is_named(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store._database.exclusive(lambda c: c.exec_driver_sql("PRAGMA busy_timeout = 1").close())
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as locked:
        await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert locked.value.code == "locked"
    other.execute("ROLLBACK")
    other.close()
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1)]))).added == 1


def test_every_code_of_the_store_has_a_text() -> None:
    source = Path(migrate.__file__).parent
    text = "\n".join(file.read_text(encoding="utf-8") for file in source.glob("*.py"))
    codes = set(re.findall(r'StoreError\(\s*"([a-z-]+)"', text)) | set(re.findall(r'return "([a-z]+-[a-z-]+)"', text))
    codes |= {*errors._SQLITE.values(), *errors._SYSTEM.values()}
    codes |= {*errors._SERVER.values(), *errors._CLASSES.values(), *errors._SENTENCES}
    codes -= {"interrupted"}  # a cancelled job, which is not shown to users
    assert {"disk-full", "read-only", "newer-schema", "rekey-too-few", "refused-read-void"} <= codes
    assert codes <= messages.codes()


@pytest.mark.parametrize("error", [PermissionError(13, "open in a viewer"), FileNotFoundError(2, "gone meanwhile")])
async def test_a_picture_that_cannot_be_removed_does_not_stop_the_clean_up(
    store: Store, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    pictures = tmp_path / "screenshots"
    pictures.mkdir()
    for name in "abc":
        (pictures / f"{name}.png").write_bytes(b"x")
        os.utime(pictures / f"{name}.png", (0, 0))
    real = Path.unlink

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if self.name == "b.png":
            raise error
        real(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    pruned: list[Path] = []
    monkeypatch.setattr("archisync_gui.store.backups.prune", lambda path: pruned.append(path) or 0)
    assert (await store.maintain(pictures)).screenshots == 2
    assert [file.name for file in pictures.iterdir()] == ["b.png"]
    assert pruned == [store.path]
