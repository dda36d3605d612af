"""Examines an ERP for the facts of ``docs/erp.md``, list by list, by reading only. ``facts`` defines a fact."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import suppress
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.conformance import page_facts
from archisync_gui.erp.conformance.facts import Fact, Report, fact
from archisync_gui.erp.conformance.timing import Timing
from archisync_gui.erp.driver.page_driver import Act, Look
from archisync_gui.erp.erp import Erp
from archisync_gui.erp.failures import Navigated, SessionExpired
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.page import Page
from archisync_gui.erp.lists.presets import FILL_PATIENCE
from archisync_gui.model import AccountId, Json, SyncFailure

TIME = 600.0
"""Seconds after which no further list is examined; the remaining lists are reported as *not seen*."""

ROWS = 20
ROWS_SLOWLY = 100
"""Rows per page, for the quick and the thorough examination."""

DETAIL_SLOW_MS = 5_000
"""Milliseconds from which a detail page counts as slow; it usually takes 1.4 s (``docs/erp.md``, Waiting)."""


async def examine(
    erp: Erp,
    account: AccountId,
    entities: Sequence[Entity],
    *,
    on_fact: Callable[[Fact], None] = lambda _fact: None,
    on_login: Callable[[], None] = lambda: None,
    conformance: bool = False,
    keys: Mapping[str, Set[str]] = MappingProxyType({}),
) -> Report:
    """Examine login and lists; ``on_fact`` is called with each fact as it is found. Raises ``SyncFailure`` of the kinds
    credentials, login and permanent. ``conformance``: examine also both ways of reading, paging, a detail page and the
    structure, which takes longer; how each list is read is found out again. ``keys``: by list, those of its last
    read."""
    facts: list[Fact] = []
    pages: dict[str, dict[str, Json]] = {}
    until = time.monotonic() + TIME

    def add(found: Fact) -> None:
        facts.append(found)
        on_fact(found)

    add(address_fact(erp.address))
    for entity in entities:
        if time.monotonic() > until:
            add(fact("fact-list", None, entity.name, reason="time"))
            continue
        look = Examination(erp, account, entity, on_login, pages, conformance, keys.get(entity.name, frozenset()))
        try:
            async for found in look.facts():
                add(found)
        except SyncFailure as failure:
            if failure.kind.value in ("credentials", "login", "permanent"):
                raise
            add(fact("fact-list", False, entity.name, reason=failure.code, **failure.params))
        except SessionExpired:
            add(fact("fact-session", False, entity.name))
        except Navigated:
            add(fact("fact-list", False, entity.name, reason="erp-navigates"))
    add(await _second_list(erp, account, entities, on_login) if conformance else fact("fact-second-list", None))
    # These would need a second login, a wrong password and an export, which the examination does not risk.
    for code in ("fact-second-session", "fact-login-error", "fact-export"):
        add(fact(code, None))
    return Report(tuple(facts), pages if conformance else {})


def address_fact(address: str) -> Fact:
    """Whether the address is a name, as the ERP has since June 2026 (``docs/erp.md``, Addresses)."""
    host = urlsplit(address).hostname or ""
    try:
        number = ip_address(host)
    except ValueError:
        return fact("fact-address", bool(host), host=host)
    return fact("fact-address", None if number.is_loopback else False, host=host)


async def _second_list(erp: Erp, account: AccountId, entities: Sequence[Entity], on_login: Callable[[], None]) -> Fact:
    """Whether the list that serves order forms may stay open while another list is read."""
    left_open = [entity for entity in entities if entity.newest]
    others = [entity for entity in entities if entity not in left_open]
    right: bool | None = None
    if left_open and others:
        with suppress(SyncFailure):  # already reported for the list itself
            right = await erp.survives_another(left_open[0], others[0], account, on_login)
    return fact("fact-second-list", right, left_open[0].name if left_open else "")


class Examination:
    """Examines one list."""

    def __init__(
        self,
        erp: Erp,
        account: AccountId,
        entity: Entity,
        on_login: Callable[[], None],
        pages: dict[str, dict[str, Json]],
        conformance: bool,
        before: Set[str],
    ) -> None:
        self._erp = erp
        self._account = account
        self._entity = entity
        self._on_login = on_login
        self._pages = pages
        self._conformance = conformance
        self._before = before

    async def facts(self) -> AsyncIterator[Fact]:
        """The facts of the list, one by one, as they are found."""
        entity, reader = self._entity, RowReader(self._entity)
        if self._conformance:
            await self._erp.ways.forget(entity.name)
        keys: Sequence[str] = ()
        async with self._erp.list(entity, self._account, reader.fields, self._on_login) as visit:
            view = visit.list
            structure = await view.structure()
            self._pages[entity.name] = structure
            for found in page_facts.as_opened(entity, view.state, structure, view.users_view):
                yield found
            if entity.filter is not None and entity.filter.detour:
                found_rows = await view.driver.look(Look.EMPTY_ROWS, list(reader.fields), FILL_PATIENCE)
                yield fact("fact-opens-filled", not found_rows["rows"] or found_rows["painted"], entity.name)
            rows = ROWS_SLOWLY if self._conformance else ROWS
            page = await view.prepare(rows)
            reader.learn(view.words)
            for found in page_facts.as_prepared(entity, view, await view.look(), page, rows, self._before):
                yield found
            for found in page_facts.contents(entity, reader, page):
                yield found
            yield await self._filters(view)
            if self._conformance:
                async for found in self._thorough(view, page):
                    yield found
            keys = page.keys(entity)
        if self._conformance and entity.detail_path is not None:
            async for found in self._detail(keys):
                yield found

    async def _filters(self, view: ListView) -> Fact:
        try:
            await view.verify_filters()
        except SyncFailure as failure:
            return fact("fact-filters", False, view.entity.name, reason=failure.code, found=failure.params.get("found"))
        return fact("fact-filters", True, view.entity.name)

    async def _thorough(self, view: ListView, page: Page) -> AsyncIterator[Fact]:
        async for found in Timing(view).both_ways():
            yield found
        name = view.entity.name
        if page.count > 1:
            started = time.monotonic()
            try:
                second = await view.turn_to(1)
                yield fact("fact-page-index", second.index == 1, name)
                yield page_facts.callback_time(name, ms_since(started), len(second.rows))
                last = await view.turn_to(second.count - 1)
                counted = (last.size or 0) * (last.count - 1) + len(last.rows)
                right = None if page.footer is None else page.footer == counted
                yield fact("fact-total", right, name, total=last.total)
            except SyncFailure as failure:
                if failure.code != "page-stuck":
                    raise
                yield fact("fact-page-index", False, name)
        else:
            yield fact("fact-page-index", None, name)
        if page.rows:
            field = view.entity.column(view.entity.key[0]).field_name
            answer = await view.driver.look(Look.ROW_VALUES, field, 5.0)
            yield fact("fact-row-values", answer["answered"], name, ms=answer["ms"])
        with suppress(SyncFailure):
            await view.act(Act.PAGE, index=0)

    async def _detail(self, keys: Sequence[str]) -> AsyncIterator[Fact]:
        """Examine one detail page, of a record of the account's own list."""
        entity = self._entity
        own = [key for key in keys if key not in ("", "0")]
        if not own:
            yield fact("fact-detail", None, entity.name)
            return
        fields = tuple(dict.fromkeys(column.field_name for column in entity.columns))
        started = time.monotonic()
        try:
            texts = await self._erp.record(entity, self._account, own[0], fields, self._on_login)
        except SyncFailure as failure:
            yield fact("fact-detail", False, entity.name, reason=failure.code, **failure.params)
            return
        ms = ms_since(started)
        yield fact("fact-detail", bool(texts), entity.name, fields=len(texts), of=len(fields))
        yield fact("fact-detail-id", entity.row_key in texts, entity.name)
        yield fact("fact-detail-time", ms < DETAIL_SLOW_MS, entity.name, ms=ms)


def ms_since(started: float) -> int:
    """Milliseconds since ``started``, a value of ``time.monotonic()``."""
    return round((time.monotonic() - started) * 1000)
