"""Text from outside made harmless: one line, without characters that fake, hide, reorder or lose what people read."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TypeAlias

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

ESCAPED = (
    {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
    | {
        # What reorders or hides text, and what some viewers take for the end of a line.
        code: f"\\u{code:04x}"
        for code in (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
    }
    | {
        # Bytes that are no text (in a header, in a file's name): no encoding has them, and the record would be dropped.
        code: f"\\u{code:04x}"
        for code in range(0xD800, 0xE000)
    }
)
"""Characters that a message from outside could use to fake, hide, reorder or lose lines."""


def one_line(text: str) -> str:
    """``text`` with its control, hiding and reordering characters written as escapes."""
    return text.translate(ESCAPED)


class OneLineFormatter(logging.Formatter):
    """A record's message is one line; only a traceback that the program itself adds has more."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Without the traceback as another formatter has put it together."""
        cached, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = cached

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ExceptionInfo) -> str:
        """Indented, so that no line of an error's own text looks like a record."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + one_line(line) for line in lines)
