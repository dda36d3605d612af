"""The core: settings take effect at once or not at all, and actions of the operator are reported."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from archisync_gui import cli, zone
from archisync_gui.app import actions, exit_codes
from archisync_gui.app.commands import exit_code, serve
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.drafts_file import open_drafts
from archisync_gui.app.erp_look import look_at_erp
from archisync_gui.app.life import Life
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.conditions import Condition, Kind, conditions
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import codes
from archisync_gui.model import (
    ErrorInfo,
    FailureKind,
    Finished,
    Freshness,
    Origin,
    Outcome,
    RunRecord,
    RunResult,
    Scope,
    SyncFailure,
    SystemClock,
)
from archisync_gui.settings import Settings, SettingsError, load_settings
from archisync_gui.store import Ages, Batch, StoreError
from archisync_gui.store.store import Store
from archisync_gui.ui.shell.window import MEMORY
from tests.support.waiting import until


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False, reads=False)
    yield core
    await core.close()
    lock.release()


async def test_a_stored_read_is_completed_though_it_is_cancelled_during_its_last_check(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the read the profile's folder is checked, which takes long on a slow disk; the rows are stored by then."""
    looked, looking = 0, asyncio.Event()
    done = Finished(Outcome.COMPLETED, SystemClock().now(), rows=3)

    async def reads(_control: object) -> Finished:
        return done

    async def slow() -> bool:
        nonlocal looked
        looked += 1
        if looked == 2:
            looking.set()
            await asyncio.sleep(60)
        return True

    monkeypatch.setattr(core, "syncs", reads)
    monkeypatch.setattr(core, "_folder_is_there", slow)
    ticket = core.orchestrator.request_sync("orders")
    await looking.wait()
    assert core.orchestrator.cancel_run()
    result = await ticket
    assert (result.outcome, result.rows) == (Outcome.COMPLETED, 3)


async def test_a_changed_interval_takes_effect_and_is_kept(core: Core) -> None:
    await core.apply_settings({"sync.orders.interval": 25, "sync.products.interval": 0})
    statuses = core.orchestrator.get_status().statuses
    assert (statuses["orders"].interval, statuses["products"].interval, statuses["ddt"].interval) == (25, None, 45)
    assert load_settings(core.profile.settings_file).settings.number("sync.orders.interval") == 25


async def test_a_restored_backup_brings_no_older_interval(tmp_path: Path) -> None:
    """Intervals come only from the settings: the schedule never uses another one."""
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    options = DemoOptions("none", "stopped")
    core = await Core.open(profile, demo=options, attended=False, reads=False)
    await core.apply_settings({"sync.orders.interval": 30})
    backup = await core.store.backup("by-hand")
    await core.apply_settings({"sync.orders.interval": 10})
    await core.close()
    await Store.restore(profile.folder, backup, clock=SystemClock())
    for _ in range(2):
        core = await Core.open(profile, demo=options, attended=False, reads=False)
        assert core.settings.number("sync.orders.interval") == 10
        assert core.orchestrator.get_status().statuses["orders"].interval == 10
        await core.close()
    lock.release()


async def test_a_start_leaves_a_stored_due_time_as_it_is(tmp_path: Path) -> None:
    """Rule 28. A program that is started more often than a list is due (by a person, or another computer of an office
    that begins to lead) would otherwise put the read off each time."""
    profile = open_profile(str(tmp_path / "p"), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    Settings().with_({"erp.accounts": ["agente01"], "sync.ddt.interval": 60}).save(profile.settings_file)
    now = SystemClock().now()
    due = (now + timedelta(minutes=20)).isoformat()
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    await store.apply("ddt", "agente01", Batch("r1", now, [delivery_note()], whole=True, clean=True))
    await store.journal.run_ended(
        RunRecord("r1", "ddt", "agente01", Scope.ALL, None, Origin.SCHEDULE, 1, now, now, now, Outcome.COMPLETED, now)
    )
    await store.journal.note("due:ddt:agente01", due)
    await store.journal.note("hold", now.isoformat())  # so that nothing is read
    await store.close()
    core = await Core.open(profile, demo=None, attended=True, reads=False)
    status = core.orchestrator.get_status().statuses["ddt"]
    await core.close()
    lock.release()
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    kept = (await store.journal.load()).notes["due:ddt:agente01"]
    await store.close()
    assert status.interval == 60
    assert status.accounts[0].due == datetime.fromisoformat(due)
    assert kept == due


def delivery_note() -> dict[str, Any]:
    (entity,) = (entity for entity in ENTITIES if entity.name == "ddt")
    return {column.name: None for column in entity.columns} | {"id": "1"}


async def test_a_core_that_is_closed_while_its_browser_starts_leaves_no_error(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False)
    ticket = core.orchestrator.request_sync("products", None, origin=Origin.OPERATOR)
    me = psutil.Process()
    await until(lambda: bool(me.children()))  # Playwright's driver
    await core.close()
    assert (await ticket).outcome is not Outcome.COMPLETED
    del core, ticket
    gc.collect()  # an exception that was not retrieved is logged now
    left = [child for child in me.children() if child.status() != psutil.STATUS_ZOMBIE]
    assert [child for child in left if child.name() != "explorer.exe"] == []  # Wine's desktop
    lock.release()


@pytest.mark.parametrize("changes", [{"sync.orders.interval": 1}, {"sync.timezone": "Europe/Nowhere"}])
async def test_a_wrong_setting_changes_nothing(core: Core, changes: dict[str, object]) -> None:
    before = dict(core.settings)
    with pytest.raises(SettingsError):
        await core.apply_settings({"sync.ddt.interval": 60, **changes})
    assert dict(core.settings) == before
    assert core.orchestrator.get_status().statuses["ddt"].interval == 45
    assert not core.profile.settings_file.exists()


async def test_a_demo_has_no_office_hours_so_the_list_for_forms_stays_open_until_midnight(core: Core) -> None:
    closes = core._office_closes()
    assert closes is not None
    assert closes.astimezone(ZoneInfo("Europe/Rome")).time() == time(0)


async def test_loading_a_form_starts_the_browser_unless_reads_are_stopped(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(core.erp, "warm_up", started.append)
    core.orchestrator.hold()
    core.expect_form()
    core.orchestrator.release()
    core.login_failed(DEMO_ACCOUNT, SyncFailure("login-refused", FailureKind.CREDENTIALS))
    core.expect_form()
    assert started == []
    core.orchestrator.credentials_changed(DEMO_ACCOUNT)
    core.expect_form()
    assert started == [DEMO_ACCOUNT]


async def test_clearing_a_list_makes_a_backup_and_requests_a_read(core: Core) -> None:
    core.orchestrator.hold()
    now = datetime.now(UTC)
    row = {column.name: None for column in core.store._entity("customers").columns} | {"id": "1", "name": "Rossi"}
    await core.store.apply("customers", "agente01", Batch("r1", now, [row], whole=True, clean=True))
    core.orchestrator.rows_changed("customers", "agente01", last_success=now, new_as_of=now, all_as_of=now)
    assert core.orchestrator.get_status().statuses["customers"].freshness is not Freshness.NEVER
    ticket = await core.clear_and_read("customers", "agente01")
    assert core.orchestrator.get_status().statuses["customers"].freshness is Freshness.NEVER
    assert (await core.store.rows("customers", "agente01")).total == 0
    assert len(core.store.backups()) == 1
    assert core.orchestrator.cancel(ticket)


async def test_a_list_that_was_cleared_without_an_answer_is_not_called_fresh(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of an office was lost after it had made the change: nobody knows before it answers again."""
    now, clear, ages, asked = SystemClock().now(), core.store.clear, core.store.ages, list[str]()
    lost = StoreError("office-unreachable", path="office", detail="tests")

    async def cleared(*of: str) -> Path:
        await clear(*of)
        raise lost

    async def looked(*of: str) -> Ages:
        asked.append("ages")
        if len(asked) == 1:
            raise lost
        return await ages(*of)

    def freshness() -> Freshness:
        return core.orchestrator.get_status().statuses["products"].freshness

    monkeypatch.setattr(actions, "AGAIN", 0.01)
    monkeypatch.setattr(core.store, "clear", cleared)
    monkeypatch.setattr(core.store, "ages", looked)
    core.orchestrator.rows_changed("products", "", last_success=now, new_as_of=None, all_as_of=now)
    assert freshness() is Freshness.FRESH
    with pytest.raises(StoreError, match="office-unreachable"):
        await core.clear_and_read("products", "")
    await until(lambda: freshness() is Freshness.NEVER)


async def test_status_and_hold_are_served(core: Core) -> None:
    code, status = await serve(core, "status", {}, lambda event: None)
    assert code == exit_codes.OK
    assert set(status["statuses"]) == {"customers", "orders", "ddt", "invoices", "prices", "products"}
    code, held = await serve(core, "hold", {}, lambda event: None)
    assert held["holdSince"] is not None
    code, explained = await serve(core, "explain", {"at": None}, lambda event: None)
    assert explained["reason"] == "hold"
    code, _ = await serve(core, "release", {}, lambda event: None)
    code, _ = await serve(core, "nonsense", {}, lambda event: None)
    assert code == exit_codes.USAGE


def result(outcome: Outcome, kind: FailureKind | None = None) -> RunResult:
    error = None if kind is None else ErrorInfo("x", kind, "x")
    return RunResult("orders", "a", Scope.ALL, outcome, error=error)


def test_the_exit_code_is_that_of_the_worst_outcome() -> None:
    fine, unclean, refused = result(Outcome.COMPLETED), result(Outcome.UNCLEAN), result(Outcome.REFUSED)
    failed = result(Outcome.FAILED, FailureKind.TRANSIENT)
    stopped = result(Outcome.FAILED, FailureKind.CREDENTIALS)
    assert exit_code([fine, unclean]) == exit_codes.OK
    assert exit_code([fine, refused]) == exit_codes.REFUSED
    assert exit_code([refused, failed, fine]) == exit_codes.FAILED
    assert exit_code([failed, refused]) == exit_codes.FAILED
    assert exit_code([failed, stopped, fine]) == exit_codes.CREDENTIALS


def logins(core: Core) -> int:
    (account,) = core.orchestrator.get_status().accounts
    return account.logins_today


async def test_a_test_login_counts_and_a_refused_stored_password_is_not_tried_again(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusing(account: str, password: str, logged_in: Callable[[], None]) -> None:
        logged_in()
        raise SyncFailure("login-refused", FailureKind.CREDENTIALS, params={"account": account, "error": "no"})

    monkeypatch.setattr(core.syncs, "login_test", refusing)
    await core.credentials.keep(DEMO_ACCOUNT, "stored")
    with pytest.raises(SyncFailure):
        await core.test_login(DEMO_ACCOUNT, "typed")
    assert logins(core) == 1
    assert core.orchestrator.get_status().accounts[0].stopped is None, "stopped, though the stored password is another"
    with pytest.raises(SyncFailure):
        await core.test_login(DEMO_ACCOUNT, None)
    assert logins(core) == 2
    stopped = core.orchestrator.get_status().accounts[0].stopped
    assert stopped is not None
    assert stopped.code == "login-refused"
    core.orchestrator.credentials_changed(DEMO_ACCOUNT)
    assert core.orchestrator.get_status().accounts[0].stopped is None


@pytest.mark.parametrize(
    ("code", "changes", "goes_on"),
    [
        ("certificate-unknown", {"erp.pinned_key": "c2VlbiBrZXk="}, True),
        ("login-refused", {"erp.pinned_key": "c2VlbiBrZXk="}, False),
        ("login-refused", {"erp.browser": "/usr/bin/chromium"}, False),
        ("login-refused", {"erp.url": "https://other.example.test/Archibald"}, True),
    ],
)
async def test_a_changed_setting_ends_only_stops_whose_cause_it_may_remove(
    core: Core, code: str, changes: dict[str, object], goes_on: bool
) -> None:
    core.orchestrator.login_refused(DEMO_ACCOUNT, ErrorInfo(code, FailureKind.CREDENTIALS, code))
    await core.apply_settings(changes)
    assert (core.orchestrator.get_status().accounts[0].stopped is None) is goes_on


async def test_the_doctor_refuses_to_run_beside_another_process(core: Core, capsys: pytest.CaptureFixture[str]) -> None:
    code = await look_at_erp(core.profile, DemoOptions("none", "stopped"), conformance=None, language="en")
    assert code == exit_codes.BUSY
    assert "Close the panel" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------ log, time zone


async def test_events_are_logged_in_the_language_of_that_time(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "archisync_gui.events"]

    with caplog.at_level(logging.INFO, "archisync_gui.events"):
        await core.apply_settings({"look.language": "it"})
        core.orchestrator.hold()
        await until(lambda: len(lines()) == 1)
        core.orchestrator.release()
        await until(lambda: len(lines()) == 2)
        await core.apply_settings({"look.language": "en"})
        core.orchestrator.hold()
        await until(lambda: len(lines()) == 3)
    italian, _, english = lines()
    assert italian != english, "both lines of the event are in one language"


TOKYO, NEW_YORK = timedelta(hours=9), timedelta(hours=-4)
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


async def test_times_are_shown_in_the_zone_of_the_settings_from_the_start_and_after_a_change(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    Settings().with_({"sync.timezone": "Asia/Tokyo"}).save(profile.settings_file)
    zone.use("")
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=None, attended=False, reads=False)
    try:
        assert zone.local(SUMMER).utcoffset() == TOKYO
        await core.apply_settings({"sync.timezone": "America/New_York"})
        assert zone.local(SUMMER).utcoffset() == NEW_YORK
        assert core.orchestrator.state.rules.zone == "America/New_York", "the schedule uses another zone"
        with pytest.raises(SettingsError):
            await core.apply_settings({"sync.timezone": "Europe/Nowhere"})
        assert zone.local(SUMMER).utcoffset() == NEW_YORK
    finally:
        await core.close()
        lock.release()


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/New_York"])
def test_a_command_served_by_another_process_uses_the_zone_of_the_settings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command then has no core, so it has to set the zone itself."""
    asked: list[dict[str, Any]] = []

    def hand_over(options: object, profile: object, args: dict[str, Any], *more: object) -> int:
        asked.append(args)
        return exit_codes.OK

    profile = open_profile(str(tmp_path / "p"), demo=True)
    Settings().with_({"sync.timezone": name}).save(profile.settings_file)
    lock = ProfileLock(profile)
    assert lock.acquire()
    zone.use("")
    monkeypatch.setattr(cli, "_hand_over", hand_over)
    try:
        command = ["explain", "--at", "2026-07-01T14:30", "--demo", "--profile", str(profile.folder)]
        assert cli.main(command) == exit_codes.OK
    finally:
        lock.release()
    (args,) = asked
    assert datetime.fromisoformat(args["at"]).utcoffset() == {"Asia/Tokyo": TOKYO}.get(name, NEW_YORK)


async def test_while_the_archive_is_locked_the_status_shows_it_and_no_note_is_lost(
    core: Core, expected_errors: Any
) -> None:
    """Another program (a backup, a virus scanner) locks the file; a hold is noted meanwhile."""
    expected_errors("the journal failed")
    await core.store._database.exclusive(lambda c: c.exec_driver_sql("PRAGMA busy_timeout = 20").close())
    with closing(sqlite3.connect(core.store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        core.orchestrator.hold()
        error = await until(lambda: core.orchestrator.get_status().journal_error)
        assert error.code in codes()
        other.execute("ROLLBACK")
    core.orchestrator.request_sync("orders")  # the next event retries the write
    await until(lambda: core.orchestrator.get_status().journal_error is None)
    assert (await core.store.journal.load()).notes["hold"]


async def test_a_first_start_does_not_report_missing_drafts(core: Core) -> None:
    """The panel stores its window in the first seconds, perhaps before the drafts are opened."""
    life = Life(core.profile, None, asyncio.Event())
    (core.profile.folder / MEMORY).write_text("[window]\n", encoding="utf-8")
    drafts, lost = await open_drafts(core, life.ran_before)
    await drafts.close()
    assert lost == []
    (core.profile.folder / "drafts.db").unlink()
    life = Life(core.profile, None, asyncio.Event())
    drafts, lost = await open_drafts(core, life.ran_before)
    await drafts.close()
    assert [trouble.code for trouble in lost] == ["drafts-missing"]


class DaysClock(SystemClock):
    """The computer's clocks, with days added as in its sleep, in which timers do not run."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> datetime:
        return super().now() + timedelta(days=self.days)


async def test_backups_that_fail_are_a_condition_with_the_time_of_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the backups cannot be written: a missing backup must be visible."""
    monkeypatch.setattr("archisync_gui.app.core.BACKUP_AFTER", 0.01)
    monkeypatch.setattr("archisync_gui.app.core.LOOK", 0.01)
    clock = DaysClock()
    profile = open_profile(str(tmp_path / "p"), demo=False)
    core = await Core.open(profile, demo=None, attended=True, reads=False, clock=clock)

    def shown() -> Condition | None:
        found = conditions(core.orchestrator.get_status())
        return next((one for one in found if one.kind is Kind.BACKUP), None)

    try:
        await until(lambda: len(core.store.backups()) == 1)
        assert shown() is None
        with monkeypatch.context() as broken:
            broken.setattr("archisync_gui.store.backups.copied", refused_as("disk-full"))
            clock.days = 3
            await until(lambda: shown() is not None)
            found = shown()
            assert found is not None
            assert found.since is not None
            assert abs(found.since - SystemClock().now()) < timedelta(minutes=10), "not the time of the last backup"
            assert found.error is not None
            assert (found.error.code, found.warning, found.code) == ("disk-full", False, "condition.backup-failing")
            broken.setattr("archisync_gui.store.backups.copied", refused_as("damaged"))
            await until(lambda: (now := shown()) is not None and now.code == "condition.backup-failing.damaged")
        await until(lambda: shown() is None)
        assert len(core.store.backups()) == 2
    finally:
        await core.close()


def refused_as(code: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise StoreError(code, path="archisync.db")

    return refuse


async def test_each_day_has_its_backup_though_timers_do_not_run_while_the_computer_sleeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("archisync_gui.app.core.BACKUP_AFTER", 0.01)
    monkeypatch.setattr("archisync_gui.app.core.LOOK", 0.01)  # normally an hour
    cleaned: list[datetime] = []
    maintain = Store.maintain

    async def count(store: Store, *how: Any) -> object:
        removed = await maintain(store, *how)
        cleaned.append(clock.now())  # after the call, whose last step also lists the backups
        return removed

    monkeypatch.setattr(Store, "maintain", count)
    clock = DaysClock()
    profile = open_profile(str(tmp_path / "p"), demo=False)
    core = await Core.open(profile, demo=None, attended=True, reads=False, clock=clock)
    await until(lambda: len(core.store.backups()) == 1)
    assert len(cleaned) == 1
    clock.days = 1
    await until(lambda: len(core.store.backups()) == 2)
    await until(lambda: len(cleaned) == 2)

    def refuse(path: Path) -> tuple[Path, ...]:
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as broken:
        broken.setattr("archisync_gui.store.backups.listed", refuse)
        await until(lambda: "the daily backup could not be made" in caplog.text)
        await until(lambda: Kind.BACKUP in {one.kind for one in conditions(core.orchestrator.get_status())})
    clock.days = 2
    await until(lambda: len(core.store.backups()) == 3)
    await until(lambda: Kind.BACKUP not in {one.kind for one in conditions(core.orchestrator.get_status())})
    await until(lambda: len(cleaned) == 3)

    async def fault(*_: object) -> object:
        raise ValueError("a row that nobody expected")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "maintain", fault)
        clock.days = 3
        await until(lambda: "old history could not be removed: ValueError('a row that nobody" in caplog.text)
        await until(lambda: len(core.store.backups()) == 4)
    await until(lambda: len(cleaned) == 4)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "daily_backup", fault)
        await until(lambda: "the daily backup could not be made: ValueError('a row that nobody" in caplog.text)
        await until(lambda: Kind.BACKUP in {one.kind for one in conditions(core.orchestrator.get_status())})
    clock.days = 4
    await until(lambda: len(core.store.backups()) == 5)
    await until(lambda: Kind.BACKUP not in {one.kind for one in conditions(core.orchestrator.get_status())})
    await core.close()
