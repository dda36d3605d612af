"""The office's time limits: their sums are short enough, and each of them is in force."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from members import Candidate, Proxy
from remote_rig import make_office

from archisync_gui.app import letting_go
from archisync_gui.office import desk, leadership, line
from archisync_gui.office.desk import Desk
from archisync_gui.office.leadership import AFTER_SILENCE, IDLE, SILENCE, SOON, TURN
from archisync_gui.office.line import DISTURBED, Line
from archisync_gui.store import postgres_server
from archisync_gui.store.postgres_server import Connection, Server
from tests.support.postgres import on_a_server
from tests.support.waiting import until

NOTICED = 15.0
"""Seconds until another member leads after a power failure of the leader, and until a dead connection is noticed."""
SHORT = 10.0
"""Seconds without network that have no effect."""
LATE = 0.25
"""Seconds of delay of each wait on a busy computer."""
BROWSER = 1.0
"""Seconds that ending a browser may take."""


def test_another_member_leads_in_time_after_a_silent_leader() -> None:
    by_the_server = IDLE + TURN + AFTER_SILENCE
    by_the_members = IDLE + TURN + SOON + AFTER_SILENCE  # PostgreSQL 13
    assert by_the_server + LATE <= NOTICED
    assert by_the_members + LATE <= NOTICED


def test_a_leader_without_network_has_stopped_before_another_one_begins() -> None:
    stops = TURN + SILENCE + postgres_server.TURN
    assert stops + LATE < IDLE
    assert stops + LATE + letting_go.AGAIN + BROWSER < IDLE + AFTER_SILENCE


def test_a_dead_connection_is_noticed_in_time() -> None:
    assert line.LOOK + line.STATEMENT + postgres_server.SILENCE + postgres_server.TURN + LATE <= NOTICED
    assert line.LOOK + DISTURBED + LATE <= NOTICED  # reported even while a new connection is tried
    assert desk.LOOK + desk.STATEMENT + postgres_server.SILENCE + postgres_server.TURN + LATE <= NOTICED
    assert TURN + SILENCE + postgres_server.TURN + LATE <= NOTICED


def test_a_short_loss_of_the_network_has_no_effect() -> None:
    assert SILENCE > SHORT + TURN
    assert DISTURBED >= SHORT
    assert line.STATEMENT + postgres_server.SILENCE >= SHORT
    asked = max(line.STATEMENT, desk.STATEMENT) + postgres_server.SILENCE
    assert max(SILENCE, asked) + LATE < postgres_server.UNACKNOWLEDGED


@on_a_server
async def test_the_limits_are_in_force(office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_office(office, tmp_path / "made")
    made: dict[str, Connection] = {}
    connect = Server.connect

    def connected(self: Server, purpose: str, **how: Any) -> Connection:
        made[purpose] = connect(self, purpose, **how)
        return made[purpose]

    async def handle(asked: object, emit: object) -> tuple[int, Any]:
        return 0, None

    monkeypatch.setattr(Server, "connect", connected)
    candidate = Candidate(office, "a", "pc")
    following = Line(office, "b" * 16, lambda news: None)
    serving = Desk(office, 0, handle, lambda: None, lost=lambda epoch: None)
    following.start()
    serving.start()
    try:
        leading = await asyncio.to_thread(candidate.leadership._connected)
        await until(lambda: {"archisync line", "archisync desk"} <= made.keys())
        answer = line.STATEMENT + postgres_server.SILENCE, desk.STATEMENT + postgres_server.SILENCE
        assert (made["archisync line"].limit, made["archisync desk"].limit) == answer
        assert leading.limit == SILENCE
        system = leading.info.get_parameters()
        assert system.get("tcp_user_timeout") == f"{postgres_server.UNACKNOWLEDGED * 1000:.0f}"
        shown = leading.execute("SHOW idle_session_timeout").fetchone() if _ends_by_itself(leading) else None
        assert shown in (None, (f"{IDLE * 1000:.0f}ms",))
        leading.close()
    finally:
        await following.stop()
        await serving.stop()


def _ends_by_itself(connection: Connection) -> bool:
    return connection.info.server_version >= leadership.FIRST_IDLE_TIMEOUT


@on_a_server
async def test_members_end_a_silent_leader_where_the_server_does_not(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL 13; at every round of the election, not only at a member's heartbeat."""
    await make_office(office, tmp_path / "made")
    monkeypatch.setattr(leadership, "FIRST_IDLE_TIMEOUT", 10**9)
    monkeypatch.setattr(leadership, "IDLE", 2.0)
    monkeypatch.setattr(leadership, "BEAT", 3600.0)
    proxy = Proxy(office)
    async with proxy as behind:
        first, second = Candidate(behind, "c", "one"), Candidate(office, "d", "two")
        first.leadership.start()
        try:
            await until(lambda: first.epochs)
            second.leadership.start()
            proxy.set("silent")
            await until(lambda: second.epochs)
            proxy.set("open")
            await until(lambda: first.epochs == [1, None])
            assert second.epochs == [2]
        finally:
            proxy.set("cut")
            await first.stop()
            if second.epochs:
                await second.stop()
