"""The office's time zone: people read and type all times in it, whatever the computer's zone is.

``use`` is called when settings are loaded or changed; until then, and for unknown names, the computer's zone is used.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_office: tzinfo | None = None


def use(name: str) -> None:
    """Use the zone with this IANA name from now on; for an unknown or empty name, the computer's own."""
    global _office
    try:
        _office = ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        _office = None


def local(moment: datetime) -> datetime:
    """``moment`` in the office's zone. Without a zone it counts as a time of the office (typed by a person)."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=_office) if _office is not None else moment.astimezone()
    return moment.astimezone(_office)


def now() -> datetime:
    """The present time in the office's zone."""
    return datetime.now(UTC).astimezone(_office)


def clock(moment: datetime, at: datetime | None = None) -> str:
    """The office's time as ``14:05``, or ``27/11/2026 14:05`` if it is on another day than ``at`` (default: now)."""
    there, today = local(moment), local(at) if at is not None else now()
    return f"{there:%H:%M}" if there.date() == today.date() else f"{there:%d/%m/%Y %H:%M}"
