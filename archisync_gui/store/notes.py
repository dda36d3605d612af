"""Notes that parts of the store keep in its own table, one value for each key, within the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from archisync_gui.store.schema import NOTES


def note(connection: sa.Connection, key: str) -> Any:
    """The value; ``None``: there is none."""
    return connection.scalar(sa.select(NOTES.c.value).where(NOTES.c.key == key))


def put_note(connection: sa.Connection, key: str, value: Any) -> None:
    """Keep this value in the place of the one before."""
    connection.execute(NOTES.delete().where(NOTES.c.key == key))
    connection.execute(NOTES.insert().values(key=key, value=value))
