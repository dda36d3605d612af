"""Escapes text from outside for logs: one line, without characters that fake, hide, reorder or lose lines. Replaces
characters that a console's encoding lacks."""

from __future__ import annotations

import codecs
import logging
from types import TracebackType
from typing import TypeAlias

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

ESCAPED = (
    {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
    | {
        # Characters that reorder or hide text, and those that some viewers show as the end of a line.
        code: f"\\u{code:04x}"
        for code in (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
    }
    | {
        # Surrogates, from bytes that are no text (in a header or a file name): they cannot be encoded, so the record
        # would be dropped.
        code: f"\\u{code:04x}"
        for code in range(0xD800, 0xE000)
    }
)
"""Characters with which a message from outside could fake, hide, reorder or lose lines, and their escapes."""


LIKE = {
    "✓": "+", "✗": "x", "•": "*", "→": "->", "−": "-", "–": "-", "—": "-", "…": "...", "·": "-", "‘": "'", "’": "'",
    "“": '"', "”": '"', "«": '"', "»": '"', "€": "EUR",
}  # fmt: skip
"""Characters of our own texts that the code page of a console or pipe may lack → similar characters of ASCII."""


def _like(error: UnicodeError) -> tuple[str | bytes, int]:
    """The replacement of a character that the encoding lacks: the similar one, or else the character's number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    end = error.start + 1  # one by one: the next may be of the other kind
    missing = error.object[error.start : end]
    if missing in LIKE:
        return LIKE[missing], end
    return missing.encode("ascii", "backslashreplace").decode("ascii"), end


SIMILAR = "archisync-similar"
"""Name of the error handler :func:`_like`, for streams whose encoding may lack characters."""

codecs.register_error(SIMILAR, _like)


def one_line(text: str) -> str:
    """``text`` with the characters of :data:`ESCAPED` written as escapes."""
    return text.translate(ESCAPED)


class OneLineFormatter(logging.Formatter):
    """Writes a record's message in one line; only the traceback of a record has more lines."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Format the record without the cached traceback of another formatter."""
        cached, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = cached

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ExceptionInfo) -> str:
        """The traceback, indented, so that no line of an error's text looks like a record."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + one_line(line) for line in lines)
