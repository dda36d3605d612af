"""Downloads the signed list once a day while the setting is on, and stores the last accepted one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from archisync_gui.disk import read_json, replace_file
from archisync_gui.model import Clock
from archisync_gui.updates.signed_list import (
    Source,
    UpdatesError,
    Version,
    VersionList,
    doubt,
    newer,
    read_list,
    refuse_older,
    verify,
)

log = logging.getLogger(__name__)

FILE = "updates.json"
"""File in the profile with the last accepted list, its signature, and the time of the last download."""

DAY = timedelta(days=1)
LOOK = 1800.0
"""Seconds between two checks whether a day has passed."""
AFTER_START = 60.0
"""Seconds from the start to the first check, since other work is more urgent."""
PATIENCE = 30.0
"""Seconds that the download of both files may take."""


@dataclass(frozen=True, slots=True)
class News:
    """What is known about newer versions."""

    on: bool
    """The setting is on, and this build has a key."""
    newer: tuple[Version, ...] = ()
    """The versions that are newer than the running one, newest first."""
    asked: datetime | None = None
    """When the list was last requested."""
    problem: str = ""
    """Code of the last download's error, or of a doubt about the list; empty: none."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    answered: datetime | None = None
    """When a list was accepted last; ``None``: never, so it is not known whether there are newer versions."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """The content of the file."""

    asked: datetime | None = None
    answered: datetime | None = None
    content: str = ""
    signature: str = ""
    problem: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    announced: str = ""


class Updates:
    """The check for newer versions. ``wanted`` returns whether the setting is on, and is called each time."""

    def __init__(
        self,
        file: Path,
        source: Source,
        *,
        installed: str,
        wanted: Callable[[], bool],
        clock: Clock,
        patience: float = PATIENCE,
    ) -> None:
        self._file = file
        self._source = source
        self._installed = installed
        self._wanted = wanted
        self._clock = clock
        self._patience = patience
        self._asked_here: float | None = None
        """Monotonic time of the last request, since the wall clock may be set at any time."""
        self._wake = asyncio.Event()
        self._listeners: list[Callable[[News], object]] = []
        self._memory = _read(file)
        self._seen = self._accepted(self._memory)

    @property
    def possible(self) -> bool:
        """Whether this build has an address and a key."""
        return bool(self._source.public_key and self._source.address)

    def news(self) -> News:
        """What is known now; nothing while the setting is off."""
        if not (self._wanted() and self.possible):
            return News(on=False)
        memory, seen = self._memory, self._seen
        found = newer(seen, self._installed) if seen is not None else ()
        problem, params = memory.problem, memory.params
        if not problem and seen is not None and (doubtful := doubt(seen, self._clock.now())) is not None:
            problem, params = doubtful.code, doubtful.params
        return News(True, found, memory.asked, problem, params, None if seen is None else memory.answered)

    def subscribe(self, listener: Callable[[News], object]) -> None:
        """Call ``listener`` after each download, and when the setting may have changed."""
        self._listeners.append(listener)

    def settings_changed(self) -> None:
        """The setting may have changed: check now."""
        self._wake.set()

    def unannounced(self) -> Version | None:
        """The newest version, if the operator has not been informed about it yet."""
        found = self.news().newer
        return found[0] if found and found[0].name != self._memory.announced else None

    async def mark_announced(self, version: Version) -> None:
        """Store that the operator was informed about ``version``, so that the notice is not repeated."""
        await self._keep(replace(self._memory, announced=version.name))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Within this context, download the list once a day in the background."""
        task = asyncio.ensure_future(self._work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _work(self) -> None:
        pause = AFTER_START
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            pause = LOOK
            woken = self._wake.is_set()
            self._wake.clear()
            try:
                asked = await self.ask_if_due()
                if asked or woken:
                    self._tell()
            except Exception:  # whatever it is: later questions must go on
                log.exception("the list of versions was not looked at")

    async def ask_if_due(self) -> bool:
        """Download the list if the setting is on and the last request was a day ago. True: it was requested."""
        if not (self._wanted() and self.possible and self._due()):
            return False
        # Stored before the download, so that a program that is ended meanwhile does not repeat it at each start.
        before, asked = self._memory, self._clock.now()
        if not await self._keep(replace(before, asked=asked)):
            self._memory = replace(self._memory, asked=before.asked)
            return False
        self._asked_here = self._clock.monotonic()
        try:
            await asyncio.to_thread(import_module, "archisync_gui.updates.download")  # loads aiohttp
            from archisync_gui.updates.download import fetch

            content, signature = await fetch(self._source.address, self._patience)
            found = await asyncio.to_thread(self._checked, content, signature)
            refuse_older(found, self._seen)
        except UpdatesError as error:
            log.warning("the list of versions was not accepted: %s", error)
            await self._keep(replace(self._memory, problem=error.code, params=error.params))
        else:
            self._seen = found
            text, signed = content.decode("utf-8"), signature.decode("utf-8")
            accepted = replace(self._memory, content=text, signature=signed, problem="", params={}, answered=asked)
            await self._keep(accepted)
        return True

    def _due(self) -> bool:
        """Whether a day has passed since the last request, by the wall clock and, since the start of the program, by
        the monotonic clock. A last request that is more than a day in the future has a time of a wrong clock: true."""
        here = self._asked_here
        if here is not None and self._clock.monotonic() - here < DAY.total_seconds():
            return False
        asked = self._memory.asked
        return asked is None or abs(self._clock.now() - asked) >= DAY

    def _tell(self) -> None:
        news = self.news()
        for listener in self._listeners:
            listener(news)

    async def _keep(self, memory: _Memory) -> bool:
        """Set the content in memory and write it to the file. False: it could not be written."""
        self._memory = memory
        text = json.dumps(
            {
                "asked": memory.asked.isoformat() if memory.asked else None,
                "answered": memory.answered.isoformat() if memory.answered else None,
                "list": memory.content,
                "signature": memory.signature,
                "problem": {"code": memory.problem, "params": dict(memory.params)},
                "told": memory.announced,
            }
        )
        try:
            await asyncio.to_thread(replace_file, self._file, text)
        except OSError as error:
            log.warning("%s could not be written: %s", self._file.name, error)
            return False
        return True

    def _checked(self, content: bytes, signature: bytes) -> VersionList:
        """Check the signature and parse the list. Blocking. Raises :class:`UpdatesError`."""
        verify(content, signature, self._source.public_key)
        return read_list(content)

    def _accepted(self, memory: _Memory) -> VersionList | None:
        """The stored list, if its signature is valid: the file could have been changed, or signed with the key of
        another build."""
        if not memory.content or not self.possible:
            return None
        try:
            return self._checked(memory.content.encode("utf-8"), memory.signature.encode("utf-8"))
        except (UpdatesError, UnicodeEncodeError) as error:
            log.warning("the list of versions that was kept is not used: %s", error)
            return None


def _read(file: Path) -> _Memory:
    """The content of the file; empty if it is missing or damaged, so that the list is downloaded again."""
    try:
        found = read_json(file)
        asked = found["asked"]
        problem = found["problem"]
        params = problem["params"]
        answered = found.get("answered")  # missing in a file of an earlier version
        memory = _Memory(
            asked=datetime.fromisoformat(asked) if asked is not None else None,
            answered=datetime.fromisoformat(answered) if answered is not None else None,
            content=found["list"],
            signature=found["signature"],
            problem=problem["code"],
            params={str(k): v for k, v in params.items() if isinstance(v, str | int)},
            announced=found["told"],
        )
        texts = (memory.content, memory.signature, memory.problem, memory.announced)
        times = (memory.asked, memory.answered)
        if not all(isinstance(text, str) for text in texts) or any(
            at is not None and at.tzinfo is None for at in times
        ):
            raise TypeError(file.name)
    except FileNotFoundError:
        return _Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s is not used: %s", file.name, error)
        return _Memory()
    return memory
