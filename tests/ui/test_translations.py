"""Italian is complete, its compiled form is up to date, and placeholders are the same in both languages."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator

from archisync_gui import messages

FOLDER = messages.resources() / "translations"
UI = Path(messages.__file__).parent / "ui"


def entries() -> list[tuple[str, str, list[str], str]]:
    found = []
    for message in ET.parse(FOLDER / "archisync_it.ts").getroot().iter("message"):
        source = message.findtext("source") or ""
        translation = message.find("translation")
        assert translation is not None
        forms = [f.text or "" for f in translation.iter("numerusform")] or [translation.text or ""]
        found.append((source, message.findtext("comment") or "", forms, translation.get("type") or ""))
    return found


def test_nothing_is_unfinished() -> None:
    assert [s for s, _, forms, kind in entries() if kind or not all(forms)] == []


def test_placeholders_are_the_same() -> None:
    wrong = [
        (source, form)
        for source, _, forms, _ in entries()
        for form in forms
        if set(re.findall(r"\{\w+\}|%n", source)) != set(re.findall(r"\{\w+\}|%n", form))
    ]
    assert wrong == []


def test_the_compiled_form_is_up_to_date(qapp: object) -> None:
    translator = QTranslator()
    assert translator.load("archisync_it", str(FOLDER))
    for source, comment, forms, _ in entries():
        n = 1 if len(forms) > 1 else -1
        assert translator.translate("", source, comment, n) == forms[0], source


def test_every_text_of_the_code_is_in_the_file() -> None:
    known = {source for source, _, _, _ in entries()}
    pattern = re.compile(r"""\btr\(\s*"((?:[^"\\]|\\.)*)"\s*[,)]""")
    used = {
        m.replace('\\"', '"') for path in UI.glob("*.py") for m in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert len(used) > 200
    assert used - known == set()


@pytest.mark.parametrize("pattern", [r"\{tr\("])
def test_no_text_hides_where_the_extractor_cannot_see_it(pattern: str) -> None:
    assert [p.name for p in UI.glob("*.py") if re.search(pattern, p.read_text(encoding="utf-8"))] == []
