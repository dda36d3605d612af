"""The README's pictures and its animation, made from invented data. ``ARCHISYNC_README=folder`` stores them there."""

from __future__ import annotations

import dataclasses
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World, account_type, ago, busy, calm, with_type
from panel_office import Office
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from scenes import Stage, refused, settled

from archisync_gui.entities import ENTITIES
from archisync_gui.model import Progress, Scope, Status, SyncState
from tests.support.waiting import until

pytestmark = [pytest.mark.qasync, pytest.mark.nightly]

SIZE = (1200, 750)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder for the pictures."""
    kept = os.environ.get("ARCHISYNC_README", "")
    found = Path(kept) if kept else tmp_path / "readme"
    found.mkdir(parents=True, exist_ok=True)
    return found


def png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The parts of a PNG file: names and contents."""
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def animated(frames: Sequence[tuple[QImage, int]]) -> bytes:
    """An animated PNG of images of one size, each with its milliseconds, repeated without end."""
    first, _ = frames[0]
    head = next(content for name, content in chunks(png(first)) if name == b"IHDR")
    made = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"acTL", struct.pack(">II", len(frames), 0))
    number = 0
    for at, (image, milliseconds) in enumerate(frames):
        shown = struct.pack(">IIIIIHHBB", number, image.width(), image.height(), 0, 0, milliseconds, 1000, 0, 0)
        made += chunk(b"fcTL", shown)
        number += 1
        for name, content in chunks(png(image)):
            if name == b"IDAT" and at == 0:
                made += chunk(b"IDAT", content)
            elif name == b"IDAT":
                made += chunk(b"fdAT", struct.pack(">I", number) + content)
                number += 1
    return made + chunk(b"IEND", b"")


def plain(widget: QWidget) -> QImage:
    """A picture without transparency: all frames need the same format."""
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)


def opening() -> list[tuple[Status, int]]:
    """An order form opens and the customers become fresh: statuses, each with the time that it is shown."""
    session = busy()
    opened = calm(
        sessions=session.sessions[:1], session_count=1, smart_customer_sync_active=True, quiet_until=session.quiet_until
    )
    run = session.current_run
    assert run is not None
    frames = [(calm(), 2200)]
    for step, page, rows in (("login", None, 0), ("read", 1, 20), ("read", 2, 40)):
        progress = Progress(step, page, 2 if page else None, rows, 40 if page else None)
        now = dataclasses.replace(run, scope=Scope.NEW, progress=progress, remaining=2.0, started=ago(seconds=2))
        item = account_type(
            "customers", state=SyncState.RUNNING, is_running=True, last_run_time=ago(minutes=18), progress=progress
        )
        frames.append((with_type(dataclasses.replace(opened, current_run=now, current_sync="customers"), item), 900))
    fresh = account_type("customers", last_run_time=ago(minutes=18), new_as_of=ago(seconds=2))
    frames.append((with_type(opened, fresh), 3200))
    return frames


@pytest.mark.parametrize("appearance", ["light", "dark"])
async def test_pictures_of_overview_refused_read_and_summary(
    make_panel: MakePanel, world: World, folder: Path, tmp_path: Path, appearance: str
) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "en", appearance, SIZE)
    window = await stage.become(calm())
    await until(lambda: bool(stage.panel.past_runs.numbers))
    await settled()
    assert window.grab().save(str(folder / f"overview-{appearance}.png"))
    stage.panel.window.go("summary")
    await settled()
    assert window.grab().save(str(folder / f"summary-{appearance}.png"))
    status = refused()
    await stage.become(status)
    stage.panel.open("trouble", status.statuses["orders"].accounts[0])
    await settled()
    dialog = next(d for key, d in stage.panel.dialogs.open_now.items() if key.startswith("trouble"))
    assert dialog.grab().save(str(folder / f"refused-{appearance}.png"))


@pytest.mark.parametrize("appearance", ["light", "dark"])
async def test_picture_of_find_with_a_record_sheet(
    make_panel: MakePanel, office: Office, folder: Path, appearance: str
) -> None:
    panel = await make_panel("en", appearance, store=office.store, entities=ENTITIES)
    panel.window.resize(*SIZE)
    await until(lambda: panel.context.status is not None)
    panel.open("record", ("orders", "agente01", "902"))
    await until(panel.window.record_sheet().isVisible)
    find = panel.window.results()
    find.focus()
    QTest.keyClicks(panel.window.header.find_box, "rossi")
    await until(lambda: bool(find.model.lines))
    await settled()
    assert panel.window.grab().save(str(folder / f"find-{appearance}.png"))


async def test_animation_of_a_form_that_opens(
    make_panel: MakePanel, world: World, folder: Path, tmp_path: Path
) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "en", "light", (1000, 625))
    await until(lambda: bool(stage.panel.past_runs.numbers))
    frames = [(plain(await stage.become(status)), milliseconds) for status, milliseconds in opening()]
    assert len({bytes(image.constBits()) for image, _ in frames}) == len(frames), "two frames are equal"
    file = folder / "form-opens.png"
    file.write_bytes(animated(frames))
    assert file.stat().st_size < 600_000
    names = [name for name, _ in chunks(file.read_bytes())]
    assert names.count(b"fcTL") == len(frames)
    still = QImage(str(file))
    assert (still.width(), still.height()) == (1000, 625), "the first frame is no complete picture"
