"""Programs that a test kills in the middle of their work, as a power failure or an impatient person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Victim:
    """A Python program of a test that says on its standard output how far it is."""

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
        """Its next line. Fails when it has ended."""
        line = self._lines.readline()
        if not line:
            self.kill()
            raise AssertionError("the program ended by itself")
        return line.strip()

    def kill(self, after: float = 0.0) -> list[str]:
        """Kill it (SIGKILL) after so many seconds; the lines that it said until then."""
        try:
            self._child.wait(after)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._child.kill()
        with self._child:
            return [line.strip() for line in self._lines.readlines()]
