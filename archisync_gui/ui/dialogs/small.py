"""The smaller dialogs: sessions, why, pairing, clearing, crash report, diagnostics. None of them blocks the loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QDateTime, QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from archisync_gui import messages
from archisync_gui.model import Explanation, Status
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.output.diagnostics import Diagnostics
from archisync_gui.ui.pages.overview_models import SessionsModel
from archisync_gui.ui.shell.context import Context, problem
from archisync_gui.ui.system.files import ask_where, saved_sentence
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import date_format, language, lasting, moment, tr
from archisync_gui.ui.text.plain import plain
from archisync_gui.ui.widgets.basic import inset, label, row
from archisync_gui.ui.widgets.delegates import CellDelegate

LETTER = 17
"""Height of a line in pixels at 100 %."""


class Dialog(QDialog):
    """A dialog with a headline, room in the middle and buttons below; not modal unless opened so."""

    def __init__(self, title: str, parent: QWidget | None = None, width: int = 560) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        # Widths are meant for letters of the usual height; larger ones need as much more.
        self.setMinimumWidth(round(width * max(1.0, self.fontMetrics().height() / LETTER)))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 18, 20, 16)
        outer.setSpacing(12)
        self.headline = label(title, factor=1.15, bold=True, wrap=True)
        outer.addWidget(self.headline)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        outer.addLayout(self.body, 1)
        self.buttons = row(gap=8)
        self.buttons.addStretch(1)
        outer.addLayout(self.buttons)

    def event(self, event: QEvent) -> bool:
        """Grow when a text became longer: a layout of wrapped words does not do so by itself."""
        kind = event.type()  # asked before: the event that deletes the dialog leaves nothing to ask
        done = super().event(event)
        layout = self.layout() if kind in (QEvent.Type.LayoutRequest, QEvent.Type.Show) else None
        if layout is not None and layout.hasHeightForWidth():
            needed = layout.totalHeightForWidth(self.width())
            if needed > self.height():
                self.resize(self.width(), needed)
        return done

    def add_button(self, text: str, act: Callable[[], object], name: str = "") -> QPushButton:
        """A button at the right; ``name`` is ``primary`` or ``danger``."""
        button = QPushButton(text)
        if name:
            button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        self.buttons.addWidget(button)
        return button


# ---------------------------------------------------------------------------------------------------- sessions


class SessionsDialog(Dialog):
    """The open order form tabs: label, since when, last sign of life; end one or all."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(tr("Open order form tabs"), parent, 780)
        self._context = context
        self._sessions = SessionsModel(self)
        self.table = QTableView()
        self.table.setModel(self._sessions)
        self.table.setItemDelegate(CellDelegate(self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() * 2 + 14)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(220)
        self.table.setAccessibleName(tr("Open order form tabs"))
        self._empty = label(tr("No order form is open."), "muted")
        self.body.addWidget(self._empty)
        self.body.addWidget(self.table, 1)
        explained = tr("Ending a session closes no tab: the form goes on with stored data and can start again.")
        self.body.addWidget(label(explained, "muted", wrap=True))
        self.one = self.add_button(tr("&End this one"), self._end_one)
        self.all = self.add_button(tr("End &all"), context.end_sessions)
        self.add_button(tr("&Close"), self.close)
        self.table.selectionModel().selectionChanged.connect(self._show_buttons)
        context.bridge.status_changed.connect(self._status)
        context.bridge.tick.connect(self._tick)
        if context.status is not None:
            self._status(context.status)

    def _tick(self) -> None:
        if self._context.status is not None:
            self._status(self._context.status)

    def _status(self, status: Status) -> None:
        self._sessions.show_status(status, self._context.now())
        if status.sessions and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)
        self._empty.setVisible(not status.sessions)
        self.table.setVisible(bool(status.sessions))
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        some = self._sessions.rowCount() > 0
        for button in (self.one, self.all):
            button.setEnabled(some)
            button.setToolTip("" if some else tr("No order form is open"))

    def _end_one(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self._context.end_session(self._sessions.item(index.row()).handle)


# ---------------------------------------------------------------------------------------------------- why


def explanation_text(found: Explanation) -> str:
    """An explanation as sentences: from ``resources/messages``, else our own few words."""
    params = {k: words.type_name(str(v)) if k in ("type", "after") else v for k, v in found.params.items()}
    text = messages.text(f"explain.{found.reason.value}", language(), params)
    if text.what != f"explain.{found.reason.value}":
        return str(text)
    short = words.reason_word(found.reason, found.params)
    return short[:1].upper() + short[1:] + "."


class WhyDialog(Dialog):
    """Why something runs or nothing does; now, or at any stored moment; and what comes next."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        running = context.status is not None and context.status.current_run is not None
        super().__init__(tr("Why is this running?") if running else tr("Why is nothing running?"), parent, 600)
        self._context = context
        self._asked = 0
        when = row(gap=8)
        self.now_button = QPushButton(tr("&Now"))
        self.now_button.setAutoDefault(False)
        self.at = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(int(context.now().timestamp())))
        self.at.setCalendarPopup(True)
        inset(self.at)
        self.at.setDisplayFormat(f"{date_format()} HH:mm")
        self.at.setAccessibleName(tr("Moment to explain"))
        self.look = QPushButton(tr("&Explain this moment"))
        self.look.setAutoDefault(False)
        when.addWidget(self.now_button)
        when.addWidget(label(tr("or at"), "muted"))
        when.addWidget(self.at)
        when.addWidget(self.look)
        when.addStretch(1)
        self.body.addLayout(when)
        self.reason = label(wrap=True, factor=1.08)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.next = label(name="muted", wrap=True)
        self.body.addWidget(self.reason)
        self.body.addWidget(self.next)
        self.body.addStretch(1)
        self.add_button(tr("&Close"), self.close)
        self.now_button.clicked.connect(lambda: self._ask(None))
        self.look.clicked.connect(lambda: self._ask(self.at.dateTime().toPython().astimezone()))  # type: ignore[attr-defined]
        self._ask(None)

    def explain(self, at: datetime) -> None:
        """Explain that moment."""
        self.at.setDateTime(QDateTime.fromSecsSinceEpoch(int(at.timestamp())))
        self._ask(at)

    def _ask(self, at: datetime | None) -> None:
        self._asked += 1
        self._context.background.run(self._explain(self._asked, at), "explain", self)

    async def _explain(self, number: int, at: datetime | None) -> None:
        services = self._context.services
        if services is None:
            self.reason.setText(tr("Archisync is still starting."))
            return
        try:
            found = await services.orchestrator.explain(at)
        except Exception as error:
            self.reason.setText(problem(error))
            return
        if number == self._asked:
            self.show_explanation(found, at)

    def show_explanation(self, found: Explanation, at: datetime | None) -> None:
        """Show an answer."""
        now = self._context.now()
        before = tr("At {time}: ", time=moment(found.at, now)) if at is not None else ""
        self.reason.setText(before + explanation_text(found))
        lines = [
            tr(
                "{time} · {type} ({length})",
                time=moment(f.starts, now),
                type=_with_account(f.type, f.account, self._context),
                length=lasting(f.seconds),
            )
            for f in sorted(found.forecast, key=lambda f: f.starts)[:12]
        ]
        self.next.setText(tr("What comes next:") + "\n" + "\n".join(lines) if lines else "")


def _with_account(type: str, account: str, context: Context) -> str:
    many = context.status is not None and len(context.status.accounts) > 1
    return f"{words.type_name(type)}, {account}" if many and account else words.type_name(type)


# ---------------------------------------------------------------------------------------------------- pairing


SCOPES = ("sessions", "watch", "operate")
"""What a page may ask to do, the least first."""


def scope_words(scope: str) -> tuple[str, str]:
    """What a page may do: in short, and what that means."""
    return {
        "sessions": (tr("Order form"), tr("Read customers, products and prices, keep drafts, make other reads wait")),
        "watch": (tr("Look"), tr("See what is read, what waits and what happened")),
        "operate": (
            tr("Operate"),
            tr("Start and cancel reads; pause, resume and change intervals for the whole office"),
        ),
    }[scope]


class PairingDialog(Dialog):
    """Letting a page in: two minutes, six digits typed by the operator, three tries; what it may do, in words."""

    def __init__(self, context: Context, pairing: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Connect a page"), parent, 520)
        self._context, self._pairing = context, pairing
        self._done = False
        explained = tr("In the page that wants to connect, press Connect. It shows six digits: type them here.")
        self.body.addWidget(label(explained, wrap=True))
        self.waiting = label(name="muted", wrap=True)
        self.body.addWidget(self.waiting)
        self.digits = QLineEdit()
        self.digits.setMaxLength(9)
        self.digits.setPlaceholderText("000 000")
        self.digits.setAccessibleName(tr("Six digits"))
        font = self.digits.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        self.digits.setFont(font)
        self.account = QComboBox()
        self.account.setAccessibleName(tr("For which account"))
        names = account_ids(context.status) if context.status is not None else ()
        for name in names:
            self.account.addItem(name, name)
        if len(names) > 1:
            self.account.addItem(tr("all accounts"), None)
        self.account.currentIndexChanged.connect(self._show_whose)
        line = row(gap=8)
        line.addWidget(self.digits, 1)
        line.addWidget(self.account)
        self.body.addLayout(line)
        self.whose = label(name="muted", wrap=True)
        self.body.addWidget(self.whose)
        self.may = label(tr("What it may do:"), bold=True)
        self.body.addWidget(self.may)
        self.scopes = {scope: QCheckBox(scope_words(scope)[0]) for scope in SCOPES}
        self.meanings = {scope: label(scope_words(scope)[1], "muted", 0.92, wrap=True) for scope in SCOPES}
        self._suggested: frozenset[str] = frozenset()
        """What was asked for when the choice was last suggested; the operator's own choice stays until it changes."""
        for scope, box in self.scopes.items():
            self.body.addWidget(box)
            self.body.addWidget(self.meanings[scope])
            box.setAccessibleDescription(self.meanings[scope].text())
            box.toggled.connect(self._show_button)
        self.message = label(name="bad", wrap=True)
        self.body.addWidget(self.message)
        self.left = label(name="muted")
        self.body.addWidget(self.left)
        self.connect_button = self.add_button(tr("C&onnect"), self._confirm, "primary")
        self.add_button(tr("&Cancel"), self.close)
        self.digits.returnPressed.connect(self._confirm)
        self.digits.textChanged.connect(self._show_button)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._show)
        self._second.start()
        self._unsubscribe = pairing.subscribe(self._show)
        pairing.begin()
        self._show_whose()
        for part in (*self.scopes.values(), *self.meanings.values()):
            part.hide()
        self.may.hide()
        self._show()
        self._show_button()

    def _show_button(self, *_: object) -> None:
        typed = sum(c.isdigit() for c in self.digits.text()) == 6
        chosen = any(box.isChecked() for box in self.scopes.values() if not box.isHidden())
        self.connect_button.setEnabled(typed and chosen)
        self.connect_button.setToolTip(
            tr("Type the six digits first") if not typed else "" if chosen else tr("Choose what it may do first")
        )

    def _show_whose(self, *_: object) -> None:
        name = self.account.currentData()
        self.whose.setText(
            tr("It sees and asks for the data of {account} only, and the lists that all share.", account=name)
            if name is not None
            else tr("It sees and asks for the data of all accounts.")
        )
        self.whose.setVisible(self.account.count() > 0)

    def _show_scopes(self, asked: frozenset[str]) -> None:
        """Offer what the waiting pages ask for. The least of it is chosen; more is the operator's decision."""
        if asked == self._suggested:
            return
        self._suggested = asked
        least = next((scope for scope in SCOPES if scope in asked), "")
        for scope, box in self.scopes.items():
            box.setVisible(scope in asked)
            self.meanings[scope].setVisible(scope in asked)
            box.setChecked(scope == least)
        self.may.setVisible(bool(asked))

    def _show(self) -> None:
        if self._done:
            return
        pages = [p for p in self._pairing.pending() if not p.own]
        if pages:
            nameless, program = tr("a page without a name"), tr("a program")
            names = "\n".join(f"{p.name or nameless} · {p.origin or program}" for p in pages)
            self.waiting.setText(tr("Waiting to be let in:") + "\n" + names)
        else:
            self.waiting.setText(tr("No page has asked yet."))
        self._show_scopes(frozenset(str(scope) for p in pages for scope in p.scopes))
        seconds = self._pairing.seconds_left
        if seconds <= 0:
            self.left.setText(tr("The time is over. Close this window and start again."))
            self.digits.setEnabled(False)
            self.digits.setToolTip(tr("The time is over"))
        else:
            self.left.setText(
                tr("{time} left · %n attempt(s) left", "", self._pairing.tries_left, time=lasting(seconds))
            )

    def _confirm(self) -> None:
        if not self.connect_button.isEnabled():
            return
        try:
            chosen = [scope for scope, box in self.scopes.items() if box.isChecked() and not box.isHidden()]
            page = self._pairing.confirm(self.digits.text(), account=self.account.currentData(), scopes=chosen)
        except Exception as error:
            self.message.setText(problem(error))
            self.digits.selectAll()
            self._show()
            return
        self._done = True
        self._context.say(tr("{name} is connected.", name=page.name or page.origin or ""), "ok")
        self.close()

    def done(self, code: int) -> None:
        """However it is closed (button, Esc, the window's cross): nobody is let in any more."""
        self._second.stop()
        self._unsubscribe()
        if not self._done:
            self._pairing.cancel()
        super().done(code)


# ---------------------------------------------------------------------------------------------------- clearing


class ClearDialog(Dialog):
    """Clear a list and read it again: the operator types the list's name; a backup is made first."""

    def __init__(self, context: Context, type: str, account: str, rows: int, parent: QWidget | None = None) -> None:
        name = words.type_name(type)
        super().__init__(tr("Clear {type} and read again", type=name), parent)
        self._context, self._type, self._name = context, type, name
        whose = tr(" of {account}", account=account) if account else ""
        self.body.addWidget(
            label(
                tr(
                    "%n stored row(s){whose} are removed and the list is read again from the ERP. Until that is done "
                    "the order form finds nothing of it. The change history stays, a backup is made first; nothing "
                    "in the ERP changes.",
                    "",
                    rows,
                    whose=whose,
                ),
                wrap=True,
            )
        )
        self.body.addWidget(label(tr("To confirm, type: {name}", name=name), bold=True))
        self.typed = QLineEdit()
        self.typed.setAccessibleName(tr("Name of the list"))
        self.body.addWidget(self.typed)
        self.yes = self.add_button(tr("Clear and &read again"), self.accept, "danger")
        leave = self.add_button(tr("&Leave as it is"), self.reject)
        leave.setDefault(True)
        self.typed.textChanged.connect(self._check)
        self._check()
        context.bridge.status_changed.connect(self._check)

    def _check(self, *_: object) -> None:
        right = self.typed.text().strip().casefold() == self._name.casefold()
        status = self._context.status
        running = status is not None and status.current_sync == self._type
        self.yes.setEnabled(right and not running)
        why = tr("This list is being read: wait for its end, or cancel it") if running else ""
        self.yes.setToolTip(plain(why) or ("" if right else tr("Type the list's name first")))


# ---------------------------------------------------------------------------------------------------- crash


class CrashDialog(Dialog):
    """What was found of a crash or unclean exit at this start; one button copies it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Archisync did not close properly last time"), parent, 640)
        explained = tr(
            "The stored data were checked and are sound. If this happens again, copy the report and send it to whoever "
            "looks after Archisync; it holds no passwords."
        )
        self.body.addWidget(label(explained, wrap=True))
        self.report = QPlainTextEdit(text)
        self.report.setReadOnly(True)
        self.report.setAccessibleName(tr("Report"))
        self.body.addWidget(self.report, 1)
        self.copy = self.add_button(tr("C&opy the report"), self._copy, "primary")
        self.add_button(tr("&Close"), self.close)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report.toPlainText())
        self.copy.setText(tr("Copied"))


# ---------------------------------------------------------------------------------------------------- diagnostics


class DiagnosticsDialog(Dialog):
    """What would be in the bundle, shown before it is written."""

    def __init__(self, context: Context, bundle: Diagnostics, parent: QWidget | None = None) -> None:
        super().__init__(tr("Diagnostics bundle"), parent, 600)
        self._context, self._bundle = context, bundle
        explained = tr(
            "A file to send to whoever helps you. Passwords, tokens and personal data (names, addresses, phone "
            "numbers, e-mail) are taken out. It holds:"
        )
        self.body.addWidget(label(explained, wrap=True))
        self.list = QPlainTextEdit("\n".join(f"{name}\n    {what}" for name, what in bundle.contents()))
        self.list.setReadOnly(True)
        self.list.setAccessibleName(tr("Contents"))
        self.body.addWidget(self.list, 1)
        self.save = self.add_button(tr("&Save…"), self._start, "primary")
        self.add_button(tr("&Cancel"), self.close)

    def _start(self) -> None:
        self._context.background.run(self._save(), "diagnostics", self)

    async def _save(self) -> None:
        path = await ask_where(self, tr("Save diagnostics"), "archisync-diagnostics", ("zip",))
        if path is None:
            return
        written = await self._bundle.write(path)
        self._context.say(saved_sentence(written), "ok")
        self.close()
