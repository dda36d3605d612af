"""What the panel is given by the composition root: a bundle of ports, and no logic.

The protocols say exactly what the panel asks of the other parts; their docstrings are with the parts themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from archisync_gui.model import Clock, Explanation, Listener, Status, SystemClock
from archisync_gui.settings import Settings

if TYPE_CHECKING:
    from archisync_gui.entities.declaration import Entity
    from archisync_gui.updates.watch import Updates

Changes: TypeAlias = Mapping[str, object] | Callable[[Settings], Mapping[str, object]]
"""Settings and their new values, or a function of the settings in use that gives them."""


class OrchestratorFace(Protocol):
    """What the panel asks of ``orchestrator.Orchestrator``. Actions may be plain calls or coroutines."""

    def get_status(self) -> Status: ...
    def subscribe(self, listener: Listener) -> Callable[[], None]: ...
    def request_sync(self, type: str, account: str | None = None, *args: Any, **kwargs: Any) -> Any: ...
    def position(self, ticket: Any) -> int | None: ...
    def request_full(self, *args: Any, **kwargs: Any) -> Any: ...
    def cancel_run(self) -> Any: ...
    def move_to_front(self, request_id: str) -> Any: ...
    def run_anyway(self, request_id: str) -> Any: ...
    def remove(self, request_id: str) -> Any: ...
    def hold(self) -> Any: ...
    def release(self) -> Any: ...
    def end_session(self, handle: str) -> Any: ...
    def end_sessions(self) -> Any: ...
    def set_schedule(self, type: str, minutes: int | None) -> Any: ...
    def retry_login(self, account: str) -> Any: ...
    def credentials_changed(self, account: str) -> Any: ...
    async def smart_customer_sync(self, session_id: str | None, *args: Any, **kwargs: Any) -> Any: ...
    def explain(self, at: datetime | None = None) -> Awaitable[Explanation]: ...


class StoreFace(Protocol):
    """What the panel reads of ``store.Store``; everything runs on the store's own thread."""

    async def rows(self, entity: str, account: str | None, *args: Any, **kwargs: Any) -> Any: ...
    async def rows_by_key(self, entity: str, account: str | None, keys: Sequence[str]) -> Any: ...
    def export(self, entity: str, account: str | None, *args: Any, **kwargs: Any) -> AsyncIterator[Any]: ...
    async def row_history(self, entity: str, account: str | None, key: str) -> Any: ...
    async def runs(self, *args: Any, **kwargs: Any) -> Any: ...
    async def run(self, run_id: str) -> Any: ...
    async def events(self, since: datetime, until: datetime, *args: Any, **kwargs: Any) -> Any: ...
    async def changes(
        self, since: datetime, until: datetime, accounts: Sequence[str], *args: Any, **kwargs: Any
    ) -> Any: ...
    async def refused(self) -> Any: ...
    async def refused_keys(self, run_id: str) -> frozenset[str]: ...
    def size_on_disk(self) -> Any: ...
    def backups(self) -> Sequence[Path]: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the demo's menu *Prova un guasto*."""

    name: str
    it: str
    en: str
    start: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class LoginTest:
    """What *test login* found out."""

    ok: bool
    text: str
    """One sentence for people, in the panel's language."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the panel is handed. What is ``None`` is not there; its controls say so."""

    orchestrator: OrchestratorFace
    entities: tuple[Entity, ...]
    settings: Callable[[], Settings]
    apply_settings: Callable[[Changes], Awaitable[object]]
    """Checks, saves and puts changes into effect; raises ``SettingsError``."""
    quit: Callable[[], object]
    profile: str = "default"
    demo: bool = False
    version: str = ""
    store: StoreFace | None = None
    endpoint: Any | None = None
    """``endpoint.Endpoint``: address, pairing, one-time code for the order form."""
    clock: Clock = field(default_factory=SystemClock)
    data_folder: Path | None = None
    log_file: Path | None = None
    faults: tuple[Fault, ...] = ()
    end_faults: Callable[[], Awaitable[object]] | None = None
    """Switches all of the demo's faults off."""
    open_demo: Callable[[], bool] | None = None
    """Starts the demo beside this panel; False: the system did not start it."""
    set_password: Callable[[str, str], Awaitable[bool]] | None = None
    """Account, password → the system's keyring. False: there is none, the password is kept in memory only."""
    keep_in_file: Callable[[str], Awaitable[None]] | None = None
    """Keep the account's password in a private file, where there is no keyring and the operator says so."""
    password_place: Callable[[str], Awaitable[str]] | None = None
    """Where the account's password is kept: ``keyring``, ``file``, ``memory`` or ``""`` (none is known)."""
    has_password: Callable[[str], Awaitable[bool]] | None = None
    test_login: Callable[[str, str | None], Awaitable[LoginTest]] | None = None
    """Account, password (``None``: the stored one); really logs in."""
    accept_read: Callable[[str], Awaitable[object]] | None = None
    rekey: Callable[[str], Awaitable[object]] | None = None
    clear_and_read: Callable[[str, str], Awaitable[object]] | None = None
    """Type, account; makes a backup first."""
    backup: Callable[[], Awaitable[Path]] | None = None
    restore: Callable[[Path], object] | None = None
    """Starts Archisync anew with that backup in the archive's place."""
    updates: Updates | None = None
    """Whether there are newer versions."""
    crash: str = ""
    """Text of the crash file found at this start, or of a sentence about an unclean exit; empty: all was well."""

    def entity(self, name: str) -> Entity | None:
        """The declaration of a sync type, if it has one."""
        return next((e for e in self.entities if e.name == name), None)


def account_ids(status: Status) -> tuple[str, ...]:
    """The accounts in use, in the order of the status."""
    return tuple(a.id for a in status.accounts if a.enabled)


def endpoint_address(endpoint: Any | None) -> str:
    """``127.0.0.1:47801``, or an empty text when nothing is served."""
    return str(endpoint.url).removeprefix("http://") if endpoint is not None else ""
