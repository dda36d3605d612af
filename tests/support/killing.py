"""Child programs that a test kills while they work, as a power failure or the task manager would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Victim:
    """A Python child process that reports its progress on its standard output."""

    def __init__(self, program: str | Path, *arguments: str | Path) -> None:
        """``program``: a file, or the text of a program."""
        how = [str(program)] if isinstance(program, Path) else ["-c", program]
        self._child = subprocess.Popen(
            [sys.executable, *how, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._child.stdout is not None
        self._lines = self._child.stdout

    def says(self) -> str:
        """The next line of its output; ``AssertionError`` when the program has ended."""
        line = self._lines.readline()
        if not line:
            self.kill()
            raise AssertionError("the program ended before it was killed")
        return line.strip()

    def kill(self, after: float = 0.0) -> list[str]:
        """Kill the process (SIGKILL) after ``after`` seconds; returns the lines that were not read yet."""
        try:
            self._child.wait(after)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._child.kill()
        with self._child:
            return [line.strip() for line in self._lines.readlines()]
