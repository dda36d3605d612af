"""Creating, joining and leaving an office, for the command line and the panel's dialog.

Each function checks everything before it changes anything. Joining and leaving need a closed profile: the caller holds
its lock, and neither archive nor drafts are open.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archisync_gui import __version__
from archisync_gui.app.credentials import keyring_read, keyring_write
from archisync_gui.app.profile import Profile
from archisync_gui.drafts import Drafts, OfficeDrafts
from archisync_gui.endpoint.paired_pages import FILE as PAGES_FILE
from archisync_gui.endpoint.paired_pages import PairingStore
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.model import FailureKind, Json, SyncFailure, SystemClock
from archisync_gui.office.checks import Seen, look
from archisync_gui.office.leadership import Member
from archisync_gui.office.membership import Membership, forget, forget_watches, keep, leave_watches, membership
from archisync_gui.office.shared_rows import PAGES, WATCHES
from archisync_gui.office.shared_settings import SharedSetting, change_shared, read_from
from archisync_gui.settings import Settings, SettingsError, open_settings
from archisync_gui.store import Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from archisync_gui.store.store import FILE

log = logging.getLogger(__name__)

PASSWORD = "ARCHISYNC_OFFICE_PASSWORD"
"""Environment variable with the password of the PostgreSQL role."""


# ------------------------------------------------------------------------------------------------- the server


async def address(profile: Profile, url: str) -> Server:
    """The server of an office with its password: from the environment, the address or the keyring, in this order.
    Without one libpq uses its own password file. Raises :class:`StoreError` ``office-address``."""
    server = Server.from_url(url)
    password = os.environ.get(PASSWORD) or server.password
    if not password:
        password = await keyring_read(_service(profile), _login(server)) or ""
    return replace(server, password=password)


def _service(profile: Profile) -> str:
    return f"{profile.keyring_service}-office"


def _login(server: Server) -> str:
    return f"{server.user}@{server.host}:{server.port}/{server.database}"


async def joined(profile: Profile) -> tuple[Membership, Server]:
    """Membership and server of a profile's office. Raises :class:`SyncFailure` ``office-not-joined``."""
    member = await asyncio.to_thread(membership, profile.folder)
    if member is None:
        raise SyncFailure("office-not-joined", FailureKind.PERMANENT, params={"name": profile.name})
    return member, await address(profile, member.url)


def computer_name(profile: Profile) -> str:
    """The name under which this computer is shown in the office."""
    return f"{socket.gethostname()} ({profile.name})"


# ------------------------------------------------------------------------------------------------- settings


def is_shared(key: str) -> bool:
    """Whether a setting is shared in an office; others belong to each computer."""
    return key.startswith(("erp.", "sync.", "session.")) and key != "erp.browser"


def setting_as_json(value: object) -> Any:
    """A setting's value as the office stores it."""
    return [*value] if isinstance(value, tuple) else value


def usable_settings(settings: Settings, shared: Mapping[str, SharedSetting]) -> dict[str, Json]:
    """The office's settings that this computer, which has ``settings``, can use: without damaged ones and those that
    this version does not know or accept."""
    found: dict[str, Json] = {}
    for key, setting in shared.items():
        if is_shared(key) and key in settings and setting.readable:
            try:
                settings.with_({key: setting.value})
            except SettingsError as error:
                log.warning("the office's setting %s cannot be used here: %s", key, error)
            else:
                found[key] = setting.value
    return found


# ------------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of :func:`check`: what joining this server's office would do."""

    server: Server
    seen: Seen
    older: bool
    """The office's tables are of an earlier version and would have to be migrated (``upgrade``)."""
    brings: bool
    """This profile is the first member: its archive would be copied to the office."""
    before: Membership | None
    """The office of which the profile is a member already."""


async def check(profile: Profile, server: Server) -> Checked:
    """Check everything that joining needs; changes nothing. Raises the errors of :func:`look`, :class:`StoreError`
    ``newer-schema``, and :class:`SyncFailure` ``office-joined-already`` for a member of another office."""
    before: Membership | None = None
    with suppress(StoreError):  # joining replaces a membership file that cannot be read
        before = await asyncio.to_thread(membership, profile.folder)
    if before is not None and Server.from_url(before.url).schema_key != server.schema_key:
        raise SyncFailure(
            "office-joined-already", FailureKind.PERMANENT, params={"name": profile.name, "path": before.place}
        )
    seen = await asyncio.to_thread(look, server)
    older = seen.exists and await Store.outdated(Postgres(server), ENTITIES)
    # Only the first member's data are copied; data of another member or a leader are not replaced.
    brings = before is None and seen.empty and await asyncio.to_thread((profile.folder / FILE).exists)
    return Checked(server, seen, older, brings, before)


# ------------------------------------------------------------------------------------------------- create


async def create(profile: Profile, server: Server) -> None:
    """Create the office's tables. Raises :class:`StoreError`, ``office-exists`` if there is one."""
    if (await asyncio.to_thread(look, server)).exists:
        raise StoreError("office-exists", path=str(server))
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock())
    await store.close()


# ------------------------------------------------------------------------------------------------- join


@dataclass(frozen=True, slots=True)
class Joined:
    """The result of :func:`join`."""

    name: str
    """The profile's name."""
    place: str
    """The office's name."""
    rows: int
    """Rows of this profile's archive that were copied into the office."""
    file: Path
    """The profile's archive, which is not changed."""
    password_kept: bool
    """False: the system has no keyring, so that the password has to come from elsewhere at the next start."""

    def told(self, language: str) -> str:
        """The message for the operator, without :attr:`password_kept`."""
        about = {"name": self.name, "path": self.place, "rows": self.rows, "file": str(self.file)}
        return str(text("office-joined", language, about))


async def join(profile: Profile, server: Server, *, may_lead: bool, upgrade: bool) -> Joined:
    """Make the profile a member. Raises the errors of :func:`check`, :class:`StoreError` ``office-missing``,
    ``office-older`` unless ``upgrade``, and ``office-not-empty`` if another computer has joined since the check; then
    the profile is not changed."""
    found = await check(profile, server)
    if not found.seen.exists:
        raise StoreError("office-missing", path=str(server))
    file = profile.folder / FILE
    rows = 0
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock(), upgrade=upgrade)
    try:
        if found.brings:
            own = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
            try:
                backup = await own.backup("before-join")
            finally:
                await own.close()
            rows = await store.filled_from(backup)
    finally:
        await store.close()
    kept = True
    if server.password and not os.environ.get(PASSWORD):
        kept = await keyring_write(_service(profile), _login(server), server.password)
    await asyncio.to_thread(forget_watches, profile.folder)
    await asyncio.to_thread(keep, profile.folder, Membership(server.url, may_lead=may_lead))
    return Joined(profile.name, str(server), rows, file, kept)


# ------------------------------------------------------------------------------------------------- leave


@dataclass(frozen=True, slots=True)
class Left:
    """The result of :func:`leave`."""

    name: str
    """The profile's name."""
    place: str
    """The name of the office that was left."""
    file: Path
    """The profile's archive: with the office's data, or those from before joining."""
    copied: bool
    """The archive has the office's data."""

    def told(self, language: str) -> str:
        """The message for the operator."""
        code = "office-left" if self.copied else "office-left-without-copy"
        return str(text(code, language, {"name": self.name, "path": self.place, "file": str(self.file)}))


async def leave(profile: Profile, *, copy: bool) -> Left:
    """Make the profile that of a single computer again. ``copy``: with everything that the office has (data, drafts,
    settings, paired pages, watched records), which needs the server; else with the archive from before joining. Raises
    :class:`SyncFailure`; then it is still a member."""
    file = profile.folder / FILE
    if not copy:
        place = ""
        with suppress(StoreError):  # leaving must also work with a membership file that cannot be read
            member = await asyncio.to_thread(membership, profile.folder)
            place = member.place if member is not None else ""
        await asyncio.to_thread(forget, profile.folder)
        return Left(profile.name, place, file, copied=False)
    _, server = await joined(profile)
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock(), upgrade=False)
    try:
        backup = await store.backup("left-office")
    finally:
        await store.close()
    await _bring_drafts_back(profile, server)
    await asyncio.to_thread(_bring_shared_back, profile, server)
    # Hold and stopped accounts come from the office, not from this computer's archive from before joining.
    await Store.restore(profile.folder, backup, clock=SystemClock(), decided=False)
    await asyncio.to_thread(forget, profile.folder)
    return Left(profile.name, str(server), file, copied=True)


def _bring_shared_back(profile: Profile, server: Server) -> None:
    """Copy the office's settings, paired pages and watched records to this profile. Pages that were revoked here during
    an outage are revoked in the office before. Blocking. Raises ``SyncFailure``."""
    pages = PairingStore(profile.folder / PAGES_FILE, clock=SystemClock())
    shared = read_from(server)
    _, revoked = pages.rows()
    if revoked:
        shared = change_shared(server, computer_name(profile), {PAGES + key: None for key in revoked}, shared)
        pages.told(revoked)
    pages.take(_rows(PAGES, shared))
    settings = open_settings(profile.settings_file).settings
    try:
        settings.with_(usable_settings(settings, shared)).save(profile.settings_file)
        leave_watches(profile.folder, _rows(WATCHES, shared))
    except OSError as error:
        reason = {"reason": error.strerror or str(error), "folder": str(profile.folder)}
        raise SyncFailure("settings-not-saved", FailureKind.PERMANENT, params=reason) from error


def _rows(prefix: str, shared: Mapping[str, SharedSetting]) -> dict[str, Json]:
    return {
        key.removeprefix(prefix): setting.value
        for key, setting in shared.items()
        if key.startswith(prefix) and setting.readable
    }


async def _bring_drafts_back(profile: Profile, server: Server) -> None:
    """Copy the office's drafts, letterheads and past orders into this profile's file. What was saved there while the
    server was away is handed in first: the office's would take its place."""
    own = await Drafts.open(profile.folder, clock=SystemClock())
    shared = OfficeDrafts(Postgres(server, name="drafts"), SystemClock())
    try:
        await shared.begin(own, profile.folder)
        await shared.take_home()
    finally:
        await shared.close()


def this_member(profile: Profile) -> Member:
    """A new :class:`Member` for this start of the program."""
    return Member(secrets.token_hex(8), computer_name(profile), __version__)
