"""The answers to a form's call for fresh customers (rule 12). Pure functions; ``orchestrator`` waits for the read."""

from __future__ import annotations

from typing import NamedTuple

from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    FailureKind,
    RunResult,
    SessionEnd,
    SmartSyncResult,
    SyncFailure,
)
from archisync_gui.orchestrator import sessions
from archisync_gui.orchestrator.requests import unserved
from archisync_gui.orchestrator.state import State
from archisync_gui.orchestrator.values import Moment


class FormCall(NamedTuple):
    """One call of a form in its session."""

    session_id: str
    handle: str
    account: AccountId | None
    began: float
    """Monotonic."""


def _refused(state: State, session_id: str | None) -> SmartSyncResult | None:
    """The answer to a call that opens no session, because its session has ended or the program is closing (rules 14,
    27); ``None``: it may open one."""
    ended = None if session_id is None else sessions.end_of(state, session_id)
    if ended is not None:
        return SmartSyncResult("ended", "", len(state.sessions), None, None, reason=ended)
    return SmartSyncResult("ended", "", 0, None, None, reason=SessionEnd.LOST) if state.closing else None


def _check_room(state: State, session_id: str | None, token: str) -> None:
    """Raise ``SyncFailure`` if too many sessions are open already, in total or with this token (limits)."""
    if session_id in state.sessions:
        return
    open_now, rules = state.sessions.values(), state.rules
    of_token = sum(session.token == token for session in open_now) if token else 0
    for count, limit in ((len(open_now), rules.sessions_limit), (of_token, rules.sessions_per_token)):
        if count >= limit:
            raise SyncFailure("too-many-sessions", FailureKind.TRANSIENT, params={"limit": limit})


def called(
    state: State, now: Moment, session_id: str | None, account: AccountId | None, label: str, token: str
) -> tuple[State, FormCall | SmartSyncResult]:
    """Open the form's session, or find it, and request fresh customers in it. Returns the call, or the answer to a call
    that opens no session. Raises ``SyncFailure`` if there are too many sessions. All this is one transition, since the
    session could end between two."""
    if (refusal := _refused(state, session_id)) is not None:
        return state, refusal
    _check_room(state, session_id, token)
    state, opened_id = sessions.opened(state, now, session_id, account, label=label, token=token)
    session = state.sessions[opened_id]
    call = FormCall(opened_id, session.handle, session.account, now.mono)
    return sessions.wants_fresh(state, now, opened_id), call


def answer_at_once(state: State, now: Moment, call: FormCall) -> SmartSyncResult | None:
    """The answer, if the form need not wait for a read; ``None``: it has to wait for one."""
    ended = _answer_ended(state, now, call)
    if ended is not None:
        return ended
    slot = sessions.fast_slot(state, call.account)
    if slot is None:
        error = ErrorInfo("no-account", FailureKind.PERMANENT, "there is no account to read with")
        return answer(state, now, call, "failed", error=error)
    stopped = state.accounts[slot.account].stopped
    if stopped is not None:
        return answer(state, now, call, "stopped", error=stopped)
    if sessions.fresh_enough(state, now, slot):
        return answer(state, now, call, "fresh")
    return None if state.hold_since is None else answer(state, now, call, "held")


def is_older(state: State, call: FormCall, read: RunResult | ErrorInfo) -> bool:
    """True if the read began too long before the call to answer it: an earlier call asked for it, and it has ended
    while the call's own read still waits (rule 12)."""
    new, _ = sessions.stamps(state, call.account)
    began = call.began if new is None or new.mono is None or unserved(read) is not None else new.mono
    return call.began - began > state.rules.shared_read


def answer_after(state: State, now: Moment, call: FormCall, read: RunResult | ErrorInfo | None) -> SmartSyncResult:
    """The answer when the read has ended, failed for the first time, or (``read`` None) takes too long. If the session
    ended meanwhile, the answer says why (rule 14)."""
    ended = _answer_ended(state, now, call)
    if ended is not None:
        return ended
    error = None if read is None else unserved(read)
    if error is None:
        fresh = read if isinstance(read, RunResult) else None
        return answer(state, now, call, "pending" if fresh is None else "fresh", result=fresh)
    if error.code == "held":
        return answer(state, now, call, "held")
    return answer(state, now, call, "stopped" if error.kind is FailureKind.CREDENTIALS else "failed", error=error)


def _answer_ended(state: State, now: Moment, call: FormCall) -> SmartSyncResult | None:
    """The answer to a form whose session ended meanwhile; ``None``: it is open."""
    if call.session_id in state.sessions:
        return None
    reason = sessions.end_of(state, call.session_id)
    return answer(state, now, call._replace(handle=""), "ended", reason=reason)


def answer(
    state: State,
    now: Moment,
    call: FormCall,
    code: str,
    *,
    result: RunResult | None = None,
    error: ErrorInfo | None = None,
    reason: SessionEnd | None = None,
) -> SmartSyncResult:
    """An answer with that code and the times as of which the account's customers are current."""
    new, whole = sessions.stamps(state, call.account)
    return SmartSyncResult(
        code=code,
        handle=call.handle,
        session_count=len(state.sessions),
        new_as_of=None if new is None else new.claim(now),
        all_as_of=None if whole is None else whole.claim(now),
        added=0 if result is None else result.added,
        changed=0 if result is None else result.changed,
        duration_ms=round((now.mono - call.began) * 1000),
        reason=reason,
        error=error,
    )
