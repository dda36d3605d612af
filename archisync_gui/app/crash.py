"""What is left of a crash: a file with the stacks, shown at the next start; and the mark that an exit was unclean."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import traceback
from datetime import datetime
from types import TracebackType
from typing import TextIO

from archisync_gui.app.profile import Profile
from archisync_gui.disk import open_private, remove_file, rename, replace_file
from archisync_gui.messages import text

log = logging.getLogger(__name__)

MOST = 1_000_000
"""Characters that are kept of one life; an error in painting comes sixty times a second."""


class CrashWatch:
    """Watches one panel's life. The caller holds the profile's lock, so the mark of another life is a dead one's."""

    def __init__(self, profile: Profile) -> None:
        self._file = profile.crash_file
        self._mark = profile.folder / "log" / "running"
        self._stacks: TextIO | None = None
        self._times: dict[str, int] = {}
        """How often each error came, by its text."""
        self._kept = 0
        self._hook = sys.excepthook
        self._thread_hook = threading.excepthook

    def begin(self, language: str) -> str:
        """Start watching. Returns what to report of the program's last run: the crash file's text, a sentence about an
        unclean exit, or nothing. With a disk that cannot be written there is no watch, but the program starts."""
        told = ""
        try:
            told = self._left_behind(language)
            replace_file(self._mark, f"{datetime.now().astimezone():%d/%m/%Y %H:%M}\n")
            self._stacks = open_private(self._file)
            faulthandler.enable(self._stacks)
        except OSError as error:
            log.warning("crashes are not kept: %s", error)
        sys.excepthook = self._unhandled
        threading.excepthook = self._unhandled_in_thread
        return told

    def _left_behind(self, language: str) -> str:
        told = ""
        if self._mark.exists():
            since = self._mark.read_text(encoding="utf-8", errors="replace").strip()[:40]
            told = str(text("unclean-exit", language, {"since": since}))
        if self._file.exists() and self._file.stat().st_size:
            told += "\n\n" + self._file.read_text(encoding="utf-8", errors="replace")
            rename(self._file, self._file.with_name("crash.previous.txt"))
        return told.strip()

    def end(self) -> None:
        """The life ended as it should."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        faulthandler.disable()
        if self._stacks is not None:
            self._stacks.close()
            self._stacks = None
        try:
            if self._file.exists() and not self._file.stat().st_size:
                self._file.unlink()
            remove_file(self._mark)
        except OSError as error:
            log.warning("the mark of an unclean exit stays: %s", error)

    def _unhandled(self, kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
        # PySide calls this for an exception in a slot: the program goes on, but the operator must be able to report it.
        log.critical("unhandled %s", kind.__name__, exc_info=(kind, error, stack))
        if self._stacks is not None and self._kept < MOST:
            try:
                self._keep(self._stacks, "".join(traceback.format_exception(kind, error, stack)))
            except OSError as full:  # an error in this hook would hide the one it was called for
                log.warning("a crash could not be kept: %s", full)

    def _keep(self, stacks: TextIO, what: str) -> None:
        """Write an error once, and then how often it came: 10, 100, 1000 times."""
        times = self._times[what] = self._times.get(what, 0) + 1
        if times > 1:
            if times not in (10, 100, 1000, 10_000):
                return
            what = f"{times} times: {what.rstrip().splitlines()[-1]}\n"
        said = f"{datetime.now().astimezone().isoformat()} pid {os.getpid()}\n{what[:MOST]}"
        self._kept += len(said)
        stacks.write(said)
        stacks.flush()

    def _unhandled_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._unhandled(args.exc_type, args.exc_value, args.exc_traceback)
