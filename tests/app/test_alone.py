"""The command line without a user: it never waits for input, and can end a hold or a stop without a panel."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archisync_gui import cli
from archisync_gui.app import core as core_module
from archisync_gui.app import exit_codes, folder_watch
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.commands import serve
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.profile import Profile, ProfileError, ProfileLock, open_profile
from archisync_gui.messages import text
from archisync_gui.model import ErrorInfo, FailureKind, Finished, Origin, Outcome, RunControl, SyncFailure
from archisync_gui.store import Store
from tests.support.opening import slow_opening

ALL = ["customers", "orders", "ddt", "invoices", "prices", "products"]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "p"), demo=True)


@pytest.fixture
def no_word_of_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system without notifications of changes in folders: a read has to check by itself."""
    monkeypatch.setattr(folder_watch, "_inotify", lambda folder: None)


@pytest.fixture
async def core(profile: Profile) -> AsyncIterator[Core]:
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False, reads=False)
    yield core
    await core.close()
    lock.release()


class Runs:
    """Replaces the runner."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.seen: list[str] = []

    async def __call__(self, control: RunControl) -> Finished:
        self.seen.append(control.run.type)
        if self.refuses:
            error = {"account": DEMO_ACCOUNT, "error": "no"}
            raise SyncFailure("login-refused", FailureKind.CREDENTIALS, params=error)
        return Finished(Outcome.COMPLETED, as_of=datetime.now(UTC), rows=1)

    async def close(self) -> None:
        return None


async def sync(core: Core, *types: str) -> tuple[int, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        code, results = await serve(core, "sync", {"types": list(types)}, told.append)
    assert [line for line in told if line["kind"] == "result"] == [{"kind": "result", **line} for line in results]
    return code, results


async def test_a_password_that_is_refused_ends_every_list_at_once(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(refuses=True)
    monkeypatch.setattr(core, "syncs", runs)
    code, results = await sync(core, *ALL)
    assert code == exit_codes.CREDENTIALS == 4
    assert sorted(line["type"] for line in results) == sorted(ALL)
    assert {line["error"]["code"] for line in results} == {"login-refused"}
    assert len(runs.seen) == 1, "the refused password was tried again"
    assert core.orchestrator.get_status().queue == ()
    code, results = await sync(core, "orders")
    assert (code, results[0]["error"]["code"], len(runs.seen)) == (4, "login-refused", 1)


async def test_retry_lets_a_stopped_account_try_once_more(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "syncs", Runs())
    core.orchestrator.login_refused(DEMO_ACCOUNT, ErrorInfo("login-refused", FailureKind.CREDENTIALS, "no"))
    assert (await sync(core, "orders"))[0] == exit_codes.CREDENTIALS
    assert await serve(core, "retry", {"account": "nobody"}, lambda event: None) == (
        exit_codes.USAGE,
        {"allowed": [], "unknown": "nobody", "known": [DEMO_ACCOUNT]},
    )
    assert (await sync(core, "orders"))[0] == exit_codes.CREDENTIALS
    assert await serve(core, "retry", {"account": None}, lambda event: None) == (0, {"allowed": [DEMO_ACCOUNT]})
    assert (await sync(core, "orders"))[0] == exit_codes.OK


async def test_during_a_hold_a_sync_ends_at_once_with_the_reason(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "syncs", Runs())
    core.orchestrator.hold()
    code, results = await sync(core, "orders", "products")
    assert code == exit_codes.FAILED
    assert {(line["outcome"], line["error"]["code"]) for line in results} == {("skipped", "sync-held")}
    core.orchestrator.release()
    assert (await sync(core, "orders"))[0] == exit_codes.OK


async def test_a_repeat_that_would_wait_for_tomorrow_ends_at_once(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(Runs):
        async def __call__(self, control: RunControl) -> Finished:
            self.seen.append(control.run.type)
            raise SyncFailure("erp-slow", FailureKind.TRANSIENT)

    runs = Fails()
    monkeypatch.setattr(core, "syncs", runs)
    for _ in range(core.settings.number("erp.login_budget")):
        core.orchestrator.logged_in(DEMO_ACCOUNT)
    code, (line,) = await sync(core, "orders")
    assert (code, line["error"]["code"]) == (exit_codes.FAILED, "sync-no-login-left")
    assert str(text("sync-no-login-left", "en", line["error"]["params"]))
    assert runs.seen == ["orders"]
    assert core.orchestrator.get_status().queue == ()


async def test_the_request_of_another_caller_is_not_withdrawn_with_ours(core: Core) -> None:
    core.orchestrator.hold()
    theirs = core.orchestrator.request_sync("orders", origin=Origin.OPERATOR)
    await sync(core, "orders")
    assert not theirs.done
    assert [entry.type for entry in core.orchestrator.get_status().queue] == ["orders"]


def run(profile: Profile, *arguments: str) -> int:
    return cli.main([*arguments, "--demo", "--profile", str(profile.folder)])


def test_a_hold_begins_and_ends_without_a_panel(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    def held() -> bool:
        capsys.readouterr()
        assert run(profile, "status", "--json") == 0
        return json.loads(capsys.readouterr().out)["holdSince"] is not None

    assert run(profile, "hold") == 0
    assert held(), "the hold was lost with the process"
    assert run(profile, "sync", "orders") == exit_codes.FAILED
    assert "archisync-gui release" in "".join(capsys.readouterr())
    assert run(profile, "release") == 0
    assert not held()
    assert run(profile, "retry") == 0
    assert capsys.readouterr().out


# ------------------------------------------------------------------------------------------------ opening, folder


@pytest.mark.parametrize("late", ["orchestrator", "housekeeping"])
async def test_opened_parts_are_closed_when_a_later_part_fails(
    late: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    real_close, real_store = core_module.Orchestrator.close, Store.close

    async def close(self: Any, deadline: float = 10.0) -> None:
        closed.append("orchestrator")
        await real_close(self, deadline)

    async def close_store(self: Store) -> None:
        closed.append("store")
        await real_store(self)

    real_start = core_module.Orchestrator.start

    async def start(self: Any) -> None:
        await real_start(self)
        if late == "orchestrator":
            raise OSError("no more file handles")

    def later(self: Core, work: Any) -> None:
        work.close()
        raise OSError("no more memory")

    monkeypatch.setattr(core_module.Orchestrator, "close", close)
    monkeypatch.setattr(core_module.Orchestrator, "start", start)
    monkeypatch.setattr(Store, "close", close_store)
    if late == "housekeeping":
        monkeypatch.setattr(Core, "_start_later", later)
    with pytest.raises(OSError, match="no more"):
        await Core.open(profile, demo=None, attended=True, reads=False)
    assert closed == ["orchestrator", "store"], "not all parts were closed in order"


async def test_where_no_socket_can_be_made_the_program_starts_nevertheless(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archisync_gui.app import channel

    places = channel._socket_paths(profile)
    places[0].mkdir()
    core = await Core.open(profile, demo=None, attended=True, reads=False)
    try:
        assert (await call(profile, "status", {}, lambda event: None))[0] == 0, "the alternative place does not work"
    finally:
        await core.close()
    places[0].rmdir()
    monkeypatch.setattr(channel, "_socket_paths", lambda profile: (profile.folder / "log",))
    core = await Core.open(profile, demo=None, attended=True, reads=False)
    try:
        with pytest.raises(NoAnswer):
            await call(profile, "status", {}, lambda event: None)
    finally:
        await core.close()


def test_a_panel_opens_after_short_commands(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ``status`` every second locks the profile for a moment; a panel that starts meanwhile is not refused."""
    from archisync_gui.app import desktop

    async def no_answer(*_of: object, **_more: object) -> None:
        raise NoAnswer

    monkeypatch.setattr(desktop, "call", no_answer)
    looking, mine = ProfileLock(profile), ProfileLock(profile)
    assert looking.acquire()
    ended = threading.Timer(0.5, looking.release)
    ended.start()
    assert desktop._hand_over(profile, mine, "en", True, "") is None
    ended.join()
    assert not ProfileLock(profile).acquire(), "the panel has not locked the profile"
    mine.release()


def test_a_panel_reports_a_holder_that_does_not_answer(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    from archisync_gui.app import desktop

    async def no_answer(*_of: object, **_more: object) -> None:
        raise NoAnswer

    told: list[str] = []
    monkeypatch.setattr(desktop, "call", no_answer)
    monkeypatch.setattr(desktop, "SILENT", 0.1)
    monkeypatch.setattr(desktop, "show_problem", told.append)
    silent = ProfileLock(profile)
    assert silent.acquire()
    assert desktop._hand_over(profile, ProfileLock(profile), "en", True, "") == exit_codes.BUSY
    assert len(told) == 1
    silent.release()


async def test_a_second_start_during_the_opening_waits_and_raises_the_window(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bool, str]] = []
    opening, go_on = slow_opening(monkeypatch)

    def second_start(hidden: bool, place: str) -> bool:
        asked.append((hidden, place))
        return True

    first_call = asyncio.ensure_future(call(profile, "raise", {"open": "log"}, lambda event: None, patience=60))
    first = asyncio.ensure_future(Core.open(profile, demo=None, attended=True, reads=False, second_start=second_start))
    await opening.wait()
    assert (await first_call)[0] == 0
    assert asked == [(False, "log")], "not answered before the data are open"
    looking = asyncio.ensure_future(call(profile, "status", {}, lambda event: None, patience=60))
    go_on.set()
    core = await first
    try:
        assert (await looking)[0] == 0
    finally:
        await core.close()


@pytest.mark.parametrize("what", ["folder", "lock"])
async def test_no_read_starts_once_the_folder_was_replaced(
    what: str,
    no_word_of_changes: None,
    core: Core,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    expected_errors: Any,
) -> None:
    expected_errors(r"archisync_gui\.app\.core: nothing is read any more")
    expected_errors.allow(r"archisync_gui\.orchestrator\.memory: the journal failed; .*")
    expected_errors.allow(r"archisync_gui\.store\.database: .* belonged to a file that was replaced, and is removed")
    runs = Runs()
    monkeypatch.setattr(core, "syncs", runs)
    assert (await core.orchestrator.request_sync("orders")).outcome is Outcome.COMPLETED
    moved = core.profile.folder if what == "folder" else core.profile.folder / "profile.lock"
    moved.rename(tmp_path / "away")
    try:
        result = await core.orchestrator.request_sync("orders")
        assert result.outcome is Outcome.FAILED
        assert result.error is not None
        assert result.error.code == "profile-gone"
        assert runs.seen == ["orders"], "the second read was begun"
        assert isinstance(core.broken.result(), ProfileError)
    finally:
        (tmp_path / "away").rename(moved)


@pytest.mark.skipif(sys.platform != "linux", reason="Windows lets nobody replace an open file; Linux tells of it")
async def test_no_read_starts_once_the_archive_was_replaced(
    core: Core, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """A backup tool puts an older copy in its place; rows read after that would be lost."""
    expected_errors(r"archisync_gui\.app\.core: nothing is read any more")
    expected_errors.allow(r"archisync_gui\.orchestrator\.memory: the journal failed; .*")
    expected_errors.allow(r"archisync_gui\.store\.database: .* belonged to a file that was replaced, and is removed")
    runs = Runs()
    monkeypatch.setattr(core, "syncs", runs)
    backup = await core.store.backup("operator")
    copy = core.profile.folder / "copy"
    shutil.copy(backup, copy)
    copy.rename(core.store.path)
    async with asyncio.timeout(30):
        assert (await core.broken).code == "file-replaced"
    result = await core.orchestrator.request_sync("orders")
    assert result.outcome is Outcome.FAILED
    assert result.error is not None
    assert result.error.code == "file-replaced"
    assert runs.seen == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of changes in folders (inotify)")
async def test_a_missing_folder_is_reported_before_the_next_read(
    core: Core, tmp_path: Path, expected_errors: Any
) -> None:
    expected_errors(r"archisync_gui\.app\.core: nothing is read any more")
    expected_errors.allow(r"archisync_gui\.orchestrator\.memory: the journal failed; .*")
    expected_errors.allow(r"archisync_gui\.store\.database: .* belonged to a file that was replaced, and is removed")
    core.profile.folder.rename(tmp_path / "away")
    try:
        async with asyncio.timeout(30):
            assert isinstance(await core.broken, ProfileError)
    finally:
        (tmp_path / "away").rename(core.profile.folder)


async def test_a_read_during_which_the_folder_was_moved_is_not_completed(
    no_word_of_changes: None, core: Core, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, expected_errors: Any
) -> None:
    expected_errors(r"archisync_gui\.app\.core: nothing is read any more")
    expected_errors.allow(r"archisync_gui\.orchestrator\.memory: the journal failed; .*")
    expected_errors.allow(r"archisync_gui\.store\.database: .* belonged to a file that was replaced, and is removed")

    class Moves(Runs):
        async def __call__(self, control: RunControl) -> Finished:
            core.profile.folder.rename(tmp_path / "away")
            return await super().__call__(control)

    monkeypatch.setattr(core, "syncs", Moves())
    result = await core.orchestrator.request_sync("orders")
    (tmp_path / "away").rename(core.profile.folder)
    assert (result.outcome, result.error.code if result.error else "") == (Outcome.FAILED, "profile-gone")
