"""The first picture of the window: its texts about the last known data, and when it is shown."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from panel_fakes import NOW, World, account_type, calm, with_type
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.start import first_window
from archisync_gui.ui.pages.overview import Overview
from archisync_gui.ui.shell.first_picture import FirstPicture, Places
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.shell.window_parts import page_titles
from archisync_gui.ui.text.i18n import set_language, tr
from archisync_gui.ui.text.last_known import (
    BUTTONS,
    FILE,
    PAGES,
    WORDS,
    LastKnown,
    age,
    language_of,
    lines,
    of_status,
    read_last_known,
    status_sentence,
)
from tests.support.waiting import until

KNOWN = LastKnown("it", "dark", (("Clienti", datetime(2026, 3, 2, 9, tzinfo=UTC)), ("Ordini", None)))


ENGLISH = KNOWN._replace(language="en", appearance="light", lists=(("Delivery notes", KNOWN.lists[0][1]),) * 6)


SIZES = [(1800, 1100), (1700, 720)]
"""Sizes of windows."""

if sys.platform != "win32":  # Wine has no fonts and uses square letters, so the header needs one more row there
    SIZES += [(1330, 780), (900, 640)]


def english(read: datetime | None) -> str:
    return age(read, NOW, WORDS["en"])


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["it"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("language", ["it", "en"])
def test_its_texts_are_those_of_the_window(language: str, qapp: QApplication) -> None:
    set_language(language)
    assert PAGES[language] == tuple(page_titles().values())
    assert BUTTONS[language] == (tr("Order form", "button"), tr("Try a &fault").replace("&", ""))
    words = WORDS[language]
    assert (words["starting"], words["nothing"]) == (tr("Starting…"), tr("opening the archive and the browser"))
    assert (words["list"], words["read"]) == (tr("List"), tr("Updated", "column"))


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=5), "less than 1 min ago"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=5, minutes=59), "5 h ago"),
        (timedelta(hours=30), "1 day ago"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(seconds=-1), "not known"),
    ],
)
def test_it_shows_an_age_and_never_that_data_are_fresh(passed: timedelta, said: str) -> None:
    assert english(NOW - passed) == said


def test_a_list_that_was_never_read_is_unknown() -> None:
    assert english(None) == "not known"


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(KNOWN.text(), encoding="utf-8")
    assert read_last_known(tmp_path) == KNOWN


def damaged(**changed: object) -> str:
    return json.dumps({**json.loads(KNOWN.text()), **changed})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "5",
        "[" * 100_000,
        KNOWN.text()[:40],
        damaged(version=99),
        damaged(language="xx"),
        damaged(language=[]),
        damaged(appearance="pink"),
        damaged(lists=5),
        damaged(lists=[["Clienti"]]),
        damaged(lists=[[7, None]]),
        damaged(lists=[["Clienti", 7]]),
        damaged(lists=[["Clienti", "yesterday"]]),
        damaged(lists=[["Clienti", "0001-01-01T00:00:00+14:00"]]),
        damaged(lists=[["Clienti", None]] * 1000),
    ],
)
def test_a_file_with_invalid_content_is_ignored(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert read_last_known(tmp_path) is None


def test_of_several_accounts_the_oldest_read_counts() -> None:
    newer, older = NOW - timedelta(minutes=1), NOW - timedelta(hours=3)
    status = with_type(
        calm(), account_type("orders", all_as_of=newer), account_type("orders", "agente02", all_as_of=older)
    )
    assert dict(of_status(status, str, "en", "system").lists)["orders"] == older
    status = with_type(
        calm(), account_type("orders", all_as_of=newer), account_type("orders", "agente02", all_as_of=None)
    )
    assert dict(of_status(status, str, "en", "system").lists)["orders"] is None


def test_without_a_file_all_lists_are_unknown(qapp: QApplication) -> None:
    picture = FirstPicture(None)
    assert lines(None) == []
    assert status_sentence(None) in (WORDS["it"]["nothing"], WORDS["en"]["nothing"])
    picture.resize(900, 600)
    assert not picture.grab().isNull()


def test_it_has_the_language_and_colours_of_the_last_start(qapp: QApplication) -> None:
    picture = FirstPicture(KNOWN)
    assert [title for title, _ in lines(KNOWN)] == ["Clienti", "Ordini"]
    assert "ultimi dati noti" in picture.accessibleName()
    picture.resize(900, 600)
    assert picture.grab().toImage().pixelColor(880, 590).lightness() < 60


def test_invented_data_are_marked(qapp: QApplication) -> None:
    real, demo = (FirstPicture(KNOWN, demo=demo) for demo in (False, True))
    for picture in (real, demo):
        picture.resize(900, 600)
    assert demo.grab().toImage() != real.grab().toImage()


@pytest.mark.qasync
async def test_the_panel_writes_the_data_for_the_next_start(qapp: QApplication, world: World, tmp_path: Path) -> None:
    world.settings = world.settings.with_({"look.language": "it"})
    panel = Panel(qapp, memory=tmp_path / "window.ini", language="it")
    panel.set_services(world.services())
    await until(lambda: read_last_known(tmp_path) is not None)
    known = read_last_known(tmp_path)
    assert known is not None
    assert known.language == "it"
    assert "Clienti" in dict(known.lists)
    panel.set_language("en")
    panel.context.bridge.flush()
    await until(lambda: getattr(read_last_known(tmp_path), "language", "") == "en")
    await panel.aclose()
    panel.deleteLater()


@pytest.mark.qasync
async def test_the_panel_takes_the_window_of_the_picture(qapp: QApplication, tmp_path: Path) -> None:
    """The same window at the same position, without flicker. Clicks before the takeover are not lost."""
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    lock.release()
    (profile.folder / FILE).write_text(KNOWN.text(), encoding="utf-8")
    window = first_window(["--demo", "--profile", str(profile.folder)])
    assert window is not None
    assert window.known == KNOWN
    assert window.was_painted
    picture = window.centralWidget()
    assert isinstance(picture, FirstPicture)
    assert window.windowTitle() == "Archisync [DEMO]"
    assert picture.accessibleName().startswith("DEMO"), "invented data are not marked"
    before = window.geometry()
    panel = Panel(qapp, window=window, language="it")
    panel.show()
    await panel.first_paint()
    assert panel.window is window
    assert window.was_painted
    assert window.geometry() == before
    assert window.header.title.text() == "Avvio in corso…"
    assert window.header.detail.text() == status_sentence(KNOWN), "not of now"
    await panel.aclose()
    panel.deleteLater()


@pytest.mark.qasync
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("known", [None, KNOWN, ENGLISH], ids=["nothing", "it", "en"])
async def test_no_part_moves_when_the_window_is_filled(
    known: LastKnown | None, size: tuple[int, int], qapp: QApplication
) -> None:
    window = MainWindow()
    window.resize(*size)
    window.show_picture(known, demo=True)
    await until(lambda: window.was_painted)
    picture = window.centralWidget()
    assert isinstance(picture, FirstPicture)
    found = picture.places()
    panel = Panel(qapp, window=window, language=language_of(known), demo=True)
    panel.show()
    await until(lambda: window.was_painted)
    qapp.processEvents()  # layouts requested by parts when they got their size
    page = window.page("overview")
    assert isinstance(page, Overview)
    table = page.table

    def at(part: QWidget, x: int = 0, y: int = 0) -> QPoint:
        return part.mapTo(window, QPoint(x, y))

    card, head = table.parentWidget(), table.horizontalHeader()
    second = at(table, head.sectionViewportPosition(1)).x()
    wanted = Places(
        side=window.sidebar.width(),
        nav=at(window.sidebar.findChildren(QPushButton, "nav")[0]).y(),
        title=at(window.header.title).y() + window.header.title.height() / 2,
        detail=at(window.header.detail).y() + window.header.detail.height() / 2,
        header=window.header.height(),
        foot=at(window.foot).y(),
        card=QRect(at(card), card.size()),
        head=head.height(),
        row=table.verticalHeader().defaultSectionSize(),
        second=second,
        age=second + 10 + table.sign(),
    )
    for name, expected, is_at in zip(Places._fields, wanted, found, strict=True):
        pairs = zip(_numbers(expected), _numbers(is_at), strict=True)
        assert all(abs(a - b) <= 1 for a, b in pairs), f"{name}: {is_at}, the window has it at {expected}"
    await panel.aclose()
    panel.deleteLater()


def _numbers(place: object) -> tuple[float, ...]:
    if isinstance(place, QRect):
        return (place.x(), place.y(), place.width(), place.height())
    assert isinstance(place, int | float)
    return (place,)


@pytest.mark.parametrize(
    "arguments",
    [["--hidden"], ["status"], ["--open", "data"], ["--profile"], ["--version"], ["--demo", "--nonsense"], []],
)
def test_other_starts_show_no_picture(arguments: list[str], tmp_path: Path) -> None:
    """Each with a profile for which a picture could be shown."""
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    lock.release()
    demo = ["--demo"] if arguments else []  # without it, a profile of the demo is not opened as a real one
    assert first_window([*demo, "--profile", str(profile.folder), *(arguments or [])]) is None


def test_a_second_start_and_a_new_profile_show_no_picture(tmp_path: Path) -> None:
    start = ["--demo", "--profile", str(tmp_path / "p")]
    assert first_window(start) is None, "a picture without a profile"
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    try:
        assert first_window(start) is None, "a picture beside the panel that holds the profile"
    finally:
        lock.release()
