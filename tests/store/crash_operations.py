"""A program that the crash tests start and kill: it repeats one operation, each time on a new folder."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

from store_samples import ENTITIES, PARCELS, START, parcel

from archisync_gui.drafts import Drafts
from archisync_gui.entities.declaration import Column, Kind, Row
from archisync_gui.model import SystemClock
from archisync_gui.store import Batch, RefusedKind, Store, backups
from archisync_gui.store.store import FILE

ROWS = 1_500
SHRUNK, REKEYED = "run-shrunk", "run-rekeyed"
CLOCK = SystemClock()
WIDER = [
    dataclasses.replace(PARCELS, columns=(*PARCELS.columns, Column("W", "weight", "PESO", "Weight", Kind.NUMBER))),
    *ENTITIES[1:],
]
"""The declarations of a later version."""


def rows_of(numbers: range, first_id: int = 0) -> list[Row]:
    return [{**parcel(number), "id": str(first_id + number)} for number in numbers]


async def template(folder: Path, operation: str) -> None:
    """Make an archive with rows, a refused read and a backup with earlier rows."""
    store = await Store.open(folder, ENTITIES, clock=CLOCK)
    few = Batch("run-first", START, rows_of(range(10)), whole=True, clean=True)
    await store.apply("parcels", "agent", few)
    await store.backup("first")
    all_ = Batch("run-all", START + timedelta(minutes=1), rows_of(range(ROWS)), whole=True, clean=True)
    await store.apply("parcels", "agent", all_)
    kept = {
        RefusedKind.SHRINK: Batch(SHRUNK, START + timedelta(minutes=2), rows_of(range(5)), whole=True, clean=True),
        RefusedKind.KEYS_CHANGED: Batch(
            REKEYED, START + timedelta(minutes=3), rows_of(range(ROWS), 10**6), whole=True, clean=True
        ),
    }
    kind = RefusedKind.KEYS_CHANGED if operation == "rekey" else RefusedKind.SHRINK
    await store.keep_refused("parcels", "agent", kept[kind], kind)
    await store.journal.note("hold", START.isoformat())
    await store.close()


async def with_store(folder: Path, work: Callable[[Store], Awaitable[object]]) -> None:
    store = await Store.open(folder, ENTITIES, clock=CLOCK)
    try:
        await work(store)
    finally:
        await store.close()


async def drafts(folder: Path) -> None:
    opened = await Drafts.open(folder, clock=CLOCK)
    for number in range(20):
        await opened.put("agent", f"{number:020}", {"note": "x" * 5_000}, if_match=None)
        print(f"draft {number}", flush=True)
    await opened.close()


async def restore(folder: Path) -> None:
    await Store.restore(folder, backups.listed(folder / FILE)[0], clock=CLOCK)


async def migrate(folder: Path) -> None:
    await (await Store.open(folder, WIDER, clock=CLOCK)).close()


OPERATIONS: dict[str, Callable[[Path], Awaitable[None]]] = {
    "clear": lambda folder: with_store(folder, lambda store: store.clear("parcels", "agent")),
    "accept": lambda folder: with_store(folder, lambda store: store.accept_read(SHRUNK)),
    "rekey": lambda folder: with_store(folder, lambda store: store.rekey(REKEYED)),
    "backup": lambda folder: with_store(folder, lambda store: store.backup("operator")),
    "restore": restore,
    "empty": lambda folder: _empty(folder),
    "migrate": migrate,
    "drafts": drafts,
}


async def _empty(folder: Path) -> None:
    await Store.restore(folder, None, clock=CLOCK)


async def main(folder: Path, operation: str) -> None:
    for number in count():
        place = folder / f"{number:04}"
        shutil.copytree(folder / "template", place)
        print(f"begin {number}", flush=True)
        await OPERATIONS[operation](place)
        print(f"end {number}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
