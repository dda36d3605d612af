"""The findings of ``doctor --erp``: facts with their verdicts, and the report made of them; does not access the ERP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from archisync_gui.erp.conformance.structure import structure_report
from archisync_gui.model import Json


class Verdict(StrEnum):
    """Whether a fact is as ``docs/erp.md`` says."""

    AS_SAID = "as-said"
    DIFFERS = "differs"
    NOT_SEEN = "not-seen"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of ``docs/erp.md`` with its verdict for this ERP. ``code`` names its text; ``params`` fill it in."""

    code: str
    verdict: Verdict
    params: dict[str, Json] = field(default_factory=dict)
    list: str = ""
    """The list that was examined; empty: the ERP as a whole."""


def fact(code: str, right: bool | None, list_: str = "", **params: Json) -> Fact:
    """A fact that is as said (``right`` True), differs (False), or could not be examined (``None``)."""
    verdict = Verdict.NOT_SEEN if right is None else Verdict.AS_SAID if right else Verdict.DIFFERS
    return Fact(code, verdict, params, list_)


@dataclass(frozen=True, slots=True)
class Report:
    """All facts that were examined."""

    facts: tuple[Fact, ...]
    pages: dict[str, dict[str, Json]]
    """By list: the structure of its page, as the page's script returned it; no contents."""

    @property
    def differing(self) -> tuple[Fact, ...]:
        """The facts that differ."""
        return tuple(found for found in self.facts if found.verdict is Verdict.DIFFERS)

    def as_json(self) -> dict[str, Json]:
        """The report as it is saved; ``demo-erp --like`` makes a demo ERP with the same properties."""
        report = structure_report(self.pages)
        report["variations"] = self._switches(_variation)
        report["faults"] = self._switches(lambda found: _FAULTS.get(found.code, ""))
        report["facts"] = [asdict(found) for found in self.facts]
        return report

    def _switches(self, of: Callable[[Fact], str]) -> list[Json]:
        """The demo ERP's switches for the facts that differ; ``of`` gives the switch of a fact; empty: it has none."""
        switches = [of(found).format(**{"list": found.list, **found.params}) for found in self.differing]
        return list(dict.fromkeys(switch for switch in switches if switch))


def _variation(found: Fact) -> str:
    """The variation of the demo ERP that differs in the same fact; empty: there is none."""
    match found.code:
        case "fact-values":
            return _VALUES.get(str(found.params.get("why")), "")
        case "fact-header" if found.params.get("rows") != 2:
            return ""  # the header differs in another way than having two rows
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
"""By the code of a fact that differs: the fault of the demo ERP that has the same effect."""

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
"""By the code of a fact that differs: the variation of the demo ERP with the same difference."""

_VALUES = {
    "missing": "page-values-absent=list:{list}",
    "slow": "page-values-silent=list:{list}",
    "error": "page-values-error=list:{list}",
    "other-rows": "page-values-stale=list:{list}",
}
"""By the reason why values cannot be read (:class:`WhyCells`): the variation of the demo ERP with that behaviour."""
