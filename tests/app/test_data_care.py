"""One customer's data: all of them are exported, and after erasing no file of the profile contains them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from care_samples import (
    AGENT,
    OTHER,
    PERSON,
    PLACES,
    START,
    changes_of,
    fill,
    in_its_place,
    living,
    named_in,
    opened_drafts,
    opened_store,
    row,
    rows_about,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archisync_gui import cli
from archisync_gui.app import data_care, exit_codes, logs
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.model import SystemClock
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.personal import Holding
from archisync_gui.ui.text.i18n import language


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(f"{tmp_path / 'profile'}{os.sep}", demo=True)


@pytest.fixture
def filled(profile: Profile, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Profile:
    asyncio.run(fill(profile, PERSON))
    return in_its_place(profile, request, monkeypatch)


in_both = pytest.mark.parametrize("filled", PLACES, indirect=True)
"""For tests of a single computer and of a member of an office."""


@in_both
def test_erasing_leaves_nothing_of_the_customer_and_everything_of_the_others(filled: Profile) -> None:
    assert {name for _, name in named_in(filled.folder, PERSON)} >= {"name", "vat_number", "fiscal_code", "pec"}
    erased = data_care.erase_customer(filled, PERSON["id"])
    assert named_in(filled.folder, PERSON) == []
    assert (erased.backups, erased.left) == ((), ())
    assert erased.counts["customers"] == 1
    assert erased.counts["orders"] == 2
    rows = living(filled)
    assert [r.key for r in rows["customers"]] == ["50121"]
    assert sorted(r.key for r in rows["orders"]) == ["72", "727", "73"]
    shared = next(r for r in rows["customers"])
    assert (shared.values["sdi"], shared.values["street"]) == ("SUBM70N", "Via Roma 1")
    blanked = next(r for r in rows["orders"] if r.key == "73")
    assert blanked.values["delivery_name"] is None
    assert blanked.values["internal_note"] is None
    assert blanked.values["customer_name"] == OTHER["name"]
    assert [len(rows[name]) for name in ("ddt", "invoices")] == [1, 1]
    assert changes_of(filled, "orders", "73") == [("total_amount", 500)]

    async def drafts_left() -> list[str]:
        async with opened_drafts(filled) as drafts:
            assert (await drafts.past(AGENT, PERSON["id"])).lines == ()
            return [draft.id for draft in await drafts.list(AGENT)]

    assert asyncio.run(drafts_left()) == ["draft-other"]
    assert "INFO fine" in filled.log_file.read_text()
    assert list(filled.screenshots.iterdir()) == []


def test_a_customer_is_erased_from_an_archive_of_the_previous_version_too(filled: Profile, tmp_path: Path) -> None:
    """The program was updated and has not opened the archive yet."""
    with closing(sqlite3.connect(filled.folder / "archisync.db")) as raw:
        raw.execute("ALTER TABLE changes DROP COLUMN fields")
    assert data_care.export_customer(filled, PERSON["id"], tmp_path / "export.zip", "it")["changes"] >= 1
    assert data_care.erase_customer(filled, PERSON["id"]).counts["changes"] >= 1
    assert named_in(filled.folder, PERSON) == []


WORDS = st.text("abcdefghilmnopqrstuvzàèìòù '\"\\\\&.", min_size=6, max_size=30).map(lambda s: f"Zz{s.strip()}qQ")
DIGITS = st.text("0123456789", min_size=9, max_size=11)


@settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
@given(name=WORDS, vat=DIGITS, code=DIGITS, wanted=st.sampled_from(["id", "name", "vat_number", "account_num"]))
def test_an_erased_customer_is_in_no_file(
    tmp_path_factory: pytest.TempPathFactory, name: str, vat: str, code: str, wanted: str
) -> None:
    person = PERSON | {"name": name, "vat_number": f"IT{vat}", "account_num": f"9{code}", "fiscal_code": f"F{vat}X"}
    profile = open_profile(f"{tmp_path_factory.mktemp('profile') / 'p'}{os.sep}", demo=True)
    asyncio.run(fill(profile, person))
    data_care.erase_customer(profile, person[wanted])
    assert named_in(profile.folder, person) == []
    assert named_in(profile.folder, OTHER)


@in_both
def test_the_next_read_brings_the_customer_back(filled: Profile) -> None:
    """The operator is told so; and no read is refused because of the erased rows."""
    data_care.erase_customer(filled, PERSON["id"])

    async def read_again() -> int:
        async with opened_store(filled) as store:
            known = await store.known("customers", AGENT)
            assert known.keys == frozenset({OTHER["id"]})
            rows = [*rows_about(PERSON, 71)["customers"], *rows_about(OTHER, 72)["customers"]]
            batch = Batch("again", START + timedelta(days=1), rows, whole=True, clean=True)
            return (await store.apply("customers", AGENT, batch)).added

    assert asyncio.run(read_again()) == 1


async def back_up(profile: Profile) -> Path:
    """A backup as the operator makes it."""
    async with opened_store(profile) as store:
        return await store.backup("operator")


@in_both
@pytest.mark.parametrize("asked", [False, True])
def test_backups_are_named_and_deleted_only_on_request(filled: Profile, asked: bool) -> None:
    backup = asyncio.run(back_up(filled))
    erased = data_care.erase_customer(filled, PERSON["id"], from_backups=asked)
    assert erased.backups == (() if asked else (backup,))
    assert backup.exists() is not asked
    assert {name for name, _ in named_in(filled.folder, PERSON)} == (set() if asked else {f"backups/{backup.name}"})


@in_both
def test_the_advice_about_backups_after_erasing_works(filled: Profile, tmp_path: Path) -> None:
    """The customer is no longer in the archive then, and is found in the backups."""
    backup = asyncio.run(back_up(filled))
    before = data_care.found(filled, PERSON["vat_number"])
    assert (before.key, before.name, before.backups) == (PERSON["id"], PERSON["name"], (backup,))
    assert before.counts["orders"] == 2
    assert before.counts["drafts"] == 2
    data_care.erase_customer(filled, PERSON["name"])
    left = data_care.found(filled, PERSON["name"])
    assert (left.key, left.name, left.counts, left.backups) == (PERSON["id"], "", {}, (backup,))
    assert data_care.export_customer(filled, PERSON["name"], tmp_path / "export.zip", "en") == {}
    assert data_care.erase_customer(filled, PERSON["name"], from_backups=True).counts == {"backups": 1}
    assert not backup.exists()
    assert named_in(filled.folder, PERSON) == []
    with pytest.raises(StoreError, match="customer-unknown"):
        data_care.found(filled, PERSON["name"])


@in_both
def test_export_and_preview_work_with_an_open_archive(filled: Profile, tmp_path: Path) -> None:
    async def beside() -> int:
        async with opened_store(filled):
            await asyncio.to_thread(data_care.found, filled, PERSON["id"])
            target = tmp_path / "export.zip"
            return (await asyncio.to_thread(data_care.export_customer, filled, PERSON["id"], target, "en"))["orders"]

    assert asyncio.run(beside()) == 2


def test_an_open_log_is_cleaned_and_continued_in_the_same_file(filled: Profile) -> None:
    """The panel continues to log while it erases between closing and opening its services."""
    log = logging.getLogger("archisync_gui.test")
    handler = logs.to_file(filled, logging.INFO)
    try:
        log.info("read %s again", PERSON["name"])
        data_care.erase_customer(filled, PERSON["id"])
        log.info("afterwards")
    finally:
        logs.close(handler)
    assert named_in(filled.folder, PERSON) == []
    lines = filled.log_file.read_text("utf-8").splitlines()
    assert "[…] again" in lines[-2]
    assert lines[-1].endswith("afterwards")


async def erased_between(profile: Profile, customer: str, *, backups: bool = False) -> tuple[str, str]:
    """The panel's message after it has erased between closing and opening its services."""
    life = Life(profile, None, asyncio.Event())
    life.erase(Holding(customer, "", {}, (), customer), backups)
    assert life.stop.is_set()
    assert life.between is not None
    return await life.between()


def test_the_panel_erases_while_its_services_are_closed_and_reports_the_result(filled: Profile) -> None:
    said, tone = asyncio.run(erased_between(filled, PERSON["id"]))
    assert (said.partition(" ")[0].rstrip(":"), tone) in {("Erased", "ok"), ("Cancellato", "ok")}
    assert named_in(filled.folder, PERSON) == []
    said, tone = asyncio.run(erased_between(filled, "nobody"))
    assert "nobody" in said
    assert tone == "bad"


def unreadable(patch: pytest.MonkeyPatch, *names: str) -> None:
    """As on Windows, where a file that is locked or open elsewhere cannot be read."""
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name.endswith(names):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    patch.setattr(Path, "read_bytes", read_bytes)


def test_unreadable_files_do_not_stop_the_erasing(filled: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows the lock of the running program is one, without content. A backup may be open in another program."""
    backup = asyncio.run(back_up(filled))
    unreadable(monkeypatch, "profile.lock", backup.name)
    (filled.folder / "profile.lock").touch()
    said, tone = asyncio.run(erased_between(filled, PERSON["id"], backups=True))
    assert said.startswith(("Erased", "Cancellato"))
    assert str(text("data-unread", language(), {"files": backup.name})) in said
    assert "profile.lock" not in said
    assert tone == "bad"
    monkeypatch.undo()
    assert {file for file, _ in named_in(filled.folder, PERSON)} == {f"backups/{backup.name}"}


def test_an_error_during_erasing_is_reported_and_does_not_end_the_program(
    filled: Profile, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors("a customer's data could not be erased")

    def fails(*_: object, **__: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(data_care, "erase_customer", fails)
    said, tone = asyncio.run(erased_between(filled, PERSON["id"]))
    assert said == str(text("data-erase-failed", language(), {"reason": "a mistake"}))
    assert tone == "bad"


@pytest.mark.parametrize(
    "lacks", ["ALTER TABLE customers DROP COLUMN mobile", "DROP TABLE customers", "DROP TABLE ddt"]
)
def test_a_backup_of_an_earlier_version_is_searched_too(filled: Profile, lacks: str) -> None:
    """The customer is only in a backup that is older than one without a column or table."""
    backup = asyncio.run(back_up(filled))
    data_care.erase_customer(filled, PERSON["id"])
    older = asyncio.run(back_up(filled))
    older.write_bytes(backup.read_bytes())
    with closing(sqlite3.connect(older)) as raw:
        raw.execute(lacks)
        raw.commit()
    assert data_care.found(filled, PERSON["id"]).key == PERSON["id"]
    with pytest.raises(StoreError, match="customer-unknown"):
        data_care.found(filled, "nobody")
    if "COLUMN" in lacks:
        backup.unlink()
        assert data_care.found(filled, PERSON["name"]).key == PERSON["id"]


def test_another_customer_whose_name_contains_this_one_keeps_theirs(profile: Profile) -> None:
    short = PERSON | {"name": "Rossi"}

    async def add() -> None:
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
        namesake = OTHER | {"name": "Rossi & Bianchi"}
        rows = [row("customers", p["id"], **p) for p in (short, namesake)]
        await store.apply("customers", AGENT, Batch("one", START, rows, whole=True, clean=True))
        order = row("orders", "80", customer_account=namesake["account_num"], customer_name=namesake["name"])
        await store.apply("orders", AGENT, Batch("two", START, [order], whole=True, clean=True))
        await store.close()

    asyncio.run(add())
    erased = data_care.erase_customer(profile, "rossi")
    rows = living(profile)
    assert [r.values["name"] for r in rows["customers"]] == ["Rossi & Bianchi"]
    assert [r.values["customer_name"] for r in rows["orders"]] == ["Rossi & Bianchi"]
    assert [file.name for file in erased.left] == ["archisync.db"]  # reported, since the bytes are in the file


@pytest.mark.parametrize(
    ("wanted", "code"), [("nobody", "customer-unknown"), ("", "customer-unknown"), ("5012", "customer-unknown")]
)
def test_an_unclear_choice_of_a_customer_is_refused(filled: Profile, wanted: str, code: str) -> None:
    before = named_in(filled.folder, PERSON)
    with pytest.raises(StoreError) as caught:
        data_care.erase_customer(filled, wanted)
    assert caught.value.code == code
    assert named_in(filled.folder, PERSON) == before


def test_two_customers_with_one_name_are_distinguished_by_their_id(profile: Profile) -> None:
    async def add() -> None:
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
        rows = [row("customers", p["id"], **(p | {"name": "Bar Sport"})) for p in (PERSON, OTHER)]
        await store.apply("customers", AGENT, Batch("one", START, rows, whole=True, clean=True))
        await store.close()

    asyncio.run(add())
    with pytest.raises(StoreError) as caught:
        data_care.erase_customer(profile, "bar sport")
    assert caught.value.code == "customer-several"
    data_care.erase_customer(profile, OTHER["id"])
    assert [r.values["name"] for r in living(profile)["customers"]] == ["Bar Sport"]


@in_both
def test_the_export_has_all_data_in_readable_files(filled: Profile, tmp_path: Path) -> None:
    target = tmp_path / "export.zip"
    counts = data_care.export_customer(filled, PERSON["vat_number"], target, "it")
    assert counts["customers"] == 1
    assert counts["orders"] == 2
    assert min(counts[name] for name in ("changes", "kept_reads", "drafts", "past_orders")) >= 1
    with zipfile.ZipFile(target) as made:
        names = set(made.namelist())
        whole = made.read("everything.json").decode()
        table = made.read("customers.csv").decode("utf-8-sig")
    assert names == {"LEGGIMI.txt", "everything.json", "customers.csv", "orders.csv", "ddt.csv", "invoices.csv"}
    assert PERSON["name"] in table
    assert OTHER["name"] not in whole
    assert PERSON["fiscal_code"] in whole
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_killed_export_leaves_no_readable_copy_in_the_temporary_folder(
    filled: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ever removed what lay there."""

    def none(*_: object, **__: object) -> str:
        raise AssertionError("a customer's data are written to a temporary folder")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    monkeypatch.setattr(tempfile, "mkstemp", none)
    assert data_care.export_customer(filled, PERSON["id"], tmp_path / "c.zip", "en")["customers"] == 1


CHILD = """
import sys
from archisync_gui.app import data_care
from archisync_gui.app.profile import open_profile
from archisync_gui.store import personal
from archisync_gui.drafts import personal as drafts
from tests.support.events import an_event

def stop(*_):
    print("here", flush=True)
    sys.stdin.read()

place = sys.argv[2]
put_in_place = personal.put_in_place

if place == "in-archive":
    personal.put_in_place = lambda part, path: stop() if path.name == "archisync.db" else put_in_place(part, path)
elif place == "before-archive":
    drafts.erase_both = stop
elif place == "before-backups":
    data_care.remove_backups = stop
else:
    drafts.erase_drafts = stop
data_care.erase_customer(open_profile(sys.argv[1], demo=True), "50120", from_backups=True)
"""


@pytest.mark.parametrize("place", ["before-drafts", "before-archive", "in-archive", "before-backups"])
def test_after_a_kill_the_same_command_finishes(filled: Profile, place: str) -> None:
    backup = asyncio.run(back_up(filled))
    command = [sys.executable, "-c", CHILD, f"{filled.folder}{os.sep}", place]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline().strip() == b"here"
    child.kill()
    child.wait(30)
    child.stdin.close()
    child.stdout.close()
    assert backup.exists()
    left = ["50121"] if place == "before-backups" else ["50120", "50121"]  # intact, and not yet erased
    assert [r.key for r in living(filled)["customers"]] == left
    lock = ProfileLock(filled)
    assert lock.acquire()  # as the command does; it removes incomplete files
    try:
        data_care.erase_customer(filled, "50120", from_backups=True)
    finally:
        lock.release()
    assert named_in(filled.folder, PERSON) == []


def call(*arguments: str) -> int:
    return cli.main([*arguments])


def test_the_commands_in_the_terminal(filled: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--demo", "--profile", f"{filled.folder}{os.sep}"]
    target = tmp_path / "c.zip"
    assert call("data", "export", "50120", "--to", str(target), *where) == exit_codes.OK
    assert target.exists()
    assert call("data", "erase", "50120", *where) == exit_codes.USAGE
    assert "--yes" in capsys.readouterr().err
    assert named_in(filled.folder, PERSON)
    lock = ProfileLock(filled)
    assert lock.acquire()
    assert call("data", "erase", "50120", "--yes", *where) == exit_codes.BUSY
    lock.release()
    assert named_in(filled.folder, PERSON)
    capsys.readouterr()
    assert call("data", "erase", "50120", "--yes", "--json", *where) == exit_codes.OK
    assert json.loads(capsys.readouterr().out)["erased"]["customers"] == 1
    assert named_in(filled.folder, PERSON) == []
    assert call("data", "erase", "50120", "--yes", *where) == exit_codes.CONFIG


def test_json_output_is_the_same_in_every_code_page(filled: Profile, tmp_path: Path) -> None:
    """A pipe on Windows uses the code page of the locale, so the JSON is plain ASCII."""
    target = tmp_path / "Società è.zip"
    where = ["--to", str(target), "--profile", f"{filled.folder}{os.sep}", "--demo", "--json"]
    said = subprocess.run(
        [sys.executable, "-m", "archisync_gui", "data", "export", "50120", *where],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    ).stdout
    assert json.loads(said.decode("ascii"))["file"] == str(target)
