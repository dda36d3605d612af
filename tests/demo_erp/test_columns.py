"""The demo ERP's tables have the counts that docs/erp.md gives for each list."""

from __future__ import annotations

import pytest

from archisync_gui.demo_erp.columns import LISTS
from archisync_gui.demo_erp.layout import layout
from archisync_gui.demo_erp.texts import Speech

IT = Speech("it", "it")


@pytest.mark.parametrize(
    ("name", "all_columns", "visible", "system"),
    [
        ("customers", 32, 23, 2),
        ("orders", 65, 22, 2),
        ("ddt", 33, 16, 1),
        ("invoices", 47, 21, 1),
        ("products", 36, 13, 2),
        ("prices", 46, 14, 2),
    ],
)
def test_column_counts(name: str, all_columns: int, visible: int, system: int) -> None:
    view = LISTS[name]
    assert len({column.field for column in view.columns}) == len(view.columns) == all_columns
    assert sum(column.visible for column in view.columns) == visible
    columns = layout(view, IT, {}, {})
    assert [column.field for column in columns[:system]] == [""] * system
    assert [column.index for column in columns] == list(range(all_columns + system))
    shown = sorted(column.visible_index for column in columns if column.visible)
    assert shown == list(range(visible + system))
    hidden = sorted(column.visible_index for column in columns if not column.visible)
    assert hidden == list(range(visible + system, all_columns + system))


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("customers", ["BUSRELTYPEID.TYPEID", "EXTERNALACCOUNTNUM", "OURACCOUNTNUM"]),
        ("orders", ["EMAIL"]),
        ("ddt", ["ID", "DLVCITY"]),
        ("invoices", ["SALESID", "ID"]),
        ("products", ["BRASFIGURE", "ID", "MODIFIEDDATETIME"]),
    ],
)
def test_the_default_view_hides_columns_that_a_read_needs(name: str, hidden: list[str]) -> None:
    assert not any(LISTS[name].column(field).visible for field in hidden)


@pytest.mark.parametrize(("name", "index"), [("orders", 47), ("ddt", 24), ("invoices", 31), ("prices", 31)])
def test_modified_datetime_has_its_known_index(name: str, index: int) -> None:
    assert layout(LISTS[name], IT, {}, {})[index].field == "MODIFIEDDATETIME"


def test_a_shown_column_goes_to_the_end() -> None:
    view = LISTS["customers"]
    columns = layout(view, IT, {"EXCLUSIVACTIVE": True, "NAME": False}, {})
    order = sorted((column for column in columns if column.visible), key=lambda column: column.visible_index)
    assert order[-1].field == "EXCLUSIVACTIVE"
    assert "NAME" not in [column.field for column in order]


def test_known_wrong_captions() -> None:
    assert LISTS["customers"].column("SALESACT").it == "TIPO DI CLIENTE"
    assert LISTS["orders"].column("MODIFIEDDATETIME").it == "CITTÀ DI FATTURAZIONE"
    assert LISTS["ddt"].column("DLVADDRESS").it == LISTS["ddt"].column("DELIVERYNAME").it
    assert LISTS["ddt"].column("DLVEMAIL").it == "CITTÀ DI CONSEGNA"
