"""One record from its detail page: both notations of its fields, no other record, blanks are not stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archisync_gui.entities import CUSTOMERS
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.lists.detail import detail_names
from archisync_gui.model import SyncFailure
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser

FIELDS = tuple(dict.fromkeys(column.field_name for column in CUSTOMERS.columns))


def own_keys(here: World) -> list[str]:
    return [str(row["ID"]) for row in here.demo.rows("customers", USER) if str(row["ID"]) != "0"]


async def record(here: World, key: str) -> Mapping[str, str]:
    return await here.erp.record(CUSTOMERS, USER, key, FIELDS, lambda: None)


@pytest.mark.parametrize("notation", ["", "details-by-path"])
async def test_a_detail_page_has_the_values_of_the_list(notation: str, tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        if notation:
            here.demo.vary(notation)
        true = {str(row["ID"]): row for row in here.demo.rows("customers", USER)}
        keys = own_keys(here)[3:6]
        assert len(keys) == 3
        for key in keys:
            texts = await record(here, key)
            assert {"ID", "NAME", "LOGISTICSADDRESSZIPCODE.ZIPCODE", "DLVMODE.TXT"} <= set(texts), texts.keys()
            assert texts["NAME"].strip() == true[key]["NAME"]
            assert texts["LOGISTICSADDRESSZIPCODE.ZIPCODE"].strip() == true[key]["LOGISTICSADDRESSZIPCODE.ZIPCODE"]
            assert all(text.strip() for text in texts.values()), "a field without a value was returned"
            reader = RowReader(CUSTOMERS)
            (row,) = reader.take([[texts.get(field) for field in reader.fields]])
            assert not reader.findings.bad
            assert row["id"] == key


async def test_a_page_of_another_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id on the page is compared with the requested key."""
    async with world(tmp_path) as here:
        one, other = own_keys(here)[3:5]
        elsewhere = SimpleNamespace(format=lambda id: f"CUSTTABLE_DetailView/{other}/?mode=View")
        entity: Any = SimpleNamespace(name=CUSTOMERS.name, row_key="ID", detail_path=elsewhere)
        with pytest.raises(SyncFailure) as caught:
            await here.erp.record(entity, USER, one, FIELDS, lambda: None)
        assert caught.value.code == "record-other"


async def test_a_key_that_is_no_id_is_not_opened(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for key in ("", "12a", "../1", "١٢", "1/2"):
            with pytest.raises(SyncFailure) as caught:
                await record(here, key)
            assert caught.value.code == "record-unknown", key
        assert not [action for action in here.demo.actions if action.kind == "detail"]


def test_a_short_name_shared_by_two_fields_is_not_used() -> None:
    names = detail_names(FIELDS)
    assert names["DLVMODE.TXT"] == ("DLVMODE_TXT", "DLVMODE")
    assert names["BUSRELTYPEID.TYPEID"] == ("BUSRELTYPEID_TYPEID",)
    assert names["PHONE"] == ("PHONE",)
