"""Opens a member's part in its office behind the panel, and says there what the office's leader and server do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from archisync_gui.app.desktop import NotOpened, open_drafts
from archisync_gui.app.joining import address
from archisync_gui.app.member import OfficeMember, taking_part
from archisync_gui.drafts import Drafts, OfficeDrafts
from archisync_gui.messages import text
from archisync_gui.model import SyncFailure
from archisync_gui.office.membership import Membership
from archisync_gui.store.errors import UNREACHABLE
from archisync_gui.store.postgres import Postgres

if TYPE_CHECKING:
    from archisync_gui.app.desktop import Life
    from archisync_gui.ui.shell.panel import Panel

log = logging.getLogger(__name__)

MENDABLE = UNREACHABLE | {"office-login", "office-tls", "office-missing", "office-not-allowed", "office-older"}
"""Codes after which the panel stays open: they pass by themselves, or are mended on the server or in the dialog."""
DRAFT_SECONDS = 5.0
"""Seconds that the server may take for a draft before it is kept on this computer: somebody waits for it."""
AGAIN = 3.0
"""Seconds between two tries to reach the office's server before the panel is open."""


async def office_drafts(
    member: OfficeMember, lost: list[SyncFailure], say: Callable[[str], object] = lambda said: None
) -> Drafts:
    """The drafts that all computers of the office share. Those that this computer had alone are handed in first, and
    while the server is away they are kept here. ``lost`` gets what is wrong with this computer's file; ``say`` is told
    later when a draft was changed on two computers."""
    own, damaged = await open_drafts(member, ran_before=False)
    lost += damaged
    if member.only_reads is not None:  # handed in when this computer has been updated
        return own
    try:
        database = Postgres(member.server, name="drafts", seconds=DRAFT_SECONDS)
        shared = await OfficeDrafts.join(database, clock=member.clock)
    except BaseException:
        await own.close()
        raise

    def handed_in(_count: int, copies: int) -> None:
        if copies:
            from archisync_gui.ui.text.i18n import message

            say(message("office-drafts-copied", count=copies))

    shared.handed_in = handed_in
    try:
        await shared.begin(own, member.profile.folder)
    except BaseException:
        await shared.close()
        raise
    return shared


async def opened_member(life: Life, panel: Panel, stack: AsyncExitStack, joined: Membership) -> OfficeMember:
    """This computer's part in the office; ``stack`` ends it. While the server does not answer or refuses this computer,
    the panel says so and tries again. Raises :class:`NotOpened` when the operator quits meanwhile (or asks to join
    again or to leave), and ``SyncFailure``."""
    from archisync_gui.ui.text.i18n import language

    told = ""
    while True:
        try:
            server = await address(life.profile, joined.url)
            member = await stack.enter_async_context(
                taking_part(
                    life.profile, life.demo, joined, server, second_start=panel.second_start, quit=life.stop.set
                )
            )
            break
        except SyncFailure as error:
            if error.code not in MENDABLE:
                raise
            log.warning("the office's server cannot be reached, trying again: %s", error)
            if told != error.code:
                told = error.code
                said, button = str(text(error.code, language(), error.params)), text("office-dialog.open", language())
                panel.context.say(said, "bad", button.what, partial(panel.context.open, "office"))
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                await life.stop.wait()
        if life.stop.is_set():
            raise NotOpened
    member.orchestrator.refused = lambda error: panel.context.say(
        str(text(error.code, language(), error.params)), "bad"
    )
    return member
