"""A notification, independent of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One notification."""

    key: str
    """The condition that it is about: a newer message with the same key replaces the older one."""
    title: str
    text: str
    place: str
    """The page or dialog that a click opens."""
    what: object = None
    """What that page or dialog should show."""
    urgent: bool = False
