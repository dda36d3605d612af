"""Compares the delta with a simple model: random reads of a changing list, with two accounts and a real file."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from store_samples import ENTITIES, ManualClock, Reads, parcel

from archisync_gui.entities.declaration import Row, Value
from archisync_gui.model import SyncFailure
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.store import FILE

ACCOUNTS = ("agent", "other")
ROWS = st.dictionaries(
    st.integers(1, 6),
    st.tuples(st.integers(0, 2), st.sampled_from([None, "T1", "T2"])),
    max_size=6,
)
"""Number → cost and tracking (sticky)."""


@dataclass(frozen=True)
class Expected:
    """The expected row, computed directly from the data rules."""

    cost: Value
    tracking: Value
    absences: int = 0
    blanks: int = 0
    deleted: bool = False


@dataclass(frozen=True)
class Suspended:
    """A suspended whole read that has its rows, and what has happened to the list meanwhile."""

    batch: Batch
    newer: frozenset[str] = frozenset()
    """Rows that a later read wrote."""
    overtaken: bool = False
    """Another whole read was applied."""


def expect(
    rows: dict[str, Expected], read: dict[str, Row], whole: bool, clean: bool, newer: frozenset[str] = frozenset()
) -> dict[str, Expected]:
    """Apply the data rules to the expected rows."""
    counts = whole and clean
    after = dict(rows)
    for key, row in read.items():
        if key in newer:
            continue
        old = rows.get(key)
        cost, tracking = row["cost"], row["tracking"]
        if old is None:
            after[key] = Expected(cost, tracking)
        elif tracking is None and old.tracking is not None:
            blanks = old.blanks + (1 if counts else 0)
            after[key] = Expected(cost, None) if blanks == 2 else Expected(cost, old.tracking, blanks=blanks)
        else:
            after[key] = Expected(cost, tracking)
    if counts:
        for key, old in rows.items():
            if key not in read and not old.deleted and key not in newer:
                after[key] = replace(old, absences=old.absences + 1, deleted=old.absences == 1)
    return after


def content(row: Expected | None) -> tuple[Value, Value, bool] | None:
    """The parts of a row that a read writes."""
    return None if row is None else (row.cost, row.tracking, row.deleted)


class DeltaMachine(RuleBasedStateMachine):
    """Applies reads to a store and to the model, and compares them."""

    template: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = ManualClock()
        self.reads = Reads(self.clock)
        self.model: dict[str, dict[str, Expected]] = {account: {} for account in ACCOUNTS}
        self.suspended: dict[str, Suspended] = {}

    @initialize()
    def begin(self) -> None:
        if DeltaMachine.template is not None:  # a migration for each example would take most of the time
            shutil.copy(DeltaMachine.template, self.folder / FILE)
        self.open()

    def open(self) -> None:
        self.store = self.runner.run(Store.open(self.folder, ENTITIES, clock=self.clock))

    @rule(account=st.sampled_from(ACCOUNTS), read=ROWS, whole=st.booleans(), clean=st.sampled_from([True, True, False]))
    def apply(self, account: str, read: dict[int, tuple[int, str | None]], whole: bool, clean: bool) -> None:
        rows = {str(n): parcel(n, cost=cost, tracking=tracking) for n, (cost, tracking) in read.items()}
        before = self.model[account]
        after = expect(before, rows, whole, clean)
        delta = self.runner.run(
            self.store.apply("parcels", account, self.reads.batch(list(rows.values()), whole=whole, clean=clean))
        )
        self.model[account] = after
        if (waiting := self.suspended.get(account)) is not None:
            wrote = frozenset(key for key in rows if content(before.get(key)) != content(after[key]))
            self.suspended[account] = replace(
                waiting, newer=waiting.newer | wrote, overtaken=waiting.overtaken or whole
            )
        revived = {key for key in rows if key in before and before[key].deleted}
        moved = {
            key
            for key in rows
            if key in before and (before[key].cost, before[key].tracking) != (after[key].cost, after[key].tracking)
        }
        assert delta.added == len(rows.keys() - before.keys())
        assert delta.revived == len(revived)
        assert delta.changed == len(moved - revived)
        assert delta.unchanged == len(rows) - delta.added - delta.revived - delta.changed
        assert delta.gone == sum(after[key].deleted and not before[key].deleted for key in before)
        assert delta.missing == sum(
            after[key].absences == 1 and before[key].absences == 0 for key in before if key not in rows
        )

    @rule(account=st.sampled_from(ACCOUNTS), read=ROWS, clean=st.booleans())
    def suspend(self, account: str, read: dict[int, tuple[int, str | None]], clean: bool) -> None:
        """A whole read that has its rows is suspended; one that was suspended before is dropped."""
        rows = [parcel(n, cost=cost, tracking=tracking) for n, (cost, tracking) in read.items()]
        number = self.runner.run(self.store.ages("parcels", account)).number
        self.suspended[account] = Suspended(self.reads.batch(rows, clean=clean, after=number))

    @precondition(lambda self: self.suspended)
    @rule(data=st.data(), keep=st.booleans())
    def go_on(self, data: st.DataObject, keep: bool) -> None:
        """The suspended read is compared with the stored rows and applied, or refused, kept and accepted."""
        account = data.draw(st.sampled_from(sorted(self.suspended)))
        waiting = self.suspended.pop(account)
        known = self.runner.run(self.store.known("parcels", account))
        batch = replace(waiting.batch, compared_with=known.number)
        if keep:
            self.runner.run(self.store.keep_refused("parcels", account, batch))
            ends: Any = self.store.accept_read(batch.run_id)
        else:
            ends = self.store.apply("parcels", account, batch)
        if waiting.overtaken:
            with pytest.raises((SyncFailure, StoreError), match="refused-read-void" if keep else "read-overtaken"):
                self.runner.run(ends)
            return
        self.runner.run(ends)
        read = {str(row["id"]): row for row in batch.rows}
        self.model[account] = expect(self.model[account], read, True, batch.clean, waiting.newer)

    @rule(account=st.sampled_from(ACCOUNTS))
    def the_same_again_writes_nothing(self, account: str) -> None:
        rows = [
            parcel(int(key), cost=row.cost, tracking=row.tracking)
            for key, row in self.model[account].items()
            if not row.deleted and not row.absences and not row.blanks
        ]
        written = self.store.rows_written
        self.runner.run(self.store.apply("parcels", account, self.reads.batch(rows, whole=False)))
        assert self.store.rows_written == written

    @rule()
    def close_and_open(self) -> None:
        self.runner.run(self.store.close())
        self.open()

    @invariant()
    def stored_rows_are_those_of_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        for account in ACCOUNTS:
            page = self.runner.run(self.store.rows("parcels", account, deleted=True))
            stored = {
                row.key: (
                    row.values["cost"],
                    row.values["tracking"],
                    row.missing_since is not None,
                    row.deleted_at is not None,
                )
                for row in page.rows
            }
            assert stored == {
                key: (row.cost, row.tracking, row.absences > 0, row.deleted) for key, row in self.model[account].items()
            }

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)


def run_machine(folder: Path, examples: int, steps: int) -> None:
    async def make() -> None:
        await (await Store.open(folder, ENTITIES, clock=ManualClock())).close()

    asyncio.run(make())
    DeltaMachine.template = folder / FILE
    run_state_machine_as_test(
        DeltaMachine, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )


@pytest.mark.ci
def test_delta_holds_the_data_rules(tmp_path: Path) -> None:
    run_machine(tmp_path, 10, 20)


@pytest.mark.nightly
def test_delta_holds_the_data_rules_for_long(tmp_path: Path) -> None:
    run_machine(tmp_path, 500, 50)
