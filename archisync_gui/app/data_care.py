"""One customer's data in the whole profile: exported into one file, or erased everywhere.

Exporting only reads, also while the panel is open; for erasing, archive and drafts have to be closed. Lists, change
log, kept reads and notes are in the archive, drafts in their own file; the log may contain names, and screenshots show
whole pages. The ERP is not changed: the next read stores a customer again who is still in it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import Any

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
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.export import CSV_ENCODING, put_csv
from archisync_gui.messages import text
from archisync_gui.store import StoreError, backups, finding, personal
from archisync_gui.store.file_checks import look
from archisync_gui.store.personal import Holding
from archisync_gui.store.store import FILE
from archisync_gui.store.whose import Customer


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

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``data erase --json``."""
        return {
            "erased": dict(self.counts),
            "backups": [str(path) for path in self.backups],
            "left": [str(path) for path in self.left],
            "unread": [str(path) for path in self.unread],
            "unsearched": [*self.unsearched],
            "by_number": self.by_number,
        }


def prepare(profile: Profile) -> None:
    """Check that there is a sound archive of this version; changes nothing. Blocking. Raises ``StoreError``: the codes
    of :func:`look`, ``archive-missing`` and ``archive-older``."""
    path = profile.folder / FILE
    seen = look(path, ENTITIES)
    if seen is None or not seen.current:
        raise StoreError("archive-missing" if seen is None else "archive-older", path=str(path))


def found(profile: Profile, wanted: str) -> Holding:
    """A summary of the customer's data in the profile. Blocking, reads only. Raises ``StoreError``."""
    customer = _find(profile, wanted)
    records = _records(profile, customer)
    name = next((str(row["name"]) for row in records["customers"]), "")
    key = min(customer.ids or customer.codes)
    counts = {kind: len(rows) for kind, rows in records.items() if rows}
    return Holding(key, name, counts, tuple(_backups(profile, customer)))


def export_customer(profile: Profile, wanted: str, target: Path, language: str) -> dict[str, int]:
    """Write everything about the customer into the zip file ``target``; returns the number of records of each kind.

    The zip file has a table (CSV) for each list with records, ``everything.json`` with all stored data, and a note.
    Blocking. Raises ``StoreError`` (``customer-unknown``, ``customer-several``) and ``OSError``.
    """
    customer = _find(profile, wanted)
    found = _records(profile, customer)
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
            note = text("data-export-note", language, {"customer": wanted, "profile": profile.name})
            made.writestr("LEGGIMI.txt" if language == "it" else "README.txt", f"{note}\n")
    return {name: len(rows) for name, rows in found.items() if rows}


def erase_customer(profile: Profile, wanted: str, *, from_backups: bool = False) -> Erased:
    """Erase the customer everywhere in the profile. Blocking. The caller holds the profile's lock; archive and drafts
    are closed.

    ``from_backups``: also delete the backups that contain the customer. The archive is changed last: if the process is
    killed, the customer is still found there, and the same call finishes the work. Raises ``StoreError`` and
    ``OSError``; then the archive is unchanged.
    """
    path = profile.folder / FILE
    customer = _find(profile, wanted)
    orders = personal.keys_in(path, ENTITIES, customer, "orders")
    counts = {
        "log": clean_logs(profile.log_file.parent, customer),
        "pictures": _remove_all(profile.screenshots),
        "watches": unwatch(profile.folder, customer, orders),
    }
    if from_backups:
        counts["backups"] = _remove_backups(profile, customer)
    counts |= drafts_personal.erase(profile.folder, customer)
    counts |= personal.erase(path, ENTITIES, customer)
    files, unlisted = files_in(profile.folder)
    still, unread = holding(files, customer)
    folder = profile.folder / backups.FOLDER
    return Erased(
        {name: count for name, count in counts.items() if count},
        tuple(file for file in still if folder in file.parents),
        tuple(file for file in still if folder not in file.parents),
        (*unlisted, *unread),
        customer.unsearched(),
        not customer.ids,
    )


def _records(profile: Profile, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """All records of the customer in the profile, by kind."""
    found = personal.export(profile.folder / FILE, ENTITIES, customer)
    found |= drafts_personal.export(profile.folder, customer)
    found["watches"] = watched(profile.folder, customer, _orders(found))
    found["log"] = log_lines(profile.log_file.parent, customer)
    return found


def _orders(records: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Keys of the customer's orders."""
    return [str(row["id"]) for row in records["orders"]]


def counted(counts: Mapping[str, int]) -> str:
    """Numbers of records by kind, as text."""
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"


def erased_text(erased: Erased, language: str) -> str:
    """The message about the result of erasing."""
    sentences = [text("data-erased", language, {"counts": counted(erased.counts)})]
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


def _find(profile: Profile, wanted: str) -> Customer:
    """The customer as found in the archive, else in the newest backup that has them (an erased customer may be left
    only there). For a customer who is not in the list of customers any more, backups or else drafts give the ids and
    former names."""
    path = profile.folder / FILE
    try:
        customer = finding.find(path, ENTITIES, wanted)
    except StoreError as error:
        if error.code != "customer-unknown":
            raise
        before = next(_in_backups(path, wanted), None)
        if before is None:
            raise
        return before
    if customer.ids:
        return customer
    before = next((former for former in _in_backups(path, wanted) if former.ids), None)
    known = before or replace(customer, ids=drafts_personal.ids_of(profile.folder, customer))
    return finding.find(path, ENTITIES, wanted, known)


def _in_backups(path: Path, wanted: str) -> Iterator[Customer]:
    """The customer as found in each backup that has them, newest first."""
    for backup in backups.listed(path):
        with suppress(StoreError):  # a backup may be damaged or not have the customer
            yield finding.find(backup, ENTITIES, wanted)


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
    return [file for file in sorted(files) if holding(parts_of(file), customer)[0]]


def _remove_backups(profile: Profile, customer: Customer) -> int:
    """Delete the backups that contain the customer; returns their number."""
    gone = _backups(profile, customer)
    for database in gone:
        for part in parts_of(database):
            remove_file(part)
    return len(gone)
