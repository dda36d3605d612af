"""The operator's own views of the lists: filter, columns and order under a name, kept over restarts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from PySide6.QtCore import QObject, Signal

from archisync_gui.ui.live.context import Context

KEPT = "data/views"
"""Key in the window's memory."""

LONGEST_NAME = 60
"""Most characters of a view's name."""


@dataclass(frozen=True, slots=True)
class OwnView:
    """One saved view."""

    name: str
    list: str
    ready: str = ""
    """Name of the ready-made view that it is based on; empty: all rows of the list."""
    search: str = ""
    account: str = ""
    """Only the rows of this account; empty: those of all."""
    sort: str = ""
    """Column to sort by; empty: the list's usual order."""
    descending: bool = False
    columns: tuple[str, ...] = ()
    """The shown columns in their order; empty: the usual ones."""


class OwnViews(QObject):
    """The saved views in the order in which they were made."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.all: tuple[OwnView, ...] = read_views(context.recall(KEPT))

    def of(self, name: str) -> OwnView | None:
        """The view of that name, ignoring case."""
        return next((view for view in self.all if view.name.casefold() == name.casefold()), None)

    def put(self, view: OwnView) -> None:
        """Save a view; one with the same name is replaced."""
        if self.of(view.name) is None:
            self._keep((*self.all, view))
        else:
            self._keep(tuple(view if kept.name.casefold() == view.name.casefold() else kept for kept in self.all))

    def rename(self, name: str, to: str) -> OwnView | None:
        """Give a view another name; returns the renamed view."""
        self._keep(tuple(replace(kept, name=to) if kept.name == name else kept for kept in self.all))
        return self.of(to)

    def remove(self, name: str) -> None:
        """Delete a view."""
        self._keep(tuple(kept for kept in self.all if kept.name != name))

    def _keep(self, views: tuple[OwnView, ...]) -> None:
        self.all = views
        self._context.remember(KEPT, json.dumps([asdict(view) for view in views], ensure_ascii=False))
        self.changed.emit()


def read_views(text: str) -> tuple[OwnView, ...]:
    """The kept views, without those that cannot be parsed and without a second one of the same name."""
    try:
        kept = json.loads(text) if text else []
    except ValueError:
        return ()
    found: dict[str, OwnView] = {}
    for entry in kept if isinstance(kept, list) else ():
        view = _view_of(entry)
        if view is not None:
            found.setdefault(view.name.casefold(), view)
    return tuple(found.values())


def _view_of(kept: object) -> OwnView | None:
    if not isinstance(kept, dict):
        return None
    texts = {name: kept.get(name, "") for name in ("name", "list", "ready", "search", "account", "sort")}
    columns = kept.get("columns", [])
    if not (texts["name"] and texts["list"] and isinstance(columns, list)):
        return None
    if not all(isinstance(text, str) for text in (*texts.values(), *columns)):
        return None
    return OwnView(**texts, descending=kept.get("descending") is True, columns=tuple(columns))
