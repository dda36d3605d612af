"""``doctor --erp``: looks at an ERP without changing it and says, fact by fact, whether it is as ``docs/erp.md`` says.

Only reads. With ``conformance`` the structure of what was seen is kept too: ids, columns, options, notations; no
contents and no personal data. The demo ERP takes such a report as its switches.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archisync_gui.erp.hands import Act, Hands, Look
from archisync_gui.erp.listview import Page, find_preset
from archisync_gui.erp.parsers import Unreadable, fold, parser
from archisync_gui.erp.rows import RowReader

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity, Kind, Row
from archisync_gui.erp.erp import Erp
from archisync_gui.erp.failures import Navigated, SessionExpired
from archisync_gui.messages import text
from archisync_gui.model import AccountId, Json, SyncFailure

TIME = 300.0
"""Seconds for everything; lists that no longer fit in are *not seen*."""


USUAL_MS, USUAL_MS_PER_ROW, SLOW = 300, 16, 2.5
"""What a callback takes (``docs/erp.md``, Waiting), and how many times as long is worth a word."""

SHARE = 0.70
"""A list with fewer of the rows that it had would be refused as cut short (``docs/erp.md``, Checks)."""


class Verdict(StrEnum):
    """What was found of a fact."""

    AS_SAID = "as-said"
    DIFFERS = "differs"
    NOT_SEEN = "not-seen"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of ``docs/erp.md`` and what this ERP shows of it. ``code`` names its text; ``params`` fill it in."""

    code: str
    verdict: Verdict
    params: dict[str, Json] = field(default_factory=dict)
    list: str = ""
    """The list it was looked for in; empty: the ERP as a whole."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at."""

    facts: tuple[Fact, ...]
    structure: dict[str, Json]

    @property
    def differing(self) -> tuple[Fact, ...]:
        """The facts that are not as said."""
        return tuple(fact for fact in self.facts if fact.verdict is Verdict.DIFFERS)

    def as_json(self) -> dict[str, Json]:
        """The report as it is saved."""
        return {
            "version": 1,
            "facts": [asdict(fact) for fact in self.facts],
            "structure": self.structure,
            # For ``demo-erp --like``, which knows nothing of facts.
            "faults": list(self.as_faults()),
        }

    def as_faults(self) -> tuple[str, ...]:
        """The demo ERP's switches that make it behave as the ERP of this report, as on its command line."""
        switches: list[str] = []
        for fact in self.differing:
            where = f"list:{fact.list}"
            match fact.code:
                case "fact-preset-prefix":
                    switches.append(f"value-prefix={fact.params['prefix']}")
                case "fact-columns" if fact.params.get("missing") != "–":
                    missing = str(fact.params["missing"]).split(", ")[0]
                    switches.append(f"missing-column={where},column:{missing}")
                case "fact-notation":
                    switches.append("other-locale")
                case "fact-page-size":
                    switches.append(f"page-size-ignored={where}")
                case "fact-sort":
                    switches.append(f"sort-ignored={where}")
                case "fact-toolbar":
                    switches.append("toolbar-folded")
                case "fact-page-index":
                    switches.append(f"page-stuck={where}")
                case "fact-callback-time":
                    switches.append(f"slow={fact.params['times']}")
                case "fact-second-list":
                    switches.append("second-list-ends-first")
        return tuple(dict.fromkeys(switches))


def _fact(code: str, right: bool | None, list_: str = "", **params: Json) -> Fact:
    verdict = Verdict.NOT_SEEN if right is None else Verdict.AS_SAID if right else Verdict.DIFFERS
    return Fact(code, verdict, params, list_)


async def examine(
    erp: Erp,
    account: AccountId,
    entities: Sequence[Entity],
    *,
    told: Callable[[Fact], None] = lambda fact: None,
    logged_in: Callable[[], None] = lambda: None,
    conformance: bool = False,
    keys: Mapping[str, Set[str]] = MappingProxyType({}),
) -> Report:
    """Look at login and lists; ``told`` hears each fact as it is found. Raises ``SyncFailure`` when the ERP cannot be
    entered at all. ``conformance``: also the slower questions (paging, sorting, GetRowValues) and the structure.
    ``keys``: those that each list had when it was last read."""
    facts: list[Fact] = []
    structure: dict[str, Json] = {}
    until = time.monotonic() + TIME

    def tell(fact: Fact) -> None:
        facts.append(fact)
        told(fact)

    for entity in entities:
        if time.monotonic() > until:
            tell(_fact("fact-list", None, entity.name, reason="time"))
            continue
        try:
            async for fact in _list(
                erp, account, entity, logged_in, structure, conformance, keys.get(entity.name, frozenset())
            ):
                tell(fact)
        except SyncFailure as failure:
            if failure.kind.value in ("credentials", "login", "permanent"):
                raise
            tell(_fact("fact-list", False, entity.name, reason=failure.code, **failure.params))
        except SessionExpired:
            tell(_fact("fact-session", False, entity.name))
        except Navigated:
            tell(_fact("fact-list", False, entity.name, reason="erp-navigates"))
    tell(await _second_list(erp, account, entities, logged_in) if conformance else _fact("fact-second-list", None))
    # Nobody logs in twice, types a wrong password or exports a list only to learn what happens then.
    for code in ("fact-second-session", "fact-login-error", "fact-export"):
        tell(_fact(code, None))
    return Report(tuple(facts), structure if conformance else {})


async def _second_list(erp: Erp, account: AccountId, entities: Sequence[Entity], logged_in: Callable[[], None]) -> Fact:
    """Whether the list that order forms are served from may stay open while another one is read."""
    kept = [entity for entity in entities if entity.newest]
    others = [entity for entity in entities if entity not in kept]
    right: bool | None = None
    if kept and others:
        with suppress(SyncFailure):  # said of the list itself already
            right = await erp.survives_another(kept[0], others[0], account, logged_in)
    return _fact("fact-second-list", right, kept[0].name if kept else "")


async def _list(
    erp: Erp,
    account: AccountId,
    entity: Entity,
    logged_in: Callable[[], None],
    structure: dict[str, Json],
    conformance: bool,
    before: Set[str],
) -> AsyncIterator[Fact]:
    name, reader = entity.name, RowReader(entity)
    async with erp.list(entity, account, reader.fields, logged_in) as visit:
        view, hands = visit.list, visit.list.hands
        state = await hands.look(Look.STATE)
        structure[name] = _structure(state)
        yield _fact(
            "fact-grid-name", bool(re.search(r"_LE_v\d+$", str(state["name"]))), name, name=_dull(state["name"])
        )
        yield _fact("fact-page-size-box", state["size"] is not None, name)
        yield _fact("fact-page-sizes", state["size"] in (10, 20, 50, 100, 200), name, size=state["size"])
        yield _fact("fact-view-state", 1_000 <= (state["viewState"] or 0) <= 4_000, name, size=state["viewState"])
        if name == "orders":
            sort = ", ".join(f"{field} {order}" for field, order in view.view.sort)
            yield _fact("fact-default-sort", view.view.sort == (("ID", "DSC"),), name, sort=sort)
        for fact in _combo(entity, state):
            yield fact
        yield _columns(entity, state)
        if entity.filter is not None and entity.filter.click:
            blank = await hands.look(Look.BLANK_ROWS)
            yield _fact("fact-empty-first", not (blank["rows"] and blank["painted"]), name)
        page = await view.prepare(100 if conformance else 20, columns=True)
        state = await hands.look(Look.STATE)
        structure[name] = _structure(state)
        yield _fact("fact-page-size", page.size == (100 if conformance else 20), name, size=page.size)
        wanted = [c.field_name for c in entity.columns if c.hidden]
        shown = {c["field"] for c in state["columns"] if c["visible"]}
        absent = sorted(set(wanted) - shown)
        yield _fact("fact-hidden-columns", not absent if wanted else None, name, absent=", ".join(absent))
        yield _fact("fact-column-dialog", "columns-not-chosen" not in view.warnings, name)
        has_footer = name in ("orders", "ddt")
        yield _fact("fact-footer", (page.footer is not None) == has_footer, name, total=page.footer or "–")
        # Without a footer: at most so many.
        most = page.footer if page.footer is not None else page.count * (page.size or 0)
        enough = most >= SHARE * len(before) if before and most else None
        yield _fact("fact-rows", enough, name, now=most, before=len(before))
        yield _numbers(entity, page, before)
        yield _fact("fact-sort", view.newest_first if _sortable(state) else None, name)
        for fact in _notations(entity, reader, page):
            yield fact
        try:
            await view.verify_filters()
            yield _fact("fact-filters", True, name)
        except SyncFailure as failure:
            yield _fact("fact-filters", False, name, reason=failure.code, found=failure.params.get("found"))
        if conformance:
            async for fact in _slowly(view, hands, entity, page):
                yield fact


async def _slowly(view: Any, hands: Hands, entity: Entity, page: Page) -> AsyncIterator[Fact]:
    name = entity.name
    if page.count > 1:
        started = time.monotonic()
        try:
            second = await view.turn_to(1)
            yield _fact("fact-page-index", second.index == 1, name)
            yield _callback_time(name, _ms(started), len(second.rows))
            last = await view.turn_to(second.count - 1)
            total = last.total
            counted = (last.size or 0) * (last.count - 1) + len(last.rows)
            yield _fact("fact-total", None if page.footer is None else page.footer == counted, name, total=total)
        except SyncFailure as failure:
            if failure.code != "page-stuck":
                raise
            yield _fact("fact-page-index", False, name)
    else:
        yield _fact("fact-page-index", None, name)
    answer = await hands.look(Look.ROW_VALUES, entity.column(entity.key[0]).field_name, 5.0)
    yield _fact("fact-row-values", answer["answered"] and answer["ms"] < 1000, name, ms=answer["ms"])
    with suppress(SyncFailure):
        await hands.act(Act.PAGE, view.limits.callback, index=0)


def _callback_time(name: str, ms: int, rows: int) -> Fact:
    times = ms / (USUAL_MS + USUAL_MS_PER_ROW * rows)
    return _fact("fact-callback-time", times < SLOW if rows else None, name, ms=ms, rows=rows, times=round(times, 1))


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _sortable(state: dict[str, Any]) -> bool:
    return any(column["field"] == "ID" for column in state["columns"])


def _combo(entity: Entity, state: dict[str, Any]) -> list[Fact]:
    wish = entity.filter
    if wish is None:
        return [_fact("fact-no-preset", not _presets(state), entity.name)]
    try:
        combo, value = find_preset(wish, state["filters"]["combos"])
    except SyncFailure:
        return [_fact("fact-preset", False, entity.name, wanted=wish.texts[0])]
    prefix = re.match(r"xaf_xaf_(a\d)", value)
    options = next(c["items"] for c in state["filters"]["combos"] if c["id"] == combo)
    found = dict(options)[value]
    shown = prefix[1] if prefix else value[:12]
    return [
        _fact("fact-preset", True, entity.name, wanted=found),
        _fact("fact-preset-prefix", shown == "a1", entity.name, prefix=shown),
        _fact("fact-language", found == wish.texts[0], entity.name, text=found),
    ]


def _numbers(entity: Entity, page: Page, before: Set[str]) -> Fact:
    """Whether the records still have the numbers under which they are stored."""
    reader = RowReader(entity)
    now = {str(row[name]) for row in reader.take(page.rows) for name in entity.key[:1]}
    known = len(now & before)
    right = known >= (1 - SHARE) * len(now) if before and now and len(entity.key) == 1 else None
    return _fact("fact-numbers", right, entity.name, known=known, shown=len(now))


def _presets(state: dict[str, Any]) -> list[Any]:
    return [combo for combo in state["filters"]["combos"] if any("xaf_xaf" in value for value, _ in combo["items"])]


def _columns(entity: Entity, state: dict[str, Any]) -> Fact:
    there = {column["field"] for column in state["columns"] if column["field"]}
    visible = {column["field"] for column in state["columns"] if column["visible"] and column["field"]}
    declared = {column.field_name for column in entity.columns}
    missing = sorted({c.field_name for c in entity.columns if not c.optional} - visible)
    optional = sorted({c.field_name for c in entity.columns if c.optional} - there)
    extra = sorted(visible - declared - {"InvoicePDF.FileName", "ImageCalc"})
    return _fact(
        "fact-columns",
        not missing and not extra,
        entity.name,
        missing=", ".join(missing) or "–",
        unknown=", ".join(extra) or "–",
        absent=", ".join(optional) or "–",
        count=len(there),
    )


def _notations(entity: Entity, reader: RowReader, page: Page) -> list[Fact]:
    """Whether cells are written as an Italian session writes them. Only notations are told, never contents."""
    bad: dict[str, str] = {}
    for column in entity.columns:
        at = reader.fields.index(column.field_name)
        read = parser(column)
        for row in page.rows:
            cell = row[at]
            if cell is None or column.part is not None:
                continue
            try:
                read(cell)
            except Unreadable:
                bad.setdefault(column.field_name, _dull(cell))
    seen = any(c.kind in (Kind.DATE, Kind.DATETIME, Kind.MONEY) for c in entity.columns) and bool(page.rows)
    rows = reader.take(page.rows)
    words = sorted(f"{name}: {word}" for name, word in reader.findings.unknown_words)
    return [
        _fact(
            "fact-notation",
            not bad if seen else None,
            entity.name,
            examples="; ".join(f"{k} {v}" for k, v in sorted(bad.items())[:5]),
        ),
        _fact("fact-words", not words if page.rows else None, entity.name, words="; ".join(words[:8])),
        *_meanings(entity, reader, page, rows),
    ]


def _meanings(entity: Entity, reader: RowReader, page: Page, rows: Sequence[Row]) -> list[Fact]:
    """Columns whose meaning the notes disagree about."""

    def shapes(name: str) -> str:
        at = reader.fields.index(entity.column(name).field_name)
        return ", ".join(sorted({_dull(fold(row[at] or "")) for row in page.rows})[:6])

    if entity.name == "customers":
        amounts = [row.get("sales_this_year") for row in rows]
        readable = any(isinstance(amount, int) for amount in amounts)
        return [_fact("fact-sales-act", readable if rows else None, entity.name, shapes=shapes("sales_this_year"))]
    if entity.name == "invoices":
        closed = shapes("closed")
        terms = [
            (date.fromisoformat(str(row["due_date"])) - date.fromisoformat(str(row["invoice_date"]))).days
            == row["overdue_days"]
            for row in rows
            if row.get("due_date") and row.get("invoice_date") and row.get("overdue_days") is not None
        ]
        return [
            _fact("fact-closed", "99/99/9999" not in closed if rows else None, entity.name, shapes=closed),
            _fact("fact-overdue-days", sum(terms) * 2 > len(terms) if terms else None, entity.name, of=len(terms)),
        ]
    return []


def _dull(found: object) -> str:
    """The shape of a text without its contents: letters become ``a``, digits ``9``."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", str(found)))[:60]


def _structure(state: dict[str, Any]) -> Json:
    return {
        "grid": re.sub(r"\d{4,}", "{r}", str(state["name"])),
        "columns": [
            {"index": c["i"], "field": c["field"], "visible": c["visible"], "at": c["at"]} for c in state["columns"]
        ],
        "combos": [
            {"id": combo["id"], "value": combo["value"], "items": combo["items"]}
            for combo in state["filters"]["combos"]
        ],
        "sort": state["filters"]["sort"],
        "pageSize": state["size"],
        "pages": state["count"],
        "footer": state["footer"] is not None,
    }


def sentence(fact: Fact, language: str, entities: Sequence[Entity] = ENTITIES) -> str:
    """The fact for an operator: what was expected, and where it differs what that means and what to do."""
    captions = {entity.name: entity.it if language == "it" else entity.en for entity in entities}
    where = captions.get(fact.list, fact.list)
    said = text(fact.code, language, {**fact.params, "list": where})
    word = text(f"verdict-{fact.verdict.value}", language).what
    if fact.verdict is not Verdict.DIFFERS:
        return f"{where or 'ERP':<14} {word:<12} {said.what}"
    expected = text("fact-expected", language, {"what": said.what}).what
    means = said.means
    if "reason" in fact.params:
        means = f"{means} {text(str(fact.params['reason']), language, {**fact.params, 'list': where})}"
    return f"{where or 'ERP':<14} {word:<12} {expected}\n{'':<28}{means} {said.todo}".rstrip()


async def doctor(
    erp: Erp,
    account: AccountId,
    entities: Sequence[Entity],
    *,
    language: str,
    conformance: bool = False,
    say: Callable[[str], None] = print,
    save_to: Path | None = None,
    logged_in: Callable[[], None] = lambda: None,
    keys: Mapping[str, Set[str]] = MappingProxyType({}),
) -> bool:
    """``archisync-gui doctor --erp [--conformance]``: say each fact as it is found, save the report if asked to.

    True: everything seen is as ``docs/erp.md`` says. Raises ``SyncFailure`` when the ERP cannot be entered.
    """
    report = await examine(
        erp,
        account,
        entities,
        told=lambda fact: say(sentence(fact, language, entities)),
        logged_in=logged_in,
        conformance=conformance,
        keys=keys,
    )
    if save_to is not None:
        written = json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n"
        await asyncio.to_thread(save_to.write_text, written, encoding="utf-8")
    return not report.differing
