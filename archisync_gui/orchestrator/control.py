"""The boundary to the runner: what it holds of its run, and the run's end as a value that can be stored and shown.

Whatever a runner returns or raises becomes such a value (rules 5, 20): what is not as ``model`` declares it becomes a
``run-internal`` failure of plain values.
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
"""Outcomes that a runner may return; it raises for the others."""

LONGEST_TEXT = 100_000
"""Characters of one text that is kept of a failure."""

LARGEST_COUNT = 2**53


class Control:
    """What the runner holds of its run (``model.RunControl``). Calls after the run's end do nothing; in an abandoned
    run they raise ``CancelledError``, so that it cannot go on to store what it read."""

    def __init__(
        self,
        active: Attempt,
        look: Callable[[], tuple[State, Moment]],
        apply: Callable[[Callable[[State, Moment], State]], None],
    ) -> None:
        """``look`` gives the present state and moment; ``apply`` changes the state by a transition."""
        self._look = look
        self._apply = apply
        self.run: Run = active.run
        self.resume = active.resume
        self.suspend_was_asked = False
        """The runner has been asked to suspend."""
        self.abandoned = False
        """The lock was taken from the run; whatever it still does is in vain."""

    def _go_on(self) -> None:
        if self.abandoned:
            raise asyncio.CancelledError("the run was abandoned")

    def suspend_requested(self) -> bool:
        """True when the run has to make way at its next safe point (rule 10)."""
        self._go_on()
        state, now = self._look()
        active = state.active
        if active is not None and active.run.id == self.run.id and must_yield(state, active, now):
            self.suspend_was_asked = True
            return True
        return False

    def progress(self, progress: Progress) -> None:
        """Tell how far the run is; resets the watchdog."""
        self._go_on()
        self._apply(lambda state, now: runs.progressed(state, now, self.run.id, progress))

    @contextmanager
    def long_step(self, limit: float) -> Iterator[None]:
        """Keep the watchdog quiet for at most ``limit`` seconds."""
        self._go_on()
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
    """The end of a run by its task, which is done: see :func:`sound`."""
    if task.cancelled():
        params = {"error": "CancelledError"}
        return ErrorInfo("run-internal", FailureKind.TRANSIENT, "the runner cancelled itself", params)
    error = task.exception()
    return sound(task.result() if error is None else error, asked_to_suspend=asked_to_suspend)


def sound(how: object, *, asked_to_suspend: bool) -> Finished | Suspended | ErrorInfo:
    """The end of a run: a ``Finished``, ``Suspended`` or exception as it is, if it is sound; else a failure that says
    what is wrong with it."""
    try:
        return _sound(how, asked_to_suspend=asked_to_suspend)
    except Exception as error:  # whatever a foreign object does when it is looked at
        return internal(f"the run's end cannot be read: {type(error).__name__}")


def _sound(how: object, *, asked_to_suspend: bool) -> Finished | Suspended | ErrorInfo:
    if isinstance(how, BaseException):
        return failure_of(how)
    if isinstance(how, ErrorInfo):
        return how
    if isinstance(how, Suspended):
        return how if asked_to_suspend else internal("the runner suspended itself unasked")
    if not isinstance(how, Finished):
        return internal(f"the runner returned {how!r}"[:200])
    wrong = [name for name, good in _checks(how) if not good]
    return internal(f"the runner returned a wrong {wrong[0]}") if wrong else how


def _checks(how: Finished) -> list[tuple[str, bool]]:
    as_of = how.as_of
    counts = (how.rows, how.added, how.changed, how.gone)
    return [
        ("outcome", isinstance(how.outcome, Outcome) and how.outcome in RETURNED),
        ("as_of", as_of is None or (isinstance(as_of, datetime) and as_of.utcoffset() is not None)),
        ("count", all(type(count) is int and 0 <= count < LARGEST_COUNT for count in counts)),
        ("warning", isinstance(how.warnings, tuple) and all(_is_text(text) for text in how.warnings)),
        ("whole", isinstance(how.whole, bool)),
    ]


def _is_text(value: object) -> bool:
    """True for a text that can be encoded (no lone surrogates)."""
    return isinstance(value, str) and _plain(value) == value


def _plain(text: str) -> str:
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")


def _said(error: BaseException) -> str:
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
    """What is stored and shown of an exception (rule 20)."""
    message, stack = _plain(_said(error)), _stack(error)
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
    """A failure of our own, of plain values."""
    text = _plain(message)
    return ErrorInfo("run-internal", FailureKind.PERMANENT, text, {"error": error or text}, stack)


def _json(value: object) -> dict[str, Json] | None:
    """The value as plain JSON; ``None`` where it has no such form."""
    try:
        text = json.dumps(as_json(value), allow_nan=False)
        found = json.loads(_plain(text) if len(text) <= LONGEST_TEXT else "null")
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
