"""How long the panel takes from the start of its process to a painted window, beside a bare PySide6 window."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

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

OURS = """
import sys, time
import archisync_gui.app.desktop as desktop

async def lived(life, panel):
    print(time.time(), time.process_time(), len(sys.modules), flush=True)
    return 0

desktop.Life.lived = lived
from archisync_gui.cli import main
sys.exit(main(["--demo", "--profile", sys.argv[1]]))
"""
"""The panel as people start it, ended where it would open its services; they are opened once the window is painted."""


def _started(program: str, place: Path, env: Mapping[str, str]) -> tuple[float, float, int]:
    """Milliseconds from the start of the process to the painted window, those of its CPU, and its modules then."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, "-c", program, f"{place / 'profile'}"], env=env, capture_output=True, text=True, check=True
    )
    at, cpu, modules = done.stdout.split()
    return (float(at) - began) * 1000, float(cpu) * 1000, int(modules)


def start(quick: bool) -> list[Result]:
    """Warm and cold, ours and bare in turns, so that both meet the same machine."""
    times = 7 if quick else 21
    with folder() as place, screen() as env:
        warm_up = [_started(program, place, env) for program in (BARE, OURS)]
        warm = [(_started(BARE, place, env), _started(OURS, place, env)) for _ in range(times)]
        cold = []
        for _ in range(max(3, times // 3)):
            pair = []
            for program in (BARE, OURS):
                if not page_cache_dropped():
                    break
                pair.append(_started(program, place, env))
            if len(pair) == 2:
                cold.append(tuple(pair))
    results = []
    for what, pairs in (("warm", warm), ("cold (files not in memory)", cold)):
        if pairs:
            bare, ours = ([pair[n][0] for pair in pairs] for n in (0, 1))
            results.append(
                Result(
                    percentile(ours, 50),
                    "ms",
                    floor=percentile(bare, 50),
                    limit=2,
                    note=f"median of {len(pairs)}; best {min(ours):.0f} beside {min(bare):.0f}",
                    what=what,
                )
            )
    bare, ours = ([pair[n][1] for pair in warm] for n in (0, 1))
    modules = f"{warm_up[1][2]} modules imported beside {warm_up[0][2]}; what may not be: test_first_paint.py"
    results.append(
        Result(percentile(ours, 50), "ms", floor=percentile(bare, 50), note=modules, what="CPU to the first paint")
    )
    return results


BENCHMARKS = (("start", start),)
