"""Cells whose texts appear late: a read waits for them, and never stores blanks over existing values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from archisync_gui.model import Outcome, Progress, Scope, SyncFailure
from tests.syncs.erp_harness import QUICK, USER, World, world

pytestmark = pytest.mark.one_browser

NAME = "NAME"
TOO_LATE = QUICK.paint + 2.0


@pytest_asyncio.fixture(loop_scope="module")
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Customers were read once by values; from now on only cells are available."""
    async with world(tmp_path, scale=0.1) as started:
        assert (await started.sync("customers")).outcome is Outcome.COMPLETED
        assert len(started.truth("customers")) > 100, "three pages are too large a share of the list"
        started.demo.vary("page-values-absent")
        yield started


async def refused(here: World, scope: Scope, **more: Any) -> tuple[str, Any]:
    with pytest.raises(SyncFailure) as caught:
        await here.runner(here.control("customers", scope, **more))
    await here.erp.settled()
    return caught.value.code, caught.value.params["field"]


async def test_a_fast_read_stores_no_blanks_over_the_values_that_it_knows(here: World) -> None:
    """The second page is correct, so the read could end there."""
    before = await here.everything("customers")
    here.demo.insert("customers", USER, NAME="Studio Nuovo")
    here.demo.fault("late-paint", seconds=TOO_LATE, column=NAME)

    def first_page(now: Progress) -> None:
        if now.page == 1:
            here.demo.clear_faults()

    assert await refused(here, Scope.NEW, on_progress=first_page) == ("column-empty", "name")
    assert await here.everything("customers") == before
    assert (await here.sync("customers", Scope.NEW)).added == 1


def _late_from_the_second_page(here: World, seconds: float) -> Any:
    def progress(now: Progress) -> None:
        if now.page == 1:
            here.demo.fault("late-paint", seconds=seconds, column=NAME)

    return progress


async def test_a_whole_read_waits_for_a_column_that_the_page_before_had(here: World) -> None:
    before = await here.everything("customers")
    late = _late_from_the_second_page(here, QUICK.paint / 2)
    ended = await here.sync("customers", on_progress=late)
    assert (ended.outcome, ended.changed) == (Outcome.COMPLETED, 0)
    assert [row[:2] for row in await here.everything("customers")] == [row[:2] for row in before]


async def test_a_whole_read_with_a_few_pages_of_late_texts_is_refused(here: World) -> None:
    """The next page is requested while the progress of one is reported, so two or three pages come late."""
    before = await here.everything("customers")
    late = _late_from_the_second_page(here, TOO_LATE)

    def a_few_pages(now: Progress) -> None:
        late(now)
        if now.page == 3:
            here.demo.clear_faults()

    assert await refused(here, Scope.ALL, on_progress=a_few_pages) == ("column-empty", "name")
    assert await here.everything("customers") == before


async def test_a_list_is_not_read_without_a_column_that_tells_its_garbage(tmp_path: Path) -> None:
    """By its cells: without the numbers, each delivery note without tracking would pass for a system row."""
    async with world(tmp_path) as here:
        here.demo.vary("page-values-absent")
        here.demo.set_preferences(USER, "ddt", columns=(("PACKINGSLIPID", False),))
        with pytest.raises(SyncFailure) as caught:
            await here.sync("ddt")
        assert (caught.value.code, caught.value.params["columns"]) == ("column-hidden", "PACKINGSLIPID")
        assert not await here.rows("ddt")
        here.demo.set_preferences(USER, "ddt", columns=())
        assert (await here.sync("ddt")).outcome is Outcome.COMPLETED
        assert (await here.rows("ddt")).keys() == here.truth("ddt")
