"""A backup or an empty archive replaces the archive: the operator's decisions are kept (rules 9, 22, 31)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.life import put_back
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.model import ErrorInfo, FailureKind, Json, Status, SystemClock, as_json
from archisync_gui.store import Store
from archisync_gui.store.store import FILE
from archisync_gui.ui.text.i18n import language

REFUSED = as_json(ErrorInfo("login-refused", FailureKind.CREDENTIALS, "", {"account": DEMO_ACCOUNT, "error": ""}))


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    found = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(found)
    assert lock.acquire()
    yield found
    lock.release()


@asynccontextmanager
async def opened(profile: Profile) -> AsyncIterator[Core]:
    """A core without reads."""
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False, reads=False)
    try:
        yield core
    finally:
        await core.close()


async def status_after(profile: Profile) -> Status:
    async with opened(profile) as core:
        return core.orchestrator.get_status()


def today(count: int) -> Json:
    return {"day": datetime.now(UTC).astimezone().date().isoformat(), "count": count}


@pytest.mark.parametrize("empty", [False, True])
async def test_a_hold_and_a_refused_password_are_kept(profile: Profile, empty: bool) -> None:
    end = datetime.now(UTC) + timedelta(hours=2)
    async with opened(profile) as core:
        backup = await core.store.backup("operator")
        core.orchestrator.hold(end)
        since = core.orchestrator.get_status().hold_since
        await core.store.journal.note(f"stopped:{DEMO_ACCOUNT}", REFUSED)
        await core.store.journal.note(f"logins:{DEMO_ACCOUNT}", today(7))
    said, tone = await put_back(profile, "empty" if empty else backup)
    assert (said, tone) == (str(text("archive-emptied" if empty else "backup-put-back", language())), "ok")
    status = await status_after(profile)
    assert (status.hold_since, status.hold_until) == (since, end)
    [account] = status.accounts
    assert account.stopped is not None
    assert account.stopped.code == "login-refused"
    assert account.logins_today == 7


async def test_an_older_hold_and_an_older_refusal_are_not_restored(profile: Profile) -> None:
    async with opened(profile) as core:
        core.orchestrator.hold()
        await core.store.journal.note(f"stopped:{DEMO_ACCOUNT}", REFUSED)
    async with opened(profile) as core:
        backup = await core.store.backup("operator")
        core.orchestrator.release()
        core.orchestrator.credentials_changed(DEMO_ACCOUNT)
    assert (await put_back(profile, backup))[1] == "ok"
    status = await status_after(profile)
    assert status.hold_since is None
    assert status.accounts[0].stopped is None


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("lost", ["damaged", "gone"])
async def test_where_the_notes_are_lost_no_read_starts(profile: Profile, lost: str, empty: bool) -> None:
    """Rule 31: it is not known whether there was a hold or a stopped account."""
    async with opened(profile) as core:
        backup = await core.store.backup("operator")
    file = profile.folder / FILE
    file.write_bytes(b"no database" * 1000) if lost == "damaged" else file.unlink()
    said, tone = await put_back(profile, "empty" if empty else backup)
    assert said.endswith(str(text("restored-on-hold", language())))
    assert tone == "warn"
    assert (await status_after(profile)).hold_since is not None


async def test_the_notes_of_an_archive_damaged_elsewhere_are_kept(profile: Profile) -> None:
    async with opened(profile) as core:
        backup = await core.store.backup("operator")
        await core.store.journal.note(f"stopped:{DEMO_ACCOUNT}", REFUSED)
    file = profile.folder / FILE
    with closing(sqlite3.connect(file)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(content)
    assert (await put_back(profile, backup))[1] == "ok"
    status = await status_after(profile)
    assert status.hold_since is None
    assert status.accounts[0].stopped is not None


async def test_notes_in_the_last_transactions_of_a_killed_program_are_kept_too(
    profile: Profile, tmp_path: Path
) -> None:
    """They are in the write-ahead log."""
    live = await Store.open(tmp_path / "live", ENTITIES, clock=SystemClock())
    backup = await live.backup("operator")
    await live.journal.note(f"stopped:{DEMO_ACCOUNT}", REFUSED)
    for file in (tmp_path / "live").glob(f"{FILE}*"):  # a copy of the files as a kill would leave them
        if not file.name.endswith("-shm"):
            (profile.folder / file.name).write_bytes(file.read_bytes())
    await live.close()
    assert (await put_back(profile, backup))[1] == "ok"
    assert (await status_after(profile)).accounts[0].stopped is not None


@pytest.mark.parametrize("error", [OSError(16, "Device or resource busy"), ZeroDivisionError("a mistake")])
async def test_an_error_is_reported_and_does_not_end_the_program(
    profile: Profile, error: Exception, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors("could not be put back")

    async def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Store, "restore", fails)
    said, tone = await put_back(profile, "empty")
    assert (error.strerror or "" if isinstance(error, OSError) else "a mistake") in said
    assert tone == "bad"
