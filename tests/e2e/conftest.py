"""The order form's browser and what it talks to, for the tests that use them in real tabs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.endpoint.form_rig import Rig, chromium, rig
from tests.support.one_browser import threads_ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a module, so one loop too (``pytest.mark.asyncio(loop_scope="module")``): what
    Playwright holds belongs to the loop it was started on."""
    await threads_ready()
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def at_work(tmp_path: Path, browser: Browser) -> AsyncIterator[Rig]:
    """Everything that a form needs, and a fresh browser profile."""
    async with rig(tmp_path, browser) as made:
        yield made


@pytest.fixture
def no_complaints(at_work: Rig) -> Iterator[None]:
    """For tests in which no page may complain of anything."""
    yield
    assert at_work.problems == []
