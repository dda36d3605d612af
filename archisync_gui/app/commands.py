"""What the command line can ask of a running core, the same whether it runs in this process or in another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from archisync_gui.app import exit_codes
from archisync_gui.app.channel import Emit
from archisync_gui.conditions import conditions
from archisync_gui.model import (
    Clock,
    ErrorInfo,
    Event,
    FailureKind,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunResult,
    Scope,
    Status,
    as_json,
    events,
)

if TYPE_CHECKING:
    from archisync_gui.orchestrator import OrchestratorApi, Ticket


SecondStart = Callable[[bool, str], bool]
"""Shows the window (unless hidden) at a place, for a second start of the program; ``False``: the program ends."""


class Running(Protocol):
    """What commands need of the core that runs."""

    @property
    def orchestrator(self) -> OrchestratorApi:
        """Who decides what is read."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def second_start(self) -> SecondStart | None:
        """Does what a second start of the program asks of the panel; ``None``: there is no window."""

    @property
    def quit(self) -> Callable[[], None] | None:
        """Ends the panel; ``None`` where a command line waits for its own end."""


SHOWN = (events.SyncStarted, events.SyncProgress, events.SyncSuspended, events.SyncResumed, events.RetryPlanned)
"""Events that a waiting ``sync`` shows."""


NEEDS_A_PERSON = frozenset({Reason.ACCOUNT_STOPPED, Reason.HOLD, Reason.LOGIN_BUDGET})
"""What only a person can change, or tomorrow (a repeated attempt without a login left for today)."""

SOON = frozenset({Reason.RUNNING, Reason.BEHIND, Reason.RETRY})
"""Reasons that end by themselves in a moment; the progress shows them."""

PATIENCE = 60.0
"""Seconds that a command which only looks or switches may take."""


async def serve(core: Running, name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
    """Run one command; answers exit code and JSON result. Unknown names are a usage error (another version asks)."""
    if name == "sync":
        return await _sync(core, list(args["types"]), emit)
    async with asyncio.timeout(PATIENCE):
        return await _served(core, name, args)


def status_json(status: Status) -> Any:
    """The status with its conditions, as JSON."""
    return {**as_json(status), "conditions": [condition.as_json() for condition in conditions(status)]}


async def _served(core: Running, name: str, args: dict[str, Any]) -> tuple[int, Any]:
    match name:
        case "status":
            return exit_codes.OK, status_json(core.orchestrator.get_status())
        case "explain":
            at = datetime.fromisoformat(args["at"]) if args.get("at") else None
            return exit_codes.OK, as_json(await core.orchestrator.explain(at))
        case "hold":
            seconds = args.get("seconds")
            until = core.clock.now() + timedelta(seconds=float(seconds)) if seconds is not None else None
            core.orchestrator.hold(until)
            return exit_codes.OK, status_json(core.orchestrator.get_status())
        case "release":
            core.orchestrator.release()
            return exit_codes.OK, status_json(core.orchestrator.get_status())
        case "retry":
            return _retry(core, args.get("account"))
        case "raise":
            return raised(core.second_start, args)
        case "quit":
            if core.quit is None:
                return exit_codes.BUSY, None
            # After the answer: the end of the panel closes the channel, too.
            asyncio.get_running_loop().call_soon(core.quit)
            return exit_codes.OK, None
    return exit_codes.USAGE, {"error": f"unknown command {name}"}


def raised(second_start: SecondStart | None, args: dict[str, Any]) -> tuple[int, Any]:
    """Answer a second start of the program. ``BUSY``: it has to wait for the end of this process, which has no
    window or is closing it."""
    if second_start is None:
        return exit_codes.BUSY, {"window": False}
    if not second_start(bool(args.get("hidden")), str(args.get("open") or "")):
        return exit_codes.BUSY, {"window": True}
    return exit_codes.OK, None


def _retry(core: Running, account: str | None) -> tuple[int, Any]:
    """Let stopped accounts (or the one named) log in again with the same password; the next read tries it."""
    accounts = core.orchestrator.get_status().accounts
    if account is not None and account not in [known.id for known in accounts]:
        return exit_codes.USAGE, {"allowed": [], "unknown": account, "known": [known.id for known in accounts]}
    stopped = [known.id for known in accounts if known.stopped is not None and account in (None, known.id)]
    for name in stopped:
        core.orchestrator.credentials_changed(name)
    return exit_codes.OK, {"allowed": stopped}


async def _sync(core: Running, types: list[str], emit: Emit) -> tuple[int, Any]:
    """Request the types; emit progress while waiting, and each result as it comes.

    A request that waits for something only a person can change (a stopped account, the operator's pause), or for the
    next day, is taken back and ends at once with its reason: the person may not be there.
    """
    wanted = set(types)
    results: list[RunResult] = []
    changed = asyncio.Event()

    def told(event: Event) -> None:
        changed.set()
        if isinstance(event.data, SHOWN) and event.data.type in wanted:
            emit({"kind": str(event.kind), "at": event.at.isoformat(), **as_json(event.data)})

    unsubscribe = core.orchestrator.subscribe(told)
    waits = _Waits(emit)
    tickets: dict[asyncio.Future[RunResult], Ticket] = {}
    reasons: dict[str, ErrorInfo] = {}
    """By ticket: why it was taken back."""
    try:
        for name in types:
            ticket = core.orchestrator.request_sync(name, scope=Scope.ALL, origin=Origin.OPERATOR)
            tickets[asyncio.ensure_future(_result(ticket))] = ticket
        while tickets:
            changed.clear()
            status = core.orchestrator.get_status()
            for ticket in tickets.values():
                waiting = _waiting(status, ticket)
                waits.tell(waiting)
                if ticket.id not in reasons and (reason := _needs_a_person(status, waiting)) is not None:
                    reasons[ticket.id] = reason
                    core.orchestrator.cancel(ticket)
            looking: asyncio.Future[Any] = asyncio.ensure_future(changed.wait())
            await asyncio.wait([looking, *tickets], return_when=asyncio.FIRST_COMPLETED)
            looking.cancel()
            for future in [future for future in tickets if future.done()]:
                result, why = future.result(), reasons.get(tickets.pop(future).id)
                if why is not None and result.outcome is Outcome.CANCELLED:
                    result = replace(result, outcome=Outcome.SKIPPED, error=why)
                results.append(result)
                emit({"kind": "result", **result_json(result)})
    except asyncio.CancelledError:
        for ticket in tickets.values():
            core.orchestrator.cancel(ticket)
        raise
    finally:
        unsubscribe()
        for future in tickets:
            future.cancel()
    return exit_code(results), [result_json(r) for r in results]


async def _result(ticket: Ticket) -> RunResult:
    return await ticket


def _waiting(status: Status, ticket: Ticket) -> list[QueueEntry]:
    """What of a ticket waits; nothing while a part of it is being read, since that one moves."""
    accounts = set(ticket.parts.values())
    run = status.current_run
    if run is not None and run.type == ticket.type and run.account in accounts:
        return []
    return [entry for entry in status.queue if entry.type == ticket.type and entry.account in accounts]


def _needs_a_person(status: Status, waiting: list[QueueEntry]) -> ErrorInfo | None:
    """Why nothing of what waits will move by itself; ``None``: something will."""
    if not waiting or not all(entry.reason in NEEDS_A_PERSON for entry in waiting):
        return None
    first = waiting[0]
    if first.reason is Reason.HOLD:
        params = {"since": status.hold_since.isoformat() if status.hold_since else ""}
        return ErrorInfo("sync-held", FailureKind.PERMANENT, "the operator holds all reads", params)
    if first.reason is Reason.LOGIN_BUDGET:
        used = next((a.logins_today for a in status.accounts if a.id == first.account), 0)
        params = {"account": first.account, "used": str(used)}
        return ErrorInfo(
            "sync-no-login-left", FailureKind.TRANSIENT, "not repeated: the day's logins are used up", params
        )
    stopped = next((account.stopped for account in status.accounts if account.id == first.account), None)
    return stopped or ErrorInfo("account-stopped", FailureKind.CREDENTIALS, first.account, {"account": first.account})


class _Waits:
    """Tells once why a list waits, where it may take long."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._told: set[tuple[str, Reason]] = set()

    def tell(self, waiting: list[QueueEntry]) -> None:
        """Emit the reason of each waiting request that was not emitted yet."""
        for entry in waiting:
            if entry.reason not in SOON | NEEDS_A_PERSON and (entry.type, entry.reason) not in self._told:
                self._told.add((entry.type, entry.reason))
                self._emit(
                    {
                        "kind": "waiting",
                        "type": entry.type,
                        "reason": entry.reason.value,
                        "params": as_json(entry.params),
                    }
                )


def result_json(result: RunResult) -> dict[str, Any]:
    """The one JSON object per type that ``sync --json`` prints."""
    line: dict[str, Any] = {
        "type": result.type,
        "outcome": str(result.outcome),
        "rows": result.rows,
        "added": result.added,
        "changed": result.changed,
        "gone": result.gone,
        "durationMs": result.duration_ms,
        "asOf": result.as_of.isoformat() if result.as_of else None,
        "warnings": [*result.warnings],
    }
    if result.error is not None:
        line["error"] = {
            "code": result.error.code,
            "message": result.error.message,
            "params": as_json(result.error.params),
        }
    return line


def exit_code(results: Iterable[RunResult]) -> int:
    """The gravest meaning of all results."""
    code = exit_codes.OK
    for result in results:
        match result.outcome:
            case Outcome.COMPLETED | Outcome.UNCLEAN:
                continue
            case Outcome.REFUSED:
                code = code or exit_codes.REFUSED
            case _ if result.error is not None and result.error.kind is FailureKind.CREDENTIALS:
                return exit_codes.CREDENTIALS
            case _:
                code = exit_codes.FAILED
    return code
