"""The Italian translation is complete, its compiled file is up to date, and placeholders are equal in both
languages."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator

from archisync_gui import messages
from archisync_gui.settings import DECLARATIONS

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


def sources(path: Path) -> set[tuple[str, str]]:
    """Texts and comments of a ``.ts`` file."""
    messages = ET.parse(path).getroot().iter("message")
    return {(m.findtext("source") or "", m.findtext("comment") or "") for m in messages}


def test_the_files_have_every_text_of_the_code_and_no_other(tmp_path: Path) -> None:
    """Qt's tool extracts the texts. English needs only its plurals."""
    extracted = tmp_path / "extracted.ts"
    tool = [sys.executable, "-c", "from PySide6.scripts.pyside_tool import lupdate; lupdate()"]
    modules = [str(p) for p in sorted(UI.rglob("*.py"))]
    done = subprocess.run([*tool, *modules, "-ts", str(extracted)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    used = sources(extracted)
    assert len(used) > 500
    assert used == sources(FOLDER / "archisync_it.ts")
    assert {source for source, _ in used if "%n" in source} == {s for s, _ in sources(FOLDER / "archisync_en.ts")}


@pytest.mark.parametrize("name", ["archisync_it.ts", "archisync_en.ts"])
def test_nothing_is_marked_unfinished(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert 'type="unfinished"' not in text
    assert 'type="obsolete"' not in text
    assert 'type="vanished"' not in text


def test_quoted_buttons_have_the_names_they_have_on_the_panel() -> None:
    """``«Porta in testa» cambia l'ordine``: a button named in an error message exists with that name."""
    plain = {form.replace("&", "").rstrip("…") for _, _, forms, _ in entries() for form in forms}
    plain |= {d.it for d in DECLARATIONS}
    plain |= {messages.text("office-dialog.open", one).what.replace("&", "").rstrip("…") for one in messages.LANGUAGES}
    elsewhere = {"Tutti"}  # a choice in the ERP
    quoted = {
        quote.rstrip("…")
        for path in (messages.resources() / "messages").glob("*.toml")
        for quote in re.findall(r"«([A-ZÀ-Ú][^»{]*)»", path.read_text(encoding="utf-8"))
    }
    assert quoted - plain - elsewhere == set()


@pytest.mark.parametrize("pattern", [r"\{tr\("])
def test_no_text_is_where_the_extractor_cannot_find_it(pattern: str) -> None:
    assert [p.name for p in UI.rglob("*.py") if re.search(pattern, p.read_text(encoding="utf-8"))] == []
