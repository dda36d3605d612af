"""An office with random faults: at any time only one member reads, and no request or draft is lost."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest
from rounds import BROWSER, FAULTS, Term, acted_together, rounds

from archisync_gui.store.postgres_server import Server
from tests.support.postgres import Offices, on_a_server

pytestmark = [
    on_a_server,
    pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's /proc which signals a process handles"),
    pytest.mark.skipif(not BROWSER, reason="needs Linux with a browser on the path"),
]


async def run(office: Server, offices: Offices, folder: Path, count: int, *, long: float) -> None:
    async def crash() -> None:
        await asyncio.to_thread(offices.cluster.halt, "immediate")
        await asyncio.to_thread(offices.cluster.start)

    await rounds(office, folder, count, random.randrange(10**9), long=long, crash=crash)


@pytest.mark.ci
async def test_after_any_fault_one_member_reads_and_nothing_is_lost(
    office: Server, offices: Offices, tmp_path: Path
) -> None:
    await run(office, offices, tmp_path, len(FAULTS), long=0.1)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(10))
async def test_after_many_faults_one_member_reads_and_nothing_is_lost(
    office: Server, offices: Offices, tmp_path: Path, part: int
) -> None:
    await run(office, offices, tmp_path, 20, long=0.4)


def test_the_checker_finds_two_members_that_act_at_once() -> None:
    terms = [Term(1, "a", 0.0), Term(2, "b", 10.0), Term(3, "a", 20.0)]
    good = [(1.0, "a"), (10.5, "a"), (11.0, "b"), (21.0, "a")]
    assert acted_together(good, terms, {"a": [], "b": []}) == []
    late = [*good, (11.5, "a")]
    assert acted_together(late, terms, {"a": [], "b": []}) == [("a", 11.5, 1.5)]
    assert acted_together(late, terms, {"a": [11.2], "b": []}) == []  # it was stopped and has just continued
    assert acted_together([*good, (22.0, "b")], terms, {"a": [], "b": []}) == [("b", 22.0, 2.0)]
