"""When the operator changes stored rows by hand, the freshness changes at once."""

from __future__ import annotations

from archisync_gui.model import EventKind, Freshness
from tests.orchestrator.rig import Rig
from tests.support.clock import settle


async def test_cleared_rows_count_as_never_read() -> None:
    """Data rules, clear: a list without rows is not fresh."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        await rig.finish()
        await ticket
        assert rig.o.get_status().statuses["products"].freshness is Freshness.FRESH
        revision = rig.o.get_status().revision
        rig.o.rows_changed("products", "anna", last_success=None, new_as_of=None, all_as_of=None)
        await settle()
        status = rig.o.get_status()
        assert status.revision > revision
        assert status.statuses["products"].freshness is Freshness.NEVER
        assert status.statuses["products"].accounts[0].all_as_of is None
        assert rig.kinds()[-1] is EventKind.QUEUE_UPDATED
