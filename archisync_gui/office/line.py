"""A member's connection to the office, on its own thread: sends commands to the leader, and receives their events and
answers, the leader's status and its events.

A command is a row whose id is made here. After a lost connection or a change of the leader it is still executed once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from archisync_gui.model import ErrorInfo, FailureKind, SyncFailure, SystemClock
from archisync_gui.office.desk import KEPT, Emit
from archisync_gui.office.news import Command, News, answer, fail
from archisync_gui.office.shared_settings import VERSIONS, read_shared
from archisync_gui.office.sql import LEADER
from archisync_gui.office.waker import Waker
from archisync_gui.store.errors import RECOVERABLE, StoreError, one_line, translated
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

LOOK = 4.0
"""Seconds between two queries of the tables without a notification."""
UNTAKEN_LOOK = 1.0
"""Seconds between two queries while a command waits for a leader."""
RETRY = 1.0
"""Seconds from the loss of a connection to the next attempt to connect."""
STATEMENT = 5.0
"""Seconds that a statement of this connection may take. With :data:`store.postgres_server.SILENCE` and :data:`LOOK` it
determines when a server that does not answer any more is noticed."""
UNASKED = 30.0
"""Seconds that a command waits for a leader by default."""
DISTURBED = 10.0
"""Seconds without the server after which this is shown; shorter losses are not."""
REPEATED = KEPT / 2
"""Seconds within which a command is inserted again after a lost connection. Later its row may have been answered and
removed, and the command would be executed twice."""
CLOCK = SystemClock()
"""Includes the time that the computer sleeps, so that a command of the evening is not executed in the morning."""


@dataclass
class _Seen:
    """What was read from the tables so far."""

    event: int | None = None
    """Number of the leader's last event; ``None``: nothing was read yet."""
    answer_event: int = 0
    """Number of the last event of a command."""
    status: tuple[int, int] = (0, -1)
    """Epoch and revision of the last status."""
    leader: tuple[Any, ...] = ()
    """The leader, and the schema version of the tables."""
    settings: int = -1
    """The result of ``shared_settings.VERSIONS``."""
    as_of: datetime | None = None
    """When the last status was written, by the server's clock."""
    leader_reported: bool = field(default=False)
    """``heard`` was called since the connection was made."""


class Line:
    """A member's connection to the present leader. To be created in the event loop, in which ``heard`` is called."""

    def __init__(self, server: Server, member: str, heard: Callable[[News], object] | None = None) -> None:
        """``member``: the id of this member. ``heard`` gets news, in the event loop; without it: only commands."""
        self._server, self._member, self._heard = server, member, heard
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._waker = Waker()
        self._new: deque[Command] = deque()
        self._open: dict[str, Command] = {}
        self._given_up: set[str] = set()
        """Ids of commands that have failed here and are to be cancelled on the server, where their rows may exist."""
        self._seen = _Seen()
        self.barred: StoreError | None = None
        """Why this member may not send commands; ``None``: it may."""
        self._silent_since: float | None = None
        """Monotonic time since when the server has not answered."""
        self._asked: float | None = None
        """Monotonic time of a query that the server has not answered yet."""
        self._disturbed = False
        """The loss of the server was reported."""
        self._late: asyncio.TimerHandle | None = None
        """Timer in the event loop that reports the loss while the thread tries to connect."""
        self._thread = threading.Thread(target=self._run, name="office-line", daemon=True)

    def start(self) -> None:
        """Start the thread, which connects."""
        self._thread.start()

    async def stop(self) -> None:
        """End the connection. Commands without answer fail with ``request-closing``; the leader continues those it has
        taken. Commands that were given up are withdrawn if the server can be reached now."""
        self._stop.set()
        self._waker.wake()
        await asyncio.to_thread(self._thread.join)
        self._waker.close()
        if self._late is not None:
            self._late.cancel()
        for command in [*self._open.values(), *self._new]:
            fail(command.future, SyncFailure("request-closing", FailureKind.PERMANENT))
        self._open.clear()
        self._new.clear()

    def send(
        self,
        name: str,
        args: dict[str, Any],
        emit: Emit = lambda event: None,
        *,
        id: str | None = None,
        patience: float | None = UNASKED,
    ) -> Command:
        """Send a command to the leader. ``emit`` gets its events, then ``future`` the answer (exit code and result).

        ``id``: the id of a command that is repeated: it is executed once and answered again. The future raises
        :class:`StoreError`: ``office-no-leader`` when no leader has taken the command after ``patience`` seconds, or
        the connection's error when the server could not be reached for so long.
        """
        command = Command(id or uuid.uuid4().hex, name, json.dumps(args), patience, emit, self._loop.create_future())
        command.deadline = CLOCK.monotonic() + (patience or 0.0)
        if self.barred is not None or self._stop.is_set():
            fail(command.future, self.barred or SyncFailure("request-closing", FailureKind.PERMANENT))
            return command
        self._new.append(command)
        self._waker.wake()
        return command

    def unanswered(self, command: Command) -> StoreError | None:
        """Why a command has no answer yet; ``None``: the leader has taken it."""
        if command.taken and command.trouble is None:
            return None
        return command.trouble or StoreError("office-unreachable", path=str(self._server), detail="no answer")

    def cancel(self, command: Command) -> None:
        """Cancel a command, also at the leader."""
        command.cancelled = True
        self._waker.wake()

    # ------------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stop.is_set() or self._given_up:
            last = self._stop.is_set()
            self._asked = CLOCK.monotonic()
            try:
                with translated(str(self._server)):
                    with self._server.connect("archisync line", autocommit=True, statement_seconds=STATEMENT) as found:
                        self._follow(found)
            except StoreError as error:
                self._failed(error)
            except psycopg.Error as error:
                self._failed(StoreError("office-unreachable", path=str(self._server), detail=one_line(error)))
            except Exception as error:
                log.exception("the line to the office failed")
                self._failed(StoreError("office-unreachable", path=str(self._server), detail=one_line(error)))
            for command in self._open.values():
                command.inserted = False
            self._seen.leader_reported = False
            self._take_new()
            if last:
                return
            self._waker.wait(None, 0.0 if self._stop.is_set() else RETRY)

    def _failed(self, error: StoreError) -> None:
        """The server cannot be used: report that when it lasts, and give up commands whose time is over."""
        now = CLOCK.monotonic()
        if self._silent_since is None:
            self._silent_since = now if self._asked is None else self._asked
            for command in self._open.values():
                if command.taken:  # the deadline was for being taken: begin again
                    command.deadline = self._silent_since + (command.patience or 0.0)
            log.warning("the office's server cannot be reached: %s", error)
            if self._heard is not None:  # by a timer, since the next attempt may take longer than DISTURBED
                self._call(self._tell_in_time, self._silent_since, error)
        if error.code not in RECOVERABLE or now - self._silent_since >= DISTURBED:
            self._disturbed = True
            self._tell(self._trouble(error))
        self._take_new()
        for command in [*self._open.values()]:
            command.trouble = error
            if command.cancelled or (command.patience is not None and now >= command.deadline):
                if command.sent is not None:
                    self._given_up.add(command.id)
                self._end(command, error)

    def _tell_in_time(self, since: float, error: StoreError) -> None:
        """In the event loop: report the loss that began at ``since`` when it has lasted for :data:`DISTURBED`."""

        def tell() -> None:
            if self._silent_since == since and not self._disturbed and self._heard is not None:
                self._disturbed = True
                self._heard(self._trouble(error))

        if self._stop.is_set():
            return
        if self._late is not None:
            self._late.cancel()
        self._late = self._loop.call_later(max(0.0, since + DISTURBED - CLOCK.monotonic()), tell)

    def _trouble(self, error: StoreError) -> News:
        return News(None, None, None, as_of=self._seen.as_of, trouble=ErrorInfo.of(error))

    def _follow(self, connection: Connection) -> None:
        for channel in ("office_answers", *(["office_status"] if self._heard else [])):
            connection.execute(f"LISTEN {channel}")
        look = 0.0
        news = answers = True
        while not self._stop.is_set():
            now = self._asked = CLOCK.monotonic()
            if now >= look:
                look, news, answers = now + LOOK, True, True
            self._send_commands(connection)
            if answers:
                self._read_answers(connection)
            if news and self._heard is not None:
                self._read_news(connection)
            self._silent_since, self._disturbed, self._asked = None, False, None
            left = look - CLOCK.monotonic()
            if any(not command.taken for command in self._open.values()):
                left = min(left, UNTAKEN_LOOK)
            notes = self._waker.wait(connection, left)
            news = any(note.channel == "office_status" for note in notes)
            answers = any(note.payload in self._open for note in notes if note.channel == "office_answers")
            answers = answers or any(not command.taken or command.cancelled for command in self._open.values())
        self._withdraw(connection)

    def _take_new(self) -> None:
        while self._new:
            command = self._new.popleft()
            self._open[command.id] = command
            self._given_up.discard(command.id)

    def _withdraw(self, connection: Connection) -> None:
        """Cancel on the server the commands that were given up."""
        if self._given_up:
            connection.execute(
                "UPDATE commands SET cancelled = true WHERE id = ANY(%s) AND done IS NULL", ([*self._given_up],)
            )
            connection.execute("NOTIFY office_commands")
            self._given_up.clear()

    def _send_commands(self, connection: Connection) -> None:
        self._take_new()
        self._withdraw(connection)
        waiting = [command for command in self._open.values() if not command.inserted and not command.cancelled]
        for command in waiting:
            now = CLOCK.monotonic()
            command.sent = now if command.sent is None else command.sent
            if now - command.sent < REPEATED:
                connection.execute(
                    "INSERT INTO commands (id, member, name, args) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
                    (command.id, self._member, command.name, command.arguments(now)),
                )
            command.inserted = True
        if waiting:
            connection.execute("NOTIFY office_commands")

    def _read_answers(self, connection: Connection) -> None:
        if not self._open:
            return
        ids = [*self._open]
        rows = connection.execute(
            "SELECT id, epoch, exit, result, done FROM commands WHERE id = ANY(%s)", (ids,)
        ).fetchall()  # before their events, so that all events of an answered command are read below
        events = connection.execute(
            "SELECT number, command, event FROM command_events WHERE command = ANY(%s) AND number > %s ORDER BY number",
            (ids, self._seen.answer_event),
        ).fetchall()
        for number, id, event in events:
            self._seen.answer_event = number
            self._call(self._open[id].emit, json.loads(event))
        found = {id: rest for id, *rest in rows}
        for command in [*self._open.values()]:
            epoch, code, result, done = found.get(command.id, (None, None, None, None))
            if code is not None:
                del self._open[command.id]
                self._call(answer, command.future, (int(code), json.loads(result)))
            elif done is not None:
                self._end(command)  # the leader has refused it as late
            elif command.id not in found and command.inserted:  # it was answered and removed long ago
                self._end(command, StoreError("office-command-failed", name=command.name))
            else:
                self._check_open(connection, command, taken=epoch is not None)

    def _check_open(self, connection: Connection, command: Command, *, taken: bool) -> None:
        """Give up a command that was cancelled, or that no leader has taken in time."""
        if taken and not command.taken:
            command.taken = True
        elif not taken and command.taken:
            command.taken, command.deadline = False, CLOCK.monotonic() + (command.patience or 0.0)
        late = not taken and command.patience is not None and CLOCK.monotonic() >= command.deadline
        if command.cancelled or late:
            if command.sent is not None:  # over this connection or an earlier one
                self._given_up.add(command.id)
                self._withdraw(connection)
            self._end(command)

    def _end(self, command: Command, error: StoreError | None = None) -> None:
        self._open.pop(command.id, None)
        self._call(fail, command.future, error or StoreError("office-no-leader", path=str(self._server)))

    # ------------------------------------------------------------------------------------------------ the news

    def _read_news(self, connection: Connection) -> None:
        seen = self._seen
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            status = connection.execute(
                "SELECT epoch, revision, at, CASE WHEN (epoch, revision) IS DISTINCT FROM (%s::bigint, %s::bigint) "
                "THEN value END FROM status WHERE id = 1",
                seen.status,
            ).fetchone()
            row = connection.execute("SELECT coalesce(max(number), 0) FROM announced").fetchone()
            last = 0 if row is None else int(row[0])
            # After a restore or failover the database may be in an earlier state, with lower numbers.
            after = last if seen.event is None else min(seen.event, last)
            events = connection.execute(
                "SELECT number, event FROM announced WHERE number > %s ORDER BY number", (after,)
            ).fetchall()
            leader = connection.execute(LEADER).fetchone()
            number = connection.execute(VERSIONS).fetchone()
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            settings_version = seen.settings if number is None else int(number[0])
            settings = read_shared(connection) if settings_version != seen.settings else None
        self._silent_since = None  # before the news are reported, so that the loss is not reported after them
        epoch, since, name, member = leader or (0, None, None, None)
        value = None
        if status is not None:
            seen.status, seen.as_of = (int(status[0]), int(status[1])), status[2]
            value = None if status[3] is None else json.loads(status[3])
        seen.event = last
        leading = (epoch, since, name, member, schema)
        if (
            settings is None
            and value is None
            and not events
            and leading == seen.leader
            and seen.leader_reported
            and not self._disturbed
        ):
            return
        seen.leader, seen.leader_reported, seen.settings = leading, True, settings_version
        announced = tuple(json.loads(event) for _, event in events)
        current = member is not None and epoch == seen.status[0]
        version = None if schema is None else str(schema[0])
        self._tell(News(name, member, since, current, value, announced, seen.as_of, settings, schema=version))

    def _tell(self, news: News) -> None:
        if self._heard is not None:
            self._call(self._heard, news)

    def _call(self, what: Callable[..., object], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:  # the event loop is closed: the program ends
            self._stop.set()


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
    """Send one command over a separate line (command line); see :meth:`Line.send`."""
    line = Line(server, member)
    line.start()
    command = line.send(name, args, on_event, id=id, patience=patience)
    try:
        return await asyncio.shield(command.future)
    except asyncio.CancelledError:
        line.cancel(command)
        await asyncio.gather(command.future, return_exceptions=True)
        raise
    finally:
        await line.stop()
