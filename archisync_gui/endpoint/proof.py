"""What shows a page that the panel answers, and not another program at its port: an HMAC over a number of the page's.

The key is what the panel keeps of the page's token (its SHA-256), or the key of what our own form keeps in the browser,
which outlives a token; a stranger has neither. The address is in the HMAC: a stranger at another port of this computer
cannot have it made by the panel. It opens nothing: each call is admitted by its token all the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

NONCE = r"^[A-Za-z0-9_-]{22,128}$"
NAME = r"^[0-9a-f]{64}$"


@lru_cache(maxsize=1024)  # asked for all tokens at each question
def name_of(key: bytes) -> str:
    """The public name of a key."""
    return _hmac(key, "archisync name")


def proof_of(key: bytes, origin: str, nonce: str) -> str:
    """What shows that who answers at ``origin`` has the key."""
    return _hmac(key, f"archisync proof {origin} {nonce}")


def prove(keys: Iterable[bytes], name: str, origin: str, nonce: str) -> str | None:
    """The proof with the key of that name; ``None``: none of the panel's keys has it."""
    for key in keys:
        if hmac.compare_digest(name_of(key), name):
            return proof_of(key, origin, nonce)
    return None


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
