"""``archisync-gui office …``: creating, joining and leaving an office, and running a member without a window."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import socket
import sys
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archisync_gui.app import exit_codes, joining
from archisync_gui.app.answering import answering
from archisync_gui.app.console import ended_by_signals
from archisync_gui.app.joining import address, joined
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.messages import system_language, text
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.office.checks import look
from archisync_gui.office.desk import Emit
from archisync_gui.office.line import call
from archisync_gui.office.shown import Shown, last_shown
from archisync_gui.store.postgres_server import Server

if TYPE_CHECKING:
    from archisync_gui.app.demo import DemoOptions


# ------------------------------------------------------------------------------------------------- the commands


def run_office(profile: Profile, demo: DemoOptions | None, options: argparse.Namespace, language: str) -> int:
    """Execute an ``office`` command; returns the exit code. Raises :class:`SyncFailure`."""
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
                return asyncio.run(_answering(profile, _join(profile, options, language)))
            case "leave":
                return asyncio.run(_answering(profile, _leave(profile, options, language)))
            case _:
                return asyncio.run(_take_part(profile, demo, language))
    finally:
        lock.release()


async def _answering(profile: Profile, work: Awaitable[int]) -> int:
    """Copying an archive may take minutes: a start of the panel meanwhile is told to wait."""
    async with answering(profile):
        return await work


async def _create(profile: Profile, options: argparse.Namespace, language: str) -> int:
    server = await _server(profile, options, language)
    await joining.create(profile, server)
    print(text("office-created", language, {"path": str(server)}))
    return exit_codes.OK


async def _join(profile: Profile, options: argparse.Namespace, language: str) -> int:
    server = await _server(profile, options, language)
    done = await joining.join(profile, server, may_lead=not options.never_leads, upgrade=options.upgrade)
    if not done.password_kept:
        print(text("office-password-not-kept", language), file=sys.stderr)
    print(done.told(language))
    return exit_codes.OK


async def _leave(profile: Profile, options: argparse.Namespace, language: str) -> int:
    done = await joining.leave(profile, copy=not options.without_copy)
    print(done.told(language))
    return exit_codes.OK


async def _show(profile: Profile, options: argparse.Namespace) -> int:
    member, server = await joined(profile)
    seen = await asyncio.to_thread(look, server)
    shown: dict[str, Any] = {
        "office": seen.place,
        "server": f"PostgreSQL {seen.version}",
        "tls": seen.tls,
        "leader": seen.leader,
        "since": None if seen.since is None else seen.since.isoformat(timespec="seconds"),
        "epoch": seen.epoch,
        "members": [
            {"name": computer.name, "version": computer.version, "since": computer.since.isoformat(timespec="seconds")}
            for computer in seen.members
        ],
        "mayLead": member.may_lead,
        "freeConnections": seen.free,
    }
    if options.json:
        print(json.dumps(shown))
        return exit_codes.OK
    for name, value in shown.items():
        lines = [" ".join(entry.values()) for entry in value] if isinstance(value, list) else [value]
        print(f"{name:<16} {'; '.join(map(str, lines))}")
    if not seen.room:
        language = system_language()
        print(text("office-few-connections", language, {"path": seen.place, "free": seen.free}), file=sys.stderr)
    return exit_codes.OK


async def _server(profile: Profile, options: argparse.Namespace, language: str) -> Server:
    """The server of the argument, with its password; on a terminal an unknown password is asked for."""
    server = await address(profile, options.address)
    if not server.password and sys.stdin.isatty():
        question = text("office-password-asked", language, {"user": server.user, "path": str(server)}).what
        server = replace(server, password=await asyncio.to_thread(getpass.getpass, question))
    return server


# ------------------------------------------------------------------------------------------------- asking the leader


def ask(profile: Profile, name: str, args: dict[str, Any], on_event: Emit) -> tuple[int, Any]:
    """Send a command of the command line to the office's leader. Without a leader ``status`` returns the last status.
    Blocking. Raises :class:`SyncFailure`."""

    async def work() -> tuple[int, Any]:
        _, server = await joined(profile)
        if name == "status":
            last = await asyncio.to_thread(last_shown, server)
            if last is not None and last.leader is None:
                print(text("office-no-leader", system_language(), {"path": str(server)}), file=sys.stderr)
                return exit_codes.OK, _last_known(last)
        code, result = await call(server, socket.gethostname(), name, args, on_event)
        if isinstance(result, dict) and "error" in result and "params" in result:
            raise SyncFailure(str(result["error"]), FailureKind.PERMANENT, params=result["params"])
        return code, result

    return asyncio.run(work())


def _last_known(last: Shown) -> Any:
    """The last leader's status as of now: nothing runs, and lists may have become late since."""
    from archisync_gui.app.commands import status_json
    from archisync_gui.model import Status, from_json
    from archisync_gui.office.leader_view import UNREAD
    from archisync_gui.office.news import News
    from archisync_gui.office.views import seen_from_here

    try:
        status = from_json(Status, last.value)
    except (KeyError, TypeError, ValueError) as error:  # of another version
        raise SyncFailure(UNREAD, FailureKind.PERMANENT, params={"leader": "–"}) from error
    return status_json(seen_from_here(status, News(None, None, None, as_of=last.at), "", last.now))


# ------------------------------------------------------------------------------------------------- taking part


async def _take_part(profile: Profile, demo: DemoOptions | None, language: str) -> int:
    """``office run``: run a member without a window until a signal ends it; waits while the server cannot be
    reached."""
    from archisync_gui.app.core import until_over
    from archisync_gui.app.taking_part import taking_part_at_last

    done = asyncio.Event()

    def say(code: str, **params: object) -> None:
        print(text(code, language, params), flush=True)

    def waits(error: SyncFailure) -> None:
        print(text(error.code, language, error.params), file=sys.stderr, flush=True)
        print(text("office-waits", language), file=sys.stderr, flush=True)

    with ended_by_signals(done.set):
        membership_, _ = await joined(profile)
        async with taking_part_at_last(profile, demo, membership_, stop=done, waits=waits, say=say) as member:
            if member is not None:
                await until_over(done, member.broken)
    return exit_codes.OK
