"""One Chromium behind one class: finding, starting, one context per account, closing; nothing of the ERP's pages.

Playwright is imported only when a browser is needed, and only this class starts it.
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

from archisync_gui.erp.background import run_to_end
from archisync_gui.erp.failures import transient, translated
from archisync_gui.erp.job import Job, job_of
from archisync_gui.erp.launch import CLOSE_LIMIT, FLAGS, launch, new_context, quietly, start_driver
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page, Playwright

log = logging.getLogger(__name__)

PROCESS_ERRORS = (psutil.Error, OSError)
"""Errors of a query about a process that has ended or that the system does not describe. psutil converts only some of
Windows' errors; the others come as ``OSError``."""

START_LIMIT = 30.0
"""Seconds for the driver with all attempts to start a browser, for a context, and for an empty page. All three together
take less than the watchdog of a run allows."""


class SessionMemory(Protocol):
    """Stores sessions for the next start of the program, where it can. Never raises."""

    async def recall(self, account: str) -> Any:
        """The stored session of an account; ``None``: there is none."""

    async def keep(self, account: str, state: object) -> None:
        """Store the account's session for the next start."""

    async def forget(self, account: str) -> None:
        """Delete the account's stored session."""


class Browser:
    """At most one running browser. ``program`` is called at each start (a setting; empty: look for one), ``pinned_key``
    too (base64 SHA-256 of the one certificate key that is trusted beside the system's; empty: none). ``memory`` stores
    sessions for the next start of the program (``None``: they are not stored)."""

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
        """True: no browser is started any more. Set by :meth:`kill`."""
        self._starting = asyncio.Lock()
        self._start_limit: asyncio.Timeout | None = None
        """The time limit of the browser call in progress."""
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self._key_in_use = ""
        self._folder = ""
        """Temporary files of driver and browser. Removed at the end, also after a crash of either."""
        self._job: Job | None = None
        """Windows: ends driver and browser together."""
        self._contexts: dict[str, BrowserContext] = {}
        self._pages: dict[tuple[str, str], Page] = {}
        """By account and purpose."""
        self._kept: dict[str, Any] = {}
        """Cookies per account, so that no new login is needed after the browser was closed or crashed."""

    @property
    def running(self) -> bool:
        """True while a browser is connected."""
        return self._chromium is not None and self._chromium.is_connected()

    @property
    def version(self) -> str:
        """The version of the running browser; empty: none runs."""
        return "" if self._chromium is None else str(self._chromium.version)

    async def page(self, account: str, purpose: str = "") -> Page:
        """The page for ``purpose`` in the account's own context; starts the browser if necessary. A page without a
        purpose is reused for the purpose asked for, since opening another page takes a tenth of a second."""
        context = await self._context(account)
        if not self.has_page(account, purpose):
            free = self._pages.pop((account, ""), None) if self.has_page(account) else None
            if free is None:
                try:
                    async with self._browser_call():
                        free = await context.new_page()
                except SyncFailure:
                    await self.close()
                    raise
            self._pages[account, purpose] = free
        return self._pages[account, purpose]

    def has_page(self, account: str, purpose: str = "") -> bool:
        """Whether that page is open, with what was loaded in it."""
        page = self._pages.get((account, purpose))
        return page is not None and self.running and not page.is_closed()

    async def forget(self, account: str) -> None:
        """Drop the account's context and cookies: its password changed, or a real login is wanted."""
        self._kept.pop(account, None)
        if self._memory is not None:
            await self._memory.forget(account)
        for key in [key for key in self._pages if key[0] == account]:
            del self._pages[key]
        context = self._contexts.pop(account, None)
        if context is not None:
            await quietly(context.close())

    async def remember(self, account: str) -> None:
        """Keep the account's cookies, so that no new login is needed after a crash of the browser or, with ``memory``,
        after a restart of the program."""
        context = self._contexts.get(account)
        if context is None:
            return
        try:
            cookies = await asyncio.wait_for(context.cookies(), CLOSE_LIMIT)
        except Exception as error:  # the only consequence is another login
            log.debug("session of %s not noted: %s", account, error)
            return
        self._kept[account] = {"cookies": cookies, "origins": []}
        if self._memory is not None:
            await self._memory.keep(account, self._kept[account])

    def close_page(self, account: str, purpose: str = "") -> Coroutine[Any, Any, None]:
        """Close that page of the account and keep the cookies. :meth:`page` returns a new page from now on, even before
        the returned coroutine is awaited."""
        page = self._pages.pop((account, purpose), None)

        async def close() -> None:
            if page is not None:
                await quietly(page.close())

        return close()

    def memory(self) -> int:
        """Bytes that only the browser's processes use (unique set size); 0 while none runs or where the system does not
        say. Blocking."""
        used = 0
        for browser in _browsers(self._folder):
            with suppress(*PROCESS_ERRORS):
                for process in (browser, *browser.children(recursive=True)):
                    with suppress(*PROCESS_ERRORS):
                        used += process.memory_full_info().uss
        return used

    def kill(self, for_good: bool = False) -> bool:
        """Kill the browser's processes, as a crash does. False: there were none. ``for_good``: :meth:`page` raises
        ``browser-lost`` from now on; a start in progress is not stopped, so call this again. Blocking."""
        self.ended_for_good = self.ended_for_good or for_good
        return _kill(_browsers(self._folder))

    async def close(self) -> None:
        """End the browser and its driver, also while they start; cookies stay in memory. No process and no file is
        left, even if the caller is cancelled."""
        if self._start_limit is not None:
            self._start_limit.reschedule(asyncio.get_running_loop().time())
            self._start_limit = None
        async with self._starting:
            await run_to_end(self._remember_and_end())

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
                    async with self._browser_call():
                        context = await new_context(self._chromium, state)
                except SyncFailure:
                    await self._end()
                    raise
                self._contexts[account] = context
            return context

    async def _start_or_end(self) -> None:
        """Start the browser. No process is left if that fails, hangs or is ended by :meth:`close`."""
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
            await asyncio.to_thread(import_module, "playwright.async_api")  # takes 0.1 s, too long for the event loop
        except ImportError as error:  # an incomplete installation, or a DLL that an antivirus program blocks
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
        """Raise ``TimeoutError`` after ``START_LIMIT`` seconds, or at once when :meth:`close` is called meanwhile."""
        async with asyncio.timeout(START_LIMIT) as self._start_limit:
            try:
                yield
            finally:
                self._start_limit = None

    @asynccontextmanager
    async def _browser_call(self) -> AsyncIterator[None]:
        """Limit a call that only the browser answers, not the ERP, and convert its errors to the browser's failures."""
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

        await run_to_end(end())


LONGEST_BASE = 24
"""Maximum length in bytes of a temporary folder's path, so that the path of Chromium's socket below it is not too
long."""

PREFIX = "archisync-browser-"


def _temporary_folder() -> str:
    """A new folder for one browser's temporary files. Folders that killed processes left behind are removed."""
    for left in _temporary_base().glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_temporary_base())


def _temporary_base() -> Path:
    """The system's temporary folder, or ``/tmp`` where its path is too long: Chromium does not start if the path of its
    socket, below the temporary folder, is longer than about 100 bytes (seen with 156; usual on macOS)."""
    usual = Path(tempfile.gettempdir())
    return Path("/tmp") if os.name == "posix" and len(os.fsencode(usual)) > LONGEST_BASE else usual


def _remove(folder: str) -> None:
    """Remove a folder, also while an ending browser still writes to it. Tries for 3 s."""
    for _ in range(30):
        shutil.rmtree(folder, ignore_errors=True)
        if not Path(folder).exists():
            return
        time.sleep(0.1)


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """Processes that are started meanwhile keep their temporary files in ``folder``.

    Playwright's driver creates the browser's profile in its temporary folder, which it takes from the environment only.
    A driver that is killed leaves the profile there (seen with 1.65).
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
    """Our child processes that keep their temporary files in ``folder``: driver and browsers."""
    found = []
    for process in psutil.Process().children(recursive=True) if folder else ():
        with suppress(*PROCESS_ERRORS):
            if process.environ().get("TMPDIR") == folder:
                found.append(process)
    return found + [process for process in _browsers(folder) if process not in found]


def _job_of_what_started_in(folder: str) -> Job | None:
    """Windows: a job with the driver, made before the driver starts a browser. Blocking."""
    return job_of([process.pid for process in _started_in(folder)]) if os.name == "nt" else None


def _browsers(folder: str) -> list[psutil.Process]:
    """Our child processes that are browsers with their profile in ``folder``."""
    found = []
    for process in psutil.Process().children(recursive=True) if folder else ():
        with suppress(*PROCESS_ERRORS):
            if any(argument.startswith(f"--user-data-dir={folder}") for argument in process.cmdline()):
                found.append(process)
    return found


def _kill(processes: list[psutil.Process]) -> bool:
    """Kill processes; False: there were none."""
    for process in processes:
        with suppress(*PROCESS_ERRORS):
            process.kill()
    return bool(processes)


async def try_browser(program: str | None = None) -> str:
    """Start a browser, return its version and close it. Raises :class:`SyncFailure` if it does not start."""
    browser = Browser(program=lambda: program or "")
    try:
        page = await browser.page("doctor")
        with translated("open"):
            await page.goto("about:blank")
        return browser.version
    finally:
        await browser.close()
