"""Messages between members of different versions: which parts are understood, and the report where they are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archisync_gui.conditions import conditions
from archisync_gui.entities import ENTITIES
from archisync_gui.model import (
    Event,
    EventKind,
    Explanation,
    Freshness,
    Reason,
    SessionEnd,
    SessionView,
    Status,
    SystemClock,
    as_json,
    from_json,
)
from archisync_gui.model.events import event_from
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.leader_view import UNREAD
from archisync_gui.office.news import News
from archisync_gui.office.remote import RemoteOrchestrator
from archisync_gui.office.views import blank
from tests.support.clock import VirtualClock
from tests.support.events import an_event
from tests.support.waiting import until

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TYPES = [entity.spec for entity in ENTITIES]
FORM = SessionView("h", "Modulo", "agente01", NOW, NOW, NOW, True, False, "PC-2")
STATUS = replace(
    blank(TYPES, ["agente01", "agente02"], NOW), boot="b", revision=7, sessions=(FORM,), session_count=1, hold_since=NOW
)


def test_a_status_is_transmitted_completely() -> None:
    assert from_json(Status, as_json(STATUS)) == STATUS
    event = an_event(EventKind.SESSION_CLOSED, "b", 3, NOW, {"handle": "h", "reason": SessionEnd.CLOSED.value})
    assert event_from(as_json(event)) == event
    explained = Explanation(NOW, Reason.NOT_RUNNING)
    assert from_json(Explanation, as_json(explained)) == explained


def test_fields_of_a_later_version_are_ignored_and_missing_fields_have_their_default() -> None:
    told: Any = as_json(STATUS)
    told["inventedLater"] = {"x": [1]}
    told["sessions"][0]["inventedLater"] = 5
    del told["holdUntil"], told["sessions"][0]["computer"]
    assert from_json(Status, told) == replace(STATUS, sessions=(replace(FORM, computer=""),))


@pytest.mark.parametrize(
    "wrong", [{"revision": "7"}, {"at": "yesterday"}, {"sessions": {}}, {"accounts": [[]]}, {"statuses": None}]
)
def test_an_invalid_status_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(Status, {**as_json(STATUS), **wrong})


@pytest.fixture
async def face() -> AsyncIterator[RemoteOrchestrator]:
    found = RemoteOrchestrator(TYPES, SystemClock(), member="m", accounts=["agente01"])
    yield found
    await found.close()


def news(status: Any, **more: Any) -> News:
    return News("PC-1", "leader", NOW, True, status, as_of=NOW, **more)


async def test_a_status_of_another_version_is_reported_once_and_is_no_silence(
    face: RemoteOrchestrator, caplog: pytest.LogCaptureFixture
) -> None:
    face.heard(news(as_json(STATUS)))
    later: Any = as_json(replace(STATUS, revision=8))
    later["explanation"]["reason"] = "invented-later"
    for _ in range(3):
        face.heard(news(later))
        face.heard(news(None))  # only an event, or another setting
    office = face.get_status().office
    assert office is not None
    assert office.trouble is not None
    assert (office.trouble.code, office.trouble.params["leader"], office.leader) == (UNREAD, "PC-1", "PC-1")
    assert face.get_status().revision == 7, "not the last readable status"
    assert "condition.office-status-unread" in [one.code for one in conditions(face.get_status())]
    assert [record.levelname for record in caplog.records if "cannot be read" in record.message] == ["WARNING"]
    face.heard(news(as_json(replace(STATUS, revision=9))))
    office = face.get_status().office
    assert office is not None
    assert (office.trouble, face.get_status().revision) == (None, 9)


async def test_a_member_that_cannot_read_the_status_opens_nevertheless(face: RemoteOrchestrator) -> None:
    face.heard(news({"boot": "b"}))
    async with asyncio.timeout(30):
        await face.first.wait()


def with_fresh(late_at: datetime | None) -> Any:
    """A status with one list of two accounts, both fresh."""
    one = STATUS.statuses["orders"]
    first, second = (replace(part, freshness=Freshness.FRESH) for part in one.accounts)
    fresh = replace(one, freshness=Freshness.FRESH, accounts=(replace(first, late_at=late_at), second))
    return as_json(replace(STATUS, statuses={**STATUS.statuses, "orders": fresh}))


def freshness(face: RemoteOrchestrator) -> list[Freshness]:
    """The freshness of the list, and of its accounts."""
    one = face.get_status().statuses["orders"]
    return [one.freshness, *(part.freshness for part in one.accounts)]


@pytest.mark.parametrize("current", [True, False], ids=["a leader that says nothing", "no leader"])
async def test_a_fresh_list_becomes_late_without_a_new_status(face: RemoteOrchestrator, current: bool) -> None:
    face.heard(replace(news(with_fresh(SystemClock().now() + timedelta(seconds=0.5))), current=current))
    told: list[Event] = []
    face.subscribe(told.append)
    assert freshness(face) == [Freshness.FRESH] * 3
    await until(lambda: told)
    assert told[0].kind is EventKind.OFFICE_CHANGED
    await until(lambda: freshness(face) == [Freshness.LATE, Freshness.LATE, Freshness.FRESH])


async def test_no_list_is_fresh_before_the_offices_time_is_known() -> None:
    clock = OfficeClock()
    face = RemoteOrchestrator(TYPES, clock, member="m", accounts=["agente01"])
    try:
        face.heard(news(with_fresh(NOW + timedelta(days=36500))))
        assert freshness(face) == [Freshness.UNKNOWN] * 3
        told: list[Event] = []
        face.subscribe(told.append)
        clock.set_server_time(NOW, clock.monotonic(), clock.monotonic())
        await until(lambda: told)
        assert freshness(face) == [Freshness.FRESH] * 3
    finally:
        await face.close()


@pytest.mark.parametrize("connected", [True, False])
async def test_a_form_whose_tab_is_gone_ends_without_a_leader(connected: bool) -> None:
    clock = VirtualClock()
    face = RemoteOrchestrator(TYPES, clock, member="m", accounts=["agente01"])
    try:
        form = face._forms.opened("x" * 32, "agente01", "Modulo", "")
        face._forms.opened(None, None, "", "")  # a call without an id, which no leader has answered
        form.connections = int(connected)
        assert face.get_status().session_count == 1
        clock._move(601)
        assert face.get_status().session_count == connected
        assert face._forms.end_of("x" * 32) is (None if connected else SessionEnd.TIMEOUT)
        assert len(face._forms._open) == connected
    finally:
        await face.close()


async def test_an_event_of_another_version_costs_no_other(face: RemoteOrchestrator) -> None:
    told: list[Event] = []
    face.subscribe(told.append)
    event = an_event(EventKind.SYNC_COMPLETED, "b", 7, NOW, {"type": "orders"})
    odd = {**as_json(event), "kind": "invented-later"}
    face.heard(news(as_json(STATUS), events=(odd, as_json(event))))
    assert [one for one in told if one.kind is EventKind.SYNC_COMPLETED] == [event]
