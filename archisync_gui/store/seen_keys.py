"""The keys of a whole read, compressed for its row in ``reads``; and splitting long lists for SQLite's limits."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK = 400
"""Rows handled in one step, and values in one statement."""

KEY_SEPARATOR = "\x1e"


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def pack_keys(keys: Iterable[str]) -> bytes:
    """The keys as one compressed value."""
    packer = zlib.compressobj(6)
    return b"".join([packer.compress((KEY_SEPARATOR.join(part) + KEY_SEPARATOR).encode()) for part in chunks(keys)]) + (
        packer.flush()
    )


def unpack_keys(data: bytes) -> list[str]:
    """The keys in a value of :func:`pack_keys`; none if it is damaged (the next read's number of rows is still
    checked)."""
    try:
        return zlib.decompress(data).decode().split(KEY_SEPARATOR)[:-1]
    except (zlib.error, UnicodeDecodeError, TypeError):
        log.warning("the keys of the last whole read cannot be read; the next read is not compared with them")
        return []
