"""kill -9 during each action: the archive is as before the action or as after it, and no data are lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from crash_operations import CLOCK, OPERATIONS, ROWS, WIDER, template
from store_samples import ENTITIES, START

from archisync_gui.drafts import Drafts
from archisync_gui.store import Store, backups
from archisync_gui.store.store import FILE
from tests.support.killing import Victim

HERE = Path(__file__).parent


def killed(folder: Path, operation: str, turns: random.Random) -> tuple[Path, list[str]]:
    """Start a process that repeats the operation, and kill it; returns the folder in which it worked, and the lines
    that it printed about it."""
    child = Victim(HERE / "crash_operations.py", folder, operation)
    wanted = f"begin {turns.randint(0, 2)}"
    while child.says() != wanted:
        pass
    said = [wanted, *child.kill(turns.uniform(0.0, 0.15))]
    last = max(index for index, line in enumerate(said) if line.startswith("begin"))
    return folder / f"{int(said[last].split()[1]):04}", said[last + 1 :]


def rows_in(file: Path) -> int:
    """The number of living rows in a database file; checks its integrity."""
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file
        (count,) = raw.execute("SELECT count(*) FROM parcels WHERE row_deleted_at IS NULL").fetchone()
        return int(count)


async def check(place: Path, operation: str, said: list[str], where: str) -> None:
    before = {file.name for file in (place.parent / "template" / "backups").iterdir()}
    store = await Store.open(place, WIDER if operation == "migrate" else ENTITIES, clock=CLOCK)
    try:
        await store.check()
        page = await store.rows("parcels", "agent", limit=2 * ROWS)
        kept = await store.refused()
        notes = (await store.journal.load()).notes
        ages = await store.ages("parcels", "agent")
    finally:
        await store.close()
    keys = {int(row.key) for row in page.rows}
    missing = sum(row.missing_since is not None for row in page.rows)
    new = [backup for backup in backups.listed(place / FILE) if backup.name not in before]
    sound = [rows_in(backup) for backup in backups.listed(place / FILE)]
    done = f"end {int(place.name)}" in said
    match operation:
        case "restore" | "empty":
            after = set(range(10)) if operation == "restore" else set()
            assert keys in (set(range(ROWS)), after), where
            if keys == after:
                assert ROWS in sound, f"{where}: the replaced archive is not among the backups"
            else:
                assert not done, where
            assert notes["hold"] == START.isoformat(), f"{where}: the hold was lost with the archive"
            return
        case "clear":
            assert keys in (set(range(ROWS)), set()), where
            assert (ages.last_success is None) is (not keys), where
        case "accept":
            assert keys == set(range(ROWS)), where
            assert missing in (0, ROWS - 5), where
        case "rekey":
            assert keys in (set(range(ROWS)), set(range(10**6, 10**6 + ROWS))), where
        case _:
            assert keys == set(range(ROWS)), where
    assert notes["hold"] == START.isoformat(), where
    changed = missing > 0 if operation == "accept" else keys != set(range(ROWS))  # rows absent once are only missing
    if operation in ("clear", "accept", "rekey"):
        assert len(kept) == (0 if changed else 1), f"{where}: refused read kept after, or lost without, the change"
        assert not changed or [rows_in(backup) for backup in new] == [ROWS], f"{where}: no backup before the change"
        assert changed or not done, where
    if operation == "migrate":
        assert all(count == ROWS for count in map(rows_in, new)), where
    if operation == "drafts":
        await check_drafts(place, said, where)


async def check_drafts(place: Path, said: list[str], where: str) -> None:
    told = [int(line.split()[1]) for line in said if line.startswith("draft")]
    drafts = await Drafts.open(place, clock=CLOCK)
    try:
        stored = {int(draft.id) for draft in await drafts.list("agent")}
    finally:
        await drafts.close()
    assert set(told) <= stored <= set(range(len(told) + 1)), where


def clean_up(folder: Path) -> None:
    for place in folder.glob("0*"):
        shutil.rmtree(place)


@pytest.mark.parametrize("kills", [pytest.param(2, marks=pytest.mark.ci), pytest.param(25, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_kill_leaves_the_state_before_or_after_the_action(tmp_path: Path, operation: str, kills: int) -> None:
    seed = 20260302 if kills < 10 else random.SystemRandom().getrandbits(32)
    turns = random.Random(seed)
    await template(tmp_path / "template", operation)
    for turn in range(kills):
        place, said = killed(tmp_path, operation, turns)
        await check(place, operation, said, f"seed {seed}, turn {turn}, {operation}")
        clean_up(tmp_path)
