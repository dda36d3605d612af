"""Events come through their JSON form whole, and what cannot be read is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archisync_gui.model import ErrorInfo, Event, EventKind, FailureKind, as_json, camel
from archisync_gui.model.events import KINDS, EventData, data_from, event_from, subject
from tests.support.events import an_event, data_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)

words = st.text(max_size=8)
moments = st.datetimes(timezones=st.just(UTC))
st.register_type_strategy(datetime, moments)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(ErrorInfo, st.builds(ErrorInfo, words, st.sampled_from(FailureKind), words))
data = st.sampled_from([*KINDS.values()]).flatmap(st.from_type)


@given(data, st.integers(0, 10**9), moments)
def test_an_event_comes_through_its_json_whole(said: EventData, revision: int, at: datetime) -> None:
    event = Event("boot", revision, at, said)
    assert event.kind is said.kind
    assert event_from(json.loads(json.dumps(as_json(event)))) == event


@given(data)
def test_what_a_later_version_adds_is_left_out(said: EventData) -> None:
    assert data_from(said.kind, {**as_json(said), "inventedLater": [1]}) == said


@pytest.mark.parametrize("kind", EventKind)
def test_what_an_earlier_version_did_not_say_has_its_default(kind: EventKind) -> None:
    said = data_of(kind)
    told = as_json(said)
    for field in dataclasses.fields(said):
        if field.default is not dataclasses.MISSING:
            del told[camel(field.name)]
    assert data_from(kind, told) == said


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("invented-later", {}),
        ("hold-changed", {}),
        ("hold-changed", {"hold": "yes"}),
        ("sync-completed", {"runId": "r"}),
        ("schedule-missed", {"missed": [{"type": "orders"}]}),
        ("schedule-missed", {"missed": {}}),
        ("queue-updated", {"waiting": "3"}),
    ],
)
def test_what_is_no_event_is_refused(kind: str, told: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        data_from(kind, told)


def test_the_later_of_two_events_with_one_subject_says_what_holds() -> None:
    run = {"type": "orders", "account": "anna"}
    first, second = (an_event(EventKind.SYNC_COMPLETED, "b", n, NOW, {**run, "runId": f"r{n}"}) for n in (1, 2))
    assert subject(first.data) == subject(second.data)
    other = an_event(EventKind.SYNC_COMPLETED, "b", 3, NOW, {"type": "orders", "account": "bruno"})
    assert subject(other.data) != subject(first.data)
    forms = [an_event(EventKind.SESSION_CLOSED, "b", n, NOW, {"handle": f"s{n}"}) for n in (1, 2)]
    assert subject(forms[0].data) != subject(forms[1].data)
