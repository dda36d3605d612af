"""One customer's data in the whole profile: exported into one file, or erased everywhere.

Exporting only reads, also beside the open panel; for erasing the archive and the drafts have to be closed.
The lists, change log, kept reads and memory are in the archive, the drafts in a file of their own, names may stand in
the log, and pictures show whole pages. The ERP is not touched: the next read stores again who is still in it.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
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
from archisync_gui.disk import PRIVATE, beside, put_in_place, remove_file, replace_file
from archisync_gui.drafts import personal as drafts_personal
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.export import write_csv
from archisync_gui.messages import text
from archisync_gui.store import StoreError, backups, finding, personal
from archisync_gui.store.file_checks import look
from archisync_gui.store.personal import Holding
from archisync_gui.store.store import FILE
from archisync_gui.store.whose import Customer


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, and what is left to decide about."""

    counts: Mapping[str, int]
    """Rows by table, drafts, log files and pictures that were erased."""
    backups: tuple[Path, ...]
    """Backups that still hold the customer."""
    left: tuple[Path, ...]
    """Other files in which the customer's name, number or address was still found."""
    unread: tuple[Path, ...]
    """Files that could not be looked at."""
    unsearched: tuple[str, ...] = ()
    """Values of the customer that were looked for as a column's whole content only, not within texts."""
    by_number: bool = False
    """The customer stands in no list of customers that is kept: changes of that record could not be told apart."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "erased": dict(self.counts),
            "backups": [str(path) for path in self.backups],
            "left": [str(path) for path in self.left],
            "unread": [str(path) for path in self.unread],
            "unsearched": [*self.unsearched],
            "by_number": self.by_number,
        }


def prepare(profile: Profile) -> None:
    """Make sure that there is a sound archive of this version; nothing is changed. Blocking. Raises ``StoreError``:
    besides those of :func:`look` ``archive-missing`` and ``archive-older``."""
    path = profile.folder / FILE
    seen = look(path, ENTITIES)
    if seen is None or not seen.current:
        raise StoreError("archive-missing" if seen is None else "archive-older", path=str(path))


def found(profile: Profile, wanted: str) -> Holding:
    """What the profile holds of the customer. Blocking, reads only. Raises ``StoreError``."""
    customer = _find(profile, wanted)
    records = _records(profile, customer)
    name = next((str(row["name"]) for row in records["customers"]), "")
    key = min(customer.ids or customer.codes)
    counts = {kind: len(rows) for kind, rows in records.items() if rows}
    return Holding(key, name, counts, tuple(_backups(profile, customer)))


def export_customer(profile: Profile, wanted: str, target: Path, language: str) -> dict[str, int]:
    """Write everything about the customer into the archive ``target`` (zip); how many records of each kind.

    It holds one table (CSV) for each list, ``everything.json`` with all that is stored, and a note. Blocking. Raises
    ``StoreError`` (``customer-unknown``, ``customer-several``) and ``OSError``.
    """
    customer = _find(profile, wanted)
    found = _records(profile, customer)
    part = beside(target)
    try:
        with tempfile.TemporaryDirectory(prefix="archisync-export-") as work:  # private to this user
            folder = Path(work)
            for entity in ENTITIES:
                if rows := found[entity.name]:
                    heads = [(c.title_it or c.it if language == "it" else c.title_en or c.en) for c in entity.columns]
                    shown = ([_shown(c, row[c.name]) for c in entity.columns] for row in rows)
                    write_csv(folder / f"{entity.name}.csv", heads, shown)
            whole = json.dumps(found, ensure_ascii=False, indent=2, default=str)
            replace_file(folder / "everything.json", whole)
            note = text("data-export-note", language, {"customer": wanted, "profile": profile.name})
            replace_file(folder / ("LEGGIMI.txt" if language == "it" else "README.txt"), f"{note}\n")
            part.touch(PRIVATE, exist_ok=False)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as made:
                for file in sorted(folder.iterdir()):
                    made.write(file, file.name)
        put_in_place(part, target)
    finally:
        part.unlink(missing_ok=True)
    return {name: len(rows) for name, rows in found.items() if rows}


def erase_customer(profile: Profile, wanted: str, *, from_backups: bool = False) -> Erased:
    """Erase the customer everywhere in the profile. Blocking. The caller holds the profile's lock, and archive and
    drafts are closed.

    ``from_backups``: also delete the backups that hold the customer, who may be in no other place any more. The
    archive comes last: after a kill the customer is still found there, and the same call finishes the work. Raises
    ``StoreError`` and ``OSError``; then the archive is as it was.
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
    """All that the profile keeps of the customer, by kind."""
    found = personal.export(profile.folder / FILE, ENTITIES, customer)
    found |= drafts_personal.export(profile.folder, customer)
    found["watches"] = watched(profile.folder, customer, _orders(found))
    found["log"] = log_lines(profile.log_file.parent, customer)
    return found


def _orders(records: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Keys of the customer's orders."""
    return [str(row["id"]) for row in records["orders"]]


def counted(counts: Mapping[str, int]) -> str:
    """Records by kind, for people."""
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"


def erased_text(erased: Erased, language: str) -> str:
    """What was erased and what is left to decide about, for people."""
    said = [text("data-erased", language, {"counts": counted(erased.counts)})]
    if erased.backups:
        said.append(text("data-in-backups", language, {"backups": _names(erased.backups)}))
    if erased.left:
        said.append(text("data-left", language, {"files": _names(erased.left)}))
    if erased.unread:
        said.append(text("data-unread", language, {"files": _names(erased.unread)}))
    if erased.unsearched:
        said.append(text("data-unsearched", language, {"values": ", ".join(erased.unsearched)}))
    if erased.by_number:
        said.append(text("data-by-number", language))
    return "\n".join(map(str, said))


def _names(files: Iterable[Path]) -> str:
    return ", ".join(file.name for file in files)


def _find(profile: Profile, wanted: str) -> Customer:
    """The customer in the archive, else in the newest backup that has them: an erased one may be left only there. One
    who is no longer in the list of customers is known by their orders; the drafts and the backups say more."""
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
    before = next((one for one in _in_backups(path, wanted) if one.ids), None)
    known = before or replace(customer, ids=drafts_personal.ids_of(profile.folder, customer))
    return finding.find(path, ENTITIES, wanted, known)


def _in_backups(path: Path, wanted: str) -> Iterator[Customer]:
    """The customer as the backups know them, newest first."""
    for backup in backups.listed(path):
        with suppress(StoreError):  # it may be damaged, or not have them
            yield finding.find(backup, ENTITIES, wanted)


def _shown(column: Column, value: Any) -> object:
    """A stored value as a table shows it."""
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
    """Remove all pictures: what they show cannot be searched."""
    pictures = list(folder.glob("*.png"))
    for file in pictures:
        remove_file(file)
    return len(pictures)


def _backups(profile: Profile, customer: Customer) -> list[Path]:
    """The backups of either database that hold the customer, in their write-ahead log, too. One that cannot be looked
    at is none of them: the erasing names it."""
    folder = profile.folder / backups.FOLDER
    files = {*folder.glob("*.db"), *backups.lone_logs(folder)}
    return [file for file in sorted(files) if holding(parts_of(file), customer)[0]]


def _remove_backups(profile: Profile, customer: Customer) -> int:
    """Delete the backups that hold the customer; how many."""
    gone = _backups(profile, customer)
    for database in gone:
        for part in parts_of(database):
            remove_file(part)
    return len(gone)
