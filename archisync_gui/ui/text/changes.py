"""Entries of the change log in words."""

from __future__ import annotations

from archisync_gui.entities.declaration import Entity, Kind
from archisync_gui.store.types import Change
from archisync_gui.ui.text.i18n import absolute, tr
from archisync_gui.ui.text.values import shown, title


def change_line(change: Change, entity: Entity | None) -> str:
    """One entry of the change log in words."""
    when = absolute(change.at)
    match str(change.kind):
        case "added":
            return tr("{time} · new", time=when)
        case "gone":
            return tr("{time} · gone from the ERP", time=when)
        case "revived":
            return tr("{time} · back in the ERP", time=when)
        case "rekeyed":
            return tr("{time} · new id: {before} → {after}", time=when, before=change.before, after=change.after)
    column = next((c for c in entity.columns if c.name == change.field), None) if entity is not None else None
    name = title(column) if column is not None else str(change.field)
    kind = column.kind if column is not None else Kind.TEXT
    before, after = (shown(v, kind) or "–" for v in (change.before, change.after))
    return tr("{time} · {name}: {before} → {after}", time=when, name=name, before=before, after=after)
