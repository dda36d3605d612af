"""Rows that come, change and go as a pure function of time, and the caches over them. No content here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

from archisync_gui.demo_erp.clock import ROME

Values = Mapping[str, Any]
"""Typed values by field name: str, int, Decimal, bool, date, datetime (Rome, no zone), enum code or None."""

UTC_ZONE = ZoneInfo("UTC")
BASE = datetime(2025, 1, 1, tzinfo=UTC_ZONE)
OPEN_END = date(2154, 12, 31)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the grid's row key, its typed values, and cells already drawn from them (a cache, by look)."""

    key: str
    values: Values
    cells: dict[Hashable, str] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RowSet:
    """All records of one list at a moment. ``token`` changes whenever the rows do."""

    token: Hashable
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Numbered rows born one every ``interval`` seconds: the ``recent`` newest exist, and of the older ones every
    ``keep_every``-th, ``kept`` of them. The number of rows that exist never changes."""

    interval: float
    recent: int
    keep_every: int = 1
    kept: int = 0

    def newest(self, seconds: float) -> int:
        """The number of the newest row born by then."""
        return int(seconds // self.interval)

    def alive(self, newest: int) -> Iterator[int]:
        """The numbers that exist when ``newest`` was just born, oldest first."""
        edge = newest - self.recent
        last = edge // self.keep_every
        for j in range(last - self.kept + 1, last + 1):
            yield j * self.keep_every
        yield from range(edge + 1, newest + 1)

    def born(self, number: int) -> datetime:
        """When that row was born, as Rome's local time."""
        return local(number * self.interval)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Changes falling on ``count`` rows in turn, one every ``interval`` seconds, in a scattered order."""

    interval: float
    count: int
    stride: int

    @classmethod
    def over(cls, count: int, interval: float) -> Ticks:
        """Ticks that change one of ``count`` rows each ``interval`` seconds, all in turn, in an irregular order."""
        stride = max(1, int(count * 0.618))
        while gcd(stride, max(1, count)) != 1:
            stride += 1
        return cls(interval, count, stride)

    def number(self, seconds: float) -> int:
        """How many ticks have passed after so many seconds."""
        return int(seconds // self.interval)

    def versions(self, newest: int) -> list[int]:
        """How often each row was changed by tick ``newest``."""
        if not self.count:
            return []
        base, extra = divmod(newest + 1, self.count)
        versions = [base] * self.count
        for tick in range(extra):
            versions[tick * self.stride % self.count] += 1
        return versions

    def last(self, index: int, version: int) -> datetime:
        """When row ``index`` got that version."""
        inverse = pow(self.stride, -1, self.count) if self.count > 1 else 0
        return local(((version - 1) * self.count + index * inverse % self.count) * self.interval)


def local(seconds: float) -> datetime:
    """Seconds since the base as Rome's wall clock, as the ERP prints it."""
    return (BASE + timedelta(seconds=int(seconds))).astimezone(ROME).replace(tzinfo=None)


def cents(value: float) -> Decimal:
    """An amount in euros, rounded to cents."""
    return Decimal(round(value * 100)).scaleb(-2)


class Cache:
    """Remembers the rows last built for each state and each record by version."""

    def __init__(self) -> None:
        self._sets: dict[str, RowSet] = {}
        self._rows: dict[tuple[str, int], tuple[Hashable, Row]] = {}

    def rowset(self, name: str, token: Hashable, build: Callable[[], Iterable[Row]]) -> RowSet:
        """The rows of a list, built anew only when its ``token`` has changed."""
        found = self._sets.get(name)
        if found is None or found.token != token:
            found = self._sets[name] = RowSet(token, tuple(build()))
            if len(self._rows) > 4 * sum(len(rows.rows) for rows in self._sets.values()) + 20_000:
                self._rows.clear()
        return found

    def row(
        self, name: str, number: int, version: Hashable, build: Callable[..., tuple[str, Values]], *given: Any
    ) -> Row:
        """One row, built anew only when its ``token`` has changed."""
        slot = (name, number)
        found = self._rows.get(slot)
        if found is None or found[0] != version:
            found = self._rows[slot] = (version, Row(*build(*given)))
        return found[1]
