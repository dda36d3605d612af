"""``doctor --erp`` against the demo ERP: agreement, the explanation of each difference, and the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.demo_erp import DemoErp
from archisync_gui.demo_erp.faults import FAULTS, parse_fault
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.variations import parse_variation
from archisync_gui.entities import CUSTOMERS, DDT, ENTITIES, INVOICES, ORDERS, Entity
from archisync_gui.erp import Limits
from archisync_gui.erp.conformance import Verdict, doctor, examine, page_facts, sentence
from archisync_gui.erp.conformance.examine import address_fact
from archisync_gui.erp.conformance.facts import Report, fact
from archisync_gui.erp.lists.ways import Way, WhyCells
from archisync_gui.messages import codes, text
from archisync_gui.model import SyncFailure
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser


async def test_the_demo_erp_agrees_with_the_reference_and_is_not_changed(tmp_path: Path) -> None:
    lines: list[str] = []
    saved = tmp_path / "report.json"
    async with world(tmp_path, scale=0.12) as here:
        kept = {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES}
        right = await doctor(here.erp, USER, ENTITIES, language="it", conformance=True, say=lines.append, save_to=saved)
        await here.erp.settled()
        assert {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES} == kept
        names = {row["NAME"] for row in here.demo.rows("customers", USER) if row["NAME"]}
        ways = await here.erp.ways.known()
    assert right, [line for line in lines if "DIVERSO" in line]
    assert {name: way.proven for name, way in ways.items()} == dict.fromkeys((e.name for e in ENTITIES), True)
    report = json.loads(saved.read_text("utf-8"))
    assert set(report["lists"]) == {entity.name for entity in ENTITIES}
    assert not [name for name in names if name in saved.read_text("utf-8")], "the report has contents of records"
    assert {found["code"] for found in report["facts"]} <= codes()


async def test_a_demo_erp_made_like_the_report_has_the_same_structure(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    async with world(tmp_path / "one") as here:
        await doctor(here.erp, USER, [DDT], language="en", conformance=True, say=lambda _: None, save_to=first)
    demo = DemoErp(scale=0.05, structure=Structure.read(first))
    async with world(tmp_path / "two", demo=demo) as here:
        await doctor(here.erp, USER, [DDT], language="en", conformance=True, say=lambda _: None, save_to=second)
    one, two = (json.loads(file.read_text("utf-8")) for file in (first, second))
    assert one["lists"] == two["lists"]


@dataclass(frozen=True)
class Told:
    """What the doctor reports for one difference: the code of a fact, of the reason why a list cannot be read, or of
    the failure that stops it."""

    switch: str
    code: str = ""
    lists: tuple[str, ...] = ("orders",)
    harmless: str = ""
    """Why the operator has nothing to do, where nothing is reported."""


BY_NAME = "columns and menus are found by the ERP's internal names"
BY_VALUES = "values are read, and not cells"
VARIATIONS = (
    Told("english-session", "fact-language"),
    Told("bands", "fact-header"),
    Told("scrolling-headers", harmless="the header row is found by its id"),
    Told("indent-cells", harmless="cells without a number are blank fields"),
    Told("other-digits", harmless="digits are not relied on"),
    Told("no-visible-index", "fact-visible-index"),
    Told("sizes=10,20,50", "fact-page-size"),
    Told("preset-accepted-early", harmless="the choice is proven all the same"),
    Told("loads-empty", "fact-opens-filled", ("ddt",)),
    Told("page-values-absent", "fact-values"),
    Told("page-values-silent", "fact-values"),
    Told("page-values-error", "fact-values"),
    Told("page-values-stale", "fact-values"),
    Told("page-values-short", "fact-values"),
    Told("yes-no-words", "fact-yes-no"),
    Told("invoice-amounts-signed", "fact-amounts", ("invoices",)),
    Told("builder-left-on", "filter-builder"),
    Told("header-filter-left-on", "filter-header"),
    Told("row-filter-left-on", "filter-operator"),
    Told("grouping-left-on", harmless="it is removed and restored"),
)


SAMPLE_OF_VARIATIONS = {
    "english-session", "bands", "no-visible-index", "sizes", "loads-empty", "page-values-error", "yes-no-words",
    "invoice-amounts-signed", "builder-left-on", "header-filter-left-on", "row-filter-left-on", "other-digits",
}  # fmt: skip
"""One for each code that the doctor reports, and one for which it reports nothing."""


def test_each_code_of_a_variation_is_in_the_sample() -> None:
    sample = {told.code for told in VARIATIONS if told.switch.partition("=")[0] in SAMPLE_OF_VARIATIONS}
    assert sample == {told.code for told in VARIATIONS}


@pytest.mark.parametrize(
    "variations",
    [
        pytest.param(
            tuple(told for told in VARIATIONS if told.switch.partition("=")[0] in SAMPLE_OF_VARIATIONS),
            marks=pytest.mark.ci,
            id="sample",
        ),
        pytest.param(VARIATIONS, marks=pytest.mark.nightly, id="all"),
    ],
)
async def test_the_doctor_reports_each_way_in_which_pages_differ(tmp_path: Path, variations: tuple[Told, ...]) -> None:
    wrong = []
    async with world(tmp_path) as here:
        for told in variations:
            kept = {name: here.demo.view_record(USER, name) for name in told.lists}
            here.demo.vary(told.switch)
            found = await _asked(here, told)
            here.demo.clear_variations()
            if told.code not in found if told.code else found:
                wrong.append(f"{told.switch}: {found}, expected {told.code or 'nothing'}")
            if not told.switch.endswith("left-on"):  # those set the view themselves
                after = {name: here.demo.view_record(USER, name) for name in told.lists}
                if after != kept:
                    wrong.append(f"{told.switch}: the view is another one")
            here.demo.reset_views()
    assert not wrong, "\n".join(wrong)


FAULTS_TOLD = (
    Told("session-expired-now", harmless="the doctor logs in, as a read does"),
    Told("unavailable-503", "erp-unavailable"),
    Told("hung-callback", "erp-slow-callback"),
    Told("callback-error", "erp-callback-error"),
    Told("connection-dropped", "erp-unreachable"),
    Told("never-idle", "erp-never-idle"),
    Told("stuck-preset", "filter-preset", ("ddt",)),
    Told("stuck-filter-row", "filter-operator"),
    Told("stuck-search", "filter-search"),
    Told("stuck-header-filter", "filter-header"),
    Told("stuck-grouping", "filter-grouping"),
    Told("truncated-list=keep:0.2", "fact-rows"),
    # A read by values works; but the second way, which the doctor also tries, does not.
    Told("empty-cells", "fact-cells"),
    Told("late-paint", harmless=BY_VALUES),
    Told("extra-menu-item", harmless=BY_NAME),
    Told("moved-columns", harmless=BY_NAME),
    Told("renamed-captions", harmless=BY_NAME),
    Told("renamed-column", "column-missing"),
    Told("missing-column", "column-missing"),
    Told("new-column", "fact-columns"),
    Told("new-system-column", harmless=BY_NAME),
    Told("value-prefix", harmless="presets are known by their ending"),
    Told("ids-changed", "fact-numbers"),
    Told("second-login-ends-first", harmless="nobody logs in twice to find out; it costs one more login"),
    Told("second-list-ends-first", "fact-second-list", ("orders", "customers")),
    Told("rows-move", harmless="a list that changes while it is read is everyday life; reads notice"),
    Told("toolbar-folded", "toolbar-folded", ("ddt",)),
    Told("other-certificate", "certificate-unknown"),
    Told("sort-ignored", "fact-sort", ("customers",)),
    Told("page-stuck", "fact-page-index"),
    Told("page-size-ignored", "fact-page-size"),
    Told("login-refused", "login-refused"),
    Told("login-fails", "login-failed"),
    Told("error-page", "erp-error-page"),
    Told("slow=40", "fact-callback-time"),
)
NOT_IN_THE_TABLE = {"other-locale", "getrowvalues-dead"}
"""Faults that a variation of the table above shows."""

SAMPLE = {"missing-column", "new-column", "page-size-ignored", "page-stuck", "ids-changed", "truncated-list"}


def test_every_fault_is_in_the_table() -> None:
    named = {told.switch.partition("=")[0] for told in FAULTS_TOLD}
    assert named | NOT_IN_THE_TABLE >= set(FAULTS), set(FAULTS) - named - NOT_IN_THE_TABLE
    for told in (*FAULTS_TOLD, *VARIATIONS):
        assert bool(told.code) is not bool(told.harmless), told.switch


@pytest.mark.ci
async def test_the_doctor_explains_some_faults(tmp_path: Path) -> None:
    async with world(tmp_path, scale=0.12) as here:
        wrong = []
        for told in FAULTS_TOLD:
            if told.switch.partition("=")[0] in SAMPLE:
                wrong += await _check(here, told)
    assert not wrong, "\n".join(wrong)


@pytest.mark.nightly
async def test_the_doctor_explains_every_fault(tmp_path: Path) -> None:
    wrong = []
    async with (
        world(tmp_path / "usual", scale=0.12) as usual,
        world(tmp_path / "https", scale=0.05, https=True) as https,
        world(tmp_path / "patient", scale=0.12, limits=Limits()) as patient,
    ):
        # Cells that come after 2 s are too late for the quick limits (1.5 s), except on a slow computer.
        there = {"other-certificate": https, "slow=40": patient, "late-paint": patient}
        for told in FAULTS_TOLD:
            wrong += await _check(there.get(told.switch, usual), told)
    assert not wrong, "\n".join(wrong)


async def _check(here: World, told: Told) -> list[str]:
    if "login" in told.switch:
        await here.erp.forget(USER)
    here.demo.fault(told.switch)
    found = await _asked(here, told)
    here.demo.clear_faults()
    await here.erp.settled()
    here.demo.reset_views()
    right = told.code in found if told.code else not found
    return [] if right else [f"{told.switch}: {found}, expected {told.code or 'nothing'}"]


async def _asked(here: World, told: Told) -> list[str]:
    """The codes that the doctor reports; checks that each text says what it means and, except for a fact, what to
    do."""
    entities = [entity for entity in ENTITIES if entity.name in told.lists]
    known = {each: here.truth(each) for each in told.lists}
    try:
        report = await examine(here.erp, USER, entities, conformance=True, keys=known)
    except SyncFailure as failure:
        said = text(failure.code, "it", failure.params)
        assert said.means, told.switch
        assert said.todo, told.switch
        return [failure.code]
    found = []
    for each in report.differing:
        found.append(str(each.params.get("reason", each.code)))
        assert all("\n" in sentence(each, language) for language in ("it", "en")), f"{told.switch}: {each.code}"
    if told.code and told.code not in codes():
        raise AssertionError(told.code)
    return found


@pytest.mark.parametrize("failing", ["error", "silent"])
async def test_the_doctor_asks_again_for_values_that_failed_once(failing: str, tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.demo.vary(f"page-values-{failing}", list="ddt", times=1)
        report = await examine(here.erp, USER, [DDT], conformance=True)
        assert not report.differing
        assert (await here.erp.ways.known())["ddt"].way is Way.VALUES


async def test_the_doctor_finds_in_one_run_that_values_never_come(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.demo.vary("page-values-error")
        report = await examine(here.erp, USER, [DDT], conformance=True)
        assert {fact.code for fact in report.differing} == {"fact-values", "fact-way"}
        assert (await here.erp.ways.known())["ddt"].way is Way.CELLS
        (said,) = (sentence(fact, "en") for fact in report.differing if fact.code == "fact-values")
        assert "its values gave an error, several times in a row" in said


def test_differences_are_in_the_report_as_switches_of_the_demo_erp() -> None:
    facts = (
        *(fact("fact-values", False, "ddt", why=why.value) for why in WhyCells),
        fact("fact-values", False, "ddt", why="–"),
        fact("fact-header", False, "orders", rows=2),
        fact("fact-header", False, "prices", rows=0),
        fact("fact-opens-filled", False, "ddt"),
        fact("fact-row-values", False, "ddt", ms=5000),
        fact("fact-sort", True, "orders"),
    )
    report = Report(facts, {}).as_json()
    assert report["variations"] == [
        "page-values-absent=list:ddt",
        "page-values-silent=list:ddt",
        "page-values-error=list:ddt",
        "page-values-stale=list:ddt",
        "bands=list:orders",
        "loads-empty=list:ddt",
    ]
    assert report["faults"] == ["getrowvalues-dead=list:ddt"]
    for text_ in report["variations"]:
        parse_variation(str(text_))
    for text_ in report["faults"]:
        parse_fault(str(text_))


def test_a_word_for_all_rows_in_any_language_is_a_page_size_of_the_demo_erp() -> None:
    structure = Structure.parse({"lists": {"orders": {"page_sizes": [10, 20, "Tutti"]}}})
    assert DemoErp(scale=0.05, structure=structure).lists["orders"].page_sizes == (10, 20, -1)


async def test_each_fact_has_a_text_in_both_languages(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        report = await examine(here.erp, USER, [ORDERS, CUSTOMERS, INVOICES], conformance=True)
    seen = {fact.code for fact in report.facts if fact.verdict is Verdict.AS_SAID}
    assert {"fact-values", "fact-way", "fact-ways-agree", "fact-row-key", "fact-detail", "fact-detail-time"} <= seen
    assert {"fact-yes-no", "fact-amounts", "fact-filter-bar"} <= seen
    assert {"fact-closed", "fact-overdue-days", "fact-default-sort", "fact-words-told", "fact-null-texts"} <= seen
    for each in report.facts:
        for language in ("it", "en"):
            assert "{" not in sentence(each, language)


def _bar(row: list[Any], builder: str, *, there: bool) -> Verdict:
    state: Any = {"filters": {"row": row, "header": [], "builder": builder}}
    return page_facts._filter_bar("orders", state, {"filterBar": there}).verdict


def test_both_forms_of_the_filter_bar_are_recognised() -> None:
    """F10: a bar for filters of the filter builder only is as described; one that is always shown, or for every filter,
    is reported, because lists that show it are refused."""
    assert _bar([], "", there=False) is Verdict.AS_SAID
    assert _bar([], "[EMAIL] <> 'x'", there=True) is Verdict.AS_SAID
    assert _bar([], "?", there=True) is Verdict.DIFFERS
    assert _bar([{"field": "NAME"}], "BeginsWith([NAME], 'a')", there=True) is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("entity", "field", "texts", "verdict"),
    [
        (INVOICES, "INVOICEAMOUNTMST", ("0", "1.650", "-360,65"), Verdict.AS_SAID),
        (INVOICES, "INVOICEAMOUNTMST", ("0", "1.650 €"), Verdict.DIFFERS),
        (INVOICES, "INVOICEAMOUNTMST", ("360,65-",), Verdict.DIFFERS),
        (INVOICES, "INVOICEAMOUNTMST", ("(360,65)",), Verdict.DIFFERS),
        (INVOICES, "INVOICEAMOUNTMST", ("", None), Verdict.NOT_SEEN),
        (ORDERS, "GROSSAMOUNT", ("1.234,56 €", "-1,00 €"), Verdict.AS_SAID),
        (ORDERS, "GROSSAMOUNT", ("1.234,56",), Verdict.DIFFERS),
    ],
)
def test_both_forms_of_amounts_are_recognised(
    entity: Entity, field: str, texts: tuple[str | None, ...], verdict: Verdict
) -> None:
    """C14: amounts of invoices have no currency sign, others have one; the minus comes first."""
    (_, amounts) = page_facts.as_shown(entity, [field], [[text] for text in texts])
    assert (amounts.code, amounts.verdict) == ("fact-amounts", verdict)


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("Checked", "Unchecked", ""), Verdict.AS_SAID),
        (("Sì", "No"), Verdict.DIFFERS),
        (("", None), Verdict.NOT_SEEN),
    ],
)
def test_both_forms_of_yes_and_no_are_recognised(texts: tuple[str | None, ...], verdict: Verdict) -> None:
    """F7: yes/no cells are images."""
    (boxes, _) = page_facts.as_shown(ORDERS, ["SAMPLEORDER"], [[text] for text in texts])
    assert (boxes.code, boxes.verdict) == ("fact-yes-no", verdict)


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("https://erp.example.test/Archibald", Verdict.AS_SAID),
        ("https://192.0.2.7/Archibald", Verdict.DIFFERS),
        ("https://192.0.2.7:8443/Archibald", Verdict.DIFFERS),
        ("https://[2001:db8::7]/Archibald", Verdict.DIFFERS),
        ("http://127.0.0.1:8080/Archibald", Verdict.NOT_SEEN),
    ],
)
def test_an_address_that_is_a_bare_number_is_reported(address: str, verdict: Verdict) -> None:
    found = address_fact(address)
    assert found.verdict is verdict
    for language in ("it", "en"):
        assert ("2001:db8::7" in sentence(found, language)) is ("2001" in address)
