"""What every answer of the demo ERP shares: sessions, the ERP's own time, languages, hung requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from archisync_gui.demo_erp.exchange import Hung
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.sessions import Session, SessionStore
from archisync_gui.demo_erp.texts import Speech


class Serving:
    """One running demo ERP, as far as every request needs it. Lives in the demo's own loop."""

    def __init__(self, demo: HeldErp, idle_seconds: float, monotonic: Callable[[], float]) -> None:
        self._demo = demo
        self.sessions = SessionStore(idle_seconds, monotonic)
        self.closing = asyncio.Event()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let every hung request go on."""
        self._released.set()
        self._released = asyncio.Event()

    def hung(self) -> Hung:
        """An answer that does not come before ``release``."""
        return Hung(self._released)

    def set_cookie(self, response: web.StreamResponse, name: str, value: str, days: int = 0) -> None:
        """Set one of the ERP's three cookies; none is marked secure (docs/erp.md, Login)."""
        age = days * 86_400 if days else None
        response.set_cookie(name, value, path="/", httponly=True, samesite="Lax", max_age=age)

    async def _hang(self, until: asyncio.Event) -> None:
        """Wait until the fault is cleared or the demo stops; the session is free meanwhile."""
        waits = [asyncio.ensure_future(until.wait()), asyncio.ensure_future(self.closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def take(self, seconds: float) -> None:
        """Spend the ERP's own time."""
        if seconds > 0 and not self.closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), seconds)

    @property
    def latency(self) -> Latency:
        """The latency model in force."""
        slow = self._demo.board.hit("slow")
        base = self._demo.latency
        return Latency(max(base.factor, 0.1) * float(slow["factor"])) if slow else base

    def speech(self, request: web.Request, session: Session, posted: str = "") -> Speech:
        """The languages of one answer: captions follow the Accept-Language header, which wins over the user's profile
        (docs/erp.md, Language); dates and numbers follow the browser's own language as its callbacks tell it."""
        hit = self._demo.variations.hit
        ids = (hit("id-notation") or {}).get("cells", "dotted")
        yes_no = "image" if hit("yes-no-words") is None else "word"
        signed = hit("invoice-amounts-signed") is not None
        other = self._demo.board.hit("other-locale")
        if other is not None:
            word = _language(other["locale"])
            return Speech(word, word, ids, yes_no, signed)
        captions = _language(request.headers.get("Accept-Language", ""))
        session.locale = posted or session.locale
        cells = _language(session.locale) if session.locale else captions
        if (english := self._demo.variations.hit("english-session")) is not None:
            return Speech("en", _language(english["cells"]) if english["cells"] else cells, ids, yes_no, signed)
        return Speech(captions, cells, ids, yes_no, signed)

    def version(self) -> str:
        """The ERP's version, as each page's footer has it."""
        return (self._demo.variations.hit("version") or {}).get("number", self._demo.version)


def _language(text: str) -> str:
    return "it" if text.lower().startswith("it") else "en"
