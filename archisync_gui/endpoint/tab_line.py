"""The tab's own line: a WebSocket that shows that an order form's tab lives, and brings what concerns its session."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from aiohttp import WSMsgType, hdrs, web
from pydantic import BaseModel, ValidationError

from archisync_gui.endpoint import contract, sessions
from archisync_gui.endpoint.gate import Refusal
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.routing import Call, refuse_repeated_keys
from archisync_gui.endpoint.sessions import freshness, same_account
from archisync_gui.endpoint.streams import Stream
from archisync_gui.model import (
    ErrorInfo,
    Outcome,
    SessionEnd,
    SessionView,
    as_json,
)
from archisync_gui.model.events import SessionClosed, SessionUnserved, SmartSyncTimeout, SyncCompleted, SyncProgress
from archisync_gui.orchestrator import Feed

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

MESSAGES_AT_ONCE = 20
MESSAGES_PER_SECOND = 2.0
"""How many messages a tab may send on its line: some at once, and so many each second. A tab sends a few a minute."""

PROGRESS_EVERY = 0.5
"""Seconds between two messages about the progress of a read: people read no faster."""


class _Over(Exception):
    """The line ends: the last message for the tab, and the WebSocket close code."""

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
    services.proved(call.request)
    with ExitStack() as stack:
        # Only a page with a valid token takes a place: connections without one cannot use up the limit.
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
            same_account(call, session_id, call.caller.account)
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
    # The only place where an id becomes a handle: from here on only the handle is sent.
    view = orchestrator.session_by_id(session_id)
    if view is None or call.caller.account not in (None, view.account):
        orchestrator.disconnected(session_id)
        raise _Over({"type": "ended", "reason": SessionEnd.UNKNOWN.value}, 4410)
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
        # A read for this session may have ended before the line was there: then no "fresh" follows.
        fresh = told[0] is not None and told[0] >= view.since
        attached = {"type": "attached", "handle": view.handle, "deadline": view.deadline, "fresh": fresh}
        await _send(call, socket, {**attached, **_ages(told)})
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
        match event.data:
            case SessionClosed() | SmartSyncTimeout():
                state = orchestrator.session(view.handle)
                if not isinstance(state, SessionView):
                    reason = state if isinstance(state, SessionEnd) else SessionEnd.UNKNOWN
                    raise _Over({"type": "ended", "reason": reason.value}, 4410)
            case SyncProgress(type=sessions.CUSTOMERS, account=account) as read if (
                account == view.account and loop.time() >= next_progress
            ):
                next_progress = loop.time() + PROGRESS_EVERY
                await _send(call, socket, {"type": "progress", **as_json(read.progress)})
            case SyncCompleted(type=sessions.CUSTOMERS) as read if read.account == view.account:
                new = freshness(orchestrator.get_status(), view.account)
                # Not compared by time: after the wall clock was set back the newer one is earlier.
                fresh = read.outcome is Outcome.COMPLETED and new[0] not in (None, told[0])
                if new != told:
                    told = new
                    await _send(call, socket, {"type": "fresh" if fresh else "ages", **_ages(new)})
            case SessionUnserved(handle=view.handle, error=failure):
                code, error, hint = _failed(call, failure)
                kind = "held" if code == "held" else "failed"
                # Not ``told``: the repeat's end may be in these ages already, and is to be told as such.
                ages = _ages(freshness(orchestrator.get_status(), view.account))
                await _send(call, socket, {"type": kind, "code": code, "error": error, "hint": hint, **ages})


def _failed(call: Call, failure: ErrorInfo) -> tuple[str, str, str]:
    what, means, todo = call.services.say(failure.code, call.language, dict(failure.params))
    return failure.code, f"{what} {means}".strip(), todo


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
