"""The full-text index: the results of typed texts, and that the index always matches the rows."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import ENTITIES, ManualClock, Reads, parcel

from archisync_gui.store import FoundList, RefusedKind, Store, find, personal
from archisync_gui.store import find_index as index


async def matches(store: Store) -> None:
    """Check with SQLite that the index matches the rows, and that no row waits for it. PostgreSQL's cannot differ."""

    def job(connection: index.sa.Connection) -> None:
        if index.is_postgres(connection):
            return
        index.check(connection, ENTITIES)
        assert connection.exec_driver_sql("SELECT count(*) FROM find_pending").scalar() == 0

    await store._database.write(job)


def keys(found: tuple[FoundList, ...]) -> list[str]:
    return [row.key for one in found for row in one.rows]


@pytest.mark.parametrize(
    "typed",
    [
        "bàr società",
        "BAR SOCIETA",
        "barsocieta",
        "bar socie",
        "barsocietarossi",
        "societa dei ros",
        "rossi srl",
        "rossi s.r.l",
        "90417",
        "041",
        "90 417",
        "forli 90417",
        "forlí",
    ],
)
async def test_found_however_it_is_typed(store: Store, reads: Reads, typed: str) -> None:
    wanted = parcel(90417, name="Bar Società dei Rossi S.r.l.")
    wanted = {**wanted, "name": "Bar Società Rossi S.r.l."} if "dei" not in typed else wanted
    others = [parcel(n, name=f"Ditta Prova {n}", city="Milano") for n in range(30)]
    await store.apply("parcels", "mario", reads.batch([*others, wanted]))
    assert "90417" in keys(await store.find(typed, ["mario"]))


async def test_exact_numbers_come_before_parts_of_others(store: Store, reads: Reads) -> None:
    rows = [parcel(n) for n in (1050, 2105, 10500, 105, 31050)]
    await store.apply("parcels", "mario", reads.batch(rows))
    (found,) = await store.find("105", ["mario"])
    assert [row.key for row in found.rows][:1] == ["105"]
    assert found.exact
    assert {row.key for row in found.rows[1:3]} == {"1050", "10500"}  # prefixes come before other parts
    assert {row.key for row in found.rows[3:]} == {"2105", "31050"}


async def test_prefixes_of_two_characters_are_found_and_shorter_ones_are_not_searched(
    store: Store, reads: Reads
) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="3M Italia"), parcel(2, name="Edil")]))
    assert keys(await store.find("3m", ["mario"])) == ["1"]
    assert keys(await store.find("it", ["mario"])) == ["1"]
    assert await store.find("3", ["mario"]) == ()
    assert await store.find(" -,'\"* ", ["mario"]) == ()


async def test_few_and_many_candidates_are_ranked_alike(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few rows are read at once and ranked in Python, many are searched once for each rank; the results are equal."""
    pick = random.Random(7)
    syllables = ("ro", "ssi", "ma", "rio", "den", "ta", "le")

    def word() -> str:
        return "".join(pick.choices(syllables, k=pick.randint(1, 3)))

    rows = [parcel(1000 + n, name=f"{word()} {word()} {pick.randint(1, 120)}") for n in range(200)]
    await store.apply("parcels", "mario", reads.batch(rows[:150]))
    await store.apply("parcels", "anna", reads.batch(rows[150:]))
    typed = [
        "ro",
        "ros",
        "rossi",
        "rossi ma",
        "ma rossi",
        "denta 1",
        "10",
        "105",
        "1050",
        "rio le",
        "ssi ta",
        "zz",
        "m",
    ]
    for accounts in (["mario"], ["mario", "anna"]):
        answers = []
        for few in (0, 20, 1000):
            monkeypatch.setattr(find, "FEW", few)
            found = [(text, await store.find(text, accounts, 6)) for text in typed]
            answers.append([(text, [(keys((one,)), one.more, one.exact) for one in lists]) for text, lists in found])
        assert answers[0] == answers[1] == answers[2]
        assert sum(bool(lists) for _, lists in answers[0]) > 8


async def test_only_the_accounts_asked_for(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Rossi uno")]))
    await store.apply("parcels", "anna", reads.batch([parcel(1, name="Rossi due")]))
    await store.apply("tariffs", "", reads.batch([{"item": "Rossi", "quantity": 1, "amount": 5}]))
    mine = await store.find("rossi", ["anna"])
    assert [(one.entity, row.account) for one in mine for row in one.rows] == [("parcels", "anna"), ("tariffs", "")]
    both = await store.find("rossi", ["mario", "anna"])
    assert {row.account for one in both for row in one.rows} == {"mario", "anna", ""}


@pytest.mark.parametrize("account", ["anna", "a", "anna.maria.longoni@example.test"])
@pytest.mark.parametrize("few", [find.FEW, 0])
async def test_many_newer_rows_of_others_hide_nothing(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch, account: str, few: int
) -> None:
    """Also for an agent that was removed from the settings, whose rows stay stored."""
    monkeypatch.setattr(find, "CANDIDATES", 30)
    monkeypatch.setattr(find, "FEW", few)
    mine = [parcel(n, name=f"Studio Alfa {n}") for n in range(20)]
    await store.apply("parcels", account, reads.batch(mine))
    await store.apply("parcels", "bruno", reads.batch([parcel(1000 + n, name="Studio Beta") for n in range(100)]))
    (found,) = await store.find("studio", [account], 12)
    assert {row.account for row in found.rows} == {account}
    assert keys((found,)) == [str(n) for n in reversed(range(8, 20))]
    assert found.more
    (found,) = await store.find("tudio", [account], 20)
    assert len(found.rows) == 20
    assert not found.more
    (found,) = await store.find("studio", ["carlo", account, "zeno"])
    assert {row.account for row in found.rows} == {account}
    (found,) = await store.find("studio", ["bruno", account])
    assert {row.account for row in found.rows} == {"bruno"}


async def test_many_newer_rows_that_are_gone_hide_nothing(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "CANDIDATES", 30)
    living = [parcel(n, name=f"Studio Alfa {n}") for n in range(20)]
    gone = [parcel(1000 + n, name="Studio Beta") for n in range(20)]
    for rows in ([*living, *gone], living, living):
        await store.apply("parcels", "mario", reads.batch(rows))
    await matches(store)
    monkeypatch.setattr(find, "FEW", 0)
    (found,) = await store.find("studio", ["mario"], 12)
    assert keys((found,)) == [str(n) for n in reversed(range(8, 20))]
    await store.apply("parcels", "mario", reads.batch([*living, *gone]))
    (found,) = await store.find("studio", ["mario"], 12)
    assert keys((found,)) == [str(n) for n in reversed(range(1008, 1020))]
    await matches(store)


async def test_more_says_that_there_are_further_rows(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(9)]))
    (found,) = await store.find("ditta", ["mario"], limit=8)
    assert len(found.rows) == 8
    assert found.more
    (found,) = await store.find("ditta", ["mario"], limit=9)
    assert len(found.rows) == 9
    assert not found.more


async def test_the_index_follows_changes_deletions_and_clearing(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Verdi"), parcel(2, name="Bianchi")]))
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Gialli"), parcel(2, name="Bianchi")]))
    await matches(store)
    assert keys(await store.find("verdi", ["mario"])) == []
    assert keys(await store.find("gialli", ["mario"])) == ["1"]
    for _ in range(2):  # absent twice: gone
        await store.apply("parcels", "mario", reads.batch([parcel(1, name="Gialli")]))
    assert keys(await store.find("bianchi", ["mario"])) == []
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Gialli"), parcel(2, name="Bianchi")]))
    assert keys(await store.find("bianchi", ["mario"])) == ["2"]  # revived
    await matches(store)
    await store.clear("parcels", "mario")
    assert await store.find("gialli", ["mario"]) == ()
    await matches(store)


async def test_the_index_follows_changed_keys(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(1, 30)]))
    renumbered = [{**parcel(n), "id": str(1000 + n)} for n in range(1, 30)]
    batch = reads.batch(renumbered)
    await store.keep_refused("parcels", "mario", batch, RefusedKind.KEYS_CHANGED)
    await store.rekey(batch.run_id)
    await matches(store)
    assert keys(await store.find("1017", ["mario"])) == ["1017"]


async def test_a_failed_apply_leaves_rows_and_index_as_they_were(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Verdi")]))

    def broken(*_: object) -> None:
        raise RuntimeError("power")

    with monkeypatch.context() as patched:
        patched.setattr(index, "catch_up", broken)
        with pytest.raises(RuntimeError):
            await store.apply("parcels", "mario", reads.batch([parcel(1, name="Gialli")]))
    assert keys(await store.find("verdi", ["mario"])) == ["1"]
    assert keys(await store.find("gialli", ["mario"])) == []
    await matches(store)


DAMAGE = (
    "DROP TABLE parcels_find",
    "DROP TRIGGER parcels_find_changed",
    "DROP TABLE find_pending",
    "DROP VIEW parcels_find_text",
    "DELETE FROM declared WHERE entity = 'find_pending'",
    "VACUUM",
)


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_missing_index_is_built_at_the_opening(
    tmp_path: Path, clock: ManualClock, reads: Reads, damage: str
) -> None:
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(50)]))
    for _ in range(2):
        await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(10, 50)]))
    await store.close()
    with closing(sqlite3.connect(store.path)) as raw:
        raw.execute(damage)
        raw.commit()
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        await matches(store)
        assert keys(await store.find("ditta 17", ["mario"])) == ["17"]
    finally:
        await store.close()


@pytest.mark.parametrize("table", ["data", "idx", "config"])
async def test_a_damaged_index_is_built_again_when_it_is_needed(
    tmp_path: Path, clock: ManualClock, reads: Reads, table: str
) -> None:
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(50)]))
    await store.close()
    with closing(sqlite3.connect(store.path)) as raw:
        raw.execute(f"DELETE FROM parcels_find_{table}")
        raw.commit()
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        assert keys(await store.find("ditta 17", ["mario"])) in (["17"], [])
        # A read is applied even with a damaged index, which the next opening builds again.
        await store.apply("parcels", "mario", reads.batch([parcel(n, city="Roma") for n in range(50)]))
    finally:
        await store.close()


async def test_the_daily_clean_up_merges_an_index_of_many_parts(
    tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    """FTS5 searches each part, and begins a new one with each transaction."""
    store = await Store.open(tmp_path / "archive.db", ENTITIES, clock=clock)

    def counted(connection: index.sa.Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(DISTINCT segid) FROM parcels_find_idx").scalar_one())

    async def parts_after(reads_made: int) -> tuple[int, int]:
        for at in range(reads_made):
            rows = [parcel(n) for n in range(100 * at, 100 * at + 100)]
            await store.apply("parcels", "agent", reads.batch(rows, whole=False))
        before = await store._database.read(counted)
        await store.maintain()
        await matches(store)
        assert len(await store.find("ditta", ["agent"], 200)) == 1
        return before, await store._database.read(counted)

    try:
        few = await parts_after(index.PARTS - 1)
        assert few == (index.PARTS - 1, index.PARTS - 1)
        assert await parts_after(index.PARTS + 1) in ((n, 1) for n in range(index.PARTS, 3 * index.PARTS))
    finally:
        await store.close()


@pytest.mark.parametrize("table", ["data", "idx", "config"])
async def test_the_daily_clean_up_builds_a_damaged_index_again(
    tmp_path: Path, clock: ManualClock, reads: Reads, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(index, "PARTS", 0)
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(50)]))
        await store._database.write(lambda connection: connection.exec_driver_sql(f"DELETE FROM parcels_find_{table}"))
        await store.maintain()
        await matches(store)
        assert keys(await store.find("ditta 17", ["mario"])) == ["17"]
    finally:
        await store.close()


async def test_a_restored_backup_has_its_own_index(tmp_path: Path, clock: ManualClock, reads: Reads) -> None:
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Verdi")]))
    backup = await store.backup("test")
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Gialli")]))
    await store.close()
    await Store.restore(tmp_path / "data", backup, clock=clock)
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        await matches(store)
        assert keys(await store.find("verdi", ["mario"])) == ["1"]
        assert keys(await store.find("gialli", ["mario"])) == []
    finally:
        await store.close()


@pytest.mark.parametrize("name", ['Ditta "Da Ugo" srl', '"', '""', "D'Amico* (NOT) AND -x", "a\x00b", "%_"])
async def test_special_characters_of_a_query_are_searched_as_text(store: Store, reads: Reads, name: str) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, name=name), parcel(2)]))
    assert [row.key for row in (await store.related("parcels", "mario", "name", name)).rows] == ["1"]
    assert {row.key for found in await store.find(name, ["mario"]) for row in found.rows} <= {"1", "2"}


async def test_related_rows_by_a_searched_and_by_another_column(store: Store, reads: Reads) -> None:
    rows = [parcel(n, name="Rossi & C.", cost=n, tracking="a b") for n in range(3)]
    rows += [parcel(9, name="Rossi & C. Figli", tracking="a b c")]
    await store.apply("parcels", "mario", reads.batch(rows))
    by_name = await store.related("parcels", "mario", "name", "Rossi & C.")
    assert by_name.total == 3
    assert {row.key for row in by_name.rows} == {"0", "1", "2"}
    by_tracking = await store.related("parcels", "mario", "tracking", "a b", limit=2)
    assert by_tracking.total == 3
    assert len(by_tracking.rows) == 2
    assert (await store.related("parcels", "mario", "name", "")).total == 0
    with pytest.raises(KeyError):
        await store.related("parcels", "mario", "nothing", "x")


async def test_nothing_of_an_erased_row_stays_in_the_index(tmp_path: Path, clock: ManualClock, reads: Reads) -> None:
    """Erasing a customer changes the rows of a closed file; the index must not keep their old text."""
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    await store.apply("parcels", "mario", reads.batch([parcel(1, name="Verdissimo"), parcel(2, name="Bianchi")]))
    await store.close()

    def erased(connection: index.sa.Connection) -> dict[str, int]:
        connection.exec_driver_sql("DELETE FROM parcels WHERE row_key = '1'")
        connection.exec_driver_sql("DELETE FROM touched")
        connection.exec_driver_sql("UPDATE reads SET seen_keys = NULL")
        index.rebuild(connection, ENTITIES)
        return {}

    personal.rewritten(store.path, erased)
    assert b"verdissimo" not in store.path.read_bytes().lower()
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        await matches(store)
        assert await store.find("verdissimo", ["mario"]) == ()
        assert keys(await store.find("bianchi", ["mario"])) == ["2"]
    finally:
        await store.close()
