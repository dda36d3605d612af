"""The banner about an order form that was opened from a bookmark and waits for consent; the endpoint pairs it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QPushButton, QWidget

from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Pairing, PendingPage
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import label, row


class FormRequest(QFrame):
    """Shown while Archisync's own order form waits for consent; the oldest one first.

    When several wait, it is not known which one is on the operator's screen, since another program may have made the
    requests: then the operator types the digits that the form shows.
    """

    changed = Signal()
    """The waiting forms have changed."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._unsubscribe: Callable[[], None] | None = None
        self._shown: tuple[str, ...] = ()
        self.setObjectName("banner")
        layout = row(self, (12, 8, 12, 8), 10)
        self._title = label(name="bannerTitle", bold=True)
        self._text = label(wrap=True)
        self.digits = QLineEdit()
        self.digits.setMaxLength(9)
        self.digits.setPlaceholderText("000 000")
        self.digits.setFixedWidth(self.fontMetrics().horizontalAdvance("000 000") * 2)
        self.digits.hide()
        self.allow = QPushButton()
        self.allow.setObjectName("primary")
        self.reject = QPushButton()
        layout.addWidget(self._title)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.digits)
        layout.addWidget(self.allow)
        layout.addWidget(self.reject)
        self.digits.returnPressed.connect(self._allow)
        self.allow.clicked.connect(self._allow)
        self.reject.clicked.connect(self._reject)
        context.services_changed.connect(self._attach)
        context.bridge.tick.connect(self.show_waiting)
        self.hide()
        self.retranslate()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    @property
    def waiting(self) -> tuple[PendingPage, ...]:
        """The waiting order forms, oldest first."""
        pairing = self._pairing
        return tuple(p for p in pairing.pending() if p.own) if pairing is not None else ()

    @property
    def _pairing(self) -> Pairing | None:
        services = self._context.services
        return services.endpoint.pairing if services is not None and services.endpoint is not None else None

    def _attach(self) -> None:
        self.detach()
        pairing = self._pairing
        if pairing is not None:
            self._unsubscribe = pairing.subscribe(self.show_waiting)
        self.show_waiting()

    def detach(self) -> None:
        """Unsubscribe: the endpoint is about to stop."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def retranslate(self) -> None:
        self._title.setText(tr("Order form opened from a bookmark"))
        self.allow.setText(tr("Allow"))
        self.allow.setToolTip(tr("Let this order form in; do so only if you have just opened it"))
        self.reject.setText(tr("Re&ject"))
        self.reject.setToolTip(tr("Keep it out; nothing of the data is shown to it"))
        self.digits.setAccessibleName(tr("Six digits"))
        self._show_text(self.waiting)

    def show_waiting(self) -> None:
        """Show the forms that wait now; an expired request vanishes by itself."""
        waiting = self.waiting
        self._show_text(waiting)
        several = any(p.needs_digits for p in waiting)
        if self.digits.isHidden() is several:
            self.digits.clear()
            self.digits.setVisible(several)
        ids = tuple(p.id for p in waiting)
        if ids != self._shown:
            self._shown = ids
            self.setVisible(bool(waiting))
            self.changed.emit()

    def _show_text(self, waiting: tuple[PendingPage, ...]) -> None:
        if not waiting:
            return
        name = waiting[0].name
        text = (
            tr(
                "Several order forms ask at once; not all of them may be yours. Type the digits that the form in front "
                "of you shows."
            )
            if any(p.needs_digits for p in waiting)
            else tr("“{name}” waits for your consent. If you did not open it, reject it.", name=name)
            if name
            else tr("It waits for your consent. If you did not open it, reject it.")
        )
        if text != self._text.text():
            self._text.setText(text)
            self.setAccessibleName(f"{self._title.text()}: {text}")

    def _allow(self) -> None:
        # The shown form, not the oldest one at the time of the click: that may just have changed.
        pairing = self._pairing
        if pairing is None or not self._shown:
            return
        try:
            if self.digits.isHidden():
                pairing.approve(self._shown[0])
            else:
                pairing.confirm_own(self.digits.text())
            self._context.say(tr("The order form is connected."), "ok")
        except Exception as error:
            self._context.say(problem(error), "bad")
            self.digits.selectAll()
            self.show_waiting()

    def _reject(self) -> None:
        pairing = self._pairing
        if pairing is None or not self._shown:
            return
        several = not self.digits.isHidden()
        for pending in self._shown if several else self._shown[:1]:
            pairing.refuse(pending)
        self._context.say(tr("The order form was kept out."))
