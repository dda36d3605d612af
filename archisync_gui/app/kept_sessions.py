"""ERP sessions stored over restarts, encrypted with a key in the system's keyring; without a keyring they are not
stored.

A restart within the ERP's idle limit then needs no login. The ERP's cookies are stored, never a password.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from archisync_gui.app.credentials import NoPassword, keyring_read, keyring_write
from archisync_gui.app.profile import Profile
from archisync_gui.disk import read_json, replace_file

log = logging.getLogger(__name__)

KEY_NAME = "session-key"
"""The key's name in the keyring. It is in another keyring service than the passwords, so an account may have that
name."""


class KeptSessions:
    """The sessions of one profile's accounts, in ``sessions.json``: one Fernet token per account.

    A token contains its time; one that is older than ``lifetime`` seconds (the ERP's idle limit) is not used. A file
    that cannot be decrypted (another computer, a new keyring) counts as empty. No error is raised: it costs one login.
    """

    def __init__(self, profile: Profile, *, lifetime: float) -> None:
        self._file = profile.folder / "sessions.json"
        self._service = f"{profile.keyring_service}-sessions"
        self._lifetime = int(lifetime)
        self._fernet: Any = None
        self._off = False
        """True when the keyring could not be used; this process does not try it again."""
        self._lock = asyncio.Lock()

    async def recall(self, account: str) -> Any:
        """The account's stored session (Playwright's storage state); ``None``: none that may still be valid."""
        async with self._lock:
            token = (await asyncio.to_thread(_tokens, self._file)).get(account)
            if token is None or (fernet := await self._key(create=False)) is None:
                return None
        from cryptography.fernet import InvalidToken

        try:
            return json.loads(fernet.decrypt(token.encode(), ttl=self._lifetime))
        except (InvalidToken, ValueError):
            return None

    async def keep(self, account: str, state: object) -> None:
        """Store the account's session."""
        async with self._lock:
            if (fernet := await self._key(create=True)) is None:
                return
            await self._write(account, fernet.encrypt(json.dumps(state).encode()).decode())

    async def forget(self, account: str) -> None:
        """Remove the account's stored session."""
        async with self._lock:
            await self._write(account, None)

    async def _write(self, account: str, token: str | None) -> None:
        def write() -> None:
            before = _tokens(self._file)
            after = {name: kept for name, kept in before.items() if name != account}
            if token is not None:
                after[account] = token
            if after != before:
                replace_file(self._file, json.dumps(after))

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            log.warning("the session could not be kept: %s", error)

    async def _key(self, *, create: bool) -> Any:
        if self._fernet is not None or self._off:
            return self._fernet
        from cryptography.fernet import Fernet

        try:
            key = await keyring_read(self._service, KEY_NAME)
            if key is None and not create:
                return None
            if key is None:
                key = Fernet.generate_key().decode()
                self._off = not await keyring_write(self._service, KEY_NAME, key)
        except NoPassword:
            self._off = True
        if self._off or key is None:
            log.info("no keyring: sessions are kept in memory only")
            return None
        try:
            self._fernet = Fernet(key)
        except ValueError:  # the keyring's entry is not a key of ours
            self._off = True
        return self._fernet


def _tokens(file: Path) -> dict[str, str]:
    """The tokens in the file, without damaged entries. Blocking."""
    try:
        document = read_json(file)
    except (OSError, ValueError):
        return {}
    entries = document.items() if isinstance(document, dict) else ()
    return {name: token for name, token in entries if isinstance(token, str)}
