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
from archisync_gui.model import AccountId, Freshness, Origin, Scope, as_json, camel

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
        request(CUSTOMERS, account, origin=Origin.API)
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
    """How current stored rows are: the times from the store, the judgement from the orchestrator. A time from before
    the wall clock was set back is not told, since nobody knows how long ago it was (rule 30). The orchestrator notices
    it first: while it claims no time for a list, neither does the answer."""
    now = call.services.clock.now()
    status = call.services.orchestrator.get_status().statuses.get(entity)
    parts = status.accounts if status else ()
    part = next((part for part in parts if ages.account in (part.account, "")), None)

    def known(name: str, at: datetime | None) -> datetime | None:
        return None if at is None or name in ages.doubtful or at > now else at

    new = known("new_as_of", ages.new_as_of)
    whole = known("all_as_of", ages.all_as_of)
    last = known("last_success", ages.last_success)
    if ages.last_success is None:
        freshness = Freshness.NEVER
    elif last is None or part is None:
        freshness = Freshness.UNKNOWN
    else:
        freshness = part.freshness
    return {
        "new_as_of": None if part is not None and part.new_as_of is None else new,
        "all_as_of": None if part is not None and part.all_as_of is None else whole,
        "freshness": freshness.value,
    }
