"""The orchestrator as a member of an office has it: calls go to the leader, the status comes from there.

The same face as ``orchestrator.Orchestrator`` (``orchestrator.Face``). Calls that answer at once answer from the last
status, with what this member has asked for and the leader has not shown yet laid over it (:class:`_Ahead`). What the
leader refuses later is told through ``refused``. The leader's own panel uses it, too: so nothing changes for a panel
when its computer becomes the leader or ceases to be.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archisync_gui.model import (
    AccountId,
    Clock,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    FailureKind,
    Json,
    Listener,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunResult,
    Scope,
    SessionClosed,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
    SyncFailure,
    SyncType,
    SyncTypeSpec,
    as_json,
)
from archisync_gui.office.forms import Forms
from archisync_gui.office.line import Line
from archisync_gui.office.news import Command, News, raise_failure
from archisync_gui.office.views import blank, seen_from_here
from archisync_gui.office.wire import from_json
from archisync_gui.orchestrator import BatchTicket, Feed, Ticket
from archisync_gui.orchestrator.listeners import FEED_LIMIT, Listeners
from archisync_gui.orchestrator.requests import refuse_unaskable

log = logging.getLogger(__name__)

UNREAD = "office-status-unread"
"""Code of the trouble that the leader's status has what this version does not know."""
PREFIX = "face."
"""Begins the name of each command that is a call of this face."""
SHOWN_LIMIT = 2.0
"""Seconds that an answer waits for the status that belongs to it."""
TICKETS_KEPT = 500
FORM_PATIENCE = 10.0
"""Seconds that a form waits for a leader: as long as for its read."""
FORM_LIMIT = 11.0
"""Seconds after which a form is answered, though the server says nothing at all: a little more than the leader needs
to answer ``pending``."""


@dataclass(eq=False)
class _Ahead:
    """What was asked for and is not in the leader's status yet."""

    change: Callable[[Status], Status]
    until: tuple[str, int] | None = None
    """Boot and revision of the leader's status in which it is; ``None``: the leader has not answered yet."""


class RemoteOrchestrator:
    """One member's view of the leader's orchestrator. Give :meth:`heard` to the line, then :meth:`use` it."""

    def __init__(
        self,
        types: Sequence[SyncTypeSpec],
        clock: Clock,
        *,
        member: str,
        accounts: Sequence[AccountId] = (),
        refused: Callable[[SyncFailure], object] = lambda error: None,
    ) -> None:
        """``member``: the id of this member. ``accounts``: shown until the first status has come. ``refused`` is told
        why something that was asked for, and answered at once, was not done after all."""
        self._types = {spec.name: spec for spec in types}
        self._clock, self._member, self.refused = clock, member, refused
        self._listeners = Listeners()
        self._tickets: dict[str, Ticket] = {}
        self._commands: dict[str, Command] = {}
        """By ticket: the command that asks for it."""
        self._ahead: list[_Ahead] = []
        self._base = blank(types, accounts, clock.now())
        self._news = News(None, None, None)
        self._status: Status | None = None
        self._changed = asyncio.Event()
        self._unread: ErrorInfo | None = None
        """Why the leader's last status is not shown; ``None``: it is."""
        self._forms = Forms(clock, self._told_of_form)
        self._tasks: set[asyncio.Task[None]] = set()
        self._line: Line | None = None
        self.first = asyncio.Event()
        """Set when the office's state is known for the first time, or that it cannot be known."""

    def use(self, line: Line) -> None:
        """Send commands over this line."""
        self._line = line

    async def close(self) -> None:
        """Wait for nothing any more. Sessions of this computer end at the leader when its member is gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------------------------------------------ news

    def heard(self, news: News) -> None:
        """What the line has learnt; called in the loop."""
        before = self._news
        boot = self._base.boot
        if news.trouble is not None:  # who leads is not known any more; the rest stays as it was
            news = replace(before, leader=None, member=None, current=False, trouble=news.trouble)
        elif news.status is not None:
            try:
                self._base, self._unread = from_json(Status, news.status), None
            except (KeyError, TypeError, ValueError) as error:
                if self._unread is None:  # not at each of its revisions
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
        events = [event for told in news.events if (event := _event(told)) is not None]
        self._forms.told(self._base, events)
        if self._base.boot != boot or (before.trouble is not None and news.trouble is None):
            self._announce_forms()
        self._changed.set()
        self._changed = asyncio.Event()
        for event in events:
            self._listeners.tell(event)
        if news.status is not None or _place(before) != _place(news):
            self._tell_office()

    def _tell_office(self) -> None:
        self._listeners.tell(
            Event(EventKind.OFFICE_CHANGED, self._base.boot, self._base.revision, self._clock.now(), {})
        )

    async def _shown(self, revision: tuple[str, int] | None) -> None:
        """Wait until the leader's status of that boot and revision, or a later one, has come."""
        try:
            async with asyncio.timeout(SHOWN_LIMIT):
                while not _reached(revision, (self._base.boot, self._base.revision)):
                    await self._changed.wait()
        except TimeoutError:
            log.info("the status %s of the leader did not come", revision)

    # ------------------------------------------------------------------------------------------------ commands

    def _send(self, name: str, patience: float | None, emit: Callable[[Any], None], args: dict[str, Any]) -> Command:
        if self._line is None:
            raise SyncFailure("request-closing", FailureKind.PERMANENT)
        return self._line.send(PREFIX + name, as_json(args), emit, patience=patience)

    async def ask(self, name: str, /, *, patience: float | None = 30.0, **args: Any) -> Any:
        """Ask the leader and wait for its answer and the status that belongs to it. Raises ``SyncFailure``."""
        return await self._answer(self._send(name, patience, lambda event: None, args))

    async def _answer(self, command: Command, limit: float | None = None) -> Any:
        """The leader's answer. Raises ``TimeoutError`` after ``limit`` seconds; the command goes on."""
        try:
            async with asyncio.timeout(limit):
                code, result = await asyncio.shield(command.future)
        except asyncio.CancelledError:
            if self._line is not None:
                self._line.cancel(command)
            raise
        if code:
            raise_failure(result)
        await self._shown(_status_of(result))
        return result["value"]

    def _do(self, name: str, change: Callable[[Status], Status] | None, /, **args: Any) -> None:
        """Ask the leader without waiting; ``change`` is shown at once, until the leader shows it or refuses."""
        command = self._send(name, 30.0, lambda event: None, args)
        ahead = None if change is None else self._show_ahead(change)
        self._start(self._done(command, ahead))

    async def _done(self, command: Command, ahead: _Ahead | None) -> None:
        try:
            code, result = await asyncio.shield(command.future)
            if code:
                raise_failure(result)
        except SyncFailure as error:
            self._drop(ahead)
            self.refused(error)
        else:
            self._until(ahead, result)

    def _until(self, ahead: _Ahead | None, result: Any) -> None:
        """The leader did what is shown ahead: it goes when the status in which it is has come."""
        if ahead is not None:
            ahead.until = _status_of(result)
            if _reached(ahead.until, (self._base.boot, self._base.revision)):
                self._drop(ahead)

    def _show_ahead(self, change: Callable[[Status], Status]) -> _Ahead:
        ahead = _Ahead(change)
        self._ahead.append(ahead)
        self._status = None
        asyncio.get_running_loop().call_soon(self._tell_office)
        return ahead

    def _drop(self, ahead: _Ahead | None) -> None:
        if ahead is not None and ahead in self._ahead:
            self._ahead.remove(ahead)
            self._status = None
            self._tell_office()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a call to the office's leader failed", exc_info=error)

    def send_only(self, name: str, /, *, patience: float | None = FORM_PATIENCE, **args: Any) -> None:
        """Ask the leader for something that nobody waits for and that may be lost after ``patience`` seconds."""
        command = self._send(name, patience, lambda event: None, args)
        command.future.add_done_callback(_looked_at)

    # ------------------------------------------------------------------------------------------------ requests

    def request_sync(
        self,
        sync_type: SyncType,
        account: AccountId | None = None,
        scope: Scope | str = Scope.ALL,
        key: str | None = None,
        priority: int | None = None,
        origin: Origin = Origin.OPERATOR,
    ) -> Ticket:
        """As :meth:`Orchestrator.request_sync`. The request outlives this member and a change of the leader."""
        scope = Scope(scope)
        accounts = {one.id for one in self._base.accounts if one.enabled}
        if not self._base.boot and account is not None:
            accounts.add(account)  # which there are is not known yet; the leader refuses one that is not
        refuse_unaskable(self._types, accounts, sync_type, scope, key, account)
        args = {
            "type": sync_type,
            "account": account,
            "scope": scope,
            "key": key,
            "priority": priority,
            "origin": origin,
        }
        return self._ticket(sync_type, account, scope, "request_sync", args, origin)

    def request_full(self, origin: Origin = Origin.OPERATOR) -> BatchTicket:
        """As :meth:`Orchestrator.request_full`."""
        tickets = [self.request_sync(name, origin=origin) for name in self._base.statuses]
        return BatchTicket(uuid.uuid4().hex[:12], tickets)

    def retry_login(self, account: AccountId) -> Ticket:
        """As :meth:`Orchestrator.retry_login`; the leader chooses the list that is read."""
        sync_type = next((spec.name for spec in self._types.values() if not spec.shared), next(iter(self._types)))
        return self._ticket(sync_type, account, Scope.ALL, "retry_login", {"account": account}, Origin.OPERATOR)

    def _ticket(
        self,
        sync_type: SyncType,
        account: AccountId | None,
        scope: Scope,
        name: str,
        args: dict[str, Any],
        origin: Origin,
    ) -> Ticket:
        ticket = Ticket(f"o-{uuid.uuid4().hex}", sync_type, scope, (account or "",))
        command = self._send(name, None, lambda event: self._until(ahead, event), args)
        ahead = self._show_ahead(lambda status: _with_request(status, ticket, account, origin, self._types))
        self._commands[ticket.id] = command
        self._tickets[ticket.id] = ticket
        done = [id for id, known in self._tickets.items() if known.done]
        for id in done[: max(0, len(self._tickets) - TICKETS_KEPT)]:
            del self._tickets[id]
        self._start(self._outcome(ticket, command, ahead))
        return ticket

    async def _outcome(self, ticket: Ticket, command: Command, ahead: _Ahead) -> None:
        """Settle a ticket with the leader's answer."""
        (part,) = ticket.parts
        try:
            result = from_json(RunResult, await self._answer(command))
        except asyncio.CancelledError:
            ticket.settle(part, RunResult(ticket.type, ticket.parts[part], ticket.scope, Outcome.INTERRUPTED))
            raise
        except SyncFailure as error:
            outcome = Outcome.CANCELLED if command.cancelled else Outcome.FAILED
            told = None if command.cancelled else ErrorInfo.of(error)
            result = RunResult(ticket.type, ticket.parts[part], ticket.scope, outcome, error=told)
            if told is not None:
                self.refused(error)
        finally:
            self._commands.pop(ticket.id, None)
            self._drop(ahead)
        ticket.settle(part, result)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket of this member by its id, also some time after it resolved."""
        return self._tickets.get(ticket_id)

    def position(self, ticket: Ticket | str) -> int | None:
        """The place (1-based) in the queue of the ticket's list and scope; ``None`` when nothing of it waits."""
        found = self._tickets.get(ticket) if isinstance(ticket, str) else ticket
        if found is None or found.done:
            return None
        account = next(iter(found.parts.values()))
        for at, entry in enumerate(self.get_status().queue, 1):
            if (entry.type, entry.scope) == (found.type, found.scope) and account in ("", entry.account):
                return at
        return None

    def cancel(self, ticket: Ticket | BatchTicket | str) -> bool:
        """As :meth:`Orchestrator.cancel`, for a ticket of this member."""
        if isinstance(ticket, BatchTicket):
            withdrawn = [self.cancel(part) for part in ticket.tickets]
            return any(withdrawn)
        found = self._tickets.get(ticket) if isinstance(ticket, str) else ticket
        command = None if found is None else self._commands.get(found.id)
        if found is None or found.done or command is None or self._line is None:
            return False
        self._line.cancel(command)
        return True

    def cancel_run(self) -> bool:
        """As :meth:`Orchestrator.cancel_run`."""
        run = self.get_status().current_run
        if run is not None:
            self._do("cancel_run", None, run=run.id)
        return run is not None

    def move_to_front(self, request_id: str) -> bool:
        """As :meth:`Orchestrator.move_to_front`."""
        return self._with_request(request_id, "move_to_front", None)

    def run_anyway(self, request_id: str) -> bool:
        """As :meth:`Orchestrator.run_anyway`."""
        return self._with_request(request_id, "run_anyway", None)

    def remove(self, request_id: str) -> bool:
        """As :meth:`Orchestrator.remove`."""

        def removed(status: Status) -> Status:
            return replace(status, queue=tuple(entry for entry in status.queue if entry.id != request_id))

        return self._with_request(request_id, "remove", removed)

    def _with_request(self, request_id: str, name: str, change: Callable[[Status], Status] | None) -> bool:
        there = any(entry.id == request_id for entry in self.get_status().queue)
        if there:
            self._do(name, change, request_id=request_id)
        return there

    # ------------------------------------------------------------------------------------------------ switches

    def hold(self, until: datetime | None = None) -> None:
        """As :meth:`Orchestrator.hold`."""
        if until is not None and until.tzinfo is None:
            raise ValueError("a pause ends at a time with offset")
        now = self._clock.now()

        def held(status: Status) -> Status:
            if until is not None and until <= now:
                return replace(status, hold_since=None, hold_until=None)
            return replace(status, hold_since=status.hold_since or now, hold_until=until)

        self._do("hold", held, until=until)

    def release(self) -> None:
        """As :meth:`Orchestrator.release`."""
        self._do("release", lambda status: replace(status, hold_since=None, hold_until=None))

    def set_schedule(self, sync_type: SyncType, minutes: int | None) -> None:
        """As :meth:`Orchestrator.set_schedule`."""
        if sync_type not in self._types:
            raise SyncFailure("request-unknown-type", FailureKind.PERMANENT, params={"type": sync_type})
        self._do("set_schedule", None, type=sync_type, minutes=minutes)

    def credentials_changed(self, account: AccountId) -> None:
        """As :meth:`Orchestrator.credentials_changed`."""
        self._do("credentials_changed", None, account=account)

    # ------------------------------------------------------------------------------------------------ sessions

    async def smart_customer_sync(
        self,
        session_id: str | None,
        account: AccountId | None = None,
        *,
        label: str = "",
        token: str = "",
        wait: bool = True,
    ) -> SmartSyncResult:
        """As :meth:`Orchestrator.smart_customer_sync`: a session opened here counts for the whole office. Without a
        leader it is answered with the last known ages, and opened once there is one."""
        ended = None if session_id is None else self._forms.end_of(session_id)
        count = self.get_status().session_count
        if ended is not None:
            return SmartSyncResult("ended", "", count, None, None, reason=ended)
        form = self._forms.opened(session_id, account, label, token)
        args = {"id": form.id, "handle": form.handle, "account": account, "label": label, "token": token, "wait": wait}
        if session_id is None:
            args["id"] = None
        command = self._send("smart_customer_sync", FORM_PATIENCE, lambda event: None, args)
        try:
            result = from_json(SmartSyncResult, await self._answer(command, FORM_LIMIT))
        except TimeoutError:
            command.future.add_done_callback(_looked_at)
            why = command.unanswered()
            code, told = ("pending", None) if why is None else ("failed", ErrorInfo.of(why))
            return SmartSyncResult(code, form.handle, count, *self._ages(account), error=told)
        except SyncFailure as error:
            told = ErrorInfo.of(error)
            if error.kind is FailureKind.PERMANENT and error.code != "office-no-leader":
                self._forms.forget(form)  # refused (too many sessions); asked for without a leader, it is kept
                raise
            new, whole = self._ages(account)
            return SmartSyncResult("failed", form.handle, count, new, whole, error=told)
        self._forms.answered(form, result, self._base)
        self._status = None
        return result

    def _ages(self, account: AccountId | None) -> tuple[datetime | None, datetime | None]:
        fast = next((spec.name for spec in self._types.values() if spec.fast), "")
        found = self._base.statuses.get(fast)
        for part in found.accounts if found is not None else ():
            if account in (None, part.account):
                return part.new_as_of, part.all_as_of
        return None, None

    def _announce_forms(self) -> None:
        """There is another leader, or the line was cut for long: it hears of the forms that are open here."""
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
        except SyncFailure as error:
            log.warning("the leader was not told of an open form: %s", error)
            return
        self._forms.answered(form, from_json(SmartSyncResult, answer), self._base)
        self._status = None

    def _told_of_form(self, name: str, id: str) -> None:
        """A form's sign of life, for the leader. One that is lost is followed by another."""
        if self._line is not None:
            self.send_only(name, id=id)

    def touch(self, session_id: str) -> datetime | SessionEnd:
        """As :meth:`Orchestrator.touch`."""
        return self._forms.touch(session_id, self._base)

    def connected(self, session_id: str) -> datetime | SessionEnd:
        """As :meth:`Orchestrator.connected`."""
        self._status = None
        return self._forms.connected(session_id, self._base)

    def disconnected(self, session_id: str) -> None:
        """As :meth:`Orchestrator.disconnected`."""
        self._forms.disconnected(session_id)

    def resume_other_syncs(self, session_id: str | None, token: str = "") -> SessionClosed:
        """As :meth:`Orchestrator.resume_other_syncs`."""
        closed = self._forms.closed(session_id, token, self.get_status())
        if self._line is not None:
            # Without limit: if the close were lost, the leader would wait for a form that is gone.
            self.send_only("resume_other_syncs", patience=None, id=session_id, token=token)
        self._status = None
        return closed

    def session(self, handle: str) -> SessionView | SessionEnd:
        """As :meth:`Orchestrator.session`, for the forms of all computers."""
        return self._forms.session(handle, self.get_status())

    def session_by_id(self, session_id: str) -> SessionView | None:
        """As :meth:`Orchestrator.session_by_id`, for the forms of this computer."""
        form = self._forms.by_id(session_id)
        return None if form is None else self._forms.view(form, self._base)

    def end_session(self, handle: str) -> bool:
        """As :meth:`Orchestrator.end_session`."""
        there = any(view.handle == handle for view in self.get_status().sessions)
        if there:
            self._do("end_session", lambda status: _without_sessions(status, {handle}), handle=handle)
        return there

    def end_sessions(self) -> int:
        """As :meth:`Orchestrator.end_sessions`."""
        handles = {view.handle for view in self.get_status().sessions}
        if handles:
            self._do("end_sessions", lambda status: _without_sessions(status, handles))
        return len(handles)

    # ------------------------------------------------------------------------------------------------ looking

    def get_status(self) -> Status:
        """The leader's last status as this member sees it."""
        if self._status is None:
            status = seen_from_here(self._base, self._news, self._member)
            for ahead in self._ahead:
                status = ahead.change(status)
            self._status = self._forms.shown(status)
        return self._status

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the leader's events, and with ``OFFICE_CHANGED`` when the status changed without."""
        return self._listeners.add(listener)

    def events(self, limit: int = FEED_LIMIT) -> Feed:
        """As :meth:`Orchestrator.events`."""
        return self._listeners.feed(limit)

    async def explain(self, at: datetime | None = None) -> Explanation:
        """As :meth:`Orchestrator.explain`. For this moment the last status answers while the leader does not."""
        try:
            return from_json(Explanation, await self.ask("explain", patience=FORM_PATIENCE, when=at))
        except SyncFailure:
            if at is not None:
                raise
            return self.get_status().explanation


def _looked_at(future: asyncio.Future[Any]) -> None:
    """What became of a command that nobody waits for: the log of the line has it."""
    if not future.cancelled():
        future.exception()


def _status_of(result: Any) -> tuple[str, int]:
    """Boot and revision of the leader's status in which an answer of it shows."""
    boot, revision = result["at"]
    return str(boot), int(revision)


def _reached(wanted: tuple[str, int] | None, found: tuple[str, int]) -> bool:
    """Whether a status is that of ``wanted`` or came later. One of another boot came later: leaders do not return."""
    return wanted is not None and (found[0] != wanted[0] or found[1] >= wanted[1])


def _place(news: News) -> tuple[object, ...]:
    """What people are told of the office."""
    return news.member, news.current, None if news.trouble is None else news.trouble.code


def _event(told: Any) -> Event | None:
    try:
        return from_json(Event, told)
    except (KeyError, TypeError, ValueError):
        return None  # of a kind that a newer version has


def _with_request(
    status: Status, ticket: Ticket, account: AccountId | None, origin: Origin, types: dict[str, SyncTypeSpec]
) -> Status:
    """The request as it will stand in the leader's queue, unless one that it joins stands there already."""
    known = [entry for entry in status.queue if (entry.type, entry.scope) == (ticket.type, ticket.scope)]
    if any(account in (None, entry.account) for entry in known):
        return status
    priority = types[ticket.type].priority
    who = account or next((one.id for one in status.accounts if one.enabled), "")
    entry = QueueEntry(
        ticket.id, ticket.type, who, ticket.scope, priority, origin, status.at, who, Reason.BEHIND, dict[str, Json]()
    )
    before = sum(other.priority >= priority for other in status.queue)
    return replace(status, queue=(*status.queue[:before], entry, *status.queue[before:]))


def _without_sessions(status: Status, handles: set[str]) -> Status:
    left = tuple(view for view in status.sessions if view.handle not in handles)
    return replace(status, sessions=left, session_count=len(left), smart_customer_sync_active=bool(left))


__all__ = ["PREFIX", "RemoteOrchestrator"]
