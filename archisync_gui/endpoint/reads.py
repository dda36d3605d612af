"""The calls that read stored customers, products and prices, each answer with the age of its data; and the call that
has one customer read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import Refusal, field_error
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import CUSTOMERS, caller_account
from archisync_gui.endpoint.watch import answer_ticket
from archisync_gui.model import AccountId, Freshness, Origin, Scope, SyncFailure, as_json, camel

if TYPE_CHECKING:
    from archisync_gui.store import Ages, SearchPage, StoredRow

PRODUCTS, PRICES = "products", "prices"
CODES = {CUSTOMERS: ("id", "account_num", "vat_number", "fiscal_code"), PRODUCTS: ("item_id",)}
"""Fields that identify a record: a ranked search puts exact matches of these first."""


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
    """``POST /api/customers/{id}/refresh``: read that customer from its detail page, with the highest priority.

    Only customers of the account's own list: the ERP opens a detail page for any id (``docs/erp.md``, Detail pages).
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
            # The caller gets no ticket and so could not cancel the first request.
            call.services.orchestrator.cancel(ticket)
            raise
    return await answer_ticket(call, ticket, wait=call.query.wait)


async def products(call: Call) -> Reply:
    """``GET /api/products``."""
    return await _rows(call, PRODUCTS, None)


async def prices(call: Call) -> Reply:
    """``GET /api/prices``; with ``product`` only the prices of that article."""
    query: contract.PricesQuery = call.query
    return await _rows(call, PRICES, None, {"item_id": query.product} if query.product else None)


async def _rows(call: Call, entity: str, account: AccountId | None, where: Mapping[str, str] | None = None) -> Reply:
    query: contract.SearchQuery = call.query
    if isinstance(query, contract.RankedQuery) and query.ranked:
        page = await call.services.store.best(entity, account, query.search, query.limit, CODES[entity])
        return _rows_answer(call, entity, page)
    try:
        page = await call.services.store.search(entity, account, query.search, query.limit, query.cursor, where=where)
    except ValueError:
        raise field_error("query-invalid", "cursor", "value") from None
    return _rows_answer(call, entity, page)


def _rows_answer(call: Call, entity: str, page: SearchPage) -> Reply:
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
    """How current the rows are: the ages that the store read together with the rows, and the orchestrator's
    ``freshness``. An age is ``None`` where the orchestrator does not claim one, where it is doubtful, or where it lies
    in the future, since the wall clock was set back (rule 30)."""
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
