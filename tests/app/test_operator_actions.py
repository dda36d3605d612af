"""Concurrent actions of the operator, in every order of their steps: nothing is lost, half done or undone."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked
from memory_keyring import MemoryKeyring, in_place

from archisync_gui.app import core as core_module
from archisync_gui.app import credentials as credentials_module
from archisync_gui.app.actions import ACTION
from archisync_gui.app.commands import serve
from archisync_gui.app.core import Core
from archisync_gui.app.credentials import Credentials, NoPassword
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.disk import replace_file
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import codes
from archisync_gui.model import FailureKind, Finished, Freshness, Outcome, RunControl, SyncFailure, SystemClock
from archisync_gui.settings import Settings, load_settings
from archisync_gui.store import Batch, RefusedKind, Store
from tests.support.clock import settle
from tests.support.interleave import Turns, in_all_orders
from tests.support.waiting import until

ACCOUNT, OTHER = "agente01", "agente02"
ROWS = 3


class Runs:
    """Replaces the runner; reads a few rows of any list."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.refused: set[str] = set()
        """Passwords that the ERP refuses."""
        self.suspicious: RefusedKind | None = None
        """The reason for which reads are refused and kept."""

    async def __call__(self, control: RunControl) -> Finished:
        run = control.run
        known = await self.core.store.known(run.type, run.account)
        if self.suspicious is not None:
            names = [column.name for column in self.core.store._entity(run.type).columns]
            rows = [dict.fromkeys(names) | {"id": "1", "name": "Rossi"}]
            batch = Batch(run.id, datetime.now(UTC), rows, True, True, after=known.number, compared_with=known.number)
            await self.core.store.keep_refused(run.type, run.account, batch, self.suspicious)
            raise SyncFailure("shrink", FailureKind.REFUSED)
        now = datetime.now(UTC)
        names = [column.name for column in self.core.store._entity(run.type).columns]
        rows = [dict.fromkeys(names) | {"id": str(number), "name": "Rossi"} for number in range(ROWS)]
        delta = await self.core.store.apply(run.type, run.account, Batch(run.id, now, rows, whole=True, clean=True))
        return Finished(Outcome.COMPLETED, as_of=now, rows=ROWS, added=delta.added)

    async def login_test(self, account: str, password: str, logged_in: Callable[[], None]) -> None:
        logged_in()
        await self.answer()
        if password in self.refused:
            raise SyncFailure("login-refused", FailureKind.CREDENTIALS, params={"account": account, "error": "no"})

    async def answer(self) -> None:
        """The ERP's answer arrives."""

    async def close(self) -> None:
        return None


@dataclass
class Office:
    core: Core
    runs: Runs
    ring: MemoryKeyring

    async def settled(self) -> None:
        """Wait until the background work is done."""
        await asyncio.gather(*(task for task in self.core._later if "_watch_folder" not in repr(task)))


class Offices:
    """Makes a new office for each order."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, empty: bytes) -> None:
        """``empty``: the archive of an office before any read."""
        self._folder, self._patch, self._number, self._empty = folder, patch, 0, empty

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Office]:
        self._number += 1
        profile = open_profile(str(self._folder / f"p{self._number}"), demo=False)
        (profile.folder / "archisync.db").write_bytes(self._empty)
        Settings().with_({"erp.accounts": [ACCOUNT, OTHER]}).save(profile.settings_file)
        lock = ProfileLock(profile)
        assert lock.acquire()
        with in_place(MemoryKeyring()) as ring:
            core = await Core.open(profile, demo=None, attended=False, reads=False)
            try:
                runs = Runs(core)
                self._patch.setattr(core, "syncs", runs)
                yield Office(core, runs, ring)
            finally:
                await core.close()
                lock.release()


@pytest.fixture
async def offices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offices:
    store = await Store.open(tmp_path, ENTITIES, clock=SystemClock())
    await store.close()
    return Offices(tmp_path, monkeypatch, store.path.read_bytes())


def failures(outcomes: Sequence[object]) -> list[BaseException]:
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]


def in_file(core: Core) -> Settings:
    return load_settings(core.profile.settings_file).settings


# ------------------------------------------------------------------------------------------------ settings


async def test_concurrent_changes_are_all_kept(offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(
                lambda: core.set_intervals({"orders": 20, "products": 21, "ddt": None}),
                lambda: core.apply_settings(lambda now: {"erp.accounts": [*now.words("erp.accounts"), "agente03"]}),
            )
            assert failures(outcomes) == []
            expected = Settings().with_(
                {
                    "sync.orders.interval": 20,
                    "sync.products.interval": 21,
                    "sync.ddt.interval": 0,
                    "erp.accounts": [ACCOUNT, OTHER, "agente03"],
                }
            )
            assert dict(core.settings) == dict(expected) == dict(in_file(core))
            statuses = core.orchestrator.get_status().statuses
            assert [statuses[name].interval for name in ("orders", "products", "ddt")] == [20, 21, None]
            assert [a.id for a in core.orchestrator.get_status().accounts] == [ACCOUNT, OTHER, "agente03"]

    assert await in_all_orders(scenario, switches=1) > 3


async def test_two_pages_that_change_the_schedule_at_once_both_keep_their_change(offices: Offices) -> None:
    """A paired page (``PUT /api/sync/schedule``) and the settings page: different types, and the same one."""

    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(
                lambda: core.set_intervals({"orders": 20, "ddt": 21}),
                lambda: core.apply_settings(
                    {"sync.products.interval": 22, "sync.ddt.interval": 23, "sync.daily_time": "08:00"}
                ),
            )
            assert failures(outcomes) == []
            statuses = core.orchestrator.get_status().statuses
            kept = {name: statuses[name].interval for name in ("orders", "products", "ddt")}
            both = kept.pop("ddt")
            assert kept == {"orders": 20, "products": 22}
            assert both in (21, 23)
            for settings in (core.settings, in_file(core)):
                told = {name: settings.number(f"sync.{name}.interval") for name in (*kept, "ddt")}
                assert told == {**kept, "ddt": both}, "file, settings in use and orchestrator differ"
                assert settings.text("sync.daily_time") == "08:00"

    assert await in_all_orders(scenario, switches=1) > 3


async def test_of_many_keystrokes_the_last_one_counts_also_with_other_changes(offices: Offices) -> None:
    """A held arrow key: each value is a separate change, started before the previous one is saved."""

    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            turns.watch(asyncio, "to_thread")

            async def keystrokes() -> None:
                await asyncio.gather(*(core.apply_settings({"sync.orders.interval": n}) for n in range(13, 16)))

            outcomes = await turns.run(
                keystrokes,
                lambda: core.apply_settings(
                    lambda now: {"sync.ddt.interval": 23, "erp.accounts": [*now.words("erp.accounts"), "agente03"]}
                ),
            )
            assert failures(outcomes) == []
            for settings in (core.settings, in_file(core)):
                assert settings.number("sync.orders.interval") == 15
                assert settings.number("sync.ddt.interval") == 23
                assert settings.words("erp.accounts") == (ACCOUNT, OTHER, "agente03")
            assert core.orchestrator.get_status().statuses["orders"].interval == 15

    assert await in_all_orders(scenario, switches=1) > 3


async def test_two_concurrent_saves_leave_the_content_of_one_and_its_spare_file(tmp_path: Path) -> None:
    """Two processes, or a caller and the core, write the file at once."""
    path = tmp_path / "settings.json"

    async def scenario(turns: Turns) -> None:
        Settings().with_({"sync.orders.interval": 10 + 5}).save(path)
        turns.watch(asyncio, "to_thread")
        mine, yours = (Settings().with_({"sync.orders.interval": n}) for n in (20, 30))
        outcomes = await turns.run(
            lambda: asyncio.to_thread(mine.save, path), lambda: asyncio.to_thread(yours.save, path)
        )
        assert failures(outcomes) == []
        loaded = load_settings(path)
        assert loaded.troubles == ()
        assert loaded.settings in (mine, yours)
        assert sorted(os.listdir(tmp_path)) == ["settings.json", "settings.previous.json"]  # noqa: PTH208

    assert await in_all_orders(scenario) > 3


async def test_a_change_that_cannot_be_saved_has_no_effect_on_others(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Settings.save

    def save(self: Settings, path: Path) -> None:
        if self.number("sync.orders.interval") == 20:
            raise OSError(28, "No space left on device", str(path))
        real(self, path)

    monkeypatch.setattr(Settings, "save", save)
    switched: list[bool] = []
    monkeypatch.setattr(core_module, "set_autostart", lambda profile, on: switched.append(on))

    async def scenario(turns: Turns) -> None:
        switched.clear()
        async with offices.fresh() as office:
            core = office.core
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(
                lambda: core.apply_settings({"sync.orders.interval": 20, "look.autostart": True}),
                lambda: core.apply_settings({"sync.ddt.interval": 25}),
            )
            (error,) = failures(outcomes)
            assert isinstance(error, SyncFailure)
            assert error.code == "settings-not-saved"
            assert switched == [True, False], "start at login was not switched back"
            for settings in (core.settings, in_file(core)):
                assert (settings.number("sync.orders.interval"), settings.number("sync.ddt.interval")) == (10, 25)

    assert await in_all_orders(scenario, switches=1) > 3


async def test_a_cancelled_caller_leaves_no_partly_saved_settings(offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core

            async def step() -> None:
                return None

            steps = type("Steps", (), {"step": staticmethod(step)})()
            turns.watch(asyncio, "to_thread")
            turns.watch(steps, "step")
            saving = asyncio.get_running_loop().create_future()

            async def save() -> None:
                task = asyncio.ensure_future(core.apply_settings({"sync.orders.interval": 20}))
                saving.set_result(task)
                await asyncio.gather(task, return_exceptions=True)

            async def give_up() -> None:
                await steps.step()
                (await saving).cancel()

            outcomes = await turns.run(save, give_up, lambda: core.apply_settings({"sync.ddt.interval": 25}))
            assert failures(outcomes) == []
            await core.apply_settings({"sync.prices.interval": 35})  # waits for the change under way
            assert dict(core.settings) == dict(in_file(core))
            assert core.settings.number("sync.ddt.interval") == 25

    assert await in_all_orders(scenario, switches=1) > 3


# ------------------------------------------------------------------------------------------------ rows


async def rows_and_ages_agree(office: Office) -> None:
    """Check that the list is either empty and never read, or has the rows of a read and its time."""
    page = await office.core.store.rows("customers", ACCOUNT)
    ages = await office.core.store.ages("customers", ACCOUNT)
    parts = office.core.orchestrator.get_status().statuses["customers"].accounts
    (part,) = [part for part in parts if part.account == ACCOUNT]
    assert page.total in (0, ROWS)
    assert (page.total == ROWS) == (ages.last_success is not None)
    assert (part.last_run_time is not None) == (page.total == ROWS), "status and store differ"


@pytest.mark.parametrize("action", ["clear", "accept", "rekey"])
async def test_changing_rows_by_hand_during_a_read(action: str, offices: Offices) -> None:
    codes_met: set[str] = set()

    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core, store = office.core, office.core.store
            first = await core.orchestrator.request_sync("customers", ACCOUNT)
            done: list[str] = []

            async def instead(run_id: str) -> None:
                done.append(run_id)

            if action != "clear":
                setattr(store, "accept_read" if action == "accept" else "rekey", instead)
            turns.watch(store, "known", "apply", "clear", "run", "ages")

            async def read() -> object:
                return await core._run(control("customers", ACCOUNT))

            async def change() -> object:
                match action:
                    case "clear":
                        return await core.clear_and_read("customers", ACCOUNT)
                    case "accept":
                        return await core.accept_read(str(first.run_id))
                    case _:
                        return await core.rekey(str(first.run_id))

            outcomes = await turns.run(read, change)
            read_outcome, changed = outcomes
            assert isinstance(read_outcome, Finished)
            if isinstance(changed, SyncFailure):
                codes_met.add(changed.code)
                assert not done
            else:
                assert not isinstance(changed, BaseException)
                codes_met.add("done")
                if action == "clear":
                    await changed
                    await rows_and_ages_agree(office)

    await in_all_orders(scenario, switches=1)
    assert codes_met == {"done", "clear-while-running"}


async def test_rows_changed_by_hand_after_the_clock_was_set_back_are_not_fresh(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 30: with its times the store reports its doubts about them."""
    async with offices.fresh() as office:
        core = office.core
        first = await core.orchestrator.request_sync("customers", ACCOUNT)
        await core.store.journal.clock_doubted()

        async def instead(run_id: str) -> None:
            return None

        monkeypatch.setattr(core.store, "rekey", instead)
        await core.rekey(str(first.run_id))
        parts = core.orchestrator.get_status().statuses["customers"].accounts
        (part,) = [part for part in parts if part.account == ACCOUNT]
        assert part.freshness is Freshness.UNKNOWN
        assert (part.new_as_of, part.all_as_of) == (None, None)


def control(type: str, account: str) -> Any:
    """The run control of a run."""
    run = type_run(type, account)
    return _Control(run)


@dataclass
class _Run:
    type: str
    account: str
    id: str = "beside"


@dataclass
class _Control:
    run: _Run
    resume: object = field(default=None)
    long_steps: list[float] = field(default_factory=list)

    @contextmanager
    def long_step(self, limit: float) -> Iterator[None]:
        self.long_steps.append(limit)
        yield
        self.long_steps.pop()


def type_run(type: str, account: str) -> _Run:
    return _Run(type, account)


async def test_a_run_that_waits_for_an_action_does_not_count_as_stalled(offices: Offices) -> None:
    """Rule 24: the backup of an action may take longer than the watchdog's limit."""
    async with offices.fresh() as office:
        core, mine = office.core, control("customers", ACCOUNT)
        async with core._list_locks["customers", ACCOUNT]:
            reading = asyncio.ensure_future(core._run(mine))
            await settle()
            assert mine.long_steps == [ACTION]
        await reading
        assert mine.long_steps == []


async def test_an_abandoned_run_does_not_block_reads_or_actions_of_its_list(
    offices: Offices, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """Rule 26: the run hangs without end; after it is abandoned, its list can be read and cleared."""
    expected_errors("did not end when it was told")
    begun, over = asyncio.Event(), asyncio.Event()
    async with offices.fresh() as office:
        core = office.core
        patient = core.orchestrator.state.rules
        core.orchestrator.set_rules(replace(patient, cancel_again=0.01, abandon_after=0.05))
        reading = Runs.__call__

        async def deaf(self: Runs, control: RunControl) -> Finished:
            begun.set()
            while not over.is_set():
                with suppress(asyncio.CancelledError):
                    await over.wait()
            return Finished(Outcome.COMPLETED)

        monkeypatch.setattr(Runs, "__call__", deaf)
        core.orchestrator.request_sync("customers", ACCOUNT)
        await asyncio.wait_for(begun.wait(), 60)  # a run cancelled earlier, while it checks the folder, would just end
        with pytest.raises(SyncFailure) as refused:
            await core.clear_and_read("customers", ACCOUNT)
        assert refused.value.code == "clear-while-running"
        core.orchestrator.cancel_run()
        await until(lambda: bool(core.orchestrator.get_status().abandoned))
        monkeypatch.setattr(Runs, "__call__", reading)
        assert (await core.orchestrator.request_sync("customers", ACCOUNT)).outcome is Outcome.COMPLETED
        assert (await (await core.clear_and_read("customers", ACCOUNT))).outcome is Outcome.COMPLETED
        await rows_and_ages_agree(office)
        over.set()
        await until(lambda: not core.orchestrator.get_status().abandoned)
        await rows_and_ages_agree(office)


# ------------------------------------------------------------------------------------------------ accounts


async def test_of_two_passwords_set_at_once_memory_and_keyring_keep_the_same(offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            turns.watch(credentials_module, "in_thread")
            outcomes = await turns.run(
                lambda: core.set_password(ACCOUNT, "one"),
                lambda: core.set_password(ACCOUNT, "two"),
                lambda: core.credentials.password(ACCOUNT),
            )
            assert all(isinstance(error, NoPassword) for error in failures(outcomes)), (
                "another error than a missing password"
            )
            kept = office.ring.kept[core.profile.keyring_service, ACCOUNT]
            assert await core.credentials.password(ACCOUNT) == kept

    assert await in_all_orders(scenario, switches=1) > 3


async def test_a_password_left_in_a_locked_keyring_is_not_used_by_an_account_added_again(offices: Offices) -> None:
    """The operator was told that it is removed from this computer."""

    def locked(service: str, name: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")

    async with offices.fresh() as office:
        core = office.core
        await core.set_password(ACCOUNT, "old")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(office.ring, "delete_password", locked)
            await core.apply_settings({"erp.accounts": [OTHER]})
        assert office.ring.kept == {(core.profile.keyring_service, ACCOUNT): "old"}
        await core.apply_settings({"erp.accounts": [OTHER, ACCOUNT]})
        assert not await core.credentials.knows(ACCOUNT)
        assert office.ring.kept == {}


async def test_a_start_deletes_the_password_left_by_a_removed_account(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    Settings().with_({"erp.accounts": [OTHER]}).save(profile.settings_file)
    replace_file(profile.folder / "passwords-left.json", json.dumps({ACCOUNT: "keyring"}))
    lock = ProfileLock(profile)
    assert lock.acquire()
    try:
        with in_place(MemoryKeyring()) as ring:
            ring.kept[profile.keyring_service, ACCOUNT] = "old"
            core = await Core.open(profile, demo=None, attended=False, reads=False)
            try:
                await until(lambda: not ring.kept)
            finally:
                await core.close()
    finally:
        lock.release()


async def test_an_account_that_was_removed_meanwhile_gets_no_password(offices: Offices) -> None:
    """The dialog for it may stay open for hours, and its login waits for the active read."""
    async with offices.fresh() as office:
        core = office.core
        await core.apply_settings({"erp.accounts": [OTHER]})
        with pytest.raises(SyncFailure, match="account-removed"):
            await core.set_password(ACCOUNT, "late")
        assert office.ring.kept == {}
        assert not await core.credentials.knows(ACCOUNT)


async def test_a_removed_account_leaves_no_password_and_one_added_again_keeps_its_new_one(offices: Offices) -> None:
    def without(now: Settings) -> dict[str, object]:
        return {"erp.accounts": [name for name in now.words("erp.accounts") if name != ACCOUNT]}

    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            await core.set_password(ACCOUNT, "old")
            await office.settled()
            turns.watch(asyncio, "to_thread")
            turns.watch(core.store, "known", "apply")

            async def read() -> object:
                return await core.orchestrator.request_sync("customers", ACCOUNT)

            outcomes = await turns.run(lambda: core.apply_settings(without), read)
            assert all(isinstance(error, SyncFailure) for error in failures(outcomes))
            await office.settled()
            assert office.ring.kept == {}
            with pytest.raises(NoPassword):
                await core.credentials.password(ACCOUNT)
            run = core.orchestrator.get_status().current_run
            assert run is None or run.account != ACCOUNT
            await core.apply_settings(lambda now: {"erp.accounts": [*now.words("erp.accounts"), ACCOUNT]})
            await core.set_password(ACCOUNT, "new")
            await office.settled()
            assert await core.credentials.password(ACCOUNT) == "new"

    assert await in_all_orders(scenario, switches=1) > 3


async def test_an_account_removed_while_it_is_read_leaves_no_password_though_the_program_is_closed(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def long(self: Runs, control: RunControl) -> Finished:
        reading.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with offices.fresh() as office:
        core = office.core
        monkeypatch.setattr(Runs, "__call__", long)
        await core.set_password(ACCOUNT, "old")
        await office.settled()
        core.orchestrator.request_sync("customers", ACCOUNT)
        await reading.wait()
        async with core.erp._turn.take():  # the run uses the ERP
            await core.apply_settings(lambda now: {"erp.accounts": [OTHER]})
            assert office.ring.kept == {}
        await core.close()
        assert office.ring.kept == {}


async def test_a_password_set_during_a_test_of_the_old_one_does_not_stop_the_account(offices: Offices) -> None:
    refused: list[bool] = []

    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            await core.set_password(ACCOUNT, "old")
            office.runs.refused.add("old")
            turns.watch(credentials_module, "in_thread")
            turns.watch(office.runs, "answer")
            outcomes = await turns.run(
                lambda: core.test_login(ACCOUNT, None), lambda: core.set_password(ACCOUNT, "good")
            )
            refused.append(isinstance(outcomes[0], SyncFailure))
            accounts = core.orchestrator.get_status().accounts
            assert next(a.stopped for a in accounts if a.id == ACCOUNT) is None
            assert await core.credentials.password(ACCOUNT) == "good"

    await in_all_orders(scenario, switches=2)
    assert set(refused) == {True, False}, "not the old one in some orders and the new one in others"


# ------------------------------------------------------------------------------------------------ close


@pytest.mark.parametrize("action", ["save", "password", "clear", "accept", "remove", "status", "close"])
async def test_closing_during_any_action_ends_and_leaves_intact_files(action: str, offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            core = office.core
            turns.watch(asyncio, "to_thread")
            turns.watch(credentials_module, "in_thread")
            turns.watch(core.store, "clear", "run", "accept_read", "ages")
            beside: dict[str, Callable[[], Any]] = {
                "save": lambda: core.apply_settings({"sync.orders.interval": 20}),
                "password": lambda: core.set_password(ACCOUNT, "new"),
                "clear": lambda: core.clear_and_read("customers", ACCOUNT),
                "accept": lambda: core.accept_read("nothing"),
                "remove": lambda: core.apply_settings({"erp.accounts": []}),
                "status": lambda: serve(core, "status", {}, lambda event: None),
                "close": core.close,
            }
            outcomes = await turns.run(beside[action], core.close)
            assert outcomes[1] is None
            for error in failures(outcomes):
                assert isinstance(error, SyncFailure), "a sentence, whatever the order"
                assert error.code in codes()
            assert not core._later
            assert dict(core.settings) == dict(in_file(core))

    await in_all_orders(scenario, switches=1)


# ------------------------------------------------------------------------------------------------ credentials, alone


@pytest.mark.parametrize("ring", [MemoryKeyring, NoKeyring])
async def test_concurrent_keep_forget_and_password_end_as_in_one_of_their_orders(
    ring: type[Any], tmp_path: Path
) -> None:
    numbers = iter(range(10_000))

    async def scenario(turns: Turns) -> None:
        profile = open_profile(str(tmp_path / f"p{next(numbers)}"), demo=False)
        with in_place(ring()):
            await _kept(Credentials(profile), "old")
            mine = Credentials(profile)
            turns.watch(credentials_module, "in_thread")
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(
                lambda: _kept(mine, "new"),
                lambda: mine.forget(ACCOUNT),
                lambda: mine.password(ACCOUNT),
            )
            assert all(isinstance(error, NoPassword) for error in failures(outcomes))
            now, after_a_restart = await _password(mine), await _password(Credentials(profile))
            assert now == after_a_restart, "memory and storage differ"
            assert now in ("new", None), "the old password was restored"

    assert await in_all_orders(scenario, switches=2) > 5


async def _kept(credentials: Credentials, password: str) -> None:
    """Keep a password over restarts, in the file if there is no keyring."""
    if not await credentials.keep(ACCOUNT, password):
        await credentials.keep_in_file(ACCOUNT)


async def _password(credentials: Credentials) -> str | None:
    try:
        return await credentials.password(ACCOUNT)
    except NoPassword:
        return None


async def test_concurrent_writers_of_kept_sessions_lose_none(tmp_path: Path) -> None:
    numbers = iter(range(10_000))

    async def scenario(turns: Turns) -> None:
        profile = open_profile(str(tmp_path / f"p{next(numbers)}"), demo=False)
        with in_place(MemoryKeyring()):
            kept = KeptSessions(profile, lifetime=600)
            await kept.keep("third", {"of": "third"})
            turns.watch(credentials_module, "in_thread")
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(
                lambda: kept.keep(ACCOUNT, {"of": ACCOUNT}),
                lambda: kept.keep(OTHER, {"of": OTHER}),
                lambda: kept.forget("third"),
            )
            assert failures(outcomes) == []
            assert await kept.recall(ACCOUNT) == {"of": ACCOUNT}
            assert await kept.recall(OTHER) == {"of": OTHER}
            assert await kept.recall("third") is None

    assert await in_all_orders(scenario, switches=2) > 5


# ------------------------------------------------------------------------------------------------ each two actions


class Desk:
    """An office with all actions of the operator, and the checks after any of them."""

    def __init__(self, office: Office) -> None:
        self.office, self.core = office, office.core
        self.kept: dict[RefusedKind, str] = {}
        self.tickets: list[Any] = []

    async def prepare(self) -> None:
        """A successful read, and then a refused and kept one for each reason."""
        await self.core.set_password(ACCOUNT, "old")
        await self.core.orchestrator.request_sync("customers", ACCOUNT)
        for kind in RefusedKind:
            self.office.runs.suspicious = kind
            refused = await self.core.orchestrator.request_sync("customers", ACCOUNT)
            self.kept[kind] = str(refused.run_id)
        self.office.runs.suspicious = None
        await self.office.settled()

    def action(self, name: str) -> Callable[[], Any]:
        core = self.core

        def without(now: Settings) -> dict[str, object]:
            return {"erp.accounts": [known for known in now.words("erp.accounts") if known != ACCOUNT]}

        async def read() -> None:
            self.tickets.append(core.orchestrator.request_sync("customers", ACCOUNT))
            await core.store.ages("customers", ACCOUNT)

        async def clear() -> None:
            self.tickets.append(await core.clear_and_read("customers", ACCOUNT))

        async def form() -> Any:
            return await core.orchestrator.smart_customer_sync("f" * 32, ACCOUNT)

        async def hold() -> None:
            core.orchestrator.hold()
            await core.store.ages("customers", ACCOUNT)
            core.orchestrator.release()

        async def close() -> None:
            await core.close()

        return {
            "read": read,
            "form": form,
            "clear": clear,
            "accept": lambda: core.accept_read(self.kept[RefusedKind.SHRINK]),
            "rekey": lambda: core.rekey(self.kept[RefusedKind.KEYS_CHANGED]),
            "remove": lambda: core.apply_settings(without),
            "password": lambda: core.set_password(ACCOUNT, "new"),
            "login": lambda: core.test_login(ACCOUNT, None),
            "schedule": lambda: core.set_intervals({"orders": 20, "ddt": None}),
            "schedule too": lambda: core.set_intervals({"orders": 25, "prices": 60}),
            "hold": hold,
            "close": close,
        }[name]

    async def check(self, outcomes: Sequence[object], names: Sequence[str]) -> None:
        """Check, for any order: known failures only, memory and files agree, and no request is open."""
        core = self.core
        for error in failures(outcomes):
            assert isinstance(error, SyncFailure), repr(error)
            assert error.code in codes(), error.code
        if "close" in names:
            assert not core._later
            assert all(ticket.done for ticket in self.tickets), "rule 27"
            return
        core.orchestrator.end_sessions()
        for ticket in self.tickets:
            await ticket
        await until(lambda: core.orchestrator.get_status().current_sync is None)
        await core.orchestrator._dispatcher._writer.written()
        await self.office.settled()
        assert dict(core.settings) == dict(in_file(core))
        status = core.orchestrator.get_status()
        assert [account.id for account in status.accounts] == list(core.settings.words("erp.accounts"))
        for name, found in status.statuses.items():
            assert found.interval == (core.settings.number(f"sync.{name}.interval") or None), "rule 29"
        assert status.hold_since is None
        assert (status.current_run, status.queue) == (None, ())
        assert not core._read_by
        assert not core.orchestrator._waiters._parts
        page, ages = await core.store.rows("customers", ACCOUNT), await core.store.ages("customers", ACCOUNT)
        assert (page.total > 0) == (ages.last_success is not None)
        for line in status.statuses["customers"].accounts:
            if line.account == ACCOUNT:
                told = line.last_run_time, line.new_as_of, line.all_as_of
                stored = ages.last_success, ages.new_as_of, ages.all_as_of
                assert [at is None for at in told] == [at is None for at in stored], "status and store differ"
                assert line.freshness is (Freshness.NEVER if ages.last_success is None else Freshness.FRESH)
        secret = self.office.ring.kept.get((core.profile.keyring_service, ACCOUNT))
        if "remove" in names and "password" not in names:
            assert secret is None
        elif "remove" not in names:
            assert secret == ("new" if "password" in names else "old")


# ------------------------------------------------------------------------------------------------ a backup put back


class Restore:
    """Restores a backup as the panel does: the core closes, the backup replaces the archive, and a new core opens."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.backup = desk, Path()

    async def prepare(self) -> None:
        """A backup of one successful read; afterwards the archive has other rows, to distinguish the two."""
        await self.desk.prepare()
        store = self.desk.core.store
        self.backup = await store.backup("test")
        self.saved = await rows_and_ages(store)
        known = await store.known("customers", ACCOUNT)
        names = [column.name for column in store._entity("customers").columns]
        rows = [dict.fromkeys(names) | {"id": str(number), "name": "Verdi"} for number in range(2 * ROWS)]
        batch = Batch("newer", datetime.now(UTC), rows, True, True, after=known.number, compared_with=known.number)
        await store.apply("customers", ACCOUNT, batch)
        assert await rows_and_ages(store) != self.saved

    async def run(self) -> None:
        core = self.desk.core
        await core.close()
        await Store.restore(core.profile.folder, self.backup, clock=SystemClock())

    async def check(self, outcomes: Sequence[object]) -> None:
        """Check that the next start has the rows of the backup, no later time, and reads again."""
        for error in failures(outcomes):
            assert isinstance(error, SyncFailure), "a sentence, whatever the order"
            assert error.code in codes()
        assert outcomes[1] is None, "the backup was not restored"
        profile = self.desk.core.profile
        core = await Core.open(profile, demo=None, attended=False, reads=False)
        try:
            assert await rows_and_ages(core.store) == self.saved
            assert dict(core.settings) == dict(in_file(core))
            if ACCOUNT not in core.settings.words("erp.accounts"):
                return
            (line,) = [a for a in core.orchestrator.get_status().statuses["customers"].accounts if a.account == ACCOUNT]
            told, stored = (line.last_run_time, line.new_as_of, line.all_as_of), self.saved[1]
            assert told in (stored, (None, None, None)), "a time that does not belong to the restored rows"
            core.orchestrator.release()
            core.syncs = Runs(core)  # type: ignore[assignment]
            assert (await core.orchestrator.request_sync("customers", ACCOUNT)).outcome is Outcome.COMPLETED
            await rows_and_ages_agree(Office(core, Runs(core), self.desk.office.ring))
        finally:
            await core.close()


async def rows_and_ages(store: Store) -> tuple[frozenset[str], tuple[datetime | None, ...]]:
    page, ages = await store.rows("customers", ACCOUNT), await store.ages("customers", ACCOUNT)
    return frozenset(row.key for row in page.rows), (ages.last_success, ages.new_as_of, ages.all_as_of)


async def restored_beside(name: str, offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            desk = Desk(office)
            restore = Restore(desk)
            await restore.prepare()
            turns.watch(office.core.store, "known", "apply", "clear", "accept_read", "rekey", "run", "ages")
            turns.watch(office.runs, "answer")
            turns.watch(credentials_module, "in_thread")
            turns.watch(asyncio, "to_thread")
            await restore.check(await turns.run(desk.action(name), restore.run))

    assert await in_all_orders(scenario, switches=1) > 1


@pytest.mark.ci
@pytest.mark.parametrize("name", ["read", "clear"])
async def test_after_a_restore_during_an_action_only_the_backups_rows_exist(name: str, offices: Offices) -> None:
    await restored_beside(name, offices)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "name", ["form", "accept", "rekey", "remove", "password", "login", "schedule", "hold", "close"]
)
async def test_after_a_restore_during_any_action_only_the_backups_rows_exist(name: str, offices: Offices) -> None:
    await restored_beside(name, offices)


# ------------------------------------------------------------------------------------------------ all pairs


NAMES = (
    "read",
    "form",
    "clear",
    "accept",
    "rekey",
    "remove",
    "password",
    "login",
    "schedule",
    "schedule too",
    "hold",
    "close",
)
USUAL = (
    ("clear", "form"),
    ("accept", "form"),
    ("rekey", "read"),
    ("remove", "form"),
    ("schedule", "schedule too"),
    ("clear", "clear"),
)
"""Pairs that are tested in every run; the others at night."""
REST = tuple(pair for pair in combinations_with_replacement(NAMES, 2) if pair not in USUAL and pair[::-1] not in USUAL)


async def each_order(pair: tuple[str, str], offices: Offices) -> None:
    async def scenario(turns: Turns) -> None:
        async with offices.fresh() as office:
            desk = Desk(office)
            await desk.prepare()
            turns.watch(office.core.store, "known", "apply", "clear", "accept_read", "rekey", "run", "ages")
            turns.watch(office.runs, "answer")
            turns.watch(credentials_module, "in_thread")
            turns.watch(asyncio, "to_thread")
            outcomes = await turns.run(*(desk.action(name) for name in pair))
            await desk.check(outcomes, pair)

    assert await in_all_orders(scenario, switches=1) > 1


@pytest.mark.ci
@pytest.mark.parametrize("pair", USUAL, ids=" beside ".join)
async def test_two_actions_in_every_order(pair: tuple[str, str], offices: Offices) -> None:
    await each_order(pair, offices)


@pytest.mark.nightly
@pytest.mark.parametrize("pair", REST, ids=" beside ".join)
async def test_every_two_actions_in_every_order(pair: tuple[str, str], offices: Offices) -> None:
    await each_order(pair, offices)
