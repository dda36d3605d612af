"""Each fact learned from the ERP's own pages (``docs/erp.md``), and the tests that depend on it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "erp.md"

HELD_BY: dict[str, tuple[str, ...]] = {
    "F1 an empty editor shows its null text as its value": ("null_texts_are_no_filters",),
    "F2 setting a preset's value tells the server nothing": (
        "a_preset_is_chosen_as_a_person_does",
        "a_choice_that_nothing_proves_is_refused",
        "test_the_page_scripts_know_a_closed_set_of_acts",
    ),
    "F3 digits in control ids count": (
        "a_preset_with_another_digit_in_its_id_is_chosen",
        "null_texts_are_no_filters",
    ),
    "F4 options come with the opened list, the callback is another control's": (
        "a_preset_is_chosen_as_a_person_does",
        "test_views_in_some_variations",
    ),
    "F5 scripts and file cells are no paint": ("a_script_in_a_command_cell_is_no_paint", "a_file_cell_is_no_paint"),
    "F6 counts do not tell which cell is which": (
        "an_indent_cell_shifts_no_field",
        "headers_in_a_table_of_their_own_are_found",
        "a_grouped_column_without_a_cell_shifts_no_field",
        "several_header_rows_are_refused_by_name",
        "columns_without_visible_index_are_mapped",
    ),
    "F7 yes and no are images": (
        "check_boxes_are_read_from_their_images",
        "test_both_ways_read_equal_records",
        "test_both_forms_of_yes_and_no_are_recognised",
    ),
    "F8 C9 column dialog": (
        "the_column_dialog_is_never_opened",
        "test_no_script_or_module_knows_the_column_dialog",
    ),
    "F10 the filter builder": (
        "a_filter_of_the_filter_builder_is_refused",
        "test_both_forms_of_the_filter_bar_are_recognised",
    ),
    "F11 the size box does not tell the size": (
        "a_page_size_that_is_not_offered_is_known_as_ignored",
        "the_size_all_can_be_restored",
    ),
    "F12 a row filter's text is not its value": (
        "a_date_filter_is_kept_as_the_value_of_its_control",
        "test_a_view_that_cannot_be_restored_is_refused_and_not_changed",
    ),
    "F13 rows that are no rows": (
        "rows_of_a_nested_grid_are_not_counted",
        "the_pager_and_search_box_of_a_nested_grid_are_not_the_lists",
        "a_template_row_is_not_counted",
        "a_control_whose_table_is_gone_is_not_the_grid",
        "a_footer_with_other_separators_is_not_read_as_one",
    ),
    "C1 required columns are hidden": (
        "test_a_fresh_profile_reads_all_lists_with_every_declared_field",
        "test_a_fresh_profile_reads_all_lists_complete_and_leaves_every_view_as_it_was",
    ),
    "C2 the user's columns stay": ("test_views_are_exactly_as_before_a_read",),
    "C3 a detail page opens for any id": (
        "test_a_customer_that_is_not_the_accounts_own_is_not_read",
        "test_a_page_of_another_record_is_refused",
    ),
    "C4 an order's own invoiced": ("test_order_states",),
    "C5 CLOSED is a date": ("test_pages_from_the_description", "test_each_fact_has_a_text_in_both_languages"),
    "C6 orders come sorted by creation": ("test_views_are_exactly_as_before_a_read",),
    "C8 two notations of detail ids": (
        "test_a_detail_page_has_the_values_of_the_list",
        "test_a_short_name_shared_by_two_fields_is_not_used",
    ),
    "C10 words are learned from the page": (
        "test_words_are_learned_from_the_page",
        "test_an_unknown_word_is_kept_and_shown",
        "test_every_declared_word_means_the_same_by_value_and_by_cell",
    ),
    "C11 no record depends on the session's language": (
        "test_the_browser_asks_for_italian_in_three_ways",
        "test_a_session_in_another_language_gives_the_same_records",
        "test_cells_of_another_language_are_not_compared",
    ),
    "C12 single values come one at a time": ("test_no_read_asks_for_single_values",),
    "C14 amounts without sign": ("test_both_forms_of_amounts_are_recognised", "test_examples_of_the_reference"),
    "C15 an empty login": ("test_a_wrong_password_is_refused_and_an_empty_one_is_not",),
    "2 values first, keys as the check": (
        "test_values_that_fail_are_named_and_the_cells_are_read",
        "test_a_transient_fault_of_the_first_values_does_not_decide_the_way",
        "test_both_ways_read_equal_records",
    ),
    "4 the version is noted": ("test_with_a_new_version_of_the_erp_the_way_is_tried_anew",),
    "4 a killed process restores later": ("test_the_next_process_restores_at_its_first_visit_of_any_list",),
    "4 what the user changed meanwhile stays": (
        "test_later_choices_of_the_user_are_kept",
        "test_changes_of_the_user_are_kept_in_the_same_process_too",
    ),
    "4 a draft's natural key changes once": ("test_a_draft_that_is_sent_stays_one_record_with_its_history",),
}


def test_the_tests_named_for_each_fact_exist() -> None:
    named = set()
    for file in TESTS.rglob("test_*.py"):
        named |= set(re.findall(r"^(?:async )?def (\w+)", file.read_text("utf-8"), re.MULTILINE))
    missing = {thing: [name for name in names if name not in named] for thing, names in HELD_BY.items()}
    assert not {thing: names for thing, names in missing.items() if names}


def test_every_corrected_belief_of_the_document_has_a_test() -> None:
    """``docs/erp.md`` lists each number with a section of its own that exists."""
    text = DOCUMENT.read_text("utf-8")
    listed = dict(re.findall(r"^\| ([FC]\d+) \|.*\| ([^|]+) \|$", text, re.MULTILINE))
    named = {number for thing in HELD_BY for number in re.findall(r"^[FC]\d+|(?<= )C9(?= )", thing)}
    assert set(listed) == named
    headings = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    assert set(listed.values()) <= headings


def test_each_fact_of_the_document_has_its_mark() -> None:
    """A fact says whether it was seen or how else it is known; the behaviour of the code is described separately."""
    text = DOCUMENT.read_text("utf-8").partition("## Corrected beliefs")[0].partition("## Addresses")[2]
    facts = re.findall(r"^- (.+?)(?=^- |^\*Code\*|^#|\Z)", text, re.MULTILINE | re.DOTALL)
    marks = re.compile(r"[(:;,] ?(?:\w+ ){0,4}(?:seen|inferred|reported|assumed|documented)\b")
    assert len(facts) > 50
    assert [" ".join(fact.split())[:80] for fact in facts if not marks.search(fact)] == []
