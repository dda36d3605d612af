"""The session calls of the order form: open, close, touch, beacon, and the tab's own line; sessions live elsewhere."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import WSMsgType, hdrs, web
from pydantic import BaseModel, ValidationError

from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import Refusal, wrong
from archisync_gui.endpoint.pairing import Access
from archisync_gui.endpoint.routing import Call, Reply, refuse_repeated_keys
from archisync_gui.endpoint.streams import Stream
from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    Event,
    EventKind,
    SessionClosed,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
    as_json,
)
from archisync_gui.orchestrator import Feed

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

CUSTOMERS = "customers"
MESSAGES_AT_ONCE = 20
MESSAGES_PER_SECOND = 2.0
"""How many messages a tab may send on its line: some at once, and so many each second. A tab sends a few a minute."""

PROGRESS_EVERY = 0.5
"""Seconds between two messages about the progress of a read: people read no faster."""


def enabled_accounts(status: Status) -> tuple[AccountId, ...]:
    """The accounts a call may name, the default one first."""
    return tuple(account.id for account in status.accounts if account.enabled)


def caller_account(call: Call) -> AccountId:
    """The account whose data a call without ``userId`` reads and writes; raises :class:`Refusal`."""
    known = enabled_accounts(call.services.orchestrator.get_status())
    return call.services.gate.account(call.caller, None, known)


def freshness(status: Status, account: AccountId | None) -> tuple[datetime | None, datetime | None]:
    """``newAsOf`` and ``allAsOf`` of one account's customers."""
    customers = status.statuses.get(CUSTOMERS)
    for part in customers.accounts if customers else ():
        if part.account == account:
            return part.new_as_of, part.all_as_of
    return None, None


# ------------------------------------------------------------------------------------------------ calls


async def smart_sync(call: Call) -> Reply:
    """``POST /api/customers/smart-sync``."""
    body: contract.SmartSyncBody = call.body
    orchestrator = call.services.orchestrator
    account = call.services.gate.account(call.caller, body.user_id, enabled_accounts(orchestrator.get_status()))
    _same_account(call, body.session_id, account)
    result = await orchestrator.smart_customer_sync(
        body.session_id, account, label=body.label, token=call.caller.token_id, wait=call.query.wait
    )
    return _opened(call, result)


def _same_account(call: Call, session_id: str | None, account: AccountId) -> None:
    """Refuse the id of an open session of another account, as if there were none: who knows it may not move it."""
    session = None if session_id is None else call.services.orchestrator.state.sessions.get(session_id)
    if session is not None and session.account is not None and session.account != account:
        raise call.services.gate.failed(call.caller, ended(SessionEnd.UNKNOWN))


def _opened(call: Call, result: SmartSyncResult) -> Reply:
    known: dict[str, Any] = {
        "handle": result.handle,
        "new_as_of": result.new_as_of,
        "all_as_of": result.all_as_of,
        "session_count": result.session_count,
    }
    match result.code:
        case "fresh":
            return Reply(
                contract.SmartSyncAnswer(
                    message=call.say("session-fresh"),
                    added=result.added,
                    changed=result.changed,
                    duration_ms=result.duration_ms,
                    **known,
                )
            )
        case "pending" | "held" as waiting:
            return Reply(contract.SmartSyncPending(code=waiting, message=call.say(f"session-{waiting}"), **known), 202)
        case "ended":
            raise ended(result.reason or SessionEnd.UNKNOWN)
        case _:
            code, error, hint = _failure(call, result.error)
            message = call.say("session-failed")
            return Reply(
                contract.SmartSyncFailed(message=message, error=error, code=code, hint=hint, **known),
                503,
                {"Retry-After": "60"},
            )


def _failure(call: Call, error: ErrorInfo | None) -> tuple[str, str, str]:
    """Code, what happened, what to do."""
    code = error.code if error else "session-stale"
    what, means, todo = call.services.say(code, call.language, error.params if error else {})
    return code, f"{what} {means}".strip(), todo


def ended(reason: SessionEnd) -> Refusal:
    """410 for an id that has ended."""
    return Refusal(f"session-ended-{reason.value}", field="sessionId", extra={"reason": reason.value})


async def resume(call: Call) -> Reply:
    """``POST /api/customers/resume-syncs``."""
    body: contract.ResumeBody = call.body
    orchestrator = call.services.orchestrator
    account = call.services.gate.account(call.caller, body.user_id, enabled_accounts(orchestrator.get_status()))
    if call.caller.account is not None:
        _same_account(call, body.session_id, account)
    closed = orchestrator.resume_other_syncs(body.session_id, token=call.caller.token_id)
    message = call.say("session-closed" if closed.closed else "session-not-open")
    return Reply(contract.ClosedAnswer(message=message, session_count=closed.session_count, closed=closed.closed))


async def touch(call: Call) -> Reply:
    """``POST /api/smart-sessions/touch``."""
    body: contract.TouchBody = call.body
    if call.caller.account is not None:
        _same_account(call, body.session_id, call.caller.account)
    match call.services.orchestrator.touch(body.session_id):
        case datetime() as deadline:
            return Reply(contract.TouchAnswer(message=call.say("session-touched"), deadline=deadline))
        case SessionEnd.UNKNOWN:
            raise call.services.gate.failed(call.caller, ended(SessionEnd.UNKNOWN))
        case SessionEnd() as reason:
            raise ended(reason)


async def beacon(call: Call) -> Reply:
    """``POST /api/smart-sessions/close``: no token, the id in a ``text/plain`` body is the secret."""
    session_id = call.body.decode("ascii", "replace").strip()
    if not re.fullmatch(contract.SESSION_ID, session_id):
        raise call.services.gate.failed(call.caller, wrong("body-invalid", "sessionId", "pattern"))
    closed: SessionClosed = call.services.orchestrator.resume_other_syncs(session_id)
    if not closed.closed and closed.reason in (None, SessionEnd.UNKNOWN):
        # Not an error for the tab (its open may still be under way), but a guess for the rate limit.
        refusal = call.services.gate.failed(call.caller, ended(SessionEnd.UNKNOWN))
        if refusal.status == 429:
            raise refusal
    return Reply(None, 204)


async def session(call: Call) -> Reply:
    """``GET /api/smart-sessions/{handle}``."""
    handle = call.path["handle"]
    status = call.services.orchestrator.get_status()
    match call.services.orchestrator.session(handle):
        case SessionView() as view if call.caller.account in (None, view.account):
            new, all_ = freshness(status, view.account)
            answer = contract.SessionAnswer(
                message=call.say("session-open"),
                handle=handle,
                state="open",
                deadline=view.deadline,
                new_as_of=new,
                all_as_of=all_,
                session_count=status.session_count,
            )
        case SessionView() | SessionEnd.UNKNOWN | None:
            raise call.services.gate.failed(call.caller, Refusal("no-such-session", field="handle"))
        case SessionEnd() as reason:
            answer = contract.SessionAnswer(
                message=call.say(f"session-ended-{reason.value}"),
                handle=handle,
                state="ended",
                deadline=None,
                reason=reason,
                new_as_of=None,
                all_as_of=None,
                session_count=status.session_count,
            )
    return Reply(answer)


# ------------------------------------------------------------------------------------------------ the tab's line


class _Over(Exception):
    """The line ends; what to tell the tab, and the WebSocket close code."""

    def __init__(self, message: Mapping[str, object], code: int) -> None:
        super().__init__(code)
        self.message = message
        self.code = code


async def line(call: Call) -> web.StreamResponse:
    """WebSocket ``/api/smart-sessions``: while it stands the tab is alive, when it breaks its lease ends in seconds."""
    limits = call.services.limits
    socket = web.WebSocketResponse(heartbeat=limits.heartbeat, max_msg_size=4096, timeout=1.0, compress=False)
    if not socket.can_prepare(call.request):
        raise Refusal("websocket-expected", header=hdrs.UPGRADE, headers={hdrs.UPGRADE: "websocket"})
    await socket.prepare(call.request)
    try:
        try:
            await _serve(call, socket)
        except _Over as over:
            if not socket.closed:
                await _send(call, socket, over.message)
                await socket.close(code=over.code)
    except (ConnectionError, TimeoutError):
        # Gone, or silent or slow for longer than allowed: no closing handshake for such a client, and what it has not
        # read is dropped.
        if call.request.transport is not None:
            call.request.transport.abort()
    return socket


async def _serve(call: Call, socket: web.WebSocketResponse) -> None:
    services = call.services
    async with asyncio.timeout(services.limits.silence):
        first = await socket.receive()
    attach = _message(call, contract.Attach, first.data if first.type is WSMsgType.TEXT else "")
    try:
        caller = services.gate.prove(call.caller, attach.token, Access.SESSIONS)
    except Refusal as refusal:
        raise _refused(call, refusal, 4401) from None
    with ExitStack() as stack:
        # A place is taken by who has proved who it is: silent strangers shut nobody out.
        try:
            stream = stack.enter_context(services.streams.one(caller.token_id))
        except Refusal as refusal:
            raise _refused(call, refusal, 1013) from None
        await _attend(replace(call, caller=caller), socket, stream, attach.session_id)


async def _attend(call: Call, socket: web.WebSocketResponse, stream: Stream, session_id: str) -> None:
    async with call.services.orchestrator.events() as changes:
        view = await _attached(call, session_id, changes)
        await _talk(call, socket, stream, session_id, view, changes)


async def _attached(call: Call, session_id: str, changes: Feed) -> SessionView:
    """The session of this line, once the POST that opens it has arrived; raises :class:`_Over` if it has ended."""
    orchestrator = call.services.orchestrator
    if call.caller.account is not None:
        try:
            _same_account(call, session_id, call.caller.account)
        except Refusal as refusal:
            raise _Over({"type": "ended", "reason": SessionEnd.UNKNOWN.value}, 4410) from refusal
    try:
        async with asyncio.timeout(call.services.limits.attach_grace):
            while (state := orchestrator.connected(session_id)) is SessionEnd.UNKNOWN:
                await anext(changes)
    except TimeoutError:
        state = SessionEnd.UNKNOWN
    if isinstance(state, SessionEnd):
        raise _Over({"type": "ended", "reason": state.value}, 4410)
    if call.caller.account not in (None, orchestrator.state.sessions[session_id].account):
        orchestrator.disconnected(session_id)
        raise _Over({"type": "ended", "reason": SessionEnd.UNKNOWN.value}, 4410)
    # The only place where an id becomes a handle: what is told from here on is the handle.
    view = orchestrator.session(orchestrator.state.sessions[session_id].handle)
    assert isinstance(view, SessionView)
    return view


async def _talk(
    call: Call,
    socket: web.WebSocketResponse,
    stream: Stream,
    session_id: str,
    view: SessionView,
    changes: Feed,
) -> None:
    services = call.services
    try:
        told = freshness(services.orchestrator.get_status(), view.account)
        await _send(call, socket, {"type": "attached", "handle": view.handle, "deadline": view.deadline, **_ages(told)})
        await _first(
            _read(call, socket, session_id), _write(call, socket, view, changes, told), _until_over(call, stream)
        )
    finally:
        services.orchestrator.disconnected(session_id)


async def _until_over(call: Call, stream: Stream) -> None:
    await stream.over.wait()
    if call.services.streams.closing.is_set():
        raise _Over({"type": "ended", "reason": "lost"}, 1001)
    raise _refused(call, Refusal("token-unknown"), 4401)


async def _read(call: Call, socket: web.WebSocketResponse, session_id: str) -> None:
    orchestrator = call.services.orchestrator
    loop = asyncio.get_running_loop()
    left, since = float(MESSAGES_AT_ONCE), loop.time()
    while True:
        received = await socket.receive()
        if received.type is not WSMsgType.TEXT:
            raise ConnectionError("line closed")
        now = loop.time()
        left, since = min(MESSAGES_AT_ONCE, left + (now - since) * MESSAGES_PER_SECOND) - 1, now
        if left < 0:
            raise _refused(call, Refusal("too-many-messages"), 4429)
        match _message(call, contract.Sign, received.data).type:
            case "close":
                orchestrator.resume_other_syncs(session_id)
                raise _Over({"type": "ended", "reason": "closed"}, 1000)
            case "touch":
                match orchestrator.touch(session_id):
                    case datetime() as deadline:
                        await _send(call, socket, {"type": "touched", "deadline": deadline})
                    case SessionEnd() as reason:
                        raise _Over({"type": "ended", "reason": reason.value}, 4410)


async def _write(
    call: Call,
    socket: web.WebSocketResponse,
    view: SessionView,
    changes: Feed,
    told: tuple[datetime | None, datetime | None],
) -> None:
    orchestrator = call.services.orchestrator
    loop, next_progress = asyncio.get_running_loop(), 0.0
    async for event in changes:
        match event.kind:
            case EventKind.SESSION_CLOSED | EventKind.SMART_SYNC_TIMEOUT:
                state = orchestrator.session(view.handle)
                if not isinstance(state, SessionView):
                    reason = state if isinstance(state, SessionEnd) else SessionEnd.UNKNOWN
                    raise _Over({"type": "ended", "reason": reason.value}, 4410)
            case EventKind.SYNC_PROGRESS if (
                event.data.get("type") == CUSTOMERS
                and event.data.get("account") == view.account
                and loop.time() >= next_progress
            ):
                next_progress = loop.time() + PROGRESS_EVERY
                told_fields = {name: event.data.get(name) for name in ("step", "page", "pages", "rows", "total")}
                await _send(call, socket, {"type": "progress", **told_fields})
            case EventKind.SYNC_COMPLETED if event.data.get("type") == CUSTOMERS:
                new = freshness(orchestrator.get_status(), view.account)
                if new != told:
                    told = new
                    await _send(call, socket, {"type": "fresh", **_ages(new)})
            case EventKind.SYNC_ERROR if (
                event.data.get("type") == CUSTOMERS and event.data.get("account") == view.account
            ):
                code, error, hint = _failed(call, event)
                message = {"type": "failed", "code": code, "error": error, "hint": hint, **_ages(told)}
                await _send(call, socket, message)


def _failed(call: Call, event: Event) -> tuple[str, str, str]:
    error = event.data.get("error")
    code, params = "session-stale", {}
    if isinstance(error, Mapping):
        code = str(error.get("code", code))
        given = error.get("params")
        params = dict(given) if isinstance(given, Mapping) else {}
    what, means, todo = call.services.say(code, call.language, params)
    return code, f"{what} {means}".strip(), todo


def _ages(ages: tuple[datetime | None, datetime | None]) -> dict[str, object]:
    return {"newAsOf": ages[0], "allAsOf": ages[1]}


def _refused(call: Call, refusal: Refusal, code: int) -> _Over:
    """The end of a line that is refused; the log names why and whom, never the message."""
    log.info("refused a tab's line: %s (%s)", refusal.code, call.caller.key)
    what, means, todo = call.services.say(refusal.code, call.language, refusal.params)
    told = {"type": "refused", "code": refusal.code, "error": f"{what} {means}".strip(), "hint": todo}
    return _Over(told, code)


def _message(call: Call, model: type[M], data: str) -> M:
    try:
        message = model.model_validate_json(data)
        refuse_repeated_keys(data)
    except (ValidationError, Refusal):
        raise _refused(call, Refusal("message-invalid"), 4422) from None
    return message


async def _send(call: Call, socket: web.WebSocketResponse, message: Mapping[str, object]) -> None:
    async with asyncio.timeout(call.services.limits.silence):
        await socket.send_str(json.dumps(as_json(message)))


async def _first(*parts: Coroutine[object, object, None]) -> None:
    """Run all until one ends, end the others, and raise what it raised; of several that ended at once, the first
    given: a close that the tab asked for is told as such, though its end was heard of too."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in ended:
            task.result()
