"""The leader's side of what members ask of it, through the database: commands, answers, the status and events of all.

The same calls as over the local channel (``app.channel``): a name, arguments, events, an exit code and a result. The
rows are the truth; ``NOTIFY`` only says that it is worth looking, and everybody looks now and then without it. The
members' side is ``line``.
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
from datetime import datetime
from typing import Any

import psycopg

from archisync_gui.model import EventKind, SyncFailure
from archisync_gui.office.doorbell import Doorbell
from archisync_gui.office.sql import LEADER, MEMBERS
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of a member."""

    name: str
    args: dict[str, Any]
    member: str
    """Who asks: the id of a running member (``leadership.Member.id``), or a computer's name (command line)."""
    computer: str
    """The name of its computer, for people."""


Handler = Callable[[Asked, Emit], Awaitable[tuple[int, Any]]]
"""Serves one command; events go to ``Emit``; returns exit code and result (JSON)."""

LOOK = 2.0
"""Seconds between two looks at the tables without a notification."""
SHOW_GAP = 0.1
"""Seconds between two statuses written, unless somebody waits for one: progress alone comes more often."""
RETRY = 1.0
"""Seconds from a lost connection to the next one."""
KEPT = 3600
"""Seconds that an answered command stays, so that a repeat after a lost connection finds its answer."""
STATUS_TURN = 0.05
"""Seconds between two looks of the thread that waits for the status whether it is to stop."""
ANNOUNCED = 120
"""Seconds that an event stays for members whose connection was lost."""
ANNOUNCED_READS = 4 * 86400
"""Seconds that the end of a read stays: a member that slept over a long weekend shows rows and numbers of before it,
and watches records, until it hears of the reads."""
A_READ = f"%{json.dumps({'kind': EventKind.SYNC_COMPLETED})[1:-1]}%"
"""``LIKE`` such an event is one of these: its kind as ``json.dumps`` writes it."""
SWEEP = 30.0
"""Seconds between two removals of what has stayed long enough."""
STATEMENT = 5.0
"""Seconds that a statement of the desk's connection may take. With :data:`store.postgres_server.SILENCE` and
:data:`LOOK` it says after how long a connection that is dead without a word is replaced."""
PATIENCE = 10.0
"""Seconds that the server may take to give the last status to a command."""
WAITS = "_waits"
"""Key among a command's arguments: for how many seconds after it was asked for it may be begun. Without it (an earlier
version asks, or the request is to outlive who asks) there is no end."""
FAILED = 1
"""Exit code of a command that failed at the leader."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The status as the leader wrote it last."""

    epoch: int
    revision: int
    """Counts the statuses written under that epoch."""
    at: datetime
    """By the server's clock."""
    value: Any
    """The leader's status as JSON (the command line's ``status --json``)."""
    leader: str | None
    """The computer that leads; ``None``: nobody does."""
    now: datetime
    """The server's clock when this was read."""


class Desk:
    """The leader's side: serves the commands of all members, and shows them status and events, on a thread of its own.

    Made for one epoch; ``lost`` is called once (on that thread) when the database shows another one.
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
        """``status`` answers the status (JSON), on the loop's thread; call :meth:`changed` when it is worth asking.
        ``present`` is called on the loop's thread now and then with the members that take part: id and name."""
        self._server, self._epoch, self._handler, self._status, self._lost = server, epoch, handler, status, lost
        self._present = present
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._dirty = threading.Event()
        self._dirty.set()
        self._broken_off = threading.Event()
        self._bell = Doorbell()
        self._out: deque[tuple[str, str | tuple[int, str]]] = deque()
        """Events and answers (JSON, exit code before it) to be written; each stays until it is."""
        self._news: deque[str] = deque()
        """The orchestrator's events (JSON) to be announced to all; each stays until it is."""
        self._calls: dict[str, Future[None]] = {}
        self._shown = ""
        """The last status written, without its time."""
        self._number = 0
        self._show_after = 0.0
        self._sweep = 0.0
        self._thread = threading.Thread(target=self._run, name="office-desk", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def changed(self, event: Any = None) -> None:
        """The status may have another revision now. ``event``: what happened (JSON), for all members."""
        if event is not None:
            self._news.append(json.dumps(event))
        self._dirty.set()
        self._bell.ring()

    def break_off(self) -> None:
        """Another member leads, and the server may not answer: serve no more, and wait for no answer. Follow it by
        :meth:`stop`."""
        self._stop.set()
        self._broken_off.set()
        self._bell.ring()

    async def stop(self) -> None:
        """Serve no more; calls under way are cancelled and stay unanswered, for the next leader."""
        self._stop.set()
        self._bell.ring()
        await asyncio.to_thread(self._thread.join)
        # Only now: until its end the thread may take one more command.
        for call in self._calls.values():
            call.cancel()
        self._bell.close()

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
        """Serve until the end; False: another member leads."""
        connection.execute("LISTEN office_commands")
        # What was taken by a transaction whose end was not heard any more was not begun.
        connection.execute(
            "UPDATE commands SET epoch = NULL WHERE epoch = %s AND done IS NULL AND NOT id = ANY(%s)",
            (self._epoch, [*self._calls]),
        )
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
            if self._bell.wait(connection, left):
                look = 0.0
        return True

    def _take(self, connection: Connection) -> bool:
        """Take what waits; False: another member leads."""
        with connection.transaction():
            mine = connection.execute(
                "SELECT epoch FROM leader WHERE id = 1 AND epoch = %s FOR SHARE", (self._epoch,)
            ).fetchone()
            if mine is None:
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
        for (id,) in unwanted:
            call = self._calls.pop(id, None)
            if call is not None:
                call.cancel()
        return True

    def _tell_members(self, connection: Connection) -> None:
        members = dict(connection.execute(MEMBERS).fetchall())
        self._loop.call_soon_threadsafe(self._present, members)

    async def _answer(self, id: str, name: str, args: str, member: str, computer: str) -> None:
        """Serve one command. What cannot be read of it, or written of its answer, fails this command and no other."""

        def emit(event: dict[str, Any]) -> None:
            self._out.append((id, json.dumps(event)))
            self._bell.ring()

        try:
            given = json.loads(args)
            given.pop(WAITS, None)
            code, result = await self._handler(Asked(name, given, member, computer), emit)
            done = code, json.dumps(result)
        except SyncFailure as error:
            done = _failed(error.code, dict(error.params))
        except Exception:
            log.exception("a command of a member failed: %s", name)
            done = _failed("office-command-failed", {"name": name})
        self._out.append((id, done))
        self.changed()  # also of what is no event: a form's sign of life

    def _write(self, connection: Connection) -> None:
        """Write events and answers, then the status if it is another one."""
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
            self._show_after = 0.0  # whoever asked waits for the status in which the answer shows
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

        async def asked() -> tuple[Any, int]:
            count = len(self._news)  # on the loop's thread, which adds to them: exactly those that the status follows
            return self._status(), count

        asking = asyncio.run_coroutine_threadsafe(asked(), self._loop)
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
        with connection.transaction():
            mine = connection.execute(
                "INSERT INTO status (id, epoch, revision, at, value) "
                "SELECT 1, epoch, %s, clock_timestamp(), %s FROM leader WHERE id = 1 AND epoch = %s FOR SHARE "
                "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision, "
                "at = excluded.at, value = excluded.value",
                (self._number + 1, json.dumps(value), self._epoch),
            ).rowcount
            if mine:
                events = [(self._epoch, self._news[at]) for at in range(count)]
                if events:
                    with connection.cursor() as cursor:
                        cursor.executemany("INSERT INTO announced (epoch, event) VALUES (%s, %s)", events)
                connection.execute("SELECT pg_notify('office_status', %s)", (str(self._number + 1),))
        self._shown, self._number = plain, self._number + 1
        for _ in range(count):
            self._news.popleft()


def _forget(connection: Connection) -> None:
    """Remove commands and events that nobody asks for any more."""
    connection.execute("DELETE FROM commands WHERE done < clock_timestamp() - make_interval(secs => %s)", (KEPT,))
    connection.execute(
        "DELETE FROM announced WHERE at < clock_timestamp() - make_interval(secs => %s) "
        "AND (event NOT LIKE %s OR at < clock_timestamp() - make_interval(secs => %s))",
        (ANNOUNCED, A_READ, ANNOUNCED_READS),
    )


def _is_late(args: str, waited: float, begun: bool) -> bool:
    """Whether nobody waits any more for a command that was asked for ``waited`` seconds ago. ``begun``: by an earlier
    leader; whoever asked may wait for its end, but not for more than :data:`KEPT` seconds."""
    try:
        limit = json.loads(args).get(WAITS)
    except (ValueError, RecursionError, AttributeError):  # told to who asked when it is served
        return False
    return isinstance(limit, int | float) and waited > (max(limit, KEPT) if begun else limit)


def _failed(code: str, params: dict[str, Any]) -> tuple[int, str]:
    return FAILED, json.dumps({"error": code, "params": params}, default=str)


def shown(connection: Connection) -> Shown | None:
    """The status that all members see; ``None`` before the first leader. Blocking."""
    row = connection.execute(
        "SELECT s.epoch, s.revision, s.at, s.value, l.name, clock_timestamp() "
        f"FROM status s CROSS JOIN ({LEADER}) l WHERE s.id = 1"
    ).fetchone()
    return None if row is None else Shown(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])


def last_shown(server: Server) -> Shown | None:
    """:func:`shown`, over a connection of its own. Blocking. Raises :class:`StoreError`."""
    with translated(str(server)):
        with server.connect("archisync status", autocommit=True, statement_seconds=PATIENCE) as connection:
            return shown(connection)


__all__ = ["Asked", "Desk", "Emit", "Handler", "Shown", "last_shown", "shown"]
