"""Real runs with a full or write-protected disk: a clear message, no lost data, and the next read works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from archisync_gui import messages
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.model import Origin, Outcome, RunResult
from tests.support.waiting import until


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False)
    yield core
    await core.close()
    lock.release()


async def full(core: Core) -> Callable[[], Any]:
    """Make SQLite report a full disk; returns a function that ends this."""

    async def limit(more: int) -> None:
        def job(connection: sa.Connection) -> None:
            count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {count + more}").close()

        await core.store._database.exclusive(job)

    await limit(0)
    return lambda: limit(1_000_000)


async def protected(core: Core) -> Callable[[], Any]:
    """Refuse every connection of the writer, as on a file system mounted read-only; returns a function that ends
    this."""
    side = core.store._database._writer

    def refuse(raw: Any, _record: object) -> None:
        raw.execute("PRAGMA query_only = ON")

    async def reopen() -> None:
        await side.worker.run(side._drop)

    sa.event.listen(side._engine, "connect", refuse)
    await reopen()

    async def again() -> None:
        sa.event.remove(side._engine, "connect", refuse)
        await reopen()

    return again


async def read(core: Core) -> RunResult:
    return await core.orchestrator.request_sync("invoices", origin=Origin.OPERATOR)


async def stored(core: Core) -> dict[str, Any]:
    page = await core.store.rows("invoices", DEMO_ACCOUNT, limit=10_000, deleted=True)
    return {row.key: (dict(row.values), row.missing_since, row.deleted_at) for row in page.rows}


@pytest.mark.parametrize(("trouble", "code"), [(full, "disk-full"), (protected, "read-only")])
async def test_runs_meet_a_disk_that_cannot_be_written(
    core: Core, trouble: Any, code: str, expected_errors: Any
) -> None:
    expected_errors(r"archisync_gui\.orchestrator\.memory: the journal failed; more failures are not logged .*")
    assert (await read(core)).outcome is Outcome.COMPLETED
    before = await stored(core)
    assert core.demo_erp is not None
    world = core.demo_erp.world.rows("invoices", DEMO_ACCOUNT, core.demo_erp.clock.now())
    for row in world.rows:
        core.demo_erp.change("invoices", DEMO_ACCOUNT, row.key, {"INVOICINGNAME": f"Studio {row.key}"})

    mend = await trouble(core)
    failed = await read(core)
    assert failed.outcome is Outcome.FAILED
    assert failed.error is not None
    assert failed.error.code == code
    for language, said in (("it", "non si può scrivere"), ("en", "cannot be written")):
        line = messages.line(code, language, failed.error.params)
        assert said in line
        assert str(core.store.path) in line
    assert await stored(core) == before, "rows were lost or partly written"
    # The failure of the run also waits to be written; the journal's writer retries it after the run's end.
    await until(lambda: core.store.journal.pending)

    await mend()
    changed = await read(core)
    assert (changed.outcome, changed.changed) == (Outcome.COMPLETED, len(before))
    assert not core.store.journal.pending
    outcomes = sorted(run.outcome.value for run in await core.store.runs(limit=10) if run.outcome)
    assert outcomes == ["completed", "completed", "failed"]
    await core.store.check()
