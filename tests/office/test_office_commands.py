"""The commands ``archisync-gui office …`` as programs: two computers share an archive, and one reads for both."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from remote_rig import leading, make_office

from archisync_gui.app import exit_codes
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.office import ask
from archisync_gui.app.profile import open_profile
from archisync_gui.cli import main
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Account, Finished, Outcome, RunControl, SyncFailure, SystemClock
from archisync_gui.office.membership import FILE, Membership, keep
from archisync_gui.office.shown import last_shown
from archisync_gui.orchestrator import Orchestrator, Rules
from archisync_gui.store import Store
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

PATIENCE = 120.0

UTF_8 = {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
"""On Windows a pipe uses the code page of the locale."""


@dataclass
class Computer:
    """A profile on which commands are run."""

    folder: Path
    server: Server
    running: asyncio.subprocess.Process | None = None
    said: list[str] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        environment = {**os.environ, "ARCHISYNC_OFFICE_PASSWORD": self.server.password, **UTF_8}
        command = [sys.executable, "-m", "archisync_gui", *words, "--profile", str(self.folder), "--demo"]
        return await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
        )

    async def do(self, *words: str) -> tuple[int | None, str, str]:
        """Run a command; returns exit code, output and error output."""
        process = await self.start(*words)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def take_part(self) -> None:
        """Start ``office run``."""
        self.running = await self.start("office", "run")
        self.reading = asyncio.ensure_future(self._read(self.running))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.said.append(line.decode())
            self.heard.set()

    async def says(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not any(words in line for line in self.said):
                self.heard.clear()
                await self.heard.wait()

    async def end(self, *, gently: bool = False) -> None:
        if self.running is not None and self.reading is not None:
            if self.running.returncode is None:
                if not gently:
                    self.running.kill()
                elif sys.platform != "win32":
                    self.running.terminate()
                else:  # on a system without a signal for a clean end
                    assert (await self.do("quit"))[0] == exit_codes.OK
            await self.running.communicate() if self.reading.done() else await self.running.wait()
            await self.reading
            self.running = None


@pytest.fixture
async def computers(office: Server, tmp_path: Path) -> AsyncIterator[tuple[Computer, Computer]]:
    found = Computer(tmp_path / "one", office), Computer(tmp_path / "two", office)
    yield found
    for computer in found:
        await computer.end()


async def test_an_office_is_made_joined_and_left(computers: tuple[Computer, Computer]) -> None:
    one, two = computers
    address = one.server.url
    profile = open_profile(str(one.folder), demo=True)
    own = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    await own.journal.note("test", "kept")
    await own.close()
    assert "belongs to no office" in (await one.do("office", "status"))[2]
    assert "has no office" in (await one.do("office", "join", address))[2]
    assert (await one.do("office", "create", address))[0] == exit_codes.OK
    assert "exists already" in (await two.do("office", "create", address))[2]
    code, out, _ = await one.do("office", "join", address)
    assert code == exit_codes.OK
    assert "Rows brought into the office: 0" not in out
    assert (await two.do("office", "join", address))[0] == exit_codes.OK
    code, out, _ = await two.do("office", "status", "--json")
    told = json.loads(out)
    assert (code, told["leader"], told["epoch"], told["members"]) == (0, None, 0, [])
    await one.take_part()
    await one.says("reads for the office")
    # Requested on one computer, done and answered by the other: a hold, and a read that the hold refuses.
    assert (await two.do("hold"))[0] == exit_codes.OK
    assert json.loads((await one.do("status", "--json"))[1])["holdSince"]
    code, out, err = await two.do("sync", "prices", "--json")
    assert code == exit_codes.FAILED, err
    assert json.loads(out)["error"]["code"] == "sync-held"
    await two.take_part()
    await two.says("another computer reads")
    await one.end()
    await two.says("reads for the office")
    # The operator's request is kept when the leader changes.
    assert json.loads((await one.do("status", "--json"))[1])["holdSince"]
    await two.end(gently=True)
    assert (await two.do("office", "leave"))[0] == exit_codes.OK
    assert json.loads((await two.do("status", "--json"))[1])["holdSince"]
    left = await Store.open(two.folder, ENTITIES, clock=SystemClock())
    assert (await left.journal.load()).notes["test"] == "kept"
    await left.close()


async def test_without_a_leader_the_last_status_shows_no_running_read_and_no_fresh_list(
    office: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leader's last status had a running read and a fresh list; then it ended."""
    await make_office(office, tmp_path / "made")
    monkeypatch.setenv("ARCHISYNC_OFFICE_PASSWORD", office.password)
    profile = open_profile(str(tmp_path / "two"), demo=False)
    keep(profile.folder, Membership(office.url))
    journal = await Store.open(tmp_path / "journal", ENTITIES, clock=SystemClock())
    going = asyncio.Event()

    async def reads(control: RunControl) -> Finished:
        going.set()
        return Finished(Outcome.COMPLETED, as_of=await asyncio.Future())

    orchestrator = Orchestrator(
        [entity.spec for entity in ENTITIES], reads, [Account("a", catalogue=True)], journal.journal,
        rules=Rules(schedule=False),
    )  # fmt: skip
    await orchestrator.start()
    async with leading(office, orchestrator):
        orchestrator.request_sync("orders", "a")
        await going.wait()
        await until(lambda: (last := last_shown(office)) is not None and last.value["currentRun"] is not None)
    shown = last_shown(office)
    assert shown is not None
    value = shown.value
    (part,) = value["statuses"]["orders"]["accounts"]
    part |= {"freshness": "fresh", "lateAt": shown.at.isoformat()}
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE status SET value = %s", (json.dumps(value),))
    code, told = await asyncio.to_thread(ask, profile, "status", {}, lambda event: None)
    assert "No computer of the office" in capsys.readouterr().err
    assert code == exit_codes.OK
    orders = told["statuses"]["orders"]
    assert (told["currentRun"], told["currentSync"], orders["isRunning"]) == (None, None, False)
    assert (orders["freshness"], orders["accounts"][0]["freshness"], orders["accounts"][0]["progress"]) == (
        "late", "late", None,
    )  # fmt: skip
    assert told["office"]["leader"] is None
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE status SET value = %s", (json.dumps({"of": "another version"}),))
    with pytest.raises(SyncFailure, match="office-status-unread"):
        await asyncio.to_thread(ask, profile, "status", {}, lambda event: None)
    await orchestrator.close()
    await journal.close()


async def test_a_member_never_reads_the_erp_by_itself(computers: tuple[Computer, Computer]) -> None:
    profile = open_profile(str(computers[0].folder), demo=True)
    keep(profile.folder, Membership("postgresql://office@server.example.test/office"))
    with pytest.raises(SyncFailure, match="office-profile"):
        await Core.open(profile, demo=DemoOptions("none", "live"), attended=True)
    # One customer's data are on the server, which does not exist here: the local file is not used instead.
    place = ["--profile", str(profile.folder), "--demo"]
    assert await asyncio.to_thread(main, ["data", "erase", "x", "--yes", *place]) == exit_codes.CONFIG
    (profile.folder / FILE).write_text("{", "utf-8")
    with pytest.raises(SyncFailure, match="office-file-unreadable"):
        await Core.open(profile, demo=DemoOptions("none", "live"), attended=True)
