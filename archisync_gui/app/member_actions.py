"""The operator's actions at a member: the leader executes them, except those that concern this computer."""

from __future__ import annotations

from contextlib import suppress

from archisync_gui.app.actions import require_account
from archisync_gui.app.core import Core
from archisync_gui.app.credentials import Credentials
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.office.remote import RemoteOrchestrator
from archisync_gui.settings import Settings

LONG = 120.0
"""Seconds to wait until a leader takes an action on the archive."""


class MemberActions:
    """The operator's actions at a member, and what of the member they use."""

    core: Core | None
    credentials: Credentials
    orchestrator: RemoteOrchestrator
    _settings: Settings

    @property
    def settings(self) -> Settings:
        """The settings in use on this computer."""
        return self._settings if self.core is None else self.core.settings

    def expect_form(self) -> None:
        """An order form is being loaded on this computer: have the leader start its browser."""
        with suppress(SyncFailure):
            self.orchestrator.send_only("expect_form")

    async def set_password(self, account: str, password: str) -> bool:
        """Store a password on this computer; if it leads, the account may log in again with it."""
        if self.core is not None:
            return await self.core.set_password(account, password)
        require_account(account, self.settings.words("erp.accounts"))
        return await self.credentials.keep(account, password)

    async def keep_in_file(self, account: str) -> None:
        """Store the account's password in this computer's private file."""
        await self.credentials.keep_in_file(account)

    async def test_login(self, account: str, password: str | None) -> None:
        """Log in to the ERP, which only the leader may do. Raises ``SyncFailure``."""
        if self.core is None:
            office = self.orchestrator.get_status().office
            leader = (office.leader if office is not None else None) or "–"
            raise SyncFailure("office-only-leader", FailureKind.PERMANENT, params={"leader": leader})
        await self.core.test_login(account, password)

    async def accept_read(self, run_id: str) -> None:
        """As :meth:`Core.accept_read`, executed by the leader."""
        await self.orchestrator.ask("accept_read", patience=LONG, run=run_id)

    async def rekey(self, run_id: str) -> None:
        """As :meth:`Core.rekey`, executed by the leader."""
        await self.orchestrator.ask("rekey", patience=LONG, run=run_id)

    async def clear_and_read(self, sync_type: str, account: str) -> None:
        """As :meth:`Core.clear_and_read`, executed by the leader."""
        await self.orchestrator.ask("clear_and_read", patience=LONG, type=sync_type, account=account)
