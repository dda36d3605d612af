"""Documents as A4 pages: in a PDF file, or printed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QWidget

from archisync_gui.disk import replacing
from archisync_gui.ui.widgets.basic import ask


async def write_pdf(document: QTextDocument, path: Path) -> None:
    """Write the document as A4 pages. Raises ``OSError``; an existing file is unchanged then. The file is written in a
    thread: a network drive may be slow, and a viewer may have the older file open."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(15, 15, 15, 15))
    )
    document.print_(writer)
    await asyncio.to_thread(_write, bytes(buffer.data().data()), path)


def _write(content: bytes, path: Path) -> None:
    with replacing(path) as part:
        part.write_bytes(content)


async def print_document(document: QTextDocument, parent: QWidget) -> None:
    """Ask for the printer and print the document, unless the dialog is cancelled."""
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    if await ask(QPrintDialog(printer, parent)):
        document.print_(printer)


def print_at_once(document: QTextDocument) -> bool:
    """Print on the system's default printer without a dialog; False: there is none."""
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    usual = QPrinterInfo.defaultPrinter()
    if usual.isNull():
        return False
    printer = QPrinter(usual, QPrinter.PrinterMode.HighResolution)
    document.print_(printer)
    return True
