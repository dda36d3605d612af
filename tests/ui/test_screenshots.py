"""Pictures of every page, dialog and state, light and dark, in both languages, at 100 and 150 %; none is blank or cut.

``ARCHISYNC_SCREENSHOTS=folder`` stores them for a manual check, with one contact sheet for each variant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from scenes import Stage
from test_cut import cut, letters

__all__ = ["letters"]

pytestmark = pytest.mark.qasync

EVERY_DAY = ("dark", "it", 1.5, (1366, 768))
"""The variant with the most faults; the others take too long for every run of the suite."""

LOOKS = [
    pytest.param(*look, marks=() if look == EVERY_DAY else pytest.mark.nightly)
    for look in product(
        ("light", "dark"), ("it", "en"), (1.0, 1.5), ((1366, 768), (1920, 1080), (1280, 800), (1024, 640))
    )
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go."""
    kept = os.environ.get("ARCHISYNC_SCREENSHOTS", "")
    found = Path(kept) if kept else tmp_path / "pictures"
    found.mkdir(parents=True, exist_ok=True)
    return found


MANUAL = Path(__file__).resolve().parents[2] / "docs" / "manual"
"""The manual uses some of these pictures, with the same names and fewer colours."""

THUMB = 320
"""Width in pixels of a picture on a contact sheet."""


def contact_sheet(pictures: Sequence[tuple[str, QImage]], columns: int = 6) -> QImage:
    """One image with all pictures in small size, each with its name."""
    rows = -(-len(pictures) // columns)
    cell = THUMB * 5 // 8 + 20
    sheet = QImage(columns * (THUMB + 8), rows * (cell + 8), QImage.Format.Format_RGB32)
    sheet.fill(QColor("#808080"))
    painter = QPainter(sheet)
    for at, (name, picture) in enumerate(pictures):
        x, y = (at % columns) * (THUMB + 8) + 4, (at // columns) * (cell + 8) + 4
        size = picture.size().scaled(THUMB, cell - 20, Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawText(x, y + 13, name)
        smooth = Qt.TransformationMode.SmoothTransformation
        painter.drawImage(x, y + 18, picture.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, smooth))
    painter.end()
    return sheet


def shades(image: QImage) -> int:
    """The number of different colours at the points of a coarse grid over ``image``."""
    return len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)})


@pytest.mark.parametrize(("appearance", "language", "scale", "size"), LOOKS)
async def test_every_page_dialog_and_state(
    make_panel: MakePanel,
    world: World,
    folder: Path,
    tmp_path: Path,
    letters: Callable[[float], None],
    appearance: str,
    language: str,
    scale: float,
    size: tuple[int, int],
) -> None:
    letters(scale)
    stage = await Stage.set(make_panel, world, tmp_path, language, appearance, size)
    suffix = f"{appearance}-{language}-{round(scale * 100)}-{size[0]}"
    blank: list[str] = []
    shortened: dict[str, list[str]] = {}
    pictures: list[tuple[str, QImage]] = []
    roomy = size[0] / scale > 800  # in smaller windows, cells of the table end in … and have tooltips
    async for name, widget in stage.all():
        image = widget.grab().toImage()
        assert image.save(str(folder / f"{name}-{suffix}.png"))
        pictures.append((name, image.scaledToWidth(2 * THUMB, Qt.TransformationMode.SmoothTransformation)))
        if shades(image) < 8:
            blank.append(name)
        found = [text for text in cut(widget) if roomy or not text.startswith("TypesTable")]
        if found:
            shortened[name] = found
    assert contact_sheet(pictures).save(str(folder / f"contact-{suffix}.png"))
    assert len(pictures) > 50
    assert blank == []
    assert shortened == {}
    shown = {file.stem: QImage(str(file)) for file in (MANUAL / language / "pictures").glob("*.png")}
    assert shown.keys() <= {name for name, _ in pictures}
    if (appearance, scale, size) == ("light", 1.0, (1280, 800)):
        now = {name: QImage(str(folder / f"{name}-{suffix}.png")) for name in shown}
        assert [name for name, image in shown.items() if unlike(image, now[name])] == [], (
            "docs/manual shows old pictures"
        )


def unlike(one: QImage, other: QImage) -> bool:
    """Whether two pictures differ at any place by more than the number of colours: compared at a small size."""
    if one.size() != other.size():
        return True
    grey = [
        image.scaled(64, 40, mode=Qt.TransformationMode.SmoothTransformation).convertToFormat(
            QImage.Format.Format_Grayscale8
        )
        for image in (one, other)
    ]
    shades = [[image.pixelColor(x, y).value() for y in range(40) for x in range(64)] for image in grey]
    return max(abs(a - b) for a, b in zip(*shades, strict=True)) > 16


def test_an_old_picture_of_the_manual_would_be_found() -> None:
    page = QImage(1280, 800, QImage.Format.Format_RGB32)
    page.fill("white")
    button = page.copy()
    with QPainter(button) as painter:
        painter.fillRect(600, 400, 120, 30, "steelblue")
    assert unlike(page, button)
    assert unlike(page, page.scaled(1024, 640))
    assert not unlike(button, button.convertToFormat(QImage.Format.Format_Indexed8))


def test_a_contact_sheet_has_a_place_for_each_picture(qapp: object) -> None:
    image = QImage(640, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    sheet = contact_sheet([(str(at), image) for at in range(7)])
    assert (sheet.width(), sheet.height()) == (6 * (THUMB + 8), 2 * 228)
    assert sheet.pixelColor(4 + THUMB // 2, 100) == QColor("#ff0000")
    assert sheet.pixelColor(4 + THUMB // 2, 328) == QColor("#ff0000"), "the seventh is not first in the second row"


def test_a_blank_picture_would_be_found() -> None:
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(0)
    assert shades(image) < 8
