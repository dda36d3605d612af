"""The cost of the idle panel: wake-ups, CPU and memory, with the window shown and hidden and the browser closed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.benchmarks.result import Result
from tests.benchmarks.whole import folder, office, screen

SETTLING = 15.0
"""Seconds after the start before the measurement: the services open, and the first search for a tray ends."""


def _switches(pid: int) -> dict[str, int]:
    """Voluntary context switches of each thread, by name and id: each one means that the thread began to wait again."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                found[f"{name} {task.name}"] = int(line.split()[1])
    return found


@contextmanager
def _running(command: list[str], env: Mapping[str, str]) -> Iterator[int]:
    panel = subprocess.Popen(command, env=env)
    try:
        yield panel.pid
    finally:
        panel.terminate()
        panel.wait()


def _measured(hidden: bool, seconds: float) -> Iterator[Result]:
    what = "hidden" if hidden else "shown"
    with folder() as place, screen() as env:
        profile = office(place, "http://erp.example.test/Archibald")
        command = [sys.executable, "-m", "archisync_gui", "--profile", str(profile.folder)]
        with _running(command, env):
            time.sleep(SETTLING)  # the first start makes the database, which takes memory that later starts do not need
        with _running([*command, "--hidden"] if hidden else command, env) as pid:
            time.sleep(SETTLING)
            process = psutil.Process(pid)
            before, cpu = _switches(pid), sum(process.cpu_times()[:2])
            time.sleep(seconds)
            after, spent = _switches(pid), sum(process.cpu_times()[:2]) - cpu
            memory = process.memory_full_info()
            children = len(process.children(recursive=True))
    rates = {name: (after[name] - before.get(name, 0)) / seconds for name in after}
    awake = ", ".join(f"{name.split()[0]} {rate:.2f}" for name, rate in rates.items() if rate >= 0.01) or "none"
    note = f"{seconds:.0f} s; by thread: {awake}; {children} child processes"
    yield Result(sum(rates.values()), "wake-ups per s", limit=0.5 if hidden else 2, note=note, what=f"{what}, wake-ups")
    yield Result(100 * spent / seconds, "%", limit=0.2, what=f"{what}, CPU")
    private = f"private {memory.uss / 1e6:.0f} MB, shared ones in part {memory.pss / 1e6:.0f} MB"
    yield Result(memory.rss / 1e6, "MB", limit=120, note=private, what=f"{what}, memory")


def idle(quick: bool) -> list[Result]:
    """Nothing is due; the browser is closed."""
    if not sys.platform.startswith("linux"):
        return []
    seconds = 20.0 if quick else 60.0
    return [*_measured(False, seconds), *_measured(True, seconds)]


BENCHMARKS = (("idle", idle),)
