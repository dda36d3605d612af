"""The leader's counterpart of ``office.remote``: executes the calls of members with its orchestrator, and ends the
sessions of members that are not present any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archisync_gui.model import (
    Event,
    FailureKind,
    Origin,
    Scope,
    SessionEnd,
    SmartSyncResult,
    Status,
    SyncFailure,
    as_json,
)
from archisync_gui.model.events import FormEvent, SmartSyncStarted
from archisync_gui.office.desk import Asked, Emit
from archisync_gui.orchestrator import OrchestratorApi, Ticket

DONE = 0
REFUSED = 1


@dataclass(eq=False)
class _Form:
    """A session that a member opened."""

    member: str
    computer: str
    handle: str
    """The orchestrator's handle."""
    public: str
    """The handle that all members see: made by its member, so that it stays the same when the leader changes."""
    connections: int = 0
    given_up: bool = False
    """Its member is not present: the session ends after the grace time unless the member returns."""
    lost: int = 0
    """The connections that it had when its member was lost."""


class Served:
    """Executes the calls of members. One object for each leadership."""

    def __init__(self, orchestrator: OrchestratorApi) -> None:
        self._orchestrator = orchestrator
        self._forms: dict[str, _Form] = {}
        """By session id."""
        self._anonymous: dict[str, str] = {}
        """Handle → computer, for sessions without an id."""

    async def __call__(self, asked: Asked, name: str, emit: Emit) -> tuple[int, Any]:
        """Execute the call ``name`` of ``OrchestratorApi``. Raises ``SyncFailure``."""
        args, orchestrator = asked.args, self._orchestrator
        match name:
            case "request_sync":
                ticket = orchestrator.request_sync(
                    args["type"], args["account"], Scope(args["scope"]), args["key"], args["priority"],
                    Origin(args["origin"]),
                )  # fmt: skip
                return await self._ticket(ticket, emit)
            case "retry_login":
                return await self._ticket(orchestrator.retry_login(args["account"]), emit)
            case "smart_customer_sync":
                return self.done(await self._open(asked))
            case "explain":
                at = datetime.fromisoformat(args["when"]) if args["when"] else None
                return self.done(await orchestrator.explain(at))
            case "touch" | "connected" | "disconnected":
                self._sign(name, args["id"], asked.member)
                return self.done(None)
            case "resume_other_syncs":
                closed = orchestrator.resume_other_syncs(args["id"], args["token"])  # its event still finds the form
                self._forms.pop(args["id"] or "", None)
                return self.done(closed)
        switch = self._switches().get(name)
        if switch is None:  # a call of a later version
            raise SyncFailure("office-command-failed", FailureKind.PERMANENT, params={"name": name})
        return self.done(switch(args))

    def _switches(self) -> Mapping[str, Callable[[dict[str, Any]], object]]:
        """The calls that return at once."""
        orchestrator = self._orchestrator
        return {
            "cancel_run": self._cancel_run,
            "move_to_front": lambda args: orchestrator.move_to_front(args["request_id"]),
            "run_anyway": lambda args: orchestrator.run_anyway(args["request_id"]),
            "remove": lambda args: orchestrator.remove(args["request_id"]),
            "hold": lambda args: orchestrator.hold(datetime.fromisoformat(args["until"]) if args["until"] else None),
            "release": lambda args: orchestrator.release(),
            "set_schedule": lambda args: orchestrator.set_schedule(args["type"], args["minutes"]),
            "credentials_changed": lambda args: orchestrator.credentials_changed(args["account"]),
            "end_session": lambda args: orchestrator.end_session(self._own_handle(args["handle"])),
            "end_sessions": lambda args: orchestrator.end_sessions(),
        }

    def done(self, value: object) -> tuple[int, Any]:
        """The answer, with boot and revision of the status that contains its effect."""
        status = self._orchestrator.get_status()
        return DONE, {"value": as_json(value), "at": [status.boot, status.revision]}

    async def _ticket(self, ticket: Ticket, emit: Emit) -> tuple[int, Any]:
        at, queue = self._orchestrator.position(ticket), self._orchestrator.get_status().queue
        emit(self.done({"request": queue[at - 1].id if at is not None else None})[1])  # it is in the queue now
        try:
            return self.done(await ticket)
        except asyncio.CancelledError:
            self._orchestrator.cancel(ticket)
            raise

    def _cancel_run(self, args: dict[str, Any]) -> bool:
        """Cancel the run that the member saw, not one that may have begun since."""
        return self._orchestrator.cancel_run(args["run"])

    # ------------------------------------------------------------------------------------------------ sessions

    async def _open(self, asked: Asked) -> SmartSyncResult:
        args = asked.args
        id: str | None = args["id"]
        options = {"account": args["account"], "label": args["label"], "token": args["token"]}
        if id is None:
            result = await self._orchestrator.smart_customer_sync(None, **options, wait=args["wait"])
            self._anonymous[result.handle] = asked.computer
            return result
        result = await self._orchestrator.smart_customer_sync(id, **options, wait=False)
        if result.code == "ended":
            return result
        form = self._forms.setdefault(id, _Form(asked.member, asked.computer, result.handle, args["handle"]))
        form.computer = asked.computer
        self._member_present(id, form, asked.member)
        if "connections" in args:  # the member reports an open form again: connections may have come or gone meanwhile
            count = int(args["connections"])
            for _ in range(form.connections, count):
                self._sign("connected", id, asked.member)
            for _ in range(count, form.connections):
                self._sign("disconnected", id, asked.member)
        if args["wait"] and result.code == "pending":  # a second call, since the form is known only now
            result = await self._orchestrator.smart_customer_sync(id, **options, wait=True)
        return replace(result, handle=form.public if result.handle else "")

    def _sign(self, name: str, id: str, member: str) -> None:
        orchestrator = self._orchestrator
        form = self._forms.get(id)
        if form is not None:
            self._member_present(id, form, member)
        if name == "touch":
            orchestrator.touch(id)
        elif name == "connected":
            if not isinstance(orchestrator.connected(id), SessionEnd) and form is not None:
                form.connections += 1
        else:
            orchestrator.disconnected(id)
            if form is not None:
                form.connections = max(0, form.connections - 1)

    def _member_present(self, id: str, form: _Form, member: str) -> None:
        """The form's member is present. If it is the member that was lost before, the form's connections exist again:
        they are connections to the member's computer, which does not report them again."""
        returned = form.given_up and form.member == member
        lost, form.lost = form.lost, 0
        form.member, form.given_up = member, False
        if returned:
            self._orchestrator.touch(id)  # ends the grace time, also without a connection
            for _ in range(lost):
                self._sign("connected", id, member)

    def _own_handle(self, public: str) -> str:
        return next((form.handle for form in self._forms.values() if form.public == public), public)

    def event(self, event: Event) -> Event:
        """An event of the orchestrator as it is sent to all members: with a form's public handle."""
        data = event.data
        if not isinstance(data, FormEvent | SmartSyncStarted):
            return event
        form = next((form for form in self._forms.values() if form.handle == data.handle), None)
        return event if form is None else replace(event, data=replace(data, handle=form.public))

    def present(self, members: Mapping[str, str]) -> None:
        """The members that are present now (id → name). Sessions of other members end after the grace time."""
        open_now = {view.handle for view in self._orchestrator.get_status().sessions}
        self._anonymous = {handle: computer for handle, computer in self._anonymous.items() if handle in open_now}
        for id, form in [*self._forms.items()]:
            if form.handle not in open_now:
                del self._forms[id]
            elif form.member in members:
                if form.given_up:
                    self._member_present(id, form, form.member)
            elif not form.given_up:
                form.given_up, form.lost = True, form.connections
                if not form.connections:  # the grace time begins when a connection is lost: make one and lose it
                    self._orchestrator.connected(id)
                    form.connections = 1
                while form.connections:
                    self._orchestrator.disconnected(id)
                    form.connections -= 1

    def status(self) -> Status:
        """The orchestrator's status, with the public handle and the computer of each session."""
        status = self._orchestrator.get_status()
        if not status.sessions:
            return status
        known = {form.handle: (form.public, form.computer) for form in self._forms.values()}
        known |= {handle: (handle, computer) for handle, computer in self._anonymous.items()}
        names = [known.get(view.handle, (view.handle, "")) for view in status.sessions]
        views = tuple(
            replace(view, handle=handle, computer=computer)
            for view, (handle, computer) in zip(status.sessions, names, strict=True)
        )
        return replace(status, sessions=views)
