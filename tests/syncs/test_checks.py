"""The data rules at their limits: the last accepted value and the first refused one. No browser, no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import pytest

from archisync_gui.entities import CUSTOMERS
from archisync_gui.erp.cells.rows import Findings
from archisync_gui.model import SyncFailure
from archisync_gui.store import Known
from archisync_gui.syncs.checks import Doubt, Facts, check_blanks, check_cells, check_garbage, check_keys, doubts

CLEAN = Facts(
    raw=30,
    records=28,
    unique=28,
    totals=frozenset({30}),
    counts=frozenset({2}),
    first=("1", "2", "3"),
    again=("1", "2", "3"),
    longest_suspension=60.0,
)
"""No sign of a change; suspended for exactly as long as a clean read may be."""


def keys(count: int, start: int = 0) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def rows(names: Sequence[str]) -> dict[str, Any]:
    return {name: {} for name in names}


def code(check: Any, *arguments: Any) -> str | None:
    """The code of the failure that a check raises or returns; ``None``: the read is accepted."""
    try:
        found = check(*arguments)
    except SyncFailure as failure:
        return failure.code
    return None if found is None else str(found.code)


def test_a_read_without_signs_of_change_is_clean() -> None:
    assert doubts(CLEAN) == ()


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"totals": frozenset({30, 31})}, Doubt.TOTAL),
        ({"counts": frozenset({2, 3})}, Doubt.PAGES),
        ({"raw": 29}, Doubt.COUNT),
        ({"raw": 31}, Doubt.COUNT),
        ({"totals": frozenset[int]()}, Doubt.COUNT),
        ({"unique": 27}, Doubt.TWICE),
        ({"again": ("0", "1", "2")}, Doubt.FIRST),
        ({"again": ("1", "3", "2")}, Doubt.FIRST),
        ({"again": ("1", "2")}, Doubt.FIRST),
        ({"longest_suspension": 60.001}, Doubt.PAUSE),
        ({"nameless": 1}, Doubt.NAMELESS),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_each_sign_of_change_alone_makes_a_read_unclean(change: dict[str, Any], doubt: Doubt) -> None:
    assert doubts(replace(CLEAN, **change)) == (doubt,)


@pytest.mark.parametrize(
    ("records", "bad", "nameless", "expected"),
    [
        (76, 4, 0, None),  # a small list may have a few typing errors
        (76, 5, 0, "unreadable"),
        (500, 5, 0, None),  # exactly 1 %
        (499, 5, 0, "unreadable"),
        (1000, 10, 0, None),
        (1000, 11, 0, "unreadable"),
        (76, 0, 2, None),
        (76, 0, 3, "nameless"),
        (300, 0, 3, None),
        (299, 0, 3, "nameless"),
        (76, 5, 3, "nameless"),
        (2, 0, 2, None),
    ],
)
def test_unreadable_rows_refuse_above_one_percent_and_a_few_rows(
    records: int, bad: int, nameless: int, expected: str | None
) -> None:
    findings = Findings(records=records, bad_rows=bad, nameless=nameless)
    assert code(check_cells, CUSTOMERS, findings) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, 1000, None),  # the first read cannot be compared
        (0, 5, None),
        (0, 6, "garbage-grew"),
        (71, 76, None),
        (71, 78, None),  # 7 rows, but less than 10 %
        (71, 79, "garbage-grew"),
        (50, 55, None),
        (60, 66, None),  # exactly 10 %
        (60, 67, "garbage-grew"),
        (60, 0, None),
    ],
)
def test_garbage_may_grow_by_five_rows_or_ten_percent(before: int | None, now: int, expected: str | None) -> None:
    findings = Findings(garbage=Counter({"zero": now // 2, "other": now - now // 2}))
    assert code(check_garbage, CUSTOMERS, findings, Known(garbage=before)) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0, 0, None),
        (0, 10, None),
        (1, 0, "no-rows"),
        (100, 0, "no-rows"),
        (19, 14, None),  # a small list may lose five
        (19, 13, "shrink"),
        (6, 1, None),
        (20, 14, None),  # exactly 70 %
        (20, 13, "shrink"),
        (100, 70, None),
        (100, 69, "shrink"),
    ],
)
def test_a_list_may_shrink_to_seventy_percent(before: int, now: int, expected: str | None) -> None:
    known = Known(rows=before, keys=frozenset(keys(before)))
    assert code(check_keys, CUSTOMERS, rows(keys(now)), known, frozenset()) == expected


@pytest.mark.parametrize(
    ("kept", "matched", "expected"),
    [
        (70, 0, None),
        (69, 100, "keys-changed"),
        (69, 95, "keys-changed"),  # exactly as many as a re-key needs
        (69, 94, "keys-changed-beyond"),
        (0, 0, "keys-changed-beyond"),
    ],
)
def test_seventy_percent_of_the_keys_must_be_found_again(kept: int, matched: int, expected: str | None) -> None:
    naturals = [f"n{key}" for key in keys(100)]
    known = Known(rows=100, keys=frozenset(keys(100)), natural_keys=frozenset(naturals))
    now = rows(keys(kept) + keys(100 - kept, start=1000))
    assert code(check_keys, CUSTOMERS, now, known, frozenset(naturals[:matched])) == expected


@pytest.mark.parametrize(
    ("before", "kept", "new", "expected"),
    [
        (10, 6, 0, None),  # four of ten are gone: allowed in a small list, and no change of keys
        (19, 14, 0, None),
        (6, 1, 0, None),
        (10, 6, 4, "keys-changed-beyond"),  # as many rows as before, four of them with other keys
        (10, 7, 3, None),
        (4, 0, 4, "keys-changed-beyond"),
        (1, 0, 1, "keys-changed-beyond"),
        (20, 14, 0, None),
        (20, 13, 7, "keys-changed-beyond"),
        (20, 13, 1, "keys-changed-beyond"),
        (19, 10, 4, None),  # 10 of 14
        (19, 9, 5, "keys-changed-beyond"),
        (100, 69, 3, "keys-changed-beyond"),  # a large list may lose no more keys than rows
    ],
)
def test_a_small_list_that_lost_rows_is_not_taken_for_one_with_new_keys(
    before: int, kept: int, new: int, expected: str | None
) -> None:
    known = Known(rows=before, keys=frozenset(keys(before)))
    now = rows(keys(kept) + keys(new, start=1000))
    assert code(check_keys, CUSTOMERS, now, known, frozenset()) == expected


@pytest.mark.parametrize(
    ("filled", "emptied", "empty", "expected"),
    [
        (20, 14, 3, None),  # 30 % are left
        (20, 15, 3, "column-empty"),
        (20, 20, 500, "column-empty"),
        (19, 19, 9, None),  # too few, in a column that is blank in many records
        (19, 19, 8, "column-empty"),
        (5, 4, 2, "column-empty"),
        (5, 3, 2, None),
        (4, 4, 0, None),
        (100, 70, 3, None),
        (100, 71, 3, "column-empty"),
    ],
)
def test_a_column_that_empties_is_refused(filled: int, emptied: int, empty: int, expected: str | None) -> None:
    name = CUSTOMERS.columns[-1].name
    blanks: list[dict[str, Any]] = [{name: ""}, {name: None}, {}]
    before = [*({name: "x"} for _ in range(filled)), *islice(cycle(blanks), empty)]
    now = [{name: None if at < emptied else "x"} for at in range(filled)] + [{} for _ in range(empty)]
    assert code(check_blanks, CUSTOMERS, before, now) == expected


def test_a_column_that_was_not_read_has_not_emptied() -> None:
    """Values that a read does not contain stay as stored; only a blank counts as a loss."""
    name = CUSTOMERS.columns[-1].name
    assert code(check_blanks, CUSTOMERS, [{name: "x"}] * 40, [{}] * 40) is None
