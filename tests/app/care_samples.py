"""Invented customers, and profiles that contain them in every possible place, for the tests of one customer's data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archisync_gui.app.profile import Profile
from archisync_gui.drafts import Drafts
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity, Kind
from archisync_gui.model import EventKind, SystemClock
from archisync_gui.store import Batch, RefusedKind, Store
from archisync_gui.store.keys import folded
from tests.support.events import an_event

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
        f"INFO read {person['name']}\nINFO {person['vat_number'].lower()} seen\n{quoted}\nINFO fine\n"
    )
    profile.screenshots.mkdir(exist_ok=True)
    (profile.screenshots / "failed.png").write_bytes(b"\x89PNG " + person["name"].encode())


def named_in(folder: Path, person: dict[str, str]) -> list[tuple[str, str]]:
    """Each file whose raw bytes contain a value of the person, in any of the forms in which values are written."""
    found = []
    for file in sorted(folder.rglob("*")):
        content = file.read_bytes().lower() if file.is_file() else b""
        for name in ("name", "vat_number", "fiscal_code", "account_num", "pec", "phone"):
            value = person[name]
            quoted = {json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)}
            forms = {value.lower(), folded(value), *(form[1:-1].lower() for form in quoted)}
            if any(form.encode() in content for form in forms):
                found.append((file.relative_to(folder).as_posix(), name))
    return found


def living(profile: Profile) -> dict[str, Sequence[Any]]:
    async def work() -> dict[str, Sequence[Any]]:
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
        try:
            await store.check()
            return {
                e.name: (await store.rows(e.name, AGENT)).rows
                for e in ENTITIES
                if e.name in ("customers", "orders", "ddt", "invoices")
            }
        finally:
            await store.close()

    return asyncio.run(work())


def changes_of(profile: Profile, name: str, key: str) -> list[tuple[str | None, object]]:
    async def work() -> list[tuple[str | None, object]]:
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
        try:
            return [(change.field, change.after) for change in await store.row_history(name, AGENT, key)]
        finally:
            await store.close()

    return asyncio.run(work())
