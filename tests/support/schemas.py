"""A pytest plugin that makes new databases quickly: it repeats the statements that made the first one of a kind.

Migrating an empty database takes 0.1 s of CPU, nearly all of it in Alembic and in building statements, and more than a
thousand tests need one. The first one of each kind in a run is made by the migration itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import dialect
from archisync_gui.store import migrate as migrating

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE")
"""First words of the statements that change something; the others only query."""

Statements = list[tuple[str, Any]]


class Schemas:
    """The statements of :func:`migrate.migrate` for an empty database, by engine and lists."""

    def __init__(self) -> None:
        self._real = migrating.migrate
        self._made: dict[tuple[object, ...], tuple[Sequence[Entity], Statements]] = {}

    def migrate(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """Replaces :func:`migrate.migrate`."""
        if not self._is_empty(connection):
            self._real(connection, entities)
            return
        # The first office installs PostgreSQL's extension for the whole database, so its schema is part of the key.
        trigrams = dialect._trigram_schema(connection) if dialect.is_postgres(connection) else None
        key = (connection.dialect.name, trigrams, *map(id, entities))
        if key in self._made:
            for statement, values in self._made[key][1]:
                connection.exec_driver_sql(statement, values or None)
            return
        done: Statements = []

        def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
            if statement.lstrip().upper().startswith(CHANGES):
                done.append((statement, list(values) if many else values))

        sa.event.listen(connection, "before_cursor_execute", note)
        try:
            self._real(connection, entities)
        finally:
            sa.event.remove(connection, "before_cursor_execute", note)
        self._made[key] = tuple(entities), done  # keeps the lists alive, so that no other list gets the same ``id``

    @staticmethod
    def _is_empty(connection: sa.Connection) -> bool:
        return not sa.inspect(connection).get_table_names()


@pytest.fixture(scope="session", autouse=True)
def _schemas() -> Iterator[None]:
    schemas = Schemas()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "migrate", schemas.migrate)
        yield
