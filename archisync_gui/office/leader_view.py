"""What a member knows of the leader's orchestrator: its status and events, and its own commands without an answer
yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archisync_gui.model import (
    AccountId,
    Clock,
    ErrorInfo,
    Event,
    FailureKind,
    Listener,
    SmartSyncResult,
    Status,
    SyncFailure,
    SyncTypeSpec,
    as_json,
    from_json,
)
from archisync_gui.model.events import OfficeChanged, SessionUnserved, event_from
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.forms import Form, Forms
from archisync_gui.office.line import Line
from archisync_gui.office.news import Command, News, raise_failure
from archisync_gui.office.views import blank, fresh_until, seen_from_here
from archisync_gui.orchestrator import Feed, Ticket
from archisync_gui.orchestrator.listeners import FEED_LIMIT, Listeners
from archisync_gui.orchestrator.schedule import HELD

log = logging.getLogger(__name__)

UNREAD = "office-status-unread"
"""Code of the error that the leader's status cannot be parsed by this version."""
PREFIX = "face."
"""Prefix of the names of commands that are calls of ``OrchestratorApi``."""
SHOWN_LIMIT = 2.0
"""Seconds that an answer is delayed until the status that contains its effect was received."""
CLOCK_CHECK = 1.0
"""Seconds between two checks whether the office's time is known."""
LONGEST = 86400.0
"""The most seconds of a timer: those of Qt, which the panel's loop uses, are limited to 24 days."""
FORM_PATIENCE = 10.0
"""Seconds that a form waits for a leader: as long as for its read."""
FORM_LIMIT = 11.0
"""Seconds after which a form is answered even if the server does not answer: a little more than the leader needs to
answer ``pending``."""


@dataclass(eq=False)
class Ahead:
    """A change that this member asked for and that is shown before the leader's status contains it."""

    change: Callable[[Status], Status]
    until: tuple[str, int] | None = None
    """Boot and revision of the leader's status that contains it; ``None``: the leader has not answered yet."""


class LeaderView:
    """One member's view of the leader. :meth:`heard` is to be passed to the line, and the line to :meth:`use`."""

    def __init__(
        self,
        types: Sequence[SyncTypeSpec],
        clock: Clock,
        *,
        member: str,
        accounts: Sequence[AccountId] = (),
        refused: Callable[[SyncFailure], object] = lambda error: None,
    ) -> None:
        """``member``: the id of this member. ``accounts``: shown until the first status was received. ``refused`` is
        called with the reason when the leader refuses a call that was answered before."""
        self._types = {spec.name: spec for spec in types}
        self._clock, self._member, self.refused = clock, member, refused
        self._listeners = Listeners()
        self._tickets: dict[str, Ticket] = {}
        self._commands: dict[str, Command] = {}
        """Ticket id → the command that requests it."""
        self._requests: dict[str, str] = {}
        """Id of a ticket without outcome → id of the leader's request; an empty text if that was never queued."""
        self._ahead: list[Ahead] = []
        self._base = blank(types, accounts, clock.now())
        self._news = News(None, None, None)
        self._status: Status | None = None
        self._aging: asyncio.TimerHandle | None = None
        """Timer that updates the status when a list becomes late, also without a leader."""
        self._closed = False
        self._changed = asyncio.Event()
        self._unread: ErrorInfo | None = None
        """Why the leader's last status cannot be shown; ``None``: it is shown."""
        self._forms = Forms(clock, self._report_form)
        self._tasks: set[asyncio.Task[None]] = set()
        self._line: Line | None = None
        self.first = asyncio.Event()
        """Set as soon as the office's state is known, or it is known that there is no leader or readable status."""

    def use(self, line: Line) -> None:
        """Use this line for commands."""
        self._line = line

    async def close(self) -> None:
        """Stop waiting for answers; commands that were sent are not withdrawn. The leader ends this computer's sessions
        when this member is not present any more."""
        self._line, self._closed = None, True
        if self._aging is not None:
            self._aging.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def heard(self, news: News) -> None:
        """The line has news; called in the event loop."""
        before = self._news
        boot = self._base.boot
        if news.trouble is not None:  # the leader is not known any more; everything else is kept
            news = replace(before, leader=None, member=None, current=False, trouble=news.trouble)
        elif news.status is not None:
            try:
                self._base, self._unread = from_json(Status, news.status), None
            except (KeyError, TypeError, ValueError) as error:
                if self._unread is None:  # log it once, not for each revision
                    log.warning("the leader's status cannot be read (another version?): %r", error)
                unread = SyncFailure(UNREAD, FailureKind.PERMANENT, params={"leader": news.leader or "–"})
                self._unread = ErrorInfo.of(unread)
        if news.trouble is None and self._unread is not None:
            news = replace(news, current=False, trouble=self._unread)
        self._news = replace(news, status=None, events=(), settings=None)
        self._status = None
        if self._base.boot or self._news.member is None or self._unread is not None:
            self.first.set()
        found = (self._base.boot, self._base.revision)
        self._ahead = [ahead for ahead in self._ahead if not _reached(ahead.until, found)]
        events = [event for raw in news.events if (event := _event(raw)) is not None]
        self._forms.update(self._base, events)
        if self._base.boot != boot or (before.trouble is not None and news.trouble is None):
            self._announce_forms()
        self._changed.set()
        self._changed = asyncio.Event()
        self._schedule_aging()
        for event in events:
            self._listeners.publish(event)
        if news.status is not None or _place(before) != _place(news):
            self._announce_status()

    def _now(self) -> datetime | None:
        """The office's time; ``None``: not known yet."""
        clock = self._clock
        return None if isinstance(clock, OfficeClock) and not clock.has_server_time else clock.now()

    def _schedule_aging(self) -> None:
        now = self._now()
        until = None if now is None else fresh_until(self._base, now)
        if self._aging is not None:
            self._aging.cancel()
        if self._closed or (now is not None and until is None):
            return
        wait = CLOCK_CHECK if now is None or until is None else min((until - now).total_seconds(), LONGEST)
        self._aging = asyncio.get_running_loop().call_later(wait, self._age)

    def _age(self) -> None:
        if self._now() is not None:
            self._status = None
            self._announce_status()
        self._schedule_aging()

    def _announce_status(self) -> None:
        self._listeners.publish(Event(self._base.boot, self._base.revision, self._clock.now(), OfficeChanged()))

    async def _shown(self, revision: tuple[str, int] | None) -> None:
        """Wait until the leader's status of that boot and revision, or a later one, was received."""
        try:
            async with asyncio.timeout(SHOWN_LIMIT):
                while not _reached(revision, (self._base.boot, self._base.revision)):
                    await self._changed.wait()
        except TimeoutError:
            log.info("the status %s of the leader did not come", revision)

    def _send(self, name: str, patience: float | None, emit: Callable[[Any], None], args: dict[str, Any]) -> Command:
        if self._line is None:
            raise SyncFailure("request-closing", FailureKind.PERMANENT)
        return self._line.send(PREFIX + name, as_json(args), emit, patience=patience)

    async def ask(self, name: str, /, *, patience: float | None = 30.0, **args: Any) -> Any:
        """Send a command and wait for the leader's answer and the status that contains its effect. Raises
        ``SyncFailure``."""
        return await self._answer(self._send(name, patience, lambda event: None, args))

    async def _answer(self, command: Command, limit: float | None = None) -> Any:
        """The leader's answer. Raises ``TimeoutError`` after ``limit`` seconds; the command is not withdrawn then."""
        try:
            async with asyncio.timeout(limit):
                code, result = await asyncio.shield(command.future)
        except asyncio.CancelledError:
            if self._line is not None:
                self._line.cancel(command)
            raise
        if code:
            raise_failure(result)
        with readable():
            at, value = _status_of(result), result["value"]
        await self._shown(at)
        return value

    def _request(self, name: str, change: Callable[[Status], Status] | None, /, **args: Any) -> None:
        """Send a command without waiting. ``change`` is shown at once, until the leader's status contains it or the
        leader refuses."""
        command = self._send(name, 30.0, lambda event: None, args)
        ahead = None if change is None else self._show_ahead(change)
        self._start(self._done(command, ahead))

    async def _done(self, command: Command, ahead: Ahead | None) -> None:
        try:
            code, result = await asyncio.shield(command.future)
            if code:
                raise_failure(result)
            self._mark_answered(ahead, result)
        except SyncFailure as error:
            self._drop(ahead)
            self.refused(error)

    def _mark_answered(self, ahead: Ahead | None, result: Any) -> None:
        """The leader has done what is shown ahead: it is removed when the status that contains it was received."""
        with readable():
            at = _status_of(result)
        if ahead is not None:
            ahead.until = at
            if _reached(ahead.until, (self._base.boot, self._base.revision)):
                self._drop(ahead)

    def _show_ahead(self, change: Callable[[Status], Status]) -> Ahead:
        ahead = Ahead(change)
        self._ahead.append(ahead)
        self._status = None
        asyncio.get_running_loop().call_soon(self._announce_status)
        return ahead

    def _drop(self, ahead: Ahead | None) -> None:
        if ahead is not None and ahead in self._ahead:
            self._ahead.remove(ahead)
            self._status = None
            self._announce_status()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a call to the office's leader failed", exc_info=error)

    def send_only(self, name: str, /, *, patience: float | None = FORM_PATIENCE, **args: Any) -> None:
        """Send a command whose result is ignored and which may be lost after ``patience`` seconds without a leader."""
        command = self._send(name, patience, lambda event: None, args)
        command.future.add_done_callback(ignore_result)

    def _announce_forms(self) -> None:
        """Send the open forms to the leader, after a change of the leader or a long loss of the connection."""
        for form in self._forms.open():
            self._start(self._announce(form.id))

    async def _announce(self, id: str) -> None:
        form = self._forms.by_id(id)
        if form is None:
            return
        args: dict[str, Any] = {"id": form.id, "handle": form.handle, "account": form.account, "label": form.label}
        args |= {"token": form.token, "connections": form.connections}
        try:
            answer = await self.ask("smart_customer_sync", patience=30.0, **args, wait=False)
            with readable():
                result = from_json(SmartSyncResult, answer)
        except SyncFailure as error:
            log.warning("an open form could not be sent to the leader: %s", error)
            return
        self._report_outcome(form, result)

    def _report_outcome(self, form: Form, result: SmartSyncResult) -> None:
        """Handle the leader's answer for a form's read when no call of the form waits for it: emit the event from which
        the tab's line learns it, since the leader has answered the call and emits none (rule 12)."""
        self._forms.answered(form, result, self._base)
        self._status = None
        reason = {"held": HELD, "failed": result.error, "stopped": result.error}.get(result.code)
        if reason is not None:
            unserved = SessionUnserved(form.handle, form.label, form.account, reason)
            self._listeners.publish(Event(self._base.boot, self._base.revision, self._clock.now(), unserved))

    def _report_form(self, name: str, id: str) -> None:
        """Send a form's sign of life to the leader. If it is lost, another one follows."""
        if self._line is not None:
            self.send_only(name, id=id)

    def get_status(self) -> Status:
        """The leader's last status as this member shows it."""
        if self._status is None or (not self._news.current and self._forms.expire()):
            status = seen_from_here(self._base, self._news, self._member, self._now())
            for ahead in self._ahead:
                status = ahead.change(status)
            self._status = self._forms.shown(status)
        return self._status

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the leader's events, and with ``OfficeChanged`` when the status changed without one.
        Returns a function that ends the subscription."""
        return self._listeners.add(listener)

    def events(self, limit: int = FEED_LIMIT) -> Feed:
        """As :meth:`Orchestrator.events`."""
        return self._listeners.feed(limit)


@contextmanager
def readable() -> Iterator[None]:
    """Turn errors of parsing an answer, from a leader of another version, into ``SyncFailure``."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("an answer of the leader cannot be read (another version?): %r", error)
        raise SyncFailure("office-answer-unread", FailureKind.TRANSIENT) from error


def ignore_result(future: asyncio.Future[Any]) -> None:
    """Retrieve the exception of a command whose result is ignored, so that asyncio does not log it."""
    if not future.cancelled():
        future.exception()


def _status_of(result: Any) -> tuple[str, int]:
    """Boot and revision of the leader's status that contains the effect of this answer."""
    boot, revision = result["at"]
    return str(boot), int(revision)


def _reached(wanted: tuple[str, int] | None, found: tuple[str, int]) -> bool:
    """Whether the status ``found`` is ``wanted`` or a later one. A status of another boot is a later one, since a
    leader that was replaced gets another boot."""
    return wanted is not None and (found[0] != wanted[0] or found[1] >= wanted[1])


def _place(news: News) -> tuple[object, ...]:
    """The parts of the office's state that are shown."""
    return news.member, news.current, None if news.trouble is None else news.trouble.code


def _event(raw: Any) -> Event | None:
    try:
        return event_from(raw)
    except (KeyError, TypeError, ValueError):
        return None  # an event of a later version
