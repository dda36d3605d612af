"""Upgrades a database in which the key of invoices is their number."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from pathlib import Path

import pytest
from store_samples import ManualClock, Reads

from archisync_gui.entities import INVOICES
from archisync_gui.entities.declaration import Row
from archisync_gui.store import Store, migrate
from archisync_gui.store.store import FILE

BY_NUMBER = dataclasses.replace(INVOICES, key=("invoice_number",), natural_key=("invoice_number",))


def invoice(number: str, erp_id: str | None, **more: object) -> Row:
    row = {column.name: None for column in INVOICES.columns}
    return {**row, "invoice_number": number, "erp_id": erp_id, "invoice_date": "2026-01-31", **more}  # type: ignore[dict-item]


def step_back(folder: Path) -> None:
    """Convert the file to the previous version, in which a change of a row has a line for each field."""
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute(
            "INSERT INTO changes (at, run_id, entity, account, row_key, kind, field, before, after, percent) VALUES "
            "('2026-03-02T09:01:00.000000+00:00', 'run-2', 'invoices', 'agent', 'CF1/1', 'changed', 'tax', '4', '5', 9)"
        )
        connection.execute("ALTER TABLE changes DROP COLUMN fields")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()


@pytest.fixture
async def upgraded(tmp_path: Path, clock: ManualClock, reads: Reads) -> Path:
    """A file with three invoices whose key is their number; the id of the third was never read."""
    store = await Store.open(tmp_path, [BY_NUMBER], clock=clock)
    rows = [invoice("CF1/1", "901"), invoice("CF1/2", "902"), invoice("CF1/3", None)]
    await store.apply("invoices", "agent", reads.batch(rows))
    await store.close()
    await asyncio.to_thread(step_back, tmp_path)
    return tmp_path


async def test_rows_and_their_history_get_the_id_as_key(upgraded: Path, clock: ManualClock) -> None:
    store = await Store.open(upgraded, [INVOICES], clock=clock)
    try:
        page = await store.rows("invoices", "agent", limit=10)
        assert {row.key: row.values["invoice_number"] for row in page.rows} == {
            "901": "CF1/1",
            "902": "CF1/2",
            "CF1/3": "CF1/3",
        }
        changes = await store.row_history("invoices", "agent", "901")
        assert [(change.field, change.after) for change in changes if change.field] == [("tax", 5)]
        assert [backup.name for backup in store.backups() if "before-migration" in backup.name]
        assert await store._database.exclusive(migrate.version) == migrate.HEAD
    finally:
        await store.close()


async def test_the_next_read_is_compared_by_its_number_of_rows_and_loses_nothing(
    upgraded: Path, clock: ManualClock, reads: Reads
) -> None:
    store = await Store.open(upgraded, [INVOICES], clock=clock)
    try:
        known = await store.known("invoices", "agent")
        assert (known.rows, known.keys) == (3, frozenset())
        rows = [invoice("CF1/1", "901", tax=5), invoice("CF1/2", "902"), invoice("CF1/3", "903")]
        delta = await store.apply("invoices", "agent", reads.batch(rows))
        assert (delta.added, delta.gone) == (1, 0), "the third row has no id now, or is gone"
        living = await store.rows("invoices", "agent", limit=10)
        assert {"901", "902", "903"} <= {row.key for row in living.rows}
    finally:
        await store.close()
