"""Sessions kept over restarts: encrypted with a key in the keyring, off without one, within the ERP's time limit."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.fernet import Fernet
from keyring.backends.fail import Keyring as NoKeyring
from memory_keyring import MemoryKeyring, in_place

from archisync_gui.app.kept_sessions import KEY_NAME, KeptSessions
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.demo_erp import DemoErp
from archisync_gui.entities import INVOICES
from archisync_gui.erp import IDLE, Erp
from tests.syncs.erp_harness import QUICK, USER

STATE = {"cookies": [{"name": "Login", "value": "geheim", "domain": "erp.example.test", "path": "/"}], "origins": []}


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "p"), demo=False)


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    with in_place(MemoryKeyring()) as mine:
        yield mine


def kept(profile: Profile) -> KeptSessions:
    """A new object, as in a new process."""
    return KeptSessions(profile, lifetime=IDLE)


async def test_a_session_is_restored_and_cannot_be_read_from_the_file(profile: Profile, ring: MemoryKeyring) -> None:
    await kept(profile).keep(USER, STATE)
    assert await kept(profile).recall(USER) == STATE
    assert await kept(profile).recall("another") is None
    file = profile.folder / "sessions.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "geheim" not in file.read_text()
    ((service, name),) = ring.kept
    assert (service, name) == (f"{profile.keyring_service}-sessions", KEY_NAME), "may overwrite an account's password"
    assert ring.kept[service, name] not in file.read_text()


@pytest.mark.usefixtures("ring")
async def test_a_forgotten_session_is_gone(profile: Profile) -> None:
    mine = kept(profile)
    await mine.keep(USER, STATE)
    await mine.keep("another", STATE)
    await mine.forget(USER)
    assert await kept(profile).recall(USER) is None
    assert await kept(profile).recall("another") == STATE


async def test_without_a_keyring_nothing_is_written(profile: Profile) -> None:
    with in_place(NoKeyring()):
        await kept(profile).keep(USER, STATE)
        assert await kept(profile).recall(USER) is None
    assert not (profile.folder / "sessions.json").exists()


async def test_a_session_that_cannot_be_decrypted_is_ignored(profile: Profile, ring: MemoryKeyring) -> None:
    await kept(profile).keep(USER, STATE)
    ring.kept = {place: Fernet.generate_key().decode() for place in ring.kept}
    assert await kept(profile).recall(USER) is None, "a file from another computer"
    ring.kept = dict.fromkeys(ring.kept, "no key")
    assert await kept(profile).recall(USER) is None
    await kept(profile).keep(USER, STATE)
    assert set(ring.kept.values()) == {"no key"}, "the value of another program was overwritten"
    (profile.folder / "sessions.json").write_text("[]")
    assert await kept(profile).recall(USER) is None


async def test_a_session_older_than_the_erps_limit_is_not_tried(profile: Profile, ring: MemoryKeyring) -> None:
    await kept(profile).keep(USER, STATE)
    (key,) = ring.kept.values()
    old = Fernet(key).encrypt_at_time(json.dumps(STATE).encode(), int(time.time() - IDLE - 5)).decode()
    (profile.folder / "sessions.json").write_text(json.dumps({USER: old}))
    assert await kept(profile).recall(USER) is None


async def _visit(demo: DemoErp, memory: KeptSessions) -> int:
    """Open one list as a new process does; returns the number of logins."""
    logins: list[None] = []

    async def password(_: str) -> str:
        return "demo"

    erp = Erp(address=lambda: demo.base_url, password=password, limits=QUICK, memory=memory)
    try:
        async with erp.list(INVOICES, USER, (), lambda: logins.append(None)):
            pass
    finally:
        await erp.close()
    return len(logins)


@pytest.mark.usefixtures("ring")
async def test_a_restart_within_the_limit_needs_no_login(profile: Profile) -> None:
    demo = DemoErp(scale=0.05)
    await demo.start()
    try:
        assert await _visit(demo, kept(profile)) == 1
        assert await _visit(demo, kept(profile)) == 0
        demo.fault("session-expired-now")
        assert await _visit(demo, kept(profile)) == 1, "no new login after the ERP ended the session"
        await kept(profile).forget(USER)
        assert await _visit(demo, kept(profile)) == 1, "no new login with another password"
    finally:
        await demo.stop()
    assert isinstance(keyring.get_keyring(), MemoryKeyring)
