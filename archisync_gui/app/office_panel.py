"""Opens a member of an office for the panel, and shows errors of the office's server and refusals of its leader."""

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
"""Codes after which the panel waits: these errors pass, or can be repaired on the server or in the dialog."""
DRAFT_SECONDS = 5.0
"""Seconds that the server may take for a draft, which a person waits for, before it is saved on this computer."""


async def office_drafts(
    member: OfficeMember, lost: list[SyncFailure], say: Callable[[str], object] = lambda sentence: None
) -> Drafts:
    """Open the office's drafts. Drafts in this computer's file are handed in first; while the server cannot be reached,
    drafts are saved here. Errors of this computer's file are added to ``lost``; ``say`` is called later with a message
    if drafts were changed on two computers."""
    own, damaged = await open_drafts(member, ran_before=False)
    lost += damaged
    if member.only_reads is not None:  # they are handed in when this computer was updated
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
    """Open the member; ``stack`` closes it. While the server does not answer or refuses this computer, the panel shows
    that, and it is tried again. Raises :class:`NotOpened` if the operator quits meanwhile (or joins again or leaves),
    and ``SyncFailure``."""
    from archisync_gui.ui.text.i18n import language
    from archisync_gui.ui.text.status_words import Headline

    notices: list[str] = []

    def waits(error: SyncFailure) -> None:
        button, leave = text("office-dialog.open", language()).what, text("office-awaited.quit", language()).what
        reason, awaited = text(error.code, language(), error.params), text("office-awaited", language())
        headline = Headline(awaited.what, awaited.means, "warn", "trouble", button=button, place="office")
        panel.show_waiting(headline, text("office-awaited.foot", language()).what)
        notices.append(f"{reason.what} {reason.means}\n\n{awaited.todo}\n\n{reason.todo}")
        panel.context.say(notices[-1], "bad", button, partial(panel.context.open, "office"), (leave, life.quit.set))

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
    if notices:
        panel.show_waiting(None)
        if panel.window.notice.text == notices[-1]:
            panel.window.notice.dismiss()
    member.orchestrator.refused = lambda error: panel.context.say(
        str(text(error.code, language(), error.params)), "bad"
    )
    return member
