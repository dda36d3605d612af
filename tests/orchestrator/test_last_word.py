"""Statuses show a whole read that failed or was refused until another whole read has ended (not by cancellation)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from archisync_gui.conditions import Kind, conditions
from archisync_gui.model import AccountTypeStatus, FailureKind, Outcome, Scope, SyncState
from tests.orchestrator.rig import Rig
from tests.support.clock import settle


def line(rig: Rig) -> AccountTypeStatus:
    return rig.o.get_status().statuses["customers"].accounts[0]


def found(rig: Rig) -> list[tuple[Kind, str | None]]:
    """The conditions about the customers, with the code of their error."""
    return [
        (condition.kind, condition.error and condition.error.code)
        for condition in conditions(rig.o.get_status())
        if "customers" in condition.lists
    ]


async def whole_read(rig: Rig, kind: FailureKind, code: str) -> str:
    """A whole read that fails in this way; returns its id."""
    rig.o.request_sync("customers")
    await settle()
    rig.active.fail(kind, code)
    await settle()
    return str(line(rig).last_run_id)


async def cancelled(rig: Rig) -> None:
    rig.o.request_sync("customers")
    await settle()
    rig.o.cancel_run()
    await settle()


async def cut_off(rig: Rig) -> None:
    """The process is killed while the list is read again."""
    rig.o.request_sync("customers")
    await settle()
    await rig.killed()
    rig.build()
    await rig.o.start()
    await settle()


async def skipped(rig: Rig) -> None:
    rig.o.request_sync("customers")
    await settle()
    await rig.finish(Outcome.SKIPPED)


async def fast(rig: Rig) -> None:
    rig.o.request_sync("customers", scope=Scope.NEW)
    await settle()
    await rig.finish()


async def fast_failed(rig: Rig) -> None:
    rig.o.request_sync("customers", scope=Scope.NEW)
    await settle()
    await rig.fail(FailureKind.LAYOUT)


async def one_record(rig: Rig) -> None:
    rig.o.request_sync("customers", scope=Scope.ONE, key="55.261")
    await settle()
    await rig.finish()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("later", [cancelled, cut_off, skipped, fast, fast_failed, one_record])
@pytest.mark.parametrize(
    ("kind", "code", "shown"),
    [
        (FailureKind.REFUSED, "shrink", Kind.REFUSED),
        (FailureKind.LAYOUT, "column-missing", Kind.FAILED),
    ],
)
async def test_a_bad_whole_read_is_not_hidden_by_later_runs(
    kind: FailureKind, code: str, shown: Kind, later: Callable[[Rig], Awaitable[None]], restarted: bool
) -> None:
    """Data rules, accepting: the operator can decide about a refused read for 24 hours, whatever is read meanwhile."""
    async with Rig() as rig:
        run = await whole_read(rig, kind, code)
        await later(rig)
        if restarted:
            await rig.restart()
        now = line(rig)
        assert (now.last_run_id, now.last_error and now.last_error.code) == (run, code)
        assert now.failures_in_a_row == 1
        assert found(rig) == [(shown, code)]
        assert (now.state is SyncState.REFUSED) is (kind is FailureKind.REFUSED)


@pytest.mark.parametrize("how", [Outcome.COMPLETED, Outcome.UNCLEAN])
async def test_a_whole_read_that_is_applied_ends_it(how: Outcome) -> None:
    async with Rig() as rig:
        await whole_read(rig, FailureKind.REFUSED, "shrink")
        rig.o.request_sync("customers")
        await settle()
        await rig.finish(how)
        assert (line(rig).last_outcome, line(rig).last_error, found(rig)) == (how, None, [])
        await fast(rig)
        assert line(rig).last_run_id == rig.runs[-1].control.run.id


async def test_another_failure_of_a_whole_read_takes_its_place() -> None:
    async with Rig() as rig:
        await whole_read(rig, FailureKind.REFUSED, "shrink")
        second = await whole_read(rig, FailureKind.LAYOUT, "column-missing")
        assert (line(rig).last_run_id, found(rig)) == (second, [(Kind.FAILED, "column-missing")])


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_accepted_read_leaves_no_failure(restarted: bool) -> None:
    """Data rules, accepting: an accepted read is neither refused nor failing, and no interval stays doubled."""
    async with Rig() as rig:
        for _ in range(3):
            await whole_read(rig, FailureKind.REFUSED, "shrink")
        assert line(rig).state is SyncState.BACKING_OFF
        at = rig.clock.now()
        rig.o.rows_changed("customers", "anna", last_success=at, new_as_of=at, all_as_of=at)
        assert (line(rig).state, line(rig).failures_in_a_row, found(rig)) == (SyncState.IDLE, 0, [])
        if restarted:
            await rig.restart()
            assert (line(rig).state, line(rig).failures_in_a_row) == (SyncState.IDLE, 0)
            assert Kind.REFUSED not in [kind for kind, _ in found(rig)]
