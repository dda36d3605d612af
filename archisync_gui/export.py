"""Writes tables as CSV and Excel files that open correctly in an Italian Excel and never run a cell as a formula.

Used for the exports of the panel and of the order form's drafts. The callers provide the rows; files are written in a
worker thread.
"""

from __future__ import annotations

import asyncio
import csv
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from archisync_gui import zone
from archisync_gui.disk import beside, discard, rename

CSV_ENCODING = "utf-8-sig"

Table = Sequence[Sequence[object]]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PHONE = re.compile(r"\+?\d[\d ./-]*")
_SIGNS = re.compile(r"[\s\d.,:;/'’+\-()%€$£E]*\d[\s\d.,:;/'’+\-()%€$£E]*(?:[ap]m?)?", re.IGNORECASE)
"""Digits, with the signs of numbers, dates, times, percentages and amounts of money (``3E10``, ``1-2``)."""
_MONTH = re.compile(
    r"(?=.*\d)[\d\s./-]*(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic|jan|may|jun|jul|aug|sep|oct|dec)[a-z]*[\d\s./-]*",
    re.IGNORECASE,
)
_TRUTH = frozenset(("true", "false", "vero", "falso"))


def _would_be_converted(text: str) -> bool:
    """Whether a spreadsheet would convert a text to a number, a date or a truth value."""
    return bool(_SIGNS.fullmatch(text) or _MONTH.fullmatch(text)) or text.strip().lower() in _TRUTH


def local(moment: datetime) -> datetime:
    """A time in the office's time zone, to the second and without its offset, as people read it in a table."""
    here = zone.local(moment) if moment.tzinfo is not None else moment
    return here.replace(tzinfo=None, microsecond=0)


def csv_cell(value: object) -> str:
    """A value as CSV text: decimal comma, Italian dates. Text that Excel would run as a formula or convert is marked,
    so that it stays text."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".").replace(".", ",") if value % 1 else str(int(value))
        case Decimal():
            return f"{value:f}".replace(".", ",")
        case datetime():
            return local(value).strftime("%d/%m/%Y %H:%M:%S")
        case date():
            return value.strftime("%d/%m/%Y")
    text = str(value)
    formula = text.lstrip(" \u00a0").startswith(_FORMULA)
    if _PHONE.fullmatch(text) or (_would_be_converted(text) and not formula):
        return f"\t{text}"  # a tab, which Excel does not show, keeps phone numbers, leading zeros and codes
    return f"'{text}" if formula else text


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a CSV file as an Italian Excel expects it: semicolons, UTF-8 with BOM."""
    with path.open("w", encoding=CSV_ENCODING, newline="") as file:
        put_csv(file, heads, rows)
    return path


def put_csv(file: TextIO, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write the same into an open file, whose encoding is :data:`CSV_ENCODING` and which translates no newlines."""
    writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([csv_cell(h) for h in heads])
    writer.writerows([csv_cell(v) for v in row] for row in rows)


def named(path: Path, kinds: Sequence[str], chosen: str | None) -> Path:
    """``path`` with the file extension of one of ``kinds``.

    ``chosen``: the kind that the person has chosen; without one, the extension in the name counts if it is one of
    ``kinds``, else the first kind. Any other dot in the name is no extension (``clienti 27.11.2026``). If the extension
    is added here, the file dialog has not asked about an existing file of that name: so that none is overwritten, the
    name gets a number.
    """
    ending = path.suffix[1:].lower()
    kind = chosen or (ending if ending in kinds else kinds[0])
    if ending == kind:
        return path
    stem = path.name[: -len(path.suffix)] if ending in kinds else path.name.rstrip(". ")
    made, number = path.with_name(f"{stem}.{kind}"), 2
    while made.exists():
        made, number = path.with_name(f"{stem} ({number}).{kind}"), number + 1
    return made


def _digits(value: float | Decimal) -> int:
    """Number of decimals with which a number is written."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else -2
    return -exponent if isinstance(exponent, int) else 0


def write_excel(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]], sheet: str = "Archisync") -> Path:
    """Write a workbook with typed cells; text stays text, whatever it begins with."""
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    table = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31])
    table.freeze_panes = "A2"

    def cell(value: object, bold: bool = False) -> WriteOnlyCell:
        made = WriteOnlyCell(table, value=None)
        if isinstance(value, (int, float, Decimal, date)) and not isinstance(value, bool):
            made.value = local(value) if isinstance(value, datetime) else value
            if isinstance(value, (float, Decimal)):
                made.number_format = "#,##0.000" if _digits(value) == 3 else "#,##0.00"
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
        # Without this, a sheet that is not saved leaves a temporary file (openpyxl 3.1).
        table.close()
        table._writer.cleanup()  # noqa: SLF001
        raise
    return path


async def write(
    path: Path,
    heads: Sequence[str],
    rows: Table,
    sheet: str = "Archisync",
    on_progress: Callable[[float], None] = lambda _fraction: None,
) -> Path:
    """Write ``rows`` in the format of the extension (``.xlsx``, else CSV), in a worker thread. ``on_progress`` is
    called with the fraction that is written.

    The file is written completely or not at all: if writing fails or is cancelled, a file of that name is unchanged.
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
                loop.call_soon_threadsafe(on_progress, at / len(rows))
            yield row

    def work() -> None:
        write_excel(part, heads, counted(), sheet) if excel else write_csv(part, heads, counted())

    writing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(writing)
        # Here, not in the thread: a cancellation while the last rows are written still leaves the old file.
        try:
            rename(part, path, patient=False)
        except PermissionError:  # on Windows another program may have one of the two files open for a moment
            await asyncio.to_thread(rename, part, path)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(writing, return_exceptions=True)
        raise
    finally:
        discard(part)
    return path
