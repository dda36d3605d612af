"""A fake of ``app.office_access`` for the tests of the dialog *Office*."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.office.checks import Seen, SeenMember
from archisync_gui.store import StoreError
from archisync_gui.store.postgres_server import Server

ADDRESS = "postgresql://office@server.example.test:5432/office"
PLACE = "office (server.example.test:5432)"
AT = datetime(2026, 3, 10, 9, 12, tzinfo=UTC)
NOBODY = Seen(PLACE, "15.4", True, True, 0, True, None, None, (), 90)
LED = Seen(
    PLACE, "15.4", False, True, 3, False, "PC-1 (default)", AT,
    (SeenMember("PC-1 (default)", "1.0", AT, True), SeenMember("PC-2 <b>(default)", "1.1", AT, False)), 5,
)  # fmt: skip
NONE = Seen(PLACE, "15.4", True, False, 0, True, None, None, (), 90)


WRONG = "wrong"
"""The password that the server refuses."""


@dataclass(frozen=True)
class Found:
    """The result of a check."""

    seen: Seen
    older: bool = False
    member: bool = False
    """The computer is a member of that office already."""

    @property
    def brings(self) -> bool:
        return self.seen.empty and not self.member


@dataclass
class FakeOffice:
    """Replaces ``app.office_access`` and records the calls. ``tests/office/test_access_contract.py`` checks that it
    behaves as the real one."""

    address: str = ""
    may_lead: bool = True
    found: Found = field(default_factory=lambda: Found(NOBODY))
    seen: Seen = LED
    error: Exception | None = None
    silent: asyncio.Event | None = None
    """While this is not set, the server does not answer."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    looks: int = 0
    created: int = 0
    moved: list[tuple[object, ...]] = field(default_factory=list)

    async def _answers(self, password: str = "") -> None:
        if self.silent is not None:
            await self.silent.wait()
        if self.error is not None:
            raise self.error
        if password == WRONG:
            raise StoreError("office-login", path=PLACE, detail="password authentication failed")

    async def look(self) -> Seen:
        self.looks += 1
        if not self.address:
            raise SyncFailure("office-not-joined", FailureKind.PERMANENT, params={"name": "default"})
        await self._answers()
        return self.seen

    async def check(self, address: str, password: str) -> Found:
        self.asked.append((address, password))
        wanted = Server.from_url(address)
        if self.address and Server.from_url(self.address).schema_key != wanted.schema_key:
            params = {"name": "default", "path": PLACE}
            raise SyncFailure("office-joined-already", FailureKind.PERMANENT, params=params)
        await self._answers(password)
        return replace(self.found, member=bool(self.address))

    async def create(self, address: str, password: str) -> None:
        self.created += 1
        Server.from_url(address)
        await self._answers(password)
        if self.found.seen.exists:
            raise StoreError("office-exists", path=PLACE)
        self.found = Found(NOBODY)

    def join(self, address: str, password: str, *, may_lead: bool, upgrade: bool) -> None:
        self.moved.append(("join", address, password, may_lead, upgrade))

    def leave(self, *, copy: bool) -> None:
        self.moved.append(("leave", copy))

    async def next_life(self) -> tuple[FakeOffice, str]:
        """The office after the panel has restarted and done the last request, and the tone of the message."""
        after = replace(self, moved=[])
        try:
            match self.moved[-1]:
                case ("join", str(address), str(password), bool(may_lead), upgrade):
                    found = await self.check(address, password)
                    if not found.seen.exists:
                        raise StoreError("office-missing", path=PLACE)
                    if found.older and not upgrade:
                        raise StoreError("office-older", path=PLACE)
                    seen = replace(found.seen, empty=False)
                    after.address, after.may_lead = Server.from_url(address).url, may_lead
                    after.found, after.seen = Found(seen), seen
                case ("leave", copy):
                    if copy:
                        await self.look()
                    after.address, after.may_lead = "", True
        except SyncFailure:
            return after, "bad"
        return after, "ok"
