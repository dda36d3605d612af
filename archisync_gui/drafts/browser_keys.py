"""Keys for what the order form stores in the browser, and the ports on which it was served; no drafts.

A browser separates a page's data by port, so the form has to get what it stored under an earlier port, where another
program may listen now. The form's data are therefore encrypted with a key that only pages with a token of our own form
get, and the form at an earlier address hands its data over only for the proof made for that address.

Key and ports belong to the user of this computer, not to a profile, so that another profile can read the data, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock

from archisync_gui.disk import PRIVATE, keep_copy, read_json, replace_file
from archisync_gui.model import AccountId

log = logging.getLogger(__name__)

FILE = "order-form.json"
PORTS_KEPT = 20
"""How many ports are remembered, the last used ones."""
KEY_BYTES = 32
DAMAGED = (ValueError, KeyError, TypeError)
"""Errors of reading a damaged file."""
LOCK_WITHIN = 5.0
"""Seconds to wait for another panel that reads or writes the file at the same time."""


class BrowserKeys:
    """The key file of one user. :meth:`open` is blocking."""

    def __init__(self, file: Path | None) -> None:
        """``file`` ``None``: nothing is stored; keys last as long as this object."""
        self._file = file
        self._secret = b""
        self._ports: tuple[int, ...] = ()

    def open(self, port: int) -> None:
        """Read or create the file, and add ``port`` to the ports on which the form is served.

        A file that cannot be read or written is logged. Then there is no key, and the form stores plain text, since a
        key that is lost at the next start would make its data unreadable.
        """
        try:
            with self._locked():
                known, before = self._read()
                secret, ports = known or secrets.token_bytes(KEY_BYTES), _with(port, before)
                if not known or ports != before:
                    self._write(secret, ports)
            self._secret, self._ports = secret, ports
        except OSError as error:
            log.warning("the order form's key cannot be kept: %s", error)
            if self._secret:
                self._ports = _with(port, self._ports)  # stored by :meth:`update` once that works again

    def update(self) -> None:
        """Add the ports on which other panels of this user have served the form since :meth:`open`, and store the
        present one if :meth:`open` could not. Blocking."""
        if self._file is None or not self._secret:
            return
        try:
            with self._locked():
                secret, stored = _content(self._file)
                if secret != self._secret:
                    return
                if self._ports[0] not in stored:
                    self._write(secret, _with(self._ports[0], stored))
        except (OSError, *DAMAGED) as error:
            log.info("the ports of the order form cannot be brought up to date: %s", error)
            return
        self._ports = tuple(dict.fromkeys((*self._ports, *stored)))

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports on which the form was served, the last one first."""
        return self._ports

    def key(self, account: AccountId) -> bytes | None:
        """The key (256 bits) for what the form of this account stores in the browser; ``None``: there is none."""
        return self._derived("key", account) if self._secret else None

    def proof(self, account: AccountId, origin: str) -> str | None:
        """The proof that a page has to send to the form's frame at ``origin`` to get the data stored there; not valid
        for other addresses. ``None``: there is no key."""
        return self._derived("proof", account, origin).hex() if self._secret else None

    def _derived(self, *about: str) -> bytes:
        return hmac.new(self._secret, json.dumps(about).encode(), hashlib.sha256).digest()

    def _locked(self) -> AbstractContextManager[object]:
        """A lock, so that two panels that start at the same time do not make two keys."""
        if self._file is None:
            return nullcontext()
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self._file.with_suffix(".lock"), timeout=LOCK_WITHIN, mode=PRIVATE)

    def _read(self) -> tuple[bytes, tuple[int, ...]]:
        if self._file is None:
            return self._secret, self._ports
        try:
            secret, ports = _content(self._file)
        except FileNotFoundError:
            return b"", ()
        except DAMAGED:
            log.warning("the order form's key file is damaged; a copy is kept as %s", keep_copy(self._file))
            return b"", ()
        return (secret, ports) if len(secret) == KEY_BYTES else (b"", ports)

    def _write(self, secret: bytes, ports: tuple[int, ...]) -> None:
        if self._file is not None:
            replace_file(self._file, json.dumps({"secret": secret.hex(), "ports": ports}))


def _content(file: Path) -> tuple[bytes, tuple[int, ...]]:
    """The secret and the ports in the file; raises ``OSError`` or one of :data:`DAMAGED`."""
    content = read_json(file)
    ports = tuple(port for port in content["ports"] if isinstance(port, int) and 0 < port < 65536)
    return bytes.fromhex(content["secret"]), ports


def _with(port: int, before: tuple[int, ...]) -> tuple[int, ...]:
    return (port, *(known for known in before if known != port))[:PORTS_KEPT]
