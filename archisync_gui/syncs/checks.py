"""Checks whether a read may be applied: pure functions for the data rules (``docs/erp.md``, Checks).

A whole read is *clean*, *unclean* (applied, but no row is marked missing) or *refused*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.erp.cells.rows import Findings
from archisync_gui.erp.failures import layout, refused
from archisync_gui.model import Json, SyncFailure
from archisync_gui.store import Known

SHARE = 0.70
"""A read is refused if it has a smaller share than this of the last read's rows (or keys)."""

SMALL, SMALL_LOSS = 20, 5
"""Lists of fewer than SMALL rows may lose up to SMALL_LOSS of them."""

DENSE = 5
"""Records with a value needed for the check of an emptied column, if more than SHARE of all had one; else SMALL."""

REKEY_SHARE = 0.95
"""Share of the stored records that must be found by natural key for a re-key to be offered."""

UNREADABLE_SHARE = 0.01
UNREADABLE_ROWS, NAMELESS_ROWS = 5, 3
"""A read is refused if more than UNREADABLE_SHARE of the rows, and at least UNREADABLE_ROWS, have an unreadable cell,
or at least NAMELESS_ROWS no key. Fewer are warnings: one typing error must not stop a small list."""

GARBAGE_ROWS, GARBAGE_SHARE = 5, 0.10
"""A read is refused if its garbage has grown by more than both since the last applied whole read: records may have
been taken for garbage."""

LONGEST_PAUSE = 60.0
"""Seconds; a read that was suspended longer is unclean."""

EXAMPLES = 10
"""Maximum keys of missing rows in the evidence."""


class Doubt(StrEnum):
    """Why a read is unclean."""

    TOTAL = "total"
    """The total changed during the read."""
    PAGES = "pages"
    """The number of pages changed."""
    COUNT = "count"
    """The number of rows that were read is not the total."""
    TWICE = "twice"
    """A record came twice: rows have moved from page to page."""
    FIRST = "first"
    """The first page has other keys at the end than at the start."""
    PAUSE = "pause"
    """The read was suspended for longer than a minute."""
    NAMELESS = "nameless"
    """Rows had no readable key, so any absent record may be among them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a whole read, for :func:`doubts`."""

    raw: int
    """Rows read, garbage included."""
    records: int
    """Rows that are not garbage."""
    unique: int
    """Different keys among the records; each record without a key counts as one."""
    totals: frozenset[int]
    """All different totals seen, from footers or computed from pages."""
    counts: frozenset[int]
    """All different numbers of pages seen."""
    first: Sequence[str]
    """Keys of the first page, at the start."""
    again: Sequence[str]
    """Keys of the first page, at the end."""
    longest_suspension: float
    """Longest suspension, in seconds."""
    nameless: int = 0
    """Records whose key cell is empty or cannot be read."""


def doubts(facts: Facts) -> tuple[Doubt, ...]:
    """Why a read is unclean; empty: it is clean."""
    found = []
    if len(facts.totals) > 1:
        found.append(Doubt.TOTAL)
    if len(facts.counts) > 1:
        found.append(Doubt.PAGES)
    if facts.raw not in facts.totals:
        found.append(Doubt.COUNT)
    if facts.unique != facts.records:
        found.append(Doubt.TWICE)
    # The data rules require the same first key; comparing the whole page costs nothing and finds more.
    if list(facts.first) != list(facts.again):
        found.append(Doubt.FIRST)
    if facts.longest_suspension > LONGEST_PAUSE:
        found.append(Doubt.PAUSE)
    if facts.nameless:
        found.append(Doubt.NAMELESS)
    return tuple(found)


def check_cells(entity: Entity, findings: Findings) -> None:
    """Raise if cells are in another locale's notation, or too many have no key or are unreadable."""
    if findings.foreign is not None:
        failure = layout(
            "wrong-locale",
            list=entity.name,
            row=findings.foreign.row,
            field=findings.foreign.field,
            text=findings.foreign.text,
        )
    elif findings.undecided is not None:
        failure = refused("column-hidden", list=entity.name, columns=entity.column(findings.undecided).field_name)
    elif _too_many(findings.nameless, NAMELESS_ROWS, findings.records):
        failure = layout("nameless", list=entity.name, rows=findings.nameless, records=findings.records)
    elif _too_many(findings.bad_rows, UNREADABLE_ROWS, findings.records):
        examples = "; ".join(f"{cell.field} {cell.text!r}" for cell in findings.bad[:3])
        failure = layout(
            "unreadable", list=entity.name, rows=findings.bad_rows, records=findings.records, examples=examples
        )
    else:
        return
    failure.evidence = findings.evidence()
    raise failure


def _too_many(rows: int, least: int, records: int) -> bool:
    return rows >= least and rows > records * UNREADABLE_SHARE


def check_garbage(entity: Entity, findings: Findings, known: Known) -> None:
    """Raise ``garbage-grew`` if many more rows than last time count as garbage: they may be records whose cells came
    empty, which would be marked missing."""
    now = sum(findings.garbage.values())
    before = known.garbage
    if before is None or now - before <= GARBAGE_ROWS or now - before <= before * GARBAGE_SHARE:
        return
    failure = refused("garbage-grew", list=entity.name, before=before, now=now)
    failure.evidence = {"garbageBefore": before, "garbageNow": now}
    raise failure


def check_keys(entity: Entity, rows: Mapping[str, Row], known: Known, naturals: frozenset[str]) -> SyncFailure | None:
    """Compare the ``rows`` (by key) of a whole read with the last applied one; returns the refusal, if any.

    ``naturals``: the natural keys of ``rows``. Codes: ``no-rows`` and ``shrink`` (can be accepted), ``keys-changed``
    (can be re-keyed), ``keys-changed-beyond`` (cannot: fewer than 95 % match by natural key).
    """
    if not known.rows:
        return None
    gone = known.keys - rows.keys()
    evidence: dict[str, Json] = {
        "list": entity.name,
        "rowsBefore": known.rows,
        "rowsNow": len(rows),
        "asOfBefore": known.as_of.isoformat() if known.as_of else None,
        "gone": len(gone),
        "examples": sorted(gone)[:EXAMPLES],
    }
    params: dict[str, Json] = {"list": entity.name, "before": known.rows, "now": len(rows), "gone": len(gone)}
    if not rows:
        failure = refused("no-rows", **params)
    elif _shrunk(len(rows), known.rows):
        failure = refused("shrink", **params)
    elif len(known.keys & rows.keys()) < SHARE * _expected_keys(known, rows):
        match = len(known.natural_keys & naturals) / max(len(known.natural_keys), 1)
        code = "keys-changed" if match >= REKEY_SHARE else "keys-changed-beyond"
        failure = refused(code, **params, match=round(match * 100))
        evidence["naturalMatch"] = match
    else:
        return None
    failure.evidence = evidence
    return failure


def _expected_keys(known: Known, rows: Mapping[str, Row]) -> int:
    """The number of known keys of which SHARE must be found. A small list may lose SMALL_LOSS rows with their keys, so
    at most as many keys as there are rows are expected: else a list of ten that lost four rows would be refused at
    every read as having new keys."""
    return min(len(known.keys), len(rows)) if known.rows < SMALL else len(known.keys)


def _shrunk(now: int, before: int) -> bool:
    if before < SMALL:
        return before - now > SMALL_LOSS
    return now < SHARE * before


def check_blanks(entity: Entity, before: Sequence[Row], now: Sequence[Row]) -> None:
    """Raise ``column-empty`` if a column has emptied (``before`` and ``now``: the same records in the same order).

    Cells may stay empty after a filter change, or get their texts late (``docs/erp.md``, Waiting); such blanks must not
    be stored. A column that few records fill may become empty by itself, so at least SMALL records with a value are
    needed there.
    """
    for column in entity.columns:
        filled = [i for i, row in enumerate(before) if row.get(column.name) not in (None, "")]
        if len(filled) < (DENSE if len(filled) > SHARE * len(before) else SMALL):
            continue
        still = sum(1 for i in filled if now[i].get(column.name, "") is not None)
        if len(filled) - still > SHARE * len(filled):
            raise refused("column-empty", list=entity.name, field=column.name, before=len(filled), now=still)
