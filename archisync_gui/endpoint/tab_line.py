"""The *line* of an order form's tab: a WebSocket that shows that the tab is alive, and that sends it what concerns its
session."""

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
"""Rate limit (token bucket) for messages from a tab. A tab sends a few in a minute."""

PROGRESS_EVERY = 0.5
"""Least seconds between two progress messages: people read no faster."""


class _LineEnded(Exception):
    """The line has to end; with the last message for the tab and the WebSocket close code."""

    def __init__(self, message: Mapping[str, object], code: int) -> None:
        super().__init__(code)
        self.message = message
        self.code = code


async def line(call: Call) -> web.StreamResponse:
    """WebSocket ``/api/smart-sessions``: while it is open, the tab is alive. When it breaks, the session ends after
    some seconds (20, see the orchestrator)."""
    limits = call.services.limits
    socket = web.WebSocketResponse(heartbeat=limits.heartbeat, max_msg_size=4096, timeout=1.0, compress=False)
    if not socket.can_prepare(call.request):
        raise Refusal("websocket-expected", header=hdrs.UPGRADE, headers={hdrs.UPGRADE: "websocket"})
    await socket.prepare(call.request)
    try:
        try:
            await _serve(call, socket)
        except _LineEnded as over:
            if not socket.closed:
                await _send(call, socket, over.message)
                await socket.close(code=over.code)
    except (ConnectionError, TimeoutError):
        # The client has gone, or was silent or slow for longer than allowed: no closing handshake, and unsent data are
        # dropped.
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
    services.authenticated(call.request)
    with ExitStack() as stack:
        # Counted only now: connections without a valid token must not use up the limit.
        try:
            stream = stack.enter_context(services.streams.opened(caller.token_id))
        except Refusal as refusal:
            raise _refused(call, refusal, 1013) from None
        await _attend(replace(call, caller=caller), socket, stream, attach.session_id)


async def _attend(call: Call, socket: web.WebSocketResponse, stream: Stream, session_id: str) -> None:
    async with call.services.orchestrator.events() as feed:
        view = await _attached(call, session_id, feed)
        await _talk(call, socket, stream, session_id, view, feed)


async def _attached(call: Call, session_id: str, feed: Feed) -> SessionView:
    """Wait for the POST that opens the session, and return the session. Raises :class:`_LineEnded` if the session has
    ended, is another account's, or the POST does not come within ``attach_grace`` seconds."""
    orchestrator = call.services.orchestrator
    if call.caller.account is not None:
        try:
            same_account(call, session_id, call.caller.account)
        except Refusal as refusal:
            raise _LineEnded({"type": "ended", "reason": SessionEnd.UNKNOWN.value}, 4410) from refusal
    try:
        async with asyncio.timeout(call.services.limits.attach_grace):
            while (state := orchestrator.connected(session_id)) is SessionEnd.UNKNOWN:
                await anext(feed)
    except TimeoutError:
        state = SessionEnd.UNKNOWN
    if isinstance(state, SessionEnd):
        raise _LineEnded({"type": "ended", "reason": state.value}, 4410)
    # From here on only the session's public handle is sent, never its secret id.
    view = orchestrator.session_by_id(session_id)
    if view is None or call.caller.account not in (None, view.account):
        orchestrator.disconnected(session_id)
        raise _LineEnded({"type": "ended", "reason": SessionEnd.UNKNOWN.value}, 4410)
    return view


async def _talk(
    call: Call,
    socket: web.WebSocketResponse,
    stream: Stream,
    session_id: str,
    view: SessionView,
    feed: Feed,
) -> None:
    services = call.services
    try:
        sent_ages = freshness(services.orchestrator.get_status(), view.account)
        # The read for this session may have ended before the line was open: then no ``fresh`` message follows.
        fresh = sent_ages[0] is not None and sent_ages[0] >= view.since
        attached = {"type": "attached", "handle": view.handle, "deadline": view.deadline, "fresh": fresh}
        await _send(call, socket, {**attached, **_ages(sent_ages)})
        await _until_first_ends(
            _read(call, socket, session_id), _write(call, socket, view, feed, sent_ages), _until_over(call, stream)
        )
    finally:
        services.orchestrator.disconnected(session_id)


async def _until_over(call: Call, stream: Stream) -> None:
    await stream.over.wait()
    if call.services.streams.closing.is_set():
        raise _LineEnded({"type": "ended", "reason": "lost"}, 1001)
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
                raise _LineEnded({"type": "ended", "reason": "closed"}, 1000)
            case "touch":
                match orchestrator.touch(session_id):
                    case datetime() as deadline:
                        await _send(call, socket, {"type": "touched", "deadline": deadline})
                    case SessionEnd() as reason:
                        raise _LineEnded({"type": "ended", "reason": reason.value}, 4410)


async def _write(
    call: Call,
    socket: web.WebSocketResponse,
    view: SessionView,
    feed: Feed,
    sent_ages: tuple[datetime | None, datetime | None],
) -> None:
    orchestrator = call.services.orchestrator
    loop, next_progress = asyncio.get_running_loop(), 0.0
    async for event in feed:
        match event.data:
            case SessionClosed() | SmartSyncTimeout():
                state = orchestrator.session(view.handle)
                if not isinstance(state, SessionView):
                    reason = state if isinstance(state, SessionEnd) else SessionEnd.UNKNOWN
                    raise _LineEnded({"type": "ended", "reason": reason.value}, 4410)
            case SyncProgress(type=sessions.CUSTOMERS, account=account) as read if (
                account == view.account and loop.time() >= next_progress
            ):
                next_progress = loop.time() + PROGRESS_EVERY
                await _send(call, socket, {"type": "progress", **as_json(read.progress)})
            case SyncCompleted(type=sessions.CUSTOMERS) as read if read.account == view.account:
                new = freshness(orchestrator.get_status(), view.account)
                # Compared by ``!=``, not ``>``: after the wall clock was set back the newer time is the smaller one.
                fresh = read.outcome is Outcome.COMPLETED and new[0] not in (None, sent_ages[0])
                if new != sent_ages:
                    sent_ages = new
                    await _send(call, socket, {"type": "fresh" if fresh else "ages", **_ages(new)})
            case SessionUnserved(handle=view.handle, error=failure):
                code, error, hint = _failed(call, failure)
                kind = "held" if code == "held" else "failed"
                # ``sent_ages`` stays as it is: these ages may contain the repeat's end already, whose own message
                # (``fresh``) must follow all the same.
                ages = _ages(freshness(orchestrator.get_status(), view.account))
                await _send(call, socket, {"type": kind, "code": code, "error": error, "hint": hint, **ages})


def _failed(call: Call, failure: ErrorInfo) -> tuple[str, str, str]:
    what, means, todo = call.services.say(failure.code, call.language, dict(failure.params))
    return failure.code, f"{what} {means}".strip(), todo


def _ages(ages: tuple[datetime | None, datetime | None]) -> dict[str, object]:
    return {"newAsOf": ages[0], "allAsOf": ages[1]}


def _refused(call: Call, refusal: Refusal, code: int) -> _LineEnded:
    """The end of a line whose message or token is refused. The log has code and caller, never the message."""
    log.info("refused a tab's line: %s (%s)", refusal.code, call.caller.key)
    what, means, todo = call.services.say(refusal.code, call.language, refusal.params)
    message = {"type": "refused", "code": refusal.code, "error": f"{what} {means}".strip(), "hint": todo}
    return _LineEnded(message, code)


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


async def _until_first_ends(*parts: Coroutine[object, object, None]) -> None:
    """Run all until one ends, cancel the others, and raise what that one raised. If several ended at once, the first in
    ``parts`` counts: then the tab gets the answer to its own ``close``, not the event of the session's end."""
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
