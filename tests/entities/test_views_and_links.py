"""Views and links name lists and columns that are declared."""

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Kind
from archisync_gui.entities.links import LINKS
from archisync_gui.entities.views import TOTALS, VIEWS

BY_NAME = {entity.name: entity for entity in ENTITIES}


def test_views_ask_for_declared_columns() -> None:
    for view in VIEWS:
        for name in [*(part[0] for part in view.where), *filter(None, (view.changed, view.sort))]:
            BY_NAME[view.list].column(name)


def test_totals_are_of_money() -> None:
    assert all(BY_NAME[name].column(column).kind is Kind.MONEY for name, column in TOTALS.items())


def test_links_join_declared_columns_that_can_be_looked_up_by_the_index() -> None:
    assert set(LINKS) == set(BY_NAME)
    for name, links in LINKS.items():
        for link in links:
            BY_NAME[name].column(link.own)
            assert link.column in BY_NAME[link.list].search
