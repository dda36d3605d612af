"""Tables as CSV and Excel files that open right in an Italian Excel and never run a cell as a formula.

Writing happens in a worker thread; what is written is handed in.
"""

from __future__ import annotations

import asyncio
import csv
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from archisync_gui.disk import beside

Table = Sequence[Sequence[object]]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FIGURES = re.compile(r"\+?\d[\d ./-]*")


def csv_cell(value: object) -> str:
    """A value as CSV text: decimal comma, Italian dates; text that Excel would run or count stays text."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".").replace(".", ",") if value % 1 else str(int(value))
        case datetime():
            return value.strftime("%d/%m/%Y %H:%M:%S")
        case date():
            return value.strftime("%d/%m/%Y")
    text = str(value)
    if _FIGURES.fullmatch(text):
        return f"\t{text}"  # a tab keeps phone numbers and leading zeros; Excel shows nothing of it
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Semicolons, UTF-8 with BOM: what Excel expects in Italy."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_MINIMAL)
        writer.writerow([csv_cell(h) for h in heads])
        writer.writerows([csv_cell(v) for v in row] for row in rows)
    return path


def write_excel(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]], sheet: str = "Archisync") -> Path:
    """A workbook with typed cells; text is text whatever it begins with."""
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    table = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31])
    table.freeze_panes = "A2"

    def cell(value: object, bold: bool = False) -> WriteOnlyCell:
        made = WriteOnlyCell(table, value=None)
        if isinstance(value, (int, float, date)) and not isinstance(value, bool):
            made.value = value.replace(tzinfo=None) if isinstance(value, datetime) else value
            if isinstance(value, float):
                made.number_format = "#,##0.00"
            elif isinstance(value, datetime):
                made.number_format = "dd/mm/yyyy hh:mm"
            elif isinstance(value, date):
                made.number_format = "dd/mm/yyyy"
        elif value is not None:
            made.value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", str(value))
            made.data_type = "s"
            made.number_format = "@"
        if bold:
            made.font = Font(bold=True)
        return made

    try:
        table.append([cell(h, True) for h in heads])
        for row in rows:
            table.append([cell(v) for v in row])
        book.save(path)
    except BaseException:
        # A sheet that is not saved leaves its temporary file behind (openpyxl 3.1).
        table.close()
        table._writer.cleanup()
        raise
    return path


async def write(
    path: Path,
    heads: Sequence[str],
    rows: Table,
    sheet: str = "Archisync",
    told: Callable[[float], None] = lambda fraction: None,
) -> Path:
    """Write ``rows`` as what the ending says (``.xlsx`` or CSV), in a worker thread; ``told`` hears how far it is.

    The file is there whole or not at all: one of that name stays as it was if the writing fails or is cancelled.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()
    part = beside(path)
    excel = path.suffix.lower() == ".xlsx"

    def counted() -> Iterator[Sequence[object]]:
        for at, row in enumerate(rows):
            if at % 1000 == 0:
                if stop.is_set():
                    raise InterruptedError(str(path))
                loop.call_soon_threadsafe(told, at / len(rows))
            yield row

    def work() -> None:
        write_excel(part, heads, counted(), sheet) if excel else write_csv(part, heads, counted())

    writing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(writing)
        # Here, not in the thread: a cancel that came while the last rows were written still wins.
        part.replace(path)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(writing, return_exceptions=True)
        raise
    finally:
        part.unlink(missing_ok=True)
    return path
