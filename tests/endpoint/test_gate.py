"""Who gets in: every refusal has its code, its status, its log line and no more information than that."""

from __future__ import annotations

import logging

import pytest

from archisync_gui import messages
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.routes import ROUTES
from tests.endpoint.office import PAGE, SESSION, STRANGER, Heard, Office

OPEN = "/api/customers/smart-sync"


def refused(answer: Heard, status: int, code: str) -> None:
    """The refusal that a test expects, told as every refusal is."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["success"] is False
    assert answer.json["error"]
    assert answer.json["message"]
    assert code in messages.codes()


def readable_by(answer: Heard) -> str | None:
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed != "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    return None if allowed is None else str(allowed)


# ------------------------------------------------------------------------------------------------ host


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_loopback_names_are_served(office: Office, name: str) -> None:
    answer = await office.ask("GET", "/api/health", {"Host": f"{name}:{office.endpoint.port}"})
    assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example.test", "evil.example.test:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.nip.example.test:{port}"],
)
async def test_another_host_is_a_rebound_name(office: Office, host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = await office.ask("GET", "/api/health", {"Host": host.format(port=office.endpoint.port)})
    refused(answer, 421, "host-refused")
    assert "host-refused, Host at fault" in caplog.text


async def test_health_says_no_more_than_that_it_is_there(office: Office) -> None:
    answer = await office.ask("GET", "/api/health")
    assert answer.json == {
        "success": True,
        "message": "Archisync è attivo.",
        "status": "ok",
        "version": "0.1.0",
        "profileId": "profile-1",
        "proof": None,
    }


# ------------------------------------------------------------------------------------------------ origin


@pytest.mark.parametrize(
    "origin",
    [
        STRANGER,
        "null",
        PAGE + ".evil.example.test",
        PAGE + ":8080",
        "https://forms.example.test",
        "http://localhost:{port}",
        "",
    ],
)
async def test_foreign_origins_are_refused_without_cors(
    office: Office, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = office.paired | {"Origin": origin.format(port=office.endpoint.port)}
    for path in ("/api/health", OPEN):
        answer = await office.ask("POST" if path == OPEN else "GET", path, headers)
        refused(answer, 403, "origin-refused")
        assert readable_by(answer) is None
    assert "origin-refused, Origin at fault" in caplog.text


async def test_a_paired_origin_may_read_answers_and_refusals(office: Office) -> None:
    good = await office.page("GET", "/api/sync/status")
    assert (good.status, readable_by(good)) == (200, PAGE)
    bad = await office.ask("GET", "/api/sync/status", {"Origin": PAGE})
    refused(bad, 401, "token-missing")
    assert readable_by(bad) == PAGE


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_foreign_fetch_site_without_paired_origin_is_refused(office: Office, site: str) -> None:
    refused(await office.ask("GET", "/api/health", {"Sec-Fetch-Site": site}), 403, "fetch-site-refused")
    own = {"Origin": office.url, "Sec-Fetch-Site": site}
    refused(await office.ask("GET", "/api/health", own), 403, "fetch-site-refused")
    assert (await office.page("GET", "/api/sync/status", headers={"Sec-Fetch-Site": site})).status == 200


@pytest.mark.parametrize("site", ["none", "same-origin"])
async def test_our_own_pages_and_the_address_bar_are_served(office: Office, site: str) -> None:
    assert (await office.ask("GET", "/order-form", {"Sec-Fetch-Site": site})).status == 200


# ------------------------------------------------------------------------------------------------ preflight


async def test_a_preflight_of_a_paired_page_is_answered_in_full(office: Office) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
        "Access-Control-Request-Private-Network": "true",
        "Sec-Fetch-Site": "cross-site",
    }
    answer = await office.ask("OPTIONS", OPEN, asked)
    assert (answer.status, readable_by(answer)) == (204, PAGE)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
    assert answer.headers["Vary"] == "Origin"


async def test_preflights_of_strangers_are_refused_but_for_pairing_in_its_window(office: Office) -> None:
    asked = {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}
    refused(await office.ask("OPTIONS", "/api/pair", asked), 403, "pairing-closed")
    office.endpoint.pairing.begin()
    answer = await office.ask("OPTIONS", "/api/pair", asked)
    assert (answer.status, readable_by(answer)) == (204, STRANGER)
    other = await office.ask("OPTIONS", OPEN, asked)
    refused(other, 403, "origin-refused")
    assert readable_by(other) is None
    refused(await office.ask("OPTIONS", "/api/pair", asked | {"Origin": "null"}), 403, "origin-refused")


# ------------------------------------------------------------------------------------------------ tokens


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Token abc"])
async def test_every_closed_route_needs_a_token(office: Office, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for route in ROUTES:
        if route.access is None or route.stream == "websocket":
            continue
        office.clock.ahead += 61
        path = route.path.replace("{id}", "x" * 20).replace("{handle}", "h").replace("{type}", "orders")
        refused(await office.ask(route.method, path, headers), 401, "token-missing")


async def test_an_unknown_token_and_a_revoked_one(office: Office) -> None:
    refused(await office.page("GET", "/api/sync/status", headers={"Authorization": "Bearer x"}), 401, "token-unknown")
    assert (await office.page("GET", "/api/sync/status")).status == 200
    (page,) = office.endpoint.pairing.store.pages()
    assert office.endpoint.pairing.revoke(page.id)
    answer = await office.page("GET", "/api/sync/status")
    refused(answer, 403, "origin-refused")
    assert readable_by(answer) is None


async def test_a_token_is_good_only_for_the_page_it_was_given_to(office: Office) -> None:
    other = office.let_in("http://other.example.test")
    refused(
        await office.page("GET", "/api/sync/status", headers={"Authorization": f"Bearer {other}"}), 403, "token-origin"
    )
    bare = {"Authorization": f"Bearer {office.token}"}
    refused(await office.ask("GET", "/api/sync/status", bare), 403, "token-origin")
    refused(await office.ask("GET", "/api/sync/status", bare | {"Origin": office.url}), 403, "token-origin")


async def test_a_program_has_no_origin(office: Office) -> None:
    program = {"Authorization": f"Bearer {office.let_in(None)}"}
    assert (await office.ask("GET", "/api/sync/status", program)).status == 200
    refused(await office.ask("GET", "/api/sync/status", program | {"Origin": PAGE}), 403, "token-origin")


@pytest.mark.parametrize("access", list(Access))
async def test_a_token_opens_only_the_routes_of_its_scope(office: Office, access: Access) -> None:
    held = {"Authorization": f"Bearer {office.let_in(None, access)}"}
    for route in ROUTES:
        if route.access in (None, access) or route.stream:
            continue
        path = route.path.replace("{id}", "x" * 20).replace("{handle}", "h").replace("{type}", "orders")
        refused(await office.ask(route.method, path, held), 403, "scope-missing")
    allowed = {Access.SESSIONS: "/api/drafts", Access.WATCH: "/api/sync/status", Access.OPERATE: "/api/sync/hold"}
    method = "POST" if access is Access.OPERATE else "GET"
    assert (await office.ask(method, allowed[access], held)).status == 200


async def test_the_account_of_a_call_is_the_tokens(office: Office) -> None:
    bound = {"Authorization": f"Bearer {office.let_in(None, account='agente2')}"}
    assert (await office.ask("POST", OPEN, bound, body={"sessionId": SESSION})).status == 200
    assert office.orchestrator.calls[-1][1][1] == "agente2"
    refused(await office.ask("POST", OPEN, bound, body={"userId": "agente1"}), 403, "account-refused")
    assert (await office.page("POST", OPEN, body={"userId": "agente2"})).status == 200
    assert office.orchestrator.calls[-1][1][1] == "agente2"
    refused(await office.page("POST", OPEN, body={"userId": "nobody"}), 422, "account-missing")
    assert (await office.page("POST", OPEN)).status == 200
    assert office.orchestrator.calls[-1][1][1] == "agente1"
    office.orchestrator.accounts = ()
    refused(await office.page("POST", OPEN), 422, "account-missing")


# ------------------------------------------------------------------------------------------------ rate


async def test_failures_are_limited_per_origin_and_do_not_lock_out_good_tokens(office: Office) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    for _ in range(10):
        refused(await office.page("GET", "/api/sync/status", headers=wrong), 401, "token-unknown")
    answer = await office.page("GET", "/api/sync/status", headers=wrong)
    refused(answer, 429, "too-many-failures")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    refused(await office.ask("GET", "/api/sync/status", wrong), 401, "token-unknown")
    assert (await office.page("GET", "/api/sync/status")).status == 200
    office.clock.ahead += 60
    refused(await office.page("GET", "/api/sync/status", headers=wrong), 401, "token-unknown")


async def test_guessed_session_ids_are_limited(office: Office) -> None:
    guesses = [
        await office.page("POST", "/api/smart-sessions/touch", body={"sessionId": f"{n:032d}"}) for n in range(11)
    ]
    assert [answer.status for answer in guesses] == [410] * 10 + [429]
    office.clock.ahead += 60
    text = {"Origin": PAGE, "Content-Type": "text/plain"}
    beacons = [await office.ask("POST", "/api/smart-sessions/close", text, data=f"{n:032d}") for n in range(11)]
    assert [answer.status for answer in beacons] == [204] * 10 + [429]
    closed = [call for call in office.orchestrator.calls if call[0] == "close"]
    assert len(closed) == 10, "what is answered 429 is not done: guesses would push out the ends of real sessions"
    # Whoever guesses does not keep a form from closing.
    await office.page("POST", "/api/customers/smart-sync?wait=false", body={"sessionId": SESSION})
    assert (await office.ask("POST", "/api/smart-sessions/close", text, data=SESSION)).status == 204
    assert office.orchestrator.open == {}
    assert (await office.ask("POST", "/api/smart-sessions/close", text, data=SESSION)).status == 204, "known, no guess"


# ------------------------------------------------------------------------------------------------ pages and headers


async def test_every_answer_carries_the_safe_headers(office: Office) -> None:
    for path in ("/api/health", "/nothing", "/order-form", "/docs", "/archisync-client.js"):
        headers = (await office.ask("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "Server" not in headers
        assert "Set-Cookie" not in headers


async def test_pages_live_under_one_name_only(office: Office) -> None:
    answer = await office.ask("GET", "/order-form", {"Host": f"localhost:{office.endpoint.port}"})
    assert (answer.status, answer.headers["Location"]) == (307, office.url + "/order-form")


async def test_a_page_is_not_sent_twice(office: Office) -> None:
    first = await office.ask("GET", "/order-form/form.js")
    again = await office.ask("GET", "/order-form/form.js", {"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/order-form/../../pyproject.toml", "/%2e%2e/pyproject.toml", "//", "/api"]
)
async def test_unknown_paths_are_json(office: Office, path: str) -> None:
    refused(await office.ask("GET", path), 404, "no-such-path")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", OPEN),
        ("DELETE", "/api/health"),
        ("PATCH", "/api/sync/status"),
        ("POST", "/order-form"),
        ("GET", "/api/pair"),
    ],
)
async def test_wrong_methods_are_json(office: Office, method: str, path: str) -> None:
    refused(await office.ask(method, path), 405, "method-refused")


async def test_the_language_is_the_callers(office: Office) -> None:
    it = await office.ask("GET", "/nothing", {"Accept-Language": "it-IT,it;q=0.9,en;q=0.8"})
    en = await office.ask("GET", "/nothing", {"Accept-Language": "en-US,en;q=0.9"})
    other = await office.ask("GET", "/nothing", {"Accept-Language": "de-DE"})
    assert it.json["message"] == other.json["message"] == "Questo indirizzo non esiste."
    assert en.json["message"] == "This address does not exist."


async def test_no_secret_reaches_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await office.page("POST", OPEN, body={"sessionId": SESSION})
    await office.page("POST", OPEN, body={"sessionId": SESSION, "bad": 1})
    await office.ask("GET", "/api/sync/status", {"Authorization": f"Bearer {office.token}"})
    await office.ask("POST", "/api/smart-sessions/close", {"Origin": PAGE, "Content-Type": "text/plain"}, data=SESSION)
    office.endpoint.pairing.begin()
    asked = await office.ask("POST", "/api/pair", {"Origin": STRANGER}, body={"name": "x"})
    for secret in (office.token, SESSION, asked.json["pairingId"], asked.json["digits"]):
        assert secret not in caplog.text
