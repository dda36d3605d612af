"""The drafts' tables, their migration from earlier versions, and the stored forms of documents and past lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archisync_gui.model import Json
from archisync_gui.store.errors import StoreError
from archisync_gui.store.schema import UtcTime

SCHEMA = 2
"""The schema version, stored in ``PRAGMA user_version``. 1: drafts only. 2: also their size, past lines,
letterheads."""

METADATA = sa.MetaData()
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
    sa.Column("document", sa.Text),
    sa.Column("size", sa.Integer, nullable=False, server_default="0"),
    sa.Index("drafts_by_time", "account", "updated_at"),
)
"""A deleted draft's row is kept without its document, so that a late retry of an old save does not create it again.
``size``: bytes of the document."""
sa.Index("drafts_by_size", DRAFTS.c.account, DRAFTS.c.deleted_at, DRAFTS.c.size)

PAST_LINES = sa.Table(
    "past_lines",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("draft", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("customer", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("item_id", sa.String, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Index("past_lines_by_customer", "account", "customer", "at"),
)
"""The lines of all drafts by customer, as past orders; they are kept when a draft is deleted, which is done when the
order is in the ERP."""

LETTERHEADS = sa.Table(
    "letterheads",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

ON_SERVER = sa.Table("drafts_schema", sa.MetaData(), sa.Column("version", sa.Integer, nullable=False))
"""The schema version on an office's server, in place of ``PRAGMA user_version``."""

_PAST_FIELDS = ("itemId", "name", "description", "quantity", "free", "vatPercent")
"""The fields of a draft's line that are stored in a past line."""


def prepare(connection: sa.Connection, path: str) -> None:
    """Create the tables or migrate them. Raises ``newer-schema`` for a file of a later version."""
    found = version_of(connection, path)
    if found == 1:
        connection.exec_driver_sql("ALTER TABLE drafts ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
        connection.exec_driver_sql("UPDATE drafts SET size = coalesce(length(CAST(document AS BLOB)), 0)")
    METADATA.create_all(connection)
    for index in DRAFTS.indexes:  # ``create_all`` adds no index to an existing table
        index.create(connection, checkfirst=True)
    if found == 1:
        statement = sa.select(DRAFTS).where(DRAFTS.c.deleted_at.is_(None))
        for row in connection.execute(statement).all():
            remember_lines(connection, row.account, row.id, row.updated_at, read_document(row.document))
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def version_of(connection: sa.Connection, path: str) -> int:
    """The schema version of a file; 0: it has no tables yet. Raises ``newer-schema`` for a later version."""
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > SCHEMA:
        raise StoreError("newer-schema", path=path, found=found, known=SCHEMA)
    return found


def prepare_on_server(connection: sa.Connection, place: str) -> None:
    """Create an office's tables. Raises ``newer-schema`` for those of a later version."""
    ON_SERVER.create(connection, checkfirst=True)
    found = version_on_server(connection, place)
    METADATA.create_all(connection)
    if found is None:
        connection.execute(ON_SERVER.insert().values(version=SCHEMA))


def version_on_server(connection: sa.Connection, place: str) -> int | None:
    """The schema version of an office's tables; ``None``: they do not exist yet. Raises ``newer-schema``."""
    found = connection.scalar(sa.select(ON_SERVER.c.version))
    if found is not None and found > SCHEMA:
        raise StoreError("newer-schema", path=place, found=found, known=SCHEMA)
    return found


def is_draft(account: str, draft: str) -> sa.ColumnElement[bool]:
    """The condition of a draft's row."""
    return sa.and_(DRAFTS.c.account == account, DRAFTS.c.id == draft)


def read_document(text: str | None) -> dict[str, Json]:
    """A stored document; an empty one if it is damaged, so that the others can still be shown."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def remember_lines(
    connection: sa.Connection, account: str, draft: str, at: datetime, document: Mapping[str, Json]
) -> None:
    """Store a draft's lines as its customer's past lines, in place of those of its previous version."""
    c = PAST_LINES.c
    connection.execute(PAST_LINES.delete().where(c.account == account, c.draft == draft))
    customer = document.get("customer")
    customer_id = customer.get("id") if isinstance(customer, dict) else None
    if not isinstance(customer_id, str):
        return
    rows = [
        {
            "account": account,
            "draft": draft,
            "position": position,
            "customer": customer_id,
            "at": at,
            "item_id": line["itemId"],
            "line": json.dumps({name: line.get(name) for name in _PAST_FIELDS}, ensure_ascii=False),
        }
        for position, line in enumerate(_lines(document))
    ]
    if rows:
        connection.execute(PAST_LINES.insert(), rows)


def forget_oldest(connection: sa.Connection, *, tombstones: int, past: int) -> None:
    """Remove all but the latest ids of deleted drafts and the lines of the latest orders. ``tombstones``, ``past``: how
    many of them to keep for each account."""
    for table, id_, at, kept in (
        (DRAFTS, DRAFTS.c.id, DRAFTS.c.deleted_at, tombstones),
        (PAST_LINES, PAST_LINES.c.draft, PAST_LINES.c.at, past),
    ):
        newest = sa.func.row_number().over(partition_by=table.c.account, order_by=(sa.func.max(at).desc(), id_))
        ranked = (
            sa.select(table.c.account, id_.label("id"), newest.label("place"))
            .where(at.is_not(None))
            .group_by(table.c.account, id_)
            .subquery()
        )
        old = sa.select(ranked.c.account, ranked.c.id).where(ranked.c.place > kept)
        connection.execute(table.delete().where(sa.tuple_(table.c.account, id_).in_(old)))


def _lines(document: Mapping[str, Json]) -> Iterator[dict[str, Any]]:
    lines = document.get("lines")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict) and isinstance(line.get("itemId"), str) and isinstance(line.get("quantity"), int):
            yield line
