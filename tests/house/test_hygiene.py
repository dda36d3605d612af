"""``tests/support/hygiene.py`` fails tests that leak, names the leak, and passes clean tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

QUICK = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")
"""Switches off plugins that add most of a second to each start."""

CONFTEST = 'pytest_plugins = ["tests.support.hygiene", "tests.support.loops"]\n'

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
markers =
    qasync: runs on the Qt loop
"""

SPECIMENS = """
import asyncio, logging, os, subprocess, sys, tempfile, threading, time, warnings
import psutil
import pytest

kept = []


async def forever():
    await asyncio.Event().wait()


async def test_leaves_a_task():
    kept.append(asyncio.create_task(forever(), name="the lost task"))

@pytest.mark.qasync
async def test_leaves_a_task_on_the_qt_loop():
    kept.append(asyncio.create_task(forever(), name="the lost task"))

async def test_cancels_its_task():
    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    task.cancel()

@pytest.fixture
async def busy():
    task = asyncio.create_task(forever())
    yield
    task.cancel()

async def test_task_of_a_fixture_that_ends_it(busy):
    await asyncio.sleep(0)

def test_leaves_a_thread():
    threading.Thread(target=time.sleep, args=(30,), daemon=True, name="the lost thread").start()

def test_leaves_a_process():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)  # the lost process"])
    kept.append(process)

def test_process_that_ends():
    subprocess.run([sys.executable, "-c", ""], check=True)

async def test_thread_of_the_loop():
    await asyncio.to_thread(time.sleep, 0)

def test_leaves_an_orphan():
    inner = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)  # orphan'])"
    subprocess.run([sys.executable, "-c", inner], check=True)

def test_leaves_a_temporary_folder():
    tempfile.mkdtemp(prefix="lost-profile-")

def test_logs_an_error():
    logging.getLogger("archisync_gui.somewhere").error("the disk is on fire")

def test_expects_an_error(expected_errors):
    expected_errors("somewhere: the disk is on .*")
    logging.getLogger("archisync_gui.somewhere").error("the disk is on fire")

def test_expects_an_error_in_vain(expected_errors):
    expected_errors("never said")

def test_allows_an_error_that_does_not_come(expected_errors):
    expected_errors.allow("never said")

def test_warns():
    warnings.warn("old ways", DeprecationWarning)

def test_leaves_a_timer(qapp):
    from PySide6.QtCore import QTimer
    timer = QTimer(objectName="the lost timer")
    timer.start(60_000)
    kept.append(timer)

def test_leaves_a_single_shot_timer(qapp):
    from PySide6.QtCore import QTimer
    timer = QTimer(objectName="the lost timer", interval=60_000, singleShot=True)
    timer.start()
    kept.append(timer)

def test_stops_its_timer(qapp):
    from PySide6.QtCore import QTimer
    timer = QTimer()
    timer.start(60_000)
    timer.stop()
    kept.append(timer)

def test_drops_its_timer_in_a_cycle(qapp):
    from PySide6.QtCore import QTimer
    timer = QTimer()
    cycle = [timer]
    cycle.append(cycle)
    timer.start(60_000)

def test_makes_qt_complain(qapp):
    from PySide6.QtCore import qWarning
    qWarning("the window is odd")

@pytest.mark.qasync
async def test_runs_on_the_qt_loop():
    await asyncio.sleep(0.001)
    assert type(asyncio.get_running_loop()).__name__ == "QtEventLoop"

async def test_runs_on_the_plain_loop():
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio.")
"""

LEAKS = {
    "test_leaves_a_task": r"tasks left running:\s+the lost task: forever at .*test_specimens\.py:\d+",
    "test_leaves_a_task_on_the_qt_loop": "tasks left running:\n.*the lost task",
    "test_leaves_a_thread": "thread left running: the lost thread",
    "test_leaves_a_process": r"process left running: \d+ .*the lost process",
    "test_logs_an_error": r"unexpected errors in the log:\n.*archisync_gui\.somewhere: the disk is on fire",
    "test_expects_an_error_in_vain": "not logged: .*never said",
    "test_warns": "DeprecationWarning: old ways",
    "test_leaves_a_timer": r"Qt timer left running: the lost timer every 60000 ms, started at .*test_specimens\.py:\d+",
    "test_leaves_a_single_shot_timer": "Qt timer left running: the lost timer every 60000 ms",
    "test_makes_qt_complain": "the window is odd",
}

CLEAN = [
    "test_cancels_its_task",
    "test_task_of_a_fixture_that_ends_it",
    "test_process_that_ends",
    "test_thread_of_the_loop",
    "test_leaves_an_orphan",  # named at the end of the run
    "test_leaves_a_temporary_folder",  # too
    "test_expects_an_error",
    "test_allows_an_error_that_does_not_come",
    "test_stops_its_timer",
    "test_drops_its_timer_in_a_cycle",
    "test_runs_on_the_qt_loop",
    "test_runs_on_the_plain_loop",
]


@dataclass(frozen=True)
class Report:
    """The result of a pytest run on the specimens."""

    exit_code: int
    output: str
    complaints: dict[str, str]
    """Text of each test's failure; empty for one that passed."""


def run_specimens(folder: Path, source: str, *options: str) -> Report:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_specimens.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--junitxml=report.xml", "-p", "no:cacheprovider", *QUICK, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ARCHISYNC_TEST_GRACE": "0.5"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    complaints: dict[str, str] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        name = re.sub(r"\[.*", "", case.attrib["name"])
        said = "".join(
            (part.text or "") + part.attrib.get("message", "") for part in [*case.iter("failure"), *case.iter("error")]
        )
        complaints[name] = complaints.get(name, "") + said
    return Report(done.returncode, done.stdout, complaints)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_specimens(tmp_path_factory.mktemp("specimens"), SPECIMENS)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_fails_the_test_that_made_it_and_is_named(report: Report, name: str) -> None:
    assert re.search(LEAKS[name], report.complaints[name])


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_test_passes(report: Report, name: str) -> None:
    assert report.complaints[name] == ""


def test_every_specimen_has_a_result(report: Report) -> None:
    assert set(report.complaints) == {*LEAKS, *CLEAN}


def test_what_outlives_the_run_is_named_at_its_end(report: Report) -> None:
    assert re.search(r"process left running: \d+ .*orphan", report.output)
    assert re.search(r"temporary file left behind: lost-profile-", report.output)


def test_what_outlives_the_run_fails_it(tmp_path: Path) -> None:
    source = "import tempfile\ndef test_leaves_a_folder():\n    tempfile.mkdtemp(prefix='lost-profile-')\n"
    report = run_specimens(tmp_path, source)
    assert report.complaints == {"test_leaves_a_folder": ""}
    assert report.exit_code == 1


def test_what_outlives_a_worker_fails_the_whole_run(tmp_path: Path) -> None:
    leaving = "import tempfile\ndef test_leaves_a_folder():\n    tempfile.mkdtemp(prefix='lost-profile-')\n"
    (tmp_path / "test_other.py").write_text("def test_clean():\n    pass\n")
    report = run_specimens(tmp_path, leaving, "-n", "2", "--dist", "loadfile")
    assert report.complaints == {"test_leaves_a_folder": "", "test_clean": ""}
    assert report.exit_code == 1
    assert re.search(r"temporary file left behind: lost-profile-", report.output)


def test_what_a_crashed_worker_leaves_is_named(tmp_path: Path) -> None:
    source = """
import os, subprocess, sys

def test_crashes():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)  # of the crashed worker"])
    os._exit(1)
"""
    report = run_specimens(tmp_path, source, "-n", "1", "--max-worker-restart", "0")
    assert report.exit_code == 1
    named = re.search(r"process left running: (\d+) .*of the crashed worker", report.output)
    assert named
    psutil.Process(int(named[1])).kill()


def test_workers_that_leave_nothing_pass(tmp_path: Path) -> None:
    source = """
import subprocess, sys, tempfile, threading

def test_clean(tmp_path):
    subprocess.run([sys.executable, "-c", ""], check=True)
    with tempfile.TemporaryDirectory():
        thread = threading.Thread(target=print)
        thread.start()
        thread.join()
"""
    report = run_specimens(tmp_path, source, "-n", "2", "--dist", "loadfile")
    assert report.complaints == {"test_clean": ""}
    assert report.exit_code == 0


def test_core_tests_run_without_qt(tmp_path: Path) -> None:
    source = """
import asyncio, sys

async def test_without_qt():
    await asyncio.sleep(0)
    assert not [name for name in sys.modules if name.startswith(("PySide6", "qasync", "shiboken6"))]
"""
    report = run_specimens(tmp_path, source, "-p", "no:pytest-qt")
    assert report.complaints == {"test_without_qt": ""}
    assert report.exit_code == 0
