"""The status of an office as one member shows it: before it is known, with and without a leader. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from archisync_gui.model import (
    AccountId,
    AccountStatus,
    AccountTypeStatus,
    Explanation,
    Freshness,
    OfficeView,
    Reason,
    Status,
    SyncState,
    SyncTypeSpec,
    TypeStatus,
)
from archisync_gui.office.news import News
from archisync_gui.orchestrator.status import WORST_FRESHNESS


def blank(types: Sequence[SyncTypeSpec], accounts: Sequence[AccountId], now: datetime) -> Status:
    """The status shown before the leader's is known: no list was ever read."""
    strongest_first = sorted(types, key=lambda spec: -spec.priority)
    return Status(
        boot="",
        revision=0,
        at=now,
        current_sync=None,
        current_run=None,
        queue=(),
        statuses={spec.name: _never_read(spec, accounts) for spec in strongest_first},
        smart_customer_sync_active=False,
        session_count=0,
        safety_timeout_active=False,
        breathing=False,
        quiet_until=None,
        sessions=(),
        hold_since=None,
        accounts=tuple(AccountStatus(account, True, at == 0, None, 0, 0) for at, account in enumerate(accounts)),
        explanation=Explanation(now, Reason.NOT_RUNNING),
    )


def _never_read(spec: SyncTypeSpec, accounts: Sequence[AccountId]) -> TypeStatus:
    readers = accounts[:1] if spec.shared else accounts
    parts = tuple(
        AccountTypeStatus(
            type=spec.name, account=account, state=SyncState.IDLE, reason=Reason.NOT_RUNNING, freshness=Freshness.NEVER,
            is_running=False, queue_position=None, last_run_time=None, new_as_of=None, all_as_of=None,
            last_attempt=None, last_outcome=None, last_error=None, last_run_id=None, failures_in_a_row=0,
            unclean_in_a_row=0, due=None, expected=None, progress=None, rows=None, added=0, changed=0, gone=0,
        )
        for account in readers
    )  # fmt: skip
    return TypeStatus(
        spec.name, SyncState.IDLE, Reason.NOT_RUNNING, Freshness.NEVER, False, None, None, spec.interval, parts
    )


def seen_from_here(base: Status, news: News, member: str, now: datetime | None) -> Status:
    """The leader's status ``base`` with the state of the office. Without a current leader nothing is shown as running.
    A fresh list becomes late in time, also without a leader. ``now``: the office's time; ``None``: not known here."""
    office = OfficeView(news.leader, news.member == member, news.trouble, news.as_of)
    status = replace(base, office=office, statuses={name: _aged(found, now) for name, found in base.statuses.items()})
    return status if news.current else _without_leader(status)


def fresh_until(status: Status, now: datetime) -> datetime | None:
    """The first time after ``now`` at which a list becomes late; ``None``: there is none."""
    times = (part.late_at for found in status.statuses.values() for part in found.accounts)
    return min((at for at in times if at is not None and at > now), default=None)


def _aged(status: TypeStatus, now: datetime | None) -> TypeStatus:
    parts = tuple(replace(part, freshness=_freshness(part, now)) for part in status.accounts)
    if parts == status.accounts:
        return status
    worst = min((part.freshness for part in parts), key=WORST_FRESHNESS.index)
    return replace(status, freshness=worst, accounts=parts)


def _freshness(part: AccountTypeStatus, now: datetime | None) -> Freshness:
    if part.freshness is not Freshness.FRESH:
        return part.freshness
    if now is None:
        return Freshness.UNKNOWN
    return Freshness.LATE if part.late_at is not None and part.late_at <= now else Freshness.FRESH


def _without_leader(status: Status) -> Status:
    statuses = {
        name: replace(
            found,
            state=_not_running(found.state),
            is_running=False,
            accounts=tuple(
                replace(part, state=_not_running(part.state), is_running=False, progress=None)
                for part in found.accounts
            ),
        )
        for name, found in status.statuses.items()
    }
    return replace(
        status,
        current_sync=None,
        current_run=None,
        statuses=statuses,
        explanation=Explanation(status.at, Reason.NOT_RUNNING),
    )


def _not_running(state: SyncState) -> SyncState:
    return SyncState.WAITING if state is SyncState.RUNNING else state
