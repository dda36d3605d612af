"""Which view a list is to get back, and what of it is not as wanted; pure functions, no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

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


def merge_saved_view(saved: View, now: View, entity: Entity, state: State, left: View | None = None) -> View:
    """How the user wants a list that an earlier visit did not restore: what still is as a read leaves it, or as a
    restoring that was interrupted leaves it, as it was saved; what somebody has changed since, as it is now.

    ``left``: how this process left the list then (``None``: an earlier process did). Parts that are the same now were
    not chosen by the user.
    """
    if left is not None:
        same = [part.name for part in fields(View) if getattr(now, part.name) == getattr(left, part.name)]
        now = replace(now, **{name: getattr(saved, name) for name in same})
    presets = {plain_preset(value) for value in (saved.preset, *presets_of_a_read(entity, state))}
    preset_is_ours = plain_preset(now.preset) in presets
    filter_row = saved.filter_row if _part_of(now.filter_row, saved.filter_row) else now.filter_row
    group = saved.group if _part_of(now.group, saved.group) else now.group
    search, bar = now.search or saved.search, now.bar or saved.bar
    read_sorts = {((name, "DSC"),) for name in (SORT_FIELD, *entity.newest)}
    sort_is_ours = now.sort in read_sorts or (now.sort != () and _part_of(now.sort, saved.sort))
    same_rows = preset_is_ours and (filter_row, search, bar, group) == (
        saved.filter_row,
        saved.search,
        saved.bar,
        saved.group,
    )
    size_is_ours = now.size in READ_SIZES
    return View(
        preset=saved.preset if preset_is_ours else now.preset,
        filter_row=filter_row,
        search=search,
        bar=bar,
        group=group,
        sort=saved.sort if sort_is_ours else now.sort,
        page=saved.page if same_rows else now.page,
        size=saved.size if size_is_ours else now.size,
        size_text=saved.size_text if size_is_ours else now.size_text,
    )


def _part_of(now: Sequence[object], saved: Sequence[object]) -> bool:
    """Whether nothing is there that was not saved: reads remove filters, groups and sorts one by one, and a restoring
    sets them one by one."""
    return all(item in saved for item in now)
