"""The record sheet: a panel at the right of the window with the important fields of a record and related records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextDocument
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from archisync_gui.model import Event
from archisync_gui.model.events import SyncCompleted
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.record import CHANGES, Record, read_record
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.live.watches import NUMBERS, WATCHABLE, Watch, Watches
from archisync_gui.ui.output.paper import print_document, write_pdf
from archisync_gui.ui.output.record import Line, Section, Sheet, ages_line, make_sheet, plain_text, sheet_html
from archisync_gui.ui.shell.sheet_parts import facts_grid, link_button, without_letter
from archisync_gui.ui.text.changes import change_line
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.text.words import type_name
from archisync_gui.ui.widgets.basic import ElidedLabel, Flow, IconButton, column, label, row
from archisync_gui.ui.widgets.files import ask_where, say_saved

WIDTH = 440
"""Width in pixels for text of the usual size; at most half of the page."""

CHARACTERS = 62
"""Width in average letters, for larger text."""

Target = tuple[str, str, str]
"""List, account (empty for a shared list), key."""


class RecordSheet(QFrame):
    """The record sheet; one per window. Esc and the cross close it; a link opens another record in it."""

    opened = Signal(object)
    """With the :class:`Sheet` that is shown now."""
    closed = Signal()

    def __init__(self, context: Context, watches: Watches, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self._context, self._watches, self._page = context, watches, parent
        self._reading = 0
        self._target: Target | None = None
        """The shown record, to which the buttons apply."""
        self._loading: Target | None = None
        """The record that is being read to replace it."""
        self._before: list[Target] = []
        self._record: Record | None = None
        self._all_fields = False
        self._day: date | None = None
        """The office's day for which the texts were made: what is overdue depends on it."""
        self._focus_back: QWidget | None = None
        self.sheet: Sheet | None = None
        """The shown content."""
        self._kind = label(name="muted", factor=0.93)
        self._name = label(factor=1.25, bold=True, wrap=True)
        self._name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._state = label(bold=True, wrap=True)
        self.back, self.close_button = IconButton("back"), IconButton("close")
        head = row(margins=(14, 10, 8, 0), gap=4)
        head.addWidget(self.back)
        head.addWidget(self._kind, 1)
        head.addWidget(self.close_button)
        self.body = QScrollArea()
        self.body.setWidgetResizable(True)
        self.body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.follow, self.copy, self.print = QPushButton(), QPushButton(), QPushButton()
        self.export, self.again, self.data = QPushButton(), QPushButton(), QPushButton()
        self.watch = QPushButton()
        self.watch.setCheckable(True)
        buttons = QWidget()
        flow = Flow(buttons, gap=6)
        for button in (self.follow, self.watch, self.copy, self.print, self.export, self.again, self.data):
            flow.addWidget(button)
        foot = column(margins=(14, 8, 14, 12), gap=8)
        self._ages = label(name="muted", factor=0.93, wrap=True)
        foot.addWidget(self._ages)
        foot.addWidget(buttons)
        outer = column(self, (1, 0, 0, 0))
        outer.addLayout(head)
        titles = column(margins=(14, 0, 14, 6), gap=2)
        titles.addWidget(self._name)
        titles.addWidget(self._state)
        outer.addLayout(titles)
        outer.addWidget(self.body, 1)
        outer.addLayout(foot)
        self.follow.setObjectName("primary")
        self.follow.clicked.connect(lambda: self._open_link(self.sheet.link if self.sheet else ""))
        self.copy.clicked.connect(self._copy)
        self.print.clicked.connect(self._print)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-record"))
        self.again.clicked.connect(self._read_again)
        self.data.clicked.connect(self._open_data)
        self.watch.clicked.connect(self._watch_clicked)
        watches.changed.connect(self._show_watch)
        self.back.clicked.connect(self._go_back)
        self.close_button.clicked.connect(self.close_sheet)
        context.bridge.happened.connect(self._happened)
        context.bridge.tick.connect(self._tick)
        parent.installEventFilter(self)
        self.retranslate()
        self.hide()

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self.setAccessibleName(tr("Record sheet"))
        self.back.say(tr("Back to the record before"))
        self.close_button.say(tr("Close the sheet (Esc)"))
        self.follow.setText(without_letter(tr("&Follow the parcel")))
        self.copy.setText(without_letter(tr("Cop&y", "button")))
        self.copy.setToolTip(tr("Copy the sheet as text, to paste it into a message"))
        self.print.setText(without_letter(tr("Pr&int…")))
        self.export.setText(without_letter(tr("E&xport PDF…")))
        self.again.setText(without_letter(tr("Read this record &again")))
        self.data.setText(without_letter(tr("Open in &Data")))
        self.watch.setText(without_letter(tr("&Watch", "button")))
        self.watch.setToolTip(tr("Tell me when it ships, is invoiced, is paid or changes"))
        self._render()

    # ------------------------------------------------------------------------------------------------ opening

    def open(self, target: Target) -> None:
        """Show a record; *Back* returns to the previous one, which stays visible until the new one is read."""
        if not self.isVisible():
            self._focus_back = self.window().focusWidget()
        self._read(target, focus=True)

    def _go_back(self) -> None:
        if self._before:
            self._read(self._before[-1], focus=True, back=True)

    def _read(self, target: Target, *, focus: bool = False, back: bool = False) -> None:
        self._reading += 1
        self._loading = target if focus else None
        self._context.background.run(self._fill(self._reading, target, focus, back), "record")

    async def _fill(self, number: int, target: Target, focus: bool, back: bool) -> None:
        services = self._context.services
        entity = services.entity(target[0]) if services is not None else None
        if services is None or services.store is None:
            return
        try:
            record = await read_record(services.store, entity, target[1] or None, target[2]) if entity else None
        finally:
            if number == self._reading:
                self._loading = None
        if number != self._reading:
            return
        if record is None:
            self._context.say(tr("This record is no longer stored."))
            if back:
                self._before.pop()
                self._render()
            elif target == self._target:
                self.close_sheet()
            return
        self._replace_shown(target, back)
        self._record = record
        self._render()
        if not self.isVisible():
            self.place()
            self.show()
        self.raise_()
        if focus:
            self.close_button.setFocus()
            self.body.verticalScrollBar().setValue(0)
        self.opened.emit(self.sheet)

    def _replace_shown(self, target: Target, back: bool) -> None:
        """Replace the shown record by ``target``, and update the list of previous ones."""
        if back:
            self._before.pop()
        elif not self.isVisible():
            self._before = []
        elif self._target is not None and self._target != target:
            self._before.append(self._target)
        if target != self._target:
            self._all_fields = False
        self._target = target

    def close_sheet(self) -> None:
        """Close the sheet, and give the focus back to the widget that had it."""
        self._reading += 1
        self._target = self._loading = self._record = self.sheet = None
        had_focus = self.isAncestorOf(self.window().focusWidget() or self.window())
        self.hide()
        if had_focus and self._focus_back is not None:
            self._focus_back.setFocus()
        self._focus_back = None
        self.closed.emit()

    def _happened(self, events: Sequence[Event]) -> None:
        """Read the record again after one of its lists was read, keeping the scroll position."""
        if not self.isVisible() or self._record is None or self._target is None:
            return
        replaced = rows_replaced(events)
        if self._target[0] in replaced:  # its key may belong to another record now
            name = self._record.entity.name
            self.close_sheet()
            self._context.say(tr("{list}: the stored rows were replaced. Open the record again.", list=type_name(name)))
            return
        self._before = [target for target in self._before if target[0] not in replaced]
        names = set(self._record.ages)
        read = {e.data.type for e in events if isinstance(e.data, SyncCompleted)}
        if names & (read | replaced) and self._loading is None:
            self._read(self._target)

    def _tick(self) -> None:
        """Update the ages; after midnight everything, since other invoices are overdue then."""
        if not self.isVisible() or self._record is None:
            return
        if self._day != self._context.today():
            self._render()
        else:
            self._ages.setText(tr("Data as of: {ages}", ages=ages_line(self._record, self._context.now())))

    def _make_sheet(self, record: Record) -> Sheet:
        """Make the texts of a record as of now."""
        status = self._context.status
        accounts = len(account_ids(status)) if status is not None else 1
        self.sheet = make_sheet(record, self._context.now(), accounts=accounts)
        return self.sheet

    # ------------------------------------------------------------------------------------------------ showing

    def _render(self) -> None:
        record = self._record
        if record is None:
            return
        self._day = self._context.today()
        sheet = self._make_sheet(record)
        place = self.body.verticalScrollBar().value()
        self._kind.setText(sheet.kind)
        self._name.setText(sheet.name)
        self._state.setText(sheet.state)
        self._state.setVisible(bool(sheet.state))
        self._ages.setText(tr("Data as of: {ages}", ages=sheet.ages))
        self.back.setVisible(bool(self._before))
        self.follow.setVisible(bool(sheet.link))
        self.again.setVisible(record.entity.detail_path is not None)
        self.watch.setVisible(record.entity.name in WATCHABLE)
        self._show_watch()
        self.body.setWidget(self._content(record, sheet))
        self.body.verticalScrollBar().setValue(place)

    def _content(self, record: Record, sheet: Sheet) -> QWidget:
        content = QWidget()
        content.setObjectName("sheetContent")
        inside = column(content, (14, 4, 14, 8), 4)
        inside.addLayout(facts_grid(sheet.facts))
        for section in sheet.sections:
            self._section(inside, section)
        if record.changes:
            self._heading(inside, tr("Latest changes of this record"))
            for change in record.changes[:CHANGES]:
                inside.addWidget(label(change_line(change, record.entity), wrap=True))
        if sheet.rest:
            more = link_button(
                tr("Fewer fields") if self._all_fields else tr("All fields ({count})", count=len(sheet.rest))
            )
            more.clicked.connect(self._toggle_all_fields)
            inside.addSpacing(8)
            inside.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
            if self._all_fields:
                inside.addLayout(facts_grid(sheet.rest))
        inside.addStretch(1)
        return content

    def _toggle_all_fields(self) -> None:
        self._all_fields = not self._all_fields
        self._render()

    def _heading(self, inside: QVBoxLayout, text: str) -> None:
        inside.addSpacing(10)
        inside.addWidget(label(text, bold=True, wrap=True))

    def _section(self, inside: QVBoxLayout, section: Section) -> None:
        self._heading(inside, section.title)
        for line in section.lines:
            inside.addWidget(self._line(line))
        if section.left_out:
            more = tr("%n more: open them in Data", "", section.left_out)
            button = link_button(more)
            button.clicked.connect(partial(self._open_list, section.lines[0].target))
            inside.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _line(self, line: Line) -> QWidget:
        made = QWidget()
        outer = column(made, (16 if line.indent else 0, 1, 0, 1))
        top = row(gap=4)
        name = link_button(line.name)
        name.setAccessibleName(f"{line.name}. {line.detail}")
        name.clicked.connect(partial(self.open, line.target))
        top.addWidget(name)
        top.addStretch(1)
        if line.link:
            follow = link_button(tr("follow"))
            follow.setAccessibleName(tr("Follow the parcel of {name}", name=line.name))
            follow.setToolTip(plain(line.link))
            follow.clicked.connect(partial(self._open_link, line.link))
            top.addWidget(follow)
        outer.addLayout(top)
        if line.detail:
            detail = ElidedLabel(line.detail)
            detail.setObjectName(line.tone or "muted")
            outer.addWidget(detail)
        return made

    def place(self) -> None:
        """Move to the right edge of the page, with its height."""
        parent = self._page
        wanted = max(WIDTH, CHARACTERS * self.fontMetrics().averageCharWidth())
        width = min(wanted, max(300, parent.width() // 2))
        self.setGeometry(parent.width() - width, 0, width, parent.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self._page:
            self.place()
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------------------------------------------ doing

    def _open_link(self, link: str) -> None:
        if link and not QDesktopServices.openUrl(QUrl(link)):
            self._context.say(tr("No browser could be opened for the courier's page."), "bad")

    def _copy(self) -> None:
        if self._record is not None:
            sheet = self._make_sheet(self._record)
            QGuiApplication.clipboard().setText(plain_text(sheet))
            self._context.say(tr("{name}: copied as text.", name=sheet.name), "ok")

    def _document(self) -> QTextDocument:
        document = QTextDocument()
        if self._record is not None:
            document.setHtml(sheet_html(self._make_sheet(self._record)))
        return document

    def _print(self) -> None:
        self._context.background.run(print_document(self._document(), self), "print-record")

    async def _export(self) -> None:
        if self.sheet is None:
            return
        document = self._document()
        name = "".join(c if c.isalnum() else "-" for c in self.sheet.name).strip("-").lower()[:60]
        path = await ask_where(self, tr("Export the sheet"), name, ("pdf",))
        if path is not None:
            await write_pdf(document, path)
            say_saved(self._context.say, path)

    def _read_again(self) -> None:
        if self._target is not None:
            name, account, key = self._target
            self._context.sync(name, account or None, key)

    def _show_watch(self) -> None:
        self.watch.setChecked(self._target is not None and self._watches.of(self._target) is not None)

    def _watch_clicked(self, on: bool) -> None:
        record, target = self._record, self._target
        if record is None or target is None or self.sheet is None:
            return
        if not on:
            self._watches.remove(target)
            self._context.say(tr("{name} is not watched any more.", name=self.sheet.name))
            return
        number = str(record.row.values.get(NUMBERS[record.entity.name]) or "")
        self._watches.add(Watch(*target, self.sheet.name, number))
        self._context.say(
            tr("{name} is watched: you are told when it ships, is invoiced, is paid or changes.", name=self.sheet.name)
        )

    def _open_data(self) -> None:
        if self._target is not None:
            name, account, key = self._target
            text = self._record.row.values.get(self._record.entity.title) if self._record is not None else None
            self._context.open("data", {"type": name, "account": account, "search": str(text or key)})

    def _open_list(self, target: Target) -> None:
        record = self._record
        if record is not None:
            text = record.row.values.get("account_num") or record.row.values.get("order_number") or ""
            self._context.open("data", {"type": target[0], "account": target[1], "search": str(text)})
