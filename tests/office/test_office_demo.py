"""``bootstrap.py run --office-demo N``: a demo office that leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.postgres import programs

ROOT = Path(__file__).parents[2]


@pytest.mark.ci
@pytest.mark.skipif(programs() is None, reason="needs Linux or macOS with a PostgreSQL server (Debian: postgresql)")
async def test_the_demo_runs_changes_its_leader_and_ends(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.office_demo", "2"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path), "PYTEST_DEBUG_TEMPROOT": "/tmp"},
    )
    assert demo.stdout is not None

    async def says(words: str) -> str:
        while words not in (line := (await demo.stdout.readline()).decode()):  # type: ignore[union-attr]
            assert line, f"it ended without saying {words!r}"
        return line

    try:
        async with asyncio.timeout(240):
            first = await says("reads for the office")
            os.kill(int(first.split("process ")[1].split("]")[0]), signal.SIGKILL)
            assert "(term 2)" in await says("reads for the office")
            demo.send_signal(signal.SIGINT)
            await demo.stdout.read()
            assert await demo.wait() == 0
    finally:
        if demo.returncode is None:
            demo.kill()
    assert [name for name in os.listdir(tmp_path) if name.startswith("archisync-office-")] == []  # noqa: PTH208
