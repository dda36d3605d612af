"""A program that the crash tests start and kill: it applies reads without end."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from store_samples import ENTITIES, START, parcel

from archisync_gui.model import Origin, RunRecord, Scope, SystemClock
from archisync_gui.store import Batch, Store

ROWS = 3_000


def version(n: int) -> Batch:
    """The n-th state of the list. Both the set of rows and their contents depend on n."""
    rows = [parcel(number, cost=n, city=f"Versione {n}") for number in range(n % 7, ROWS)]
    return Batch(f"run-{n}", START + timedelta(minutes=n), rows, whole=True, clean=True)


async def main(folder: Path, first: int) -> None:
    store = await Store.open(folder, ENTITIES, clock=SystemClock())
    for n in count(first):
        batch = version(n)
        now = datetime.now(UTC)
        await store.journal.run_started(
            RunRecord(batch.run_id, "parcels", "agent", Scope.ALL, None, Origin.SCHEDULE, 1, now, now)
        )
        await store.apply("parcels", "agent", batch)
        print(n, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
