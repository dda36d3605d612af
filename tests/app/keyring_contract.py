"""Observes the behaviour of a keyring; as a program it observes the system's keyring."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import keyring
from keyring.errors import PasswordDeleteError

from archisync_gui.app.credentials import Credentials, NoPassword
from archisync_gui.app.kept_sessions import KEY_NAME, KeptSessions
from archisync_gui.app.profile import open_profile

LONG = "x" * (5_000 if sys.platform != "win32" else 1_280)
"""The limit of Windows' Credential Manager: 2,560 bytes, two for each character."""

PASSWORDS = ("segreto", "", "àèìòù € 漢字 🚚", 'quote " backslash \\ percent % null-like \\0', LONG, " blanks ")


async def told(credentials: Credentials, account: str) -> str | None:
    try:
        return await credentials.password(account)
    except NoPassword as error:
        return f"NoPassword {error.code}"


async def observe(folder: Path) -> list[object]:
    """Use the current keyring as the program does, and leave nothing in it; returns the results."""
    profile, other = (open_profile(str(folder / name), demo=False) for name in ("one", "two"))
    seen: list[object] = [await told(Credentials(profile), "agente01")]
    for password in PASSWORDS:
        seen.append(await Credentials(profile).keep("agente01", password))
        seen.append(await told(Credentials(profile), "agente01"))  # a new object without passwords in memory
    seen.append(await Credentials(profile).keep("agente 02 è", "second"))
    seen.append(await told(Credentials(profile), "agente01"))
    seen.append(await told(Credentials(profile), "agente 02 è"))
    seen.append(await told(Credentials(other), "agente01"))  # another profile has keys of its own
    for _ in range(2):
        await Credentials(profile).forget("agente01")
        seen.append(await told(Credentials(profile), "agente01"))
    seen.append(await told(Credentials(profile), "agente 02 è"))
    await KeptSessions(profile, lifetime=600).keep("agente01", {"cookies": ["è"]})
    seen.append(await KeptSessions(profile, lifetime=600).recall("agente01"))
    seen.append(await KeptSessions(other, lifetime=600).recall("agente01"))
    await KeptSessions(profile, lifetime=600).forget("agente01")
    seen.append(await KeptSessions(profile, lifetime=600).recall("agente01"))
    seen.append((profile.folder / "passwords.json").exists())
    await Credentials(profile).forget("agente 02 è")
    for one in (profile, other):
        with suppress(PasswordDeleteError):
            keyring.delete_password(f"{one.keyring_service}-sessions", KEY_NAME)
    return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(observe(Path(sys.argv[1])))))
