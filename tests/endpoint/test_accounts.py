"""A token that is good for one account sees and asks for that account only; what it sees of others is nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.model import (
    ErrorInfo,
    EventKind,
    FailureKind,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunRecord,
    RunResult,
    Scope,
    as_json,
)
from tests.endpoint.office import PAGE, SESSION, Office, running
from tests.endpoint.stand_in import AS_OF
from tests.endpoint.test_lines import attach, closed_with, hear, line

MINE, OTHER = "agente1", "agente2"
SECRET = "Studio Segreto"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as made:
        yield made


def of(office: Office, account: str | None, *scopes: Access) -> dict[str, str]:
    """Headers of a page that is paired for one account."""
    return {"Origin": PAGE, "Authorization": f"Bearer {office.let_in(PAGE, *scopes, account=account)}"}


def busy(office: Office) -> None:
    """The other account has a form open, a request waiting, and both accounts have numbers."""
    entry = QueueEntry(
        "r1", "customers", OTHER, Scope.ALL, 5, Origin.OPERATOR, AS_OF, OTHER, Reason.BEHIND, {"account": OTHER}
    )
    office.orchestrator.queue = (entry, *office.orchestrator.queue)


async def test_the_status_of_one_account_names_no_other(office: Office) -> None:
    busy(office)
    await office.ask(
        "POST",
        "/api/customers/smart-sync",
        of(office, OTHER),
        body={"sessionId": SESSION, "label": SECRET},
    )
    whole = (await office.page("GET", "/api/sync/status")).text
    assert SECRET in whole
    mine = await office.ask("GET", "/api/sync/status", of(office, MINE))
    assert SECRET not in mine.text
    assert OTHER not in mine.text
    status = mine.json["status"]
    assert status["sessionCount"] == 1, "how many forms are open concerns everybody"
    assert status["sessions"] == []
    assert status["queue"] == []
    assert [account["id"] for account in status["accounts"]] == [MINE]
    assert len(status["statuses"]["customers"]["accounts"]) == 1
    theirs = (await office.ask("GET", "/api/sync/status", of(office, OTHER))).json["status"]
    assert [session["label"] for session in theirs["sessions"]] == [SECRET]
    assert [entry["account"] for entry in theirs["queue"]] == [OTHER]


async def test_conditions_are_told_in_order_and_of_ones_own_account_only(office: Office) -> None:
    office.orchestrator.stopped = {
        account: ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused") for account in (MINE, OTHER)
    }
    office.orchestrator.held = True
    answer = await office.ask("GET", "/api/sync/status", {**of(office, MINE), "Accept-Language": "en"})
    assert [found["kind"] for found in answer.json["conditions"]] == ["hold", "account-stopped"]
    stopped = answer.json["conditions"][1]
    assert stopped["accounts"] == [MINE]
    assert stopped["warning"] is False
    assert stopped["text"].startswith(f"The ERP refused the password of {MINE}.")
    assert OTHER not in answer.text
    office.orchestrator.stopped = {OTHER: ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused")}
    office.orchestrator.held = False
    office.orchestrator.revision += 1
    assert (await office.ask("GET", "/api/sync/status", of(office, MINE))).json["conditions"] == []


async def test_events_of_one_account_name_no_other(office: Office) -> None:
    async with office.client.get(office.url + "/api/events", headers=of(office, MINE)) as stream:
        tell = office.orchestrator.tell
        tell(EventKind.SESSION_OPENED, {"account": OTHER, "label": SECRET})
        tell(EventKind.ACCOUNT_CHANGED, {"accounts": [MINE, OTHER]})
        tell(EventKind.ACCOUNT_CHANGED, {"account": OTHER, "logins": 3})
        tell(EventKind.QUEUE_UPDATED, {"waiting": 1, "type": "customers", "account": OTHER})
        lists = (("customers", OTHER), ("products", OTHER), ("orders", MINE))
        tell(EventKind.SCHEDULE_MISSED, {"missed": [missed(*which) for which in lists]})
        tell(EventKind.SCHEDULE_MISSED, {"missed": [missed("customers", OTHER)]})
        tell(EventKind.SYNC_STARTED, {"type": "products", "account": OTHER})
        tell(EventKind.SYNC_STARTED, {"type": "customers", "account": MINE})
        heard = ""
        while '"type":"customers"' not in heard.replace(" ", "").partition("sync-started")[2]:
            heard += (await stream.content.readline()).decode()
    assert SECRET not in heard
    assert OTHER not in heard
    assert heard.count("event: sync-started") >= 1
    told = [json.loads(line.removeprefix("data: ")) for line in heard.splitlines() if '"missed":' in line]
    assert [[(one["type"], one["account"]) for one in event["data"]["missed"]] for event in told] == [
        [("products", ""), ("orders", MINE)]
    ]


def missed(type: str, account: str) -> dict[str, object]:
    at = datetime.now(UTC).isoformat()
    return {"type": type, "account": account, "due": at, "last": at, "count": 1, "reason": "hold"}


async def test_the_history_of_one_account_holds_no_run_of_another(office: Office) -> None:
    journal = office.store.journal
    for number, account in enumerate((MINE, OTHER)):
        await journal.run_started(record(f"run-{number}", account))
    runs = (await office.ask("GET", "/api/sync/history", of(office, MINE))).json["runs"]
    assert [run["account"] for run in runs] == [MINE]
    assert len((await office.page("GET", "/api/sync/history")).json["runs"]) == 2


async def test_the_history_of_one_account_holds_the_lists_that_belong_to_none(office: Office) -> None:
    """Whoever reads them: their status and events are shown, too."""
    for number, account in enumerate((MINE, OTHER, "")):
        run = replace(record(f"run-{number}", account), type="products", error=refusal_of(OTHER))
        await office.store.journal.run_started(run)
    answer = await office.ask("GET", "/api/sync/history?limit=3", of(office, OTHER))
    assert [run["account"] for run in answer.json["runs"]] == ["", OTHER, ""]
    answer = await office.ask("GET", "/api/sync/history?type=products", of(office, MINE))
    assert [run["account"] for run in answer.json["runs"]] == ["", "", MINE]


def refusal_of(account: str) -> ErrorInfo:
    text = f"the ERP refused {account}"
    return ErrorInfo(
        "login-refused", FailureKind.CREDENTIALS, text, {"account": account}, f"/home/{account}/x.py", f"{account}.png"
    )


async def test_what_failed_for_another_account_is_told_without_its_name(office: Office) -> None:
    """In events, in the status, in the history and in the outcome of one's own request for a shared list."""
    mine = of(office, MINE)
    part = office.orchestrator._part

    def failed_part(name: str, account: str) -> Any:  # the catalogue account reads the shared lists
        return replace(part(name, OTHER if name == "products" else account), last_error=refusal_of(OTHER))

    office.orchestrator._part = failed_part
    status = await office.ask("GET", "/api/sync/status", mine)
    errors = [one["lastError"] for one in status.json["status"]["statuses"]["products"]["accounts"]]
    assert [error["code"] for error in errors] == ["login-refused"]
    assert OTHER not in json.dumps(errors)
    run = replace(record("run", OTHER), type="products", ended=AS_OF, outcome=Outcome.FAILED, error=refusal_of(OTHER))
    await office.store.journal.run_ended(run)
    async with office.client.get(office.url + "/api/events", headers=mine) as stream:
        tell = office.orchestrator.tell
        tell(EventKind.SMART_SYNC_STARTED, {"handle": SECRET})
        for account in (OTHER, ""):
            failed = {"type": "products", "account": account, "error": as_json(refusal_of(OTHER))}
            tell(EventKind.SYNC_ERROR, failed)
        tell(EventKind.SYNC_ERROR, {"type": "customers", "account": MINE, "error": as_json(refusal_of(MINE))})
        heard = ""
        while f"refused {MINE}" not in heard:
            heard += (await stream.content.readline()).decode()
        heard = heard[heard.index("event: smart-sync-started") :]
    assert (heard.count("event: sync-error"), heard.count("event: smart-sync-started")) == (3, 1)
    assert OTHER not in heard
    assert SECRET not in heard
    ticket = (await office.ask("POST", "/api/sync/products", mine)).json["ticket"]
    found = office.orchestrator.ticket(ticket)
    failed = RunResult("products", OTHER, Scope.ALL, Outcome.FAILED, error=refusal_of(OTHER))
    found.future.set_result(failed)
    told = await office.ask("GET", f"/api/sync/tickets/{ticket}", mine)
    assert told.json["result"]["error"]["code"] == "login-refused"
    assert OTHER not in told.text


def record(id: str, account: str) -> RunRecord:
    now = datetime.now(UTC)
    return RunRecord(
        id=id,
        type="customers",
        account=account,
        scope=Scope.ALL,
        key=None,
        origin=Origin.API,
        attempt=1,
        asked=now,
        started=now,
    )


@pytest.mark.parametrize("account", [MINE, OTHER, None])
async def test_a_ticket_belongs_to_the_page_that_asked(office: Office, account: str | None) -> None:
    asker = of(office, MINE)
    ticket = (await office.ask("POST", "/api/sync/customers", asker)).json["ticket"]
    stranger = of(office, account)
    for method in ("GET", "DELETE"):
        answer = await office.ask(method, f"/api/sync/tickets/{ticket}", stranger)
        assert (answer.status, answer.code) == (404, "no-such-ticket")
    assert office.orchestrator.ticket(ticket).result is None
    assert (await office.ask("GET", f"/api/sync/tickets/{ticket}", asker)).json["state"] == "waiting"
    assert (await office.ask("DELETE", f"/api/sync/tickets/{ticket}", asker)).json["state"] == "ended"


async def test_guessing_tickets_is_counted(office: Office) -> None:
    headers = of(office, MINE)
    codes = [(await office.ask("GET", f"/api/sync/tickets/t{n}", headers)).status for n in range(12)]
    assert codes[-1] == 429
    assert (await office.page("GET", "/api/sync/tickets/t1")).status == 404, "another page does not pay for it"


async def test_asking_for_all_lists_asks_for_ones_own(office: Office) -> None:
    assert (await office.ask("POST", "/api/sync/full", of(office, MINE))).status == 202
    asked = [call for name, call in office.orchestrator.calls if name == "request"]
    assert {account for _, account, _ in asked} == {MINE}
    assert len(asked) == 6


async def test_a_known_session_id_of_another_account_is_no_session(office: Office) -> None:
    theirs, mine = of(office, OTHER), of(office, MINE)
    opened = await office.ask("POST", "/api/customers/smart-sync", theirs, body={"sessionId": SESSION})
    handle = opened.json["handle"]
    for path in ("/api/customers/smart-sync", "/api/smart-sessions/touch", "/api/customers/resume-syncs"):
        answer = await office.ask("POST", path, mine, body={"sessionId": SESSION})
        assert (answer.status, answer.code) == (410, "session-ended-unknown"), path
    assert (await office.ask("GET", f"/api/smart-sessions/{handle}", mine)).status == 404
    async with line(office) as socket:
        await socket.send_json(attach(office, token=mine["Authorization"].removeprefix("Bearer ")))
        assert await hear(socket) == {"type": "ended", "reason": "unknown"}
        assert await closed_with(socket) == 4410
    view = office.orchestrator.open[SESSION]
    assert (view.account, view.connected) == (OTHER, False)
    assert (await office.ask("POST", "/api/smart-sessions/touch", theirs, body={"sessionId": SESSION})).status == 200


async def test_explain_names_no_other_account(office: Office) -> None:
    from archisync_gui.model import Explanation, Forecast

    async def explain(at: datetime | None = None) -> Explanation:
        expected = Forecast("customers", OTHER, AS_OF, 60.0)
        return Explanation(AS_OF, Reason.RUNNING, {"type": "customers", "account": OTHER}, (expected,))

    office.orchestrator.explain = explain
    assert OTHER in (await office.page("GET", "/api/sync/explain")).text
    assert OTHER not in (await office.ask("GET", "/api/sync/explain", of(office, MINE))).text


async def test_a_token_of_an_account_that_was_removed_opens_nothing(office: Office) -> None:
    headers = of(office, MINE)
    office.orchestrator.accounts = (OTHER,)
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/api/sync/status", None),
        ("GET", "/api/sync/history", None),
        ("GET", "/api/sync/explain", None),
        ("GET", "/api/events", None),
        ("GET", "/api/customers", None),
        ("POST", "/api/customers/smart-sync", {}),
        ("POST", "/api/sync/customers", {}),
        ("POST", "/api/sync/full", {}),
    ]
    for method, path, body in calls:
        answer = await office.ask(method, path, headers, body=body)
        assert (answer.status, answer.code) == (403, "account-not-known"), path
        assert json.loads(answer.text)["success"] is False
