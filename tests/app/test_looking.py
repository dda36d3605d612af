"""Commands that open the archive to check it (doctor, data export, data erase) find damage, and make, migrate or repair
no archive."""

from __future__ import annotations

import asyncio
import lzma
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archisync_gui import cli
from archisync_gui.app import data_care, doctor, exit_codes
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.model import SyncFailure, SystemClock
from archisync_gui.settings import Settings
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.store import FILE

RELEASED = Path(__file__).parents[1] / "store" / "released"
ORDERS = next(entity for entity in ENTITIES if entity.name == "orders")


@pytest.fixture
async def profile(tmp_path: Path) -> Profile:
    """A closed archive with 2,000 orders."""
    found = open_profile(str(tmp_path / "p"), demo=False)
    store = await Store.open(found.folder, ENTITIES, clock=SystemClock())
    await store.apply("orders", "agent", Batch("run", SystemClock().now(), orders(2000), whole=True, clean=True))
    await store.close()
    return found


def orders(count: int) -> list[dict[str, Any]]:
    blank = {column.name: None for column in ORDERS.columns}
    return [blank | {"id": str(n), "order_number": f"ORD/{n}", "customer_name": "x" * 300} for n in range(count)]


def content(profile: Profile) -> dict[str, bytes]:
    """All files except the lock, and except the memory that SQLite shares between processes."""
    files = (file for file in profile.folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(profile.folder)): file.read_bytes()
        for file in files
        if not file.name.endswith((".lock", "-shm"))
    }


def remove(profile: Profile) -> None:
    (profile.folder / FILE).unlink()


def remove_with_backup(profile: Profile) -> None:
    folder = profile.folder / "backups"
    folder.mkdir()
    shutil.copy(profile.folder / FILE, folder / "archisync-000001-20260302T090000Z-daily.db")
    remove(profile)


def break_pages(profile: Profile) -> None:
    """Damage pages of a list, in a file that was closed cleanly."""
    path = profile.folder / FILE
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 20 * 4096, 4096):
        data[at : at + 200] = b"\xff" * 200
    path.write_bytes(data)


def cut(profile: Profile) -> None:
    (profile.folder / FILE).write_bytes(b"")


def make_older(profile: Profile) -> None:
    (profile.folder / FILE).write_bytes(lzma.decompress((RELEASED / "0004.db.xz").read_bytes()))


def make_newer(profile: Profile) -> None:
    with closing(sqlite3.connect(profile.folder / FILE)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("change", "verdict", "said", "code"),
    [
        (lambda profile: None, "ok", "2,000 rows", None),
        (remove, "warning", "no archive", "archive-missing"),
        (remove_with_backup, "broken", "", "data-file-missing"),
        (break_pages, "broken", "", "damaged"),
        (cut, "broken", "", "damaged"),
        (make_older, "ok", "earlier version", "archive-older"),
        (make_newer, "broken", "", "newer-schema"),
    ],
    ids=["sound", "missing", "missing-with-backup", "broken-pages", "empty", "older", "newer"],
)
def test_the_check_reports_the_state_and_changes_nothing(
    profile: Profile, change: Callable[[Profile], None], verdict: str, said: str, code: str | None
) -> None:
    change(profile)
    before = content(profile)
    found = doctor._database(profile, "en")
    assert found.verdict == verdict
    assert said in found.found
    if code is not None and verdict == "broken":
        assert found.found.startswith(text(code, "en", {"path": str(profile.folder / FILE)}).what[:20])
    assert content(profile) == before
    if code is None:
        data_care.prepare(profile)
    else:
        with pytest.raises(SyncFailure) as refused:
            data_care.prepare(profile)
        assert refused.value.code == code
    assert content(profile) == before


@pytest.mark.parametrize("action", [["export", "--to", "out.zip", "1"], ["erase", "--yes", "1"]])
def test_the_commands_make_no_archive_where_there_is_none(
    profile: Profile, capsys: pytest.CaptureFixture[str], action: list[str]
) -> None:
    remove(profile)
    before = content(profile)
    assert cli.main(["data", *action, "--profile", str(profile.folder)]) != exit_codes.OK
    assert str(profile.folder / FILE) in capsys.readouterr().err
    assert (
        {name for name in content(profile) if name.endswith(".db")} == {n for n in before if n.endswith(".db")} == set()
    )


async def test_the_write_ahead_log_of_a_killed_program_is_checked_too(profile: Profile, tmp_path: Path) -> None:
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    try:
        await store.apply("orders", "agent", Batch("more", SystemClock().now(), orders(2100), whole=True, clean=True))
        killed = open_profile(str(tmp_path / "killed"), demo=False)
        for suffix in ("", "-wal"):
            shutil.copy(f"{profile.folder / FILE}{suffix}", f"{killed.folder / FILE}{suffix}")
    finally:
        await store.close()
    before = content(killed)
    assert before[f"{FILE}-wal"]
    found = doctor._database(killed, "en")
    assert (found.verdict, "2,100 rows" in found.found) == ("ok", True)
    data_care.prepare(killed)
    assert content(killed) == before


def test_a_folder_in_its_place_counts_as_damage(profile: Profile) -> None:
    remove(profile)
    (profile.folder / FILE).mkdir()
    assert doctor._database(profile, "en").verdict == "broken"
    with pytest.raises(StoreError, match="damaged"):
        data_care.prepare(profile)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b""])
async def test_another_service_at_the_erps_address_is_said_and_is_no_traceback(tmp_path: Path, said: bytes) -> None:
    async def service(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    profile = open_profile(f"{tmp_path / 'p'}{os.sep}", demo=False)
    async with await asyncio.start_server(service, "127.0.0.1", 0) as serving:
        address = f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}/Archibald"
        Settings().with_({"erp.url": address}).save(profile.settings_file)
        found = await doctor._erp(profile, None, "en")
    assert found.verdict == "broken"
    assert address in found.found
