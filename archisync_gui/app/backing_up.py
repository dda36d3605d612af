"""The daily backup, and the condition in the status while it fails. The caller decides when it is due."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from archisync_gui.model import BackupTrouble, ErrorInfo, FailureKind, SyncFailure
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.store import Store
from archisync_gui.store.backups import last_made

log = logging.getLogger(__name__)


async def back_up(store: Store, orchestrator: Orchestrator) -> None:
    """Make the day's backup unless there is one. A failure is shown as a condition until a backup was made."""
    try:
        await store.daily_backup()
        orchestrator.backup_failing(None)
    except Exception as error:  # whatever it is: later clean-ups and backups must go on
        log.warning("the daily backup could not be made: %r", error)
        known = error if isinstance(error, SyncFailure) else SyncFailure("disk-error", FailureKind.PERMANENT)
        last = None
        with suppress(OSError):
            last = await asyncio.to_thread(last_made, store.path)
        info = ErrorInfo(known.code, known.kind, str(error), known.params)
        orchestrator.backup_failing(BackupTrouble(info, last))
