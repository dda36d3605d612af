"""Finds programs inside the wheels and the installer that are outdated. Run by `audit.yml` each week.

    .venv/bin/python packaging/outdated.py

pip-audit checks the packages of the locks, but not Windows' own Python and the Node.js and Qt in their wheels. For
these no list of vulnerabilities is searched: a newer patch release of the same series is taken as a sign that something
was fixed. Exit code 1 if there is one, 69 if the list of releases cannot be read.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

from release import inside

PRODUCTS = {"Python": "python", "Node.js": "nodejs", "Qt": "qt"}
"""Program → its name in the list of releases."""

ADDRESS = "https://endoflife.date/api/{product}.json"
"""Each series (``cycle``) of a product with its newest release (``latest``) and its end (``eol``: a date or false)."""


def behind(found: list[tuple[str, str, str]], releases: Callable[[str], Any], today: str) -> list[str]:
    """A line for each program that is not the newest of its series, or whose series is not supported any more.

    ``found``: name, version, place, as returned by `release.inside`. ``releases``: returns the list for a product.
    ``today``: ISO date. Raises ``ValueError`` if the list does not have the series.
    """
    lines = []
    for name, version, where in found:
        own = _numbers(version)
        series = [entry for entry in releases(PRODUCTS[name]) if _of(own, str(entry["cycle"]))]
        if not series:
            raise ValueError(f"{name}: no series of {version} in the list")
        entry = max(series, key=lambda entry: len(_numbers(str(entry["cycle"]))))
        if own < _numbers(str(entry["latest"])):
            lines.append(f"{name} {version}, {where}: {entry['latest']} is out")
        if entry["eol"] is True or (isinstance(entry["eol"], str) and entry["eol"] < today):
            lines.append(f"{name} {version}, {where}: the series has ended")
    return lines


def _of(own: tuple[int, ...], cycle: str) -> bool:
    return own[: len(_numbers(cycle))] == _numbers(cycle)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _fetched(product: str) -> Any:
    with urllib.request.urlopen(ADDRESS.format(product=product), timeout=60) as answer:
        return json.load(answer)


def main() -> int:
    """Entry point."""
    from datetime import UTC, datetime

    try:
        lines = behind(inside(), _fetched, datetime.now(UTC).date().isoformat())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"The list of releases cannot be read: {error}", file=sys.stderr)
        return 69
    print("\n".join(lines) or "all of the newest release of their series")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
