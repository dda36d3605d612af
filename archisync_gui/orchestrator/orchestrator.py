"""The public calls of the orchestrator, for the other packages.

Each method that changes something applies a transition; nothing is decided or started here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

from archisync_gui.model import (
    Account,
    AccountId,
    BackupTrouble,
    Clock,
    CloseResult,
    ErrorInfo,
    Explanation,
    FailureKind,
    Journal,
    Listener,
    Origin,
    Reason,
    Runner,
    RunResult,
    Scope,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Status,
    SyncFailure,
    SyncType,
    SyncTypeSpec,
    SystemClock,
)
from archisync_gui.orchestrator import accounts as account_changes
from archisync_gui.orchestrator import form_calls, memory, requests, schedule, sessions
from archisync_gui.orchestrator import runs as run_changes
from archisync_gui.orchestrator.decide import place_of
from archisync_gui.orchestrator.dispatcher import Dispatcher, first_of
from archisync_gui.orchestrator.explain import explain, explain_later
from archisync_gui.orchestrator.listeners import FEED_LIMIT, Feed
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.orchestrator.state import AccountState, State, StopCause
from archisync_gui.orchestrator.status import StatusView, session_view
from archisync_gui.orchestrator.tickets import BatchTicket, Ticket, Waiters, new_id, new_secret
from archisync_gui.orchestrator.values import Asker, Moment, Slot, evolve


async def _no_browser() -> None:
    """There is no browser to close."""


class Orchestrator:
    """Runs syncs one at a time, for the schedule, the operator and the order forms."""

    def __init__(
        self,
        types: Sequence[SyncTypeSpec],
        runner: Runner,
        accounts: Sequence[Account],
        journal: Journal,
        *,
        clock: Clock | None = None,
        rules: Rules | None = None,
        ids: Callable[[], str] = new_id,
        preemptible: bool = True,
        secret: Callable[[], str] = new_secret,
        close_browser: Callable[[], Awaitable[object]] = _no_browser,
    ) -> None:
        """``runner`` executes every type. ``ids`` returns a new short id at each call; one identifies this start of the
        program. ``preemptible`` False: no form will interrupt a run, so it may read larger pages. ``secret`` returns
        the part of a ticket's id that cannot be guessed. ``close_browser`` closes the browser of a run that ignores its
        cancellation; the next run must get a new one."""
        self._clock = clock or SystemClock()
        self._journal = journal
        self._waiters = Waiters()
        self._numbers = 0
        self._view = StatusView()
        strongest_first = sorted(types, key=lambda t: -t.priority)
        state = State(
            rules=rules or Rules(),
            boot=ids(),
            at=Moment(self._clock.now(), self._clock.monotonic()),
            preemptible=preemptible,
            types={t.name: t for t in strongest_first},
            intervals={t.name: t.interval for t in strongest_first},
            accounts={a.id: AccountState(a) for a in accounts},
        )
        self._secret = secret
        self._dispatcher = Dispatcher(state, runner, journal, self._clock, self._waiters, close_browser)
        self._closed = False

    # ------------------------------------------------------------------------------------------------ life

    async def start(self) -> Exception | None:
        """Restore the state from the journal, plan the schedule, begin to dispatch (rule 28). Returns the error if the
        journal could not be read; all reads are held then (rule 31)."""
        kept, error = await memory.loaded(self._journal)
        if error is not None:
            self._dispatcher.journal_failed(error)
        if kept.last_sign is not None and kept.last_sign <= self._clock.now():
            self._dispatcher.was_closed(kept.last_sign)
        self._dispatcher.apply(memory.restored, kept, failed=error is not None)
        self._dispatcher.start()
        return error

    async def close(self, deadline: float = 10.0) -> None:
        """Cancel the run and wait up to ``deadline`` seconds for it, end all sessions and tickets (rule 27)."""
        if self._closed:
            return
        self._closed = True
        self._dispatcher.apply(sessions.program_closes)
        await self._dispatcher.run_over(deadline)
        self._dispatcher.apply(requests.all_dropped)
        await self._dispatcher.stop(deadline)
        self._waiters.interrupt()  # resolves the tickets of a run that ignored its cancellation

    # ------------------------------------------------------------------------------------------------ requests

    def request_sync(
        self,
        sync_type: SyncType,
        account: AccountId | None = None,
        scope: Scope | str = Scope.ALL,
        key: str | None = None,
        priority: int | None = None,
        origin: Origin = Origin.OPERATOR,
    ) -> Ticket:
        """Request a read; the ticket gives the outcome. Without ``account``: one part for each account that reads the
        type (rule 8). ``priority`` is clamped to 1-99. Raises ``SyncFailure`` for a request that is not possible."""
        scope = Scope(scope)
        return self._request([(sync_type, scope, key, priority)], account, origin)[0]

    def request_full(self, origin: Origin = Origin.OPERATOR, account: AccountId | None = None) -> BatchTicket:
        """Request all types, of one account or of all; if one cannot be requested, none is. Usual order."""
        wanted = [(sync_type, Scope.ALL, None, None) for sync_type in self.state.types]
        return BatchTicket(self._number("b"), self._request(wanted, account, origin))

    def _request(
        self,
        wanted: Sequence[tuple[SyncType, Scope, str | None, int | None]],
        account: AccountId | None,
        origin: Origin,
    ) -> list[Ticket]:
        state = self.state
        tickets: list[Ticket] = []
        asks: list[tuple[Slot, Asker]] = []
        if state.closing:
            raise SyncFailure("request-closing", FailureKind.PERMANENT)
        for sync_type, scope, key, priority in wanted:
            requests.refuse_unaskable(state.types, state.enabled, sync_type, scope, key, account)
            spec = state.types[sync_type]
            readers = state.readers(sync_type) if account is None or spec.shared else (account,)
            ticket = Ticket(f"{self._number('t')}-{self._secret()}", sync_type, scope, readers)
            wish = requests.clamped(spec.priority if priority is None else priority)
            asks += [
                (Slot(sync_type, login, scope, key), Asker(part, origin, wish)) for part, login in ticket.parts.items()
            ]
            tickets.append(ticket)
        requests.check_room(self.state, asks)
        for ticket in tickets:
            self._waiters.add(ticket)
        self._dispatcher.apply(requests.all_asked, asks)
        return tickets

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket by its id, also some time after it resolved."""
        return self._waiters.ticket(ticket_id)

    def position(self, ticket: Ticket | str) -> int | None:
        """The place (1-based) in the queue of the ticket's first waiting part; ``None`` when nothing of it waits."""
        found = self._waiters.ticket(ticket) if isinstance(ticket, str) else ticket
        return None if found is None else place_of(self.state, found.parts)

    def cancel(self, ticket: Ticket | BatchTicket | str) -> bool:
        """Withdraw a ticket; a run without another asker is cancelled (rule 26). False: it had its outcome already."""
        if isinstance(ticket, BatchTicket):
            withdrawn = [self.cancel(part) for part in ticket.tickets]  # a list: ``any`` alone would stop at the first
            return any(withdrawn)
        found = self._waiters.ticket(ticket) if isinstance(ticket, str) else ticket
        if found is None or found.done:
            return False
        self._dispatcher.apply(requests.withdrawn, frozenset(found.parts))
        return True

    def cancel_run(self, run_id: str | None = None) -> bool:
        """The operator cancels the active run, if it has that id (``None``: any run); False: it is not active."""

        def stopped(state: State, _now: Moment) -> tuple[State, bool]:
            run = state.active.run.id if state.active is not None else None
            there = run is not None and run_id in (None, run)
            return (requests.stop_asked(state, StopCause.OPERATOR) if there else state), there

        return self._dispatcher.apply_and_answer(stopped)

    def move_to_front(self, request_id: str) -> bool:
        """The operator moves a waiting request before all others except forms'. False: it no longer waits."""
        return self._on_waiting(request_id, requests.moved_to_front)

    def run_anyway(self, request_id: str) -> bool:
        """The operator lets this one run start despite hold and sessions (rule 9). False: it no longer waits."""
        return self._on_waiting(request_id, requests.run_anyway)

    def remove(self, request_id: str) -> bool:
        """The operator removes a waiting request. False: it no longer waits."""
        return self._on_waiting(request_id, requests.removed)

    def _on_waiting(self, request_id: str, transition: Callable[[State, Moment, str], State]) -> bool:
        return self._dispatcher.apply_and_answer(
            lambda state, now: (transition(state, now, request_id), bool(state.request(request_id)))
        )

    # ------------------------------------------------------------------------------------------------ operator

    def hold(self, until: datetime | None = None) -> None:
        """The operator's pause: the active run ends, nothing new starts. Kept over restarts.

        ``until``: an aware time at which it ends by itself; ``None``: only :meth:`release` ends it. A second call gives
        the pause the new end. A time in the past ends the pause.
        """
        if until is not None and until.tzinfo is None:
            raise ValueError("a pause ends at a time with offset")
        self._dispatcher.apply(schedule.held, until)

    def release(self) -> None:
        """End the pause; the waiting requests run in the usual order."""
        self._dispatcher.apply(lambda state, _: schedule.released(state))

    def set_schedule(self, sync_type: SyncType, minutes: int | None) -> None:
        """Change one type's interval in minutes, ``None`` = off; other types are not affected (rule 29). The caller
        stores it in the settings. Raises ``SyncFailure`` outside 5-1440 whole minutes."""
        schedule.refuse_interval(self.state, sync_type, minutes)
        self._dispatcher.apply(schedule.interval_set, sync_type, minutes)

    def set_rules(self, rules: Rules) -> None:
        """Use other rules from now on; running leases and pauses keep their ends."""
        self._dispatcher.apply(schedule.rules_set, rules)

    def set_away(self, why: Reason | None) -> None:
        """Until ``None``: no network (``OFFLINE``), or sleep is near (``ASLEEP``). Schedule and repeats wait."""
        self._dispatcher.apply(lambda state, _: schedule.away_set(state, why))

    def backup_failing(self, trouble: BackupTrouble | None) -> None:
        """The daily backup failed, or (``None``) was made. The status shows it."""
        self._dispatcher.apply(lambda state, _: evolve(state, backup_trouble=trouble))

    def set_accounts(self, accounts: Sequence[Account]) -> None:
        """Use these accounts from now on; requests and runs of other accounts end."""
        self._dispatcher.apply(account_changes.replaced, tuple(accounts))

    def rows_changed(
        self,
        sync_type: SyncType,
        account: AccountId,
        *,
        last_success: datetime | None,
        new_as_of: datetime | None,
        all_as_of: datetime | None,
        doubtful: Collection[str] = (),
    ) -> None:
        """The operator changed the stored rows (cleared, accepted, re-keyed); these are their times now (``Ages``)."""
        ages = last_success, new_as_of, all_as_of
        self._dispatcher.apply(run_changes.freshness_restated, sync_type, account, ages, doubtful)

    def retry_login(self, account: AccountId) -> Ticket:
        """*Try the same once*: allow a stopped account again and request a read; a refusal stops it again (rule 22)."""
        self.credentials_changed(account)
        return self.request_sync(account_changes.type_to_try(self.state, account), account)

    def credentials_changed(self, account: AccountId) -> None:
        """The operator entered another password: allow the account again (rule 22)."""
        self._dispatcher.apply(account_changes.reenabled, account)

    def logged_in(self, account: AccountId) -> None:
        """Count a login outside a run (the operator's test, the doctor) against the day's budget."""
        self._dispatcher.apply(account_changes.logged_in, account)

    def login_refused(self, account: AccountId, error: ErrorInfo) -> None:
        """Stop an account whose credentials the ERP refused outside a run: no run may try them again (rule 22)."""
        self._dispatcher.apply(lambda state, now: account_changes.refused(state, account, error))

    # ------------------------------------------------------------------------------------------------ sessions

    async def smart_customer_sync(
        self,
        session_id: str | None,
        account: AccountId | None = None,
        *,
        label: str = "",
        token: str = "",
        wait: bool = True,
    ) -> SmartSyncResult:
        """Open a form's session, or ask again in it. The answer says how fresh the customers are; it comes when the
        fast read ends, at its first failure, or after 10 s as ``pending`` (rules 12, 14, 18). Without id the session is
        anonymous and lasts three minutes (rule 16); ``token`` names its owner. ``wait`` False: answer at once."""
        dispatcher = self._dispatcher
        call = dispatcher.apply_and_answer(form_calls.called, session_id, account, label, token)
        if isinstance(call, SmartSyncResult):
            return call
        answer = form_calls.answer_at_once(self.state, dispatcher.now(), call)
        if answer is not None:
            return answer
        if not wait:
            return form_calls.answer(self.state, dispatcher.now(), call, "pending")
        read = await self._outcome_for_form(call)
        return form_calls.answer_after(self.state, dispatcher.now(), call, read)

    async def _outcome_for_form(self, call: form_calls.FormCall) -> RunResult | ErrorInfo | None:
        """The outcome or first failure of a form's read; ``None`` if it takes longer than a form may wait."""
        until = call.began + self.state.rules.answer
        with self._waiters.form(call.handle, lambda read: not form_calls.is_older(self.state, call, read)) as answer:
            while not answer.done() and (left := until - self._clock.monotonic()) > 0:
                await first_of(answer, self._clock.sleep(left))
            return answer.result() if answer.done() else None

    def touch(self, session_id: str) -> datetime | SessionEnd:
        """A sign of life of a tab. Returns the new deadline, or why there is no session (rules 14, 15)."""
        return self._sign_of_life(session_id, sessions.with_sign)

    def connected(self, session_id: str) -> datetime | SessionEnd:
        """The tab's connection is open. Returns the deadline, or why there is no session."""
        return self._sign_of_life(session_id, sessions.with_connection)

    def disconnected(self, session_id: str) -> None:
        """The tab's connection was lost; the session ends 20 s later unless the tab connects or calls (rule 15)."""
        self._dispatcher.apply(sessions.without_connection, session_id)

    def _sign_of_life(self, session_id: str, change: Callable[[State, Moment, str], State]) -> datetime | SessionEnd:
        def transition(state: State, now: Moment) -> tuple[State, datetime | SessionEnd]:
            state = change(state, now, session_id)
            return state, sessions.deadline(state, now, session_id)

        return self._dispatcher.apply_and_answer(transition)

    def resume_other_syncs(self, session_id: str | None, token: str = "") -> CloseResult:
        """A form closes its session. Without id: the oldest anonymous one of the same ``token`` (rule 16). If none is
        open, the answer says so, and a later open of that id finds it ended (rule 14)."""
        return self._dispatcher.apply_and_answer(sessions.closed, session_id, token)

    def session(self, handle: str) -> SessionView | SessionEnd:
        """A session by its public handle, or why it ended."""
        self._dispatcher.notice_time()
        session_id = sessions.by_handle(self.state, handle)
        if session_id is not None:
            return session_view(self.state.sessions[session_id], self._dispatcher.now())
        return sessions.end_by_handle(self.state, handle)

    def session_by_id(self, session_id: str) -> SessionView | None:
        """The open session of a tab, by the id that only the tab knows."""
        found = self.state.sessions.get(session_id)
        return None if found is None else session_view(found, self._dispatcher.now())

    def end_session(self, handle: str) -> bool:
        """The operator ends the session of one tab; False: it is not open."""
        return self._dispatcher.apply_and_answer(sessions.ended_by_operator, handle)

    def end_sessions(self) -> int:
        """The operator ends all sessions. Returns how many there were."""
        return self._dispatcher.apply_and_answer(
            lambda state, now: (sessions.all_ended(state, now, SessionEnd.OPERATOR), len(state.sessions))
        )

    @property
    def state(self) -> State:
        """The present state, for tests and this package; other packages use :meth:`get_status`."""
        return self._dispatcher.state

    def get_status(self) -> Status:
        """The status as of the present revision, built when it is asked for, at most once per revision."""
        if schedule.set_back(self.state, self._dispatcher.now()):
            self._dispatcher.notice_time()  # else the status would claim times of the clock before it was set back
        dispatcher = self._dispatcher
        return self._view.at(self.state, dispatcher.now(), dispatcher.revision, dispatcher.journal_error)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event, in order, until the returned function is called (rule 7)."""
        return self._dispatcher.listeners.add(listener)

    def events(self, limit: int = FEED_LIMIT) -> Feed:
        """The events from now on, for one reader at its own pace; a slow reader misses outdated ones. ``async with``
        (or ``aclose``) ends it."""
        return self._dispatcher.listeners.feed(limit)

    async def explain(self, at: datetime | None = None) -> Explanation:
        """Why something runs or nothing does, now (``None``), at a stored moment or in the future (rule 32)."""
        now = self._dispatcher.now()
        if at is None or abs((at - now.wall).total_seconds()) < 1:
            return evolve(explain(self.state, now), forecast=self._view.forecasts(self.state, now))
        at = min(at, now.wall + timedelta(days=366))
        if at > now.wall:
            return await explain_later(self.state, now, at)
        kept = await self._journal.explanation_at(at)
        return evolve(kept, at=at) if kept is not None else Explanation(at, Reason.NOT_KNOWN)

    def _number(self, letter: str) -> str:
        self._numbers += 1
        return f"{self.state.boot}-{letter}{self._numbers}"
