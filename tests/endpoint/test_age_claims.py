"""Answers with stored rows claim no age that nobody can know (rule 30); the status's own claims are tested in
``tests/orchestrator/test_claims.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archisync_gui.model import Freshness, Status
from tests.endpoint.office import Office

ANSWERS = ("/api/customers", "/api/customers/50123", "/api/products", "/api/prices")


async def claims(office: Office, path: str) -> tuple[Any, Any, Any]:
    told = (await office.page("GET", path)).json
    return told["newAsOf"], told["allAsOf"], told["freshness"]


@pytest.mark.parametrize("path", ANSWERS)
async def test_no_answer_claims_an_age_that_the_store_doubts(office: Office, path: str) -> None:
    new, whole, _ = await claims(office, path)
    assert new
    assert whole
    await office.store.journal.clock_doubted()
    assert (await claims(office, path))[:2] == (None, None)


@pytest.mark.parametrize("path", ANSWERS)
async def test_no_answer_claims_an_age_that_the_orchestrator_doubts(office: Office, path: str) -> None:
    """The orchestrator knows at once that the clock was set back; the store hears of it when it can be written."""
    sound = office.orchestrator.get_status

    def doubting() -> Status:
        status: Status = sound()
        return replace(
            status,
            statuses={
                name: replace(
                    found,
                    accounts=tuple(
                        replace(line, new_as_of=None, all_as_of=None, freshness=Freshness.UNKNOWN)
                        for line in found.accounts
                    ),
                )
                for name, found in status.statuses.items()
            },
        )

    office.orchestrator.get_status = doubting
    assert await claims(office, path) == (None, None, "unknown")
