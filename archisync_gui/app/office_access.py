"""The actions of the panel's dialog *Office*, executed by ``joining``. PostgreSQL's client is imported only when they
are used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from archisync_gui.messages import text
from archisync_gui.model import SyncFailure
from archisync_gui.office.membership import Membership

if TYPE_CHECKING:
    from archisync_gui.app.joining import Checked
    from archisync_gui.app.life import Life
    from archisync_gui.app.profile import Profile
    from archisync_gui.office.checks import Seen
    from archisync_gui.store.postgres_server import Server

log = logging.getLogger(__name__)


class OfficeAccess:
    """The office of the panel's profile, or one that it could join (``ui.live.services.Office``)."""

    def __init__(self, life: Life, joined: Membership | None) -> None:
        self._life, self._joined = life, joined

    @property
    def address(self) -> str:
        """``postgresql://…`` of the profile's office, without password; empty: it belongs to none."""
        return self._joined.url if self._joined is not None else ""

    @property
    def may_lead(self) -> bool:
        """This computer may become the leader."""
        return self._joined is None or self._joined.may_lead

    async def look(self) -> Seen:
        """Check the profile's office. Raises ``SyncFailure``."""
        await _loaded()
        from archisync_gui.app.joining import joined
        from archisync_gui.office.checks import look

        _, server = await joined(self._life.profile)
        return await asyncio.to_thread(look, server)

    async def check(self, address: str, password: str) -> Checked:
        """Check a server; changes nothing. Raises ``SyncFailure``."""
        await _loaded()
        from archisync_gui.app.joining import check

        return await check(self._life.profile, await _server(self._life.profile, address, password))

    async def create(self, address: str, password: str) -> None:
        """Create an office's tables. Raises ``SyncFailure``."""
        await _loaded()
        from archisync_gui.app.joining import create

        await create(self._life.profile, await _server(self._life.profile, address, password))

    def join(self, address: str, password: str, *, may_lead: bool, upgrade: bool) -> None:
        """End the panel's life and join; the next life is that of a member, unless joining fails."""

        async def work() -> tuple[str, str]:
            from archisync_gui.app.joining import join
            from archisync_gui.ui.text.i18n import language

            profile = self._life.profile
            server = await _server(profile, address, password)
            done = await join(profile, server, may_lead=may_lead, upgrade=upgrade)
            sentences = [done.told(language())]
            if not done.password_kept:
                sentences.append(_text("office-password-not-kept"))
            return "\n".join(sentences), "ok" if done.password_kept else "warn"

        self._life.move(lambda: _result_of(work()), _text("office-joining"))

    def leave(self, *, copy: bool) -> None:
        """End the panel's life and leave; the next life is that of a single computer, unless leaving fails."""

        async def work() -> tuple[str, str]:
            from archisync_gui.app.joining import leave
            from archisync_gui.ui.text.i18n import language

            return (await leave(self._life.profile, copy=copy)).told(language()), "ok"

        self._life.move(lambda: _result_of(work()), _text("office-leaving"))


async def _loaded() -> None:
    """Import the modules for the server in a thread, since it takes long."""
    await asyncio.to_thread(import_module, "archisync_gui.app.joining")


async def _server(profile: Profile, address: str, password: str) -> Server:
    """The server with the typed password, or with the stored one if none was typed."""
    from archisync_gui.app import joining
    from archisync_gui.store.postgres_server import Server

    if password:
        return replace(Server.from_url(address), password=password)
    return await joining.address(profile, address)


async def _result_of(work: Coroutine[Any, Any, tuple[str, str]]) -> tuple[str, str]:
    """Run work on the closed profile; returns the message and its tone, also for errors."""
    from archisync_gui.ui.live.context import problem

    await _loaded()
    try:
        return await work
    except (SyncFailure, OSError) as error:
        log.warning("the office could not be joined or left: %s", error)
        return problem(error), "bad"
    except Exception as error:  # shown by the next life
        log.exception("the office could not be joined or left")
        return problem(error), "bad"


def _text(code: str) -> str:
    from archisync_gui.ui.text.i18n import language

    return str(text(code, language()))
