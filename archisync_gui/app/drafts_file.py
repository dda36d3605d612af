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
    """The drafts, and what was wrong with their file. A damaged one is kept aside: it stops neither reads nor forms.

    ``ran_before``: the panel ran on this profile before, so that there must be a file."""
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
    # Nothing that was decided about reads stands in this file.
    restored = await asyncio.to_thread(partial(restore, path, None, core.clock.now(), decided=False))
    lost.append(SyncFailure("drafts-damaged", FailureKind.PERMANENT, params={"kept": str(restored.kept)}))
    return await Drafts.open(folder, clock=core.clock), lost
