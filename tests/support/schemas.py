"""New databases are made quickly: the statements that made the first one of a kind are run again. A pytest plugin.

A migration from nothing takes a tenth of a second of CPU, nearly all of it in Alembic and in building statements, and
more than a thousand tests need an empty database. The first one of each run is made by the migration itself.
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
"""How statements begin that change something; the others only look."""

Statements = list[tuple[str, Any]]


class Schemas:
    """What :func:`migrate.migrate` did to a new database, by engine and lists."""

    def __init__(self) -> None:
        self._real = migrating.migrate
        self._made: dict[tuple[object, ...], tuple[Sequence[Entity], Statements]] = {}

    def migrate(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """In the place of the real one."""
        if not self._is_empty(connection):
            self._real(connection, entities)
            return
        # The first office makes PostgreSQL's extension for all of them: so that is asked for each time.
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
        self._made[key] = tuple(entities), done  # the lists are kept, so that no other one gets the identity of these

    @staticmethod
    def _is_empty(connection: sa.Connection) -> bool:
        return not sa.inspect(connection).get_table_names()


@pytest.fixture(scope="session", autouse=True)
def _schemas() -> Iterator[None]:
    schemas = Schemas()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "migrate", schemas.migrate)
        yield
