"""Tickets, with which callers wait for the outcome of a request, and the register of all waiting tickets and forms.

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
"""Minimum number of resolved tickets that can be found by id; older ones are dropped."""

Answer: TypeAlias = RunResult | ErrorInfo
"""What a form gets: the outcome of a read, its first failure, or why it has to wait."""

_SEVERITY = [
    Outcome.COMPLETED,
    Outcome.UNCLEAN,
    Outcome.SKIPPED,
    Outcome.CANCELLED,
    Outcome.INTERRUPTED,
    Outcome.REFUSED,
    Outcome.FAILED,
]


def new_id() -> str:
    """A short unique id."""
    return uuid.uuid4().hex[:12]


def new_secret() -> str:
    """A random part for an id, which cannot be guessed."""
    return secrets.token_hex(12)


class Ticket:
    """Awaitable outcome of one request, over all accounts for which it reads (rule 8)."""

    def __init__(self, ticket_id: str, sync_type: SyncType, scope: Scope, accounts: Sequence[AccountId]) -> None:
        self.id = ticket_id
        self.type = sync_type
        self.scope = scope
        self.parts: dict[str, AccountId] = {f"{ticket_id}#{n}": account for n, account in enumerate(accounts)}
        """By asker id of a part: the part's account."""
        self._results: dict[str, RunResult] = {}
        self._done: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, RunResult]:
        # Shielded: if one caller is cancelled, the others still wait.
        return asyncio.shield(self._done).__await__()

    @property
    def done(self) -> bool:
        """True when the outcome is known."""
        return self._done.done()

    @property
    def result(self) -> RunResult | None:
        """The outcome; ``None``: not known yet."""
        return self._done.result() if self._done.done() else None

    def settle(self, part: str, result: RunResult) -> None:
        """Set the outcome of one part; the last one resolves the ticket."""
        self._results.setdefault(part, result)
        if len(self._results) == len(self.parts) and not self._done.done():
            self._done.set_result(combined(self.type, self.scope, tuple(self._results.values())))

    def answer(self, result: RunResult) -> None:
        """Resolve at once, for a request without parts."""
        self._done.set_result(result)


class BatchTicket:
    """Awaitable outcomes of several requests made at once, in their order."""

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
    """The tickets and forms that wait for outcomes. Resolved tickets can be found by id for some time."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._limit = 2 * TICKETS_KEPT
        self._parts: dict[str, Ticket] = {}
        self._forms: dict[str, dict[asyncio.Future[Answer], Callable[[Answer], bool]]] = {}

    def add(self, ticket: Ticket) -> None:
        """Add a ticket. One without parts is resolved at once: there is no account to read with."""
        self._tickets[ticket.id] = ticket
        self._parts.update(dict.fromkeys(ticket.parts, ticket))
        if not ticket.parts:
            error = ErrorInfo("no-account", FailureKind.PERMANENT, "there is no account to read with")
            ticket.answer(RunResult(ticket.type, "", ticket.scope, Outcome.SKIPPED, error=error))
        if len(self._tickets) > self._limit:
            done = [ticket_id for ticket_id, ticket in self._tickets.items() if ticket.done]
            for ticket_id in done[:-TICKETS_KEPT]:
                del self._tickets[ticket_id]
            # The next search comes at twice the number, also if many are open: so its cost per ticket is constant.
            self._limit = 2 * max(TICKETS_KEPT, len(self._tickets))

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket by its id, also some time after it resolved."""
        return self._tickets.get(ticket_id)

    def settle(self, asker_ids: Sequence[str], result: RunResult) -> None:
        """Set the outcome of these parts of tickets."""
        for part in asker_ids:
            ticket = self._parts.pop(part, None)
            if ticket is not None:
                ticket.settle(part, result)

    def interrupt(self) -> None:
        """Resolve all open tickets as interrupted, since the program ends."""
        for part, ticket in tuple(self._parts.items()):
            ticket.settle(part, RunResult(ticket.type, ticket.parts[part], ticket.scope, Outcome.INTERRUPTED))

    @contextmanager
    def form(self, handle: str, accepts: Callable[[Answer], bool]) -> Iterator[asyncio.Future[Answer]]:
        """A future of the first answer to the form that ``accepts`` returns True for, while the context is open."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = self._forms.setdefault(form(handle), {})
        waiting[answer] = accepts
        try:
            yield answer
        finally:
            del waiting[answer]
            if not waiting:
                self._forms.pop(form(handle), None)

    def answer_forms(self, asker_ids: Sequence[str], answer: Answer) -> None:
        """Answer the forms that wait for a fast read; the outcome of a whole list answers none."""
        if isinstance(answer, RunResult) and answer.scope is not Scope.NEW:
            return
        for future, accepts in [waiter for name in asker_ids for waiter in self._forms.get(name, {}).items()]:
            if not future.done() and accepts(answer):
                future.set_result(answer)


def combined(sync_type: SyncType, scope: Scope, results: Sequence[RunResult]) -> RunResult:
    """One outcome for all accounts: the sums of the counts, the worst outcome, the oldest ``as_of``."""
    if len(results) == 1:
        return results[0]
    worst = max(results, key=lambda r: _SEVERITY.index(r.outcome))
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
