"""Transitions of smart sessions, one for each order form page, each with a lease of its own (rules 10-18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from archisync_gui.model import AccountId, CloseResult, Origin, Reason, Scope, SessionEnd, events
from archisync_gui.orchestrator.blocks import stopped_by
from archisync_gui.orchestrator.requests import asked, joined, stop_asked, withdrawn
from archisync_gui.orchestrator.state import Attempt, EndedSession, ListState, Session, State, StopCause
from archisync_gui.orchestrator.values import FORM_PRIORITY, Asker, Effect, Moment, Slot, Stamp, evolve, form

# ---------------------------------------------------------------------------------------------------------- open


def opened(
    state: State, now: Moment, session_id: str | None, account: AccountId | None, *, label: str = "", token: str = ""
) -> tuple[State, str]:
    """Open a page's session, or find the open one; the answer is its key in ``State.sessions``. An open session keeps
    its ``label`` and ``account`` where the call leaves them out. Without an account the session reads with the first
    one in use. The caller checks ``State.ended_sessions`` before, since an ended id must not be opened again
    (rule 14)."""
    first = next(iter(state.enabled), None)
    known = None if session_id is None else state.sessions.get(session_id)
    if session_id is not None and known is not None:
        session = evolve(known, account=account or known.account or first, label=label or known.label)
        return _kept(state, session_id, touched(session, now, state.rules.lease)), session_id
    account = account or first
    handle, state = state.numbered("s")
    anonymous = session_id is None
    if session_id is None:
        session_id = f"anonymous:{handle}"
    lease = state.rules.anonymous_lease if anonymous else state.rules.lease
    session = Session(handle, account, label, token, now, now, now.mono + lease, anonymous=anonymous)
    if not state.sessions:
        # Quiet begins again only if all waiting requests could run since the last session; see ``drained`` (rule 11).
        since = now.mono if state.quiet_since is None else state.quiet_since
        state = evolve(state, quiet_since=since).with_effects(events.SmartSyncStarted(handle))
    state = _kept(state, session_id, session)
    return state.with_effects(events.SessionOpened(*about(session), len(state.sessions))), session_id


def wants_fresh(state: State, now: Moment, session_id: str) -> State:
    """Request fresh customers for an open session. A fast read that waits, or began less than 30 s ago, serves it too
    (rule 12). If the newest data are that fresh already, only the whole list is requested, if it is old (rule 13)."""
    session = state.sessions[session_id]
    slot = fast_slot(state, session.account)
    if slot is None:
        return state
    asker = Asker(form(session.handle), Origin.ORDER_FORM, FORM_PRIORITY)
    if fresh_enough(state, now, slot):
        return _whole_list(served(state, now, slot.account), now, slot, (asker,))
    return _joined_active(state, now, slot, (asker,), state.rules.shared_read) or asked(state, now, slot, asker)


def _joined_active(state: State, now: Moment, slot: Slot, askers: tuple[Asker, ...], limit: float) -> State | None:
    """Add these forms to the active run of that slot, so that they do not suspend it. ``None``: no active run of that
    slot began less than ``limit`` seconds ago."""
    active = state.active
    if active is None or active.request.slot != slot or active.stop or now.mono - active.began.mono >= limit:
        return None
    return evolve(state, active=evolve(active, request=joined(active.request, askers, restart=False)))


def served(state: State, now: Moment, account: AccountId | None) -> State:
    """The newest customers of an account were read: note in the sessions that waited how long that took."""
    sessions = dict(state.sessions)
    for session_id, session in state.sessions.items():
        if session.account == account and session.fresh_after is None:
            sessions[session_id] = evolve(session, fresh_after=now.mono - session.since.mono)
    return evolve(state, sessions=sessions)


def fast_slot(state: State, account: AccountId | None) -> Slot | None:
    """The slot of the fast read of an account's customers; ``None``: the account is not in use, or no type offers fast
    reads."""
    sync_type = next((t.name for t in state.types.values() if t.fast), None)
    if sync_type is None or account not in state.enabled:
        return None
    return Slot(sync_type, account, Scope.NEW)


def fresh_enough(state: State, now: Moment, slot: Slot) -> bool:
    """True if the newest records were read so recently that no fast read is needed (rule 12)."""
    new = state.list_state(slot.type, slot.account).new
    return new is not None and new.age(now) < state.rules.shared_read


def whole_list_follows(state: State, now: Moment, active: Attempt) -> State:
    """After a fast read for a form, request the whole list if it is old (rule 13)."""
    open_forms = {form(s.handle) for s in state.sessions.values()}
    askers = tuple(a for a in active.request.askers if a.id in open_forms)
    return _whole_list(state, now, active.request.slot, askers)


def _whole_list(state: State, now: Moment, slot: Slot, forms: tuple[Asker, ...]) -> State:
    whole = state.list_state(slot.type, slot.account).whole
    if not forms or (whole is not None and whole.age(now) < state.rules.whole_age):
        return state
    slot = slot._replace(scope=Scope.ALL)
    priority = state.types[slot.type].priority
    forms = tuple(asker._replace(priority=priority) for asker in forms)
    if (serving := _joined_active(state, now, slot, forms, state.rules.whole_age)) is not None:
        return serving
    waiting = state.queue.get(slot)
    # A suspended read need not start over if it is recent enough for the form.
    restart = (
        waiting is not None
        and waiting.suspended is not None
        and now.mono - waiting.suspended.began.mono >= state.rules.whole_age
    )
    for asker in forms:
        state = asked(state, now, slot, asker, restart=restart)
    return state


# ---------------------------------------------------------------------------------------------------------- live


def touched(session: Session, now: Moment, lease: float) -> Session:
    """Renew the session's lease after a sign of life. This also ends the grace after a lost connection: a page that
    calls is still there, even if its connections are cut. Anonymous sessions are never renewed (rules 15, 16)."""
    if session.anonymous:
        return session
    return evolve(session, last_sign=now, deadline=now.mono + lease, lost=None)


def changed(state: State, session_id: str, change: Callable[[Session], Session]) -> State:
    """Apply ``change`` to the session of a tab; does nothing for an id that is not open or is anonymous."""
    session = state.sessions.get(session_id)
    return state if session is None or session.anonymous else _kept(state, session_id, change(session))


def with_sign(state: State, now: Moment, session_id: str) -> State:
    """The tab shows a sign of life (rule 15)."""
    return changed(state, session_id, lambda s: touched(s, now, state.rules.lease))


def with_connection(state: State, now: Moment, session_id: str) -> State:
    """The tab's connection is open, which is a sign of life, too."""
    return changed(
        state,
        session_id,
        lambda s: evolve(touched(s, now, state.rules.lease), connections=s.connections + 1),
    )


def without_connection(state: State, now: Moment, session_id: str) -> State:
    """A connection of the tab was lost: with the last one, the grace begins (rule 15)."""

    def disconnected(session: Session) -> Session:
        left = max(0, session.connections - 1)
        lost = now.mono + state.rules.grace if session.connections and not left else session.lost
        return evolve(session, connections=left, lost=lost)

    return changed(state, session_id, disconnected)


def deadline(state: State, now: Moment, session_id: str) -> datetime | SessionEnd:
    """When a page's session ends by itself (wall clock), or why there is no session."""
    session = state.sessions.get(session_id)
    if session is None or session.anonymous:
        return end_of(state, session_id) or SessionEnd.UNKNOWN
    return now.wall_at(session.ends)


# ---------------------------------------------------------------------------------------------------------- end


def end_of(state: State, session_id: str) -> SessionEnd | None:
    """Why the session with that id ended; ``None``: it is open, or not known."""
    ended_session = state.ended_sessions.get(session_id)
    return None if ended_session is None else ended_session.reason


def end_by_handle(state: State, handle: str) -> SessionEnd:
    """Why the session with that public handle ended."""
    return next((e.reason for e in state.ended_sessions.values() if handle and e.handle == handle), SessionEnd.UNKNOWN)


def closed(state: State, now: Moment, session_id: str | None, token: str) -> tuple[State, CloseResult]:
    """A page closes its session. Without an id: the oldest anonymous one of the same token (rule 16). If the close
    arrives before the open, the id is remembered as ended, so that the open is refused (rule 14)."""
    anonymous = session_id is None
    if session_id is None:
        session_id = oldest_anonymous(state, token)
    if session_id is None:
        return state, CloseResult(False, len(state.sessions), SessionEnd.UNKNOWN)
    session, before = state.sessions.get(session_id), end_of(state, session_id)
    if session is not None and session.anonymous is anonymous:
        state = ended(state, now, session_id, SessionEnd.CLOSED)
        return state, CloseResult(True, len(state.sessions), SessionEnd.CLOSED)
    if session is None and before is None:
        state = _remember_end(state, now, session_id, "", SessionEnd.CLOSED)
    return state, CloseResult(False, len(state.sessions), before or SessionEnd.UNKNOWN)


def oldest_anonymous(state: State, token: str) -> str | None:
    """The id of the oldest anonymous session of the same token, which a close without id ends (rule 16)."""
    found = [(s.since.mono, session_id) for session_id, s in state.sessions.items() if s.anonymous and s.token == token]
    return min(found)[1] if found else None


def by_handle(state: State, handle: str) -> str | None:
    """The id of the open session with that public handle."""
    return next((session_id for session_id, s in state.sessions.items() if s.handle == handle), None)


def ended(state: State, now: Moment, session_id: str, reason: SessionEnd) -> State:
    """End a session; its waiting read is withdrawn unless it has another asker (rules 15, 17)."""
    session = state.sessions.get(session_id)
    if session is None:
        return state
    put_off = _put_off(state, now, session)
    state = evolve(state, sessions={k: v for k, v in state.sessions.items() if k != session_id})
    state = _remember_end(state, now, session_id, session.handle, reason)
    state = withdrawn(state, now, (form(session.handle),), stop=False)
    state = state.with_effects(*_end_events(session, reason, len(state.sessions), put_off))
    if not state.sessions:
        state = state.with_effects(events.SmartSyncEnded())
    return state


def _end_events(session: Session, reason: SessionEnd, count: int, put_off: int | None = None) -> list[Effect]:
    """The events of a session's end; ``count`` sessions are still open. ``put_off``: see :func:`_put_off`."""
    fresh = session.fresh_after
    fields = (*about(session), reason, count, None if fresh is None else round(fresh * 1000), put_off)
    kinds = (events.SmartSyncTimeout,) if reason is SessionEnd.TIMEOUT else ()
    return [kind(*fields) for kind in (*kinds, events.SessionClosed)]


def _put_off(state: State, now: Moment, session: Session) -> int | None:
    """When the last form closes: for how many milliseconds the request that waited longest was put off by forms.
    ``None``: another form is still open."""
    if len(state.sessions) != 1:
        return None
    begun = session.since.mono if state.quiet_since is None else state.quiet_since
    blocked = [(r, stopped_by(state, r, now)) for r in state.queue.values()]
    waits = [now.mono - max(r.asked.mono, begun) for r, block in blocked if block and block.reason is Reason.SESSION]
    return round(max(waits, default=0.0) * 1000)


def ended_by_operator(state: State, now: Moment, handle: str) -> tuple[State, bool]:
    """The operator ends one session. The answer: whether it was open."""
    session_id = by_handle(state, handle)
    return (state, False) if session_id is None else (ended(state, now, session_id, SessionEnd.OPERATOR), True)


def all_ended(state: State, now: Moment, reason: SessionEnd) -> State:
    """End all sessions."""
    return _several_ended(state, now, [(session_id, reason) for session_id in state.sessions])


def program_closes(state: State, now: Moment) -> State:
    """The program closes: nothing starts any more, the active run is to end, and all sessions end (rule 27)."""
    state = stop_asked(evolve(state, closing=True), StopCause.CLOSING)
    return all_ended(state, now, SessionEnd.LOST)


def _several_ended(state: State, now: Moment, ends: Sequence[tuple[str, SessionEnd]]) -> State:
    """End several open sessions in one pass over queue and sessions: five hundred forms may end at the same time."""
    if not ends:
        return state
    *others, (last, reason) = ends
    gone = [(state.sessions[session_id], why) for session_id, why in others]
    count = len(state.sessions)
    left = dict(state.sessions)
    for session_id, _ in others:
        del left[session_id]
    state = evolve(state, sessions=left)
    state = _remember_ends(
        state, now, [(session_id, s.handle, why) for (session_id, _), (s, why) in zip(others, gone, strict=True)]
    )
    if gone:
        state = withdrawn(state, now, frozenset(form(session.handle) for session, _ in gone), stop=False)
    effects: list[Effect] = []
    for session, why in gone:
        count -= 1
        effects += _end_events(session, why, count)
    return ended(state.with_effects(*effects), now, last, reason)


def expired(state: State, now: Moment) -> State:
    """End the sessions whose deadline or grace has passed, and forget old ended sessions (rules 14, 15)."""
    over = [(session_id, session) for session_id, session in state.sessions.items() if session.ends <= now.mono]
    lost = [session.lost is not None and session.lost <= now.mono for _, session in over]
    reasons = [SessionEnd.LOST if was_lost else SessionEnd.TIMEOUT for was_lost in lost]
    state = _several_ended(
        state, now, [(session_id, reason) for (session_id, _), reason in zip(over, reasons, strict=True)]
    )
    # Ordered by their end, so only the first has to be checked.
    first = next(iter(state.ended_sessions.values()), None)
    if first is not None and first.until <= now.mono:
        state = evolve(state, ended_sessions={k: e for k, e in state.ended_sessions.items() if e.until > now.mono})
    return state


def drained(state: State, now: Moment) -> State:
    """Once no form is open, nothing runs and no waiting request could start, the next form gets a whole quiet time
    again (rule 11). Until then quiet goes on, so that forms opened one after the other do not starve other requests."""
    if state.quiet_since is None or state.sessions or state.active is not None:
        return state
    if any(stopped_by(state, request, now) is None for request in state.queue.values()):
        return state
    return evolve(state, quiet_since=None)


# ---------------------------------------------------------------------------------------------------------- shapes


def about(session: Session) -> tuple[str, str, AccountId | None]:
    """The fields that every event of a session has (``events.FormEvent``): never its id (rule 14)."""
    return session.handle, session.label, session.account


def stamps(state: State, account: AccountId | None) -> tuple[Stamp | None, Stamp | None]:
    """``newAsOf`` and ``allAsOf`` of an account's customers (rule 12)."""
    slot = fast_slot(state, account)
    list_state = ListState() if slot is None else state.list_state(slot.type, slot.account)
    return list_state.new, list_state.whole


def _kept(state: State, session_id: str, session: Session) -> State:
    return evolve(state, sessions={**state.sessions, session_id: session})


def _remember_end(state: State, now: Moment, session_id: str, handle: str, reason: SessionEnd) -> State:
    return _remember_ends(state, now, [(session_id, handle, reason)])


def _remember_ends(state: State, now: Moment, ends: Sequence[tuple[str, str, SessionEnd]]) -> State:
    """Remember the ids of ended sessions with handle and reason, so that a late call gets the reason (rule 14)."""
    until = now.mono + state.rules.ended_memory
    kept = {
        **state.ended_sessions,
        **{session_id: EndedSession(handle, reason, until) for session_id, handle, reason in ends},
    }
    for session_id in list(kept)[: max(0, len(kept) - state.rules.ended_limit)]:
        del kept[session_id]
    return evolve(state, ended_sessions=kept)
