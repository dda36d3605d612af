"""Clearing a list and reading it again, in the settings."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QDialog, QPushButton, QWidget

from archisync_gui.entities.declaration import Entity
from archisync_gui.ui.dialogs.clear import ClearDialog, why_not
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.widgets.basic import Flow, ask, column, fill, label


class ClearList(QWidget):
    """Choices of list and account, and a button that asks before it clears the list."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.list, self.account = QComboBox(), QComboBox()
        self.clear = QPushButton()
        self.clear.setObjectName("danger")
        self._help = label(name="muted", factor=0.92, wrap=True)
        holder = QWidget()
        line = Flow(holder, gap=8)
        for part in (self.list, self.account, self.clear):
            line.addWidget(part)
        outer = column(self, gap=4)
        outer.addWidget(holder)
        outer.addWidget(self._help)
        self.list.currentIndexChanged.connect(self._show)
        self.account.currentIndexChanged.connect(self._show)
        self.clear.clicked.connect(lambda: context.background.run(self._clear(), "clear"))
        context.services_changed.connect(self.retranslate)
        context.bridge.status_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        services = self._context.services
        entities = services.entities if services is not None else ()
        fill(self.list, [(entity.name, words.type_name(entity.name)) for entity in entities])
        self.list.setAccessibleName(tr("List to be cleared"))
        self.account.setAccessibleName(tr("Account"))
        self.clear.setText(tr("Clear and read a&gain…"))
        self._help.setText(tr("Removes the stored rows (with a backup) and reads the list anew"))
        self._show()

    def entity(self) -> Entity | None:
        """The chosen list."""
        services, name = self._context.services, self.list.currentData()
        return services.entity(name) if services is not None and name else None

    def _show(self, *_: object) -> None:
        services, status, entity = self._context.services, self._context.status, self.entity()
        names = account_ids(status) if status is not None else ()
        if [self.account.itemData(at) for at in range(self.account.count())] != list(names):
            fill(self.account, [(name, name) for name in names])
        shared = entity is not None and entity.spec.shared
        self.account.setVisible(len(names) > 1 and not shared)
        why = tr("Not available here")
        if services is not None and services.clear_and_read is not None and status is not None and entity is not None:
            why = why_not(status, entity.name, self._owner(entity))
        self.clear.setEnabled(not why)
        self.clear.setToolTip(plain(why))

    def _owner(self, entity: Entity) -> str:
        """The chosen account; empty for a shared list."""
        return "" if entity.spec.shared else str(self.account.currentData() or "")

    async def _clear(self) -> None:
        services, entity = self._context.services, self.entity()
        if services is None or services.store is None or services.clear_and_read is None or entity is None:
            return
        owner = self._owner(entity)
        stored = await services.store.rows(entity.name, owner or None, limit=1)
        dialog = ClearDialog(self._context, entity.name, owner, stored.total, self)
        if await ask(dialog) != QDialog.DialogCode.Accepted:
            return
        try:
            await services.clear_and_read(entity.name, owner)
        except Exception as error:
            self._context.say(problem(error), "bad")
            return
        await self._context.show_cleared(entity.name, owner)
