"""The time from the start of the panel's process to its painted window, compared with an empty PySide6 window."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from archisync_gui.disk import replace_file
from archisync_gui.ui.text.last_known import FILE, LastKnown
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.whole import folder, page_cache_dropped, screen

BARE = """
import sys, time
from PySide6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.time(), time.process_time(), len(sys.modules), flush=True)
        app.quit()

app = QApplication(sys.argv)
window = Window()
window.resize(1330, 780)
window.show()
app.exec()
"""

PICTURE = """
import sys, time
from archisync_gui.start import first_window
window = first_window(["--demo", "--profile", sys.argv[1]])
assert window is not None and window.was_painted and window.known is not None
print(time.time(), time.process_time(), len(sys.modules), flush=True)
"""
"""An ordinary start that ends when the window shows its first picture: the last known data with their age."""

OURS = """
import sys, time
import archisync_gui.app.desktop as desktop

async def lived(life, panel, opened):
    print(time.time(), time.process_time(), len(sys.modules), flush=True)
    return 0

desktop.Life.lived = lived
from archisync_gui.start import main
sys.exit(main(["--demo", "--profile", sys.argv[1]]))
"""
"""The same start, ended before it opens its services: the window has all its parts, and was painted again."""


def _started(program: str, place: Path, env: Mapping[str, str]) -> tuple[float, float, int]:
    """Milliseconds from the start of the process to the painted window, its CPU milliseconds, and its modules then."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, "-c", program, f"{place / 'profile'}"], env=env, capture_output=True, text=True, check=True
    )
    at, cpu, modules = done.stdout.split()
    return (float(at) - began) * 1000, float(cpu) * 1000, int(modules)


def start(quick: bool) -> list[Result]:
    """Warm and cold starts. Empty window, first picture and whole window alternate, so that all run under the same
    load."""
    times = 7 if quick else 21
    programs = (BARE, PICTURE, OURS)
    with folder() as place, screen() as env:
        _started(OURS, place, env)  # makes the profile
        lists = tuple((name, datetime(2026, 3, 2, tzinfo=UTC)) for name in ("Clienti", "Ordini", "DDT", "Fatture"))
        replace_file(place / "profile" / FILE, LastKnown("it", "system", lists).text())
        modules = [_started(program, place, env)[2] for program in programs]
        warm = [[_started(program, place, env) for program in programs] for _ in range(times)]
        cold = []
        for _ in range(max(3, times // 3)):
            turn = [_started(program, place, env) for program in programs if page_cache_dropped()]
            if len(turn) == len(programs):
                cold.append(turn)
    results = []
    for what, turns, limit in (("warm", warm, 1.8), ("cold (files not in memory)", cold, 1.6)):
        for at, name in ((1, "first picture"), (2, "whole window")) if turns else ():
            bare, ours = ([turn[n][0] for turn in turns] for n in (0, at))
            note = f"median of {len(turns)}; best {min(ours):.0f} beside {min(bare):.0f}"
            results.append(
                Result(
                    percentile(ours, 50),
                    "ms",
                    floor=percentile(bare, 50),
                    limit=limit if at == 1 else None,
                    note=note,
                    what=f"{name}, {what}",
                )
            )
    bare, ours = ([turn[n][1] for turn in warm] for n in (0, 1))
    note = f"{modules[1]} modules imported beside {modules[0]}; what may not be: test_first_paint.py"
    results.append(
        Result(percentile(ours, 50), "ms", floor=percentile(bare, 50), note=note, what="CPU to the first picture")
    )
    return results


BENCHMARKS = (("start", start),)
