"""The dialog about a problem of a list: a refused read as a chart, refused credentials, unclean reads; with the
operator's possible decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from archisync_gui.model import AccountTypeStatus, ErrorInfo, FailureKind, SyncFailure
from archisync_gui.ui.dialogs.accept import AcceptDialog
from archisync_gui.ui.dialogs.vanishing import (
    ACCEPTABLE,
    REKEYABLE,
    GroupPicture,
    Vanishing,
    cause_line,
    filter_word,
    filters_found,
    group_word,
    sentence,
    vanishing_of,
)
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import absolute, number, tr
from archisync_gui.ui.widgets.basic import ask, label, row
from archisync_gui.ui.widgets.dialog import Dialog, confirm_loss


class TroubleDialog(Dialog):
    """The problem of a list of one account, with buttons to solve it."""

    def __init__(self, context: Context, item: AccountTypeStatus, parent: QWidget | None = None) -> None:
        super().__init__(_title(item), parent, 640)
        self._context, self.item = context, item
        self._error_labels: list[QLabel] = []
        error = item.last_error
        if error is not None:
            for text in _sentences(error):
                self._error_labels.append(label(text, wrap=True))
                self.body.addWidget(self._error_labels[-1])
        self._vanishing: Vanishing | None = None
        self._middle = QVBoxLayout()
        self._middle.setSpacing(10)
        self.body.addLayout(self._middle)
        self.picture: GroupPicture | None = None
        self._harmless: QPushButton | None = None
        """A button that helps and loses no data: it has the focus, so that Enter and Space never lose any."""
        if error is not None and error.kind is FailureKind.REFUSED:
            context.background.run(self._load_vanishing(), "vanishing", self)
        if item.unclean_in_a_row >= 2:
            explained = tr(
                "The list changed while it was being read, {count} times in a row. New and changed rows were stored; "
                "nothing was marked as gone. Read it again at a calmer moment.",
                count=item.unclean_in_a_row,
            )
            self.body.addWidget(label(explained, wrap=True))
        self.body.addStretch(1)
        self._buttons(error)

    async def _load_vanishing(self) -> None:
        """Find out which rows would vanish, and show them."""
        services, error = self._context.services, self.item.last_error
        if services is None or error is None:
            return
        try:
            found = await vanishing_of(services, self.item)
        except SyncFailure as failure:  # decided or out of date meanwhile
            self._middle.addWidget(label(problem(failure), "muted", wrap=True))
            return
        if found is not None:
            self._show_vanishing(found)
        else:
            self._show_filters(filters_found(error.evidence))

    def _show_filters(self, filters: Mapping[str, str]) -> None:
        if filters:
            text = " · ".join(f"{filter_word(k)}: {v}" for k, v in filters.items())
            self._middle.addWidget(label(tr("Filters found: {text}", text=text), "muted", wrap=True))

    def _show_vanishing(self, found: Vanishing) -> None:
        error = self.item.last_error
        if error is not None:
            # The title has the numbers of the kept read; those in the error's sentences may be older.
            self.headline.setText(_refused_sentence(self.item, found.read, found.total))
            for part in self._error_labels:
                part.hide()
        self._vanishing = found
        cause, known = cause_line(found)
        self._middle.addWidget(label(cause, "warn" if known else "", wrap=True))
        self._middle.addWidget(label(sentence(found), "bad", 1.05, True, True))
        if found.groups:
            self.by = QComboBox()
            self.by.setAccessibleName(tr("Group by"))
            for name in found.groups:
                self.by.addItem(group_word(name), name)
            line = row()
            line.addWidget(self.by)
            line.addStretch(1)
            self._middle.addLayout(line)
            picture = self.picture = GroupPicture()
            self._middle.addWidget(picture)

            def show() -> None:
                name = self.by.currentData()
                picture.show_group(found.groups[name], found.stored.get(name, {}))

            self.by.currentIndexChanged.connect(lambda _: show())
            show()

    def _buttons(self, error: ErrorInfo | None) -> None:
        services = self._context.services
        item = self.item
        if error is not None and error.code in words.CERTIFICATE:
            accept = self.add_button(tr("Accept this certi&ficate…"), lambda: self._accept_certificate(error))
            accept.setEnabled(services is not None and bool(error.params.get("key")))
            self.add_button(tr("&Look again"), self._retry_login)
        elif error is not None and error.code == "password-missing":
            self.add_button(tr("&Look again"), self._retry_login)  # the keyring may have the password by now
            self._harmless = self.add_button(tr("&Enter password…"), self._ask_password, "primary")
        elif error is not None and error.kind is FailureKind.CREDENTIALS:
            self.add_button(tr("Try the same &once"), self._retry_login)
            self._harmless = self.add_button(tr("&Enter password…"), self._open_settings, "primary")
        else:
            can = services is not None and item.last_run_id is not None
            if error is not None and error.code == REKEYABLE:
                button = self.add_button(tr("Re-&key…"), lambda: self._decide("rekey"))
                button.setEnabled(can and services is not None and services.rekey is not None)
                button.setToolTip(tr("The rows get their new ids; their history stays. A backup is made first"))
            elif error is not None and error.code in ACCEPTABLE:
                button = self.add_button(tr("It is right so, &accept…"), lambda: self._decide("accept"), "link")
                self.buttons.removeWidget(button)
                self.buttons.insertWidget(0, button)  # far from what is usually pressed
                button.setEnabled(can and services is not None and services.accept_read is not None)
                button.setToolTip(
                    tr("Only a read with fewer rows can be accepted, for 24 hours, exactly as it was read")
                )
            self._harmless = self.add_button(tr("&Read again"), self._again, "primary")
        if item.last_run_id:
            self.add_button(tr("&Details"), lambda: self._context.open("run", item.last_run_id))
        close = self.add_button(tr("&Close"), self.close)
        harmless = self._harmless or close
        harmless.setDefault(True)
        harmless.setFocus()

    def _again(self) -> None:
        self._context.sync(self.item.type, self.item.account)
        self.close()

    def _retry_login(self) -> None:
        services = self._context.services
        if services is not None:
            try:
                services.orchestrator.retry_login(self.item.account)
            except Exception as error:  # the account was removed meanwhile, or the panel is closing
                self._context.say(problem(error), "bad")
            else:
                self._context.say(tr("One more try with the same password, at the next update."))
        self.close()

    def _accept_certificate(self, error: ErrorInfo) -> None:
        self._context.background.run(self._pin_certificate(error), "certificate")

    async def _pin_certificate(self, error: ErrorInfo) -> None:
        """Ask whether to accept the certificate, and pin its key."""
        services = self._context.services
        if services is None:
            return
        question = tr("Accept the certificate of {name}?", name=error.params.get("name", "?"))
        detail = tr(
            "Fingerprint: {fingerprint}. Compare it with whoever runs the ERP. From then on only this key is accepted; "
            "another one stops the account again.",
            fingerprint=error.params.get("fingerprint", "?"),
        )
        if not await confirm_loss(self, question, detail, tr("&Accept")):
            return
        try:
            await services.apply_settings({"erp.pinned_key": error.params["key"]})
        except Exception as failure:
            self._context.say(problem(failure), "bad")
            return
        self._context.settings_changed.emit()
        self._context.sync(self.item.type, self.item.account)
        self._context.say(tr("The certificate is accepted."), "ok")
        self.close()

    def _open_settings(self) -> None:
        self._context.open("settings", "erp.accounts")
        self.close()

    def _ask_password(self) -> None:
        self._context.open("password", self.item.account)
        self.close()

    def _decide(self, what: str) -> None:
        self._context.background.run(self._accept_or_rekey(what), what, self)

    async def _accept_or_rekey(self, what: str) -> None:
        services = self._context.services
        run_id = self.item.last_run_id
        act = None if services is None else services.rekey if what == "rekey" else services.accept_read
        if services is None or act is None or run_id is None:
            return
        name = words.type_name(self.item.type)
        if what == "rekey":
            question = tr("Give the rows of {type} their new ids?", type=name)
            if not await confirm_loss(self, question, tr("A backup is made first."), tr("Re-&key")):
                return
        else:
            try:
                found = self._vanishing or await vanishing_of(services, self.item)
            except SyncFailure as failure:  # decided or out of date meanwhile
                self._context.say(problem(failure), "bad")
                return
            if found is None or not await ask(AcceptDialog(name, found.count, found.names, self)):
                return
        try:
            await act(run_id)
        except Exception as error:
            self._context.say(problem(error), "bad")
            return
        self._context.say(tr("{type}: done. A backup was made first.", type=name), "ok")
        self.close()


def _title(item: AccountTypeStatus) -> str:
    name = words.type_name(item.type)
    error = item.last_error
    if error is not None and error.kind is FailureKind.CREDENTIALS:
        return words.stopped_title(error.code, item.account)
    if error is not None and error.kind is FailureKind.REFUSED:
        before, now = error.params.get("before"), error.params.get("now")
        if isinstance(before, int) and isinstance(now, int):
            return _refused_sentence(item, now, before)
        when = absolute(item.last_attempt) if item.last_attempt is not None else ""
        return tr("{type}: the read of {time} was not stored", type=name, time=when)
    return tr("{type}: trouble", type=name)


def _refused_sentence(item: AccountTypeStatus, now: int, before: int) -> str:
    """A sentence about a refused read with its number of rows."""
    return tr(
        "{type}: the ERP sent {now} rows of {before}. Nothing was changed.",
        type=words.type_name(item.type),
        now=number(now),
        before=number(before),
    )


def _sentences(error: ErrorInfo) -> Sequence[str]:
    found = words.code_text(error.code, error.params)
    if found is None:
        return (error.message,)
    return tuple(t for t in (found.what, found.means, found.todo) if t)
