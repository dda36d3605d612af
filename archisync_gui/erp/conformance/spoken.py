"""The facts as sentences in the operator's language, printed one by one as they are found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from types import MappingProxyType

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.conformance.examine import examine
from archisync_gui.erp.conformance.facts import Fact, Verdict
from archisync_gui.erp.erp import Erp
from archisync_gui.messages import text
from archisync_gui.model import AccountId


def sentence(fact: Fact, language: str, entities: Sequence[Entity] = ENTITIES) -> str:
    """The fact for an operator: the expectation and, if the ERP differs, what that means and what to do."""
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
    on_login: Callable[[], None] = lambda: None,
    keys: Mapping[str, Set[str]] = MappingProxyType({}),
) -> bool:
    """``archisync-gui doctor --erp [--conformance]``: print each fact as it is found, save the report to ``save_to``.

    True: no fact differs from ``docs/erp.md``. Raises as :func:`examine`.
    """
    report = await examine(
        erp,
        account,
        entities,
        on_fact=lambda fact: say(sentence(fact, language, entities)),
        on_login=on_login,
        conformance=conformance,
        keys=keys,
    )
    if save_to is not None:
        written = json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n"
        await asyncio.to_thread(save_to.write_text, written, encoding="utf-8")
    return not report.differing
