"""Every fault switch: it can be switched on, it has its effect, and it ends."""

from __future__ import annotations

import asyncio
import re
import ssl

import aiohttp
import pytest
import pytest_asyncio
from demo_visitor import boot

from archisync_gui.demo_erp import FAULTS, DemoErp
from archisync_gui.demo_erp.columns import LISTS
from archisync_gui.demo_erp.faults import parse_fault
from archisync_gui.demo_erp.switches import SwitchBoard
from tests.support.waiting import until

pytestmark = pytest.mark.one_browser

PATH = {name: view.path for name, view in LISTS.items()}


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(erp, visit):
    """A session logged in as agente01."""
    visitor = visit(erp)
    await visitor.login()
    return visitor


def columns(text: str) -> list[dict[str, object]]:
    return boot(text)["grid"]["columns"]


def fields(text: str) -> list[str]:
    shown = sorted((column for column in columns(text) if column["visible"]), key=lambda column: column["visibleIndex"])
    return [column["fieldName"] for column in shown]


def state(text: str) -> dict[str, object]:
    return boot(text)["grid"]["state"]


async def until_struck(erp: DemoErp, name: str) -> None:
    """Wait until the request has reached the fault."""
    await until(lambda: erp.board.struck(name))  # set in the server's thread


def test_the_table_is_complete_and_speaks_both_languages() -> None:
    assert len(FAULTS) == 37
    for fault in FAULTS.values():
        assert fault.it
        assert fault.en
        assert fault.it != fault.en
        assert not fault.main or fault.main in {*fault.parameters, "list", "user", "times"}


def test_parse() -> None:
    assert parse_fault("slow=3") == ("slow", {"factor": "3"})
    assert parse_fault("truncated-list=list:products,keep:0.1") == (
        "truncated-list",
        {"list": "products", "keep": "0.1"},
    )
    assert parse_fault("toolbar-folded") == ("toolbar-folded", {})
    for bad in ("no-such", "toolbar-folded=1", "slow=factor:2,x"):
        with pytest.raises(ValueError, match=bad.split("=")[0].split(":")[0]):
            parse_fault(bad)
    board = SwitchBoard(FAULTS, "fault")
    with pytest.raises(ValueError, match="no parameter"):
        board.set("slow", {"nonsense": 1})


def test_times_lists_and_users() -> None:
    board = SwitchBoard(FAULTS, "fault")
    board.set("hung-callback", {"times": 2, "list": "ddt", "user": "agente01"})
    assert board.strike("hung-callback", list_name="orders", user="agente01") is None
    assert board.strike("hung-callback", list_name="ddt", user="agente02") is None
    assert board.strike("hung-callback", list_name="ddt", user="agente01")
    assert board.hit("hung-callback", list_name="ddt", user="agente01")
    assert board.strike("hung-callback", list_name="ddt", user="agente01")
    assert board.active() == {}


def test_a_fault_may_be_set_for_several_lists() -> None:
    board = SwitchBoard(FAULTS, "fault")
    board.set("page-stuck", {"list": "orders"})
    board.set("page-stuck", {"list": "ddt", "times": 1})
    board.set("slow", {"factor": 2})
    board.set("slow", {"factor": 3})
    assert board.active() == {
        "page-stuck": [{"list": "orders"}, {"list": "ddt", "times": "1"}],
        "slow": [{"factor": "3"}],
    }
    assert board.strike("page-stuck", list_name="ddt")
    assert not board.hit("page-stuck", list_name="ddt")
    assert board.hit("page-stuck", list_name="orders")
    assert not board.hit("page-stuck", list_name="prices")
    board.set("page-stuck")
    assert board.hit("page-stuck", list_name="prices") is not None
    board.clear("page-stuck")
    assert list(board.active()) == ["slow"]
    board.clear()
    assert board.active() == {}


async def test_session_expired_now_of_one_user(erp, visitor, visit):
    other = visit(erp)
    await other.login("agente02")
    erp.fault("session-expired-now", "agente02")
    assert (await other.get(f"{PATH['ddt']}/"))[2].endswith("Login.aspx")
    assert (await visitor.get(f"{PATH['ddt']}/"))[2].endswith(f"{PATH['ddt']}/")


async def test_unavailable_and_connection_dropped(erp, visitor):
    erp.fault("unavailable-503", times=1)
    assert (await visitor.get(f"{PATH['ddt']}/"))[0] == 503
    assert (await visitor.get(f"{PATH['ddt']}/"))[0] == 200
    erp.fault("connection-dropped")
    with pytest.raises(aiohttp.ClientError):
        await visitor.post(f"{PATH['ddt']}/", "REFRESH", {})
    erp.clear_faults()
    assert (await visitor.get(f"{PATH['ddt']}/"))[0] == 200


async def test_hung_callback_goes_on_when_cleared(erp, visitor):
    await visitor.open(PATH["orders"])
    erp.fault("hung-callback", times=5)
    hung = asyncio.create_task(visitor.grid(PATH["orders"], "REFRESH"))
    await until_struck(erp, "hung-callback")
    # The missing answer does not block the session.
    assert (await visitor.get(f"{PATH['ddt']}/"))[0] == 200
    assert not hung.done()
    erp.clear_faults("hung-callback")
    with pytest.raises(aiohttp.ClientResponseError):
        await hung


async def test_callback_error_and_never_idle(erp, visitor):
    await visitor.open(PATH["orders"])
    erp.fault("callback-error", "orders")
    assert "generalError" in await visitor.grid(PATH["orders"], "REFRESH")
    assert "html" in await visitor.grid(PATH["orders"], "REFRESH")
    erp.fault("never-idle")
    assert (await visitor.grid(PATH["orders"], "REFRESH"))["busy"]
    assert '"busy": true' in await visitor.open(PATH["orders"])


@pytest.mark.parametrize("name", list(LISTS))
async def test_each_of_the_five_filters_sticks(erp, visitor, name):
    view, path = LISTS[name], PATH[name]
    await visitor.open(path)
    await visitor.grid(path, "PAGESIZE", size=200)
    if view.options:
        erp.fault("stuck-preset", name)
        value = boot(await visitor.open(path))["combos"][-1]["value"]
        prefix = value[: len("xaf_xaf_a1")]
        result = await visitor.grid(path, "PRESET", value=f"{prefix}{view.whole_option}")
        assert not result["preset"].endswith(view.whole_option)
        erp.clear_faults()
    erp.fault("stuck-filter-row", name)
    result = await visitor.grid(path, "CLEARFILTER")
    assert re.search(r'DXFREditorcol\d+_I"[^>]*value="a"', result["html"])
    erp.clear_faults()
    erp.fault("stuck-search", name)
    assert (await visitor.grid(path, "SEARCH", text=""))["search"] == "a"
    erp.clear_faults()
    erp.fault("stuck-header-filter", name)
    assert 'alt="Filtered"' in (await visitor.grid(path, "CLEARFILTER"))["html"]
    erp.clear_faults()
    await visitor.grid(path, "CLEARFILTER")
    erp.fault("stuck-grouping", name)
    result = await visitor.grid(path, "UNGROUP", column=5)
    assert "_groupcol" in result["html"]
    assert "DXDataRow" not in result["html"]


async def test_truncated_list_and_its_total(erp, visitor):
    all_orders = len(erp.rows("orders", "agente01"))
    erp.fault("truncated-list", list="orders", keep=0.5)
    assert f"Count={all_orders // 2}<" in await visitor.open(PATH["orders"])


async def test_empty_cells_and_late_paint(erp, visitor):
    number = next(row["SALESID"] for row in reversed(erp.rows("orders", "agente01")) if row["SALESID"])
    assert number in await visitor.open(PATH["orders"])
    erp.fault("empty-cells", list="orders", column="SALESID")
    text = await visitor.open(PATH["orders"])
    assert number not in text
    assert "Studio" in text or "S.r.l." in text
    erp.fault("empty-cells")
    assert "DXDataRow0" in (text := await visitor.open(PATH["orders"]))
    assert "S.r.l." not in text
    erp.fault("late-paint", 7)
    assert (await visitor.grid(PATH["orders"], "REFRESH"))["paint"] == 7


async def test_layout_faults(erp, visitor):
    normal = await visitor.open(PATH["orders"])
    erp.fault("extra-menu-item")
    text = await visitor.open(PATH["orders"])
    assert "Vertical_mainMenu_Menu_ITCNT9_xaf_a1_Cb" in text
    assert 'DXI8_" class="dxm-item" title="Esportare in PDF File"' in text
    erp.clear_faults()
    erp.fault("moved-columns")
    moved = await visitor.open(PATH["orders"])
    assert sorted(fields(moved)) == sorted(fields(normal))
    assert fields(moved) != fields(normal)
    erp.clear_faults()
    erp.fault("renamed-captions")
    renamed = await visitor.open(PATH["orders"])
    assert fields(renamed) == fields(normal)
    assert "NOME VENDITE (NUOVO)" in renamed
    erp.clear_faults()
    erp.fault("renamed-column", list="orders", column="SALESID")
    assert "SALESID2" in fields(await visitor.open(PATH["orders"]))
    erp.clear_faults()
    erp.fault("missing-column", list="orders", column="SALESID")
    missing = await visitor.open(PATH["orders"])
    assert "SALESID" not in [column["fieldName"] for column in columns(missing)]
    erp.clear_faults()
    erp.fault("new-column")
    assert fields(await visitor.open(PATH["orders"]))[3] == "BRASNEWFIELD"
    erp.clear_faults()
    erp.fault("new-system-column")
    assert fields(await visitor.open(PATH["orders"]))[:4] == ["", "", "", "ID"]


async def test_value_prefix(erp, visitor):
    erp.fault("value-prefix", "a2")
    assert "xaf_xaf_a2ListViewSalesTableOrdersAll" in await visitor.open(PATH["orders"])
    result = await visitor.grid(PATH["orders"], "PRESET", value="xaf_xaf_a1ListViewSalesTableOrdersToday")
    assert result["preset"] == "xaf_xaf_a2ListViewSalesTableOrdersAll"


async def test_ids_changed(erp, visitor):
    before = state(await visitor.open(PATH["orders"]))["keys"]
    erp.fault("ids-changed")
    after = state(await visitor.open(PATH["orders"]))["keys"]
    assert after == [str(int(key) + 300_000) for key in before]


async def test_other_locale(erp, visitor):
    erp.fault("other-locale")
    text = await visitor.open(PATH["orders"])
    assert re.search(r">\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M<", text)
    assert "Sales Order" in text
    assert '"forced": true' in text


async def test_second_login_and_second_list(erp, visitor, visit):
    erp.fault("second-login-ends-first")
    second = visit(erp)
    await second.login()
    assert (await visitor.get(f"{PATH['ddt']}/"))[2].endswith("Login.aspx")
    erp.clear_faults()
    await second.open(PATH["orders"])
    await second.open(PATH["ddt"])
    assert "html" in await second.grid(PATH["orders"], "REFRESH")
    erp.fault("second-list-ends-first")
    assert "generalError" in await second.grid(PATH["orders"], "REFRESH")
    assert "html" in await second.grid(PATH["ddt"], "REFRESH")


async def test_rows_move_while_paging(erp, visitor):
    await visitor.open(PATH["orders"])
    before = {row["ID"] for row in erp.rows("orders", "agente01")}
    erp.fault("rows-move", list="orders", insert=2, delete=1)
    await visitor.grid(PATH["orders"], "PAGE", index=1)
    after = {row["ID"] for row in erp.rows("orders", "agente01")}
    assert len(after - before) == 2
    assert len(before - after) == 1


async def test_folded_sort_page_and_size(erp, visitor):
    erp.fault("toolbar-folded")
    assert '"foldBelow": 1000000' in await visitor.open(PATH["orders"])
    first = state(await visitor.open(PATH["orders"]))
    erp.fault("sort-ignored")
    erp.fault("page-stuck")
    erp.fault("page-size-ignored")
    result = await visitor.grid(PATH["orders"], "SORT", column=5, order="ASC", reset=True, sortIndex=-1)
    assert result["grid"]["state"] == first
    result = await visitor.grid(PATH["orders"], "PAGE", index=1)
    assert result["grid"]["state"] == first
    result = await visitor.grid(PATH["orders"], "PAGESIZE", size=100)
    assert result["grid"]["state"] == first


async def test_row_values_dead(erp, visitor):
    await visitor.open(PATH["orders"])
    result = await visitor.grid(PATH["orders"], "ROWVALUES", row=0, fields="SALESNAME;AmountTotal;CREATEDDATETIME")
    assert isinstance(result["values"][1], float)
    assert "$date" in result["values"][2]
    assert isinstance((await visitor.grid(PATH["orders"], "ROWVALUES", row=0, fields="ID"))["values"], int)
    erp.fault("getrowvalues-dead", "orders")
    dead = asyncio.create_task(visitor.grid(PATH["orders"], "ROWVALUES", row=0, fields="ID"))
    await until_struck(erp, "getrowvalues-dead")
    assert (await visitor.get(f"{PATH['ddt']}/"))[0] == 200
    assert not dead.done()
    erp.clear_faults()
    with pytest.raises(aiohttp.ClientResponseError):
        await dead


async def test_login_faults(erp, visit):
    visitor = visit(erp)
    erp.fault("login-refused", times=1)
    assert (await visitor.login())["error"]
    erp.fault("login-fails", times=1)
    with pytest.raises(aiohttp.ClientResponseError):
        await visitor.login()
    erp.fault("login-fails", how="error-page", times=1)
    assert (await visitor.login())["redirect"].endswith("Error.aspx")
    assert "redirect" in await visitor.login()


async def test_error_page_and_slow(erp, visitor):
    erp.fault("error-page", "ddt")
    _, text, path = await visitor.get(f"{PATH['ddt']}/")
    assert path.endswith("Error.aspx")
    assert "errore" in text
    erp.clear_faults()
    erp.reset_counters()
    erp.fault("slow", 1)
    await visitor.open(PATH["ddt"])
    assert erp.spent() >= 0.9 * 0.1 * 1.2


async def test_other_certificate(visit):
    erp = DemoErp(scale=0.05, https=True)
    base = await erp.start()
    try:
        assert base.startswith("https://")
        port = int(base.split(":")[2].split("/")[0])
        first = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await visit(erp).get("Login.aspx")
        before = erp.certificate_fingerprint
        erp.fault("other-certificate")
        assert erp.certificate_fingerprint != before
        assert await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port)) != first
    finally:
        await erp.stop()
