"""One vocabulary: finds words that screens, messages, manual and README no longer use."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from archisync_gui import messages
from archisync_gui.settings import DECLARATIONS

ROOT = Path(messages.__file__).parent.parent
RESOURCES = messages.resources()

OLD_ITALIAN = {
    r"(?<!cartella )sincronizz\w*": "aggiornare, aggiornamento",
    r"^(?!.*computer).*\bsospe[ns]\w*": "pausa, in attesa",
    r"\btogli\b|\btogliere l'utente": "rimuovi",
    r"rimett\w*[^.]*\bbackup": "ripristina",
    r"\bbenvenuti\b": "benvenuto",
    r"\bguarda…|\bguarda la lettura": "controlla la lettura",
    r"avvia all'accesso": "avvia insieme al computer",
    r"\bgiornata\b": "riepilogo",
    r"\berp muto\b": "l'ERP non risponde",
}
"""Patterns, and the words to use instead."""

ONLY_REFUSED = re.compile(r"\blettur[ae]\b", re.IGNORECASE)
"""*Lettura* is used only for a refused read."""

OLD_ENGLISH = {
    r"\bsyncs?\b(?! (all|--))": "update",
    r"\brelease (it|now)\b|\byou release\b|\bpress release\b": "resume",
    r"\bday sheet\b": "summary",
    r"\bput (this|back the) .*\bbackup\b": "restore",
    r"\blong hold\b": "long pause",
}

ABOUT_A_REFUSED_READ = ("rifiut", "accett", "Controlla la lettura", "Chiedere l'elenco intero")
"""Other words in a text with *lettura*."""


def catalogue(language: str) -> Iterator[tuple[str, str]]:
    """The panel's texts with their sources."""
    for message in ET.parse(RESOURCES / "translations" / "archisync_it.ts").getroot().iter("message"):
        source = message.findtext("source") or ""
        if language == "en":
            yield source, source
            continue
        translation = message.find("translation")
        assert translation is not None
        for form in [f.text or "" for f in translation.iter("numerusform")] or [translation.text or ""]:
            yield source, form


def settings(language: str) -> Iterator[tuple[str, str]]:
    for declared in DECLARATIONS:
        for text in (declared.it, declared.help_it) if language == "it" else (declared.en, declared.help_en):
            yield declared.key, text


def told(language: str, *names: str) -> Iterator[tuple[str, str]]:
    """Texts of ``resources/messages``."""
    for path in sorted((RESOURCES / "messages").glob("*.toml")):
        if not names or path.stem in names:
            for code, entry in tomllib.loads(path.read_text("utf-8")).items():
                for text in entry.get(language, ()):
                    yield f"{path.name}: {code}", text


def pages(language: str) -> Iterator[tuple[str, str]]:
    """The lines of the manual (and of the README, in English) without code."""
    files = [*(ROOT / "docs" / "manual" / language).glob("*.md"), *([ROOT / "README.md"] if language == "en" else [])]
    for path in sorted(files):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{path.name}:{number}", re.sub(r"`[^`]*`", "", line)


def found(texts: Iterator[tuple[str, str]], old: dict[str, str]) -> list[str]:
    """Each use of an old word, with its source and the word to use instead."""
    return [
        f"{where}: {text!r}: say {instead}"
        for where, text in texts
        for pattern, instead in old.items()
        if re.search(pattern, text.replace("&", ""), re.IGNORECASE)
    ]


@pytest.mark.parametrize("source", [catalogue, settings, told, pages], ids=lambda source: source.__name__)
def test_italian_has_no_old_word(source: object) -> None:
    assert found(source("it"), OLD_ITALIAN) == []  # type: ignore[operator]


@pytest.mark.parametrize("source", [catalogue, settings, pages], ids=lambda source: source.__name__)
def test_english_has_no_old_word(source: object) -> None:
    assert found(source("en"), OLD_ENGLISH) == []  # type: ignore[operator]


def test_lettura_is_used_only_for_a_refused_read() -> None:
    texts = [
        *catalogue("it"),
        *settings("it"),
        *told("it", "conditions", "orchestrator", "app", "erp", "endpoint", "office"),
    ]
    wrong = [
        f"{where}: {text!r}"
        for where, text in texts
        if ONLY_REFUSED.search(text.replace("&", ""))
        and not any(part in text.replace("&", "") for part in ABOUT_A_REFUSED_READ)
        and "accept" not in where
        and "as it is" not in where
    ]
    assert wrong == []


def test_an_old_word_would_be_found() -> None:
    assert len(found(iter([("a", "Si&ncronizza tutto"), ("b", "Aggiorna tutto")]), OLD_ITALIAN)) == 1
    assert len(found(iter([("a", "&Sync now"), ("b", "archisync-gui sync all")]), OLD_ENGLISH)) == 1
