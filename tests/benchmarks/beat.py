"""A precise 16 ms Qt timer and how late it comes; as a program of its own it is the control beside a measured one.

``python beat.py`` until its standard input is closed; then it prints what it found.
"""

from __future__ import annotations

import json
import sys
import threading
import time

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer

PERIOD = 16.0
"""Milliseconds: a frame."""


class Beat(QObject):
    """Begins at once; :meth:`stop` returns by how many milliseconds each beat was late."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[float] = []
        """Milliseconds of CPU that this thread used between two beats: more than a frame of it makes the next one late
        on the quietest machine, and other programs add nothing to it."""
        self._used = time.thread_time()
        self._late: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=int(PERIOD), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.work.append((used - self._used) * 1000)
        self._used = used
        self._late.append(max(0.0, (now - self._last) * 1000 - PERIOD))
        self._last = now

    def stop(self) -> list[float]:
        self._timer.stop()
        return self._late


def main() -> None:
    app = QCoreApplication(sys.argv)
    beat = Beat()

    def wait() -> None:
        sys.stdin.read()
        app.quit()

    threading.Thread(target=wait, daemon=True).start()
    print("ready", flush=True)
    app.exec()
    print(json.dumps({"late": beat.stop()}), flush=True)


if __name__ == "__main__":
    main()
