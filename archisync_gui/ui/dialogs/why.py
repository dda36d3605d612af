"""Why something runs or nothing does, now or at a stored moment, and what comes next."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from PySide6.QtCore import QDate, QDateTime, Qt, QTime
from PySide6.QtWidgets import (
    QDateTimeEdit,
    QPushButton,
    QWidget,
)

from archisync_gui import messages, zone
from archisync_gui.model import Explanation
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import date_format, language, lasting, moment, tr
from archisync_gui.ui.widgets.basic import label, row
from archisync_gui.ui.widgets.calendar import with_calendar
from archisync_gui.ui.widgets.dialog import Dialog


def _shown(at: datetime) -> QDateTime:
    """``at`` for a date and time field: in the office's time, without a zone."""
    there = zone.local(at)
    return QDateTime(QDate(there.year, there.month, there.day), QTime(there.hour, there.minute, there.second))


def explanation_text(found: Explanation) -> str:
    """An explanation as sentences: from ``resources/messages``, else the short text of its reason."""
    params = {k: words.type_name(str(v)) if k in ("type", "after") else v for k, v in found.params.items()}
    text = messages.text(f"explain.{found.reason.value}", language(), params)
    if text.what != f"explain.{found.reason.value}":
        return str(text)
    short = words.reason_word(found.reason, found.params)
    return short[:1].upper() + short[1:] + "."


class WhyDialog(Dialog):
    """Why something runs or nothing does; now, or at any stored moment; and what comes next."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(_title(context), parent, 600)
        self._context = context
        self._latest = 0
        when = row(gap=8)
        self.now_button = QPushButton(tr("&Now"))
        self.now_button.setAutoDefault(False)
        self.at = QDateTimeEdit(_shown(context.now()))
        with_calendar(self.at)
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
        self.now_button.clicked.connect(self.explain_now)
        self.look.clicked.connect(lambda: self._request(self._chosen()))
        self._request(None)

    def _chosen(self) -> datetime:
        """The time in the field, which is in the office's time zone."""
        return zone.local(cast(datetime, self.at.dateTime().toPython()))

    def explain(self, at: datetime) -> None:
        """Explain that time."""
        self.at.setDateTime(_shown(at))
        self._request(at)

    def explain_now(self, *_: object) -> None:
        """Explain the present, also when an older answer is shown."""
        self._request(None)

    def _request(self, at: datetime | None) -> None:
        self.setWindowTitle(_title(self._context) if at is None else tr("Why, at that moment"))
        self._latest += 1
        self._context.background.run(self._explain(self._latest, at), "explain", self)

    async def _explain(self, number: int, at: datetime | None) -> None:
        services = self._context.services
        if services is None:
            self.reason.setText(tr("Archisync is still starting."))
            return
        try:
            found = await services.orchestrator.explain(at)
        except Exception as error:
            if number == self._latest:
                self.reason.setText(problem(error))
                self.next.clear()
            return
        if number == self._latest:
            self.show_explanation(found)

    def show_explanation(self, found: Explanation) -> None:
        """Show an answer."""
        now = self._context.now()
        before = tr("At {time}: ", time=moment(found.at, now))
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


def _title(context: Context) -> str:
    running = context.status is not None and context.status.current_run is not None
    return tr("Why is this running?") if running else tr("Why is nothing running?")


def _with_account(sync_type: str, account: str, context: Context) -> str:
    many = context.status is not None and len(context.status.accounts) > 1
    return f"{words.type_name(sync_type)}, {account}" if many and account else words.type_name(sync_type)
