"""The office's time zone: every time that people read or type is in it, whatever the computer's zone is.

``use`` is called where settings are loaded or changed; until then, and for unknown names, the computer's zone holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_office: tzinfo | None = None


def use(name: str) -> None:
    """Use the zone of this IANA name from now on; an unknown or empty name means the computer's own."""
    global _office
    try:
        _office = ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        _office = None


def local(moment: datetime) -> datetime:
    """``moment`` in the office's zone. One without a zone is taken as the office's own time (typed by a person)."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=_office) if _office is not None else moment.astimezone()
    return moment.astimezone(_office)


def now() -> datetime:
    """The present moment in the office's zone."""
    return datetime.now(UTC).astimezone(_office)


def clock(moment: datetime, at: datetime | None = None) -> str:
    """``14:05`` on the office's clock; with the day, ``27/11/2026 14:05``, unless that is the day of ``at`` (now)."""
    there, today = local(moment), local(at) if at is not None else now()
    return f"{there:%H:%M}" if there.date() == today.date() else f"{there:%d/%m/%Y %H:%M}"
