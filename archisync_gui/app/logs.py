"""Where log lines go: a rotating file in the profile's folder. What a part logs is its own business."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from archisync_gui.app.profile import Profile

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def to_file(profile: Profile, level: int) -> RotatingFileHandler:
    """Send all log records of ``level`` and above to the profile's file (5 files of 2 MB). Returns the handler."""
    handler = RotatingFileHandler(profile.log_file, maxBytes=2_000_000, backupCount=4, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(FORMAT))
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
