"""The leader's server for members' commands, through the database; it also writes the leader's status and events.

A command has the same parts as a call over the local channel (``app.channel``): name, arguments, events, exit code and
result. All data are in rows; ``NOTIFY`` only saves waiting, since both sides query the tables from time to time as
well. The members' side is ``line``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import psycopg

from archisync_gui.model import EventKind, SyncFailure
from archisync_gui.office.sql import MEMBERS
from archisync_gui.office.waker import Waker
from archisync_gui.store.errors import StoreError
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of a member."""

    name: str
    args: dict[str, Any]
    member: str
    """The id of the member (``leadership.Member.id``), or a computer's name (command line)."""
    computer: str
    """The name of its computer."""


Handler = Callable[[Asked, Emit], Awaitable[tuple[int, Any]]]
"""Executes a command; sends events to ``Emit``; returns exit code and result (JSON)."""

LOOK = 2.0
"""Seconds between two queries of the tables without a notification."""
SHOW_GAP = 0.1
"""Least seconds between two writes of the status, unless a member waits for one: progress changes more often."""
RETRY = 1.0
"""Seconds from the loss of a connection to the next attempt to connect."""
KEPT = 3600
"""Seconds that an answered command is kept, so that a repeat after a lost connection gets its answer."""
STATUS_TURN = 0.05
"""Seconds between two checks, while the thread waits for the status, whether it has to stop."""
ANNOUNCED = 120
"""Seconds that an event is kept for members whose connection was lost."""
ANNOUNCED_READS = 4 * 86400
"""Seconds that events about the end of a read are kept: a member whose computer slept over a long weekend shows old
rows and numbers, and checks no watched records, until it gets these events."""
A_READ = f"%{json.dumps({'kind': EventKind.SYNC_COMPLETED})[1:-1]}%"
"""``LIKE`` pattern for these events: their kind as ``json.dumps`` writes it."""
SWEEP = 30.0
"""Seconds between two removals of old commands and events."""
STATEMENT = 5.0
"""Seconds that a statement of the desk's connection may take. With :data:`store.postgres_server.SILENCE` and
:data:`LOOK` it determines when a dead connection is replaced."""
WAITS = "_waits"
"""Key in a command's arguments: within how many seconds after it was sent it may be begun. Without this key (an earlier
version sent it, or the request is to outlive its sender) there is no limit."""
FAILED = 1
"""Exit code of a command that failed at the leader."""


class Desk:
    """Executes the commands of all members and writes status and events for them, on its own thread.

    For one epoch; ``lost`` is called once, on that thread, when the database has another one.
    """

    def __init__(
        self,
        server: Server,
        epoch: int,
        handler: Handler,
        status: Callable[[], Any],
        *,
        lost: Callable[[int], None],
        present: Callable[[dict[str, str]], object] = lambda members: None,
    ) -> None:
        """``status`` returns the status (JSON); it is called in the event loop after :meth:`changed`. ``present`` is
        called in the event loop from time to time with the members that are present (id → name)."""
        self._server, self._epoch, self._handler, self._status, self._lost = server, epoch, handler, status, lost
        self._present = present
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._dirty = threading.Event()
        self._dirty.set()
        self._broken_off = threading.Event()
        self._waker = Waker()
        self._out: deque[tuple[str, str | tuple[int, str]]] = deque()
        """Command id with an event (JSON) or answer (exit code, JSON); removed when it was written."""
        self._news: deque[str] = deque()
        """The orchestrator's events (JSON) for all members; removed when they were written."""
        self._calls: dict[str, Future[None]] = {}
        self._shown = ""
        """The last status written (JSON), without its time."""
        self._number = 0
        self._unsure: tuple[int, int, str] | None = None
        """Number, count of events and text of the status that is being written. After a lost connection it is not known
        whether that was committed."""
        self._show_after = 0.0
        self._sweep = 0.0
        self._thread = threading.Thread(target=self._run, name="office-desk", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def changed(self, event: Any = None) -> None:
        """The status may have changed. ``event``: an event (JSON) for all members."""
        if event is not None:
            self._news.append(json.dumps(event))
        self._dirty.set()
        self._waker.wake()

    def break_off(self) -> None:
        """Another member leads, and the server may not answer: stop without waiting for the server. :meth:`stop` has to
        follow."""
        self._stop.set()
        self._broken_off.set()
        self._waker.wake()

    async def stop(self) -> None:
        """Stop; running commands are cancelled and not answered, so that the next leader executes them."""
        self._stop.set()
        self._waker.wake()
        await asyncio.to_thread(self._thread.join)
        # After the thread's end, since it may take further commands until then.
        for call in self._calls.values():
            call.cancel()
        self._waker.close()

    # ------------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._server.connect("archisync desk", autocommit=True, statement_seconds=STATEMENT) as connection:
                    connection.broken_off = self._broken_off
                    if not self._serve(connection):
                        return
            except (StoreError, psycopg.Error) as error:
                log.warning("the office's commands cannot be served: %s", error)
            except Exception:
                log.exception("the office's desk failed")
            self._stop.wait(RETRY)

    def _serve(self, connection: Connection) -> bool:
        """Serve until :meth:`stop`; False: another member leads."""
        connection.execute("LISTEN office_commands")
        self._settle(connection)
        look = tell = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= look:
                look = now + LOOK
                if not self._take(connection):
                    self._lost(self._epoch)
                    return False
                if now >= tell:
                    tell = now + LOOK
                    self._tell_members(connection)
            self._write(connection)
            left = look - time.monotonic()
            if self._dirty.is_set():
                left = min(left, self._show_after - time.monotonic())
            if self._waker.wait(connection, left):
                look = 0.0
        return True

    def _settle(self, connection: Connection) -> None:
        """Find out what was committed by transactions and statements whose commit was not confirmed."""
        # Commands that were taken by one of them were not begun: take them again.
        connection.execute(
            "UPDATE commands SET epoch = NULL WHERE epoch = %s AND done IS NULL AND NOT id = ANY(%s)",
            (self._epoch, [*self._calls]),
        )
        ended = connection.execute(
            "SELECT id FROM commands WHERE id = ANY(%s) AND cancelled AND done IS NOT NULL", ([*self._calls],)
        ).fetchall()
        self._end_calls(ended)
        if self._out:  # if it is an event that is there already, the member would get it twice
            id, what = self._out[0]
            last = connection.execute(
                "SELECT event FROM command_events WHERE command = %s ORDER BY number DESC LIMIT 1", (id,)
            ).fetchone()
            if last == (what,):
                self._out.popleft()
        if self._unsure is not None:
            number, count, plain = self._unsure
            mine = connection.execute("SELECT revision FROM status WHERE id = 1 AND epoch = %s", (self._epoch,))
            if mine.fetchone() == (number,):
                self._was_shown(number, count, plain)
            self._unsure = None

    def _end_calls(self, ended: list[tuple[Any, ...]]) -> None:
        for (id,) in ended:
            call = self._calls.pop(id, None)
            if call is not None:
                call.cancel()

    def _take(self, connection: Connection) -> bool:
        """Take the waiting commands and start them; False: another member leads."""
        with connection.transaction():
            leading = connection.execute(
                "SELECT epoch FROM leader WHERE id = 1 AND epoch = %s FOR SHARE", (self._epoch,)
            ).fetchone()
            if leading is None:
                return False
            if (now := time.monotonic()) >= self._sweep:
                self._sweep = now + SWEEP
                _forget(connection)
            late = [
                id
                for id, args, waited, begun in connection.execute(
                    "SELECT id, args, extract(epoch FROM clock_timestamp() - asked)::float8, epoch IS NOT NULL "
                    "FROM commands WHERE done IS NULL AND epoch IS DISTINCT FROM %s FOR UPDATE",
                    (self._epoch,),
                )
                if _is_late(args, waited, begun)
            ]
            connection.execute("UPDATE commands SET cancelled = true WHERE id = ANY(%s)", (late,))
            found = connection.execute(
                "UPDATE commands SET epoch = %s WHERE done IS NULL AND NOT cancelled AND epoch IS DISTINCT FROM %s "
                "RETURNING asked, id, name, args, member, "
                "coalesce((SELECT m.name FROM members m WHERE m.id = commands.member), member)",
                (self._epoch, self._epoch),
            ).fetchall()
            unwanted = connection.execute(
                "UPDATE commands SET done = clock_timestamp() WHERE done IS NULL AND cancelled RETURNING id"
            ).fetchall()
        for _, id, *asked in sorted(found):
            self._calls[id] = asyncio.run_coroutine_threadsafe(self._answer(id, *asked), self._loop)
        self._end_calls(unwanted)
        return True

    def _tell_members(self, connection: Connection) -> None:
        members = dict(connection.execute(MEMBERS).fetchall())
        self._loop.call_soon_threadsafe(self._present, members)

    async def _answer(self, id: str, name: str, args: str, member: str, computer: str) -> None:
        """Execute one command. If its arguments cannot be parsed or its answer cannot be written as JSON, it fails."""

        def emit(event: dict[str, Any]) -> None:
            self._out.append((id, json.dumps(event)))
            self._waker.wake()

        try:
            arguments = json.loads(args)
            arguments.pop(WAITS, None)
            code, result = await self._handler(Asked(name, arguments, member, computer), emit)
            done = code, json.dumps(result)
        except SyncFailure as error:
            done = _failed(error.code, dict(error.params))
        except Exception:
            log.exception("a command of a member failed: %s", name)
            done = _failed("office-command-failed", {"name": name})
        self._out.append((id, done))
        self.changed()  # also a command without event, such as a form's sign of life, may change the status

    def _write(self, connection: Connection) -> None:
        """Write events and answers, then the status if it may have changed."""
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
                    "INSERT INTO command_events (command, event) "
                    "SELECT id, %s FROM commands WHERE id = %s AND epoch = %s",
                    (what, id, self._epoch),
                )
            connection.execute("SELECT pg_notify('office_answers', %s)", (id,))
            self._out.popleft()
            self._show_after = 0.0  # the sender waits for the status that contains the effect
            if isinstance(what, tuple):
                self._calls.pop(id, None)
        if self._dirty.is_set() and time.monotonic() >= self._show_after:
            self._dirty.clear()
            self._show_after = time.monotonic() + SHOW_GAP
            try:
                self._show(connection)
            except BaseException:
                self._dirty.set()
                raise

    def _show(self, connection: Connection) -> None:
        """Write the events of the orchestrator, and the status after them, in one transaction."""

        async def snapshot() -> tuple[Any, int]:
            count = len(self._news)  # in the event loop, which adds them: so the status contains exactly these
            return self._status(), count

        asking = asyncio.run_coroutine_threadsafe(snapshot(), self._loop)
        while True:
            try:
                value, count = asking.result(STATUS_TURN)
                break
            except TimeoutError:
                if self._stop.is_set():
                    asking.cancel()
                    return
        plain = json.dumps(value if not isinstance(value, dict) else {**value, "at": None})
        if plain == self._shown and not count:
            return
        number = self._number + 1
        self._unsure = number, count, plain
        with connection.transaction():
            written = connection.execute(
                "INSERT INTO status (id, epoch, revision, at, value) "
                "SELECT 1, epoch, %s, clock_timestamp(), %s FROM leader WHERE id = 1 AND epoch = %s FOR SHARE "
                "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision, "
                "at = excluded.at, value = excluded.value",
                (number, json.dumps(value), self._epoch),
            ).rowcount
            if written:
                events = [(self._epoch, self._news[at]) for at in range(count)]
                if events:
                    with connection.cursor() as cursor:
                        cursor.executemany("INSERT INTO announced (epoch, event) VALUES (%s, %s)", events)
                connection.execute("SELECT pg_notify('office_status', %s)", (str(number),))
        self._unsure = None
        self._was_shown(number, count, plain)

    def _was_shown(self, number: int, count: int, plain: str) -> None:
        self._shown, self._number = plain, number
        for _ in range(count):
            self._news.popleft()


def _forget(connection: Connection) -> None:
    """Remove commands and events that were kept long enough."""
    connection.execute("DELETE FROM commands WHERE done < clock_timestamp() - make_interval(secs => %s)", (KEPT,))
    connection.execute(
        "DELETE FROM announced WHERE at < clock_timestamp() - make_interval(secs => %s) "
        "AND (event NOT LIKE %s OR at < clock_timestamp() - make_interval(secs => %s))",
        (ANNOUNCED, A_READ, ANNOUNCED_READS),
    )


def _is_late(args: str, waited: float, begun: bool) -> bool:
    """Whether a command that was sent ``waited`` seconds ago may not be begun any more. ``begun``: an earlier leader
    had begun it; then its sender may still wait for its end, for at most :data:`KEPT` seconds."""
    try:
        limit = json.loads(args).get(WAITS)
    except (ValueError, RecursionError, AttributeError):  # it fails with an answer when it is executed
        return False
    return isinstance(limit, int | float) and waited > (max(limit, KEPT) if begun else limit)


def _failed(code: str, params: dict[str, Any]) -> tuple[int, str]:
    return FAILED, json.dumps({"error": code, "params": params}, default=str)


__all__ = ["Asked", "Desk", "Emit", "Handler"]
