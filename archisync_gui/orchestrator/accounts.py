"""Transitions of accounts: replaced, stopped for credentials, allowed again, logged in (rules 8, 22, 25)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from archisync_gui.model import Account, AccountId, ErrorInfo, FailureKind, Json, SyncType, as_json, events
from archisync_gui.orchestrator.blocks import logins_today
from archisync_gui.orchestrator.office_hours import local_day
from archisync_gui.orchestrator.requests import dropped, forms_notified, put_back, stop_asked
from archisync_gui.orchestrator.schedule import planned, with_due
from archisync_gui.orchestrator.state import AccountState, State, StopCause
from archisync_gui.orchestrator.values import Moment, Note, counted, evolve


def replaced(state: State, now: Moment, accounts: Sequence[Account]) -> State:
    """Replace the accounts, and plan the schedule for them. Requests of other accounts are reassigned or withdrawn, and
    a run of another account is cancelled."""
    known = {a.id: evolve(state.accounts.get(a.id, AccountState(a)), account=a) for a in accounts}
    state = orphans_dropped(evolve(state, accounts=known), now)
    if state.active is not None and state.active.run.account not in state.enabled:
        state = stop_asked(state, StopCause.ACCOUNT)
    state = state.with_effects(events.AccountChanged(accounts=state.enabled))
    return planned(state, now)


def type_to_try(state: State, account: AccountId) -> SyncType:
    """The type that an account reads first after it was stopped: the one that failed last, else a list of its own."""
    last = (known.last for known in state.list_states.values())
    failed = [run for run in last if run is not None and run.error is not None and run.account == account]
    if failed:
        return max(failed, key=lambda run: run.started).type
    own = [spec.name for spec in state.types.values() if not spec.shared]
    return (own or list(state.types))[0]


def orphans_dropped(state: State, now: Moment) -> State:
    """Reassign or drop the requests of accounts that are no longer in use (rule 5: no request waits for ever)."""
    state = reassigned(state)
    for request in list(state.queue.values()):
        if request.slot.account not in state.enabled:
            state = dropped(state, now, request)
    return state


def reassigned(state: State) -> State:
    """Move waiting reads of shared lists to the account that reads them now, maybe a substitute (rule 8)."""
    if (reader := state.catalogue) is None:
        return state
    for request in list(state.queue.values()):
        slot = request.slot
        if state.types[slot.type].shared and slot.account != reader:
            suspended = request.suspended
            if suspended is not None:
                # The rows that it has read come from the other account's grid: it starts over with this account.
                suspended = evolve(suspended, run=evolve(suspended.run, account=reader), resume=None)
            state = state.without_request(slot)
            state = put_back(state, evolve(request, slot=slot._replace(account=reader), suspended=suspended))
    return state


def login_failed(
    state: State, now: Moment, sync_type: SyncType, account: AccountId, error: ErrorInfo, since: float
) -> State:
    """Handle a failure if it concerns the login: refused credentials stop the account at once; after any other failed
    login the schedule pauses for the account, which then gets one more try (rule 22). A refusal is ignored if the run
    began (monotonic ``since``) before the operator changed the password, since it may concern the old one."""
    if (known := state.accounts.get(account)) is None:
        return state
    match error.kind:
        case FailureKind.CREDENTIALS if known.allowed_at is not None and since < known.allowed_at:
            return state
        case FailureKind.CREDENTIALS:
            return refused(state, account, error)
        case FailureKind.LOGIN:
            failures = known.login_failures + 1
            until = now.wall + timedelta(seconds=state.rules.login_back_off(failures))
            key = state.list_key(sync_type, account)
            due = state.list_state(sync_type, account).due
            if due is not None:
                state = with_due(state, key, min(due, until))
            return _paused(state, known, failures, until).with_effects(
                events.AccountChanged(account, paused_until=until)
            )
    return state


def _paused(state: State, known: AccountState, failures: int, until: datetime | None) -> State:
    """Set the number of failed logins in a row and the end of the pause. They are stored: another process, or another
    computer of an office, must not repeat at once a login that may have been refused."""
    if (failures, until) == (known.login_failures, known.login_pause):
        return state
    state = state.with_account(evolve(known, login_failures=failures, login_pause=until))
    return state.with_effects(Note(f"login-pause:{known.account.id}", counted(failures, until)))


def refused(state: State, account: AccountId, error: ErrorInfo) -> State:
    """Stop an account until the operator changes something (rule 22). Its waiting forms are notified that their reads
    cannot run now (rule 12)."""
    if (known := state.accounts.get(account)) is None:
        return state
    state = state.with_account(evolve(known, stopped=error)).with_effects(Note(f"stopped:{account}", as_json(error)))
    state = state.with_effects(events.AccountChanged(account, stopped=error))
    for request in state.queue.values():
        state = forms_notified(state, request, error) if request.slot.account == account else state
    return reassigned(state)


def login_worked(state: State, account: AccountId) -> State:
    """A run that ended without failing was logged in: reset the account's count of failed logins."""
    known = state.accounts.get(account)
    return state if known is None else _paused(state, known, 0, None)


def reenabled(state: State, now: Moment, account: AccountId) -> State:
    """Allow the account again: the operator changed the password, or wants the same one tried once (rule 22)."""
    if (known := state.accounts.get(account)) is None:
        return state
    state = _paused(state, known, 0, None)
    state = state.with_account(evolve(state.accounts[account], stopped=None, allowed_at=now.mono))
    state = state.with_effects(Note(f"stopped:{account}", None), events.AccountChanged(account))
    return reassigned(state)


def logged_in(state: State, now: Moment, account: AccountId) -> State:
    """Count one real login against the budget of the day; the count is kept over restarts (rule 22)."""
    if (known := state.accounts.get(account)) is None:
        return state
    day = local_day(now.wall, state.rules.zone)
    count = logins_today(state, account, now) + 1
    note: Json = {"day": day.isoformat(), "count": count}
    return state.with_account(evolve(known, day=day, logins=count)).with_effects(
        Note(f"logins:{account}", note), events.AccountChanged(account, logins=count)
    )
