"""``doctor --erp`` against the demo ERP: what is as said, each fault in words, and the way back into switches."""

from __future__ import annotations

import json
from pathlib import Path

from archisync_gui.demo_erp.faults import parse_fault
from archisync_gui.entities import CUSTOMERS, DDT, ENTITIES, INVOICES, ORDERS, PRICES
from archisync_gui.erp.conformance import Verdict, doctor, examine, sentence
from archisync_gui.messages import codes
from tests.syncs.erp_harness import USER, world


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
