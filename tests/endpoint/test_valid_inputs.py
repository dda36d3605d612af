"""Whatever passes validation is served: no internal error, an answer as declared, and what was written is read back.

The inputs are made from the models of ``endpoint.routes`` and checked by them, so that a new call or field is tried
without a change here. Orchestrator, store and drafts are the real ones; only the reading of the ERP is replaced.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import STATUS, Limits
from archisync_gui.endpoint.routes import ROUTES
from archisync_gui.endpoint.routing import Route, parse_body
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Account, Finished, Outcome, RunControl
from archisync_gui.orchestrator import Orchestrator, Rules
from tests.endpoint.office import PAGE, Heard, Office, TestClock, running, stocked

UNLIMITED = Limits(failures=10**9)
"""No caller is refused for guessing: else most inputs would meet only that refusal."""

BAD_INPUT = frozenset({"body-invalid", "query-invalid", "body-not-json", "body-repeated-key"})
"""What an input that the route's own model takes may be refused with only by a rule that the model cannot know."""

KNOWN_TO_THE_HANDLER = frozenset({"scope", "cursor", "name", "nonce", "id", "until"})
"""Fields that a handler checks further: scope ``new`` for customers only, cursors, the name of a page that asks, the
end of a hold; name and nonce of the question whether the panel knows a token, which come together."""


async def read_nothing(control: RunControl) -> Finished:
    """In the place of the ERP: every list is read at once and has not changed."""
    return Finished(Outcome.COMPLETED, as_of=datetime.now(UTC), rows=6)


@asynccontextmanager
async def real_office(folder: Path) -> AsyncIterator[Office]:
    """An endpoint with the real orchestrator behind it."""
    clock = TestClock()
    store = await stocked(folder, clock)
    orchestrator = Orchestrator(
        [entity.spec for entity in ENTITIES],
        read_nothing,
        [Account("agente1", catalogue=True), Account("agente2")],
        store.journal,
        clock=clock,
        rules=Rules(schedule=False),
    )
    await orchestrator.start()
    try:
        async with running(folder, orchestrator, limits=UNLIMITED, store=store, clock=clock) as office:
            yield office
    finally:
        await orchestrator.close()
        await store.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with real_office(tmp_path) as made:
        yield made


# ------------------------------------------------------------------------------------------------ inputs

TEXTS = st.text(st.characters(codec="utf-8"), max_size=130) | st.sampled_from(
    ["agente1", "orders", "\0", "\u202e", " ", "²", "٣", "%", "_", '"', "'", "\\", "🚚" * 30, "IT01234567890", "50120"]
)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2200-12-31T23:59:59")
ENDS_OF_TIME = [
    datetime.fromisoformat(text) for text in ("0001-01-01", "0002-01-01", "9998-12-31", "9999-12-31T23:59:59")
]
MOMENTS = st.one_of(
    st.datetimes(FIRST, LAST, timezones=OFFSETS),
    st.builds(
        lambda moment, offset: moment.replace(tzinfo=offset), st.sampled_from([FIRST, LAST, *ENDS_OF_TIME]), OFFSETS
    ),
).map(datetime.isoformat)
CURSORS = st.one_of(
    TEXTS, MOMENTS.map(lambda at: f"{at} {'d' * 20}"), st.sampled_from(["50120", "50125", "012345K2", "1"])
).map(lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def values(schema: Mapping[str, Any], defs: Mapping[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Values for a field, most of which its model takes."""
    if "$ref" in schema:
        return values(defs[schema["$ref"].rpartition("/")[2]], defs, name)
    if "anyOf" in schema and "type" not in schema:
        return st.one_of(*(values(part, defs, name) for part in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            edges = [edge for edge in (low, high) if edge is not None]
            return st.integers(low, high) | st.sampled_from(edges or [0])
        case "array":
            items = values(schema["items"], defs, name)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 3), 3))
        case "object":
            return objects(schema, defs)
    if schema.get("format") == "date-time":
        return MOMENTS
    if schema.get("format") == "date":
        return st.dates(date.min, date.max).map(date.isoformat)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return CURSORS if name == "cursor" else TEXTS


def objects(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with all that is required and some of the rest."""
    if "properties" not in schema:
        more = values(schema["additionalProperties"], defs)
        return st.dictionaries(st.sampled_from([entity.name for entity in ENTITIES]), more, max_size=6)
    fields = {name: values(described, defs, name) for name, described in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: made for name, made in fields.items() if name in required},
        optional={name: made for name, made in fields.items() if name not in required},
    )


def inputs(model: type[BaseModel] | None) -> st.SearchStrategy[dict[str, Any] | None]:
    """Inputs that the model takes; ``None`` where there is no model."""
    if model is None:
        return st.none()
    schema = model.model_json_schema(by_alias=True)
    return objects({"properties": {}, **schema}, schema.get("$defs", {})).filter(lambda value: taken(model, value))


def taken(model: type[BaseModel], value: Mapping[str, Any]) -> bool:
    try:
        if issubclass(model, contract.Query):
            model.model_validate(as_query(value))
        else:
            model.model_validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


def as_query(value: Mapping[str, Any]) -> dict[str, str]:
    """A query's parameters as texts; ``None`` is left out."""
    texts = {True: "true", False: "false"}
    return {k: texts[v] if isinstance(v, bool) else str(v) for k, v in value.items() if v is not None}


PATHS: Mapping[str, st.SearchStrategy[str]] = {
    "type": st.sampled_from([entity.name for entity in ENTITIES]) | TEXTS,
    "handle": st.text(string.ascii_letters, min_size=1, max_size=20) | TEXTS,
    "id": st.from_regex(contract.DRAFT_ID, fullmatch=True) | st.sampled_from(["50120", "0", "9" * 18, "t1-x"]) | TEXTS,
}
"""Variable parts of addresses, which no model describes: also texts that are none of ours."""


@st.composite
def calls(draw: st.DrawFn, route: Route) -> tuple[str, bytes]:
    """Address and body of a valid call of a route."""
    path = route.path
    for name, parts in PATHS.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(draw(parts.filter(_is_one_segment)), safe=""))
    query = draw(inputs(route.query))
    body = draw(inputs(route.body))
    if route.text_body:
        return path, draw(st.from_regex(contract.SESSION_ID, fullmatch=True)).encode()
    return path + (f"?{urlencode(as_query(query))}" if query else ""), b"" if body is None else json.dumps(
        body
    ).encode()


def _is_one_segment(text: str) -> bool:
    return text not in ("", ".", "..")


TRIED = [route for route in ROUTES if route.stream != "websocket" and "event-stream" not in route.stream]


each_route = pytest.mark.parametrize("route", TRIED, ids=lambda route: f"{route.method} {route.path}")


def tried(examples: int) -> settings:
    """So many inputs, the same ones in each run of the small sample. One office serves all inputs of a test."""
    quiet = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
    return settings(quiet, max_examples=examples, derandomize=examples < 100)


@pytest.mark.ci
@each_route
@tried(10)
@given(data=st.data())
async def test_a_valid_call_is_served(office: Office, route: Route, data: st.DataObject) -> None:
    await serve(office, route, *data.draw(calls(route)))


@pytest.mark.nightly
@each_route
@tried(600)
@given(data=st.data())
async def test_a_valid_call_is_served_whatever_it_is(office: Office, route: Route, data: st.DataObject) -> None:
    await serve(office, route, *data.draw(calls(route)))


async def serve(office: Office, route: Route, address: str, body: bytes) -> None:
    kind = "text/plain" if route.text_body else "application/json"
    headers = office.paired | ({"Content-Type": kind} if body or route.text_body else {})
    if route.path == "/api/pair":
        headers = {"Origin": PAGE, "Content-Type": kind}
        office.endpoint.pairing.begin()
    async with office.client.request(route.method, office.url + address, headers=headers, data=body or None) as got:
        answer = Heard(got.status, got.headers, (await got.read()).decode("utf-8", "replace"))
    told = f"{route.method} {address} {body!r} → {answer.status} {answer.text[:500]}"
    orchestrator: Orchestrator = office.orchestrator
    orchestrator.release()  # nothing that comes after has to wait
    orchestrator.end_sessions()
    model = route.answers.get(answer.status)
    if answer.status in route.answers:
        if model is not None:
            model.model_validate_json(answer.text)
        return
    refused = contract.Refused.model_validate_json(json.dumps({k: v for k, v in answer.json.items() if k != "reason"}))
    assert STATUS.get(refused.code) == answer.status < 500, told
    if refused.code in BAD_INPUT:
        assert (refused.field or "").split(".")[0] in KNOWN_TO_THE_HANDLER, told


# ------------------------------------------------------------------------------------------------ round trips


FRESH_NUMBERS = count()


@pytest.mark.ci
@tried(30)
@given(value=inputs(contract.DraftDocument))
async def test_a_draft_comes_back_as_it_was_sent(office: Office, value: dict[str, Any]) -> None:
    id_ = f"{next(FRESH_NUMBERS):020}"
    saved = await office.page("PUT", f"/api/drafts/{id_}", body=value)
    assert saved.status == 201, saved.text
    read = (await office.page("GET", f"/api/drafts/{id_}")).json["draft"]["document"]
    assert read == saved.json["draft"]["document"]
    sent, kept = (parse_body(contract.DraftDocument, json.dumps(document).encode()) for document in (value, read))
    assert sent == kept
    # What was read can be written again, unchanged: a page does so at each change.
    again = await office.page("PUT", f"/api/drafts/{id_}", body=read, headers={"If-Match": '"1"'})
    assert again.json["draft"]["document"] == read
    for kind in ("csv", "xlsx"):
        async with office.client.get(f"{office.url}/api/drafts/export?format={kind}", headers=office.paired) as file:
            assert file.status == 200
    assert (await office.page("DELETE", f"/api/drafts/{id_}")).status == 200


@pytest.mark.ci
@tried(30)
@given(value=inputs(contract.ScheduleBody))
async def test_a_schedule_comes_back_as_it_was_sent(office: Office, value: dict[str, Any]) -> None:
    before = (await office.page("GET", "/api/sync/schedule")).json["intervals"]
    answer = await office.page("PUT", "/api/sync/schedule", body=value)
    assert answer.status == 200, answer.text
    now = (await office.page("GET", "/api/sync/schedule")).json["intervals"]
    assert answer.json["intervals"] == now == before | value["intervals"]


@pytest.mark.ci
@tried(30)
@given(value=inputs(contract.LetterheadBody))
async def test_a_label_and_a_letterhead_come_back(office: Office, value: dict[str, Any]) -> None:
    assert (await office.page("PUT", "/api/drafts/letterhead", body=value)).json["text"] == value["text"]
    assert (await office.page("GET", "/api/drafts/letterhead")).json["text"] == value["text"]
    body = {"sessionId": f"{next(FRESH_NUMBERS):030}", "label": value["text"][:120]}
    await office.page("POST", "/api/customers/smart-sync?wait=false", body=body)
    (session,) = (await office.page("GET", "/api/sync/status")).json["status"]["sessions"]
    assert session["label"] == contract.SmartSyncBody.model_validate_json(json.dumps(body)).label
    assert session["label"].isprintable()
    assert (await office.page("POST", "/api/customers/resume-syncs", body=body)).json["closed"]


@pytest.mark.ci
@tried(40)
@given(at=MOMENTS.filter(lambda at: taken(contract.ExplainQuery, {"at": at})))
async def test_every_moment_can_be_explained_and_paged_to(office: Office, at: str) -> None:
    answer = await office.page("GET", f"/api/sync/explain?{urlencode({'at': at})}")
    assert answer.status == 200, answer.text
    runs = await office.page("GET", f"/api/sync/history?{urlencode({'before': at})}")
    assert runs.status == 200, runs.text
