"""What ``doctor --erp`` finds out: facts with their verdicts, and the report that is made of them; asks nothing."""

from __future__ import annotations

from collections.abc import Callable
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
        report["variations"] = self._switches(_variation)
        report["faults"] = self._switches(lambda found: _FAULTS.get(found.code, ""))
        report["facts"] = [asdict(found) for found in self.facts]
        return report

    def _switches(self, of: Callable[[Fact], str]) -> list[Json]:
        """The demo ERP's switches for the facts that differ; ``of`` gives the text of one, or nothing."""
        switches = [of(found).format(**{"list": found.list, **found.params}) for found in self.differing]
        return list(dict.fromkeys(switch for switch in switches if switch))


def _variation(found: Fact) -> str:
    """The variation of the demo ERP that looks like a fact that differs; empty: there is none."""
    match found.code:
        case "fact-values":
            return _VALUES.get(str(found.params.get("why")), "")
        case "fact-header" if found.params.get("rows") != 2:
            return ""  # a header that has another fault than two rows
        case code:
            return _VARIATIONS.get(code, "")


_FAULTS = {
    "fact-page-size": "page-size-ignored=list:{list}",
    "fact-sort": "sort-ignored=list:{list}",
    "fact-page-index": "page-stuck=list:{list}",
    "fact-callback-time": "slow={times}",
    "fact-second-list": "second-list-ends-first",
    "fact-row-values": "getrowvalues-dead=list:{list}",
}
"""Facts that differ, and the fault of the demo ERP that makes it behave so."""

_VARIATIONS = {
    "fact-language": "english-session",
    "fact-header": "bands=list:{list}",
    "fact-visible-index": "no-visible-index=list:{list}",
    "fact-opens-filled": "loads-empty=list:{list}",
    "fact-preset-proof": "preset-accepted-early",
    "fact-filter-bar": "filter-bar-for-all=list:{list}",
    "fact-yes-no": "yes-no-words",
    "fact-amounts": "invoice-amounts-signed",
}
"""Facts that differ, and the variation of the demo ERP that looks so."""

_VALUES = {
    "missing": "page-values-absent=list:{list}",
    "slow": "page-values-silent=list:{list}",
    "error": "page-values-error=list:{list}",
    "other-rows": "page-values-stale=list:{list}",
}
"""Why values are not read (:class:`WhyCells`), and the variation of the demo ERP that behaves so."""
