"""Reading stored customers, products and prices, each answer with the age of its data; nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import Refusal, wrong
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import CUSTOMERS, caller_account
from archisync_gui.endpoint.watch import answer_ticket
from archisync_gui.model import AccountId, Freshness, Origin, Scope, SyncFailure, as_json, camel

if TYPE_CHECKING:
    from archisync_gui.store import Ages, SearchPage, StoredRow

PRODUCTS, PRICES = "products", "prices"
CODES = {CUSTOMERS: ("id", "account_num", "vat_number", "fiscal_code"), PRODUCTS: ("item_id",)}
"""What a record is known by beyond doubt: a ranked search puts these first."""


async def customers(call: Call) -> Reply:
    """``GET /api/customers``."""
    return await _rows(call, CUSTOMERS, caller_account(call))


async def customer(call: Call) -> Reply:
    """``GET /api/customers/{id}``."""
    account, key = caller_account(call), _record_id(call)
    row = await call.services.store.row(CUSTOMERS, account, key)
    if row is None:
        raise Refusal("no-such-record", field="id")
    age = _age(call, CUSTOMERS, await call.services.store.ages(CUSTOMERS, account))
    return Reply(contract.RowAnswer(message=call.say("row-told"), row=_json(row), **age))


def _record_id(call: Call) -> str:
    key = call.path["id"]
    if not re.fullmatch(contract.RECORD_ID, key):
        raise Refusal("no-such-record", field="id")
    return key


async def refresh_customer(call: Call) -> Reply:
    """``POST /api/customers/{id}/refresh``: that one customer from its detail page, before everything else.

    Only a customer of the account's own list: a detail page opens for any id (``docs/erp.md``, Detail pages).
    """
    account, key = caller_account(call), _record_id(call)
    row = await call.services.store.row(CUSTOMERS, account, key)
    if row is None or row.deleted_at is not None:
        raise Refusal("no-such-record", field="id")
    request = call.services.orchestrator.request_sync
    ticket = request(CUSTOMERS, account, scope=Scope.ONE, key=key, priority=99, origin=Origin.API)
    if call.query.sync:
        try:
            request(CUSTOMERS, account, origin=Origin.API)
        except SyncFailure:
            # The answer tells no ticket with which the caller could withdraw the first one.
            call.services.orchestrator.cancel(ticket)
            raise
    return await answer_ticket(call, ticket, wait=call.query.wait)


async def products(call: Call) -> Reply:
    """``GET /api/products``."""
    return await _rows(call, PRODUCTS, None)


async def prices(call: Call) -> Reply:
    """``GET /api/prices``; with ``product`` only those of one article."""
    query: contract.PricesQuery = call.query
    return await _rows(call, PRICES, None, {"item_id": query.product} if query.product else None)


async def _rows(call: Call, entity: str, account: AccountId | None, where: Mapping[str, str] | None = None) -> Reply:
    query: contract.SearchQuery = call.query
    if isinstance(query, contract.RankedQuery) and query.ranked:
        page = await call.services.store.best(entity, account, query.search, query.limit, CODES[entity])
        return _told(call, entity, page)
    try:
        page = await call.services.store.search(entity, account, query.search, query.limit, query.cursor, where=where)
    except ValueError:
        raise wrong("query-invalid", "cursor", "value") from None
    return _told(call, entity, page)


def _told(call: Call, entity: str, page: SearchPage) -> Reply:
    return Reply(
        contract.RowsAnswer(
            message=call.say("rows-told", total=len(page.rows)),
            rows=[_json(row) for row in page.rows],
            cursor=page.cursor,
            **_age(call, entity, page.ages),
        )
    )


def _json(row: StoredRow) -> dict[str, Any]:
    known: dict[str, Any] = as_json(
        {
            "key": row.key,
            "lastChanged": row.last_changed,
            "missingSince": row.missing_since,
            "deletedAt": row.deleted_at,
        }
    )
    return {camel(name): value for name, value in row.values.items()} | known


def _age(call: Call, entity: str, ages: Ages) -> dict[str, Any]:
    """How current stored rows are: the times of the store, which belong to these rows, where the orchestrator claims
    them too, and its judgement. No time is told from before the wall clock was set back (rule 30)."""
    now = call.services.clock.now()
    status = call.services.orchestrator.get_status().statuses.get(entity)
    part = next((p for p in (status.accounts if status else ()) if ages.account in (p.account, "")), None)

    def certain(name: str) -> datetime | None:
        at: datetime | None = getattr(ages, name)
        return None if part is None or at is None or name in ages.doubtful or at > now else at

    freshness = Freshness.UNKNOWN
    if ages.last_success is None:
        freshness = Freshness.NEVER
    elif part is not None and certain("last_success") is not None:
        freshness = part.freshness
    return {
        "new_as_of": certain("new_as_of") if part is not None and part.new_as_of is not None else None,
        "all_as_of": certain("all_as_of") if part is not None and part.all_as_of is not None else None,
        "freshness": freshness.value,
    }
