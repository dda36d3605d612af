"""Past orders: a customer's last order and usual articles; copying past orders elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from archisync_gui.drafts.schema import PAST_LINES, read_document
from archisync_gui.model import AccountId, Json

USUAL_SHOWN = 8
"""The most usual articles of a customer that are returned."""


@dataclass(frozen=True, slots=True)
class Past:
    """A customer's past orders in short."""

    lines: tuple[Mapping[str, Json], ...]
    """The lines of the last order."""
    at: datetime | None
    """When the last order was saved."""
    usual: tuple[Mapping[str, Json], ...]
    """The articles ordered more than once, most often first, each as in its last order."""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """The stored lines of an order; they are kept when its draft is deleted."""

    account: AccountId
    draft: str
    at: datetime
    lines: tuple[Mapping[str, Any], ...]
    """Rows of ``past_lines``."""


def past_of(connection: sa.Connection, account: AccountId, customer: str) -> Past:
    """A customer's last order and usual articles."""
    c = PAST_LINES.c
    statement = sa.select(PAST_LINES).where(c.account == account, c.customer == customer)
    rows = connection.execute(statement.order_by(c.at.desc(), c.draft, c.position).limit(2000)).all()
    last = tuple(read_document(row.line) for row in rows if row.draft == rows[0].draft)
    times: dict[str, int] = {}
    newest: dict[str, Mapping[str, Json]] = {}
    for row in rows:
        times[row.item_id] = times.get(row.item_id, 0) + 1
        newest.setdefault(row.item_id, read_document(row.line))
    often = sorted((n for n in times if times[n] > 1), key=lambda name: -times[name])[:USUAL_SHOWN]
    return Past(last, rows[0].at if rows else None, tuple(newest[name] for name in often))


def past_orders(connection: sa.Connection) -> tuple[PastOrder, ...]:
    """All past orders of all accounts."""
    c = PAST_LINES.c
    rows = connection.execute(sa.select(PAST_LINES).order_by(c.account, c.draft, c.position)).mappings()
    orders = [(place, [*lines]) for place, lines in groupby(rows, lambda row: (row["account"], row["draft"]))]
    return tuple(
        PastOrder(account, draft, max(line["at"] for line in lines), tuple(dict(line) for line in lines))
        for (account, draft), lines in orders
        if all(line["at"] is not None for line in lines)
    )


def take_past(connection: sa.Connection, orders: Iterable[PastOrder]) -> None:
    """Copy past orders from elsewhere: those that are not here, or are older here."""
    c = PAST_LINES.c
    times = sa.select(c.account, c.draft, sa.func.max(c.at, type_=c.at.type)).group_by(c.account, c.draft)
    known = {(account, draft): at for account, draft, at in connection.execute(times)}
    taken = [
        order
        for order in orders
        if order.lines and ((at := known.get((order.account, order.draft))) is None or at < order.at)
    ]
    for order in taken:
        if (order.account, order.draft) in known:
            connection.execute(PAST_LINES.delete().where(c.account == order.account, c.draft == order.draft))
    if rows := [line for order in taken for line in order.lines]:
        connection.execute(PAST_LINES.insert(), rows)


def forget_past(connection: sa.Connection, orders: Iterable[PastOrder]) -> None:
    """Remove past orders that were copied elsewhere, unless they were changed here later."""
    c = PAST_LINES.c
    for order in orders:
        connection.execute(
            PAST_LINES.delete().where(c.account == order.account, c.draft == order.draft, c.at <= order.at)
        )
