"""Downloads the signed list from its address, with limits; does not check the signature."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from archisync_gui.updates.signed_list import UpdatesError

MOST_BYTES = 256 * 1024
SIGNATURE_BYTES = 10 * 1024
SIGNATURE = ".minisig"


async def fetch(address: str, patience: float) -> tuple[bytes, bytes]:
    """The list and its signature, within ``patience`` seconds. No cookie, version or language is sent.

    Raises :class:`UpdatesError`: ``updates-address``, ``updates-silent``, ``updates-unreachable``,
    ``updates-redirect``, ``updates-refused``, ``updates-too-large`` or ``updates-incomplete``.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise UpdatesError("updates-address", address=address)
    host = parts.hostname or ""
    proxy = await asyncio.to_thread(proxy_for, parts.scheme, host)
    try:
        async with asyncio.timeout(patience):
            async with aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                # ``identity``: without compression a small answer cannot become a large one.
                headers={"User-Agent": "Archisync", "Accept": "*/*", "Accept-Encoding": "identity"},
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),  # the timeout above is for both files together
            ) as session:
                content = await _get(session, address, MOST_BYTES, proxy)
                return content, await _get(session, address + SIGNATURE, SIGNATURE_BYTES, proxy)
    except TimeoutError as error:
        raise UpdatesError("updates-silent", host=host, seconds=round(patience)) from error
    except aiohttp.ClientPayloadError as error:
        raise UpdatesError("updates-incomplete", host=host) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UpdatesError("updates-unreachable", host=host, reason=type(error).__name__) from error


def proxy_for(scheme: str, host: str) -> str | None:
    """The address of the proxy that the system names for that host (Windows' settings, elsewhere the environment);
    ``None``: none, or a script that chooses one, which is not run. Blocking."""
    if host in ("127.0.0.1", "localhost", "::1") or proxy_bypass(host):
        return None
    proxy = getproxies().get(scheme)
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy  # the environment may name host and port only


async def _get(session: aiohttp.ClientSession, address: str, most: int, proxy: str | None) -> bytes:
    async with session.get(address, allow_redirects=False, proxy=proxy) as answer:
        host = urlsplit(address).hostname or ""
        if 300 <= answer.status < 400:
            raise UpdatesError("updates-redirect", host=host)
        if answer.status != 200:
            raise UpdatesError("updates-refused", host=host, status=answer.status)
        content = bytearray()
        async for chunk in answer.content.iter_chunked(16 * 1024):
            content += chunk
            if len(content) > most:
                raise UpdatesError("updates-too-large", host=host, most=most // 1024)
        return bytes(content)
