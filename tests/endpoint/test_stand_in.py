"""The stand-in and a member of an office keep the orchestrator's promises: the same calls, asked of them and of
the real one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from remote_rig import leading, make_office, member

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.model import EventKind, Origin, Outcome, SessionEnd, SessionView
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.store.postgres_server import Server
from tests.endpoint.stand_in import StandIn
from tests.support.postgres import Offices, on_a_server

ID, OTHER = "a" * 32, "b" * 32


@dataclass
class Asked:
    face: Any
    account: str


@pytest.fixture(params=["stand-in", "real", pytest.param("remote", marks=on_a_server)])
def which(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def server(which: str, request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """An office on a server where one is needed."""
    if which != "remote":
        yield None
        return
    offices: Offices = request.getfixturevalue("offices")
    with offices.one() as found:
        yield found


@pytest.fixture
async def asked(which: str, server: Server | None, tmp_path: Path) -> AsyncIterator[Asked]:
    if which == "stand-in":
        yield Asked(StandIn(), "agente1")
        return
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=None, attended=False, reads=False)
    core.orchestrator.hold()  # nothing runs, so that both stand still
    if server is not None:
        await make_office(server, tmp_path / "office")
        async with leading(server, core.orchestrator), member(server) as face:
            yield Asked(face, DEMO_ACCOUNT)
    else:
        yield Asked(core.orchestrator, DEMO_ACCOUNT)
    await core.close()
    lock.release()


def test_every_call_of_the_stand_in_is_one_of_the_real_one_with_its_parameters() -> None:
    own = {"tell", "end"}  # what a test says to it
    for name, method in inspect.getmembers(StandIn, inspect.isfunction):
        if name.startswith("_") or name in own:
            continue
        real = inspect.signature(getattr(Orchestrator, name)).parameters
        fake = inspect.signature(method).parameters
        open_ended = any(p.kind is p.VAR_KEYWORD for p in fake.values())
        assert set(fake) - set(real) <= {"how"}, name
        required = {n for n, p in real.items() if p.default is p.empty}
        assert open_ended or required <= set(fake), name


async def test_a_session_lives_and_ends_once(asked: Asked) -> None:
    face = asked.face
    assert face.touch(ID) is SessionEnd.UNKNOWN
    assert face.connected(ID) is SessionEnd.UNKNOWN
    opened = await face.smart_customer_sync(ID, asked.account, label="Modulo", token="t", wait=False)
    assert opened.code in ("pending", "held", "fresh")
    assert opened.handle
    assert opened.handle != ID
    assert opened.session_count == face.get_status().session_count == 1
    assert isinstance(face.touch(ID), datetime)
    assert isinstance(face.connected(ID), datetime)
    view = face.session(opened.handle)
    assert isinstance(view, SessionView)
    assert (view.account, view.label, view.connected) == (asked.account, "Modulo", True)
    assert face.session_by_id(ID).handle == opened.handle
    closed = face.resume_other_syncs(ID, token="t")
    assert (closed.closed, closed.session_count) == (True, 0)
    assert face.touch(ID) is SessionEnd.CLOSED
    assert face.connected(ID) is SessionEnd.CLOSED
    assert face.session(opened.handle) is SessionEnd.CLOSED
    again = await face.smart_customer_sync(ID, asked.account, wait=False)
    assert (again.code, again.reason) == ("ended", SessionEnd.CLOSED)
    assert not face.resume_other_syncs(OTHER, token="t").closed


async def test_an_anonymous_session_is_closed_by_its_own_token(asked: Asked) -> None:
    face = asked.face
    await face.smart_customer_sync(None, asked.account, token="mine", wait=False)
    assert not face.resume_other_syncs(None, token="other").closed
    assert face.resume_other_syncs(None, token="mine").closed
    assert face.get_status().session_count == 0


async def test_a_ticket_is_known_by_its_id_and_ends_once(asked: Asked) -> None:
    face = asked.face
    ticket = face.request_sync("customers", asked.account, origin=Origin.API)
    assert face.ticket(ticket.id) is ticket
    assert face.ticket("nothing") is None
    assert ticket.result is None
    assert face.position(ticket) == 1
    face.cancel(ticket)
    assert (await ticket).outcome is Outcome.CANCELLED
    assert ticket.result is not None
    assert face.position(ticket) is None


async def test_listeners_hear_of_sessions_until_they_leave(asked: Asked) -> None:
    heard: list[EventKind] = []
    leave = asked.face.subscribe(lambda event: heard.append(event.kind))
    await asked.face.smart_customer_sync(ID, asked.account, wait=False)
    assert EventKind.SESSION_OPENED in heard
    leave()
    heard.clear()
    asked.face.resume_other_syncs(ID)
    assert heard == []


async def test_hold_and_release_show_in_the_status(asked: Asked) -> None:
    asked.face.hold()
    assert asked.face.get_status().hold_since is not None
    asked.face.release()
    assert asked.face.get_status().hold_since is None
    asked.face.hold()
