"""Signed lists for tests: the owner's key, a stranger's, and a server that answers as a test wants."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import minisign

OWNER = minisign.KeyPair.generate()
STRANGER = minisign.KeyPair.generate()
PUBLIC_KEY = OWNER.public_key.to_base64().decode()

Answer = Callable[[str], bytes]
"""The whole HTTP answer for a path, head included."""


def entry(version: object, **changes: Any) -> dict[str, Any]:
    return {
        "version": version,
        "date": "2026-03-01",
        "it": f"Novità di {version}",
        "en": f"News of {version}",
        "page": f"https://archisync.example.test/{version}",
        **changes,
    }


def document(now: datetime, serial: int = 1, *versions: Any, days: int = 90, **changes: Any) -> bytes:
    """A list issued at ``now``, valid for ``days``."""
    content = {
        "product": "archisync-gui",
        "format": 1,
        "serial": serial,
        "issued": now.isoformat(),
        "expires": (now + timedelta(days=days)).isoformat(),
        "versions": [entry(v) if isinstance(v, str) else v for v in versions],
        **changes,
    }
    return json.dumps(content).encode()


def signature(content: bytes, pair: minisign.KeyPair = OWNER) -> bytes:
    return bytes(pair.secret_key.sign(content)) + b"\n"


def ok(body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


class Server:
    """Answers with what ``content`` and ``sign`` hold, or with what ``answer`` gives instead. Keeps the requests."""

    def __init__(self) -> None:
        self.content = b""
        self.signature = b""
        self.answer: Answer | None = None
        self.silent = False
        self.holds = False
        """Neither more nor an end comes after the answer."""
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/versions.json"

    def serve(self, content: bytes, pair: minisign.KeyPair = OWNER) -> None:
        self.content, self.signature, self.answer = content, signature(content, pair), None

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head)
                path = head.split(b" ")[1].decode()
                if self.silent:
                    await reader.read()
                    return
                body = self.signature if path.endswith(".minisig") else self.content
                writer.write(self.answer(path) if self.answer is not None else ok(body))
                await writer.drain()
                if self.holds:
                    await reader.read()
                    return
                if self.answer is not None:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    served = Server()
    server = await asyncio.start_server(served._client, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
