"""What happens rarely at the order form: tabs, browsers and panels that come and go, odd input, late changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.endpoint.form_rig import Rig
from tests.endpoint.form_steps import ACCOUNT, edit, line, stored

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def at_work(at_work: Rig) -> Iterator[Rig]:
    """In these tests no page may complain of anything."""
    yield at_work
    assert at_work.problems == []


# ---------------------------------------------------------------------------------- what is no unfinished order


async def kept(page: Page) -> None:
    """Wait until all that this tab keeps is in IndexedDB."""
    await page.evaluate("""async () => {
      const { keepNow } = await import("/order-form/store.js"), storage = await import("/order-form/storage.js");
      keepNow();
      await storage.settled();
    }""")


async def unsent(at_work: Rig) -> list[str]:
    """What a new tab lists as not saved."""
    page = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await expect(page.locator("#count")).not_to_be_empty()
    found = await page.locator("#unsent-list li").all_inner_texts()
    await page.close()
    return found


async def test_a_form_in_which_nothing_was_typed_leaves_no_unfinished_order(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    opened = await at_work.form(ACCOUNT)
    await edit(opened, id_, 1)
    await kept(opened)
    await opened.reload()
    await expect(opened.locator("#lines .quantity")).to_have_value("3")
    empty = await at_work.form(ACCOUNT)
    await empty.locator("#date").fill("2026-03-02")
    await kept(empty)
    for page in (opened, empty):
        await page.close()
    assert await unsent(at_work) == []


async def test_a_stored_draft_that_was_changed_is_listed_as_unfinished(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("telefonare prima")
    await kept(page)
    await page.reload()
    await expect(page.locator("#note")).to_have_value("telefonare prima")
    await kept(page)
    await page.close()
    (found,) = await unsent(at_work)
    assert "telefonare prima" in found
