"""The order forms that are open on this computer. Their sessions are at the leader; this is the member's copy.

A form that was opened without a leader, or before a change of the leader, is sent to the next one with its own id. Its
handle is made here, so that it stays the same; only an anonymous form (a caller without ids) gets it from the leader.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archisync_gui.model import (
    AccountId,
    Clock,
    CloseResult,
    Event,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
)
from archisync_gui.model.events import SessionClosed

LEASE = timedelta(minutes=10)
"""How long a session lasts after a sign of life, until the leader's status has the actual lease."""
ANONYMOUS_LEASE = timedelta(minutes=3)
TOUCH_GAP = timedelta(seconds=10)
"""Least time between two signs of life of a form that are sent to the leader."""
ENDED_KEPT = 1000
"""How many ended sessions are remembered."""


@dataclass(eq=False)
class Form:
    """A form that is open on this computer."""

    id: str
    handle: str
    account: AccountId | None
    label: str
    token: str
    anonymous: bool
    since: datetime
    last_sign: datetime
    reported: datetime
    """When its last sign of life was sent to the leader."""
    lease: timedelta = LEASE
    connections: int = 0
    boot: str = ""
    """The boot of the leader's status in which the session was last seen."""

    @property
    def deadline(self) -> datetime:
        """When the session ends without a further sign of life."""
        return self.last_sign + self.lease


class Forms:
    """The forms of this computer. ``report`` sends a form's sign of life to the leader: name of the call and id."""

    def __init__(self, clock: Clock, report: Callable[[str, str], None]) -> None:
        self._clock, self._report = clock, report
        self._open: dict[str, Form] = {}
        self._ended: dict[str, SessionEnd] = {}
        """Id or handle → why the session ended."""

    # ------------------------------------------------------------------------------------------------ open

    def opened(self, id: str | None, account: AccountId | None, label: str, token: str) -> Form:
        """A form asks for fresh customers, for the first time or again."""
        now = self._clock.now()
        form = None if id is None else self._open.get(id)
        if form is not None:
            form.account, form.label, form.last_sign = account or form.account, label or form.label, now
            return form
        handle = f"o-{uuid.uuid4().hex[:12]}"
        anonymous = id is None
        form = Form(id or f"anonymous:{handle}", handle, account, label, token, anonymous, now, now, now)
        form.lease = ANONYMOUS_LEASE if anonymous else LEASE
        self._open[form.id] = form
        return form

    def answered(self, form: Form, result: SmartSyncResult, base: Status) -> None:
        """The leader has opened the form's session, or has answered that it has ended."""
        if result.code == "ended":
            self._end(form, result.reason or SessionEnd.UNKNOWN)
            return
        form.handle = result.handle or form.handle
        self._see(form, base)

    def forget(self, form: Form) -> None:
        """Remove a form for which the leader has refused to open a session."""
        self._open.pop(form.id, None)

    def open(self) -> list[Form]:
        """The forms to be sent to a new leader. Anonymous ones are left out; they end soon."""
        self.expire()
        return [form for form in self._open.values() if not form.anonymous]

    def by_id(self, id: str) -> Form | None:
        """An open form."""
        return self._open.get(id)

    # ------------------------------------------------------------------------------------------------ signs of life

    def touch(self, id: str, base: Status) -> datetime | SessionEnd:
        """A sign of life; returns the new deadline, or why there is no session."""
        form = self._open.get(id)
        if form is None or form.anonymous:
            return self._ended.get(id, SessionEnd.UNKNOWN)
        self._see(form, base)
        form.last_sign = self._clock.now()
        if form.last_sign - form.reported >= TOUCH_GAP:
            form.reported = form.last_sign
            self._report("touch", id)
        return form.deadline

    def connected(self, id: str, base: Status) -> datetime | SessionEnd:
        """The form's WebSocket was opened; as :meth:`touch`."""
        found = self.touch(id, base)
        if isinstance(found, datetime):
            self._open[id].connections += 1
            self._report("connected", id)
        return found

    def disconnected(self, id: str) -> None:
        """The form's WebSocket was closed."""
        form = self._open.get(id)
        if form is not None and form.connections:
            form.connections -= 1
            self._report("disconnected", id)

    # ------------------------------------------------------------------------------------------------ end

    def closed(self, id: str | None, token: str, status: Status) -> CloseResult:
        """Close a form's session; without an id: the oldest anonymous one of the same token."""
        if id is None:
            mine = [form for form in self._open.values() if form.anonymous and form.token == token]
            form = min(mine, key=lambda form: form.since, default=None)
        else:
            form = self._open.get(id)
        if form is None:
            before = SessionEnd.UNKNOWN if id is None else self._ended.get(id, SessionEnd.UNKNOWN)
            if id is not None and id not in self._ended:
                self._remember(id, SessionEnd.CLOSED)  # if the close arrives before the open, the session stays closed
            return CloseResult(False, status.session_count, before)
        self._end(form, SessionEnd.CLOSED)
        left = sum(view.handle != form.handle for view in status.sessions)
        return CloseResult(True, left, SessionEnd.CLOSED)

    def end_of(self, id: str) -> SessionEnd | None:
        """Why the session of that id ended; ``None``: it is open, or not known."""
        return self._ended.get(id)

    def update(self, base: Status, events: Iterable[Event]) -> None:
        """Update the forms by the leader's status and events: sessions that have ended, leases."""
        by_handle = {form.handle: form for form in self._open.values()}
        for event in events:
            if isinstance(event.data, SessionClosed):
                handle, reason = event.data.handle, event.data.reason
                form = by_handle.get(handle)
                if form is not None and form.id in self._open:
                    self._end(form, reason)
                elif handle not in self._ended:
                    self._remember(handle, reason)
        present = {view.handle for view in base.sessions}
        for form in [*self._open.values()]:
            if form.boot == base.boot and form.handle not in present:
                self._end(form, SessionEnd.LOST)  # the event of its end was not received
            else:
                self._see(form, base)

    def _end(self, form: Form, reason: SessionEnd) -> None:
        self._open.pop(form.id, None)
        if not form.anonymous:
            self._remember(form.id, reason)
        self._remember(form.handle, reason)

    def _remember(self, name: str, reason: SessionEnd) -> None:
        self._ended[name] = reason
        for old in [*self._ended][: max(0, len(self._ended) - ENDED_KEPT)]:
            del self._ended[old]

    def expire(self) -> bool:
        """End forms whose time is over; without a leader there is no other place that does. True if there were any."""
        now = self._clock.now()
        over = [form for form in self._open.values() if form.deadline < now and not form.connections]
        for form in over:
            self._end(form, SessionEnd.TIMEOUT)
        return bool(over)

    # ------------------------------------------------------------------------------------------------ views

    def _see(self, form: Form, base: Status) -> None:
        """Take over the session's data from the leader's status, if it is there."""
        view = next((view for view in base.sessions if view.handle == form.handle), None)
        if view is not None:
            form.boot, form.since, form.account = base.boot, view.since, view.account
            form.lease = max(view.deadline - view.last_sign, timedelta(seconds=1))

    def view(self, form: Form, base: Status) -> SessionView:
        """The public view of a form's session."""
        view = next((view for view in base.sessions if view.handle == form.handle), None)
        if view is not None:
            return replace(view, connected=view.connected or form.connections > 0)
        account = form.account or next((known.id for known in base.accounts if known.enabled), None)
        return SessionView(
            form.handle, form.label, account, form.since, form.last_sign, form.deadline,
            form.connections > 0, form.anonymous,
        )  # fmt: skip

    def session(self, handle: str, status: Status) -> SessionView | SessionEnd:
        """The session with that handle, or why it ended."""
        form = next((form for form in self._open.values() if form.handle == handle), None)
        if form is not None:
            return self.view(form, status)
        if handle in self._ended:
            return self._ended[handle]
        return next((view for view in status.sessions if view.handle == handle), SessionEnd.UNKNOWN)

    def shown(self, status: Status) -> Status:
        """``status`` with this computer's forms as they are known here."""
        # Without anonymous forms that the leader has not answered yet: under another handle they may be in it already.
        mine = {form.handle: form for form in self._open.values() if form.boot or not form.anonymous}
        views = [view for view in status.sessions if view.handle not in mine and view.handle not in self._ended]
        views += [self.view(form, status) for form in mine.values()]
        if len(views) == len(status.sessions) and not mine:
            return status
        views.sort(key=lambda view: view.since)
        return replace(
            status,
            sessions=tuple(views),
            session_count=len(views),
            smart_customer_sync_active=bool(views),
            safety_timeout_active=bool(views),
        )
