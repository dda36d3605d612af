"""Prints the progress and results of commands: as text, or as JSON lines."""

from __future__ import annotations

import json
import sys
from typing import Any

from archisync_gui import zone


def moment(typed: str) -> str | None:
    """``14:30`` (today) or an ISO time, as ISO time with offset; ``None`` if it is neither."""
    from datetime import datetime, time

    try:
        if len(typed) <= 5:
            today = zone.now()
            return zone.local(datetime.combine(today.date(), time.fromisoformat(typed.zfill(5)))).isoformat()
        return zone.local(datetime.fromisoformat(typed)).isoformat()
    except (ValueError, OverflowError, OSError):  # also for times out of range
        return None


def finish(code: int, result: Any, printer: Printer) -> int:
    """Print the result and end the output; returns ``code``."""
    if result is not None:
        printer.result(result)
    printer.close()
    return code


class Printer:
    """Prints a command's progress and result: JSON lines for programs, or lines of text."""

    def __init__(self, command: str, *, as_json: bool, language: str) -> None:
        self.language = language
        self._command = command
        self._json = as_json
        from archisync_gui.app.console import moves_cursor  # loads ctypes, which the panel's start does without

        self._live = moves_cursor(sys.stderr)
        self._steps: dict[str, int] = {}
        self.began = False
        """True when the command has sent an event."""

    def event(self, event: dict[str, Any]) -> None:
        """Print an event of the running command."""
        self.began = True
        if event["kind"] == "result":
            self._result_line(event)
        elif not self._json:
            self._progress(event)

    def result(self, result: Any) -> None:
        """Print the command's result."""
        if self._command == "sync":
            return  # each type's line was printed as an event
        if self._json:
            print(json.dumps(result))
            return
        from archisync_gui.app import words

        if self._command == "explain":
            print(words.explanation(result, self.language))
        elif self._command == "retry":
            print(words.retried(result, self.language))
        else:
            print(words.status(result, self.language))

    def close(self) -> None:
        """Clear the line that shows the progress on a terminal."""
        if self._live and self._steps:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _result_line(self, event: dict[str, Any]) -> None:
        line = {k: v for k, v in event.items() if k != "kind"}
        if self._json:
            print(json.dumps(line), flush=True)
            return
        self.close()
        from archisync_gui.app import words

        print(words.result(line, self.language), flush=True)

    def _progress(self, event: dict[str, Any]) -> None:
        from archisync_gui.app import words

        line = words.progress(event, self.language)
        if line is None:
            return
        if self._live:
            self._steps[str(event.get("type"))] = 1
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            return
        # Not a terminal: one line for each tenth of a list, so that a log stays readable.
        kind, name = event["kind"], str(event.get("type"))
        page, pages = event.get("page"), event.get("pages")
        tenth = int(10 * page / pages) if kind == "sync-progress" and page and pages else -1
        if kind == "sync-progress" and self._steps.get(name, -1) >= tenth:
            return
        self._steps[name] = tenth
        print(line, file=sys.stderr, flush=True)
