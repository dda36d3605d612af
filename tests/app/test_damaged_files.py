"""Damages each file of a profile, one at a time: the program starts, and all other data are kept."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest
from memory_keyring import MemoryKeyring, in_place

import archisync_gui
from archisync_gui.app.core import Core
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.drafts_file import open_drafts
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.profile import Profile, ProfileError, ProfileLock, open_profile
from archisync_gui.disk import TEMPORARY, replace_file
from archisync_gui.drafts import Drafts
from archisync_gui.drafts.away import _read_bases
from archisync_gui.drafts.browser_keys import BrowserKeys
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.entities import ENTITIES
from archisync_gui.erp.lists.saved_views import SavedViews, View
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.messages import text
from archisync_gui.model import SystemClock
from archisync_gui.office.membership import leave_watches, left_watches
from archisync_gui.settings import Settings, load_settings
from archisync_gui.store import Store, StoreError
from archisync_gui.ui.text.last_known import LastKnown, read_last_known
from archisync_gui.updates.watch import _read as read_updates
from tests.support.hygiene import ExpectedErrors
from tests.support.killing import Victim

ACCOUNT = "agente01"
DAMAGE = {
    "empty": lambda whole: b"",
    "truncated": lambda whole: whole[: len(whole) // 2],
    "random": lambda whole: bytes((7 * at + 13) % 256 for at in range(200)),
    "list": lambda whole: b"[]",
    "number": lambda whole: b"5",
    "newer": lambda whole: whole.replace(b'"version": 1', b'"version": 99'),
    "nested": lambda whole: b"[" * 100_000,
}


NOT_DATA = ("profile.lock", "channel.sock", "log/", "backups/", "screenshots/")
"""The lock and the socket have no content; the others are copies, or for people to read."""


async def an_office(profile: Profile) -> str:
    """Write every file as the program does; returns the token of the paired page."""
    Settings().with_({"erp.accounts": [ACCOUNT], "look.first_run_done": True}).save(profile.settings_file)
    Settings().with_(
        {"erp.accounts": [ACCOUNT], "look.theme": "dark", "sync.ddt.interval": 46, "look.first_run_done": True}
    ).save(profile.settings_file)
    _, token = PairingStore(profile.folder / "pages.json", clock=SystemClock()).add(
        "Modulo", None, [Access.SESSIONS], ACCOUNT
    )
    await KeptSessions(profile, lifetime=600).keep(ACCOUNT, {"cookies": []})
    replace_file(profile.folder / "passwords.json", json.dumps({ACCOUNT: "segreto"}))
    replace_file(profile.folder / "passwords-left.json", json.dumps({"removed": "keyring file"}))
    replace_file(profile.folder / "window.ini", "[General]\nplace=1\n")
    replace_file(profile.folder / "channel.json", json.dumps({"port": 1, "secret": "x"}))
    await SavedViews(profile.folder / "saved-views.json").save(ACCOUNT, "LIST/", View(preset="own"))
    await ReadingWays(profile.folder / "reading-ways.json").worked("customers", "1")
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    await store.journal.note("hold", "2026-03-02T09:00:00+00:00")
    await store.close()
    drafts = await Drafts.open(profile.folder, clock=SystemClock())
    await drafts.put(ACCOUNT, "d" * 20, {"note": "da non perdere"}, if_match=None)
    await drafts.close()
    BrowserKeys(profile.folder / "order-form.json").open(47801)
    replace_file(profile.folder / "holder.json", json.dumps({"pid": 1}))
    replace_file(profile.folder / "conformance.json", "{}")
    problem = {"code": "", "params": {}}
    shown = LastKnown("it", "dark", (("Clienti", SystemClock().now()), ("Ordini", None)))
    replace_file(profile.folder / "last-known.json", shown.text())
    asked = {"asked": "2026-03-02T08:00:00+00:00", "list": "", "signature": "", "problem": problem, "told": "0.2.0"}
    replace_file(profile.folder / "updates.json", json.dumps(asked))
    return token


def files_of(profile: Profile) -> list[str]:
    """The files of the profile that contain data."""
    names = (path.relative_to(profile.folder).as_posix() for path in profile.folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(NOT_DATA))


def test_every_file_that_the_program_names_is_in_the_sample(tmp_path: Path) -> None:
    """:func:`an_office` has to write each new file of the profile, so that its damage is tested, too."""
    named = set()
    for path in Path(archisync_gui.__file__).parent.rglob("*.py"):
        if "demo_erp" not in path.parts and "output" not in path.parts:  # diagnostics are written to a chosen folder
            named |= set(re.findall(r'"([a-z-]+(?:\.previous)?\.(?:json|ini|db))"', path.read_text(encoding="utf-8")))
    profile = open_profile(str(tmp_path / "p"), demo=False)
    with in_place(MemoryKeyring()):
        asyncio.run(an_office(profile))
    # Part of an export, in a chosen folder; only of members of an office (tests/office, and below);
    # Dropbox's own (tests/app/test_profile_place.py).
    elsewhere = {"everything.json", "office.json", "office-watches.json", "drafts-away.json", "info.json"}
    assert named - {"settings.json"} - elsewhere <= set(files_of(profile))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_of_drafts_for_the_office_counts_as_empty(damage: str, tmp_path: Path) -> None:
    whole = json.dumps([[ACCOUNT, "d" * 20, 3]]).encode()
    file = tmp_path / "drafts-away.json"
    file.write_bytes(DAMAGE[damage](whole))
    bases = _read_bases(file)
    known = None if bases is None else {key: base.version for key, base in bases.items()}
    expected = {whole: {(ACCOUNT, "d" * 20): 3}, b"[]": {}}
    assert known == expected.get(DAMAGE[damage](whole))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_watches_of_a_former_office_count_as_none(damage: str, tmp_path: Path) -> None:
    leave_watches(tmp_path, {"orders/1": {"name": "Ordine 1"}})
    file = tmp_path / "office-watches.json"
    whole = file.read_bytes()
    file.write_bytes(DAMAGE[damage](whole))
    found = left_watches(tmp_path)
    assert found == {"orders/1": {"name": "Ordine 1"}} if file.read_bytes() == whole else found in (None, {})


async def kept(profile: Profile, token: str) -> dict[str, object]:
    """The data of each file, as the program reads them."""
    page = PairingStore(profile.folder / "pages.json", clock=SystemClock()).find(token)
    try:
        password: str | None = await Credentials(profile).password(ACCOUNT)
    except Exception:
        password = None
    said: dict[str, object] = {
        "settings.json": load_settings(profile.settings_file).settings.text("look.theme") == "dark",
        "pages.json": page is not None,
        "sessions.json": await KeptSessions(profile, lifetime=600).recall(ACCOUNT),
        "passwords.json": password,
        "saved-views.json": await SavedViews(profile.folder / "saved-views.json").of(ACCOUNT, "LIST/"),
        "order-form.json": _browser_key(profile),
        "last-known.json": read_last_known(profile.folder) is not None,
        "updates.json": read_updates(profile.folder / "updates.json").announced,
        "reading-ways.json": (await ReadingWays(profile.folder / "reading-ways.json").of("customers", "1")).proven,
    }
    for name, asked in (("archisync.db", _hold), ("drafts.db", _draft)):
        try:
            said[name] = await asked(profile)
        except StoreError:
            said[name] = None
    return said


def _browser_key(profile: Profile) -> bytes | None:
    keys = BrowserKeys(profile.folder / "order-form.json")
    keys.open(47801)
    return keys.key(ACCOUNT)


async def _hold(profile: Profile) -> object:
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    try:
        return (await store.journal.load()).notes.get("hold")
    finally:
        await store.close()


async def _draft(profile: Profile) -> object:
    drafts = await Drafts.open(profile.folder, clock=SystemClock())
    try:
        return await drafts.get(ACCOUNT, "d" * 20)
    finally:
        await drafts.close()


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_file_stops_no_start_and_affects_no_other_file(
    damage: str, tmp_path: Path, hygiene: ExpectedErrors
) -> None:
    """Each file of the profile in turn."""
    hygiene.allow(r"paired pages: .* is unreadable")
    hygiene.allow(r"the drafts cannot be read")
    with in_place(MemoryKeyring()) as ring:
        pristine = open_profile(str(tmp_path / "pristine"), demo=False)
        token = await an_office(pristine)
        before = await kept(pristine, token)
        assert all(before.values()), before
        for number, name in enumerate(files_of(pristine)):
            folder = tmp_path / str(number)
            shutil.copytree(pristine.folder, folder, ignore=shutil.ignore_patterns("profile.lock"))
            path = folder / name
            damaged = DAMAGE[damage](path.read_bytes())
            path.write_bytes(damaged)
            secrets = dict(ring.kept)
            await one_damaged_file(folder, name, damaged, token, before)
            ring.kept = secrets


async def one_damaged_file(folder: Path, name: str, damaged: bytes, token: str, before: dict[str, object]) -> None:
    whole = damaged == (folder.parent / "pristine" / name).read_bytes()
    if name == "profile.json" and not whole:
        with pytest.raises(ProfileError) as refused:
            open_profile(str(folder), demo=False)
        assert refused.value.code == "profile-damaged"
        assert (folder / name).read_bytes() == damaged, "the damaged file was changed"
        return
    profile = open_profile(str(folder), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    try:
        if name == "archisync.db" and not whole:
            with pytest.raises(StoreError) as why:
                await Core.open(profile, demo=None, attended=True, reads=False)
            assert why.value.code == "damaged"
            assert (folder / name).read_bytes() == damaged, "changed before the operator has decided"
            backup, _ = await Store.restore(profile.folder, None, clock=SystemClock())
            assert backup is not None
            assert backup.read_bytes() == damaged
        core = await Core.open(profile, demo=None, attended=True, reads=False)
        try:
            if name == "drafts.db":
                drafts, lost = await open_drafts(core, ran_before=True)
                assert whole or [trouble.code for trouble in lost] == ["drafts-damaged"]
                for trouble in lost:
                    aside = Path(str(trouble.params["kept"]))
                    assert await asyncio.to_thread(aside.read_bytes) == damaged, "not kept at the reported place"
                    assert str(text(trouble.code, "en", trouble.params)).count(str(aside)) == 1
                    with closing(sqlite3.connect(folder / name)) as raw:
                        names = {found for (found,) in raw.execute("SELECT name FROM sqlite_master")}
                    assert "notes" not in names, "the drafts' file has a table of notes"
                await drafts.close()
                copies = [file.read_bytes() for file in (folder / "backups").glob("drafts-*")]
                assert whole or copies == [damaged], "no copy of the damaged file was kept"
            told = [trouble.code for trouble in core.troubles]
            assert bool(told) is (name == "settings.json" and not whole), (name, told)
            # Later work of the program succeeds.
            await core.apply_settings({"sync.ddt.interval": 50})
        finally:
            await core.close()
    finally:
        lock.release()
    after = await kept(profile, token)
    assert {n: v for n, v in after.items() if n != name} == {n: v for n, v in before.items() if n != name}, name
    assert load_settings(profile.settings_file).settings.number("sync.ddt.interval") == 50


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: POSIX modes")
async def test_every_file_is_private_by_its_own_mode(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    with in_place(MemoryKeyring()):
        await an_office(profile)
        lock = ProfileLock(profile)
        assert lock.acquire()
        core = await Core.open(profile, demo=None, attended=True, reads=False)
        await core.apply_settings({"sync.ddt.interval": 50})
        files = [path for path in profile.folder.rglob("*") if path.is_file()]
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
            path.name: "0o600" for path in files
        }
        await core.close()
        lock.release()


# ------------------------------------------------------------------------------------------------ kill -9

WRITER = """
import sys
from pathlib import Path
from archisync_gui.endpoint.paired_pages import Access, PairingStore
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
    child = Victim(WRITER, folder)
    assert child.says() == "writing"
    child.kill(after)


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
    assert not list(profile.folder.glob(f".*{TEMPORARY}")), "temporary files of killed writers are left"
    lock.release()


def test_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "file.json"

    async def both() -> None:
        texts = ["a" * 200_000, "b" * 10]
        await asyncio.gather(*(asyncio.to_thread(replace_file, path, texts[n % 2]) for n in range(40)))

    asyncio.run(both())
    assert len(set(path.read_text(encoding="utf-8"))) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file.json"]
