"""The summary page: today, yesterday, a week, or the time since the last look; to read, print and export."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QHideEvent, QTextDocument
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from archisync_gui.export import write
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.live.summary import (
    PERIODS,
    THRESHOLD,
    Line,
    Section,
    Summary,
    earlier_day,
    heading,
    period_of,
    read_summary,
    threshold_of,
)
from archisync_gui.ui.look.theme import scaled, theme, tokens
from archisync_gui.ui.output.paper import print_document, write_pdf
from archisync_gui.ui.output.summary import PAPER, summary_html, summary_rows
from archisync_gui.ui.text.i18n import moment, plain, tr
from archisync_gui.ui.widgets.basic import Flow, Page, card, column, label
from archisync_gui.ui.widgets.files import ask_where, say_saved

THRESHOLDS = (0, 100, 500, 1000)
"""Hundredths of a percent from which a changed price is listed; 0: all."""

PAGE_WIDTH = 62
"""Largest width of the sheet, in heights of a line: about the proportions of a page of paper."""


class SummaryPage(Page):
    """The summary of a span of time, read from the store. The first time on a day the page shows the span since the
    operator last looked at it."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self._day: date | None = None
        """The office's day when the summary was last read."""
        self._since: datetime | None = None
        """When the operator last looked at the page on an earlier day."""
        self.content: Summary | None = None
        self.period = ""
        self.periods: dict[str, QPushButton] = {}
        self.tiles: dict[str, _Tile] = {}
        """Tiles by section."""
        self.threshold = QComboBox()
        self.print, self.export = QPushButton(), QPushButton()
        self.view = QTextBrowser()
        self._build()
        self.retranslate()
        self.threshold.currentIndexChanged.connect(self._threshold_chosen)
        self.print.clicked.connect(lambda: context.background.run(self._print(), "print-summary"))
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-summary"))
        self.view.anchorClicked.connect(self._open_link)
        theme().changed.connect(self._show)
        context.bridge.tick.connect(self._tick)
        past_runs.runs_changed.connect(self._read_if_visible)

    def _build(self) -> None:
        top = QWidget()
        flow = Flow(top, gap=8)
        for name in PERIODS:
            button = self.periods[name] = QPushButton()
            button.setObjectName("chip")
            button.setCheckable(True)
            button.clicked.connect(partial(self.choose, name))
            flow.addWidget(button)
        flow.push_right()
        for widget in (self.threshold, self.print, self.export):
            flow.addWidget(widget)
        for part in THRESHOLDS:
            self.threshold.addItem("", part)
        wanted = threshold_of(self._context.recall(THRESHOLD))
        self.threshold.setCurrentIndex(max(0, self.threshold.findData(wanted)))
        self._tiles = QGridLayout()
        self._tiles.setSpacing(12)
        self.view.setOpenLinks(False)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.document().setDocumentMargin(18)
        frame = card()
        column(frame, (1, 1, 1, 1)).addWidget(self.view)
        sheet = QWidget()
        sheet.setMaximumWidth(PAGE_WIDTH * self.fontMetrics().height())
        inside = column(sheet, gap=12)
        inside.addLayout(self._tiles)
        inside.addWidget(frame, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 14)
        outer.setSpacing(12)
        outer.addWidget(top)
        middle = QGridLayout()
        middle.addWidget(sheet, 0, 1)
        middle.setColumnStretch(0, 1)
        middle.setColumnStretch(1, 1000)
        middle.setColumnStretch(2, 1)
        outer.addLayout(middle, 1)

    def retranslate(self) -> None:
        self._name_periods()
        for at, part in enumerate(THRESHOLDS):
            text = tr("Prices: from {percent} %", percent=part // 100) if part else tr("Prices: every change")
            self.threshold.setItemText(at, text)
        self.threshold.setAccessibleName(tr("From which change on prices are told"))
        self.print.setText(tr("Pr&int…"))
        self.export.setText(tr("E&xport…"))
        self.export.setToolTip(tr("Save as PDF, Excel or CSV file"))
        self.view.setAccessibleName(tr("Summary"))
        if self.isVisible():
            self.read()

    def _name_periods(self) -> None:
        since = self._since
        texts = {
            "today": tr("Today"),
            "yesterday": tr("Yesterday"),
            "week": tr("7 days"),
            "since": tr("Since I last looked"),
        }
        for name, button in self.periods.items():
            button.setText(texts[name])
        now = self._context.now()
        known = tr("Since {time}", time=moment(since, now)) if since is not None else ""
        self.periods["since"].setToolTip(plain(known) or tr("Since yesterday: the first look"))

    def shown(self) -> None:
        now = self._context.now()
        kept = earlier_day(self._context.recall("summary/looked"), now)
        first = kept is not None or not self._context.recall("summary/looked")
        if kept is not None:
            self._since = kept
            self._context.remember("summary/since", kept.isoformat())
        else:
            self._since = earlier_day(self._context.recall("summary/since"), now)
        self._remember_look()
        self._name_periods()
        if first or not self.period:
            self.choose("since" if first else "today")
        else:
            self.read()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.period:
            self._remember_look()

    def _remember_look(self) -> None:
        """Note that the operator looks at the page now."""
        self._context.remember("summary/looked", self._context.now().isoformat())

    def choose(self, period: str, *_: object) -> None:
        """Show the span of that name (one of :data:`PERIODS`)."""
        self.period = period
        for name, button in self.periods.items():
            button.setChecked(name == period)
        self.read()

    def _threshold_chosen(self, *_: object) -> None:
        self._context.remember(THRESHOLD, str(self.threshold.currentData()))
        self.read()

    def read(self) -> None:
        """Read the span again."""
        if self.period:
            self._reading += 1
            self._day = self._context.today()
            self._context.background.run(self._read(self._reading), "summary")

    def _tick(self) -> None:
        """Read again after midnight, when *today* and *yesterday* are other days."""
        if self.isVisible() and self._day not in (None, self._context.today()):
            self._name_periods()
            self.read()

    def _read_if_visible(self) -> None:
        if self.isVisible():
            self.read()

    async def _read_now(self) -> None:
        """Read the span before it is printed or saved, so that its data are current."""
        number = 0
        while self.period and number != self._reading:  # again if another reading was started meanwhile
            self._reading += 1
            number = self._reading
            await self._read(number)

    async def _read(self, number: int) -> None:
        services, status = self._context.services, self._context.status
        if services is None or services.store is None:
            self.view.setPlainText(tr("Archisync is still starting."))
            return
        now = self._context.now()
        accounts = account_ids(status) if status is not None else ()
        period = period_of(self.period, now, self._since)
        threshold = int(self.threshold.currentData() or 0)
        found = await read_summary(services, accounts, period, threshold, now)
        if number == self._reading:
            self.content = found
            self._show()

    def _show(self, *_: object) -> None:
        if self.content is None:
            return
        found = tokens()
        colors = {"text": found.text, "muted": found.muted, "border": found.border, "link": found.accent}
        place = self.view.verticalScrollBar().value()
        self.view.setHtml(summary_html(self.content, colors))
        self.view.verticalScrollBar().setValue(place)
        self._show_tiles([section for section in self.content.sections if section.tile])

    def _show_tiles(self, sections: list[Section]) -> None:
        for button in self.tiles.values():
            button.hide()
        for at, section in enumerate(sections):
            if section.name not in self.tiles:
                self.tiles[section.name] = _Tile(partial(self.view.scrollToAnchor, section.name))
            tile = self.tiles[section.name]
            tile.show_number(section.tile, section.tile_word)
            self._tiles.addWidget(tile, 0, at)
            tile.show()

    def _lines(self) -> list[Line]:
        return [line for section in self.content.sections for line in section.lines] if self.content else []

    def _open_link(self, link: QUrl) -> None:
        number = link.toString().removeprefix("record:")
        lines = self._lines()
        if number.isdigit() and int(number) < len(lines):
            self._context.open("record", lines[int(number)].target)

    def _document(self) -> QTextDocument:
        document = QTextDocument()
        if self.content is not None:
            document.setHtml(summary_html(self.content, PAPER))
        return document

    async def _print(self) -> None:
        await self._read_now()
        await print_document(self._document(), self)

    async def _export(self) -> None:
        await self._read_now()
        if self.content is None:
            return
        summary, document = self.content, self._document()
        name = f"archisync-{summary.period.last_day:%Y-%m-%d}"
        path = await ask_where(self, tr("Export summary"), name, ("pdf", "xlsx", "csv"))
        if path is None:
            return
        if path.suffix == ".pdf":
            await write_pdf(document, path)
        else:
            head = (heading(summary), "", "", "", "")
            await write(path, head, summary_rows(summary), tr("Summary"))
        say_saved(self._context.say, path)


class _Tile(QPushButton):
    """A large number with its description; a click scrolls to its section."""

    def __init__(self, act: partial[None]) -> None:
        super().__init__()
        self.setObjectName("tile")
        inside = column(self, (14, 10, 14, 10), 2)
        self._number, self._word = label(factor=1.5, bold=True), label(name="muted", wrap=True)
        for part in (self._number, self._word):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inside.addWidget(part)
        height = self._number.sizeHint().height() + 2 * self._word.fontMetrics().height() + 26
        self.setMinimumHeight(height)
        self._number.setFont(scaled(self._number.font(), 1.0, True))
        self.clicked.connect(lambda: act())

    def show_number(self, number: str, word: str) -> None:
        """Show a number and its description."""
        self._number.setText(number)
        self._word.setText(word)
        self.setAccessibleName(f"{word}: {number}")
