"""The handover frame comes from a cache, which is filled anew only when the worker's file has changed."""

from __future__ import annotations

import hashlib
import re

from archisync_gui import messages

FORM = messages.resources() / "web" / "order-form"
CACHED = 9, "7c5cbac25e335f96"
"""The number in the cache's name, and the digest of the files that lie in it."""


def test_a_changed_file_of_the_frame_has_a_cache_of_its_own() -> None:
    worker = (FORM / "handover-worker.js").read_text(encoding="utf-8")
    (number,) = re.findall(r"CACHE = `\$\{OURS\}(\d+)`", worker)
    (listed,) = re.findall(r"FILES = \[(.*?)\]", worker, re.DOTALL)
    files = re.findall(r"/order-form/([\w.-]+)", listed)
    assert len(files) == 4
    digest = hashlib.sha256(b"".join((FORM / file).read_bytes() for file in files)).hexdigest()[:16]
    assert (int(number), digest) == CACHED, "give the cache the next number, and write both here"
