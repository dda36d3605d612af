"""What Archisync owes the ERP's users: how they had left a list, on file, so that a killed process owes it still.

Putting a view back is done elsewhere (``listview``); nothing here touches the ERP.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archisync_gui.disk import replace_file
from archisync_gui.model import AccountId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """How a user left a list view: the ERP remembers it for the human's own browser."""

    preset: str | None = None
    """Internal value of the preset filter."""
    filter_row: tuple[tuple[str, str], ...] = ()
    search: str = ""
    bar: str = ""
    """The toolbar's own search box."""
    group: tuple[str, ...] = ()
    sort: tuple[tuple[str, str], ...] = ()
    page: int = 0
    size: int | None = None


class OwedViews:
    """The views that are still to be put back, by account and list path.

    ``file``: where they outlive the process (``None``: nowhere); only its owner may read it, since a filter may hold a
    customer's name. A file that cannot be read or written costs a view, never a read.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._views: dict[tuple[AccountId, str], View] | None = None
        self._inherited: set[tuple[AccountId, str]] = set()
        """Those of a process before this one."""
        self._told: set[tuple[AccountId, str]] = set()

    async def of(self, account: AccountId, path: str) -> View | None:
        """What is owed for this list."""
        return (await self._all()).get((account, path))

    def is_inherited(self, account: AccountId, path: str) -> bool:
        """Whether that is the debt of an earlier process: its user may have changed the list since."""
        return (account, path) in self._inherited

    async def note(self, account: AccountId, path: str, view: View) -> None:
        """``view`` is owed from now on: to be called before anything is touched."""
        views = await self._all()
        self._inherited.discard((account, path))
        if views.get((account, path)) != view:
            views[account, path] = view
            await self._write()

    async def paid(self, account: AccountId, path: str) -> None:
        """The list is as its user had left it."""
        views = await self._all()
        self._inherited.discard((account, path))
        if views.pop((account, path), None) is not None:
            await self._write()

    async def inherited(self, account: AccountId) -> tuple[str, ...]:
        """The lists that an earlier process left as they should not be; each is told once."""
        await self._all()
        found = sorted(key for key in self._inherited - self._told if key[0] == account)
        self._told |= set(found)
        return tuple(path for _, path in found)

    @property
    def known(self) -> Mapping[tuple[AccountId, str], View]:
        """Everything that is owed, as far as this process has looked."""
        return dict(self._views or {})

    async def _all(self) -> dict[tuple[AccountId, str], View]:
        if self._views is None:
            self._views = await asyncio.to_thread(_read, self._file) if self._file is not None else {}
            self._inherited = set(self._views)
        return self._views

    async def _write(self) -> None:
        if self._file is None:
            return
        lines = [{"account": a, "list": path, **asdict(view)} for (a, path), view in (self._views or {}).items()]
        try:
            await asyncio.to_thread(_write, self._file, lines)
        except OSError as error:
            log.warning("what is owed to the ERP's users is in memory only: %s", error)


def _read(file: Path) -> dict[tuple[AccountId, str], View]:
    try:
        lines = json.loads(file.read_text(encoding="utf-8"))
        return {(str(line["account"]), str(line["list"])): _view(line) for line in lines}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("what was owed to the ERP's users cannot be read: %s", error)
        return {}


def _view(line: Mapping[str, Any]) -> View:
    def pairs(name: str) -> tuple[tuple[str, str], ...]:
        return tuple((str(one), str(other)) for one, other in line[name])

    return View(
        line["preset"],
        pairs("filter_row"),
        str(line["search"]),
        str(line["bar"]),
        tuple(map(str, line["group"])),
        pairs("sort"),
        int(line["page"]),
        line["size"],
    )


def _write(file: Path, lines: list[dict[str, Any]]) -> None:
    if not lines:
        file.unlink(missing_ok=True)
        return
    replace_file(file, json.dumps(lines))
