"""Both palettes keep WCAG AA, and light and dark are switched at once."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.theme import DARK, LIGHT, READABLE, SEEN, Tokens, contrast, style_sheet, theme


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), READABLE)
def test_text_is_readable(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(getattr(tokens, front), getattr(tokens, back)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), SEEN)
def test_edges_signs_and_charts_are_seen(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(getattr(tokens, front), getattr(tokens, back)) >= 3


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_pair_of_the_style_sheet_is_readable(tokens: Tokens) -> None:
    """Where a rule sets text and background, whatever the roles: no pair is left out of the list above."""
    plain = Tokens(**{f.name: f"<{f.name}>" for f in fields(Tokens)})
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style_sheet(plain))
    pairs = set()
    for _, body in rules:
        text = re.search(r"(?<![-\w])color: <(\w+)>", body)
        back = re.search(r"(?<![-\w])background: <(\w+)>", body)
        if text is not None and back is not None:
            pairs.add((text[1], back[1]))
    assert len(pairs) >= 5
    assert [p for p in pairs if contrast(getattr(tokens, p[0]), getattr(tokens, p[1])) < 4.5] == []


def test_light_and_dark_follow_the_system_at_once(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme().choose("system")
    hints = qapp.styleHints()
    switches = ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT), (Qt.ColorScheme.Dark, DARK))
    for scheme, wanted in switches:
        # The offscreen platform has no theme of its own that could be switched: what a real one says is said for it.
        monkeypatch.setattr(hints, "colorScheme", lambda scheme=scheme: scheme)
        hints.colorSchemeChanged.emit(scheme)
        assert theme().tokens is wanted
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == wanted.page
        assert wanted.surface in qapp.styleSheet()
    monkeypatch.undo()
    theme().choose("light")


def test_a_choice_is_kept_when_the_system_switches(qapp: QApplication) -> None:
    theme().choose("dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme().dark
    theme().choose("light")


def test_contrast_is_the_known_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_switching_changes_palette_and_tells_once(qapp: QApplication) -> None:
    heard: list[bool] = []
    theme().choose("light")
    theme().changed.connect(lambda: heard.append(theme().dark))
    theme().choose("dark")
    theme().choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.page
    theme().choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.page
    assert heard == [True, False]


def test_no_role_is_left_open_in_the_style_sheet() -> None:
    assert "@" not in style_sheet(LIGHT).split("*/", 1)[1]
