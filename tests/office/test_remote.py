"""A member's remote orchestrator: two members see the same, takeovers, sessions of all computers, outages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from members import Proxy
from remote_rig import leading, make_office, member, until

from archisync_gui.entities import ENTITIES
from archisync_gui.model import (
    Account,
    Event,
    EventKind,
    Finished,
    Origin,
    Outcome,
    RunControl,
    Scope,
    SessionEnd,
    SyncFailure,
    SystemClock,
)
from archisync_gui.model.events import SyncCompleted
from archisync_gui.office import desk, line, remote
from archisync_gui.orchestrator import Orchestrator, Rules
from archisync_gui.store import Store
from archisync_gui.store.postgres_server import Server
from tests.support import waiting
from tests.support.postgres import on_a_server

pytestmark = on_a_server

ID = "x" * 32


class Reads:
    """A runner whose runs end when the test allows it."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.went: list[tuple[str, str]] = []

    async def __call__(self, control: RunControl) -> Finished:
        self.went.append((control.run.type, str(control.run.scope)))
        await self.go.wait()
        return Finished(Outcome.COMPLETED, as_of=None, rows=7, added=2)


class Office:
    """An office's tables, and orchestrators that may lead it, without scheduled reads."""

    def __init__(self, server: Server, store: Store, stack: AsyncExitStack) -> None:
        self.server, self._store, self.stack = server, store, stack

    async def orchestrator(self, reads: Reads) -> Orchestrator:
        found = Orchestrator(
            [entity.spec for entity in ENTITIES],
            reads,
            [Account("agente01", catalogue=True), Account("agente02")],
            self._store.journal,
            rules=Rules(schedule=False),
        )
        await found.start()
        self.stack.push_async_callback(found.close)
        return found


@pytest.fixture
async def made(office: Server, tmp_path: Path) -> AsyncIterator[Office]:
    await make_office(office, tmp_path / "made")
    store = await Store.open(tmp_path / "journal", ENTITIES, clock=SystemClock())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        yield Office(office, store, stack)


async def test_all_members_see_the_request_of_one(made: Office) -> None:
    reads = Reads()
    real = await made.orchestrator(reads)
    async with leading(made.server, real), member(made.server, "a") as a, member(made.server, "b") as b:
        await until(a, lambda status: status.boot)
        heard: list[EventKind] = []
        b.subscribe(lambda event: heard.append(event.kind))
        ticket = a.request_sync("orders", "agente01", origin=Origin.API)
        assert a.position(ticket) == 1  # before the leader knows of it
        await until(b, lambda status: status.current_run is not None)
        office = b.get_status().office
        assert office is not None
        assert (office.leader, office.leads, office.trouble) == ("PC-1", False, None)
        assert EventKind.SYNC_STARTED in heard
        reads.go.set()
        result = await ticket
        assert (result.outcome, result.rows, result.added, result.type) == (Outcome.COMPLETED, 7, 2, "orders")
        await until(b, lambda status: status.current_run is None)
        assert reads.went == [("orders", "all")]
        a.hold()
        assert a.get_status().hold_since is not None
        await until(b, lambda status: status.hold_since is not None)
        b.release()
        await until(a, lambda status: status.hold_since is None)
        explained = await b.explain()
        assert explained.reason is not None


async def test_a_request_for_one_record_is_not_confused_with_those_for_others(made: Office) -> None:
    """Two members request two records of one list during a hold: *Run anyway* applies to only one of them."""
    reads = Reads()
    real = await made.orchestrator(reads)
    async with leading(made.server, real), member(made.server, "a") as a, member(made.server, "b") as b:
        await until(a, lambda status: status.boot)
        await until(b, lambda status: status.boot)
        a.hold()
        await until(b, lambda status: status.hold_since is not None)
        first = a.request_sync("customers", "agente01", Scope.ONE, "1")
        await until(b, lambda status: len(status.queue) == 1)
        second = b.request_sync("customers", "agente01", Scope.ONE, "2")
        assert b.position(second) == 2, "taken for the first request before the leader knows of it"
        joined = b.request_sync("customers", "agente01", Scope.ONE, "1")
        await until(b, lambda status: {entry.id for entry in status.queue} == {e.id for e in real.get_status().queue})
        await until(a, lambda status: len(status.queue) == 2)
        queue = b.get_status().queue
        assert len(queue) == 2
        places = a.position(first), b.position(joined), b.position(second)
        assert None not in places
        assert places[0] == places[1] != places[2]
        assert b.run_anyway(queue[places[2] - 1].id)  # type: ignore[operator]
        await until(b, lambda status: status.current_run is not None)
        reads.go.set()
        assert (await second).outcome is Outcome.COMPLETED
        assert not first.done
        assert a.position(first) == 1
        assert b.position(second) is None


async def test_requests_are_refused_at_once_or_later(made: Office) -> None:
    real = await made.orchestrator(Reads())
    async with leading(made.server, real), member(made.server) as face:
        await until(face, lambda status: status.boot)
        for ask, code in (
            (lambda: face.request_sync("nothing"), "request-unknown-type"),
            (lambda: face.request_sync("orders", "nobody"), "request-unknown-account"),
            (lambda: face.request_sync("orders", "agente01", "new"), "request-bad-scope"),
        ):
            with pytest.raises(SyncFailure, match=code):
                ask()
        refused: asyncio.Future[SyncFailure] = asyncio.get_running_loop().create_future()
        face.refused = refused.set_result
        face.set_schedule("orders", 3)
        async with asyncio.timeout(30):
            assert (await refused).code == "interval-range"
        with pytest.raises(SyncFailure, match="office-command-failed"):
            await face.ask("no_such_call")


@pytest.fixture
def quick_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter waits, since only their effects are tested."""
    monkeypatch.setattr(line, "DISTURBED", 0.0)
    monkeypatch.setattr(line, "RETRY", 0.1)
    monkeypatch.setattr(remote, "FORM_PATIENCE", 0.5)


async def test_a_takeover_is_shown_and_loses_no_request_and_no_session(made: Office) -> None:
    first_reads, second_reads = Reads(), Reads()
    second_reads.go.set()
    first, second = await made.orchestrator(first_reads), await made.orchestrator(second_reads)
    async with member(made.server, "PC-2") as face:
        async with leading(made.server, first):
            await until(face, lambda status: status.boot)
            opened = await face.smart_customer_sync(ID, "agente01", label="Modulo", wait=False)
            assert isinstance(face.connected(ID), datetime)
            assert first.get_status().session_count == 1
            ticket = face.request_sync("orders", "agente02")
            await until(face, lambda status: status.current_run is not None)
        await until(face, lambda status: status.office is not None and status.office.leader is None)
        status = face.get_status()
        assert status.current_run is None  # no run is active
        assert status.session_count == 1
        async with leading(made.server, second, name="PC-3"):
            async with asyncio.timeout(30):
                assert (await ticket).outcome is Outcome.COMPLETED
            await until(face, lambda status: status.boot == second.get_status().boot)
            await until(face, lambda status: any(view.connected for view in second.get_status().sessions))
            await until(face, lambda status: any(view.computer for view in status.sessions))
            (view,) = face.get_status().sessions
            assert (view.label, view.computer, view.account) == ("Modulo", "PC-2", "agente01")
            # The handle that the tab received first is still its session.
            assert view.handle == opened.handle
            assert face.session(opened.handle) == view
            assert face.resume_other_syncs(ID).closed
            assert face.session(opened.handle) is SessionEnd.CLOSED
            await until(face, lambda status: second.get_status().session_count == 0)


async def test_a_reader_of_events_gets_all_events_of_the_listeners(made: Office) -> None:
    reads = Reads()
    real = await made.orchestrator(reads)
    async with leading(made.server, real), member(made.server, "a") as a, a.events() as feed:
        await until(a, lambda status: bool(status.boot))
        told: list[EventKind] = []
        heard: list[EventKind] = []
        a.subscribe(lambda event: told.append(event.kind))

        async def read_all() -> None:
            async for event in feed:
                heard.append(event.kind)

        reading = asyncio.create_task(read_all())
        await a.smart_customer_sync(ID, "agente01", wait=False)
        await waiting.until(lambda: real.get_status().session_count == 1 and EventKind.SESSION_OPENED in told)
        real.end_session(real.get_status().sessions[0].handle)
        await waiting.until(lambda: EventKind.SESSION_CLOSED in told)
        real.hold()
        await waiting.until(lambda: EventKind.HOLD_CHANGED in told)
        await waiting.until(lambda: set(told) <= set(heard))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        merged = {EventKind.OFFICE_CHANGED, EventKind.QUEUE_UPDATED, EventKind.SYNC_PROGRESS}
        assert [kind for kind in heard if kind not in merged] == [kind for kind in told if kind not in merged]


async def test_a_session_ends_on_all_computers_and_with_its_own(made: Office) -> None:
    real = await made.orchestrator(Reads())
    real.hold()
    async with leading(made.server, real) as led, member(made.server, "b") as other:
        async with member(made.server, "a") as face:
            await until(face, lambda status: status.boot)
            ended: list[Event] = []
            face.subscribe(lambda e: ended.append(e) if e.kind is EventKind.SESSION_CLOSED else None)
            opened = await face.smart_customer_sync(ID, "agente01")
            assert opened.code == "held"
            await until(other, lambda status: status.session_count == 1)
            assert other.end_session(opened.handle)
            assert other.get_status().session_count == 0  # shown before the leader has ended it
            await until(face, lambda status: bool(ended))
            assert face.touch(ID) is SessionEnd.OPERATOR
            assert (await face.smart_customer_sync(ID, "agente01")).code == "ended"
            await face.smart_customer_sync("y" * 32, "agente01")
            face.connected("y" * 32)
            await until(other, lambda status: any(view.connected for view in status.sessions))
        # The computer is gone: its lock is free, and the session gets the time of a lost connection.
        led.served.present({"b": "PC"})
        (session,) = real.state.sessions.values()
        assert (session.connections, session.lost is not None) == (0, True)
        led.served.present({"b": "PC"})
        led.served.present({"a": "PC", "b": "PC"})
        assert real.get_status().session_count == 1


@pytest.mark.parametrize("shows", ["itself", "a sign of the form"])
@pytest.mark.parametrize("connections", [0, 2])
async def test_a_computer_that_is_back_in_time_keeps_its_forms(made: Office, shows: str, connections: int) -> None:
    """Its line to the leader and its tabs are still connected, so it reports nothing again."""
    real = await made.orchestrator(Reads())
    real.hold()
    async with leading(made.server, real) as led, member(made.server, "a") as face:
        await until(face, lambda status: status.boot)
        await face.smart_customer_sync(ID, "agente01")
        for _ in range(connections):
            face.connected(ID)
        await waiting.until(lambda: real.state.sessions[ID].connections == connections)
        led.served.present({"b": "PC"})
        assert real.state.sessions[ID].lost is not None
        if shows == "itself":
            led.served.present({"a": "PC", "b": "PC"})
        else:
            face.disconnected(ID)
            face._report_form("touch", ID)
            await waiting.until(lambda: real.state.sessions[ID].lost is None)
        left = connections if shows == "itself" else max(0, connections - 1)
        await waiting.until(lambda: real.state.sessions[ID].connections == left)
        assert real.state.sessions[ID].lost is None
        led.served.present({"b": "PC"})  # the computer does not come back
        session = real.state.sessions[ID]
        assert (session.connections, session.lost is not None) == (0, True)


@pytest.mark.parametrize("left", [0, 1, 3])
async def test_a_form_that_is_reported_again_has_the_connections_that_are_there(made: Office, left: int) -> None:
    """Reports of connections that came or went in an outage are lost. A form without a connection gets the grace time,
    not a whole lease."""
    real = await made.orchestrator(Reads())
    real.hold()
    async with leading(made.server, real), member(made.server, "a") as face:
        await until(face, lambda status: status.boot)
        await face.smart_customer_sync(ID, "agente01")
        for _ in range(2):
            face.connected(ID)
        await waiting.until(lambda: real.state.sessions[ID].connections == 2)
        form = face._forms.by_id(ID)
        assert form is not None
        form.connections = left
        face._announce_forms()
        await waiting.until(lambda: real.state.sessions[ID].connections == left)
        assert (real.state.sessions[ID].lost is not None) is (left == 0)


async def test_a_form_is_answered_in_time_by_a_server_that_says_nothing(
    made: Office, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """The line notices the silence later; the form is registered once the server answers again."""
    monkeypatch.setattr(remote, "FORM_LIMIT", 0.5)
    real = await made.orchestrator(Reads())
    proxy = Proxy(made.server)
    async with proxy as behind, leading(made.server, real), member(behind, "PC-2") as face:
        await until(face, lambda status: status.boot)
        proxy.set("silent")
        answer = await face.smart_customer_sync(ID, "agente01", label="Modulo")
        assert answer.error is not None
        assert (answer.code, answer.error.code) == ("failed", "office-unreachable")
        assert face.get_status().office.trouble is None  # the line still waits for the server
        proxy.set("open")
        await until(face, lambda status: real.get_status().session_count == 1)


async def test_without_the_server_the_last_status_is_shown(
    made: Office, quick_line: None, expected_errors: Any
) -> None:
    real = await made.orchestrator(Reads())
    proxy = Proxy(made.server)
    async with proxy as behind, leading(made.server, real), member(behind, "PC-2") as face:
        await until(face, lambda status: status.boot)
        proxy.set("cut")
        await until(face, lambda status: status.office.trouble is not None)
        office = face.get_status().office
        assert office is not None
        assert office.leader is None
        assert office.as_of is not None
        assert office.trouble is not None
        assert office.trouble.code == "office-unreachable"
        # A form can be opened; it is answered that no read was possible, and is registered once the server is back.
        answer = await face.smart_customer_sync(ID, "agente01", label="Modulo")
        assert answer.code == "failed"
        assert answer.error is not None
        assert answer.error.code == "office-unreachable"
        assert isinstance(face.touch(ID), datetime)
        ticket = face.request_sync("prices")
        proxy.set("open")
        await until(face, lambda status: status.office.trouble is None and status.office.leader == "PC-1")
        await until(face, lambda status: real.get_status().session_count == 1)
        await until(face, lambda status: real.get_status().queue or real.get_status().current_run)
        assert face.cancel(ticket)
        async with asyncio.timeout(30):
            assert (await ticket).outcome is Outcome.CANCELLED


async def test_a_member_that_slept_gets_the_events_of_the_reads_that_it_missed(
    made: Office, quick_line: None, expected_errors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then its pages would show old rows with new ages."""
    monkeypatch.setattr(desk, "ANNOUNCED", 0.0)
    monkeypatch.setattr(desk, "SWEEP", 0.0)
    reads = Reads()
    reads.go.set()
    real = await made.orchestrator(reads)
    proxy = Proxy(made.server)

    def kinds() -> list[str]:
        with made.server.connect("tests", autocommit=True) as connection:
            return [json.loads(row[0])["kind"] for row in connection.execute("SELECT event FROM announced").fetchall()]

    async with proxy as behind, leading(made.server, real) as led, member(behind, "PC-2") as face:
        await until(face, lambda status: status.boot)
        heard: list[str] = []
        face.subscribe(lambda event: heard.append(event.data.type) if isinstance(event.data, SyncCompleted) else None)
        proxy.set("cut")
        await until(face, lambda status: status.office.trouble is not None)
        for name in ("prices", "customers"):
            await real.request_sync(name, "agente01")
        led.desk.changed()
        await waiting.until(lambda: kinds() == ["sync-completed"] * 2)  # other events were deleted
        proxy.set("open")
        await waiting.until(lambda: heard == ["prices", "customers"])
    monkeypatch.setattr(desk, "ANNOUNCED_READS", 0.0)
    async with leading(made.server, real):
        await waiting.until(lambda: kinds() == [])


async def test_a_member_that_ends_withdraws_no_read(office: Server, tmp_path: Path) -> None:
    """A request is kept when its member ends; only a user can withdraw it."""
    await make_office(office, tmp_path / "made")
    async with member(office) as face:
        face.request_sync("prices")
        (command,) = face._commands.values()
        await waiting.until(lambda: command.inserted)
        await face.close()
        assert not command.cancelled
    with office.connect("tests", autocommit=True) as connection:
        assert connection.execute("SELECT cancelled, done FROM commands").fetchall() == [(False, None)]


async def test_closes_of_ids_that_were_never_open_do_not_accumulate(office: Server, tmp_path: Path) -> None:
    """Any page may send a close with an invented id. The close of a form opened here is kept until the leader has
    it."""
    await make_office(office, tmp_path / "made")
    async with member(office) as face:
        assert face._line is not None
        send, sent = face._line.send, list[tuple[str, float | None]]()

        def noted(name: str, *how: Any, patience: float | None, **more: Any) -> Any:
            sent.append((name.rpartition(".")[2], patience))
            return send(name, *how, patience=patience, **more)

        face._line.send = noted  # type: ignore[method-assign]
        for number in range(3):
            face.resume_other_syncs(f"{number:032}")
        opening = asyncio.ensure_future(face.smart_customer_sync(ID, "agente01", wait=False))
        await waiting.until(lambda: face.session_by_id(ID))
        assert face.resume_other_syncs(ID).closed
        closes = [patience for name, patience in sent if name.endswith("resume_other_syncs")]
        assert closes == [remote.FORM_PATIENCE] * 3 + [None]
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
