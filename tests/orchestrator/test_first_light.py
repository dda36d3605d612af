"""The shortest complete scenario of the orchestrator: request, run, form, suspend, resume, close."""

from __future__ import annotations

from archisync_gui.model import EventKind, Outcome, Scope
from tests.orchestrator.rig import Rig, opened
from tests.support.clock import settle


async def test_a_form_suspends_products_and_products_goes_on_afterwards() -> None:
    """Rules 10, 12, 13, 17, 19."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        assert rig.active.type == "products"
        answer = opened(rig, "tab-1", label="Tab")
        await settle()
        await rig.suspend("page 7")
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.clock.advance(2)
        await rig.finish(added=3)
        result = await answer
        assert (result.code, result.added, result.new_as_of) == ("fresh", 3, rig.runs[1].began)
        assert rig.active.slot == ("customers", "anna", Scope.ALL)  # the whole list follows
        await rig.finish()
        assert rig.idle
        assert not ticket.done
        closed = rig.o.resume_other_syncs("tab-1")
        assert (closed.closed, closed.session_count) == (True, 0)
        await settle()
        assert rig.active.type == "products"
        assert rig.active.resumed_from == "page 7"
        await rig.finish()
        assert (await ticket).outcome is Outcome.COMPLETED
        assert EventKind.SYNC_RESUMED in rig.kinds()
        assert rig.o.get_status().current_sync is None
