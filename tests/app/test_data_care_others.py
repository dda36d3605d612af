"""One customer's data: never another customer's or the program's own, whatever the customer's name is."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import zipfile
from collections.abc import Sequence
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
    contents_of,
    in_its_place,
    living,
    named_in,
    opened_drafts,
    opened_store,
    row,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archisync_gui.app import data_care
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.messages import text
from archisync_gui.model import EventKind, Explanation, Json, Reason
from archisync_gui.store import Batch, personal
from archisync_gui.store.doubts import NOTES_OF_DOUBT
from archisync_gui.store.whose import Customer
from tests.support.events import an_event

Reads = Sequence[tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def profile(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Profile:
    return in_its_place(open_profile(f"{tmp_path / 'profile'}{os.sep}", demo=True), request, monkeypatch)


in_both = pytest.mark.parametrize("profile", PLACES, indirect=True)
"""For tests of a single computer and of a member of an office."""


async def read(profile: Profile, reads: Reads, account: str = AGENT) -> None:
    """Apply these whole reads to the profile."""
    async with opened_store(profile) as store:
        for number, (name, rows) in enumerate(reads):
            at = START + timedelta(minutes=number)
            await store.apply(name, account, Batch(f"{name}-{number}-{account}", at, rows, whole=True, clean=True))


def an_error(said: str, account: str) -> dict[str, Json]:
    params: dict[str, Json] = {"account": account, "since": START.isoformat()}
    return {"code": "login-refused", "kind": "credentials", "message": said, "params": params}


def state_of(account: str) -> dict[str, Json]:
    """All notes of the program itself."""
    return {
        "hold": START.isoformat(),
        "hold-until": START.isoformat(),
        "daily": START.isoformat(),
        "retention": {"time": START.isoformat(), "day": "2026-03-02"},
        f"stopped:{account}": an_error("refused on 2026-03-02", account),
        f"login-pause:{account}": {"until": START.isoformat(), "count": 3},
        f"logins:{account}": {"day": "2026-03-02", "count": 9},
        f"owed:customers:{account}": START.isoformat(),
        f"due:customers:{account}": START.isoformat(),
        f"failures:customers:{account}": {"until": START.isoformat(), "count": 3},
        "clock-doubted": START.isoformat(),
        "clock-doubt-applied": START.isoformat(),
        "clock-doubted-reads": ["2026", "bianchi"],
    }


async def note(profile: Profile, notes: dict[str, Json], account: str) -> None:
    async with opened_store(profile) as store:
        for key, value in notes.items():
            await store.journal.note(key, value)
        told = {"type": "customers", "account": account, "origin": "schedule", "rows": 2026}
        await store.journal.event(an_event(EventKind.SYNC_COMPLETED, "boot", 1, START, told))
        why: dict[str, Json] = {"type": "customers", "account": account, "since": START.isoformat()}
        await store.journal.explained(Explanation(START, Reason.RUNNING, why))


def own_tables(profile: Profile) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(profile.folder / "archisync.db")) as raw:
        names = ("notes", "events", "explanations")
        return {name: sorted(raw.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def test_the_erasing_knows_every_note_of_the_program() -> None:
    """A note with another key is deleted if it contains the customer."""
    keys = {key.partition(":")[0] for key in state_of("a")}
    assert keys == personal.STATE_NOTES
    folder = Path(personal.__file__).parents[1] / "orchestrator"
    written = [
        part.split('"')[1].partition(":")[0]
        for file in folder.glob("*.py")
        for part in file.read_text("utf-8").replace('f"', '"').split("Note(")[1:]
        if part.startswith('"')
    ]
    assert written
    assert set(written) <= personal.STATE_NOTES


STATE_LIKE = ("2026", "20260302", "2026-03-02", "09:00", "hold", "stopped", "customers", "bianchi", "completed", "boot")


@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
@given(name=st.sampled_from(STATE_LIKE), code=st.sampled_from(STATE_LIKE), account=st.sampled_from(["bianchi", "a"]))
def test_the_programs_own_state_is_kept_whatever_the_customers_name_is(
    tmp_path_factory: pytest.TempPathFactory, name: str, code: str, account: str
) -> None:
    profile = open_profile(f"{tmp_path_factory.mktemp('profile') / 'p'}{os.sep}", demo=True)
    person = PERSON | {"name": name, "account_num": code}
    other = row(
        "orders", "9", customer_account="77", customer_name="Altro", created_at="2026-03-02T09:00", origin="boot"
    )
    other |= {
        "delivery_date": "2026-03-02",
        "order_number": "ORD/2026",
        "created_by": "bianchi",
        "description": "in 2026",
    }
    mine = row("orders", "8", customer_account=code, customer_name=name)
    reads: Reads = [("customers", [row("customers", p["id"], **p) for p in (person, OTHER)]), ("orders", [mine, other])]
    asyncio.run(read(profile, reads, account))
    asyncio.run(note(profile, state_of(account), account))
    before = own_tables(profile)
    erased = data_care.erase_customer(profile, person["id"])
    assert own_tables(profile) == before
    assert set(erased.counts) <= {"customers", "orders", "log", "changes"}
    assert set(erased.unsearched) == {value for value in (name, code) if any(map(str.isdigit, value))}
    with closing(sqlite3.connect(profile.folder / "archisync.db")) as raw:
        columns = ", ".join(value for value in other if other[value] is not None)
        kept = raw.execute(f"SELECT {columns} FROM orders").fetchall()
    assert kept == [tuple(value for value in other.values() if value is not None)]


@in_both
def test_of_events_and_errors_only_the_texts_are_cleaned(profile: Profile) -> None:
    person = PERSON | {"name": "Bianchi"}
    asyncio.run(read(profile, [("customers", [row("customers", person["id"], **person)])]))
    notes = state_of("bianchi") | {
        "stopped:bianchi": an_error("the page showed Bianchi", "bianchi"),
        "odd": ["BIANCHI"],
    }
    asyncio.run(note(profile, notes, "bianchi"))
    assert data_care.erase_customer(profile, person["id"]).counts["notes"] == 2

    async def notes_now() -> dict[str, Any]:
        async with opened_store(profile) as store:
            return dict((await store.journal.load()).notes)

    expected = state_of("bianchi") | {"stopped:bianchi": an_error("the page showed […]", "bianchi")}
    assert asyncio.run(notes_now()) == {key: value for key, value in expected.items() if key not in NOTES_OF_DOUBT}


# ------------------------------------------------------------------------------------------------ others' names


NAMES = st.text("abcdefgzàèìòùç'’&. ", min_size=4, max_size=16).map(lambda s: f"Qx{s.strip()}xQ")


@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
@given(name=NAMES, more=st.sampled_from(["{} & Bianchi", "Figli di {}", "Studio {} S.r.l.", "{}, {}"]))
def test_a_longer_name_of_another_customer_keeps_all_its_data(
    tmp_path_factory: pytest.TempPathFactory, name: str, more: str
) -> None:
    profile = open_profile(f"{tmp_path_factory.mktemp('profile') / 'p'}{os.sep}", demo=True)
    mine, theirs = PERSON | {"name": name}, OTHER | {"name": more.format(name, name.upper())}
    code = theirs["account_num"]
    invoice = row("invoices", "9", customer_account=code, billing_name=theirs["name"], amount=500)
    order = row(
        "orders", "9", customer_account=code, customer_name=theirs["name"], internal_note=f"per {theirs['name']}"
    )
    nameless = [
        row("invoices", "10", billing_name=name.upper()),
        row("invoices", "11", billing_name=theirs["name"]),
        row("invoices", "12", delivery_name=name),
    ]
    reads: Reads = [
        ("customers", [row("customers", p["id"], **p) for p in (mine, theirs)]),
        ("orders", [order]),
        ("invoices", [invoice | {"billing_name": f"{theirs['name']} snc"}, *nameless]),
        ("invoices", [invoice, *nameless]),
    ]
    asyncio.run(read(profile, reads))
    target = profile.folder.parent / "export.zip"
    assert data_care.export_customer(profile, mine["id"], target, "en")["invoices"] == 1
    assert data_care.erase_customer(profile, mine["id"]).counts["invoices"] == 1
    rows = living(profile)
    left = {r.key: r.values for r in rows["invoices"]}
    assert sorted(left) == ["11", "12", "9"]
    assert [left["9"]["billing_name"], left["11"]["billing_name"]] == [theirs["name"]] * 2
    assert left["12"]["delivery_name"] is None
    assert rows["orders"][0].values["internal_note"] == f"per {theirs['name']}"

    async def history() -> list[tuple[str | None, object]]:
        async with opened_store(profile) as store:
            return [(change.field, change.after) for change in await store.row_history("invoices", AGENT, "9")]

    assert ("billing_name", theirs["name"]) in asyncio.run(history())


# ------------------------------------------------------------------------------------------- no longer in the list


async def moved_away(profile: Profile, *, backup: bool) -> None:
    """A read of the customers no longer has the customer, but their orders still exist."""
    first = row("customers", PERSON["id"], **PERSON)
    other = row("customers", OTHER["id"], **OTHER)
    order = row("orders", "71", customer_account=PERSON["account_num"], customer_name=PERSON["name"])
    about = row("orders", "72", customer_account=OTHER["account_num"], customer_name=OTHER["name"])
    about |= {"internal_note": f"consegnare da {PERSON['name'].upper()}", "delivery_name": PERSON["name"]}
    await read(profile, [("customers", [first, other])])
    renamed = first | {"phone": "+39 0543 998877"}
    renamed |= {} if backup else {"name": "Trattoria Dà Zoë di prima"}
    await read(profile, [("customers", [renamed, other])])
    if not backup:
        await read(profile, [("customers", [first, other])])
    async with opened_store(profile) as store:
        if backup:
            await store.backup("operator")
        await store.clear("customers", AGENT)
    await read(profile, [("customers", [other]), ("orders", [order, about])])
    chosen = {"customer": {"id": PERSON["id"], "name": PERSON["name"]}, "lines": [{"itemId": "A1", "quantity": 1}]}
    async with opened_drafts(profile) as drafts:
        await drafts.put(AGENT, "draft-mine", chosen)
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text(f"row of {PERSON['name']} unreadable\n", "utf-8")


@in_both
@pytest.mark.parametrize("backup", [False, True])
def test_a_customer_no_longer_in_the_list_is_erased_with_name_and_earlier_numbers(
    profile: Profile, backup: bool
) -> None:
    asyncio.run(moved_away(profile, backup=backup))
    erased = data_care.erase_customer(profile, PERSON["account_num"], from_backups=True)
    assert named_in(profile.folder, PERSON) == []
    assert (erased.left, erased.by_number) == ((), False)
    assert [place for place, content in contents_of(profile.folder) if b"998877" in content] == []
    kept = {r.key: r.values for r in living(profile)["orders"]}
    assert list(kept) == ["72"]
    assert (kept["72"]["internal_note"], kept["72"]["delivery_name"]) == (None, None)
    assert kept["72"]["customer_name"] == OTHER["name"]
    assert "[…]" in profile.log_file.read_text("utf-8")


@in_both
def test_it_is_reported_when_the_record_could_not_be_found(profile: Profile) -> None:
    order = row("orders", "71", customer_account=PERSON["account_num"], customer_name=PERSON["name"])
    about = row("orders", "72", customer_account=OTHER["account_num"], customer_name=OTHER["name"])
    about |= {"internal_note": f"consegnare da {PERSON['name'].upper()}"}
    asyncio.run(read(profile, [("customers", [row("customers", OTHER["id"], **OTHER)]), ("orders", [order, about])]))
    erased = data_care.erase_customer(profile, PERSON["account_num"])
    assert erased.by_number
    assert erased.as_json()["by_number"] is True
    assert str(text("data-by-number", "it")) in data_care.erased_text(erased, "it")
    assert named_in(profile.folder, PERSON) == []
    assert [r.key for r in living(profile)["orders"]] == ["72"]


@in_both
def test_earlier_values_are_erased_too(profile: Profile) -> None:
    """The old name and telephone number are in the note of another customer's order and in the log."""
    old = PERSON | {"name": "Locanda Vecchia", "phone": "+39 0543 778899"}
    note = row("orders", "72", customer_account=OTHER["account_num"], internal_note="ex LOCANDA VECCHIA")
    lists = [[row("customers", p["id"], **p) for p in (one, OTHER)] for one in (old, PERSON)]
    asyncio.run(read(profile, [("customers", lists[0]), ("customers", lists[1]), ("orders", [note])]))
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text("call +39 0543 778899\n")
    data_care.erase_customer(profile, PERSON["id"])
    assert living(profile)["orders"][0].values["internal_note"] is None
    assert profile.log_file.read_text("utf-8") == "call […]\n"


# -------------------------------------------------------------------------------------------------------- what is left


def watches(person: dict[str, str]) -> list[dict[str, str]]:
    mine = {"list": "customers", "account": AGENT, "key": person["id"], "name": person["name"], "number": "C-1"}
    order = {"list": "orders", "account": AGENT, "key": "71", "name": "ORD/71", "number": "ORD/71"}
    other = mine | {"key": OTHER["id"], "name": OTHER["name"], "number": OTHER["account_num"]}
    return [mine, order, other]


@in_both
@pytest.mark.parametrize("name", ["Caffè Zoë", "L'Ànfora", 'Bar "Più" & C.', "Dà \\ Noi"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_watches_of_the_customer_are_deleted_and_others_kept(
    profile: Profile, name: str, end: bytes, tmp_path: Path
) -> None:
    qt = pytest.importorskip("PySide6.QtCore", reason="the window's memory is Qt's")
    person = PERSON | {"name": name, "account_num": "C-1"}
    order = row("orders", "71", customer_account="C-1", customer_name=name)
    asyncio.run(read(profile, [("customers", [row("customers", person["id"], **person)]), ("orders", [order])]))
    file = profile.folder / "window.ini"
    memory = qt.QSettings(str(file), qt.QSettings.Format.IniFormat)
    memory.setValue("watches", json.dumps(watches(person)))
    memory.setValue("text", f"di {name.upper()} ieri")
    memory.setValue("width", 100)
    memory.sync()
    file.write_bytes(end.join(file.read_bytes().splitlines()) + end)
    records = tmp_path / "export.zip"
    assert data_care.export_customer(profile, person["id"], records, "en")["watches"] == 2
    erased = data_care.erase_customer(profile, person["id"])
    assert (erased.counts["watches"], erased.left) == (2, ())
    memory = qt.QSettings(str(file), qt.QSettings.Format.IniFormat)
    assert json.loads(memory.value("watches")) == watches(person)[2:]
    assert memory.value("text") == "di […] ieri"
    assert memory.value("width") == "100"


@pytest.mark.parametrize(
    "written",
    [
        "CAFFÈ ZOË",
        "caffe zoe",
        "Caffe\u0300 Zoe\u0308",
        json.dumps(json.dumps("Caffè Zoë")),
        json.dumps("CAFFÈ ZOË"),
        r"Caff\xe8 Zo\xeb",
    ],
)
def test_a_file_of_another_program_that_contains_the_customer_is_reported(profile: Profile, written: str) -> None:
    person = PERSON | {"name": "Caffè Zoë"}
    asyncio.run(read(profile, [("customers", [row("customers", person["id"], **person)])]))
    file = profile.folder / "note.txt"
    file.write_text(f"chiamare {written} domani", "utf-8")
    erased = data_care.erase_customer(profile, person["id"])
    assert erased.left == (file,)


def test_finding_a_customer_in_a_text() -> None:
    def who(*values: str, codes: Sequence[str] = (), others: Sequence[str] = ()) -> Customer:
        return Customer(frozenset(), frozenset(codes), frozenset(values), frozenset(others))

    anfora = who("L'Ànfora & Figli")
    for said in (
        "l’anfora & figli",
        "L`ANFORA &amp; FIGLI",
        "da\nL'ÀNFORA\n&  Figli!",
        r"'L\u2019\u00c0nfora \u0026 Figli'",
    ):
        assert anfora.mentioned(said), said
        assert "nfora" not in anfora.blanked(said).casefold()
    assert not anfora.mentioned("L'Anfora & Figlioli")
    rossi = who("Rossi", others=["Rossi & Bianchi", "Bar Rossi"])
    assert not rossi.mentioned("Rossi & Bianchi, poi bar rossi, poi Rossini")
    assert rossi.blanked("Rossi & Bianchi e Rossi") == "Rossi & Bianchi e […]"
    number = who(codes=["100220"])
    assert number.mentioned("conto 100220, Zoe")
    for said in ("1002209", "100220,50", "26-100220", "12:100220", 100220):
        assert not number.mentioned(said), said


def test_the_export_has_the_programs_messages_about_the_customer(profile: Profile, tmp_path: Path) -> None:
    asyncio.run(read(profile, [("customers", [row("customers", p["id"], **p) for p in (PERSON, OTHER)])]))
    asyncio.run(note(profile, {"odd": PERSON["name"], **state_of(AGENT)}, AGENT))

    async def tell() -> None:
        error = {"error": an_error(f"no row {PERSON['vat_number']}", AGENT)}
        async with opened_store(profile) as store:
            await store.journal.event(an_event(EventKind.SYNC_ERROR, "boot", 2, START, error))

    asyncio.run(tell())
    with closing(sqlite3.connect(profile.folder / "archisync.db")) as raw, raw:
        columns = "id, type, account, scope, key, origin, attempt, asked, started, rows, added, changed, gone"
        for number, key in enumerate((PERSON["id"], OTHER["id"])):
            values = (str(number), "customers", AGENT, "one", key, "operator", 1, START.isoformat(), START.isoformat())
            raw.execute(f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * 13)})", (*values, 0, 0, 0, 0))
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text(f"about {PERSON['name']}\nabout {OTHER['name']}\n", "utf-8")
    target = tmp_path / "export.zip"
    counts = data_care.export_customer(profile, PERSON["id"], target, "en")
    assert {name: counts.get(name) for name in ("runs", "events", "notes", "log")} == dict.fromkeys(
        ("runs", "events", "notes", "log"), 1
    )
    with zipfile.ZipFile(target) as made:
        whole, said = made.read("everything.json").decode(), made.read("README.txt").decode()
    assert OTHER["name"] not in whole
    assert "history of reads" in said
    erased = data_care.erase_customer(profile, PERSON["id"])
    assert {erased.counts[name] for name in ("runs", "events", "notes", "log")} == {1}
