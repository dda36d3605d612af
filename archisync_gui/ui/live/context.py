"""The object that all pages of the panel share: services, bridge, and the operator's actions.

The actions are here, and not in widgets, so that table, menus, tray and keyboard do and say the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from archisync_gui import messages, zone
from archisync_gui.disk import file_of
from archisync_gui.model import FailureKind, Origin, QueueEntry, Scope, Status, SyncFailure, SystemClock
from archisync_gui.settings import Settings
from archisync_gui.ui.live.bridge import Background, Bridge
from archisync_gui.ui.live.services import Changes, Office, Services, endpoint_address
from archisync_gui.ui.text import words
from archisync_gui.ui.text.choices import no_keyring
from archisync_gui.ui.text.i18n import language, message, tr

if TYPE_CHECKING:
    from archisync_gui.orchestrator import Ticket
    from archisync_gui.ui.text.last_known import LastKnown


SETTLE = 0.15
"""Seconds after a request before its place in the queue is shown: by then the dispatcher may have started it."""

WATCHES = "watches"
"""Key of the watched records in the window's memory."""

Say = Callable[..., None]


class Context(QObject):
    """What the parts of one panel share. One per panel."""

    services_changed = Signal()
    settings_changed = Signal()
    ending = Signal()
    """The panel is about to close: changes that wait for a delay take effect now."""
    notice_requested = Signal(str, str, str, object, object)
    """A message for the notice: text, tone, button, its callback, and a second button as pair of text and callback."""
    open_requested = Signal(str, object)
    """Open a page or dialog: its name, and what it should show."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.services: Services | None = None
        self.office: Office | None = None
        """Set before the services: these are missing while an office's server does not answer."""
        self.bridge = Bridge(self)
        self.background = Background(self)
        self.background.failed.connect(self._failed)
        self.status: Status | None = None
        self.last_known: LastKnown | None = None
        """What is shown until the first status arrives."""
        self.memory: QSettings | None = None
        """Kept over restarts: the window's place, columns, filters."""
        self.without_password: set[str] = set()
        """Accounts for which no password was found, and none was entered since."""
        self.bridge.status_changed.connect(self._status)

    def set_services(self, services: Services) -> None:
        """The services are ready: emit :attr:`services_changed`, and subscribe to the orchestrator."""
        self.services = services
        words.name_types(services.entities)
        self.services_changed.emit()
        self.bridge.attach(services.orchestrator)

    def _status(self, status: Status) -> None:
        self.status = status

    def now(self) -> datetime:
        """The wall clock of the services."""
        return (self.services.clock if self.services is not None else SystemClock()).now()

    def today(self) -> date:
        """Today in the office's time zone."""
        return zone.local(self.now()).date()

    def settings(self) -> Settings:
        """The settings in use."""
        return self.services.settings() if self.services is not None else Settings()

    def in_use(self, account: str) -> bool:
        """True for an account of the settings; in the demo, whose accounts are not in the settings, always."""
        demo = self.services is not None and self.services.demo
        return demo or account in self.settings().words("erp.accounts")

    async def set_password(self, account: str, password: str) -> bool:
        """Store a password and let the account log in again. False: in memory only, since there is no keyring."""
        services = self.services
        if services is None or services.set_password is None:
            raise LookupError("nothing here keeps passwords")
        kept = await services.set_password(account, password)
        self.without_password.discard(account)
        return kept

    async def save_and_try(self, account: str, password: str) -> tuple[str, str]:
        """Log in with a typed password, and store it unless the ERP refuses it. Returns the result as a sentence, and
        its tone. The login comes first, so that a wrong password costs one attempt only. Raises as :meth:`set_password`
        does, and ``SyncFailure`` ``account-removed``."""
        if not self.in_use(account):  # the account was removed while the question was open
            raise SyncFailure("account-removed", FailureKind.PERMANENT, params={"account": account})
        services = self.services
        test = services.test_login if services is not None else None
        found = await test(account, password) if test is not None else None
        if found is not None and found.refused:
            return found.text, "bad"
        kept = await self.set_password(account, password)
        sentence = tr("The password is kept.") if kept else no_keyring()
        if found is None:
            return sentence, "ok" if kept else "warn"
        return f"{found.text} {sentence}", "ok" if found.ok and kept else "warn"

    def remember(self, key: str, value: str) -> None:
        """Keep a short text over restarts."""
        if self.memory is not None:
            self.memory.setValue(key, value)

    def recall(self, key: str) -> str:
        """The text kept under ``key``, or an empty text."""
        found = self.memory.value(key) if self.memory is not None else None
        return found if isinstance(found, str) else ""

    def say(
        self,
        text: str,
        tone: str = "",
        action: str = "",
        callback: Callable[[], object] | None = None,
        other: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """Show a message in the notice. ``callback``: of the button ``action``; ``other``: a second button with its
        callback."""
        self.notice_requested.emit(text, tone, action, callback, other)

    def open(self, place: str, what: object = None) -> None:
        """Open a page (``history``, ``data`` …) or a dialog (``why``, ``sessions`` …)."""
        self.open_requested.emit(place, what)

    def apply(self, changes: Changes) -> None:
        """Change settings in the background; ``changes`` may be computed from the settings that are in use then."""
        services = self.services
        if services is None:
            return

        async def work() -> None:
            await services.apply_settings(changes)
            self.settings_changed.emit()

        self.background.run(work(), "settings")

    def _failed(self, error: object) -> None:
        self.say(problem(error), "bad")

    # ------------------------------------------------------------------------------------------------ actions

    def _ready(self) -> Services | None:
        if self.services is None:
            self.say(tr("Archisync is still starting. Try again in a moment."))
        return self.services

    def sync(self, sync_type: str, account: str | None = None, key: str | None = None) -> None:
        """Request a read of one list (or of one of its records), and show where it waits and why."""
        services = self._ready()
        if services is None:
            return

        async def work() -> None:
            try:
                if key is None:
                    ticket = services.orchestrator.request_sync(sync_type, account, origin=Origin.OPERATOR)
                else:
                    ticket = services.orchestrator.request_sync(
                        sync_type, account, scope="one", key=key, priority=99, origin=Origin.OPERATOR
                    )
            except Exception as error:
                self.say(
                    tr("{type} was not asked for: {why}", type=words.type_name(sync_type), why=problem(error)), "bad"
                )
                return
            await asyncio.sleep(SETTLE)
            self._show_place(sync_type, ticket)

        self.background.run(work(), f"sync-{sync_type}")

    def _show_place(self, sync_type: str, ticket: Ticket) -> None:
        services = self.services
        if services is None:
            return
        status = services.orchestrator.get_status()
        at = services.orchestrator.position(ticket)
        if at is None:
            if status.current_sync == sync_type:
                self.say(tr("{type}: reading now.", type=words.type_name(sync_type)))
            return
        self._show_entry(status.queue[at - 1], at)

    async def show_cleared(self, sync_type: str, account: str) -> None:
        """Show that a list was cleared, and that it is being read or what its read waits for. ``account`` empty: a
        shared list."""
        await asyncio.sleep(SETTLE)
        services = self.services
        if services is None:
            return
        status, name = services.orchestrator.get_status(), words.type_name(sync_type)
        run = status.current_run
        if run is not None and run.type == sync_type and account in ("", run.account):
            self.say(tr("{type}: cleared; it is being read again.", type=name), "ok")
            return
        cleared = message("clear.done", list=name)
        for at, entry in enumerate(status.queue, 1):
            if entry.type == sync_type and account in ("", entry.account):
                self._show_entry(entry, at, f"{cleared} ")
                return
        self.say(cleared, "ok")

    def _show_entry(self, entry: QueueEntry, at: int, before: str = "") -> None:
        """Show where a request waits and why, after the text ``before``."""
        sentence = before + words.queued_sentence(entry, at)
        if entry.run_anyway_possible:
            self.say(sentence, "", tr("R&un anyway"), lambda: self.run_anyway(entry))
        else:
            self.say(sentence)

    def sync_all(self) -> None:
        """Request a read of all lists."""
        services = self._ready()
        if services is None:
            return
        try:
            services.orchestrator.request_full(origin=Origin.OPERATOR)
        except Exception as error:
            self.say(tr("Nothing was asked for: {why}", why=problem(error)), "bad")
            return
        status = services.orchestrator.get_status()
        if status.hold_since is not None:
            self.say(tr("All lists are in the queue; they start when you resume."), "", tr("&Resume"), self.release)
        elif status.session_count:
            self.say(tr("All lists are in the queue; they start when the order form closes."))
        else:
            self.say(tr("All lists are in the queue; one is read after the other."))

    def cancel(self) -> None:
        """Cancel the run that is shown, but not one that started after it. Its rows are discarded; stored rows stay."""
        services = self._ready()
        if services is None:
            return
        run = self.status.current_run if self.status is not None else None
        if run is None:
            self.say(tr("Nothing is running."))
            return
        name = words.type_name(run.type)
        if not services.orchestrator.cancel_run(run.id):
            self.say(tr("{type}: it has ended already. Nothing was cancelled.", type=name))
            return
        if run.scope is not Scope.ALL:
            self.say(tr("{type}: being ended at the next safe point.", type=name))
            return
        account = run.account if len(self.status.accounts if self.status else ()) > 1 else None
        self.say(
            tr("{type}: being ended at the next safe point.", type=name),
            "",
            tr("&Ask again"),
            lambda: self.sync(run.type, account),
        )

    def hold(self, until: datetime | None = None) -> None:
        """Pause all reads, until that time or until :meth:`release`."""
        services = self._ready()
        if services is not None:
            services.orchestrator.hold(until)

    def release(self) -> None:
        """End the pause."""
        services = self._ready()
        if services is not None:
            services.orchestrator.release()

    def toggle_hold(self) -> None:
        """Pause, or end the pause."""
        if self.status is not None and self.status.hold_since is not None:
            self.release()
        else:
            self.hold()

    def remove(self, entry: QueueEntry) -> None:
        """Take a request out of the queue."""
        services = self._ready()
        if services is None:
            return
        if not services.orchestrator.remove(entry.id):
            self._say_not_waiting(entry)
            return
        sentence = tr("{type}: taken out of the queue.", type=words.type_name(entry.type))
        if entry.scope is Scope.ALL:
            self.say(sentence, "", tr("Put it bac&k"), lambda: self.sync(entry.type, entry.account))
        else:  # it cannot be requested again from here: its key is not known, or it was an order form's request
            self.say(sentence)

    def to_front(self, entry: QueueEntry) -> None:
        """Make a request the next one."""
        services = self._ready()
        if services is not None and not services.orchestrator.move_to_front(entry.id):
            self._say_not_waiting(entry)

    def run_anyway(self, entry: QueueEntry) -> None:
        """Let this one request run in spite of the pause or an open order form."""
        services = self._ready()
        if services is not None and not services.orchestrator.run_anyway(entry.id):
            self._say_not_waiting(entry)

    def _say_not_waiting(self, entry: QueueEntry) -> None:
        """The request has started or ended since the queue was drawn."""
        self.say(tr("{type}: it does not wait any more. Nothing was changed.", type=words.type_name(entry.type)))

    def end_session(self, handle: str) -> None:
        """End the session of one order form's tab."""
        services = self._ready()
        if services is not None and not services.orchestrator.end_session(handle):
            self.say(tr("This order form is closed already."))

    def end_sessions(self) -> None:
        """End the sessions of all order forms, so that the other reads continue."""
        services = self._ready()
        if services is None:
            return
        if not services.orchestrator.end_sessions():
            self.say(tr("No order form is open."))
        elif services.orchestrator.get_status().hold_since is not None:
            self.say(tr("The order form's tabs were told. The updates stay paused until you resume them."))
        else:
            self.say(tr("The order form's tabs were told; the updates go on."))

    def open_order_form(self) -> None:
        """Open the order form in the operator's usual browser."""
        services = self._ready()
        if services is None:
            return
        if not endpoint_address(services.endpoint):
            self.say(tr("The order form is not available: the local endpoint is not running."), "bad")
        elif services.endpoint is not None and not QDesktopServices.openUrl(QUrl(services.endpoint.order_form_url())):
            self.say(tr("No browser could be opened for the order form."), "bad")


def problem(error: object) -> str:
    """An exception as sentences: what happened, what it means, what to do."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        params = getattr(error, "params", None)
        found = words.code_text(code, params if isinstance(params, dict) else None)
        if found is not None:
            return str(found)
    if isinstance(error, OSError) and error.strerror:
        params = {"path": file_of(error), "reason": error.strerror}
        return str(messages.text("file-refused", language(), params))
    reason = f"{type(error).__name__}: {error}".strip().rstrip(":.")
    return str(messages.text("unexpected", language(), {"error": reason}))
