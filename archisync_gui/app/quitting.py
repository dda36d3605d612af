"""Ends the panels of this user, as an installer needs it before it replaces their files. Ends nothing by force."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from archisync_gui.app import autostart, exit_codes
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.profile import Profile, ProfileError, ProfileLock, open_profile, profile_names
from archisync_gui.messages import text

PATIENCE = 60.0
"""Seconds in which a process must have ended its run, closed its data and given its profile free."""

LOOK = 0.2
"""Seconds between two looks at a lock; nothing reports that another process gave it free."""


def quit_all(profiles: Iterable[Profile], language: str, restart_list: Path | None = None) -> int:
    """Ask the process that holds each profile to quit and wait until it has. Exit code.

    Prints, one on each line, the command that starts each ended panel again without a window, and writes it into
    ``restart_list``, in UTF-16 as an installer reads it: a console's code page lacks letters that a user's name may
    have. A profile that cannot be used is named on standard error; the others are asked all the same. Raises
    ``OSError`` for a list that cannot be written, before anything is asked.
    """
    code = exit_codes.OK
    if restart_list is not None:
        restart_list.write_bytes(b"")
    for profile in profiles:
        try:
            ended, panel = asyncio.run(_ended(profile))
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
    """The named profiles of this user, real and demo; those that cannot be opened are left out. Makes none."""
    found: list[Profile] = []
    for name in profile_names():
        for demo in (False, True):
            with contextlib.suppress(ProfileError):
                found.append(open_profile(name, demo=demo, make=False))
    return found


async def _ended(profile: Profile) -> tuple[bool, bool]:
    """Whether the profile is free now, and whether a panel had held it (a command such as ``sync`` ends by itself)."""
    lock = ProfileLock(profile)
    if lock.acquire():
        lock.release()
        return True, False
    try:
        code, _ = await call(profile, "quit", {}, lambda _event: None)
    except NoAnswer:  # ending, or hanging: the lock shows which
        code = exit_codes.BUSY
    try:
        async with asyncio.timeout(PATIENCE):
            while not lock.acquire():  # noqa: ASYNC110 (the lock belongs to another process)
                await asyncio.sleep(LOOK)
    except TimeoutError:
        return False, code == exit_codes.OK
    lock.release()
    return True, code == exit_codes.OK
