"""Text from outside shown as text where Qt would read it as markup: tooltips, labels of input dialogs."""

from __future__ import annotations

import html

from PySide6.QtGui import Qt


def plain(text: str) -> str:
    """``text`` so that Qt shows it as it is. Qt takes what looks like markup for rich text, and loads its pictures."""
    if not Qt.mightBeRichText(text):
        return text
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"
