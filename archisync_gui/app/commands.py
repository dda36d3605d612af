"""What the command line can ask of a running core, the same whether it runs in this process or in another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archisync_gui.app import exit_codes
from archisync_gui.app.channel import Emit
from archisync_gui.model import Event, EventKind, FailureKind, Origin, Outcome, RunResult, Scope, as_json

if TYPE_CHECKING:
    from archisync_gui.app.core import Core

SHOWN = frozenset(
    {
        EventKind.SYNC_STARTED,
        EventKind.SYNC_PROGRESS,
        EventKind.SYNC_SUSPENDED,
        EventKind.SYNC_RESUMED,
        EventKind.RETRY_PLANNED,
    }
)
"""Events that a waiting ``sync`` shows."""


async def serve(core: Core, name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
    """Run one command; answers exit code and JSON result. Unknown names are a usage error (another version asks)."""
    match name:
        case "sync":
            return await _sync(core, list(args["types"]), emit)
        case "status":
            return exit_codes.OK, as_json(core.orchestrator.get_status())
        case "explain":
            at = datetime.fromisoformat(args["at"]) if args.get("at") else None
            return exit_codes.OK, as_json(await core.orchestrator.explain(at))
        case "hold":
            core.orchestrator.hold()
            return exit_codes.OK, as_json(core.orchestrator.get_status())
        case "release":
            core.orchestrator.release()
            return exit_codes.OK, as_json(core.orchestrator.get_status())
        case "raise":
            core.second_start(bool(args.get("hidden")), str(args.get("open") or ""))
            return exit_codes.OK, None
        case "quit":
            if core.quit is None:
                return exit_codes.BUSY, None
            # After the answer: the end of the panel closes the channel, too.
            asyncio.get_running_loop().call_soon(core.quit)
            return exit_codes.OK, None
    return exit_codes.USAGE, {"error": f"unknown command {name}"}


async def _sync(core: Core, types: list[str], emit: Emit) -> tuple[int, Any]:
    """Ask for the types, tell progress while waiting, tell each result as it comes."""
    wanted = set(types)
    results: list[RunResult] = []

    def told(event: Event) -> None:
        if event.kind in SHOWN and event.data.get("type") in wanted:
            emit({"kind": str(event.kind), "at": event.at.isoformat(), **as_json(event.data)})

    tickets = {name: core.orchestrator.request_sync(name, scope=Scope.ALL, origin=Origin.OPERATOR) for name in types}
    unsubscribe = core.orchestrator.subscribe(told)

    async def wait(name: str) -> None:
        result = await tickets[name]
        results.append(result)
        emit({"kind": "result", **result_json(result)})

    try:
        status = core.orchestrator.get_status()
        if status.hold_since is not None:
            emit({"kind": "waiting", "reason": "hold", "since": status.hold_since.isoformat()})
        await asyncio.gather(*(wait(name) for name in types))
    except asyncio.CancelledError:
        for ticket in tickets.values():
            core.orchestrator.cancel(ticket)
        raise
    finally:
        unsubscribe()
    return exit_code(results), [result_json(r) for r in results]


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
