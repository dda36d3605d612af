"""Where ERP passwords come from and go to: memory, the system's keyring, or (after a warning) a private file.

Passwords never reach a log, a setting or an argument list.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TypeVar

from archisync_gui.app.profile import Profile
from archisync_gui.model import FailureKind, SyncFailure

KEYRING_LIMIT = 5.0
"""Seconds that the keyring gets to answer; a locked one asks its user and may never do."""

T = TypeVar("T")


class NoPassword(SyncFailure):
    """No password: none is known (``password-missing``) or the keyring was silent (``keyring-silent``)."""

    def __init__(self, code: str, account: str) -> None:
        # A missing password stops the account until the operator gives one; a silent keyring may answer later.
        kind = FailureKind.CREDENTIALS if code == "password-missing" else FailureKind.LOGIN
        super().__init__(code, kind, params={"account": account})


class Credentials:
    """Passwords of one profile's accounts."""

    def __init__(
        self, profile: Profile, given: Mapping[str, str] | None = None, any_account: str | None = None
    ) -> None:
        """``given``: passwords known from the start (demo). ``any_account``: one for every account
        (``ARCHISYNC_PASSWORD`` or ``--password-stdin`` of the command line)."""
        self._memory = dict(given or {})
        self._any = any_account
        self._service = profile.keyring_service
        self._file = profile.folder / "passwords.json"

    @property
    def file_in_use(self) -> bool:
        """True when passwords lie in the private file because there is no keyring."""
        return self._file.exists()

    async def password(self, account: str) -> str:
        """The password of ``account``. Raises :class:`NoPassword`."""
        if account in self._memory:
            return self._memory[account]
        if self._any is not None:
            return self._any
        found = await keyring_read(self._service, account)
        if found is None:
            found = _read(self._file).get(account)
        if found is None:
            raise NoPassword("password-missing", account)
        self._memory[account] = found
        return found

    async def keep(self, account: str, password: str, *, file: bool = False) -> bool:
        """Remember for this process and in the keyring. False: there is no keyring and ``file`` was not allowed,
        so the password lives in memory only."""
        self._memory[account] = password
        if await keyring_write(self._service, account, password):
            return True
        if file:
            write_private(self._file, {**_read(self._file), account: password})
        return file

    async def forget(self, account: str) -> None:
        """Remove the password everywhere."""
        self._memory.pop(account, None)
        await in_thread(lambda: _keyring_delete(self._service, account), account)
        kept = _read(self._file)
        if kept.pop(account, None) is not None:
            write_private(self._file, kept)


def keyring_name() -> str | None:
    """The name of the keyring that this system offers, ``None`` when there is none. Blocks; call it in a thread."""
    import keyring
    from keyring.backends.fail import Keyring

    backend = keyring.get_keyring()
    return None if isinstance(backend, Keyring) else str(getattr(backend, "name", type(backend).__name__))


async def keyring_read(service: str, name: str) -> str | None:
    """A secret of the system's keyring; ``None``: there is none, or no keyring. Raises :class:`NoPassword`
    (``keyring-silent``)."""
    return await in_thread(lambda: _keyring_get(service, name), name)


async def keyring_write(service: str, name: str, secret: str) -> bool:
    """Put a secret into the system's keyring; False: there is no keyring. Raises :class:`NoPassword`
    (``keyring-silent``)."""
    return await in_thread(lambda: _keyring_set(service, name, secret), name)


def _keyring_get(service: str, account: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, account)
    except KeyringError:
        return None


def _keyring_set(service: str, account: str, password: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(service, account, password)
    except KeyringError:
        return False
    return True


def _keyring_delete(service: str, account: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(service, account)
    except KeyringError:
        pass


async def in_thread(work: Callable[[], T], account: str) -> T:
    """``work()`` in a thread with a limit. A daemon thread, since a keyring that waits for its user never ends."""
    result: Future[T] = Future()

    result.set_running_or_notify_cancel()  # from now on a late answer is dropped by the waiter, not by this future

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # handed to the waiter, whatever it is
            result.set_exception(error)
        else:
            result.set_result(value)

    Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(KEYRING_LIMIT):
            return await asyncio.wrap_future(result)
    except TimeoutError:
        raise NoPassword("keyring-silent", account) from None


def _read(path: Path) -> dict[str, str]:
    try:
        return {str(k): str(v) for k, v in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError):
        return {}


def write_private(path: Path, texts: Mapping[str, str]) -> None:
    """Write a JSON file that only its owner may read (0600), whole or not at all. Raises ``OSError``."""
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(texts), file)
    temporary.replace(path)
