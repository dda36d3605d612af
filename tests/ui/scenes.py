"""Every page, dialog and state of the panel, one after the other, for tests that check all of them.

Pictures, cut texts, accessible names, keyboard and languages are tested on the same scenes. The rows are invented, and
resemble those of an office.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from office_fakes import ADDRESS, LED, NONE, FakeOffice, Found
from panel_fakes import (
    NOW,
    FakeStore,
    MakePanel,
    World,
    account_type,
    ago,
    busy,
    calm,
    run_record,
    type_status,
    with_type,
)
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QWidget

from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.entities import ENTITIES, Column, Kind, Value
from archisync_gui.model import (
    AccountStatus,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    FailureKind,
    Freshness,
    Origin,
    Outcome,
    Reason,
    RunRecord,
    Scope,
    Status,
    SyncState,
)
from archisync_gui.store.types import Ages, Change, ChangeKind, Counts, Page, StoredEvent, StoredRow
from archisync_gui.ui.dialogs.clear import ClearDialog
from archisync_gui.ui.dialogs.crash import CrashDialog
from archisync_gui.ui.live.own_views import OwnView
from archisync_gui.ui.live.services import Fault, LoginTest
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.widgets.dialog import Confirm, confirm_loss
from tests.support.events import an_event

PLACES = ("Torino", "Ivrea", "Alba", "Cuneo", "Asti", "Biella", "Novara", "Vercelli", "Pinerolo", "Chieri")
TRADES = ("Ferramenta", "Utensileria", "Officina", "Studio", "Laboratorio", "Edilizia", "Idraulica", "Colorificio")
OWNERS = ("Bianco", "Ferraro", "Gallo", "Martini", "Olivero", "Rinaldi", "Sala", "Valle", "Zanetti")
ARTICLES = ("Fresa a disco", "Punta elicoidale", "Mola conica", "Disco da taglio", "Spazzola", "Gommino", "Mandrino")

SIZES = {"orders": 1604, "customers": 1512, "ddt": 2210, "invoices": 281, "prices": 4960, "products": 4540}

SHRINK = ErrorInfo(
    "shrink",
    FailureKind.REFUSED,
    "612 of 1604 stored rows are not in the read",
    params={"list": "orders", "before": 1604, "now": 992, "gone": 612},
    evidence={"filtersAfter": {"preset": "Questo mese", "search": ""}},
)

PASSWORD = ErrorInfo(
    "login-refused",
    FailureKind.CREDENTIALS,
    "the ERP refused name or password",
    params={"account": "agente01", "error": "Nome utente o password errati"},
)

SLOW = ErrorInfo("erp-slow", FailureKind.TRANSIENT, "Timeout 30000 ms exceeded", params={"step": "open"})


def firm(at: int) -> str:
    """An invented firm."""
    return f"{TRADES[at % len(TRADES)]} {OWNERS[(at // 3) % len(OWNERS)]} {'Srl' if at % 3 else 'Snc'}"


def value(column: Column, at: int) -> Value:
    """A plausible value for that column in row ``at``."""
    day = datetime(2026, 3, 10, tzinfo=UTC) - timedelta(days=at % 700)
    match column.kind:
        case Kind.ID:
            return str(53120 - at)
        case Kind.MONEY:
            return 1250 + (at * 7919) % 480000
        case Kind.PERCENT:
            return (at % 5) * 500
        case Kind.NUMBER:
            return 1000 * (1 + at % 12)
        case Kind.INTEGER:
            return (at * 13) % 60
        case Kind.DATE:
            return day.date().isoformat()
        case Kind.DATETIME:
            return day.replace(hour=8 + at % 9, minute=(at * 7) % 60, tzinfo=None).isoformat()
        case Kind.BOOL:
            return at % 4 == 0
    name = column.name
    if name in ("name", "customer_name", "billing_name", "delivery_name") and column.field_name != "SEARCHNAME":
        return firm(at)
    words: dict[str, Value] = {
        "order_number": f"ORD/26{1604 - at % 1500:06d}",
        "ddt_number": f"DDT/26{2210 - at % 2000:06d}",
        "invoice_number": f"FT/26{281 - at % 270:05d}",
        "account_num": f"10{at % 10000:04d}",
        "customer_account": f"10{at % 10000:04d}",
        "item_id": f"{1000 + at}.104.{10 + at % 30:03d}",
        "item_name": f"{ARTICLES[at % len(ARTICLES)]} {1 + at % 30} mm",
        "description": f"{ARTICLES[at % len(ARTICLES)]} {1 + at % 30} mm",
        "search_name": f"{ARTICLES[at % len(ARTICLES)]} {1 + at % 30} mm",
        "vat_number": f"0{1234567890 + at * 37:010d}",
        "pec": f"{OWNERS[(at // 3) % len(OWNERS)].lower()}{at}@pec.example.test",
        "street": f"Via dell'Esempio {1 + at % 120}",
        "delivery_address": f"Via dell'Esempio {1 + at % 120}",
        "postal_code": f"1{at % 1000:04d}",
        "city": PLACES[at % len(PLACES)],
        "delivery_city": PLACES[at % len(PLACES)],
        "phone": f"+39 011 555{at % 10000:04d}",
        "mobile": f"+39 333 555{at % 10000:04d}",
        "courier": "Corriere Demo",
        "tracking": f"CD{5550000 + at}",
        "tracking_number": f"CD{5550000 + at}",
        "currency": "EUR",
        "unit": "pz",
    }
    if column.kind is Kind.ENUM:
        return next(iter(column.words.values()), None)
    return words.get(name)


@cache
def _lists() -> Mapping[str, Sequence[Mapping[str, Value]]]:
    """The rows of all lists; made once, since they are read-only and took half of each test's time."""
    lists = {e.name: [{c.name: value(c, at) for c in e.columns} for at in range(SIZES[e.name])] for e in ENTITIES}
    for at, row in enumerate(lists["orders"]):
        row["created_at"] = f"{2024 if at < 612 else 2025 + at % 2}-05-0{1 + at % 9}T09:30:00"
    return lists


class OfficeStore(FakeStore):
    """A store with the columns of the real lists and an interesting history."""

    def __init__(self) -> None:
        super().__init__(past())
        self.many = 0
        """The reported number of rows of each list, if not 0."""
        self.lists = _lists()
        self.kept = activity()
        self.log = day_changes()
        self.refused_read = frozenset(self._key(at) for at in range(612, SIZES["orders"]))

    @staticmethod
    def _key(at: int) -> str:
        return str(53120 - at)

    def _stored(self, entity: str, account: str | None) -> list[StoredRow]:
        seen = ago(days=40)
        return [StoredRow(self._key(at), account or "", row, seen, seen) for at, row in enumerate(self.lists[entity])]

    async def rows(self, entity: str, account: str | None, **kwargs: Any) -> Page:
        text = kwargs.get("search", "").lower()
        found = self._stored(entity, account)
        if text:
            found = [r for r in found if any(text in str(v).lower() for v in r.values.values())]
        if kwargs.get("between") or kwargs.get("selection"):
            found = found[3 : 3 + len(entity)]  # a view has few rows, another number in each list
        offset = kwargs.get("offset", 0)
        total = self.many or len(found)
        column = kwargs.get("sum_of")
        summed = None if column is None else sum(int(str(row.values.get(column) or 0)) for row in found)
        return Page(tuple(found[offset : offset + kwargs.get("limit", 200)]), total, summed)

    async def counts(self) -> tuple[Counts, ...]:
        shared = ("prices", "products")
        return tuple(
            Counts(name, owner, size, 0, 0, Ages(name, owner))
            for name, size in SIZES.items()
            for owner in ([""] if name in shared else ["agente01"])
        )

    async def rows_by_key(self, entity: str, account: str | None, keys: Sequence[str]) -> tuple[StoredRow, ...]:
        return tuple(r for r in self._stored(entity, account) if r.key in keys)

    async def export(self, entity: str, account: str | None, **kwargs: Any) -> AsyncIterator[tuple[StoredRow, ...]]:
        yield tuple(self._stored(entity, account))

    async def row_history(
        self, entity: str, account: str | None, key: str, *, limit: int = 200, before: int | None = None
    ) -> tuple[Change, ...]:
        owner = account or ""
        return (
            Change(2, ago(days=2), "r2", entity, owner, key, ChangeKind.CHANGED, "city", "Alba", "Cuneo", None),
            Change(
                1, ago(days=9), "r1", entity, owner, key, ChangeKind.CHANGED, "sales_this_year", 123450, 118900, None
            ),
        )

    async def events(self, since: datetime, until: datetime, *args: Any, **kwargs: Any) -> tuple[StoredEvent, ...]:
        return await super().events(since, until, *args, **kwargs)


def past() -> tuple[RunRecord, ...]:
    """Runs of the last days: mostly good, one failure, one refusal, one suspension, a few fast reads."""
    every = {"orders": 10, "customers": 30, "ddt": 45, "invoices": 30, "prices": 30, "products": 90}
    length = {"orders": 32, "customers": 42, "ddt": 38, "invoices": 14, "prices": 96, "products": 88}
    runs: list[RunRecord] = []
    for place, (name, minutes) in enumerate(every.items()):
        for back in range(60):
            started = NOW - timedelta(minutes=minutes * back + 4 + 4 * place)
            seconds = length[name] * (0.7 + ((back * 7 + place * 3) % 11) / 16)
            changes: dict[str, Any] = {
                "rows": SIZES[name] - back // 3,
                "added": (back * 5 + place) % 4,
                "changed": (back * 11 + place) % 23,
                "id": f"{name}-{back}",
            }
            if name == "invoices" and back < 2:
                changes |= {"outcome": Outcome.FAILED, "error": SLOW, "rows": 0, "added": 0, "changed": 0}
            if name == "prices" and back == 1:
                pause = started + timedelta(seconds=30)
                changes |= {"suspensions": ((pause, pause + timedelta(minutes=3)),)}
                seconds += 180
            runs.append(run_record(name, started, seconds, **changes))
    for back in range(3):
        runs.append(
            run_record(
                "customers", ago(minutes=31 + 40 * back), 2.1, id=f"fast-{back}", origin=Origin.ORDER_FORM,
                scope=Scope.NEW, rows=12, added=back, changed=0,
            )
        )  # fmt: skip
    return tuple(sorted(runs, key=lambda r: r.started, reverse=True))


def activity() -> list[Event]:
    """What happened before this start, oldest first."""
    said: list[tuple[float, EventKind, dict[str, Any]]] = [
        (62, EventKind.SESSION_OPENED, {"sessionCount": 1}),
        (62, EventKind.SYNC_SUSPENDED, {"type": "prices", "page": 18, "pages": 50}),
        (57, EventKind.SESSION_CLOSED, {"sessionCount": 0, "reason": "closed"}),
        (57, EventKind.SYNC_RESUMED, {"type": "prices"}),
        (41, EventKind.SYNC_COMPLETED, {"type": "products", "rows": 4540, "changed": 2, "durationMs": 88000}),
        (29, EventKind.SYNC_COMPLETED, {"type": "prices", "rows": 4960, "changed": 37, "durationMs": 96000}),
        (18, EventKind.SYNC_COMPLETED, {"type": "customers", "rows": 1512, "added": 2, "changed": 14}),
        (
            12.4,
            EventKind.SYNC_ERROR,
            {"type": "invoices", "error": {"kind": "transient", "code": "erp-slow"}, "attempt": 3},
        ),
        (12, EventKind.SYNC_COMPLETED, {"type": "orders", "rows": 1604, "added": 3, "changed": 21}),
        (4, EventKind.SESSION_OPENED, {"sessionCount": 1}),
        (4, EventKind.SYNC_SUSPENDED, {"type": "prices", "page": 18, "pages": 50}),
        (3.9, EventKind.SYNC_COMPLETED, {"type": "customers", "rows": 12, "added": 1, "durationMs": 3100}),
        (1, EventKind.SESSION_OPENED, {"sessionCount": 2}),
    ]
    return [an_event(kind, "x", at, ago(minutes=minutes), data) for at, (minutes, kind, data) in enumerate(said)]


def day_changes() -> list[Change]:
    """The change log of the day: new customers, shipped orders, moved prices."""
    at = ago(hours=2)
    added = ChangeKind.ADDED
    found = [Change(n, at, "r", "customers", "agente01", str(53120 - n), added, None, None, None, None) for n in (1, 2)]
    found += [Change(n, at, "r", "ddt", "agente01", str(53120 - n), added, None, None, None, None) for n in (5, 6, 9)]
    prices = ((1250, 1380, 1040), (49900, 45900, -802))
    found += [
        Change(
            20 + n, at, "r", "prices", "", "p", ChangeKind.CHANGED, "unit_price", before, after, part, ARTICLES[n]
        )
        for n, (before, after, part) in enumerate(prices)
    ]  # fmt: skip
    return found


class Endpoint:
    """The endpoint as far as pictures need it; the pairing itself is the real one."""

    url = "http://127.0.0.1:47801"

    def __init__(self, folder: Path, world: World) -> None:
        self.pairing = Pairing(PairingStore(folder / "pages.json", clock=world.clock), clock=world.clock)
        self.pairing.store.add("Ordini Web", "https://shop.example.test", [Access.SESSIONS], "agente01")


# ------------------------------------------------------------------------------------------------------- states


def refused() -> Status:
    """One list's read was refused."""
    item = account_type(
        "orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=SHRINK, last_run_id="orders-0",
        freshness=Freshness.LATE, last_run_time=ago(minutes=43), last_attempt=ago(minutes=3), expected=None,
    )  # fmt: skip
    return with_type(calm(), item)


def held() -> Status:
    """Paused by the operator an hour ago; what is due waits."""
    status = calm(hold_since=ago(minutes=65), explanation=Explanation(NOW, Reason.HOLD, {}, ()))
    for name, minutes in (("orders", 74), ("customers", 96), ("ddt", 68), ("prices", 91)):
        item = account_type(
            name, state=SyncState.WAITING, reason=Reason.HOLD, last_run_time=ago(minutes=minutes), expected=None
        )
        status = with_type(status, item)
    return status


def silent() -> Status:
    """The ERP has not answered for a while."""
    status = calm()
    for name in ("orders", "customers", "invoices"):
        item = account_type(
            name, state=SyncState.BACKING_OFF, reason=Reason.BACK_OFF, last_outcome=Outcome.FAILED, last_error=SLOW,
            failures_in_a_row=4, freshness=Freshness.LATE, last_run_time=ago(hours=1, minutes=52),
            last_attempt=ago(minutes=2),
        )  # fmt: skip
        status = with_type(status, item)
    return status


def wrong_password() -> Status:
    """The ERP refused the password of the only account."""
    status = calm(accounts=(AccountStatus("agente01", True, True, PASSWORD, 2, 15),))
    for name in SIZES:
        item = account_type(
            name, state=SyncState.STOPPED, reason=Reason.ACCOUNT_STOPPED, last_outcome=Outcome.FAILED,
            last_error=PASSWORD, failures_in_a_row=1, freshness=Freshness.LATE, last_run_time=ago(hours=5),
        )  # fmt: skip
        status = with_type(status, item)
    return status


def never() -> Status:
    """The first minutes: nothing was read yet."""
    status = calm(accounts=(AccountStatus("agente01", True, True, None, 0, 15),))
    for name in SIZES:
        item = account_type(
            name, freshness=Freshness.NEVER, last_run_time=None, all_as_of=None, last_attempt=None, last_outcome=None,
            rows=None, added=None, changed=None, gone=None, last_run_id=None,
        )  # fmt: skip
        status = with_type(status, item)
    return status


def several() -> Status:
    """Two accounts; the second one's customers are late."""
    accounts = tuple(AccountStatus(name, True, True, None, 2, 15) for name in ("agente01", "agente02"))
    status = calm(accounts=accounts)
    for name in ("orders", "customers", "ddt", "invoices"):
        second = account_type(name, "agente02", last_run_time=ago(minutes=31), rows=388)
        if name == "customers":
            second = dataclasses.replace(
                second, freshness=Freshness.LATE, last_run_time=ago(hours=1, minutes=20), unclean_in_a_row=2
            )
        parts = (second, account_type(name)) if name == "customers" else (account_type(name), second)
        status = dataclasses.replace(status, statuses={**status.statuses, name: type_status(name, *parts)})
    return status


def five() -> Status:
    """Five accounts; two have no password, one list of a third is late."""
    missing = ErrorInfo("password-missing", FailureKind.CREDENTIALS, "no password")
    names = [f"agente{at:02}" for at in range(1, 6)]
    accounts = tuple(
        AccountStatus(name, True, at == 0, missing if at > 2 else None, 2, 15) for at, name in enumerate(names)
    )
    status = calm(accounts=accounts)
    for name in ("orders", "customers", "ddt", "invoices"):
        parts = [account_type(name, account, last_run_time=ago(minutes=9 + at)) for at, account in enumerate(names)]
        for at in (3, 4):
            parts[at] = dataclasses.replace(
                parts[at], state=SyncState.STOPPED, reason=Reason.ACCOUNT_STOPPED, last_error=missing,
                freshness=Freshness.NEVER, last_run_time=None, expected=None,
            )  # fmt: skip
        status = dataclasses.replace(status, statuses={**status.statuses, name: type_status(name, *parts)})
    return status


def nobody() -> Status:
    """No account yet."""
    statuses = {name: dataclasses.replace(type_status(name), accounts=()) for name in SIZES}
    explanation = Explanation(NOW, Reason.NO_ACCOUNT, {}, ())
    return calm(accounts=(), statuses=statuses, explanation=explanation)


# ------------------------------------------------------------------------------------------------------- scenes


async def settled() -> None:
    """Wait until the answers of the fakes have arrived and widgets have their sizes."""
    for _ in range(4):
        await asyncio.sleep(0.02)
        QApplication.sendPostedEvents()


async def _nothing(*_: object) -> None:
    """An action that does nothing."""


def screenshot(folder: Path) -> str:
    """A picture of an invented ERP page."""
    image = QImage(1280, 800, QImage.Format.Format_RGB32)
    image.fill(QColor("#dfe7ef"))
    for at in range(1, 20):
        for x in range(20, 1260):
            image.setPixelColor(x, at * 40, QColor("#9fb2c4"))
    path = folder / "page.png"
    assert image.save(str(path))
    return str(path)


class Stage:
    """A panel on invented data, and the steps to each scene."""

    def __init__(self, panel: Panel, world: World, endpoint: Endpoint, folder: Path) -> None:
        self.panel, self.world, self.endpoint, self.folder = panel, world, endpoint, folder

    @classmethod
    async def set(
        cls,
        make_panel: MakePanel,
        world: World,
        folder: Path,
        language: str = "it",
        appearance: str = "light",
        size: tuple[int, int] = (1280, 800),
    ) -> Stage:
        """Open a window of this size with an office's data."""
        world.store = OfficeStore()
        world.orchestrator.status = calm()
        endpoint = Endpoint(folder, world)
        (folder / "archisync.log").write_text("2026-03-10 13:17 WARNING invoices-0: no answer\n", encoding="utf-8")

        async def tested(*_: object) -> LoginTest:
            return LoginTest(True, "ok")

        panel = await make_panel(
            language,
            appearance,
            entities=ENTITIES,
            endpoint=endpoint,
            data_folder=folder,
            log_file=folder / "archisync.log",
            faults=(Fault("slow", "ERP lento", "slow ERP", _nothing),),
            accept_read=_nothing,
            rekey=_nothing,
            clear_and_read=_nothing,
            backup=_nothing,
            test_login=tested,
        )
        panel.window.resize(*size)
        await settled()
        return cls(panel, world, endpoint, folder)

    async def become(self, status: Status) -> QWidget:
        """Show the overview with that status."""
        self.world.orchestrator.become(status)
        self.panel.window.go("overview")
        await settled()
        return self.panel.window

    async def states(self) -> AsyncIterator[tuple[str, QWidget]]:
        """The overview in every state."""
        window = self.panel.window
        table = window.page("overview").table  # type: ignore[attr-defined]
        running = dataclasses.replace(busy(), sessions=(), session_count=0, queue=())
        for name, status in (
            ("idle", calm()),
            ("running", running),
            ("session", busy()),
            ("hold", held()),
            ("refused", refused()),
            ("silent", silent()),
            ("password", wrong_password()),
            ("never", never()),
            ("no-account", nobody()),
            ("five", five()),
        ):
            yield f"overview-{name}", await self.become(status)
        await self.become(several())
        for name in ("customers", "orders"):
            table.model().toggle(name)
        await settled()
        yield "overview-accounts", window
        for name in ("customers", "orders"):
            table.model().toggle(name)
        self.endpoint.pairing.ask(self.endpoint.url, "Ordini", [Access.SESSIONS], own=True)
        await self.become(busy())
        self.panel.context.say("Example: a sentence about what was refused, as long as such sentences are.", "bad")
        await settled()
        yield "overview-notice", window
        window.notice.dismiss()
        self.endpoint.pairing.refuse(self.endpoint.pairing.pending()[0].id)

    async def pages(self) -> AsyncIterator[tuple[str, QWidget]]:
        """All other pages, each in its different states."""
        panel, window = self.panel, self.panel.window
        await self.become(busy())
        history: Any = window.go("history")
        history.focus_on("timeline")
        await settled()
        yield "history", window
        history.band.spans[1].click()
        await settled()
        yield "history-day", window
        history.band.unfold.click()
        await settled()
        yield "history-folded", window
        history.charts_button.setChecked(True)
        await settled()
        yield "history-charts", window
        history.charts_button.setChecked(False)
        history.outcome.setCurrentIndex(history.outcome.findData(Outcome.INTERRUPTED))
        history.period.setCurrentIndex(history.period.count() - 1)
        await settled()
        yield "history-empty", window
        history.outcome.setCurrentIndex(0)
        history.period.setCurrentIndex(0)
        data: Any = window.go("data")
        await settled()
        yield "data", window
        data.lists.choose("customers")
        await settled()
        data.table.selectRow(2)
        await settled()
        yield "data-row", window
        for name in ("street", "pec", "delivery_mode"):
            data._show_column("customers", name, True)
        data.table.horizontalScrollBar().setValue(160)
        await settled()
        yield "data-frozen", window
        for name in ("street", "pec", "delivery_mode"):
            data._show_column("customers", name, False)
        panel.open("record", ("customers", "agente01", "53118"))
        await settled()
        yield "data-record", window
        window.record_sheet().close_sheet()
        store = self.world.store
        assert isinstance(store, OfficeStore)
        store.many = 100_000
        data.read()
        await settled()
        yield "data-100000", window
        store.many = 0
        data.search.setText("nothing has this")
        data.read()
        await settled()
        yield "data-empty", window
        data.search.clear()
        columns = ("invoice_number", "billing_name", "remaining_amount", "due_date")
        data.own_views.put(
            OwnView("Ferramenta, da sollecitare", "invoices", "unpaid", "fer", "", "due_date", False, columns)
        )
        data.bar.own["Ferramenta, da sollecitare"].click()
        await settled()
        yield "data-own-view", window
        data.own_views.remove("Ferramenta, da sollecitare")
        data.lists.choose("customers")
        await settled()
        await self.become(several())
        window.go("data")
        data.account.setCurrentIndex(data.account.findData(""))
        await settled()
        yield "data-all-accounts", window
        await self.become(busy())
        summary: Any = window.go("summary")
        await settled()
        yield "summary", window
        summary.choose("week")
        await settled()
        yield "summary-week", window
        for level, text in (
            (logging.INFO, "orders: page 3 of 16, 300 rows"),
            (logging.WARNING, "orders: page 4 of 16 was asked for again"),
            (logging.INFO, "customers: read of 1512 rows took 42.1 s"),
        ):
            logging.getLogger("archisync_gui.syncs").log(level, text)
        settings: Any = window.go("settings")
        for at, name in enumerate(("erp", "sync", "session", "endpoint", "notify", "look", "data", "assistance")):
            settings.groups.setCurrentRow(at)
            await settled()
            yield f"settings-{name}", window
        panel.window.go("overview")

    async def dialogs(self) -> AsyncIterator[tuple[str, QDialog]]:
        """All dialogs, each in its different states."""
        panel, store = self.panel, self.world.store
        await self.become(busy())
        for name in ("why", "sessions", "diagnostics", "about", "one-customer"):
            yield name, await self._opened(name)
            await self._close(name)
        async for name, dialog in self._office():
            yield name, dialog
        async for name, dialog in self._runs(store):
            yield name, dialog
        async for name, dialog in self._troubles():
            yield name, dialog
        self.endpoint.pairing.begin()
        pairing = await self._opened("pairing")
        self.endpoint.pairing.ask("https://crm.example.test", "CRM", [Access.SESSIONS], own=False)
        await settled()
        yield "pairing", pairing
        await self._close("pairing")
        first: Any = await self._opened("first-run")
        for at in range(first.stack.count()):
            first.stack.setCurrentIndex(at)
            first._show()
            await settled()
            yield f"first-run-{at + 1}", first
        await self._close("first-run")
        clear = ClearDialog(panel.context, "orders", "agente01", 1604, panel.window)
        clear.show()
        await settled()
        yield "clear", clear
        clear.close()
        asking = asyncio.get_running_loop().create_task(self._ask())
        await settled()
        box = panel.window.findChildren(Confirm)[-1]
        yield "confirm", box
        box.no.click()
        async with asyncio.timeout(60):
            await asking
        report = "ValueError: example\n  in archisync_gui/example.py, line 1"
        crash = panel.dialogs.show("crash", lambda: CrashDialog(report, panel.window))
        await settled()
        yield "crash", crash
        await self._close("crash")

    async def _office(self) -> AsyncIterator[tuple[str, QDialog]]:
        office = FakeOffice()
        self.panel.context.office = office
        for name, found in (("none", Found(NONE)), ("older", Found(LED, older=True))):
            office.found = found
            dialog: Any = await self._opened("office")
            dialog.address.setText(ADDRESS)
            dialog.check.click()
            await settled()
            yield f"office-{name}", dialog
            await self._close("office")
        office.address = ADDRESS
        yield "office-member", await self._opened("office")
        await self._close("office")

    async def _ask(self) -> None:
        await confirm_loss(self.panel.window, "Quit all the same?", "What was read is thrown away.", "&Quit", "&Stay")

    async def _runs(self, store: FakeStore) -> AsyncIterator[tuple[str, QDialog]]:
        failed = next(r for r in store.all_runs if r.error is not None)
        assert failed.error is not None
        error = dataclasses.replace(failed.error, screenshot=screenshot(self.folder))
        failed = dataclasses.replace(failed, error=error, warnings=("unclean-pause?list=invoices",))
        store.all_runs = tuple(failed if r.id == failed.id else r for r in store.all_runs)
        dialog: Any = await self._opened("run", failed.id)
        for at in range(dialog.tabs.count()):
            dialog.tabs.setCurrentIndex(at)
            await settled()
            yield f"run-{at + 1}", dialog
        await self._close("run")
        yield "run-good", await self._opened("run", "orders-3")
        await self._close("run")

    async def _troubles(self) -> AsyncIterator[tuple[str, QDialog]]:
        unclean = account_type("prices", unclean_in_a_row=3)
        troubles = (
            ("trouble-refused", refused(), "orders"),
            ("trouble-password", wrong_password(), "orders"),
            ("trouble-unclean", with_type(calm(), unclean), "prices"),
        )
        for name, status, type in troubles:
            await self.become(status)
            dialog = await self._opened("trouble", status.statuses[type].accounts[0])
            yield name, dialog
            if name == "trouble-refused":
                dialog.findChildren(QComboBox)[0].setCurrentIndex(1)
                await settled()
                yield "trouble-by-customer", dialog
            await self._close("trouble")
        await self.become(busy())

    async def _opened(self, name: str, what: object = None) -> QDialog:
        self.panel.open(name, what)
        await settled()
        return self._dialog(name)

    def _dialog(self, name: str) -> QDialog:
        return next(d for key, d in self.panel.dialogs.open_now.items() if key.split(":")[0] == name)

    async def _close(self, name: str) -> None:
        self._dialog(name).close()
        await settled()

    async def all(self) -> AsyncIterator[tuple[str, QWidget]]:
        """All scenes."""
        async for name, widget in self.states():
            yield name, widget
        async for name, widget in self.pages():
            yield name, widget
        async for name, dialog in self.dialogs():
            yield name, dialog
