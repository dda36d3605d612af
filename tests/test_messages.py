"""Every text exists in both languages with the same parameters, and no code that is raised lacks one."""

from __future__ import annotations

import string
import tomllib
from collections import Counter

import pytest

from archisync_gui.messages import codes, line, resources, system_language, text


def parameters(sentences: list[str]) -> set[str]:
    return {name for sentence in sentences for _, name, _, _ in string.Formatter().parse(sentence) if name}


def entries() -> list[tuple[str, str, dict[str, list[str]]]]:
    return [
        (path.name, code, entry)
        for path in sorted((resources() / "messages").glob("*.toml"))
        for code, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
    ]


@pytest.mark.parametrize(("file", "code", "entry"), entries(), ids=lambda v: v if isinstance(v, str) else "")
def test_both_languages_say_the_same(file: str, code: str, entry: dict[str, list[str]]) -> None:
    assert set(entry) == {"it", "en"}
    assert len(entry["it"]) == len(entry["en"]) in (1, 3)
    assert [bool(s) for s in entry["it"]] == [bool(s) for s in entry["en"]]
    assert parameters(entry["it"]) == parameters(entry["en"])
    assert entry["it"][0]


def test_a_missing_parameter_leaves_a_readable_text() -> None:
    assert "–" in text("profile-busy", "it").what


def test_steps_and_counts_are_said_as_people_say_them() -> None:
    assert text("erp-slow", "it", {"step": "filter"}).what == "L'ERP non ha risposto in tempo (filtro dell'elenco)."
    assert text("erp-slow", "en", {"step": "never heard of"}).what.endswith("(never heard of).")
    shrink = {"list": "Ordini", "before": 1604, "now": 992, "gone": 612}
    assert "992 righe invece di 1.604" in text("shrink", "it", shrink).what
    assert "992 rows instead of 1,604" in text("shrink", "en", shrink).what


def test_an_unknown_code_is_shown_rather_than_raised() -> None:
    assert text("no-such-code", "it").what == "no-such-code"
    assert line("no-such-code", "en") == "no-such-code"


def test_no_code_is_declared_twice() -> None:
    declared = Counter(code for _, code, _ in entries())
    assert [code for code, times in declared.items() if times > 1] == []
    assert set(declared) == codes()


@pytest.mark.parametrize(("value", "language"), [("it_IT.UTF-8", "it"), ("de_DE", "en"), ("C.UTF-8", "en"), ("", "en")])
def test_italian_on_an_italian_system(value: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", value)
    assert system_language() == language
