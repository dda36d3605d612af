"""Bringing a database file to the present schema: Alembic for the fixed tables, then the declared ones.

Two ways because they change for two reasons. The fixed tables change with the program: each version is a file in
``migrations/versions``. The data tables follow from the declarations: what a declaration has and its table lacks is
added, nothing is ever dropped, so a new column, a changed kind or a seventh entity needs no migration by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import dialect, find, schema
from archisync_gui.store.errors import StoreError
from archisync_gui.store.keys import SEARCH_TEXT, search_text
from archisync_gui.store.schema import DECLARED, UNFILLED
from archisync_gui.store.seen_keys import CHUNK, chunks

HEAD = "0005"
"""The newest version in ``migrations/versions``; a start with it need not load Alembic (about 0.2 s)."""


def version(connection: sa.Connection) -> str | None:
    """The version the file has; ``None`` for a new file."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def refuse_newer(connection: sa.Connection, path: Path | str) -> None:
    """Raise ``newer-schema`` for a database that a later program has made."""
    found = version(connection)
    if found is not None and found != HEAD and found not in _versions():
        raise StoreError("newer-schema", path=str(path), found=found, known=HEAD)


class Form(Enum):
    """What a database's tables are, compared with the present schema."""

    NEW = "new"
    """None there, or some lists have none yet."""
    OUTDATED = "outdated"
    """They have to be changed: a backup is made first."""
    CURRENT = "current"


def form(connection: sa.Connection, entities: Sequence[Entity]) -> Form:
    """How the tables compare with the present schema."""
    found = version(connection)
    if found is None:
        return Form.NEW
    if found != HEAD:
        return Form.OUTDATED
    differences = [_differences(connection, entity) for entity in entities]
    if any(one.any for one in differences):
        return Form.OUTDATED
    return Form.NEW if any(one.new for one in differences) else Form.CURRENT


def migrate(connection: sa.Connection, entities: Sequence[Entity]) -> None:
    """Bring the file to the present schema, inside the caller's transaction. The leader of an office leads no more when
    its tables are changed: it may be of an earlier program, and so may be any member that runs now."""
    if dialect.is_postgres(connection) and form(connection, entities) is Form.OUTDATED:
        dialect.end_leadership(connection)  # first of all: a leader's transaction locks its row before the tables
    if version(connection) != HEAD:
        _alembic(connection)
    for entity in entities:
        _reconcile(connection, entity)
    dialect.after_migration(connection, [entity.name for entity in entities])
    find.prepare(connection, entities)


def require_tables(connection: sa.Connection, path: Path | str) -> None:
    """Raise ``damaged`` for a file of the present version that lacks some of its tables."""
    missing = set(schema.FIXED.tables) - set(sa.inspect(connection).get_table_names())
    if missing:
        raise StoreError("damaged", path=str(path), detail=f"without table {min(missing)}")


# ---------------------------------------------------------------------------------------------- fixed tables


def _configuration(connection: sa.Connection | None = None) -> Any:
    from alembic.config import Config

    config = Config()
    # Plain files beside this module, in a wheel as in a frozen program (where the build must collect them as data).
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
        # The old values stay under another name; texts in a column that is to hold numbers would be read as numbers.
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
