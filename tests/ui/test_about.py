"""About: the version, newer versions with their pages, and the licences of all shipped packages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtCore import Qt

from archisync_gui import licences
from archisync_gui.ui.dialogs.about import AboutDialog, news_text
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.i18n import set_language
from archisync_gui.updates.signed_list import Version
from archisync_gui.updates.watch import News

pytestmark = pytest.mark.qasync

NEWER = Version("0.2.0", (0, 2), "2026-03-01", "Novità <b>", "News <b>", "https://archisync.example.test/", True)
ASKED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class FakeUpdates:
    """Replaces ``updates.watch.Updates``; knows these newer versions."""

    def __init__(self, news: News) -> None:
        self._news = news

    def news(self) -> News:
        return self._news


async def opened(panel: Panel, news: News) -> AboutDialog:
    assert panel.context.services is not None
    updates: object = FakeUpdates(news)
    panel.context.services = replace(panel.context.services, updates=updates)  # type: ignore[arg-type]
    panel.open("about")
    (dialog,) = panel.window.findChildren(AboutDialog)
    while panel.context.background._tasks:
        await asyncio.wait(panel.context.background._tasks)
    return dialog


async def test_licences_of_everything_are_shown_and_can_be_searched(make_panel: MakePanel) -> None:
    dialog = await opened(await make_panel(), News(on=False))
    text = dialog.licences.toPlainText()
    for part in ("PySide6", "playwright", "SQLAlchemy", "aiohttp", "py-minisign", "Node.js"):
        assert part in text
    dialog.search.setText("py-minisign")
    assert dialog.licences.textCursor().selectedText() == "py-minisign"
    first = dialog.licences.textCursor().position()
    dialog.search.returnPressed.emit()
    assert dialog.licences.textCursor().selectedText() == "py-minisign"
    dialog.search.setText("no such word anywhere")
    assert dialog.licences.textCursor().selectedText() == ""
    dialog.search.setText("py-minisign")
    assert dialog.licences.textCursor().position() == first
    dialog.close()


async def test_the_licence_text_in_the_package_itself_is_shown(
    make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / licences.FILE).write_text("the package's own text", "utf-8")
    monkeypatch.setattr(licences, "resources", lambda: tmp_path)
    dialog = await opened(await make_panel(), News(on=False))
    assert dialog.licences.toPlainText() == "the package's own text"
    dialog.close()


async def test_newer_versions_have_a_button_to_their_page(make_panel: MakePanel) -> None:
    news = News(True, (NEWER, replace(NEWER, name="0.1.5", page="")), ASKED, answered=ASKED)
    dialog = await opened(await make_panel(), news)
    assert [button.text() for button in dialog.pages] == ["Open the &page of 0.2.0"]
    assert "News <b>" in dialog.news.text()
    assert dialog.news.textFormat() is Qt.TextFormat.PlainText
    assert "mends a weakness" in dialog.news.text()
    dialog.close()


async def test_the_state_of_updates_is_shown_in_both_languages() -> None:
    try:
        for language, off, latest in (("it", "non chiede", "più recente"), ("en", "does not ask", "newest")):
            set_language(language)
            assert off in news_text(News(on=False))
            assert latest in news_text(News(True, asked=ASKED, answered=ASKED))
            assert latest not in news_text(News(True, asked=ASKED)), "up to date, though there was no answer"
            frozen = news_text(News(True, (NEWER,), ASKED, "updates-expired", {"day": "2026-02-01"}))
            assert "0.2.0" in frozen
            assert "2026-02-01" in frozen
            assert latest not in frozen
    finally:
        set_language("en")


async def test_the_setting_is_beside_the_button_that_opens_about(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    panel.open("settings")
    (page,) = panel.window.findChildren(SettingsPage)
    assert world.settings.flag("updates.ask") is False
    page.focus_on("updates.ask")
    page.fields["updates.ask"].control.click()  # type: ignore[attr-defined]
    while panel.context.background._tasks:
        await asyncio.wait(panel.context.background._tasks)
    assert world.settings.flag("updates.ask") is True
    page.about.click()
    (dialog,) = panel.window.findChildren(AboutDialog)
    while panel.context.background._tasks:
        await asyncio.wait(panel.context.background._tasks)
    dialog.close()
