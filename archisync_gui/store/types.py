"""What goes into the store and what comes out, as frozen values; no behaviour beyond properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from archisync_gui.entities.declaration import Row, Value
from archisync_gui.entities.views import Is
from archisync_gui.model import AccountId, Event, SyncType


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read found, checked, and ready to be applied."""

    run_id: str
    as_of: datetime
    """Start of the first page."""
    rows: Sequence[Row]
    whole: bool
    """The whole list was read. A fast or single read adds and changes only."""
    clean: bool
    """A whole read: the data did not move while they were read; only such a read can mark rows missing. A fast read: it
    read on until it met rows of a clean base, so it may move ``new_as_of`` (rule 12)."""
    single: bool = False
    """One record from its detail page: says nothing about the freshness of the list."""
    after: int | None = None
    """``Ages.number`` when the read began: rows that another read wrote since keep their values. ``None``: now."""
    compared_with: int | None = None
    """``Known.number`` (or ``Ages.number``) that the read was compared with; if the whole list was replaced since the
    read began (by another whole read or by the operator), it is not applied (``read-overtaken``). ``None``: not
    compared with anything."""
    garbage: int = 0
    """Rows dropped as garbage."""
    doubtful: bool = False
    """``as_of`` is from before the wall clock was set back (a kept read): how old the rows are is unknown."""

    @property
    def base(self) -> int | None:
        """``Ages.number`` when the read began: if the whole list was replaced since, this batch is too old. ``None``:
        it was not compared with anything."""
        if self.compared_with is None or self.after is None:
            return self.compared_with
        return min(self.after, self.compared_with)


@dataclass(frozen=True, slots=True)
class Delta:
    """What applying a read did, in rows. ``revived`` rows are in neither ``added`` nor ``changed``."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    """Soft-deleted: absent from two clean whole reads in a row."""
    missing: int = 0
    """Absent for the first time."""
    revived: int = 0
    unchanged: int = 0
    first: bool = False
    """No clean whole read of this list was applied before: its rows were added here and are not new in the ERP."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the last applied whole read found, for the checks of the next one."""

    as_of: datetime | None = None
    rows: int = 0
    keys: frozenset[str] = frozenset()
    """As ``keys.row_key`` makes them."""
    natural_keys: frozenset[str] = frozenset()
    """As ``keys.natural_key`` makes them, of the stored rows with those keys."""
    garbage: int | None = None
    """Garbage rows of that read; ``None``: not known."""
    number: int = 0
    """``Ages.number`` at this moment."""
    replaced: int = 0
    """``Ages.number`` when the whole list was replaced last: no read that began before it is applied any more."""


@dataclass(frozen=True, slots=True)
class Ages:
    """What stored rows are current as of; ``None`` = never read."""

    entity: SyncType
    account: AccountId
    """Empty for shared entities."""
    last_success: datetime | None = None
    """Start of the last applied whole read, clean or not."""
    new_as_of: datetime | None = None
    """No record created before it is missing."""
    all_as_of: datetime | None = None
    """Start of the last clean whole read."""
    number: int = 0
    """How often the stored rows of this list and account were changed; orders reads without looking at a clock."""
    doubtful: frozenset[str] = frozenset()
    """Names of the times above that were written before the wall clock was set back: how old they are is unknown."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One stored record."""

    key: str
    account: AccountId
    values: Row
    first_seen: datetime
    last_changed: datetime
    missing_since: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Further conditions for the rows of a query; all must hold."""

    where: tuple[tuple[str, Is, Value], ...] = ()
    """Column, comparison, value."""
    added: tuple[datetime, datetime | None] | None = None
    """Rows that were new in the ERP from the first time on and before the second one (``None``: until now), as the
    change log has them. The rows of a list's first read are not new."""
    changed: tuple[str, datetime] | None = None
    """A column whose value changed since then."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a query, and how many it has in all."""

    rows: tuple[StoredRow, ...]
    total: int
    sum: int | None = None
    """The sum of a column over all rows of the query, where it was asked for."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some rows of a search and where it goes on."""

    rows: tuple[StoredRow, ...]
    cursor: str | None
    """Give it back for the next rows; ``None`` at the end."""
    ages: Ages


@dataclass(frozen=True, slots=True)
class FoundList:
    """What one list has for a text typed into *Find*."""

    entity: SyncType
    rows: tuple[StoredRow, ...]
    """Best first."""
    more: bool
    """The list has further rows for this text."""
    exact: bool
    """A row has every word of the text as a whole word or number."""


class ChangeKind(StrEnum):
    """What a line of the change log tells."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"
    REVIVED = "revived"
    REKEYED = "rekeyed"
    """The ERP renumbered its rows: ``before`` and ``after`` are the keys."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change log."""

    id: int
    at: datetime
    run_id: str
    entity: SyncType
    account: AccountId
    key: str
    kind: ChangeKind
    field: str | None
    before: Value
    after: Value
    percent: int | None
    """Difference of an amount, in hundredths of a percent."""
    title: str | None = None
    """The record's name for people, as it is now."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a data table holds for one account."""

    entity: SyncType
    account: AccountId
    rows: int
    """Living rows, those missing once included."""
    missing: int
    deleted: int
    ages: Ages


class RefusedKind(StrEnum):
    """Why a whole read was refused, as far as the operator can decide about it."""

    SHRINK = "shrink"
    KEYS_CHANGED = "keys-changed"


@dataclass(frozen=True, slots=True)
class RefusedRead:
    """A refused read that is kept for 24 hours."""

    run_id: str
    entity: SyncType
    account: AccountId
    kind: RefusedKind
    as_of: datetime
    kept_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting a refused read did."""

    delta: Delta
    backup: Path
    rekeyed: int = 0
    """Rows that got a new key and kept their history."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was kept, with its number for paging."""

    id: int
    event: Event


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on the disk."""

    database: int
    """With its write-ahead log."""
    backups: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What the retention rules removed."""

    runs: int = 0
    events: int = 0
    explanations: int = 0
    changes: int = 0
    refused: int = 0
    screenshots: int = 0
    backups: int = 0
    rows: int = 0
    """Of the lists: those gone from the ERP, and those of accounts no longer in the settings."""

    def __add__(self, other: Removed) -> Removed:
        return Removed(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __bool__(self) -> bool:
        return self != Removed()
