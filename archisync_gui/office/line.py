"""A member's side of the office: one connection on one thread that sends commands to the leader and brings back their
events and answers, the status and the events of all.

Survives lost connections and a change of the leader: a command is a row with an id made here, which is inserted again
after a new connection and is served once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from archisync_gui.model import ErrorInfo, FailureKind, SyncFailure
from archisync_gui.office.desk import WAITS, Emit
from archisync_gui.office.doorbell import Doorbell
from archisync_gui.office.news import Command, News, fail
from archisync_gui.office.shared_settings import VERSIONS, read_shared
from archisync_gui.office.sql import LEADER
from archisync_gui.store.errors import RECOVERABLE, StoreError, one_line, translated
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

LOOK = 4.0
"""Seconds between two looks at the tables without a notification."""
UNTAKEN_LOOK = 1.0
"""Seconds between two looks while a command waits for somebody to take it."""
RETRY = 1.0
"""Seconds from a lost connection to the next one."""
STATEMENT = 5.0
"""Seconds that a statement of this connection may take. With :data:`store.postgres_server.SILENCE` and
:data:`LOOK` it says after how long a server that answers nothing any more is noticed."""
UNASKED = 30.0
"""Seconds that a command waits for a leader to take it, unless its caller says otherwise."""
DISTURBED = 10.0
"""Seconds without the server before people are told: a short loss disturbs nobody."""


@dataclass
class _Seen:
    """What of the tables was read."""

    event: int | None = None
    """Number of the last event announced to all; ``None``: nothing was read yet."""
    answer_event: int = 0
    """Number of the last event of a command."""
    status: tuple[int, int] = (0, -1)
    """Epoch and revision of the last status."""
    leader: tuple[Any, ...] = ()
    """Who leads, and the version of the tables."""
    settings: int = -1
    """Which settings: ``shared_settings.VERSIONS``."""
    as_of: datetime | None = None
    told: bool = field(default=False)
    """The leader was told to the owner since the connection was made."""


class Line:
    """A member's line to the leader, whoever it is. Made in the loop in which ``heard`` is called."""

    def __init__(self, server: Server, member: str, heard: Callable[[News], object] | None = None) -> None:
        """``member``: the id of this member. ``heard`` is called in the loop with what is new; without it only commands
        are sent."""
        self._server, self._member, self._heard = server, member, heard
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._bell = Doorbell()
        self._new: deque[Command] = deque()
        self._open: dict[str, Command] = {}
        self._given_up: set[str] = set()
        """Ids of commands that have failed here while the server, which may have them, could not be reached."""
        self._seen = _Seen()
        self.barred: StoreError | None = None
        """Why this member may send no commands; ``None``: it may."""
        self._silent_since: float | None = None
        self._asked: float | None = None
        """When the server was asked something that it has not answered yet."""
        self._disturbed = False
        self._late: asyncio.TimerHandle | None = None
        """Tells of a silence in the loop, while the thread waits for a new connection."""
        self._thread = threading.Thread(target=self._run, name="office-line", daemon=True)

    def start(self) -> None:
        """Connect and begin."""
        self._thread.start()

    async def stop(self) -> None:
        """End the connection. Commands under way fail with ``request-closing``; those taken go on at the leader. What
        was given up is withdrawn, if the server can be reached now."""
        self._stop.set()
        self._bell.ring()
        await asyncio.to_thread(self._thread.join)
        self._bell.close()
        if self._late is not None:
            self._late.cancel()
        for command in [*self._open.values(), *self._new]:
            if not command.future.done():
                command.future.set_exception(SyncFailure("request-closing", FailureKind.PERMANENT))
                command.future.exception()  # a caller may have gone already
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
        """Ask the leader; its answer (exit code and result) comes as ``future``, events before it to ``emit``.

        ``id``: of a command that is repeated: it is served once and answered again. The future raises
        :class:`StoreError` ``office-no-leader`` when nobody has taken the command after ``patience`` seconds, and the
        server's trouble when it could not be reached for so long.
        """
        command = Command(id or uuid.uuid4().hex, name, json.dumps(args), patience, emit, self._loop.create_future())
        command.deadline = time.monotonic() + (patience or 0.0)
        if self.barred is not None or self._stop.is_set():
            command.future.set_exception(self.barred or SyncFailure("request-closing", FailureKind.PERMANENT))
            command.future.exception()
            return command
        self._new.append(command)
        self._bell.ring()
        return command

    def unanswered(self, command: Command) -> StoreError | None:
        """Why a command has no answer yet; ``None``: the leader has taken it."""
        if command.taken and command.trouble is None:
            return None
        return command.trouble or StoreError("office-unreachable", path=str(self._server), detail="no answer")

    def cancel(self, command: Command) -> None:
        """The answer is not wanted any more: the leader ends the command."""
        command.cancelled = True
        self._bell.ring()

    # ------------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stop.is_set() or self._given_up:
            last = self._stop.is_set()
            self._asked = time.monotonic()
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
            self._seen.told = False
            self._take_new()
            if last:
                return
            self._bell.wait(None, 0.0 if self._stop.is_set() else RETRY)

    def _failed(self, error: StoreError) -> None:
        """The server cannot be used: note since when, tell when it lasts, and give up commands that waited enough."""
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now if self._asked is None else self._asked
            for command in self._open.values():
                if command.taken:  # its deadline was for the taking
                    command.deadline = self._silent_since + (command.patience or 0.0)
            log.warning("the office's server cannot be reached: %s", error)
            if self._heard is not None:  # the next try may take longer than people are to wait
                self._call(self._tell_in_time, self._silent_since, error)
        if error.code not in RECOVERABLE or now - self._silent_since >= DISTURBED:
            self._disturbed = True
            self._tell(self._trouble(error))
        self._take_new()
        for command in [*self._open.values()]:
            command.trouble = error
            if command.cancelled or (command.patience is not None and now >= command.deadline):
                self._given_up.add(command.id)
                self._end(command, error)

    def _tell_in_time(self, since: float, error: StoreError) -> None:
        """Called in the loop: tell of the silence that began at ``since`` when it has lasted for long."""

        def tell() -> None:
            if self._silent_since == since and not self._disturbed and self._heard is not None:
                self._disturbed = True
                self._heard(self._trouble(error))

        if self._stop.is_set():
            return
        if self._late is not None:
            self._late.cancel()
        self._late = self._loop.call_later(max(0.0, since + DISTURBED - time.monotonic()), tell)

    def _trouble(self, error: StoreError) -> News:
        return News(None, None, None, as_of=self._seen.as_of, trouble=ErrorInfo.of(error))

    def _follow(self, connection: Connection) -> None:
        for channel in ("office_answers", *(["office_status"] if self._heard else [])):
            connection.execute(f"LISTEN {channel}")
        look = 0.0
        news = answers = True
        while not self._stop.is_set():
            now = self._asked = time.monotonic()
            if now >= look:
                look, news, answers = now + LOOK, True, True
            self._send_commands(connection)
            if answers:
                self._read_answers(connection)
            if news and self._heard is not None:
                self._read_news(connection)
            self._silent_since, self._disturbed, self._asked = None, False, None
            left = look - time.monotonic()
            if any(not command.taken for command in self._open.values()):
                left = min(left, UNTAKEN_LOOK)
            notes = self._bell.wait(connection, left)
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
        """Tell the leader what was given up while the server could not be told."""
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
            connection.execute(
                "INSERT INTO commands (id, member, name, args) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
                (command.id, self._member, command.name, _with_end(command)),
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
        ).fetchall()  # before their events: those of an answered command are all there then
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
                self._call(_answer, command.future, (int(code), json.loads(result)))
            elif done is not None or (command.id not in found and command.inserted):
                self._end(command)  # the leader took it for late; answered and forgotten long ago
            else:
                self._look_after(connection, command, taken=epoch is not None)

    def _look_after(self, connection: Connection, command: Command, *, taken: bool) -> None:
        """Give up a command that nobody wants any more, or that nobody has taken for too long."""
        if taken and not command.taken:
            command.taken = True
        elif not taken and command.taken:
            command.taken, command.deadline = False, time.monotonic() + (command.patience or 0.0)
        late = not taken and command.patience is not None and time.monotonic() >= command.deadline
        if command.cancelled or late:
            if command.inserted:
                connection.execute("UPDATE commands SET cancelled = true WHERE id = %s", (command.id,))
                connection.execute("NOTIFY office_commands")
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
            if seen.event is None:
                row = connection.execute("SELECT coalesce(max(number), 0) FROM announced").fetchone()
                events: list[tuple[Any, ...]] = []
                last = 0 if row is None else int(row[0])
            else:
                events = connection.execute(
                    "SELECT number, event FROM announced WHERE number > %s ORDER BY number", (seen.event,)
                ).fetchall()
                last = events[-1][0] if events else seen.event
            leader = connection.execute(LEADER).fetchone()
            number = connection.execute(VERSIONS).fetchone()
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            which = seen.settings if number is None else int(number[0])
            settings = read_shared(connection) if which != seen.settings else None
        self._silent_since = None  # before this is told: nothing is told of the silence after it
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
            and seen.told
            and not self._disturbed
        ):
            return
        seen.leader, seen.told, seen.settings = leading, True, which
        told = tuple(json.loads(event) for _, event in events)
        current = member is not None and epoch == seen.status[0]
        of = None if schema is None else str(schema[0])
        self._tell(News(name, member, since, current, value, told, seen.as_of, settings, schema=of))

    def _tell(self, news: News) -> None:
        if self._heard is not None:
            self._call(self._heard, news)

    def _call(self, what: Callable[..., object], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:  # the loop is closed: the program ends
            self._stop.set()


def _with_end(command: Command) -> str:
    """The arguments of a command with how long it may still wait for a leader."""
    if command.patience is None:
        return command.args
    return json.dumps({**json.loads(command.args), WAITS: max(0.0, command.deadline - time.monotonic())})


def _answer(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


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
    """Ask the leader once, over a line of its own (command line); see :meth:`Line.send`."""
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
