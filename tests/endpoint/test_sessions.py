"""The session calls over HTTP: what each answer of the orchestrator becomes, with and without ids."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archisync_gui.model import ErrorInfo, FailureKind, SessionEnd
from tests.endpoint.office import PAGE, SESSION, Office
from tests.endpoint.stand_in import AS_OF

OPEN, CLOSE = "/api/customers/smart-sync", "/api/customers/resume-syncs"
TOUCH, BEACON = "/api/smart-sessions/touch", "/api/smart-sessions/close"


async def test_a_fresh_answer(office: Office) -> None:
    answer = await office.page("POST", OPEN, body={"sessionId": SESSION, "label": "  Modulo \n ordini\x00 "})
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "message": "Clienti aggiornati.",
        "code": "fresh",
        "handle": "handle-1",
        "sessionCount": 1,
        "newAsOf": AS_OF.isoformat(),
        "allAsOf": AS_OF.isoformat(),
        "added": 2,
        "changed": 1,
        "durationMs": 2100,
    }
    opened: Any = office.orchestrator.calls[-1][1]
    assert opened[0] == SESSION
    assert opened[2] == "Modulo ordini"


@pytest.mark.parametrize("code", ["pending", "held"])
async def test_an_answer_that_does_not_wait_for_the_read(office: Office, code: str) -> None:
    office.orchestrator.code = code
    answer = await office.page("POST", OPEN, body={"sessionId": SESSION})
    assert (answer.status, answer.code, answer.json["success"]) == (202, code, True)
    assert answer.json["newAsOf"] == AS_OF.isoformat()


async def test_a_caller_that_does_not_want_to_wait(office: Office) -> None:
    answer = await office.page("POST", OPEN + "?wait=false", body={"sessionId": SESSION})
    assert (answer.status, answer.code) == (202, "pending")


async def test_a_failed_read_leaves_the_session_open_and_says_so(office: Office) -> None:
    office.orchestrator.code = "failed"
    office.orchestrator.error = ErrorInfo("no-such-path", FailureKind.TRANSIENT, "boom")
    answer = await office.page("POST", OPEN, body={"sessionId": SESSION})
    assert answer.status == 503
    told = answer.json
    assert (told["success"], told["code"], told["handle"]) == (False, "no-such-path", "handle-1")
    assert told["error"].startswith("Questo indirizzo non esiste")
    assert told["allAsOf"] == AS_OF.isoformat()
    assert SESSION in office.orchestrator.open


async def test_a_stopped_account_is_told_at_once(office: Office) -> None:
    office.orchestrator.code = "stopped"
    answer = await office.page("POST", OPEN, body={"sessionId": SESSION})
    assert (answer.status, answer.json["success"]) == (503, False)


@pytest.mark.parametrize("first", [{}, {"userId": "agente2"}])
async def test_what_a_page_that_asks_again_leaves_out_stays_as_it_was(office: Office, first: dict[str, str]) -> None:
    """Its session's account, though that is not, or no longer, the one that is taken without ``userId``."""
    open_body = {"sessionId": SESSION}
    assert (await office.page("POST", "/api/customers/smart-sync", body=open_body | first)).status == 200
    mine = office.orchestrator.open[SESSION].account
    if not first:
        office.orchestrator.accounts = ("agente2", "agente1")
    assert office.orchestrator.accounts[0] != mine
    office.orchestrator.revision += 1
    for _ in range(30):  # more than wrong guesses are allowed
        assert (await office.page("POST", "/api/customers/smart-sync", body=open_body)).status == 200
    asked = [given for call, given in office.orchestrator.calls if call == "open"]
    assert {account for _, account, *_ in asked} == {mine}
    other = await office.page("POST", "/api/customers/smart-sync", body=open_body | {"userId": "agente3"})
    assert other.status == 422


async def test_a_page_whose_account_is_no_longer_in_use_opens_another_session(office: Office) -> None:
    """It is no wrong guess: whoever asks knows the id."""
    body = {"sessionId": SESSION, "userId": "agente1"}
    assert (await office.page("POST", "/api/customers/smart-sync", body=body)).status == 200
    office.orchestrator.accounts = ("agente2",)
    office.orchestrator.revision += 1
    for _ in range(30):
        answer = await office.page("POST", "/api/customers/smart-sync", body={"sessionId": SESSION})
        assert (answer.status, answer.json["reason"]) == (410, "unknown")
    assert (await office.page("POST", "/api/customers/smart-sync", body={"sessionId": "n" * 32})).status == 200


@pytest.mark.parametrize("reason", list(SessionEnd))
async def test_an_ended_id_is_gone_for_good(office: Office, reason: SessionEnd) -> None:
    office.orchestrator.ended[SESSION] = reason
    for path in (OPEN, TOUCH):
        answer = await office.page("POST", path, body={"sessionId": SESSION})
        assert (answer.status, answer.json["reason"]) == (410, reason.value)
        assert answer.code == f"session-ended-{reason.value}"


@pytest.mark.parametrize("body", [None, b"", b"{}", b" \n"])
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
async def test_the_first_versions_calls_without_ids(office: Office, body: bytes | None, kind: str) -> None:
    headers = {"Content-Type": kind}
    for _ in range(2):
        opened = await office.page("POST", OPEN, headers=headers, data=body)
        assert (opened.status, opened.json["success"], opened.json["sessionCount"]) == (200, True, 1)
        closed = await office.page("POST", CLOSE, headers=headers, data=body)
        assert (closed.status, closed.json["closed"], closed.json["sessionCount"]) == (200, True, 0)
    again = await office.page("POST", CLOSE, headers=headers, data=body)
    assert (again.status, again.json["success"], again.json["closed"]) == (200, True, False)


async def test_a_close_names_its_session_and_harms_no_other(office: Office) -> None:
    other = "o" * 32
    for session in (SESSION, other):
        await office.page("POST", OPEN, body={"sessionId": session})
    assert (await office.page("POST", CLOSE, body={"sessionId": "x" * 32})).json["closed"] is False
    closed = await office.page("POST", CLOSE, body={"sessionId": SESSION})
    assert closed.json == {
        "success": True,
        "message": "Sessione chiusa: gli altri aggiornamenti riprendono.",
        "sessionCount": 1,
        "closed": True,
    }
    assert (await office.page("POST", CLOSE, body={"sessionId": SESSION})).json["closed"] is False
    assert list(office.orchestrator.open) == [other]


async def test_a_touch_tells_the_deadline(office: Office) -> None:
    await office.page("POST", OPEN, body={"sessionId": SESSION})
    answer = await office.page("POST", TOUCH, body={"sessionId": SESSION})
    assert datetime.fromisoformat(answer.json["deadline"]) == office.orchestrator.open[SESSION].deadline


async def test_a_beacon_closes_with_the_id_alone(office: Office) -> None:
    text = {"Content-Type": "text/plain;charset=UTF-8"}
    await office.page("POST", OPEN, body={"sessionId": SESSION})
    stranger = await office.ask("POST", BEACON, text | {"Origin": "http://stranger.example.test"}, data=SESSION)
    assert (stranger.status, stranger.code) == (403, "origin-refused")
    assert SESSION in office.orchestrator.open
    answer = await office.ask("POST", BEACON, text | {"Origin": PAGE}, data=SESSION)
    assert (answer.status, answer.text) == (204, "")
    assert office.orchestrator.open == {}
    again = await office.ask("POST", BEACON, text | {"Origin": office.url}, data=SESSION)
    assert again.status == 204


@pytest.mark.parametrize("body", ["", "short", "x" * 200, "à" * 22, '{"sessionId": "' + "s" * 30 + '"}'])
async def test_a_beacon_without_a_proper_id(office: Office, body: str) -> None:
    answer = await office.ask("POST", BEACON, {"Origin": PAGE, "Content-Type": "text/plain"}, data=body)
    assert (answer.status, answer.code) == (422, "body-invalid")


async def test_what_became_of_a_session_is_asked_by_its_handle(office: Office) -> None:
    await office.page("POST", OPEN, body={"sessionId": SESSION})
    answer = await office.page("GET", "/api/smart-sessions/handle-1")
    assert (answer.json["state"], answer.json["newAsOf"]) == ("open", AS_OF.isoformat())
    assert SESSION not in answer.text
    await office.page("POST", CLOSE, body={"sessionId": SESSION})
    answer = await office.page("GET", "/api/smart-sessions/handle-1")
    assert (answer.json["state"], answer.json["reason"]) == ("ended", "closed")
    assert (await office.page("GET", f"/api/smart-sessions/{SESSION}")).status == 404


# ------------------------------------------------------------------------------------------------ bodies


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"sessionId": "short"}, 422, "sessionId"),
        ({"sessionId": "x" * 129}, 422, "sessionId"),
        ({"sessionId": "à" * 22}, 422, "sessionId"),
        ({"sessionId": 1}, 422, "sessionId"),
        ({"sessionId": SESSION, "extra": 1}, 422, "extra"),
        ({"session_id": SESSION}, 200, None),
        ({"label": "x" * 121}, 422, "label"),
        ({"label": None}, 422, "label"),
        ({"userId": ""}, 422, "userId"),
        ([], 422, ""),
        ("text", 422, ""),
    ],
)
async def test_a_wrong_field_is_named(office: Office, body: object, status: int, field: str | None) -> None:
    answer = await office.page("POST", OPEN, body=body)
    assert answer.status == status
    if status == 422:
        assert (answer.code, answer.json["field"]) == ("body-invalid", field or None)


@pytest.mark.parametrize("body", [b"{", b"{]", b"\xff\xfe", b"nul", b'{"label": "\xed\xa0\x80"}', b"[" * 5000])
async def test_what_is_not_json(office: Office, body: bytes) -> None:
    answer = await office.page("POST", OPEN, headers={"Content-Type": "application/json"}, data=body)
    assert (answer.status, answer.code) == (400, "body-not-json")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("body", [b"", b"a=b"])
async def test_what_a_form_can_send_is_refused(office: Office, kind: str, body: bytes) -> None:
    answer = await office.page("POST", OPEN, headers={"Content-Type": kind}, data=body)
    assert (answer.status, answer.code) == (415, "content-type-refused")


async def test_a_large_body_is_refused(office: Office) -> None:
    big = {"label": "x" * 65536}
    answer = await office.page("POST", OPEN, body=big)
    assert (answer.status, answer.code) == (413, "body-too-large")

    async def chunks() -> Any:
        for _ in range(70):
            yield b" " * 1024

    answer = await office.page("POST", OPEN, headers={"Content-Type": "application/json"}, data=chunks())
    assert (answer.status, answer.code) == (413, "body-too-large")


@pytest.mark.parametrize("query", ["?wait=perhaps", "?wait=true&wait=false", "?other=1"])
async def test_a_wrong_parameter_is_named(office: Office, query: str) -> None:
    answer = await office.page("POST", OPEN + query)
    assert (answer.status, answer.code) == (422, "query-invalid")
    assert answer.json["field"] == query[1:].partition("=")[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(
    ["sessionId", "userId", "label", "code", "name", "scopes", "pairingId", "intervals", "lines", "x"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(
        [OPEN, CLOSE, TOUCH, "/api/pair", "/api/sync/orders", "/api/sync/schedule", "/api/drafts/" + "d" * 20]
    ),
    body=st.dictionaries(names, json_values, max_size=4) | json_values,
)
async def test_no_body_whatever_makes_an_internal_error(office: Office, path: str, body: object) -> None:
    office.clock.ahead += 61
    method = "PUT" if path.startswith(("/api/drafts", "/api/sync/schedule")) else "POST"
    answer = await office.page(method, path, headers={"Content-Type": "application/json"}, data=json.dumps(body))
    assert answer.status in (200, 201, 202, 400, 403, 410, 412, 422, 429)
    assert isinstance(answer.json["success"], bool)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
async def test_no_bytes_whatever_make_an_internal_error(office: Office, body: bytes) -> None:
    answer = await office.page("POST", OPEN, headers={"Content-Type": "application/json"}, data=body)
    assert answer.status in (200, 400, 422)
