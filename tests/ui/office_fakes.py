"""An office in the place of ``app.office_access``, for the dialog's tests; no test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archisync_gui.office.checks import Seen, SeenMember

ADDRESS = "postgresql://office@server.example.test:5432/office"
PLACE = "office (server.example.test:5432)"
AT = datetime(2026, 3, 10, 9, 12, tzinfo=UTC)
NOBODY = Seen(PLACE, "15.4", True, True, 0, True, None, None, (), 90)
LED = Seen(
    PLACE, "15.4", False, True, 3, False, "PC-1 (default)", AT,
    (SeenMember("PC-1 (default)", "1.0", AT, True), SeenMember("PC-2 <b>(default)", "1.1", AT, False)), 5,
)  # fmt: skip
NONE = Seen(PLACE, "15.4", True, False, 0, True, None, None, (), 90)


@dataclass
class Found:
    seen: Seen
    older: bool = False
    brings: bool = True


@dataclass
class FakeOffice:
    """In the place of ``app.office_access``: notes what was asked of it."""

    address: str = ""
    may_lead: bool = True
    found: Found = field(default_factory=lambda: Found(NOBODY))
    seen: Seen = LED
    error: Exception | None = None
    silent: asyncio.Event | None = None
    """While it is not set, the server does not answer."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    looks: int = 0
    created: int = 0
    moved: list[tuple[object, ...]] = field(default_factory=list)

    async def _answers(self) -> None:
        if self.silent is not None:
            await self.silent.wait()
        if self.error is not None:
            raise self.error

    async def look(self) -> Seen:
        self.looks += 1
        await self._answers()
        return self.seen

    async def check(self, address: str, password: str) -> Found:
        self.asked.append((address, password))
        await self._answers()
        return self.found

    async def create(self, address: str, password: str) -> None:
        self.created += 1
        await self._answers()
        self.found = Found(NOBODY)

    def join(self, address: str, password: str, *, may_lead: bool, upgrade: bool) -> None:
        self.moved.append(("join", address, password, may_lead, upgrade))

    def leave(self, *, copy: bool) -> None:
        self.moved.append(("leave", copy))
