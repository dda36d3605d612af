"""A member and answers of the leader that are of another version or too late; without a server."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from archisync_gui.entities import ENTITIES
from archisync_gui.model import (
    ErrorInfo,
    Event,
    FailureKind,
    Outcome,
    RunResult,
    Scope,
    SmartSyncResult,
    SyncFailure,
    SystemClock,
    as_json,
    events,
)
from archisync_gui.office import remote
from archisync_gui.office.remote import RemoteOrchestrator
from tests.support.clock import settle

ID = "s" * 32
GOOD = as_json(RunResult("orders", "anna", Scope.ALL, Outcome.COMPLETED))
UNREADABLE: list[Any] = [
    None,
    "completed",
    {"value": None, "at": ["boot", 1]},
    {"value": {**GOOD, "outcome": "of-tomorrow"}, "at": ["boot", 1]},
    {"value": {key: value for key, value in GOOD.items() if key != "type"}, "at": ["boot", 1]},
    {"value": GOOD},
    {"value": GOOD, "at": None},
]


class FakeLine:
    """A line whose commands the test answers."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, name: str, args: Any, emit: Any, *, patience: float | None) -> Any:
        future = asyncio.get_running_loop().create_future()
        self.sent.append(SimpleNamespace(name=name, args=args, emit=emit, future=future, cancelled=False))
        return self.sent[-1]

    def cancel(self, command: Any) -> None:
        command.cancelled = True

    def unanswered(self, command: Any) -> SyncFailure | None:
        return None


class Face(RemoteOrchestrator):
    """A member's remote orchestrator on such a line."""

    def __init__(self) -> None:
        self.refusals: list[SyncFailure] = []
        specs = [entity.spec for entity in ENTITIES]
        super().__init__(specs, SystemClock(), member="m", accounts=["anna"], refused=self.refusals.append)
        self.line = FakeLine()
        self.use(self.line)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", UNREADABLE)
async def test_a_ticket_whose_answer_cannot_be_read_fails(answer: Any) -> None:
    """Rule 5: the ticket resolves, with a failure."""
    face = Face()
    ticket = face.request_sync("orders", "anna")
    await settle()
    face.line.sent[0].future.set_result((0, answer))
    async with asyncio.timeout(5):
        result = await ticket
    assert (result.outcome, result.error and result.error.code) == (Outcome.FAILED, "office-answer-unread")
    assert [error.code for error in face.refusals] == ["office-answer-unread"]
    assert face.get_status().queue == ()
    await face.close()


@pytest.mark.parametrize("answer", [None, {"value": None}, {"value": None, "at": 3}])
async def test_a_change_shown_in_advance_is_taken_back_when_the_answer_cannot_be_read(answer: Any) -> None:
    face = Face()
    face.hold()
    assert face.get_status().hold_since is not None
    await settle()
    face.line.sent[0].future.set_result((0, answer))
    await settle()
    assert face.get_status().hold_since is None
    assert [error.code for error in face.refusals] == ["office-answer-unread"]
    await face.close()


async def test_an_unreadable_event_of_a_command_is_ignored() -> None:
    face = Face()
    ticket = face.request_sync("orders", "anna")
    await settle()
    face.line.sent[0].emit({"other": "version"})
    face.line.sent[0].future.set_result((0, {"value": GOOD, "at": ["boot", 1]}))
    assert (await ticket).outcome is Outcome.COMPLETED
    await face.close()


@pytest.mark.parametrize("answer", [None, {"value": {"code": "pending"}, "at": ["boot", 1]}])
async def test_a_form_whose_answer_cannot_be_read_stays_open_and_gets_a_failure(answer: Any) -> None:
    """The leader has opened its session."""
    face = Face()
    form = asyncio.ensure_future(face.smart_customer_sync(ID, "anna"))
    await settle()
    face.line.sent[0].future.set_result((0, answer))
    result = await form
    assert (result.code, result.error and result.error.code) == ("failed", "office-answer-unread")
    assert face.session_by_id(ID) is not None
    good = SmartSyncResult("fresh", result.handle, 1, None, None)
    again = asyncio.ensure_future(face.smart_customer_sync(ID, "anna"))
    await settle()
    face.line.sent[-1].future.set_result((0, {"value": as_json(good), "at": ["boot", 1]}))
    assert (await again).code == "fresh"
    await face.close()


async def test_in_place_of_an_unreadable_explanation_the_last_known_one_is_returned() -> None:
    face = Face()
    asked = asyncio.ensure_future(face.explain())
    await settle()
    face.line.sent[0].future.set_result((0, {"value": {"reason": "of-tomorrow"}, "at": ["boot", 1]}))
    assert await asked == face.get_status().explanation
    await face.close()


STOPPED = ErrorInfo("credentials-refused", FailureKind.CREDENTIALS, "refused")
LATE = [("held", None, "held"), ("stopped", STOPPED, "credentials-refused"), ("failed", STOPPED, "credentials-refused")]


def the_leaders(face: Face, code: str, error: ErrorInfo | None) -> dict[str, Any]:
    handle = face.session_by_id(ID).handle  # type: ignore[union-attr]
    return {"value": as_json(SmartSyncResult(code, handle, 1, None, None, error=error)), "at": ["boot", 1]}


@pytest.mark.parametrize(("code", "error", "told"), LATE)
async def test_a_form_that_was_answered_pending_gets_the_leaders_late_answer(
    monkeypatch: pytest.MonkeyPatch, code: str, error: ErrorInfo | None, told: str
) -> None:
    """Rule 12: the leader gives this answer at once, without an event."""
    monkeypatch.setattr(remote, "FORM_LIMIT", 0.01)
    face = Face()
    heard: list[Event] = []
    face.subscribe(heard.append)
    answer = await face.smart_customer_sync(ID, "anna")
    assert answer.code == "pending"
    face.line.sent[0].future.set_result((0, the_leaders(face, code, error)))
    await settle()
    (unserved,) = [event.data for event in heard if isinstance(event.data, events.SessionUnserved)]
    assert (unserved.handle, unserved.account, unserved.error.code) == (answer.handle, "anna", told)
    await face.close()


async def test_a_form_that_was_answered_pending_gets_the_leaders_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FORM_LIMIT", 0.01)
    face = Face()
    heard: list[Event] = []
    face.subscribe(heard.append)
    assert (await face.smart_customer_sync(ID, "anna")).code == "pending"
    face.line.sent[0].future.set_exception(SyncFailure("office-no-leader", FailureKind.PERMANENT))
    await settle()
    found = [event.data for event in heard if isinstance(event.data, events.SessionUnserved)]
    assert [one.error.code for one in found] == ["office-no-leader"]
    await face.close()


@pytest.mark.parametrize(("code", "error", "told"), LATE)
async def test_a_form_gets_the_answer_of_a_new_leader(code: str, error: ErrorInfo | None, told: str) -> None:
    """Its leader is gone; the next one learns of the form, and has a hold or a stopped account."""
    face = Face()
    form = asyncio.ensure_future(face.smart_customer_sync(ID, "anna"))
    await settle()
    face.line.sent[0].future.set_result((0, the_leaders(face, "pending", None)))
    assert (await form).code == "pending"
    heard: list[Event] = []
    face.subscribe(heard.append)
    announced = asyncio.ensure_future(face._announce(ID))
    await settle()
    face.line.sent[-1].future.set_result((0, the_leaders(face, code, error)))
    await announced
    found = [event.data for event in heard if isinstance(event.data, events.SessionUnserved)]
    assert [one.error.code for one in found] == [told]
    await face.close()
