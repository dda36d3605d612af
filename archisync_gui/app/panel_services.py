"""Makes the panel's services and the endpoint from the open parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archisync_gui import __version__
from archisync_gui.app import autostart
from archisync_gui.messages import line, text
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Changes, Core
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.app.profile import Profile
    from archisync_gui.endpoint.server import Endpoint
    from archisync_gui.store.personal import Holding
    from archisync_gui.ui.live.services import Services
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.updates.watch import Updates


log = logging.getLogger(__name__)


def endpoint_of(core: Core | OfficeMember, drafts: Any) -> Endpoint:
    """The endpoint of the profile, not started yet."""
    from archisync_gui.drafts.browser_keys import FILE, BrowserKeys
    from archisync_gui.endpoint.paired_pages import FILE as PAGES_FILE
    from archisync_gui.endpoint.paired_pages import PairingStore
    from archisync_gui.endpoint.server import Endpoint
    from archisync_gui.ui.text.i18n import language

    profile = core.profile
    return Endpoint(
        core.orchestrator,
        core.store,
        drafts,
        PairingStore(profile.folder / PAGES_FILE, clock=core.clock),
        profile_id=profile.id,
        port=core.settings.number("endpoint.port"),
        demo=profile.demo,
        version=__version__,
        clock=core.clock,
        language=language,
        set_intervals=core.set_intervals,
        form_opened=core.expect_form,
        browser_keys=BrowserKeys(profile.shared_folder / FILE),
    )


async def served(endpoint: Endpoint) -> str:
    """Start the endpoint; returns an empty text, or the message about why it could not be started (no free port). The
    panel also works without it."""
    from archisync_gui.ui.text.i18n import language

    try:
        await endpoint.start()
    except SyncFailure as error:
        log.warning("no endpoint: %s", error)
        return str(text(error.code, language(), error.params))
    return ""


def services_of(
    core: Core | OfficeMember,
    endpoint: Endpoint,
    updates: Updates,
    *,
    leave: Callable[[], None],
    crash: str,
    put_back: Callable[[Path], None],
    erase: Callable[[Holding, bool], None],
) -> Services:
    """The panel's services. ``leave`` quits the panel; ``crash``: the report about the last process; ``put_back`` and
    ``erase`` end this life and change the data before the next one."""
    from archisync_gui.app.core import Core
    from archisync_gui.entities import ENTITIES
    from archisync_gui.ui.live.services import LoginTest, Services
    from archisync_gui.ui.text.i18n import language as panel_language

    moving = asyncio.Lock()

    async def apply_settings(changes: Changes) -> None:
        async with moving:  # the used port and the port in the settings have to change together
            before = core.settings.number("endpoint.port")
            await core.apply_settings(changes)
            if core.settings.number("endpoint.port") != before:
                try:
                    await endpoint.move(core.settings.number("endpoint.port"))
                except SyncFailure:
                    await core.apply_settings({"endpoint.port": before})
                    raise
        updates.settings_changed()

    async def test_login(account: str, password: str | None) -> LoginTest:
        language = panel_language()
        try:
            await core.test_login(account, password)
        except SyncFailure as error:
            refused = error.kind is FailureKind.CREDENTIALS
            return LoginTest(False, line(error.code, language, error.params), refused)
        return LoginTest(True, text("login-works", language, {"account": account}).what)

    services = Services(
        orchestrator=core.orchestrator,
        entities=ENTITIES,
        settings=lambda: core.settings,
        apply_settings=apply_settings,
        quit=leave,
        profile=core.profile.name,
        demo=core.profile.demo,
        version=__version__,
        store=core.store,
        endpoint=endpoint,
        clock=core.clock,
        data_folder=core.profile.folder,
        log_file=core.profile.log_file,
        open_demo=_open_demo,
        set_password=core.set_password,
        keep_in_file=core.keep_in_file,
        password_place=core.credentials.place,
        password_left=core.credentials.left,
        has_password=core.credentials.knows,
        test_login=test_login,
        accept_read=core.accept_read,
        rekey=core.rekey,
        clear_and_read=core.clear_and_read,
        backup=lambda: core.store.backup("operator"),
        updates=updates,
        crash=crash,
        find_customer=lambda customer: asyncio.to_thread(_find_customer, core.profile, customer),
        export_customer=lambda holding, target: asyncio.to_thread(
            _export_customer, core.profile, holding, target, panel_language()
        ),
        erase_customer=erase,
    )
    return _of_one_computer(services, core, put_back) if isinstance(core, Core) else services


def _find_customer(profile: Profile, customer: str) -> Holding:
    from archisync_gui.app.data_care import found  # loaded only here: hardly any day needs it

    return found(profile, customer)


def _export_customer(profile: Profile, holding: Holding, target: Path, language: str) -> dict[str, int]:
    from archisync_gui.app.data_care import export_customer

    return export_customer(profile, holding.asked, target, language, holding.key)


def _of_one_computer(services: Services, core: Core, put_back: Callable[[Path], None]) -> Services:
    """``services`` with those that need an archive on this computer."""
    return replace(
        services,
        faults=_faults(core),
        end_faults=partial(asyncio.to_thread, core.demo_erp.clear_faults) if core.demo_erp is not None else None,
        restore=put_back,
    )


def _faults(core: Core) -> tuple[Any, ...]:
    """The entries of the demo's menu: each causes one of the demo ERP's faults once."""
    if core.demo_erp is None:
        return ()
    from archisync_gui.demo_erp import FAULTS
    from archisync_gui.ui.live.services import Fault

    demo_erp = core.demo_erp

    def start(name: str) -> Callable[[], Awaitable[object]]:
        async def strike() -> None:
            await asyncio.to_thread(demo_erp.fault, name)

        return strike

    async def kill_browser() -> None:
        if not await asyncio.to_thread(core.erp.kill_browser):
            raise SyncFailure("no-browser-to-kill", FailureKind.PERMANENT)

    killed = Fault("browser-killed", "Il browser muore di colpo", "The browser dies at once", kill_browser)
    return (killed, *(Fault(f.name, f.it, f.en, start(f.name)) for f in FAULTS.values()))


def _open_demo() -> bool:
    """Start the demo in another process. False: it could not be started."""
    from archisync_gui.ui.system.application import started_apart

    program, *arguments = autostart.program()
    return started_apart(program, [*arguments, "--demo"])


def offer_tasks(panel: Panel, profile: Profile) -> None:
    """Set the jump list of Windows' taskbar."""
    from archisync_gui.ui.system.application import on_windows

    if on_windows():
        from archisync_gui.ui.shell.jump_list import JumpList

        JumpList([word for word in autostart.command(profile) if word != "--hidden"], panel.context)
