"""Both palettes keep WCAG AA, and light and dark are switched at once."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.theme import DARK, LIGHT, READABLE, Tokens, contrast, style_sheet, theme


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), READABLE)
def test_text_is_readable(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(getattr(tokens, front), getattr(tokens, back)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("part", ["focus", "bar_bad", "accent"])
def test_edges_and_bars_are_seen(tokens: Tokens, part: str) -> None:
    assert contrast(getattr(tokens, part), tokens.surface) >= 3


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
