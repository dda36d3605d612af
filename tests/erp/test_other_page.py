"""A list whose address leads to another page of the ERP is opened once more, and the other page is never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from archisync_gui.entities import CUSTOMERS, ENTITIES, ORDERS, Entity
from archisync_gui.model import FailureKind, Outcome, SyncFailure
from tests.syncs.erp_harness import USER, world

pytestmark = pytest.mark.one_browser

OTHERS = (CUSTOMERS.path, "Announcements_ListView/")
"""Another list, and a page without one."""


@pytest.mark.parametrize("login", [False, True], ids=["in a session", "after a login"])
async def test_a_list_that_leads_elsewhere_once_is_opened_again(tmp_path: Path, login: bool) -> None:
    async with world(tmp_path) as here:
        assert (await here.sync("orders")).outcome is Outcome.COMPLETED
        for other in OTHERS:
            if login:
                await here.erp.forget(USER)
            here.demo.fault("error-page", list="orders", to=other, times=1)
            ended = await here.sync("orders")
            assert (ended.outcome, ended.changed, ended.gone) == (Outcome.COMPLETED, 0, 0), other


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_a_list_that_leads_elsewhere_is_not_read_and_nothing_there_is_changed(
    entity: Entity, tmp_path: Path
) -> None:
    async with world(tmp_path) as here:
        other = CUSTOMERS if entity is not CUSTOMERS else ORDERS
        assert (await here.sync(entity.name)).outcome is Outcome.COMPLETED
        before = await here.everything(entity.name)
        view = here.demo.view_record(USER, other.name)
        here.demo.fault("error-page", list=entity.name, to=other.path)
        for login in (False, True):
            if login:
                await here.erp.forget(USER)
            control = here.control(entity.name)
            with pytest.raises(SyncFailure) as caught:
                await here.runner(control)
            assert (caught.value.code, caught.value.kind) == ("erp-other-page", FailureKind.TRANSIENT)
            assert caught.value.params["wanted"] == entity.path
            assert control.logins == login, "more than one login"
        assert await here.everything(entity.name) == before
        assert here.demo.view_record(USER, other.name) == view
