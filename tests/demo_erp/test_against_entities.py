"""The demo ERP's tables and Archisync's declarations, written separately from the same facts, have to agree."""

from __future__ import annotations

import pytest

from archisync_gui.demo_erp.columns import BY_PATH, ENUM_SETS, LISTS
from archisync_gui.entities import ENTITIES, Column, Entity

KINDS = {
    "text": {"text", "lines", "bool"},
    "id": {"id"},
    "int": {"integer", "number"},
    "qty": {"number"},
    "number": {"number", "money", "integer"},
    "amount": {"money"},
    "percent": {"percent"},
    "date": {"date"},
    "datetime": {"datetime"},
    "bool": {"bool"},
    "enum": {"enum"},
    "link": {"text"},
}
"""For each of the demo's kinds, the declarations' kinds that can read it."""

PAIRS = [pytest.param(entity, column, id=f"{entity.path}{column.field_name}-{column.name}")
         for entity in ENTITIES for column in entity.columns]  # fmt: skip


def section(entity: Entity) -> str:
    """The section of docs/erp.md for a difference."""
    return f"see docs/erp.md, the section of {entity.it}"


def test_the_six_lists_are_the_same() -> None:
    assert {entity.path.strip("/") for entity in ENTITIES} == {view.path for view in LISTS.values()}


@pytest.mark.parametrize(("entity", "column"), PAIRS)
def test_column(entity: Entity, column: Column) -> None:
    view = BY_PATH[entity.path.strip("/")]
    theirs = {known.field: known for known in view.columns}.get(column.field_name)
    assert theirs is not None, section(entity)
    assert str(column.kind) in KINDS[theirs.kind], section(entity)
    if theirs.visible:
        # Only the beginning: one price caption ends in a brand name that is not published.
        assert theirs.it.casefold().startswith(column.it.rstrip(": ").casefold()), section(entity)


def test_the_states_that_decide_something_are_known() -> None:
    words = {word for entity in ENTITIES for column in entity.columns for word in column.words}
    for field in ("SALESSTATUS", "DOCUMENTSTATUS"):
        italian = dict(ENUM_SETS[field])
        for name in ("OpenOrder", "Delivered", "Invoiced", "PackingSlip", "Invoice"):
            assert name not in italian or italian[name].rstrip(":").casefold() in words


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if entity.filter], ids=lambda entity: entity.path)
def test_the_wanted_filter_is_exactly_one_option(entity: Entity) -> None:
    view, wish = BY_PATH[entity.path.strip("/")], entity.filter
    assert wish is not None
    found = [option for option in view.options if option.word.casefold().endswith(wish.ending)]
    assert [option.word for option in found] == [view.whole_option], section(entity)
    assert {found[0].it.strip(), found[0].en.strip()} <= set(wish.texts), section(entity)
