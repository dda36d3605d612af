"""Rounds with whole members: a fault at a random moment during work; afterwards a checker compares the records.

The members are programs (``office run``, with a browser at the demo ERP), each with its own proxy to the server and its
own wall clock. The checker compares the requests to the ERP (time and member, by the browser's name in each request)
with the database (terms of the leaders and the member of each write, recorded by triggers).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from members import Proxy, made_member, until_one_ends
from remote_rig import make_office, member

from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.demo_erp import DemoErp
from archisync_gui.drafts import Drafts
from archisync_gui.erp.launch import NAMES
from archisync_gui.model import Origin, SyncFailure, SystemClock
from archisync_gui.office.remote import RemoteOrchestrator
from archisync_gui.orchestrator import Ticket
from archisync_gui.store import StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server

ACCOUNT = "agente01"
PATIENCE = 150.0
"""Seconds after which a wait fails."""
WAKING = 4.0
"""Seconds in which a process continued after SIGSTOP notices that it has lost the leadership."""
OFFS = (0.0, 3 * 3600.0, -86_400.0)
"""The errors of the members' wall clocks, in seconds."""
LISTS = ("prices", "products", "orders")
FAULTS = ("kill", "end", "stop", "silent", "cut", "mute", "deaf", "slow", "crash")

WATCH = """
CREATE TABLE seen_leaders (at timestamptz DEFAULT clock_timestamp(), epoch bigint, name text);
CREATE TABLE seen_writes (
    at timestamptz DEFAULT clock_timestamp(), what text, epoch bigint, name text, port integer
);
CREATE FUNCTION see_leader() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.epoch IS DISTINCT FROM OLD.epoch THEN
        INSERT INTO seen_leaders (epoch, name) VALUES (NEW.epoch, NEW.name);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION see_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen_writes (what, epoch, name, port)
        SELECT TG_TABLE_NAME, epoch, name, inet_client_port() FROM leader WHERE id = 1;
    RETURN NULL;
END $$;
CREATE TRIGGER see AFTER UPDATE ON leader FOR EACH ROW EXECUTE FUNCTION see_leader();
"""
Crash: TypeAlias = Callable[[], Awaitable[object]]
WRITTEN = ("runs", "reads", "notes", "changes", "events", "prices", "orders")
"""Tables that only a leader writes."""


class Gate:
    """A TCP proxy before the demo ERP that records the time and the member of each request."""

    NAME = re.compile(rb"[Uu]ser-[Aa]gent: archisync-round/(\S+)")

    def __init__(self, port: int) -> None:
        self._to = port
        self.acts: list[tuple[float, str]] = []
        """Time (the database server uses the same clock) and member of each request."""
        self._pairs: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> int:
        self._listening = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return int(self._listening.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for pair in self._pairs:
            pair.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)
        await self._listening.wait_closed()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = asyncio.ensure_future(self._serve(reader, writer))
        self._pairs.add(pair)
        pair.add_done_callback(self._pairs.discard)
        pair.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await until_one_ends(self._asks(reader, there), _answers(back, writer))
        finally:
            there.transport.abort()

    async def _asks(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.acts += [(time.time(), name.decode()) for name in self.NAME.findall(data)]
            there.write(data)
            await there.drain()


async def _answers(back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await back.read(65536):
        writer.write(data)
        await writer.drain()


@dataclass
class Computer:
    """A member's profile, its proxy to the server, and its process while it runs."""

    name: str
    profile: Profile
    proxy: Proxy
    server: Server
    off: float
    erp: DemoErp
    process: asyncio.subprocess.Process | None = None
    reading: asyncio.Task[None] | None = None
    said: list[str] = field(default_factory=list)
    """The lines on standard error of all its processes."""
    woken: list[float] = field(default_factory=list)
    """The times at which it was continued after a stop."""

    async def start(self) -> None:
        environment = {
            **os.environ,
            "ARCHISYNC_OFFICE_PASSWORD": self.server.password,
            "ARCHISYNC_PASSWORD": self.erp.accounts[ACCOUNT],
            "LC_ALL": "C.UTF-8",
        }
        program = Path(__file__).parent / "round_member.py"
        command = [str(program), str(self.off), "office", "run", "--profile", str(self.profile.folder)]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # see ``members.start``
        )
        self.reading = asyncio.ensure_future(self._read(self.process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.said.append(line.decode(errors="replace"))

    def running(self) -> asyncio.subprocess.Process:
        """Its process. The round fails if the member has ended without a request, whatever the fault."""
        assert self.process is not None
        code = self.process.returncode
        assert code is None, f"{self.name} ended without a request with {code}: {''.join(self.said)}"
        return self.process

    async def end(self, number: signal.Signals) -> None:
        process = self.running()
        if number is signal.SIGTERM:
            async with asyncio.timeout(
                PATIENCE
            ):  # on a busy machine a new process needs seconds until it has a handler
                while not has_handler(process.pid, number):
                    await asyncio.sleep(0.05)
                    self.running()
        os.kill(process.pid, number)
        await self._over(process)
        assert number is signal.SIGKILL or process.returncode == 0, f"{self.name} ended with {process.returncode}"

    async def clear(self) -> None:
        """Clean up after the round, also after a failure."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self._over(self.process)

    async def _over(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
            if self.reading is not None:
                await self.reading
        self.process = None

    async def stopped(self, seconds: float) -> None:
        process = self.running()
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.woken.append(time.time())
        self.running()
        os.kill(process.pid, signal.SIGCONT)


def has_handler(pid: int, number: signal.Signals) -> bool:
    """Whether a process handles a signal, from Linux' /proc."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines()
    (caught,) = (line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def computer(folder: Path, number: int, proxy: Proxy, server: Server, erp: DemoErp, port: int) -> Computer:
    """A profile whose browser sends its own name with every request."""
    name = f"pc{number}"
    profile = open_profile(str(folder / name), demo=False)
    browser = folder / f"browser-{name}"
    browser.write_text(f'#!/bin/sh\nexec {BROWSER} --user-agent=archisync-round/{name} "$@"\n', "utf-8")
    browser.chmod(0o755)
    url = urlsplit(erp.base_url)._replace(netloc=f"127.0.0.1:{port}").geturl()
    made_member(profile, server, {"erp.url": url, "erp.accounts": [ACCOUNT], "erp.browser": str(browser)})
    return Computer(name, profile, proxy, server, OFFS[number % len(OFFS)], erp)


BROWSER = next(filter(None, map(shutil.which, NAMES)), "")
"""The browser for the rounds; empty where none is on the PATH."""


@dataclass
class Work:
    """The requests of an operator and an order form on a computer without faults."""

    face: RemoteOrchestrator
    drafts: Drafts
    chance: random.Random
    tickets: list[Ticket] = field(default_factory=list)
    saved: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """By draft: the last version and document that the server confirmed."""

    def ask(self) -> None:
        self.tickets.append(self.face.request_sync(self.chance.choice(LISTS), origin=Origin.OPERATOR))

    async def save(self, step: int) -> None:
        """Save a draft, over a connection that fails together with a member's, until the server has confirmed it."""
        id = f"draft-{self.chance.randrange(4)}"
        document = {"text": f"step {step}"}
        version = self.saved[id][0] if id in self.saved else None
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    draft = await self.drafts.put(ACCOUNT, id, document, if_match=version)
                    break
                except StoreError:
                    await asyncio.sleep(0.3)
        self.saved[id] = draft.version, document

    async def form(self) -> None:
        """Open an order form, send a sign of life, and close it."""
        id = f"{self.chance.getrandbits(128):032x}"
        with suppress(SyncFailure):
            await self.face.smart_customer_sync(id, ACCOUNT, label="Modulo", wait=False)
        self.face.connected(id)
        await asyncio.sleep(self.chance.random() * 2)
        self.face.disconnected(id)
        self.face.resume_other_syncs(id)

    async def over(self) -> None:
        """Wait until all requests are answered and all forms are closed."""
        async with asyncio.timeout(PATIENCE):
            for ticket in self.tickets:
                await ticket
            while self.face.get_status().session_count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


# ---------------------------------------------------------------------------------------------------- the checker


@dataclass(frozen=True)
class Term:
    """A leader's term, as recorded by a trigger."""

    epoch: int
    name: str
    since: float


def check(server: Server, gate: Gate, computers: list[Computer], work: Work) -> None:
    """Check the records of ERP and database, after all members have ended."""
    with server.connect("tests", autocommit=True) as connection:

        def rows(statement: str) -> list[tuple[object, ...]]:
            return connection.execute(statement).fetchall()

        leaders = rows("SELECT epoch, name, extract(epoch FROM at)::float8 FROM seen_leaders ORDER BY at")
        writes = rows("SELECT what, name, port FROM seen_writes ORDER BY at")
        open_runs = rows("SELECT id, type, account, started FROM runs WHERE ended IS NULL")
        commands = rows("SELECT id, name FROM commands WHERE done IS NULL AND NOT cancelled")
        asked = rows("SELECT count(*) FROM commands WHERE name = 'face.request_sync'")
        sessions = rows("SELECT value::json ->> 'sessionCount' FROM status")
        drafts = rows("SELECT id, version, document FROM drafts WHERE deleted_at IS NULL")
    terms = [Term(int(str(epoch)), _short(name), float(str(since))) for epoch, name, since in leaders]
    epochs = [term.epoch for term in terms]
    assert epochs == sorted(set(epochs)), "epochs do not increase strictly"
    ports = {port: one.name for one in computers for port in one.proxy.ports}
    wrong = {(what, ports.get(int(str(port))), _short(name)) for what, name, port in writes}
    assert {one for one in wrong if one[1] != one[2]} == set(), "written under the epoch of another member"
    assert writes, "there was no write"
    assert gate.acts, "there was no request to the ERP"
    assert open_runs == [], "a run has no end"
    assert commands == [], "a command has no answer"
    assert asked == [(len(work.tickets),)], "a ticket was lost or doubled"
    assert all(ticket.done for ticket in work.tickets)
    assert sessions == [("0",)], "a session is still open"
    found = {id: (version, json.loads(str(document))) for id, version, document in drafts}
    assert found == work.saved, "a draft is lost"
    print(f"{len(terms)} terms, {len(gate.acts)} requests, {len(work.tickets)} tickets: {outcomes(work)}", flush=True)
    overlaps = acted_together(gate.acts, terms, {one.name: one.woken for one in computers})
    told = "; ".join(f"{one.epoch} {one.name} {one.since:.1f}" for one in terms)
    assert overlaps == [], (
        f"two members acted at once: {overlaps}, terms {told}, woken {[one.woken for one in computers]}"
    )


def outcomes(work: Work) -> dict[str, int]:
    """The number of tickets for each outcome."""
    return dict(Counter(str(ticket.result.outcome) for ticket in work.tickets if ticket.result is not None))


def _short(name: object) -> str:
    """``pc1`` of ``host (pc1)``."""
    return str(name).rpartition("(")[2].rstrip(")")


def acted_together(
    acts: list[tuple[float, str]], terms: list[Term], woken: Mapping[str, list[float]]
) -> list[tuple[str, float, float]]:
    """Requests of members whose term was over after the next leader had begun its own: member, time, and seconds since
    the beginning of the next term. A process that was stopped needs some seconds to notice."""
    found = []
    reached = -1
    for at, name in sorted(acts):
        begun = [number for number, term in enumerate(terms) if term.name == name and term.since <= at]
        assert begun, f"{name} sent a request without having led"
        number = begun[-1]
        if number >= reached:
            reached = number
        elif not any(0 <= at - moment <= WAKING for moment in woken[name]):
            found.append((name, at, at - terms[number + 1].since))
    return found


# ---------------------------------------------------------------------------------------------------- the rounds


async def rounds(server: Server, folder: Path, count: int, seed: int, *, long: float, crash: Crash) -> None:
    """Run rounds with three members and one fault in each; all faults occur once before one is repeated.
    ``long``: how often a fault lasts longer than a leadership. ``crash`` crashes the server and starts it again.
    """
    chance = random.Random(seed)
    print(f"seed {seed}", flush=True)
    await make_office(server, folder / "made")
    with server.connect("tests", autocommit=True) as connection:
        connection.execute(WATCH)
        for table in WRITTEN:
            connection.execute(
                f"CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION see_write()"
            )
    erp = DemoErp(latency="none", scale=0.03)
    await erp.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(erp.stop)
        gate = Gate(urlsplit(erp.base_url).port or 0)
        port = await stack.enter_async_context(gate)
        computers = []
        for number in range(3):
            proxy = Proxy(server)
            behind = await stack.enter_async_context(proxy)
            computers.append(computer(folder, number, proxy, behind, erp, port))
        for one in computers:
            stack.push_async_callback(one.clear)
            await one.start()
        face = await stack.enter_async_context(member(server, "operator"))
        drafts = await Drafts.join(Postgres(computers[0].server, name="drafts"), clock=SystemClock())
        stack.push_async_callback(drafts.close)
        work = Work(face, drafts, chance)
        faults: list[str] = []
        for step in range(count):
            faults = faults or chance.sample(FAULTS, len(FAULTS))
            await one_round(step, faults.pop(), chance, computers, work, long=long, crash=crash)
        await work.over()
        for one in computers:
            await one.end(signal.SIGTERM)
        await asyncio.to_thread(check, server, gate, computers, work)


async def one_round(
    step: int, what: str, chance: random.Random, computers: list[Computer], work: Work, *, long: float, crash: Crash
) -> None:
    """Make requests, cause a fault, end it, and wait for the answers."""
    leader = await leader_of(computers, work.face)
    one = leader if chance.random() < 0.8 else chance.choice(computers)
    seconds = chance.uniform(16, 18) if chance.random() < long else chance.choice((0.3, 1.5))
    print(f"{step} {one.name}{' (leads)' if one is leader else ''} {what} {seconds:.1f} s", flush=True)
    work.ask()
    async with asyncio.TaskGroup() as group:
        group.create_task(work.form())
        group.create_task(work.save(step))
        await asyncio.sleep(chance.random() * 2)
        await break_and_mend(one, what, seconds, crash)
        for each in computers:
            each.running()
        work.ask()


async def break_and_mend(one: Computer, what: str, seconds: float, crash: Crash) -> None:
    match what:
        case "kill" | "end":
            await one.end(signal.SIGKILL if what == "kill" else signal.SIGTERM)
            await one.start()
        case "stop":
            await one.stopped(seconds)
        case "crash":
            await crash()
        case mode:
            one.proxy.set(mode)  # type: ignore[arg-type]
            await asyncio.sleep(seconds)
            one.proxy.set("open")


async def leader_of(computers: list[Computer], face: RemoteOrchestrator) -> Computer:
    """Wait until a computer leads."""
    async with asyncio.timeout(PATIENCE):
        while True:
            office = face.get_status().office
            if office is not None and office.leader is not None:
                return next(one for one in computers if one.name == _short(office.leader))
            await asyncio.sleep(0.1)
