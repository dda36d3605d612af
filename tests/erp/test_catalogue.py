"""Bugs of earlier programs that read this ERP: for each one the tests that would find it here, or why it is impossible.

The orchestrator's own catalogue is in ``tests/orchestrator/test_defects.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archisync_gui.entities import ENTITIES, INVOICES, ORDERS, PRICES
from archisync_gui.store.schema import data_table
from tests.syncs.erp_harness import USER, world

pytestmark = pytest.mark.one_browser

TESTS = Path(__file__).parents[1]

NO_WRITES = "Archisync never writes to the ERP, so nothing has to pre-empt a read for a write"
NO_PDF = "lists are read from the grid; nothing is exported, and no PDF is parsed"

CATALOGUE: dict[str, tuple[str, ...] | str] = {
    # --- queues and locks
    "syncs die because the scheduler's own user has no password": ("test_u1", "test_u2"),
    "rows stored under the scheduler's id are invisible": (
        "test_accounts_never_see_each_others_rows",
        "test_shared_rows_are_stored_once_whoever_reads_them",
    ),
    "a forced stop leaves the lock held": ("test_m4", "test_u13"),
    "a reset under a wrong name resets nothing": "one immutable state of typed fields; none is named by a text",
    "a run that no longer exists holds the lock": ("test_b1", "test_watchdog_deadline_and_long_steps"),
    "a pause that was not awaited is overtaken by its resume": ("test_c5", "test_s7"),
    "nested pauses cancel each other": ("test_c1", "test_c2", "test_c4"),
    "a sync slips in while a form opens": ("test_m1", "test_m2", "test_m3"),
    "opening a session stops every timer": ("test_l4", "test_every_rule_holds_under_attack"),
    "restarting the schedule without intervals fails": ("test_a_changed_interval_changes_no_other_and_is_kept",),
    "types asked for at once starve each other": ("test_q9", "test_q10"),
    "a type always fails because another holds its account": ("test_x4",),
    "requeueing without delay or cap": ("test_h2", "test_after_three_failures_the_schedule_backs_off_and_says_so"),
    "a write never pre-empts a read": NO_WRITES,
    "a finished job's id keeps it from ever running again": ("test_q8", "test_p3"),
    "a slow run is taken for dead and run twice": ("test_watchdog_deadline_and_long_steps", "test_u13"),
    "two schedulers ask for the same": ("test_x1", "test_rule_1_one_process_holds_a_profile"),
    "two loops serve one queue": ("test_every_rule_holds_under_attack", "test_the_dispatcher_survives_an_error"),
    "a run uses another account's credentials": ("test_s6", "test_q4"),
    "the dispatcher spins": ("test_a_short_soak",),
    "what is stopped is asked for again and again and floods the log": (
        "test_credentials_refused_stop_the_account_until_the_operator_acts",
    ),
    "paused by the operator, yet syncs start": ("test_hold_ends_the_active_run_and_the_schedule_asks_again",),
    "one bad query ends every tick of the scheduler": ("test_the_dispatcher_survives_an_error", "test_u3"),
    "hundreds of requests at once": ("test_p3", "test_every_rule_holds_under_attack"),
    "being pre-empted is taken for a crash": ("test_a_form_suspends_products_and_products_goes_on_afterwards",),
    "runs of a crashed process stay open": ("test_a_run_found_open_at_a_start_is_interrupted_and_read_again",),
    "a failure that is returned counts as success": ("test_s4", "test_refused_credentials_are_tried_once"),
    "an error of the idle database ends the process": ("test_runs_meet_a_disk_that_cannot_be_written",),
    "database files appear in whatever folder the process runs in": (
        "test_a_name_cannot_lead_out_of_the_profiles_folder",
    ),
    # --- browser and session
    "the browser is never started after a rework": ("test_lists_are_read_and_a_second_run_changes_nothing",),
    "two tasks use one session": (
        "test_a_fast_read_in_between_does_not_change_the_position_of_a_suspended_read",
        "test_fault_table",
    ),
    "a broken page is handed out as healthy": ("test_killed_at_random_the_data_are_those_of_a_complete_run",),
    "closing one context kills another's page": ("test_two_accounts_have_a_page_each_and_no_more",),
    "pages are kept alive and eat the memory": ("test_two_accounts_have_a_page_each_and_no_more",),
    "a new page blocks after the login's was closed": ("test_two_accounts_have_a_page_each_and_no_more",),
    "counters of browser slots leak": "there are no slots: one browser, one page per account, one list open at a time",
    "a deliberate close starts a new browser": (
        "test_closing_leaves_no_process_and_no_profile",
        "test_the_browser_closes_when_nothing_was_due_for_long",
    ),
    "the session expires between runs": (
        "test_an_expired_session_is_renewed_in_the_middle_of_a_read",
        "test_a_session_that_expires_twice_is_a_failure",
    ),
    "any password is accepted in a logged-in session": (
        "test_a_password_is_tested_with_a_login_and_not_with_the_open_session",
    ),
    "a login counts as done though it was not": ("test_fault_table", "test_wrong_and_empty_logins_stay"),
    "so many logins that the address gets blocked": (
        "test_the_login_budget_stops_schedule_and_retries_but_never_the_operator",
        "test_a_restart_within_the_limit_needs_no_login",
        "test_a_browser_that_died_does_not_cost_a_login",
    ),
    "many tracking pages exhaust the browser": "the couriers' pages are never opened; a link is only made",
    "another task takes the page in the middle": (
        "test_a_second_login_elsewhere_costs_one_renewal",
        "test_fault_table",
    ),
    "scripts faster than the server freeze the grid": ("test_fault_table", "test_killed_at_random_moments"),
    # --- reading and data
    "the toolbar moved, a button is gone": (
        "test_fault_table",
        "test_the_toolbar_is_folded_at_page_load_below_1300_pixels",
    ),
    "a wrong filter, a partial list, a mass deletion": (
        "test_fault_table",
        "test_the_preset_is_found_by_family_and_ending_not_by_place_or_prefix",
        "test_the_users_filters_are_cleared_and_restored",
    ),
    "cells are empty after a filter change": ("test_fault_table", "test_a_column_that_emptied_is_refused"),
    "the ERP is left on the last page": (
        "test_the_view_is_restored_after_a_failure",
        "test_killed_at_random_moments",
        "test_the_next_process_restores_at_its_first_visit_of_any_list",
    ),
    "the number of PDF pages per cycle changes": NO_PDF,
    "one bad PDF cycle spoils the file": NO_PDF,
    "captions collide, columns are skipped, names hold line ends": ("test_pages_from_the_description", "test_column"),
    "Italian numbers are misread": ("test_amounts_round_trip", "test_another_notation_is_not_guessed"),
    "day and month are swapped": ("test_dates_round_trip", "test_another_notation_is_not_guessed", "test_fault_table"),
    "one id in four spellings": ("test_ids_round_trip", "test_examples_of_the_reference"),
    "a hash over few fields misses changes, over too many finds some everywhere": (
        "test_delta_holds_the_data_rules",
        "test_lists_are_read_and_a_second_run_changes_nothing",
    ),
    "empty cells overwrite what was known": (
        "test_a_sticky_field_turns_blank_only_after_two_clean_whole_reads",
        "test_hidden_columns_and_unreadable_cells_are_left_out",
    ),
    "drafts without number overwrite each other": ("test_drafts_and_reused_numbers_are_rows_of_their_own",),
    "the same number comes back with another id": ("test_drafts_and_reused_numbers_are_rows_of_their_own",),
    "one agent's clean-up removes another's rows": ("test_accounts_never_see_each_others_rows",),
    "foreign keys keep rows from being removed": ("test_no_list_depends_on_another",),
    "a cut list deletes thousands": (
        "test_fault_table",
        "test_a_row_absent_once_is_missing_absent_twice_is_gone_and_is_revived_when_it_returns",
        "test_reading_while_the_world_moves",
    ),
    "only the first hundred rows are read": ("test_six_lists_are_read_whole_and_a_second_time_nothing_changes",),
    "a row without a key drops the list": (
        "test_garbage_goes_before_keys",
        "test_garbage_is_counted_and_shown",
    ),
    "records that come back are not told": ("test_rows_that_vanish_are_missing_then_gone_and_come_back",),
    "references to back orders pass for delivery notes": ("test_garbage_goes_before_keys",),
}


def test_each_of_the_65_bugs_has_its_tests_or_a_reason() -> None:
    assert len(CATALOGUE) == 65
    sources = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    names = re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE)
    for bug, answer in CATALOGUE.items():
        for test in answer if isinstance(answer, tuple) else ():
            there = test in names or any(name.startswith(f"{test}_") for name in names)
            assert there, f"{bug}: there is no {test}"


async def test_two_accounts_have_a_page_each_and_no_more(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for account in (USER, "agente02"):
            for entity in (ORDERS, INVOICES, PRICES):
                async with here.erp.list(entity, account, (), lambda: None) as visit:
                    await visit.list.prepare(20)
        contexts = here.erp._browser._contexts
        assert {account: len(context.pages) for account, context in contexts.items()} == {USER: 1, "agente02": 1}


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_no_list_depends_on_another(entity: object) -> None:
    assert not data_table(entity).foreign_keys  # type: ignore[arg-type]


async def test_drafts_and_reused_numbers_are_rows_of_their_own(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        orders = here.demo.rows("orders", USER)
        numbered = [str(row["ID"]) for row in orders if row["SALESID"]][:4]
        for key in numbered[:2]:
            here.demo.change("orders", USER, key, {"SALESID": None})
        for key in numbered[2:]:
            here.demo.change("orders", USER, key, {"SALESID": "ORD/25000001"})
        await here.sync("orders")
        rows = await here.rows("orders")
        assert rows.keys() == here.truth("orders")
        assert [rows[key]["order_number"] for key in numbered] == [None, None, "ORD/25000001", "ORD/25000001"]
