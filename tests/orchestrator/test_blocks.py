"""The table of reasons that stop a request has the order of rule 9; of several reasons the first one is reported."""

from __future__ import annotations

import dataclasses
import re
from datetime import time, timedelta
from pathlib import Path

import pytest

from archisync_gui.model import Account, ErrorInfo, FailureKind, Origin, Reason, Scope
from archisync_gui.orchestrator.blocks import BLOCKS, _stopped_by, stopped_by
from archisync_gui.orchestrator.rules import OfficeHours, Rules
from archisync_gui.orchestrator.state import AccountState, ListState, Request, Session, State
from archisync_gui.orchestrator.values import SCHEDULE, Asker, Moment, QueueTime, Slot, form
from tests.orchestrator.rig import TYPES
from tests.support.clock import MONDAY

RULES = Path(__file__).parents[2] / "docs" / "rules.md"
NOW = Moment(MONDAY, 1000.0)
SLOT = Slot("orders", "anna", Scope.ALL)
REFUSED = ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused")
LATER = MONDAY + timedelta(hours=1)

IN_WORDS = {
    Reason.ACCOUNT_STOPPED: "account stopped",
    Reason.HOLD: "hold",
    Reason.SESSION: "smart session",
    Reason.LOGIN_BUDGET: "login budget",
    Reason.OFFLINE: "no network",
    Reason.ASLEEP: "sleeping computer",
    Reason.OFFICE_HOURS: "closed office",
    Reason.BACK_OFF: "back-off",
}


def everything() -> State:
    """A state in which every reason applies, except that the computer sleeps: it is offline instead."""
    session = Session("s", "anna", "form", "", NOW, NOW, deadline=2000.0)
    night = OfficeHours(time(1), time(2), frozenset(range(7)))
    return State(
        rules=Rules(office=night, login_budget=0),
        boot="b",
        at=NOW,
        types={spec.name: spec for spec in TYPES},
        accounts={"anna": AccountState(Account("anna"), stopped=REFUSED, login_pause=LATER)},
        list_states={("orders", "anna"): ListState(back_off=LATER)},
        sessions={"id": session},
        quiet_since=NOW.mono,
        hold_since=MONDAY,
        away=Reason.OFFLINE,
        closing=True,
    )


def request(origin: Origin = Origin.SCHEDULE, **changes: object) -> Request:
    made = Request(
        "r", SLOT, (Asker(SCHEDULE, origin, 6),), NOW, 1, NOW.mono, QueueTime(), repeat=True, not_before=NOW.mono + 5
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def found(state: State, waiting: Request) -> list[Reason]:
    """The reasons in order: after each one is found, it is removed from the state."""
    calm = everything().accounts["anna"].account
    lifted = {
        Reason.CLOSING: {"closing": False},
        Reason.ACCOUNT_STOPPED: {"accounts": {"anna": AccountState(calm, login_pause=LATER)}},
        Reason.HOLD: {"hold_since": None},
        Reason.SESSION: {"sessions": {}},
        Reason.LOGIN_BUDGET: {"rules": dataclasses.replace(state.rules, login_budget=9)},
        Reason.OFFLINE: {"away": Reason.ASLEEP},
        Reason.ASLEEP: {"away": None},
        Reason.OFFICE_HOURS: {"rules": dataclasses.replace(state.rules, login_budget=9, office=None)},
        Reason.BACK_OFF: {"list_states": {}, "accounts": {"anna": AccountState(calm)}},
    }
    reasons: list[Reason] = []
    while (block := stopped_by(state, waiting, NOW)) is not None:
        assert block.reason not in reasons
        reasons.append(block.reason)
        if block.reason is Reason.RETRY:
            waiting = dataclasses.replace(waiting, not_before=None)
        else:
            state = dataclasses.replace(state, **lifted[block.reason])  # type: ignore[arg-type]
    return reasons


def test_the_table_has_the_order_of_rule_nine() -> None:
    text = re.sub(r"\s+", " ", RULES.read_text(encoding="utf-8"))
    sentence = (
        text[text.index("9. A request waits for the first of these reasons") :].partition(". ")[2].partition(".")[0]
    )
    order = [rule.reason for rule in BLOCKS]
    assert order == [Reason.CLOSING, *IN_WORDS, Reason.RETRY]
    places = [sentence.index(word) for word in IN_WORDS.values()]
    assert places == sorted(places)


def test_the_schedule_waits_for_every_reason_in_the_order_of_the_table() -> None:
    assert found(everything(), request()) == [rule.reason for rule in BLOCKS]


@pytest.mark.parametrize(
    ("waiting", "never"),
    [
        (request(Origin.OPERATOR), {Reason.OFFICE_HOURS, Reason.BACK_OFF}),
        (
            request(Origin.OPERATOR, repeat=False),
            {Reason.OFFICE_HOURS, Reason.BACK_OFF, Reason.LOGIN_BUDGET, Reason.OFFLINE, Reason.ASLEEP},
        ),
        (
            request(anyway=True),
            {rule.reason for rule in BLOCKS} - {Reason.CLOSING, Reason.ACCOUNT_STOPPED, Reason.RETRY},
        ),
    ],
    ids=["a repeat", "asked for by the operator", "run anyway"],
)
def test_some_reasons_bind_only_some_requests(waiting: Request, never: set[Reason]) -> None:
    assert found(everything(), waiting) == [rule.reason for rule in BLOCKS if rule.reason not in never]


def test_an_answer_that_is_remembered_is_that_of_the_request_itself() -> None:
    """Rule 9: each of these requests differs from another one in one thing that a rule looks at, in states in which
    that thing decides."""
    whole = everything()
    account = AccountState(Account("anna"))
    open_office = dataclasses.replace(whole.rules, office=None, login_budget=9)
    calm = dataclasses.replace(
        whole, closing=False, hold_since=None, away=None, sessions={}, list_states={}, rules=open_office,
        accounts={"anna": account, "bruno": AccountState(Account("bruno"), stopped=REFUSED)},
    )  # fmt: skip
    states = [
        whole,
        calm,
        dataclasses.replace(calm, hold_since=MONDAY),
        dataclasses.replace(calm, sessions=whole.sessions),
        dataclasses.replace(calm, away=Reason.OFFLINE),
        dataclasses.replace(calm, list_states=whole.list_states),
    ]
    asked_by_form = (Asker(form("s"), Origin.ORDER_FORM, 6),)
    requests = [
        request(**changes)
        for changes in (
            {"not_before": None},
            {"not_before": None, "repeat": False},
            {"not_before": NOW.mono + 9},
            {"not_before": None, "anyway": True},
            {"not_before": None, "slot": SLOT._replace(account="bruno")},
            {"not_before": None, "slot": SLOT._replace(type="ddt")},
            {"not_before": None, "slot": Slot("customers", "anna", Scope.NEW)},
            {"not_before": None, "askers": asked_by_form},
            {"not_before": None, "repeat": False, "askers": asked_by_form},
            {"not_before": None, "askers": (Asker("t#0", Origin.OPERATOR, 6),)},
        )
    ]
    for state in states:
        for order in (requests, requests[::-1]):
            fresh = dataclasses.replace(state)  # nothing is remembered of it
            for one in order:
                assert stopped_by(fresh, one, NOW) == _stopped_by(fresh, one, NOW)
