"""One customer's data in an office: exported from any computer, erased on the server in one transaction.

What a single computer and a member have in common is in ``tests/app/test_data_care.py``, on files and on a server.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from care_samples import (
    AGENT,
    OTHER,
    PERSON,
    START,
    contents_of,
    fill,
    living,
    move_to_office,
    named_in,
    opened_store,
    rows_about,
    rows_on,
)
from remote_rig import member

from archisync_gui import cli
from archisync_gui.app import data_care, exit_codes
from archisync_gui.app.core import Core
from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.life import Life
from archisync_gui.app.member import OfficeMember
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.app.taking_part import taking_part
from archisync_gui.drafts import Drafts, OfficeDrafts
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import system_language, text
from archisync_gui.model import Event, SystemClock
from archisync_gui.office import one_customer
from archisync_gui.office.membership import Membership, keep
from archisync_gui.office.shared_rows import WATCHES
from archisync_gui.office.shared_settings import change_shared
from archisync_gui.settings import Settings
from archisync_gui.store import Batch, StoreError
from archisync_gui.store import apply as applying
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.text.i18n import language
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

WAITS_FOR_LOCK = "SELECT FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"


@pytest.fixture
def first(office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """The profile of the office's first computer; the office has the customer in every place."""
    monkeypatch.setenv(PASSWORD, office.password)
    profile = profile_of(tmp_path, "first")
    asyncio.run(fill(profile, PERSON))
    asyncio.run(move_to_office(profile, office))
    speak_of(office, PERSON)
    return profile


@pytest.fixture
def second(office: Server, tmp_path: Path, first: Profile) -> Profile:
    """Another computer of the office, with files of its own."""
    profile = profile_of(tmp_path, "second")
    keep(profile.folder, Membership(office.url))
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text(f"INFO row of {PERSON['name']}\nINFO {PERSON['account_num']}\nINFO fine\n", "utf-8")
    profile.screenshots.mkdir(exist_ok=True)
    (profile.screenshots / "failed.png").write_bytes(b"\x89PNG")
    return profile


def profile_of(folder: Path, name: str) -> Profile:
    profile = open_profile(f"{folder / name}{os.sep}", demo=True)
    intervals = {f"sync.{entity.name}.interval": 0 for entity in ENTITIES}
    quiet = {"look.first_run_done": True, "sync.office_hours": False, "sync.daily": False}
    Settings().with_({**quiet, **intervals}).save(profile.settings_file)
    return profile


def speak_of(server: Server, person: dict[str, str]) -> None:
    """Write the person into all messages between the computers of the office, and watch their record."""
    said = json.dumps({"error": {"message": f"cannot be read:\n{person['name']}", "evidence": person["vat_number"]}})
    with server.connect("tests", autocommit=True) as connection:
        for id, done in (("done", "now()"), ("open", "NULL")):
            connection.execute(
                "INSERT INTO commands (id, member, name, args, epoch, result, done) "
                f"VALUES (%s, 'x', 'explain', %s, 0, %s, {done})",
                (id, said, said),
            )
            connection.execute("INSERT INTO command_events (command, event) VALUES (%s, %s)", (id, said))
        connection.execute("INSERT INTO announced (epoch, event) VALUES (0, %s)", (said,))
        connection.execute("INSERT INTO status VALUES (1, 0, 1, now(), %s)", (said,))
    mine = {"list": "customers", "account": AGENT, "key": person["id"], "name": person["name"], "number": "1002209"}
    theirs = mine | {"key": OTHER["id"], "name": OTHER["name"], "number": OTHER["account_num"]}
    watches = {f"{WATCHES}{json.dumps([w['list'], w['account'], w['key']])}": w for w in (mine, theirs)}
    change_shared(server, "tests", watches, {})


def tables_with(profile: Profile) -> set[str]:
    """The tables of the office that contain a value of the person."""
    return {place for place, _ in named_in(profile.folder, PERSON) if "." not in place}


def about_others(server: Server) -> list[tuple[str, str]]:
    """The rows of the office that name the other customer and not the person."""
    word = PERSON["name"].split()[0].lower()
    return [(table, row) for table, row in rows_on(server) if OTHER["name"] in row and word not in row.lower()]


def test_every_table_that_can_name_a_customer_is_cleaned_and_others_keep_theirs(first: Profile, office: Server) -> None:
    assert tables_with(first) >= {
        "announced", "changes", "command_events", "commands", "customers", "ddt", "drafts", "events", "notes", "orders",
        "settings", "status",
    }  # fmt: skip
    others = about_others(office)
    erased = data_care.erase_customer(first, PERSON["id"])
    assert named_in(first.folder, PERSON) == []
    assert (erased.backups, erased.left, erased.only_here, erased.computers) == ((), (), False, ())
    assert (erased.counts["watches"], erased.counts["office"]) == (1, 8)
    assert erased.counts["kept_reads"] == 1  # compressed, so not found among the rows as text
    assert erased.counts["archive_before_joining"] > 0
    left = about_others(office)
    assert [row for row in others if row not in left] == []
    with office.connect("tests", autocommit=True) as connection:
        (args,) = connection.execute("SELECT args FROM commands WHERE id = 'open' AND epoch IS NULL").fetchone() or (
            "",
        )
        ended = connection.execute("SELECT count(*) FROM settings WHERE value = 'null' AND version = 2").fetchone()
        led = connection.execute("SELECT epoch, member FROM leader").fetchone()
    assert json.loads(args)["error"]["message"] == "cannot be read:\n[…]"
    assert ended == (1,)
    assert led == (0, None)  # an office that has never had a leader stays a new one


def test_the_export_has_what_only_an_office_has(first: Profile, tmp_path: Path) -> None:
    async def save_here() -> None:
        own = await Drafts.open(first.folder, clock=SystemClock())
        await own.put(AGENT, "draft-away", {"customer": {"id": PERSON["id"], "name": PERSON["name"]}})
        await own.close()

    before = data_care.found(first, PERSON["id"]).counts
    asyncio.run(save_here())  # the office's server did not take it yet
    target = tmp_path / "c.zip"
    counts = data_care.export_customer(first, PERSON["vat_number"], target, "en")
    assert (counts["office"], counts["watches"]) == (8, 1)
    assert counts["drafts"] == before["drafts"] + 1
    with zipfile.ZipFile(target) as made:
        whole, said = made.read("everything.json").decode(), made.read("README.txt").decode()
    assert OTHER["name"] not in whole
    assert str(text("data-export-office", "en")) in said
    assert data_care.erase_customer(first, PERSON["id"]).counts["drafts"] == counts["drafts"]
    assert named_in(first.folder, PERSON) == []


def test_an_office_without_drafts_can_be_searched_and_cleaned(first: Profile, office: Server) -> None:
    """No panel has joined it yet."""
    with office.connect("tests", autocommit=True) as connection:
        connection.execute("DROP TABLE drafts, past_lines, letterheads, drafts_schema")
    assert "drafts" not in data_care.found(first, PERSON["id"]).counts
    data_care.erase_customer(first, PERSON["id"])
    assert named_in(first.folder, PERSON) == []


@pytest.mark.parametrize("place", ["_show_change", "_erase_messages"])
def test_an_error_on_the_way_leaves_everything_on_the_server(
    first: Profile, office: Server, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fails(*_: object) -> None:
        raise StoreError("office-unreachable", path="office", detail="tests")

    before = rows_on(office)
    with monkeypatch.context() as patch:
        patch.setattr(one_customer, place, fails)
        with pytest.raises(StoreError, match="office-unreachable"):
            data_care.erase_customer(first, PERSON["id"])
    assert rows_on(office) == before
    data_care.erase_customer(first, PERSON["id"])
    assert named_in(first.folder, PERSON) == []


def test_a_server_that_dies_meanwhile_leaves_everything(
    first: Profile, office: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_on(office)
    real = one_customer._erase_messages

    def killed(connection: Any, *rest: Any) -> dict[str, int]:
        done = real(connection, *rest)
        with office.connect("tests", autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'archisync erasing'"
            )
        return done

    monkeypatch.setattr(one_customer, "_erase_messages", killed)
    with pytest.raises(StoreError, match="office-unreachable"):
        data_care.erase_customer(first, PERSON["id"])
    assert rows_on(office) == before


# ------------------------------------------------------------------------------------------- beside a leader


class Office:
    """A leader in this process, and another computer on which the customer is erased."""

    def __init__(self, leader: OfficeMember, profile: Profile, server: Server) -> None:
        self.leader, self.profile, self.server = leader, profile, server
        self.events: list[Event] = []
        leader.orchestrator.subscribe(self.events.append)

    @property
    def epoch(self) -> int | None:
        return self.leader._leadership.epoch

    def leading(self) -> tuple[int, Core]:
        """The epoch of the leader, and its core."""
        assert self.epoch is not None
        assert self.leader.core is not None
        return self.epoch, self.leader.core

    async def erase(self) -> data_care.Erased:
        return await asyncio.to_thread(data_care.erase_customer, self.profile, PERSON["id"])

    async def waits(self, program: str) -> None:
        """Wait until that program waits for a lock on the server."""
        with self.server.connect("tests", autocommit=True) as connection:
            await until(lambda: connection.execute(WAITS_FOR_LOCK, (f"archisync {program}",)).rowcount)

    async def leads_again(self, epoch: int) -> None:
        await until(lambda: self.leader.core is not None and self.epoch is not None and self.epoch > epoch)


@pytest.fixture
async def led(first: Profile, second: Profile, office: Server) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        lock = ProfileLock(first)
        assert lock.acquire()
        stack.callback(lock.release)
        leader = await stack.enter_async_context(taking_part(first, None, Membership(office.url), office))
        await until(lambda: leader.core)
        yield Office(leader, second, office)


def read_of_both(**changed: str) -> Batch:
    """A whole read that still has the customer."""
    rows = [*rows_about(PERSON | changed, 71)["customers"], *rows_about(OTHER, 72)["customers"]]
    return Batch("late", START + timedelta(days=1), rows, whole=True, clean=True)


async def test_a_leader_begins_anew_after_the_erasing_and_all_panels_read_the_lists_again(led: Office) -> None:
    follower: list[Event] = []
    before, core = led.leading()
    async with member(led.server) as orchestrator:
        orchestrator.subscribe(follower.append)
        erased = await led.erase()
        assert erased.computers is not None
        assert [name.rpartition(" ")[2] for name in erased.computers] == ["(first)"]
        await led.leads_again(before)
        assert led.leader.core is not core
        changed = {"customers", "orders", "ddt", "invoices"}
        await until(lambda: rows_replaced(led.events) >= changed and rows_replaced(follower) >= changed)
    assert [row.key for row in (await led.leader.store.rows("customers", AGENT)).rows] == [OTHER["id"]]


async def test_a_read_that_ends_after_the_erasing_writes_nothing(
    led: Office, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """The leader has the rows in memory, and the erasing is committed before it stores them."""
    expected_errors.allow("the journal failed")
    before, core = led.leading()
    inside, go = threading.Event(), threading.Event()
    real = one_customer._vacuum

    def after_commit(server: Server) -> None:
        inside.set()
        assert go.wait(60)
        real(server)

    monkeypatch.setattr(one_customer, "_vacuum", after_commit)
    erasing = asyncio.ensure_future(led.erase())
    assert await asyncio.to_thread(inside.wait, 60)
    with pytest.raises(StoreError) as caught:
        await core.store.apply("customers", AGENT, read_of_both())
    assert caught.value.code in ("office-epoch-lost", "office-not-leader", "office-unreachable")
    go.set()
    await erasing
    await led.leads_again(before)
    await until(lambda: tables_with(led.profile) == set())


async def test_a_read_that_is_being_stored_is_waited_for_and_erased_too(
    led: Office, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors.allow("the journal failed")
    before, core = led.leading()
    inside, go = threading.Event(), threading.Event()
    real = applying.apply

    def slow(*args: Any, **more: Any) -> Any:
        done = real(*args, **more)
        inside.set()
        assert go.wait(60)
        return done

    monkeypatch.setattr(applying, "apply", slow)
    with led.server.connect("tests", autocommit=True) as connection:
        connection.execute("INSERT INTO announced (epoch, event) VALUES (0, %s)", (json.dumps({"x": "da Zoë Nuova"}),))
    storing = asyncio.ensure_future(core.store.apply("customers", AGENT, read_of_both(name="Zoë Nuova")))
    assert await asyncio.to_thread(inside.wait, 60)
    erasing = asyncio.ensure_future(led.erase())
    await led.waits("erasing")
    go.set()
    await storing
    await erasing
    await led.leads_again(before)
    assert tables_with(led.profile) == set()
    # Nor the name that this read brought, and that was not known when the customer was looked for.
    assert [place for place, content in contents_of(led.profile.folder) if b"nuova" in content] == []


async def test_a_draft_that_is_saved_meanwhile_waits_and_is_kept(
    first: Profile, office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stored after the erasing, so nothing of it is half erased."""
    own = await Drafts.open(tmp_path, clock=SystemClock())
    drafts = OfficeDrafts(Postgres(office, name="drafts"), SystemClock())
    await drafts.begin(own, tmp_path)
    inside, go = threading.Event(), threading.Event()
    real: Callable[..., dict[str, int]] = one_customer._erase_messages

    def slow(*args: Any) -> dict[str, int]:
        inside.set()
        assert go.wait(60)
        return real(*args)

    monkeypatch.setattr(one_customer, "_erase_messages", slow)
    erasing = asyncio.ensure_future(asyncio.to_thread(data_care.erase_customer, first, PERSON["id"]))
    assert await asyncio.to_thread(inside.wait, 60)
    saving = asyncio.ensure_future(drafts.put(AGENT, "draft-new", {"customer": {"id": OTHER["id"]}, "lines": []}))
    with office.connect("tests", autocommit=True) as connection:
        await until(lambda: connection.execute(WAITS_FOR_LOCK, ("archisync drafts-writer",)).rowcount)
    go.set()
    await erasing
    assert (await saving).version == 1
    assert {draft.id for draft in await drafts.list(AGENT)} == {"draft-new", "draft-other"}
    await drafts.close()


@pytest.mark.parametrize("held", ["SELECT epoch FROM leader FOR SHARE", "LOCK TABLE drafts IN ROW EXCLUSIVE MODE"])
def test_nothing_is_erased_on_the_server_when_another_transaction_does_not_end(
    first: Profile, office: Server, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setattr(one_customer, "OTHERS_WAIT", 0.2)
    before = rows_on(office)
    with office.connect("tests") as connection:
        connection.execute(held)
        with pytest.raises(StoreError, match="office-data-busy"):
            data_care.erase_customer(first, PERSON["id"])
    assert rows_on(office) == before


# ------------------------------------------------------------------------------------------- the other computers


def call(profile: Profile, *arguments: str) -> int:
    return cli.main(["data", *arguments, "--demo", "--profile", f"{profile.folder}{os.sep}"])


def test_the_commands_on_each_computer(
    first: Profile, second: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = ProfileLock(first)
    assert lock.acquire()  # the panel is open
    assert call(first, "export", "50120", "--to", str(tmp_path / "c.zip"), "--json") == exit_codes.OK
    assert json.loads(capsys.readouterr().out)["records"]["customers"] == 1
    assert call(first, "erase", "50120") == exit_codes.USAGE
    assert call(first, "erase", "50120", "--yes") == exit_codes.BUSY
    assert named_in(first.folder, PERSON)
    lock.release()
    capsys.readouterr()
    assert call(first, "erase", "50120", "--yes", "--json") == exit_codes.OK
    said = json.loads(capsys.readouterr().out)
    assert (said["erased"]["customers"], said["only_here"], said["other_computers"]) == (1, False, [])
    assert named_in(first.folder, PERSON) == []

    # The second computer's files still have the customer, who is not on the server any more.
    assert {name for _, name in named_in(second.folder, PERSON)} == {"name", "account_num"}
    for wanted in (PERSON["name"].upper(), PERSON["account_num"]):
        assert call(second, "export", wanted, "--to", str(tmp_path / "d.zip"), "--json") == exit_codes.OK
        assert json.loads(capsys.readouterr().out)["records"] == {"log": 1}
        assert call(second, "erase", wanted, "--yes") == exit_codes.OK
        assert str(text("data-only-here", system_language())) in capsys.readouterr().out
    assert named_in(second.folder, PERSON) == []
    assert second.log_file.read_text("utf-8").splitlines()[-1] == "INFO fine"
    assert list(second.screenshots.iterdir()) == []
    assert call(second, "erase", "nobody", "--yes", "--json") == exit_codes.OK
    assert json.loads(capsys.readouterr().out)["only_here"] is True
    assert call(second, "export", "nobody", "--to", str(tmp_path / "e.zip")) == exit_codes.CONFIG
    assert not (tmp_path / "e.zip").exists()
    assert call(second, "erase", " ", "--yes") == exit_codes.CONFIG
    assert living(second)["customers"][0].key == OTHER["id"]


def test_a_name_as_typed_is_not_searched_within_another_customers_name(
    first: Profile, second: Profile, office: Server
) -> None:
    second.log_file.write_text(f"INFO {OTHER['name']}\nINFO Bianchi\n", "utf-8")
    before = rows_on(office)
    assert data_care.erase_customer(second, "Bianchi").only_here
    assert second.log_file.read_text("utf-8") == f"INFO {OTHER['name']}\nINFO […]\n"
    assert rows_on(office) == before


def test_a_backup_of_this_computer_tells_what_to_clean_when_the_server_has_nothing(
    first: Profile, second: Profile
) -> None:
    async def back_up() -> Path:
        async with opened_store(second) as store:
            return await store.backup("daily")

    backup = asyncio.run(back_up())
    data_care.erase_customer(first, PERSON["id"])
    holding = data_care.found(second, PERSON["name"])
    assert (holding.key, holding.counts, holding.backups) == (PERSON["id"], {"log": 2}, (backup,))
    erased = data_care.erase_customer(second, PERSON["id"], from_backups=True)
    assert (erased.only_here, erased.counts) == (True, {"log": 1, "pictures": 1, "backups": 1})
    assert named_in(second.folder, PERSON) == []


@pytest.mark.parametrize("backup", [True, False])
def test_a_customer_who_left_the_list_is_not_said_to_be_gone(first: Profile, second: Profile, backup: bool) -> None:
    """The list of customers has them no longer, but orders have: they are found by a backup, or by the name in them."""

    async def leaves() -> None:
        async with opened_store(second) as store:
            if backup:
                await store.backup("daily")
            rows = rows_about(OTHER, 72)["customers"]
            late = START + timedelta(days=1)
            await store.clear("customers", AGENT)
            await store.apply("customers", AGENT, Batch("late", late, rows, whole=True, clean=True))

    asyncio.run(leaves())
    for file in [] if backup else (second.folder / "backups").iterdir():
        file.unlink()
    erased = data_care.erase_customer(second, PERSON["name"], from_backups=True)
    assert (erased.only_here, erased.counts["orders"]) == (False, 2)
    left = {name for _, name in named_in(second.folder, PERSON)}
    assert left == (set() if backup else {"vat_number"})  # which nothing but the messages between computers has


def test_the_archive_from_before_joining_is_named_when_it_cannot_be_changed(first: Profile) -> None:
    file = first.folder / "archisync.db"
    file.write_bytes(b"damaged " + PERSON["name"].encode())
    erased = data_care.erase_customer(first, PERSON["id"])
    assert erased.left == (file,)
    assert {place for place, _ in named_in(first.folder, PERSON)} == {"archisync.db"}


def test_the_panel_erases_between_two_lives_and_names_the_other_computers(first: Profile) -> None:
    life = Life(first, None, asyncio.Event())
    life.erase(data_care.found(first, PERSON["id"]), False)
    assert life.between is not None

    async def work() -> tuple[str, str]:
        assert life.between is not None
        return await life.between()

    said, tone = asyncio.run(work())
    running = text("data-no-other-computer", language()).what
    assert str(text("data-in-office", language(), {"computers": running})) in said
    assert tone == "ok"
    assert named_in(first.folder, PERSON) == []


# ------------------------------------------------------------------------------------------- servers


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "office-newer"),
        ("ALTER TABLE customers DROP COLUMN mobile", "office-older"),
        ("DROP TABLE alembic_version", "office-missing"),
        ("UPDATE drafts_schema SET version = 99", "office-newer"),
    ],
)
def test_tables_of_another_version_are_neither_read_nor_changed(
    first: Profile, office: Server, tmp_path: Path, change: str, code: str
) -> None:
    with office.connect("tests", autocommit=True) as connection:
        connection.execute(change)
    before = rows_on(office)
    for work in (
        lambda: data_care.erase_customer(first, PERSON["id"]),
        lambda: data_care.export_customer(first, PERSON["id"], tmp_path / "c.zip", "en"),
    ):
        with pytest.raises(StoreError, match=code):
            work()
    assert rows_on(office) == before
    assert PERSON["name"] in first.log_file.read_text("utf-8")


def test_without_the_server_nothing_is_changed_and_the_command_says_so(
    first: Profile, office: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSWORD, "wrong")
    assert call(first, "erase", PERSON["id"], "--yes") == exit_codes.CONFIG
    said = text("office-login", system_language(), {"path": str(office)})
    assert said.what in capsys.readouterr().err
    assert PERSON["name"] in first.log_file.read_text("utf-8")


async def test_dead_rows_are_removed_and_a_refusal_is_no_error(
    first: Profile, office: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(data_care.erase_customer, first, PERSON["id"])
    cleaned = "SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = %s AND last_vacuum IS NOT NULL"
    with office.connect("tests", autocommit=True) as connection:
        await until(lambda: connection.execute(cleaned, (office.schema,)).fetchone() != (0,))
    await asyncio.to_thread(one_customer._vacuum, replace(office, password="wrong"))
    assert "could not be vacuumed" in caplog.text
