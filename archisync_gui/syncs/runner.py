"""The runner for all sync types: read → check → apply, by the declaration of the list that a run names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.erp import Erp
from archisync_gui.erp.cells.rows import Findings, RowReader
from archisync_gui.erp.failures import SessionExpired, StalePage, SuspendHere, transient
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.page import Page
from archisync_gui.erp.lists.restoring import PAGE_SIZE, PAGE_SIZE_ALONE, READ_SIZES
from archisync_gui.model import (
    AccountId,
    FailureKind,
    Finished,
    Outcome,
    Progress,
    RunControl,
    Scope,
    Suspended,
    SyncFailure,
    warning,
)
from archisync_gui.store import Batch, Delta, Known, Overtaken, RefusedKind
from archisync_gui.syncs.checks import (
    Facts,
    check_blanks,
    check_cells,
    check_garbage,
    doubts,
)
from archisync_gui.syncs.new_rows import NewRows, WhyWhole
from archisync_gui.syncs.reading import (
    CHUNK,
    Checked,
    FollowedControl,
    Reading,
    SyncStore,
    as_whole,
    began_at,
    compared,
    current_as_of,
    finished,
    login_callback,
    refusal,
    slept,
    take,
    warnings_of,
)

STORING = 300.0
"""Maximum seconds for storing a read: 100,000 rows take up to 10 s on our computers, and another disk or an office's
database may be much slower."""


class SyncRunner:
    """Executes runs. Give this one object to the orchestrator."""

    def __init__(self, store: SyncStore, erp: Erp, entities: Iterable[Entity], *, page_size: int = PAGE_SIZE) -> None:
        """``page_size``: rows per page of a read that may be pre-empted; one of :data:`READ_SIZES`, since any other
        size would count as the user's own choice when a view is restored after a failed read."""
        if page_size not in READ_SIZES:
            raise ValueError(f"page size {page_size}, not one of {READ_SIZES}")
        self._page_size = page_size
        self._store = store
        self._erp = erp
        self._new_rows = NewRows(erp, store)
        self._entities = {entity.name: entity for entity in entities}

    async def __call__(self, control: RunControl) -> Finished | Suspended:
        """Execute one run. Raises :class:`SyncFailure`."""
        return await self._run(FollowedControl(control, self._erp.clock))

    async def _run(self, control: FollowedControl) -> Finished | Suspended:
        run = control.run
        entity = self._entities[run.type]
        match run.scope:
            case Scope.ALL:
                return await self._whole(entity, control)
            case Scope.NEW if entity.newest:
                return await self._fast(entity, control)
            case Scope.ONE if entity.detail_path and run.key:
                return await self._one(entity, run.key, control)
        raise SyncFailure(
            "scope-unknown", FailureKind.PERMANENT, params={"list": entity.name, "scope": run.scope.value}
        )

    async def login_test(self, account: AccountId, password: str, on_login: Callable[[], None] = lambda: None) -> None:
        """Test credentials with one real login; raises as a login does."""
        await self._erp.login_test(account, password, on_login)

    async def close(self) -> None:
        """End the browser; called after the last run."""
        await self._erp.close()

    # --- the whole list -----------------------------------------------------------------------------------------------

    async def _whole(self, entity: Entity, control: FollowedControl) -> Finished | Suspended:
        if isinstance(control.resume, Reading):  # the orchestrator does not pass one that is too old (rule 19)
            reading = control.resume
            reading.longest_suspension = max(
                reading.longest_suspension, self._erp.clock.monotonic() - reading.suspended_at
            )
        else:
            reading = Reading(RowReader(entity))
        renewed = False
        while True:
            try:
                if await self._read(entity, reading, control):
                    break
            except SessionExpired as error:
                if renewed:
                    raise transient("session-expired-again", list=entity.name) from error
                renewed = True
                continue
            reading.suspended_at = self._erp.clock.monotonic()
            return Suspended(reading, reading.progress)
        assert reading.checked is not None
        return await self._apply(entity, reading, reading.checked, control)

    async def _read(self, entity: Entity, reading: Reading, control: FollowedControl) -> bool:
        """Read to the end of the list and check the read (True), or to the safe point at which the run is suspended
        (False)."""
        control.progress(Progress("open"))
        fields, account = reading.reader.fields, control.run.account
        async with self._erp.list(entity, account, fields, login_callback(control), control.begin_step) as visit:
            visit.list.stop = control.suspend_requested
            try:
                complete = await self._read_pages(visit.list, reading, control)
            except SuspendHere:
                complete = False
            visit.suspended = not complete
            if complete:
                # While the list is still shown: after a refusal a screenshot is taken.
                reading.checked = await self._check(entity, reading, control)
                control.progress(Progress("restore", None, None, reading.reader.findings.raw))
        return complete

    async def _read_pages(self, view: ListView, reading: Reading, control: FollowedControl) -> bool:
        size = self._page_size if control.run.preemptible else PAGE_SIZE_ALONE
        number = (await self._store.ages(reading.reader.entity.name, control.run.account)).number
        began = self._erp.clock.monotonic()
        control.progress(Progress("filter"))
        first = await view.prepare(size)
        filters = await view.verify_filters()
        page = await self._position(view, reading, first)
        # After ``_position``: a read that starts over there keeps nothing of what was read before.
        if reading.as_of is None:
            reading.after, reading.began = number, began
        reading.reader.learn(view.words)
        reading.evidence["filtersBefore"] = filters
        if reading.last is None and page is not None and page.footer is None and page.count > 1:
            # Without a footer only the last page shows the total; at the end of the read it is compared with this one.
            end = await view.turn_to(page.count - 1)
            reading.counts.add(end.count)
            if end.total is not None:
                reading.totals.add(end.total)
        if page is not None:
            async with aclosing(view.pages(page, control.suspend_requested)) as pages:
                fresh, before = reading.last is None, page
                async for page in pages:
                    reading.longest_suspension = max(reading.longest_suspension, slept(before, page))
                    before = page
                    if fresh or (reading.last is not None and page.index > reading.last.index):
                        if reading.as_of is None:
                            reading.began = began_at(self._erp.clock, page.since, reading.began)
                        await take(reading, page)
                    else:
                        reading.counts.add(page.count)
                    fresh = False
                    control.progress(reading.progress)
            # The pages ended before the last one, since the run is to be suspended.
            if page.index < page.count - 1:
                return False
        again = await view.again()
        reading.counts.add(again.count)
        if again.footer is not None:
            reading.totals.add(again.footer)
        reading.again = again.keys(reading.reader.entity)
        reading.evidence["filtersAfter"] = await view.verify_filters()
        for text in view.warnings:
            reading.warnings[text] = None
        return True

    async def _position(self, view: ListView, reading: Reading, first: Page) -> Page | None:
        """The page to begin with; ``None``: all pages were read. A resumed read starts over if its last page is not as
        it was."""
        last, entity = reading.last, reading.reader.entity
        if last is None:
            return first
        same = first if last.index == 0 else await view.turn_to(last.index) if last.index < first.count else None
        unchanged = (
            same is not None
            and (same.count, same.footer, same.size) == (last.count, last.footer, last.size)
            and same.keys(entity) == last.keys(entity)
        )
        if not unchanged:
            reading.start_over()
            return first if last.index == 0 else await view.turn_to(0)
        return same if last.index < last.count - 1 else None

    async def _check(self, entity: Entity, reading: Reading, control: FollowedControl) -> Checked:
        """The checked read, which may be applied. Raises ``SyncFailure`` with evidence if it may not."""
        run, findings = control.run, reading.reader.findings
        control.progress(Progress("check", None, None, findings.raw, findings.raw))
        facts = Facts(
            findings.raw,
            findings.records,
            len(reading.rows) + findings.nameless,
            frozenset(reading.totals),
            frozenset(reading.counts),
            reading.first,
            reading.again,
            reading.longest_suspension,
            findings.nameless,
        )
        unclean = doubts(facts)
        assert reading.as_of is not None
        rows = await self._filled(entity, run.account, reading.rows)
        known = await self._store.known(entity.name, run.account)
        if reading.after is not None and known.replaced > reading.after:
            raise Overtaken(entity.name)  # before the checks, since the stored rows are newer
        batch = Batch(
            run.id,
            current_as_of(self._erp.clock, reading.as_of, reading.began),
            tuple(rows.values()),
            whole=True,
            clean=not unclean,
            after=reading.after,
            compared_with=known.number,
            garbage=sum(findings.garbage.values()),
        )
        try:
            if reading.conflict is not None:
                raise SyncFailure(
                    "key-twice", FailureKind.REFUSED, params={"list": entity.name, "key": reading.conflict}
                )
            check_cells(entity, findings)
            if known.as_of is not None:
                await self._check_garbage(entity, run.account, findings, known, batch)
            # In a thread: sets of a hundred thousand keys take longer than the event loop may be blocked.
            if (failure := await asyncio.to_thread(refusal, entity, rows, known)) is not None:
                kinds = {
                    "shrink": RefusedKind.SHRINK,
                    "no-rows": RefusedKind.SHRINK,
                    "keys-changed": RefusedKind.KEYS_CHANGED,
                }
                if failure.code in kinds:
                    await self._store.keep_refused(entity.name, run.account, batch, kinds[failure.code])
                raise failure
            for keys in compared(reading):
                stored = await self._store.rows_by_key(entity.name, run.account, keys)
                check_blanks(entity, [row.values for row in stored], [reading.rows[row.key] for row in stored])
        except SyncFailure as failure:
            failure.evidence = {
                **findings.evidence(),
                **reading.evidence,
                "doubts": [doubt.value for doubt in unclean],
                **failure.evidence,
            }
            raise
        return Checked(batch, unclean)

    async def _check_garbage(
        self, entity: Entity, account: AccountId, findings: Findings, known: Known, batch: Batch
    ) -> None:
        try:
            check_garbage(entity, findings, known)
        except SyncFailure:
            # Kept like a shrink: if the ERP really has more such rows, the operator can accept exactly this read.
            await self._store.keep_refused(entity.name, account, batch, RefusedKind.SHRINK)
            raise

    async def _apply(self, entity: Entity, reading: Reading, checked: Checked, control: FollowedControl) -> Finished:
        raw = reading.reader.findings.raw
        if not checked.batch.rows and (await self._store.known(entity.name, control.run.account)).as_of is None:
            # The first read of the list: without rows it does not prove that the list is empty or can be read.
            return Finished(Outcome.SKIPPED, rows=0, warnings=(warning("first-read-empty", list=entity.name),))
        delta = await self._stored(entity, checked.batch, control, Progress("apply", None, None, raw, raw))
        outcome = Outcome.UNCLEAN if checked.doubts else Outcome.COMPLETED
        return finished(outcome, checked.batch, delta, warnings_of(reading.reader, reading, checked.doubts))

    async def _stored(self, entity: Entity, batch: Batch, control: FollowedControl, progress: Progress) -> Delta:
        control.progress(progress)  # raises in an abandoned run (rule 26)
        with control.long_step(STORING):
            return await self._store.apply(entity.name, control.run.account, batch)

    async def _filled(self, entity: Entity, account: AccountId, rows: Mapping[str, Row]) -> dict[str, Row]:
        """The rows, with stored values for what was not read (hidden columns, unreadable cells)."""
        names = [column.name for column in entity.columns]
        partial = [key for key, row in rows.items() if len(row) < len(names)]
        complete = dict(rows)
        for start in range(0, len(partial), CHUNK):
            keys = partial[start : start + CHUNK]
            stored = {row.key: row.values for row in await self._store.rows_by_key(entity.name, account, keys)}
            for key in keys:
                complete[key] = {**dict.fromkeys(names), **stored.get(key, {}), **rows[key]}
        return complete

    # --- only what is new ---------------------------------------------------------------------------------------------

    async def _fast(self, entity: Entity, control: FollowedControl) -> Finished | Suspended:
        """Read the newest records first, then those with the latest activity, until a page has nothing new or changed.

        The read needs a clean base to know where to stop: a last clean whole read, or a fast read that stopped at its
        rows, whose start is ``new_as_of`` (rule 12). Without a clean base the whole list is read.
        """
        run = control.run
        base = await self._store.ages(entity.name, run.account)
        if base.last_success is None or base.new_as_of is None:
            return as_whole(await self._whole(entity, control), entity, "no-clean-base" if base.last_success else None)
        unproven = await self._store.unproven(entity.name, run.account)
        renewed = False
        while True:
            reader = RowReader(entity)
            try:
                found = await self._new_rows.read(entity, reader, unproven, control)
            except StalePage:
                continue
            except SessionExpired as error:
                if renewed:
                    raise transient("session-expired-again", list=entity.name) from error
                renewed = True
                continue
            break
        if isinstance(found, WhyWhole):
            return as_whole(await self._whole(entity, control), entity, found.value)
        check_cells(entity, reader.findings)
        warnings = warnings_of(reader, None, ())
        if not found.rows:
            return Finished(Outcome.SKIPPED, rows=0, warnings=(*warnings, warning("fast-read-empty", list=entity.name)))
        proves = found.steady and not reader.findings.nameless
        complete = await self._filled(entity, run.account, found.rows)
        batch = Batch(
            run.id,
            current_as_of(self._erp.clock, found.as_of, found.began),
            tuple(complete.values()),
            whole=False,
            clean=proves,
            after=base.number,
            compared_with=base.number,
        )
        delta = await self._stored(entity, batch, control, Progress("apply", None, None, reader.findings.raw))
        if not proves:
            warnings = (*warnings, warning("fast-read-unproven", list=entity.name))
        return finished(Outcome.COMPLETED if proves else Outcome.UNCLEAN, batch, delta, warnings)

    # --- one record ---------------------------------------------------------------------------------------------------

    async def _one(self, entity: Entity, key: str, control: FollowedControl) -> Finished:
        run, reader = control.run, RowReader(entity)
        # A detail page opens for any id; only the list shows which records are the account's own.
        base = await self._store.ages(entity.name, run.account)
        if not any(row.deleted_at is None for row in await self._store.rows_by_key(entity.name, run.account, [key])):
            raise SyncFailure("no-such-record", FailureKind.PERMANENT, params={"key": key, "list": entity.name})
        control.progress(Progress("open"))
        clock = self._erp.clock
        as_of, began = clock.now(), clock.monotonic()
        texts = await self._erp.record(
            entity, run.account, key, reader.fields, login_callback(control), control.begin_step
        )
        values = {**texts, entity.column(entity.key[0]).field_name: key}
        rows = reader.take([[values.get(name) for name in reader.fields]])
        check_cells(entity, reader.findings)
        if not texts or not rows:
            raise SyncFailure("record-unknown", FailureKind.LAYOUT, params={"key": key, "list": entity.name})
        complete = await self._filled(entity, run.account, {key: rows[0]})
        batch = Batch(
            run.id,
            current_as_of(clock, as_of, began),
            tuple(complete.values()),
            whole=False,
            clean=True,
            single=True,
            after=base.number,
            compared_with=base.number,
        )
        delta = await self._stored(entity, batch, control, Progress("apply", None, None, 1))
        return finished(Outcome.COMPLETED, batch, delta, warnings_of(reader, None, ()))
