"""What the panel tells outside its window: which messages, and by what they are shown."""

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
    """Messages of the desktop or of the tray."""

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
        """What shows them; ``None``: not known yet."""
        self._told_of: Collection[str] = ()
        """Accounts without password that notifications speak of: started hidden, nothing else would."""

    async def connect(self) -> None:
        """Find the best way to show notifications, and tell what has to be told by now."""
        self.means = means = await best_means(self._icon, self.opened)
        # What held before anything could be shown is told now.
        now, settings = self._context.now(), self._context.settings()
        waiting = len(self._window.form_request.waiting)
        messages = self.policy.of_requests(waiting, now, settings)
        if self._context.status is not None:
            messages += self.policy.of_status(self._context.status, now, settings, self._told_of)
        for message in messages:
            await self.show(means, message)

    def of_passwords(self) -> None:
        """The window is not shown: notifications speak of the passwords that are missing."""
        self._told_of = self._context.without_password
        if self._context.status is not None:
            self.of_status(self._context.status)

    def said(self, text: str, tone: str) -> None:
        """What was asked for from the tray and did not go is told where it is seen."""
        if tone == "bad" and not self._window.looked_at:
            self.tell([Message("said", "Archisync", text, "overview", urgent=True)])

    def watch_fired(self, watch: Watch, said: str) -> None:
        """Something happened to a watched record: told in the window, and as a notification outside quiet hours."""
        self._context.say(
            f"{watch.name}: {said}.", "work", tr("&Open"), partial(self._context.open, "record", watch.target)
        )
        key = "watch:" + ":".join(watch.target)
        message = Message(key, watch.name, said + ".", "record", watch.target)
        self.tell(self.policy.of_watch(message, self._context.now(), self._context.settings()))

    def form_waits(self) -> None:
        """An order form waits to be let in."""
        waiting = len(self._window.form_request.waiting)
        if self.means is not None:
            self.tell(self.policy.of_requests(waiting, self._context.now(), self._context.settings()))

    def tell(self, messages: Sequence[Message]) -> None:
        """Show these, if there is a way to show them."""
        means = self.means
        if means is None:
            return
        for message in messages:
            self._context.background.run(self.show(means, message), "notify")

    async def show(self, means: Means, message: Message) -> None:
        """Show one; the tray shows it where the desktop cannot."""
        if message.place == "password" and await self._passwords.found(str(message.what)):
            self.policy.open.discard(message.key)  # nobody was told of it
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
        """Tell what of these events has to be told, also in the window."""
        if self.means is not None:
            self.tell(self.policy.of_events(events, self._context.now(), self._context.settings()))
        missed = [e for e in events if e.kind is EventKind.SCHEDULE_MISSED]
        said = "".join(missed_sentence(missed_lists(e.data, WHILE_AWAY)) for e in missed[-1:])
        if said:
            self._context.say(said + ".", "", tr("Up&date all"), self._context.sync_all)

    def opened(self, message: Message) -> None:
        """A notification was clicked."""
        self._raise_window()
        self._context.open(message.place, message.what)

    def of_status(self, status: Status) -> None:
        """Tell what of this status has to be told."""
        if self.means is not None:  # asked only when there is a way to show the answer: it counts as told
            now, settings = self._context.now(), self._context.settings()
            self.tell(self.policy.of_status(status, now, settings, self._told_of))

    async def close(self) -> None:
        """Nothing is shown any more."""
        if self.means is not None:
            await self.means.close()
