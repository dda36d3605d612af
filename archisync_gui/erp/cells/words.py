"""The words of enum columns: declared ones, and those that a page's filter row lists with language-free values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archisync_gui.entities.declaration import Column

Learned = Mapping[str, Sequence[tuple[str, str]]]
"""By field name: each language-free value with the word that this session shows for it (``docs/erp.md``, Enum
words)."""


def plain(text: str) -> str:
    """A word in lower case without blanks and signs: ``Transfer_error`` and ``transfer error`` become equal."""
    return "".join(c for c in text.casefold() if c.isalnum())


def written(text: str) -> str:
    """A word in lower case, with each run of white space replaced by one blank."""
    return " ".join(text.split()).casefold()


@dataclass(frozen=True, slots=True)
class Words:
    """The enum words known in this session."""

    learned: Learned = field(default_factory=dict)

    def meaning(self, column: Column) -> Mapping[str, str]:
        """The value stored for each word. Each word is a key as :func:`written` and as :func:`plain`; look for the
        former first, since two learned words may differ in their signs only. A learned word is stored as the declared
        value of its language-free value or of the word itself; if neither is declared, as the language-free value,
        which is the same in every language."""
        declared: dict[str, str] = {plain(word): canonical for word, canonical in column.words.items()}
        exact: dict[str, str] = {}
        found = dict(declared)
        for value, word in self.learned.get(column.field_name, ()):
            # A value that is only a number would mean nothing to a person: the word is stored then.
            name = written(word if value.removeprefix("-").isdigit() else value)
            stored = declared.get(plain(value)) or declared.get(plain(word)) or name
            for text in filter(None, (value, word)):
                exact.setdefault(written(text), stored)
                found.setdefault(plain(text), stored)
        found.pop("", None)
        return found | exact
