"""The daily backup of the archive and of the drafts, and the condition in the status while one of them fails.

The caller decides when it is due.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from archisync_gui.drafts.copies import daily
from archisync_gui.drafts.drafts import FILE as DRAFTS_FILE
from archisync_gui.model import BackupTrouble, Clock, ErrorInfo, FailureKind, SyncFailure
from archisync_gui.office.membership import membership
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.store import Store
from archisync_gui.store.backups import last_made

log = logging.getLogger(__name__)


async def back_up(store: Store, orchestrator: Orchestrator, clock: Clock) -> None:
    """Make the day's backups unless they exist: of the archive, and of the drafts on this computer. A failure is shown
    as a condition until both were made; that of the archive comes first.

    In an office the drafts are on its server, which its administrator backs up: then none of them is made here.
    """
    drafts = store.path.with_name(DRAFTS_FILE)
    trouble: BackupTrouble | None = None
    try:
        if await asyncio.to_thread(membership, drafts.parent) is None:
            await asyncio.to_thread(daily, drafts, clock.now())
    except Exception as error:  # whatever it is: later clean-ups and backups must go on
        trouble = await _trouble(error, drafts, "drafts-unsound")
    try:
        await store.daily_backup()
    except Exception as error:
        trouble = await _trouble(error, store.path, "damaged")
    orchestrator.backup_failing(trouble)


async def _trouble(error: Exception, path: Path, damaged: str) -> BackupTrouble:
    """The trouble to show. ``damaged``: the code for a file that is damaged."""
    log.warning("the daily backup could not be made: %r (%s)", error, path.name)
    known = error if isinstance(error, SyncFailure) else SyncFailure("disk-error", FailureKind.PERMANENT)
    last = None
    with suppress(OSError):
        last = await asyncio.to_thread(last_made, path)
    code = damaged if known.code == "damaged" else known.code
    return BackupTrouble(ErrorInfo(code, known.kind, str(error), known.params), last)
