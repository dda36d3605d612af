"""Operates Qt's real print dialog as an operator does."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QLineEdit, QWidget

from tests.support.waiting import until


async def print_to_file(owner: QWidget, file: Path) -> None:
    """Wait for the dialog opened by ``owner``, choose *Print to file (PDF)*, and wait for the file."""
    await until(lambda: owner.findChild(QPrintDialog) is not None)
    asked = owner.findChild(QPrintDialog)
    assert isinstance(asked, QPrintDialog)
    name = asked.findChild(QLineEdit, "filename")
    assert isinstance(name, QLineEdit)
    name.setText(str(file))
    asked.accept()
    await until(file.exists)
    assert file.read_bytes().startswith(b"%PDF")  # noqa: ASYNC240
