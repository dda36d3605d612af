"""One notification, as every way of showing it takes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One notification."""

    key: str
    """The condition it is about: a newer message with the same key replaces the older."""
    title: str
    text: str
    place: str
    """What a click opens: the name of a page or dialog."""
    what: object = None
    urgent: bool = False
