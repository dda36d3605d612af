"""Every fault of the demo ERP with every list: the run succeeds or fails with the right code, and no data are lost.

``pytest -s -k fault_table`` prints the results as a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from archisync_gui.entities import ENTITIES
from archisync_gui.messages import codes
from archisync_gui.model import Outcome, SyncFailure
from archisync_gui.syncs import SyncRunner
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser

FINE, UNCLEAN = "completed", "unclean"
CLICKED = ("ddt", "invoices")
"""Lists whose preset filter only a real click can set."""
WITHOUT_PRESET = ("products",)
OWN_NUMBERS = ("products",)
"""Lists whose key is not the ERP's internal id."""


@dataclass(frozen=True)
class Case:
    """One fault, and the expected outcome for every list."""

    fault: str
    expected: str | dict[str, str]
    login: bool = False
    """Begin without a session."""

    def wanted(self, name: str) -> set[str]:
        expected = self.expected if isinstance(self.expected, str) else self.expected.get(name, self.expected["*"])
        return set(expected.split("|"))


# Lists are read by typed values: neither empty cells nor another language's notation changes them.
CASES = (
    Case("session-expired-now", FINE),
    Case("unavailable-503=1", "erp-unavailable"),
    Case("hung-callback", "erp-slow-callback"),
    Case("callback-error", "erp-callback-error"),
    # Chromium repeats a request once if its connection was dropped before an answer.
    Case("connection-dropped=1", f"{FINE}|erp-unreachable"),
    Case("connection-dropped=40", "erp-unreachable"),
    Case("never-idle", "erp-never-idle"),
    Case("stuck-preset", {"*": "filter-preset", **dict.fromkeys(WITHOUT_PRESET, FINE)}),
    # No call can set its operator again, so it is refused before any change.
    Case("stuck-filter-row", "filter-operator"),
    # The search box is empty after the answer, though the server still searches: only a reload of the page shows it.
    Case("stuck-search", "filter-search"),
    Case("stuck-header-filter", "filter-header"),
    Case("stuck-grouping", "filter-grouping"),
    Case("truncated-list=keep:0.2", "shrink"),
    Case("truncated-list=keep:0", "no-rows"),
    Case("empty-cells", FINE),
    Case("late-paint=0.2", FINE),
    Case("extra-menu-item", FINE),
    Case("moved-columns", FINE),
    Case("renamed-captions", FINE),
    Case("renamed-column", "column-missing"),
    Case("missing-column", "column-missing"),
    Case("new-column", FINE),
    Case("new-system-column", FINE),
    Case("value-prefix", FINE),
    Case("ids-changed", {"*": "keys-changed", **dict.fromkeys(OWN_NUMBERS, FINE)}),
    Case("other-locale", FINE),
    Case("second-login-ends-first", FINE, login=True),
    Case("second-list-ends-first", FINE),
    Case("toolbar-folded", {"*": FINE, **dict.fromkeys(CLICKED, "toolbar-folded")}),
    Case("other-certificate", FINE),
    Case("sort-ignored", FINE),
    Case("page-stuck", "page-stuck"),
    Case("page-size-ignored", FINE),
    Case("getrowvalues-dead", FINE),
    Case("login-refused", "login-refused", login=True),
    Case("login-fails", "login-failed", login=True),
    Case("login-fails=how:error-page", "login-failed", login=True),
    Case("error-page", "erp-error-page"),
    Case("slow=2", FINE),
    # The last one, since the rows that came and went stay in the store as missing.
    Case("rows-move", UNCLEAN),
)
"""Faults and outcomes."""

SAMPLE = {
    "customers": ("stuck-search", "other-locale"),
    "ddt": ("toolbar-folded", "stuck-preset"),
    "invoices": ("toolbar-folded", "stuck-grouping"),
    "prices": ("truncated-list=keep:0.2", "ids-changed"),
    "products": ("stuck-preset", "ids-changed", "empty-cells"),
}
"""By day orders are tested with all faults, and each other list with those that it handles in its own way; each of
those faults is tested with at least one list. At night each list is tested with all faults."""


PAGE_SIZES = {"customers": 100, "prices": 100, "products": 100}
"""Rows per page, so that each list has several pages; 20 for the others."""
OTHERS = [entity.name for entity in ENTITIES if entity.name != "orders"]


def test_the_sample_has_the_faults_that_each_list_handles_in_its_own_way() -> None:
    """Both clicked lists, the list without a preset filter, the one with other keys, and only known faults."""
    assert set(SAMPLE) == set(OTHERS)
    assert {fault for faults in SAMPLE.values() for fault in faults} <= {case.fault for case in CASES}
    assert all("toolbar-folded" in SAMPLE[name] for name in CLICKED)
    assert all("stuck-preset" in SAMPLE[name] for name in WITHOUT_PRESET)
    assert all("ids-changed" in SAMPLE[name] for name in OWN_NUMBERS)


async def test_fault_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await _tables({"orders": CASES}, tmp_path, capsys)


@pytest.mark.ci
async def test_fault_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = {name: tuple(case for case in CASES if case.fault in SAMPLE[name]) for name in OTHERS}
    await _tables(some, tmp_path, capsys)


@pytest.mark.nightly
@pytest.mark.parametrize("name", OTHERS)
async def test_whole_fault_table(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await _tables({name: CASES}, tmp_path, capsys)


async def _tables(cases: Mapping[str, Sequence[Case]], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The outcomes of faults by list."""
    lines, wrong = [], []
    async with world(folder, scale=0.08) as here:
        for name in cases:
            page_size = PAGE_SIZES.get(name, 20)
            assert len(here.truth(name)) > page_size, f"{name} has only one page, without faults between pages"
            here.runner = SyncRunner(here.store, here.erp, ENTITIES, page_size=page_size)
            assert (await here.sync(name)).outcome is Outcome.COMPLETED
            assert set(await here.rows(name)) == here.truth(name)
            for case in cases[name]:
                outcome = await _meet(here, name, case)
                wanted = case.wanted(name)
                lines.append(f"{name:10} {case.fault:30} {outcome}")
                if outcome not in wanted:
                    wrong.append(f"{name} × {case.fault}: {outcome}, expected {wanted}")
                assert outcome in codes() | {FINE, UNCLEAN}, f"{outcome} has no text"
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert not wrong, "\n".join(wrong)


async def _meet(here: World, name: str, case: Case) -> str:
    """Run a sync with a fault, compare the stored rows, and return the outcome or the failure's code."""
    before = await here.everything(name)
    preferences = here.demo.get_preferences(USER, name)
    if case.login:
        await here.erp.forget(USER)
    here.demo.fault(case.fault)
    failure: SyncFailure | None = None
    try:
        finished = await here.sync(name)
        outcome = finished.outcome.value
    except SyncFailure as error:
        failure, outcome = error, error.code
    here.demo.clear_faults()
    after = await here.everything(name)
    if failure is None and case.fault == "ids-changed":
        await here.sync(name)
    if failure is not None:
        assert after == before, f"{name} × {case.fault}: refused, yet the store changed"
    elif case.fault == "rows-move":
        assert {row[0] for row in before} <= {row[0] for row in after}
        assert not [row for row in after if row[5]], "rows were deleted after one read"
    else:
        living = {row[0] for row in after if row[4] is None and row[5] is None}
        assert living == here.truth(name), f"{name} × {case.fault}: not the ERP's rows"
        if case.fault != "ids-changed":
            assert [row[:2] for row in after] == [row[:2] for row in before], f"{name} × {case.fault}: values changed"
    stuck = case.fault.startswith(("stuck", "never-idle", "second-l", "connection", "unavailable", "rows-move"))
    if failure is None and not stuck:
        assert here.demo.get_preferences(USER, name) == preferences, f"{name} × {case.fault}: view not restored"
    here.demo.set_preferences(
        USER,
        name,
        **{field: getattr(preferences, field) for field in preferences.__slots__},
    )
    here.forget_views()
    return outcome
