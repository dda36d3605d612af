"""Awaitables of outcomes, for callers. They resolve after the last attempt, each exactly once (rule 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from typing import Any

from archisync_gui.model import AccountId, Outcome, RunResult, Scope, SyncType

_GRAVITY = [
    Outcome.COMPLETED,
    Outcome.UNCLEAN,
    Outcome.SKIPPED,
    Outcome.CANCELLED,
    Outcome.INTERRUPTED,
    Outcome.REFUSED,
    Outcome.FAILED,
]


class Ticket:
    """One request's outcome, over all accounts it was expanded to (rule 8)."""

    def __init__(self, id: str, type: SyncType, scope: Scope, accounts: Sequence[AccountId]) -> None:
        self.id = id
        self.type = type
        self.scope = scope
        self.parts: dict[str, AccountId] = {f"{id}#{n}": account for n, account in enumerate(accounts)}
        """The names under which its parts are wanted, with the account asked for."""
        self._results: dict[str, RunResult] = {}
        self._done: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, RunResult]:
        # Shielded: a caller that stops waiting must not cancel it for the others.
        return asyncio.shield(self._done).__await__()

    @property
    def done(self) -> bool:
        """True when the outcome is known."""
        return self._done.done()

    @property
    def result(self) -> RunResult | None:
        """The outcome, ``None`` while it is open."""
        return self._done.result() if self._done.done() else None

    def settle(self, part: str, result: RunResult) -> None:
        """One part has its outcome; the ticket resolves with the last."""
        self._results.setdefault(part, result)
        if len(self._results) == len(self.parts) and not self._done.done():
            self._done.set_result(combined(self.type, self.scope, tuple(self._results.values())))

    def answer(self, result: RunResult) -> None:
        """Resolve at once, for a request that could not be expanded to anything."""
        self._done.set_result(result)


class BatchTicket:
    """The outcomes of several requests made at once, in the order given."""

    def __init__(self, id: str, tickets: Sequence[Ticket]) -> None:
        self.id = id
        self.tickets = tuple(tickets)

    def __await__(self) -> Generator[Any, None, tuple[RunResult, ...]]:
        return self._all().__await__()

    async def _all(self) -> tuple[RunResult, ...]:
        return tuple([await ticket for ticket in self.tickets])

    @property
    def done(self) -> bool:
        """True when every outcome is known."""
        return all(ticket.done for ticket in self.tickets)


def combined(type: SyncType, scope: Scope, results: Sequence[RunResult]) -> RunResult:
    """One outcome for all accounts: counts summed, the worst outcome, the oldest data."""
    if len(results) == 1:
        return results[0]
    worst = max(results, key=lambda r: _GRAVITY.index(r.outcome))
    read = [r.as_of for r in results if r.as_of is not None]
    return RunResult(
        type=type,
        account="",
        scope=scope,
        outcome=worst.outcome,
        rows=sum(r.rows for r in results),
        added=sum(r.added for r in results),
        changed=sum(r.changed for r in results),
        gone=sum(r.gone for r in results),
        duration_ms=sum(r.duration_ms for r in results),
        as_of=min(read) if len(read) == len(results) else None,
        error=worst.error,
        run_id=None,
    )
