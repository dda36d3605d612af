"""Cells that are drawn in ways never seen in the ERP: they are read as a person reads them, or are unreadable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from case_pages import GIVEN_UP, SMALL, CasePages, checks_of, opened, run_checks

from archisync_gui.entities import DDT, INVOICES, Entity
from archisync_gui.entities.declaration import Column, Kind
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.driver.page_driver import Act
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.syncs.checks import check_cells

STATUS: Mapping[Kind, Entity] = {
    kind: replace(SMALL, columns=(*SMALL.columns[:2], Column("STATUS", "status", "STATO", "Status", kind)))
    for kind in (Kind.TEXT, Kind.ENUM, Kind.BOOL, Kind.NUMBER)
}


async def _status(cases: CasePages, html: str, kind: Kind) -> Any:
    """The value stored for a cell with that content; ``UNREADABLE``: the value stored before is kept."""
    view = await opened(
        cases, f"document.querySelector(\"[id$='DXDataRow0']\").cells[2].innerHTML = `{html}`;", STATUS[kind]
    )
    reader = RowReader(STATUS[kind])
    row = (await view.turn(None)).records(reader)[0]
    assert ("status" in row) != ("1" in {cell.row for cell in reader.findings.bad})
    return row.get("status", UNREADABLE)


UNREADABLE = "unreadable"

# --- yes and no -------------------------------------------------------------------------------------------------------

BOXES: Mapping[str, bool | str | None] = {
    '<input type="checkbox" checked disabled>': True,
    '<input type="checkbox" disabled>': False,
    '<span role="checkbox" aria-checked="true"></span>': True,
    '<span role="checkbox" aria-checked="false"></span>': False,
    '<span role="checkbox" aria-checked="mixed"></span>': None,
    '<img src="data:," alt="Checked">': True,
    '<img src="data:," alt="unchecked ">': False,
    '<svg class="icon-Unchecked"></svg>': False,
    # Its caption says nothing of its state.
    '<span class="dxWeb_edtCheckBoxUnchecked_T dxICheckBox_T"></span><label>Sì</label>': False,
    '<span class="dxWeb_edtCheckBoxChecked_T dxICheckBox_T"></span><label>Omaggio</label>': True,
    # An image that may mean either is unreadable, not blank.
    '<img src="data:," alt="">': UNREADABLE,
    '<svg width="8" height="8"></svg>': UNREADABLE,
    '<img src="data:," alt="constructor">': UNREADABLE,
    "&nbsp;": None,
}


async def a_box_is_read_however_it_is_drawn(cases: CasePages) -> None:
    for html, value in BOXES.items():
        assert await _status(cases, html, Kind.BOOL) is value, html


async def a_picture_is_no_text(cases: CasePages) -> None:
    for kind in (Kind.TEXT, Kind.ENUM, Kind.NUMBER):
        assert await _status(cases, '<img src="data:," alt="freccia">', kind) is None, kind


# --- texts ------------------------------------------------------------------------------------------------------------

HIDDEN = "<style>.off-screen { display: none }</style>"
TEXTS: Mapping[str, str | None] = {
    "<select><option>Open</option><option selected>Closed</option></select>": "Closed",
    "<select><option selected></option><option>Open</option></select>": None,
    '<input type="text" value="Closed" readonly>': "Closed",
    "<textarea>Closed</textarea>": "Closed",
    '<input type="hidden" value="Open">': None,
    '<span class="dxeNullText_T"><input type="text" value="N/D"></span>': None,
    '<input type="text" value="C" style="opacity: 0; width: 1px">': None,
    f'{HIDDEN}<span class="off-screen">Open</span>Closed': "Closed",
    "<template>Open</template>Closed": "Closed",
    "Rossi &amp; C. &lt;Napoli&gt;": "Rossi & C. <Napoli>",
    '<a href="#Open" title="Open">Closed</a>': "Closed",
}


async def the_text_that_a_person_sees_is_read(cases: CasePages) -> None:
    for html, text in TEXTS.items():
        assert await _status(cases, html, Kind.TEXT) == text, html
        assert await _status(cases, html, Kind.ENUM) == (text and text.casefold()), html


# --- columns that are not shown ---------------------------------------------------------------------------------------


def _cells(entity: Entity, **texts: str | None) -> list[str | None]:
    fields = dict.fromkeys(column.field_name for column in entity.columns)
    return [texts.get(name, "x" if name != "ID" else None) for name in fields]


@pytest.mark.parametrize(
    ("entity", "hidden"),
    [(DDT, {"PACKINGSLIPID": None, "BRASTRACKINGNUMBER": ""}), (INVOICES, {"INVOICEID": None})],
    ids=["ddt", "invoices"],
)
def test_a_row_is_no_garbage_for_a_blank_that_was_not_read(entity: Entity, hidden: dict[str, str | None]) -> None:
    """Else a user who hides a column would lose all records, if a rule says that records have a text there."""
    reader = RowReader(entity)
    reader.take([_cells(entity, ID="1.610", **hidden)])
    assert not reader.findings.garbage
    with pytest.raises(SyncFailure) as caught:
        check_cells(entity, reader.findings)
    (column,) = (name for name, text in hidden.items() if text is None)
    assert (caught.value.code, caught.value.kind) == ("column-hidden", FailureKind.REFUSED)
    assert caught.value.params["columns"] == column


def test_a_blank_that_was_read_by_values_is_one() -> None:
    reader = RowReader(DDT)
    fields = ("ID", "PACKINGSLIPID", "BRASTRACKINGNUMBER")
    assert reader.take([(1610, None, None)], fields=fields, typed=True) == []
    assert (dict(reader.findings.garbage), reader.findings.undecided) == ({"ghost": 1}, None)


# --- waiting ----------------------------------------------------------------------------------------------------------


async def a_clock_in_the_grid_is_not_waited_for(cases: CasePages) -> None:
    view = await opened(
        cases,
        f"""{GIVEN_UP}
        const clock = document.createElement("div");
        document.querySelector("[id$='_LE_v1'] td").appendChild(clock);
        clock.textContent = "0";
        setInterval(() => {{ clock.firstChild.data += "."; clock.title = clock.textContent; }}, 20);""",
    )
    assert (await view.turn(Act.REFRESH)).column("NAME") == ("Rossi", "Bianchi")
    assert await cases.run("given_up") == 0


# The ID is not shown: the row's key is the ID. Refresh brings other records; `draw` shows them.
OTHER_ROWS = """grid.columns[0] = ["ID", false];
    document.querySelector("[id$='DXHeadersRow0']").deleteCell(0);
    const body = document.querySelector("[id$='DXMainTable'] tbody");
    const rows = () => [...body.querySelectorAll("[id*='DXDataRow']")];
    rows().forEach(row => row.deleteCell(0));
    let keys = ["1", "2"];
    grid.GetRowKey = n => keys[n];
    const draw = () => rows().forEach((row, n) => { row.cells[0].textContent = ["Verdi", "Neri"][n]; });
    grid.Refresh = function () {
        this.call("refresh", [], () => { keys = ["3", "4"]; AFTER });
    };"""


async def rows_that_are_drawn_after_their_keys_are_waited_for(cases: CasePages) -> None:
    view = await opened(cases, OTHER_ROWS.replace("AFTER", "setTimeout(draw, 200);"))
    assert (await view.turn(None)).rows == (("1", "Rossi", "Open"), ("2", "Bianchi", "Closed"))
    assert (await view.turn(Act.REFRESH)).rows == (("3", "Verdi", "Open"), ("4", "Neri", "Closed"))


async def old_rows_are_not_read_under_the_keys_of_others(cases: CasePages) -> None:
    for looked in (False, True):
        view = await opened(cases, OTHER_ROWS.replace("AFTER", ""))
        if looked:  # it is known that the grid has no values: the page is read by its cells at once
            await view.turn(None)
        with pytest.raises(SyncFailure) as caught:
            await view.turn(Act.REFRESH)
        assert (caught.value.code, caught.value.kind) == ("rows-old", FailureKind.TRANSIENT)


async def test_each_cell_is_read_right_or_not_at_all() -> None:
    await run_checks(checks_of(globals()))
