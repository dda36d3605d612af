"""Texts for people outside the panel's own widgets: errors, explanations, the command line; Italian and English.

The texts are in ``resources/messages/*.toml``; this module finds them and fills in their parameters.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("it", "en")


def resources() -> Path:
    """The folder with icons, translations, texts and web files: beside the package in a checkout, inside the package if
    it is installed from a wheel or frozen."""
    inside = Path(__file__).with_name("_resources")
    return inside if inside.is_dir() else Path(__file__).parent.parent / "resources"


@dataclass(frozen=True, slots=True)
class Text:
    """The text for an operator about one event or error."""

    what: str
    """What happened."""
    means: str
    """What it means."""
    todo: str
    """What to do."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.means, self.todo) if part)


class _Blank(dict[str, object]):
    """Shows a dash for a missing parameter, so that the text is still readable."""

    def __missing__(self, key: str) -> str:
        return "–"


@cache
def _catalogue() -> Mapping[str, Mapping[str, list[str]]]:
    import tomllib

    entries: dict[str, Mapping[str, list[str]]] = {}
    for path in sorted((resources() / "messages").glob("*.toml")):
        entries |= tomllib.loads(path.read_text(encoding="utf-8"))  # a test checks that no code occurs twice
    return entries


def codes() -> frozenset[str]:
    """All declared codes."""
    return frozenset(_catalogue())


_COUNTS = frozenset({"before", "now", "gone", "count", "rows", "records", "total", "found"})
"""Parameters that count something: they get thousands separators, unlike years, ports and process ids."""

_NAMED = frozenset({"step", "why"})
"""Parameters whose values have texts of their own, such as ``step.open``."""


def _for_people(params: Mapping[str, object], language: str) -> Mapping[str, object]:
    """The parameters with names for steps and reasons, and thousands separators in counts."""
    shown = dict(params)
    for name, value in params.items():
        if name in _COUNTS and isinstance(value, int) and not isinstance(value, bool):
            separated = f"{value:,}"
            shown[name] = separated.replace(",", ".") if language == "it" else separated
        elif name in _NAMED and (named := _catalogue().get(f"{name}.{value}")) is not None:
            shown[name] = named["it" if language == "it" else "en"][0]
    return shown


def text(code: str, language: str, params: Mapping[str, object] | None = None) -> Text:
    """The three sentences of ``code``. For an unknown code the first sentence is the code itself, since an error must
    be shown even if its text is missing (a test finds missing ones)."""
    entry = _catalogue().get(code)
    if entry is None:
        return Text(code, "", "")
    sentences = entry["it" if language == "it" else "en"]
    filled = [s.format_map(_Blank(_for_people(params or {}, language))) for s in sentences]
    filled += [""] * (3 - len(filled))
    return Text(*filled[:3])


def line(code: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """One line: what happened and what to do."""
    found = text(code, language, params)
    return " ".join(part for part in (found.what, found.todo) if part)


def system_language() -> str:
    """``it`` on an Italian system, ``en`` elsewhere."""
    if sys.platform != "win32":
        name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    else:
        name = locale.getlocale()[0] or ""
    return "it" if name.lower().startswith("it") else "en"
