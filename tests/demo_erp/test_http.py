"""Login, sessions, preferences, records and the control path, over HTTP without a browser."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from datetime import timedelta

import aiohttp
import pytest
from demo_visitor import boot

from archisync_gui.demo_erp import DemoErp
from archisync_gui.demo_erp.columns import LISTS
from archisync_gui.demo_erp.saved_views import PreferenceStore
from archisync_gui.demo_erp.sessions import PAGES_KEPT, Session
from tests.support.waiting import until

pytestmark = pytest.mark.one_browser

ORDERS = "SALESTABLE_ListView_Agent"
DDT = "CUSTPACKINGSLIPJOUR_ListView"
CUSTOMERS = "CUSTTABLE_ListView_Agent"
PRODUCTS = "INVENTTABLE_ListView"
INVOICES = "CUSTINVOICEJOUR_ListView"


async def test_without_ticket_every_path_leads_to_login(erp, visit):
    visitor = visit(erp)
    async with visitor.http.get(f"{erp.base_url}/{ORDERS}/", allow_redirects=False) as answer:
        assert answer.status == 302
        assert (
            answer.headers["Location"] == "/Archibald/Login.aspx?ReturnUrl=%2fArchibald%2fSALESTABLE_ListView_Agent%2f"
        )
    status, text, path = await visitor.get(f"{ORDERS}/")
    assert (status, path) == (200, "/Archibald/Login.aspx")
    assert "<title>Log In</title>" in text
    assert 'title="Accedi"' in text
    assert "Benvenuto!" in text
    ids = [re.search(r"Logon_v0_(\d+)_", (await visitor.get("Login.aspx"))[1])[1] for _ in range(2)]
    assert ids[0] != ids[1]


async def test_login_sets_the_three_cookies_and_returns_to_the_page(erp, visit):
    visitor = visit(erp)
    await visitor.get(f"{ORDERS}/")
    result = await visitor.post("Login.aspx?ReturnUrl=%2fArchibald%2fSALESTABLE_ListView_Agent%2f", "LOGON",
                                {"user": "agente01", "password": "demo"})  # fmt: skip
    assert result == {"redirect": "/Archibald/SALESTABLE_ListView_Agent/"}
    cookies = {cookie.key: cookie for cookie in visitor.http.cookie_jar}
    assert len(cookies["ASP.NET_SessionId"].value) == 24
    assert len(cookies["Login"].value) == 352
    assert cookies["xafkidemovbUserName"]["max-age"] == "2592000"
    assert set(cookies) == {"ASP.NET_SessionId", "Login", "xafkidemovbUserName"}
    assert all(cookie["httponly"] and not cookie["secure"] for cookie in cookies.values())
    assert (await visitor.get("Default.aspx"))[2] == "/Archibald/Announcements_ListView/"


async def test_wrong_and_empty_logins_stay(erp, visit):
    visitor = visit(erp)
    wrong = await visitor.login(password="no")
    assert "non sono corretti" in wrong["error"]
    assert await visitor.login("", "") == {"error": "Il nome utente non deve essere vuoto."}
    assert (await visitor.get(f"{ORDERS}/"))[2] == "/Archibald/Login.aspx"
    assert [action.kind for action in erp.actions if action.kind.startswith("login")] == ["login-failed"] * 2


async def test_a_foreign_return_url_is_not_followed(erp, visit):
    visitor = visit(erp)
    result = await visitor.post("Login.aspx?ReturnUrl=https%3a%2f%2fexample.test%2f", "LOGON",
                                {"user": "agente01", "password": "demo"})  # fmt: skip
    assert result == {"redirect": "/Archibald/Default.aspx"}


async def test_idle_sessions_expire_but_used_ones_do_not(start_erp, visit):
    now = [0.0]
    erp = await start_erp(monotonic=lambda: now[0])
    visitor = visit(erp)
    await visitor.login()
    for _ in range(3):
        now[0] += 19 * 60
        assert (await visitor.get(f"{ORDERS}/"))[2] == f"/Archibald/{ORDERS}/"
    now[0] += 20 * 60 + 1
    assert (await visitor.get(f"{ORDERS}/"))[2] == "/Archibald/Login.aspx"


async def test_an_expired_session_answers_callbacks_with_the_login_page(erp, visit):
    visitor = visit(erp)
    await visitor.login()
    await visitor.open(ORDERS)
    erp.fault("session-expired-now")
    with pytest.raises(ValueError, match="substring not found"):
        await visitor.grid(ORDERS, "REFRESH")
    assert erp.board.active() == {}


async def test_preferences_are_shared_by_the_sessions_of_a_user(erp, visit):
    first, second, other = visit(erp), visit(erp), visit(erp)
    await first.login()
    await second.login()
    await other.login("agente02")
    await first.open(CUSTOMERS)
    await first.grid(CUSTOMERS, "PAGESIZE", size=50)
    await first.grid(CUSTOMERS, "PAGE", index=1)
    state = boot(await second.open(CUSTOMERS))["grid"]["state"]
    assert (state["pageIndex"], state["pageRowSize"]) == (1, 50)
    state = boot(await other.open(CUSTOMERS))["grid"]["state"]
    assert (state["pageIndex"], state["pageRowSize"]) == (0, 20)


async def test_a_user_can_leave_every_part_of_a_view_set(erp, visit):
    visitor = visit(erp)
    await visitor.login()
    city = next(row["CITY"] for row in erp.rows("customers", "agente01") if row["ID"])
    erp.set_preferences(
        "agente01",
        "customers",
        preset="Exclusiv_customers",
        filter_row=[("NAME", "o", "Contains")],
        search="demo",
        search_panel="via",
        header_filters=[("CITY", (city,))],
        group_by=("CITY",),
        builder={"expression": "[URL] Is null", "field": "URL", "value": "x", "negated": True},
    )
    before = erp.view_record("agente01", "customers")
    text = await visitor.open(CUSTOMERS)
    assert erp.view_record("agente01", "customers") == before
    assert 'value="Clienti esclusivi"' in text
    assert re.search(r'DXFREditorcol\d+_I"[^>]*value="o"', text)
    assert re.search(r'SearchAC_Menu_ITCNT0_xaf_a0_Ed_I"[^>]*value="demo"', text)
    assert re.search(r'_DXSE_I"[^>]*value="via"', text)
    assert "[URL] Is null" in text
    assert "_groupcol" in text
    result = await visitor.grid(CUSTOMERS, "CLEARFILTER")
    assert 'alt="Filtered"' not in result["html"]
    assert "_DXFilterBar" not in result["html"]
    assert result["search"] == "demo"
    group = next(column["index"] for column in result["grid"]["columns"] if column["fieldName"] == "CITY")
    result = await visitor.grid(CUSTOMERS, "UNGROUP", column=group)
    assert "Drag a column header here" in result["html"]
    await visitor.grid(CUSTOMERS, "SEARCHPANEL", text="")
    result = await visitor.grid(CUSTOMERS, "SEARCH", text="")
    assert erp.get_preferences("agente01", "customers").preset == "Exclusiv_customers"
    rows = [row for row in erp.rows("customers", "agente01") if row["EXCLUSIVACTIVE"]]
    assert result["grid"]["state"]["pageRowCount"] == min(20, len(rows))


async def test_a_choice_of_columns_stays_with_the_user_across_sessions(erp, visit):
    first, second = visit(erp), visit(erp)
    await first.login()
    await first.open(PRODUCTS)
    boxes = (await first.grid(PRODUCTS, "CUSTDIALOG"))["boxes"]
    hidden = re.findall(r"_drag_C(\d+)Chk5_D\" class=\"dxICheckBox_XafTheme gvCOColumnShow", boxes)
    assert len(hidden) == 23
    result = await first.grid(PRODUCTS, "COLUMNS", shown=dict.fromkeys(hidden[:3], True))
    assert sum(column["visible"] for column in result["grid"]["columns"]) == 2 + 13 + 3
    erp.fault("session-expired-now")
    await second.login()
    assert sum(column["visible"] for column in boot(await second.open(PRODUCTS))["grid"]["columns"]) == 2 + 13 + 3
    assert len(json.loads(erp.view_record("agente01", "products"))["columns"]) == 13 + 3


def test_a_session_drops_the_least_recently_used_page():
    session, lists = Session("key", 0.0), PreferenceStore()
    used, unused, *_ = [session.open_page(LISTS["customers"], lists.get("", "customers")) for _ in range(PAGES_KEPT)]
    assert session.used_page(used.unique) is used
    session.open_page(LISTS["orders"], lists.get("", "orders"))
    assert session.used_page(used.unique) is used
    assert session.used_page(unused.unique) is None
    assert len(session.pages) == PAGES_KEPT


async def test_requests_of_one_session_wait_for_each_other(start_erp, visit):
    arrived = [0]

    def monotonic() -> float:
        arrived[0] += 1  # called once for each request, just before it waits for its session
        return 0.0

    erp = await start_erp(latency=0.05, monotonic=monotonic)
    first, other = visit(erp), visit(erp)
    for visitor in (first, other):
        await visitor.login()
        await visitor.open(ORDERS)
    for quick, order in ((first, ["SEARCH", "CUSTDIALOG"]), (other, ["CUSTDIALOG", "SEARCH"])):
        erp.reset_counters()
        before = arrived[0]
        slow = asyncio.create_task(first.grid(ORDERS, "SEARCH", text=""))
        await until(lambda before=before: arrived[0] > before)  # counted in the server's thread
        await quick.grid(ORDERS, "CUSTDIALOG")
        await slow
        assert [action.detail.split()[1] for action in erp.actions] == order


async def test_spent_counts_the_erps_own_time(start_erp, visit):
    erp = await start_erp(latency=0.05)
    visitor = visit(erp)
    await visitor.login()
    assert erp.spent() >= 0.9 * 0.05 * 4.0  # coarse timers may fire a little early
    erp.reset_counters()
    await visitor.open(ORDERS)
    await visitor.grid(ORDERS, "PAGESIZE", size=50)
    assert erp.spent() >= 0.9 * 0.05 * (1.2 + 0.3 + 0.0075 * 50)
    assert erp.spent() == pytest.approx(sum(action.duration for action in erp.actions))


async def test_calls_that_would_write_are_recorded_as_such_and_reads_are_not(erp, visit):
    visitor = visit(erp)
    await visitor.login()
    await visitor.open(ORDERS)
    for command in ("REFRESH", "RESET", "CUSTDIALOG", "CLEARFILTER"):
        await visitor.grid(ORDERS, command)
    key = erp.rows("orders", "agente01")[0]["ID"]
    await visitor.get(f"SALESTABLE_DetailViewAgent/{key}/?mode=View")
    assert not any(action.writes for action in erp.actions)
    for index in (0, 1, 2, 3, 4):
        await visitor.grid(ORDERS, "XAF", target="Vertical$mainMenu", argument=str(index))
    await visitor.grid(ORDERS, "XAF", target="edit", argument="x")
    await visitor.get("SALESTABLE_DetailViewAgent/?NewObject=true")
    await visitor.get(f"SALESTABLE_DetailViewAgent/{key}/?mode=Edit")
    assert sum(action.writes for action in erp.actions) == 8
    await visitor.grid(ORDERS, "XAF", target="Vertical$mainMenu", argument="7")
    assert erp.actions[-1].detail == "orders export"
    assert not erp.actions[-1].writes


async def test_detail_pages_show_every_field(erp, visit):
    visitor = visit(erp)
    await visitor.login()
    row = next(row for row in erp.rows("customers", "agente01") if row["ACCOUNTNUM"])
    status, text, _ = await visitor.get(f"CUSTTABLE_DetailView/{row['ID']}/?mode=View")
    assert status == 200
    assert re.search(rf'xaf_dviACCOUNTNUM_View">{row["ACCOUNTNUM"]}<', text)
    assert (await visitor.get(f"CUSTTABLE_DetailView/{erp.corrupt_customer('agente01')}/?mode=View"))[2].endswith(
        "Error.aspx"
    )
    assert (await visitor.get("CUSTTABLE_DetailView/99999999/?mode=View"))[2].endswith("Error.aspx")
    # Most lookups are named without their sub-path there, and one field of a lookup is missing.
    assert "xaf_dviLOGISTICSADDRESSZIPCODE_View" in text
    assert "xaf_dviDLVMODE_View" in text
    assert "_TYPEID_View" not in text
    assert "_LE_v" in text
    order = erp.rows("orders", "agente01")[0]["ID"]
    _, text, _ = await visitor.get(f"SALESTABLE_DetailViewAgent/{order}/?mode=View")
    quote = re.search(r'xaf_dviQUOTE_View">(.*?)</td>', text)[1]
    assert "dxWeb_edtCheckBoxUnchecked_XafTheme" in quote
    assert "PREVENTIVO:</label>" in quote  # a yes/no box shows its caption, not a word
    assert "2.0.48" in text


async def test_a_detail_page_does_not_check_whose_record_it_is(erp, visit):
    visitor = visit(erp)
    await visitor.login("agente02")
    row = next(row for row in erp.rows("customers", "agente01") if row["ID"])
    _, text, path = await visitor.get(f"CUSTTABLE_DetailView/{row['ID']}/?mode=View")
    assert not path.endswith("Error.aspx")
    assert row["VATNUM"] in text
    erp.vary("foreign-details-refused")
    assert (await visitor.get(f"CUSTTABLE_DetailView/{row['ID']}/?mode=View"))[2].endswith("Error.aspx")


async def test_captions_follow_the_header(erp, visit):
    english = visit(erp, "en-US,en;q=0.9")
    await english.login()
    text = await english.open(DDT)
    assert 'value="This month"' in text
    assert "TRACKING NUMBER" in text
    assert "Export to" in text


async def test_amounts_of_invoices_have_no_currency_sign_and_no_fixed_number_of_decimals(start_erp, visit):
    erp = await start_erp(scale=1.0)
    visitor = visit(erp)
    await visitor.login()
    await visitor.open(INVOICES)
    await visitor.grid(INVOICES, "PRESET", value="xaf_xaf_a1All_invoices")
    await visitor.grid(INVOICES, "PAGESIZE", size=200)
    html = ""
    for index in (1, 0):
        html += (await visitor.grid(INVOICES, "PAGE", index=index))["html"]
    assert "€" not in html
    assert ">0<" in html
    assert re.search(r">[\d.]+,\d<", html)
    assert re.search(r">-[\d.]+,\d\d<", html)
    assert re.search(r">\d\d/\d\d/\d{4}<", html)


async def test_control_path_needs_its_token(erp, visit):
    http = visit(erp).http
    root = erp.base_url.removesuffix("/Archibald")
    async with http.get(f"{root}/_control/wrong/faults") as answer:
        assert answer.status == 404
    async with http.post(
        f"{erp.control_url}/faults", json={"name": "truncated-list", "arguments": {"list": "ddt"}}
    ) as answer:
        assert [on["list"] for on in (await answer.json())["truncated-list"]] == ["ddt"]
    async with http.post(f"{erp.control_url}/faults", json={"name": "no-such"}) as answer:
        assert answer.status == 400
    async with http.delete(f"{erp.control_url}/faults") as answer:
        assert await answer.json() == {}
    async with http.get(f"{erp.control_url}/rows", params={"list": "orders", "user": "agente02"}) as answer:
        assert len(await answer.json()) == len(erp.rows("orders", "agente02"))
    before = erp.clock.now()
    async with http.post(f"{erp.control_url}/clock", json={"advance": 3600}) as answer:
        assert answer.status == 200
    assert erp.clock.now() - before == timedelta(hours=1)
    change = {"user": "agente01", "list": "orders", "changes": {"search": "x"}}
    async with http.post(f"{erp.control_url}/preferences", json=change) as answer:
        assert answer.status == 200
    assert erp.get_preferences("agente01", "orders").search == "x"
    where = {"user": "agente01", "list": "orders"}
    async with http.get(f"{erp.control_url}/preferences", params=where) as answer:
        assert (await answer.json())["search"] == "x"
    async with http.get(f"{erp.control_url}/views", params=where) as answer:
        assert await answer.json() == erp.view_record("agente01", "orders")
    async with http.get(f"{erp.control_url}/views") as answer:
        assert await answer.json() == erp.view_records()
    async with http.delete(f"{erp.control_url}/views") as answer:
        assert '"search": ""' in erp.view_record("agente01", "orders")
    async with http.post(
        f"{erp.control_url}/variations", json={"name": "sizes", "arguments": {"offered": "10,20"}}
    ) as answer:
        assert (await answer.json())["sizes"][0]["offered"] == "10,20"
    async with http.delete(f"{erp.control_url}/variations", json={"names": ["sizes"]}) as answer:
        assert await answer.json() == {}
    async with http.post(f"{erp.control_url}/rows", json={**where, "insert": {"SALESNAME": "Inventato"}}) as answer:
        key = (await answer.json())["key"]
    async with http.post(f"{erp.control_url}/rows", json={**where, "change": {"key": key, "values": {"EMAIL": "x"}}}):
        row = next(row for row in erp.rows("orders", "agente01") if str(row["ID"]) == key)
    assert (row["SALESNAME"], row["EMAIL"]) == ("Inventato", "x")
    async with http.post(f"{erp.control_url}/rows", json={**where, "delete": key}):
        assert key not in {str(row["ID"]) for row in erp.rows("orders", "agente01")}
    async with http.get(f"{erp.control_url}/spent") as answer:
        assert (await answer.json())["spent"] == erp.spent()


async def test_stop_leaves_no_thread_even_with_hung_requests(visit):
    erp = DemoErp(scale=0.05)
    await erp.start()
    visitor = visit(erp)
    await visitor.login()
    await visitor.open(ORDERS)
    erp.fault("hung-callback")
    hung = asyncio.create_task(visitor.grid(ORDERS, "REFRESH"))
    await until(lambda: erp.board.struck("hung-callback"))  # set in the server's thread
    await erp.stop()
    with pytest.raises((aiohttp.ClientError, ValueError)):
        await hung
    assert not [thread for thread in threading.enumerate() if thread.name == "demo-erp"]
    await erp.stop()
    await erp.start()
    await erp.stop()


async def test_a_port_in_use_is_an_error(erp):
    port = int(erp.base_url.split(":")[2].split("/")[0])
    second = DemoErp(scale=0.05, port=port)
    with pytest.raises(OSError, match="address"):
        await second.start()
    with pytest.raises(RuntimeError):
        await erp.start()
