"""Proof to a page that the panel answers, not another program on its port: an HMAC over a nonce chosen by the page.

The key is the SHA-256 of the page's token, which the panel stores, or the key of what our own form stores in the
browser, which outlives a token. Other programs know neither. The HMAC contains the panel's address, so that a program
on another port of this computer cannot pass the page's question on to the panel. The proof gives no access: each call
still needs its token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

NONCE = r"^[A-Za-z0-9_-]{22,128}$"
NAME = r"^[0-9a-f]{64}$"


@lru_cache(maxsize=1024)  # called with all keys for each proof
def name_of(key: bytes) -> str:
    """The public name of a key."""
    return _hmac(key, "archisync name")


def proof_of(key: bytes, origin: str, nonce: str) -> str:
    """The HMAC that proves that the server at ``origin`` has the key."""
    return _hmac(key, f"archisync proof {origin} {nonce}")


def prove(keys: Iterable[bytes], name: str, origin: str, nonce: str) -> str | None:
    """The proof with the key whose public name is ``name``; ``None``: none of ``keys`` has that name."""
    for key in keys:
        if hmac.compare_digest(name_of(key), name):
            return proof_of(key, origin, nonce)
    return None


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
