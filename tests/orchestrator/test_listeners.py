"""Feeds: which events a slow reader may miss (the rest of rule 7 is in ``test_defects``, L1 to L5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from archisync_gui.model import Event, EventKind, Json
from archisync_gui.orchestrator.listeners import Listeners
from tests.support.clock import MONDAY, settle
from tests.support.events import an_event

STARTED, PROGRESS, QUEUE = EventKind.SYNC_STARTED, EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED


class Emit:
    """Listeners, and events with growing revisions."""

    def __init__(self) -> None:
        self.listeners = Listeners()
        self.revision = 0

    def tell(self, kind: EventKind, **data: Json) -> None:
        self.revision += 1
        self.listeners.publish(an_event(kind, "boot", self.revision, MONDAY, data))


def waiting(feed: object) -> list[int]:
    return [event.revision for event in feed._waiting.values()]  # type: ignore[attr-defined]


def test_progress_is_merged_for_each_run_and_queue_updates_are_merged_into_one() -> None:
    told = Emit()
    feed = told.listeners.feed()
    told.tell(PROGRESS, runId="r1", rows=1)
    told.tell(PROGRESS, runId="r2", rows=5)
    told.tell(QUEUE, waiting=1)
    told.tell(PROGRESS, runId="r1", rows=2)
    told.tell(QUEUE, waiting=2, type="orders")
    assert waiting(feed) == [2, 4, 5]  # the last of each, in the order of the last


def test_other_events_are_merged_only_when_too_many_wait() -> None:
    told = Emit()
    feed = told.listeners.feed(limit=4)
    for _ in range(4):
        told.tell(STARTED, runId="r", type="orders", account="anna")
    assert waiting(feed) == [1, 2, 3, 4]
    told.tell(STARTED, runId="other", type="orders", account="anna")
    assert waiting(feed) == [5]  # of one type and account the last start is enough


def test_when_too_many_wait_the_last_of_each_subject_is_kept() -> None:
    told = Emit()
    feed = told.listeners.feed(limit=11)
    for _ in range(3):
        told.tell(STARTED, type="orders", account="anna")
        told.tell(STARTED, type="orders", account="bruno")
        told.tell(STARTED, type="ddt", account="anna")
        told.tell(EventKind.SESSION_OPENED, handle="s1", account="anna")
    assert waiting(feed) == [9, 10, 11, 12]
    told.tell(EventKind.SESSION_OPENED, handle="s2", account="anna")
    told.tell(EventKind.SESSION_CLOSED, handle="s2", account="anna")
    assert waiting(feed) == [9, 10, 11, 12, 13, 14]


def test_beyond_that_only_the_latest_are_kept() -> None:
    told = Emit()
    feed = told.listeners.feed(limit=3)
    for n in range(10):
        told.tell(EventKind.SESSION_OPENED, handle=f"s{n}")
    assert waiting(feed) == [8, 9, 10]


def test_events_of_one_revision_are_all_delivered() -> None:
    """A member of an office adds events derived from the leader's status to the leader's events of that revision."""
    listeners = Listeners()
    feed = listeners.feed()
    kinds = [PROGRESS, EventKind.SESSION_CLOSED, EventKind.OFFICE_CHANGED, EventKind.SESSION_UNSERVED]
    for kind in [*kinds, EventKind.SESSION_UNSERVED, EventKind.OFFICE_CHANGED]:
        listeners.publish(an_event(kind, "boot", 7, MONDAY, {}))
    heard = [event.kind for event in feed._waiting.values()]
    assert heard == [kinds[0], kinds[1], kinds[3], kinds[3], kinds[2]]


async def test_a_reader_waits_for_what_comes_and_leaves_when_it_is_done() -> None:
    told = Emit()
    async with told.listeners.feed() as feed:
        told.tell(STARTED)
        assert (await anext(feed)).revision == 1
        following = asyncio.ensure_future(anext(feed))
        await settle()
        assert not following.done()
        told.tell(STARTED)
        assert (await following).revision == 2
        assert len(told.listeners) == 1
    assert len(told.listeners) == 0


def test_kept_events_are_delivered_in_the_order_of_their_last_occurrence() -> None:
    told = Emit()
    feed = told.listeners.feed(limit=2)
    for account in ("anna", "bruno", "anna"):
        told.tell(STARTED, type="orders", account=account)
    assert waiting(feed) == [2, 3]


def test_five_hundred_events_wait_for_a_slow_reader() -> None:
    told = Emit()
    feed = told.listeners.feed()
    for n in range(501):
        told.tell(EventKind.SESSION_OPENED, handle=f"s{n}")
    assert waiting(feed) == list(range(2, 502))


def test_an_exception_of_a_listener_is_logged_and_the_others_get_the_event(
    expected_errors: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 7."""
    expected_errors("a listener failed")
    told = Emit()

    def broken(event: Event) -> None:
        raise ZeroDivisionError

    told.listeners.add(broken)
    feed = told.listeners.feed()
    told.tell(STARTED)
    assert waiting(feed) == [1]
    assert [r.getMessage() for r in caplog.records] == ["a listener failed at sync-started"]
