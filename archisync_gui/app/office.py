"""``archisync-gui office …``: making, joining and leaving an office, and taking part in it without a window."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import secrets
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archisync_gui import __version__
from archisync_gui.app import exit_codes
from archisync_gui.app.console import console_end
from archisync_gui.app.credentials import keyring_read, keyring_write
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.drafts import Drafts
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import system_language, text
from archisync_gui.model import FailureKind, SyncFailure, SystemClock
from archisync_gui.office import checks
from archisync_gui.office.desk import Emit, last_shown
from archisync_gui.office.leadership import Member
from archisync_gui.office.line import call
from archisync_gui.office.membership import Membership, forget, keep, membership
from archisync_gui.store import Store, StoreError
from archisync_gui.store.postgres import Postgres, Server
from archisync_gui.store.store import FILE

if TYPE_CHECKING:
    from archisync_gui.app.demo import DemoOptions

PASSWORD = "ARCHISYNC_OFFICE_PASSWORD"
"""Environment variable with the password of the PostgreSQL role."""


# ------------------------------------------------------------------------------------------------- the server


async def address(profile: Profile, url: str) -> Server:
    """The server of an office with its password: from the environment, from the address, from the keyring. Without one
    libpq looks into its own password file. Raises :class:`StoreError` ``office-address``."""
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
    """The office of a profile. Raises :class:`SyncFailure` ``office-not-joined``."""
    member = await asyncio.to_thread(membership, profile.folder)
    if member is None:
        raise SyncFailure("office-not-joined", FailureKind.PERMANENT, params={"name": profile.name})
    return member, await address(profile, member.url)


def this_member(profile: Profile) -> Member:
    """This start of the program as a member."""
    return Member(secrets.token_hex(8), f"{socket.gethostname()} ({profile.name})", __version__)


# ------------------------------------------------------------------------------------------------- the commands


def run_office(profile: Profile, demo: DemoOptions | None, options: argparse.Namespace, language: str) -> int:
    """Do one of the ``office`` commands; returns the exit code. Raises :class:`SyncFailure`."""
    match options.action:
        case "status" | "doctor":
            return asyncio.run(_show(profile, options))
        case "create":
            return asyncio.run(_create(profile, options, language))
    lock = ProfileLock(profile)
    if not lock.acquire():
        print(text("profile-busy", language, {"name": profile.name, "pid": lock.holder() or "?"}), file=sys.stderr)
        return exit_codes.BUSY
    try:
        match options.action:
            case "join":
                return asyncio.run(_join(profile, options, language))
            case "leave":
                return asyncio.run(_leave(profile, options, language))
            case _:
                return asyncio.run(_take_part(profile, demo, language))
    finally:
        lock.release()


async def _create(profile: Profile, options: argparse.Namespace, language: str) -> int:
    server = await _asked(profile, options, language)
    if (await asyncio.to_thread(checks.look, server)).exists:
        raise StoreError("office-exists", path=str(server))
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock())
    await store.close()
    print(text("office-created", language, {"path": str(server)}))
    return exit_codes.OK


async def _join(profile: Profile, options: argparse.Namespace, language: str) -> int:
    before: Membership | None = None
    with suppress(StoreError):  # a file that cannot be read is replaced by a good one
        before = await asyncio.to_thread(membership, profile.folder)
    server = await _asked(profile, options, language)
    if before is not None and Server.from_url(before.url).schema_key != server.schema_key:
        raise SyncFailure(
            "office-joined-already", FailureKind.PERMANENT, params={"name": profile.name, "path": before.place}
        )
    seen = await asyncio.to_thread(checks.look, server)
    if not seen.exists:
        raise StoreError("office-missing", path=str(server))
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock(), upgrade=options.upgrade)
    rows = 0
    try:
        file = profile.folder / FILE
        # The first member brings its data; after a first leadership the office has its own.
        if before is None and seen.epoch == 0 and file.exists():
            own = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
            try:
                backup = await own.backup("before-join")
            finally:
                await own.close()
            rows = await store.filled_from(backup)
    finally:
        await store.close()
    given = server.password and not os.environ.get(PASSWORD)
    if given and not await keyring_write(_service(profile), _login(server), server.password):
        print(text("office-password-not-kept", language), file=sys.stderr)
    keep(profile.folder, Membership(server.url, may_lead=not options.never_leads))
    print(text("office-joined", language, {"name": profile.name, "path": str(server), "rows": rows, "file": str(file)}))
    return exit_codes.OK


async def _leave(profile: Profile, options: argparse.Namespace, language: str) -> int:
    if options.without_copy:
        forget(profile.folder)
        print(text("office-left-without-copy", language, {"name": profile.name, "file": str(profile.folder / FILE)}))
        return exit_codes.OK
    _, server = await joined(profile)
    store = await Store.join(Postgres(server), profile.folder, ENTITIES, clock=SystemClock(), upgrade=False)
    try:
        backup = await store.backup("left-office")
    finally:
        await store.close()
    await _bring_drafts_back(profile, server)
    await Store.restore(profile.folder, backup, clock=SystemClock())
    forget(profile.folder)
    file = str(profile.folder / FILE)
    print(text("office-left", language, {"name": profile.name, "path": str(server), "file": file}))
    return exit_codes.OK


async def _bring_drafts_back(profile: Profile, server: Server) -> None:
    """Copy the office's drafts into this profile's file."""
    shared = await Drafts.join(Postgres(server, name="drafts"), clock=SystemClock())
    try:
        drafts, letterheads = await shared.everything()
    finally:
        await shared.close()
    own = await Drafts.open(profile.folder, clock=SystemClock())
    try:
        await own.take(drafts, letterheads)
    finally:
        await own.close()


async def _show(profile: Profile, options: argparse.Namespace) -> int:
    member, server = await joined(profile)
    seen = await asyncio.to_thread(checks.look, server)
    told: dict[str, Any] = {
        "office": str(server),
        "server": f"PostgreSQL {seen.version}",
        "tls": seen.tls,
        "leader": seen.leader,
        "epoch": seen.epoch,
        "members": list(seen.members),
        "mayLead": member.may_lead,
    }
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            print(f"{name:<8} {', '.join(value) if isinstance(value, list) else value}")
    return exit_codes.OK


async def _asked(profile: Profile, options: argparse.Namespace, language: str) -> Server:
    """The server that the command names, with its password; asked for on a terminal where it is not known."""
    server = await address(profile, options.address)
    if not server.password and sys.stdin.isatty():
        question = text("office-password-asked", language, {"user": server.user, "path": str(server)}).what
        server = replace(server, password=await asyncio.to_thread(getpass.getpass, question))
    return server


# ------------------------------------------------------------------------------------------------- asking the leader


def ask(profile: Profile, name: str, args: dict[str, Any], on_event: Emit) -> tuple[int, Any]:
    """Have the office's leader do a command of the command line. Without a leader ``status`` answers the last known
    one. Blocking. Raises :class:`SyncFailure`."""

    async def work() -> tuple[int, Any]:
        _, server = await joined(profile)
        if name == "status":
            last = await asyncio.to_thread(last_shown, server)
            if last is not None and last.leader is None:
                said = text("office-no-leader", system_language(), {"path": str(server)})
                print(said, file=sys.stderr)
                return exit_codes.OK, last.value
        code, result = await call(server, socket.gethostname(), name, args, on_event)
        if isinstance(result, dict) and "error" in result and "params" in result:
            raise SyncFailure(str(result["error"]), FailureKind.PERMANENT, params=result["params"])
        return code, result

    return asyncio.run(work())


# ------------------------------------------------------------------------------------------------- taking part


async def _take_part(profile: Profile, demo: DemoOptions | None, language: str) -> int:
    """``office run``: take part without a window until the process is told to end."""
    import signal

    from archisync_gui.app.core import until_over
    from archisync_gui.app.member import taking_part

    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, done.set)
    membership_, server = await joined(profile)

    def say(code: str, **params: object) -> None:
        print(text(code, language, params), flush=True)

    with console_end(done.set):
        async with taking_part(profile, demo, membership_, server, say=say, quit=done.set) as member:
            await until_over(done, member.broken)
    return exit_codes.OK
