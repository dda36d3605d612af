"""The driver after failures of the browser, Playwright's driver, the certificate or rows; and the number of logins."""

from __future__ import annotations

import asyncio
import gc
import random
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from archisync_gui.entities import CUSTOMERS, DDT, ORDERS, PRICES
from archisync_gui.erp import Browser, Erp
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.lists.filters import find_option, find_preset
from archisync_gui.model import FailureKind, Outcome, SyncFailure
from tests.support.waiting import until
from tests.support.wine import wines_own
from tests.syncs.erp_harness import QUICK, USER, World, world


def family() -> list[psutil.Process]:
    """The living processes below this one: Playwright's driver and Chromium's.

    Zombies do not count: in a container without an init process they are never removed.
    """
    living = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and not wines_own(process):
                living.append(process)
    return living


def named(word: str) -> list[psutil.Process]:
    found = []
    for process in family():
        try:
            if word in process.name().lower():
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.Error:
            continue


async def run_and_kill(here: World, word: str, at_call: int) -> Outcome | SyncFailure:
    """Sync orders, and kill the named processes when the ERP has received ``at_call`` calls."""
    start = len(here.demo.actions)
    task = asyncio.ensure_future(here.sync("orders"))
    while not task.done():
        if len(here.demo.actions) - start >= at_call:
            kill(named(word))
            break
        await asyncio.sleep(0.002)
    try:
        return (await asyncio.wait_for(task, 60)).outcome
    except SyncFailure as failure:
        return failure


@pytest.mark.ci
async def test_killed_at_random_the_data_are_those_of_a_complete_run(tmp_path: Path, expected_errors: Any) -> None:
    # Playwright's reader logs an error when the driver's process dies.
    expected_errors.allow("asyncio", "playwright")
    await _kill_often(tmp_path, 2)  # browser and driver
    gc.collect()


@pytest.mark.ci
async def test_the_demos_switch_kills_the_browser_like_a_crash(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        assert here.erp.kill_browser() is False
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
        assert here.erp.kill_browser() is True
        psutil.wait_procs(named("chrom"), timeout=10)
        assert not named("chrom")
        await until(lambda: not here.erp._browser.running)  # Playwright reports it a little later
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED


@pytest.mark.nightly
async def test_killed_at_random_two_hundred_times(tmp_path: Path, expected_errors: Any) -> None:
    expected_errors.allow("asyncio", "playwright")
    await _kill_often(tmp_path, 200)


async def _kill_often(folder: Path, times: int) -> None:
    dice = random.Random(7)
    async with world(folder) as here:
        assert (await here.sync("orders")).outcome is Outcome.COMPLETED
        for round_ in range(times):
            word = "chrom" if round_ % 2 else "node"
            ended = await run_and_kill(here, word, dice.randrange(1, 9))
            if isinstance(ended, SyncFailure):
                assert ended.kind is FailureKind.TRANSIENT, ended
                assert ended.code in ("browser-lost", "erp-unreachable", "browser-silent"), ended
            else:
                assert ended is Outcome.COMPLETED
            assert set(await here.rows("orders")) == here.truth("orders")
            await here.store.check()
        assert (await here.sync("orders")).outcome is Outcome.COMPLETED
    assert not family(), "a process is left"


async def test_closing_leaves_no_process_and_no_profile(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.sync("invoices")
        assert family()
    assert not family()


async def test_a_closed_browser_does_not_cost_a_login(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.sync("invoices")
        await here.erp._browser.close()
        control = here.control("invoices")
        await here.runner(control)
        assert control.logins == 0, "the cookies were not kept in memory"


async def test_a_browser_that_died_does_not_cost_a_login(tmp_path: Path, expected_errors: Any) -> None:
    expected_errors.allow("asyncio", "playwright")
    async with world(tmp_path) as here:
        await here.sync("invoices")
        kill(named("chrom"))
        for _ in range(2):  # the first may be the one that notices the crash
            control = here.control("invoices")
            with suppress(SyncFailure):
                await here.runner(control)
            assert control.logins == 0
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED


async def test_the_browser_closes_when_nothing_was_due_for_long(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.erp._idle = 0.05
        await here.sync("invoices")
        await until(lambda: not here.erp._browser.running)
        await here.sync("invoices")


async def test_a_browser_that_has_grown_too_large_is_closed_between_reads(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.sync("invoices")
        await here.erp.settled()
        used = here.erp._browser.memory()
        assert 50_000_000 < used < here.erp._largest, "the size of an ordinary browser is not within the limit"
        assert here.erp._browser.running
        here.erp._largest = used // 2
        await here.sync("invoices")
        await here.erp.settled()
        assert not here.erp._browser.running
        assert here.erp._browser.memory() == 0
        control = here.control("invoices")
        await here.runner(control)
        assert control.logins == 0, "the cookies were not kept"


async def test_a_large_browser_stays_while_a_form_may_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path) as here:
        await here.sync("invoices")
        monkeypatch.setattr(here.erp, "browser_memory", lambda: here.erp._largest + 1)  # the test above measures it
        left_open = here.erp._left_open
        left_open.until = lambda: here.erp.clock.now()
        left_open._lists[USER, ""] = False
        assert left_open.any_open
        await here.erp._close_if_large()
        assert here.erp._browser.running
        left_open.clear()
        await here.erp._close_if_large()
        assert not here.erp._browser.running


async def test_an_unknown_certificate_is_shown_then_pinned_and_another_one_stops_the_account(tmp_path: Path) -> None:
    async with world(tmp_path, https=True) as here:
        with pytest.raises(SyncFailure) as first:
            await here.sync("invoices")
        assert (first.value.code, first.value.kind) == ("certificate-unknown", FailureKind.CREDENTIALS)
        fingerprint = str(first.value.params["fingerprint"])
        assert re.sub("[: ]", "", fingerprint).lower() == here.demo.certificate_fingerprint.replace(":", "").lower()
        assert first.value.params["expires"]
        assert not here.demo.actions, "a request was sent, perhaps with a password"

        pinned = str(first.value.params["key"])

        async def password(_: str) -> str:
            return "demo"

        erp = Erp(address=lambda: here.demo.base_url, password=password, pinned_key=lambda: pinned, limits=QUICK)
        try:
            here.runner._erp = erp
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
            here.demo.fault("other-certificate")
            await erp._browser.close()
            with pytest.raises(SyncFailure) as other:
                await here.sync("invoices")
            assert (other.value.code, other.value.kind) == ("certificate-changed", FailureKind.CREDENTIALS)
        finally:
            await erp.close()


async def test_a_missing_browser_has_its_own_code() -> None:
    browser = Browser(program=lambda: "/nowhere/chromium")
    with pytest.raises(SyncFailure) as caught:
        await browser.page("a")
    assert caught.value.code == "browser-not-there"
    await browser.close()


async def test_without_an_address_nothing_is_started() -> None:
    async def password(_: str) -> str:
        raise AssertionError

    erp = Erp(address=lambda: "", password=password)
    with pytest.raises(SyncFailure) as caught:
        async with erp.list(ORDERS, USER, (), lambda: None):
            pass
    assert caught.value.code == "erp-no-address"
    await erp.close()


# --- pieces without a browser -----------------------------------------------------------------------------------------


def combos(prefix: str = "xaf_xaf_a1") -> list[dict[str, Any]]:
    """The combos of the customers' page: a view selector before the preset filter."""
    views = [["CUSTTABLE_ListView_Agent", "Clienti"], ["CUSTTABLE_ListView_RoadMap", "Mappa clienti"]]
    options = [[f"{prefix}All_Customers", "Tutti i clienti"], [f"{prefix}Free_Customers", "Clienti liberi"]]
    return [
        {"id": "view", "value": views[0][0], "items": views},
        {"id": "data", "value": options[1][0], "items": options},
    ]


@pytest.mark.parametrize("prefix", ["xaf_xaf_a0", "xaf_xaf_a1", "xaf_xaf_a2", ""])
def test_the_preset_is_found_by_family_and_ending_not_by_place_or_prefix(prefix: str) -> None:
    assert CUSTOMERS.filter is not None
    assert find_preset(CUSTOMERS.filter, combos(prefix)) == ("data", f"{prefix}All_Customers")


def test_without_the_wanted_preset_nothing_is_read() -> None:
    assert DDT.filter is not None
    with pytest.raises(SyncFailure, match="preset-missing"):
        find_preset(DDT.filter, combos())
    assert find_option(("Clienti liberi",), combos(), "data") == "xaf_xaf_a1Free_Customers"
    assert find_option(("no such",), combos(), "data") == "xaf_xaf_a1All_Customers"


@pytest.mark.parametrize(
    ("wish", "values", "wanted"),
    [
        (PRICES.filter, [("a1InactivePrices", "Non attivi"), ("a1ActivePrices", "Prezzi attivi")], "a1ActivePrices"),
        (CUSTOMERS.filter, [("a1Overall_customers", "?"), ("a1All_Customers", "?")], "a1All_Customers"),
        (CUSTOMERS.filter, [("a1NotAll_customers", "?"), ("a1All_customers", "Tutti i clienti")], "a1All_customers"),
        (CUSTOMERS.filter, [("a1NotAll_customers", "?"), ("a1All_customers", "?")], None),
        (CUSTOMERS.filter, [("a1Customers_x", "Tutti i clienti")], "a1Customers_x"),
        (CUSTOMERS.filter, [("a1Overall_customers", "?")], None),
    ],
)
def test_no_other_preset_is_taken_for_the_wanted_one(wish: Any, values: list[Any], wanted: str | None) -> None:
    combos = [{"id": "data", "value": None, "items": values}]
    if wanted is None:
        with pytest.raises(SyncFailure) as refused:
            find_preset(wish, combos)
        assert refused.value.code == "preset-missing"
    else:
        assert find_preset(wish, combos) == ("data", wanted)


def texts(reader: RowReader, **values: str | None) -> list[str | None]:
    return [values.get(name.replace(".", "_"), "") for name in reader.fields]


def test_hidden_columns_and_unreadable_cells_are_left_out() -> None:
    reader = RowReader(ORDERS)
    (row,) = reader.take([texts(reader, ID="60.450", TEXTINTERNAL=None, GROSSAMOUNT="molto", SALESNAME="Studio Rossi")])
    assert row["id"] == "60450"
    assert "internal_note" not in row
    assert "gross_amount" not in row
    (bad,) = reader.findings.bad
    assert (bad.row, bad.field, bad.text) == ("60.450", "gross_amount", "molto")


def test_personal_data_stay_out_of_the_findings() -> None:
    reader = RowReader(SimpleNamespace(**{**_as_dict(ORDERS), "columns": _all_personal()}))  # type: ignore[arg-type]
    reader.take([texts(reader, ID="60.450", CREATEDDATETIME="gestern", SALESNAME="Studio Rossi")])
    assert [cell.text for cell in reader.findings.bad] == [""]


def _as_dict(entity: Any) -> dict[str, Any]:
    return {name: getattr(entity, name) for name in ("spec", "key", "garbage", "natural_key")} | {"name": entity.name}


def _all_personal() -> tuple[Any, ...]:
    from dataclasses import replace

    return tuple(replace(column, personal=True) for column in ORDERS.columns)


def test_garbage_goes_before_keys() -> None:
    reader = RowReader(CUSTOMERS)
    assert reader.take([texts(reader, ID="0", NAME="x"), texts(reader, ID="", NAME="y")]) == []
    assert reader.findings.garbage == {"id-zero": 1}
    assert reader.findings.nameless == 1, "an empty key was taken for garbage"
    ghosts = RowReader(DDT)
    ghost = texts(ghosts, ID="1.610", PACKINGSLIPID="", SALESID="ORD/26000001")
    tracked = texts(ghosts, ID="1.611", PACKINGSLIPID="", BRASTRACKINGNUMBER="fidex 440000000001")
    (kept,) = ghosts.take([ghost, tracked])
    assert (kept["courier"], kept["tracking_number"]) == ("FEDEX", "440000000001")
    footers = RowReader(ORDERS)
    assert footers.take([texts(footers, ID="Count=57")]) == []
