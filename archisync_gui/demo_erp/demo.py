"""The demo ERP as one object that runs on a thread of its own; what it serves lives in the other modules."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from archisync_gui.demo_erp.clock import DemoClock
from archisync_gui.demo_erp.faults import parse_fault
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.left_on import leave_on
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.variations import LEFT_ON, parse_variation

if TYPE_CHECKING:
    from archisync_gui.demo_erp.server import Server


LATEST_VERSION = "2.0.48"
"""The version that the real ERP's footer showed last (June 2026)."""


class DemoErp(HeldErp):
    """A local stand-in for the ERP.

    ``seed`` and ``scale`` shape the invented data, ``clock`` says when it is there (default: stopped), ``latency`` is
    ``none``, ``real`` or a factor, ``faults`` and ``variations`` are switches as on the command line (``NAME``,
    ``NAME=VALUE``, ``NAME=key:value,...``), ``structure`` shapes the lists after a conformance report, ``version`` is
    what the pages' footer says, ``port`` 0 takes any free one. It listens on 127.0.0.1 only. ``idle_seconds`` is the
    server's idle expiry, ``monotonic`` its clock for that; ``late_paint`` fills cells a little after a callback ended.

    Every method but ``start`` and ``stop`` may be called from any thread, whether it runs or not.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: DemoClock | None = None,
        latency: Latency | str | float = "none",
        scale: float = 1.0,
        faults: Iterable[str] = (),
        variations: Iterable[str] = (),
        structure: Structure | None = None,
        version: str = LATEST_VERSION,
        https: bool = False,
        port: int = 0,
        idle_seconds: float = 20 * 60,
        late_paint: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            seed=seed,
            clock=clock,
            latency=latency,
            scale=scale,
            structure=structure,
            version=version,
            https=https,
            late_paint=late_paint,
        )
        self._wanted_port = port
        self._idle_seconds = idle_seconds
        self._monotonic = monotonic
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._ssl: ssl.SSLContext | None = None
        self._finish: asyncio.Event | None = None
        self._done: Future[None] = Future()
        for text in faults:
            name, arguments = parse_fault(text)
            self.board.set(name, arguments)
        for text in variations:
            name, arguments = parse_variation(text)
            self.variations.set(name, arguments)

    # --- life

    async def start(self) -> str:
        """Listen, and return the base URL. OSError if the port is taken; RuntimeError if it runs already."""
        if self._thread is not None:
            raise RuntimeError("the demo ERP runs already")
        self.board.clear("session-expired-now")  # nobody is logged in yet
        ready: Future[str] = Future()
        self._done = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="demo-erp", daemon=True)
        self._thread.start()
        try:
            self.base_url = await asyncio.wrap_future(ready)
        except BaseException:
            await self.stop()
            raise
        return self.base_url

    async def stop(self) -> None:
        """Close every connection, hung requests included, and end the thread. No error if it does not run."""
        thread, loop, finish = self._thread, self._loop, self._finish
        if thread is None:
            return
        if loop is not None and finish is not None:
            with suppress(RuntimeError):  # its loop has just ended
                loop.call_soon_threadsafe(finish.set)
        await asyncio.shield(asyncio.wrap_future(self._done))
        thread.join()
        self._thread = None

    def _run(self, ready: Future[str]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:  # handed to start()'s caller
            if not ready.done():
                ready.set_exception(error)
        finally:
            self._loop = self._finish = self._server = None
            self._done.set_result(None)

    async def _serve(self, ready: Future[str]) -> None:
        # aiohttp is imported only here: importing the package must stay cheap for who does not start it.
        from aiohttp import web

        from archisync_gui.demo_erp.server import Server

        self._loop = asyncio.get_running_loop()
        self._finish = asyncio.Event()
        self._server = server = Server(self, self._idle_seconds, self._monotonic)
        if self.https:
            self._ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._new_certificate()
        runner = web.AppRunner(server.application(), handle_signals=False, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self._wanted_port, ssl_context=self._ssl)
            await site.start()
            port = runner.addresses[0][1]
            ready.set_result(f"{'https' if self.https else 'http'}://127.0.0.1:{port}/Archibald")
            await self._finish.wait()
        finally:
            server.closing.set()
            await runner.cleanup()

    def _fault_changed(self, name: str) -> None:
        """Do at once what a fault does once; let hung requests go on when one is switched off. In any thread."""
        loop, server = self._loop, self._server
        if loop is None or server is None:
            return
        active = self.board.active().get(name)
        if name == "session-expired-now" and active:
            for arguments in active:
                server.sessions.expire(arguments.get("user", ""))
            self.board.clear(name)
        elif name == "other-certificate":
            self._new_certificate()
        elif not active:
            with suppress(RuntimeError):  # its loop has just ended
                loop.call_soon_threadsafe(server.release)

    def _variation_changed(self, name: str) -> None:
        """Change the users' saved views where somebody left something on; let requests go on that were held."""
        active = self.variations.active().get(name, [])
        if name in LEFT_ON:
            for arguments in active:
                leave_on(self, name, arguments)
        loop, server = self._loop, self._server
        if not active and loop is not None and server is not None:
            with suppress(RuntimeError):  # its loop has just ended
                loop.call_soon_threadsafe(server.release)

    def _new_certificate(self) -> None:
        from archisync_gui.demo_erp.certificate import load_new_certificate

        if self._ssl is not None:
            self.certificate_fingerprint = load_new_certificate(self._ssl)
