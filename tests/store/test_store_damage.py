"""Damages one row, note or file at a time: the program starts, reports the damage, and keeps all other data."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from store_samples import ENTITIES, START, ManualClock, Reads, parcel, run, tariff

from archisync_gui.model import EventKind, Explanation, Reason
from archisync_gui.store import RefusedKind, Store, StoreError, backups, migrate, schema
from archisync_gui.store.database import Database
from archisync_gui.store.store import FILE
from tests.support.events import an_event

WRONG: tuple[object, ...] = (
    None,
    "",
    "{",
    "no time at all",
    '{"of": "a later version"}',
    7,
    -1,
    b"\xff\x00\xfe",
    2.5,
    "2031-01-01",
)
BY_DAY = (None, "{", 7, b"\xff\x00\xfe")
"""One of each kind: NULL, a text that is neither JSON nor a time, a number, bytes that are no text."""


async def filled(folder: Path, clock: ManualClock) -> None:
    """Make a profile with rows in each table."""
    store = await Store.open(folder, ENTITIES, clock=clock)
    reads = Reads(clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2), parcel(3)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1, tracking=None), parcel(2, cost=1), parcel(3)]))
    await store.apply("parcels", "agent", reads.batch([parcel(2, cost=9)], whole=False))
    await store.apply("tariffs", "", reads.batch([tariff("a", 1000, 5)]))
    await store.keep_refused("parcels", "agent", reads.batch([parcel(1)]), RefusedKind.SHRINK)
    for number in (1, 2, 3):
        await store.journal.run_ended(run(number, START + timedelta(minutes=number)))
    await store.journal.run_started(run(4, START + timedelta(minutes=4), ended=None, outcome=None))
    await store.journal.event(an_event(EventKind.HOLD_CHANGED, "boot", 1, clock.now(), {"hold": True}))
    await store.journal.explained(Explanation(clock.now(), Reason.HOLD))
    for key, value in NOTES.items():
        await store.journal.note(key, value)
    await store.close()
    with closing(sqlite3.connect(folder / "archisync.db")) as raw:  # as after a new column was declared
        raw.execute("INSERT INTO unfilled_columns VALUES ('parcels', 'agent', 'city')")
        raw.commit()


NOTES = {
    "hold": START.isoformat(),
    "stopped:agent": {"code": "login-refused", "kind": "credentials", "message": ""},
    "logins:agent": {"day": "2026-03-02", "count": 3},
    "retention": {"time": START.isoformat(), "day": "2026-03-02"},
}

DECIDED = {key: value for key, value in NOTES.items() if key != "retention"}
"""The notes that are kept when the archive is replaced."""

CELLS = [
    *(
        ("runs", "id", "run-2", column)
        for column in ("type", "account", "scope", "origin", "attempt", "asked", "started")
    ),
    *(("runs", "id", "run-2", column) for column in ("ended", "outcome", "as_of", "warnings", "error", "suspensions")),
    *(
        ("reads", "entity", "parcels", column)
        for column in ("last_success", "new_as_of", "all_as_of", "rows", "seen_keys")
    ),
    *(("reads", "entity", "parcels", column) for column in ("garbage", "doubtful")),
    *(("refused_reads", "entity", "parcels", column) for column in ("kind", "kept_at", "as_of", "after")),
    *(("events", "id", 1, column) for column in ("at", "kind", "data")),
    *(("explanations", "id", 1, column) for column in ("at", "reason", "params", "forecast")),
    *(("changes", "row_key", "2", column) for column in ("at", "kind", "before", "after", "percent", "fields")),
    *(
        ("parcels", "row_key", "1", column)
        for column in ("row_first_seen", "row_last_changed", "row_blanks", "row_hash", "cost")
    ),
    ("refused_rows", "chunk", 0, "data"),
    ("declared", "entity", "parcels", "search"),
    *(("notes", "key", key, "value") for key in NOTES),
]


@pytest.mark.parametrize(
    "values", [pytest.param(BY_DAY, marks=pytest.mark.ci), pytest.param(WRONG, marks=pytest.mark.nightly)], ids=len
)
@pytest.mark.parametrize(("table", "by", "key", "column"), CELLS, ids=lambda value: str(value))
async def test_one_damaged_cell_spoils_nothing_else(
    tmp_path: Path, clock: ManualClock, table: str, by: str, key: object, column: str, values: tuple[object, ...]
) -> None:
    folder = tmp_path / "data"
    await filled(folder, clock)
    for wrong in values:
        raw = sqlite3.connect(folder / "archisync.db")
        before = raw.execute(f'SELECT "{column}" FROM "{table}" WHERE "{by}" = ?', (key,)).fetchone()[0]
        try:
            raw.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE "{by}" = ?', (wrong, key))
        except sqlite3.IntegrityError:
            raw.close()
            continue  # a constraint of the table refuses this value
        raw.commit()
        raw.close()
        await lives_on(folder, clock, spared={key} if table in ("runs", "notes") else set())
        raw = sqlite3.connect(folder / "archisync.db")
        raw.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE "{by}" = ?', (before, key))
        raw.commit()
        raw.close()


async def lives_on(folder: Path, clock: ManualClock, spared: set[object]) -> None:
    """Check that the store opens and answers all queries, has all data but ``spared``, and applies the next read."""
    clock.forward(minutes=1)
    store = await Store.open(folder, ENTITIES, clock=clock)
    try:
        kept = await store.journal.load()
        assert {name: kept.notes.get(name) for name in NOTES if name not in spared} == {
            name: value for name, value in NOTES.items() if name not in spared
        }
        assert kept.reads, "no read is remembered"
        found = {record.id for record in await store.runs()}
        assert {f"run-{n}" for n in (1, 2, 3, 4)} - spared <= found
        await store.known("parcels", "agent")
        await store.ages("parcels", "agent")
        await store.counts()
        for read in await store.refused():
            try:
                await store.refused_keys(read.run_id)
            except StoreError as error:
                if error.code != "refused-read-unreadable":
                    raise
        await store.events(START - timedelta(days=1), START + timedelta(days=9))
        await store.journal.explanation_at(START + timedelta(days=9))
        await store.row_history("parcels", "agent", "2")
        rows = (await store.rows("parcels", "agent", limit=10)).rows
        assert {row.key for row in rows} == {"1", "2", "3"}
        again = Reads(clock).batch([parcel(1, tracking=None), parcel(2, cost=9), parcel(3)], whole=False)
        await store.apply("parcels", "agent", again)
    finally:
        await store.close()


def fillings(value: object) -> dict[str, object]:
    """Values of a cell that a crash, a faulty disk or another version may leave."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    cut: object = value[: len(value) // 2] if isinstance(value, bytes) else text[: len(text) // 2]
    return {
        "nothing": None,
        "truncated": cut,
        "random": bytes((7 * at + 13) % 256 for at in range(40)),
        "newer": '{"from": "a later version", "at": "2099-01-01T00:00:00+00:00"}',
        "older": 0,
    }


TABLES = sorted({*schema.FIXED.tables, *(schema.data_table(entity).name for entity in ENTITIES)} - {"alembic_version"})
"""All tables of the schema, so that a new table or column is tested without a change here."""


@pytest.mark.parametrize(
    "every", [pytest.param(False, marks=pytest.mark.ci), pytest.param(True, marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize("table", TABLES)
async def test_no_value_in_any_cell_stops_the_start(
    tmp_path: Path, clock: ManualClock, table: str, every: bool
) -> None:
    """Tries each cell of the first row of each table; the small sample tries one value for each."""
    folder = tmp_path / "data"
    await filled(folder, clock)
    path, pristine = folder / "archisync.db", (folder / "archisync.db").read_bytes()
    with closing(sqlite3.connect(path)) as raw:
        names = [row[1] for row in raw.execute(f'PRAGMA table_info("{table}")')]
        cells = raw.execute(f'SELECT rowid, * FROM "{table}" ORDER BY rowid LIMIT 1').fetchone()
    assert cells is not None, "the sample has no row in this table"
    for at, (name, value) in enumerate(zip(names, cells[1:], strict=True)):
        wrongs = list(fillings(value).values())
        for wrong in wrongs if every else [wrongs[at % len(wrongs)]]:
            path.write_bytes(pristine)
            with closing(sqlite3.connect(path)) as raw, suppress(sqlite3.IntegrityError):
                raw.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE rowid = ?', (wrong, cells[0]))
                raw.commit()
            await starts(folder, clock, f"{table}.{name} = {wrong!r}", spared=table)


async def starts(folder: Path, clock: ManualClock, where: str, spared: str) -> None:
    """Check that the file can be opened, and that all tables but ``spared`` are unchanged."""
    store = await Store.open(folder, ENTITIES, clock=clock)
    try:
        kept = await store.journal.load()
        if spared != "notes":
            assert {name: kept.notes.get(name) for name in NOTES} == NOTES, where
        if spared != "runs":
            assert {f"run-{n}" for n in (1, 2, 3, 4)} <= {record.id for record in await store.runs()}, where
        rows = (await store.rows("parcels", "agent", limit=10)).rows
        if spared != "parcels":
            assert {row.key for row in rows} == {"1", "2", "3"}, where
        await store.counts()
        await store.known("parcels", "agent")
        await store.unproven("parcels", "agent")
        await store.events(START - timedelta(days=1), START + timedelta(days=9))
        await store.changes(START - timedelta(days=1), START + timedelta(days=9), ["agent"])
        await store.journal.explanation_at(START + timedelta(days=9))
        await store.maintain(None, ["another"])  # with the accounts, as the program calls it
        batch = Reads(clock).batch([parcel(4)], whole=False)
        await store.apply("parcels", "agent", batch)
    except Exception as error:
        error.add_note(where)
        raise
    finally:
        await store.close()


# ------------------------------------------------------------------------------------------------ the whole file

WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda whole: whole[: len(whole) // 2],
    "the last page missing": lambda whole: whole[:-4096],
    "less than the header": lambda whole: whole[:60],
    "one page": lambda whole: whole[:4096],
    "no byte": lambda whole: b"",
    "one byte": lambda whole: b"5",
    "header overwritten": lambda whole: b"\0" * 100 + whole[100:],
    "random": lambda whole: bytes((7 * at + 13) % 256 for at in range(len(whole))),
    "text": lambda whole: b"not a database\n",
    "another database": lambda whole: OTHER_DATABASE,
}


def _other_database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.execute("CREATE TABLE alembic_version (version_num TEXT)")
        raw.execute("INSERT INTO alembic_version VALUES (?)", (migrate.HEAD,))
        raw.commit()
        return raw.serialize()


OTHER_DATABASE = _other_database()
"""An intact database of the present version, but without our tables."""


async def refused(folder: Path, clock: ManualClock) -> str:
    with pytest.raises(StoreError) as why:
        await Store.open(folder, ENTITIES, clock=clock)
    return why.value.code


@pytest.mark.ci
@pytest.mark.parametrize("damage", WHOLE)
async def test_a_damaged_archive_is_refused_kept_and_replaced(tmp_path: Path, clock: ManualClock, damage: str) -> None:
    folder, path = tmp_path / "data", tmp_path / "data" / "archisync.db"
    await filled(folder, clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    backup = await store.backup("operator")
    await store.close()
    damaged = WHOLE[damage](path.read_bytes())
    path.write_bytes(damaged)
    assert await refused(folder, clock) == "damaged"
    if damaged is not OTHER_DATABASE:  # that one is intact, so opening it may write to it
        assert path.read_bytes() == damaged, "the attempt to open it has changed it"
    clock.forward(hours=1)
    for instead, rows in ((backup, 3), (None, 0)):
        path.write_bytes(damaged)
        kept, decisions_known = await Store.restore(folder, instead, clock=clock)
        assert kept is not None
        assert kept.read_bytes() == damaged, "the damaged file was not kept as it was"
        store = await Store.open(folder, ENTITIES, clock=clock)
        assert (await store.rows("parcels", "agent")).total == rows
        notes = (await store.journal.load()).notes
        assert ("retention" in notes) is bool(rows)
        if decisions_known:
            assert {key: notes[key] for key in DECIDED} == DECIDED
        else:
            assert notes["hold"] == clock.now().isoformat(), "no hold, though there may have been one (rule 31)"
        await store.close()


async def test_the_newest_usable_backup_is_offered(tmp_path: Path, clock: ManualClock) -> None:
    """Never the damaged file, which the last restore has moved to the backups; a replaced archive comes last."""
    folder, path = tmp_path / "data", tmp_path / "data" / "archisync.db"
    await filled(folder, clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    older, newer = await store.backup("daily"), await store.backup("operator")
    await store.close()
    replaced, _ = await Store.restore(folder, newer, clock=clock)
    path.write_bytes(path.read_bytes()[:9000])
    damaged, _ = await Store.restore(folder, newer, clock=clock)
    assert backups.listed(folder / FILE) == (damaged, replaced, newer, older)
    assert backups.offered(path) == newer
    newer.write_bytes(b"")
    assert backups.offered(path) == older
    older.write_bytes(older.read_bytes()[:9000])
    assert backups.offered(path) == replaced, "the only usable backup is not offered"
    assert replaced is not None
    replaced.unlink()
    assert backups.offered(path) is None
    assert {file.name for file in (folder / "backups").iterdir()} == {f.name for f in backups.listed(folder / FILE)}


async def test_a_folder_in_the_archives_place(tmp_path: Path, clock: ManualClock) -> None:
    folder, path = tmp_path / "data", tmp_path / "data" / "archisync.db"
    path.mkdir(parents=True)
    (path / "note.txt").write_text("mine")
    assert await refused(folder, clock) == "damaged"
    kept, _ = await Store.restore(folder, None, clock=clock)
    assert kept is not None
    assert (kept / "note.txt").read_text() == "mine"
    assert backups.listed(folder / FILE) == (), "a folder is listed as a backup"
    await (await Store.open(folder, ENTITIES, clock=clock)).close()


async def test_a_missing_archive_with_backups_is_reported(tmp_path: Path, clock: ManualClock) -> None:
    folder, path = tmp_path / "data", tmp_path / "data" / "archisync.db"
    await filled(folder, clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    assert not store.is_new
    await store.backup("operator")
    await store.close()
    path.unlink()
    assert await refused(folder, clock) == "data-file-missing"
    assert not path.exists(), "an empty archive was made in its place"
    await Store.restore(folder, None, clock=clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    assert (await store.counts()) == ()
    await store.close()


@pytest.mark.parametrize("damage", ["missing", "half", "random", "empty"])
async def test_a_damaged_log_loses_only_its_own_transactions(tmp_path: Path, clock: ManualClock, damage: str) -> None:
    """The ``-wal`` file after a kill, removed or damaged."""
    live, folder = tmp_path / "live", tmp_path / "data"
    await filled(live, clock)
    store = await Store.open(live, ENTITIES, clock=clock)
    for n in range(5, 9):
        await store.apply("parcels", "agent", Reads(clock).batch([parcel(n)], whole=False))
    folder.mkdir()
    whole = {name: (live / name).read_bytes() for name in ("archisync.db", "archisync.db-wal")}
    await store.close()
    log = whole.pop("archisync.db-wal")
    assert log
    (folder / "archisync.db").write_bytes(whole["archisync.db"])
    damaged = {"missing": None, "half": log[: len(log) // 2], "random": bytes(len(log)), "empty": b""}[damage]
    if damaged is not None:
        (folder / "archisync.db-wal").write_bytes(damaged)
    store = await Store.open(folder, ENTITIES, clock=clock)
    try:
        await store.check()
        assert {row.key for row in (await store.rows("parcels", "agent")).rows} >= {"1", "2", "3"}
        assert dict((await store.journal.load()).notes).items() >= NOTES.items()
    finally:
        await store.close()


async def test_a_kill_at_the_first_start_leaves_no_damaged_archive(tmp_path: Path, clock: ManualClock) -> None:
    """The file gets its name after its header, and all its tables in one transaction."""
    database = Database(tmp_path / "data" / "archisync.db")
    await database.create()
    await database.close()
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    assert (await store.rows("parcels", "agent")).total == 0
    await store.close()


@pytest.mark.parametrize("change", ["DELETE FROM alembic_version", "DROP TABLE runs", "DROP TABLE alembic_version"])
async def test_an_archive_without_its_version_or_a_table_is_damaged(
    tmp_path: Path, clock: ManualClock, change: str
) -> None:
    folder = tmp_path / "data"
    await filled(folder, clock)
    with closing(sqlite3.connect(folder / "archisync.db")) as raw:
        raw.execute(change)
        raw.commit()
    assert await refused(folder, clock) == "damaged"


async def test_a_run_of_a_later_version_is_left_out_and_the_rest_is_remembered(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It has an origin, an error kind and an error key that this version does not know."""
    folder = tmp_path / "data"
    await filled(folder, clock)
    raw = sqlite3.connect(folder / "archisync.db")
    raw.execute("UPDATE runs SET origin = 'assistant' WHERE id = 'run-3'")
    error = '{"code": "x", "kind": "cosmic", "message": "", "params": {}, "stack": "", "future": 1}'
    raw.execute("UPDATE runs SET error = ? WHERE id = 'run-2'", (error,))
    raw.commit()
    raw.close()
    store = await Store.open(folder, ENTITIES, clock=clock)
    kept = await store.journal.load()
    assert kept.notes["hold"] == NOTES["hold"]
    assert [read.type for read in kept.reads] == ["parcels"]
    assert {record.id for record in await store.runs()} == {"run-1", "run-2", "run-4"}
    assert any("run-3" in record.getMessage() for record in caplog.records)
    later = await store.run("run-2")
    assert later is not None
    assert later.error is not None
    assert (later.error.code, later.error.kind.value) == ("x", "permanent")
    await store.close()


async def test_a_clock_years_ahead_deletes_no_recent_rows(tmp_path: Path, clock: ManualClock) -> None:
    """After the clock is corrected nothing is missing."""
    folder = tmp_path / "data"
    await filled(folder, clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    await store.maintain()
    right = clock.now()
    for day in range(3):
        clock.time = right + timedelta(days=5 * 365 + day)
        for _ in range(4):  # several starts on one day
            removed = await store.maintain()
            assert (removed.runs, removed.changes, removed.events) == (0, 0, 0)
    clock.time = right
    await store.maintain()
    assert len(await store.runs()) == 4
    await store.close()


async def test_rows_of_a_removed_account_without_a_readable_time_are_kept(tmp_path: Path, clock: ManualClock) -> None:
    """The clean-up failed there, and with it all that comes after it on that day and the following ones."""
    folder = tmp_path / "data"
    await filled(folder, clock)
    with closing(sqlite3.connect(folder / FILE)) as raw, raw:
        raw.execute("UPDATE parcels SET row_last_changed = 'damaged'")
        raw.execute("DELETE FROM reads")
    store = await Store.open(folder, ENTITIES, clock=clock)
    clock.forward(days=1)
    await store.maintain(None, ["another"])
    assert {row.key for row in (await store.rows("parcels", "agent")).rows} == {"1", "2", "3"}
    await store.close()


async def test_with_a_correct_clock_old_rows_are_deleted(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "data"
    await filled(folder, clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    await store.maintain()
    total = 0
    for _ in range(400):
        clock.forward(days=1)
        total += (await store.maintain()).runs
    assert total == 4
    await store.close()


@pytest.mark.parametrize("how", ["replaced", "moved"])
async def test_a_file_replaced_while_it_is_open_is_not_written(
    tmp_path: Path, clock: ManualClock, reads: Reads, how: str, expected_errors: Any
) -> None:
    """A user or a backup tool puts an older copy in its place. Later reads are refused, and the write-ahead log of the
    replaced file is not applied to the copy."""
    expected_errors.allow(r"archisync_gui\.store\.database: .* belonged to a file that was replaced, and is removed")
    folder = tmp_path / "data"
    store = await Store.open(folder, ENTITIES, clock=clock)
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(500)]))
    older = await store.backup("operator")
    for turn in range(3):
        await store.apply("parcels", "agent", reads.batch([parcel(n, name=f"Ditta {turn}") for n in range(2000)]))
    assert (await store.rows("parcels", "agent")).total == 2000
    if how == "replaced":
        shutil.copy(older, folder / "copy")
        (folder / "copy").replace(folder / FILE)
        there = (folder / FILE).read_bytes()
    else:
        (folder / FILE).rename(tmp_path / "away")
    for act in (
        lambda: store.apply("parcels", "agent", reads.batch([parcel(n, name="later") for n in range(2000)])),
        lambda: store.journal.note("hold", "2026-03-02T10:00:00+00:00"),
    ):
        with pytest.raises(StoreError) as refused_:
            await act()
        assert refused_.value.code == "file-replaced"
    with pytest.raises(StoreError, match="file-replaced"):
        store.require_place()
    await store.close()
    if how == "replaced":
        assert (folder / FILE).read_bytes() == there
        assert not (folder / f"{FILE}-wal").exists()
    else:
        assert not (folder / FILE).exists()
        (tmp_path / "away").rename(folder / FILE)
    store = await Store.open(folder, ENTITIES, clock=clock)
    assert (await store.rows("parcels", "agent")).total == (500 if how == "replaced" else 2000)
    assert not (await store.rows("parcels", "agent", search="later")).total
    await store.check()
    assert "hold" not in (await store.journal.load()).notes
    await store.close()
