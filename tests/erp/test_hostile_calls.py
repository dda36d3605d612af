"""Calls that a page answers late, at another address or not at all: old rows are not taken for new ones, and the list
is left as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from case_pages import BY_CELL, PATH, PLAIN, SMALL, CasePages, checks_of, opened, refusal, run_checks

from archisync_gui.erp.driver.page_driver import Act, Look
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.erp.user_views import UserViews
from archisync_gui.model import FailureKind, SyncFailure, SystemClock

# --- nothing is asked of the ERP --------------------------------------------------------------------------------------

IGNORED = "grid.Refresh = grid.SortBy = () => {};"
HIDDEN_ID = """grid.columns[0] = ["ID", false];
    document.querySelector("[id$='DXHeadersRow0']").deleteCell(0);
    document.querySelectorAll("[id*='DXDataRow']").forEach(row => row.deleteCell(0));
    grid.GetRowKey = n => ["2", "1"][n];"""
"""The ID is hidden. Nothing shows a sort by it, since these columns have no ``sortOrder``."""


async def a_list_that_was_not_asked_for_again_is_not_taken_as_current(cases: CasePages) -> None:
    for step in (lambda view: view.again(), lambda view: view.turn(Act.REFRESH)):
        view = await opened(cases, IGNORED)
        with pytest.raises(SyncFailure) as caught:
            await step(view)
        assert (caught.value.code, caught.value.kind) == ("erp-call-ignored", FailureKind.TRANSIENT)
    view = await opened(cases, IGNORED)
    with pytest.raises(SyncFailure, match="erp-call-ignored"):  # a list left open is asked whether it still answers
        await view.act(Act.REFRESH)


async def rows_that_a_sort_has_not_asked_for_are_not_the_newest(cases: CasePages) -> None:
    view = await opened(cases, HIDDEN_ID)
    page = await view.newest("ID", 20)
    assert page is not None, "a real sort"
    view = await opened(cases, HIDDEN_ID + IGNORED)
    assert await view.newest("ID", 20) is None


async def a_callback_that_begins_late_is_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.Refresh = function () {
            setTimeout(() => this.call("refresh", [], () => {
                document.querySelector("[id$='DXDataRow0']").cells[1].textContent = "Verdi";
            }), 300);
        };
        grid.pageCount = 2;
        const go = grid.GotoPage.bind(grid);
        grid.GotoPage = index => setTimeout(() => go(index), 300);""",
    )
    assert (await view.turn(Act.REFRESH)).column("NAME") == ("Verdi", "Bianchi")
    assert (await view.turn_to(1)).index == 1


async def a_grid_that_is_replaced_by_the_answer_is_not_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.Refresh = function () {
            this.busy = 1;
            this.BeginCallback.fire(this);
            setTimeout(() => {
                const {name, columns, pageRowCount, pageRowSize, pageCount} = this;
                new make.Grid(name, {columns, pageRowCount, pageRowSize, pageCount});
                document.querySelector("[id$='DXDataRow0']").cells[1].textContent = "Verdi";
            }, 50);
        };""",
    )
    assert (await view.turn(Act.REFRESH)).column("NAME") == ("Verdi", "Bianchi")


# --- where a page comes from ------------------------------------------------------------------------------------------


async def a_page_that_the_browser_has_kept_is_asked_for_again(cases: CasePages) -> None:
    async def fields() -> list[str]:
        return [column["field"] for column in (await cases.state())["columns"]]

    cases.shown["cache"] = "max-age=3600"
    try:
        await cases.open(PLAIN)
        assert await fields() == ["ID", "NAME", "STATUS"]
        await cases.driver.go("OTHER_ListView/", 10)
        await cases.open("03-checkbox-image")
        assert await fields() == ["ID", "NAME", "GIFT"]
        await cases.driver.go("OTHER_ListView/", 10)
        cases.shown["status"] = "503"
        assert (await refusal(cases.open(PLAIN)))[0] == "erp-unavailable"
    finally:
        del cases.shown["cache"]
        cases.shown.pop("status", None)


async def a_list_on_another_host_is_not_read_and_no_password_typed_there(cases: CasePages) -> None:
    address = await cases.run("location.href")
    other = address.replace("127.0.0.1", "localhost")
    for path in (PATH, "Login.aspx"):
        cases.shown["redirect"] = other.replace(PATH, "OTHER_ListView/")
        try:
            with pytest.raises(SyncFailure) as caught:
                await cases.driver.go(path, 10)
        finally:
            del cases.shown["redirect"]
        assert (caught.value.code, caught.value.kind) == ("erp-other-page", FailureKind.TRANSIENT)
        assert caught.value.params == {"wanted": "127.0.0.1", "shown": "localhost"}
    cases.shown["name"], cases.driver.path = PLAIN, PATH
    await cases.driver.page.goto(other)
    for step in (
        cases.driver.type_login("agente01", "demo"),
        cases.driver.look(Look.STATE),
        cases.driver.act(Act.REFRESH, 3),
    ):
        assert (await refusal(step))[0] == "erp-other-page"


async def a_page_without_a_list_is_not_waited_for_as_long_as_a_slow_one(cases: CasePages) -> None:
    """An error page with the status of a good one. This page's clock advances by 0.5 s at each look."""
    for error in ("make.all.delete(grid.name);", "make.all.delete(grid.name); grid.busy = 1;"):
        await cases.open(PLAIN, f"() => {{ {error} window.now = 0; performance.now = () => (now += 500); }}")
        assert await cases.driver.look(Look.READY, 45) == {"grid": False}
        assert await cases.run("now") <= 11_500, error
    # A control that is still in a callback may bring the list.
    await cases.open(
        PLAIN,
        """() => {
        const other = new make.Ctl("globalCallbackControl");
        make.all.delete(grid.name);
        other.call("load", []);
        other.busy = 2;
        window.now = 0;
        performance.now = () => {
            now += 500;
            if (now > 15000) { make.all.set(grid.name, grid); other.busy = 0; }
            return now;
        };
        }""",
    )
    assert await cases.driver.look(Look.READY, 45) == {"grid": True, "quiet": True}


async def windows_that_a_page_opens_do_not_stay(cases: CasePages) -> None:
    context = cases.driver.page.context
    await cases.open(PLAIN, "() => { window.open('/Archibald/OTHER_ListView/', '_blank', 'width=200'); }")
    await cases.driver.go("OTHER_ListView/", 10)
    assert context.pages == [cases.driver.page]


# --- other lists at the same address ----------------------------------------------------------------------------------

VIEWED = replace(SMALL, view="caselistviewagent")
VIEWS = """const items = ["xaf_xaf_a0CaseListViewAgent", "xaf_xaf_a0CasesRoadmapAgent"].map(
        (value, n) => ({value, text: ["Casi", "Mappa"][n]}));
    new make.Combo("Vertical_mainMenu_Menu_ITCNT4_xaf_a0_Cb", {items, value: VALUE});"""


async def another_view_at_the_same_address_is_refused(cases: CasePages) -> None:
    view = await opened(cases, VIEWS.replace("VALUE", "items[1].value"), VIEWED)
    assert await refusal(view.prepare(20)) == ("filter-view", "Mappa")
    assert await cases.run("log") == [], "nothing was touched"
    view = await opened(cases, VIEWS.replace("VALUE", "items[1].value"), VIEWED)
    assert await refusal(view.newest("ID", 20)) == ("filter-view", "Mappa")
    for usual in ("items[0].value", "null", "'xaf_xaf_a0Other'"):
        view = await opened(cases, VIEWS.replace("VALUE", usual), VIEWED)
        assert (await view.prepare(20)).rows == BY_CELL, usual


async def a_list_in_an_open_dialog_is_not_the_list(cases: CasePages) -> None:
    view = await opened(
        cases,
        """const box = document.createElement("div");
        box.id = "Vertical_PopupWindow_PW-1";
        box.innerHTML = "<table id='Vertical_v9_1_LE_v9'><tr><td>Scegliere</td></tr></table>";
        document.body.prepend(box);
        make.all.delete(grid.name);
        new make.Grid("Vertical_v9_1_LE_v9", {columns: [["ID", true], ["NAME", true], ["STATUS", true]]});
        make.all.set(grid.name, grid);""",
    )
    assert view.state["name"] == "Vertical_v1_777_LE_v1"
    assert (await view.turn(None)).rows == BY_CELL


# --- what is left behind ----------------------------------------------------------------------------------------------


async def a_sort_that_no_page_tells_is_taken_back(cases: CasePages) -> None:
    view = await opened(cases, HIDDEN_ID)
    await view.prepare(20)
    await view.restore()
    sorts: Any = await cases.run("log.filter(call => call[1] === 'sort').map(call => call[2])")
    assert sorts == [[0, "DSC", True, 0], [0, "NONE", True, 0]]
    await view.restore()
    assert len(await cases.run("log.filter(call => call[1] === 'sort')")) == 2, "once"


async def a_sort_of_an_earlier_visit_that_no_page_shows_is_removed(cases: CasePages) -> None:
    """The earlier visit was not restored, for example because its process was killed."""

    def no_session(*_: Any) -> Any:
        raise AssertionError

    views = UserViews(None, (), no_session, SystemClock(), ReadingWays())
    await views.begin("agente01", await opened(cases, HIDDEN_ID))
    view = await opened(cases, HIDDEN_ID)
    await views.begin("agente01", view)
    view.must_be_restored()
    await views.restore("agente01", view)
    assert await cases.run("log.map(call => call.slice(1))") == [["sort", [0, "NONE", True, 0]]]
    assert not await views.is_saved("agente01", PATH)


async def test_each_call_is_answered_right_or_refused_by_name() -> None:
    await run_checks(checks_of(globals()))
