"""What stops a waiting request, and until when: the table of rule 9, and the questions that it asks of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from archisync_gui.model import AccountId, Freshness, Reason, Scope, SyncType
from archisync_gui.orchestrator import office_hours
from archisync_gui.orchestrator.state import Request, Session, State
from archisync_gui.orchestrator.values import Moment, is_form


@dataclass(frozen=True, slots=True)
class Block:
    """Why something does not start."""

    reason: Reason
    until: datetime | None = None
    """The expected end of the block; ``None``: not known."""
    type: SyncType | None = None
    account: AccountId | None = None


def serves(state: State, request: Request) -> bool:
    """True for a request that an open form waits for: fast reads and single records of its account, and the whole list
    that follows its fast read (rules 10, 13)."""
    if any(is_form(a.id) for a in request.askers):
        return True
    return request.slot.scope is not Scope.ALL and any(
        s.account == request.slot.account for s in state.sessions.values()
    )


def breathing(state: State, now: Moment) -> bool:
    """True when sessions are open but quiet is over, so that late lists are read (rule 11)."""
    return state.quiet_since is not None and bool(state.sessions) and now.mono - state.quiet_since >= state.rules.quiet


def quiet(state: State, now: Moment) -> bool:
    """True while open sessions make all other requests wait (rule 11)."""
    return bool(state.sessions) and not breathing(state, now)


def may_run_in_session(state: State, request: Request, now: Moment) -> bool:
    """True for a form's requests at any time, and for late lists once quiet is over (rules 10, 11)."""
    if serves(state, request):
        return True
    return breathing(state, now) and freshness(state, request.slot.type, request.slot.account, now) is not (
        Freshness.FRESH
    )


def session_until(state: State, request: Request, now: Moment) -> datetime | None:
    """When sessions stop blocking a request if no page shows a sign of life from now on."""
    last_end = now.wall_at(_last_end(state.sessions))
    quiet_end = now.wall_at((state.quiet_since or 0.0) + state.rules.quiet)
    late = late_at(state, request.slot.type, request.slot.account, now)
    return last_end if late is None else min(last_end, max(quiet_end, late))


_latest: tuple[Mapping[str, Session], float] = ({}, 0.0)


def _last_end(sessions: Mapping[str, Session]) -> float:
    """Monotonic time at which the last session ends by itself. The result is cached for the last mapping: a status asks
    once for each waiting request, of which there may be a thousand."""
    global _latest
    if _latest[0] is not sessions:
        _latest = sessions, max(s.ends for s in sessions.values())
    return _latest[1]


def logins_today(state: State, account: AccountId, now: Moment) -> int:
    """Number of real logins on the office's present day (rule 22)."""
    known = state.accounts[account]
    return known.logins if known.day == office_hours.local_day(now.wall, state.rules.zone) else 0


def late_after(state: State, sync_type: SyncType) -> float:
    """Seconds of opening time after which a copy is late."""
    interval = state.intervals.get(sync_type)
    if interval is None:
        return state.rules.late_without_interval
    return state.rules.late_intervals * interval * 60.0


def late_at(state: State, sync_type: SyncType, account: AccountId, now: Moment) -> datetime | None:
    """When the stored copy becomes late, by the present wall clock; in the past if it is late already. ``None``: never,
    since the office never opens."""
    success = state.list_state(sync_type, account).success
    if success is None or success.age(now) == float("inf"):
        return now.wall
    rules = state.rules
    late = office_hours.after_open_time(success.wall, late_after(state, sync_type), rules.office, rules.zone)
    if late is None:
        return None
    # If the wall clock has fallen behind the monotonic one, the larger elapsed time counts.
    lost = success.age(now) - (now.wall - success.wall).total_seconds()
    return late - timedelta(seconds=lost)


def late_times(state: State, now: Moment) -> list[datetime]:
    """When each stored copy becomes, or became, late."""
    found = [late_at(state, sync_type, account, now) for sync_type, account in state.reads()]
    return [late for late in found if late is not None]


def freshness(state: State, sync_type: SyncType, account: AccountId, now: Moment) -> Freshness:
    """How fresh the stored copy is (status, rule 30)."""
    success = state.list_state(sync_type, account).success
    if success is None:
        return Freshness.NEVER
    if success.age(now) == float("inf"):
        return Freshness.UNKNOWN
    late = late_at(state, sync_type, account, now)
    return Freshness.LATE if late is not None and late <= now.wall else Freshness.FRESH


# ---------------------------------------------------------------------------------------------------------- rule 9


class BlockRule(NamedTuple):
    """One line of rule 9: the reason, the requests that it applies to, whether it stops one now, and until when
    (``None``: not known)."""

    reason: Reason
    applies_to: Callable[[Request], bool]
    stops: Callable[[State, Request, Moment], bool]
    until: Callable[[State, Request, Moment], datetime | None] = lambda state, request, now: None


def _every_request(_request: Request) -> bool:
    return True


def _not_anyway(request: Request) -> bool:
    """All requests but those with *run anyway*."""
    return not request.anyway


def _unattended(request: Request) -> bool:
    """The schedule's requests, and repeats of all others; not those with *run anyway*."""
    return not request.anyway and (request.scheduled or request.repeat)


def _scheduled(request: Request) -> bool:
    return not request.anyway and request.scheduled


def _account_stopped(state: State, request: Request, _now: Moment) -> bool:
    account = state.accounts.get(request.slot.account)
    return account is None or account.stopped is not None


def _kept_by_session(state: State, request: Request, now: Moment) -> bool:
    return bool(state.sessions) and not may_run_in_session(state, request, now)


def _budget_spent(state: State, request: Request, now: Moment) -> bool:
    return logins_today(state, request.slot.account, now) >= state.rules.login_budget


def _office_closed(state: State, _request: Request, now: Moment) -> bool:
    return not office_hours.is_open(now.wall, state.rules.office, state.rules.zone)


def _pause(state: State, request: Request, now: Moment) -> datetime | None:
    """The end of the pause after failures of the list or of the account's logins."""
    list_state = state.list_state(request.slot.type, request.slot.account)
    pauses = (list_state.back_off, state.accounts[request.slot.account].login_pause)
    return max((pause for pause in pauses if pause is not None and pause > now.wall), default=None)


def _before_retry(_state: State, request: Request, now: Moment) -> bool:
    return request.not_before is not None and request.not_before > now.mono


BLOCKS = (
    BlockRule(Reason.CLOSING, _every_request, lambda state, request, now: state.closing),
    BlockRule(Reason.ACCOUNT_STOPPED, _every_request, _account_stopped),
    BlockRule(
        Reason.HOLD,
        _not_anyway,
        lambda state, request, now: state.hold_since is not None,
        lambda state, request, now: state.hold_until,
    ),
    BlockRule(Reason.SESSION, _not_anyway, _kept_by_session, session_until),
    BlockRule(
        Reason.LOGIN_BUDGET,
        _unattended,
        _budget_spent,
        lambda state, request, now: office_hours.day_end(now.wall, state.rules.zone),
    ),
    BlockRule(Reason.OFFLINE, _unattended, lambda state, request, now: state.away is Reason.OFFLINE),
    BlockRule(Reason.ASLEEP, _unattended, lambda state, request, now: state.away is Reason.ASLEEP),
    BlockRule(
        Reason.OFFICE_HOURS,
        _scheduled,
        _office_closed,
        lambda state, request, now: office_hours.opens(now.wall, state.rules.office, state.rules.zone),
    ),
    BlockRule(Reason.BACK_OFF, _scheduled, lambda *of: _pause(*of) is not None, _pause),
    BlockRule(
        Reason.RETRY,
        _every_request,
        _before_retry,
        lambda state, request, now: now.wall_at(request.not_before or 0.0),
    ),
)
"""What stops a waiting request, the strongest reason first (rule 9). ``decide`` and ``explain`` use the same table."""


_answers: tuple[State | None, Moment | None, dict[tuple[object, ...], Block | None]] = None, None, {}


def stopped_by(state: State, request: Request, now: Moment) -> Block | None:
    """The strongest reason that stops a waiting request; ``None``: it waits only for the lock or for other requests.
    Results are cached for the last state and moment, by everything that the rules use: hundreds of single records wait
    for one reason."""
    global _answers
    if _answers[0] is not state or _answers[1] != now:
        _answers = state, now, {}
    slot, found = request.slot, _answers[2]
    form = any(is_form(asker.id) for asker in request.askers)
    how = request.anyway, request.scheduled, request.repeat, request.not_before, form
    key = slot.type, slot.account, slot.scope, *how
    if key not in found:
        found[key] = _stopped_by(state, request, now)
    return found[key]


def _stopped_by(state: State, request: Request, now: Moment) -> Block | None:
    for rule in BLOCKS:
        if rule.applies_to(request) and rule.stops(state, request, now):
            return Block(rule.reason, rule.until(state, request, now), request.slot.type, request.slot.account)
    return None
