"""The words of enum columns: the declared ones, and those that a page's filter row tells with language-free values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archisync_gui.entities.declaration import Column

Learned = Mapping[str, Sequence[tuple[str, str]]]
"""By field name: language-free value and the word that this session shows for it (``docs/erp.md``, Cell texts)."""


def plain(text: str) -> str:
    """A word without case, blanks and signs: ``Transfer_error`` and ``transfer error`` are one word."""
    return "".join(c for c in text.casefold() if c.isalnum())


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of enum words in this session."""

    learned: Learned = field(default_factory=dict)

    def meaning(self, column: Column) -> Mapping[str, str]:
        """By plain word: what is stored for it. A learned word counts as its language-free value, and where that is
        not declared either, as the value itself: the same in every language."""
        found: dict[str, str] = {plain(word): canonical for word, canonical in column.words.items()}
        for value, word in self.learned.get(column.field_name, ()):
            declared = found.get(plain(value)) or found.get(plain(word))
            # A value that is a bare number says nothing to a reader.
            kept = declared or (word if value.isdigit() else value).casefold()
            found[plain(value)] = kept
            found.setdefault(plain(word), kept)
        return found
