"""Keys for what the order form keeps in the browser, and the ports under which it was served; no draft is in here.

A browser keeps a page's data apart for each port, so the form has to fetch what it kept under an earlier port, and
another program may listen there now. What the form keeps is therefore encrypted with a key that only a page with one
of the panel's own tokens is given, and an earlier address hands over only against the proof made for that address.

Key and ports belong to the user of this computer, not to one profile: what waits in the browser is to be readable by
the next profile, too.
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
PORTS_KEPT = 10
"""Ports remembered, the last used ones."""
KEY_BYTES = 32
LOCK_WITHIN = 5.0
"""Seconds to wait for another panel that reads or writes the file at the same moment."""


class BrowserKeys:
    """The key file of one user. The methods block for as long as a small file takes."""

    def __init__(self, file: Path | None) -> None:
        """``file`` ``None``: nothing is kept; keys live as long as this object."""
        self._file = file
        self._secret = b""
        self._ports: tuple[int, ...] = ()

    def open(self, port: int) -> None:
        """Read the file, or make it, and remember ``port`` as one under which the form is served.

        A file that cannot be read or written is logged: then there is no key, and the browser keeps plain text, since
        a key that is gone at the next start would make drafts unreadable.
        """
        try:
            with self._alone():
                known, before = self._read()
                secret, ports = known or secrets.token_bytes(KEY_BYTES), _with(port, before)
                if not known or ports != before:
                    self._write(secret, ports)
            self._secret, self._ports = secret, ports
        except OSError as error:
            log.warning("the order form's key cannot be kept: %s", error)

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports under which the form was served, the last one first."""
        return self._ports

    def key(self, account: AccountId) -> bytes | None:
        """The key for what an account's form keeps in the browser: 256 bits; ``None``: there is none."""
        return self._derived("key", account) if self._secret else None

    def proof(self, account: AccountId, origin: str) -> str | None:
        """What a page has to show to the form's frame at ``origin`` to be given what is kept there; good for nothing
        at any other address."""
        return self._derived("proof", account, origin).hex() if self._secret else None

    def _derived(self, *about: str) -> bytes:
        return hmac.new(self._secret, json.dumps(about).encode(), hashlib.sha256).digest()

    def _alone(self) -> AbstractContextManager[object]:
        """Two panels that start at the same moment must not make two keys."""
        if self._file is None:
            return nullcontext()
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self._file.with_suffix(".lock"), timeout=LOCK_WITHIN, mode=PRIVATE)

    def _read(self) -> tuple[bytes, tuple[int, ...]]:
        if self._file is None:
            return self._secret, self._ports
        try:
            content = read_json(self._file)
            secret = bytes.fromhex(content["secret"])
            ports = tuple(port for port in content["ports"] if isinstance(port, int) and 0 < port < 65536)
        except FileNotFoundError:
            return b"", ()
        except (ValueError, KeyError, TypeError):
            log.warning("the order form's key file is damaged; a copy is kept as %s", keep_copy(self._file))
            return b"", ()
        return (secret, ports) if len(secret) == KEY_BYTES else (b"", ports)

    def _write(self, secret: bytes, ports: tuple[int, ...]) -> None:
        if self._file is not None:
            replace_file(self._file, json.dumps({"secret": secret.hex(), "ports": ports}))


def _with(port: int, before: tuple[int, ...]) -> tuple[int, ...]:
    return (port, *(one for one in before if one != port))[:PORTS_KEPT]
