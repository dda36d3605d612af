"""Each file of a profile, one at a time, replaced by rubbish or cut short by a kill: start, and forget nothing else."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from memory_keyring import MemoryKeyring, in_place

from archisync_gui.app.core import Core
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.disk import TEMPORARY, replace_file
from archisync_gui.endpoint.pairing import Access, PairingStore
from archisync_gui.model import SystemClock
from archisync_gui.settings import Settings, load_settings
from tests.support.hygiene import ExpectedErrors

ACCOUNT = "agente01"
FILES = (
    "settings.json",
    "pages.json",
    "sessions.json",
    "passwords.json",
    "holder.json",
    "window.ini",
    "owed-views.json",
)
DAMAGE = {
    "empty": lambda whole: b"",
    "truncated": lambda whole: whole[: len(whole) // 2],
    "random": lambda whole: bytes((7 * at + 13) % 256 for at in range(200)),
    "list": lambda whole: b"[]",
    "number": lambda whole: b"5",
    "newer": lambda whole: whole.replace(b'"version": 1', b'"version": 99'),
    "nested": lambda whole: b"[" * 100_000,
}


async def an_office(profile: Profile) -> str:
    """Write every file as the program does; the token of the paired page."""
    Settings().with_({"erp.accounts": [ACCOUNT], "look.theme": "dark"}).save(profile.settings_file)
    _, token = PairingStore(profile.folder / "pages.json", clock=SystemClock()).add(
        "Modulo", None, [Access.SESSIONS], ACCOUNT
    )
    await KeptSessions(profile, lifetime=600).keep(ACCOUNT, {"cookies": []})
    replace_file(profile.folder / "passwords.json", json.dumps({ACCOUNT: "segreto"}))
    replace_file(profile.folder / "window.ini", "[General]\nplace=1\n")
    replace_file(profile.folder / "owed-views.json", "[]")
    return token


async def kept(profile: Profile, token: str) -> dict[str, object]:
    """What each file still says."""
    page = PairingStore(profile.folder / "pages.json", clock=SystemClock()).find(token)
    try:
        password: str | None = await Credentials(profile).password(ACCOUNT)
    except Exception:
        password = None
    return {
        "settings.json": load_settings(profile.settings_file).settings.text("look.theme"),
        "pages.json": page is not None,
        "sessions.json": await KeptSessions(profile, lifetime=600).recall(ACCOUNT),
        "passwords.json": password,
    }


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_file_stops_no_start_and_spoils_no_other(
    name: str, damage: str, tmp_path: Path, hygiene: ExpectedErrors
) -> None:
    hygiene.allow(r"paired pages: .* is unreadable")
    profile = open_profile(str(tmp_path / "p"), demo=False)
    with in_place(MemoryKeyring()):
        token = await an_office(profile)
        lock = ProfileLock(profile)
        assert lock.acquire()
        before = await kept(profile, token)
        assert all(before.values())
        path = profile.folder / name
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
        core = await Core.open(profile, demo=None, attended=True, reads=False)
        try:
            after = await kept(profile, token)
            assert {n: v for n, v in after.items() if n != name} == {n: v for n, v in before.items() if n != name}
            changed = DAMAGE[damage](b"x") != b"x" or damage == "truncated"
            assert bool(core.troubles) is (name == "settings.json" and (changed or damage == "newer"))
            # And on with the work: what is written now does not stumble over it.
            await core.apply_settings({"sync.ddt.interval": 50})
            await core.set_password(ACCOUNT, "neu", file=True)
        finally:
            await core.close()
            lock.release()
        assert load_settings(profile.settings_file).settings.number("sync.ddt.interval") == 50


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
async def test_every_file_is_private_by_its_own_mode(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    with in_place(MemoryKeyring()):
        await an_office(profile)
        lock = ProfileLock(profile)
        assert lock.acquire()
        core = await Core.open(profile, demo=None, attended=True, reads=False)
        await core.apply_settings({"sync.ddt.interval": 50})
        files = [path for path in profile.folder.rglob("*") if path.is_file() and path.name != "profile.lock"]
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
            path.name: "0o600" for path in files
        }
        await core.close()
        lock.release()


# ------------------------------------------------------------------------------------------------ kill -9

WRITER = """
import sys
from pathlib import Path
from archisync_gui.endpoint.pairing import Access, PairingStore
from archisync_gui.model import SystemClock
from archisync_gui.settings import Settings
folder = Path(sys.argv[1])
pages = PairingStore(folder / "pages.json", clock=SystemClock())
settings = Settings().with_({"erp.accounts": ["agente01"]})
print("writing", flush=True)
number = 0
while True:
    number = number % 1400 + 1
    settings.with_({"sync.orders.interval": number + 4}).save(folder / "settings.json")
    page, _ = pages.add("Modulo", None, [Access.SESSIONS], None)
    pages.revoke(page.id)
"""


def kill_while_writing(folder: Path, after: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("kills", [pytest.param(5, marks=pytest.mark.ci), pytest.param(200, marks=pytest.mark.nightly)])
def test_a_writer_that_is_killed_leaves_whole_files(kills: int, tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    store = PairingStore(profile.folder / "pages.json", clock=SystemClock())
    _, token = store.add("Resta", None, [Access.SESSIONS], None)
    for number in range(kills):
        kill_while_writing(profile.folder, 0.02 + 0.013 * (number % 17))
        loaded = load_settings(profile.settings_file)
        assert loaded.troubles == ()
        assert loaded.settings == {} or loaded.settings.words("erp.accounts") in ((), ("agente01",))
        assert PairingStore(profile.folder / "pages.json", clock=SystemClock()).find(token) is not None
    lock = ProfileLock(profile)
    assert lock.acquire()
    assert not list(profile.folder.glob(f".*{TEMPORARY}")), "what killed writers left behind is removed"
    lock.release()


def test_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "file.json"

    async def both() -> None:
        texts = ["a" * 200_000, "b" * 10]
        await asyncio.gather(*(asyncio.to_thread(replace_file, path, texts[n % 2]) for n in range(40)))

    asyncio.run(both())
    assert len(set(path.read_text(encoding="utf-8"))) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file.json"]
