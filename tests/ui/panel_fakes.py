"""Fakes of orchestrator and store for the panel's tests: they have the types of ``model``, but no rules."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from archisync_gui.endpoint.paired_pages import PairingStore
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.entities.declaration import Column, Entity, Kind
from archisync_gui.model import (
    AccountStatus,
    AccountTypeStatus,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    FailureKind,
    Forecast,
    Freshness,
    Json,
    Listener,
    Origin,
    Outcome,
    Progress,
    QueueEntry,
    Reason,
    RunRecord,
    RunView,
    Scope,
    SessionView,
    SmartSyncResult,
    Status,
    SyncState,
    SyncTypeSpec,
    TypeStatus,
)
from archisync_gui.orchestrator import BatchTicket, Orchestrator, Ticket
from archisync_gui.settings import Settings
from archisync_gui.store.store import Store
from archisync_gui.store.types import (
    Ages,
    Change,
    ChangeKind,
    Counts,
    Page,
    RefusedRead,
    Sizes,
    StoredEvent,
    StoredRow,
)
from archisync_gui.ui.live.services import Changes, Services
from archisync_gui.ui.pages.overview import Overview
from archisync_gui.ui.shell.panel import Panel
from tests.support.events import an_event

MakePanel = Callable[..., Awaitable[Panel]]
"""The fixture ``make_panel``."""

NOW = datetime(2026, 3, 10, 13, 32, 30, tzinfo=UTC)
"""A Tuesday, 14:32:30 in Rome."""

TYPES = ("orders", "customers", "ddt", "invoices", "prices", "products")
NAMES = {
    "orders": ("Ordini", "Orders"),
    "customers": ("Clienti", "Customers"),
    "ddt": ("DDT", "Delivery notes"),
    "invoices": ("Fatture", "Invoices"),
    "prices": ("Prezzi", "Prices"),
    "products": ("Prodotti", "Products"),
}
SILENT = ErrorInfo("erp-slow", FailureKind.TRANSIENT, "Timeout 30000 ms exceeded", stack="Traceback …")


def entity(name: str) -> Entity:
    """A small declaration with the columns that pages need."""
    it, en = NAMES[name]
    return Entity(
        spec=SyncTypeSpec(name, 5, 30, 5, shared=name in ("prices", "products"), fast=name == "customers"),
        it=it,
        en=en,
        path=f"{name}/",
        columns=(
            Column("ID", "id", "ID", "ID", Kind.ID),
            Column("NAME", "name", "NOME", "Name", personal=True),
            Column("PHONE", "phone", "TELEFONO", "Phone"),
            Column("TOTAL", "total", "TOTALE", "Total", Kind.MONEY),
            Column("DAY", "day", "DATA", "Date", Kind.DATE),
        ),
        key=("id",),
        natural_key=("name",),
        title="name",
        search=("name",),
    )


ENTITIES = tuple(entity(name) for name in TYPES)


class FakeClock:
    """A clock that tests set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def ago(**kwargs: float) -> datetime:
    return NOW - timedelta(**kwargs)


def soon(**kwargs: float) -> datetime:
    return NOW + timedelta(**kwargs)


def account_type(type: str, account: str = "agente01", **changes: Any) -> AccountTypeStatus:
    """A fresh, idle type."""
    read = ago(minutes=12)
    base = AccountTypeStatus(
        type=type,
        account=account,
        state=SyncState.IDLE,
        reason=None,
        freshness=Freshness.FRESH,
        is_running=False,
        queue_position=None,
        last_run_time=read,
        new_as_of=None,
        all_as_of=read,
        last_attempt=read,
        last_outcome=Outcome.COMPLETED,
        last_error=None,
        last_run_id=f"run-{type}",
        failures_in_a_row=0,
        unclean_in_a_row=0,
        due=soon(minutes=18),
        expected=Forecast(type, account, soon(minutes=18), 20),
        progress=None,
        rows=1604,
        added=3,
        changed=21,
        gone=0,
    )
    return dataclasses.replace(base, **changes)


def type_status(type: str, *accounts: AccountTypeStatus, interval: int | None = 30) -> TypeStatus:
    parts = accounts or (account_type(type),)
    first = parts[0]
    return TypeStatus(
        type, first.state, first.reason, first.freshness, first.is_running, first.queue_position,
        first.last_run_time, interval, tuple(parts),
    )  # fmt: skip


def calm(**changes: Any) -> Status:
    """A status in which all lists are fresh and nothing runs."""
    statuses = {name: type_status(name) for name in TYPES}
    forecast = tuple(Forecast(name, "agente01", soon(minutes=5 + 4 * i), 20) for i, name in enumerate(TYPES))
    base = Status(
        boot="b",
        revision=1,
        at=NOW,
        current_sync=None,
        current_run=None,
        queue=(),
        statuses=statuses,
        smart_customer_sync_active=False,
        session_count=0,
        safety_timeout_active=False,
        breathing=False,
        quiet_until=None,
        sessions=(),
        hold_since=None,
        accounts=(AccountStatus("agente01", True, True, None, 2, 15),),
        explanation=Explanation(NOW, Reason.NOTHING_DUE, {}, forecast),
    )
    return dataclasses.replace(base, **changes)


def with_type(status: Status, *accounts: AccountTypeStatus, interval: int | None = 30) -> Status:
    """``status`` with one type replaced."""
    name = accounts[0].type
    return dataclasses.replace(
        status, statuses={**status.statuses, name: type_status(name, *accounts, interval=interval)}
    )


def entry(type: str, priority: int, seconds: int, at: int = 0, **changes: Any) -> QueueEntry:
    base = QueueEntry(
        f"q-{type}", type, "agente01", Scope.ALL, priority, Origin.SCHEDULE, ago(seconds=seconds), "agente01",
        Reason.SESSION, {}, None, True,
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def busy() -> Status:
    """The status of the design pictures: customers are read, an order form is open, invoices failed."""
    run = RunView(
        "r9", "customers", "agente01", Scope.ALL, Origin.ORDER_FORM, 1, ago(seconds=15),
        Progress("read", 9, 16, 843, 1512), 12.0, "q9",
    )  # fmt: skip
    status = calm(
        current_sync="customers",
        current_run=run,
        queue=(
            entry("orders", 6, 6),
            entry("ddt", 4, 41),
            entry("prices", 2, 80, suspended_progress=Progress("read", 18, 50, 1800, 4960)),
        ),
        smart_customer_sync_active=True,
        session_count=2,
        safety_timeout_active=True,
        quiet_until=soon(minutes=14),
        sessions=(
            SessionView("s-1a2b", "Ordine Ferramenta Demo", "agente01", ago(minutes=4), ago(seconds=20),
                        soon(minutes=9), True, False),
            SessionView("s-3c4d", "", None, ago(minutes=1), ago(seconds=50), soon(minutes=2), False, True),
        ),
        explanation=Explanation(NOW, Reason.RUNNING, {"type": "customers", "account": "agente01"}),
    )  # fmt: skip

    def later(type: str, seconds: float, length: float, after: str | None = None) -> Forecast:
        return Forecast(type, "agente01", soon(seconds=seconds), length, after)

    for part in (
        account_type("orders", state=SyncState.WAITING, reason=Reason.SESSION, queue_position=1,
                     expected=later("orders", 60, 20, "customers")),
        account_type("customers", state=SyncState.RUNNING, is_running=True, last_run_time=ago(minutes=18),
                     new_as_of=ago(seconds=10), all_as_of=ago(minutes=27), rows=1512, added=2, changed=14,
                     progress=run.progress, expected=None),
        account_type("ddt", state=SyncState.WAITING, reason=Reason.SESSION, queue_position=2,
                     last_run_time=ago(minutes=38), rows=2210, added=9, changed=0,
                     expected=later("ddt", 120, 40, "orders")),
        account_type("invoices", last_run_time=ago(hours=1, minutes=12), last_outcome=Outcome.FAILED, last_error=SILENT,
                     freshness=Freshness.LATE, failures_in_a_row=1, rows=281, added=1, changed=0,
                     expected=later("invoices", 280, 20)),
        account_type("prices", state=SyncState.SUSPENDED, reason=Reason.SESSION, queue_position=3,
                     last_run_time=ago(minutes=29), rows=4960, added=0, changed=37,
                     progress=Progress("read", 18, 50, 1800, 4960), expected=later("prices", 200, 40)),
        account_type("products", last_run_time=ago(minutes=41), rows=4540, added=0, changed=2,
                     expected=later("products", 2950, 50)),
    ):  # fmt: skip
        status = with_type(status, part)
    return status


def run_record(type: str, started: datetime, seconds: float, **changes: Any) -> RunRecord:
    base = RunRecord(
        id=f"{type}-{int(started.timestamp())}",
        type=type,
        account="agente01",
        scope=Scope.ALL,
        key=None,
        origin=Origin.SCHEDULE,
        attempt=1,
        asked=started,
        started=started,
        ended=started + timedelta(seconds=seconds),
        outcome=Outcome.COMPLETED,
        as_of=started,
        rows=1604,
        added=3,
        changed=21,
    )
    return dataclasses.replace(base, **changes)


def history(now: datetime = NOW) -> tuple[RunRecord, ...]:
    """Runs of the last hours, as of a schedule."""
    every = {"orders": 10, "customers": 30, "ddt": 45, "invoices": 30, "prices": 30, "products": 90}
    length = {"orders": 55, "customers": 42, "ddt": 60, "invoices": 40, "prices": 170, "products": 160}
    runs: list[RunRecord] = []
    for place, (name, minutes) in enumerate(every.items()):
        for back in range(22):
            started = now - timedelta(minutes=minutes * back + 3 + 4 * place)
            wobble = 0.6 + ((back * 7 + place * 3) % 11) / 14
            failed = name == "invoices" and back < 2
            runs.append(
                run_record(
                    name,
                    started,
                    length[name] * wobble,
                    outcome=Outcome.FAILED if failed else Outcome.COMPLETED,
                    error=SILENT if failed else None,
                )
            )
    return tuple(sorted(runs, key=lambda r: r.started, reverse=True))


class FakeOrchestrator(Orchestrator):
    """Records its calls and returns the given status. A subclass without the state of the real one, so that its methods
    must have the real types, and any method that is missing here fails."""

    def __init__(self, status: Status | None = None) -> None:
        self.status = status or calm()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.listeners: list[Listener] = []
        self.revision = 1
        self.looked = 0
        self.found = True
        """The answer of actions on a request, run or session; False: it no longer existed."""

    def get_status(self) -> Status:
        self.looked += 1
        return self.status

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, kind: EventKind, data: Mapping[str, Json] | None = None, at: datetime = NOW) -> None:
        """Send an event."""
        self.revision += 1
        for listener in list(self.listeners):
            listener(an_event(kind, "b", self.revision, at, data or {}))

    def become(self, status: Status) -> None:
        """Set another status and send an event."""
        self.status = status
        self.tell(EventKind.QUEUE_UPDATED)

    def request_sync(
        self,
        type: str,
        account: str | None = None,
        scope: Scope | str = Scope.ALL,
        key: str | None = None,
        priority: int | None = None,
        origin: Origin = Origin.OPERATOR,
    ) -> Ticket:
        self.calls.append(("request_sync", (type, account, key)))
        return Ticket(f"q-{type}", type, Scope(scope), (account or "agente01",))

    def request_full(self, origin: Origin = Origin.OPERATOR, account: str | None = None) -> BatchTicket:
        self.calls.append(("request_full", ()))
        return BatchTicket("b1", ())

    def position(self, ticket: Ticket | str) -> int | None:
        type = ticket if isinstance(ticket, str) else ticket.type
        return next((at for at, entry in enumerate(self.status.queue, 1) if entry.type == type), None)

    def cancel_run(self, run_id: str | None = None) -> bool:
        run = self.status.current_run
        return self._asked("cancel_run", run_id) and run is not None and run_id in (None, run.id)

    def move_to_front(self, request_id: str) -> bool:
        return self._asked("move_to_front", request_id)

    def run_anyway(self, request_id: str) -> bool:
        return self._asked("run_anyway", request_id)

    def remove(self, request_id: str) -> bool:
        return self._asked("remove", request_id)

    def end_session(self, handle: str) -> bool:
        return self._asked("end_session", handle)

    def end_sessions(self) -> int:
        return int(self._asked("end_sessions"))

    def hold(self, until: datetime | None = None) -> None:
        self._asked("hold", *([until] if until is not None else []))

    def release(self) -> None:
        self._asked("release")

    def credentials_changed(self, account: str) -> None:
        self._asked("credentials_changed", account)

    def retry_login(self, account: str) -> Ticket:
        self._asked("retry_login", account)
        return Ticket("q-login", "customers", Scope.ALL, (account,))

    def _asked(self, name: str, *args: object) -> bool:
        self.calls.append((name, args))
        return self.found

    async def smart_customer_sync(self, session_id: str | None, *args: Any, **kwargs: Any) -> SmartSyncResult:
        self.calls.append(("smart_customer_sync", (session_id,)))
        return SmartSyncResult("fresh", "s-1", 1, NOW, NOW)

    async def explain(self, at: datetime | None = None) -> Explanation:
        return self.status.explanation


class FakeStore(Store):
    """Rows and runs in memory. A subclass without a file, so that its methods must have the real types."""

    def __init__(self, runs: tuple[RunRecord, ...] = (), size: int = 1000) -> None:
        self.all_runs = runs or history()
        self.kept: list[Event] = []
        self.log: list[Change] = []
        self.kept_reads: tuple[RefusedRead, ...] = ()
        self.refused_read: frozenset[str] = frozenset()
        self.asked = 0
        self.data: list[dict[str, str | int | bool | None]] = [
            {"id": str(50000 + i), "name": f"Ferramenta Demo {i:04d}", "phone": f"0{30000000 + i}",
             "total": 123456 + i, "day": "2026-03-09"}
            for i in range(size)
        ]  # fmt: skip

    async def runs(
        self,
        sync_type: str | None = None,
        outcome: Outcome | Sequence[Outcome] | None = None,
        origin: Origin | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = 200,
        *,
        account: str | None = None,
        shared: Collection[str] = (),
        scope: Scope | None = None,
        after: RunRecord | None = None,
    ) -> tuple[RunRecord, ...]:
        found = [r for r in self.all_runs if sync_type in (None, r.type)]
        outcomes = (outcome,) if isinstance(outcome, str) else outcome
        found = [r for r in found if (outcomes is None or r.outcome in outcomes) and origin in (None, r.origin)]
        found = [r for r in found if account in (None, r.account) or r.type in shared]
        found = [r for r in found if scope in (None, r.scope)]
        found = [r for r in found if (since is None or r.started >= since) and (before is None or r.started < before)]
        found.sort(key=lambda r: (r.started, r.id), reverse=True)
        found = [r for r in found if after is None or (r.started, r.id) < (after.started, after.id)]
        return tuple(found[:limit])

    async def run(self, run_id: str) -> RunRecord | None:
        return next((r for r in self.all_runs if r.id == run_id), None)

    async def rows(self, entity: str, account: str | None, **kwargs: Any) -> Page:
        self.asked += 1
        text = kwargs.get("search", "").lower()
        found = [r for r in self.data if text in str(r["name"]).lower()] if text else list(self.data)
        sort = kwargs.get("sort")
        if sort:
            found.sort(key=lambda r: str(r[sort]), reverse=kwargs.get("descending", False))
        offset = kwargs.get("offset", 0)
        part = found[offset : offset + kwargs.get("limit", 200)]
        return Page(tuple(StoredRow(str(r["id"]), account or "", r, NOW, NOW) for r in part), len(found))

    async def ages(self, entity: str, account: str | None) -> Ages:
        return Ages(entity, account or "", NOW, NOW, NOW)

    def has(self, entity: str) -> bool:
        return True

    async def related(self, entity: str, account: str | None, column: str, value: str, limit: int = 500) -> Page:
        return Page((), 0)

    async def counts(self) -> tuple[Counts, ...]:
        return tuple(Counts(name, "agente01", len(self.data), 0, 0, Ages(name, "agente01")) for name in NAMES)

    async def rows_by_key(self, entity: str, account: str | None, keys: Collection[str]) -> tuple[StoredRow, ...]:
        page = await self.rows(entity, account, limit=10**6)
        return tuple(r for r in page.rows if r.key in keys)

    async def export(self, entity: str, account: str | None, **kwargs: Any) -> AsyncIterator[tuple[StoredRow, ...]]:
        page = await self.rows(entity, account, **{**kwargs, "limit": 10**6})
        yield page.rows

    async def row_history(
        self, entity: str, account: str | None, key: str, *, limit: int = 200, before: int | None = None
    ) -> tuple[Change, ...]:
        return (
            Change(
                1, ago(days=2), "run-1", entity, account or "", key, ChangeKind.CHANGED, "phone", "030", "031", None
            ),
        )

    async def events(
        self,
        since: datetime,
        until: datetime,
        kinds: Sequence[str] | None = None,
        *,
        after: int | None = None,
        limit: int = 1000,
    ) -> tuple[StoredEvent, ...]:
        found = [StoredEvent(i, e) for i, e in enumerate(self.kept) if since <= e.at < until]
        found = [s for s in found if (kinds is None or s.event.kind in kinds) and (after is None or s.id > after)]
        return tuple(found[:limit])

    async def changes(
        self, since: datetime, until: datetime, accounts: Sequence[str], **kwargs: Any
    ) -> tuple[Change, ...]:
        entity, kinds, percent = kwargs.get("entity"), kwargs.get("kinds"), kwargs.get("percent")
        fields, after = kwargs.get("fields"), kwargs.get("after")
        found = (
            c
            for c in self.log
            if since <= c.at < until
            and entity in (None, c.entity)
            and (kinds is None or c.kind in kinds)
            and (fields is None or c.field in fields)
            and (percent is None or abs(c.percent or 0) >= percent)
            and (after is None or c.id > after)
        )
        return tuple(islice(found, kwargs.get("limit", 1000)))

    async def refused_keys(self, run_id: str) -> frozenset[str]:
        return self.refused_read

    async def refused(self) -> tuple[RefusedRead, ...]:
        return self.kept_reads

    def size_on_disk(self) -> Sizes:
        return Sizes(18_000_000, 0)

    def backups(self) -> tuple[Path, ...]:
        return ()


class FakeEndpoint:
    """An endpoint that serves nothing. The pairing is the real one, without paired pages."""

    url = "http://127.0.0.1:47801"

    def __init__(self) -> None:
        self.pairing = Pairing(PairingStore(Path("never-written.json"), clock=FakeClock()), clock=FakeClock())

    def order_form_url(self) -> str:
        return f"{self.url}/order-form#code=once"


@dataclass
class World:
    """Everything that a panel gets, for the tests to control."""

    orchestrator: FakeOrchestrator = field(default_factory=FakeOrchestrator)
    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Settings = field(default_factory=Settings)
    quits: int = 0
    panels: list[Panel] = field(default_factory=list)
    """The panels made by the test."""

    def services(self, **changes: Any) -> Services:
        async def apply(changes: Changes) -> None:
            self.settings = self.settings.with_(changes(self.settings) if callable(changes) else changes)

        def quit() -> None:
            self.quits += 1

        base = Services(
            orchestrator=self.orchestrator,
            entities=ENTITIES,
            settings=lambda: self.settings,
            apply_settings=apply,
            quit=quit,
            profile="demo",
            demo=True,
            version="0.1.0",
            store=self.store,
            endpoint=FakeEndpoint(),
            clock=self.clock,
        )
        return dataclasses.replace(base, **changes)


def overview(panel: Panel) -> Overview:
    """The panel's overview page."""
    page = panel.window.page("overview")
    assert isinstance(page, Overview)
    return page
