"""Runs as rows of an exported file."""

from __future__ import annotations

from archisync_gui import zone
from archisync_gui.model import RunRecord
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr


def run_heads() -> tuple[str, ...]:
    """The titles of the columns."""
    return (
        tr("Started"), tr("Ended"), tr("List"), tr("Account"), tr("Outcome"), tr("Asked by"), tr("Seconds"),
        tr("Rows"), tr("New"), tr("Changed"), tr("Gone"), tr("Error"), tr("Technical"),
    )  # fmt: skip


def run_cells(r: RunRecord) -> tuple[object, ...]:
    """A run as a row."""
    return (
        zone.local(r.started),
        zone.local(r.ended) if r.ended is not None else None,
        words.type_name(r.type),
        r.account,
        words.outcome_word(r.outcome).text,
        words.origin_word(r.origin),
        round((r.ended - r.started).total_seconds(), 1) if r.ended is not None else None,
        r.rows,
        r.added,
        r.changed,
        r.gone,
        words.failure_word(r.error) if r.error is not None else "",
        r.error.message if r.error is not None else "",
    )
