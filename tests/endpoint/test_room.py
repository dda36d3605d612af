"""Requests for several lists at once, where there is no room for one of them: none is asked for. Real orchestrator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Account, Finished, RunControl
from archisync_gui.orchestrator import Orchestrator, Rules
from tests.endpoint.office import PAGE, Office, running
from tests.orchestrator.rig import ListJournal

ACCOUNT = "agente1"
ROOM = 3


@asynccontextmanager
async def full_of(list_name: str, folder: Path) -> AsyncIterator[Office]:
    """An endpoint whose orchestrator has no room for more requests of that list, and none other."""

    async def reads(_control: RunControl) -> Finished:
        await asyncio.Event().wait()
        raise AssertionError

    rules = Rules(schedule=False, tickets_limit=ROOM)
    specs = [entity.spec for entity in ENTITIES]
    orchestrator = Orchestrator(specs, reads, [Account(ACCOUNT, catalogue=True)], ListJournal(), rules=rules)
    await orchestrator.start()
    try:
        orchestrator.hold()  # so that all waits
        for _ in range(ROOM):
            orchestrator.request_sync(list_name, ACCOUNT)
        async with running(folder, orchestrator) as office:
            yield office
    finally:
        await orchestrator.close()


def waiting(office: Office) -> set[str]:
    return {entry.type for entry in office.orchestrator.get_status().queue}


@pytest.mark.parametrize("account", [None, ACCOUNT])
async def test_all_lists_are_asked_for_or_none(tmp_path: Path, account: str | None) -> None:
    last = list(ENTITIES)[-1].name
    async with full_of(last, tmp_path) as office:
        before = waiting(office)
        assert before == {last}
        token = office.let_in(PAGE, *Access, account=account)
        headers = {"Origin": PAGE, "Authorization": f"Bearer {token}"}
        answer = await office.ask("POST", "/api/sync/full", headers)
        assert (answer.status, answer.code) == (429, "too-many-tickets")
        assert waiting(office) == before


async def test_a_customer_is_not_read_where_its_list_cannot_be_asked_for(tmp_path: Path) -> None:
    async with full_of("customers", tmp_path) as office:
        before = office.orchestrator.get_status().queue
        path = "/api/customers/50120/refresh?sync=true"
        answer = await office.ask("POST", path, office.paired)
        assert (answer.status, answer.code) == (429, "too-many-tickets")
        assert office.orchestrator.get_status().queue == before
        assert (await office.ask("POST", path.partition("?")[0], office.paired)).status == 202
