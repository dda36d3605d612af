"""A pytest plugin that skips, on Windows and under Wine, the tests that cannot run there, each with its reason.

One table instead of a mark at each test shows at a glance which tests are missing on Windows. An entry that matches no
test fails the run.
"""

from __future__ import annotations

import sys

import pytest

from tests.support.wine import COMPLAINTS, under_wine

UNIX_SOCKET = "Unix sockets: the local channel is a loopback port on Windows"
FILE_MODE = "file modes: on Windows the folder's access list says who may read"
SIGNAL = "Unix signals"
CONSOLE = "console events: programs run without a console there"
OPEN_FILE = "moving a file that is open: Windows refuses it"
LINUX_LIBRARY = "jeepney, which is installed on Linux only"
RESOURCE = "the benchmarks, which measure with Unix' own module"
GIT = "git, which is not installed under Wine"
DENO = "deno beside Python, where pip cannot put it for another system"
OUTSIDE = "the browser's processes and downloads, which are outside of Wine"
LINUX_WHEEL = "Linux' wheel of psycopg, the only one that lists what it contains"
LOCALE = "LC_ALL and LANG: Windows has its own language setting"

NOT_ON_WINDOWS = {
    "tests/app/test_alone.py::test_where_no_socket_can_be_made_the_program_starts_nevertheless": UNIX_SOCKET,
    "tests/app/test_alone.py::test_no_read_starts_once_the_folder_was_replaced[lock]": OPEN_FILE,
    "tests/app/test_channel.py::test_a_silent_holder_is_given_up": UNIX_SOCKET,
    "tests/app/test_channel.py::test_a_process_of_another_user_is_refused": UNIX_SOCKET,
    "tests/app/test_channel.py::test_the_socket_of_another_user_is_not_trusted": UNIX_SOCKET,
    "tests/app/test_channel.py::test_the_user_of_the_peer_is_known_from_the_kernel": UNIX_SOCKET,
    "tests/app/test_channel.py::test_a_malformed_call_is_dropped_and_the_next_one_served": UNIX_SOCKET,
    "tests/app/test_channel.py::test_a_long_folder_name_still_gets_a_socket": UNIX_SOCKET,
    "tests/app/test_channel.py::test_a_socket_left_by_a_killed_holder_is_replaced": UNIX_SOCKET,
    "tests/app/test_hand_over.py::test_a_holder_that_does_not_answer_is_exit_code_75_and_a_message": UNIX_SOCKET,
    "tests/app/test_hand_over.py::test_progress_results_and_exit_code_are_those_of_the_holder": LOCALE,
    "tests/app/test_quitting.py::test_a_panel_that_does_not_end_is_exit_code_75_and_a_message": LOCALE,
    "tests/app/test_credentials.py::test_the_file_is_private_and_only_made_when_allowed": FILE_MODE,
    "tests/app/test_kept_sessions.py::test_a_session_is_restored_and_cannot_be_read_from_the_file": FILE_MODE,
    "tests/app/test_profile.py::test_a_disk_that_refuses_the_lock_is_one_message_and_an_exit_code[it_IT]": LOCALE,
    "tests/app/test_profile.py::test_a_folder_or_lock_that_was_replaced_is_noticed": OPEN_FILE,
    "tests/app/test_profile.py::test_rule_1_the_lock_dies_with_its_killed_holder": SIGNAL,
    "tests/e2e/test_first_light.py::test_ctrl_c_ends_a_sync_cleanly": SIGNAL,
    "tests/erp/test_saved_views.py::test_the_file_is_private": FILE_MODE,
    "tests/house/test_benchmark_runner.py::test_our_own_benchmarks_are_found": RESOURCE,
    "tests/house/test_contracts.py::test_everything_imported_is_a_declared_dependency": LINUX_LIBRARY,
    "tests/house/test_first_paint.py::test_the_list_names_modules_that_exist": LINUX_LIBRARY,
    "tests/store/test_store_damage.py::test_a_file_replaced_while_it_is_open_is_not_written": OPEN_FILE,
    "tests/packaging/test_release.py::test_what_the_wheels_say_of_themselves_is_in_the_list_of_parts": LINUX_WHEEL,
    "tests/test_messages.py::test_italian_on_an_italian_system[it_IT.UTF-8-it]": LOCALE,
}
"""Each test and why it cannot run; in brackets its parameters, or some of them."""

NOT_UNDER_WINE = {
    "tests/app/test_console.py::test_a_command_ends_at_ctrl_break": CONSOLE,
    "tests/e2e/test_order_form.py::test_drafts_are_deleted_printed_and_exported": OUTSIDE,
    "tests/e2e/test_order_form_drafts.py::test_json_has_the_drafts_that_are_not_shown_yet": OUTSIDE,
    "tests/e2e/test_order_form_drafts.py::test_a_draft_that_is_saved_while_all_are_read_is_not_missed": OUTSIDE,
    "tests/e2e/test_order_form_sessions.py::test_a_stopped_browser_loses_its_sessions_until_it_is_woken": OUTSIDE,
    "tests/erp/test_recovery.py::test_a_browser_that_has_grown_too_large_is_closed_between_reads": OUTSIDE,
    "tests/house/test_benchmark_runner.py::test_a_benchmark_that_breaks_is_named_and_the_others_run": GIT,
    "tests/house/test_benchmark_runner.py::test_results_are_shown_and_kept": GIT,
    "tests/house/test_contracts.py::test_nothing_in_the_tree_names_a_machine": GIT,
    "tests/packaging/test_release.py::test_only_what_git_has_is_built": GIT,
    "tests/web/test_types.py::test_the_pages_types_are_right": DENO,
}
"""Tests that pass on Windows and cannot pass under Wine, and why."""


def means(name: str, nodeid: str) -> bool:
    """Whether an entry of the tables names that test: the same function and, if the entry has any, the parameters."""
    function, _, parameters = name.partition("[")
    test, _, its = nodeid.partition("[")
    wanted, found = parameters.rstrip("]"), its.rstrip("]")
    return function == test and f"-{wanted}-" in (f"-{found}-" if wanted else "--")


def pytest_configure(config: pytest.Config) -> None:
    """Ignore the warnings that Qt writes because of what Wine lacks."""
    if under_wine():
        for complaint in COMPLAINTS:
            config.addinivalue_line("qt_log_ignore", complaint)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that the tables name."""
    if sys.platform != "win32":
        return
    table = NOT_ON_WINDOWS | (NOT_UNDER_WINE if under_wine() else {})
    used: set[str] = set()
    files = {item.nodeid.partition("::")[0] for item in items}
    for item in items:
        for name in (name for name in table if means(name, item.nodeid)):
            used.add(name)
            system = "on Windows" if name in NOT_ON_WINDOWS else "under Wine"
            item.add_marker(pytest.mark.skip(reason=f"not {system}: {table[name]}"))
    chosen = any("::" in argument for argument in config.args)
    gone = [name for name in table if name not in used and name.partition("::")[0] in files]
    if gone and not chosen and not config.option.keyword:
        raise pytest.UsageError(f"tests/support/windows.py names tests that do not exist: {gone}")
