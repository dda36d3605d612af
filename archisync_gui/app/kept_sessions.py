"""ERP sessions kept across starts: encrypted with a key that lies in the system's keyring; without one, not at all.

A restart within the ERP's idle limit then costs no login. What is kept are the ERP's cookies, never a password.
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
"""The key's name in the keyring. No account can have it: keys are in another keyring service than passwords."""


class KeptSessions:
    """The sessions of one profile's accounts, in ``sessions.json``: one Fernet token per account.

    A token holds its own time, so one that is older than ``lifetime`` seconds (the ERP's idle limit) is no session any
    more. A file that cannot be decrypted (another computer, a new keyring) counts as empty. Nothing here ever fails a
    run: whatever goes wrong costs one login.
    """

    def __init__(self, profile: Profile, *, lifetime: float) -> None:
        self._file = profile.folder / "sessions.json"
        self._service = f"{profile.keyring_service}-sessions"
        self._lifetime = int(lifetime)
        self._fernet: Any = None
        self._off = False
        """True once the keyring could not give or take a key: not asked again by this process."""
        self._one_at_a_time = asyncio.Lock()

    async def recall(self, account: str) -> Any:
        """What was kept for the account (Playwright's storage state); ``None``: nothing that may still live."""
        async with self._one_at_a_time:
            token = (await asyncio.to_thread(_tokens, self._file)).get(account)
            if token is None or (fernet := await self._key(create=False)) is None:
                return None
        from cryptography.fernet import InvalidToken

        try:
            return json.loads(fernet.decrypt(token.encode(), ttl=self._lifetime))
        except (InvalidToken, ValueError):
            return None

    async def keep(self, account: str, state: object) -> None:
        """Keep the account's session as of now."""
        async with self._one_at_a_time:
            if (fernet := await self._key(create=True)) is None:
                return
            await self._write(account, fernet.encrypt(json.dumps(state).encode()).decode())

    async def forget(self, account: str) -> None:
        """The account's session shall not be used any more."""
        async with self._one_at_a_time:
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
        except ValueError:  # something else lies under our name
            self._off = True
        return self._fernet


def _tokens(file: Path) -> dict[str, str]:
    """The tokens of the file; what is none is left out: it costs one login. Blocking."""
    try:
        document = read_json(file)
    except (OSError, ValueError):
        return {}
    entries = document.items() if isinstance(document, dict) else ()
    return {name: token for name, token in entries if isinstance(token, str)}
