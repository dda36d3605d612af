"""Which view a list is to get back, and what of it is not as wanted; pure functions, no page."""

from __future__ import annotations

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.lists.filters import State, plain_preset
from archisync_gui.erp.lists.presets import presets_of_a_read
from archisync_gui.erp.lists.saved_views import View

SORT_FIELD = "ID"
"""Sorted by this, newest first, new records can only come before the rows already read (``docs/erp.md``, Identity)."""

READ_SIZES = (20, 100, 200)
"""The page sizes that reads set."""


def differences(wanted: View, now: View) -> list[str]:
    """What of a view is not as wanted. The page is not compared: the list may have become shorter."""
    names = ("filter_row", "search", "bar", "group", "sort", "size_text")
    preset = ["preset"] if plain_preset(wanted.preset) != plain_preset(now.preset) else []
    return preset + [name for name in names if getattr(wanted, name) != getattr(now, name)]


def merge_saved_view(saved: View, now: View, entity: Entity, state: State) -> View:
    """How the user wants a list that an earlier process left behind: what still is as a read leaves it, as it was
    saved; what somebody has changed since, as it is now."""
    presets = {plain_preset(value) for value in (saved.preset, *presets_of_a_read(entity, state))}
    preset_is_ours = plain_preset(now.preset) in presets
    sorts = {saved.sort, *(((name, "DSC"),) for name in (SORT_FIELD, *entity.newest))}
    same_rows = preset_is_ours and not (now.filter_row or now.search or now.bar or now.group)
    size_is_ours = now.size in READ_SIZES
    return View(
        preset=saved.preset if preset_is_ours else now.preset,
        filter_row=now.filter_row or saved.filter_row,
        search=now.search or saved.search,
        bar=now.bar or saved.bar,
        group=now.group or saved.group,
        sort=saved.sort if now.sort in sorts else now.sort,
        page=saved.page if same_rows else now.page,
        size=saved.size if size_is_ours else now.size,
        size_text=saved.size_text if size_is_ours else now.size_text,
    )
