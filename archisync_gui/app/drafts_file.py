"""Opens the file of the drafts, also one that is damaged or gone: then its newest copy takes its place."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archisync_gui import zone
from archisync_gui.model import FailureKind, Json, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.drafts import Drafts


log = logging.getLogger(__name__)


async def open_drafts(core: Core | OfficeMember, ran_before: bool) -> tuple[Drafts, list[SyncFailure]]:
    """Open the drafts; returns them and the errors of their file. A damaged file is moved to the backups. The newest
    sound copy takes the place of a damaged or missing one, or else an empty file, so that reads and forms still work.

    In an office always an empty one: this computer's file has only drafts that the server did not take yet, and its
    copies are of before joining. ``ran_before``: the panel ran on this profile before, so that a missing file is an
    error."""
    from archisync_gui.drafts import Drafts
    from archisync_gui.drafts.copies import offered
    from archisync_gui.drafts.drafts import FILE
    from archisync_gui.office.membership import membership
    from archisync_gui.store import StoreError

    path = core.profile.folder / FILE
    missing = ran_before and not path.exists()
    if not missing:
        try:
            return await Drafts.open(path.parent, clock=core.clock), []
        except StoreError as error:
            if error.code != "damaged":
                raise
            log.exception("the drafts cannot be read")
    joined = await asyncio.to_thread(membership, path.parent) is not None
    copy = None if joined else await asyncio.to_thread(offered, path)
    kept = await _replace(core, path, copy, missing=missing)
    said: dict[str, Json] = {"path": str(path), "kept": str(kept)}
    code = "drafts-missing" if missing else "drafts-damaged"
    if copy is not None:
        code += "-restored"
        said["time"] = _time_of(copy)
    return await Drafts.open(path.parent, clock=core.clock), [SyncFailure(code, FailureKind.PERMANENT, params=said)]


async def _replace(core: Core | OfficeMember, path: Path, copy: Path | None, *, missing: bool) -> Path | None:
    """Replace the file by ``copy``, or by an empty one; returns where the file before is now."""
    from archisync_gui.store.backups import restore

    if missing and copy is None:
        return None  # opening makes an empty one
    # ``decided=False``: the drafts' file has no notes.
    done = await asyncio.to_thread(partial(restore, path, copy, core.clock.now(), decided=False))
    return done.kept


def _time_of(copy: Path) -> str:
    from archisync_gui.store.backups import made_at

    made = made_at(copy)
    return "–" if made is None else f"{zone.local(made):%d/%m/%Y %H:%M}"
