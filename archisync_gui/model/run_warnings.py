"""A warning of a run as one string."""

from __future__ import annotations

from collections.abc import Iterable

from archisync_gui.model.kinds import Json


def warning(code: str, **params: str | int) -> str:
    """A warning of a run as one string: ``code?name=value&…``. ``code`` names a text in ``resources/messages``."""
    from urllib.parse import urlencode

    return f"{code}?{urlencode(params)}" if params else code


def warning_parts(text: str) -> tuple[str, dict[str, str]]:
    """What :func:`warning` put together: the text's code and its parameters."""
    from urllib.parse import parse_qsl

    code, _, query = text.partition("?")
    return code, dict(parse_qsl(query, keep_blank_values=True))


FIRST_READ = "first-read"
"""Warning of a list's first whole read: all its rows were stored, and none of them counts as new."""


def is_first_read(warnings: Iterable[Json]) -> bool:
    """True when these are the warnings of a list's first whole read."""
    return any(warning_parts(text)[0] == FIRST_READ for text in warnings if isinstance(text, str))
