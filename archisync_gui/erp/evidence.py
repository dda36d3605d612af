"""Evidence of a page on which a read failed: its structure without contents, and a screenshot."""

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
"""Seconds for structure and screenshot together: a page that hangs must not delay the end of a run."""


async def keep_evidence(failure: SyncFailure, view: ListView, pictures: Path | None, now: datetime) -> None:
    """Add evidence from the page to ``failure``. ``pictures``: the folder for screenshots; ``None``: none is made."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT):
            await _keep_structure(failure, view)
            if pictures is not None:
                await _keep_picture(failure, view, pictures, now)


async def _keep_structure(failure: SyncFailure, view: ListView) -> None:
    """For a layout failure: add the page's structure, without contents, to the failure's evidence."""
    if failure.kind is not FailureKind.LAYOUT or "structure" in failure.evidence:
        return
    with suppress(SyncFailure, Navigated, SessionExpired):
        failure.evidence = {**failure.evidence, "structure": await view.structure()}


async def _keep_picture(failure: SyncFailure, view: ListView, folder: Path, now: datetime) -> None:
    """Save a screenshot that only its owner may read, and put its path into the failure. If it cannot be taken or
    written, the failure stays without one."""
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
