"""What a token for one account may see: that account and the shared lists, nothing of other accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, overload

from archisync_gui.model import (
    AccountId,
    AccountTypeStatus,
    ErrorInfo,
    Event,
    Explanation,
    Json,
    QueueEntry,
    RunRecord,
    RunResult,
    RunView,
    Status,
    TypeStatus,
    events,
)

SHARED = ""
"""The account under which products and prices are stored; also shown in place of another account."""


Run = TypeVar("Run", RunRecord, RunResult)


class AccountView:
    """Reduces status, runs and events to what one account may see."""

    def __init__(self, account: AccountId, shared: frozenset[str]) -> None:
        """``shared``: the types that belong to no account (any account may read them from the ERP)."""
        self.account = account
        self._shared = shared

    def status(self, status: Status) -> Status:
        """The status with runs and requests of this account and the shared lists, and this account's sessions. The
        number of sessions, the hold and whether other lists wait for sessions concern all accounts, and are kept."""
        run = status.current_run
        seen = run is not None and self._sees(run.type, run.account)
        return replace(
            status,
            current_sync=status.current_sync if seen else None,
            current_run=self._run(run) if run is not None and seen else None,
            queue=tuple(self._entry(entry) for entry in status.queue if self._sees(entry.type, entry.account)),
            statuses={name: self._type(found) for name, found in status.statuses.items()},
            sessions=tuple(session for session in status.sessions if session.account == self.account),
            accounts=tuple(account for account in status.accounts if account.id == self.account),
            abandoned=tuple(self._run(run) for run in status.abandoned if self._sees(run.type, run.account)),
            explanation=self.explanation(status.explanation),
        )

    def event(self, event: Event) -> Event | None:
        """The event as this account may see it; ``None`` when it concerns another account only."""
        match event.data:
            case events.RunEvent(type=sync_type, account=account) as run if account != self.account:
                if not self._sees(sync_type, account):
                    return None
                shown = replace(run, account=SHARED)
                if isinstance(shown, events.SyncError):
                    shown = replace(shown, error=_without_details(shown.error))
                return replace(event, data=shown)
            case events.SmartSyncStarted() as started:  # may be another account's form
                return replace(event, data=replace(started, handle=""))
            case events.FormEvent(account=account) | events.QueueUpdated(account=account) if self._hides(account):
                return None
            case events.AccountChanged(accounts=tuple() as accounts) as changed:
                own = tuple(name for name in accounts if name == self.account)
                return replace(event, data=replace(changed, accounts=own))
            case events.AccountChanged(account=account) if self._hides(account):
                return None
            case events.ScheduleMissed(missed=missed):
                seen = [read for read in missed if self._sees(read.type, read.account)]
                seen = [replace(read, account=self._shown(read.account)) for read in seen]
                return replace(event, data=events.ScheduleMissed(tuple(seen))) if seen else None
        return event

    def explanation(self, explanation: Explanation) -> Explanation:
        """The explanation without other accounts' names and expected runs."""
        params = explanation.params
        return replace(
            explanation,
            params=self._params(params),
            forecast=tuple(
                replace(run, account=self._shown(run.account))
                for run in explanation.forecast
                if self._sees(run.type, run.account)
            ),
        )

    def outcome(self, run: Run) -> Run:
        """A stored run or a request's result, without the details if another account has read the (shared) list."""
        if run.account == self.account:
            return run
        return replace(run, account=SHARED, error=_without_details(run.error))

    def sees(self, sync_type: str, account: AccountId) -> bool:
        """Whether a run or request of that type and account may be seen."""
        return self._sees(sync_type, account)

    def _sees(self, sync_type: str, account: AccountId) -> bool:
        return account in (SHARED, self.account) or sync_type in self._shared

    def _hides(self, account: AccountId | None) -> bool:
        return account not in (None, SHARED, self.account)

    def _shown(self, account: AccountId) -> AccountId:
        return account if account == self.account else SHARED

    def _params(self, params: Mapping[str, Json]) -> dict[str, Json]:
        account = params.get("account")
        other = isinstance(account, str) and self._hides(account)
        return {name: value for name, value in params.items() if not (other and name in ("account", "label"))}

    def _run(self, run: RunView) -> RunView:
        return run if run.account == self.account else replace(run, account=SHARED)

    def _entry(self, entry: QueueEntry) -> QueueEntry:
        entry = replace(entry, params=self._params(entry.params))
        return entry if entry.account == self.account else replace(entry, account=SHARED, user_id=SHARED)

    def _type(self, found: TypeStatus) -> TypeStatus:
        parts = tuple(self._part(part) for part in found.accounts if self._sees(part.type, part.account))
        if len(parts) != 1:
            return replace(found, accounts=parts)
        (part,) = parts
        return replace(
            found,
            state=part.state,
            reason=part.reason,
            freshness=part.freshness,
            is_running=part.is_running,
            queue_position=part.queue_position,
            last_run_time=part.last_run_time,
            accounts=parts,
        )

    def _part(self, part: AccountTypeStatus) -> AccountTypeStatus:
        if part.account == self.account:
            return part
        return replace(part, account=SHARED, last_error=_without_details(part.last_error))


@overload
def _without_details(error: ErrorInfo) -> ErrorInfo: ...
@overload
def _without_details(error: None) -> None: ...
def _without_details(error: ErrorInfo | None) -> ErrorInfo | None:
    """Another account's failure with code and kind only: the other fields may name that account or this computer."""
    return None if error is None else ErrorInfo(error.code, error.kind, "")
