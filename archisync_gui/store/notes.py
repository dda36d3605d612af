"""The table ``notes``: one value for each key, read and written in the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from archisync_gui.store.schema import NOTES


def note(connection: sa.Connection, key: str) -> Any:
    """The value for ``key``; ``None`` if there is none."""
    return connection.scalar(sa.select(NOTES.c.value).where(NOTES.c.key == key))


def put_note(connection: sa.Connection, key: str, value: Any) -> None:
    """Store a value in place of the key's previous one; ``None`` removes it."""
    connection.execute(NOTES.delete().where(NOTES.c.key == key))
    if value is not None:
        connection.execute(NOTES.insert().values(key=key, value=value))
