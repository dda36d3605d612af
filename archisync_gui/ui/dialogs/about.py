"""The dialog *About*: the running version, newer versions, and the licences of everything that is shipped."""

from __future__ import annotations

import asyncio
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QPushButton, QWidget

from archisync_gui import licences
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import absolute, language, message, tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog
from archisync_gui.updates.signed_list import Version
from archisync_gui.updates.watch import News

SHOWN = 5
"""Most newer versions that are described; the newest ones."""


class AboutDialog(Dialog):
    """Version, newer versions each with a button for its page, licences with a search."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(message("about.title"), parent, 680)
        services = context.services
        version = services.version if services is not None else ""
        self.body.addWidget(label(message("about.version", version=version), bold=True))
        self.news = label(wrap=True)
        self.body.addWidget(self.news)
        self.pages: list[QPushButton] = []
        updates = services.updates if services is not None else None
        self._show_news(updates.news() if updates is not None else News(on=False))
        self.body.addWidget(label(message("about.licence"), "muted", wrap=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText(message("about.find"))
        self.search.setAccessibleName(message("about.find"))
        self.search.setClearButtonEnabled(True)
        self.body.addWidget(self.search)
        self.licences = QPlainTextEdit()
        self.licences.setReadOnly(True)
        self.licences.setTabChangesFocus(True)
        self.licences.setMinimumHeight(240)
        self.licences.setAccessibleName(message("about.licences"))
        self.body.addWidget(self.licences, 1)
        self.add_button(tr("&Close"), self.close).setDefault(True)
        self.search.textChanged.connect(self._find_first)
        self.search.returnPressed.connect(self._find_next)
        context.background.run(self._load(), "licences", self)

    async def _load(self) -> None:
        self.licences.setPlainText(await asyncio.to_thread(licences.shipped))

    def _show_news(self, news: News) -> None:
        self.news.setText(news_text(news))
        for version in news.newer[:SHOWN]:
            if version.page:
                button = QPushButton(message("about.page", version=version.name))
                button.setAutoDefault(False)
                button.clicked.connect(partial(QDesktopServices.openUrl, QUrl(version.page)))
                self.pages.append(button)
                self.body.addWidget(button)

    def _find_first(self) -> None:
        self.licences.moveCursor(QTextCursor.MoveOperation.Start)
        self._find_next()

    def _find_next(self) -> None:
        wanted = self.search.text()
        if wanted and not self.licences.find(wanted):
            self.licences.moveCursor(QTextCursor.MoveOperation.Start)
            self.licences.find(wanted)


def news_text(news: News) -> str:
    """What is known about newer versions, in the panel's language."""
    if not news.on:
        return message("about.off")
    parts = [_described(version) for version in news.newer[:SHOWN]]
    if news.problem:
        parts.append(message(news.problem, **news.params))
    elif news.asked is None:
        parts.append(message("about.unasked"))
    elif news.answered is None:
        parts.append(message("about.unanswered", asked=absolute(news.asked)))
    elif not parts:
        parts.append(message("about.newest", asked=absolute(news.answered)))
    return "\n\n".join(parts)


def _described(version: Version) -> str:
    head = message("about.newer", version=version.name, date=version.date or "–")
    if version.security:
        head = f"{head} · {message('about.security')}"
    return f"{head}\n{version.it if language() == 'it' else version.en}".strip()
