"""The journal's only writer, which keeps the order of calls, and restoring of the state at a start.

Errors of the journal are logged and shown in the status; they never stop the dispatcher.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from archisync_gui.model import (
    ErrorInfo,
    FailureKind,
    Journal,
    Json,
    LastRead,
    Outcome,
    Remembered,
)
from archisync_gui.orchestrator import schedule
from archisync_gui.orchestrator.state import ListState, State
from archisync_gui.orchestrator.values import Moment, Stamp, evolve

log = logging.getLogger(__name__)

EARLIEST, LATEST = 1970, 3000
"""Years of the times that a note may hold, the second excluded; others mean that the note is damaged."""

Write: TypeAlias = Callable[[], Awaitable[object]]

# ---------------------------------------------------------------------------------------------------------- writing


class Writer:
    """Runs jobs in the order in which they were added, in the background; callers do not wait."""

    def __init__(self, on_trouble: Callable[[Exception | None], None]) -> None:
        """``on_trouble`` is called with the first of consecutive failures, and with ``None`` at the next success."""
        self._jobs: deque[tuple[Write, bool]] = deque()
        """Each with whether it writes to the journal: only then its success shows that the journal works."""
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._on_trouble = on_trouble
        self._trouble = False
        self._logged = False

    def start(self) -> None:
        """Begin to run jobs, also those that were added before."""
        self._task = asyncio.create_task(self._work(), name="orchestrator journal")

    def write(self, job: Write) -> None:
        """Run ``job`` after all jobs that were added before."""
        self._jobs.append((job, True))
        self._more.set()

    def then(self, act: Callable[[], object]) -> None:
        """Call ``act`` after all jobs that were added before."""

        async def job() -> None:
            act()

        self._jobs.append((job, False))
        self._more.set()

    async def written(self) -> None:
        """Wait until all jobs that were added so far are done."""
        done = asyncio.Event()
        self.then(done.set)
        await done.wait()

    def fail(self, error: Exception) -> None:
        """Report that the journal fails, until the next success."""
        self._log(error)
        self._trouble = True
        self._on_trouble(error)

    async def _work(self) -> None:
        while True:
            while self._jobs:
                job, writes = self._jobs.popleft()
                try:
                    await job()
                except Exception as error:
                    # A full disk fails every write for hours: reported once, until one succeeds again.
                    if not self._trouble:
                        self.fail(error)
                else:
                    if self._trouble and writes:
                        self._trouble = False
                        self._on_trouble(None)
            self._more.clear()
            await self._more.wait()

    def _log(self, error: Exception) -> None:
        """Log the first failure of the process as an error with its stack, later ones as warnings: with a nearly full
        disk, small writes succeed now and then, and each failure after a success is reported."""
        if self._logged:
            log.warning("the journal failed again: %s: %s", type(error).__name__, error)
        else:
            log.error("the journal failed; more failures are not logged until it works again", exc_info=error)
        self._logged = True

    async def stop(self) -> None:
        """Stop; jobs that are not done by now are dropped."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# ---------------------------------------------------------------------------------------------------------- remembering


async def loaded(journal: Journal) -> tuple[Remembered, Exception | None]:
    """The journal's contents, and the error if it could not be read."""
    try:
        return await journal.load(), None
    except Exception as error:
        return Remembered(), error


def restored(state: State, now: Moment, memory: Remembered, *, failed: bool) -> State:
    """The state at a start: as the last process left it, with the schedule planned (rule 28). ``failed``: the journal
    could not be read."""
    state = remembered(state, now, memory)
    if later_than(now.wall + timedelta(seconds=state.rules.clock_tolerance), memory):
        # The wall clock was set back while the program was closed (rule 30).
        state = schedule.clock_doubted(state, now)
    state = _bounded(state, now)
    if failed:
        # It is not known whether the operator held all reads or an account was stopped: nothing may start.
        state = evolve(state, hold_since=now.wall, unreadable=("journal",))
    return schedule.planned(state, now)


def remembered(state: State, now: Moment, memory: Remembered) -> State:
    """The state as the last process left it (rules 22, 28, 29, 31). A note that cannot be read is left out and logged:
    a damaged note must not prevent all reads."""
    unreadable = list(memory.unreadable)
    for note, value in memory.notes.items():
        try:
            state = _noted(state, note.split(":"), value)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            log.warning("the note %s cannot be read and is left out: %.200r", note, value)
            unreadable.append(f"note {note}")
            if note == "hold":  # the operator held all reads, but it is not known since when (rule 9)
                state = evolve(state, hold_since=state.at.wall)
    list_states = dict(state.list_states)
    for read in sorted(memory.reads, key=lambda r: r.last_success or _LONG_AGO):
        if read.type in state.types:  # after the notes: whether its last whole read failed decides which one is shown
            key = state.list_key(read.type, read.account)
            list_states[key] = _list_state(state, read, list_states.get(key, ListState()), now)
    return evolve(state, list_states=list_states, unreadable=tuple(unreadable))


def _bounded(state: State, now: Moment) -> State:
    """Limit each pause to its planned length from now: an end that is further away was stored while the wall clock was
    ahead (rule 30)."""
    since, until = state.hold_since, state.hold_until
    if since is not None and until is not None:
        state = evolve(state, hold_until=min(until, now.wall + max(until - since, timedelta())))
    list_states = dict(state.list_states)
    for key, list_state in state.list_states.items():
        if list_state.back_off is not None:
            longest = state.rules.back_off(state.intervals.get(key[0]), list_state.failures) or 0.0
            latest = now.wall + timedelta(seconds=longest)
            list_states[key] = evolve(list_state, back_off=min(list_state.back_off, latest))
    accounts = dict(state.accounts)
    for account, known in state.accounts.items():
        if known.login_pause is not None:
            latest = now.wall + timedelta(seconds=state.rules.login_back_off(known.login_failures))
            accounts[account] = evolve(known, login_pause=min(known.login_pause, latest))
    return evolve(state, list_states=list_states, accounts=accounts)


def later_than(wall: datetime, memory: Remembered) -> bool:
    """True if the journal has a time later than ``wall``."""
    times = [memory.last_sign]
    for read in memory.reads:
        times += [read.last_success, read.new_as_of, read.all_as_of]
    return any(at is not None and at > wall for at in times)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _list_state(state: State, read: LastRead, known: ListState, now: Moment) -> ListState:
    def stamp(name: str, at: datetime | None, other: Stamp | None) -> Stamp | None:
        found = None if at is None else Stamp(at, doubtful=at > now.wall or name in read.doubtful)
        return found if other is None or (found is not None and found.wall >= other.wall) else other

    last, whole = read.last, read.whole
    if known.failures:
        last = whole or last
    elif last is not None and last == whole and last.outcome is Outcome.REFUSED:
        last = None  # the operator accepted the refused read
    if known.last is not None and (last is None or last.started < known.last.started):
        last = known.last
    return evolve(
        known,
        success=stamp("last_success", read.last_success, known.success),
        new=stamp("new_as_of", read.new_as_of, known.new),
        whole=stamp("all_as_of", read.all_as_of, known.whole),
        last=last,
        unclean=read.unclean_in_a_row,
        durations=read.durations[-state.rules.durations_kept :] or known.durations,
    )


def _noted(state: State, key: list[str], value: Json) -> State:
    match key, value:
        case ["due" | "owed" as name, sync_type, *rest], at if sync_type in state.types:
            place = (sync_type, ":".join(rest))
            list_state = state.list_states.get(place, ListState())
            return state.with_list_state(place, evolve(list_state, **{name: _time(at)}))
        case ["failures", sync_type, *rest], kept if sync_type in state.types:
            place = (sync_type, ":".join(rest))
            count, until = _counted(kept)
            list_state = state.list_states.get(place, ListState())
            return state.with_list_state(place, evolve(list_state, failures=count, back_off=until))
        case ["login-pause", *rest], kept if known := state.accounts.get(":".join(rest)):
            count, until = _counted(kept)
            return state.with_account(evolve(known, login_failures=count, login_pause=until))
        case ["daily"], at:
            return evolve(state, daily_due=_time(at))
        case ["hold"], since:
            return evolve(state, hold_since=_time(since))
        case ["hold-until"], until:
            return evolve(state, hold_until=_time(until))
        case ["stopped", *rest], value if known := state.accounts.get(":".join(rest)):
            return state.with_account(evolve(known, stopped=_refusal(known.account.id, value)))
        case ["logins", *rest], count if known := state.accounts.get(":".join(rest)):
            if not isinstance(count, Mapping):
                raise TypeError("no object")
            day = date.fromisoformat(str(count["day"]))
            return state.with_account(evolve(known, day=day, logins=int(str(count["count"]))))
    return state


def _counted(kept: Json) -> tuple[int, datetime | None]:
    """Failures in a row and the end of the pause that follows, from a note's value (``values.counted``)."""
    if not isinstance(kept, Mapping):
        raise TypeError("no object")
    until, count = kept.get("until"), kept["count"]
    if not isinstance(count, int):
        raise ValueError("no count")
    return count, _time(until) if until else None


def _time(text: Json) -> datetime:
    if not isinstance(text, str):
        raise TypeError("no time")
    found = datetime.fromisoformat(text)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    if not EARLIEST <= found.year < LATEST:
        # No real clock showed this time, and at the ends of the calendar the next addition would raise.
        raise ValueError("no time that a clock has shown")
    return found


def _refusal(account: str, kept: Json) -> ErrorInfo:
    """Why an account was stopped. If that cannot be read, the account stays stopped (rule 22)."""
    try:
        if isinstance(kept, Mapping):
            return error_from(kept)
    except (ValueError, TypeError, KeyError):
        log.warning("the note stopped:%s cannot be read, the account stays stopped: %.200r", account, kept)
    return ErrorInfo(
        "login-refused", FailureKind.CREDENTIALS, "the stored reason cannot be read", {"account": account, "error": ""}
    )


def error_from(kept: Mapping[str, Json]) -> ErrorInfo:
    """A failure from its JSON (``as_json``)."""
    params, evidence = kept.get("params"), kept.get("evidence")
    screenshot = kept.get("screenshot")
    return ErrorInfo(
        code=str(kept["code"]),
        kind=FailureKind(str(kept["kind"])),
        message=str(kept.get("message", "")),
        params=params if isinstance(params, Mapping) else {},
        stack=str(kept.get("stack", "")),
        screenshot=None if screenshot is None else str(screenshot),
        evidence=evidence if isinstance(evidence, Mapping) else {},
    )
