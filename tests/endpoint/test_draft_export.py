"""Drafts as CSV and Excel files: what a spreadsheet would change stays as it was typed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl  # type: ignore[import-untyped]
import pytest

from archisync_gui import zone
from tests.endpoint.office import Office

DRAFT = "/api/drafts/" + "d" * 24
CODES = ["3E10", "0050688", "801.314.014", "1-2", "12/2026", "gen-26", "=1+1", "+39 045 123", "00012345", "TRUE", "K;2"]


async def saved(office: Office, **changes: Any) -> dict[str, Any]:
    """A draft with a line for each odd code."""
    more = {"unitPrice": 123456, "priceUnit": 100_000, "discounts": [5000, 1050], "note": 'a;b\n"c"'}
    lines = [{"itemId": code, "name": code, "quantity": 1500} | more for code in CODES]
    customer = {"id": "50120", "name": "Rossi S.r.l. 27.11.2026", "accountNum": "0050120"}
    body = {
        "customer": customer,
        "date": "2026-01-05",
        "note": "-urgente",
        "priceGroup": "002",
        "lines": lines,
    } | changes
    answer = await office.page("PUT", DRAFT, body=body)
    assert answer.status == 201, answer.text
    draft: dict[str, Any] = answer.json["draft"]
    return draft


async def file(office: Office, kind: str) -> tuple[bytes, str]:
    """The exported file and the name that it is given."""
    async with office.client.get(f"{office.url}/api/drafts/export?format={kind}", headers=office.paired) as answer:
        return await answer.read(), answer.headers["Content-Disposition"]


async def test_a_csv_keeps_codes_quotes_and_local_times(office: Office) -> None:
    draft = await saved(office)
    body, name = await file(office, "csv")
    assert name == 'attachment; filename="archisync-drafts.csv"'
    text = body.decode("utf-8-sig")
    assert body.startswith(b"\xef\xbb\xbf")
    heads, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    table = [dict(zip(heads, row, strict=True)) for row in rows]
    kept = [row["articolo"] for row in table]
    assert kept == ["\t3E10", "\t0050688", "\t801.314.014", "\t1-2", "\t12/2026", "\tgen-26", "'=1+1", "\t+39 045 123",
                    "\t00012345", "\tTRUE", "K;2"]  # fmt: skip
    first = table[0]
    assert first["cliente"] == "Rossi S.r.l. 27.11.2026"
    assert first["codice cliente"] == "\t0050120"
    assert first["listino"] == "\t002"
    assert first["data"] == "05/01/2026"
    assert (first["quantità"], first["prezzo"], first["per"], first["importo"]) == (
        "1,500",
        "1234,56",
        "100,000",
        "8,29",
    )
    assert first["nota di riga"] == 'a;b\n"c"'
    assert first["nota"] == "'-urgente"
    at = zone.local(datetime.fromisoformat(draft["updatedAt"]))
    assert first["salvata"] == at.strftime("%d/%m/%Y %H:%M:%S"), "local time, without microseconds"


async def test_an_excel_file_has_typed_cells_and_no_formulas(office: Office) -> None:
    draft = await saved(office)
    body, name = await file(office, "xlsx")
    assert name == 'attachment; filename="archisync-drafts.xlsx"'
    heads, *rows = openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows()
    at = {cell.value: place for place, cell in enumerate(heads)}
    assert [row[at["articolo"]].value for row in rows] == CODES
    assert {row[at["articolo"]].data_type for row in rows} == {"s"}
    first = rows[0]
    assert first[at["listino"]].value == "002"
    assert first[at["data"]].value.date() == date(2026, 1, 5)
    assert Decimal(str(first[at["quantità"]].value)) == Decimal("1.5")
    moment = zone.local(datetime.fromisoformat(draft["updatedAt"])).replace(tzinfo=None, microsecond=0)
    assert first[at["salvata"]].value == moment


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_moment_of_saving_is_told_in_the_computers_zone(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.clock, "now", lambda: datetime(2026, 7, 1, 22, 30, 15, 999, tzinfo=UTC))
    monkeypatch.setattr(zone, "local", lambda moment: moment.astimezone(ZoneInfo("Europe/Rome")))
    await saved(office)
    body, _ = await file(office, kind)
    if kind == "csv":
        assert "02/07/2026 00:30:15" in body.decode("utf-8-sig")
    else:
        rows = openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True, min_row=2)
        assert str(next(rows)[1]) == "2026-07-02 00:30:15"
