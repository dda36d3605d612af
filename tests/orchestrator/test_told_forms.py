"""Random sequences with a few forms: whatever ends, stops or delays their reads, no form waits in vain.

The state machine (``test_machine.py``) checks the same after each of its steps, of which few concern forms.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest

from archisync_gui.model import Account, ErrorInfo, FailureKind, Outcome, Reason, Scope
from tests.orchestrator.rig import QUIET, TWO, Rig
from tests.orchestrator.told_forms import ToldForms
from tests.support.clock import settle

WALKS = 40
STEPS = 60
REFUSED = ErrorInfo("credentials-refused", FailureKind.CREDENTIALS, "the ERP refused the password")
ENDS = [FailureKind.TRANSIENT, FailureKind.TRANSIENT, FailureKind.CREDENTIALS, FailureKind.LOGIN, FailureKind.PERMANENT]


async def walk(number: int) -> None:
    chance = random.Random(number)
    async with Rig(accounts=TWO, rules=dataclasses.replace(QUIET, login_budget=3)) as rig:
        forms = ToldForms(rig.o)
        calls = []

        def on_run(act: Callable[[], object]) -> None:
            if not rig.idle:
                act()

        def on_queue(act: Callable[[str], object]) -> None:
            if rig.o.state.queue:
                act(chance.choice([request.id for request in rig.o.state.queue.values()]))

        def suspend() -> None:
            if rig.active.control.suspend_requested():
                rig.active.suspend()

        def accounts(*which: Account) -> None:
            rig.o.set_accounts(which)

        steps: list[tuple[int, Callable[[], object]]] = [
            (8, lambda: calls.append(forms.open(tab := chance.choice("abc"), "bruno" if tab == "b" else None))),
            (2, lambda: rig.o.resume_other_syncs(chance.choice("abc"))),
            (5, lambda: rig.o.request_sync(chance.choice(["orders", "customers", "products"]))),
            (2, lambda: rig.o.request_sync("customers", None, Scope.NEW, priority=1)),
            (6, lambda: on_run(lambda: rig.active.fail(chance.choice(ENDS)))),
            (5, lambda: on_run(lambda: rig.active.finish(chance.choice([Outcome.COMPLETED, Outcome.UNCLEAN])))),
            (4, lambda: on_run(suspend)),
            (2, lambda: on_run(lambda: rig.active.control.logged_in())),
            (1, lambda: rig.o.cancel_run()),
            (1, lambda: on_queue(rig.o.remove)),
            (2, lambda: on_queue(rig.o.run_anyway)),
            (2, lambda: rig.o.hold()),
            (3, lambda: rig.o.release()),
            (3, lambda: rig.o.set_away(chance.choice([None, Reason.OFFLINE, Reason.ASLEEP]))),
            (1, lambda: rig.o.login_refused(chance.choice(["anna", "bruno"]), REFUSED)),
            (3, lambda: rig.o.credentials_changed(chance.choice(["anna", "bruno"]))),
            (1, lambda: accounts(*chance.choice([TWO, TWO[1:]]))),
            (1, lambda: accounts(*TWO)),
        ]
        for _ in range(STEPS):
            (step,) = chance.choices([act for _, act in steps], [weight for weight, _ in steps])
            step()
            await settle()
            forms.check()
            await rig.clock.advance(chance.choice([0, 1, 6, 11, 35]))
            forms.check()
        rig.o.end_sessions()
        await rig.clock.advance(10)
        for call in calls:
            await call


@pytest.mark.parametrize("number", range(WALKS))
async def test_no_form_waits_for_what_cannot_come(number: int) -> None:
    """Rules 9, 12, 18, 22."""
    await walk(number)
