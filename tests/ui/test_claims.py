"""What the panel claims is what it knows: a failure is over when the same was read, none means that somebody looked,
a time of another day has its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from panel_fakes import NOW, SILENT, run_record

from archisync_gui.model import Outcome, Scope
from archisync_gui.ui.live.failures import failure_spans, span_sentence
from archisync_gui.ui.text.i18n import clock, day

pytestmark = pytest.mark.qasync


# ------------------------------------------------------------------------------------------------------ failures


def test_a_failure_that_ended_on_another_day_says_on_which() -> None:
    bad = run_record("orders", NOW - timedelta(days=3), 30, outcome=Outcome.FAILED, error=SILENT)
    good = run_record("orders", NOW - timedelta(hours=1), 30)
    (span,) = failure_spans([bad, good])
    assert f"fine again at {day(NOW)}" in span_sentence(span, NOW)
    soon = run_record("orders", NOW - timedelta(days=3, minutes=-5), 30)
    (span,) = failure_spans([bad, soon])
    assert f"fine again at {clock(soon.ended or NOW)}" in span_sentence(span, NOW)


@pytest.mark.parametrize(("scope", "key"), [(Scope.NEW, None), (Scope.ONE, "7")])
def test_a_read_of_a_part_does_not_mend_the_whole_list(scope: Scope, key: str | None) -> None:
    def failed(minute: int) -> object:
        return run_record("orders", NOW + timedelta(minutes=minute), 30, outcome=Outcome.FAILED, error=SILENT)

    part = run_record("orders", NOW + timedelta(minutes=1), 3, scope=scope, key=key)
    (span,) = failure_spans([failed(0), part, failed(5)])  # type: ignore[list-item]
    assert (span.reads, span.over) == (2, None)
    whole = run_record("orders", NOW + timedelta(minutes=9), 30)
    (span,) = failure_spans([failed(0), part, whole])  # type: ignore[list-item]
    assert span.over == whole.ended
    bad_part = replace(part, outcome=Outcome.FAILED, error=SILENT)
    (span,) = failure_spans([bad_part, part])
    assert span.over == part.ended, "the same scope was read again"
