"""What the line between members transfers: the leader's status and events, and commands to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from archisync_gui.model import ErrorInfo, FailureKind, SyncFailure
from archisync_gui.office.desk import WAITS, Emit
from archisync_gui.office.shared_settings import SharedSetting
from archisync_gui.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class News:
    """What the line has read from the server since the last call."""

    leader: str | None
    """The computer that leads; ``None``: there is no leader."""
    member: str | None
    """The id of the member that leads."""
    since: datetime | None
    """Since when that member leads, by the server's clock."""
    current: bool = False
    """The last status is from the present leader."""
    status: Any = None
    """The leader's status (JSON), if its revision has changed."""
    events: tuple[Any, ...] = ()
    """The leader's new events (JSON), all from before that status, in order."""
    as_of: datetime | None = None
    """When the status was written, by the server's clock."""
    settings: Mapping[str, SharedSetting] | None = None
    """The office's settings, if they have changed."""
    trouble: ErrorInfo | None = None
    """Why the server cannot be reached, after :data:`line.DISTURBED` seconds; at once for errors that do not pass."""
    schema: str | None = None
    """The schema version of the office's tables."""


@dataclass(eq=False)
class Command:
    """A command that was sent. All fields but ``future`` and ``cancelled`` are used by the line's thread only."""

    id: str
    name: str
    args: str
    patience: float | None
    """Seconds to wait until a leader takes it; ``None``: no limit."""
    emit: Emit
    future: asyncio.Future[tuple[int, Any]]
    cancelled: bool = False
    sent: float | None = None
    """When it was inserted first, or may have been; ``None``: not yet."""
    inserted: bool = False
    """It was inserted or found to be there over the present connection."""
    taken: bool = False
    deadline: float = 0.0
    trouble: StoreError | None = None

    def arguments(self, now: float) -> str:
        """The arguments with how long it may still wait for a leader."""
        if self.patience is None:
            return self.args
        return json.dumps({**json.loads(self.args), WAITS: max(0.0, self.deadline - now)})


def answer(future: asyncio.Future[Any], value: Any) -> None:
    """End a call with that answer, unless it has ended already."""
    if not future.done():
        future.set_result(value)


def fail(future: asyncio.Future[Any], error: Exception) -> None:
    """Set the exception of a future, unless it is done."""
    if not future.done():
        future.set_exception(error)
        future.exception()  # no warning if its caller was cancelled


def raise_failure(result: Any) -> NoReturn:
    """Raise the failure that the leader answered to a command, as :class:`SyncFailure`."""
    found = result if isinstance(result, dict) else {}
    code, params = str(found.get("error", "office-command-failed")), found.get("params")
    raise SyncFailure(code, FailureKind.PERMANENT, params=params if isinstance(params, dict) else {})
