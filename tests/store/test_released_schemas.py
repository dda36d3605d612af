"""Migrates an archive of each earlier version of the database to the present one, without loss.

The archives in `released` were made by the program of each version: two reads of each list, the second one with a
changed and a missing row. A new version of the database needs an archive of the version before it, made with the
program of that version, ``VACUUM INTO`` and xz.
"""

from __future__ import annotations

import asyncio
import lzma
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from store_samples import ManualClock, Reads

from archisync_gui.entities import ENTITIES
from archisync_gui.store import Store, migrate, schema
from archisync_gui.store.store import FILE

RELEASED = Path(__file__).with_name("released")

SUFFIX = ".db.xz"
VERSIONS = sorted(file.name.removesuffix(SUFFIX) for file in RELEASED.glob(f"*{SUFFIX}"))

CHANGED = "cambiato"
"""The value of one field of the first row of each list after the second read."""


def archive(folder: Path, version: str) -> Path:
    """Make a profile's folder with the archive of that version."""
    folder.mkdir()
    (folder / FILE).write_bytes(lzma.decompress((RELEASED / f"{version}{SUFFIX}").read_bytes()))
    return folder


def test_each_earlier_version_has_an_archive() -> None:
    earlier = {version for version in migrate._versions() if version != migrate.HEAD}
    assert set(VERSIONS) == earlier


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_archive_of_an_earlier_version_is_migrated_without_loss(
    tmp_path: Path, clock: ManualClock, version: str
) -> None:
    folder = await asyncio.to_thread(archive, tmp_path / "data", version)
    clock.forward(days=1)
    reads = Reads(clock)
    store = await Store.open(folder, ENTITIES, clock=clock)
    try:
        assert await store._database.exclusive(migrate.version) == migrate.HEAD
        assert await store._database.exclusive(_differences) == []
        (backup,) = store.backups()
        assert "before-migration" in backup.name
        assert await asyncio.to_thread(_version, backup) == version

        for entity in ENTITIES:
            page = await store.rows(entity.name, "agente01", limit=10)
            assert page.total == 3, entity.name
            row = next(row for row in page.rows if CHANGED in row.values.values())
            key, wanted = row.key, str(row.values[entity.search[0]])
            changes = await store.row_history(entity.name, "agente01", key)
            assert CHANGED in [change.after for change in changes], entity.name
            found = (await store.search(entity.name, "agente01", text=wanted)).rows
            assert key in [row.key for row in found], entity.name
            again = [dict(row.values) for row in page.rows]
            delta = await store.apply(entity.name, "agente01", reads.batch(again))
            assert (delta.added, delta.changed, delta.gone) == (0, 0, 0), f"{entity.name}: {delta}"
    finally:
        await store.close()


def _differences(connection: sa.Connection) -> list[object]:
    own = set(schema.FIXED.tables)
    only = {"include_name": lambda name, kind, parents: kind != "table" or name in own, "compare_type": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=only), schema.FIXED))


def _version(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)
