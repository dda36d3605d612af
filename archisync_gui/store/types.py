"""Arguments and results of the store, as frozen dataclasses."""

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
    """The checked result of a read, to be applied."""

    run_id: str
    as_of: datetime
    """When the reading of the first page began."""
    rows: Sequence[Row]
    whole: bool
    """The whole list was read. Other reads (fast, single) only add and change rows."""
    clean: bool
    """Whole read: the list did not change while it was read; only such a read can mark rows as missing. Fast read: it
    read until it reached rows of a clean base, so it may advance ``new_as_of`` (rule 12)."""
    single: bool = False
    """One record from its detail page, which does not change the ages of the list."""
    after: int | None = None
    """``Ages.number`` when the read began: rows written since by another read keep their values. ``None``: the present
    number."""
    compared_with: int | None = None
    """``Known.number`` (or ``Ages.number``) of the data that the read was compared with, see :attr:`base`. ``None``: it
    was not compared."""
    garbage: int = 0
    """Rows dropped as garbage."""
    doubtful: bool = False
    """``as_of`` is from before the wall clock was set back (of a kept read): the age of the rows is not known."""

    @property
    def base(self) -> int | None:
        """The lower one of :attr:`after` and :attr:`compared_with`: if the whole list was replaced after that (by
        another whole read or by the operator), this batch is not applied (``read-overtaken``). ``None``: no check."""
        if self.compared_with is None or self.after is None:
            return self.compared_with
        return min(self.after, self.compared_with)


@dataclass(frozen=True, slots=True)
class Delta:
    """The result of applying a read, in numbers of rows. ``revived`` rows are counted in neither ``added`` nor
    ``changed``."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    """Soft-deleted: absent from two clean whole reads in a row."""
    missing: int = 0
    """Absent for the first time."""
    revived: int = 0
    unchanged: int = 0
    first: bool = False
    """No clean whole read of this list was applied before, so the added rows are not new in the ERP."""


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
    """The present ``Ages.number``."""
    replaced: int = 0
    """``Ages.number`` of the last change that replaced the whole list: reads that began before are not applied."""


@dataclass(frozen=True, slots=True)
class Ages:
    """The times as of which the stored rows of a list and account are current; ``None``: never read."""

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
    """Number of changes of the rows of this list and account so far: gives the order of reads without a clock."""
    doubtful: frozenset[str] = frozenset()
    """Names of the times above that were written before the wall clock was set back: their age is not known."""


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
    """Rows that the change log has as added from the first time on and before the second one (``None``: no end). The
    rows of a list's first read are not in it."""
    changed: tuple[str, datetime] | None = None
    """Rows in which this column has changed since this time."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query's rows, and the number of all its rows."""

    rows: tuple[StoredRow, ...]
    total: int
    sum: int | None = None
    """The sum of a column over all rows of the query, if requested."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of a search's rows, and the cursor for the next one."""

    rows: tuple[StoredRow, ...]
    cursor: str | None
    """For the next page; ``None`` at the end."""
    ages: Ages


@dataclass(frozen=True, slots=True)
class FoundList:
    """The matches in one list for a text typed into *Find*."""

    entity: SyncType
    rows: tuple[StoredRow, ...]
    """Best first."""
    more: bool
    """The list has further matches."""
    exact: bool
    """A row has every word of the text as a whole word or number."""


class ChangeKind(StrEnum):
    """The kind of a line of the change log."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"
    REVIVED = "revived"
    REKEYED = "rekeyed"
    """The ERP renumbered its rows: ``before`` and ``after`` are the keys."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: a line of the change log, or one field of it."""

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
    """The record's present title."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of rows of one list and account."""

    entity: SyncType
    account: AccountId
    rows: int
    """Rows that are not deleted, including those missing once."""
    missing: int
    deleted: int
    ages: Ages


class RefusedKind(StrEnum):
    """Why a whole read was refused and kept: the reasons for which the operator may apply it all the same."""

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
    """The result of accepting a refused read."""

    delta: Delta
    backup: Path
    rekeyed: int = 0
    """Rows that got a new key, with their history."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A stored event with its id, for paging."""

    id: int
    event: Event


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on the disk."""

    database: int
    """Including the write-ahead log."""
    backups: int


@dataclass(frozen=True, slots=True)
class Removed:
    """Numbers of what maintenance removed by the retention rules."""

    runs: int = 0
    events: int = 0
    explanations: int = 0
    changes: int = 0
    refused: int = 0
    screenshots: int = 0
    backups: int = 0
    rows: int = 0
    """Rows of lists: those gone from the ERP, and those of accounts that are not in the settings any more."""

    def __add__(self, other: Removed) -> Removed:
        return Removed(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __bool__(self) -> bool:
        return self != Removed()
