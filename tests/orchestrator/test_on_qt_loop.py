"""The orchestrator on Qt's loop: repeats scenarios that use every kind of waiting."""

from __future__ import annotations

import pytest

from tests.orchestrator import test_defects, test_first_light, test_rules

pytestmark = pytest.mark.qasync


@pytest.mark.parametrize(
    "walk",
    [
        test_first_light.test_a_form_suspends_products_and_products_goes_on_afterwards,
        test_defects.test_s2_a_second_tab_waits_for_the_read_under_way,
        test_defects.test_s9_a_hung_read_answers_pending_and_is_cancelled_at_last,
        test_defects.test_h2_transient_failures_are_tried_again_outside_the_lock,
        test_defects.test_x6_closing_stops_in_order,
        test_rules.test_a_suspended_run_that_is_old_starts_over,
        test_rules.test_each_attempt_leaves_a_row_written_before_its_run_starts_and_before_its_ticket_resolves,
    ],
    ids=lambda walk: walk.__name__,
)
async def test_under_qasync(walk: object) -> None:
    """Rules 1, 2, 5, 12, 19, 21, 24, 27 on Qt's loop."""
    await walk()  # type: ignore[operator]
