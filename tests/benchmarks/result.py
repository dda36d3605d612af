"""The result of a benchmark, and facts about the machine; ``__main__`` runs the benchmarks.

A module ``bench_*.py`` here declares ``BENCHMARKS``: pairs of a name and a function. The function takes ``quick``
(a shorter measurement of the same), may be a coroutine function, and returns one :class:`Result` or several.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

PACKAGES = ("PySide6-Essentials", "qasync", "playwright", "aiohttp", "SQLAlchemy")


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure, with its floor and limit."""

    figure: float
    unit: str
    """The unit of figure and floor: ``ms``, ``s``, ``%``, ``MB``, ``1/s`` …; smaller is better unless it ends in
    ``/s``."""
    floor: float | None = None
    """The floor, or the peer, measured in the same run."""
    limit: float | None = None
    """The limit of the ratio if there is a floor, else of the figure."""
    note: str = ""
    what: str = ""
    """The name of this figure, if the benchmark has several."""

    @property
    def ratio(self) -> float | None:
        """Figure over floor; ``None`` without a floor."""
        if self.floor is None:
            return None
        return self.figure / self.floor if self.floor else math.inf

    @property
    def reached(self) -> bool | None:
        """True when the limit is kept; ``None`` where there is none."""
        if self.limit is None:
            return None
        value = self.figure if self.ratio is None else self.ratio
        return value >= self.limit if self.unit.endswith("/s") else value <= self.limit

    def as_json(self, benchmark: str) -> dict[str, object]:
        """The stored form."""
        return {
            "benchmark": benchmark,
            "what": self.what,
            "figure": self.figure,
            "unit": self.unit,
            "floor": self.floor,
            "ratio": self.ratio,
            "limit": self.limit,
            "reached": self.reached,
            "note": self.note,
        }


Function: TypeAlias = Callable[[bool], Result | Sequence[Result] | Awaitable[Result | Sequence[Result]]]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` % of the values do not exceed (interpolated)."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def machine() -> Mapping[str, object]:
    """Facts on which figures depend; none identifies the machine or its user."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "-"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": sys.version.split()[0],
        "packages": packages,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
