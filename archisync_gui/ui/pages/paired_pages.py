"""The paired pages and programs, on the settings page."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QPushButton,
    QWidget,
)

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.services import PairedPage, Pairing
from archisync_gui.ui.text.i18n import absolute, tr
from archisync_gui.ui.widgets.basic import (
    column,
    label,
    row,
)
from archisync_gui.ui.widgets.dialog import confirm_loss


def scope_word(scope: str) -> str:
    """The short name of a scope."""
    return {"sessions": tr("order form"), "watch": tr("look"), "operate": tr("operate")}.get(scope, scope)


class PairedPages(QWidget):
    """The paired pages and programs, with buttons to connect one and to revoke each."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._rows = column(gap=8)
        self.connect_button = QPushButton()
        self.connect_button.setObjectName("primary")
        outer = column(self, gap=10)
        outer.addLayout(self._rows)
        line = row()
        line.addWidget(self.connect_button)
        line.addStretch(1)
        outer.addLayout(line)
        self.connect_button.clicked.connect(lambda: context.open("pairing"))
        self._subscribed = False
        self.retranslate()

    def retranslate(self) -> None:
        self.connect_button.setText(tr("C&onnect a page…"))
        self.show_pages()

    def show_pages(self) -> None:
        """Show the paired pages."""
        services = self._context.services
        pairing = services.endpoint.pairing if services is not None and services.endpoint is not None else None
        self.connect_button.setEnabled(pairing is not None)
        self.connect_button.setToolTip("" if pairing is not None else tr("The local endpoint is not running"))
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        if pairing is None:
            return
        if not self._subscribed:
            self._subscribed = True
            pairing.subscribe(self.show_pages)
        pages = pairing.store.pages()
        if not pages:
            no_pages = tr("No outside page is connected. The order form needs none.")
            self._rows.addWidget(label(no_pages, "muted", wrap=True))
        for page in pages:
            self._rows.addWidget(self._row(pairing, page))

    def _row(self, pairing: Pairing, page: PairedPage) -> QWidget:
        holder = QWidget()
        layout = row(holder, gap=8)
        name = page.name or page.origin or tr("a program")
        texts = column(gap=1)
        texts.addWidget(label(name, bold=True))
        detail = [
            page.origin or tr("a program"),
            page.account or tr("all accounts"),
            ", ".join(scope_word(scope) for scope in sorted(page.scopes)),
            tr("last used {time}", time=absolute(page.last_used)),
        ]
        texts.addWidget(label(" · ".join(p for p in detail if p), "muted", 0.92, wrap=True))
        layout.addLayout(texts, 1)
        revoke = QPushButton(tr("Revoke"))
        revoke.setAccessibleName(tr("Revoke {name}", name=name))
        layout.addWidget(revoke)
        revoke.clicked.connect(lambda: self._context.background.run(self._revoke(pairing, page.id, name), "revoke"))
        return holder

    async def _revoke(self, pairing: Pairing, page_id: str, name: str) -> None:
        question = tr("Keep {name} out from now on?", name=name)
        if await confirm_loss(self, question, tr("It can be connected again later."), tr("&Revoke")):
            pairing.revoke(page_id)
