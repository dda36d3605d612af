"""The backups of a profile that contain one customer: finding and deleting them; nothing within them is changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from archisync_gui.app.data_files import holding, parts_of
from archisync_gui.disk import remove_file
from archisync_gui.drafts import personal as drafts_personal
from archisync_gui.entities import ENTITIES
from archisync_gui.store import StoreError, backups, finding, personal
from archisync_gui.store.whose import Customer

log = logging.getLogger(__name__)


def backups_with(folder: Path, customer: Customer, *, typed: bool) -> list[Path]:
    """The backups of both databases in a profile's ``folder`` that contain the customer, also in their write-ahead
    logs, and those of the drafts that have nothing but the customer's id. Blocking. Without those that cannot be read.

    ``typed``: nothing is known of the customer but what a person typed. Then a backup does not count that merely has
    the same characters somewhere.
    """
    found = [
        database
        for database in _all(folder)
        if holding(parts_of(database), customer)[0] or drafts_personal.copy_holds(database, customer)
    ]
    return [database for database in found if not typed or _has(database, customer)]


def remove_backups(databases: Iterable[Path]) -> int:
    """Delete these backups; returns their number. One that cannot be deleted (another program has it open) is left and
    logged. Blocking."""
    gone = 0
    for database in databases:
        try:
            for part in parts_of(database):
                remove_file(part)
        except OSError as error:
            log.warning("the backup %s could not be deleted: %s", database, error)
        else:
            gone += 1
    return gone


def _all(folder: Path) -> list[Path]:
    place = folder / backups.FOLDER
    return sorted({*place.glob("*.db"), *backups.lone_logs(place)})


def _has(database: Path, customer: Customer) -> bool:
    """Whether a backup of the archive or of the drafts has records of the customer. ``False`` also for one that cannot
    be read, and for one of the archive with other tables than this version's."""
    if not database.is_file():  # only its log is there; connecting would create it
        return False
    with suppress(StoreError), finding.connected(database) as connection:
        if any(personal.export(connection, ENTITIES, customer).values()):
            return True
    return drafts_personal.copy_holds(database, customer)
