"""Opens the file of the drafts, also one that is damaged."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.drafts import Drafts


log = logging.getLogger(__name__)


async def open_drafts(core: Core | OfficeMember, ran_before: bool) -> tuple[Drafts, list[SyncFailure]]:
    """Open the drafts; returns them and the errors of their file. A damaged file is moved to the backups and replaced
    by an empty one, so that reads and forms still work.

    ``ran_before``: the panel ran on this profile before, so that a missing file is an error."""
    from archisync_gui.drafts import Drafts
    from archisync_gui.drafts.drafts import FILE
    from archisync_gui.store import StoreError
    from archisync_gui.store.backups import restore

    folder, lost = core.profile.folder, []
    path = folder / FILE
    if ran_before and not path.exists():
        lost.append(SyncFailure("drafts-missing", FailureKind.PERMANENT, params={"path": str(path)}))
    try:
        return await Drafts.open(folder, clock=core.clock), lost
    except StoreError as error:
        if error.code != "damaged":
            raise
        log.exception("the drafts cannot be read")
    # ``decided=False``: the drafts' file has no notes.
    restored = await asyncio.to_thread(partial(restore, path, None, core.clock.now(), decided=False))
    lost.append(SyncFailure("drafts-damaged", FailureKind.PERMANENT, params={"kept": str(restored.kept)}))
    return await Drafts.open(folder, clock=core.clock), lost
