"""Migrating a database to the current schema: the fixed tables by Alembic, then the declared ones.

The fixed tables change with the program: each version is a file in ``migrations/versions``. The data tables follow from
the declarations: what a table lacks is added, nothing is ever dropped. So a new column, a changed kind or a seventh
entity needs no hand-written migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import dialect, find_index, schema
from archisync_gui.store.errors import StoreError
from archisync_gui.store.keys import SEARCH_TEXT, search_text
from archisync_gui.store.schema import DECLARED, UNFILLED
from archisync_gui.store.seen_keys import CHUNK, chunks

HEAD = "0005"
"""The newest version in ``migrations/versions``. A database of this version is opened without Alembic, whose import
takes about 0.2 s."""


def version(connection: sa.Connection) -> str | None:
    """The schema version of the database; ``None`` for a new one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def refuse_newer(connection: sa.Connection, path: Path | str) -> None:
    """Raise ``newer-schema`` for a database of a later version of the program."""
    found = version(connection)
    if found is not None and found != HEAD and found not in _versions():
        raise StoreError("newer-schema", path=str(path), found=found, known=HEAD)


class Form(Enum):
    """A database's tables compared with the current schema."""

    NEW = "new"
    """There are none, or some lists have none yet; no table has to be changed."""
    OUTDATED = "outdated"
    """Tables have to be changed, after a backup."""
    CURRENT = "current"


def form(connection: sa.Connection, entities: Sequence[Entity]) -> Form:
    """Compare the tables with the current schema."""
    found = version(connection)
    if found is None:
        return Form.NEW
    if found != HEAD:
        return Form.OUTDATED
    differences = [_differences(connection, entity) for entity in entities]
    if any(difference.any for difference in differences):
        return Form.OUTDATED
    return Form.NEW if any(difference.new for difference in differences) else Form.CURRENT


def migrate(connection: sa.Connection, entities: Sequence[Entity]) -> None:
    """Migrate the database to the current schema, in the caller's transaction. In an office this ends the leadership,
    since the leader, like any running member, may be of an earlier version."""
    if dialect.is_postgres(connection) and form(connection, entities) is Form.OUTDATED:
        dialect.end_leadership(connection)  # first, as a leader's transactions lock this row before the tables
    if version(connection) != HEAD:
        _alembic(connection)
    for entity in entities:
        _reconcile(connection, entity)
    dialect.after_migration(connection, [entity.name for entity in entities])
    find_index.prepare(connection, entities)


def require_tables(connection: sa.Connection, path: Path | str) -> None:
    """Raise ``damaged`` for a database of the current version that lacks a table."""
    missing = set(schema.FIXED.tables) - set(sa.inspect(connection).get_table_names())
    if missing:
        raise StoreError("damaged", path=str(path), detail=f"without table {min(missing)}")


# ---------------------------------------------------------------------------------------------- fixed tables


def _configuration(connection: sa.Connection | None = None) -> Any:
    from alembic.config import Config

    config = Config()
    # Files beside this module, also in a frozen program (whose build has to include them as data).
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _versions() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(s.revision for s in ScriptDirectory.from_config(_configuration()).walk_revisions())


def _alembic(connection: sa.Connection) -> None:
    from alembic import command

    command.upgrade(_configuration(connection), "head")


# ------------------------------------------------------------------------------------------- declared tables


class _Differences:
    def __init__(self, new: bool, missing: list[str], retyped: list[str], search: bool) -> None:
        self.new, self.missing, self.retyped, self.search = new, missing, retyped, search
        self.any = bool(missing or retyped or search)


def _differences(connection: sa.Connection, entity: Entity) -> _Differences:
    inspector = sa.inspect(connection)
    if not inspector.has_table(entity.name):
        return _Differences(True, [], [], False)
    present = {c["name"]: c["type"] for c in inspector.get_columns(entity.name)}
    missing, retyped = [], []
    for column in entity.columns:
        if column.name not in present:
            missing.append(column.name)
        elif _sql(present[column.name], connection) != _sql(schema.sql_type(column), connection):
            retyped.append(column.name)
    searched = None
    if inspector.has_table(DECLARED.name):
        searched = connection.scalar(sa.select(DECLARED.c.search).where(DECLARED.c.entity == entity.name))
    return _Differences(False, missing, retyped, searched != _searched(entity))


def _sql(type_: sa.types.TypeEngine[Any], connection: sa.Connection) -> str:
    return type_.compile(connection.dialect).removesuffix(' COLLATE "C"')


def _searched(entity: Entity) -> list[str]:
    return [*entity.key, "", *entity.search, "", str(SEARCH_TEXT)]


def _reconcile(connection: sa.Connection, entity: Entity) -> None:
    differences = _differences(connection, entity)
    if not (differences.new or differences.any):
        return
    table = schema.data_table(entity)
    if differences.new:
        table.create(connection)
    quote = connection.dialect.identifier_preparer.quote
    for name in differences.retyped:
        # The old values are kept in a column of another name: texts in a column for numbers would be read as numbers.
        kept = _free_name(connection, entity.name, name)
        connection.exec_driver_sql(f"ALTER TABLE {quote(entity.name)} RENAME COLUMN {quote(name)} TO {quote(kept)}")
    for name in [*differences.missing, *differences.retyped]:
        type_ = table.c[name].type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {quote(entity.name)} ADD COLUMN {quote(name)} {type_}")
    if differences.missing or differences.retyped:
        accounts = list(connection.scalars(sa.select(table.c[schema.ACCOUNT]).distinct()))
        for name in [*differences.missing, *differences.retyped]:
            for account in accounts:
                key = {"entity": entity.name, "account": account, "column": name}
                connection.execute(_forget(key))
                connection.execute(UNFILLED.insert().values(key))
    if differences.search:
        _search_again(connection, entity, table)
    connection.execute(DECLARED.delete().where(DECLARED.c.entity == entity.name))
    connection.execute(DECLARED.insert().values(entity=entity.name, search=_searched(entity)))


def _forget(key: dict[str, str]) -> sa.Delete:
    return UNFILLED.delete().where(*(UNFILLED.c[name] == value for name, value in key.items()))


def _free_name(connection: sa.Connection, table: str, name: str) -> str:
    present = schema.columns_there(connection, table)
    return next(kept for n in range(1, 1000) if (kept := f"row_old{n}_{name}") not in present)


def _search_again(connection: sa.Connection, entity: Entity, table: sa.Table) -> None:
    c = table.c
    names = list(dict.fromkeys([*entity.key, *entity.search]))
    rows = connection.execute(sa.select(c[schema.ACCOUNT], c[schema.KEY], *(c[name] for name in names))).all()
    statement = (
        table.update()
        .where(c[schema.ACCOUNT] == sa.bindparam("_account"), c[schema.KEY] == sa.bindparam("_key"))
        .values({schema.SEARCH: sa.bindparam("_search")})
    )
    for part in chunks(rows, CHUNK):
        connection.execute(
            statement,
            [
                {"_account": a, "_key": k, "_search": search_text(entity, dict(zip(names, values, strict=True)))}
                for a, k, *values in part
            ],
        )
