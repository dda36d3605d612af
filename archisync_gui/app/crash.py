"""Crash reports: a file with stack traces, shown at the next start, and a mark file that shows an unclean exit."""

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
"""The most characters written by one process; an error in painting occurs sixty times in a second."""


class CrashWatch:
    """Records crashes of one process. The caller holds the profile's lock, so an existing mark is of a process that has
    ended."""

    def __init__(self, profile: Profile) -> None:
        self._file = profile.crash_file
        self._mark = profile.folder / "log" / "running"
        self._stacks: TextIO | None = None
        self._times: dict[str, int] = {}
        """Text of an error → how often it occurred."""
        self._kept = 0
        self._hook = sys.excepthook
        self._thread_hook = threading.excepthook

    def begin(self, language: str) -> str:
        """Start recording. Returns the report about the last process: a sentence about an unclean exit and the text of
        the crash file, or an empty text. If the disk cannot be written, crashes are not recorded."""
        report = ""
        try:
            report = self._left_behind(language)
            replace_file(self._mark, f"{datetime.now().astimezone():%d/%m/%Y %H:%M}\n")
            self._stacks = open_private(self._file)
            faulthandler.enable(self._stacks)
        except OSError as error:
            log.warning("crashes are not kept: %s", error)
        sys.excepthook = self._unhandled
        threading.excepthook = self._unhandled_in_thread
        return report

    def _left_behind(self, language: str) -> str:
        report = ""
        if self._mark.exists():
            since = self._mark.read_text(encoding="utf-8", errors="replace").strip()[:40]
            report = str(text("unclean-exit", language, {"since": since}))
        if self._file.exists() and self._file.stat().st_size:
            report += "\n\n" + self._file.read_text(encoding="utf-8", errors="replace")
            rename(self._file, self._file.with_name("crash.previous.txt"))
        return report.strip()

    def end(self) -> None:
        """Stop recording; the process ends without a crash."""
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
        # Also called by PySide for an exception in a slot; the program goes on, but the error must be recorded.
        log.critical("unhandled %s", kind.__name__, exc_info=(kind, error, stack))
        if self._stacks is not None and self._kept < MOST:
            try:
                self._keep(self._stacks, "".join(traceback.format_exception(kind, error, stack)))
            except OSError as full:  # an error in this hook would hide the original one
                log.warning("a crash could not be kept: %s", full)

    def _keep(self, stacks: TextIO, error: str) -> None:
        """Write an error the first time, and a line about it after 10, 100, 1000 and 10,000 times."""
        times = self._times[error] = self._times.get(error, 0) + 1
        if times > 1:
            if times not in (10, 100, 1000, 10_000):
                return
            error = f"{times} times: {error.rstrip().splitlines()[-1]}\n"
        entry = f"{datetime.now().astimezone().isoformat()} pid {os.getpid()}\n{error[:MOST]}"
        self._kept += len(entry)
        stacks.write(entry)
        stacks.flush()

    def _unhandled_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._unhandled(args.exc_type, args.exc_value, args.exc_traceback)
