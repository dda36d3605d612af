"""Complaints of users of similar programs, and for each one the tests that exclude it here.

The numbers are those of the forty complaints on which the panel's design was based; the first text of each entry
describes the complaint. Tests that are in no other file are below the table.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from panel_fakes import NOW, SILENT, MakePanel, World, ago, busy, calm, run_record
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPlainTextEdit, QSystemTrayIcon

import archisync_gui.ui
from archisync_gui.model import EventKind, Outcome, Reason
from archisync_gui.settings import DECLARATIONS
from archisync_gui.ui.dialogs.run_details import RunDetails
from archisync_gui.ui.shell.tray import CHECK_DELAYS
from archisync_gui.ui.system.notify import Policy
from archisync_gui.ui.text import status_words
from tests.support.events import an_event
from tests.support.waiting import until

TESTS = Path(__file__).parent.parent

COMPLAINTS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "no tray icon on GNOME, so no program",
        ("test_closing_without_tray_minimises_with_a_message",),
    ),
    2: (
        "the icon is the only way in",
        (
            "test_hidden_start_without_tray_is_minimised",
            "test_the_order_form_opens_without_a_tray",
        ),
    ),
    3: (
        "a white box when started at login",
        (
            "test_3_and_4_the_panel_waits_for_a_late_tray",
            "test_icons_are_drawn",
        ),
    ),
    4: (
        "starts before the tray and gives up",
        (
            "test_3_and_4_the_panel_waits_for_a_late_tray",
            "test_a_tray_that_appeared_after_the_search_is_found_at_the_next_close",
        ),
    ),
    5: (
        "no tray: at least show a window",
        ("test_hidden_start_without_tray_is_minimised",),
    ),
    6: (
        "popups cannot be placed under Wayland",
        ("test_6_everything_opens_as_an_ordinary_window",),
    ),
    7: (
        "the tray's menu needs a parent; messages cannot be closed",
        (
            "test_7_and_10_the_position_of_the_trays_menu_is_left_to_the_system",
            "test_a_notification_replaces_the_older_one_of_its_condition",
        ),
    ),
    8: (
        "dark icon on a dark panel",
        ("test_icons_are_visible_on_dark_and_light_panels",),
    ),
    9: (
        "a generic icon in the task bar",
        ("test_9_windows_belong_to_the_desktop_entry",),
    ),
    10: (
        "the tray's menu in the wrong corner",
        ("test_7_and_10_the_position_of_the_trays_menu_is_left_to_the_system",),
    ),
    11: (
        "deadlock: events pumped while a lock is held",
        ("test_11_no_code_calls_process_events",),
    ),
    12: (
        "hangs on Cancel",
        (
            "test_cancel_hold_release_and_their_texts",
            "test_12_to_14_no_action_waits_for_a_run",
        ),
    ),
    13: (
        "frozen while something is set up; never notices the end",
        (
            "test_the_first_paint_does_not_wait_for_services",
            "test_progress_reaches_the_header",
        ),
    ),
    14: (
        "each menu action is a blocking call",
        ("test_12_to_14_no_action_waits_for_a_run",),
    ),
    15: (
        "many rows block the window",
        (
            "test_a_hundred_thousand_rows_are_read_in_pages",
            "test_only_changes_are_signalled",
        ),
    ),
    16: (
        "one popup per failed attempt",
        (
            "test_a_failure_is_notified_once_then_with_back_off_and_then_resolved",
            "test_a_condition_that_alternates_is_notified_once_in_ten_minutes",
        ),
    ),
    17: (
        "popups ignore the off switch",
        (
            "test_levels_can_be_turned_off",
            "test_a_refused_password_has_a_level_of_its_own",
        ),
    ),
    18: (
        "a full disk makes 5000 popups",
        (
            "test_an_erp_that_does_not_answer_is_one_message_not_six",
            "test_18_a_full_disk_is_a_headline_and_no_popup",
        ),
    ),
    19: (
        "only problems, please; an expected skip is no failure",
        (
            "test_levels_can_be_turned_off",
            "test_19_a_skipped_run_is_no_failure",
        ),
    ),
    20: (
        "notifications silently stopped",
        (
            "test_a_notification_service_that_dies_is_replaced_by_the_tray",
            "test_conditions_from_before_notifications_worked_are_notified_once_they_do",
            "test_notifications_are_shown_after_quiet_hours",
        ),
    ),
    21: (
        "a badge that cannot be found or dismissed",
        (
            "test_trouble_names_the_button_that_helps",
            "test_21_the_window_names_everything_that_the_tray_shows",
        ),
    ),
    22: (
        "'disconnected' after every hibernation",
        (
            "test_22_a_sleep_is_no_notification",
            "test_a_computer_that_wakes_counts_as_awake_only_with_a_network",
        ),
    ),
    23: (
        "runs missed for days without a word",
        (
            "test_after_a_sleep_the_panel_shows_missed_reads_and_offers_to_read",
            "test_misses_of_earlier_starts_are_read_from_the_stored_events",
        ),
    ),
    24: (
        "catch-up before the network is back",
        (
            "test_the_wait_for_a_late_network_is_limited",
            "test_without_network_the_schedule_waits_and_is_made_up_once",
        ),
    ),
    25: (
        "'none scheduled' while it is paused after an error",
        (
            "test_after_three_failures_the_schedule_backs_off_and_says_so",
            "test_every_reason_has_words",
        ),
    ),
    26: (
        "a fixed time that only ever runs as catch-up",
        (
            "test_the_daily_read_is_six_ordinary_requests_made_up_once",
            "test_noon_is_noon_across_the_change_of_clocks",
        ),
    ),
    27: (
        "ten weeks without a run and without a word",
        (
            "test_each_state_has_its_headline",
            "test_there_is_a_reminder_of_a_long_hold",
            "test_27_a_list_that_becomes_late_is_shown_in_the_tray",
        ),
    ),
    28: (
        "a stale lock after a crash",
        (
            "test_rule_1_the_lock_dies_with_its_killed_holder",
            "test_rule_1_a_stale_lock_file_does_not_block_a_start",
        ),
    ),
    29: (
        "idle while the lock is held; syncing for ever",
        (
            "test_watchdog_deadline_and_long_steps",
            "test_a_runner_that_ignores_its_end_does_not_keep_close_waiting_for_ever",
        ),
    ),
    30: (
        "one server error pauses everything until a person resumes it",
        (
            "test_after_three_failures_the_schedule_backs_off_and_says_so",
            "test_any_other_failed_login_gets_one_more_try_later",
        ),
    ),
    31: (
        "'processing' after a restart; cancel does not stick",
        (
            "test_a_run_found_open_at_a_start_is_interrupted_and_read_again",
            "test_cancel_ends_a_run_only_when_it_has_no_other_asker",
        ),
    ),
    32: (
        "two instances; a busy one is taken for dead",
        (
            "test_a_day_with_the_panel",
            "test_rule_1_one_process_holds_a_profile",
            "test_switching_on_and_off",
            "test_a_silent_holder_is_given_up",
        ),
    ),
    33: (
        "the log is not reachable from the row",
        (
            "test_log_lines_of_one_run_only",
            "test_a_failure_in_back_off_opens_its_run",
        ),
    ),
    34: (
        "the error is cut off and cannot be copied",
        (
            "test_34_an_error_is_shown_completely_and_can_be_copied",
            "test_log_filters_and_stays_bounded",
        ),
    ),
    35: (
        "busy while paused",
        (
            "test_no_timer_runs_while_hidden",
            "test_nothing_ticks_while_hidden",
        ),
    ),
    36: (
        "an interval of 0 polls without end",
        ("test_36_zero_means_off",),
    ),
    37: (
        "lists refreshed in a hidden window",
        ("test_a_hidden_window_fills_no_table_and_is_updated_when_shown",),
    ),
    38: (
        "DNS rebinding",
        (
            "test_another_host_is_a_rebound_name",
            "test_loopback_names_are_served",
        ),
    ),
    39: (
        "checks that break scripts; unexplained refusals",
        (
            "test_a_program_has_no_origin",
            "test_every_closed_route_needs_a_token",
        ),
    ),
    40: (
        "filters lost by opening a row; one state at a time",
        (
            "test_filters_survive_opening_a_row",
            "test_history_shows_all_failures_and_keeps_the_loaded_pages",
        ),
    ),
}


def test_every_complaint_has_its_tests() -> None:
    assert list(COMPLAINTS) == list(range(1, 41))
    sources = "".join(file.read_text(encoding="utf-8") for file in TESTS.glob("*/test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    for number, (_, tests) in COMPLAINTS.items():
        assert tests, number
        assert set(tests) <= there, number


@pytest.mark.qasync
async def test_3_and_4_the_panel_waits_for_a_late_tray(make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = await make_panel()
    tray = panel.tray
    assert tray._check_timer.isActive()  # none yet: it looks again, for two minutes after the start
    assert sum(CHECK_DELAYS) >= 120
    shown: list[bool] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(tray.icon, "show", lambda: shown.append(True))
    tray.appeared.connect(lambda: shown.append(False))
    tray._check_timer.timeout.emit()
    assert shown == [True, False]
    assert not tray.icon.icon().isNull()
    tray._check_timer.stop()


@pytest.mark.qasync
async def test_6_everything_opens_as_an_ordinary_window(make_panel: MakePanel) -> None:
    panel = await make_panel()
    for place in ("why", "sessions", "first-run"):
        panel.open(place)
    kinds = {d.windowType() for d in panel.dialogs.open_now.values()}
    assert kinds == {Qt.WindowType.Dialog}
    assert panel.window.windowType() is Qt.WindowType.Window
    assert all(d.parent() is panel.window for d in panel.dialogs.open_now.values())


@pytest.mark.qasync
async def test_7_and_10_the_position_of_the_trays_menu_is_left_to_the_system(make_panel: MakePanel) -> None:
    panel = await make_panel()
    assert panel.tray.icon.contextMenu() is panel.tray.menu
    panel.window.hide()
    panel.tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert panel.window.isVisible()  # a click opens the window, not a popup of ours


def test_9_windows_belong_to_the_desktop_entry(qapp: QApplication) -> None:
    entry = TESTS.parent / "packaging" / f"{_desktop_file()}.desktop"
    assert "Icon=" in entry.read_text(encoding="utf-8")


def _desktop_file() -> str:
    source = (Path(archisync_gui.ui.__path__[0]) / "system" / "application.py").read_text(encoding="utf-8")
    found = re.search(r'setDesktopFileName\("([^"]+)"\)', source)
    assert found is not None
    return found[1]


def test_11_no_code_calls_process_events() -> None:
    pumping = re.compile(r"processEvents\(|\bexec_?\(|QEventLoop\(|run_until_complete\(|time\.sleep\(")
    # session_end.py is an exception: Windows waits for one callback of Qt, in which the panel has to end.
    exempt = {"loop.py", "session_end.py"}
    files = [f for f in Path(archisync_gui.ui.__path__[0]).rglob("*.py") if f.name not in exempt]
    assert files
    assert [f.name for f in files if pumping.search(f.read_text(encoding="utf-8"))] == []


@pytest.mark.qasync
async def test_12_to_14_no_action_waits_for_a_run(make_panel: MakePanel, world: World) -> None:
    """The run never ends and no event arrives; every action has reached the orchestrator before its click returns."""
    world.orchestrator.status = busy()
    panel = await make_panel()
    panel.context.cancel()
    panel.context.hold()
    panel.context.end_sessions()
    panel.context.sync_all()
    panel.context.release()
    names = [name for name, _ in world.orchestrator.calls]
    assert names == ["cancel_run", "hold", "end_sessions", "request_full", "release"]


def test_18_a_full_disk_is_a_headline_and_no_popup() -> None:
    full = dataclasses.replace(calm(), journal_error=SILENT)
    assert status_words.headline(full, NOW).title == "The archive cannot be written"
    assert Policy().of_status(full, NOW, World().settings) == []


def test_19_a_skipped_run_is_no_failure() -> None:
    status = calm()
    accounts = tuple(
        dataclasses.replace(a, last_outcome=Outcome.SKIPPED) for t in status.statuses.values() for a in t.accounts
    )
    for item in accounts:
        part = dataclasses.replace(status.statuses[item.type], accounts=(item,))
        status = dataclasses.replace(status, statuses={**status.statuses, item.type: part})
    assert Policy().of_status(status, NOW, World().settings) == []
    assert status_words.headline(status, NOW).kind == "fresh"


@pytest.mark.qasync
async def test_21_the_window_names_everything_that_the_tray_shows(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    account = dataclasses.replace(calm().accounts[0], stopped=SILENT)
    for status in (
        calm(),
        dataclasses.replace(calm(), hold_since=ago(minutes=3)),
        dataclasses.replace(calm(), accounts=(account,)),
        dataclasses.replace(calm(), accounts=()),
    ):
        world.orchestrator.become(status)
        await until(lambda status=status: panel.context.status is status)  # type: ignore[misc]
        assert panel.tray.icon.toolTip() == f"Archisync [DEMO]: {panel.window.header.title.text()}"
        assert panel.tray._kind[0] == status_words.headline(status, NOW).kind


def test_22_a_sleep_is_no_notification() -> None:
    missed = {"missed": [{"type": "orders", "account": "a", "due": NOW.isoformat(), "last": NOW.isoformat(),
                          "count": 1, "reason": Reason.ASLEEP.value}]}  # fmt: skip
    told = Policy().of_events([an_event(EventKind.SCHEDULE_MISSED, "b", 1, NOW, missed)], NOW, World().settings)
    assert told == []


@pytest.mark.qasync
async def test_27_a_list_that_becomes_late_is_shown_in_the_tray(make_panel: MakePanel, world: World) -> None:
    from archisync_gui.model import Freshness

    panel = await make_panel()
    status = calm()
    late = {
        name: dataclasses.replace(
            part,
            freshness=Freshness.LATE,
            accounts=tuple(dataclasses.replace(a, freshness=Freshness.LATE) for a in part.accounts),
        )
        for name, part in status.statuses.items()
    }
    world.orchestrator.become(dataclasses.replace(status, statuses=late))
    await until(lambda: panel.tray._kind[0] == "late")
    assert panel.tray.icon.toolTip() == "Archisync [DEMO]: 6 lists late"


@pytest.mark.qasync
async def test_34_an_error_is_shown_completely_and_can_be_copied(make_panel: MakePanel) -> None:
    panel = await make_panel()
    message = "Timeout 30000 ms exceeded. " * 40
    error = dataclasses.replace(SILENT, message=message, stack="Traceback (most recent call last):\n  deep inside")
    dialog = RunDetails(panel.context, run_record("orders", ago(minutes=5), 9, outcome=Outcome.FAILED, error=error))
    technical = next(t for t in dialog.findChildren(QPlainTextEdit) if "deep inside" in t.toPlainText())
    assert message in technical.toPlainText()
    selectable = [w for w in dialog.findChildren(QLabel) if w.textInteractionFlags() & Qt.TextSelectableByMouse]
    assert len(selectable) > 5
    dialog.copy.click()
    copied = QApplication.clipboard().text()
    assert message.strip() in copied
    assert "deep inside" in copied
    assert isinstance(dialog, QDialog)
    dialog.close()


def test_36_zero_means_off() -> None:
    intervals = [d for d in DECLARATIONS if d.key.endswith(".interval")]
    assert len(intervals) == 6
    assert all(d.off and d.low >= 5 for d in intervals)
