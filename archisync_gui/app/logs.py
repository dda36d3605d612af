"""Where log lines go: a rotating file in the profile's folder. What a part logs is its own business."""

from __future__ import annotations

import logging
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from archisync_gui.app.profile import Profile
from archisync_gui.disk import open_private

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

ESCAPED = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    # What reorders or hides text, and what some viewers take for the end of a line.
    code: f"\\u{code:04x}"
    for code in (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
}
"""Characters that a message from outside could use to fake, hide or reorder lines of the log."""


class OneLine(logging.Formatter):
    """A record's message is one line; only a traceback that the program itself adds has more."""

    def format(self, record: logging.LogRecord) -> str:
        """Without the traceback as another formatter has put it together."""
        cached, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = cached

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.translate(ESCAPED)
        return super().formatMessage(record)

    def formatException(self, ei: ExceptionInfo) -> str:
        """Indented, so that no line of an error's own text looks like a record."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + line.translate(ESCAPED) for line in lines)


class PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner may read. What cannot be written is dropped: logging never stops the work."""

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:
        """The disk is full or protected; whoever needs it says so to people."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def to_file(profile: Profile, level: int) -> RotatingFileHandler:
    """Send all log records of ``level`` and above to the profile's file (5 files of 2 MB). Returns the handler."""
    handler = PrivateFile(profile.log_file, maxBytes=2_000_000, backupCount=4, encoding="utf-8", delay=True)
    handler.setFormatter(OneLine(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(level, root.level or level))
    # Their INFO lines name every request and every migration step; only their trouble concerns an operator.
    for noisy in ("alembic", "aiohttp", "asyncio", "qasync", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler


def close(handler: logging.Handler) -> None:
    """Stop logging to that handler."""
    logging.getLogger().removeHandler(handler)
    handler.close()
