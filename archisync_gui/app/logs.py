"""Logging to a rotating file in the profile's folder."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from archisync_gui.app.profile import Profile
from archisync_gui.disk import open_private, rename
from archisync_gui.plaintext import OneLineFormatter


class PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner may read. Records that cannot be written are dropped."""

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))

    def doRollover(self) -> None:
        """Begin a new file. Where one of them cannot be renamed (on Windows, while another program has it open), go on
        in the present one: the library would lose the record, and with each further one an older file."""
        present, aside = Path(self.baseFilename), Path(f"{self.baseFilename}.0")
        if self.stream is not None:
            self.stream.close()
            self.stream = None  # the next record opens it again
        if not aside.exists():  # else a process that was killed here has left it: it is older, and comes first
            try:
                rename(present, aside, patient=False)
            except OSError:
                return
        try:
            super().doRollover()
        except OSError:
            if not present.exists():
                with suppress(OSError):
                    rename(aside, present, patient=False)

    def rotate(self, source: str, dest: str) -> None:
        """The last of the library's steps: the present file, which was put aside before the first, becomes ``dest``."""
        rename(Path(f"{source}.0"), Path(dest), patient=False)

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore errors of the disk (full, read-only): the part that needs the disk reports them."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def to_file(profile: Profile, level: int) -> RotatingFileHandler:
    """Send all log records of ``level`` and above to the profile's file (5 files of 2 MB). Returns the handler."""
    handler = PrivateFile(profile.log_file, maxBytes=2_000_000, backupCount=4, encoding="utf-8", delay=True)
    handler.setFormatter(OneLineFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(level, root.level or level))
    # Their INFO records are about each request and each step of a migration; only warnings are of interest.
    for noisy in ("alembic", "aiohttp", "asyncio", "qasync", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler


@contextmanager
def set_down(file: Path) -> Iterator[None]:
    """Within this context no log handler of this process has ``file`` open, so that it can be replaced. The next record
    opens it again."""
    wanted = str(file.absolute())
    handlers = [h for h in logging.getLogger().handlers if isinstance(h, PrivateFile) and h.baseFilename == wanted]
    with ExitStack() as locked:
        for handler in handlers:
            handler.acquire()
            locked.callback(handler.release)
            if handler.stream is not None:
                handler.stream.close()
                handler.stream = None  # as with ``delay=True`` before the first record
        yield


def close(handler: logging.Handler) -> None:
    """Stop logging to that handler."""
    logging.getLogger().removeHandler(handler)
    handler.close()
