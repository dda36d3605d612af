"""A pytest plugin that fails each test that leaves something behind.

Checked after each test: no error in the log that the test did not expect, and no asyncio task, thread, child process
or running Qt timer that was not there before; a leak fails the test that made it. Checked at the end of the run: no
process and no temporary file of ours. Warnings fail through pytest's ``filterwarnings``, Qt's messages through
pytest-qt.

This module never imports Qt; timers are watched once another module has imported it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import traceback
import uuid
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from archisync_gui import zone
from tests.support.wine import wines_own

GRACE = float(os.environ.get("ARCHISYNC_TEST_GRACE", "3"))
"""Seconds that a thread or process may take to end after the test; only a leak takes the full time."""

TURNS = 20
"""Iterations of the loop that a cancelled task may take to end."""

PYTHONS_OWN = (r"^asyncio: Exception in callback BaseProactorEventLoop\._start_serving",)
"""Logged errors that come from a fault of Python: a connection accepted while its server closes, on Windows
(gh-109564)."""

MARKER = "ARCHISYNC_TEST_RUN"
"""Environment variable that every process started by the tests inherits, so that orphans are found."""

servers: set[int] = set()
"""Process ids of servers that several tests share and that end with the run. They are no leak; where this process is
the container's first process (PID 1), they appear as its children."""

_RUNTIME = f"archisync-{os.getuid() if hasattr(os, 'getuid') else 0}"
"""The folder for sockets that the program makes where the system provides none; the program does not remove it."""


class Leak(AssertionError):
    """A test left something behind."""


# ------------------------------------------------------------------------------------------------ log


class ExpectedErrors(logging.Handler):
    """Collects log records of level ERROR and above; a test calls it with the patterns that it expects."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []
        self._expected: list[str] = []
        self._allowed: list[str] = []

    def __call__(self, *patterns: str) -> None:
        """Each pattern must match at least one error of this test (``re.search`` on ``logger: message``)."""
        self._expected += patterns

    def allow(self, *patterns: str) -> None:
        """These may be logged or not: for races whose outcome the test does not control."""
        self._allowed += patterns

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[0]:
            line += "\n" + "".join(traceback.format_exception(*record.exc_info))
        self.records.append(line)

    def verify(self) -> None:
        """Raise :class:`Leak` for an unexpected error, and for an expected one that was not logged."""
        known = [*self._expected, *self._allowed, *PYTHONS_OWN]
        surprises = [line for line in self.records if not any(re.search(p, line) for p in known)]
        if surprises:
            raise Leak("unexpected errors in the log:\n" + "\n".join(surprises))
        absent = [p for p in self._expected if not any(re.search(p, line) for line in self.records)]
        if absent:
            raise Leak(f"expected errors that were not logged: {absent}")


# ------------------------------------------------------------------------------------------------ Qt timers


class _Timers:
    """Records each ``QTimer`` started from Python, with the line that started it."""

    def __init__(self) -> None:
        self.started: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._watching = False

    def watch(self) -> None:
        """Begin to record, if Qt has been imported; does nothing the second time."""
        core = sys.modules.get("PySide6.QtCore")
        if self._watching or core is None or not hasattr(core, "QTimer"):
            return
        self._watching = True
        start: Callable[..., None] = core.QTimer.start

        def watched(timer: Any, *arguments: Any) -> None:
            caller = sys._getframe(1)
            self.started[timer] = f"{caller.f_code.co_filename}:{caller.f_lineno}"
            start(timer, *arguments)

        core.QTimer.start = watched

    def running(self) -> dict[int, str]:
        """Descriptions of the timers that run now, by the ``id`` of the timer."""
        if not self.started:
            return {}
        from shiboken6 import isValid

        found = {}
        for timer, place in list(self.started.items()):
            if not isValid(timer):
                del self.started[timer]
            elif timer.isActive():
                name = timer.objectName() or type(timer).__name__
                found[id(timer)] = f"{name} every {timer.interval()} ms, started at {place}"
        return found


_timers = _Timers()


# ------------------------------------------------------------------------------------------------ processes


def _children() -> set[int]:
    """Process ids of our direct children; takes a few microseconds on Linux."""
    if sys.platform != "linux":  # do not test for /proc instead: programs under Wine see that of the Linux host
        return {child.pid for child in psutil.Process().children()}
    found: set[int] = set()
    for thread in os.listdir("/proc/self/task"):  # noqa: PTH208  (this runs twice a test)
        with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/children", "rb") as listing:  # noqa: PTH123
            found.update(map(int, listing.read().split()))
    return found


def _living(pids: set[int]) -> dict[int, str]:
    """The processes that still run (zombies do not count), with their command lines."""
    found = {}
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and not wines_own(process):
                found[pid] = " ".join(process.cmdline())[:200] or process.name()
    return found


def _orphans(marker: str) -> list[str]:
    """All processes of this run that still run, whatever their parent is: they have inherited :data:`MARKER`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE or wines_own(process):
                continue
            if process.environ().get(MARKER, "").startswith(marker):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
    return found


# ------------------------------------------------------------------------------------------------ after each test


@pytest.fixture
async def _watched_tasks() -> AsyncIterator[None]:
    """Fail a test that leaves tasks on its loop: set up before, and torn down after, the test's other fixtures."""
    before = asyncio.all_tasks()  # not empty on a loop that several tests share
    yield
    await _no_tasks_but(before)


@pytest_asyncio.fixture(loop_scope="module")
async def _watched_tasks_of_module() -> AsyncIterator[None]:
    """The same for a test on its module's loop."""
    before = asyncio.all_tasks()
    yield
    await _no_tasks_but(before)


async def _no_tasks_but(before: set[asyncio.Task[Any]]) -> None:
    own = asyncio.current_task()
    for _ in range(TURNS):
        left = [task for task in asyncio.all_tasks() if task is not own and task not in before]
        if not left:
            return
        await asyncio.sleep(0)
    names = [f"{task.get_name()}: {_where(task)}" for task in left]
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=GRACE)
    raise Leak("asyncio tasks left running:\n" + "\n".join(names))


def _where(task: asyncio.Task[Any]) -> str:
    coroutine = task.get_coro()
    stack = task.get_stack(limit=1)
    place = f" at {stack[0].f_code.co_filename}:{stack[0].f_lineno}" if stack else ""
    return f"{getattr(coroutine, '__qualname__', coroutine)}{place}"


@pytest.fixture(autouse=True)
def hygiene() -> Iterator[ExpectedErrors]:
    """Fail a test that leaves errors, timers, threads or processes. Torn down after the test's loop is closed, which
    ends the loop's own threads."""
    _timers.watch()
    timers = set(_timers.running())
    threads = set(threading.enumerate())
    children = _children()
    errors = ExpectedErrors()
    root = logging.getLogger()
    root.addHandler(errors)
    yield errors
    root.removeHandler(errors)
    problems = [*_left_timers(timers), *_left_threads(threads), *_left_processes(children)]
    try:
        errors.verify()
    except Leak as leak:
        problems.insert(0, str(leak))
    if problems:
        raise Leak("\n".join(problems))


@pytest.fixture(autouse=True)
def _computers_zone() -> Iterator[None]:
    """Reset the time zone of the office after each test."""
    yield
    zone.use("")


@pytest.fixture(autouse=True)
def _tasks(request: pytest.FixtureRequest, hygiene: ExpectedErrors) -> None:
    """Use :func:`_watched_tasks` in asynchronous tests only, since it would make a loop for the others."""
    mark = request.node.get_closest_marker("asyncio")
    if mark is not None:
        # Only for ``one_browser``: other loops of a module run shared servers, with a task for each connection.
        shared = request.node.get_closest_marker("one_browser") and mark.kwargs.get("loop_scope") == "module"
        request.getfixturevalue("_watched_tasks_of_module" if shared else "_watched_tasks")


@pytest.fixture
def expected_errors(hygiene: ExpectedErrors) -> ExpectedErrors:
    """Errors that a test expects in the log: ``expected_errors("pattern")``."""
    return hygiene


def _left_threads(before: set[threading.Thread]) -> list[str]:
    deadline = time.monotonic() + GRACE
    left = []
    for thread in set(threading.enumerate()) - before:
        # Threads made outside ``threading`` (Qt's pool, which is the executor of the Qt loop) cannot be joined.
        if isinstance(thread, threading._DummyThread):
            continue
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            left.append(f"thread left running: {thread.name} ({getattr(thread, '_target', None)})")
    return left


def _left_processes(before: set[int]) -> list[str]:
    new = _children() - before - servers
    deadline = time.monotonic() + GRACE
    while new and (living := _living(new)):
        if time.monotonic() > deadline:
            for pid in living:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(pid).kill()
            return [f"process left running: {pid} {name}" for pid, name in living.items()]
        time.sleep(0.02)
    return []


def _left_timers(before: set[int]) -> list[str]:
    if not set(_timers.running()) - before:
        return []
    gc.collect()  # a timer in a reference cycle runs until it is collected; done only when a timer seems to be left
    left = {key: name for key, name in _timers.running().items() if key not in before}
    for timer in list(_timers.started):
        if id(timer) in left:
            timer.stop()
    return [f"Qt timer left running: {name}" for name in left.values()]


# ------------------------------------------------------------------------------------------------ the whole run


class _Run:
    """The temporary folder and the marker of a run; at its end no file and no process of either may be left.

    With pytest-xdist each worker process has a run of its own, whose folder and marker begin with those of the process
    that distributes the tests. So that process also finds what a crashed worker left behind.
    """

    def __init__(self, whole: tuple[str, str, str] | None = None) -> None:
        """``whole``: folder and marker of the run to which this worker belongs, and the worker's name."""
        if whole is None:
            outside = tempfile.gettempdir()
            self.marker = uuid.uuid4().hex
            # A short name, since socket paths are limited. pytest's own folders stay at their usual place.
            self.folder = Path(tempfile.mkdtemp(prefix="at-"))
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", outside)
        else:
            folder, marker, name = whole
            self.marker = f"{marker}-{name}"
            self.folder = Path(folder, name)
            self.folder.mkdir()
        self.temporary = self.folder / "t"
        self.temporary.mkdir()
        os.environ.update({MARKER: self.marker, "TMPDIR": str(self.temporary)})
        tempfile.tempdir = None  # read TMPDIR again
        # No test reaches the settings, data or keyring of the user who runs it.
        for name in ("CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(self.folder / name.lower())
        os.environ["WIN_PD_OVERRIDE_LOCAL_APPDATA"] = str(self.folder / "data")  # the same for platformdirs on Windows
        runtime = self.folder / "r"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

    def left(self) -> list[str]:
        """Describe the processes and temporary files that are left, and remove the files."""
        deadline = time.monotonic() + GRACE
        while (orphans := _orphans(self.marker)) and time.monotonic() < deadline:
            time.sleep(0.05)
        names = {path.name for path in self.temporary.iterdir()} - {_RUNTIME}
        files = [f"temporary file left behind: {name}" for name in sorted(names)]
        # On Windows the files and the working folder of a process stay locked for a moment after it has ended; a folder
        # that is left by a run within a test would count as left behind by that test.
        deadline = time.monotonic() + 10 * GRACE
        shutil.rmtree(self.folder, ignore_errors=True)
        while self.folder.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
            shutil.rmtree(self.folder, ignore_errors=True)
        return [f"process left running: {orphan}" for orphan in orphans] + files


_RUN = pytest.StashKey[_Run]()
_LEFT = pytest.StashKey[list[str]]()
_WHOLE = "archisync_run"
"""Key of the values that the distributing process and its workers exchange."""


def pytest_configure(config: pytest.Config) -> None:
    received: dict[str, Any] = getattr(config, "workerinput", {})
    config.stash[_RUN] = _Run((*received[_WHOLE], received["workerid"]) if _WHOLE in received else None)
    config.stash[_LEFT] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of pytest-xdist starts: give it the folder and marker of this run."""
    run = node.config.stash[_RUN]
    node.workerinput[_WHOLE] = (str(run.folder), run.marker)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist has ended: what its tests left behind counts for the whole run."""
    node.config.stash[_LEFT].extend(getattr(node, "workeroutput", {}).get(_WHOLE, []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    left = session.config.stash[_LEFT]
    left += session.config.stash[_RUN].left()
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WHOLE] = left
    if left and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left = config.stash[_LEFT]
    if left:
        terminalreporter.section("left behind by the tests", red=True)
        for line in left:
            terminalreporter.line(line)
