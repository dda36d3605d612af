"""The leader's end of ``office.remote``: does the calls of members with its orchestrator, and ends the sessions of
members that are gone."""

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
    """What the orchestrator calls it."""
    public: str
    """What it is called to all: its member's own word, which outlives a change of the leader."""
    connections: int = 0
    given_up: bool = False
    """Its member is gone; it ends after the usual grace unless the member comes back."""
    lost: int = 0
    """The connections that it had then."""


class Served:
    """The calls of members, done here. One for each leadership."""

    def __init__(self, orchestrator: OrchestratorApi) -> None:
        self._orchestrator = orchestrator
        self._forms: dict[str, _Form] = {}
        """By session id."""
        self._anonymous: dict[str, str] = {}
        """Handle → computer, of sessions without an id."""

    async def __call__(self, asked: Asked, name: str, emit: Emit) -> tuple[int, Any]:
        """Do the call ``name`` of the face. Raises ``SyncFailure``."""
        args, face = asked.args, self._orchestrator
        match name:
            case "request_sync":
                ticket = face.request_sync(
                    args["type"], args["account"], Scope(args["scope"]), args["key"], args["priority"],
                    Origin(args["origin"]),
                )  # fmt: skip
                return await self._ticket(ticket, emit)
            case "retry_login":
                return await self._ticket(face.retry_login(args["account"]), emit)
            case "smart_customer_sync":
                return self.done(await self._open(asked))
            case "explain":
                at = datetime.fromisoformat(args["when"]) if args["when"] else None
                return self.done(await face.explain(at))
            case "touch" | "connected" | "disconnected":
                self._sign(name, args["id"], asked.member)
                return self.done(None)
            case "resume_other_syncs":
                closed = face.resume_other_syncs(args["id"], args["token"])  # its event still finds the form
                self._forms.pop(args["id"] or "", None)
                return self.done(closed)
        switch = self._switches().get(name)
        if switch is None:  # a newer version asks
            raise SyncFailure("office-command-failed", FailureKind.PERMANENT, params={"name": name})
        return self.done(switch(args))

    def _switches(self) -> Mapping[str, Callable[[dict[str, Any]], object]]:
        """Calls that are done at once."""
        face = self._orchestrator
        return {
            "cancel_run": self._cancel_run,
            "move_to_front": lambda args: face.move_to_front(args["request_id"]),
            "run_anyway": lambda args: face.run_anyway(args["request_id"]),
            "remove": lambda args: face.remove(args["request_id"]),
            "hold": lambda args: face.hold(datetime.fromisoformat(args["until"]) if args["until"] else None),
            "release": lambda args: face.release(),
            "set_schedule": lambda args: face.set_schedule(args["type"], args["minutes"]),
            "credentials_changed": lambda args: face.credentials_changed(args["account"]),
            "end_session": lambda args: face.end_session(self._own_handle(args["handle"])),
            "end_sessions": lambda args: face.end_sessions(),
        }

    def done(self, value: object) -> tuple[int, Any]:
        """The answer, with the status in which it shows."""
        status = self._orchestrator.get_status()
        return DONE, {"value": as_json(value), "at": [status.boot, status.revision]}

    async def _ticket(self, ticket: Ticket, emit: Emit) -> tuple[int, Any]:
        at, queue = self._orchestrator.position(ticket), self._orchestrator.get_status().queue
        emit(self.done({"request": queue[at - 1].id if at is not None else None})[1])  # now it stands in the queue
        try:
            return self.done(await ticket)
        except asyncio.CancelledError:
            self._orchestrator.cancel(ticket)
            raise

    def _cancel_run(self, args: dict[str, Any]) -> bool:
        """End the run that the member saw; not the one that may have begun since."""
        return self._orchestrator.cancel_run(args["run"])

    # ------------------------------------------------------------------------------------------------ sessions

    async def _open(self, asked: Asked) -> SmartSyncResult:
        args = asked.args
        id: str | None = args["id"]
        how = {"account": args["account"], "label": args["label"], "token": args["token"]}
        if id is None:
            result = await self._orchestrator.smart_customer_sync(None, **how, wait=args["wait"])
            self._anonymous[result.handle] = asked.computer
            return result
        result = await self._orchestrator.smart_customer_sync(id, **how, wait=False)
        if result.code == "ended":
            return result
        form = self._forms.setdefault(id, _Form(asked.member, asked.computer, result.handle, args["handle"]))
        form.computer = asked.computer
        self._is_there(id, form, asked.member)
        for _ in range(form.connections, int(args.get("connections", 0))):
            self._sign("connected", id, asked.member)
        if args["wait"] and result.code == "pending":  # its handle is known by now, and who opened it
            result = await self._orchestrator.smart_customer_sync(id, **how, wait=True)
        return replace(result, handle=form.public if result.handle else "")

    def _sign(self, name: str, id: str, member: str) -> None:
        face = self._orchestrator
        form = self._forms.get(id)
        if form is not None:
            self._is_there(id, form, member)
        if name == "touch":
            face.touch(id)
        elif name == "connected":
            if not isinstance(face.connected(id), SessionEnd) and form is not None:
                form.connections += 1
        else:
            face.disconnected(id)
            if form is not None:
                form.connections = max(0, form.connections - 1)

    def _is_there(self, id: str, form: _Form, member: str) -> None:
        """The form's member takes part. Where it is the one that was gone for a moment, so are the form's connections:
        they lead to its own computer, and it does not tell of them again."""
        back = form.given_up and form.member == member
        lost, form.lost = form.lost, 0
        form.member, form.given_up = member, False
        if back:
            self._orchestrator.touch(id)  # ends the grace, also without a connection
            for _ in range(lost):
                self._sign("connected", id, member)

    def _own_handle(self, public: str) -> str:
        return next((form.handle for form in self._forms.values() if form.public == public), public)

    def event(self, event: Event) -> Event:
        """An event of the orchestrator as all members hear it."""
        data = event.data
        if not isinstance(data, FormEvent | SmartSyncStarted):
            return event
        form = next((form for form in self._forms.values() if form.handle == data.handle), None)
        return event if form is None else replace(event, data=replace(data, handle=form.public))

    def present(self, members: Mapping[str, str]) -> None:
        """The members that take part now: id and name. Sessions of all others end after the usual grace."""
        open_now = {view.handle for view in self._orchestrator.get_status().sessions}
        self._anonymous = {handle: who for handle, who in self._anonymous.items() if handle in open_now}
        for id, form in [*self._forms.items()]:
            if form.handle not in open_now:
                del self._forms[id]
            elif form.member in members:
                if form.given_up:
                    self._is_there(id, form, form.member)
            elif not form.given_up:
                form.given_up, form.lost = True, form.connections
                if not form.connections:  # the grace begins when a connection is lost
                    self._orchestrator.connected(id)
                    form.connections = 1
                while form.connections:
                    self._orchestrator.disconnected(id)
                    form.connections -= 1

    def status(self) -> Status:
        """The orchestrator's status; each session with its computer."""
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
