"""The orchestrator for a member of an office: sends calls to the leader, and shows the leader's status.

It has the same calls as ``orchestrator.Orchestrator`` (``OrchestratorApi``). Calls that return at once use the last
status, with the changes that this member has asked for and the status does not contain yet (:class:`Ahead`). If the
leader refuses a call later, ``refused`` is called. The leader's own panel uses this class, too, so that nothing changes
for a panel when its computer becomes the leader or is the leader no longer.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from archisync_gui.model import (
    AccountId,
    CloseResult,
    ErrorInfo,
    Explanation,
    FailureKind,
    Json,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunResult,
    Scope,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
    SyncFailure,
    SyncType,
    SyncTypeSpec,
    from_json,
)
from archisync_gui.office.forms import Form
from archisync_gui.office.leader_view import FORM_LIMIT, FORM_PATIENCE, Ahead, LeaderView, readable
from archisync_gui.office.news import Command
from archisync_gui.orchestrator import BatchTicket, Ticket
from archisync_gui.orchestrator.requests import refuse_unaskable

TICKETS_KEPT = 500


class RemoteOrchestrator(LeaderView):
    """``OrchestratorApi`` for one member of an office."""

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
        accounts = {known.id for known in self._base.accounts if known.enabled}
        if not self._base.boot and account is not None:
            accounts.add(account)  # the accounts are not known yet; the leader refuses an unknown one
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

    def request_full(self, origin: Origin = Origin.OPERATOR, account: AccountId | None = None) -> BatchTicket:
        """As :meth:`Orchestrator.request_full`, but with a call for each list, of which some may be refused."""
        tickets = [self.request_sync(name, account, origin=origin) for name in self._base.statuses]
        return BatchTicket(uuid.uuid4().hex[:12], tickets)

    def retry_login(self, account: AccountId) -> Ticket:
        """As :meth:`Orchestrator.retry_login`; the leader chooses the list to read."""
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

        def placed(event: Any) -> None:
            with suppress(SyncFailure):  # then it is shown ahead until the answer comes
                self._mark_answered(ahead, event)
                with readable():
                    value = event.get("value") or {}  # a leader of an older version does not send the request's id
                    self._requests[ticket.id] = value.get("request") or ""

        command = self._send(name, None, placed, args)
        ahead = self._show_ahead(lambda status: _with_request(status, ticket, account, origin, self._types))
        self._commands[ticket.id] = command
        self._tickets[ticket.id] = ticket
        done = [id for id, known in self._tickets.items() if known.done]
        for id in done[: max(0, len(self._tickets) - TICKETS_KEPT)]:
            del self._tickets[id]
        self._start(self._outcome(ticket, command, ahead))
        return ticket

    async def _outcome(self, ticket: Ticket, command: Command, ahead: Ahead) -> None:
        """Settle a ticket with the leader's answer."""
        (part,) = ticket.parts
        try:
            with readable():
                result = from_json(RunResult, await self._answer(command))
        except asyncio.CancelledError:
            ticket.settle(part, RunResult(ticket.type, ticket.parts[part], ticket.scope, Outcome.INTERRUPTED))
            raise
        except SyncFailure as error:
            outcome = Outcome.CANCELLED if command.cancelled else Outcome.FAILED
            info = None if command.cancelled else ErrorInfo.of(error)
            result = RunResult(ticket.type, ticket.parts[part], ticket.scope, outcome, error=info)
            if info is not None:
                self.refused(error)
        finally:
            self._commands.pop(ticket.id, None)
            self._requests.pop(ticket.id, None)
            self._drop(ahead)
        ticket.settle(part, result)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket of this member by its id, also some time after it resolved."""
        return self._tickets.get(ticket_id)

    def position(self, ticket: Ticket | str) -> int | None:
        """The place (1-based) of the ticket's request in the queue; ``None``: it is not in the queue. A whole or fast
        read is identified by list, scope and account; the read of a single record by its request's id only."""
        found = self._tickets.get(ticket) if isinstance(ticket, str) else ticket
        if found is None or found.done:
            return None
        account, own = next(iter(found.parts.values())), (found.id, self._requests.get(found.id))
        for at, entry in enumerate(self.get_status().queue, 1):
            same = (entry.type, entry.scope) == (found.type, found.scope) and account in ("", entry.account)
            if entry.id in own or (same and found.scope is not Scope.ONE):
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

    def cancel_run(self, run_id: str | None = None) -> bool:
        """As :meth:`Orchestrator.cancel_run`."""
        run = self.get_status().current_run
        there = run is not None and run_id in (None, run.id)
        if run is not None and there:
            self._request("cancel_run", None, run=run.id)
        return there

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
            self._request(name, change, request_id=request_id)
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

        self._request("hold", held, until=until)

    def release(self) -> None:
        """As :meth:`Orchestrator.release`."""
        self._request("release", lambda status: replace(status, hold_since=None, hold_until=None))

    def set_schedule(self, sync_type: SyncType, minutes: int | None) -> None:
        """As :meth:`Orchestrator.set_schedule`."""
        if sync_type not in self._types:
            raise SyncFailure("request-unknown-type", FailureKind.PERMANENT, params={"type": sync_type})
        self._request("set_schedule", None, type=sync_type, minutes=minutes)

    def credentials_changed(self, account: AccountId) -> None:
        """As :meth:`Orchestrator.credentials_changed`."""
        self._request("credentials_changed", None, account=account)

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
        """As :meth:`Orchestrator.smart_customer_sync`: the session is opened for the whole office. Without a leader the
        answer has the last known ages, and the session is opened when there is one."""
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
            with readable():
                result = from_json(SmartSyncResult, await self._answer(command, FORM_LIMIT))
        except TimeoutError:
            self._start(self._late(form, command))
            trouble = None if self._line is None else self._line.unanswered(command)
            code, info = ("pending", None) if trouble is None else ("failed", ErrorInfo.of(trouble))
            return SmartSyncResult(code, form.handle, count, *self._ages(account), error=info)
        except SyncFailure as error:
            info = ErrorInfo.of(error)
            if error.kind is FailureKind.PERMANENT and error.code != "office-no-leader":
                self._forms.forget(form)  # refused (too many sessions); without a leader the form is kept
                raise
            new, whole = self._ages(account)
            return SmartSyncResult("failed", form.handle, count, new, whole, error=info)
        self._forms.answered(form, result, self._base)
        self._status = None
        return result

    async def _late(self, form: Form, command: Command) -> None:
        """Handle the leader's answer to a form's call that was already answered ``pending`` or ``failed`` here."""
        try:
            with readable():
                result = from_json(SmartSyncResult, await self._answer(command))
        except SyncFailure as error:
            result = SmartSyncResult("failed", form.handle, 0, None, None, error=ErrorInfo.of(error))
        self._report_outcome(form, result)

    def _ages(self, account: AccountId | None) -> tuple[datetime | None, datetime | None]:
        fast = next((spec.name for spec in self._types.values() if spec.fast), "")
        found = self._base.statuses.get(fast)
        for part in found.accounts if found is not None else ():
            if account in (None, part.account):
                return part.new_as_of, part.all_as_of
        return None, None

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

    def resume_other_syncs(self, session_id: str | None, token: str = "") -> CloseResult:
        """As :meth:`Orchestrator.resume_other_syncs`."""
        closed = self._forms.closed(session_id, token, self.get_status())
        if self._line is not None:
            # Without time limit, since a lost close would keep the session open at the leader. But with a limit for an
            # id that was not open here: any caller can make such ids up.
            patience = None if closed.closed or token else FORM_PATIENCE
            self.send_only("resume_other_syncs", patience=patience, id=session_id, token=token)
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
            self._request("end_session", lambda status: _without_sessions(status, {handle}), handle=handle)
        return there

    def end_sessions(self) -> int:
        """As :meth:`Orchestrator.end_sessions`."""
        handles = {view.handle for view in self.get_status().sessions}
        if handles:
            self._request("end_sessions", lambda status: _without_sessions(status, handles))
        return len(handles)

    # ------------------------------------------------------------------------------------------------ explain

    async def explain(self, at: datetime | None = None) -> Explanation:
        """As :meth:`Orchestrator.explain`. Without ``at`` and without an answer of the leader: the last status's
        one."""
        try:
            answer = await self.ask("explain", patience=FORM_PATIENCE, when=at)
            with readable():
                return from_json(Explanation, answer)
        except SyncFailure:
            if at is not None:
                raise
            return self.get_status().explanation


def _with_request(
    status: Status, ticket: Ticket, account: AccountId | None, origin: Origin, types: dict[str, SyncTypeSpec]
) -> Status:
    """``status`` with the request as it will be in the leader's queue, unless it joins a request that is there."""
    known = [entry for entry in status.queue if (entry.type, entry.scope) == (ticket.type, ticket.scope)]
    if ticket.scope is not Scope.ONE and any(account in (None, entry.account) for entry in known):
        return status  # not for a single record: the queue does not show whether it is the same record
    priority = types[ticket.type].priority
    owner = account or next((possible.id for possible in status.accounts if possible.enabled), "")
    entry = QueueEntry(
        ticket.id, ticket.type, owner, ticket.scope, priority, origin, status.at, owner, Reason.BEHIND,
        dict[str, Json](),
    )  # fmt: skip
    before = sum(other.priority >= priority for other in status.queue)
    return replace(status, queue=(*status.queue[:before], entry, *status.queue[before:]))


def _without_sessions(status: Status, handles: set[str]) -> Status:
    left = tuple(view for view in status.sessions if view.handle not in handles)
    return replace(status, sessions=left, session_count=len(left), smart_customer_sync_active=bool(left))
