"""The calls that show and control syncs: status, requests, tickets, history, schedule, hold, explain, event stream."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from archisync_gui import zone
from archisync_gui.endpoint import contract
from archisync_gui.endpoint.account_view import AccountView
from archisync_gui.endpoint.caches import REMEMBERED_EVENTS
from archisync_gui.endpoint.gate import Refusal, field_error
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.endpoint.sessions import CUSTOMERS, enabled_accounts
from archisync_gui.entities import ENTITIES
from archisync_gui.model import AccountId, Event, Origin, Outcome, RunResult, Scope, as_json

if TYPE_CHECKING:
    from archisync_gui.endpoint.streams import Stream
    from archisync_gui.orchestrator import Feed, Ticket

SHARED_TYPES = frozenset(entity.name for entity in ENTITIES if entity.spec.shared)
"""Types of lists that belong to no account."""


def known_type(call: Call, name: str) -> str:
    """``name`` if it is a sync type; raises :class:`Refusal`."""
    types = call.services.orchestrator.get_status().statuses
    if name not in types:
        raise Refusal("no-such-type", field="type", params={"type": name[:40], "types": ", ".join(types)})
    return name


async def status(call: Call) -> Reply:
    """``GET /api/sync/status``."""
    now = call.services.orchestrator.get_status()
    return Reply(call.services.status.text(now, call.say("status-told"), call.language, _view(call)))


def _view(call: Call) -> AccountView | None:
    """The part that this caller may see; ``None``: everything. Raises :class:`Refusal` when the token's account is not
    enabled."""
    if call.caller.account is not None:
        call.services.gate.account(call.caller, None, enabled_accounts(call.services.orchestrator.get_status()))
    return _of_token(call)


def _of_token(call: Call) -> AccountView | None:
    """As :func:`_view`, but without that check."""
    return None if call.caller.account is None else AccountView(call.caller.account, SHARED_TYPES)


async def sync_type(call: Call) -> Reply:
    """``POST /api/sync/{type}``."""
    body: contract.SyncBody = call.body
    type_ = known_type(call, call.path["type"])
    account = _account(call, body.user_id)
    if body.scope == "new" and type_ != CUSTOMERS:
        raise field_error("body-invalid", "scope", "value")
    ticket = call.services.orchestrator.request_sync(
        type_, account, scope=Scope(body.scope), priority=body.priority, origin=Origin.API
    )
    return await answer_ticket(call, ticket, wait=call.query.wait)


async def answer_ticket(call: Call, ticket: Ticket, *, wait: bool) -> Reply:
    """202 with the ticket; with ``wait`` 200 with the outcome, when the request has ended."""
    call.services.tickets.note(ticket.id, call.caller.token_id)
    if wait:
        result = await call.services.streams.while_open(ticket)
        good = result.outcome in (Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.SKIPPED)
        message = call.say(f"sync-{result.outcome.value}", type=ticket.type)
        return Reply(
            contract.OutcomeAnswer(
                success=good, message=message, type=ticket.type, ticket=ticket.id, result=_result(call, result)
            )
        )
    message = call.say("sync-accepted", type=ticket.type)
    place = call.services.orchestrator.position(ticket)
    return Reply(contract.TicketAnswer(message=message, type=ticket.type, ticket=ticket.id, position=place), 202)


def _account(call: Call, wanted: AccountId | None) -> AccountId | None:
    """The account of the token or the body; ``None`` if neither has one: all accounts (rule 8)."""
    if wanted is None and call.caller.account is None:
        return None
    known = enabled_accounts(call.services.orchestrator.get_status())
    return call.services.gate.account(call.caller, wanted, known)


async def sync_full(call: Call) -> Reply:
    """``POST /api/sync/full`` and ``/api/sync/all``."""
    orchestrator = call.services.orchestrator
    types = list(orchestrator.get_status().statuses)
    asked = orchestrator.request_full(Origin.API, _account(call, None)).tickets
    for ticket in asked:
        call.services.tickets.note(ticket.id, call.caller.token_id)
    tickets = [ticket.id for ticket in asked]
    return Reply(contract.FullAnswer(message=call.say("full-accepted"), types=types, tickets=tickets), 202)


async def ticket_state(call: Call) -> Reply:
    """``GET /api/sync/tickets/{id}``."""
    return _ticket_answer(call, _ticket(call))


async def ticket_cancel(call: Call) -> Reply:
    """``DELETE /api/sync/tickets/{id}``: cancels this ticket; a run that no other asker needs is stopped."""
    ticket = _ticket(call)
    call.services.orchestrator.cancel(ticket)
    with contextlib.suppress(TimeoutError):
        # A waiting request ends at once, a run at its next step. If that takes longer, the caller sees it by a GET.
        async with asyncio.timeout(1.0):
            await ticket
    return _ticket_answer(call, ticket)


def _ticket(call: Call) -> Ticket:
    id_ = call.path["id"]
    mine = call.services.tickets.belongs(id_, call.caller.token_id)
    ticket = call.services.orchestrator.ticket(id_) if mine else None
    if ticket is None:
        raise call.services.gate.failed(call.caller, Refusal("no-such-ticket", field="id"))
    return ticket


def _ticket_answer(call: Call, ticket: Ticket) -> Reply:
    result = ticket.result
    return Reply(
        contract.TicketState(
            message=call.say("ticket-waiting" if result is None else "ticket-ended"),
            type=ticket.type,
            ticket=ticket.id,
            state="waiting" if result is None else "ended",
            position=call.services.orchestrator.position(ticket),
            result=None if result is None else _result(call, result),
        )
    )


def _result(call: Call, result: RunResult) -> Any:
    view = _of_token(call)
    return as_json(result if view is None else view.outcome(result))


async def history(call: Call) -> Reply:
    """``GET /api/sync/history``."""
    query: contract.HistoryQuery = call.query
    view = _view(call)
    runs = await call.services.store.runs(
        sync_type=known_type(call, query.type) if query.type else None,
        outcome=Outcome(query.outcome) if query.outcome else None,
        before=query.before,
        limit=query.limit,
        account=view.account if view is not None else None,
        shared=SHARED_TYPES,
    )
    seen = [as_json(run if view is None else view.outcome(run)) for run in runs]
    return Reply(contract.HistoryAnswer(message=call.say("history-told"), runs=seen))


async def schedule(call: Call) -> Reply:
    """``GET /api/sync/schedule``."""
    statuses = call.services.orchestrator.get_status().statuses
    intervals = {name: status.interval for name, status in statuses.items()}
    return Reply(contract.ScheduleAnswer(message=call.say("schedule-told"), intervals=intervals))


async def set_schedule(call: Call) -> Reply:
    """``PUT /api/sync/schedule``."""
    body: contract.ScheduleBody = call.body
    for name in body.intervals:
        known_type(call, name)
    await call.services.set_intervals(body.intervals)
    return await schedule(call)


async def hold(call: Call) -> Reply:
    """``POST /api/sync/hold``."""
    body: contract.HoldBody = call.body
    if body.until is not None and body.until <= call.services.clock.now():
        raise field_error("body-invalid", "until", "past")
    call.services.orchestrator.hold(body.until)
    if body.until is None:
        message = call.say("hold-on")
    else:
        message = call.say("hold-on-until", until=zone.clock(body.until, call.services.clock.now()))
    return Reply(contract.HoldAnswer(message=message, held=True, until=body.until))


async def release(call: Call) -> Reply:
    """``POST /api/sync/release``."""
    call.services.orchestrator.release()
    return Reply(contract.HoldAnswer(message=call.say("hold-off"), held=False, until=None))


async def explain(call: Call) -> Reply:
    """``GET /api/sync/explain``."""
    query: contract.ExplainQuery = call.query
    explanation = await call.services.orchestrator.explain(query.at)
    if (view := _view(call)) is not None:
        explanation = view.explanation(explanation)
    what, means, todo = call.services.say(f"explain.{explanation.reason.value}", call.language, explanation.params)
    text = " ".join(part for part in (what, means, todo) if part)
    return Reply(contract.ExplainAnswer(message=what, explanation=as_json(explanation), text=text))


# ------------------------------------------------------------------------------------------------ events


async def events(call: Call) -> web.StreamResponse:
    """``GET /api/events``: server-sent events, beginning with the status."""
    services, view = call.services, _view(call)
    with services.streams.opened(call.caller.token_id) as stream:
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(call.request)
        try:
            await _stream(call, response, stream, view)
        except (TimeoutError, ConnectionError):
            # The client has gone or does not read: its backlog would grow.
            if call.request.transport is not None:
                call.request.transport.abort()
    return response


async def _stream(call: Call, response: web.StreamResponse, stream: Stream, view: AccountView | None) -> None:
    services = call.services
    async with services.orchestrator.events(REMEMBERED_EVENTS) as news:
        missed = services.events.since(call.request.headers.get("Last-Event-ID", ""))
        now = services.orchestrator.get_status()
        shown = now if view is None else view.status(now)
        # The missed events follow the status. It has no id then: if the connection breaks in between, the client
        # resumes from the same id as before and loses none of them.
        await _write(call, response, _frame("status", "" if missed else services.events.last_id, as_json(shown)))
        for event in missed:
            await _write_event(call, response, event, view)
        await _forward(call, response, stream, news, view)


async def _forward(
    call: Call, response: web.StreamResponse, stream: Stream, news: Feed, view: AccountView | None
) -> None:
    """Send events as they come. For a client that reads slowly the ``Feed`` drops repeated events; a client that reads
    nothing for too long is disconnected by the timeout of :func:`_write`."""
    closing, following = asyncio.ensure_future(stream.over.wait()), asyncio.ensure_future(anext(news))
    try:
        while True:
            heartbeat = call.services.limits.heartbeat
            await asyncio.wait((following, closing), timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if closing.done():
                return
            if following.done():
                event = following.result()
                following = asyncio.ensure_future(anext(news))
                await _write_event(call, response, event, view)
            else:
                await _write(call, response, b": still here\n\n")
    finally:
        for wait in (following, closing):
            wait.cancel()


async def _write_event(call: Call, response: web.StreamResponse, event: Event, view: AccountView | None) -> None:
    """Send the part of an event that the caller may see, if any."""
    shown = event if view is None else view.event(event)
    if shown is not None:
        id_ = call.services.events.id_of(event)
        await _write(call, response, _frame(event.kind.value, id_, as_json(shown)))


async def _write(call: Call, response: web.StreamResponse, frame: bytes) -> None:
    async with asyncio.timeout(call.services.limits.silence):
        await response.write(frame)


def _frame(kind: str, id_: str, data: object) -> bytes:
    number = f"id: {id_}\n" if id_ else ""
    return f"{number}event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
