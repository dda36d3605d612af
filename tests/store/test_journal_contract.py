"""The journal of the orchestrator's tests (``ListJournal``) and the real one restore the same state."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rig import ListJournal
from store_samples import ENTITIES, START, ManualClock, parcel

from archisync_gui.model import (
    EventKind,
    Explanation,
    Journal,
    LastRead,
    Origin,
    Outcome,
    Reason,
    Remembered,
    RunRecord,
    Scope,
)
from archisync_gui.store import Batch, Store
from tests.support.events import an_event

ACCOUNTS = ("anna", "bruno")


class Both:
    """Writes the same random sequence of calls to both journals."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.fake = ListJournal()
        self.both: tuple[Journal, ...] = (self.fake, store.journal)
        self.random = random.Random(seed)
        self.now = START
        self.number = 0

    def forward(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    async def run(self) -> None:
        """A whole read with a random outcome, or without an end (killed)."""
        self.number += 1
        asked = self.forward()
        account = self.random.choice(ACCOUNTS)
        outcome = self.random.choice([Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.FAILED, Outcome.CANCELLED, None])
        record = RunRecord(
            f"run-{self.number}", "parcels", account, Scope.ALL, None, Origin.SCHEDULE, 1, asked, asked
        )  # fmt: skip
        for journal in self.both:
            await journal.run_started(record)
        if outcome is None:
            return
        applied = outcome in (Outcome.COMPLETED, Outcome.UNCLEAN)
        if applied:  # the store takes the times of the read from the transaction that writes its rows
            rows = [parcel(n) for n in range(3)]
            clean = outcome is Outcome.COMPLETED
            await self.store.apply("parcels", account, Batch(record.id, asked, rows, whole=True, clean=clean))
        ended = replace(record, ended=self.forward(), outcome=outcome, as_of=asked if applied else None, rows=3)
        for journal in self.both:
            await journal.run_ended(ended)

    async def event(self) -> None:
        event = an_event(EventKind.SESSION_OPENED, "boot", self.number, self.forward(), {"label": "è"})
        for journal in self.both:
            await journal.event(event)

    async def explained(self) -> None:
        explanation = Explanation(self.forward(), self.random.choice([Reason.HOLD, Reason.NOTHING_DUE]))
        for journal in self.both:
            await journal.explained(explanation)

    async def note(self) -> None:
        value: Any = self.random.choice([None, "x", 5, [1, 2], {"of": {"a": None}}, True, ""])
        key = self.random.choice(["hold", "due:parcels:anna", "login:bruno"])
        for journal in self.both:
            await journal.note(key, value)

    async def doubt(self) -> None:
        for journal in self.both:
            await journal.clock_doubted()

    async def asked(self) -> None:
        """Compare the explanations for several times."""
        for at in (START - timedelta(days=1), START + (self.now - START) / 2, self.now):
            fake, real = [await journal.explanation_at(at) for journal in self.both]
            assert (fake and (fake.at, fake.reason)) == (real and (real.at, real.reason))


def shown(kept: Remembered) -> dict[str, object]:
    """The state that both have to restore at a start."""

    def of(read: LastRead) -> tuple[object, ...]:
        last, whole = ((None if r is None else (r.id, r.outcome)) for r in (read.last, read.whole))
        return read.last_success, read.new_as_of, read.all_as_of, read.doubtful, last, whole

    return {
        "notes": dict(kept.notes),
        "interrupted": sorted((record.id, record.outcome) for record in kept.interrupted),
        "reads": {(read.type, read.account): of(read) for read in kept.reads},
        "unreadable": kept.unreadable,
    }


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(6))
async def test_both_journals_restore_the_same_state(tmp_path: Path, clock: ManualClock, seed: int) -> None:
    store = await Store.open(tmp_path, ENTITIES, clock=clock)
    both = Both(store, seed)
    steps = (both.run, both.run, both.run, both.event, both.explained, both.note, both.doubt, both.asked)
    try:
        for _ in range(40):
            await both.random.choice(steps)()
        fake, real = [shown(await journal.load()) for journal in both.both]
        assert fake == real
        # A second start finds no open run any more; all else is unchanged.
        again = [shown(await journal.load()) for journal in both.both]
        assert again[0] == again[1]
        assert again[0]["interrupted"] == []
        assert again[0]["notes"] == fake["notes"]
    finally:
        await store.close()
