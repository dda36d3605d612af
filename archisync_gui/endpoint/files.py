"""The static files (order form, drafts page, client, docs), loaded into memory; no other files are served."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json; charset=utf-8",
    ".mts": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}
PAGES = {
    "/": "/order-form/index.html",
    "/order-form": "/order-form/index.html",
    "/order-form/": "/order-form/index.html",
    "/drafts": "/order-form/drafts.html",
    "/drafts/": "/order-form/drafts.html",
    "/connect": "/connect.html",
}
"""Paths that people see → file. The root path is the order form."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file to be sent."""

    body: bytes
    type: str
    etag: str


def load(folder: Path, *, demo: bool) -> Mapping[str, StaticFile]:
    """All files below ``folder`` that have one of :data:`TYPES`, by path of the URL.

    ``demo``: the pages show their DEMO badge.
    """
    files = {
        "/" + path.relative_to(folder).as_posix(): _file(path, demo)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }
    pages = {address: files[target] for address, target in PAGES.items() if target in files}
    return files | pages


def _file(path: Path, demo: bool) -> StaticFile:
    body = path.read_bytes()
    if demo and path.suffix == ".html":
        body = body.replace(b'data-demo=""', b'data-demo="demo"')
    return static_file(body, path.suffix)


def static_file(body: bytes, suffix: str) -> StaticFile:
    """The file to send for that content; ``suffix`` is one of :data:`TYPES`."""
    return StaticFile(body, TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()[:24]}"')
