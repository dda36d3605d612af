"""The orchestrator's rules and accounts, made from the settings."""

from __future__ import annotations

from datetime import time

from archisync_gui.app.demo import DEMO_ACCOUNT
from archisync_gui.model import (
    Account,
)
from archisync_gui.orchestrator import OfficeHours, Rules
from archisync_gui.settings import Settings


def accounts_of(settings: Settings, *, demo: bool) -> list[Account]:
    """The accounts in use; one of them is marked as that which reads the shared lists."""
    names = (DEMO_ACCOUNT,) if demo else settings.words("erp.accounts")
    catalogue = settings.text("erp.catalogue_account") or (names[0] if names else "")
    return [Account(name, catalogue=name == catalogue) for name in names]


def rules_of(settings: Settings, *, attended: bool, demo: bool) -> Rules:
    """The orchestrator's rules. ``attended``: a panel is open, so that scheduled reads run."""
    hours = settings.flag("sync.office_hours") and not demo
    office = OfficeHours(
        start=time.fromisoformat(settings.text("sync.office_from")),
        end=time.fromisoformat(settings.text("sync.office_to")),
        days=frozenset(int(day) - 1 for day in settings.text("sync.office_days")),
    )
    return Rules(
        schedule=attended,
        zone=settings.text("sync.timezone"),
        office=office if hours else None,
        daily_full=time.fromisoformat(settings.text("sync.daily_time")) if settings.flag("sync.daily") else None,
        quiet=settings.number("session.quiet") * 60.0,
        lease=settings.number("session.lease") * 60.0,
        shared_read=float(settings.number("session.shared_read")),
        login_budget=settings.number("erp.login_budget"),
    )
