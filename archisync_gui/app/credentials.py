"""Storage of ERP passwords: in memory, in the system's keyring, or (after a warning) in a private file.

Passwords never reach a log, a setting or an argument list.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TypeVar

from archisync_gui.app.profile import Profile
from archisync_gui.disk import keep_copy, read_json, replace_file
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.settings import Settings

KEYRING_LIMIT = 5.0
"""Seconds that the keyring has to answer; a locked one asks its user and may never answer."""

UNSEEN = "unseen"
"""A place of an old password: the keyring was not available when the password was to be deleted. In another session of
this user it may be available, and still have the password."""

log = logging.getLogger(__name__)

T = TypeVar("T")


class NoPassword(SyncFailure):
    """No password could be read: there is none (``password-missing``), the keyring does not answer, is locked or
    reports an error (``keyring-silent``), or the private file could not be read (``password-file-unreadable``)."""

    def __init__(self, code: str, account: str, reason: str = "") -> None:
        # A missing password stops the account until the operator enters one; keyring and file may be readable later.
        kind = FailureKind.CREDENTIALS if code == "password-missing" else FailureKind.LOGIN
        super().__init__(code, kind, params={"account": account, "reason": reason})


class Credentials:
    """Passwords of one profile's accounts."""

    def __init__(
        self, profile: Profile, given: Mapping[str, str] | None = None, any_account: str | None = None
    ) -> None:
        """``given``: passwords by account (demo). ``any_account``: a password for all accounts (``ARCHISYNC_PASSWORD``,
        or ``--password-stdin`` of the command line)."""
        self._memory = dict(given or {})
        self._any = any_account
        self._service = profile.keyring_service
        self._file = profile.folder / "passwords.json"
        self._left = profile.folder / "passwords-left.json"
        """File with the accounts whose old password (the account was removed, or has a new one) could not be deleted
        yet: account → places (``keyring``, ``file``, :data:`UNSEEN`). They are deleted as soon as possible."""
        self._lock = asyncio.Lock()
        """Held while keyring and file are read or changed, so that a password that was read before does not replace a
        newer one."""

    @property
    def file_in_use(self) -> bool:
        """Whether the private file exists, which is used without a keyring."""
        return self._file.exists()

    async def knows(self, account: str) -> bool:
        """Whether there is a password for the account."""
        try:
            await self.password(account)
        except NoPassword:
            return False
        return True

    async def password(self, account: str) -> str:
        """The password of ``account``. Raises :class:`NoPassword`."""
        if (known := self._known(account)) is not None:
            return known
        async with self._lock:
            if (known := self._known(account)) is not None:
                return known
            silent: NoPassword | None = None
            try:
                await self._forget_left(account)
            except NoPassword as error:
                silent = error
            found = (await self._in_file(account)).get(account)  # it is newer than one in the keyring
            if found is None and silent is None:
                try:
                    found = await keyring_read(self._service, account)
                except NoPassword as error:
                    silent = error
            if found is None:
                raise silent or NoPassword("password-missing", account)
            # ``setdefault``: ``keep`` sets a new password before it waits for the lock, and that one must not be
            # replaced.
            return self._memory.setdefault(account, found)

    async def _in_file(self, account: str) -> dict[str, str]:
        try:
            return {} if "file" in await self._left_of(account) else await asyncio.to_thread(_read, self._file)
        except OSError as error:
            raise NoPassword("password-file-unreadable", account, error.strerror or str(error)) from error

    def _known(self, account: str) -> str | None:
        return self._memory.get(account, self._any)

    async def keep(self, account: str, password: str) -> bool:
        """Use ``password`` from now on and store it in the keyring; without keyring in the private file, if the account
        has a password there already. False: it is in memory only (see :meth:`keep_in_file`).

        Raises :class:`NoPassword` (``keyring-silent``) and ``OSError``; the password is used all the same.
        """
        self._memory[account] = password
        async with self._lock:
            if self._memory.get(account) != password:
                return True  # another password was set, or the account was removed, while waiting for the lock
            try:
                in_keyring = await keyring_write(self._service, account, password)
            except NoPassword:
                await self._note_left(account, f"{UNSEEN} file")  # stored passwords are old now
                raise
            if in_keyring:
                await self._change_file(account, None)  # else an old one in the file would be used without keyring
                await self._note_left(account, None)
                return True
            await self._note_left(account, UNSEEN)
            if account not in await asyncio.to_thread(_read, self._file):
                return False
            await self._change_file(account, password)  # the operator has allowed the file for this account
            return True

    async def place(self, account: str) -> str:
        """Where the password of ``account`` is stored: ``keyring``, ``file``, ``memory`` (lost at the end of the
        program) or ``""`` (there is none). A stored password that differs from the one in use is ignored, and so is a
        keyring that does not answer."""
        async with self._lock:
            known = self._known(account)
            with suppress(NoPassword):
                stored = (await self._in_file(account)).get(account)
                if stored is not None and known in (None, stored):
                    return "file"
            try:
                await self._forget_left(account)
                stored = await keyring_read(self._service, account)
                if stored is not None and known in (None, stored):
                    return "keyring"
            except NoPassword:
                log.info("the keyring did not say whether it keeps a password")
            return "memory" if known is not None else ""

    async def keep_in_file(self, account: str) -> None:
        """Store the present password of ``account`` in the private file. Raises :class:`NoPassword` and ``OSError``."""
        await self.password(account)  # loads it into memory
        async with self._lock:
            password = self._known(account)
            if password is None:  # the account was removed meanwhile
                raise NoPassword("password-missing", account)
            await self._change_file(account, password)
            await self._note_left(account, "keyring" if "keyring" in await self._left_of(account) else UNSEEN)

    async def forget(self, account: str) -> None:
        """Remove the password everywhere. Raises :class:`NoPassword` (``keyring-silent``) and ``OSError``."""
        self._memory.pop(account, None)
        async with self._lock:
            self._memory.pop(account, None)  # again, since a reader that held the lock may have loaded it
            await self._delete(account)

    async def _delete(self, account: str, places: str = "keyring file") -> None:
        """Delete the stored passwords of ``account``. Places where that fails are noted, to be tried again later."""
        left: dict[str, NoPassword | OSError | None] = {}
        for place in places.split():
            try:
                if place == "file":
                    await self._change_file(account, None)
                elif not await in_thread(lambda: _keyring_delete(self._service, account), account):
                    left[UNSEEN] = None
            except (NoPassword, OSError) as error:
                left[place] = error
                log.warning("an old password is still in the %s: %s", "file" if place == "file" else "keyring", error)
        await self._note_left(account, " ".join(left) or None)
        for trouble in left.values():
            if trouble is not None:
                raise trouble

    async def _left_of(self, account: str) -> str:
        """The places that may still have an old password of an account with that name."""
        return (await asyncio.to_thread(_read, self._left)).get(account, "")

    async def _forget_left(self, account: str) -> None:
        """Delete old passwords of an account with that name. Raises :class:`NoPassword`."""
        try:
            if places := await self._left_of(account):
                await self._delete(account, places)
        except OSError as error:
            raise NoPassword("password-file-unreadable", account, error.strerror or str(error)) from error

    async def forget_removed(self, before: Settings, after: Settings) -> None:
        """Remove the passwords of accounts that are in ``before`` and not in ``after``; errors are ignored."""
        for account in set(before.words("erp.accounts")) - set(after.words("erp.accounts")):
            with suppress(NoPassword, OSError):
                await self.forget(account)

    async def forget_left(self) -> None:
        """Delete old passwords that could not be deleted earlier, as far as possible."""
        with suppress(NoPassword, OSError):
            for account in await asyncio.to_thread(_read, self._left):
                async with self._lock:
                    await self._forget_left(account)

    async def left(self, account: str) -> bool:
        """Whether an old password of an account with that name could not be deleted yet. :data:`UNSEEN` does not count.
        Raises ``OSError``."""
        return (await self._left_of(account)) not in ("", UNSEEN)

    async def _note_left(self, account: str, places: str | None) -> None:
        await asyncio.to_thread(_change, self._left, account, places)

    async def _change_file(self, account: str, password: str | None) -> None:
        await asyncio.to_thread(_change, self._file, account, password)


def keyring_name() -> str | None:
    """The name of the system's keyring; ``None``: there is none. Blocking; to be called by :func:`in_thread`."""
    import keyring
    from keyring.backends.fail import Keyring

    backend = keyring.get_keyring()
    return None if isinstance(backend, Keyring) else str(getattr(backend, "name", type(backend).__name__))


async def keyring_read(service: str, name: str) -> str | None:
    """A secret in the system's keyring; ``None``: there is none, or no keyring. Raises :class:`NoPassword`
    (``keyring-silent``), for example if the keyring is locked."""
    return await in_thread(lambda: _keyring_get(service, name), name)


async def keyring_write(service: str, name: str, secret: str) -> bool:
    """Store a secret in the system's keyring; False: there is no keyring. Raises :class:`NoPassword`
    (``keyring-silent``)."""
    return await in_thread(lambda: _keyring_set(service, name, secret), name)


def _keyring_get(service: str, account: str) -> str | None:
    import keyring
    from keyring.errors import NoKeyringError

    try:
        return keyring.get_password(service, account)
    except NoKeyringError:
        return None


def _keyring_set(service: str, account: str, password: str) -> bool:
    import keyring
    from keyring.errors import NoKeyringError

    ring = keyring.get_keyring()
    if hasattr(ring, "persist"):  # Windows: the library's choice goes to other computers with a roaming profile
        ring.persist = "local machine"
    try:
        ring.set_password(service, account, password)
    except NoKeyringError:
        return False
    return True


def _keyring_delete(service: str, account: str) -> bool:
    """Delete a secret, if it exists. False: there is no keyring."""
    import keyring
    from keyring.errors import NoKeyringError, PasswordDeleteError

    try:
        keyring.delete_password(service, account)
    except PasswordDeleteError:  # there is no such password
        pass
    except NoKeyringError:
        return False
    return True


_KEYRING = Lock()
"""Allows one call of the keyring at a time, so that an earlier write that takes long does not replace a later one."""


async def in_thread(work: Callable[[], T], account: str) -> T:
    """Run ``work``, which calls the keyring, in a thread with a time limit. A daemon thread, since a keyring that waits
    for its user may never return. Raises :class:`NoPassword` (``keyring-silent``) for a timeout and all errors of
    ``work``, since each system's keyring has its own errors."""
    result: Future[T] = Future()
    given_up = Event()
    result.set_running_or_notify_cancel()  # so that a late result can still be set, though it is ignored

    def run() -> None:
        with _KEYRING:
            if given_up.is_set():
                return
            try:
                value = work()
            except BaseException as error:  # all errors are passed to the waiting caller
                result.set_exception(error)
            else:
                result.set_result(value)

    Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(KEYRING_LIMIT):
            return await asyncio.wrap_future(result)
    except TimeoutError:
        raise NoPassword("keyring-silent", account) from None
    except Exception as error:
        log.warning("the keyring reports %s", type(error).__name__)  # the text of the error may quote the password
        raise NoPassword("keyring-silent", account) from error
    finally:
        given_up.set()


def _read(path: Path) -> dict[str, str]:
    """The passwords in the file, without damaged entries. Blocking. Raises ``OSError`` if the file cannot be read now:
    then it must not be replaced."""
    try:
        document = read_json(path)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        log.warning("%s cannot be read: %s", path.name, type(error).__name__)  # the text of the error may quote it
        return {}
    entries = document.items() if isinstance(document, dict) else ()
    return {name: secret for name, secret in entries if isinstance(secret, str)}


def _change(path: Path, account: str, password: str | None) -> None:
    """Store a password in the file; ``None`` removes it. Blocking."""
    before = _read(path)
    after = {name: secret for name, secret in before.items() if name != account}
    if password is not None:
        after[account] = password
    if after == before:
        return
    if path.exists() and not before:
        keep_copy(path)  # the file is damaged: keep its content
    replace_file(path, json.dumps(after))
