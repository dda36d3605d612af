"""One customer's data in the whole profile: exported into one file, or erased everywhere.

Exporting only reads, also while the panel is open; for erasing, archive and drafts have to be closed. Lists, change
log, kept reads and notes are in the archive, drafts in their own file; the log may contain names, and screenshots show
whole pages. The ERP is not changed: the next read stores a customer again who is still in it.

In an office the archive and the drafts are on its server, and are erased there for all computers; each computer's own
files (log, screenshots, backups, the archive from before joining) only by the same command on that computer, which
therefore also works when the server does not have the customer any more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from archisync_gui.app.data_backups import backups_with, remove_backups
from archisync_gui.app.data_files import (
    clean_logs,
    files_in,
    holding,
    log_lines,
    parts_of,
    unwatch,
    watched,
)
from archisync_gui.app.profile import Profile
from archisync_gui.disk import PRIVATE, remove_file, replacing
from archisync_gui.drafts import personal as drafts_personal
from archisync_gui.drafts.drafts import FILE as DRAFTS_FILE
from archisync_gui.drafts.personal import Archive
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.export import CSV_ENCODING, put_csv
from archisync_gui.messages import text
from archisync_gui.office.membership import membership
from archisync_gui.store import StoreError, backups, finding
from archisync_gui.store.file_checks import look
from archisync_gui.store.personal import Holding
from archisync_gui.store.store import FILE
from archisync_gui.store.whose import Customer

if TYPE_CHECKING:
    from archisync_gui.store.postgres_server import Server

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of erasing a customer, and what the operator has to decide about."""

    counts: Mapping[str, int]
    """Numbers of erased or cleaned rows by table, drafts, log files and screenshots."""
    backups: tuple[Path, ...]
    """Backups that still contain the customer."""
    left: tuple[Path, ...]
    """Other files in which the customer's name, number or address was still found."""
    unread: tuple[Path, ...]
    """Files and folders that could not be read."""
    unsearched: tuple[str, ...] = ()
    """Values of the customer that were only compared with whole columns, not searched within texts."""
    by_number: bool = False
    """The customer's id is not known, from no list of customers and no backup, or nothing is known but what was typed:
    changes of that record and past orders may not have been found."""
    only_here: bool = False
    """In an office: its server does not have the customer, so that only this computer's files were cleaned, of what was
    typed or of what a backup says."""
    computers: tuple[str, ...] | None = None
    """In an office: the other computers on which Archisync runs now. ``None``: it is no office."""

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``data erase --json``."""
        return {
            "erased": dict(self.counts),
            "backups": [str(path) for path in self.backups],
            "left": [str(path) for path in self.left],
            "unread": [str(path) for path in self.unread],
            "unsearched": [*self.unsearched],
            "by_number": self.by_number,
            "only_here": self.only_here,
            "other_computers": None if self.computers is None else [*self.computers],
        }


def prepare(profile: Profile) -> None:
    """Check that there is a sound archive of this version; changes nothing. Blocking. Raises ``StoreError``: the codes
    of :func:`look`, ``archive-missing`` and ``archive-older``. An office's archive is checked when it is used."""
    path = profile.folder / FILE
    if membership(profile.folder) is not None:
        return
    seen = look(path, ENTITIES)
    if seen is None or not seen.current:
        raise StoreError("archive-missing" if seen is None else "archive-older", path=str(path))


def _office(profile: Profile) -> Server | None:
    """The server of the profile's office; ``None``: it is in none."""
    joined = membership(profile.folder)
    if joined is None:
        return None
    from archisync_gui.app.joining import address  # loads psycopg

    return asyncio.run(address(profile, joined.url))


def _archive(profile: Profile, office: Server | None) -> AbstractContextManager[Archive]:
    if office is None:
        return drafts_personal.in_files(profile.folder, ENTITIES)
    from archisync_gui.office.one_customer import on_server

    return on_server(office, ENTITIES)


class _Asked(NamedTuple):
    """The customer that a person has asked for."""

    customer: Customer
    there: bool
    """The archive has something of the customer. Else only backups have, or nothing is known but what was typed."""
    typed: bool = False
    """Nothing is known of the customer but what was typed."""

    @property
    def key(self) -> str:
        """What identifies the customer: the id, else the account number."""
        return min(self.customer.ids or self.customer.codes)


def found(profile: Profile, wanted: str) -> Holding:
    """A summary of the customer's data in the profile. Blocking, reads only. Raises ``StoreError``."""
    asked, records = _read(profile, wanted)
    name = next((str(row["name"]) for row in records["customers"]), "")
    counts = {kind: len(rows) for kind, rows in records.items() if rows}
    return Holding(asked.key, name, counts, tuple(_backups(profile, asked)), wanted)


def export_customer(
    profile: Profile, wanted: str, target: Path, language: str, key: str | None = None
) -> dict[str, int]:
    """Write everything about the customer into the zip file ``target``; returns the number of records of each kind.

    The zip file has a table (CSV) for each list with records, ``everything.json`` with all stored data, and a note.
    ``key``: that of the customer that a person has been shown (``Holding.key``). Blocking. Raises ``OSError`` and
    ``StoreError``: ``customer-unknown``, ``customer-several``, ``customer-changed`` (``wanted`` finds another one now).
    """
    asked, found = _read(profile, wanted)
    _require_same(asked, key, wanted)
    with replacing(target) as part:
        part.touch(PRIVATE, exist_ok=False)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as made:  # nothing lies in a temporary folder meanwhile
            for entity in ENTITIES:
                if rows := found[entity.name]:
                    heads = [(c.title_it or c.it if language == "it" else c.title_en or c.en) for c in entity.columns]
                    shown = ([_shown(c, row[c.name]) for c in entity.columns] for row in rows)
                    with TextIOWrapper(made.open(f"{entity.name}.csv", "w"), CSV_ENCODING, newline="") as table:
                        put_csv(table, heads, shown)
            made.writestr("everything.json", json.dumps(found, ensure_ascii=False, indent=2, default=str))
            notes = [text("data-export-note", language, {"customer": wanted, "profile": profile.name})]
            notes += [text("data-export-office", language)] if membership(profile.folder) is not None else []
            made.writestr("LEGGIMI.txt" if language == "it" else "README.txt", "".join(f"{note}\n" for note in notes))
    return {name: len(rows) for name, rows in found.items() if rows}


def erase_customer(profile: Profile, wanted: str, key: str | None = None, *, from_backups: bool = False) -> Erased:
    """Erase the customer everywhere in the profile, and in the profile's office. Blocking. The caller holds the
    profile's lock; archive and drafts are closed.

    ``key``: as for :func:`export_customer`. ``from_backups``: also delete the backups that contain the customer.
    Everything else is changed before the archive, and the backups are deleted after it: if the process is killed, the
    customer is still found in the archive or in the backups, and the same call finishes the work. Raises ``StoreError``
    and ``OSError``; then archive and backups are unchanged.
    """
    office = _office(profile)
    with _archive(profile, office) as archive:
        asked = _find(profile, archive, wanted, in_office=office is not None)
        _require_same(asked, key, wanted)
        orders = archive.orders(asked.customer)
        # Another computer of an office may have screenshots of a customer whom nothing else names any more.
        if asked.typed and office is None:
            _require_any(profile, asked, _records(profile, archive, asked.customer, office), wanted)
    customer = asked.customer
    counts = {
        "log": clean_logs(profile.log_file.parent, customer),
        "pictures": _remove_all(profile.screenshots),
        "watches": unwatch(profile.folder, customer, orders),
    }
    own: dict[str, int] = {}
    if office is not None:
        own = drafts_personal.erase_drafts(profile.folder, customer)
        counts["archive_before_joining"] = _erase_archive_before_joining(profile, customer)
    computers = None if office is None else _others_present(profile, office)
    erased = _erase_archive(profile, office, wanted, customer) if office is None or asked.there else {}
    counts |= erased | {name: count + erased.get(name, 0) for name, count in own.items()}
    if from_backups:
        counts["backups"] = remove_backups(_backups(profile, asked))
    files, unlisted = files_in(profile.folder)
    still, unread = holding(files, customer)
    left = _backups(profile, asked)
    still += [file for file in left if file not in still]
    kept = {part for database in left for part in parts_of(database)}
    return Erased(
        {name: count for name, count in counts.items() if count},
        tuple(file for file in still if file in kept),
        tuple(file for file in still if file not in kept),
        (*unlisted, *unread),
        customer.unsearched(),
        asked.typed or not customer.ids,
        office is not None and not asked.there,
        computers,
    )


def _erase_archive(profile: Profile, office: Server | None, wanted: str, customer: Customer) -> dict[str, int]:
    """Erase the customer from archive and drafts: the files, or for all computers of the office."""
    if office is None:
        return drafts_personal.erase_both(profile.folder, ENTITIES, customer)
    from archisync_gui.office import one_customer

    return one_customer.erase(office, ENTITIES, wanted, customer)


def _erase_archive_before_joining(profile: Profile, customer: Customer) -> int:
    """Erase the customer from the file that this computer used before it joined the office; returns the number of rows.
    One that cannot be changed (damaged, of an earlier version) is left, and :class:`Erased` names it."""
    path = profile.folder / FILE
    try:
        seen = look(path, ENTITIES)
        if seen is None or not seen.current:
            return 0
        return sum(drafts_personal.erase_lists(profile.folder, ENTITIES, customer).values())
    except StoreError as error:
        log.warning("a customer could not be erased from %s: %s", path, error)
        return 0


def _others_present(profile: Profile, office: Server) -> tuple[str, ...]:
    from archisync_gui.app.joining import computer_name
    from archisync_gui.office.one_customer import others_present

    return others_present(office, computer_name(profile))


def _read(profile: Profile, wanted: str) -> tuple[_Asked, dict[str, list[dict[str, Any]]]]:
    """The customer and all their records in the profile, by kind. Raises ``StoreError``."""
    office = _office(profile)
    with _archive(profile, office) as archive:
        asked = _find(profile, archive, wanted, in_office=office is not None)
        found = _records(profile, archive, asked.customer, office)
    if asked.typed:
        _require_any(profile, asked, found, wanted)
    return asked, found


def _records(
    profile: Profile, archive: Archive, customer: Customer, office: Server | None
) -> dict[str, list[dict[str, Any]]]:
    """Everything about the customer in the archive, the drafts and this computer's files, by kind."""
    found = archive.records(customer)
    own = watched(profile.folder, customer, _orders(found))
    if office is not None:  # drafts that the office's server did not take yet
        for name, rows in drafts_personal.drafts_in(profile.folder, customer).items():
            found[name] = [*found.get(name, ()), *rows]
    shared = found.get("watches", [])
    found["watches"] = [*shared, *(watch for watch in own if watch not in shared)]
    found["log"] = log_lines(profile.log_file.parent, customer)
    return found


def _require_any(
    profile: Profile, asked: _Asked, records: Mapping[str, Sequence[Mapping[str, Any]]], wanted: str
) -> None:
    """Raise ``customer-unknown`` if neither the records nor the backups have anything of the customer."""
    if not any(records.values()) and not _backups(profile, asked):
        raise StoreError("customer-unknown", wanted=wanted)


def _require_same(asked: _Asked, key: str | None, wanted: str) -> None:
    """Raise ``customer-changed`` if it is not the customer with this key (``None``: no customer has been shown)."""
    if key is not None and asked.key != key:
        raise StoreError("customer-changed", wanted=wanted, before=key, found=asked.key)


def _orders(records: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Keys of the customer's orders."""
    return [str(row["id"]) for row in records["orders"]]


def counted(counts: Mapping[str, int]) -> str:
    """Numbers of records by kind, as text."""
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"


def erased_text(erased: Erased, language: str) -> str:
    """The message about the result of erasing."""
    sentences = [text("data-erased", language, {"counts": counted(erased.counts)})]
    if erased.only_here:
        sentences.append(text("data-only-here", language))
    elif erased.computers is not None:
        running = ", ".join(erased.computers) or text("data-no-other-computer", language).what
        sentences.append(text("data-in-office", language, {"computers": running}))
    if erased.backups:
        sentences.append(text("data-in-backups", language, {"backups": _names(erased.backups)}))
    if erased.left:
        sentences.append(text("data-left", language, {"files": _names(erased.left)}))
    if erased.unread:
        sentences.append(text("data-unread", language, {"files": _names(erased.unread)}))
    if erased.unsearched:
        sentences.append(text("data-unsearched", language, {"values": ", ".join(erased.unsearched)}))
    if erased.by_number:
        sentences.append(text("data-by-number", language))
    return "\n".join(map(str, sentences))


def _names(files: Iterable[Path]) -> str:
    return ", ".join(file.name for file in files)


def _find(profile: Profile, archive: Archive, wanted: str, *, in_office: bool) -> _Asked:
    """The customer as found in the archive, else in the newest backup that has them (an erased customer may be left
    only there), else as typed: a draft, the change log or a refused read may name one whom no list has. For a customer
    who is not in the list of customers any more, backups or else drafts give the ids and former names. Raises
    ``StoreError``, ``customer-unknown`` only if nothing was typed."""
    try:
        customer = archive.find(wanted)
    except StoreError as error:
        if error.code != "customer-unknown" or not wanted.strip():
            raise
        former = next(_in_backups(profile, wanted, in_office=in_office), None)
        before = None if former is None else archive.apart(former)
        if before is not None and (before.ids or before.codes):
            return _Asked(before, there=not in_office or any(archive.records(before).values()))
        typed = archive.as_typed(wanted)
        return _Asked(typed, there=any(archive.records(typed).values()), typed=True)
    if customer.ids:
        return _Asked(customer, there=True)
    earlier = _in_backups(profile, wanted, in_office=in_office)
    # The same name may have been that of a customer with another number.
    same = (found for found in earlier if not found.codes or found.codes & customer.codes)
    before = next((found for found in same if found.ids), None)
    known = before or replace(customer, ids=archive.ids_in_drafts(customer))
    return _Asked(archive.find(wanted, known), there=True)


def _in_backups(profile: Profile, wanted: str, *, in_office: bool) -> Iterator[Customer]:
    """The customer as found in each backup that has them, newest first; for a member of an office also in the archive
    from before joining. Copies of the drafts, which know less of a customer, come last."""
    path = profile.folder / FILE
    files = [*backups.listed(path), *([path] if in_office and path.exists() else [])]
    for file in files:
        with suppress(StoreError):  # a backup may be damaged or not have the customer
            with finding.connected(file) as connection:
                yield finding.find(connection, ENTITIES, wanted)
    for file in backups.listed(profile.folder / DRAFTS_FILE):
        if (customer := drafts_personal.found_in_copy(file, wanted)) is not None:
            yield customer


def _shown(column: Column, value: Any) -> object:
    """A stored value as exported in a table."""
    match column.kind:
        case Kind.MONEY | Kind.PERCENT if isinstance(value, int):
            return Decimal(value) / 100
        case Kind.NUMBER if isinstance(value, int):
            return Decimal(value) / 1000
        case Kind.DATE if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                return value
    return value


def _remove_all(folder: Path) -> int:
    """Remove all screenshots, since their content cannot be searched; returns their number."""
    pictures = list(folder.glob("*.png"))
    for file in pictures:
        remove_file(file)
    return len(pictures)


def _backups(profile: Profile, asked: _Asked) -> list[Path]:
    """As :func:`backups_with`."""
    return backups_with(profile.folder, asked.customer, typed=asked.typed)
