"""What is kept of a page on which a read failed: its structure without contents, and a picture."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from archisync_gui.disk import replace_file
from archisync_gui.erp.failures import Navigated, SessionExpired
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import FailureKind, SyncFailure

log = logging.getLogger(__name__)


LIMIT = 10.0
"""Seconds for all of it: a page that hangs must not hold up the end of a run."""


async def keep_evidence(failure: SyncFailure, view: ListView, pictures: Path | None, now: datetime) -> None:
    """Keep what the page on which a read failed can tell. ``pictures``: the folder for them; ``None``: none is kept."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT):
            await _keep_structure(failure, view)
            if pictures is not None:
                await _keep_picture(failure, view, pictures, now)


async def _keep_structure(failure: SyncFailure, view: ListView) -> None:
    """Add the structure of a page that the driver does not understand to the failure's evidence; no contents."""
    if failure.kind is not FailureKind.LAYOUT or "structure" in failure.evidence:
        return
    with suppress(SyncFailure, Navigated, SessionExpired):
        failure.evidence = {**failure.evidence, "structure": await view.structure()}


async def _keep_picture(failure: SyncFailure, view: ListView, folder: Path, now: datetime) -> None:
    """Save a picture of the page, private to its owner, and name it in the failure. One that cannot be had or written
    costs nothing."""
    if failure.screenshot is not None or (picture := await view.screenshot()) is None:
        return
    path = folder / f"{now:%Y%m%dT%H%M%S%f}-{view.entity.name}.png"

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, picture)  # private: it shows customers

    try:
        await asyncio.to_thread(write)
        failure.screenshot = str(path)
    except OSError as error:
        log.warning("no picture: %s", error)
