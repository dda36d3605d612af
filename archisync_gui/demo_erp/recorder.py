"""What the demo ERP did and how long it took: every action, counted and timed; nothing is decided here."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody did to the ERP. ``writes`` is True for anything that would change its data."""

    kind: str
    """``page``, ``detail``, ``login``, ``login-failed``, ``callback``, ``menu``, ``write`` or ``redirect``."""
    user: str
    path: str
    detail: str
    when: datetime
    """Wall clock, UTC."""
    duration: float
    """Seconds of the ERP's own time: its delays and its rendering, without waiting for other requests."""
    writes: bool


class Recorder:
    """Keeps the actions. Thread-safe."""

    LIMIT = 100_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._actions: list[Action] = []
        self._spent = 0.0

    def add(self, action: Action) -> None:
        """Remember an action; of too many, the oldest tenth is forgotten."""
        with self._lock:
            self._spent += action.duration
            self._actions.append(action)
            if len(self._actions) > self.LIMIT:
                del self._actions[: self.LIMIT // 10]

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions so far, oldest first."""
        with self._lock:
            return tuple(self._actions)

    def spent(self) -> float:
        """Seconds of the ERP's own time since the start or the last reset."""
        with self._lock:
            return self._spent

    def reset(self) -> None:
        """Forget all actions, and the time that they took."""
        with self._lock:
            self._actions.clear()
            self._spent = 0.0
