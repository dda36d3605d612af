"""The commands of the command line, executed on a core in this process or, over the channel, in another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
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


log = logging.getLogger(__name__)

SecondStart = Callable[[bool, str], bool]
"""Handles a second start of the program: arguments *hidden* and place to open. False: the program ends, no window."""


class Running(Protocol):
    """What commands need of a core."""

    @property
    def orchestrator(self) -> OrchestratorApi:
        """The orchestrator."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def quit(self) -> Callable[[], None] | None:
        """Ends the panel; ``None`` in a process without panel."""


SHOWN = (events.SyncStarted, events.SyncProgress, events.SyncSuspended, events.SyncResumed, events.RetryPlanned)
"""Events that ``sync`` shows while it waits."""


NEEDS_A_PERSON = frozenset({Reason.ACCOUNT_STOPPED, Reason.HOLD, Reason.LOGIN_BUDGET})
"""Reasons that only a person can change, or that last until tomorrow (a repeat without a login left for today)."""

SOON = frozenset({Reason.RUNNING, Reason.BEHIND, Reason.RETRY})
"""Reasons that end soon by themselves; the progress shows them."""

PATIENCE = 60.0
"""Seconds that a command other than ``sync`` may take."""


async def serve(core: Running, name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
    """Execute a command; returns exit code and JSON result. An unknown name (of another version) is a usage error."""
    if name == "sync":
        return await _sync(core, list(args["types"]), emit)
    if name == "quit":
        return await quit_panel(core.quit, core.orchestrator, args)
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
    return exit_codes.USAGE, {"error": f"unknown command {name}"}


async def quit_panel(
    quits: Callable[[], object] | None, reading: OrchestratorApi | None, args: Mapping[str, Any]
) -> tuple[int, Any]:
    """Handle a request to quit: ``quits`` is called after the answer was sent. Before that the active run of
    ``reading`` may end, in at most as many seconds as the argument *finish* says (an earlier version sends none).
    ``BUSY``: ``quits`` is ``None``, since this process has no panel and ends with its command."""
    if quits is None:
        return exit_codes.BUSY, None
    seconds = float(args.get("finish") or 0.0)
    if reading is not None and seconds:
        await _run_ended(reading, seconds)
    # After the answer was sent, since the end of the panel closes the channel.
    asyncio.get_running_loop().call_soon(quits)
    return exit_codes.OK, None


async def _run_ended(orchestrator: OrchestratorApi, seconds: float) -> None:
    """Wait until the active run has ended or was suspended, at most ``seconds``. A run that starts after it is not
    waited for."""
    active = orchestrator.get_status().current_run
    changed = asyncio.Event()
    unsubscribe = orchestrator.subscribe(lambda _event: changed.set())
    try:
        async with asyncio.timeout(seconds):
            while active is not None and (run := orchestrator.get_status().current_run) and run.id == active.id:
                changed.clear()
                await changed.wait()
    except TimeoutError:
        log.info("the read takes longer than %.0f s and is cancelled, since the program has to quit", seconds)
    finally:
        unsubscribe()


def raised(second_start: SecondStart | None, args: dict[str, Any]) -> tuple[int, Any]:
    """Handle a second start of the program. ``BUSY``: it has to wait for the end of this process, which has no window
    or is closing it."""
    if second_start is None:
        return exit_codes.BUSY, {"window": False}
    if not second_start(bool(args.get("hidden")), str(args.get("open") or "")):
        return exit_codes.BUSY, {"window": True}
    return exit_codes.OK, None


def _retry(core: Running, account: str | None) -> tuple[int, Any]:
    """Let stopped accounts, or the named one, log in again with the same password, which the next read does."""
    accounts = core.orchestrator.get_status().accounts
    if account is not None and account not in [known.id for known in accounts]:
        return exit_codes.USAGE, {"allowed": [], "unknown": account, "known": [known.id for known in accounts]}
    stopped = [known.id for known in accounts if known.stopped is not None and account in (None, known.id)]
    for name in stopped:
        core.orchestrator.credentials_changed(name)
    return exit_codes.OK, {"allowed": stopped}


async def _sync(core: Running, types: list[str], emit: Emit) -> tuple[int, Any]:
    """Request the types and wait; emits progress, and each result.

    A request that waits for something that only a person can change (a stopped account, the operator's hold), or for
    the next day, is cancelled and ends at once with that reason.
    """
    wanted = set(types)
    results: list[RunResult] = []
    changed = asyncio.Event()

    def on_event(event: Event) -> None:
        changed.set()
        if isinstance(event.data, SHOWN) and event.data.type in wanted:
            emit({"kind": str(event.kind), "at": event.at.isoformat(), **as_json(event.data)})

    unsubscribe = core.orchestrator.subscribe(on_event)
    waits = _Waits(emit)
    tickets: dict[asyncio.Future[RunResult], Ticket] = {}
    reasons: dict[str, ErrorInfo] = {}
    """Ticket id → why it was cancelled."""
    try:
        for name in types:
            ticket = core.orchestrator.request_sync(name, scope=Scope.ALL, origin=Origin.OPERATOR)
            tickets[asyncio.ensure_future(_result(ticket))] = ticket
        while tickets:
            changed.clear()
            status = core.orchestrator.get_status()
            for ticket in tickets.values():
                waiting = _waiting(status, ticket)
                waits.emit(waiting)
                if ticket.id not in reasons and (reason := _needs_a_person(status, waiting)) is not None:
                    reasons[ticket.id] = reason
                    core.orchestrator.cancel(ticket)
            looking: asyncio.Future[Any] = asyncio.ensure_future(changed.wait())
            await asyncio.wait([looking, *tickets], return_when=asyncio.FIRST_COMPLETED)
            looking.cancel()
            for future in [future for future in tickets if future.done()]:
                result, reason_cancelled = future.result(), reasons.get(tickets.pop(future).id)
                if reason_cancelled is not None and result.outcome is Outcome.CANCELLED:
                    result = replace(result, outcome=Outcome.SKIPPED, error=reason_cancelled)
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
    """The queue's entries of a ticket; none while a part of it is being read."""
    accounts = set(ticket.parts.values())
    run = status.current_run
    if run is not None and run.type == ticket.type and run.account in accounts:
        return []
    return [entry for entry in status.queue if entry.type == ticket.type and entry.account in accounts]


def _needs_a_person(status: Status, waiting: list[QueueEntry]) -> ErrorInfo | None:
    """Why none of the waiting entries will start by itself; ``None``: one will."""
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
    """Emits why a list waits, once for each reason that may last long."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._emitted: set[tuple[str, Reason]] = set()

    def emit(self, waiting: list[QueueEntry]) -> None:
        """Emit the reasons of waiting entries that were not emitted yet."""
        for entry in waiting:
            if entry.reason not in SOON | NEEDS_A_PERSON and (entry.type, entry.reason) not in self._emitted:
                self._emitted.add((entry.type, entry.reason))
                self._emit(
                    {
                        "kind": "waiting",
                        "type": entry.type,
                        "reason": entry.reason.value,
                        "params": as_json(entry.params),
                    }
                )


def result_json(result: RunResult) -> dict[str, Any]:
    """The JSON object that ``sync --json`` prints for each type."""
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
    """The exit code for all results: that of the most serious one."""
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
