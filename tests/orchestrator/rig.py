"""The real orchestrator on virtual clocks with scripted runners and a journal of plain lists, for all tests here."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from archisync_gui.model import (
    Account,
    Event,
    EventKind,
    Explanation,
    FailureKind,
    Finished,
    Json,
    LastRead,
    Outcome,
    Progress,
    Remembered,
    RunControl,
    RunRecord,
    Scope,
    SmartSyncResult,
    Suspended,
    SyncFailure,
    SyncTypeSpec,
)
from archisync_gui.orchestrator import Orchestrator, Rules, Ticket
from tests.support.clock import MONDAY, VirtualClock, settle

TYPES = (
    SyncTypeSpec("orders", 6, 10, 0),
    SyncTypeSpec("customers", 5, 30, 5, fast=True),
    SyncTypeSpec("ddt", 4, 45, 20),
    SyncTypeSpec("invoices", 3, 30, 15),
    SyncTypeSpec("prices", 2, 30, 10, shared=True),
    SyncTypeSpec("products", 1, 90, 30, shared=True, deadline=1200.0),
)
QUIET = Rules(schedule=False, office=None)
"""No scheduled reads."""
TWO = (Account("anna", catalogue=True), Account("bruno"))


SAYING = (Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.REFUSED, Outcome.FAILED)
STAMPS = ("last_success", "new_as_of", "all_as_of")

_boots = itertools.count(1)


class ListJournal:
    """``model.Journal`` in memory; survives a restart, and can fail or hang."""

    def __init__(self) -> None:
        self.started: list[RunRecord] = []
        self.rows: dict[str, RunRecord] = {}
        self.events: list[Event] = []
        self.notes: dict[str, Json] = {}
        self.explanations: list[Explanation] = []
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.doubted: set[tuple[object, ...]] = set()
        self.keep = True
        """False: rows and events are not kept (for the soak test, which only counts)."""

    def copy(self) -> ListJournal:
        """A copy of what a process killed now would leave on disk."""
        kept = ListJournal()
        kept.started, kept.rows, kept.events = list(self.started), dict(self.rows), list(self.events)
        kept.notes, kept.explanations, kept.doubted = dict(self.notes), list(self.explanations), set(self.doubted)
        kept.error, kept.keep = self.error, self.keep
        return kept

    async def _call(self, name: str) -> None:
        if self.keep:
            self.calls.append(name)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

    async def load(self) -> Remembered:
        await self._call("load")
        open_runs = [r for r in self.rows.values() if r.ended is None and r.outcome is None]
        marked = [RunRecord(**{**_fields(r), "outcome": Outcome.INTERRUPTED}) for r in open_runs]
        self.rows.update({r.id: r for r in marked})
        moments = [kept[-1].at for kept in (self.events, self.explanations) if kept]
        return Remembered(tuple(self.reads()), tuple(marked), dict(self.notes), max(moments, default=None))

    def reads(self) -> list[LastRead]:
        """The last reads, as the store would derive them from its rows."""
        found: dict[tuple[str, str], LastRead] = {}
        for row in self.rows.values():
            key = (row.type, row.account)
            known = found.get(key, LastRead(row.type, row.account))
            whole = row.scope is Scope.ALL and row.outcome in (Outcome.COMPLETED, Outcome.UNCLEAN)
            clean = whole and row.outcome is Outcome.COMPLETED
            fast = row.scope is Scope.NEW and row.outcome is Outcome.COMPLETED
            found[key] = LastRead(
                row.type,
                row.account,
                row.as_of if whole else known.last_success,
                row.as_of if clean or fast else known.new_as_of,
                row.as_of if clean else known.all_as_of,
                last=row,
                whole=row if row.scope is Scope.ALL and row.outcome in SAYING else known.whole,
            )
        return [
            replace(read, doubtful=frozenset(str(n) for n, *stamp in self._stamps(read) if (n, *stamp) in self.doubted))
            for read in found.values()
        ]

    def _stamps(self, read: LastRead) -> list[tuple[object, ...]]:
        found = [(name, read.type, read.account, getattr(read, name)) for name in STAMPS]
        return [stamp for stamp in found if stamp[-1] is not None]

    async def clock_doubted(self) -> None:
        await self._call("clock_doubted")
        self.doubted |= {stamp for read in self.reads() for stamp in self._stamps(read)}

    async def flush(self) -> None:
        await self._call("flush")

    async def run_started(self, record: RunRecord) -> None:
        await self._call("run_started")
        self.started.append(record)
        self.rows[record.id] = record

    async def run_ended(self, record: RunRecord) -> None:
        await self._call("run_ended")
        self.rows[record.id] = record

    async def event(self, event: Event) -> None:
        await self._call(f"event {event.kind}")
        if self.keep:
            self.events.append(event)

    async def note(self, key: str, value: Json) -> None:
        await self._call(f"note {key}")
        if value is None:
            self.notes.pop(key, None)
        else:
            self.notes[key] = value

    async def explained(self, explanation: Explanation) -> None:
        await self._call("explained")
        if self.keep:
            self.explanations.append(explanation)

    async def explanation_at(self, at: datetime) -> Explanation | None:
        return next((e for e in reversed(self.explanations) if e.at <= at), None)


def _fields(record: RunRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@dataclass
class Running:
    """A run controlled by the test: the runner returns or raises when the test says so."""

    control: RunControl
    began: datetime
    ignores_cancel: bool = False
    cancelled: int = 0
    resumed_from: object | None = None
    over: bool = False
    abandoned: bool = False
    """The orchestrator has taken the lock from it (rule 26); the runner may still work."""
    _orders: asyncio.Queue[Callable[[], Finished | Suspended]] = field(default_factory=asyncio.Queue)

    @property
    def type(self) -> str:
        return self.control.run.type

    @property
    def slot(self) -> tuple[str, str, Scope]:
        return self.control.run.type, self.control.run.account, self.control.run.scope

    def finish(self, outcome: Outcome = Outcome.COMPLETED, *, rows: int = 10, added: int = 0, changed: int = 0) -> None:
        """Make the runner return with this outcome."""
        self._orders.put_nowait(lambda: Finished(outcome, as_of=self.began, rows=rows, added=added, changed=changed))

    def end(self, how: Finished | Suspended) -> None:
        """Make the runner return exactly this value."""
        self._orders.put_nowait(lambda: how)

    def fail(self, kind: FailureKind = FailureKind.TRANSIENT, code: str = "erp-slow") -> None:
        """Make the runner raise a :class:`SyncFailure`."""
        self.throw(SyncFailure(code, kind))

    def throw(self, error: BaseException) -> None:
        """Make the runner raise any exception."""

        def act() -> Finished:
            raise error

        self._orders.put_nowait(act)

    def do(self, act: Callable[[], Any]) -> None:
        """Make the runner call ``act`` and return or raise the same."""
        self._orders.put_nowait(act)

    def suspend(self, state: object = "rows", *, rows: int = 100) -> None:
        """Make the runner suspend; ``AssertionError`` when the orchestrator has not requested it."""
        assert self.control.suspend_requested(), "this run was not asked to suspend"
        self._orders.put_nowait(lambda: Suspended(state, Progress("read", 1, 4, rows, 400)))

    async def execute(self) -> Finished | Suspended:
        try:
            while True:
                try:
                    order = await self._orders.get()
                except asyncio.CancelledError:
                    self.cancelled += 1
                    if self.ignores_cancel:
                        continue
                    raise
                return order()
        finally:
            self.over = True


class Rig:
    """An orchestrator on a virtual clock, with scripted runners and a journal in memory."""

    def __init__(
        self,
        *,
        rules: Rules = QUIET,
        accounts: tuple[Account, ...] = (Account("anna", catalogue=True),),
        types: tuple[SyncTypeSpec, ...] = TYPES,
        clock: VirtualClock | None = None,
        journal: ListJournal | None = None,
        wall: datetime = MONDAY,
    ) -> None:
        self.clock = clock or VirtualClock(wall)
        self.journal = journal or ListJournal()
        self.rules = rules
        self.accounts = accounts
        self.types = types
        self.runs: list[Running] = []
        self.overlaps = 0
        self.events: list[Event] = []
        self.auto: Callable[[Running], None] | None = None
        """Called with each run as it starts, to script it at once."""
        self.o: Orchestrator
        self.build()

    def build(self) -> None:
        """Make the orchestrator of a new process, with the same journal and the intervals of the settings (rule 29)."""
        if hasattr(self, "o"):
            intervals = self.o.state.intervals
            self.types = tuple(dataclasses.replace(type, interval=intervals[type.name]) for type in self.types)
        self.o = Orchestrator(
            self.types,
            self._run,
            self.accounts,
            self.journal,
            clock=self.clock,
            rules=self.rules,
            ids=lambda: f"boot{next(_boots)}",
            close_browser=self._close_browser,
        )
        self.o.subscribe(self.events.append)
        self.closed_browsers = 0

    async def _close_browser(self) -> None:
        self.closed_browsers += 1

    async def _run(self, control: RunControl) -> Finished | Suspended:
        for running in self.runs:
            running.abandoned = any(a.run.id == running.control.run.id for a in self.o.state.abandoned)
        if any(not r.over and not r.abandoned for r in self.runs):
            self.overlaps += 1
        running = Running(control, self.clock.now(), resumed_from=control.resume)
        self.runs.append(running)
        if self.auto is not None:
            self.auto(running)
        return await running.execute()

    async def __aenter__(self) -> Rig:
        await self.o.start()
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for run in self.runs:
            run.ignores_cancel = False
        await self.close()
        assert self.overlaps == 0, "rule 1: two runs at once"
        assert not self.o.state.active or any(not r.over for r in self.runs)

    async def close(self, deadline: float = 10.0) -> None:
        closing = asyncio.ensure_future(self.o.close(deadline))
        await settle()
        while not closing.done():
            await self.clock.advance(1)
        await closing

    async def restart(self) -> None:
        """Close and start again on the same journal and clock."""
        await self.close()
        self.build()
        await self.o.start()
        await settle()

    async def killed(self) -> None:
        """The process is killed: what it writes from here on is lost. :meth:`build` makes the next one."""
        kept = self.journal.copy()
        self.journal.error = None
        await self.close()
        self.journal = kept

    @property
    def active(self) -> Running:
        """The one run whose runner works and has not been abandoned."""
        (running,) = [r for r in self.runs if not r.over and not r.abandoned]
        return running

    @property
    def idle(self) -> bool:
        return all(r.over for r in self.runs)

    def kinds(self) -> list[EventKind]:
        return [e.kind for e in self.events]

    def of(self, kind: EventKind) -> list[Event]:
        return [e for e in self.events if e.kind is kind]

    async def deaf(self, type: str, account: str | None = None) -> tuple[Ticket, Running]:
        """Request a read and start its run, which ignores cancellation."""
        ticket = self.o.request_sync(type, account)
        await settle()
        self.active.ignores_cancel = True
        return ticket, self.active

    async def finish(self, outcome: Outcome = Outcome.COMPLETED, **counts: int) -> None:
        """The active run returns this outcome."""
        self.active.finish(outcome, **counts)
        await settle()

    async def fail(self, kind: FailureKind = FailureKind.TRANSIENT, code: str = "erp-slow") -> None:
        self.active.fail(kind, code)
        await settle()

    async def suspend(self, state: object = "rows") -> None:
        self.active.suspend(state)
        await settle()

    async def drain(self, limit: int = 200) -> list[str]:
        """Finish run after run until none is active; returns their types in order."""
        order: list[str] = []
        for _ in range(limit):
            if self.idle:
                return order
            order.append(self.active.type)
            await self.finish()
        raise AssertionError("the queue never drains")


def opened(rig: Rig, tab: str | None, account: str | None = None, **more: Any) -> asyncio.Task[SmartSyncResult]:
    """A form opens its session, or calls again in it; the task's result is the answer."""
    return asyncio.ensure_future(rig.o.smart_customer_sync(tab, account, **more))


async def served(rig: Rig, tab: str) -> None:
    """Open a form and read its new customers and then the whole list."""
    form = opened(rig, tab)
    await settle()
    await rig.drain()
    assert (await form).code == "fresh"
