"""Quits the panels of this user, which an installer needs before it replaces their files. Never kills a process."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from archisync_gui.app import autostart, exit_codes
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.profile import Profile, ProfileError, ProfileLock, open_profile, profile_names
from archisync_gui.messages import text

PATIENCE = 60.0
"""Seconds in which a process must have closed its data and released its profile, from its answer on."""

FINISH = 180.0
"""Seconds in which the read that runs may end before a panel quits for an installer."""

LOOK = 0.2
"""Seconds between two attempts to get a lock; there is no event when another process releases it."""


def quit_all(
    profiles: Iterable[Profile], language: str, restart_list: Path | None = None, *, finish: float = 0.0
) -> int:
    """Ask the processes that hold the profiles to quit, one after the other, and wait until they have ended. Returns
    the exit code. ``finish``: seconds in which the read that runs may end first; a longer one is cancelled.

    For each panel that has ended it prints the command line that starts it again without a window, and appends it to
    ``restart_list``, in UTF-16 for installers, since a console's code page may lack letters of a user's name. A profile
    that cannot be used is reported on standard error, and the others are still asked. Raises ``OSError`` if the list
    cannot be written, before any process is asked.
    """
    code = exit_codes.OK
    if restart_list is not None:
        restart_list.write_bytes(b"")
    for profile in profiles:
        try:
            ended, panel = asyncio.run(_ended(profile, finish))
        except ProfileError as error:
            print(text(error.code, language, error.params), file=sys.stderr)
            code = code or exit_codes.CONFIG
            continue
        if not ended:
            holder = ProfileLock(profile).holder() or "?"
            print(text("holder-stays", language, {"name": profile.name, "pid": holder}), file=sys.stderr)
            code = exit_codes.BUSY
        elif panel:
            line = subprocess.list2cmdline(autostart.command(profile))
            print(line, flush=True)
            if restart_list is not None:
                with restart_list.open("a", encoding="utf-16-le", newline="") as file:
                    file.write(f"{line}\r\n")
    return code


def every_profile() -> list[Profile]:
    """The named profiles of this user, real and demo, without those that cannot be opened. Creates none."""
    found: list[Profile] = []
    for name in profile_names():
        for demo in (False, True):
            with contextlib.suppress(ProfileError):
                found.append(open_profile(name, demo=demo, make=False))
    return found


async def _ended(profile: Profile, finish: float) -> tuple[bool, bool]:
    """Whether the profile is free now, and whether a panel has held it (not a command such as ``sync``, which ends by
    itself)."""
    lock = ProfileLock(profile)
    if lock.acquire():
        lock.release()
        return True, False
    code = await _asked(profile, finish)
    until = time.monotonic() + PATIENCE
    while not lock.acquire():
        if time.monotonic() > until:
            return False, code == exit_codes.OK
        await asyncio.sleep(LOOK)
        # Asked again: a panel that is starting has no channel yet, and a panel may follow a command.
        if code != exit_codes.OK:
            code = await _asked(profile, finish)
            if code == exit_codes.OK:  # after its read, which has a limit of its own
                until = time.monotonic() + PATIENCE
    lock.release()
    return True, code == exit_codes.OK


async def _asked(profile: Profile, finish: float) -> int:
    """Ask the process that holds the profile to quit; ``OK``: it will. ``BUSY`` if it does not answer: whether it is
    ending or hangs, the lock shows."""
    try:
        code, _ = await call(profile, "quit", {"finish": finish}, lambda _event: None)
    except NoAnswer:
        return exit_codes.BUSY
    return code
