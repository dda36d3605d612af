"""The status of an office as one member sees it: before anything is known, and while nobody leads. Pure functions."""

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
    """What is shown before the leader's status is known: lists never read."""
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
        accounts=tuple(AccountStatus(one, True, at == 0, None, 0, 0) for at, one in enumerate(accounts)),
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
    """The leader's status with how the office is. Nothing runs while the leader that said so is gone, and a list that
    was fresh becomes late although no leader says so. ``now``: the office's time; ``None``: it is not known here."""
    office = OfficeView(news.leader, news.member == member, news.trouble, news.as_of)
    status = replace(base, office=office, statuses={name: _aged(one, now) for name, one in base.statuses.items()})
    return status if news.current else _nobody_reads(status)


def fresh_until(status: Status, now: datetime) -> datetime | None:
    """When the next list becomes late after ``now``; ``None``: none does."""
    times = (part.late_at for one in status.statuses.values() for part in one.accounts)
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


def _nobody_reads(status: Status) -> Status:
    statuses = {
        name: replace(
            one,
            state=_rest(one.state),
            is_running=False,
            accounts=tuple(
                replace(part, state=_rest(part.state), is_running=False, progress=None) for part in one.accounts
            ),
        )
        for name, one in status.statuses.items()
    }
    return replace(
        status,
        current_sync=None,
        current_run=None,
        statuses=statuses,
        explanation=Explanation(status.at, Reason.NOT_RUNNING),
    )


def _rest(state: SyncState) -> SyncState:
    return SyncState.WAITING if state is SyncState.RUNNING else state
