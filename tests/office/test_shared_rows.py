"""Paired pages and watched records are shared by all computers of an office, also after an outage, damage and
leaving."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import aiohttp
import pytest
from members import Proxy, made_member
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from remote_rig import make_office

from archisync_gui.app import joining, opening
from archisync_gui.app.core import Core
from archisync_gui.app.desktop import _lives
from archisync_gui.app.life import Life
from archisync_gui.app.member import OfficeMember
from archisync_gui.app.panel_services import endpoint_of
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.app.taking_part import taking_part
from archisync_gui.drafts import Drafts
from archisync_gui.endpoint.paired_pages import FILE, Access, PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import Json, SystemClock
from archisync_gui.office import shared_rows
from archisync_gui.office.membership import Membership
from archisync_gui.office.shared_rows import PAGES, WATCHES, Shared, SharedRows
from archisync_gui.office.shared_settings import change_shared, read_from
from archisync_gui.settings import load_settings
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.watches import Watch, Watches
from archisync_gui.ui.shell.window import MainWindow
from tests.support.ports import free_port
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

SCOPES = [Access.SESSIONS, Access.WATCH]
CUSTOMER = Watch("customers", "agente01", "50120", "De Rossi", "55012")
PAID = Watch("orders", "agente01", "905", "ORD/26-005", "ORD/26-005")
INVOICED = Watch("orders", "agente01", "904", "ORD/26-004", "ORD/26-004")
ORDER = Watch("orders", "agente01", "903", "ORD/26-003", "ORD/26-003")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rows, "AGAIN", 0.1)


@dataclass
class Computer:
    """A member with its endpoint and its watches, opened as in the panel."""

    member: OfficeMember
    endpoint: Endpoint
    watches: Watches
    client: aiohttp.ClientSession

    async def lets_in(self, token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.get(f"{self.endpoint.url}/api/sync/status", headers=headers) as answer:
            assert answer.status in (200, 401)
            return answer.status == 200

    def names(self) -> set[str]:
        return {watch.name for watch in self.watches.all}

    def pages(self) -> set[str]:
        return {page.name for page in self.endpoint.pairing.store.pages()}

    def pair(self, name: str, *, own: bool = False) -> str:
        _, token = self.endpoint.pairing.store.add(name, None, SCOPES, None, own=own)
        self.endpoint.pairing._changed()
        return token


def made(folder: Path, server: Server) -> Profile:
    profile = open_profile(str(folder), demo=False)
    made_member(profile, server, {"erp.url": "https://erp.example.test", "endpoint.port": free_port()})
    return profile


@asynccontextmanager
async def computer(profile: Profile, server: Server, *, may_lead: bool = False) -> AsyncIterator[Computer]:
    async with AsyncExitStack() as stack:
        member = await stack.enter_async_context(
            taking_part(profile, None, Membership(server.url, may_lead=may_lead), server)
        )
        drafts = await Drafts.open(profile.folder, clock=SystemClock())
        stack.push_async_callback(drafts.close)
        endpoint = endpoint_of(member, drafts)
        await endpoint.start()
        stack.push_async_callback(endpoint.stop)
        context = Context()
        context.memory = QSettings(str(profile.folder / "window.ini"), QSettings.Format.IniFormat)
        stack.callback(context.deleteLater)
        watches = Watches(context)
        watches.shared = True
        pages, watched = member.share(PAGES, endpoint.pairing), member.share(WATCHES, watches)
        stack.callback(endpoint.pairing.subscribe(pages.changed_here))
        watches.changed.connect(watched.changed_here)
        client = await stack.enter_async_context(aiohttp.ClientSession())
        yield Computer(member, endpoint, watches, client)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as found:
        yield found


async def test_pages_and_watches_of_one_computer_are_shared_with_all(
    office: Server, tmp_path: Path, stack: AsyncExitStack
) -> None:
    await make_office(office, tmp_path / "made")
    one = await stack.enter_async_context(computer(made(tmp_path / "one", office), office))
    two = await stack.enter_async_context(computer(made(tmp_path / "two", office), office))
    token = one.pair("Gestionale")
    own = one.pair("Archisync", own=True)
    one.watches.add(CUSTOMER)
    await until(lambda: two.pages() and two.names())
    assert await two.lets_in(token)
    assert two.endpoint.pairing.store.pages()[0].scopes == frozenset(SCOPES)
    assert one.endpoint.pairing.store.find(own) is not None
    assert two.endpoint.pairing.store.find(own) is None  # a tab of our own form belongs to its computer
    # Both are removed on the other computer.
    (page,) = two.endpoint.pairing.store.pages()
    assert two.endpoint.pairing.revoke(page.id)
    two.watches.remove(CUSTOMER.target)
    await until(lambda: not one.pages() and not one.names())
    assert not await one.lets_in(token)
    # A record can be watched again; of two changes of one row the office keeps one.
    one.watches.add(CUSTOMER)
    two.watches.add(ORDER)
    await until(lambda: one.names() == two.names() == {"De Rossi", "ORD/26-003"})
    one.watches.remove(ORDER.target)
    two.watches.remove(ORDER.target)
    await until(lambda: one.names() == two.names() == {"De Rossi"})
    await until(lambda: not one.watches.rows()[1] and not two.watches.rows()[1])


class Rows:
    """The shared rows of one computer, in memory."""

    def __init__(self) -> None:
        self.have: dict[str, Json] = {}
        self.untold: set[str] = set()
        self.taken: list[dict[str, Json]] = []

    def put(self, key: str, value: Json) -> None:
        """Change a row on this computer; ``None`` removes it."""
        self.have[key] = value
        self.untold.add(key)

    def rows(self) -> tuple[dict[str, Json], set[str]]:
        return {key: value for key, value in self.have.items() if value is not None}, set(self.untold)

    def take(self, rows: Mapping[str, Json]) -> None:
        self.taken.append(dict(rows))
        self.have.update(rows)

    def told(self, keys: Collection[str]) -> None:
        self.untold -= set(keys)


@asynccontextmanager
async def kept_equal(
    office: Server, meanwhile: Callable[[SharedRows, str], Awaitable[None]]
) -> AsyncIterator[tuple[Rows, SharedRows]]:
    """The rows of a computer "one". ``meanwhile`` is called after the server has done a "change" or "read", and before
    its answer arrives."""
    rows = Rows()

    async def change(changes: Mapping[str, Json], known: Shared) -> Shared:
        try:
            return await asyncio.to_thread(change_shared, office, "one", changes, known)
        finally:
            await meanwhile(shared, "change")

    async def read() -> Shared:
        found = await asyncio.to_thread(read_from, office)
        await meanwhile(shared, "read")
        return found

    shared = SharedRows("row.", rows, change=change, read=read)
    try:
        yield rows, shared
    finally:
        await shared.close()


async def of_another(office: Server, key: str, value: Json) -> Shared:
    """Another computer changes a row; returns the news after that."""
    known = await asyncio.to_thread(read_from, office)
    return await asyncio.to_thread(change_shared, office, "two", {f"row.{key}": value}, known)


async def test_news_that_arrive_before_the_answer_to_a_change_are_not_lost(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    met: list[str] = []

    async def meanwhile(shared: SharedRows, asked: str) -> None:
        if not met:
            met.append(asked)
            shared.heard(await of_another(office, "other", "theirs"))

    async with kept_equal(office, meanwhile) as (rows, shared):
        shared.heard(await asyncio.to_thread(read_from, office))
        rows.put("own", "mine")
        shared.changed_here()
        await until(lambda: rows.have == {"own": "mine", "other": "theirs"} and not rows.untold)
    assert met == ["change"]
    found = await asyncio.to_thread(read_from, office)
    assert (found["row.own"].value, found["row.other"].value) == ("mine", "theirs")


async def test_news_from_before_a_change_do_not_undo_it(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    before = await of_another(office, "page", "let in")
    read: list[str] = []

    async def meanwhile(shared: SharedRows, asked: str) -> None:
        read.append(asked)

    async with kept_equal(office, meanwhile) as (rows, shared):
        shared.heard(before)
        await until(lambda: rows.have == {"page": "let in"})
        rows.put("page", None)
        shared.changed_here()
        await until(lambda: not rows.untold)
        rows.taken.clear()
        shared.heard(before)
        await until(lambda: read == ["change", "read"])
        shared.heard(await of_another(office, "last", "row"))
        await until(lambda: rows.have == {"page": None, "last": "row"})
    assert rows.taken == [{"last": "row"}]


async def cut_off(office: Server, folder: Path, stack: AsyncExitStack) -> tuple[Proxy, Server, Profile, Computer]:
    """An office, the profile of a computer that connects through a proxy, and a second computer that runs."""
    await make_office(office, folder / "made")
    proxy = Proxy(office)
    behind = await stack.enter_async_context(proxy)
    profile = made(folder / "one", behind)
    return proxy, behind, profile, await stack.enter_async_context(computer(made(folder / "two", office), office))


async def test_an_outage_loses_nothing(office: Server, tmp_path: Path, stack: AsyncExitStack) -> None:
    proxy, behind, profile, two = await cut_off(office, tmp_path, stack)
    gone = two.pair("Vecchio")
    two.watches.add(ORDER)
    async with computer(profile, behind) as one:
        await until(lambda: one.pages() == {"Vecchio"} and one.names() == {"ORD/26-003"})
        proxy.set("cut")
        new = one.pair("Gestionale")
        assert one.endpoint.pairing.revoke(one.endpoint.pairing.store.pages()[0].id)
        one.watches.add(CUSTOMER)
        one.watches.remove(ORDER.target)
        assert not await one.lets_in(gone)
        assert await one.lets_in(new)
        # Meanwhile the other computer changes another row and the same one.
        two.watches.add(ORDER)
        other = two.pair("Magazzino")
    # The first one ends before the server is back: its changes are sent at its next start.
    assert await two.lets_in(gone)
    proxy.set("open")
    one = await stack.enter_async_context(computer(profile, behind))
    await until(lambda: one.pages() == two.pages() == {"Gestionale", "Magazzino"})
    await until(lambda: one.names() == two.names() == {"De Rossi"})
    assert await two.lets_in(new)
    assert await one.lets_in(other)
    assert not await two.lets_in(gone)


async def test_rows_from_before_joining_are_copied_to_the_office_and_back_at_leaving(
    office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(joining.PASSWORD, office.password)
    profile = open_profile(str(tmp_path / "one"), demo=False)
    before = PairingStore(profile.folder / FILE, clock=SystemClock())
    page, token = before.add("Gestionale", "https://crm.example.test", SCOPES, "agente01")
    memory = QSettings(str(profile.folder / "window.ini"), QSettings.Format.IniFormat)
    memory.setValue("watches", json.dumps([asdict(CUSTOMER)]))
    memory.sync()
    await joining.create(profile, office)
    await joining.join(profile, office, may_lead=False, upgrade=False)
    async with computer(profile, office):
        two = await stack.enter_async_context(computer(made(tmp_path / "two", office), office))
        await until(lambda: two.pages() == {"Gestionale"} and two.names() == {"De Rossi"})
        found = two.endpoint.pairing.store.find(token)
        assert found is not None
        assert (found.id, found.origin, found.account) == (page.id, "https://crm.example.test", "agente01")
    # While this computer is off the others change rows; leaving takes the office's present rows.
    late = two.pair("Magazzino")
    assert two.endpoint.pairing.revoke(page.id)
    await until(lambda: not two.endpoint.pairing.rows()[1])
    await until(lambda: len(read_from(office)) >= 2 and _told(office, "Magazzino"))
    await joining.leave(profile, copy=True)
    after = PairingStore(profile.folder / FILE, clock=SystemClock())
    assert after.find(late) is not None
    assert after.find(token) is None


def _told(server: Server, name: str) -> bool:
    values = [one.value for key, one in read_from(server).items() if key.startswith(PAGES)]
    return any(isinstance(value, dict) and value["name"] == name for value in values) and None in values


async def test_damaged_rows_admit_no_page_and_do_not_stop_the_program(
    office: Server, tmp_path: Path, stack: AsyncExitStack, expected_errors: Callable[..., object]
) -> None:
    expected_errors(r"archisync_gui\.endpoint\.paired_pages: .*unreadable")
    await make_office(office, tmp_path / "made")
    profile = made(tmp_path / "one", office)
    async with computer(profile, office) as one:
        token = one.pair("Gestionale")
        one.watches.add(CUSTOMER)
        await until(lambda: len([key for key in read_from(office) if key.startswith((PAGES, WATCHES))]) == 2)
    # This computer's file is damaged; the office has the pages.
    (profile.folder / FILE).write_text("{", "utf-8")
    await asyncio.to_thread(
        change_shared,
        office,
        "PC-9",
        {
            f"{PAGES}{'ab' * 32}": {"id": "x", "name": "all", "origin": 5, "scopes": ["operate"], "account": None},
            f"{PAGES}nothing": {"id": "y"},
            f"{PAGES}{'cd' * 32}": [1],
            f"{WATCHES}nothing": {"list": "orders"},
        },
        {},
    )
    with office.connect("tests", autocommit=True) as connection:
        connection.execute(
            "INSERT INTO settings (key, value, version, computer) VALUES ('page.ef', '{', 1, 'PC-9'), "
            "('sync.daily', 'tru', 1, 'PC-9') ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        )
    one = await stack.enter_async_context(computer(profile, office))
    await until(lambda: one.pages() == {"Gestionale"})
    assert await one.lets_in(token)
    two = await stack.enter_async_context(computer(made(tmp_path / "two", office), office))
    await until(lambda: two.pages() == {"Gestionale"} and two.names() == {"De Rossi"})
    two.watches.add(ORDER)
    await until(lambda: one.names() == {"De Rossi", "ORD/26-003"})


async def test_a_row_damaged_in_the_office_is_restored_by_a_computer_that_has_it(
    office: Server, tmp_path: Path, stack: AsyncExitStack
) -> None:
    await make_office(office, tmp_path / "made")
    profile = made(tmp_path / "one", office)
    async with computer(profile, office) as one:
        token = one.pair("Gestionale")
        one.watches.add(CUSTOMER)
        await until(lambda: len([key for key in read_from(office) if key.startswith((PAGES, WATCHES))]) == 2)
        daily = one.member.settings["sync.daily"]
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE settings SET value = '{' WHERE key ~ '^(page|watch|sync[.]daily)'")
    two = await stack.enter_async_context(computer(made(tmp_path / "two", office), office))
    assert (two.pages(), two.names()) == (set(), set())
    one = await stack.enter_async_context(computer(profile, office))
    await until(lambda: two.pages() == {"Gestionale"} and two.names() == {"De Rossi"})
    assert await one.lets_in(token)
    assert await two.lets_in(token)
    # A setting has no owner: each computer keeps its value, and the next change repairs the row.
    assert one.member.settings["sync.daily"] == daily
    await one.member.apply_settings({"sync.daily": not daily})
    await until(lambda: two.member.settings["sync.daily"] is not daily)


async def revoked_in_an_outage(
    office: Server, folder: Path, stack: AsyncExitStack
) -> tuple[Proxy, Server, Profile, Computer, str]:
    """As :func:`cut_off`, with the token of a page of the second computer. The first computer has revoked that page
    during the outage, and has ended."""
    proxy, behind, profile, two = await cut_off(office, folder, stack)
    token = two.pair("Gestionale")
    async with computer(profile, behind) as one:
        await until(lambda: one.pages() == {"Gestionale"})
        proxy.set("cut")
        assert one.endpoint.pairing.revoke(one.endpoint.pairing.store.pages()[0].id)
    return proxy, behind, profile, two, token


async def test_a_page_revoked_in_an_outage_stays_revoked_after_leaving(
    office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(joining.PASSWORD, office.password)
    proxy, _, profile, two, token = await revoked_in_an_outage(office, tmp_path, stack)
    proxy.set("open")
    await joining.leave(profile, copy=True)
    assert PairingStore(profile.folder / FILE, clock=SystemClock()).find(token) is None
    await until(lambda: not two.pages())
    assert not await two.lets_in(token)


@pytest.mark.parametrize("copy", [True, False])
async def test_a_page_revoked_after_leaving_stays_revoked_after_joining_again(
    office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, copy: bool
) -> None:
    monkeypatch.setenv(joining.PASSWORD, office.password)
    await make_office(office, tmp_path / "made")
    two = await stack.enter_async_context(computer(made(tmp_path / "two", office), office))
    tokens = {name: two.pair(name) for name in ("Gestionale", "Magazzino", "Negozio")}
    profile = made(tmp_path / "one", office)
    async with computer(profile, office) as one:
        await until(lambda: one.pages() == {*tokens})
    await joining.leave(profile, copy=copy)
    # As a single computer it revokes one page and uses another; the office revokes a third.
    alone = PairingStore(profile.folder / FILE, clock=SystemClock())
    (gone,) = [page.id for page in alone.pages() if page.name == "Gestionale"]
    assert alone.revoke(gone)
    alone.add("Nuovo", None, SCOPES, None)
    (gone,) = [page.id for page in two.endpoint.pairing.store.pages() if page.name == "Negozio"]
    assert two.endpoint.pairing.revoke(gone)
    await until(lambda: not two.endpoint.pairing.rows()[1])
    await joining.join(profile, office, may_lead=False, upgrade=False)
    one = await stack.enter_async_context(computer(profile, office))
    await until(lambda: one.pages() == two.pages() == {"Magazzino", "Nuovo"})
    for each in (one, two):
        assert [await each.lets_in(token) for token in tokens.values()] == [False, True, False]
    assert not one.endpoint.pairing.rows()[1]


async def test_a_page_revoked_in_an_outage_stays_revoked_after_leaving_without_the_server(
    office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(joining.PASSWORD, office.password)
    proxy, behind, profile, two, token = await revoked_in_an_outage(office, tmp_path, stack)
    await joining.leave(profile, copy=False)
    PairingStore(profile.folder / FILE, clock=SystemClock()).add("Nuovo", None, SCOPES, None)  # writes the file
    proxy.set("open")
    await joining.join(profile, behind, may_lead=False, upgrade=False)
    one = await stack.enter_async_context(computer(profile, behind))
    await until(lambda: one.pages() == two.pages() == {"Nuovo"})
    assert not await one.lets_in(token)
    assert not await two.lets_in(token)


@pytest.mark.qasync
async def test_a_page_revoked_in_the_office_is_never_admitted_by_a_starting_panel(
    qapp: QApplication, office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page calls as soon as the endpoint answers; the computer was off when the page was revoked, and has changes
    of its own to send."""
    monkeypatch.setenv(joining.PASSWORD, office.password)
    await make_office(office, tmp_path / "made")
    profile = made(tmp_path / "one", office)
    alone = PairingStore(profile.folder / FILE, clock=SystemClock())
    page, token = alone.add("Gestionale", None, SCOPES, None)
    alone.add("Nuovo", None, SCOPES, None)
    digest = next(key for key, row in alone.rows()[0].items() if isinstance(row, dict) and row["id"] == page.id)
    await asyncio.to_thread(change_shared, office, "PC-9", {PAGES + digest: None}, {})
    answered: list[int] = []
    real = opening.served

    async def asked(endpoint: Endpoint) -> str:
        said = await real(endpoint)
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{endpoint.url}/api/sync/status", headers={"Authorization": f"Bearer {token}"}) as answer,
        ):
            answered.append(answer.status)
        return said

    monkeypatch.setattr(opening, "served", asked)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    stop = asyncio.Event()
    living = asyncio.ensure_future(_lives(qapp, Life(profile, None, stop), hidden=True))
    stack.push_async_callback(asyncio.gather, living, return_exceptions=True)
    stack.callback(stop.set)
    await until(lambda: answered, 120.0)
    assert answered == [401]
    stop.set()
    assert await living == 0


@pytest.mark.qasync
async def test_leaving_takes_the_changes_of_the_other_computers(
    qapp: QApplication, office: Server, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(joining.PASSWORD, office.password)
    proxy, behind, profile, two = await cut_off(office, tmp_path, stack)
    two.watches.add(ORDER)
    two.watches.add(PAID)
    async with computer(profile, behind) as one:
        await until(lambda: one.names() == {ORDER.name, PAID.name})
        proxy.set("cut")
        one.watches.add(INVOICED)  # never sent to the office
        one.watches.remove(PAID.target)  # nor is this
    # While this computer is off, another one reads and changes the office's rows.
    async with computer(made(tmp_path / "three", office), office, may_lead=True) as three:
        await until(lambda: three.member.core is not None)
        three.member.orchestrator.hold()
        await three.member.set_intervals({"orders": 25})
        await three.member.apply_settings({"session.quiet": 7, "erp.accounts": ["agente01", "agente02"]})
        three.watches.add(CUSTOMER)
        three.watches.remove(ORDER.target)
        token = three.pair("Magazzino")
        await until(lambda: two.names() == {CUSTOMER.name, PAID.name} and two.pages() == {"Magazzino"})
        await until(lambda: three.member.orchestrator.get_status().hold_since is not None)
        await until(lambda: two.member.orchestrator.get_status().hold_since is not None)
    proxy.set("open")
    await joining.leave(profile, copy=True)
    assert PairingStore(profile.folder / FILE, clock=SystemClock()).find(token) is not None
    settings = load_settings(profile.settings_file).settings
    assert (settings.number("sync.orders.interval"), settings.number("session.quiet")) == (25, 7)
    assert settings.words("erp.accounts") == ("agente01", "agente02")
    assert settings.number("endpoint.port") == one.member.settings.number("endpoint.port")
    # After the panel's next start it has all of them, and the record watched only here.
    found: list[tuple[set[str], bool]] = []

    async def until_over(self: Life, core: Core) -> None:
        (window,) = [top for top in qapp.topLevelWidgets() if isinstance(top, MainWindow)]
        names = {watch.name for watch in window.watches().all}
        found.append((names, core.orchestrator.get_status().hold_since is not None))

    monkeypatch.setattr(Life, "_until_over", until_over)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    for _ in range(2):  # copied only once: a row that is removed afterwards stays removed
        assert await _lives(qapp, Life(profile, None, asyncio.Event()), hidden=True) == 0
        memory = QSettings(str(profile.folder / "window.ini"), QSettings.Format.IniFormat)
        memory.setValue("watches", json.dumps([asdict(INVOICED)]))
        memory.sync()
    assert found == [({CUSTOMER.name, INVOICED.name}, True), ({INVOICED.name}, True)]
