"""A long list of rows kept small in memory; whoever reads a large list collects its rows in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from archisync_gui.entities.declaration import Row, Value

SHARED_LIMIT = 20_000
"""Texts remembered for sharing; a bound, since most columns of a list hold a few words or only different ones."""


class CompactRows(Sequence[Row]):
    """Rows of the same columns as tuples that share equal texts: a read of 100,000 rows of 30 columns takes a third
    of what dictionaries would. Each row is made into a mapping when it is asked for."""

    def __init__(self, names: Iterable[str], rows: Iterable[Row] = ()) -> None:
        self._names = tuple(names)
        self._rows: list[tuple[Value, ...]] = []
        self._shared: dict[str, str] = {}
        self.extend(rows)

    def append(self, row: Row) -> None:
        """Add a row; columns it does not have are ``None``."""
        shared = self._shared
        if len(shared) > SHARED_LIMIT:
            shared.clear()
        values = (row.get(name) for name in self._names)
        self._rows.append(tuple([shared.setdefault(v, v) if isinstance(v, str) else v for v in values]))

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for row in rows:
            self.append(row)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        names = self._names
        for values in self._rows:
            yield dict(zip(names, values, strict=True))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [dict(zip(self._names, values, strict=True)) for values in self._rows[index]]
        return dict(zip(self._names, self._rows[index], strict=True))
