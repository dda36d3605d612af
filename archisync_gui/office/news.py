"""What passes over the line between members: news of the leader, and commands to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from archisync_gui.model import ErrorInfo, FailureKind, SyncFailure
from archisync_gui.office.desk import Emit
from archisync_gui.office.shared_settings import SharedSetting
from archisync_gui.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class News:
    """What the line has learnt since the last call."""

    leader: str | None
    """The computer that leads; ``None``: nobody does."""
    member: str | None
    """The id of the member that leads."""
    since: datetime | None
    """Since when that member leads, by the server's clock."""
    current: bool = False
    """The status is that of the member that leads now."""
    status: Any = None
    """The leader's status (JSON), if it has another revision than before."""
    events: tuple[Any, ...] = ()
    """The leader's events (JSON) that came before that status, in order."""
    as_of: datetime | None = None
    """When the status was written, by the server's clock."""
    settings: Mapping[str, SharedSetting] | None = None
    """The office's settings, if they have changed."""
    trouble: ErrorInfo | None = None
    """Why the server has not been reached for :data:`DISTURBED` seconds."""
    schema: str | None = None
    """The version of the office's tables, as the program that made them calls it."""


@dataclass(eq=False)
class Command:
    """One command under way. All but ``future`` and ``cancelled`` belongs to the line's thread."""

    id: str
    name: str
    args: str
    patience: float | None
    """Seconds to wait for a leader that takes it; ``None``: without limit."""
    emit: Emit
    future: asyncio.Future[tuple[int, Any]]
    cancelled: bool = False
    inserted: bool = False
    taken: bool = False
    deadline: float = 0.0
    trouble: StoreError | None = None


def fail(future: asyncio.Future[Any], error: Exception) -> None:
    """End a call with that error, unless it has ended already."""
    if not future.done():
        future.set_exception(error)
        future.exception()  # a caller may have gone already


def raise_failure(result: Any) -> NoReturn:
    """Raise what the leader answered for a command that failed."""
    found = result if isinstance(result, dict) else {}
    code, params = str(found.get("error", "office-command-failed")), found.get("params")
    raise SyncFailure(code, FailureKind.PERMANENT, params=params if isinstance(params, dict) else {})
