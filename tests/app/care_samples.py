"""Invented customers, and profiles that contain them in every possible place, for the tests of one customer's data.

A profile may be that of a single computer or of a member of an office; the helpers look wherever its data are.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from archisync_gui.app import joining
from archisync_gui.app.profile import Profile
from archisync_gui.drafts import Drafts, OfficeDrafts
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity, Kind
from archisync_gui.model import EventKind, SystemClock
from archisync_gui.office.membership import membership
from archisync_gui.store import Batch, RefusedKind, Store, dialect
from archisync_gui.store.keys import folded
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.events import an_event
from tests.support.postgres import on_a_server

PLACES = ["file", pytest.param("office", marks=on_a_server)]
"""Where the data of a test are: in the profile's files, or on the server of its office."""

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGENT = "agente01"

PERSON = {
    "id": "50120",
    "account_num": "1002209",
    "name": "Trattoria Dà Zoë S.n.c.",
    "vat_number": "01234567897",
    "fiscal_code": "ZOEDAA80A01D704X",
    "pec": "zoe@pec.example.test",
    "phone": "+39 0543 112233",
    "sdi": "SUBM70N",
    "street": "Via Roma 1",
}
OTHER = {
    "id": "50121",
    "account_num": "1002210",
    "name": "Ferramenta Bianchi",
    "vat_number": "09876543217",
    "fiscal_code": "BNCFRM80A01D704X",
    "pec": "bianchi@pec.example.test",
    "phone": "+39 0543 445566",
    "sdi": "SUBM70N",
    "street": "Via Roma 1",
}


def entity(name: str) -> Entity:
    return next(e for e in ENTITIES if e.name == name)


def row(name: str, key: str, /, **values: Any) -> dict[str, Any]:
    """A row of a list, with an invented value in each key column that is not in ``values``."""
    found: dict[str, Any] = {column.name: None for column in entity(name).columns}
    for column in entity(name).key:
        found[column] = int(key) if entity(name).column(column).kind in (Kind.NUMBER, Kind.INTEGER) else key
    return found | values


def rows_about(person: dict[str, str], number: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of the lists that belong to ``person``."""
    code, name, number_ = person["account_num"], person["name"], str(number)
    return {
        "customers": [row("customers", person["id"], **person)],
        "orders": [
            row("orders", number_, order_number=f"ORD/{number}", customer_account=code, customer_name=name),
            row("orders", f"{number}7", order_number=f"ORD/{number}7", customer_account=code, delivery_name=name),
        ],
        "ddt": [row("ddt", number_, ddt_number=f"DDT/{number}", customer_account=code, customer_name=name)],
        "invoices": [row("invoices", number_, invoice_number=f"INV/{number}", customer_account=code)],
    }


async def fill(profile: Profile, person: dict[str, str]) -> None:
    """Write ``person`` into every place of the profile that can contain a customer."""
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    mine, others = rows_about(person, 71), rows_about(OTHER, 72)
    others["orders"].append(
        row(
            "orders",
            "73",
            order_number="ORD/73",
            customer_account=OTHER["account_num"],
            customer_name=OTHER["name"],
            delivery_name=person["name"].upper(),
            internal_note=f"consegnare da {person['name']}, tel. {person['phone']}",
        )
    )
    at = START
    for turn in range(2):
        for name in mine:
            at += timedelta(minutes=1)
            rows = [*mine[name], *others[name]]
            if turn and name == "customers":  # a change whose old and new values contain the person
                rows = [{**rows[0], "street": f"presso {person['name']}", "mobile": "+39 333 4455667"}, *rows[1:]]
            if turn and name == "orders":  # one of them in the row of another customer, beside another change
                rows[-1] = rows[-1] | {"internal_note": f"ora da {person['name']}", "total_amount": 500}
            await store.apply(name, AGENT, Batch(f"{name}-{turn}", at, rows, whole=True, clean=True))
    kept = Batch("kept", at, [*mine["customers"]], whole=True, clean=True)
    await store.keep_refused("customers", AGENT, kept, RefusedKind.SHRINK)
    evidence = {"cells": [person["vat_number"]]}
    error = {"code": "x", "kind": "layout", "message": f"cannot be read:\n{person['name']}", "evidence": evidence}
    told = {"error": error}
    await store.journal.event(an_event(EventKind.SYNC_ERROR, "boot", 1, at, told))
    await store.journal.note("odd", {"names": [f"a\t{person['name']}"]})
    await store.close()
    drafts = await Drafts.open(profile.folder, clock=SystemClock())
    chosen = {"customer": {"id": person["id"], "name": person["name"]}, "lines": [{"itemId": "A1", "quantity": 1}]}
    await drafts.put(AGENT, "draft-mine", chosen)
    await drafts.put(AGENT, "draft-about", {"customer": {"id": "1"}, "note": f"come per:\n{person['name']}"})
    await drafts.put(AGENT, "draft-other", {"customer": {"id": OTHER["id"]}, "note": "niente"})
    await drafts.put(AGENT, "draft-deleted", chosen)
    await drafts.delete(AGENT, "draft-deleted")
    await drafts.close()
    quoted = f"INFO {[person['name']]!r} {json.dumps(told)}"
    profile.log_file.write_text(
        f"INFO read {person['name']}\nINFO {person['vat_number'].lower()} seen\n{quoted}\nINFO fine\n",
        "utf-8",
    )
    profile.screenshots.mkdir(exist_ok=True)
    (profile.screenshots / "failed.png").write_bytes(b"\x89PNG " + person["name"].encode())


def in_its_place(made: Profile, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """The profile, moved to an office if the fixture is parametrized with that one of :data:`PLACES`."""
    if getattr(request, "param", "file") == "office":
        server = request.getfixturevalue("office")
        monkeypatch.setenv(joining.PASSWORD, server.password)
        asyncio.run(move_to_office(made, server))
    return made


async def move_to_office(profile: Profile, server: Server) -> None:
    """Make the profile the first member of a new office: its archive and its drafts are copied to the server."""
    await joining.create(profile, server)
    await joining.join(profile, server, may_lead=True, upgrade=False)
    shutil.rmtree(profile.folder / "backups", ignore_errors=True)  # else the customer would be in that from before
    own = await Drafts.open(profile.folder, clock=SystemClock())
    shared = OfficeDrafts(Postgres(server, name="drafts"), SystemClock())
    await shared.begin(own, profile.folder)
    await shared.close()


def server_of(folder: Path) -> Server | None:
    """The office's server of a member's profile."""
    joined = membership(folder)
    return None if joined is None else Server.from_url(joined.url, os.environ[joining.PASSWORD])


@asynccontextmanager
async def opened_store(profile: Profile) -> AsyncIterator[Store]:
    """The open archive of the profile or of its office, closed in any case."""
    server = server_of(profile.folder)
    if server is None:
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    else:
        store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock())
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def opened_drafts(profile: Profile) -> AsyncIterator[Drafts]:
    """The open drafts of the profile or of its office."""
    drafts = await Drafts.open(profile.folder, clock=SystemClock())
    if (server := server_of(profile.folder)) is not None:
        own, drafts = drafts, OfficeDrafts(Postgres(server, name="drafts"), SystemClock())
        await drafts.begin(own, profile.folder)
    try:
        yield drafts
    finally:
        await drafts.close()


def rows_on(server: Server) -> list[tuple[str, str]]:
    """Every row of every table of an office as text, with the table's name. The doubled backslashes and quotation marks
    that PostgreSQL writes are single again."""
    with server.connect("tests", autocommit=True) as connection:
        found = []
        for (table,) in connection.execute(dialect.OWN_TABLES).fetchall():
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
            found += [(table, text.replace(r"\\", "\\").replace('""', '"')) for (text,) in rows]
        return sorted(found)


def contents_of(folder: Path) -> list[tuple[str, bytes]]:
    """The raw content of each file of a profile, and the rows of its office's tables, in lower case."""
    found = [
        (file.relative_to(folder).as_posix(), file.read_bytes().lower())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    server = server_of(folder)
    return found + ([] if server is None else [(name, text.lower().encode()) for name, text in rows_on(server)])


def named_in(folder: Path, person: dict[str, str]) -> list[tuple[str, str]]:
    """Each file of the profile and each table of its office that contains a value of the person, in any of the forms in
    which values are written."""
    found = []
    for place, content in contents_of(folder):
        for name in ("name", "vat_number", "fiscal_code", "account_num", "pec", "phone"):
            value = person[name]
            quoted = {json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)}
            forms = {value.lower(), folded(value), *(form[1:-1].lower() for form in quoted)}
            if any(form.encode() in content for form in forms):
                found.append((place, name))
    return found


def living(profile: Profile) -> dict[str, Sequence[Any]]:
    async def work() -> dict[str, Sequence[Any]]:
        async with opened_store(profile) as store:
            await store.check()
            return {
                e.name: (await store.rows(e.name, AGENT)).rows
                for e in ENTITIES
                if e.name in ("customers", "orders", "ddt", "invoices")
            }

    return asyncio.run(work())


def changes_of(profile: Profile, name: str, key: str) -> list[tuple[str | None, object]]:
    async def work() -> list[tuple[str | None, object]]:
        async with opened_store(profile) as store:
            return [(change.field, change.after) for change in await store.row_history(name, AGENT, key)]

    return asyncio.run(work())
