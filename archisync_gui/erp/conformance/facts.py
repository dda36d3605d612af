"""What ``doctor --erp`` finds out: facts with their verdicts, and the report that is made of them; asks nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from archisync_gui.erp.conformance.structure import structure_report
from archisync_gui.model import Json


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


def fact(code: str, right: bool | None, list_: str = "", **params: Json) -> Fact:
    """A fact that was found right or not; ``None``: it could not be seen."""
    verdict = Verdict.NOT_SEEN if right is None else Verdict.AS_SAID if right else Verdict.DIFFERS
    return Fact(code, verdict, params, list_)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at."""

    facts: tuple[Fact, ...]
    pages: dict[str, dict[str, Json]]
    """By list: what its page is made of, as the page's script told it; no contents."""

    @property
    def differing(self) -> tuple[Fact, ...]:
        """The facts that are not as said."""
        return tuple(found for found in self.facts if found.verdict is Verdict.DIFFERS)

    def as_json(self) -> dict[str, Json]:
        """The report as it is saved; the demo ERP can be made like it (``demo-erp --like``)."""
        report = structure_report(self.pages)
        report["variations"] = list(self._switches(_VARIATIONS))
        report["faults"] = list(self._switches(_FAULTS))
        report["facts"] = [asdict(found) for found in self.facts]
        return report

    def _switches(self, table: dict[str, str]) -> tuple[str, ...]:
        switches: list[str] = []
        for found in self.facts:
            if found.verdict is Verdict.DIFFERS and found.code in table:
                params = {"list": found.list, **found.params}
                switches.append(table[found.code].format(**params))
        return tuple(dict.fromkeys(switches))


_FAULTS = {
    "fact-page-size": "page-size-ignored=list:{list}",
    "fact-sort": "sort-ignored=list:{list}",
    "fact-page-index": "page-stuck=list:{list}",
    "fact-callback-time": "slow={times}",
    "fact-second-list": "second-list-ends-first",
}
"""Facts that differ, and the fault of the demo ERP that makes it behave so."""

_VARIATIONS = {
    "fact-language": "english-session",
    "fact-header": "bands",
    "fact-visible-index": "no-visible-index",
    "fact-preset-proof": "preset-accepted-early",
    "fact-filter-bar": "filter-bar-for-all=list:{list}",
    "fact-yes-no": "yes-no-words",
    "fact-amounts": "invoice-amounts-signed",
}
"""Facts that differ, and the variation of the demo ERP that looks so."""
