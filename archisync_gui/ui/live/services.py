"""What the panel is given by the composition root: a bundle of ports, and no logic.

The orchestrator is known by its face, which may be that of another computer, and the store by its class. The endpoint
is a part beside the panel, which may not import it: the protocols here say what the panel asks of it.
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
    """A page or program, and what it may do or asks to do."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> str | None: ...
    @property
    def scopes(self) -> frozenset[str]: ...


class PairedPage(AskingPage, Protocol):
    """A page or program that was let in (``endpoint.paired_pages.Page``)."""

    @property
    def account(self) -> AccountId | None: ...
    @property
    def last_used(self) -> datetime: ...


class PendingPage(AskingPage, Protocol):
    """A page that asks to be let in (``endpoint.pairing.PendingPairing``)."""

    @property
    def own(self) -> bool: ...
    @property
    def needs_digits(self) -> bool: ...


class PairedPages(Protocol):
    """The pages that were let in (``endpoint.paired_pages.PairingStore``)."""

    def pages(self) -> tuple[PairedPage, ...]: ...


class Pairing(Protocol):
    """Letting pages in (``endpoint.pairing.Pairing``; its docstrings explain the calls)."""

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
    """The local HTTP endpoint (``endpoint.Endpoint``), of which the panel knows its address and who may come in."""

    @property
    def url(self) -> str:
        """``http://127.0.0.1:47801``; empty while nothing is served."""

    @property
    def pairing(self) -> Pairing: ...
    def order_form_url(self) -> str: ...


class OfficeMember(Protocol):
    """A computer that takes part in the office (``office.checks.SeenMember``)."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def leads(self) -> bool: ...


class OfficeSeen(Protocol):
    """An office's server and who is there (``office.checks.Seen``)."""

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
    """What a server would mean for this profile (``app.joining.Checked``)."""

    @property
    def seen(self) -> OfficeSeen: ...
    @property
    def older(self) -> bool: ...
    @property
    def brings(self) -> bool: ...


class Office(Protocol):
    """The office of several computers: the one of this profile, or one that it could join. Every call may raise
    ``SyncFailure``."""

    @property
    def address(self) -> str:
        """``postgresql://…`` of the office that this profile belongs to; empty: it belongs to none."""

    @property
    def may_lead(self) -> bool:
        """This computer may read the ERP for the others."""

    async def look(self) -> OfficeSeen:
        """Look at the own office."""

    async def check(self, address: str, password: str) -> OfficeChecked:
        """Look at a server; nothing is changed."""

    async def create(self, address: str, password: str) -> None:
        """Make an office's tables."""

    def join(self, address: str, password: str, *, may_lead: bool, upgrade: bool) -> None:
        """Start Archisync anew as a member."""

    def leave(self, *, copy: bool) -> None:
        """Start Archisync anew as a single computer; ``copy``: with the office's data."""


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
    refused: bool = False
    """The ERP refused name or password."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the panel is handed. What is ``None`` is not there; its controls say so."""

    orchestrator: OrchestratorApi
    entities: tuple[Entity, ...]
    settings: Callable[[], Settings]
    apply_settings: Callable[[Changes], Awaitable[object]]
    """Checks, saves and puts changes into effect; raises ``SettingsError``."""
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
    """Starts the demo beside this panel; False: the system did not start it."""
    set_password: Callable[[str, str], Awaitable[bool]] | None = None
    """Account, password → the system's keyring. False: there is none, the password is kept in memory only."""
    keep_in_file: Callable[[str], Awaitable[None]] | None = None
    """Keep the account's password in a private file, where there is no keyring and the operator says so."""
    password_place: Callable[[str], Awaitable[str]] | None = None
    """Where the account's password is kept: ``keyring``, ``file``, ``memory`` or ``""`` (none is known)."""
    password_left: Callable[[str], Awaitable[bool]] | None = None
    """Whether the password of a removed account could not be deleted yet. Raises ``OSError``."""
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
    find_customer: Callable[[str], Awaitable[Holding]] | None = None
    """Id, account number, VAT number, fiscal code or name → what is stored of that customer. Raises ``StoreError``."""
    export_customer: Callable[[str, Path], Awaitable[object]] | None = None
    """Customer, archive file to write. Raises ``StoreError`` and ``OSError``."""
    erase_customer: Callable[[str, bool], object] | None = None
    """Customer, whether the backups that hold them are deleted, too. Starts Archisync anew."""
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


def endpoint_address(endpoint: LocalEndpoint | None) -> str:
    """``127.0.0.1:47801``, or an empty text when nothing is served."""
    return endpoint.url.removeprefix("http://") if endpoint is not None else ""
