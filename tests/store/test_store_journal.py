"""The orchestrator's journal: its entries are restored after a restart, and how long they are kept."""

import dataclasses
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import START, ManualClock, OpenStore, Reads, parcel, run, tariff

from archisync_gui.model import (
    ErrorInfo,
    EventKind,
    Explanation,
    FailureKind,
    Forecast,
    Journal,
    Origin,
    Outcome,
    Reason,
    RunRecord,
    Scope,
)
from archisync_gui.store import Store, maintenance
from archisync_gui.store.errors import StoreError
from archisync_gui.store.schema import EXPLANATIONS
from tests.support.events import an_event
from tests.support.hygiene import ExpectedErrors

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30)
"""Without the character 0, which PostgreSQL cannot store (:data:`archisync_gui.store.dialect.REPLACEMENT`)."""
TIMES = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds / 1e6, zone),
    st.integers(1_500_000_000_000_000, 2_200_000_000_000_000),
    st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PARAMS = st.dictionaries(TEXT, JSON, max_size=3)
ERRORS = st.builds(
    ErrorInfo,
    TEXT,
    st.sampled_from(FailureKind),
    TEXT,
    params=PARAMS,
    stack=TEXT,
    screenshot=st.none() | TEXT,
    evidence=PARAMS,
)
COUNT = st.integers(0, 10**6)
RUNS = st.builds(
    RunRecord,
    id=st.uuids().map(str),
    type=st.sampled_from(["parcels", "tariffs"]),
    account=TEXT,
    scope=st.sampled_from(Scope),
    key=st.none() | TEXT,
    origin=st.sampled_from(Origin),
    attempt=st.integers(1, 4),
    asked=TIMES,
    started=TIMES,
    ended=st.none() | TIMES,
    outcome=st.none() | st.sampled_from(Outcome),
    as_of=st.none() | TIMES,
    rows=COUNT,
    added=COUNT,
    changed=COUNT,
    gone=COUNT,
    warnings=st.lists(TEXT, max_size=3).map(tuple),
    error=st.none() | ERRORS,
    suspensions=st.lists(st.tuples(TIMES, st.none() | TIMES), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=RUNS)
async def test_every_run_is_restored_unchanged(store: Store, record: RunRecord) -> None:
    journal: Journal = store.journal
    await journal.run_started(dataclasses.replace(record, ended=None, outcome=None))
    await journal.run_ended(record)
    assert await store.run(record.id) == record


async def test_notes_are_kept_replaced_and_removed(store: Store, open_store: OpenStore) -> None:
    await store.journal.note("schedule", {"orders": {"minutes": 10, "due": "2026-03-02T10:00:00+01:00"}})
    await store.journal.note("hold", True)
    await store.journal.note("hold", None)
    await store.journal.note("logins", [1, 2])
    await store.journal.note("logins", [1, 2, 3])
    await store.journal.note("zero", 0)
    await store.close()
    store = await open_store()
    assert (await store.journal.load()).notes == {
        "schedule": {"orders": {"minutes": 10, "due": "2026-03-02T10:00:00+01:00"}},
        "logins": [1, 2, 3],
        "zero": 0,
    }
    await store.close()


async def test_runs_found_open_are_marked_interrupted_once(
    store: Store, open_store: OpenStore, clock: ManualClock
) -> None:
    open_run = run(2, START, ended=None, outcome=None)
    await store.journal.run_ended(run(1, START - timedelta(hours=1)))
    await store.journal.run_started(open_run)
    await store.close()
    clock.forward(hours=3)
    store = await open_store()
    remembered = await store.journal.load()
    marked = dataclasses.replace(open_run, ended=clock.now(), outcome=Outcome.INTERRUPTED)
    assert remembered.interrupted == (marked,)
    assert await store.run("run-2") == marked
    assert remembered.reads[0].last == marked
    assert (await store.journal.load()).interrupted == ()
    await store.close()


async def test_freshness_is_that_of_the_stored_rows_not_of_the_runs(store: Store, reads: Reads) -> None:
    """A successful run does not count once its rows are cleared."""
    await store.journal.run_ended(run(1, START))
    (read,) = (await store.journal.load()).reads
    assert (read.last_success, read.new_as_of, read.all_as_of) == (None, None, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.apply("tariffs", "agent", reads.batch([tariff("A", 1, 1)]))
    await store.journal.run_ended(run(2, START, type="tariffs"))
    by_type = {read.type: read for read in (await store.journal.load()).reads}
    assert by_type["parcels"].last_success == START + timedelta(minutes=1)
    assert by_type["tariffs"].all_as_of == START + timedelta(minutes=2)
    await store.clear("parcels", "agent")
    by_type = {read.type: read for read in (await store.journal.load()).reads}
    assert by_type["parcels"].last_success is None


@pytest.mark.parametrize(
    ("story", "unclean"),
    [
        ([], 0),
        (["unclean", "unclean", "cancelled"], 2),
        (["unclean", "completed", "unclean", "failed"], 1),
        (["unclean", "completed"], 0),
    ],
)
async def test_unclean_reads_in_a_row(store: Store, story: list[str], unclean: int) -> None:
    """Failures in a row are not counted here: the orchestrator keeps its own count in a note."""
    for number, outcome in enumerate(story):
        # The clock runs backwards: the sequence of the runs is that of the calls.
        started = START - timedelta(minutes=number)
        await store.journal.run_ended(run(number, started, outcome=Outcome(outcome)))
    reads = (await store.journal.load()).reads
    assert [read.unclean_in_a_row for read in reads] == ([unclean] if story else [])


async def test_durations_leave_out_suspensions_partial_reads_and_failures(store: Store) -> None:
    pause = (START + timedelta(seconds=5), START + timedelta(seconds=15))
    await store.journal.run_ended(run(1, START, suspensions=(pause,)))
    await store.journal.run_ended(run(2, START + timedelta(minutes=1), scope=Scope.NEW))
    await store.journal.run_ended(run(3, START + timedelta(minutes=2), outcome=Outcome.FAILED))
    await store.journal.run_ended(run(4, START + timedelta(minutes=3)))
    (read,) = (await store.journal.load()).reads
    assert read.durations == (20.0, 30.0)


async def test_the_explanation_for_a_time_is_the_last_one_before_it(store: Store) -> None:
    forecast = Forecast("parcels", "agent", START + timedelta(minutes=5), 70.0, after="tariffs")
    first = Explanation(START, Reason.HOLD, {"since": "09:00"}, (forecast,))
    second = Explanation(START + timedelta(minutes=10), Reason.NOTHING_DUE)
    for explanation in (first, second):
        await store.journal.explained(explanation)
    answers = [await store.journal.explanation_at(START + timedelta(minutes=m)) for m in (-1, 0, 9, 10, 999)]
    assert answers == [None, first, first, second, second]


async def test_only_entries_that_are_too_old_are_deleted(
    store: Store, reads: Reads, tmp_path: Path, clock: ManualClock
) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=1)]))
    now = clock.forward(days=731)
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=2)]))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, days in enumerate((1, 13, 15, 29, 31, 364, 366)):
        at = now - timedelta(days=days)
        await store.journal.run_ended(run(days, at))
        await store.journal.event(an_event(EventKind.HOLD_CHANGED, "boot", number, at))
        await store.journal.explained(Explanation(at, Reason.HOLD))
        (pictures / f"{days}.png").touch()
        os.utime(pictures / f"{days}.png", (at.timestamp(), at.timestamp()))
    # The retention date advances by at most three days a day; here it has caught up with the clock.
    await store.journal.note("retention", {"time": (now - timedelta(days=1)).isoformat(), "day": "2028-03-01"})
    (pictures / "notes.txt").touch()
    os.utime(pictures / "notes.txt", (0, 0))
    removed = await store.maintain(pictures)
    assert (removed.runs, removed.events, removed.explanations, removed.changes) == (1, 3, 3, 1)
    assert removed.screenshots == 5
    assert {file.name for file in pictures.iterdir()} == {"1.png", "13.png", "notes.txt"}
    assert {int(record.id[4:]) for record in await store.runs()} == {1, 13, 15, 29, 31, 364}
    (change,) = await store.row_history("parcels", "agent", "1")
    assert change.after == 2


async def kept_up(store: Store, now: datetime) -> None:
    """Set the retention date to one day before the clock."""
    await store.journal.note("retention", {"time": (now - timedelta(days=1)).isoformat(), "day": "2020-01-01"})


async def keys_of(store: Store, account: str) -> list[str]:
    return [row.key for row in (await store.rows("parcels", account, deleted=True)).rows]


async def test_rows_that_are_gone_are_deleted_after_two_years(
    store: Store, reads: Reads, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "AT_ONCE", 3)
    rows = [parcel(n) for n in range(20)]
    await store.apply("parcels", "agent", reads.batch(rows))
    for _ in range(2):
        await store.apply("parcels", "agent", reads.batch(rows[:10]))
    clock.forward(days=700)
    for _ in range(2):
        await store.apply("parcels", "agent", reads.batch(rows[:5]))
    await kept_up(store, clock.now())
    assert (await store.maintain(None, ["agent"])).rows == 0
    await kept_up(store, clock.forward(days=31))
    assert (await store.maintain(None, ["agent"])).rows == 10
    assert sorted(await keys_of(store, "agent"), key=int) == [str(n) for n in range(10)]
    await store.check()
    assert {row.key for one in await store.find("ditta", ["agent"], 30) for row in one.rows} == set("01234")
    # A row that returns later is a new row.
    assert (await store.apply("parcels", "agent", reads.batch(rows[:5] + rows[15:16]))).added == 1


async def test_rows_of_accounts_no_longer_in_the_settings_are_deleted_after_two_years(
    store: Store, reads: Reads, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "AT_ONCE", 3)
    for account in ("agent", "left", "paused", "late"):
        await store.apply("parcels", account, reads.batch([parcel(n) for n in range(7)]))
    await store.apply("tariffs", "", reads.batch([tariff("A", 1, 5)]))
    clock.forward(days=10)
    await store.apply("parcels", "late", reads.batch([parcel(n) for n in range(7)]))  # the same rows
    await kept_up(store, clock.forward(days=722))
    assert (await store.maintain(None)).rows == 0, "rows were deleted though the accounts are unknown"
    assert (await store.maintain(None, ["agent", "paused"])).rows == 7
    assert [len(await keys_of(store, name)) for name in ("agent", "left", "paused", "late")] == [7, 0, 7, 7]
    assert (await store.rows("tariffs", None)).total == 1
    assert (await store.ages("parcels", "left")).last_success is None
    assert (await store.known("parcels", "left")).keys == frozenset()
    assert (await store.maintain(None, ["agent", "paused"])).rows == 0


async def test_a_clock_that_is_years_ahead_for_an_afternoon_deletes_no_rows(
    store: Store, reads: Reads, clock: ManualClock
) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    for _ in range(2):
        await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    await store.maintain(None, [])
    clock.forward(days=4_000)
    for _ in range(2):
        assert (await store.maintain(None, [])).rows == 0
    clock.forward(days=-4_000)
    assert (await store.maintain(None, [])).rows == 0
    assert sorted(await keys_of(store, "agent")) == ["1", "2"]


async def test_an_entry_that_can_never_be_written_does_not_block_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, expected_errors: ExpectedErrors
) -> None:
    """Entries wait while the disk is full; one of them has a value that the database refuses."""
    expected_errors("an entry of the journal that waited cannot be written")
    write = store.journal._database.write

    async def full(_job: object, **_how: object) -> None:
        raise StoreError("disk-full", path="", detail="")

    monkeypatch.setattr(store.journal._database, "write", full)
    for key in ("before", "half \ud83d", "after"):
        with pytest.raises(StoreError):
            await store.journal.note(key, 1)
    monkeypatch.setattr(store.journal._database, "write", write)
    await store.journal.note("last", 1)
    assert store.journal.pending == 0
    assert set((await store.journal.load()).notes) == {"before", "after", "last"}


async def test_what_was_committed_though_the_server_was_lost_is_kept_once(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer confirmed the commit, so the entry is written again; one that was not committed is, too."""
    write = store.journal._database.write
    events = [an_event(EventKind.QUEUE_UPDATED, "boot", n, clock.now(), {"waiting": n}) for n in (1, 2)]
    reasons = Reason.HOLD, Reason.NOTHING_DUE

    async def lost_after(job: Any, **how: Any) -> None:
        await write(job, **how)
        raise StoreError("office-unreachable", path="", detail="")

    async def lost_before(job: Any, **how: Any) -> None:
        raise StoreError("office-unreachable", path="", detail="")

    for lost, event, reason in zip((lost_after, lost_before), events, reasons, strict=True):
        monkeypatch.setattr(store.journal._database, "write", lost)
        for entry in (store.journal.event(event), store.journal.explained(Explanation(clock.now(), reason))):
            with pytest.raises(StoreError, match="office-unreachable"):
                await entry
    monkeypatch.setattr(store.journal._database, "write", write)
    assert store.journal.pending == 4
    await store.journal.flush()
    kept = await store.events(clock.now(), clock.now() + timedelta(seconds=1))
    assert sorted(one.event.revision for one in kept) == [1, 2]
    query = sa.select(EXPLANATIONS.c.reason).order_by(EXPLANATIONS.c.id)
    assert await store.journal._database.read(lambda connection: connection.scalars(query).all()) == [*reasons]
