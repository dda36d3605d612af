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


@dataclass(frozen=True, slots=True)
class Words:
    """The enum words known in this session."""

    learned: Learned = field(default_factory=dict)

    def meaning(self, column: Column) -> Mapping[str, str]:
        """By plain word: the value stored for it. A learned word is stored as the declared value of its language-free
        value or of the word itself; if neither is declared, as the language-free value, which is the same in every
        language."""
        found: dict[str, str] = {plain(word): canonical for word, canonical in column.words.items()}
        for value, word in self.learned.get(column.field_name, ()):
            declared = found.get(plain(value)) or found.get(plain(word))
            # A value that is only a number would mean nothing to a person: the word is stored then.
            stored = declared or (word if value.isdigit() else value).casefold()
            found[plain(value)] = stored
            found.setdefault(plain(word), stored)
        return found
