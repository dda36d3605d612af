"""A hand-made orchestrator for tests of the HTTP layer alone, and invented rows; ``tests/e2e`` has the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from archisync_gui.model import (
    AccountStatus,
    AccountTypeStatus,
    CloseResult,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    Freshness,
    Json,
    Listener,
    Outcome,
    QueueEntry,
    Reason,
    RunResult,
    Scope,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
    SyncState,
    TypeStatus,
)
from archisync_gui.orchestrator.listeners import FEED_LIMIT, Feed
from tests.support.events import an_event

AS_OF = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TYPES = ("orders", "customers", "ddt", "invoices", "prices", "products")


class StandInTicket:
    """A request that ends when a test says so."""

    def __init__(self, number: int, type_: str) -> None:
        self.id = f"ticket-{number}"
        self.type = type_
        self.scope = Scope.ALL
        self.future: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Any:
        return asyncio.shield(self.future).__await__()

    @property
    def result(self) -> RunResult | None:
        return self.future.result() if self.future.done() else None

    def end(self, outcome: Outcome = Outcome.COMPLETED) -> None:
        if not self.future.done():
            self.future.set_result(RunResult(self.type, "agente1", Scope.ALL, outcome, rows=3))


class StandIn:
    """Answers what a test has set, and tells events when a test says so."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.open: dict[str, SessionView] = {}
        self.ended: dict[str, SessionEnd] = {}
        self.calls: list[tuple[str, object]] = []
        self.code = "fresh"
        self.error: ErrorInfo | None = None
        self.new_as_of: datetime | None = AS_OF
        self.all_as_of: datetime | None = AS_OF
        self.accounts = ("agente1", "agente2")
        self.intervals: dict[str, int | None] = dict.fromkeys(TYPES, 30)
        self.tickets: list[StandInTicket] = []
        self.held = False
        self.held_until: datetime | None = None
        self.stopped: dict[str, ErrorInfo] = {}
        self.queue: tuple[QueueEntry, ...] = ()
        self.revision = 1

    def tell(self, kind: EventKind, data: dict[str, Json] | None = None) -> Event:
        self.revision += 1
        event = an_event(kind, "boot", self.revision, AS_OF, data or {})
        for listener in list(self.listeners):
            listener(event)
        return event

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def events(self, limit: int = FEED_LIMIT) -> Feed:
        return Feed(self.subscribe, limit)

    def get_status(self) -> Status:
        return Status(
            boot="boot",
            revision=self.revision,
            at=AS_OF,
            current_sync=None,
            current_run=None,
            queue=self.queue,
            statuses={name: self._type(name) for name in TYPES},
            smart_customer_sync_active=bool(self.open),
            session_count=len(self.open),
            safety_timeout_active=bool(self.open),
            breathing=False,
            quiet_until=None,
            sessions=tuple(self.open.values()),
            hold_since=AS_OF if self.held else None,
            hold_until=self.held_until,
            accounts=tuple(AccountStatus(a, True, a == "agente1", self.stopped.get(a), 0, 15) for a in self.accounts),
            explanation=Explanation(AS_OF, Reason.NOTHING_DUE),
        )

    def _type(self, name: str) -> TypeStatus:
        accounts = self.accounts if name == "customers" else self.accounts[:1]
        parts = tuple(self._part(name, account) for account in accounts)
        return TypeStatus(name, SyncState.IDLE, None, Freshness.FRESH, False, None, AS_OF, self.intervals[name], parts)

    def _part(self, name: str, account: str) -> AccountTypeStatus:
        return AccountTypeStatus(
            type=name,
            account=account,
            state=SyncState.IDLE,
            reason=None,
            freshness=Freshness.FRESH,
            is_running=False,
            queue_position=None,
            last_run_time=AS_OF,
            new_as_of=self.new_as_of,
            all_as_of=self.all_as_of,
            last_attempt=AS_OF,
            last_outcome=Outcome.COMPLETED,
            last_error=None,
            last_run_id="run-1",
            failures_in_a_row=0,
            unclean_in_a_row=0,
            due=None,
            expected=None,
            progress=None,
            rows=10,
            added=0,
            changed=0,
            gone=0,
        )

    # ---------------------------------------------------------------- sessions

    async def smart_customer_sync(
        self, session_id: str | None, account: str | None = None, *, label: str = "", token: str = "", wait: bool = True
    ) -> SmartSyncResult:
        self.calls.append(("open", (session_id, account, label, token, wait)))
        key = session_id or f"anonymous of {token}"
        if key in self.ended:
            return SmartSyncResult("ended", "", len(self.open), None, None, reason=self.ended[key])
        if key not in self.open:
            until = AS_OF + timedelta(minutes=10)
            handle = f"handle-{len(self.open) + len(self.ended) + 1}"
            self.open[key] = SessionView(handle, label, account, AS_OF, AS_OF, until, False, session_id is None)
            self.tell(EventKind.SESSION_OPENED, {"handle": handle})
        code = self.code if wait or self.code != "fresh" else "pending"
        view = self.open[key]
        return SmartSyncResult(code, view.handle, len(self.open), self.new_as_of, AS_OF, 2, 1, 2100, error=self.error)

    def touch(self, session_id: str) -> datetime | SessionEnd:
        view = self.open.get(session_id)
        return view.deadline if view else self.ended.get(session_id, SessionEnd.UNKNOWN)

    def connected(self, session_id: str) -> datetime | SessionEnd:
        view = self.open.get(session_id)
        if view is None:
            return self.ended.get(session_id, SessionEnd.UNKNOWN)
        self.open[session_id] = replace(view, connected=True)
        return view.deadline

    def session_by_id(self, session_id: str) -> SessionView | None:
        return self.open.get(session_id)

    def disconnected(self, session_id: str) -> None:
        self.calls.append(("disconnected", session_id))

    def session(self, handle: str) -> SessionView | SessionEnd:
        for view in self.open.values():
            if view.handle == handle:
                return view
        return SessionEnd.CLOSED if handle.startswith("handle-") else SessionEnd.UNKNOWN

    def resume_other_syncs(self, session_id: str | None, token: str = "") -> CloseResult:
        self.calls.append(("close", session_id))
        key = session_id or f"anonymous of {token}"
        if key not in self.open:
            return CloseResult(False, len(self.open), self.ended.get(key, SessionEnd.UNKNOWN))
        self.end(key, SessionEnd.CLOSED)
        return CloseResult(True, len(self.open))

    def end(self, session_id: str, reason: SessionEnd) -> None:
        view = self.open.pop(session_id)
        if not view.anonymous:
            self.ended[session_id] = reason
        self.tell(EventKind.SESSION_CLOSED, {"handle": view.handle, "reason": reason.value})

    # ---------------------------------------------------------------- asking

    def request_sync(self, sync_type: str, account: str | None = None, **how: object) -> StandInTicket:
        self.calls.append(("request", (sync_type, account, how)))
        self.tickets.append(StandInTicket(len(self.tickets) + 1, sync_type))
        return self.tickets[-1]

    def request_full(self, origin: object, account: str | None = None) -> Any:
        class Batch:
            tickets = tuple(self.request_sync(name, account) for name in TYPES)

        return Batch()

    def cancel(self, ticket: StandInTicket) -> None:
        ticket.end(Outcome.CANCELLED)

    def ticket(self, ticket_id: str) -> StandInTicket | None:
        return next((t for t in self.tickets if t.id == ticket_id), None)

    def position(self, ticket: StandInTicket) -> int | None:
        return None if ticket.result else 1

    def hold(self, until: datetime | None = None) -> None:
        self.held, self.held_until = True, until

    def release(self) -> None:
        self.held, self.held_until = False, None

    def set_schedule(self, sync_type: str, minutes: int | None) -> None:
        self.intervals[sync_type] = minutes

    async def explain(self, at: datetime | None = None) -> Explanation:
        return Explanation(at or AS_OF, Reason.NOTHING_DUE)


# ------------------------------------------------------------------------------------------------ invented rows


def customers() -> list[dict[str, Any]]:
    """Six customers, one with markup in its name."""
    names = (
        ("50120", "Studio Bianchi Srl", "Verona", "IT01234567890"),
        ("50121", "Ambulatorio Neri", "Padova", "IT09876543210"),
        ("50122", "Rossi & Figli", "Trento", "IT11111111111"),
        ("50123", "<img src=x onerror=alert(1)>", "Bolzano", "IT22222222222"),
        ("50124", "Laboratorio Verdi", "Vicenza", "IT33333333333"),
        ("50125", "Clinica Città Nuova", "Rovereto", "IT44444444444"),
    )
    return [
        {"id": key, "account_num": f"C{key}", "name": name, "city": city, "vat_number": vat}
        for key, name, city, vat in names
    ]


def products() -> list[dict[str, Any]]:
    """Articles with quantity rules: one in fives, one free, one of unknown VAT, one without a price."""
    return [
        {
            "item_id": "012345K2",
            "name": "H1.104.010",
            "description": "Fresa al carburo di prova",
            "package_content": "5",
            "min_quantity": 5000,
            "multiple_quantity": 5000,
            "max_quantity": 500000,
            "vat_group": "5",
        },
        {
            "item_id": "012345K3",
            "name": "H1.104.010",
            "description": "Fresa al carburo di prova",
            "package_content": "1",
            "vat_group": "5",
        },
        {"item_id": "020001", "name": "LUCIDO.A", "description": "Pasta lucidante", "vat_group": "1"},
        {"item_id": "020002", "name": "LUCIDO.B", "description": "Pasta lucidante fine", "vat_group": None},
        {"item_id": "030001", "name": "SENZA.PREZZO", "description": "Articolo senza prezzo", "vat_group": "5"},
    ]


def prices() -> list[dict[str, Any]]:
    """Two price lists, steps by quantity and a price that begins in the future."""

    def price(key: str, item: str, cents: int, group: str = "002", low: int = 1000, **more: Any) -> dict[str, Any]:
        names = {"002": "DETTAGLIO (consigliato)", "003": "RIVENDITORI"}
        return {
            "id": key,
            "item_id": item,
            "price_group": group,
            "price_group_name": names[group],
            "valid_from": "2022-07-01",
            "valid_until": "2154-12-31",
            "quantity_from": low,
            "quantity_to": 100_000_000_000,
            "price_unit": 1000,
            "unit_price": cents,
            "currency": "EUR",
        } | more

    return [
        price("1", "012345K2", 1045),
        price("2", "012345K2", 990, low=50_000),
        price("3", "012345K2", 800, "003"),
        price("4", "012345K2", 1200, valid_from="2099-01-01"),
        price("5", "012345K3", 1233),
        price("6", "020001", 333, price_unit=100_000),
        price("7", "020002", 1999),
    ]
