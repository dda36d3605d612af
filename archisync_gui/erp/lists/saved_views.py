"""Stores a user's view of a list before a read changes it, so that it can be restored, even after a crash.

``restoring`` restores it. Does not access the ERP.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archisync_gui.disk import read_json, remove_file, replace_file
from archisync_gui.model import AccountId

log = logging.getLogger(__name__)

TRIES = 3
"""How many visits to other lists try to restore a list: without a limit, one that the ERP refuses would delay every
read."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """One filter of the filter row."""

    field: str
    value: str
    """The value of the editor's control; for enums and dates the shown text is another one."""
    operator: str | None = None
    """Begins with, contains ...; ``None``: the page does not show it."""


@dataclass(frozen=True, slots=True)
class View:
    """A user's view of a list. The ERP stores it per user, across sessions (``docs/erp.md``, View state)."""

    preset: str | None = None
    """Internal value of the preset filter."""
    filter_row: tuple[RowFilter, ...] = ()
    search: str = ""
    """The grid's own search box."""
    bar: str = ""
    """The toolbar's search box."""
    group: tuple[tuple[str, str], ...] = ()
    """Fields and their order (``ASC``, ``DSC``)."""
    sort: tuple[tuple[str, str], ...] = ()
    page: int = 0
    size: int | None = None
    """Rows per page."""
    size_text: str = ""
    """The text of the size box: a number, or the ERP's word for all rows."""


class SavedViews:
    """The views that are still to be restored, by account and list path.

    ``file`` keeps them over restarts (``None``: they are not kept); only its owner may read it, since a filter may
    contain a customer's name. If it cannot be read or written, saved views are lost at a restart; reads go on.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._views: dict[tuple[AccountId, str], View] | None = None
        self._tries_left: dict[tuple[AccountId, str], int] = {}
        """By list whose restoring has failed or was interrupted: how many visits to other lists still try again."""
        self._left: dict[tuple[AccountId, str], View] = {}

    async def of(self, account: AccountId, path: str) -> View | None:
        """The saved view of this list."""
        return (await self._all()).get((account, path))

    def left(self, account: AccountId, path: str) -> View | None:
        """How the page showed the list after this process could not restore it; ``None``: not known."""
        return self._left.get((account, path))

    def not_restored(self, account: AccountId, path: str, left: View | None = None) -> None:
        """The list could not be restored. ``left``: how the page showed it then; parts that are equal at the next visit
        were not changed by the user."""
        if left is not None:
            self._left[account, path] = left
        self._tries_left.setdefault((account, path), TRIES)

    async def save(self, account: AccountId, path: str, view: View) -> None:
        """Save the user's ``view`` of a list that is about to be changed."""
        views = await self._all()
        if views.get((account, path)) != view:
            views[account, path] = view
            await self._write()

    async def restored(self, account: AccountId, path: str) -> None:
        """The list was restored: delete its saved view."""
        views = await self._all()
        self._tries_left.pop((account, path), None)
        self._left.pop((account, path), None)
        if views.pop((account, path), None) is not None:
            await self._write()

    async def try_again(self, account: AccountId) -> tuple[str, ...]:
        """The paths of the account's lists that are to be restored at a visit to another list, because restoring them
        has failed or an earlier process ended before it. Each is returned :data:`TRIES` times at most."""
        await self._all()
        paths = sorted(path for (of, path), tries in self._tries_left.items() if of == account and tries)
        for path in paths:
            self._tries_left[account, path] -= 1
        return tuple(paths)

    @property
    def known(self) -> Mapping[tuple[AccountId, str], View]:
        """All views that are still to be restored; empty before the file was read."""
        return dict(self._views or {})

    async def _all(self) -> dict[tuple[AccountId, str], View]:
        if self._views is None:
            self._views = await asyncio.to_thread(_read, self._file) if self._file is not None else {}
            self._tries_left.update(dict.fromkeys(self._views, TRIES))
        return self._views

    async def _write(self) -> None:
        if self._file is None:
            return
        lines = [{"account": a, "list": path, **asdict(view)} for (a, path), view in (self._views or {}).items()]
        try:
            await asyncio.to_thread(_write, self._file, lines)
        except OSError as error:
            log.warning("saved views of the ERP's lists are in memory only: %s", error)


def _read(file: Path) -> dict[tuple[AccountId, str], View]:
    try:
        lines = read_json(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("saved views of the ERP's lists cannot be read: %s", error)
        return {}
    views = {}
    for line in lines if isinstance(lines, list) else []:
        try:
            views[str(line["account"]), str(line["list"])] = _view(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("one saved view cannot be read: %r", error)
    return views


def _view(line: Mapping[str, Any]) -> View:
    def pairs(found: Sequence[Sequence[Any]]) -> tuple[tuple[str, str], ...]:
        return tuple((str(field), str(order)) for field, order in found)

    size = line["size"]
    return View(
        preset=None if line["preset"] is None else str(line["preset"]),
        filter_row=tuple(
            RowFilter(str(f["field"]), str(f["value"]), None if f["operator"] is None else str(f["operator"]))
            for f in line["filter_row"]
        ),
        search=str(line["search"]),
        bar=str(line["bar"]),
        group=pairs(line["group"]),
        sort=pairs(line["sort"]),
        page=int(line["page"]),
        size=None if size is None else int(size),
        size_text=str(line["size_text"]),
    )


def _write(file: Path, lines: list[dict[str, Any]]) -> None:
    if not lines:
        remove_file(file)
        return
    replace_file(file, json.dumps(lines))
