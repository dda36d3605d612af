"""Find with 100,000 rows per list and with a million rows in all: the time from a key to the painted results, and the
size of the index."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Row, Value
from archisync_gui.model import Account, Finished, Outcome, RunControl, SystemClock
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.settings import Settings
from archisync_gui.store import Batch, Store
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.system.loop import run
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.shown import Watched, watch_paints
from tests.orchestrator.rig import QUIET, ListJournal

SYLLABLES = (
    "ro",
    "ssi",
    "ma",
    "rio",
    "den",
    "ta",
    "le",
    "stu",
    "dio",
    "cli",
    "ni",
    "ca",
    "ver",
    "di",
    "bian",
    "gal",
    "lo",
)
TYPED = ("rossi mario", "studio dentale", "derossi", "12345", "99731", "it0123", "srl", "via roma", "zzzz", "bian 71")
"""Each is typed key by key; each key gives one measurement."""


def rows(name: str, count: int) -> list[Row]:
    """Invented rows of a list, the same at every call."""
    pick = random.Random(name)

    def word() -> str:
        return "".join(pick.choices(SYLLABLES, k=pick.randint(2, 4)))

    def row(at: int) -> Row:
        customer = 55_000 + at % 20_000
        values: dict[str, Value] = {
            "id": str(at),
            "erp_id": str(at),
            "item_id": f"X{at:06d}K2",
            "name": f"{word()} {word()} srl",
            "item_name": f"{word()} {word()}",
            "customer_name": f"{word()} {word()} srl",
            "billing_name": f"{word()} {word()} srl",
            "account_num": str(customer),
            "customer_account": str(customer),
            "vat_number": f"IT{pick.randrange(10**11):011d}",
            "phone": f"0{pick.randrange(10**9):09d}",
            "street": f"Via {word()} {pick.randint(1, 99)}",
            "city": word(),
            "order_number": f"ORD/26-{at:06d}",
            "ddt_number": f"{at:06d}",
            "invoice_number": f"FT{at:06d}",
            "tracking": f"BRT {pick.randrange(10**9):09d}",
            "description": f"{word()} {word()} {word()}",
        }
        return values

    return [row(at) for at in range(count)]


async def _find(app: QApplication, folder: Path, count: int) -> list[Result]:
    clock = SystemClock()
    store = await Store.open(folder, ENTITIES, clock=clock)
    begun = time.perf_counter()
    for entity in ENTITIES:
        account = "" if entity.spec.shared else "agente01"
        batch = Batch(f"first-{entity.name}", clock.now(), rows(entity.name, count), True, True)
        await store.apply(entity.name, account, batch)
    filled = time.perf_counter() - begun
    await store.maintain()  # as after a day
    size = store.size_on_disk().database / 1e6
    index = await _index_size(store) / 1e6

    async def runner(control: RunControl) -> Finished:
        return Finished(Outcome.COMPLETED, as_of=clock.now(), rows=1)

    journal = ListJournal()
    journal.keep = False
    specs = [entity.spec for entity in ENTITIES]
    orchestrator = Orchestrator(specs, runner, [Account("agente01", catalogue=True)], journal, clock=clock, rules=QUIET)
    watch_paints()
    panel = Panel(app, language="it")
    settings = Settings().with_({"look.first_run_done": True})
    panel.set_services(
        Services(
            orchestrator=orchestrator,
            entities=ENTITIES,
            settings=lambda: settings,
            apply_settings=_nothing,
            quit=lambda: None,
            clock=clock,
            store=store,
        )
    )
    await orchestrator.start()
    panel.show()
    await panel.first_paint()
    await asyncio.sleep(1)
    waits = await _typed(app, panel)
    peer = await asyncio.to_thread(_with_like, store.path)
    panel.closing()
    await orchestrator.close()
    await panel.aclose()
    await store.close()
    note = f"{len(waits)} keys, {count:,} rows per list; p50 {percentile(waits, 50):.0f}, max {max(waits):.0f} ms"
    return [
        Result(percentile(waits, 95), "ms", limit=50, note=note, what="key to painted results, p95"),
        Result(percentile(peer, 95), "ms", note="sqlite3 alone: LIKE in each list's text", what="the same texts, p95"),
        Result(100 * index / (size - index), "%", limit=40, note=f"{index:.0f} of {size:.0f} MB", what="index of data"),
        Result(filled, "s", note=f"six first reads of {count:,} rows, making the rows included", what="filling"),
    ]


async def _typed(app: QApplication, panel: Panel) -> list[float]:
    """Milliseconds from each key to the end of the first paint after its results arrived."""
    window = panel.window
    assert isinstance(window, Watched)
    find = window.results()
    waits: list[float] = []
    for text in TYPED:
        find.focus()
        window.header.find_box.clear()
        for at, char in enumerate(text):
            painted = asyncio.Event()
            ready = asyncio.Event()
            find.shown_results.connect(ready.set)
            window.painted_now = partial(_when, ready, painted)
            begun = time.perf_counter()
            app.sendEvent(
                window.header.find_box,
                QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, char),
            )
            await asyncio.wait_for(painted.wait(), 20)
            waits.append((time.perf_counter() - begun) * 1000)
            find.shown_results.disconnect(ready.set)
            assert find.box.text() == text[: at + 1]
            await asyncio.sleep(0.05)
    return waits


def _when(ready: asyncio.Event, painted: asyncio.Event) -> None:
    if ready.is_set():
        painted.set()


def _with_like(file: Path) -> list[float]:
    """Milliseconds for each key of the same texts with plain SQLite: a search with ``LIKE`` for the words."""
    spent = []
    with closing(sqlite3.connect(file)) as raw:
        for typed in (text[: at + 1] for text in TYPED for at in range(1, len(text))):
            words = [f"%{word}%" for word in typed.split()]
            has = " AND ".join(["row_search LIKE ?"] * len(words))
            begun = time.perf_counter()
            for entity in ENTITIES:
                raw.execute(f"SELECT row_key FROM {entity.name} WHERE {has} LIMIT 8", words).fetchall()
            spent.append((time.perf_counter() - begun) * 1000)
    return spent


async def _index_size(store: Store) -> int:
    def measure() -> int:
        with closing(sqlite3.connect(store.path)) as raw:
            found = raw.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE '%\\_find\\_data' ESCAPE '\\'"
            ).fetchall()
            return sum(raw.execute(f"SELECT sum(length(block)) FROM {name}").fetchone()[0] or 0 for (name,) in found)

    return await asyncio.to_thread(measure)


async def _nothing(_: object) -> None:
    return None


def _found(count: int) -> list[Result]:
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        with tempfile.TemporaryDirectory() as folder:
            results.extend(await _find(app, Path(folder) / "data", count))
        return 0

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    run(main)
    return results


def find_at_100_000(quick: bool) -> list[Result]:
    """Every key of ten texts, typed into the real window with a real store."""
    return _found(5_000 if quick else 100_000)


def find_in_a_million(quick: bool) -> list[Result]:
    """The same with a million rows in all six lists together."""
    return _found(10_000 if quick else 1_000_000 // len(ENTITIES))


BENCHMARKS = (("find", find_at_100_000), ("find-million", find_in_a_million))
