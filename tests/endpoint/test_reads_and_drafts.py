"""Stored rows with their age, drafts under versions, and the calls that watch and operate."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archisync_gui import zone
from archisync_gui.endpoint.draft_calls import PAGE_CHARACTERS
from archisync_gui.model import Origin, Outcome, Scope
from tests.endpoint.office import Office
from tests.endpoint.stand_in import TYPES, customers
from tests.support.waiting import until

DRAFT = "/api/drafts/" + "d" * 24


def document(**changes: Any) -> dict[str, Any]:
    line = {"itemId": "020001", "name": "LUCIDO.A", "quantity": 2000, "unitPrice": 333, "priceUnit": 100000}
    customer = {"id": "50120", "name": "Studio Bianchi Srl"}
    return {"customer": customer, "date": "2026-01-05", "note": "", "lines": [line]} | changes


async def test_customers_are_found_and_paged_with_their_age(office: Office) -> None:
    found = await office.page("GET", "/api/customers?search=citta")
    (row,) = found.json["rows"]
    assert (row["name"], row["accountNum"], row["key"]) == ("Clinica Città Nuova", "C50125", "50125")
    assert found.json["freshness"] == "fresh"
    assert found.json["allAsOf"]
    names, cursor = [], ""
    while cursor is not None:
        page = (await office.page("GET", f"/api/customers?limit=4{cursor and '&cursor=' + cursor}")).json
        names += [row["name"] for row in page["rows"]]
        cursor = page["cursor"]
    assert sorted(names) == sorted(c["name"] for c in customers())


async def test_a_time_that_nobody_can_trust_is_not_told(office: Office) -> None:
    """Rule 30: the wall clock was set back after the read, in this process or in an earlier one."""
    for path in ("/api/customers", "/api/customers/50123", "/api/products", "/api/prices"):
        told = (await office.page("GET", path)).json
        assert told["newAsOf"], path
        assert told["allAsOf"], path
        assert told["freshness"] == "fresh", path
    await office.store.journal.clock_doubted()
    for path in ("/api/customers", "/api/customers/50123", "/api/products", "/api/prices"):
        told = (await office.page("GET", path)).json
        assert (told["newAsOf"], told["allAsOf"], told["freshness"]) == (None, None, "unknown"), path


async def test_a_time_in_the_future_is_not_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was set back while the panel was closed: nothing has marked the times yet."""
    monkeypatch.setattr(office.clock, "now", lambda: datetime.now(UTC) - timedelta(hours=1))
    told = (await office.page("GET", "/api/customers")).json
    assert (told["newAsOf"], told["allAsOf"], told["freshness"]) == (None, None, "unknown")


async def test_a_list_that_was_never_read_is_never_fresh(office: Office) -> None:
    held = {"Authorization": f"Bearer {office.let_in(None, account='agente2')}"}
    told = (await office.ask("GET", "/api/customers", held)).json
    assert (told["newAsOf"], told["allAsOf"], told["freshness"]) == (None, None, "never")


async def test_one_customer_and_one_that_is_not_there(office: Office) -> None:
    answer = await office.page("GET", "/api/customers/50123")
    assert answer.json["row"]["name"] == "<img src=x onerror=alert(1)>"
    assert (await office.page("GET", "/api/customers/1")).code == "no-such-record"


async def test_nobody_reads_another_accounts_customers(office: Office) -> None:
    held = {"Authorization": f"Bearer {office.let_in(None, account='agente2')}"}
    assert (await office.ask("GET", "/api/customers", held)).json["rows"] == []
    assert (await office.ask("GET", "/api/customers/50123", held)).status == 404


async def test_products_and_the_prices_of_one(office: Office) -> None:
    products = (await office.page("GET", "/api/products?search=fresa")).json["rows"]
    assert {p["itemId"] for p in products} == {"012345K2", "012345K3"}
    prices = (await office.page("GET", "/api/prices?product=012345K3")).json["rows"]
    assert [(p["unitPrice"], p["priceUnit"]) for p in prices] == [(1233, 1000)]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "search=" + "x" * 201, "q=1"])
async def test_a_wrong_search_is_refused(office: Office, query: str) -> None:
    answer = await office.page("GET", f"/api/customers?{query}")
    assert (answer.status, answer.code) == (422, "query-invalid")


async def test_a_customer_is_read_again_at_once(office: Office) -> None:
    answer = await office.page("POST", "/api/customers/50120/refresh?sync=true")
    assert answer.status == 202
    asked = [call for kind, call in office.orchestrator.calls if kind == "request"]
    assert asked[0] == (
        "customers",
        "agente1",
        {"scope": Scope.ONE, "key": "50120", "priority": 99, "origin": Origin.API},
    )
    assert asked[1] == ("customers", "agente1", {"origin": Origin.API})


async def test_a_customer_that_is_not_the_accounts_own_is_not_read(office: Office) -> None:
    answer = await office.page("POST", "/api/customers/999999/refresh")
    assert (answer.status, answer.code) == (404, "no-such-record")
    assert not [call for kind, call in office.orchestrator.calls if kind == "request"]


# ------------------------------------------------------------------------------------------------ drafts


async def test_a_draft_is_saved_once_however_often_it_is_sent(office: Office) -> None:
    first = await office.page("PUT", DRAFT, body=document())
    assert (first.status, first.headers["ETag"], first.json["total"]) == (201, '"1"', 1)
    assert first.json["message"] == "Bozza salvata, 1 bozze."
    again = await office.page("PUT", DRAFT, body=document())
    assert (again.status, again.headers["ETag"], again.json["total"]) == (201, '"1"', 1)
    assert first.headers["Access-Control-Expose-Headers"].startswith("ETag")


async def test_two_tabs_never_overwrite_each_other(office: Office) -> None:
    await office.page("PUT", DRAFT, body=document())
    seen = {"If-Match": '"1"'}
    assert (await office.page("PUT", DRAFT, headers=seen, body=document(note="una"))).headers["ETag"] == '"2"'
    late = await office.page("PUT", DRAFT, headers=seen, body=document(note="altra"))
    assert (late.status, late.code) == (412, "draft-conflict")
    assert late.json["current"]["document"]["note"] == "una"
    assert (await office.page("PUT", DRAFT, body=document(note="terza"))).status == 412
    assert (await office.page("DELETE", DRAFT, headers=seen)).status == 412
    assert (await office.page("GET", DRAFT)).json["draft"]["document"]["note"] == "una"


async def test_a_deleted_draft_stays_deleted(office: Office) -> None:
    await office.page("PUT", DRAFT, body=document())
    for _ in range(2):
        gone = await office.page("DELETE", DRAFT, headers={"If-Match": '"1"'})
        assert (gone.status, gone.json["total"]) == (200, 0)
    assert (await office.page("GET", DRAFT)).code == "no-such-draft"
    late = await office.page("PUT", DRAFT, headers={"If-Match": '"1"'}, body=document())
    assert (late.status, late.json["current"]) == (412, None)


async def test_drafts_belong_to_an_account(office: Office) -> None:
    await office.page("PUT", DRAFT, body=document())
    held = {"Authorization": f"Bearer {office.let_in(None, account='agente2')}"}
    assert (await office.ask("GET", "/api/drafts", held)).json["total"] == 0
    assert (await office.ask("GET", DRAFT, held)).status == 404
    assert (await office.page("GET", "/api/drafts")).json["total"] == 1


async def test_a_page_of_large_drafts_is_short_and_none_is_left_out(office: Office) -> None:
    """Thousands of lines in one answer would stop the window while they are made."""
    line = {"itemId": "x" * 30, "name": "y" * 150, "quantity": 1, "unitPrice": 100}
    ids = [f"{number:02}" + "d" * 18 for number in range(24)]
    for id in ids:
        put = await office.page("PUT", f"/api/drafts/{id}", body=document(lines=[line] * 200))
        assert put.status == 201
    found: list[str] = []
    sizes, cursor = [], ""
    while cursor is not None:
        answer = await office.page("GET", f"/api/drafts?limit=500{cursor and '&cursor=' + cursor}")
        found += [draft["id"] for draft in answer.json["drafts"]]
        sizes.append(len(answer.text))
        cursor = answer.json["cursor"]
    assert sorted(found) == ids
    assert len(sizes) > 1
    assert max(sizes) < 2 * PAGE_CHARACTERS


@pytest.mark.parametrize("header", ["1", '"0"', '"x"', "*", 'W/"1"', '"1", "2"'])
async def test_a_version_that_is_none(office: Office, header: str) -> None:
    answer = await office.page("PUT", DRAFT, headers={"If-Match": header}, body=document())
    assert (answer.status, answer.code) == (400, "draft-precondition")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"date": "5/1/2026"}, "date"),
        ({"lines": [{"itemId": "x", "name": "x", "quantity": 0, "unitPrice": 1}]}, "lines.0.quantity"),
        ({"lines": [{"itemId": "x", "name": "x", "quantity": 1.5, "unitPrice": 1}]}, "lines.0.quantity"),
        ({"lines": [{"itemId": "x", "name": "x", "quantity": 1, "unitPrice": "1"}]}, "lines.0.unitPrice"),
        ({"customer": {"id": "", "name": "x"}}, "customer.id"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_draft_is_checked(office: Office, changes: dict[str, Any], field: str) -> None:
    answer = await office.page("PUT", DRAFT, body=document(**changes))
    assert (answer.status, answer.json["field"]) == (422, field)


async def test_a_draft_id_is_checked(office: Office) -> None:
    assert (await office.page("PUT", "/api/drafts/short", body=document())).status == 422


# ------------------------------------------------------------------------------------------------ watch and operate


async def test_status_is_told_whole(office: Office) -> None:
    status = (await office.page("GET", "/api/sync/status")).json["status"]
    assert status["currentSync"] is None
    assert set(status["statuses"]) == set(TYPES)
    assert status["statuses"]["customers"]["accounts"][0]["newAsOf"]


async def test_a_request_and_its_ticket(office: Office) -> None:
    answer = await office.page("POST", "/api/sync/orders", body={"userId": "agente2", "priority": 50})
    assert (answer.status, answer.json["type"]) == (202, "orders")
    asked = {"scope": Scope.ALL, "priority": 50, "origin": Origin.API}
    assert office.orchestrator.calls[-1] == ("request", ("orders", "agente2", asked))
    ticket = f"/api/sync/tickets/{answer.json['ticket']}"
    assert (await office.page("GET", ticket)).json["state"] == "waiting"
    office.orchestrator.tickets[0].end()
    done = (await office.page("GET", ticket)).json
    assert (done["state"], done["result"]["outcome"], done["result"]["rows"]) == ("ended", "completed", 3)
    assert (await office.page("GET", "/api/sync/tickets/none")).code == "no-such-ticket"


async def test_a_request_without_account_is_for_all(office: Office) -> None:
    await office.page("POST", "/api/sync/orders")
    assert office.orchestrator.calls[-1][1][1] is None


async def test_a_request_that_waits_for_its_end(office: Office) -> None:
    waiting = asyncio.create_task(office.page("POST", "/api/sync/products?wait=true"))
    await until(lambda: office.orchestrator.tickets)
    office.orchestrator.tickets[0].end(Outcome.FAILED)
    answer = await waiting
    assert (answer.status, answer.json["success"], answer.json["result"]["outcome"]) == (200, False, "failed")


async def test_a_request_that_waits_ends_with_the_panel(office: Office) -> None:
    waiting = asyncio.create_task(office.page("POST", "/api/sync/products?wait=true"))
    await until(lambda: office.orchestrator.tickets)
    await office.endpoint.stop()
    answer = await waiting
    assert (answer.status, answer.code) == (503, "closing")


async def test_a_request_is_withdrawn(office: Office) -> None:
    answer = await office.page("POST", "/api/sync/ddt")
    gone = await office.page("DELETE", f"/api/sync/tickets/{answer.json['ticket']}")
    assert gone.json["result"]["outcome"] == "cancelled"


@pytest.mark.parametrize("path", ["/api/sync/full", "/api/sync/all"])
async def test_everything_at_once(office: Office, path: str) -> None:
    answer = await office.page("POST", path)
    assert (answer.status, len(answer.json["tickets"])) == (202, len(TYPES))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/api/sync/nothing", 404, "no-such-type"), ("/api/sync/status", 405, "method-refused")],
)
async def test_a_type_that_is_none(office: Office, path: str, status: int, code: str) -> None:
    answer = await office.page("POST", path)
    assert (answer.status, answer.code) == (status, code)


async def test_the_schedule(office: Office) -> None:
    answer = await office.page("PUT", "/api/sync/schedule", body={"intervals": {"orders": 15, "ddt": None}})
    assert (answer.json["intervals"]["orders"], answer.json["intervals"]["ddt"]) == (15, None)
    for wrong in (4, 1441, 7.5, "10", True):
        refused = await office.page("PUT", "/api/sync/schedule", body={"intervals": {"orders": wrong}})
        assert (refused.status, refused.json["field"]) == (422, "intervals.orders")
    unknown = await office.page("PUT", "/api/sync/schedule", body={"intervals": {"orders": 20, "nothing": 10}})
    assert unknown.code == "no-such-type"
    assert (await office.page("GET", "/api/sync/schedule")).json["intervals"]["orders"] == 15


async def test_a_hold_has_the_end_that_was_asked_for(office: Office) -> None:
    end = (office.clock.now() + timedelta(hours=1)).replace(microsecond=0)
    held = await office.page("POST", "/api/sync/hold", body={"until": end.isoformat()})
    assert (held.status, datetime.fromisoformat(held.json["until"])) == (200, end)
    assert zone.clock(end, office.clock.now()) in held.json["message"]
    status = (await office.page("GET", "/api/sync/status")).json["status"]
    assert datetime.fromisoformat(status["holdUntil"]) == end
    for wrong in (office.clock.now() - timedelta(seconds=1), "2030-01-05T09:00:00", "tomorrow", 60):
        body = {"until": wrong.isoformat() if isinstance(wrong, datetime) else wrong}
        refused = await office.page("POST", "/api/sync/hold", body=body)
        assert (refused.status, refused.json["code"], refused.json["field"]) == (422, "body-invalid", "until")
    assert office.orchestrator.held_until == end, "a refused call changes nothing"
    without_end = await office.page("POST", "/api/sync/hold")
    assert (without_end.json["held"], without_end.json["until"]) == (True, None)
    assert office.orchestrator.held_until is None
    assert (await office.page("POST", "/api/sync/release")).json["until"] is None


async def test_hold_release_explain_and_history(office: Office) -> None:
    assert (await office.page("POST", "/api/sync/hold")).json["held"] is True
    assert office.orchestrator.held
    assert (await office.page("POST", "/api/sync/release")).json["held"] is False
    explained = await office.page("GET", "/api/sync/explain?at=2026-01-05T09:00:00%2B01:00")
    assert explained.json["explanation"]["reason"] == "nothing-due"
    assert (await office.page("GET", "/api/sync/explain?at=2026-01-05T09:00:00")).status == 422
    assert (await office.page("GET", "/api/sync/history?type=orders&outcome=failed&limit=5")).json["runs"] == []
    assert (await office.page("GET", "/api/sync/history?outcome=bad")).status == 422


@pytest.mark.parametrize("limit", ["1_0", "%201", "5.0", "%D9%A3", "0", "501"])
async def test_a_page_of_drafts_takes_plain_numbers_as_other_pages_do(office: Office, limit: str) -> None:
    for path in ("/api/drafts", "/api/customers"):
        answer = await office.page("GET", f"{path}?limit={limit}")
        assert (answer.status, answer.code, answer.json["field"]) == (422, "query-invalid", "limit")


@pytest.mark.parametrize("asked", ["/api/drafts?cursor=%00a", "/api/drafts/past?customer=50120%00a"])
async def test_texts_in_queries_hold_no_control_characters(office: Office, asked: str) -> None:
    answer = await office.page("GET", asked)
    field = asked.partition("?")[2].partition("=")[0]
    assert (answer.status, answer.code, answer.json["field"]) == (422, "query-invalid", field)
