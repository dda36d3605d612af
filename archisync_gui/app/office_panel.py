"""Opens a member's part in its office behind the panel, and says there what the office's leader and server do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from archisync_gui.app.drafts_file import open_drafts
from archisync_gui.app.life import NotOpened
from archisync_gui.app.member import OfficeMember
from archisync_gui.app.taking_part import taking_part_at_last
from archisync_gui.drafts import Drafts, OfficeDrafts
from archisync_gui.messages import text
from archisync_gui.model import SyncFailure
from archisync_gui.office.membership import Membership
from archisync_gui.store.errors import RECOVERABLE
from archisync_gui.store.postgres import Postgres

if TYPE_CHECKING:
    from archisync_gui.app.life import Life
    from archisync_gui.ui.shell.panel import Panel

MENDABLE = RECOVERABLE | {"office-login", "office-tls", "office-missing", "office-not-allowed", "office-older"}
"""Codes after which the panel stays open: they pass by themselves, or are mended on the server or in the dialog."""
DRAFT_SECONDS = 5.0
"""Seconds that the server may take for a draft before it is kept on this computer: somebody waits for it."""


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
    database = Postgres(member.server, name="drafts", seconds=DRAFT_SECONDS)
    shared = OfficeDrafts(database, member.clock)

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
    from archisync_gui.ui.text.status_words import Headline

    told: list[str] = []

    def waits(error: SyncFailure) -> None:
        button, leave = text("office-dialog.open", language()).what, text("office-awaited.quit", language()).what
        why, awaited = text(error.code, language(), error.params), text("office-awaited", language())
        headline = Headline(awaited.what, awaited.means, "warn", "trouble", button=button, place="office")
        panel.show_waiting(headline, text("office-awaited.foot", language()).what)
        told.append(f"{why.what} {why.means}\n\n{awaited.todo}\n\n{why.todo}")
        panel.context.say(told[-1], "bad", button, partial(panel.context.open, "office"), (leave, life.quit.set))

    taking = taking_part_at_last(
        life.profile,
        life.demo,
        joined,
        stop=life.stop,
        waits=waits,
        passing=MENDABLE,
        second_start=partial(life.second_start, panel),
    )
    member = await stack.enter_async_context(taking)
    if member is None:
        raise NotOpened
    if told:
        panel.show_waiting(None)
        if panel.window.notice.text == told[-1]:
            panel.window.notice.dismiss()
    member.orchestrator.refused = lambda error: panel.context.say(
        str(text(error.code, language(), error.params)), "bad"
    )
    return member
