"""Tray icons differ in shape and not only in colour, and are visible on dark and light panels."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.look.icons import application_icon, icon, tray_icon
from archisync_gui.ui.look.theme import contrast, theme

KINDS = ("starting", "fresh", "running", "session", "hold", "late", "trouble")


def picture(kind: str, side: int = 22) -> QImage:
    return tray_icon(kind).pixmap(side, side).toImage().convertToFormat(QImage.Format.Format_ARGB32)


def silhouette(image: QImage) -> list[tuple[bool, bool]]:
    """For each pixel: whether it is covered, and whether it is light; colours are ignored."""
    return [
        (
            image.pixelColor(x, y).alpha() > 127,
            image.pixelColor(x, y).lightness() > 190,
        )
        for y in range(image.height())
        for x in range(image.width())
    ]


@pytest.mark.parametrize(("first", "second"), list(combinations(KINDS, 2)))
def test_shapes_differ_without_colour(qapp: QApplication, first: str, second: str) -> None:
    one, other = silhouette(picture(first)), silhouette(picture(second))
    different = sum(a != b for a, b in zip(one, other, strict=True))
    assert different >= 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("panel", ["#1b1b1b", "#f4f4f4"])
def test_icons_are_visible_on_dark_and_light_panels(qapp: QApplication, kind: str, panel: str) -> None:
    image = picture(kind)
    best = max(
        contrast(QColor(image.pixelColor(x, y)).name(), panel)
        for y in range(image.height())
        for x in range(image.width())
        if image.pixelColor(x, y).alpha() > 200
    )
    assert best >= 3


def test_progress_changes_the_icon(qapp: QApplication) -> None:
    early, late = tray_icon("running", 1).pixmap(22, 22).toImage(), tray_icon("running", 9).pixmap(22, 22).toImage()
    assert early != late


def test_an_icon_is_drawn_once_for_its_colours(qapp: QApplication) -> None:
    first = icon("refresh")
    assert icon("refresh").cacheKey() == first.cacheKey()
    assert icon("refresh", "muted").cacheKey() != first.cacheKey()
    theme().choose("dark")
    dark = icon("refresh").pixmap(16, 16).toImage()
    theme().choose("light")
    assert dark != first.pixmap(16, 16).toImage()
    assert icon("refresh").pixmap(16, 16).toImage() == first.pixmap(16, 16).toImage()


@pytest.mark.parametrize("name", ["refresh", "close", "up", "more", "fold", "unfold", "play"])
def test_icons_are_drawn(qapp: QApplication, name: str) -> None:
    image = icon(name).pixmap(16, 16).toImage()
    assert any(image.pixelColor(x, y).alpha() for y in range(16) for x in range(16))


def test_the_program_has_an_icon(qapp: QApplication) -> None:
    found: QPixmap = application_icon().pixmap(64, 64)
    assert not found.isNull()
