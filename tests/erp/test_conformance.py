"""``doctor --erp`` against the demo ERP: what is as said, each fault in words, and the way back into switches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from archisync_gui.demo_erp.faults import FAULTS, parse_fault
from archisync_gui.entities import CUSTOMERS, DDT, ENTITIES, INVOICES, ORDERS, PRICES
from archisync_gui.erp import Limits
from archisync_gui.erp.conformance import Verdict, doctor, examine, sentence
from archisync_gui.erp.owed import OwedViews
from archisync_gui.messages import codes, text
from archisync_gui.model import SyncFailure
from tests.syncs.erp_harness import USER, World, world


async def test_the_demo_erp_is_as_the_reference_says(tmp_path: Path) -> None:
    lines: list[str] = []
    async with world(tmp_path) as here:
        kept = here.demo.get_preferences(USER, "orders")
        saved = tmp_path / "report.json"
        right = await doctor(here.erp, USER, ENTITIES, language="it", conformance=True, say=lines.append, save_to=saved)
        assert here.demo.get_preferences(USER, "orders") == kept
        names = {row["NAME"] for row in here.demo.rows("customers", USER) if row["NAME"]}
    differing = [line for line in lines if "DIVERSO" in line]
    assert right or all("GetRowValues" in line for line in differing), differing
    report = json.loads(saved.read_text("utf-8"))
    assert set(report["structure"]) == {entity.name for entity in ENTITIES}
    text = saved.read_text("utf-8")
    assert not [name for name in names if name in text], "no contents in the report"
    assert {fact["code"] for fact in report["facts"]} <= codes()


DIFFERENCES = (
    ("value-prefix=a2", PRICES, "fact-preset-prefix"),
    ("missing-column=column:EMAIL", ORDERS, "fact-list"),
    ("new-column", INVOICES, "fact-columns"),
    ("other-locale", ORDERS, "fact-notation"),
    ("page-size-ignored", ORDERS, "fact-page-size"),
    ("sort-ignored", CUSTOMERS, "fact-sort"),
    ("page-stuck", ORDERS, "fact-page-index"),
    ("stuck-search", ORDERS, "fact-filters"),
    ("toolbar-folded", DDT, "fact-list"),
    ("truncated-list=keep:0.2", ORDERS, "fact-rows"),
    ("truncated-list=keep:0.2", CUSTOMERS, "fact-rows"),
    ("ids-changed", ORDERS, "fact-numbers"),
)
SWITCHABLE = {"value-prefix", "other-locale", "page-size-ignored", "sort-ignored", "page-stuck"}


async def test_each_difference_is_told_in_words_and_becomes_a_switch(tmp_path: Path) -> None:
    async with world(tmp_path, scale=0.12) as here:
        for fault, entity, code in DIFFERENCES:
            kept = here.demo.get_preferences(USER, entity.name)
            known = {entity.name: here.truth(entity.name)}
            here.demo.fault(fault)
            report = await examine(here.erp, USER, [entity], conformance=True, keys=known)
            here.demo.clear_faults()
            here.demo.preferences.put(USER, entity.name, kept)
            assert [fact for fact in report.differing if fact.code == code], fault
            (found,) = [fact for fact in report.differing if fact.code == code]
            for language in ("it", "en"):
                assert "\n" in sentence(found, language), "what a difference means is said on a second line"
            name = fault.partition("=")[0]
            if name in SWITCHABLE:
                switches = report.as_json()["faults"]
                assert name in {parse_fault(str(switch))[0] for switch in switches}  # type: ignore[union-attr]
            if code != "fact-list":
                assert Verdict.AS_SAID in {fact.verdict for fact in report.facts}


@dataclass(frozen=True)
class Told:
    """What the doctor makes of one fault: the code of a fact, of the reason why a list cannot be read, or of the
    failure with which it gives up."""

    fault: str
    code: str = ""
    lists: tuple[str, ...] = ("orders",)
    harmless: str = ""
    """Why an operator has nothing to do, where nothing is told."""


BY_NAME = "columns and menus are found by the ERP's internal names"
ALL_TOLD = (
    Told("session-expired-now", harmless="the doctor logs in, as a read does"),
    Told("unavailable-503", "erp-unavailable"),
    Told("hung-callback", "erp-slow-callback"),
    Told("callback-error", "erp-callback-error"),
    Told("connection-dropped", "erp-unreachable"),
    Told("never-idle", "erp-never-idle"),
    Told("stuck-preset", "filter-preset"),
    Told("stuck-filter-row", "filter-row"),
    Told("stuck-search", "filter-search"),
    Told("stuck-header-filter", "filter-header"),
    Told("stuck-grouping", "filter-grouping"),
    Told("truncated-list=keep:0.2", "fact-rows"),
    Told("empty-cells", "cells-empty"),
    Told("late-paint", "cells-empty"),
    Told("extra-menu-item", harmless=BY_NAME),
    Told("moved-columns", harmless=BY_NAME),
    Told("renamed-captions", harmless=BY_NAME),
    Told("renamed-column", "column-missing"),
    Told("missing-column", "column-missing"),
    Told("new-column", "fact-columns"),
    Told("new-system-column", harmless=BY_NAME),
    Told("value-prefix", "fact-preset-prefix"),
    Told("ids-changed", "fact-numbers"),
    Told("other-locale", "fact-notation"),
    Told("second-login-ends-first", harmless="nobody logs in twice to find out; it costs one more login"),
    Told("second-list-ends-first", "fact-second-list", ("orders", "customers")),
    Told("rows-move", harmless="a list that changes while it is read is everyday life; reads notice"),
    Told("toolbar-folded", "toolbar-folded", ("ddt",)),
    Told("other-certificate", "certificate-unknown"),
    Told("sort-ignored", "fact-sort", ("customers",)),
    Told("page-stuck", "fact-page-index"),
    Told("page-size-ignored", "fact-page-size"),
    Told("getrowvalues-dead", "fact-row-values"),
    Told("login-refused", "login-refused"),
    Told("login-fails", "login-failed"),
    Told("error-page", "erp-error-page"),
    Told("slow=40", "fact-callback-time"),
)


def test_every_fault_is_in_the_table() -> None:
    assert [told.fault.partition("=")[0] for told in ALL_TOLD] == list(FAULTS)
    assert all(bool(told.code) is not bool(told.harmless) for told in ALL_TOLD)


@pytest.mark.nightly
async def test_the_doctor_explains_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, wrong = [], []
    async with (
        world(tmp_path / "usual", scale=0.12) as usual,
        world(tmp_path / "https", scale=0.05, https=True) as https,
        world(tmp_path / "patient", scale=0.12, limits=Limits()) as patient,
    ):
        there = {"other-certificate": https, "slow=40": patient}
        for told in ALL_TOLD:
            found = await _asked(there.get(told.fault, usual), told)
            lines.append(f"{told.fault:26} {', '.join(found) or told.harmless}")
            if told.code not in found if told.code else found:
                wrong.append(f"{told.fault}: {found}, expected {told.code or 'nothing'}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert not wrong, "\n".join(wrong)


async def _asked(here: World, told: Told) -> list[str]:
    """The codes that the doctor tells of a fault; each says what it means and, but for a fact, what to do."""
    name = told.fault.partition("=")[0]
    entities = [entity for entity in ENTITIES if entity.name in told.lists]
    kept = {each: here.demo.get_preferences(USER, each) for each in told.lists}
    known = {each: here.truth(each) for each in told.lists}
    if "login" in name:
        await here.erp.forget(USER)
    here.demo.fault(told.fault)
    found = []
    try:
        report = await examine(here.erp, USER, entities, conformance=True, keys=known)
    except SyncFailure as failure:
        said = text(failure.code, "it", failure.params)
        assert said.means, told.fault
        assert said.todo, told.fault
        found.append(failure.code)
    else:
        for fact in report.differing:
            found.append(str(fact.params.get("reason", fact.code)))
            assert all("\n" in sentence(fact, language) for language in ("it", "en")), told.fault
    here.demo.clear_faults()
    await here.erp.settled()
    for each, preferences in kept.items():
        here.demo.preferences.put(USER, each, preferences)
    here.erp._owed = OwedViews()
    return found
