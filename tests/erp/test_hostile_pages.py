"""Pages with faults that have not been seen at the real ERP: the driver reads them correctly, or refuses with the name
of the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from case_pages import BY_CELL, GIVEN_UP, PATH, PLAIN, SMALL, CasePages, checks_of, opened, refusal, run_checks

from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.driver.page_driver import Act
from archisync_gui.erp.failures import SessionExpired
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import FailureKind, SyncFailure, warning_parts

BY_VALUE = ((1, "Rossi", "Open"), (2, "Bianchi", "Closed"))
VALUES = '[[1, "Rossi", "Open"], [2, "Bianchi", "Closed"]]'


def warned(view: ListView) -> list[str]:
    return [warning_parts(text)[0] for text in view.warnings]


# --- GetPageRowValues -------------------------------------------------------------------------------------------------


async def _read_by_cells(cases: CasePages, answer: str, code: str) -> None:
    view = await opened(cases, f"grid.GetPageRowValues = (names, handler) => {{ {answer} }};")
    page = await view.turn(None)
    assert (page.typed, page.rows, warned(view)) == (False, BY_CELL, [code]), answer
    again = await view.turn(Act.REFRESH)
    assert again.rows == BY_CELL, "the next page was not read by its cells"


async def values_that_fail_in_any_way_are_read_by_cells(cases: CasePages) -> None:
    for answer, code in (
        ("throw new Error('not here');", "cells-error"),
        ("setTimeout(() => handler(null), 5);", "cells-error"),
        ("setTimeout(() => handler('2 rows'), 5);", "cells-error"),
        ("setTimeout(() => handler({}), 5);", "cells-error"),
        ("setTimeout(() => handler([]), 5);", "cells-other-rows"),
        ("setTimeout(() => handler([[1], [2]]), 5);", "cells-other-rows"),
        ("setTimeout(() => handler([[1, 'a', 'b', 'c'], [2, 'a', 'b', 'c']]), 5);", "cells-other-rows"),
        (f"setTimeout(() => handler({VALUES}.slice(1)), 5);", "cells-other-rows"),
        ("", "cells-slow"),
        # Long after the time limit of the step, when the answer is no longer awaited.
        ("setTimeout(() => handler([[8, 'x', 'y'], [9, 'x', 'y']]), 1200);", "cells-slow"),
    ):
        await _read_by_cells(cases, answer, code)


async def only_the_first_answer_counts(cases: CasePages) -> None:
    view = await opened(
        cases,
        "grid.GetPageRowValues = (names, handler) => {"
        f"handler({VALUES}); handler([[7, 'x', 'y'], [8, 'x', 'y']]); }};",
    )
    page = await view.turn(None)
    assert (page.typed, page.rows, warned(view)) == (True, BY_VALUE, [])


async def values_of_no_plain_type_are_named_and_never_taken_for_a_blank(cases: CasePages) -> None:
    view = await opened(
        cases,
        "grid.GetPageRowValues = (names, handler) => handler([[1, [1, 2], {a: 1}], [2, NaN, new Date(NaN)]]);",
    )
    page = await view.turn(None)
    assert page.rows == (
        (1, {"$other": "[object Array]"}, {"$other": "[object Object]"}),
        (2, {"$other": "NaN"}, {"$other": "Invalid Date"}),
    )


async def a_page_of_200_rows_and_46_fields_comes_as_one_string(cases: CasePages) -> None:
    names = [f"FIELD{n}" for n in range(45)]
    columns = (SMALL.columns[0], *(Column(name, name.lower(), name, name, optional=True) for name in names))
    cases.shown["name"] = PLAIN
    view = await cases.view(PLAIN, replace(SMALL, columns=columns, natural_key=("field0",)))
    await cases.run(
        """() => {
        grid.columns = ["ID", ...[...Array(45).keys()].map(n => "FIELD" + n)].map(name => [name, true]);
        const body = document.querySelector("[id$='DXMainTable'] tbody");
        body.querySelectorAll("[id*='DXDataRow']").forEach(row => row.remove());
        for (let n = 0; n < 200; n++) {
            const row = body.insertRow();
            row.id = grid.name + "_DXDataRow" + n;
        }
        grid.pageRowCount = 200;
        grid.GetRowKey = n => String(n);
        grid.GetPageRowValues = (names, handler) =>
            handler([...Array(200).keys()].map(n => names.split(";").map((_, at) => at ? "text " + at : n)));
        }"""
    )
    await view.look()
    calls: list[str] = []
    driver: Any = view.driver
    evaluate = driver.page.evaluate

    async def counted(script: str, *arguments: Any) -> Any:
        answer = await evaluate(script, *arguments)
        calls.append(answer)
        return answer

    driver.page.evaluate = counted
    try:
        page = await view.turn(Act.REFRESH)
    finally:
        del driver.page.evaluate
    assert (len(page.rows), len(page.rows[0]), page.rows[199][:2]) == (200, 46, (199, "text 1"))
    assert [type(call) for call in calls] == [str]


# --- row keys ---------------------------------------------------------------------------------------------------------


async def keys_that_are_not_told_are_not_compared(cases: CasePages) -> None:
    for keys in ("n => null", "n => undefined", "n => ''", "n => { throw new Error('no keys'); }"):
        view = await opened(
            cases, f"grid.GetRowKey = {keys}; grid.GetPageRowValues = (names, handler) => handler({VALUES});"
        )
        page = await view.turn(None)
        assert (page.typed, page.rows) == (True, BY_VALUE), keys


async def keys_of_other_rows_refuse_the_read(cases: CasePages) -> None:
    for keys in ("n => 'null'", "n => 0", "n => 1", "n => String(2 - n)", "n => ({})"):
        view = await opened(
            cases, f"grid.GetRowKey = {keys}; grid.GetPageRowValues = (names, handler) => handler({VALUES});"
        )
        assert (await refusal(view.turn(None)))[0] == "rows-disagree", keys
        assert warned(view) == [], "a warning, though the way of reading did not change"


PRICED = replace(SMALL, columns=(*SMALL.columns[:2], Column("STATUS", "status", "STATO", "Status", Kind.MONEY)))


async def what_a_text_is_the_declaration_says_and_not_its_notation(cases: CasePages) -> None:
    """For values and cells: a text that looks like a number stays a text, and an ambiguous number is not accepted."""
    for way in ("cells", "values"):
        view = await cases.view(PLAIN, PRICED)
        await cases.run(
            """way => {
            const body = document.querySelector("[id$='DXMainTable'] tbody");
            [...body.querySelectorAll("[id*='DXDataRow']")].forEach((row, n) => {
                row.cells[1].textContent = "1,650";
                row.cells[2].textContent = n ? "1.650" : "1,650";
            });
            const rows = [[1, "1,650", "1,650"], [2, "1,650", "1.650"]];
            if (way === "values") grid.GetPageRowValues = (names, handler) => setTimeout(() => handler(rows), 5);
            }""",
            way,
        )
        page = await view.turn(None)
        assert page.typed is (way == "values")
        reader = RowReader(PRICED)
        assert [dict(row) for row in page.records(reader)] == [
            {"id": "1", "name": "1,650"},
            {"id": "2", "name": "1,650", "status": 165_000},
        ], way
        assert [(bad.row, bad.field, bad.text) for bad in reader.findings.bad] == [("1", "status", "1,650")], way


# --- another page than the list's -------------------------------------------------------------------------------------

STEPS: tuple[Callable[[ListView], Awaitable[Any]], ...] = (
    lambda view: view.turn(None),
    lambda view: view.turn(Act.REFRESH),
    lambda view: view.act(Act.SORT, field="ID", order="DSC", first=True, at=0),
    lambda view: view.look(),
    lambda view: view.ready(),
    lambda view: view.verify_filters(),
)


async def another_list_of_the_same_columns_is_not_read(cases: CasePages) -> None:
    """The page has navigated by itself between two calls; a single-page application changes only the address."""
    for there in ("OTHER_ListView/", "other_listview", "OTHER_ListView/?CASE_ListView/", "MY_CASE_ListView/"):
        for step in STEPS:
            view = await opened(cases, "")
            view.state_is_old = True
            await cases.run(f"history.replaceState({{}}, '', '/Archibald/{there}')")
            with pytest.raises(SyncFailure) as caught:
                await step(view)
            assert (caught.value.code, caught.value.kind) == ("erp-other-page", FailureKind.TRANSIENT), there
            assert await cases.run("log") == [], "nothing was touched"


async def a_page_that_changes_during_a_call_is_not_read(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.Refresh = function () {
            this.call("refresh", [], () => history.pushState({}, "", "/Archibald/OTHER_ListView/"));
        };""",
    )
    assert (await refusal(view.turn(Act.REFRESH)))[0] == "erp-other-page"


async def a_page_that_was_loaded_meanwhile_is_told_from_the_list(cases: CasePages) -> None:
    for there, ends in (("OTHER_ListView/", SyncFailure), ("Error.aspx", SyncFailure), ("Login.aspx", SessionExpired)):
        view = await opened(cases, "")
        page = view.driver.page
        await page.goto(page.url.replace(PATH, there))
        with pytest.raises(ends) as caught:
            await view.turn(None)
        if isinstance(caught.value, SyncFailure):
            assert caught.value.code == ("erp-error-page" if "Error" in there else "erp-other-page")


async def the_list_under_another_notation_of_its_address_is_read(cases: CasePages) -> None:
    for there in ("case_listview/", "CASE_ListView", "x/CASE_ListView//?p=1#top"):
        view = await opened(cases, f"history.replaceState({{}}, '', '/Archibald/{there}');")
        assert (await view.turn(None)).rows == BY_CELL


# --- rows that are not there ------------------------------------------------------------------------------------------

ONE_ROW_LESS = "document.querySelector(\"[id$='DXDataRow1']\").remove();"


async def fewer_rows_than_the_grid_claims_are_refused(cases: CasePages) -> None:
    short = f"grid.GetPageRowValues = (names, handler) => setTimeout(() => handler({VALUES}.slice(0, 1)), 5);"
    for values in ("", short):
        view = await opened(cases, ONE_ROW_LESS + values)
        with pytest.raises(SyncFailure) as caught:
            await view.turn(None)
        failure = caught.value
        assert (failure.code, failure.kind) == ("rows-missing", FailureKind.TRANSIENT), values
        assert (failure.params["shown"], failure.params["wanted"]) == (1, 2), values
        assert warned(view) == [], "a warning, though the way of reading did not change"


async def rows_that_come_late_are_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        """const row = document.querySelector("[id$='DXDataRow1']"), body = row.parentNode;
        row.remove();
        setTimeout(() => body.appendChild(row), 100);""",
    )
    assert (await view.turn(None)).rows == BY_CELL


async def values_of_all_claimed_rows_are_complete_whatever_the_table_holds(cases: CasePages) -> None:
    view = await opened(
        cases,
        f"{ONE_ROW_LESS} grid.GetRowKey = n => String(n + 1);"
        f"grid.GetPageRowValues = (names, handler) => handler({VALUES});",
    )
    page = await view.turn(None)
    assert (page.typed, page.rows, warned(view)) == (True, BY_VALUE, [])


async def a_claim_that_the_footer_contradicts_does_not_count(cases: CasePages) -> None:
    """DDT and invoices sometimes claim a whole page of rows (seen at the real ERP)."""
    footer = """const foot = document.querySelector("[id$='DXMainTable'] tbody").insertRow();
        foot.id = grid.name + "_DXFooterRow";
        foot.insertCell().textContent = "Count=2";"""
    view = await opened(cases, f"grid.pageRowCount = 20; {footer} {GIVEN_UP}")
    assert (await view.turn(None)).rows == BY_CELL
    assert await cases.run("given_up") == 0, "the driver waited for rows in vain"
    view = await opened(cases, f"grid.pageRowCount = 20; {footer} {ONE_ROW_LESS}")
    assert (await refusal(view.turn(None)))[0] == "rows-missing"


# --- texts that come late ---------------------------------------------------------------------------------------------


async def texts_that_come_one_by_one_are_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        """const cells = [...document.querySelectorAll("[id*='DXDataRow'] td")].filter(cell => cell.cellIndex);
        const texts = cells.map(cell => cell.textContent);
        cells.forEach(cell => { cell.textContent = ""; });
        cells.forEach((cell, n) => setTimeout(() => { cell.textContent = texts[n]; }, 40 * (n + 1)));""",
    )
    assert (await view.turn(None)).rows == BY_CELL


SIX_ROWS = """const body = document.querySelector("[id$='DXMainTable'] tbody");
    window.draw = names => {
        body.querySelectorAll("[id*='DXDataRow']").forEach(row => row.remove());
        names.forEach((name, n) => {
            const row = body.insertRow();
            row.id = grid.name + "_DXDataRow" + n;
            for (const text of [String(n + 1), name, "Open"]) row.insertCell().textContent = text;
        });
        grid.pageRowCount = names.length;
    };
    const six = ["a", "b", "c", "d", "e", "f"];
    draw(six);"""


async def a_column_that_was_filled_on_the_page_before_is_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        f"""{SIX_ROWS}
        grid.Refresh = function () {{
            this.call("refresh", [], () => {{ draw(six.map(() => "")); setTimeout(() => draw(six), 250); }});
        }};""",
    )
    assert (await view.turn(None)).column("NAME") == tuple("abcdef")
    assert (await view.turn(Act.REFRESH)).column("NAME") == tuple("abcdef")


async def a_column_that_stays_empty_is_waited_for_once(cases: CasePages) -> None:
    """Older records may lack values that newer ones have; only the stored rows show whether a column has emptied."""
    view = await opened(
        cases,
        f"""{SIX_ROWS}
        grid.Refresh = function () {{ this.call("refresh", [], () => draw(six.map(() => ""))); }};
        {GIVEN_UP}""",
    )
    await view.turn(None)
    for _ in range(2):
        assert (await view.turn(Act.REFRESH)).column("NAME") == ("",) * 6
        assert await cases.run("given_up") == 1


# --- columns, headers, grids ------------------------------------------------------------------------------------------


async def columns_with_odd_names_do_no_harm(cases: CasePages) -> None:
    names = ["''", "null", "'a;b'", '"O\'Neil"', "'<b>x</b>'", "'ID '", "'id'", "'__proto__'", "'NAME.'"]
    view = await opened(
        cases,
        f"for (const name of [{', '.join(names)}]) grid.columns.push([name, false]);"
        f"grid.GetPageRowValues = (names, handler) => {{ window.asked = names; handler({VALUES}); }};",
    )
    page = await view.turn(None)
    assert page.rows == BY_VALUE
    assert await cases.run("window.asked") == "ID;NAME;STATUS"


async def captions_that_occur_twice_do_no_harm(cases: CasePages) -> None:
    view = await opened(
        cases, "document.querySelectorAll(\"[id*='_LE_v1_col']\").forEach(cell => { cell.textContent = 'NOME'; });"
    )
    assert (await view.turn(None)).rows == BY_CELL


async def a_field_that_two_columns_show_differently_is_refused(cases: CasePages) -> None:
    twice = """grid.columns.push(["NAME", true]);
        document.querySelector("[id$='DXHeadersRow0']").insertCell().id = grid.name + "_col3";
        document.querySelectorAll("[id*='DXDataRow']").forEach(
            (row, n) => { row.insertCell().textContent = TEXTS[n]; });"""
    view = await opened(cases, twice.replace("TEXTS", '["Rossi", "Verdi"]'))
    assert await refusal(view.turn(None)) == ("grid-column-twice", "NAME")
    view = await opened(cases, twice.replace("TEXTS", '["Rossi", "Bianchi"]'))
    assert (await view.turn(None)).rows == BY_CELL


async def a_header_that_is_not_understood_is_refused_by_name(cases: CasePages) -> None:
    row = "document.querySelector(\"[id$='DXHeadersRow0']\")"
    for script, code, found in (
        (f"{row}.remove();", "grid-no-header", ""),
        (f"{row}.cells[1].colSpan = 2;", "grid-header-spans", ""),
        (f"{row}.deleteCell(2);", "grid-row-shape", "3 / 2"),
        ("document.querySelector(\"[id$='DXDataRow1']\").insertCell();", "grid-row-shape", "4 / 3"),
    ):
        view = await opened(cases, script)
        assert await refusal(view.turn(None)) == (code, found), script


async def a_table_that_is_there_twice_is_refused_by_name(cases: CasePages) -> None:
    """The first of them is found by its id, be it a leftover with old texts."""
    view = await opened(
        cases,
        """const left = document.getElementById(grid.name).cloneNode(true);
        left.style.display = "none";
        document.body.prepend(left);
        document.querySelectorAll("[id$='DXDataRow0']")[1].cells[1].textContent = "Nuovo";""",
    )
    assert await refusal(view.turn(None)) == ("grid-twice", "2")


async def a_grid_that_does_not_say_which_page_it_shows_is_refused(cases: CasePages) -> None:
    for odd in ("grid.GetPageIndex = () => undefined;", "grid.GetPageCount = () => NaN;"):
        assert await refusal(opened(cases, odd)) == ("grid-no-pages", ""), odd
        view = await opened(cases, "")
        await cases.run(f"() => {{ {odd} }}")  # as a callback may replace the grid
        for step in (view.turn(None), view.turn(Act.REFRESH), view.act(Act.REFRESH)):
            assert await refusal(step) == ("grid-no-pages", ""), odd


async def a_grid_that_a_callback_has_replaced_by_a_text_is_worth_another_try(cases: CasePages) -> None:
    """As a server may answer whose session has expired; the next read logs in."""
    gone = "document.getElementById(this.name).outerHTML = '<div>Sessione scaduta</div>';"
    view = await opened(cases, f"grid.Refresh = function () {{ this.call('refresh', [], () => {{ {gone} }}); }};")
    for act in (Act.REFRESH, None):
        with pytest.raises(SyncFailure) as caught:
            await view.turn(act)
        assert (caught.value.code, caught.value.kind) == ("grid-gone", FailureKind.TRANSIENT), act
    for step in (view.look(), view.act(Act.REFRESH)):
        assert (await refusal(step))[0] == "grid-gone"


async def a_grid_of_a_closed_dialog_is_not_the_list(cases: CasePages) -> None:
    view = await opened(
        cases,
        """const box = document.createElement("div");
        box.style.display = "none";
        box.innerHTML = "<table id='Vertical_v9_1_LE_v9'><tr><td></td></tr></table>";
        document.body.prepend(box);
        make.all.delete(grid.name);
        new make.Grid("Vertical_v9_1_LE_v9", {columns: [["Oid", true]], pageRowCount: 0});
        make.all.set(grid.name, grid);""",
    )
    assert view.state["name"] == "Vertical_v1_777_LE_v1"
    assert (await view.turn(None)).rows == BY_CELL


async def the_pager_and_search_box_of_a_nested_grid_are_not_the_lists(cases: CasePages) -> None:
    """F13: the grid of a detail row has its own pager, search box and footer, before those of the list."""
    view = await opened(
        cases,
        """const inner = grid.name + "_dxdt0_LE_v5", box = document.createElement("div");
        box.innerHTML = `<table id="${inner}"><tr><td><input id="${inner}_DXSE_I" value="Studio">
            <input id="${inner}_DXPagerBottom_PSI" value="10">
            <ul id="${inner}_DXPagerBottom_PSP"><li>10</li></ul></td></tr></table>`;
        document.getElementById(grid.name).prepend(box);
        new make.Grid(inner, {columns: [["Oid", true]], pageRowCount: 0});""",
    )
    state = view.state
    assert (state["name"], state["filters"]["search"], state["filters"]["unknown"]) == ("Vertical_v1_777_LE_v1", "", [])
    assert state["sizeText"] != "10"
    assert state["sizes"] == []


# --- filters ----------------------------------------------------------------------------------------------------------


async def an_editor_that_cannot_be_asked_refuses_the_read_by_its_class(cases: CasePages) -> None:
    for body in (
        "",
        "GetValue() { throw new Error('gone'); }",
        "GetValue() { return { from: 1, to: 2 }; }",
        "GetValue() { return [1, 2]; }",
        "GetValue() { return 5; } GetText() { throw new Error('gone'); }",
    ):
        view = await opened(
            cases,
            f"class RangeEditor {{ {body} }}; const odd = new RangeEditor(); odd.name = grid.name + '_DXFREditorcol1';"
            "make.all.set(odd.name, odd);",
        )
        assert await refusal(view.prepare(20)) == ("filter-unknown", "NAME: RangeEditor"), body
        assert await cases.run("log") == [], "nothing was touched"


# --- callbacks and pages ----------------------------------------------------------------------------------------------


async def a_callback_that_ends_without_change_is_noticed(cases: CasePages) -> None:
    view = await opened(cases, "grid.pageCount = 3; grid.GotoPage = function (i) { this.call('page', [i]); };")
    assert (await refusal(view.turn_to(1)))[0] == "page-stuck"


async def another_page_than_asked_for_is_noticed(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.pageCount = 4;
        grid.GotoPage = function (i) { this.call("page", [i], () => { this.pageIndex = i + 1; }); };""",
    )
    assert (await refusal(view.turn_to(1)))[0] == "page-stuck"


async def a_pager_that_shows_more_pages_than_the_grid_knows_is_no_end_of_the_list(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.pageCount = 1;
        grid.GotoPage = index => {};
        for (const text of ["1", "2", "…", "12", "x"]) {
            const number = document.createElement("a");
            number.className = "dxp-num";
            number.textContent = text;
            document.querySelector("[id$='_DXPagerBottom']").appendChild(number);
        }""",
    )
    page = await view.turn(None)
    assert (page.count, page.total) == (12, None)
    assert (await refusal(view.turn_to(1)))[0] == "page-stuck"


async def dialogs_of_the_page_stop_nothing(cases: CasePages) -> None:
    view = await opened(
        cases,
        """grid.pageCount = 1;
        const refresh = grid.Refresh.bind(grid);
        grid.Refresh = () => {
            alert("La sessione sta per scadere"); confirm("Continuare?"); prompt("Nome?");
            refresh();
            setTimeout(() => alert("ancora"), 5);
        };
        window.addEventListener("beforeunload", event => {
            event.preventDefault();
            event.returnValue = "Uscire?";
        });""",
    )
    await view.driver.page.mouse.click(300, 300)  # without a user's click a page cannot ask before it is left
    assert (await view.turn(Act.REFRESH)).rows == BY_CELL
    await view.load_again()
    assert (await view.turn(None)).rows == BY_CELL


async def test_each_page_is_read_correctly_or_refused_by_name() -> None:
    await run_checks(checks_of(globals()))
