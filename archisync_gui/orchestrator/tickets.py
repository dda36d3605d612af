"""Tickets, the awaitables of outcomes that callers hold, and those who wait for an outcome: tickets and forms.

A ticket resolves after the last attempt, exactly once (rule 5); a form gets the first answer (rule 12).
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from archisync_gui.model import AccountId, ErrorInfo, FailureKind, Outcome, RunResult, Scope, SyncType
from archisync_gui.orchestrator.values import form

TICKETS_KEPT = 500
"""Minimum number of resolved tickets, the latest ones, that can be found by id."""

Answer: TypeAlias = RunResult | ErrorInfo
"""What a form is told: the outcome of a read, its first failure, or why it has to wait."""

_GRAVITY = [
    Outcome.COMPLETED,
    Outcome.UNCLEAN,
    Outcome.SKIPPED,
    Outcome.CANCELLED,
    Outcome.INTERRUPTED,
    Outcome.REFUSED,
    Outcome.FAILED,
]


def new_id() -> str:
    """A short id that nothing else has."""
    return uuid.uuid4().hex[:12]


def new_secret() -> str:
    """A part of an id that cannot be guessed."""
    return secrets.token_hex(12)


class Ticket:
    """One request's outcome, over all accounts it was expanded to (rule 8)."""

    def __init__(self, ticket_id: str, sync_type: SyncType, scope: Scope, accounts: Sequence[AccountId]) -> None:
        self.id = ticket_id
        self.type = sync_type
        self.scope = scope
        self.parts: dict[str, AccountId] = {f"{ticket_id}#{n}": account for n, account in enumerate(accounts)}
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

    def __init__(self, batch_id: str, tickets: Sequence[Ticket]) -> None:
        self.id = batch_id
        self.tickets = tuple(tickets)

    def __await__(self) -> Generator[Any, None, tuple[RunResult, ...]]:
        return self._all().__await__()

    async def _all(self) -> tuple[RunResult, ...]:
        return tuple([await ticket for ticket in self.tickets])

    @property
    def done(self) -> bool:
        """True when every outcome is known."""
        return all(ticket.done for ticket in self.tickets)


class Waiters:
    """Those who wait for outcomes: tickets, which stay to be found by id for some time, and forms."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._limit = 2 * TICKETS_KEPT
        self._parts: dict[str, Ticket] = {}
        self._forms: dict[str, dict[asyncio.Future[Answer], Callable[[Answer], bool]]] = {}

    def add(self, ticket: Ticket) -> None:
        """Remember a ticket. One without parts is resolved: there is no account to read with."""
        self._tickets[ticket.id] = ticket
        self._parts.update(dict.fromkeys(ticket.parts, ticket))
        if not ticket.parts:
            error = ErrorInfo("no-account", FailureKind.PERMANENT, "there is no account to read with")
            ticket.answer(RunResult(ticket.type, "", ticket.scope, Outcome.SKIPPED, error=error))
        if len(self._tickets) > self._limit:
            done = [ticket_id for ticket_id, ticket in self._tickets.items() if ticket.done]
            for ticket_id in done[:-TICKETS_KEPT]:
                del self._tickets[ticket_id]
            # Looked through again when there are twice as many, however many are open: so each request costs the same.
            self._limit = 2 * max(TICKETS_KEPT, len(self._tickets))

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket by its id, also some time after it resolved."""
        return self._tickets.get(ticket_id)

    def settle(self, who: Sequence[str], result: RunResult) -> None:
        """These parts of tickets have their outcome."""
        for part in who:
            ticket = self._parts.pop(part, None)
            if ticket is not None:
                ticket.settle(part, result)

    def interrupt(self) -> None:
        """Resolve all tickets that are still open: the program ends."""
        for part, ticket in tuple(self._parts.items()):
            ticket.settle(part, RunResult(ticket.type, ticket.parts[part], ticket.scope, Outcome.INTERRUPTED))

    @contextmanager
    def form(self, handle: str, takes: Callable[[Answer], bool]) -> Iterator[asyncio.Future[Answer]]:
        """The future of the first answer that a form gets meanwhile and takes."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = self._forms.setdefault(form(handle), {})
        waiting[answer] = takes
        try:
            yield answer
        finally:
            del waiting[answer]
            if not waiting:
                self._forms.pop(form(handle), None)

    def answer_forms(self, who: Sequence[str], answer: Answer) -> None:
        """Answer forms that wait for a fast read; the whole list that follows it answers none."""
        if isinstance(answer, RunResult) and answer.scope is not Scope.NEW:
            return
        for future, takes in [one for name in who for one in self._forms.get(name, {}).items()]:
            if not future.done() and takes(answer):
                future.set_result(answer)


def combined(sync_type: SyncType, scope: Scope, results: Sequence[RunResult]) -> RunResult:
    """One outcome for all accounts: counts summed, the worst outcome, the oldest data."""
    if len(results) == 1:
        return results[0]
    worst = max(results, key=lambda r: _GRAVITY.index(r.outcome))
    read = [r.as_of for r in results if r.as_of is not None]
    return RunResult(
        type=sync_type,
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
        warnings=tuple(a for a in results[0].warnings if all(a in r.warnings for r in results)),
    )
