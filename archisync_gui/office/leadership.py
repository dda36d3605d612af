"""Election of the leader: a session-level advisory lock on a connection of its own, and an epoch that fences writers
off.

PostgreSQL gives the lock to one session at a time and releases it when that session ends. But it cannot notice that a
leader sleeps. Therefore each leadership has a number, the *epoch*: every write transaction of a leader checks its epoch
against the row in ``leader``, ``FOR SHARE``, and a new leader increases the epoch first (``store.postgres``).

When the leader's connection breaks, this happens in this order: the leader gives up ``SILENCE`` seconds after a sign of
life without answer; the server ends a session that was idle for ``IDLE`` seconds (PostgreSQL 14 and later; with earlier
versions the other members ask it to); then the lock is free for the next member that tries. All of it takes at most 15
s (``tests/office/test_limits.py`` adds it up). A leader whose program hangs while computer and network work gives the
leadership up after ``HANGS`` seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from archisync_gui.office.checks import refuse_unfit
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.sql import LOCK_MEMBER, TRY_LEADER_LOCK, UNLOCK_LEADER
from archisync_gui.store.errors import StoreError, server_code
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

BEAT = 2.0
"""Seconds between two signs of life of a member in the table ``members``."""
TURN = 0.5
"""Seconds between two attempts of a member to become the leader, and between two signs of life of the leader."""
SOON = 0.1
"""Seconds from asking the server to end a silent leader's session to the next attempt."""
RETRY = 1.0
"""Seconds from the loss of a connection to the next attempt to connect."""
SILENCE = 11.0
"""Seconds that the server may take to answer a sign of life, so that a loss of the network for 10 s has no effect."""
IDLE = 12.5
"""Seconds after which the server ends a silent member's session. More than ``TURN`` + ``SILENCE``, so that a leader
that lost the network has stopped before another one can begin."""
HANGS = 30.0
"""Seconds that the leader's main thread may take to answer the thread of the leadership: a program that hangs executes
no commands, and its last status would be shown as the present one."""
YIELD = 1.0
"""Seconds that a run gets to end after the leadership was lost; its results cannot be stored any more."""
AFTER_SILENCE = 1.5
"""Seconds that a new leader waits if the former one did not give the lead up: if that one still runs, it notices within
this time and closes its browser."""
FIRST_IDLE_TIMEOUT = 140000
"""The first version of PostgreSQL with ``idle_session_timeout``."""

FIRST_MEMBER = 2
"""The second key of the leader's lock is 1; the members' locks have numbers from here on (``members.lock``)."""


@dataclass(frozen=True, slots=True)
class Member:
    """A running program that is a member of an office."""

    id: str
    """Random, another one at each start of the program."""
    name: str
    """The computer's name."""
    version: str


class Leadership:
    """One member's participation in the election, on its own thread and connection; also the fence of its writes.

    ``changed`` is called on that thread with the epoch when this member has become the leader, and with ``None`` when
    it leads no longer. ``may_lead`` False: this member never tries. ``ask`` makes the program call a function on its
    main thread; if that takes more than :data:`HANGS` seconds, the leadership is given up, and ``hung`` is called on
    this thread before another member can become the leader.
    """

    def __init__(
        self,
        server: Server,
        member: Member,
        *,
        changed: Callable[[int | None], object],
        clock: OfficeClock | None = None,
        may_lead: bool = True,
        ask: Callable[[Callable[[], None]], object] = lambda answered: answered(),
        hung: Callable[[], object] = lambda: None,
    ) -> None:
        self.member = member
        self.clock = clock or OfficeClock()
        self._server = server
        self._changed = changed
        self._may_lead = may_lead
        self._ask, self._hung = ask, hung
        self._asked: float | None = None
        """Monotonic time since when the main thread has not answered; ``None``: it has answered."""
        self._epoch: int | None = None
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"office-{member.name}", daemon=True)
        self._not_before = 0.0
        self._in_use = False
        self.trouble: str | None = None
        """The code of the reason why the server cannot be reached; ``None``: it is reached."""

    # ------------------------------------------------------------------------------------------------ the fence

    @property
    def epoch(self) -> int | None:
        """The epoch of this member's leadership; ``None`` while it does not lead."""
        return self._epoch

    @property
    def holder(self) -> str:
        """The id of this member."""
        return self.member.id

    def lost(self, epoch: int) -> None:
        """The database shows that the leadership ``epoch`` has ended (called on the writing thread)."""
        log.warning("the leadership with epoch %s is over: another member leads", epoch)
        self._set(None, only=epoch)
        self._wake.set()

    def abstain(self, epoch: int, seconds: float) -> None:
        """Give up the leadership of that epoch, since this member cannot use it, and do not try again for
        ``seconds``."""
        self._not_before = self.clock.monotonic() + seconds
        self._set(None, only=epoch)
        self._wake.set()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within this context this member uses its leadership and then closes what it opened for it. If the leadership
        is lost meanwhile, it does not try again before the end of the context; another member may become the leader."""
        self._in_use = True
        try:
            yield
        finally:
            self._in_use = False
            self._wake.set()

    def lead_no_more(self) -> None:
        """From now on this member does not try to lead, since the office's tables are of a later version."""
        self._may_lead = False
        self._set(None)
        self._wake.set()

    def _set(self, epoch: int | None, *, only: int | None = None) -> None:
        with self._guard:
            if self._epoch == epoch or (only is not None and self._epoch != only):
                return
            self._epoch = epoch
        self._changed(epoch)

    # ------------------------------------------------------------------------------------------------ start and stop

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Give up the leadership and end the thread. Blocking."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:  # it was started
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._connected() as connection:
                    self.trouble = None
                    self._take_part(connection)
            except StoreError as error:
                self.trouble = error.code
                log.warning("the office cannot be reached: %s", error)
            except psycopg.Error as error:
                self.trouble = server_code(error) or "office-unreachable"
                log.warning("the office cannot be reached: %s", error)
            except Exception:
                log.exception("the office's leadership failed")
            finally:
                self._set(None)
            self._stop.wait(RETRY)

    def _connected(self) -> Connection:
        connection = self._server.connect("archisync leadership", autocommit=True, statement_seconds=SILENCE)
        try:
            connection.limit = SILENCE
            refuse_unfit(connection, self._server)
            settings = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "2"}
            if connection.info.server_version >= FIRST_IDLE_TIMEOUT:
                settings["idle_session_timeout"] = f"{IDLE * 1000:.0f}"
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        except BaseException:
            connection.close()
            raise
        return connection

    # ------------------------------------------------------------------------------------------------ election

    def _take_part(self, connection: Connection) -> None:
        self._enter(connection)
        beat = 0.0
        ends_by_itself = connection.info.server_version >= FIRST_IDLE_TIMEOUT
        while not self._stop.is_set():
            self._wake.clear()
            ended = False
            now = self.clock.monotonic()
            due = now >= beat
            if due:
                beat = now + BEAT
                self._show_life(connection)
            tries = self._may_lead and now >= self._not_before and not self._in_use and self._asked is None
            if tries and self._lock(connection):
                try:
                    self._lead(connection)
                finally:
                    self._set(None)  # before the lock is released
                connection.execute(UNLOCK_LEADER)
            elif tries and (due or not ends_by_itself):
                ended = self._end_silent_leader(connection)
            self._wake.wait(SOON if ended else TURN if self._may_lead else BEAT)
        connection.execute("DELETE FROM members WHERE id = %s", (self.member.id,))

    def _enter(self, connection: Connection) -> None:
        """Take the lock that shows the others that this member is present, and insert its row into ``members``."""
        number = FIRST_MEMBER + int(self.member.id[:7], 16)
        connection.execute(LOCK_MEMBER, (number,))
        connection.execute("DELETE FROM members WHERE seen < clock_timestamp() - interval '1 day'")
        connection.execute(
            "INSERT INTO members (id, name, version, lock) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET seen = clock_timestamp()",
            (self.member.id, self.member.name, self.member.version, number),
        )

    def _show_life(self, connection: Connection) -> None:
        asked = self.clock.monotonic()
        row = connection.execute(
            "UPDATE members SET seen = clock_timestamp() WHERE id = %s RETURNING seen", (self.member.id,)
        ).fetchone()
        if row is None:  # another member has removed the row, since it was old
            self._enter(connection)
        else:
            self.clock.set_server_time(row[0], asked, self.clock.monotonic())

    def _lock(self, connection: Connection) -> bool:
        row = connection.execute(TRY_LEADER_LOCK).fetchone()
        return row is not None and bool(row[0])

    def _lead(self, connection: Connection) -> None:
        """Lead until the program ends or the leadership is lost. Raises when the connection is lost."""
        row = connection.execute(
            "WITH before AS (SELECT member FROM leader WHERE id = 1 FOR UPDATE) "
            "UPDATE leader SET epoch = epoch + 1, member = %s, name = %s, since = clock_timestamp(), "
            "backend = pg_backend_pid() FROM before WHERE id = 1 RETURNING epoch, before.member",
            (self.member.id, self.member.name),
        ).fetchone()
        assert row is not None
        epoch, before = int(row[0]), row[1]
        connection.execute("NOTIFY office_status")
        if before not in (None, self.member.id):
            self._stop.wait(AFTER_SILENCE)
        self._set(epoch)
        while not self._stop.is_set() and self._epoch == epoch:
            self._wake.wait(TURN)
            self._wake.clear()
            if self._program_hangs():
                self._set(None)
                self._hung()
                return  # this member's id stays in ``leader``: so the next leader waits for AFTER_SILENCE
            self._show_life(connection)
            row = connection.execute("SELECT epoch FROM leader WHERE id = 1").fetchone()
            if row is None or row[0] != epoch:
                return
        self._set(None)
        connection.execute("UPDATE leader SET member = NULL WHERE id = 1 AND epoch = %s", (epoch,))
        connection.execute("NOTIFY office_status")

    def _program_hangs(self) -> bool:
        now = self.clock.monotonic()
        if self._asked is None:
            self._asked = now
            self._ask(self._answered)
        elif now - self._asked > HANGS:
            log.error("this program has not answered for %.0f s: it leads no longer", now - self._asked)
            return True
        return False

    def _answered(self) -> None:
        self._asked = None

    def _end_silent_leader(self, connection: Connection) -> bool:
        """End the session of a leader that was silent for too long, for servers that do not do so themselves (a role
        may end its own sessions). True if there was such a leader."""
        found = connection.execute(
            "SELECT pg_terminate_backend(a.pid) FROM leader l JOIN members m ON m.id = l.member "
            "JOIN pg_stat_activity a ON a.pid = l.backend AND a.usename = current_user "
            "WHERE l.id = 1 AND m.seen < clock_timestamp() - make_interval(secs => %s)",
            (IDLE,),
        )
        return bool(found.rowcount)


class Term:
    """The fence of a store that was opened for one epoch; it cannot write with a later epoch of the same member."""

    def __init__(self, leadership: Leadership, epoch: int) -> None:
        self._leadership, self._epoch = leadership, epoch

    @property
    def epoch(self) -> int | None:
        """The epoch; ``None`` when it has ended."""
        return self._epoch if self._leadership.epoch == self._epoch else None

    @property
    def holder(self) -> str:
        """As :attr:`Leadership.holder`."""
        return self._leadership.holder

    def lost(self, epoch: int) -> None:
        """As :meth:`Leadership.lost`."""
        self._leadership.lost(epoch)
