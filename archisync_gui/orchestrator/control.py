"""The interface between orchestrator and runner: the runner's control of its run, and validation of the run's end.

Whatever a runner returns or raises becomes a value that can be stored and shown (rules 5, 20): an end that is not as
``model`` declares it becomes a ``run-internal`` failure.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from archisync_gui.model import (
    ErrorInfo,
    FailureKind,
    Finished,
    Json,
    Outcome,
    Progress,
    Run,
    Suspended,
    SyncFailure,
    as_json,
)
from archisync_gui.orchestrator import accounts, runs
from archisync_gui.orchestrator.decide import must_yield
from archisync_gui.orchestrator.state import Attempt, State
from archisync_gui.orchestrator.values import Moment

RETURNED = frozenset({Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.SKIPPED})
"""Outcomes that a runner may return; for the others it raises."""

LONGEST_TEXT = 100_000
"""Maximum characters of one text of a failure."""

LARGEST_COUNT = 2**53
"""Counts that a runner returns must be smaller."""


class Control:
    """The runner's control of its run (``model.RunControl``). Calls after the run's end do nothing. In an abandoned run
    all but :meth:`logged_in` raise ``CancelledError``, so that it cannot store what it read."""

    def __init__(
        self,
        active: Attempt,
        look: Callable[[], tuple[State, Moment]],
        apply: Callable[[Callable[[State, Moment], State]], None],
    ) -> None:
        """``look`` returns the present state and moment; ``apply`` changes the state by a transition."""
        self._look = look
        self._apply = apply
        self.run: Run = active.run
        self.resume = active.resume
        self.suspend_was_asked = False
        """True once the runner was asked to suspend the run."""
        self.abandoned = False
        """True: the lock was taken from the run, and its result will be ignored."""

    def _check_abandoned(self) -> None:
        if self.abandoned:
            raise asyncio.CancelledError("the run was abandoned")

    def suspend_requested(self) -> bool:
        """True when the run should be suspended at its next safe point (rule 10)."""
        self._check_abandoned()
        state, now = self._look()
        active = state.active
        if active is not None and active.run.id == self.run.id and must_yield(state, active, now):
            self.suspend_was_asked = True
            return True
        return False

    def progress(self, progress: Progress) -> None:
        """Report how far the run is; resets the watchdog."""
        self._check_abandoned()
        self._apply(lambda state, now: runs.progressed(state, now, self.run.id, progress))

    @contextmanager
    def long_step(self, limit: float) -> Iterator[None]:
        """Declare a step that may take ``limit`` seconds without progress; the watchdog waits as long."""
        self._check_abandoned()
        self._apply(lambda state, now: runs.long_step(state, now, self.run.id, limit))
        try:
            yield
        finally:
            self._apply(lambda state, now: runs.long_step(state, now, self.run.id, None))

    def logged_in(self) -> None:
        """Count one real login (rule 22)."""
        self._apply(lambda state, now: accounts.logged_in(state, now, self.run.account))


# ---------------------------------------------------------------------------------------------------------- the end


def end_of(task: asyncio.Task[Finished | Suspended], *, asked_to_suspend: bool) -> Finished | Suspended | ErrorInfo:
    """The end of a run, from its task, which is done; validated by :func:`checked_end`."""
    if task.cancelled():
        params = {"error": "CancelledError"}
        return ErrorInfo("run-internal", FailureKind.TRANSIENT, "the runner cancelled itself", params)
    error = task.exception()
    return checked_end(task.result() if error is None else error, asked_to_suspend=asked_to_suspend)


def checked_end(end: object, *, asked_to_suspend: bool) -> Finished | Suspended | ErrorInfo:
    """Validate what a runner returned or raised: ``Finished`` and ``Suspended`` are returned as they are, an exception
    as its failure. Anything else, or a field of a wrong type or value, becomes a failure that says so."""
    try:
        return _checked_end(end, asked_to_suspend=asked_to_suspend)
    except Exception as error:  # a foreign object may raise at any access
        return internal(f"the run's end cannot be read: {type(error).__name__}")


def _checked_end(end: object, *, asked_to_suspend: bool) -> Finished | Suspended | ErrorInfo:
    if isinstance(end, BaseException):
        return failure_of(end)
    if isinstance(end, ErrorInfo):
        return end
    if isinstance(end, Suspended):
        return end if asked_to_suspend else internal("the runner suspended itself unasked")
    if not isinstance(end, Finished):
        return internal(f"the runner returned {end!r}"[:200])
    wrong = [name for name, good in _checks(end) if not good]
    return internal(f"the runner returned a wrong {wrong[0]}") if wrong else end


def _checks(end: Finished) -> list[tuple[str, bool]]:
    as_of = end.as_of
    counts = (end.rows, end.added, end.changed, end.gone)
    return [
        ("outcome", isinstance(end.outcome, Outcome) and end.outcome in RETURNED),
        ("as_of", as_of is None or (isinstance(as_of, datetime) and as_of.utcoffset() is not None)),
        ("count", all(type(count) is int and 0 <= count < LARGEST_COUNT for count in counts)),
        ("warning", isinstance(end.warnings, tuple) and all(_is_text(text) for text in end.warnings)),
        ("whole", isinstance(end.whole, bool)),
    ]


def _is_text(value: object) -> bool:
    """True for a text that can be encoded (no lone surrogates)."""
    return isinstance(value, str) and _plain(value) == value


def _plain(text: str) -> str:
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception whose ``__str__`` raises
        return f"{type(error).__name__} (its text cannot be read)"


def _stack(error: BaseException) -> str:
    try:
        return _plain("".join(traceback.format_exception(error)))
    except Exception:
        return ""


def failure_of(error: BaseException) -> ErrorInfo:
    """An exception as it is stored and shown (rule 20)."""
    message, stack = _plain(_text_of(error)), _stack(error)
    name = type(error).__name__
    if isinstance(error, SyncFailure):
        params, evidence = _json(error.params), _json(error.evidence)
        picture = error.screenshot
        if params is None or evidence is None or not isinstance(error.kind, FailureKind) or not _is_text(error.code):
            return internal(f"{name} {message}: what it carries cannot be stored", stack)
        return ErrorInfo(
            error.code,
            error.kind,
            message,
            params,
            stack,
            _plain(str(picture)) if picture is not None else None,
            evidence,
        )
    return internal(f"{name}: {message}", stack, error=name)


def internal(message: str, stack: str = "", *, error: str | None = None) -> ErrorInfo:
    """The failure ``run-internal``, for a bug of ours."""
    text = _plain(message)
    return ErrorInfo("run-internal", FailureKind.PERMANENT, text, {"error": error or text}, stack)


def _json(value: object) -> dict[str, Json] | None:
    """The value as plain JSON; ``None`` if it cannot be converted, is no object, or is too long."""
    try:
        text = json.dumps(as_json(value), allow_nan=False)
        found = json.loads(_plain(text) if len(text) <= LONGEST_TEXT else "null")
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
