"""The session calls of the order form: open, close, touch, beacon, state. The tab's WebSocket is in ``tab_line``."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from archisync_gui.endpoint import contract
from archisync_gui.endpoint.gate import Refusal, field_error
from archisync_gui.endpoint.routing import Call, Reply
from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
)

CUSTOMERS = "customers"


def enabled_accounts(status: Status) -> tuple[AccountId, ...]:
    """The ids of the enabled accounts, which a call may name; the default one first."""
    return tuple(account.id for account in status.accounts if account.enabled)


def caller_account(call: Call) -> AccountId:
    """The account for a call that has no ``userId``: the token's, else the default one. Raises :class:`Refusal`."""
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
    wanted = body.user_id or _own_account(call, body.session_id)
    account = call.services.gate.account(call.caller, wanted, enabled_accounts(orchestrator.get_status()))
    same_account(call, body.session_id, account)
    asked = orchestrator.smart_customer_sync(
        body.session_id, account, label=body.label, token=call.caller.token_id, wait=call.query.wait
    )
    result = await call.services.streams.while_open(asked)
    return _reply_to_form(call, result)


def _own_account(call: Call, session_id: str | None) -> AccountId | None:
    """The account of the caller's open session, for a call that names no account; ``None`` where the token has one.

    Raises 410 when that account is no longer enabled: the page has to open another session. This is not counted as a
    failure, since the caller knew the id.
    """
    session = None if session_id is None else call.services.orchestrator.session_by_id(session_id)
    if session is None or call.caller.account is not None:
        return None
    if session.account not in (None, *enabled_accounts(call.services.orchestrator.get_status())):
        raise ended(SessionEnd.UNKNOWN)
    return session.account


def same_account(call: Call, session_id: str | None, account: AccountId) -> None:
    """Raise 410 if the id is that of an open session of another account, as if there were no such session: a session
    cannot change its account."""
    session = None if session_id is None else call.services.orchestrator.session_by_id(session_id)
    if session is not None and session.account is not None and session.account != account:
        raise call.services.gate.failed(call.caller, ended(SessionEnd.UNKNOWN))


def _reply_to_form(call: Call, result: SmartSyncResult) -> Reply:
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
        same_account(call, body.session_id, account)
    closed = orchestrator.resume_other_syncs(body.session_id, token=call.caller.token_id)
    message = call.say("session-closed" if closed.closed else "session-not-open")
    return Reply(contract.ClosedAnswer(message=message, session_count=closed.session_count, closed=closed.closed))


async def touch(call: Call) -> Reply:
    """``POST /api/smart-sessions/touch``."""
    body: contract.TouchBody = call.body
    if call.caller.account is not None:
        same_account(call, body.session_id, call.caller.account)
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
        raise call.services.gate.failed(call.caller, field_error("body-invalid", "sessionId", "pattern"))
    orchestrator = call.services.orchestrator
    if orchestrator.session_by_id(session_id) is None and orchestrator.touch(session_id) is SessionEnd.UNKNOWN:
        # No error for the tab: its opening call may still be on the way, and the orchestrator remembers the end for it.
        # But the rate limit counts it as a guess. Beyond the limit the end is not remembered: guesses would displace
        # the ends of real sessions.
        refusal = call.services.gate.failed(call.caller, ended(SessionEnd.UNKNOWN))
        if refusal.status == 429:
            raise refusal
    orchestrator.resume_other_syncs(session_id)
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
