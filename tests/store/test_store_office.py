"""A store on a PostgreSQL server: moving data there and back, rights, versions, interruptions.

The modules of ``conftest.BOTH`` test what is equal on both engines.
"""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from store_samples import ENTITIES, PARCELS, START, ManualClock, Reads, parcel, tariff

from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.model import EventKind, Explanation, Origin, Reason, RunRecord, Scope
from archisync_gui.store import RefusedKind, Store, StoreError, find_index, migrate, schema
from archisync_gui.store.errors import server_code
from archisync_gui.store.postgres import Postgres, transaction
from archisync_gui.store.postgres_server import Server
from tests.support.events import an_event
from tests.support.postgres import PASSWORD, Offices, on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

BY_TRIGRAM = "parcels_by_trigram"


async def joined(server: Server, folder: Path, clock: ManualClock, entities: object = ENTITIES) -> Store:
    return await Store.join(Postgres(server), folder, entities, clock=clock)  # type: ignore[arg-type]


async def fill(store: Store, reads: Reads, clock: ManualClock) -> None:
    """Insert rows into every table."""
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(60)]))
    await store.apply(
        "parcels", "agent", reads.batch([parcel(n, cost=n * 10**12, name='a"b\\c\tè') for n in range(50)])
    )
    await store.apply("parcels", "agent", reads.batch([parcel(99)], whole=False, clean=False))
    await store.apply("tariffs", "agent", reads.batch([tariff("x", n, n) for n in range(5)]))
    await store.keep_refused("parcels", "agent", reads.batch([parcel(1)]), RefusedKind.SHRINK)
    for number in range(3):
        started = START + timedelta(minutes=number)
        record = RunRecord(f"r{9 - number}", "parcels", "agent", Scope.ALL, None, Origin.SCHEDULE, 1, started, started)
        await store.journal.run_started(record)
        await store.journal.event(an_event(EventKind.HOLD_CHANGED, "boot", number, started, {"hold": True}))
        await store.journal.explained(Explanation(started, Reason.HOLD, {"since": "x"}))
    await store.journal.note("schedule", {"orders": [1, 2.5, None, "è"]})


def dump(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of a SQLite store, in their order of insertion."""
    with closing(sqlite3.connect(file)) as raw:
        names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        kept = [name for name in names if "_find" not in name and not name.startswith(("find_", "sqlite_"))]
        rows = {name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in kept}
    rows["declared"] = sorted(row for row in rows["declared"] if row[0] != "find_pending")
    # In these tables the order has no meaning.
    ordered = {"runs", "parcels", "tariffs"}
    return {name: found if name in ordered else sorted(found, key=repr) for name, found in rows.items()}


async def test_an_archive_moved_to_an_office_and_back_is_the_same(
    office: Server, tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    own = await Store.open(tmp_path / "own", ENTITIES, clock=clock)
    await fill(own, reads, clock)
    before = await own.backup("before")
    await own.close()
    store = await joined(office, tmp_path / "member", clock)
    rows = await store.filled_from(before)
    assert rows > 120
    back = await store.backup("left-office")
    # New rows after the move get numbers that do not collide with the moved ones.
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(60)]))
    await store.journal.event(an_event(EventKind.HOLD_CHANGED, "boot", 9, START))
    assert [row.key for found in await store.find("TRK7", ["agent"]) for row in found.rows] == []
    assert [row.key for found in await store.find("prova 7", ["agent"]) for row in found.rows][:1] == ["7"]
    await store.close()
    assert dump(back) == dump(before)
    (tmp_path / "again").mkdir()
    await Store.restore(tmp_path / "again", back, clock=clock)
    again = await Store.open(tmp_path / "again", ENTITIES, clock=clock)
    assert (await again.rows("parcels", "agent", search="prova")).total > 0
    assert await again.find("prova 55", ["agent"])
    await again.close()


@pytest.mark.parametrize("slow", [(migrate, "migrate"), (find_index, "prepare")], ids=["tables", "index"])
async def test_a_backup_of_an_office_may_take_long_to_prepare_and_to_index(
    office: Server,
    tmp_path: Path,
    clock: ManualClock,
    reads: Reads,
    monkeypatch: pytest.MonkeyPatch,
    slow: tuple[Any, str],
) -> None:
    """The server ends a transaction that is idle for some seconds, so none may be open during that work."""
    store = await joined(office, tmp_path / "one", clock)
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(40)]))
    module, name = slow
    right = getattr(module, name)
    states: list[str] = []

    def watched(connection: sa.Connection, *rest: Any) -> Any:
        if connection.dialect.name == "sqlite":
            with office.connect("watching") as other:
                found = other.execute(
                    "SELECT state FROM pg_stat_activity WHERE state IS NOT NULL AND pid <> pg_backend_pid()"
                    " AND application_name LIKE 'archisync%'"
                )
                states.extend(state for (state,) in found)
        return right(connection, *rest)

    monkeypatch.setattr(module, name, watched)
    backup = await store.backup("daily")
    with closing(sqlite3.connect(backup)) as raw:
        assert raw.execute("SELECT count(*) FROM parcels").fetchone() == (40,)
    assert states
    assert set(states) == {"idle"}
    await store.close()


async def test_a_backup_of_an_office_is_made_during_writes(
    office: Server, tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    store = await joined(office, tmp_path / "one", clock)
    other = await joined(office, tmp_path / "two", clock)
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(40)]))
    backup, _ = await asyncio.gather(
        other.backup("x"), store.apply("parcels", "agent", reads.batch([parcel(n, cost=1) for n in range(40)]))
    )
    with closing(sqlite3.connect(backup)) as raw:
        costs = {cost for (cost,) in raw.execute("SELECT cost FROM parcels")}
    assert costs == {1} or len(costs) == 40
    await store.close()
    await other.close()


async def test_tables_follow_a_changed_declaration_after_consent(
    office: Server, tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    store = await joined(office, tmp_path, clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.close()
    wider = replace(PARCELS, columns=(*PARCELS.columns, Column("NOTE", "note", "NOTA", "Note", Kind.TEXT)))
    with pytest.raises(StoreError, match="office-older"):
        await Store.join(Postgres(office), tmp_path, [wider], clock=clock, upgrade=False)
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE leader SET epoch = 3, member = 'x'")
    store = await joined(office, tmp_path, clock, [wider])
    with office.connect("tests", autocommit=True) as connection:
        # A leader with the earlier program loses the lead; an office without a leader so far stays a new one.
        assert connection.execute("SELECT epoch, member FROM leader").fetchone() == (4, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1, note="x")]))
    row = await store.row("parcels", "agent", "1")
    assert row is not None
    assert row.values["note"] == "x"
    assert [file.name for file in store.backups() if "before-migration" in file.name]
    await store.close()


async def test_tables_of_a_later_program_are_left_alone(office: Server, tmp_path: Path, clock: ManualClock) -> None:
    await (await joined(office, tmp_path, clock)).close()
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer-schema"):
        await joined(office, tmp_path, clock)


async def test_two_members_that_make_the_tables_at_once_make_them_once(
    office: Server, tmp_path: Path, clock: ManualClock
) -> None:
    stores = await asyncio.gather(*(joined(office, tmp_path / str(n), clock) for n in range(3)))
    for store in stores:
        assert await store.counts() == ()
        await store.close()


async def test_a_schema_that_another_member_is_making_is_no_error(office: Server) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid' AND query LIKE 'CREATE SCHEMA%'"
    with office.connect("tests") as other, office.connect("tests", autocommit=True) as looking:
        other.execute(f'CREATE SCHEMA "{office.schema}"')
        second = Postgres(office)
        making = asyncio.ensure_future(second.create())
        await until(lambda: looking.execute(waiting).rowcount)
        other.commit()
        await making
        await second.close()


async def test_a_reader_sees_what_another_member_wrote(
    office: Server, tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    one, two = await joined(office, tmp_path / "1", clock), await joined(office, tmp_path / "2", clock)
    await one.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert (await two.rows("parcels", "agent")).total == 1
    await one.close()
    await two.close()


async def test_journal_entries_made_while_the_server_is_down_are_written_afterwards(
    office: Server, offices: Offices, tmp_path: Path, clock: ManualClock
) -> None:
    store = await joined(office, tmp_path, clock)
    await asyncio.to_thread(offices.cluster.halt, "immediate")
    with pytest.raises(StoreError, match="office-unreachable"):
        await store.journal.note("hold", True)
    with pytest.raises(StoreError, match="office-unreachable"):
        await store.counts()
    await asyncio.to_thread(offices.cluster.start)
    await store.journal.flush()
    assert (await store.journal.load()).notes == {"hold": True}
    await store.close()


async def test_one_transaction_is_stored_completely_or_not_at_all_and_a_read_one_changes_nothing(
    office: Server, tmp_path: Path, clock: ManualClock
) -> None:
    store = await joined(office, tmp_path, clock)
    await store.journal.note("hold", "before")
    change = sa.text("UPDATE notes SET value = :value")

    def notes() -> list[object]:
        with transaction(office, "tests", writes=False) as connection:
            return list(connection.scalars(sa.select(schema.NOTES.c.value)))

    def fails() -> None:
        with transaction(office, "tests", writes=True) as connection:
            connection.execute(change, {"value": '"half"'})
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert notes() == ["before"]
    with transaction(office, "tests", writes=True) as connection:
        connection.execute(change, {"value": '"whole"'})
    assert notes() == ["whole"]
    with transaction(office, "tests", writes=False) as connection:
        assert list(connection.scalars(sa.select(schema.NOTES.c.value))) == ["whole"]
        await store.journal.note("hold", "later")
        assert list(connection.scalars(sa.select(schema.NOTES.c.value))) == ["whole"]  # one committed state
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            connection.execute(change, {"value": "0"})
    assert notes() == ["later"]
    await store.close()


async def test_only_a_change_of_the_schema_may_pause_for_long(office: Server) -> None:
    """Making an office imports Alembic between two statements, which took over eight seconds with a virus scanner."""

    def pause(connection: sa.Connection) -> object:
        return connection.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))

    database = Postgres(office)
    await database.create()
    assert await database.change_schema(pause) == "1min"
    assert await database.exclusive(pause) == "8s"
    await database.close()


async def refusal(server: Server, folder: Path, clock: ManualClock) -> str:
    with pytest.raises(StoreError) as caught:
        await joined(server, folder, clock)
    return caught.value.code


async def test_each_refusal_of_a_server_has_its_code(
    office: Server, offices: Offices, tmp_path: Path, clock: ManualClock
) -> None:
    offices.cluster.sql(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    try:
        assert await refusal(replace(office, password="wrong"), tmp_path, clock) == "office-login"
        assert await refusal(replace(office, user="nobody"), tmp_path, clock) == "office-login"
        assert await refusal(replace(office, database="nothing"), tmp_path, clock) == "office-missing"
        assert await refusal(replace(office, user="guest"), tmp_path, clock) == "office-not-allowed"
        assert await refusal(replace(office, port=1), tmp_path, clock) == "office-unreachable"
        assert await refusal(replace(office, sslmode="require"), tmp_path, clock) == "office-tls"
        offices.cluster.sql("ALTER ROLE office CONNECTION LIMIT 0")
        assert await refusal(office, tmp_path, clock) == "office-full"
    finally:
        offices.cluster.sql("ALTER ROLE office CONNECTION LIMIT -1")
        offices.cluster.sql("DROP ROLE guest")


async def test_a_server_that_allows_only_reading_says_so(
    office: Server, offices: Offices, tmp_path: Path, clock: ManualClock
) -> None:
    store = await joined(office, tmp_path, clock)
    offices.cluster.sql("ALTER ROLE office SET default_transaction_read_only = on")
    try:
        await store.close()
        store = await joined(office, tmp_path, clock)
        with pytest.raises(StoreError, match="office-read-only"):
            await store.journal.note("a", 1)
    finally:
        offices.cluster.sql("ALTER ROLE office RESET default_transaction_read_only")
    # As after a failover: the next call connects anew, and pending entries are written.
    await store.journal.flush()
    assert (await store.journal.load()).notes == {"a": 1}
    await store.close()


async def test_texts_with_the_character_0_are_stored_without_it(
    office: Server, tmp_path: Path, clock: ManualClock, reads: Reads
) -> None:
    store = await joined(office, tmp_path, clock)
    await store.apply("parcels", "agent", reads.batch([parcel(1, name="a\x00b")]))
    row = await store.row("parcels", "agent", "1")
    assert row is not None
    assert row.values["name"] == "a\N{REPLACEMENT CHARACTER}b"
    await store.journal.note("x", {"a": "\x00"})
    assert (await store.journal.load()).notes == {"x": {"a": "\x00"}}
    await store.close()


async def test_find_uses_the_trigram_index(office: Server, tmp_path: Path, clock: ManualClock, reads: Reads) -> None:
    store = await joined(office, tmp_path, clock)
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(3000)]))
    plan = "EXPLAIN SELECT row_key FROM parcels WHERE (' ' || parcels.row_search || ' ') LIKE '% 2999 %'"

    def job(connection: sa.Connection) -> str:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return "\n".join(row[0] for row in connection.exec_driver_sql(plan.replace("%", "%%")))

    assert BY_TRIGRAM in await store._database.read(job)
    assert [row.key for found in await store.find("2999", ["agent"]) for row in found.rows] == ["2999"]
    await store.close()


async def test_a_second_office_on_a_server_has_the_index_too(
    office: Server, tmp_path: Path, clock: ManualClock
) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE EXTENSION%'"
    index = "SELECT FROM pg_indexes WHERE schemaname = %s AND indexname = %s"
    with office.connect("tests") as other, office.connect("tests", autocommit=True) as looking:
        looking.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE")
        other.execute("CREATE EXTENSION pg_trgm WITH SCHEMA public")
        joining = asyncio.ensure_future(joined(office, tmp_path, clock))
        await until(lambda: looking.execute(waiting).rowcount)
        other.commit()
        await (await joining).close()
        assert looking.execute(index, (office.schema, BY_TRIGRAM)).rowcount == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://office@server/office", ("server", 5432, "archisync", "require")),
        ("postgresql://office@server:6000/office?schema=two&sslrootcert=/a/b", ("server", 6000, "two", "verify-full")),
        ("postgresql://office@127.0.0.1/office", ("127.0.0.1", 5432, "archisync", "prefer")),
        ("postgresql://office@[::1]:5433/office", ("::1", 5433, "archisync", "prefer")),
    ],
)
def test_an_address_is_parsed_and_formatted(url: str, expected: tuple[str, int, str, str]) -> None:
    server = Server.from_url(url)
    assert (server.host, server.port, server.schema, server.tls) == expected
    assert Server.from_url(server.url) == server


def test_an_address_keeps_unusual_names_and_shows_no_password() -> None:
    server = Server.from_url(
        f"postgresql://{quote('a@b/c', safe='')}:{quote('p:w@/', safe='')}@server/{quote('my db')}"
    )
    assert (server.user, server.password, server.database) == ("a@b/c", "p:w@/", "my db")
    assert "p:w" not in server.url + str(server) + repr(server)


@pytest.mark.parametrize(
    "url", ["", "server", "http://a@b/c", "postgresql://server/db", "postgresql://a@/db", "postgresql://a@b/db?x=1",
            "postgresql://a@b:port/db"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(StoreError, match="office-address"):
        Server.from_url(url)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ('connection to server at "database" (10.0.0.5), port 5432 failed: Connection refused', "office-unreachable"),
        ('could not translate host name "role" to address: Name or service not known', "office-unreachable"),
        ("server closed the connection unexpectedly", "office-unreachable"),
        ("SSL error: unexpected eof while reading", "office-unreachable"),
        ("SSL error: certificate verify failed", "office-tls"),
        ('FATAL:  database "archivio" does not exist', "office-missing"),
        ('FATALE:  il ruolo "ufficio" non esiste', "office-login"),
    ],
)
def test_a_message_of_the_server_is_not_confused_with_the_name_of_its_host(sentence: str, code: str) -> None:
    assert server_code(psycopg.OperationalError(sentence)) == code
