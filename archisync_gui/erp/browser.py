"""One Chromium behind one class: finding, starting, one context per account, closing; nothing of the ERP's pages.

Playwright is imported only when a browser is needed, and only this class starts it, so that it can move to a thread of
its own where that is safer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from archisync_gui.erp.background import finished
from archisync_gui.erp.failures import transient, translated
from archisync_gui.erp.job import Job, job_of
from archisync_gui.erp.launch import CLOSE_LIMIT, FLAGS, launch, quietly, start_driver
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page, Playwright

log = logging.getLogger(__name__)

# Below 1300 px the ERP folds its toolbar, and it decides so while a page loads (docs/erp.md, List view page).
VIEWPORT = {"width": 1440, "height": 900}
ACCEPT_LANGUAGE = "it-IT,it;q=0.9,en-US;q=0.8,en;q=0.7"

UNTOLD = (psutil.Error, OSError)
"""What asking about a process raises when it has ended or the system does not say: psutil names only some of Windows'
errors and passes the others on as they are."""

START_LIMIT = 30.0
"""Seconds for the driver and all attempts to start a browser, for a context, and for an empty page; together less than
a read may stand still."""


class SessionMemory(Protocol):
    """Keeps sessions beyond the process's life, or does not. Never raises."""

    async def recall(self, account: str) -> Any:
        """The kept session of an account; ``None``: there is none."""

    async def keep(self, account: str, state: object) -> None:
        """Keep the account's session for the next start."""

    async def forget(self, account: str) -> None:
        """The kept session is of no use any more."""


class Browser:
    """At most one running browser. ``program`` is asked at each start (a setting; empty: look for one), ``pinned_key``
    too (base64 SHA-256 of the one certificate key that is trusted beside the system's; empty: none). ``memory``: where
    sessions outlive the process (``None``: nowhere)."""

    def __init__(
        self,
        *,
        program: Callable[[], str] = lambda: "",
        pinned_key: Callable[[], str] = lambda: "",
        headless: bool = True,
        memory: SessionMemory | None = None,
    ) -> None:
        self._memory = memory
        self._program = program
        self._pinned_key = pinned_key
        self._headless = headless
        self.ended_for_good = False
        """No browser is started any more; set by :meth:`kill`."""
        self._starting = asyncio.Lock()
        self._start_limit: asyncio.Timeout | None = None
        """Of the start that goes on now."""
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._key_in_use = ""
        self._folder = ""
        """Where driver and browser keep what is temporary: removed at the end, whatever became of them."""
        self._job: Job | None = None
        """Windows: driver and browser, which end together."""
        self._contexts: dict[str, BrowserContext] = {}
        self._pages: dict[tuple[str, str], Page] = {}
        """By account and purpose."""
        self._kept: dict[str, Any] = {}
        """Cookies per account: a browser that was closed or died does not cost a login."""

    @property
    def running(self) -> bool:
        """True while a browser is there and answers."""
        return self._chromium is not None and self._chromium.is_connected()

    @property
    def version(self) -> str:
        """The version of the browser that runs; empty while none does."""
        return "" if self._chromium is None else str(self._chromium.version)

    async def page(self, account: str, purpose: str = "") -> Page:
        """The one page for that purpose in the account's own context; starts the browser if need be. One page is used
        at a time: a special purpose takes over the page without one, since making another takes a tenth of a second."""
        context = await self._context(account)
        if not self.has_page(account, purpose):
            free = self._pages.pop((account, ""), None) if self.has_page(account) else None
            if free is None:
                try:
                    async with self._answering():
                        free = await context.new_page()
                except SyncFailure:
                    await self.close()
                    raise
            self._pages[account, purpose] = free
        return self._pages[account, purpose]

    def has_page(self, account: str, purpose: str = "") -> bool:
        """Whether that page is open: what was loaded in it is still there."""
        page = self._pages.get((account, purpose))
        return page is not None and self.running and not page.is_closed()

    async def forget(self, account: str) -> None:
        """Drop that account's context and cookies (another password, or a login that must be a real one)."""
        self._kept.pop(account, None)
        if self._memory is not None:
            await self._memory.forget(account)
        for key in [key for key in self._pages if key[0] == account]:
            del self._pages[key]
        context = self._contexts.pop(account, None)
        if context is not None:
            await quietly(context.close())

    async def remember(self, account: str) -> None:
        """Note the account's session: neither a browser that dies nor, where there is a memory, a restart of ours then
        costs a login."""
        context = self._contexts.get(account)
        if context is None:
            return
        try:
            cookies = await asyncio.wait_for(context.cookies(), CLOSE_LIMIT)
        except Exception as error:  # a session that is not noted costs a login, nothing else
            log.debug("session of %s not noted: %s", account, error)
            return
        self._kept[account] = {"cookies": cookies, "origins": []}
        if self._memory is not None:
            await self._memory.keep(account, self._kept[account])

    def close_page(self, account: str, purpose: str = "") -> Coroutine[Any, Any, None]:
        """Close that page of the account, keep the cookies. Who asks for it from now on gets a new one, even before the
        closing is awaited."""
        page = self._pages.pop((account, purpose), None)

        async def close() -> None:
            if page is not None:
                await quietly(page.close())

        return close()

    def memory(self) -> int:
        """Bytes that the browser's processes use and share with no other program; 0 while none runs or where the
        system does not say. Blocking."""
        used = 0
        for browser in _browsers(self._folder):
            with suppress(*UNTOLD):
                for process in (browser, *browser.children(recursive=True)):
                    with suppress(*UNTOLD):
                        used += process.memory_full_info().uss
        return used

    def kill(self, for_good: bool = False) -> bool:
        """End the browser's processes without a word, as a crash does; False: there were none. ``for_good``: whoever
        asks for a page from now on gets ``browser-lost``; for a start that goes on now, ask again. Blocking."""
        self.ended_for_good = self.ended_for_good or for_good
        return _kill(_browsers(self._folder))

    async def close(self) -> None:
        """End the browser and its driver, also while they start; cookies stay in memory. Nothing is left behind, also
        when the caller does not wait for the end."""
        if self._start_limit is not None:
            self._start_limit.reschedule(asyncio.get_running_loop().time())
            self._start_limit = None
        async with self._starting:
            await finished(self._remember_and_end())

    async def _remember_and_end(self) -> None:
        try:
            await asyncio.gather(*(self.remember(account) for account in self._contexts))
        finally:
            await self._end()

    async def _context(self, account: str) -> BrowserContext:
        async with self._starting:
            if self.ended_for_good:
                raise transient("browser-lost", step="open")
            if self._chromium is not None and (not self.running or self._pinned_key() != self._key_in_use):
                await self._end()
            if self._chromium is None:
                await self._start_or_end()
            assert self._chromium is not None
            context = self._contexts.get(account)
            if context is None:
                state = self._kept.get(account)
                if state is None and self._memory is not None:
                    state = await self._memory.recall(account)
                try:
                    async with self._answering():
                        context = await self._chromium.new_context(
                            locale="it-IT",
                            timezone_id="Europe/Rome",
                            viewport=VIEWPORT,  # type: ignore[arg-type]
                            extra_http_headers={"Accept-Language": ACCEPT_LANGUAGE},
                            storage_state=state,
                            service_workers="block",
                        )
                except SyncFailure:
                    await self._end()
                    raise
                self._contexts[account] = context
            return context

    async def _start_or_end(self) -> None:
        """Start the browser; where that fails, hangs or is ended by :meth:`close`, no process is left."""
        try:
            await self._start()
        except BaseException:
            await self._kill_what_started()
            await self._end()
            raise

    async def _kill_what_started(self) -> None:
        await asyncio.to_thread(_kill, _started_in(self._folder))

    async def _start(self) -> None:
        try:
            await asyncio.to_thread(import_module, "playwright.async_api")  # a tenth of a second: the panel lives on
        except ImportError as error:  # an incomplete installation, or a DLL that an antivirus program holds back
            params = {"reason": str(error)[:200]}
            raise SyncFailure("browser-driver", FailureKind.PERMANENT, params=params) from error
        from playwright.async_api import async_playwright

        self._key_in_use = self._pinned_key()
        args = [*FLAGS, *([f"--ignore-certificate-errors-spki-list={self._key_in_use}"] if self._key_in_use else [])]
        try:
            self._folder = await asyncio.to_thread(_temporary_folder)
        except OSError as error:
            params = {"tried": f"{error.filename or _temporary_base()}: {error.strerror or error}"}
            raise SyncFailure("browser-does-not-start", FailureKind.PERMANENT, params=params) from error
        try:
            async with self._limited():
                with _temporary_files_in(self._folder):
                    self._playwright = await start_driver(async_playwright(), self._kill_what_started)
                self._job = await asyncio.to_thread(_job_of_what_started_in, self._folder)
                self._chromium = await launch(self._playwright.chromium, self._program(), args, self._headless)
        except TimeoutError as error:
            raise SyncFailure("browser-silent", FailureKind.TRANSIENT) from error
        log.info("browser %s started", self._chromium.version)

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        """Ends a start after ``START_LIMIT`` seconds, or at once when the browser is closed meanwhile."""
        async with asyncio.timeout(START_LIMIT) as self._start_limit:
            try:
                yield
            finally:
                self._start_limit = None

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """For what is asked of the browser alone: where it does not answer, that is never the ERP's fault."""
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as SlowBrowser

        try:
            async with self._limited():
                yield
        except (TimeoutError, SlowBrowser) as error:
            raise SyncFailure("browser-silent", FailureKind.TRANSIENT) from error
        except (Error, ConnectionError) as error:
            raise transient("browser-lost", step="open") from error

    async def _end(self) -> None:
        chromium, playwright, job, folder = self._chromium, self._playwright, self._job, self._folder
        self._chromium = self._playwright = self._job = None
        self._folder = ""
        self._contexts.clear()
        self._pages.clear()

        async def end() -> None:
            if chromium is not None:
                await quietly(chromium.close())
            if playwright is not None:
                await quietly(playwright.stop())
            if job is not None:
                job.end()
            if folder:
                await asyncio.to_thread(lambda: _kill(_started_in(folder)))
                await asyncio.to_thread(_remove, folder)

        await finished(end())


LONGEST_BASE = 24
"""Bytes of a temporary folder's path that leave room for ours, Chromium's own and its socket below it."""

PREFIX = "archisync-browser-"


def _temporary_folder() -> str:
    """A new folder for one browser's temporary files; those of processes that were killed are removed."""
    for left in _temporary_base().glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_temporary_base())


def _temporary_base() -> Path:
    """The system's temporary folder, or a short one where that is long: Chromium does not start when the path of the
    socket that it puts below its temporary folder is longer than about 100 bytes (seen with 156; usual on macOS)."""
    usual = Path(tempfile.gettempdir())
    return Path("/tmp") if os.name == "posix" and len(os.fsencode(usual)) > LONGEST_BASE else usual


def _remove(folder: str) -> None:
    """Remove a folder, also while a dying browser still writes to it."""
    for _ in range(30):
        shutil.rmtree(folder, ignore_errors=True)
        if not Path(folder).exists():
            return
        time.sleep(0.1)


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """Let a process that is started meanwhile keep its temporary files in ``folder``.

    Playwright's driver makes the browser's profile in its own temporary folder and can no longer remove it when it is
    killed (seen with 1.65); it takes that folder from the environment only.
    """
    names = ("TMPDIR", "TEMP", "TMP")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, folder))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _started_in(folder: str) -> list[psutil.Process]:
    """The driver and the browsers of ours that keep their temporary files in ``folder``."""
    found = []
    for process in psutil.Process().children(recursive=True) if folder else ():
        with suppress(*UNTOLD):
            if process.environ().get("TMPDIR") == folder:
                found.append(process)
    return found + [process for process in _browsers(folder) if process not in found]


def _job_of_what_started_in(folder: str) -> Job | None:
    """Windows: a job with the driver, before it starts a browser. Blocking."""
    return job_of([process.pid for process in _started_in(folder)]) if os.name == "nt" else None


def _browsers(folder: str) -> list[psutil.Process]:
    """The browsers of ours whose profile lies in ``folder``."""
    found = []
    for process in psutil.Process().children(recursive=True) if folder else ():
        with suppress(*UNTOLD):
            if any(argument.startswith(f"--user-data-dir={folder}") for argument in process.cmdline()):
                found.append(process)
    return found


def _kill(processes: list[psutil.Process]) -> bool:
    """End processes as a crash does; False: there were none."""
    for process in processes:
        with suppress(*UNTOLD):
            process.kill()
    return bool(processes)


async def try_browser(program: str | None = None) -> str:
    """Start a browser, ask its version and close it. :class:`SyncFailure` says what is wrong."""
    browser = Browser(program=lambda: program or "")
    try:
        page = await browser.page("doctor")
        with translated("open"):
            await page.goto("about:blank")
        return browser.version
    finally:
        await browser.close()
