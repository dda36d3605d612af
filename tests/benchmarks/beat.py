"""Measures how late a precise 16 ms Qt timer fires. As a separate program it is the control for a measured process.

``python beat.py`` runs until its standard input is closed; then it prints its measurements.
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
    """Starts at once; :meth:`stop` returns the delay of each beat in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[float] = []
        """Milliseconds of CPU that this thread used between two beats. More than one frame delays the next beat even on
        an idle machine; other programs do not affect this figure."""
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
