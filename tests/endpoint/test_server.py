"""The server's life: ports, restart, the contract's document and its page, files, and the texts of all its codes."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread, current_thread
from typing import Any
from urllib.parse import urljoin

import pytest

from archisync_gui import messages
from archisync_gui import orchestrator as orchestrator_module
from archisync_gui.endpoint import openapi
from archisync_gui.endpoint.gate import RETRY_AFTER, STATUS, Limits
from archisync_gui.endpoint.paired_pages import PairingStore
from archisync_gui.endpoint.port import EndpointError
from archisync_gui.endpoint.routes import ROUTES
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import EventKind, SessionEnd, SystemClock, as_json
from archisync_gui.orchestrator import Rules
from tests.endpoint.office import Office, running
from tests.endpoint.stand_in import StandIn
from tests.support.events import an_event
from tests.support.ports import free_port

SOURCES = Path(openapi.__file__).parent


def sources() -> str:
    """The package's code."""
    return "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))


async def test_a_taken_port_is_passed_over(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    async with running(first) as one, running(second, port=one.endpoint.port) as two:
        assert one.endpoint.port < two.endpoint.port < one.endpoint.port + 10
        assert (await two.ask("GET", "/api/health")).status == 200
        # A page of the first server is a stranger to the second: cookies would ignore the port, tokens do not. It may
        # only ask whose panel this is, for a form whose panel has moved.
        answer = await two.ask("GET", "/api/drafts", {"Origin": one.url})
        assert (answer.status, answer.code) == (403, "origin-refused")
        health = await two.ask("GET", "/api/health", {"Origin": one.url})
        assert (health.status, health.headers["Access-Control-Allow-Origin"]) == (200, one.url)
        for stranger in ("http://127.0.0.1:1", one.url.replace("127.0.0.1", "localhost"), "null"):
            answer = await two.ask("GET", "/api/health", {"Origin": stranger})
            assert (answer.status, answer.code) == (403, "origin-refused")


async def test_no_free_port_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archisync_gui.endpoint.port.PORTS_TRIED", 1)
    async with running(tmp_path) as office:
        pages = PairingStore(tmp_path / "other.json", clock=SystemClock())
        other = Endpoint(
            StandIn(),  # type: ignore[arg-type]
            office.store,
            office.drafts,
            pages,
            profile_id="p",
            port=office.endpoint.port,
            demo=False,
            version="0",
        )
        with pytest.raises(EndpointError) as refused:
            await other.start()
        assert refused.value.code == "ports-taken"
        assert other.url == ""
        with pytest.raises(EndpointError):
            await other.move(office.endpoint.port)
        port = free_port()
        assert await other.move(port) == port  # the operator chose another one
        assert other.url == f"http://127.0.0.1:{port}"
        await other.stop()
        assert other.url == ""


async def test_it_moves_to_another_port_and_back_when_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    async with running(tmp_path) as office, running(tmp_path / "other") as other:
        port = free_port()
        assert await office.endpoint.move(port) == office.endpoint.port == port
        assert (await office.ask("GET", "/api/sync/status", office.paired)).status == 200
        async with office.client.get(f"{office.url}/api/events", headers=office.paired) as events:
            assert (await events.content.readline()).startswith(b"id: ")  # nothing of the stop lasts
        monkeypatch.setattr("archisync_gui.endpoint.port.PORTS_TRIED", 1)
        with pytest.raises(EndpointError):
            await office.endpoint.move(other.endpoint.port)
        assert office.endpoint.port == port
        assert (await office.ask("GET", "/api/health")).status == 200


async def test_the_port_is_free_again_after_stop(tmp_path: Path) -> None:
    port = free_port()
    for _ in range(2):
        async with running(tmp_path, port=port) as office:
            assert office.endpoint.port == port


async def test_the_openapi_document_tells_every_route(office: Office) -> None:
    document = (await office.ask("GET", "/openapi.json")).json
    assert document["openapi"] == "3.1.0"
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(route.method, route.path) for route in ROUTES}
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(ids)) == len(ids)
    text = (await office.ask("GET", "/openapi.json")).text
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in document["components"]["schemas"]


async def test_the_documents_are_made_once_and_not_in_the_panels_loop(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They need no token, and making one takes longer than a window may stand still."""
    made: list[Thread] = []
    document = openapi.document

    def noted(*how: Any) -> dict[str, Any]:
        made.append(current_thread())
        return document(*how)

    monkeypatch.setattr(openapi, "document", noted)
    paths = ("/docs", "/openapi.json") * 5
    answers = await asyncio.gather(*(office.ask("GET", path) for path in paths))
    assert {answer.status for answer in answers} == {200}
    assert len(made) == 1
    assert made[0] is not current_thread()
    for answer, path in zip(answers[:2], paths[:2], strict=True):
        again = await office.ask("GET", path, {"If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.text) == (304, "")


async def test_documents_that_could_not_be_made_are_made_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors("GET /docs failed")
    with monkeypatch.context() as broken:
        broken.setattr(openapi, "page", lambda document: 1 / 0)
        assert (await office.ask("GET", "/docs")).code == "internal"
    assert (await office.ask("GET", "/docs")).status == 200


async def test_the_openapi_document_tells_what_each_event_holds(office: Office) -> None:
    schemas = (await office.ask("GET", "/openapi.json")).json["components"]["schemas"]
    assert set(schemas["Event"]["x-data"]) == set(EventKind)
    for kind in EventKind:
        event = as_json(an_event(kind, "boot", 1, datetime.now(UTC)))
        data = schemas[schemas["Event"]["x-data"][kind]["$ref"].rpartition("/")[2]]
        assert set(event) == set(schemas["Event"]["required"]), kind
        assert set(event["data"]) == set(data["required"]) == set(data["properties"]), kind


async def test_the_openapi_document_tells_what_the_tabs_line_says(office: Office) -> None:
    document = (await office.ask("GET", "/openapi.json")).json
    schemas = document["components"]["schemas"]
    told = [schemas[one["$ref"].rpartition("/")[2]] for one in schemas["LineMessage"]["oneOf"]]
    kinds = {one["properties"]["type"]["const"] for one in told}
    source = (SOURCES / "tab_line.py").read_text(encoding="utf-8")
    said = re.findall(r'"type": "([a-z]+)"(?: if fresh else "([a-z]+)")?', source)
    assert kinds == {kind for pair in said for kind in pair if kind} | {"held", "failed"}  # these two by a variable
    summary = document["paths"]["/api/smart-sessions"]["get"]["summary"]
    assert all(kind in summary for kind in kinds)


async def test_the_docs_page_needs_nothing_from_outside(office: Office) -> None:
    page = (await office.ask("GET", "/docs")).text
    assert "/api/customers/smart-sync" in page
    assert "RunRecord" in page
    assert not re.search(r"(src|href)='(https?:)?//", page)
    assert "<script" not in page
    for link in re.findall(r"(?:href|src)='(/[^'#]+)'", page):
        assert (await office.ask("GET", link)).status == 200


async def test_the_pages_name_only_files_that_are_there(office: Office) -> None:
    for page in ("/order-form", "/drafts", "/connect"):
        text = (await office.ask("GET", page)).text
        assert 'data-demo="demo"' in text
        links = re.findall(r'(?:href|src)="(/[^"#]+)"', text)
        assert links
        for link in links:
            assert (await office.ask("GET", link)).status == 200


async def test_who_opens_the_order_form_is_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    async with running(tmp_path, form_opened=lambda: told.append("form")) as office:
        for path in ("/drafts", "/docs", "/order-form/form.js", "/archisync-client.js", "/api/health"):
            assert (await office.ask("GET", path)).status == 200
        assert (await office.ask("GET", "/order-form", {"Sec-Fetch-Site": "cross-site"})).status == 403
        assert told == []
        assert (await office.ask("GET", "/order-form")).status == 200
        assert told == ["form"]
        office.endpoint.order_form_url()
        assert told == ["form", "form"]
        # Any program may ask for the page; in an office each call is a row for the leader.
        for _ in range(20):
            assert (await office.ask("GET", "/order-form")).status == 200
        assert told == ["form", "form"]
        office.clock.ahead += 60
        assert (await office.ask("GET", "/order-form")).status == 200
        assert told == ["form", "form", "form"]


async def test_the_order_form_fetches_its_modules_in_one_go(office: Office) -> None:
    page = (await office.ask("GET", "/order-form")).text
    ahead = set(re.findall(r'rel="modulepreload" href="([^"]+)"', page))
    assert ahead
    needed, looked_at = {"/order-form/form.js"}, set[str]()
    while left := needed - looked_at:
        path = left.pop()
        looked_at.add(path)
        found = re.findall(r'^import [^;]*?"([^"]+)";', (await office.ask("GET", path)).text, re.M)
        needed |= {urljoin(path, name) for name in found}
    assert needed - {"/order-form/form.js"} == ahead


def test_every_code_has_its_text() -> None:
    codes = set(re.findall(r'(?:PairingError\(|EndpointError\(|\.say\()"([a-z-]+)"', sources()))
    assert len(codes) > 20
    assert codes <= messages.codes()


def test_every_refusal_is_in_the_table_and_the_table_has_no_other() -> None:
    made = set(re.findall(r'(?:Refusal\(|PairingError\(|wrong\(|_invalid\(error, )"([a-z-]+)"', sources()))
    by_dialog = {"pairing-tries", "pairing-digits", "pairing-needs-digits", "pairing-no-scope"}  # the operator's own
    by_reason = {f"session-ended-{reason.value}" for reason in SessionEnd}
    # Each failure that the orchestrator raises has a status of its own; it is never a bare 503.
    orchestrator = Path(orchestrator_module.__file__).parent
    raised = "\n".join(file.read_text(encoding="utf-8") for file in orchestrator.glob("*.py"))
    of_the_orchestrator = set(re.findall(r'raise SyncFailure\(\s*"([a-z-]+)"', raised))
    assert len(of_the_orchestrator) > 6
    assert made - by_dialog | by_reason | of_the_orchestrator == set(STATUS)
    assert set(RETRY_AFTER) <= set(STATUS)


async def test_the_contract_says_what_a_token_of_one_account_sees(office: Office) -> None:
    about = (await office.ask("GET", "/openapi.json")).json["info"]["description"]
    page = (await office.ask("GET", "/docs")).text
    for word in ("For one account", "default account", "ticket", "hold", "429", "Retry-After"):
        assert word.lower() in about.lower()
        assert word.lower() in page.lower()
    rules = Rules()
    for limit in (rules.sessions_limit, rules.tickets_limit, rules.records_limit, Limits().streams):
        assert f"{limit:,} " in about, "the limits told are those kept"


async def test_the_docs_list_every_refusal_in_both_languages(office: Office) -> None:
    described = (await office.ask("GET", "/openapi.json")).json["components"]["schemas"]["RefusalCode"]["x-codes"]
    assert {code: told["status"] for code, told in described.items()} == STATUS
    page = (await office.ask("GET", "/docs")).text
    for code, told in described.items():
        assert f"<code>{code}</code>" in page
        for language in messages.LANGUAGES:
            assert html.escape(told[language]["error"]) in page
            assert told[language]["hint"]
            assert "–" not in told[language]["error"], "a parameter without a name"
    assert described["token-missing"]["it"]["error"].startswith("Manca la chiave di accesso.")


def test_every_text_is_used() -> None:
    entries = set(
        re.findall(r"^\[([\w.-]+)\]", (messages.resources() / "messages/endpoint.toml").read_text("utf-8"), re.M)
    )
    texts = sources()
    made = ("session-ended-", "sync-", "session-held", "session-pending", "problem.")
    assert [e for e in sorted(entries) if f'"{e}"' not in texts and not e.startswith(made)] == []


def test_both_languages_of_the_form_say_the_same() -> None:
    text = (messages.resources() / "web/order-form/texts.js").read_text(encoding="utf-8")
    it, en = (
        set(re.findall(r'(?:^|[ ,{])"?([a-z.]+)"?: "', part)) for part in text.split("\n};")[0].split("\n  en: {")
    )
    assert it == en
