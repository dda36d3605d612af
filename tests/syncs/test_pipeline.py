"""The six syncs with the demo ERP: whole, fast and single reads, suspension, expired sessions, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from archisync_gui.demo_erp import DemoClock, DemoErp
from archisync_gui.entities import CUSTOMERS, ENTITIES
from archisync_gui.entities.declaration import Row
from archisync_gui.erp import Erp
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.cells.typed import Typed
from archisync_gui.erp.lists.restoring import FAST_PAGE_SIZE
from archisync_gui.model import (
    FailureKind,
    Finished,
    Outcome,
    Progress,
    Scope,
    SyncFailure,
    is_first_read,
    warning_parts,
)
from archisync_gui.syncs import SyncRunner, new_rows
from archisync_gui.syncs.new_rows import reached
from tests.support.seventh import SUPPLIERS
from tests.syncs.erp_harness import QUICK, USER, World, world

pytestmark = pytest.mark.one_browser


@pytest_asyncio.fixture(loop_scope="module")
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as started:
        yield started


async def refused(here: World, name: str, code: str) -> SyncFailure:
    """Sync, and expect that failure and unchanged rows in the store."""
    before = await here.everything(name)
    with pytest.raises(SyncFailure) as caught:
        await here.sync(name)
    assert caught.value.code == code
    assert await here.everything(name) == before
    return caught.value


LONG = ("customers", "prices", "products")
"""The lists that have several pages even with 100 rows a page."""


async def test_six_lists_are_read_whole_and_a_second_time_nothing_changes(here: World) -> None:
    runners = [SyncRunner(here.store, here.erp, ENTITIES, page_size=size) for size in (20, 100)]
    for entity in ENTITIES:
        here.runner = runners[entity.name in LONG]
        preferences = here.demo.get_preferences(USER, entity.name)
        first = await here.sync(entity.name)
        assert first.outcome is Outcome.COMPLETED, first.warnings
        rows = await here.rows(entity.name)
        assert set(rows) == here.truth(entity.name)
        # Rows of the first read do not count as new.
        assert (first.rows, first.added, first.changed, first.gone) == (len(rows), 0, 0, 0)
        assert is_first_read(first.warnings)
        assert here.demo.get_preferences(USER, entity.name) == preferences, "the user's view was not restored"
    written = here.store.rows_written
    for entity in ENTITIES:
        here.runner = runners[entity.name in LONG]
        second = await here.sync(entity.name)
        assert (second.added, second.changed, second.gone) == (0, 0, 0)
        assert not is_first_read(second.warnings)
    assert here.store.rows_written == written
    assert sum(1 for action in here.demo.actions if action.kind == "login") == 1


async def test_parsing_a_page_does_not_block_the_loop(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows take some milliseconds. In one iteration of the loop, calls of order forms would wait for all of
    them."""
    turns: list[str] = []
    parse = RowReader.take

    def counted(self: RowReader, rows: Sequence[Sequence[Typed]], **how: Any) -> list[Row]:
        turns.append(f"{len(rows)} rows")
        asyncio.get_running_loop().call_soon(turns.append, "others")
        return parse(self, rows, **how)

    monkeypatch.setattr(RowReader, "take", counted)
    here.runner = SyncRunner(here.store, here.erp, ENTITIES, page_size=100)
    assert (await here.sync("products")).outcome is Outcome.COMPLETED
    assert "25 rows" in turns
    assert set(turns[1::2]) == {"others"}, "other tasks did not run after each part"
    assert set(await here.rows("products")) == here.truth("products")


async def test_stored_values_are_those_of_the_erp(here: World) -> None:
    await here.sync("orders")
    rows = await here.rows("orders")
    for true in here.demo.rows("orders", USER):
        row = rows[str(true["ID"])]
        assert row["total_amount"] == (None if true["AmountTotal"] is None else round(true["AmountTotal"] * 100))
        assert row["created_at"] == true["CREATEDDATETIME"].isoformat()
        assert row["order_number"] == (true["SALESID"] or None)
        assert row["is_quote"] is bool(true["QUOTE"])
        assert row["delivery_address"] == (true["DLVADDRESS"] or None)
    drafts = [row for row in here.demo.rows("orders", USER) if not row["SALESID"]]
    assert sum(row["order_number"] is None for row in rows.values()) == len(drafts), "not one row for each draft"
    assert any(row["modified_at"] for row in rows.values()), "hidden columns were not read"
    await here.sync("invoices")
    credit = [row for row in (await here.rows("invoices")).values() if str(row["invoice_number"]).startswith("NC/")]
    assert credit
    assert all(isinstance(row["amount"], int) and row["amount"] < 0 for row in credit)


async def test_garbage_is_counted_and_shown(here: World) -> None:
    finished = await here.sync("customers")
    shown = dict(warning_parts(text) for text in finished.warnings)
    zeros = sum(1 for row in here.demo.rows("customers", USER) if row["ID"] == 0)
    assert shown["garbage"] == {"list": "customers", "name": "id-zero", "count": str(zeros)}


async def test_the_users_filters_are_cleared_and_restored(here: World) -> None:
    here.demo.set_preferences(
        USER,
        "orders",
        preset="ListViewSalesTableOrdersThisMonth",
        filter_row=(("SALESNAME", "Studio"),),
        search="Demo",
        group_by=("SALESSTATUS",),
        sort=(("SALESNAME", "ASC"),),
        page_size=50,
    )
    left = here.demo.get_preferences(USER, "orders")
    finished = await here.sync("orders")
    assert finished.outcome is Outcome.COMPLETED
    assert set(await here.rows("orders")) == here.truth("orders")
    assert here.demo.get_preferences(USER, "orders") == left


async def test_the_view_is_restored_after_a_failure(here: World) -> None:
    here.demo.set_preferences(USER, "orders", sort=(("SALESNAME", "ASC"),), page_index=1)
    left = here.demo.get_preferences(USER, "orders")
    here.demo.fault("renamed-column", list="orders")
    failure = await refused(here, "orders", "column-missing")
    assert failure.kind is FailureKind.REFUSED
    assert failure.screenshot is not None
    assert await asyncio.to_thread(Path(failure.screenshot).exists)
    assert here.demo.get_preferences(USER, "orders") == left


async def test_a_suspended_read_is_resumed_at_its_page(here: World) -> None:
    control = here.control("orders")
    control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
    suspended = await here.suspend(control)
    assert suspended.progress.page == 2, "not suspended after the call under way"
    control.resume, control.on_progress, control.suspend = suspended.state, None, False
    control.seen.clear()
    ended = await here.runner(control)
    assert isinstance(ended, Finished)
    assert ended.outcome is Outcome.COMPLETED
    pages = [p.page for p in control.seen if p.step == "read"]
    assert pages[0] == 2
    assert set(await here.rows("orders")) == here.truth("orders")


async def test_a_suspended_read_starts_over_when_its_last_page_has_changed(here: World) -> None:
    control = here.control("orders")
    control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
    suspended = await here.suspend(control)
    newest = max(here.truth("orders"), key=int)
    here.demo.delete("orders", USER, newest)
    control.resume, control.on_progress, control.suspend = suspended.state, None, False
    ended = await here.runner(control)
    assert isinstance(ended, Finished)
    assert ended.outcome is Outcome.COMPLETED, ended.warnings
    assert set(await here.rows("orders")) == here.truth("orders")


async def test_a_suspended_read_overtaken_by_another_whole_read_is_neither_checked_nor_stored(here: World) -> None:
    control = here.control("orders")
    control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
    suspended = await here.suspend(control)
    await here.sync("orders")
    stored, ages = await here.everything("orders"), await here.store.ages("orders", USER)
    control.resume, control.on_progress, control.suspend = suspended.state, None, False
    with pytest.raises(SyncFailure, match="read-overtaken") as caught:
        await here.runner(control)
    assert caught.value.kind is FailureKind.TRANSIENT, "the orchestrator would not repeat it"
    assert await here.everything("orders") == stored
    assert await here.store.ages("orders", USER) == ages
    assert "check" in [p.step for p in control.seen]
    assert "apply" not in [p.step for p in control.seen]


async def test_an_expired_session_is_renewed_in_the_middle_of_a_read(here: World) -> None:
    def expire(_: object) -> None:
        if any(action.detail.startswith("orders PAGE ") for action in here.demo.actions):
            here.demo.fault("session-expired-now")
            control.on_progress = None

    control = here.control("orders", on_progress=expire)
    ended = await here.runner(control)
    assert isinstance(ended, Finished)
    assert ended.outcome is Outcome.COMPLETED
    assert control.logins == 2
    assert set(await here.rows("orders")) == here.truth("orders")


async def test_a_cancelled_read_changes_nothing_and_restores_the_view(here: World) -> None:
    left = here.demo.get_preferences(USER, "orders")
    control = here.control("orders")
    task = asyncio.ensure_future(here.runner(control))
    control.on_progress = lambda p: task.cancel() if p.page == 1 else None
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await here.rows("orders") == {}
    assert here.demo.get_preferences(USER, "orders") == left


async def test_rows_that_vanish_are_missing_then_gone_and_come_back(here: World) -> None:
    await here.sync("orders")
    gone = sorted(here.truth("orders"))[3]
    before = here.demo.world
    here.demo.delete("orders", USER, gone)
    first = await here.sync("orders")
    assert (first.outcome, first.gone) == (Outcome.COMPLETED, 0)
    second = await here.sync("orders")
    assert second.gone == 1
    before.forget_edits()
    back = await here.sync("orders")
    assert (back.added, back.changed) == (0, 1), "a revived row counts as new"
    assert gone in await here.rows("orders")


async def test_a_shrink_can_be_accepted_and_applies_exactly_that_read(here: World) -> None:
    await here.sync("orders")
    here.demo.fault("truncated-list", list="orders", keep=0.5)
    failure = await refused(here, "orders", "shrink")
    assert failure.evidence["rowsBefore"] == len(here.truth("orders"))
    assert failure.evidence["examples"]
    assert "preset" in failure.evidence["filtersBefore"]  # type: ignore[operator]
    assert failure.screenshot is not None
    assert await asyncio.to_thread(Path(failure.screenshot).exists), "no screenshot of the refused list"
    (kept,) = await here.store.refused()
    accepted = await here.store.accept_read(kept.run_id)
    assert accepted.delta.missing > 0
    assert accepted.backup.exists()


async def test_renumbered_rows_are_re_keyed_with_their_history(here: World) -> None:
    await here.sync("orders")
    before = await here.rows("orders")
    here.demo.fault("ids-changed")
    failure = await refused(here, "orders", "keys-changed")
    assert failure.params["match"] == 100
    (kept,) = await here.store.refused()
    accepted = await here.store.rekey(kept.run_id)
    assert accepted.rekeyed == len(before)
    again = await here.sync("orders")
    assert (again.outcome, again.added, again.gone) == (Outcome.COMPLETED, 0, 0)
    assert {str(row["order_number"]) for row in (await here.rows("orders")).values()} == {
        str(row["order_number"]) for row in before.values()
    }


async def test_a_draft_that_is_sent_stays_one_record_with_its_history(here: World) -> None:
    """Its number and creation time, so its natural key, change once; its ID does not (``docs/erp.md``, Identity)."""
    draft, other = (here.demo.insert("orders", USER, SALESID=None, SALESTYPE="Journal") for _ in range(2))
    await here.sync("orders")
    here.demo.change("orders", USER, draft, {"PURCHORDERFORMNUM": "Prima nota"})
    await here.sync("orders")
    before = await here.rows("orders")
    assert before[draft]["order_number"] is None
    assert before[other]["order_number"] is None, "there is no second draft"

    here.demo.clock.advance(timedelta(minutes=5))
    number = here.demo.send_draft(USER, draft)
    sent = await here.sync("orders")
    after = await here.rows("orders")
    assert (sent.outcome, sent.added, sent.changed, sent.gone) == (Outcome.COMPLETED, 0, 1, 0), sent.warnings
    assert set(after) == set(before) == here.truth("orders")
    assert after[draft]["order_number"] == number
    assert str(after[draft]["created_at"]) > str(before[draft]["created_at"])
    assert [key for key in after if after[key] != before[key]] == [draft]
    history = await here.store.row_history("orders", USER, draft)
    told = {change.field: (change.before, change.after) for change in history}
    assert told["order_number"] == (None, number)
    assert told["description"][1] == "Prima nota", "the history of the draft is not that of the order"
    again = await here.sync("orders")
    assert (again.added, again.changed, again.gone) == (0, 0, 0)


async def test_a_draft_that_was_sent_does_not_hinder_a_new_import(here: World) -> None:
    """A draft is sent between two reads, and all ids change: the other records keep their history."""
    draft = here.demo.insert("orders", USER, SALESID=None, SALESTYPE="Journal")
    await here.sync("orders")
    before = await here.rows("orders")
    here.demo.send_draft(USER, draft)
    here.demo.fault("ids-changed")
    failure = await refused(here, "orders", "keys-changed")
    assert failure.params["match"] in range(95, 100)
    (kept,) = await here.store.refused()
    assert (await here.store.rekey(kept.run_id)).rekeyed == len(before) - 1
    assert {str(row["order_number"]) for row in (await here.rows("orders")).values()} >= {
        str(row["order_number"]) for row in before.values() if row["order_number"]
    }


async def test_a_column_that_emptied_is_refused(here: World) -> None:
    await here.sync("orders")
    for key in here.truth("orders"):
        here.demo.change("orders", USER, key, {"SALESNAME": ""})
    failure = await refused(here, "orders", "column-empty")
    assert failure.params["field"] == "customer_name"


async def test_for_an_unknown_grid_a_screenshot_and_its_structure_are_kept(here: World) -> None:
    """The failure names the unknown part; the structure has no contents of records."""
    for variation in ("page-values-absent", "bands"):
        here.demo.vary(variation)
    kept = here.demo.view_records()
    failure = await refused(here, "orders", "grid-header-rows")
    assert (failure.kind, failure.params["found"]) == (FailureKind.LAYOUT, "2")
    assert failure.screenshot is not None
    assert await asyncio.to_thread(Path(failure.screenshot).exists)
    structure = failure.evidence["structure"]
    assert structure["grid"]["problem"] == "header-rows"
    assert len(structure["grid"]["headerRows"]) == 2
    written = json.dumps(structure)
    names = {row["SALESNAME"] for row in here.demo.rows("orders", USER) if row["SALESNAME"]}
    assert names
    assert not [name for name in names if name in written]
    assert here.demo.view_records() == kept
    here.demo.clear_variations()
    assert (await here.sync("orders")).outcome is Outcome.COMPLETED


async def test_a_column_whose_cells_stay_empty_is_refused_where_cells_are_read(here: World) -> None:
    here.demo.vary("page-values-absent", list="orders")
    await here.sync("orders")
    here.demo.fault("empty-cells", list="orders", column="SALESNAME")
    failure = await refused(here, "orders", "column-empty")
    assert failure.params["field"] == "customer_name"


async def test_a_fast_read_finds_new_and_active_customers_and_removes_nothing(here: World) -> None:
    await here.sync("customers")
    new = here.demo.insert("customers", USER, NAME="Studio Nuovo")
    old = min(here.truth("customers"), key=int)
    latest = max(row["LASTORDERDATE"] for row in here.demo.rows("customers", USER) if row["LASTORDERDATE"])
    here.demo.change("customers", USER, old, {"LASTORDERDATE": latest + timedelta(days=1), "ORDERCOUNTACT": 77})
    gone = sorted(here.truth("customers"), key=int)[5]
    here.demo.delete("customers", USER, gone)
    left = here.demo.get_preferences(USER, "customers")
    before = await here.rows("customers")
    here.demo.reset_counters()
    finished = await here.sync("customers", Scope.NEW)
    rows = await here.rows("customers")
    assert (finished.added, finished.changed, finished.gone) == (1, 1, 0)
    assert rows[new]["name"] == "Studio Nuovo"
    assert rows[old]["orders_this_year"] == 77
    assert gone in rows
    untouched = next(key for key in before if key not in (new, old))
    assert rows[untouched] == before[untouched], "a fast read has changed columns that it does not read"
    commands = [a.detail.split()[1] for a in here.demo.actions if a.kind == "callback"]
    assert len([command for command in commands if command != "PAGEVALUES"]) <= 7
    assert here.demo.get_preferences(USER, "customers") == left
    again = await here.sync("customers", Scope.NEW)
    assert (again.added, again.changed) == (0, 0)


async def test_a_page_of_customers_already_found_by_the_first_sort_does_not_end_the_second(here: World) -> None:
    await here.sync("customers")
    latest = max(row["LASTORDERDATE"] for row in here.demo.rows("customers", USER) if row["LASTORDERDATE"])
    for number in range(FAST_PAGE_SIZE + 2):
        here.demo.insert("customers", USER, NAME=f"Nuovo {number}", LASTORDERDATE=latest + timedelta(days=2))
    old = min(await here.rows("customers"), key=int)
    here.demo.change("customers", USER, old, {"LASTORDERDATE": latest + timedelta(days=1), "ORDERCOUNTACT": 77})
    finished = await here.sync("customers", Scope.NEW)
    assert (finished.outcome, finished.added, finished.changed) == (Outcome.COMPLETED, FAST_PAGE_SIZE + 2, 1)
    assert (await here.rows("customers"))[old]["orders_this_year"] == 77


async def test_a_page_that_repeats_the_new_customers_of_the_one_before_ends_no_sort(here: World) -> None:
    """A full page of customers is added while the first page is read."""
    await here.sync("customers")
    never = {"LASTORDERDATE": None}  # not shown by the second sort
    numbers = range(FAST_PAGE_SIZE + 5)
    first = [here.demo.insert("customers", USER, NAME=f"Nuovo {number}", **never) for number in numbers]
    control = here.control("customers", Scope.NEW)

    def slide(progress: Progress) -> None:
        if progress.page == 1:
            control.on_progress = None
            for number in range(FAST_PAGE_SIZE):
                here.demo.insert("customers", USER, NAME=f"Ancora {number}", **never)

    control.on_progress = slide
    await here.runner(control)
    assert set(first) <= set(await here.rows("customers"))


@pytest.mark.parametrize(
    ("shown", "by_key", "there"),
    [
        ("", True, True),
        ("abcd", True, False),
        ("abc", True, True),
        ("", False, True),
        ("abcd", False, False),
        ("ab", False, True),
        ("abc", False, False),
        ("d", False, False),
    ],
)
def test_where_a_fast_read_has_reached_known_rows(shown: str, by_key: bool, there: bool) -> None:
    """Rule 12: rows already found as new do not prove that no more new ones follow."""
    page: dict[str, Row] = {key: {} for key in "abcd"}
    assert reached(page, set(), set(shown), by_key=by_key) is there
    assert not reached(page, {"d"}, set(shown), by_key=by_key)
    assert not reached({}, set(), set(shown), by_key=by_key)


async def test_a_fast_read_falls_back_to_the_whole_list_where_sorting_has_no_effect(here: World) -> None:
    await here.sync("customers")
    here.demo.fault("sort-ignored", list="customers")
    here.demo.insert("customers", USER, NAME="Studio Nuovo")
    finished = await here.sync("customers", Scope.NEW)
    assert finished.added == 1
    assert any(warning_parts(text)[0] == "sort-ignored" for text in finished.warnings)


async def test_a_fast_read_with_too_many_new_rows_falls_back_to_the_whole_list_with_a_reason(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_rows, "FAST_PAGES", 1)
    await here.sync("customers")
    for number in range(FAST_PAGE_SIZE + 1):
        here.demo.insert("customers", USER, NAME=f"Nuovo {number}")
    finished = await here.sync("customers", Scope.NEW)
    assert (finished.whole, finished.added) == (True, FAST_PAGE_SIZE + 1)
    told = {warning_parts(text)[0] for text in finished.warnings}
    assert "fast-read-long" in told
    assert "sort-ignored" not in told, "the list was sorted"


async def test_one_customer_is_read_from_its_detail_page(here: World) -> None:
    await here.sync("customers")
    key = sorted(here.truth("customers"))[20]
    here.demo.change("customers", USER, key, {"PHONE": "+390810009999"})
    before = (await here.rows("customers"))[key]
    finished = await here.sync("customers", Scope.ONE, key)
    assert (finished.rows, finished.changed) == (1, 1)
    assert (await here.rows("customers"))[key] == {**before, "phone": "+390810009999"}


async def test_a_record_that_is_not_in_the_accounts_own_list_is_not_opened(here: World) -> None:
    await here.sync("customers")
    others = {str(row["ID"]) for row in here.demo.rows("customers", "agente02")} - here.truth("customers")
    here.demo.reset_counters()
    for key in (min(others - {"0"}), "999999999"):
        with pytest.raises(SyncFailure) as caught:
            await here.sync("customers", Scope.ONE, key)
        assert caught.value.code == "no-such-record"
    assert not here.demo.actions, "the ERP received a call"


async def test_a_corrupt_customer_does_not_affect_others(here: World) -> None:
    await here.sync("customers")
    with pytest.raises(SyncFailure) as caught:
        await here.sync("customers", Scope.ONE, here.demo.corrupt_customer(USER))
    assert caught.value.code == "record-unreadable"
    assert (await here.sync("customers")).outcome is Outcome.COMPLETED


async def test_refused_credentials_are_tried_once(tmp_path: Path) -> None:
    async with world(tmp_path, password="wrong") as here:
        with pytest.raises(SyncFailure) as caught:
            await here.sync("invoices")
        assert (caught.value.code, caught.value.kind) == ("login-refused", FailureKind.CREDENTIALS)
        assert [a.kind for a in here.demo.actions].count("login-failed") == 1
        with pytest.raises(SyncFailure, match="login-refused"):
            await here.runner.login_test(USER, "also wrong")
        await here.runner.login_test(USER, "demo")


async def test_a_password_is_tested_with_a_login_and_not_with_the_open_session(here: World) -> None:
    await here.sync("invoices")
    with pytest.raises(SyncFailure, match="login-refused"):
        await here.runner.login_test(USER, "wrong")


async def test_a_seventh_type_is_only_a_declaration(tmp_path: Path) -> None:
    async with world(tmp_path, entities=[*ENTITIES, SUPPLIERS]) as here:
        finished = await here.sync("suppliers")
        assert finished.outcome is Outcome.COMPLETED
        assert len(await here.rows("suppliers")) == len(here.demo.rows("ddt", USER))
        again = await here.sync("suppliers")
        assert (again.added, again.changed, again.gone) == (0, 0, 0)


async def test_an_erp_with_changing_data_can_be_read(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    demo = DemoErp(clock=DemoClock(moment), scale=0.05)
    async with world(tmp_path, demo=demo) as here:
        for name in ("customers", "orders"):
            for _ in range(2):
                finished = await here.sync(name)
                assert finished.outcome is Outcome.COMPLETED
                demo.clock.advance(timedelta(hours=5))
            await here.sync(name)
            living = [r for r in await here.everything(name) if r[4] is None and r[5] is None]
            assert {row[0] for row in living} == here.truth(name)


def test_only_customers_offer_the_quick_scopes() -> None:
    assert [e.name for e in ENTITIES if e.newest] == ["customers"] == [e.name for e in ENTITIES if e.spec.fast]
    assert replace(CUSTOMERS, newest=()).detail_path


async def test_a_second_login_elsewhere_costs_one_renewal(here: World) -> None:
    async def password(_: str) -> str:
        return "demo"

    here.demo.fault("second-login-ends-first")
    somebody = Erp(address=lambda: here.demo.base_url, password=password, limits=QUICK)
    intrusion: list[asyncio.Task[None]] = []

    def intrude(progress: object) -> None:
        if not intrusion and any(action.detail.startswith("orders PAGE ") for action in here.demo.actions):
            intrusion.append(asyncio.ensure_future(somebody.login_test(USER, "demo")))

    try:
        control = here.control("orders", on_progress=intrude)
        ended = await here.runner(control)
        await asyncio.gather(*intrusion)
        assert isinstance(ended, Finished)
        again = await here.sync("orders")
        assert (again.outcome, again.added, again.gone) == (Outcome.COMPLETED, 0, 0)
    finally:
        await somebody.close()
    assert set(await here.rows("orders")) == here.truth("orders")


async def test_the_view_of_a_suspended_read_is_restored_when_the_runner_closes(here: World) -> None:
    left = here.demo.get_preferences(USER, "orders")
    control = here.control("orders")
    control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
    await here.suspend(control)
    assert here.demo.get_preferences(USER, "orders") != left
    await here.runner.close()
    assert here.demo.get_preferences(USER, "orders") == left


async def test_a_fast_read_in_between_does_not_change_the_position_of_a_suspended_read(here: World) -> None:
    await here.sync("customers")
    left = here.demo.get_preferences(USER, "customers")
    control = here.control("customers")
    control.on_progress = lambda p: setattr(control, "suspend", p.page == 2)
    suspended = await here.suspend(control)
    fast = await here.sync("customers", Scope.NEW)
    assert fast.outcome is Outcome.COMPLETED
    assert here.demo.get_preferences(USER, "customers") == left
    control.resume, control.on_progress, control.suspend = suspended.state, None, False
    ended = await here.runner(control)
    assert isinstance(ended, Finished)
    assert ended.outcome is Outcome.COMPLETED, ended.warnings
    assert set(await here.rows("customers")) == here.truth("customers")
    assert here.demo.get_preferences(USER, "customers") == left


async def test_a_read_is_suspended_before_its_first_page_too(here: World) -> None:
    await here.sync("orders")
    here.demo.reset_counters()
    control = here.control("orders", on_progress=lambda p: setattr(control, "suspend", p.step == "filter"))
    suspended = await here.suspend(control)
    assert [action.kind for action in here.demo.actions] == ["page"], "not suspended after the first call"
    control.resume, control.on_progress, control.suspend = suspended.state, None, False
    ended = await here.runner(control)
    assert isinstance(ended, Finished)
    assert (ended.outcome, ended.changed) == (Outcome.COMPLETED, 0)
