"""The panel's notifications: passes status and events to the policy, and shows its messages outside the window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSystemTrayIcon

from archisync_gui.model import Event, EventKind, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.shell.passwords import Passwords
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.system.notify import Balloon, Means, Policy, best_means
from archisync_gui.ui.text.activity import WHILE_AWAY, missed_lists, missed_sentence
from archisync_gui.ui.text.i18n import tr

if TYPE_CHECKING:
    from archisync_gui.ui.live.watches import Watch

log = logging.getLogger(__name__)


class Notifications:
    """Shows messages as notifications of the desktop or at the tray icon."""

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        passwords: Passwords,
        icon: QSystemTrayIcon,
        raise_window: Callable[[], None],
    ) -> None:
        self._context, self._window, self._passwords, self._icon = context, window, passwords, icon
        self._raise_window = raise_window
        self.policy = Policy()
        self.means: Means | None = None
        """The means that shows them; ``None``: not known yet."""
        self._without_password: Collection[str] = ()
        """Accounts for whose missing passwords there are notifications: only if the panel was started hidden."""

    async def connect(self) -> None:
        """Find the best means for notifications, and show those that are due by now."""
        self.means = means = await best_means(self._icon, self.opened)
        # The conditions that arose before anything could be shown.
        now, settings = self._context.now(), self._context.settings()
        waiting = len(self._window.form_request.waiting)
        messages = self.policy.of_requests(waiting, now, settings)
        if self._context.status is not None:
            messages += self.policy.of_status(self._context.status, now, settings, self._without_password)
        for message in messages:
            await self.show(means, message)

    def report_missing_passwords(self) -> None:
        """Show notifications about missing passwords, because the window is not visible."""
        self._without_password = self._context.without_password
        if self._context.status is not None:
            self.of_status(self._context.status)

    def report_unseen(self, text: str, tone: str) -> None:
        """Show a notice about an error as notification if the window is not visible (after an action in the tray)."""
        if tone == "bad" and not self._window.in_view:
            self.send([Message("said", "Archisync", text, "overview", urgent=True)])

    def watch_fired(self, watch: Watch, news: str) -> None:
        """Show news of a watched record in the window, and outside quiet hours as a notification."""
        self._context.say(
            f"{watch.name}: {news}.", "work", tr("&Open"), partial(self._context.open, "record", watch.target)
        )
        key = "watch:" + ":".join(watch.target)
        message = Message(key, watch.name, news + ".", "record", watch.target)
        self.send(self.policy.of_watch(message, self._context.now(), self._context.settings()))

    def report_form_requests(self) -> None:
        """Show a notification when an order form waits for consent."""
        waiting = len(self._window.form_request.waiting)
        if self.means is not None:
            self.send(self.policy.of_requests(waiting, self._context.now(), self._context.settings()))

    def send(self, messages: Sequence[Message]) -> None:
        """Show these in the background, if there is a means yet."""
        means = self.means
        if means is None:
            return
        for message in messages:
            self._context.background.run(self.show(means, message), "notify")

    async def show(self, means: Means, message: Message) -> None:
        """Show one message; if the desktop's notifications fail, use the tray from now on."""
        if message.place == "password" and await self._passwords.is_available(str(message.what)):
            self.policy.open.discard(message.key)  # it was not shown
            return
        try:
            await means.show(message)
        except Exception as error:
            log.warning("a notification could not be shown, the tray shows it: %s", error)
            if not isinstance(means, Balloon):
                self.means = balloon = Balloon(self._icon, self.opened)
                await means.close()
                await balloon.show(message)

    def happened(self, events: Sequence[Event]) -> None:
        """Show what these events require, missed reads in the window, too."""
        if self.means is not None:
            self.send(self.policy.of_events(events, self._context.now(), self._context.settings()))
        missed = [e for e in events if e.kind is EventKind.SCHEDULE_MISSED]
        missed_text = "".join(missed_sentence(missed_lists(e.data, WHILE_AWAY)) for e in missed[-1:])
        if missed_text:
            self._context.say(missed_text + ".", "", tr("Up&date all"), self._context.sync_all)

    def opened(self, message: Message) -> None:
        """Open the place of a notification that was clicked."""
        self._raise_window()
        self._context.open(message.place, message.what)

    def of_status(self, status: Status) -> None:
        """Show what this status requires."""
        if self.means is not None:  # only then: the policy counts its messages as shown
            now, settings = self._context.now(), self._context.settings()
            self.send(self.policy.of_status(status, now, settings, self._without_password))

    async def close(self) -> None:
        """Close the means: nothing is shown any more."""
        if self.means is not None:
            await self.means.close()
