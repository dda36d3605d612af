"""Which way a list is read, by values or by cells: found out once, stored per profile; no page.

Values are tried first. A list is read by cells once its grid turns out to have no ``GetPageRowValues``, or once values
failed in the same way in several reads in a row: a single failure may be temporary. That lasts until the ERP's version
changes or ``doctor --erp --conformance`` tries again (``docs/erp.md``, Reading by values, Behaviour over time).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from archisync_gui.disk import read_json, replace_file

log = logging.getLogger(__name__)


class Way(StrEnum):
    """How the rows of a page are read."""

    VALUES = "values"
    """``GetPageRowValues``: typed values, also of hidden columns."""
    CELLS = "cells"
    """The texts of the table's cells."""


class WhyCells(StrEnum):
    """Why a list is not read by its values."""

    MISSING = "missing"
    """The grid has no such function."""
    SLOW = "slow"
    """It never answered."""
    ERROR = "error"
    """It answered with an error."""
    OTHER_ROWS = "other-rows"
    """It answered for other rows than those that are shown."""
    OTHER_VALUES = "other-values"
    """Its values differ from the cells."""


SAME_FAILURES = 3
"""Number of reads in a row in which values must fail in the same way before a list is read by cells."""


@dataclass(frozen=True, slots=True)
class KnownWay:
    """What is known about reading one list."""

    version: str
    """The version of the ERP for which it was found out."""
    proven: bool = False
    """True: values have worked."""
    failures: int = 0
    """Reads in a row in which they failed in the same way."""
    why: str = ""
    """The last failure (:class:`WhyCells`)."""

    @property
    def way(self) -> Way:
        """The way to read the list. A missing function decides at once, unless values have worked before; any other
        failure must occur :data:`SAME_FAILURES` times."""
        decides_at_once = self.why == WhyCells.MISSING and not self.proven
        return Way.CELLS if self.failures >= (1 if decides_at_once else SAME_FAILURES) else Way.VALUES


class ReadingWays:
    """The known ways by list name. ``file`` keeps them over restarts; if it cannot be read or written, values are tried
    again after a restart."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, KnownWay] | None = None

    async def of(self, name: str, version: str) -> KnownWay:
        """What is known about a list with this version of the ERP."""
        found = (await self._all()).get(name)
        return found if found is not None and found.version == version else KnownWay(version)

    async def worked(self, name: str, version: str) -> None:
        """A page was read by values."""
        await self._note(name, KnownWay(version, proven=True))

    async def failed(self, name: str, version: str, why: WhyCells) -> None:
        """Values failed in a read, but its cells could be read."""
        before = await self.of(name, version)
        failures = before.failures + 1 if before.why == why else 1
        await self._note(name, KnownWay(version, before.proven, failures, why.value))

    async def forget(self, name: str) -> None:
        """Forget the way of a list; the next read tries values again."""
        known = await self._all()
        if known.pop(name, None) is not None:
            await self._write()

    async def known(self) -> Mapping[str, KnownWay]:
        """All known ways, by list name."""
        return dict(await self._all())

    async def _note(self, name: str, way: KnownWay) -> None:
        known = await self._all()
        if known.get(name) != way:
            known[name] = way
            await self._write()

    async def _all(self) -> dict[str, KnownWay]:
        if self._known is None:
            self._known = await asyncio.to_thread(_read, self._file) if self._file is not None else {}
        return self._known

    async def _write(self) -> None:
        if self._file is None:
            return
        text = json.dumps({name: asdict(way) for name, way in (self._known or {}).items()}, indent=1)
        try:
            await asyncio.to_thread(replace_file, self._file, text)
        except OSError as error:
            log.warning("how the ERP's lists are read is kept in memory only: %s", error)


def _read(file: Path) -> dict[str, KnownWay]:
    try:
        found = read_json(file)
        return {
            str(name): KnownWay(str(w["version"]), bool(w["proven"]), int(w["failures"]), str(w["why"]))
            for name, w in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("how the ERP's lists were read cannot be read: %s", error)
        return {}
