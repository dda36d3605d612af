"""kill -9 during an apply: the file is intact, and the rows are those of one complete read."""

import random
from pathlib import Path

import pytest
from crash_child import version
from store_samples import ENTITIES, START

from archisync_gui.model import Outcome, SystemClock
from archisync_gui.store import Store
from tests.support.killing import Victim

HERE = Path(__file__).parent


def run_and_kill(folder: Path, first: int, seconds: float) -> int:
    """Start a child that applies reads, and kill it ``seconds`` after its first one; returns the last read that it
    reported as complete."""
    child = Victim(HERE / "crash_child.py", folder, str(first))
    reported = child.says()
    return int([reported, *child.kill(seconds)][-1])


async def kill_and_check(folder: Path, times: int, seed: int) -> None:
    moments = random.Random(seed)
    first = 1
    for turn in range(times):
        seconds = moments.uniform(0.0, 0.4)
        where = f"seed {seed}, turn {turn}, after {seconds:.3f} s"
        reported = run_and_kill(folder, first, seconds)
        store = await Store.open(folder, ENTITIES, clock=SystemClock())
        try:
            integrity = await store._database.exclusive(
                lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            )
            assert integrity == ["ok"], where
            ages = await store.ages("parcels", "agent")
            assert ages.all_as_of is not None, where
            applied = round((ages.all_as_of - START).total_seconds() / 60)
            # The last one reported, or the next one: committed, but killed before the report.
            assert applied in (reported, reported + 1), where
            batch = version(applied)
            read = {str(row["id"]): row for row in batch.rows}
            page = await store.rows("parcels", "agent", limit=10_000)
            stored = {row.key: row for row in page.rows if row.missing_since is None}
            assert {key: row.values for key, row in stored.items()} == read, where
            assert (await store.known("parcels", "agent")).keys == read.keys(), where
            log = await store.changes(batch.as_of, batch.as_of.replace(year=2099), ["agent"], limit=10)
            assert bool(log) == (applied > 1), where
            assert {change.run_id for change in log} <= {batch.run_id}, where
            remembered = await store.journal.load()
            assert {record.outcome for record in remembered.interrupted} == {Outcome.INTERRUPTED}, where
        finally:
            await store.close()
        first = applied + 1


@pytest.mark.ci
async def test_killed_four_times_the_data_are_those_of_a_complete_read(tmp_path: Path) -> None:
    await kill_and_check(tmp_path, 4, seed=20260302)


@pytest.mark.nightly
async def test_killed_two_hundred_times_the_data_are_those_of_a_complete_read(tmp_path: Path) -> None:
    await kill_and_check(tmp_path, 200, seed=random.SystemRandom().getrandbits(32))
