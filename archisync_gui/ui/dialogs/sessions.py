"""The open order forms, and ending their sessions."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableView,
    QWidget,
)

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.delegates import CellDelegate
from archisync_gui.ui.widgets.dialog import Dialog
from archisync_gui.ui.widgets.models import SessionsModel
from archisync_gui.ui.widgets.snapshot_model import deselect_removed_rows


class SessionsDialog(Dialog):
    """The open tabs of order forms: label, since when, last sign of life; buttons end one session or all."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(tr("Open order form tabs"), parent, 780)
        self._context = context
        self._sessions = SessionsModel(self)
        self.table = QTableView()
        self.table.setModel(self._sessions)
        self.table.setItemDelegate(CellDelegate(self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() * 2 + 14)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(220)
        self.table.setAccessibleName(tr("Open order form tabs"))
        deselect_removed_rows(self.table, self._sessions)
        self._empty = label(tr("No order form is open."), "muted")
        self.body.addWidget(self._empty)
        self.body.addWidget(self.table, 1)
        explained = tr("Ending a session closes no tab: the form goes on with stored data and can start again.")
        self.body.addWidget(label(explained, "muted", wrap=True))
        self.one = self.add_button(tr("End this &session"), self._end_one)
        self.all = self.add_button(tr("End &all"), context.end_sessions)
        self.add_button(tr("&Close"), self.close)
        self.table.selectionModel().selectionChanged.connect(self._show_buttons)
        context.bridge.status_changed.connect(self._status)
        context.bridge.tick.connect(self._tick)
        if context.status is not None:
            self._status(context.status)
            self.table.selectRow(0)  # only once: later selections are the operator's

    def _tick(self) -> None:
        if self._context.status is not None:
            self._status(self._context.status)

    def _status(self, status: Status) -> None:
        self._sessions.show_status(status, self._context.now())
        self._empty.setVisible(not status.sessions)
        self.table.setVisible(bool(status.sessions))
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        some = self._sessions.rowCount() > 0
        chosen = bool(self.table.selectionModel().selectedRows())
        self.all.setEnabled(some)
        self.one.setEnabled(chosen)
        none = "" if some else tr("No order form is open")
        self.all.setToolTip(plain(none))
        self.one.setToolTip(plain(tr("Choose a row first") if some and not chosen else none))

    def _end_one(self) -> None:
        for index in self.table.selectionModel().selectedRows():
            self._context.end_session(self._sessions.item(index.row()).handle)
