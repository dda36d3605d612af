"""Both palettes fulfil WCAG AA, and light and dark are switched at once."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.look.theme import DARK, LIGHT, READABLE, SEEN, Tokens, contrast, style_sheet, theme


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), READABLE)
def test_text_is_readable(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(getattr(tokens, front), getattr(tokens, back)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), SEEN)
def test_edges_signs_and_charts_are_visible(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(getattr(tokens, front), getattr(tokens, back)) >= 3


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_pair_of_the_style_sheet_is_readable(tokens: Tokens) -> None:
    """Every rule that sets text and background, so that no pair is missing in the list above."""
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


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_focus_is_visible_on_its_control(tokens: Tokens) -> None:
    """The ring against the fill of its rule, or the fill of the same control without the focus."""
    plain = Tokens(**{f.name: f"<{f.name}>" for f in fields(Tokens)})
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style_sheet(plain))
    fills = {
        selector.strip(): fill[1]
        for selectors, body in rules
        for selector in selectors.split(",")
        if (fill := re.search(r"(?<![-\w])background(?:-color)?: <(\w+)>", body)) is not None
    }
    pairs = [
        (ring[1], fill)
        for selectors, body in rules
        for selector in map(str.strip, selectors.split(","))
        if ":focus" in selector and (ring := re.search(r"(?<![-\w])border(?:-color)?:[^;]*<(\w+)>", body)) is not None
        if (fill := fills.get(selector) or fills.get(selector.replace(":focus", ""))) is not None
    ]
    assert {("text", "check"), ("focus", "surface")} <= set(pairs)
    assert [p for p in pairs if contrast(getattr(tokens, p[0]), getattr(tokens, p[1])) < 3] == []


def test_every_kind_of_button_shows_the_focus() -> None:
    """The edge of a named kind hides the general ring, so each kind needs its own ring, except checked ones, which have
    an edge."""
    sheet = style_sheet(LIGHT)
    edged = re.findall(r"^QPushButton(#\w+|:checked) \{[^}]*border", sheet, re.MULTILINE)
    assert {"#primary", "#danger", "#nav", ":checked"} <= set(edged)
    assert [kind for kind in edged if f"QPushButton{kind}:focus {{" not in sheet] == []


def test_light_and_dark_follow_the_system_at_once(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme().choose("system")
    hints = qapp.styleHints()
    switches = ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT), (Qt.ColorScheme.Dark, DARK))
    for scheme, wanted in switches:
        # The offscreen platform has no theme to switch, so its signal is simulated.
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


def test_the_contrast_function_gives_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_switching_changes_the_palette_with_one_signal(qapp: QApplication) -> None:
    heard: list[bool] = []
    theme().choose("light")
    theme().changed.connect(lambda: heard.append(theme().dark))
    theme().choose("dark")
    theme().choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.page
    theme().choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.page
    assert heard == [True, False]


def test_all_roles_in_the_style_sheet_are_filled() -> None:
    assert "@" not in style_sheet(LIGHT).split("*/", 1)[1]
