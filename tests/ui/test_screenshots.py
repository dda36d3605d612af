"""Pictures of every page and dialog, light and dark, in both languages, at 100 and 150 %: none is blank or cut.

``ARCHISYNC_SCREENSHOTS=folder`` keeps them for people to look at.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from panel_fakes import SILENT, MakePanel, World, account_type, ago, busy, with_type
from PySide6.QtGui import QFont, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QWidget
from test_cut import cut

from archisync_gui.endpoint.pairing import Access, Pairing, PairingStore
from archisync_gui.model import Event, EventKind, Outcome, State
from archisync_gui.ui.history import History
from archisync_gui.ui.panel import Panel
from archisync_gui.ui.window import PAGES

pytestmark = pytest.mark.qasync

DIALOGS = ("why", "sessions", "run", "trouble", "pairing", "diagnostics", "first-run", "crash")

EVERY_DAY = ("dark", "it", 1.5)
"""The look in which most goes wrong; the others take too long for every run of the suite."""

LOOKS = [
    pytest.param(*look, marks=() if look == EVERY_DAY else pytest.mark.nightly)
    for look in product(("light", "dark"), ("it", "en"), (1.0, 1.5))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go."""
    kept = os.environ.get("ARCHISYNC_SCREENSHOTS", "")
    found = Path(kept) if kept else tmp_path
    found.mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture
def letters(qapp: QApplication) -> Iterator[Callable[[float], None]]:
    """Makes all letters larger, until the end of the test."""
    before = QFont(qapp.font())

    def scale(factor: float) -> None:
        larger = QFont(before)
        larger.setPointSizeF(before.pointSizeF() * factor)
        qapp.setFont(larger)

    yield scale
    qapp.setFont(before)


class Endpoint:
    """The endpoint as far as pictures need it; the pairing itself is the real one."""

    url = "http://127.0.0.1:47801"

    def __init__(self, folder: Path, world: World) -> None:
        self.pairing = Pairing(PairingStore(folder / "pages.json", clock=world.clock), clock=world.clock)
        self.pairing.store.add("Ordini Web", "https://shop.example.test", [Access.SESSIONS], "agente01")


def shades(image: QImage) -> int:
    """How many different colours a coarse grid over ``image`` meets."""
    return len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)})


async def settled() -> None:
    """Readings of the fakes have come back and widgets have their sizes."""
    for _ in range(4):
        await asyncio.sleep(0.02)
        QApplication.sendPostedEvents()


@pytest.mark.parametrize(("appearance", "language", "scale"), LOOKS)
async def test_every_page_and_dialog(
    make_panel: MakePanel,
    world: World,
    folder: Path,
    tmp_path: Path,
    letters: Callable[[float], None],
    appearance: str,
    language: str,
    scale: float,
) -> None:
    letters(scale)
    refused = account_type("ddt", state=State.REFUSED, last_outcome=Outcome.REFUSED, last_error=SILENT)
    world.orchestrator.status = with_type(busy(), refused)
    world.store.kept = [
        Event(EventKind.SYNC_COMPLETED, "x", at, ago(minutes=60 - at), {"type": "orders", "rows": 1604, "added": at})
        for at in range(1, 9)
    ]
    endpoint = Endpoint(tmp_path, world)
    panel = await make_panel(language, appearance, endpoint=endpoint, crash="Traceback:\n  ValueError: example")
    crash = panel._open_dialogs["crash"]
    crash.hide()
    logging.getLogger("archisync_gui.example").warning("orders: page 3 of 16 was asked for again")
    endpoint.pairing.ask(endpoint.url, "Ordini", [Access.SESSIONS], own=True)
    panel.window.resize(1330, 860)
    suffix = f"{appearance}-{language}-{round(scale * 100)}"
    blank: list[str] = []
    shortened: dict[str, list[str]] = {}

    def picture(name: str, widget: QWidget) -> None:
        image = widget.grab().toImage()
        assert image.save(str(folder / f"{name}-{suffix}.png"))
        if shades(image) < 8:
            blank.append(name)
        if found := cut(widget):
            shortened[name] = found

    for name in PAGES:
        page = panel.window.go(name)
        if isinstance(page, History):
            await settled()
            picture("history-table", panel.window)
            page.charts_button.setChecked(True)
        await settled()
        picture(name, panel.window)
        if name == "overview":
            endpoint.pairing.refuse(endpoint.pairing.pending()[0].id)
    endpoint.pairing.begin()
    for name in DIALOGS:
        await opened(panel, name, world)
        found = next(d for key, d in panel._open_dialogs.items() if key.split(":")[0] == name)
        found.show()
        if name == "pairing":
            endpoint.pairing.ask("https://crm.example.test", "CRM", [Access.SESSIONS], own=False)
        await settled()
        if name == "first-run":
            await steps(found, picture)
        picture(name, found)
        found.close()
    assert blank == []
    assert shortened == {}


async def opened(panel: Panel, name: str, world: World) -> None:
    """Open a dialog at something worth seeing."""
    status = panel.context.status
    assert status is not None
    what = {"run": next(r.id for r in world.store.all_runs if r.error), "trouble": status.statuses["ddt"].accounts[0]}
    if name != "crash":
        panel.open(name, what.get(name))
    await settled()


async def steps(dialog: QDialog, picture: Callable[[str, QWidget], None]) -> None:
    """The first run's steps, one after the other; the last is left on screen."""
    following: QAbstractButton = dialog.next  # type: ignore[attr-defined]
    for at in range(4):
        picture(f"first-run-{at + 1}", dialog)
        dialog.skip.click() if dialog.skip.isVisible() else following.click()  # type: ignore[attr-defined]
        await settled()


def test_a_blank_picture_would_be_found() -> None:
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(0)
    assert shades(image) < 8
