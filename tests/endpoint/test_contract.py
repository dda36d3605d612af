"""The endpoint keeps what its OpenAPI document says, for whatever the document allows and forbids: schemathesis.

It runs as a program of its own, as anybody would run it against ``/openapi.json``. The two calls that are streams are
left out (``test_lines`` has them).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.endpoint.gate import Limits
from tests.endpoint.office import running
from tests.endpoint.stand_in import StandIn, StandInTicket

SETTINGS = """
[checks]
# What a schema cannot know: which sessions, drafts and pairings there are.
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 410, 412, 503]

# ... which accounts and cursors there are.
[[operations]]
include-name-regex = "(customers|products|prices|/drafts$|/drafts/past$|/sync/\\\\{type\\\\})"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 410, 422, 503]

# ... that the name and the nonce of a question to the panel come together.
[[operations]]
include-name-regex = "/api/health$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 422, 503]

# ... nor that a header's value is quoted: the generator leaves the quotes out.
[[operations]]
include-name-regex = "drafts/\\\\{id\\\\}"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 412]
"""
UNLIMITED = Limits(failures=10**9)
"""No caller is ever refused for guessing: else the rest of the call would stay untested."""


class Prompt(StandIn):
    """Every request ends as soon as it is made, so that nobody waits for it."""

    def request_sync(self, type: str, account: str | None = None, **how: object) -> StandInTicket:
        ticket = super().request_sync(type, account, **how)
        ticket.end()
        return ticket


@pytest.mark.ci
async def test_what_is_documented_is_kept(tmp_path: Path) -> None:
    await compare(tmp_path, "--phases", "fuzzing", "--max-examples", "5", "--seed", "1")


@pytest.mark.nightly
async def test_what_is_documented_is_kept_whatever_comes(tmp_path: Path) -> None:
    await compare(tmp_path, "--phases", "coverage,fuzzing", "--max-examples", "100")


async def compare(folder: Path, *options: str) -> None:
    (folder / "schemathesis.toml").write_text(SETTINGS, encoding="utf-8")
    async with running(folder, Prompt(), limits=UNLIMITED) as office:
        token = office.let_in(None)
        told = await program(
            folder,
            *("run", office.url + "/openapi.json", "--header", f"Authorization: Bearer {token}", "--no-color"),
            *("--exclude-path", "/api/events", "--exclude-path", "/api/smart-sessions", "--workers", "2", *options),
        )
    print(told[-1500:])


async def program(folder: Path, *arguments: str) -> str:
    """Run schemathesis in ``folder``; its output. It has to be content."""
    started: Any = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # what it prints is not in every code page
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await started.communicate())[0].decode(errors="replace")
    if started.returncode != 0:
        pytest.fail(f"schemathesis found something:\n{told}", pytrace=False)
    return str(told)
