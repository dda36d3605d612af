"""What members ask of the leader, through the database: commands, their events and answers, the status of all.

The same calls as over the local channel (``app.channel``): a name, arguments, events, an exit code and a result. The
rows are the truth; ``NOTIFY`` only says that it is worth looking, and everybody looks now and then without it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from archisync_gui.model import SyncFailure
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.postgres import Connection, Server

log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]
Handler = Callable[[str, dict[str, Any], Emit], Awaitable[tuple[int, Any]]]
"""Serves one call: name, arguments, where to send events; returns exit code and result (JSON)."""

TURN = 0.05
"""Seconds between two looks of the leader's desk at what is to be written."""
LOOK = 2.0
"""Seconds between two looks at the tables without a notification."""
RETRY = 1.0
"""Seconds from a lost connection to the next one."""
KEPT = 3600
"""Seconds that an answered command stays, so that a repeat after a lost connection finds its answer."""
UNASKED = 30.0
"""Seconds that a command waits for a leader to take it."""
FAILED = 1
"""Exit code of a command that failed at the leader."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The status as the leader wrote it last."""

    epoch: int
    revision: int
    at: datetime
    """By the server's clock."""
    value: Any
    """The leader's status as JSON (the command line's ``status --json``)."""
    leader: str | None
    """The computer that leads; ``None``: nobody does."""


class Desk:
    """The leader's side: serves the commands of all members, and shows them the status, on a thread of its own.

    Made for one epoch; ``lost`` is called once (on that thread) when the database shows another one.
    """

    def __init__(
        self,
        server: Server,
        epoch: int,
        handler: Handler,
        status: Callable[[], tuple[int, Any]],
        *,
        lost: Callable[[int], None],
    ) -> None:
        """``status`` answers revision and value, on the loop's thread; call :meth:`changed` when it is worth asking."""
        self._server, self._epoch, self._handler, self._status, self._lost = server, epoch, handler, status, lost
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._dirty = threading.Event()
        self._dirty.set()
        self._out: deque[tuple[str, str | tuple[int, str]]] = deque()
        """Events and answers (JSON, exit code before it) to be written; each stays until it is."""
        self._calls: dict[str, Future[None]] = {}
        self._shown = -1
        self._thread = threading.Thread(target=self._run, name="office-desk", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def changed(self) -> None:
        """The status may have another revision now."""
        self._dirty.set()

    async def stop(self) -> None:
        """Serve no more; calls under way are cancelled and stay unanswered, for the next leader."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join)
        # Only now: until its end the thread may take one more command.
        for call in self._calls.values():
            call.cancel()

    # ------------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._server.connect("archisync desk", autocommit=True) as connection:
                    if not self._serve(connection):
                        return
            except (StoreError, psycopg.Error) as error:
                log.warning("the office's commands cannot be served: %s", error)
            except Exception:
                log.exception("the office's desk failed")
            self._stop.wait(RETRY)

    def _serve(self, connection: Connection) -> bool:
        """Serve until the end; False: another member leads."""
        connection.execute("LISTEN office_commands")
        # What was taken by a transaction whose end was not heard any more was not begun.
        connection.execute(
            "UPDATE commands SET epoch = NULL WHERE epoch = %s AND done IS NULL AND NOT id = ANY(%s)",
            (self._epoch, [*self._calls]),
        )
        idle = LOOK
        while not self._stop.is_set():
            if idle >= LOOK:
                idle = 0.0
                if not self._take(connection):
                    self._lost(self._epoch)
                    return False
            self._write(connection)
            if any(connection.notifies(timeout=TURN, stop_after=1)):
                idle = LOOK
            else:
                idle += TURN
        return True

    def _take(self, connection: Connection) -> bool:
        """Take what waits; False: another member leads."""
        with connection.transaction():
            mine = connection.execute(
                "SELECT epoch FROM leader WHERE id = 1 AND epoch = %s FOR SHARE", (self._epoch,)
            ).fetchone()
            if mine is None:
                return False
            connection.execute(
                "DELETE FROM commands WHERE done < clock_timestamp() - make_interval(secs => %s)", (KEPT,)
            )
            found = connection.execute(
                "UPDATE commands SET epoch = %s WHERE done IS NULL AND NOT cancelled AND epoch IS DISTINCT FROM %s "
                "RETURNING id, name, args",
                (self._epoch, self._epoch),
            ).fetchall()
            unwanted = connection.execute(
                "UPDATE commands SET done = clock_timestamp() WHERE done IS NULL AND cancelled RETURNING id"
            ).fetchall()
        for id, name, args in found:
            self._calls[id] = asyncio.run_coroutine_threadsafe(self._answer(id, name, args), self._loop)
        for (id,) in unwanted:
            call = self._calls.pop(id, None)
            if call is not None:
                call.cancel()
        return True

    async def _answer(self, id: str, name: str, args: str) -> None:
        """Serve one command. What cannot be read of it, or written of its answer, fails this command and no other."""
        try:
            code, result = await self._handler(
                name, json.loads(args), lambda event: self._out.append((id, json.dumps(event)))
            )
            done = code, json.dumps(result)
        except SyncFailure as error:
            done = _failed(error.code, dict(error.params))
        except Exception:
            log.exception("a command of a member failed: %s", name)
            done = _failed("office-command-failed", {"name": name})
        self._out.append((id, done))

    def _write(self, connection: Connection) -> None:
        """Write events and answers, then the status if it has another revision."""
        while self._out:
            id, what = self._out[0]
            if isinstance(what, tuple):
                connection.execute(
                    "UPDATE commands SET exit = %s, result = %s, done = clock_timestamp() "
                    "WHERE id = %s AND epoch = %s AND done IS NULL",
                    (*what, id, self._epoch),
                )
            else:
                connection.execute(
                    "INSERT INTO command_events (command, event) SELECT id, %s FROM commands WHERE id = %s",
                    (what, id),
                )
            connection.execute("SELECT pg_notify('office_answers', %s)", (id,))
            self._out.popleft()
            if isinstance(what, tuple):
                self._calls.pop(id, None)
        if self._dirty.is_set():
            self._dirty.clear()
            try:
                self._show(connection)
            except BaseException:
                self._dirty.set()
                raise

    def _show(self, connection: Connection) -> None:
        async def asked() -> tuple[int, Any]:
            return self._status()

        asking = asyncio.run_coroutine_threadsafe(asked(), self._loop)
        while not self._stop.is_set():
            try:
                revision, value = asking.result(TURN)
            except TimeoutError:
                continue
            if revision != self._shown:
                with connection.transaction():
                    connection.execute(
                        "INSERT INTO status (id, epoch, revision, at, value) "
                        "SELECT 1, epoch, %s, clock_timestamp(), %s FROM leader WHERE id = 1 AND epoch = %s FOR SHARE "
                        "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision, "
                        "at = excluded.at, value = excluded.value",
                        (revision, json.dumps(value), self._epoch),
                    )
                    connection.execute("SELECT pg_notify('office_status', %s)", (str(revision),))
                self._shown = revision
            return
        asking.cancel()


def _failed(code: str, params: dict[str, Any]) -> tuple[int, str]:
    return FAILED, json.dumps({"error": code, "params": params}, default=str)


# ------------------------------------------------------------------------------------------------ a member's side


async def call(
    server: Server,
    member: str,
    name: str,
    args: dict[str, Any],
    on_event: Emit,
    *,
    id: str | None = None,
    patience: float = UNASKED,
) -> tuple[int, Any]:
    """Ask the leader, whoever it is; events go to ``on_event`` as they come. Survives lost connections and a change of
    the leader. ``id``: of a call that is repeated: it is served once and answered again.

    Raises :class:`StoreError` ``office-no-leader`` when nobody has taken the command after ``patience`` seconds, and
    ``office-unreachable`` when the server could not be reached for so long.
    """
    loop = asyncio.get_running_loop()
    asking = _Call(server, member, id or uuid.uuid4().hex, name, json.dumps(args), patience)

    def emit(event: dict[str, Any]) -> None:
        loop.call_soon_threadsafe(on_event, event)

    asking.emit = emit
    future = loop.run_in_executor(None, asking.run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        asking.cancelled.set()
        await asyncio.gather(future, return_exceptions=True)
        raise


class _Call:
    """One command, on a thread."""

    def __init__(self, server: Server, member: str, id: str, name: str, args: str, patience: float) -> None:
        self._server, self._patience = server, patience
        self._row = (id, member, name, args)
        self._id = id
        self._seen = 0
        self._waited = 0.0
        self.cancelled = threading.Event()
        self.emit: Emit = lambda event: None

    def run(self) -> tuple[int, Any]:
        while True:
            try:
                with self._server.connect("archisync call", autocommit=True) as connection:
                    return self._ask(connection)
            except psycopg.Error as error:
                self._waited += RETRY
                if self._waited >= self._patience or self.cancelled.is_set():
                    raise StoreError("office-unreachable", path=str(self._server), detail=str(error)) from error
                self.cancelled.wait(RETRY)

    def _ask(self, connection: Connection) -> tuple[int, Any]:
        connection.execute("LISTEN office_answers")
        connection.execute(
            "INSERT INTO commands (id, member, name, args) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            self._row,
        )
        connection.execute("NOTIFY office_commands")
        while True:
            self._pass_events_on(connection)
            row = connection.execute("SELECT epoch, exit, result FROM commands WHERE id = %s", (self._id,)).fetchone()
            if row is None:
                raise StoreError("office-no-leader", path=str(self._server))
            epoch, code, result = row
            if code is not None:
                self._pass_events_on(connection)
                return int(code), json.loads(result)
            if self.cancelled.is_set() or (epoch is None and self._waited >= self._patience):
                connection.execute("UPDATE commands SET cancelled = true WHERE id = %s", (self._id,))
                connection.execute("NOTIFY office_commands")
                raise StoreError("office-no-leader", path=str(self._server))
            self._waited = self._waited + 1.0 if epoch is None else 0.0
            for note in connection.notifies(timeout=1.0):
                if note.payload == self._id:
                    self._waited = 0.0
                    break

    def _pass_events_on(self, connection: Connection) -> None:
        found = connection.execute(
            "SELECT number, event FROM command_events WHERE command = %s AND number > %s ORDER BY number",
            (self._id, self._seen),
        ).fetchall()
        for number, event in found:
            self._seen = number
            self.emit(json.loads(event))


def shown(connection: Connection) -> Shown | None:
    """The status that all members see; ``None`` before the first leader. Blocking."""
    row = connection.execute(
        "SELECT s.epoch, s.revision, s.at, s.value, CASE WHEN a.pid IS NOT NULL THEN l.name END FROM leader l "
        "JOIN status s ON s.id = 1 LEFT JOIN pg_stat_activity a ON a.pid = l.backend AND l.member IS NOT NULL "
        "AND a.application_name = 'archisync leadership' WHERE l.id = 1"
    ).fetchone()
    return None if row is None else Shown(row[0], row[1], row[2], json.loads(row[3]), row[4])


def last_shown(server: Server) -> Shown | None:
    """:func:`shown`, over a connection of its own. Blocking. Raises :class:`StoreError`."""
    with translated(str(server)):
        with server.connect("archisync status", autocommit=True) as connection:
            return shown(connection)


__all__ = ["Desk", "Shown", "call", "last_shown", "shown"]
