"""The drafts page with more drafts than one answer of the panel holds: what it takes when it takes all of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.endpoint.form_rig import NO_DEADLINES, Rig
from tests.endpoint.form_steps import ACCOUNT, changed_elsewhere, line, stored

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("no_complaints")]

COUNT = 23
LONG = "x" * 60_000
"""A note with which nine drafts fill an answer."""


def name(number: int) -> str:
    return f"{number:02}".rjust(24, "d")


async def drafts_page(at_work: Rig) -> Page:
    """The drafts page; what is printed is noted."""
    page = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await page.evaluate("""() => {
      window.printed = [];
      window.print = () => printed.push(document.querySelectorAll(".draft.printed").length);
    }""")
    return page


async def page_of_many(at_work: Rig) -> Page:
    """The drafts page, which shows the first of the drafts."""
    for number in range(COUNT):
        await stored(at_work, line("020002", number + 1), id_=name(number), note=LONG)
    page = await drafts_page(at_work)
    await expect(page.locator("#count")).to_have_text(f"{COUNT} bozze")
    assert 1 < await shown(page) < COUNT - 1, "not all drafts are shown, else these tests show nothing"
    await expect(page.locator("#more")).to_be_visible()
    return page


async def shown(page: Page) -> int:
    return await page.locator(".draft").count()


async def printed(page: Page) -> list[int]:
    await page.wait_for_function("() => printed.length > 0")
    return list(await page.evaluate("printed"))


async def exported(page: Page) -> list[dict[str, Any]]:
    async with page.expect_download() as downloading:
        await page.locator("#json").click()
    path = await (await downloading.value).path()
    return list(json.loads(path.read_text("utf-8")))


async def test_print_all_prints_the_drafts_that_are_not_shown_yet(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    await page.locator("#print-all").click()
    assert await printed(page) == [COUNT]
    await expect(page.locator("#count")).to_have_text(f"{COUNT} bozze")


async def test_json_has_the_drafts_that_are_not_shown_yet(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    found = await exported(page)
    assert sorted(one["id"] for one in found) == [name(number) for number in range(COUNT)]


async def saved_while_the_second_page_is_read(at_work: Rig, page: Page) -> None:
    """The oldest draft, which stands on the last page, is saved while all are read: it comes to the top."""
    first = True

    async def save(route: Route) -> None:
        nonlocal first
        if first:
            first = False
            await at_work.office.drafts.put(
                ACCOUNT, name(0), {"customer": None, "lines": [], "note": "new"}, if_match=1
            )
        await route.continue_()

    await page.route("**/api/drafts?cursor=*", save)


async def test_a_draft_that_is_saved_while_all_are_read_is_not_missed(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    await saved_while_the_second_page_is_read(at_work, page)
    found = await exported(page)
    assert len({one["id"] for one in found}) == len(found) == COUNT
    (again,) = [one for one in found if one["id"] == name(0)]
    assert (again["version"], again["document"]["note"]) == (2, "new")


async def test_what_cannot_be_read_completely_is_said_and_not_taken_for_all(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    more = 0

    async def saved_each_time(route: Route) -> None:
        nonlocal more
        more += 1
        await stored(at_work, line("020001", 1), id_=f"{more}".rjust(24, "e"))
        await route.continue_()

    await page.route("**/api/drafts?cursor=*", saved_each_time)
    await page.locator("#print-all").click()
    await expect(page.locator("#notice")).to_contain_text("altre sono state salvate o eliminate in quel momento")
    await page.unroute("**/api/drafts?cursor=*")
    assert await page.evaluate("printed") == []
    await page.locator("#print-all").click()
    assert await printed(page) == [COUNT + more]
    await expect(page.locator("#notice")).to_be_hidden()


async def test_a_double_click_shows_no_draft_twice(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    go_on = asyncio.Event()

    async def late(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.evaluate(NO_DEADLINES)
    await page.route("**/api/drafts?cursor=*", late)
    await page.evaluate("() => { const more = document.querySelector('#more'); more.click(); more.click(); }")
    before = await shown(page)
    go_on.set()
    await page.wait_for_function("(before) => document.querySelectorAll('.draft').length > before", arg=before)
    for _ in range(COUNT):
        if not await page.locator("#more").is_visible():
            break
        count = await shown(page)
        await page.locator("#more").click()
        await page.wait_for_function("(before) => document.querySelectorAll('.draft').length > before", arg=count)
    quantities = await page.locator(".draft tbody td:nth-child(2)").all_inner_texts()
    assert sorted(map(int, quantities)) == [number + 1 for number in range(COUNT)]


async def test_a_page_that_comes_back_shows_as_many_drafts_as_before(at_work: Rig) -> None:
    page = await page_of_many(at_work)
    before = await shown(page)
    await page.locator("#more").click()
    await page.wait_for_function("(before) => document.querySelectorAll('.draft').length > before", arg=before)
    more = await shown(page)
    async with page.expect_response("**/api/drafts/letterhead"):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert await shown(page) == more


async def test_a_draft_is_printed_as_it_is_stored_now(at_work: Rig) -> None:
    """The page stands on a second screen all day: nothing has told it that the draft was changed."""
    id_ = await stored(at_work, line("020002", 3))
    page = await drafts_page(at_work)
    card = page.locator(".draft")
    await expect(card.locator("tbody tr")).to_have_count(1)
    await changed_elsewhere(at_work, id_)
    await card.get_by_role("button", name="Stampa").click()
    assert await printed(page) == [1]
    await expect(card.locator("tbody tr")).to_have_count(2)


async def test_a_draft_that_was_deleted_elsewhere_is_not_printed(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await drafts_page(at_work)
    await expect(page.locator(".draft")).to_have_count(1)
    await at_work.office.drafts.delete(ACCOUNT, id_)
    await page.locator(".draft").get_by_role("button", name="Stampa").click()
    await expect(page.locator("#notice")).to_be_visible()
    await expect(page.locator(".draft")).to_have_count(0)
    assert await page.evaluate("printed") == []
    at_work.problems.clear()  # the browser reports the 404


async def test_without_a_panel_a_draft_is_printed_as_it_is_shown(at_work: Rig) -> None:
    await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts/*")
    page = await drafts_page(at_work)
    await expect(page.locator(".draft")).to_have_count(1)
    between.instead = Route.abort
    await page.locator(".draft").get_by_role("button", name="Stampa").click()
    assert await printed(page) == [1]
    at_work.problems.clear()  # the browser reports what was not answered


async def test_a_reading_that_fails_late_takes_back_no_later_one(at_work: Rig) -> None:
    await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts", patient=True)
    page = await drafts_page(at_work)
    await expect(page.locator(".draft")).to_have_count(1)
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def fails_late(route: Route) -> None:
        between.instead = None
        asked.set()
        await go_on.wait()
        await route.abort()

    between.instead = fails_late
    comes_back = "document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(comes_back)
    await asked.wait()
    async with page.expect_response("**/api/drafts/letterhead"):
        await page.evaluate(comes_back)
    async with page.expect_response("**/api/health"):  # why the first reading has no answer
        go_on.set()
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    await expect(page.locator("#notice")).to_be_hidden()
    at_work.problems.clear()  # the browser reports what was not answered
