"""The main job end to end: the command line reads six lists from the demo ERP with a real browser into a database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from archisync_gui.app import words
from archisync_gui.entities import ENTITIES
from archisync_gui.model import is_first_read

TYPES = tuple(entity.name for entity in ENTITIES)
OURS = ("customers", "orders", "ddt", "invoices")
BY_DAY = ("customers", "invoices")
"""A list that is searched and one whose preset filter only a real click sets."""


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """An empty HOME and a temporary folder of its own, so that what is left behind is seen.

    Not pytest's: Chromium puts a socket there, whose path may not be longer than about 100 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp" if os.name == "posix" else None))
    (folder / "home").mkdir()
    (folder / "tmp").mkdir()
    yield {
        **{k: v for k, v in os.environ.items() if not k.startswith("XDG_")},
        "HOME": str(folder / "home"),
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
    }
    shutil.rmtree(folder)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "archisync_gui", *arguments]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), env=environment, capture_output=True, text=True, timeout=300)


def database(environment: dict[str, str]) -> Path:
    (found,) = Path(environment["HOME"]).rglob("archisync.db")
    return found


def data_rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TYPES}


def nothing_left(environment: dict[str, str]) -> None:
    """No browser, driver or profile folder of ours is left."""
    marker = environment["TMPDIR"]
    for process in psutil.process_iter(["cmdline", "environ"]):
        own = process.info["environ"] or {}
        assert own.get("TMPDIR") != marker, process.info["cmdline"]
    assert [p.name for p in Path(marker).iterdir() if "playwright" in p.name or "archisync" in p.name] == []


@pytest.fixture
def left_clean(environment: dict[str, str]) -> Iterator[None]:
    yield
    nothing_left(environment)


@pytest.mark.usefixtures("left_clean")
@pytest.mark.parametrize(
    ("asked", "types"),
    [
        # That all lists are read, and twice alike, is tested with fewer rows in tests/syncs/test_pipeline.py.
        pytest.param(BY_DAY, BY_DAY, marks=pytest.mark.ci),
        pytest.param(OURS, OURS, marks=pytest.mark.nightly),
        pytest.param(("all",), TYPES, marks=pytest.mark.nightly),
    ],
    ids=["two", "ours", "all"],
)
def test_lists_are_read_and_a_second_run_changes_nothing(
    environment: dict[str, str], asked: tuple[str, ...], types: tuple[str, ...]
) -> None:
    how = ("--demo", "--demo-clock", "stopped", "--json")
    first = run(environment, "sync", *asked, *how)
    assert first.returncode == 0, first.stderr
    lines = {line["type"]: line for line in map(json.loads, first.stdout.splitlines())}
    assert set(lines) == set(types)
    for line in lines.values():
        assert {"type", "outcome", "rows", "added", "changed", "gone", "durationMs"} <= set(line)
        # A first read: every row is stored, and none is new in the ERP.
        assert (line["outcome"], line["added"], line["changed"], line["gone"]) == ("completed", 0, 0, 0)
        assert line["rows"] > 0
        assert is_first_read(line["warnings"])
        assert "first read" in words.result(line, "en")
    before = data_rows(database(environment))
    stored = {name: len(rows) for name, rows in before.items()}
    assert stored == dict.fromkeys(TYPES, 0) | {name: line["rows"] for name, line in lines.items()}
    assert len(before["customers"]) == 1515

    second = run(environment, "sync", *asked, *how)
    assert second.returncode == 0, second.stderr
    told = [json.loads(line) for line in second.stdout.splitlines()]
    assert {line["type"] for line in told} == set(types)
    for line in told:
        assert (line["outcome"], line["added"], line["changed"], line["gone"]) == ("completed", 0, 0, 0), line
        assert "+0 ~0 −0" in words.result(line, "en"), "it has been read before"
    assert data_rows(database(environment)) == before


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@contextmanager
def reading(environment: dict[str, str], name: str) -> Iterator[subprocess.Popen[str]]:
    """A sync that has begun to read pages and goes on; killed at the end, and when it says nothing for long."""
    process = subprocess.Popen(
        command("sync", name, "--demo", "--latency", "0.3"),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        said: list[str] = []
        while not said or "page" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], f"it ended before it read a page: {''.join(said)} {process.wait()}"
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.usefixtures("left_clean")
def test_killed_in_the_middle_the_database_is_sound_and_the_run_is_told_as_interrupted(
    environment: dict[str, str],
) -> None:
    with reading(environment, "products") as process:
        process.kill()
        process.wait()
    wait_for(lambda: not _ours(environment), "browser and driver end with their parent")

    status = run(environment, "status", "--demo", "--json")
    assert status.returncode == 0, status.stderr
    products = json.loads(status.stdout)["statuses"]["products"]["accounts"][0]
    assert products["lastOutcome"] == "interrupted"
    assert products["freshness"] == "never"
    with closing(sqlite3.connect(database(environment))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM products").fetchone() == (0,)
    # A killed process cannot tidy its browser's folder; the next one does.
    assert run(environment, "sync", "invoices", "--demo").returncode == 0


def _ours(environment: dict[str, str]) -> list[str]:
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        if (process.info["environ"] or {}).get("TMPDIR") == environment["TMPDIR"]:
            found.append(" ".join(process.info["cmdline"] or []))
    return found


@pytest.mark.usefixtures("left_clean")
def test_ctrl_c_ends_a_sync_cleanly(environment: dict[str, str]) -> None:
    with reading(environment, "products") as process:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert process.returncode == 130
    status = json.loads(run(environment, "status", "--demo", "--json").stdout)
    assert status["statuses"]["products"]["accounts"][0]["lastOutcome"] == "cancelled"


@pytest.mark.usefixtures("left_clean")
def test_other_processes_hand_over_to_the_holder(environment: dict[str, str]) -> None:
    with reading(environment, "products") as holder:
        status = run(environment, "status", "--demo", "--json")
        assert status.returncode == 0, status.stderr
        assert json.loads(status.stdout)["currentSync"] == "products"
        explained = run(environment, "explain", "--demo", "--json")
        assert json.loads(explained.stdout)["reason"] == "running"
        alone = run(environment, "status", "--demo", "--standalone")
        assert alone.returncode == 75
        assert len(alone.stderr.splitlines()) == 1
        assert run(environment, "hold", "--demo").returncode == 0
        assert holder.wait(60) == 1, "the operator's pause ends the active run"
    status = run(environment, "status", "--demo", "--json")
    assert json.loads(status.stdout)["statuses"]["products"]["accounts"][0]["lastOutcome"] == "cancelled"


def test_an_unknown_type_and_a_wrong_profile_are_one_sentence_each(environment: dict[str, str]) -> None:
    unknown = run(environment, "sync", "costumers", "--demo")
    assert unknown.returncode == 2
    assert "costumers" in unknown.stderr
    run(environment, "status", "--demo", "--profile", "x")
    wrong = run(environment, "status", "--profile", "x")
    assert wrong.returncode == 78
    assert len(wrong.stderr.splitlines()) == 1
