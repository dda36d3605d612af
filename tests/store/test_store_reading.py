"""Queries of the stored rows: search, order, pages, cursor, export, change log, history of runs."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_samples import START, Reads, parcel, run, tariff

from archisync_gui.model import EventKind, Origin, Outcome, RunRecord, Scope
from archisync_gui.store import ChangeKind, Store
from tests.support.events import an_event


async def keys(store: Store, **options: object) -> list[str]:
    return [row.key for row in (await store.rows("parcels", "agent", **options)).rows]  # type: ignore[arg-type]


async def fill(store: Store, reads: Reads) -> None:
    await store.apply(
        "parcels",
        "agent",
        reads.batch(
            [
                parcel(2, name="Caffè Più", city="Forlì", cost=300, sent="2026-02-01"),
                parcel(10, name="zeta 100%", city=None, cost=-5, sent=None),
                parcel(9, name="Bar_Sport", city="Bari", cost=None, sent="2026-02-03"),
            ]
        ),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["10", "2", "9"]),
        ("caffe", ["2"]),
        ("PIÙ  forli", ["2"]),
        ("piu bari", []),
        ("%", ["10"]),
        ("_", ["9"]),
        ("9", ["9"]),
        ("'; DROP TABLE parcels", []),
    ],
)
async def test_search(store: Store, reads: Reads, text: str, found: list[str]) -> None:
    await fill(store, reads)
    assert await keys(store, search=text) == found


@pytest.mark.parametrize(
    ("sort", "descending", "found"),
    [
        ("id", False, ["2", "9", "10"]),
        ("id", True, ["10", "9", "2"]),
        ("name", False, ["9", "2", "10"]),
        ("cost", False, ["10", "2", "9"]),
        ("cost", True, ["2", "10", "9"]),
        ("city", True, ["2", "9", "10"]),
        ("sent", False, ["2", "9", "10"]),
    ],
)
async def test_order_numbers_as_numbers_and_empty_cells_last(
    store: Store, reads: Reads, sort: str, descending: bool, found: list[str]
) -> None:
    await fill(store, reads)
    assert await keys(store, sort=sort, descending=descending) == found


async def test_texts_are_sorted_without_case_and_accents(store: Store, reads: Reads) -> None:
    names = ["Zeta", "Èlite", "elba", "ŠKODA", "Élan", "sole", "Ångström", "òbolo", "Ottica"]
    rows = [parcel(at, name=name) for at, name in enumerate(names)]
    await store.apply("parcels", "agent", reads.batch([*rows, parcel(99, name=None)]))
    wanted = ["Ångström", "Élan", "elba", "Èlite", "òbolo", "Ottica", "ŠKODA", "sole", "Zeta"]
    page = await store.rows("parcels", "agent", sort="name")
    assert [row.values["name"] for row in page.rows] == [*wanted, None]
    found, cursor = list[object](), None
    while not found or cursor is not None:
        part = await store.search("parcels", "agent", limit=2, cursor=cursor)
        found += [row.values["name"] for row in part.rows]
        cursor = part.cursor
    assert found == [None, *wanted]


async def test_a_title_with_accents_begins_with_what_was_typed(store: Store, reads: Reads) -> None:
    names = ["Agricola Società", "Società Agricola", "SOCIETÀ Zeta"]
    await store.apply("parcels", "agent", reads.batch([parcel(at, name=name) for at, name in enumerate(names)]))
    for typed in ("società", "SOCIETA"):
        best = await store.best("parcels", "agent", typed, 5, ["city"])
        assert [row.values["name"] for row in best.rows] == ["Società Agricola", "SOCIETÀ Zeta", "Agricola Società"]


async def test_pages_columns_and_filters(store: Store, reads: Reads) -> None:
    await fill(store, reads)
    page = await store.rows("parcels", "agent", sort="id", offset=1, limit=1, columns=["name"])
    assert (page.total, [dict(row.values) for row in page.rows]) == (3, [{"name": "Bar_Sport"}])
    assert (await store.rows("parcels", "agent", offset=3)).rows == ()
    assert await keys(store, where={"city": "Bari"}) == ["9"]
    assert await keys(store, between=("sent", "2026-02-01", "2026-02-02")) == ["2"]
    assert await keys(store, between=("cost", None, 0)) == ["10"]
    for options in ({"sort": "row_key"}, {"columns": ["nothing"]}, {"where": {"row_account": "x"}}):
        with pytest.raises(KeyError):
            await store.rows("parcels", "agent", **options)  # type: ignore[arg-type]


async def test_a_cursor_continues_while_rows_are_added_and_removed(store: Store, reads: Reads) -> None:
    rows = [parcel(n, name=f"Ditta {n // 2:03d}") for n in range(100)]
    await store.apply("parcels", "agent", reads.batch(rows))
    seen: list[str] = []
    cursor = None
    for turn in range(100):
        page = await store.search("parcels", "agent", "ditta", 7, cursor)
        seen += [row.key for row in page.rows]
        if turn == 2:  # a row is added before the cursor, one after it is removed
            rows = [row for row in rows if row["id"] != "99"] + [parcel(200, name="Ditta 000")]
            await store.apply("parcels", "agent", reads.batch(rows))
            await store.apply("parcels", "agent", reads.batch(rows))
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == {str(n) for n in range(99)}
    assert page.ages.all_as_of == reads.clock.now()


@pytest.mark.parametrize("change", ["erased", "renumbered", "cleared"])
async def test_a_cursor_continues_when_its_row_no_longer_exists(store: Store, reads: Reads, change: str) -> None:
    rows = [parcel(n, name=f"Ditta {n:03d}") for n in range(30)]
    await store.apply("parcels", "agent", reads.batch(rows))
    first = await store.search("parcels", "agent", "ditta", 7)
    second = await store.search("parcels", "agent", "ditta", 7, first.cursor)

    def job(connection: sa.Connection) -> None:
        how = {
            "erased": "DELETE FROM parcels WHERE row_key = '13'",
            "renumbered": "UPDATE parcels SET row_key = '9' || row_key",
            "cleared": "DELETE FROM parcels",
        }[change]
        connection.execute(sa.text(how))

    await store._database.write(job)
    names: list[str] = [str(row.values["name"]) for page in (first, second) for row in page.rows]
    cursor = second.cursor
    while cursor is not None:
        page = await store.search("parcels", "agent", "ditta", 7, cursor)
        names += [str(row.values["name"]) for row in page.rows]
        cursor = page.cursor
    assert set(names) == {f"Ditta {n:03d}" for n in range(14 if change == "cleared" else 30)}
    assert len(names) - len(set(names)) == (1 if change == "renumbered" else 0)


TYPED = {
    "d’angelo": "D'Angelo Bar",
    "D`ANGELO": "D'Angelo Bar",
    "dangelo": "D'Angelo Bar",
    "d'angelo": "D’Angelo Bar",
    "rossi&bianchi": "Rossi & Bianchi S.n.c.",
    "rossi - bianchi": "Rossi & Bianchi S.n.c.",
    "rossi, bianchi": "Rossi & Bianchi S.n.c.",
    "(bianchi) snc": "Rossi & Bianchi S.n.c.",
    "caffe' zoe": "Caffè Zoë",
    "IT01234567897": "01234567897",
    "it 01234567897": "01234567897",
    "01234567897": "IT01234567897",
    "IT 012.345.678-97": "IT01234567897",
}


@pytest.mark.parametrize("typed", TYPED)
async def test_the_form_finds_what_find_finds(store: Store, reads: Reads, typed: str) -> None:
    rows = [parcel(n, name=f"Ditta Prova {n}") for n in range(20)]
    rows += [parcel(50, name=TYPED[typed]), parcel(51, name="Angelini 9012")]
    await store.apply("parcels", "agent", reads.batch(rows))
    best = await store.best("parcels", "agent", typed, 5, ["name"])
    assert [row.key for row in best.rows] == ["50"]
    assert [row.key for row in (await store.search("parcels", "agent", typed, 5)).rows] == ["50"]
    assert [row.key for row in (await store.rows("parcels", "agent", search=typed)).rows] == ["50"]
    assert [row.key for found in await store.find(typed, ["agent"]) for row in found.rows][:1] == ["50"]


@pytest.mark.parametrize("stored", ["01234567897", "IT01234567897"])
@pytest.mark.parametrize("typed", ["01234567897", "it01234567897", "IT 01234567897"])
async def test_a_vat_number_is_exact_with_and_without_its_country(
    store: Store, reads: Reads, stored: str, typed: str
) -> None:
    rows = [parcel(1, name=f"A {stored} bis"), parcel(2, name=stored)]
    await store.apply("parcels", "agent", reads.batch(rows))
    assert [row.key for row in (await store.best("parcels", "agent", typed, 5, ["name"])).rows] == ["2", "1"]


async def test_a_pasted_page_of_text_can_be_searched(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2, name="Altro")]))
    page = " ".join(f"parola{n}" for n in range(3_000))
    assert (await store.rows("parcels", "agent", search=page)).total == 0
    assert await store.find(page, ["agent"]) == ()
    assert (await store.best("parcels", "agent", page, 5, ["name"])).rows == ()
    assert (await store.rows("parcels", "agent", search="ditta " * 3_000)).total == 1
    assert (await store.rows("parcels", "agent", search="% " * 3_000)).total == 0


@pytest.mark.parametrize("cursor", ["", "!", "bm9uc2Vuc2U", "WzEsMl0", "W10"])
async def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await store.search("parcels", "agent", "", 7, cursor)


async def test_export_gives_every_row_once_in_the_order_asked_for(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(n, cost=10_000 - n) for n in range(1_203)]))
    parts = [part async for part in store.export("parcels", "agent", sort="cost", search="ditta")]
    assert [len(part) for part in parts] == [500, 500, 203]
    assert [row.key for part in parts for row in part] == [str(n) for n in reversed(range(1_203))]


async def test_an_export_of_several_accounts_is_in_one_order(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(n, cost=2 * n) for n in range(700)]))
    await store.apply("parcels", "other", reads.batch([parcel(n, cost=2 * n + 1) for n in range(700)]))
    parts = [part async for part in store.export("parcels", "agent", others=["other"], sort="cost", descending=True)]
    shown = await store.rows("parcels", "agent", others=["other"], sort="cost", descending=True, limit=2_000)
    exported = [(row.account, row.key, row.values["cost"]) for part in parts for row in part]
    assert exported == [(row.account, row.key, row.values["cost"]) for row in shown.rows]
    assert [cost for _, _, cost in exported] == list(reversed(range(1_400)))


async def test_counts_per_account(store: Store, reads: Reads) -> None:
    assert await store.counts() == ()
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2), parcel(3)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.apply("parcels", "other", reads.batch([parcel(1)]))
    await store.apply("tariffs", "agent", reads.batch([tariff("A", 1, 1)]))
    counts = [(c.entity, c.account, c.rows, c.missing, c.deleted) for c in await store.counts()]
    assert counts == [("parcels", "agent", 2, 1, 1), ("parcels", "other", 1, 0, 0), ("tariffs", "", 1, 0, 0)]


async def test_the_day_sheets_queries_of_the_change_log(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.apply("tariffs", "agent", reads.batch([tariff("A", 1, 1_000), tariff("B", 1, 1_000)]))
    begin = reads.clock.now()
    await store.apply("parcels", "agent", reads.batch([parcel(1, tracking="NEW"), parcel(2), parcel(3)]))
    await store.apply("parcels", "other", reads.batch([parcel(1)]))
    await store.apply("tariffs", "other", reads.batch([tariff("A", 1, 1_060), tariff("B", 1, 951)]))
    end = reads.clock.forward(seconds=1)

    async def found(**options: object) -> list[tuple[str, str, object]]:
        changes = await store.changes(begin, end, ["agent"], **options)  # type: ignore[arg-type]
        return [(change.entity, change.key, change.title) for change in changes]

    assert await found(kinds=[ChangeKind.ADDED]) == [("parcels", "3", "Ditta Prova 3")]
    assert await found(kinds=["added", "gone"]) == [("parcels", "3", "Ditta Prova 3")]
    assert await found(fields=["tracking"]) == [("parcels", "1", "Ditta Prova 1")]
    assert await found(percent=500) == [("tariffs", "A|1", "A")]
    assert await found(percent=490) == [("tariffs", "A|1", "A"), ("tariffs", "B|1", "B")]
    assert len(await found(run_id="run-3")) == 2
    everything = await store.changes(begin, end, ["agent"])
    assert len(everything) == 4
    assert await store.changes(begin, end, ["agent"], after=everything[1].id) == everything[2:]
    assert await store.changes(end, end + timedelta(days=1), ["agent"]) == ()


async def test_a_row_that_changed_is_one_line_and_each_of_its_fields_is_found(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=1_000), parcel(2)]))
    begin = reads.clock.now()
    changed = parcel(1, cost=1_500, city='["tracking",', sent=None)
    await store.apply("parcels", "agent", reads.batch([changed, parcel(2)]))
    end = reads.clock.forward(seconds=1)

    async def fields(**options: object) -> list[str | None]:
        return [c.field for c in await store.changes(begin, end, ["agent"], **options)]  # type: ignore[arg-type]

    assert await fields() == ["city", "cost", "sent"]
    assert await fields(fields=["sent", "name"]) == ["sent"]
    assert await fields(fields=["tracking"]) == [], "a value was taken for the name of a field"
    assert await fields(percent=5_000) == ["cost"]
    assert await fields(percent=5_001) == []
    newest = await store.row_history("parcels", "agent", "1", limit=1)
    assert [(c.field, c.before, c.after, c.percent) for c in newest] == [
        ("sent", "2026-02-02", None, None),
        ("cost", 1_000, 1_500, 5_000),
        ("city", "Forlì", '["tracking",', None),
    ]
    assert len({c.id for c in newest}) == 1


async def test_history_of_runs(store: Store) -> None:
    records = [
        run(
            n,
            START + timedelta(minutes=n),
            asked=START,
            type="parcels" if n % 2 else "tariffs",
            scope=Scope.NEW if n == 3 else Scope.ALL,
            origin=Origin.OPERATOR if n == 1 else Origin.SCHEDULE,
            outcome=Outcome.FAILED if n == 4 else Outcome.COMPLETED,
        )
        for n in range(6)
    ]
    for record in records:
        await store.journal.run_ended(record)

    async def found(**options: object) -> list[str]:
        return [record.id[4:] for record in await store.runs(**options)]  # type: ignore[arg-type]

    assert await found() == ["5", "4", "3", "2", "1", "0"]
    assert await found(limit=2, before=records[4].started) == ["3", "2"]
    assert await found(since=records[4].started) == ["5", "4"]
    assert await found(sync_type="parcels") == ["5", "3", "1"]
    assert await found(outcome=Outcome.FAILED) == ["4"]
    assert await found(outcome=[Outcome.FAILED, Outcome.UNCLEAN]) == ["4"]
    assert await found(origin=Origin.OPERATOR) == ["1"]
    assert await found(scope=Scope.NEW) == ["3"]
    assert await found(account="nobody") == []
    assert await found(after=records[4], limit=2) == ["3", "2"]
    assert await store.run("run-2") == records[2]
    assert await store.run("nothing") is None


async def test_runs_with_the_same_start_are_all_found_page_by_page(store: Store) -> None:
    """Two computers of an office may start runs at the same time, or several attempts be skipped at once."""
    records = [run(n, START + timedelta(minutes=n // 4), asked=START, outcome=Outcome.SKIPPED) for n in range(8)]
    for record in records:
        await store.journal.run_ended(record)
    found: list[RunRecord] = []
    while part := await store.runs(after=found[-1] if found else None, limit=3):
        found += part
    assert found == list(reversed(records))


async def test_events_of_a_time(store: Store) -> None:
    events = [
        an_event(EventKind.SESSION_OPENED, "boot", n, START + timedelta(minutes=n), {"label": f"è {n}"})
        if n % 2
        else an_event(EventKind.QUEUE_UPDATED, "boot", n, START + timedelta(minutes=n), {"waiting": n})
        for n in range(4)
    ]
    for event in events:
        await store.journal.event(event)
    stored = await store.events(START, START + timedelta(minutes=3))
    assert [kept.event for kept in stored] == events[:3]
    (opened,) = await store.events(START, START + timedelta(minutes=3), [EventKind.SESSION_OPENED])
    assert opened.event == events[1]
    after = await store.events(START, START + timedelta(days=1), after=stored[1].id)
    assert [kept.event for kept in after] == events[2:]


async def test_size_on_disk(store: Store, reads: Reads) -> None:
    before = store.size_on_disk()
    assert before.database > 0
    assert before.backups == 0
    backup = await store.backup("x")
    assert store.size_on_disk().backups == backup.stat().st_size
