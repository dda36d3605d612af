"""Everyday use of the panel: closing, second starts, missed reads, passwords without a keyring, notifications."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from panel_fakes import (
    NOW,
    SILENT,
    FakeEndpoint,
    MakePanel,
    World,
    account_type,
    ago,
    calm,
    overview,
    run_record,
    with_type,
)
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox, QPushButton, QSystemTrayIcon

from archisync_gui.model import (
    ErrorInfo,
    EventKind,
    Explanation,
    FailureKind,
    Origin,
    Outcome,
    Progress,
    Reason,
    RunView,
    Scope,
    SyncFailure,
    SyncState,
)
from archisync_gui.store import StoredEvent, StoreError
from archisync_gui.ui.dialogs.clear import ClearDialog
from archisync_gui.ui.dialogs.first_run import FirstRun
from archisync_gui.ui.dialogs.trouble import TroubleDialog
from archisync_gui.ui.dialogs.why import WhyDialog
from archisync_gui.ui.live.context import problem
from archisync_gui.ui.live.services import LoginTest
from archisync_gui.ui.pages.history import STEP, WRONG, History
from archisync_gui.ui.pages.log import LogView
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.system.notify import Balloon
from archisync_gui.ui.text.activity import missed_lists
from archisync_gui.ui.widgets.dialog import Confirm
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.timeline_bars import Picture, miss_bars
from archisync_gui.ui.widgets.types_model import TypesModel
from tests.support.clock import settle
from tests.support.events import an_event, data_of
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Shown:
    """A way to show notifications that records them."""

    def __init__(self) -> None:
        self.shown: list[Message] = []

    async def ready(self, *_: object) -> Shown:
        """Used as the best way, at once."""
        return self

    async def show(self, message: Message) -> None:
        self.shown.append(message)

    async def close(self) -> None:
        """Nothing to close."""


# ---------------------------------------------------------------------------------------------- closing, second start


async def test_closing_can_be_set_to_quit_and_then_asks_like_quitting(make_panel: MakePanel, world: World) -> None:
    world.settings = world.settings.with_({"look.close_to_tray": False})
    panel = await make_panel()
    panel.window.close()
    await until(lambda: world.quits == 1)
    world.orchestrator.become(dataclasses.replace(calm(), session_count=1))
    await until(lambda: panel.context.status is not None and panel.context.status.session_count == 1)
    panel.window.close()
    await until(lambda: any(b.isVisible() for b in panel.window.findChildren(Confirm)))
    QTest.keyClick(panel.window.findChild(Confirm), Qt.Key.Key_Escape)
    await until(lambda: not panel._quitting)
    assert world.quits == 1


async def test_the_effect_of_closing_is_explained_once_with_the_setting_for_it(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel()
    panel.window.close()
    await until(lambda: world.settings.flag("look.tray_told"))
    panel.raise_window()
    panel.window.notice.press()
    page = panel.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    assert page.stack.currentIndex() == page.groups.currentRow()
    assert page.fields["look.close_to_tray"].control.isVisible()
    panel.window.close()
    await settle()
    assert panel.window.notice.text == ""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the system's browser was asked to open."""
    pages: list[str] = []

    class Browser:
        @staticmethod
        def openUrl(url: QUrl) -> bool:
            pages.append(url.toString())
            return True

    monkeypatch.setattr("archisync_gui.ui.live.context.QDesktopServices", Browser)
    return pages


FORM = "http://127.0.0.1:47801/order-form#code=once"


async def test_a_second_start_passes_its_arguments_on(make_panel: MakePanel, opened: list[str]) -> None:
    panel = await make_panel()
    panel.window.hide()
    panel.second_start(True, "")  # started at login, while the panel already runs
    assert not panel.window.isVisible()
    panel.second_start(False, "")
    assert panel.window.isVisible()
    panel.window.hide()
    panel.second_start(False, "history")
    assert panel.window.stack.currentWidget() is panel.window.page("history")
    assert panel.window.isVisible()
    panel.second_start(True, "order-form")
    assert opened == [FORM]
    panel.second_start(False, "why")
    await until(lambda: any(isinstance(d, WhyDialog) for d in panel.dialogs.open_now.values()))


async def test_the_order_form_opens_without_a_tray(make_panel: MakePanel, opened: list[str]) -> None:
    panel = await make_panel()
    panel.window.sidebar.form_button.click()
    panel.window.activateWindow()
    await until(panel.window.isActiveWindow)
    QTest.keyClick(panel.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert opened == [FORM, FORM]


async def test_without_an_endpoint_the_panel_shows_a_message(make_panel: MakePanel, opened: list[str]) -> None:
    class Silent(FakeEndpoint):
        url = ""

    panel = await make_panel(endpoint=Silent())
    panel.context.open_order_form()
    assert "local endpoint is not running" in panel.window.notice.text
    panel.window.notice.hide()
    panel.open("pairing")
    assert "local endpoint is not running" in panel.window.notice.text
    assert opened == []


async def test_a_tray_that_appeared_after_the_search_is_found_at_the_next_close(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await make_panel()
    panel.tray._check_timer.stop()  # the looks of the first two minutes are over
    shown: list[bool] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(panel.tray.icon, "show", lambda: shown.append(True))
    panel.window.close()
    assert shown == [True]


# ---------------------------------------------------------------------------------------------- missed reads


def miss(reason: Reason, count: int = 1, type: str = "orders", due: datetime = NOW) -> dict[str, Any]:
    return {
        "type": type,
        "account": "agente01",
        "due": due.isoformat(),
        "last": (due + timedelta(minutes=10 * (count - 1))).isoformat(),
        "count": count,
        "reason": reason.value,
    }


async def test_after_a_sleep_the_panel_shows_missed_reads_and_offers_to_read(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel()
    missed = [miss(Reason.ASLEEP, 48), miss(Reason.ASLEEP, 16, "ddt")]
    world.orchestrator.tell(EventKind.SCHEDULE_MISSED, {"missed": missed})
    await until(lambda: bool(panel.window.notice.text))
    assert panel.window.notice.text == "2 lists due meanwhile (the computer slept): each is read once."
    panel.window.notice.press()
    assert ("request_full", ()) in world.orchestrator.calls
    page = overview(panel)
    assert page.activity.index(0, 0).data() == "2 lists due meanwhile (the computer slept): each is read once"
    page._open_activity(page.activity.index(0, 0))
    history = panel.window.page("history")
    assert panel.window.stack.currentWidget() is history
    assert isinstance(history, History)
    assert history.band.timeline.isVisible()


async def test_a_read_missed_because_of_a_hold_is_in_the_timeline_without_a_notice(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel()
    world.orchestrator.tell(EventKind.SCHEDULE_MISSED, {"missed": [miss(Reason.HOLD)]})
    await until(lambda: bool(panel.past_runs.misses))
    assert panel.window.notice.text == ""
    assert overview(panel).activity.rowCount() == 0


async def test_misses_of_earlier_starts_are_read_from_the_stored_events(make_panel: MakePanel, world: World) -> None:
    kept = {"missed": [miss(Reason.NOT_RUNNING, 6, due=ago(hours=3))]}
    world.store.kept = [an_event(EventKind.SCHEDULE_MISSED, "before", 1, ago(hours=1), kept)]
    panel = await make_panel()
    await until(lambda: bool(panel.past_runs.misses))
    assert [(m.type, m.count, m.reason) for m in panel.past_runs.misses] == [("orders", 6, Reason.NOT_RUNNING)]


async def test_events_of_a_member_of_an_office_do_not_hide_stored_ones(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member adds events with the revision of the leader's last one, which was sent before the panel opened."""
    world.store.kept = [an_event(EventKind.SESSION_CLOSED, "b", 7, ago(minutes=1), {"reason": "operator"})]
    read, go_on = world.store.events, asyncio.Event()

    async def slowly(*args: Any, **kwargs: Any) -> tuple[StoredEvent, ...]:
        await go_on.wait()
        return await read(*args, **kwargs)

    monkeypatch.setattr(world.store, "events", slowly)
    panel = await make_panel()
    page = overview(panel)
    own = an_event(EventKind.OFFICE_CHANGED, "b", 7, NOW, {})
    page._happened([own])
    go_on.set()
    await until(lambda: page.activity.rowCount() > 0)
    assert "form" in page.activity.index(0, 0).data().lower()
    page._happened([own, *world.store.kept])  # later events come first, whatever their revision
    assert page.activity.rowCount() == 2


async def test_a_miss_is_a_cross_with_its_reason_that_opens_why_for_its_time(qapp: object) -> None:
    line = Timeline(interactive=True)
    line.resize(800, 300)
    due = ago(minutes=40)
    found = missed_lists(data_of(EventKind.SCHEDULE_MISSED, {"missed": [miss(Reason.HOLD, 3, due=due)]}))
    line.show_picture(Picture(("orders",), miss_bars(found), ((ago(hours=1), ago(minutes=50)),), NOW))
    bar = line._picture.bars[0]
    assert "due 3 times from" in bar.tip
    assert "Because: paused by you" in bar.tip
    asked: list[object] = []
    line.miss_clicked.connect(asked.append)
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=line._box(bar, line._scale()).center().toPoint())
    assert asked == [due]
    x = round(line._scale().x(ago(minutes=55)))
    assert line._session_at(QPoint(x, 20)).startswith("Order form open, ")
    assert line._session_at(QPoint(round(line._scale().x(ago(minutes=30))), 20)) == ""


async def test_why_is_requested_for_the_time_of_a_miss(make_panel: MakePanel, world: World) -> None:
    asked: list[datetime | None] = []

    async def explain(at: datetime | None = None) -> Explanation:
        asked.append(at)
        return Explanation(at or NOW, Reason.ASLEEP)

    panel = await make_panel()
    world.orchestrator.explain = explain  # type: ignore[method-assign]
    panel.open("why", ago(hours=2))
    await until(lambda: asked[-1:] == [ago(hours=2)])
    (dialog,) = (d for d in panel.dialogs.open_now.values() if isinstance(d, WhyDialog))
    await until(lambda: "The computer was asleep" in dialog.reason.text())
    assert dialog.at.dateTime().toSecsSinceEpoch() == int(ago(hours=2).timestamp())


async def test_a_missing_network_is_the_headline(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    world.orchestrator.become(dataclasses.replace(calm(), explanation=Explanation(NOW, Reason.OFFLINE)))
    await until(lambda: panel.window.header.title.text() == "The computer has no network")


# ---------------------------------------------------------------------------------------------- passwords, first run


async def test_without_a_keyring_the_password_is_not_shown_as_stored(make_panel: MakePanel, world: World) -> None:
    """The card shows the result of one action: whether the password is kept, and where."""
    given: dict[str, str] = {}
    places = {"anna": ""}

    async def no_ring(account: str, password: str) -> bool:
        await asyncio.sleep(0.05)  # as long as a keyring takes; the dialog is destroyed meanwhile
        given[account], places[account] = password, "memory"
        return False

    async def in_file(account: str) -> None:
        places[account] = "file"

    async def place(account: str) -> str:
        return places[account]

    world.settings = world.settings.with_({"erp.accounts": ["anna"], "look.first_run_done": True})
    panel = await make_panel(demo=False, set_password=no_ring, keep_in_file=in_file, password_place=place)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)

    def texts() -> str:
        return " ".join(label.text() for label in page.accounts.findChildren(type(page._load)))

    QApplication.sendPostedEvents()  # the language is applied, which sets the texts again
    await until(lambda: "no password yet" in texts())
    buttons = {b.accessibleName(): b for b in page.accounts.findChildren(QPushButton)}
    keep = buttons["Keep the password of anna in a file"]
    assert not keep.isVisible()
    card = page.accounts.cards["anna"]
    assert "keyring" not in texts(), "a storage place is shown before it is known"
    QTest.keyClicks(card.password.field, "geheim")
    QTest.keyClick(card.password.field, Qt.Key.Key_Return)
    await until(keep.isVisible)
    assert card.password.field.text() == ""
    assert given == {"anna": "geheim"}
    assert "no keyring" in texts()
    keep.click()
    await until(lambda: not keep.isVisible())
    assert places == {"anna": "file"}
    assert "stored in a file" in texts()


async def test_a_password_that_the_erp_refuses_is_not_kept(make_panel: MakePanel, world: World) -> None:
    tried: list[str | None] = []
    kept: list[str] = []

    async def tries(account: str, password: str | None) -> LoginTest:
        tried.append(password)
        return LoginTest(False, "Name or password are wrong.", True) if password == "old" else LoginTest(True, "Good.")

    async def keeps(account: str, password: str) -> bool:
        kept.append(password)
        return True

    world.settings = world.settings.with_({"erp.accounts": ["anna"], "look.first_run_done": True})
    panel = await make_panel(demo=False, set_password=keeps, test_login=tries)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    card = page.accounts.cards["anna"]
    card.save.click()
    await until(lambda: card.result.text() == "Type the password first.")
    card.password.field.setText("old")
    card.save.click()
    await until(lambda: card.result.text() == "Name or password are wrong.")
    assert (tried, kept) == (["old"], [])
    assert card.password.field.text() == "old", "the refused password was removed from the field"
    card.password.field.setText("new")
    card.save.click()
    await until(lambda: card.result.text() == "Good. The password is kept.")
    assert (tried, kept) == (["old", "new"], ["new"]), "not each tried once and only the new one kept"
    assert card.password.field.text() == ""


async def test_after_a_hidden_start_a_notification_opens_the_dialog_for_the_missing_password(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = Shown()
    monkeypatch.setattr("archisync_gui.ui.shell.notifications.best_means", means.ready)
    world.settings = world.settings.with_(
        {
            "erp.accounts": ["agente01"],
            "look.first_run_done": True,
            "notify.quiet_from": "00:00",
            "notify.quiet_to": "00:00",
        }
    )
    keyring: dict[str, str] = {}

    async def has(account: str) -> bool:
        return account in keyring

    async def give(account: str, password: str) -> bool:
        keyring[account] = password
        return False

    panel = await make_panel(hidden=True, demo=False, has_password=has, set_password=give)
    await until(lambda: len(means.shown) == 1)
    message = means.shown[0]
    assert message.title == "There is no password for agente01"
    assert "refused" not in message.title + message.text
    assert panel.window.findChildren(QInputDialog) == []
    panel.notifications.opened(message)
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    assert panel.window.in_view
    (asked,) = panel.window.findChildren(QInputDialog)
    assert "agente01" in asked.labelText()
    asked.reject()
    await until(lambda: panel.window.findChildren(QInputDialog) == [])
    panel.notifications.opened(message)  # opens the dialog again only when it is closed
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    (asked,) = panel.window.findChildren(QInputDialog)
    asked.setTextValue("segreto")
    asked.accept()
    await until(lambda: keyring == {"agente01": "segreto"})
    read = NOW + timedelta(seconds=30)
    world.orchestrator.become(with_type(calm(), account_type("orders", last_run_time=read, last_attempt=read)))
    await until(lambda: [m.title for m in means.shown[1:]] == ["agente01: resolved"])


async def test_when_the_keyring_is_unlocked_late_there_is_no_notification(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = Shown()
    monkeypatch.setattr("archisync_gui.ui.shell.notifications.best_means", means.ready)
    world.settings = world.settings.with_({"erp.accounts": ["agente01"], "look.first_run_done": True})
    world.clock.at = NOW.replace(hour=3)  # quiet hours: no notification yet
    open_now = False

    async def has(account: str) -> bool:
        return open_now

    async def give(account: str, password: str) -> bool:
        return True

    panel = await make_panel(hidden=True, demo=False, has_password=has, set_password=give)
    await until(lambda: panel.context.without_password == {"agente01"})
    open_now = True
    world.clock.at = NOW
    world.orchestrator.become(calm())
    await until(lambda: ("credentials_changed", ("agente01",)) in world.orchestrator.calls)
    world.orchestrator.become(calm())
    await until(lambda: panel.context.without_password == set())
    assert means.shown == []


async def test_for_a_missing_password_the_panel_asks_instead_of_retrying(make_panel: MakePanel, world: World) -> None:
    missing = ErrorInfo("password-missing", FailureKind.CREDENTIALS, "no password", {"account": "agente01"})
    account = dataclasses.replace(calm().accounts[0], stopped=missing)
    stopped = with_type(calm(), account_type("orders", state=SyncState.STOPPED, last_error=missing))
    world.orchestrator.status = dataclasses.replace(stopped, accounts=(account,))

    async def has(account: str) -> bool:
        return False

    panel = await make_panel(has_password=has)
    header = panel.window.header
    assert header.title.text() == "There is no password for agente01"
    panel.open("trouble", "agente01")
    (dialog,) = (d for d in panel.dialogs.open_now.values() if isinstance(d, TroubleDialog))
    buttons = {b.text(): b for b in dialog.findChildren(QPushButton)}
    assert "Try the same &once" not in buttons
    buttons["&Enter password…"].click()
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    panel.window.findChildren(QInputDialog)[0].reject()
    await until(lambda: panel.window.findChildren(QInputDialog) == [])
    header.fix.click()
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    panel.window.findChildren(QInputDialog)[0].reject()
    await until(lambda: panel.window.findChildren(QInputDialog) == [])


async def test_the_first_steps_offer_the_demo_and_can_be_repeated(make_panel: MakePanel, world: World) -> None:
    started: list[bool] = []

    def demo() -> bool:
        started.append(True)
        return len(started) > 1

    panel = await make_panel(demo=False, open_demo=demo)
    await until(lambda: any(isinstance(d, FirstRun) for d in panel.dialogs.open_now.values()))
    (first,) = (d for d in panel.dialogs.open_now.values() if isinstance(d, FirstRun))
    first.skip.click()
    first.demo.click()
    assert "archisync-gui --demo" in first.wrong.text()
    first.demo.click()
    await until(lambda: not panel.dialogs.open_now)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.again.click()
    await until(lambda: any(isinstance(d, FirstRun) for d in panel.dialogs.open_now.values()))


# ---------------------------------------------------------------------------------------------- errors, notifications


def test_every_error_says_what_happened_what_it_means_and_what_to_do() -> None:
    refused = problem(PermissionError(13, "Permission denied", "/media/stick/orders.csv"))
    assert refused.startswith("The file or folder /media/stick/orders.csv cannot be used: Permission denied.")
    assert "Nothing was written" in refused
    assert "choose another folder" in refused
    odd = problem(KeyError("x"))
    assert "KeyError: 'x'" in odd
    assert "diagnostics bundle" in odd
    known = problem(SyncFailure("clear-while-running", FailureKind.PERMANENT, params={"type": "orders"}))
    assert "unexpected" not in known


async def test_conditions_from_before_notifications_worked_are_notified_once_they_do(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    means, ready = Shown(), asyncio.Event()
    shown = means.shown

    async def late(*_: object) -> Shown:
        await ready.wait()
        return means

    monkeypatch.setattr("archisync_gui.ui.shell.notifications.best_means", late)
    world.settings = world.settings.with_({"notify.quiet_from": "00:00", "notify.quiet_to": "00:00"})
    account = dataclasses.replace(calm().accounts[0], stopped=SILENT)
    world.orchestrator.status = dataclasses.replace(calm(), accounts=(account,))
    panel = await make_panel()
    await until(lambda: panel.context.status is not None)
    assert shown == []
    ready.set()
    await until(lambda: len(shown) == 1)
    assert shown[0].place == "trouble"


async def test_a_notification_service_that_dies_is_replaced_by_the_tray(make_panel: MakePanel, world: World) -> None:
    class Dead:
        closed = False

        async def show(self, message: Message) -> None:
            raise ConnectionResetError("the bus is gone")

        async def close(self) -> None:
            self.closed = True

    panel = await make_panel()
    await until(lambda: panel.notifications.means is not None)
    dead = Dead()
    panel.notifications.means = dead
    message = Message("hold", "Still paused by you", "", "overview")
    await panel.notifications.show(dead, message)
    assert dead.closed
    assert isinstance(panel.notifications.means, Balloon)
    assert panel.notifications.means._last is message


async def test_the_failure_of_a_request_from_the_tray_is_notified(
    make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    means = Shown()

    async def ready(*_: object) -> Shown:
        return means

    monkeypatch.setattr("archisync_gui.ui.shell.notifications.best_means", ready)
    panel = await make_panel()
    await until(lambda: panel.notifications.means is means)
    assert panel.context.services is not None
    panel.context.services = dataclasses.replace(panel.context.services, endpoint=None)
    panel.context.open_order_form()
    assert means.shown == [], "notified, though the window shows it"
    panel.window.hide()
    panel.context.open_order_form()
    await until(lambda: len(means.shown) == 1)
    assert "endpoint" in means.shown[0].text
    assert means.shown[0].place == "overview"


# ---------------------------------------------------------------------------------------------- display


async def test_a_hidden_window_fills_no_table_and_is_updated_when_shown(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = overview(panel)
    await until(lambda: bool(panel.past_runs.runs))
    panel.window.hide()
    told: list[object] = []
    page.types.dataChanged.connect(lambda *_: told.append(1))
    late = with_type(calm(), account_type("orders", state=SyncState.BACKING_OFF, failures_in_a_row=4))
    world.orchestrator.become(late)
    await until(lambda: panel.context.status is late)
    assert told == []
    panel.window.show()
    await until(lambda: page.types.index(0, TypesModel.TODAY).data() == "Failed · 4 attempts")


async def test_a_failure_in_back_off_opens_its_run(make_panel: MakePanel, world: World) -> None:
    failed = run_record("orders", ago(minutes=5), 30, outcome=Outcome.FAILED, error=SILENT)
    world.store.all_runs = (failed,)
    item = account_type(
        "orders", state=SyncState.BACKING_OFF, last_outcome=Outcome.FAILED, failures_in_a_row=4, last_run_id=failed.id
    )
    world.orchestrator.status = with_type(calm(), item)
    panel = await make_panel()
    page = overview(panel)
    page.table.clicked.emit(page.types.index(0, TypesModel.TODAY))
    await until(lambda: f"run:{failed.id}" in panel.dialogs.open_now)


async def test_history_shows_all_failures_and_keeps_the_loaded_pages(make_panel: MakePanel, world: World) -> None:
    bad = (Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED)
    world.store.all_runs = tuple(
        run_record("orders", ago(minutes=n), 5, outcome=bad[n % 3] if n < 6 else Outcome.COMPLETED, id=f"r{n}")
        for n in range(1, STEP + 100)
    )
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    await until(lambda: page.model.rowCount() == STEP)
    page.more.click()
    panel.past_runs.runs_changed.emit()  # a read ends in that moment
    await until(lambda: page.model.rowCount() == STEP + 99)
    world.store.all_runs = (run_record("orders", ago(seconds=20), 5, id="new"), *world.store.all_runs)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "orders"})
    await until(lambda: page.model.item(0).id == "new")
    assert page.model.rowCount() == STEP + 100
    page.outcome.setCurrentIndex(page.outcome.findData(WRONG))
    await until(lambda: page.model.rowCount() == 5)


async def test_the_level_of_the_log_is_remembered(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    kept: dict[str, str] = {}
    panel.context.remember = kept.__setitem__  # type: ignore[method-assign]
    panel.context.recall = lambda key: kept.get(key, "")  # type: ignore[method-assign]
    panel.open("log")
    page = panel.window.page("settings")
    assert isinstance(page, SettingsPage)
    assert page.log.isVisible()
    page.log.level.setCurrentIndex(2)
    page.log.technical.setChecked(True)
    again = LogView(panel.context, panel.log_feed)
    assert again.level.currentIndex() == 2
    assert again.technical.isChecked()


async def test_a_list_that_begins_to_be_read_can_no_longer_be_cleared(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    dialog = ClearDialog(panel.context, "orders", "", 10, panel.window)
    dialog.typed.setText("orders")
    assert dialog.yes.isEnabled()
    world.orchestrator.become(dataclasses.replace(calm(), current_sync="orders"))
    await until(lambda: not dialog.yes.isEnabled())
    assert "is being read" in dialog.yes.toolTip()
    dialog.close()


# ---------------------------------------------------------------------------------------------- backups


async def test_backups_are_listed_readably_and_one_can_be_restored(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    names = ("archive-20261126T130000Z-before-clear-orders.db", "archive-20261125T130000Z-operator.db")
    paths = tuple(tmp_path / name for name in names)
    for path in paths:
        path.write_bytes(b"x" * 2_500_000)
    world.store.backups = lambda: paths  # type: ignore[method-assign]
    wanted: list[Path] = []
    panel = await make_panel(restore=wanted.append)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    found = page.backups
    QApplication.sendPostedEvents()  # the language is applied, which fills the list again
    found.show_backups()
    texts = [found.choice.itemText(at) for at in range(found.choice.count())]
    assert "before clearing Orders · 2.5 MB" in texts[0]
    assert "by hand" in texts[1]
    found.choice.setCurrentIndex(1)
    for answer in (Qt.Key.Key_Escape, None):
        found.restore.click()
        await until(lambda: any(b.isVisible() for b in panel.window.findChildren(Confirm)))
        box = next(b for b in panel.window.findChildren(Confirm) if b.isVisible())
        assert "by hand" in box.headline.text()
        if answer is not None:
            QTest.keyClick(box, answer)
            await settle()
            assert wanted == []
        else:
            assert box.yes.text() == "&Restore"
            box.yes.click()
            await until(lambda: wanted == [paths[1]])
    run = RunView("r", "prices", "agente01", Scope.ALL, Origin.SCHEDULE, 1, NOW, Progress("read", 3, 50, 300, 4960), 60)
    world.orchestrator.become(dataclasses.replace(calm(), current_run=run, current_sync="prices"))
    await until(lambda: not found.restore.isEnabled())
    assert "is being read" in found.restore.toolTip()


async def test_a_damaged_archive_offers_the_newest_backup(make_panel: MakePanel, tmp_path: Path) -> None:
    backup = tmp_path / "archive-20261126T130000Z-operator.db"
    backup.write_bytes(b"x")
    panel = await make_panel()
    for error, offered in ((StoreError("damaged", path="a.db", detail=""), True), (StoreError("disk-full"), False)):
        told = asyncio.ensure_future(panel.show_failure(error, backup, "The backup could not be put back."))
        await until(lambda: any(b.isVisible() for b in panel.window.findChildren(QMessageBox)))
        box = next(b for b in panel.window.findChildren(QMessageBox) if b.isVisible())
        restore = [b for b in box.buttons() if b.text() == "&Restore the last backup"]
        assert bool(restore) is offered
        assert ("by hand · 0.0 MB" in box.informativeText()) is offered
        assert box.informativeText().startswith("The backup could not be put back.\n\n")
        (restore or box.buttons())[0].click()
        assert await told == (backup if offered else None)


@pytest.mark.parametrize("code", ["damaged", "data-file-missing"])
async def test_without_an_archive_the_panel_offers_an_empty_one(make_panel: MakePanel, code: str) -> None:
    panel = await make_panel("it")
    told = asyncio.ensure_future(panel.show_failure(StoreError(code, path="a.db", detail="")))
    await until(lambda: any(b.isVisible() for b in panel.window.findChildren(QMessageBox)))
    box = next(b for b in panel.window.findChildren(QMessageBox) if b.isVisible())
    assert "archivio vuoto" in box.informativeText()
    assert "Non c'è alcun backup che si possa ripristinare." in box.informativeText()
    next(b for b in box.buttons() if b.text() == "Ricomincia con un archivio &vuoto").click()
    assert await told == "empty"
