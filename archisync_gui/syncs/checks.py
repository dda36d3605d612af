"""Whether what was read may be applied: pure functions over facts, the data rules of ``docs/erp.md`` (Checks).

A whole read is *clean* (nothing moved), *unclean* (applied, but nothing is marked missing) or *refused*.
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
"""Fewer of the last read's rows (or keys) than this are not believed."""

SMALL, SMALL_LOSS = 20, 5
"""Lists of fewer than SMALL rows may lose up to SMALL_LOSS of them."""

DENSE = 5
"""So many records suffice to tell that a column has emptied, where nearly all of them (SHARE) had a value in it."""

REKEY_SHARE = 0.95
"""So many records must be found again by natural key before a re-key is offered."""

UNREADABLE_SHARE = 0.01
UNREADABLE_ROWS, NAMELESS_ROWS = 5, 3
"""More than UNREADABLE_SHARE of the rows and at least UNREADABLE_ROWS of them with a cell that cannot be read (or
NAMELESS_ROWS without a key) refuse the read. Fewer are warnings: one typing error must not stop a small list."""

GARBAGE_ROWS, GARBAGE_SHARE = 5, 0.10
"""Growth of the garbage since the last applied whole read that is still believed: records may have turned into it."""

LONGEST_PAUSE = 60.0
"""Seconds; a read that was suspended longer is unclean."""

EXAMPLES = 10
"""So many rows that would vanish are shown as evidence."""


class Doubt(StrEnum):
    """Why a read is unclean."""

    TOTAL = "total"
    """The total at the end is not the one at the start."""
    PAGES = "pages"
    """The number of pages changed."""
    COUNT = "count"
    """The rows that were read are not as many as the total says."""
    TWICE = "twice"
    """A record came twice: the pages slid."""
    FIRST = "first"
    """The first page does not begin as it began."""
    PAUSE = "pause"
    """The read was suspended for longer than a minute."""
    NAMELESS = "nameless"
    """Rows had no key that can be read: which records they are, and so which are missing, is unknown."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a whole read noted on its way."""

    raw: int
    """Rows read, garbage included."""
    records: int
    """Of them no garbage."""
    unique: int
    """Different keys among the records."""
    totals: frozenset[int]
    """Every total that a page told (footer or page arithmetic)."""
    counts: frozenset[int]
    """Every number of pages that a page told."""
    first: Sequence[str]
    """Keys of the first page, at the start."""
    again: Sequence[str]
    """Keys of the first page, at the end."""
    longest_suspension: float
    """Longest suspension, in seconds."""
    nameless: int = 0
    """Records whose key cell is empty or cannot be read."""


def doubts(facts: Facts) -> tuple[Doubt, ...]:
    """What speaks against a read being clean; empty: it is clean."""
    found = []
    if len(facts.totals) > 1:
        found.append(Doubt.TOTAL)
    if len(facts.counts) > 1:
        found.append(Doubt.PAGES)
    if facts.raw not in facts.totals:
        found.append(Doubt.COUNT)
    if facts.unique != facts.records:
        found.append(Doubt.TWICE)
    # The data rules ask for the first key; the rest of the page costs nothing and finds more.
    if list(facts.first) != list(facts.again):
        found.append(Doubt.FIRST)
    if facts.longest_suspension > LONGEST_PAUSE:
        found.append(Doubt.PAUSE)
    if facts.nameless:
        found.append(Doubt.NAMELESS)
    return tuple(found)


def check_cells(entity: Entity, findings: Findings) -> None:
    """Raise if too much of what was read cannot be read as what it should be."""
    if findings.foreign is not None:
        failure = layout(
            "wrong-locale",
            list=entity.name,
            row=findings.foreign.row,
            field=findings.foreign.field,
            text=findings.foreign.text,
        )
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
    """Raise ``garbage-grew`` when many more rows than last time pass for garbage: they may be records whose cells came
    empty, and would be marked missing."""
    now = sum(findings.garbage.values())
    before = known.garbage
    if before is None or now - before <= GARBAGE_ROWS or now - before <= before * GARBAGE_SHARE:
        return
    failure = refused("garbage-grew", list=entity.name, before=before, now=now)
    failure.evidence = {"garbageBefore": before, "garbageNow": now}
    raise failure


def check_keys(entity: Entity, rows: Mapping[str, Row], known: Known, naturals: frozenset[str]) -> SyncFailure | None:
    """The refusal that a whole read with these ``rows`` (by key) earns against the last applied one, if any.

    ``naturals``: the natural keys of ``rows``. Codes: ``no-rows``, ``shrink`` (can be accepted), ``keys-changed`` (can
    be re-keyed, where ``match`` is at least 95).
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
    """How many known keys could be found. A small list may lose SMALL_LOSS rows, and their keys go with them: what is
    left is compared, or a list of ten that lost four would be refused at every read, as one that got new keys."""
    return min(len(known.keys), len(rows)) if known.rows < SMALL else len(known.keys)


def _shrunk(now: int, before: int) -> bool:
    if before < SMALL:
        return before - now > SMALL_LOSS
    return now < SHARE * before


def check_blanks(entity: Entity, before: Sequence[Row], now: Sequence[Row]) -> None:
    """Raise when a column of the same records (``before`` and ``now`` in the same order) has emptied.

    Cells may stay empty after a filter change, or get their texts late (``docs/erp.md``, Waiting); a read must not
    carry that into the store. A column that few records fill may empty by itself: there it takes SMALL of them.
    """
    for column in entity.columns:
        was = [i for i, row in enumerate(before) if row.get(column.name) not in (None, "")]
        if len(was) < (DENSE if len(was) > SHARE * len(before) else SMALL):
            continue
        still = sum(1 for i in was if now[i].get(column.name, "") is not None)
        if len(was) - still > SHARE * len(was):
            raise refused("column-empty", list=entity.name, field=column.name, before=len(was), now=still)
