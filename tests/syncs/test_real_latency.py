"""Reads the six lists at the real ERP's speed; run by hand (``-m real -s``). Prints the times without checking them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from archisync_gui.entities import ENTITIES
from archisync_gui.erp import Limits
from archisync_gui.model import Outcome
from tests.syncs.erp_harness import world


@pytest.mark.real
async def test_six_lists_at_the_real_pace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By day: tests/syncs/test_pipeline.py reads the six lists of an ERP that answers at once."""
    async with world(tmp_path, latency="real", scale=1.0, limits=Limits(), page_size=100) as here:
        for entity in ENTITIES:
            here.demo.reset_counters()
            began = time.monotonic()
            finished = await here.sync(entity.name)
            taken, spent = time.monotonic() - began, here.demo.spent()
            assert finished.outcome is Outcome.COMPLETED, finished.warnings
            assert set(await here.rows(entity.name)) == here.truth(entity.name)
            with capsys.disabled():
                print(
                    f"\n{entity.name:10} {finished.rows:5} rows  {taken:6.1f} s, the ERP's own {spent:6.1f} s, "
                    f"ratio {taken / spent:.2f}, {len(here.demo.actions)} requests"
                )
