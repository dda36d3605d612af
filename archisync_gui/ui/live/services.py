"""What the composition root passes to the panel: a bundle of objects and functions, and no logic.

The orchestrator is typed by its protocol, since it may run on another computer, and the store by its class. The panel
may not import the endpoint or the office: the protocols here declare what it uses of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from archisync_gui.model import AccountId, Clock, Status, SystemClock
from archisync_gui.settings import Settings

if TYPE_CHECKING:
    from archisync_gui.entities.declaration import Entity
    from archisync_gui.orchestrator import OrchestratorApi
    from archisync_gui.store.personal import Holding
    from archisync_gui.store.store import Store
    from archisync_gui.updates.watch import Updates

Changes: TypeAlias = Mapping[str, object] | Callable[[Settings], Mapping[str, object]]
"""Settings and their new values, or a function of the settings in use that gives them."""


class AskingPage(Protocol):
    """A page or program, and its scopes: what it may do, or asks to do."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> str | None: ...
    @property
    def scopes(self) -> frozenset[str]: ...


class PairedPage(AskingPage, Protocol):
    """A page or program that is paired (``endpoint.paired_pages.Page``)."""

    @property
    def account(self) -> AccountId | None: ...
    @property
    def last_used(self) -> datetime: ...


class PendingPage(AskingPage, Protocol):
    """A page that asks to be paired (``endpoint.pairing.PendingPairing``)."""

    @property
    def own(self) -> bool: ...
    @property
    def needs_digits(self) -> bool: ...


class PairedPages(Protocol):
    """The paired pages (``endpoint.paired_pages.PairingStore``)."""

    def pages(self) -> tuple[PairedPage, ...]: ...


class Pairing(Protocol):
    """Pairing of pages (``endpoint.pairing.Pairing``; its docstrings explain the calls)."""

    @property
    def store(self) -> PairedPages: ...
    @property
    def seconds_left(self) -> float: ...
    @property
    def tries_left(self) -> int: ...
    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]: ...
    def begin(self) -> float: ...
    def cancel(self) -> None: ...
    def pending(self) -> tuple[PendingPage, ...]: ...
    def confirm(self, digits: str, *, account: AccountId | None, scopes: Iterable[str]) -> PendingPage: ...
    def approve(self, pending_id: str) -> PendingPage: ...
    def confirm_own(self, digits: str) -> PendingPage: ...
    def refuse(self, pending_id: str) -> None: ...
    def revoke(self, page_id: str) -> bool: ...


class LocalEndpoint(Protocol):
    """The local HTTP endpoint (``endpoint.Endpoint``): its address and its pairing."""

    @property
    def url(self) -> str:
        """``http://127.0.0.1:47801``; empty while nothing is served."""

    @property
    def pairing(self) -> Pairing: ...
    def order_form_url(self) -> str: ...


class OfficeMember(Protocol):
    """A computer of the office (``office.checks.SeenMember``)."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def leads(self) -> bool: ...


class OfficeSeen(Protocol):
    """An office's server and its members (``office.checks.Seen``)."""

    @property
    def place(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def tls(self) -> bool: ...
    @property
    def exists(self) -> bool: ...
    @property
    def leader(self) -> str | None: ...
    @property
    def since(self) -> datetime | None: ...
    @property
    def members(self) -> tuple[OfficeMember, ...]: ...
    @property
    def free(self) -> int: ...
    @property
    def room(self) -> bool: ...


class OfficeChecked(Protocol):
    """The result of checking a server for this profile (``app.joining.Checked``)."""

    @property
    def seen(self) -> OfficeSeen: ...
    @property
    def older(self) -> bool: ...
    @property
    def brings(self) -> bool: ...


class Office(Protocol):
    """The office of several computers: that of this profile, or one that it could join. Every call may raise
    ``SyncFailure``."""

    @property
    def address(self) -> str:
        """``postgresql://…``, the address of this profile's office; empty: it belongs to none."""

    @property
    def may_lead(self) -> bool:
        """This computer may read the ERP for the others."""

    async def look(self) -> OfficeSeen:
        """Get the state of this profile's office."""

    async def check(self, address: str, password: str) -> OfficeChecked:
        """Check a server without changing anything."""

    async def create(self, address: str, password: str) -> None:
        """Make an office's tables."""

    def join(self, address: str, password: str, *, may_lead: bool, upgrade: bool) -> None:
        """Restart Archisync as a member of the office."""

    def leave(self, *, copy: bool) -> None:
        """Restart Archisync as a single computer; ``copy``: with the office's data."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the demo's menu *Prova un guasto*."""

    name: str
    it: str
    en: str
    start: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class LoginTest:
    """The result of *test login*."""

    ok: bool
    text: str
    """One sentence for people, in the panel's language."""
    refused: bool = False
    """The ERP refused name or password."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the panel gets from outside. Where a value is ``None``, its controls are disabled."""

    orchestrator: OrchestratorApi
    entities: tuple[Entity, ...]
    settings: Callable[[], Settings]
    apply_settings: Callable[[Changes], Awaitable[object]]
    """Checks and saves changes and puts them into effect; raises ``SettingsError``."""
    quit: Callable[[], object]
    profile: str = "default"
    demo: bool = False
    version: str = ""
    store: Store | None = None
    endpoint: LocalEndpoint | None = None
    clock: Clock = field(default_factory=SystemClock)
    data_folder: Path | None = None
    log_file: Path | None = None
    faults: tuple[Fault, ...] = ()
    end_faults: Callable[[], Awaitable[object]] | None = None
    """Switches all of the demo's faults off."""
    open_demo: Callable[[], bool] | None = None
    """Starts the demo as a second program; False: the system did not start it."""
    set_password: Callable[[str, str], Awaitable[bool]] | None = None
    """Stores account and password in the system's keyring. False: there is none, the password stays in memory only."""
    keep_in_file: Callable[[str], Awaitable[None]] | None = None
    """Stores the account's password in a private file, where there is no keyring and the operator wants it."""
    password_place: Callable[[str], Awaitable[str]] | None = None
    """Where the account's password is stored: ``keyring``, ``file``, ``memory`` or ``""`` (there is none)."""
    password_left: Callable[[str], Awaitable[bool]] | None = None
    """Whether the password of a removed account still has to be deleted. Raises ``OSError``."""
    has_password: Callable[[str], Awaitable[bool]] | None = None
    test_login: Callable[[str, str | None], Awaitable[LoginTest]] | None = None
    """Logs in with account and password (``None``: the stored one)."""
    accept_read: Callable[[str], Awaitable[object]] | None = None
    rekey: Callable[[str], Awaitable[object]] | None = None
    clear_and_read: Callable[[str, str], Awaitable[object]] | None = None
    """Clears a list (type, account) and reads it again; makes a backup first."""
    backup: Callable[[], Awaitable[Path]] | None = None
    restore: Callable[[Path], object] | None = None
    """Restarts Archisync with that backup in the archive's place."""
    find_customer: Callable[[str], Awaitable[Holding]] | None = None
    """What is stored of a customer, by id, account number, VAT number, fiscal code or name. Raises ``StoreError``."""
    export_customer: Callable[[Holding, Path], Awaitable[object]] | None = None
    """Writes the data of the customer that was found into a zip file. Raises ``OSError`` and ``StoreError``:
    ``customer-changed`` if the same search finds another one by now."""
    erase_customer: Callable[[Holding, bool], object] | None = None
    """Restarts Archisync to erase the data of the customer that was found; True: the backups that contain them are
    deleted, too."""
    updates: Updates | None = None
    """What is known about newer versions."""
    crash: str = ""
    """The crash file found at this start, or a sentence about an unclean exit; empty: the last run ended cleanly."""

    def entity(self, name: str) -> Entity | None:
        """The declaration of a list, if it exists."""
        return next((e for e in self.entities if e.name == name), None)


def account_ids(status: Status) -> tuple[str, ...]:
    """The accounts in use, in the order of the status."""
    return tuple(a.id for a in status.accounts if a.enabled)


def endpoint_address(endpoint: LocalEndpoint | None) -> str:
    """``127.0.0.1:47801``, or an empty text when nothing is served."""
    return endpoint.url.removeprefix("http://") if endpoint is not None else ""
