"""The demo ERP as one object that runs on a thread of its own; what it serves lives in the other modules."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from archisync_gui.demo_erp.clock import STOPPED_AT, DemoClock
from archisync_gui.demo_erp.columns import LISTS, ListView
from archisync_gui.demo_erp.faults import FAULTS, parse_fault
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.left_on import leave_on
from archisync_gui.demo_erp.recorder import Action, Recorder
from archisync_gui.demo_erp.saved_views import Preferences, PreferenceStore
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.switches import SwitchBoard
from archisync_gui.demo_erp.variations import LEFT_ON, VARIATIONS, parse_variation
from archisync_gui.demo_erp.world import World

if TYPE_CHECKING:
    from archisync_gui.demo_erp.server import Server


LATEST_VERSION = "2.0.48"
"""The version that the real ERP's footer showed last (June 2026)."""


class DemoErp:
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
        self.clock = clock or DemoClock(STOPPED_AT)
        self.latency = latency if isinstance(latency, Latency) else Latency.parse(latency)
        self.https = https
        self.late_paint = late_paint
        self.accounts: Mapping[str, str] = MappingProxyType({"agente01": "demo", "agente02": "demo"})
        """User name to password. ``agente01`` has the full size, ``agente02`` a small part of it."""
        self.version = version
        self.lists: Mapping[str, ListView] = structure.shape(LISTS) if structure else LISTS
        """The list views as this demo ERP serves them, by name."""
        self.world = World(seed, scale)
        self.preferences = PreferenceStore(self.lists.__getitem__)
        self.recorder = Recorder()
        self.board = SwitchBoard(FAULTS, "fault", self._fault_changed)
        """The faults that are on."""
        self.variations = SwitchBoard(VARIATIONS, "variation", self._variation_changed)
        """The variations that are on."""
        self.control_token = secrets.token_urlsafe(24)
        self.base_url = ""
        """``http://127.0.0.1:PORT/Archibald`` once started."""
        self.certificate_fingerprint = ""
        """SHA-256 of the certificate now served, in hex; empty without HTTPS."""
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

    # --- what happened

    @property
    def actions(self) -> tuple[Action, ...]:
        """Everything anybody did so far, oldest first."""
        return self.recorder.actions

    def spent(self) -> float:
        """Seconds of the ERP's own time (its delays and its rendering) since the start or ``reset_counters``."""
        return self.recorder.spent()

    def reset_counters(self) -> None:
        """Forget the actions and the time spent."""
        self.recorder.reset()

    # --- the world

    def rows(self, list_name: str, user: str, at: datetime | None = None) -> list[dict[str, Any]]:
        """The truth: every record of that list as typed values, garbage rows included, whatever filters are set."""
        rows = self.world.rows(list_name, user, at or self.clock.now())
        fields = [column.field for column in LISTS[list_name].columns]
        return [{field: row.values.get(field) for field in fields} for row in rows.rows]

    def insert(self, list_name: str, user: str, **values: Any) -> str:
        """Somebody adds a record; returns its row key."""
        return self.world.insert(list_name, user, self.clock.now(), values)

    def delete(self, list_name: str, user: str, key: str) -> None:
        """Somebody deletes the record with that row key."""
        self.world.delete(list_name, user, key)

    def change(self, list_name: str, user: str, key: str, values: Mapping[str, Any]) -> None:
        """Somebody changes values of the record with that row key (by field name). KeyError if there is none."""
        self.world.change(list_name, user, self.clock.now(), key, values)

    def send_draft(self, user: str, key: str) -> str:
        """Somebody sends the draft order with that row key: it gets its number and a new CREATEDDATETIME, and keeps its
        ID. Returns the number. KeyError if there is no such order, ValueError if it is no draft."""
        return self.world.send_draft(user, self.clock.now(), key)

    def corrupt_customer(self, user: str) -> str:
        """The row key of the one customer whose detail page leads to the error page."""
        rows = self.world.rows("customers", user, self.clock.now()).rows
        return rows[min(13, len(rows) - 1)].key

    # --- the human's own browser

    def get_preferences(self, user: str, list_name: str) -> Preferences:
        """What the ERP remembers of that user's list view."""
        return self.preferences.get(user, list_name)

    def set_preferences(self, user: str, list_name: str, **changes: Any) -> Preferences:
        """Change what the ERP remembers, as the human would in another browser; names as in ``Preferences``.
        TypeError: there is no such name."""
        return self.preferences.update(user, list_name, changes)

    def view_record(self, user: str, list_name: str) -> str:
        """The server's own record of one user's view of a list, as canonical JSON: preset, row filters with values and
        operators, both searches, header filters, filter builder, grouping, sort, page size, page index and visible
        columns in order. Equal texts mean that nothing changed."""
        return self.preferences.record(user, list_name)

    def view_records(self) -> dict[str, str]:
        """``view_record`` of every account and list, by ``USER/LIST``."""
        return {f"{user}/{name}": self.view_record(user, name) for user in self.accounts for name in self.lists}

    # --- faults

    def fault(self, name: str, value: object = None, **arguments: object) -> None:
        """Switch a fault on: ``fault("truncated-list", list="products", keep=0.1)``, ``fault("slow", 3)`` or, as on the
        command line, ``fault("slow=3")``. KeyError or ValueError if there is no such fault or parameter."""
        base, parsed = parse_fault(name if value is None else f"{name}={value}")
        self.board.set(base, {**parsed, **arguments})

    def clear_faults(self, *names: str) -> None:
        """Switch these faults off, or all; hung requests go on then."""
        self.board.clear(*names)

    def vary(self, name: str, value: object = None, **arguments: object) -> None:
        """Switch a variation on, as ``fault`` does: ``vary("loads-empty")``, ``vary("sizes", "10,20,50")``. KeyError or
        ValueError if there is no such variation or parameter."""
        base, parsed = parse_variation(name if value is None else f"{name}={value}")
        self.variations.set(base, {**parsed, **arguments})

    def clear_variations(self, *names: str) -> None:
        """Switch these variations off, or all. What somebody left on in a saved view stays (see ``reset_views``)."""
        self.variations.clear(*names)

    def reset_views(self) -> None:
        """Give every user back every list view as shipped."""
        self.preferences.reset()

    @property
    def control_url(self) -> str:
        """Base of the control path for other processes: ``GET/POST/DELETE …/faults``, ``GET …/actions`` and so on."""
        return f"{self.base_url.removesuffix('/Archibald')}/_control/{self.control_token}"

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
