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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
    """The customer's id is not known, from no list of customers and no backup: changes of that record were not
    found."""
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


def found(profile: Profile, wanted: str) -> Holding:
    """A summary of the customer's data in the profile. Blocking, reads only. Raises ``StoreError``."""
    asked, records = _read(profile, wanted)
    customer = asked.customer
    name = next((str(row["name"]) for row in records["customers"]), "")
    key = min(customer.ids or customer.codes)
    counts = {kind: len(rows) for kind, rows in records.items() if rows}
    return Holding(key, name, counts, tuple(_backups(profile, customer)))


def export_customer(profile: Profile, wanted: str, target: Path, language: str) -> dict[str, int]:
    """Write everything about the customer into the zip file ``target``; returns the number of records of each kind.

    The zip file has a table (CSV) for each list with records, ``everything.json`` with all stored data, and a note.
    Blocking. Raises ``StoreError`` (``customer-unknown``, ``customer-several``) and ``OSError``.
    """
    _, found = _read(profile, wanted)
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


def erase_customer(profile: Profile, wanted: str, *, from_backups: bool = False) -> Erased:
    """Erase the customer everywhere in the profile, and in the profile's office. Blocking. The caller holds the
    profile's lock; archive and drafts are closed.

    ``from_backups``: also delete the backups that contain the customer. The archive is changed last: if the process is
    killed, the customer is still found there, and the same call finishes the work. Raises ``StoreError`` and
    ``OSError``; then the archive is unchanged.
    """
    office = _office(profile)
    with _archive(profile, office) as archive:
        asked = _find(profile, archive, wanted, in_office=office is not None)
        orders = archive.orders(asked.customer)
    customer = asked.customer
    counts = {
        "log": clean_logs(profile.log_file.parent, customer),
        "pictures": _remove_all(profile.screenshots),
        "watches": unwatch(profile.folder, customer, orders),
    }
    if from_backups:
        counts["backups"] = _remove_backups(profile, customer)
    own = drafts_personal.erase_drafts(profile.folder, customer)
    if office is not None:
        counts["archive_before_joining"] = _erase_archive_before_joining(profile, customer)
    computers = None if office is None else _others_present(profile, office)
    erased = _erase_archive(profile, office, wanted, customer) if office is None or asked.there else {}
    counts |= erased | {name: count + erased.get(name, 0) for name, count in own.items()}
    files, unlisted = files_in(profile.folder)
    still, unread = holding(files, customer)
    folder = profile.folder / backups.FOLDER
    still += _copies_of_drafts(folder, customer, but=still)
    return Erased(
        {name: count for name, count in counts.items() if count},
        tuple(file for file in still if folder in file.parents),
        tuple(file for file in still if folder not in file.parents),
        (*unlisted, *unread),
        customer.unsearched(),
        not customer.ids,
        office is not None and not asked.there,
        computers,
    )


def _erase_archive(profile: Profile, office: Server | None, wanted: str, customer: Customer) -> dict[str, int]:
    """Erase the customer from the archive: the file, or for all computers of the office."""
    if office is None:
        return drafts_personal.erase_lists(profile.folder, ENTITIES, customer)
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
        customer = asked.customer
        found = archive.records(customer)
        own = watched(profile.folder, customer, _orders(found))
    if office is not None:  # drafts that the office's server did not take yet
        for name, rows in drafts_personal.drafts_in(profile.folder, customer).items():
            found[name] = [*found.get(name, ()), *rows]
    shared = found.get("watches", [])
    found["watches"] = [*shared, *(watch for watch in own if watch not in shared)]
    found["log"] = log_lines(profile.log_file.parent, customer)
    if asked.typed and not any(found.values()):
        raise StoreError("customer-unknown", wanted=wanted)
    return asked, found


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
    only there). For a customer who is not in the list of customers any more, backups or else drafts give the ids and
    former names. In an office also what was typed, if the server has nothing of that."""
    try:
        customer = archive.find(wanted)
    except StoreError as error:
        if error.code != "customer-unknown":
            raise
        before = next(_in_backups(profile, wanted, in_office=in_office), None)
        if before is not None:
            return _Asked(before, there=not in_office or any(archive.records(before).values()))
        typed = archive.as_typed(wanted)
        if not in_office or not wanted.strip() or any(archive.records(typed).values()):
            raise
        return _Asked(typed, there=False, typed=True)
    if customer.ids:
        return _Asked(customer, there=True)
    before = next((former for former in _in_backups(profile, wanted, in_office=in_office) if former.ids), None)
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


def _backups(profile: Profile, customer: Customer) -> list[Path]:
    """The backups of both databases that contain the customer, also in their write-ahead logs. Without those that
    cannot be read, which :class:`Erased` names."""
    folder = profile.folder / backups.FOLDER
    files = {*folder.glob("*.db"), *backups.lone_logs(folder)}
    found = [file for file in sorted(files) if holding(parts_of(file), customer)[0]]
    return [*found, *_copies_of_drafts(folder, customer, but=found)]


def _copies_of_drafts(folder: Path, customer: Customer, *, but: Collection[Path]) -> list[Path]:
    """The copies of drafts among the backups in ``folder`` with a draft or past order of the customer that has nothing
    but the id, which :func:`holding` does not search; without those in ``but``."""
    files = (file for file in sorted(folder.glob("drafts-*.db")) if file not in but)
    return [file for file in files if drafts_personal.copy_holds(file, customer)]


def _remove_backups(profile: Profile, customer: Customer) -> int:
    """Delete the backups that contain the customer; returns their number."""
    gone = _backups(profile, customer)
    for database in gone:
        for part in parts_of(database):
            remove_file(part)
    return len(gone)
