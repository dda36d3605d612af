"""What the leader's core does for other members, and for accounts for which an earlier leader had no password."""

from __future__ import annotations

from typing import Any

from archisync_gui.app.commands import serve
from archisync_gui.app.core import Core
from archisync_gui.office.desk import Asked, Emit
from archisync_gui.office.leader_view import PREFIX
from archisync_gui.office.served import Served
from archisync_gui.store.errors import AGAIN, RECOVERABLE, EpochLost, StoreError

UNFIT = 60.0
"""Seconds for which a member does not try to lead after it could not open the archive."""


def unfit_for(error: Exception) -> float:
    """For how many seconds a member does not try to lead after ``error`` kept it from leading."""
    passing = isinstance(error, EpochLost) or (isinstance(error, StoreError) and error.code in RECOVERABLE)
    return AGAIN if passing else UNFIT


def require_memory(core: Core) -> None:
    """Raise the :class:`StoreError` that has kept the office's journal from being read, if it is a temporary one. The
    orchestrator holds all reads then until the operator ends the hold; a member of an office tries again instead."""
    error = core.memory_error
    if isinstance(error, StoreError) and error.code in RECOVERABLE:
        raise error


async def serve_member(core: Core, served: Served, asked: Asked, emit: Emit) -> tuple[int, Any]:
    """Execute a member's command: a call of ``RemoteOrchestrator``, an action on the archive, or a command of the
    command line."""
    if not asked.name.startswith(PREFIX):
        return await serve(core, asked.name, asked.args, emit)
    match asked.name.removeprefix(PREFIX):
        case "accept_read":
            await core.accept_read(asked.args["run"])
        case "rekey":
            await core.rekey(asked.args["run"])
        case "clear_and_read":
            await core.clear_and_read(asked.args["type"], asked.args["account"])
        case "expect_form":
            core.expect_form()
        case name:
            return await served(asked, name, emit)
    return served.done(None)


async def allow_known(core: Core) -> None:
    """Enable accounts that were stopped because an earlier leader had no password, if this computer has one."""
    for account in core.orchestrator.get_status().accounts:
        missing = account.stopped is not None and account.stopped.code == "password-missing"
        if missing and await core.credentials.knows(account.id):
            core.orchestrator.credentials_changed(account.id)
