"""The panel's process: takes the profile, shows the window first, then opens core and endpoint behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archisync_gui import __version__
from archisync_gui.app import autostart, exit_codes, logs
from archisync_gui.app.channel import PATIENCE, NoAnswer, call
from archisync_gui.app.crash import CrashWatch
from archisync_gui.app.display import display_available, windows_are_seen
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.messages import line, system_language, text
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from archisync_gui.app.core import Changes, Core
    from archisync_gui.app.demo import DemoOptions
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.drafts import Drafts
    from archisync_gui.endpoint.server import Endpoint
    from archisync_gui.ui.live.services import Services
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.ui.shell.window import MainWindow
    from archisync_gui.updates.watch import Updates

log = logging.getLogger(__name__)

BEHIND = (
    "archisync_gui.app.core",
    "archisync_gui.app.data_care",
    "archisync_gui.drafts",
    "archisync_gui.endpoint.server",
    "archisync_gui.updates.watch",
)
"""What stands behind the window. Importing it takes half a second: in a thread, so that the window does not freeze."""


def run_panel(
    profile: Profile, demo: DemoOptions | None, *, hidden: bool, place: str = "", window: MainWindow | None = None
) -> int:
    """Show the panel of ``profile`` until it is quit; beside a running one hand the arguments over to it. Exit code.

    ``place``: what to open, see ``Panel.open_place``. ``window``: one that shows its picture already.
    """
    language = system_language()
    if not display_available():
        show_problem(str(text("no-display", language)))
        return exit_codes.UNAVAILABLE
    lock = ProfileLock(profile)
    if not lock.acquire():
        if window is not None:
            window.hide()
        code = _hand_over(profile, lock, language, hidden, place)
        if code is not None:
            return code
    handler = logs.to_file(profile, logging.INFO)
    watch = CrashWatch(profile)
    try:
        told = watch.begin(language)
        from archisync_gui.ui.system.loop import run

        start = partial(_main, profile=profile, demo=demo, hidden=hidden, place=place, told=told, window=window)
        code = run(partial(start, at_last=watch.end))
        watch.end()
        return code
    finally:
        logs.close(handler)
        lock.release()


def _hand_over(profile: Profile, lock: ProfileLock, language: str, hidden: bool, place: str) -> int | None:
    """Ask the holder to do what this start was asked to; the exit code. ``None``: it has ended meanwhile, and this
    process holds the profile now."""
    try:
        call_holder = call(profile, "raise", {"hidden": hidden, "open": place}, lambda _event: None, patience=PATIENCE)
        code, _ = asyncio.run(call_holder)
    except NoAnswer:
        if lock.acquire():
            return None
        show_problem(str(text("holder-silent", language, {"name": profile.name, "pid": lock.holder() or "?"})))
        return exit_codes.BUSY
    return code


def show_problem(sentences: str) -> None:
    """Tell why the panel does not open: on the terminal, and in a window where there is no terminal to read it on."""
    print(sentences, file=sys.stderr)
    if not windows_are_seen() or (sys.stderr is not None and sys.stderr.isatty()):
        return
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication, QMessageBox

    app = QApplication.instance() or QApplication(sys.argv[:1])
    box = QMessageBox(QMessageBox.Icon.Critical, "Archisync", sentences)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.exec()
    del app


async def _main(
    app: QApplication,
    *,
    profile: Profile,
    demo: DemoOptions | None,
    hidden: bool,
    place: str,
    told: str,
    at_last: Callable[[], object],
    window: MainWindow | None,
) -> int:
    """The panel's life. ``at_last``: what follows it; a session that ends leaves no other time for it."""
    from archisync_gui.ui.system.session_end import SessionEnd
    from archisync_gui.ui.text.i18n import language as panel_language

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    app.aboutToQuit.connect(stop.set)
    session_end = SessionEnd(app, reason=lambda: text("session-ends", panel_language()).what, at_last=at_last)
    try:
        return await _lives(app, Life(profile, demo, stop, told, place), hidden, window)
    finally:
        session_end.panel_is_over()


async def _lives(app: QApplication, life: Life, hidden: bool, window: MainWindow | None = None) -> int:
    """One life of the panel after the other, until one ends without work on its closed profile. Exit code."""
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.ui.shell.window import MEMORY

    profile, stop = life.profile, life.stop
    before: Life | None = None
    while True:
        known = window.known if window is not None else None
        if known is not None:
            language, appearance = known.language, known.appearance
        else:
            language, appearance = await asyncio.to_thread(_looks, profile)
        panel = Panel(
            app,
            profile=profile.name,
            demo=profile.demo,
            memory=profile.folder / MEMORY,
            language=language,
            appearance=appearance,
            window=window,
        )
        panel.quit_early = stop.set
        panel.show(hidden=hidden)
        await panel.first_paint()  # nothing heavy is imported before
        try:
            if before is not None and before.between is not None:
                if before.doing:
                    panel.context.say(before.doing, "work")
                life.said = await before.between()
            code = await life.lived(panel)
        finally:
            await panel.aclose()
        if life.between is None:
            return code
        before, life = life, Life(profile, life.demo, stop)
        hidden, window = False, None
        stop.clear()


def _looks(profile: Profile) -> tuple[str, str]:
    """Language and appearance that the operator has chosen: the services may be long in coming. Blocking."""
    from archisync_gui.settings import SettingsError, load_settings

    try:
        settings = load_settings(profile.settings_file).settings
    except SettingsError:  # said when the profile is opened
        return "system", "system"
    return settings.text("look.language"), settings.text("look.theme")


async def _put_back(profile: Profile, wanted: Path | Literal["empty"]) -> tuple[str, str]:
    """Put a backup, or an empty file, in the archive's place, which no process has open now; what to say of it, and in
    what tone."""
    from archisync_gui.model import SystemClock
    from archisync_gui.store import Store
    from archisync_gui.ui.text.i18n import language

    backup = None if wanted == "empty" else wanted
    try:
        kept = await Store.restore(profile.folder, backup, clock=SystemClock())
    except SyncFailure as error:
        log.exception("%s could not be put back", wanted)
        return str(text(error.code, language(), error.params)), "bad"
    log.info("%s was put back; the archive before it is %s", wanted, kept)
    return str(text("backup-put-back" if backup is not None else "archive-emptied", language())), "ok"


async def _erase(profile: Profile, customer: str, backups: bool) -> tuple[str, str]:
    """Erase one customer's data from the profile, which no process has open now; the notice for it and its tone."""
    from archisync_gui.app import data_care
    from archisync_gui.ui.text.i18n import language

    try:
        erased = await asyncio.to_thread(data_care.erase_customer, profile, customer, from_backups=backups)
    except SyncFailure as error:
        return str(text(error.code, language(), error.params)), "bad"
    except OSError as error:
        log.exception("a customer's data could not be erased")
        return str(text("data-erase-failed", language(), {"reason": error.strerror or str(error)})), "bad"
    log.info("a customer's data were erased")
    return data_care.erased_text(erased, language()), "bad" if erased.left else "ok"


@dataclass
class Life:
    """One life of the panel, from opening the profile to closing it."""

    profile: Profile
    demo: DemoOptions | None
    stop: asyncio.Event
    told: str = ""
    """What is left of the life before: see ``CrashWatch``."""
    place: str = ""
    """What to open."""
    said: tuple[str, str] = ("", "")
    """What to say, and in what tone."""
    between: Callable[[], Awaitable[tuple[str, str]]] | None = None
    """Work on the closed profile, done behind the next window before the profile is opened again: it returns what to
    say then, and in what tone."""
    doing: str = ""
    """What to say while that work is being done."""
    ran_before: bool = field(init=False)
    """The panel ran on this profile before: its window was kept. Looked at before the panel is made, which keeps it."""

    def __post_init__(self) -> None:
        from archisync_gui.ui.shell.window import MEMORY

        self.ran_before = (self.profile.folder / MEMORY).exists()

    async def lived(self, panel: Panel) -> int:
        """Live until the panel is quit. Exit code."""
        try:
            async with _opened(self, panel) as core:
                if self.said[0]:
                    panel.context.say(*self.said)
                if self.place:
                    panel.open_place(self.place)
                _offer_tasks(panel, self.profile)
                await self._until_over(core)
                panel.closing()
        except NotOpened:
            return exit_codes.OK
        except Exception as error:
            log.exception("the panel could not go on")
            from archisync_gui.store import Store

            telling = asyncio.ensure_future(panel.show_failure(error, Store.backups_in(self.profile.folder)))
            stopping = asyncio.ensure_future(self.stop.wait())  # the session may end before it is read
            await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            backup = telling.result() if telling.done() else None
            self.between = partial(_put_back, self.profile, backup) if backup is not None else None
            for task in (telling, stopping):
                task.cancel()
            await asyncio.gather(telling, stopping, return_exceptions=True)
            return exit_codes.CONFIG
        return exit_codes.OK

    async def _until_over(self, core: Core | OfficeMember) -> None:
        """Until the operator quits. Raises ``SyncFailure`` when nothing can be read any more."""
        from archisync_gui.app.core import until_over

        await until_over(self.stop, core.broken)

    def move(self, work: Callable[[], Awaitable[tuple[str, str]]], doing: str) -> None:
        """End this life, do ``work`` on the closed profile, begin the next."""
        self.between, self.doing = work, doing
        self.stop.set()

    def put_back(self, backup: Path) -> None:
        """End this life; the next one has that backup."""
        self.between = partial(_put_back, self.profile, backup)
        self.stop.set()

    def erase(self, customer: str, backups: bool) -> None:
        """End this life, erase the customer's data (``backups``: also the backups that hold them), begin the next."""
        self.between = partial(_erase, self.profile, customer, backups)
        self.stop.set()


def _offer_tasks(panel: Panel, profile: Profile) -> None:
    """The jump list of Windows' taskbar."""
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.platformName() == "windows":
        from archisync_gui.ui.shell.jump_list import JumpList

        JumpList([word for word in autostart.command(profile) if word != "--hidden"], panel.context)


class NotOpened(Exception):
    """The operator quit while the panel was waiting for its office's server."""


@asynccontextmanager
async def _opened(life: Life, panel: Panel) -> AsyncIterator[Core | OfficeMember]:
    """Core (or this computer's part in its office), drafts and endpoint, open; the panel has its services. What was
    opened is closed, however it ends."""
    for name in BEHIND:
        await asyncio.to_thread(import_module, name)
    from archisync_gui.app.office_access import OfficeAccess
    from archisync_gui.office.membership import membership
    from archisync_gui.ui.text.i18n import language as panel_language

    async with AsyncExitStack() as stack:
        joined = await asyncio.to_thread(membership, life.profile.folder)
        panel.context.office = OfficeAccess(life, joined)
        if joined is None:
            core = await _opened_core(life, panel, stack)
        else:
            from archisync_gui.app.office_panel import opened_member  # loads psycopg

            core = await opened_member(life, panel, stack, joined)
        drafts, lost = await _opened_drafts(core, life.ran_before, panel)
        stack.push_async_callback(drafts.close)
        endpoint = _endpoint(core, drafts)
        stack.push_async_callback(endpoint.stop)
        if joined is not None:  # before the endpoint answers: a page that the office has revoked is not let in
            await stack.enter_async_context(_shared_with_office(core, endpoint, panel))
        no_endpoint = await _served(endpoint)
        updates = await asyncio.to_thread(_updates, core)  # may import cryptography and check a signature
        panel.set_services(_services(core, endpoint, life, updates))
        if joined is None:
            await _watches_brought_home(life.profile.folder, panel)
        troubles = [*core.troubles, *lost]
        told = [str(text(trouble.code, panel_language(), trouble.params)) for trouble in troubles]
        if no_endpoint:
            told.append(no_endpoint)
        if told:
            panel.context.say("\n".join(told), "bad")
        await stack.enter_async_context(_surroundings(core))
        updates.subscribe(lambda _news: _tell_of_version(panel, updates))
        await stack.enter_async_context(updates.at_work())
        yield core


@asynccontextmanager
async def _shared_with_office(core: Core | OfficeMember, endpoint: Endpoint, panel: Panel) -> AsyncIterator[None]:
    """Paired pages and watched records are those of the whole office while the panel is open."""
    from archisync_gui.app.core import Core
    from archisync_gui.app.joining import PAGES, WATCHES

    assert not isinstance(core, Core)
    pairing, watches = endpoint.pairing, panel.window.watches()
    watches.shared = True
    pages, watched = core.share(PAGES, pairing), core.share(WATCHES, watches)
    forget = pairing.subscribe(pages.changed_here)
    watches.changed.connect(watched.changed_here)
    try:
        yield
    finally:
        forget()
        watches.changed.disconnect(watched.changed_here)
        await pages.close()
        await watched.close()


async def _watches_brought_home(folder: Path, panel: Panel) -> None:
    """After leaving an office: watch what it watched."""
    from archisync_gui.office.membership import forget_watches, left_watches

    rows = await asyncio.to_thread(left_watches, folder)
    if rows is not None:
        panel.window.watches().bring_home(rows)
        await asyncio.to_thread(forget_watches, folder)


async def _opened_core(life: Life, panel: Panel, stack: AsyncExitStack) -> Core | OfficeMember:
    """The profile of a single computer."""
    from archisync_gui.app.core import Core

    core = await Core.open(life.profile, demo=life.demo, attended=True, second_start=panel.second_start)
    stack.push_async_callback(core.close)
    core.quit = life.stop.set
    return core


async def _opened_drafts(core: Core | OfficeMember, ran_before: bool, panel: Panel) -> tuple[Drafts, list[SyncFailure]]:
    from archisync_gui.app.core import Core

    if isinstance(core, Core):
        return await open_drafts(core, ran_before)
    from archisync_gui.app.office_panel import office_drafts

    lost: list[SyncFailure] = []
    return await office_drafts(core, lost, partial(panel.context.say, tone="warn")), lost


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
    kept = await asyncio.to_thread(restore, path, None, core.clock.now())
    lost.append(SyncFailure("drafts-damaged", FailureKind.PERMANENT, params={"kept": str(kept)}))
    return await Drafts.open(folder, clock=core.clock), lost


@asynccontextmanager
async def _surroundings(core: Core | OfficeMember) -> AsyncIterator[None]:
    """The orchestrator hears of sleep and of the network."""
    from archisync_gui.app.core import Core
    from archisync_gui.ui.system.power_and_network import Surroundings

    around = Surroundings(needed=lambda: not core.erp_is_here)
    set_away = core.orchestrator.set_away if isinstance(core, Core) else core.set_away
    around.changed.connect(set_away)
    await around.connect_system()
    try:
        yield
    finally:
        around.changed.disconnect(set_away)
        await around.close()


def _updates(core: Core | OfficeMember) -> Updates:
    """Asks for newer versions while the setting is on; never in the demo."""
    from archisync_gui.messages import resources
    from archisync_gui.updates.signed_list import read_source
    from archisync_gui.updates.watch import FILE, Updates

    return Updates(
        core.profile.folder / FILE,
        read_source(resources() / "updates.toml"),
        installed=__version__,
        wanted=lambda: core.settings.flag("updates.ask") and not core.profile.demo,
        clock=core.clock,
    )


def _tell_of_version(panel: Panel, updates: Updates) -> None:
    """A notice in the window, once for each version; it leads to *About*."""
    from archisync_gui.ui.text.i18n import language as panel_language

    version = updates.untold()
    if version is None:
        return
    told = line("updates-available", panel_language(), {"version": version.name, "installed": __version__})
    show = text("about.open", panel_language()).what
    panel.context.say(told, "", show, partial(panel.context.open, "about"))
    panel.context.background.run(updates.told(version), "version-told")


def _endpoint(core: Core | OfficeMember, drafts: Any) -> Endpoint:
    from archisync_gui.drafts.browser_keys import FILE, BrowserKeys
    from archisync_gui.endpoint.pairing import FILE as PAGES_FILE
    from archisync_gui.endpoint.pairing import PairingStore
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


async def _served(endpoint: Endpoint) -> str:
    """Serve; where no port is free, the sentence that says so: the panel works without order forms, too."""
    from archisync_gui.ui.text.i18n import language

    try:
        await endpoint.start()
    except SyncFailure as error:
        log.warning("no endpoint: %s", error)
        return str(text(error.code, language(), error.params))
    return ""


def _services(core: Core | OfficeMember, endpoint: Endpoint, life: Life, updates: Updates) -> Services:
    from archisync_gui.app.core import Core
    from archisync_gui.entities import ENTITIES
    from archisync_gui.ui.live.services import LoginTest, Services
    from archisync_gui.ui.text.i18n import language as panel_language

    moving = asyncio.Lock()

    async def apply_settings(changes: Changes) -> None:
        async with moving:  # the port in use and the port in the settings change together
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
        quit=life.stop.set,
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
        has_password=core.credentials.knows,
        test_login=test_login,
        accept_read=core.accept_read,
        rekey=core.rekey,
        clear_and_read=core.clear_and_read,
        backup=lambda: core.store.backup("operator"),
        updates=updates,
        crash=life.told,
    )
    return _of_one_computer(services, core, life) if isinstance(core, Core) else services


def _of_one_computer(services: Services, core: Core, life: Life) -> Services:
    """What the panel can do with an archive that is on this computer only."""
    from archisync_gui.app import data_care
    from archisync_gui.ui.text.i18n import language as panel_language

    return replace(
        services,
        faults=_faults(core),
        end_faults=partial(asyncio.to_thread, core.demo_erp.clear_faults) if core.demo_erp is not None else None,
        restore=life.put_back,
        find_customer=lambda customer: asyncio.to_thread(data_care.found, core.profile, customer),
        export_customer=lambda customer, target: asyncio.to_thread(
            data_care.export_customer, core.profile, customer, target, panel_language()
        ),
        erase_customer=life.erase,
    )


def _open_demo() -> bool:
    """Start the demo in another process. False: the system did not start it."""
    from PySide6.QtCore import QProcess

    program, *arguments = autostart.program()
    started = QProcess.startDetached(program, [*arguments, "--demo"])
    return bool(started[0] if isinstance(started, tuple) else started)


def _faults(core: Core) -> tuple[Any, ...]:
    """The demo's menu: each of the demo ERP's faults, struck once."""
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


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("in the loop: %s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)
