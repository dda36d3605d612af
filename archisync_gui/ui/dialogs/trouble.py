"""Trouble: a refused read as a picture, refused credentials, unclean reads; and what can be decided about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from archisync_gui.entities.declaration import Entity, Kind, Row
from archisync_gui.model import AccountTypeStatus, ErrorInfo, FailureKind, Json, SyncFailure
from archisync_gui.ui.dialogs.accept import NAMED, AcceptDialog
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.look.theme import color
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import absolute, number, tr
from archisync_gui.ui.widgets.basic import ask, label, row
from archisync_gui.ui.widgets.dialog import Dialog, confirm_loss

_MIDDLE_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


ACCEPTABLE = frozenset({"shrink", "no-rows", "garbage-grew"})
"""Codes of refused reads that can be accepted as they are; the others can only be read again."""

BARS = 8
"""Bars of the picture; its height does not depend on what is shown, so that no button is pushed off the screen."""

REKEYABLE = "keys-changed"
"""Code of the refused read whose rows can get their new ids."""


@dataclass(frozen=True, slots=True)
class Vanishing:
    """Which rows a refused read would make vanish, grouped."""

    count: int
    groups: Mapping[str, Mapping[str, int]]
    """``year``, ``customer``, ``letter`` → group → rows that would vanish."""
    stored: Mapping[str, Mapping[str, int]]
    """The same of all stored rows."""
    filters: Mapping[str, str]
    """What the filters were found at, without the list's usual preset: that is no cause."""
    total: int = 0
    """Rows stored now, and those of the kept read: the dialog's figures all come from this one moment."""
    read: int = 0
    names: tuple[str, ...] = ()
    """Titles of some rows that would vanish."""


def filters_found(evidence: Mapping[str, Json]) -> dict[str, str]:
    """The filter state that an error's evidence tells, without what is empty."""
    for name in ("filters", "filtersAfter", "filtersBefore"):
        found = evidence.get(name)
        if isinstance(found, Mapping):
            return {str(k): str(v) for k, v in found.items() if v not in (None, "", [], {}, False)}
    return {}


def grouped(entity: Entity, rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Rows counted by year, customer and first letter, as far as the list has such columns."""
    dated = next((c.name for c in entity.columns if c.kind in (Kind.DATE, Kind.DATETIME)), None)
    customer = next((c.name for c in entity.columns if c.name in ("customer_name", "billing_name")), None)
    counts: dict[str, Counter[str]] = {"year": Counter(), "customer": Counter(), "letter": Counter()}
    for values in rows:
        if dated is not None:
            counts["year"][str(values.get(dated) or "–")[:4]] += 1
        if customer is not None:
            counts["customer"][str(values.get(customer) or "–")] += 1
        if entity.title:
            counts["letter"][str(values.get(entity.title) or "–")[:1].upper()] += 1
    return {name: dict(found) for name, found in counts.items() if found}


async def vanishing_of(services: Services, item: AccountTypeStatus) -> Vanishing | None:
    """What the refused read of ``item`` would make vanish; ``None`` when it was not kept."""
    entity, store = services.entity(item.type), services.store
    if entity is None or store is None or item.last_run_id is None or item.last_error is None:
        return None
    if item.last_error.code not in (*ACCEPTABLE, REKEYABLE):
        return None
    keys = await store.refused_keys(item.last_run_id)
    kept: list[Row] = []
    gone: list[Row] = []
    async for part in store.export(item.type, None if entity.spec.shared else item.account):
        for stored in part:
            (kept if stored.key in keys else gone).append(stored.values)
    missing = grouped(entity, gone)
    filters = filters_found(item.last_error.evidence)
    if entity.filter is not None and filters.get("preset") in entity.filter.texts:
        del filters["preset"]
    total = len(kept) + len(gone)
    names = tuple(str(values.get(entity.title) or "–") for values in gone[:NAMED]) if entity.title else ()
    return Vanishing(len(gone), missing, grouped(entity, [*kept, *gone]), filters, total, len(keys), names)


def sentence(found: Vanishing) -> str:
    """``These 612 rows would vanish: all of 2024. The filter says Questo mese.``"""
    parts = [tr("These %n row(s) would vanish", "", found.count)]
    for group, values in found.groups.items():
        stored = found.stored.get(group, {})
        whole = [name for name, gone in values.items() if gone and gone == stored.get(name)]
        if whole:
            names = ", ".join(whole[:4]) + ("…" if len(whole) > 4 else "")
            years = group == "year"
            parts[0] += ": " + (
                tr("all of {names}", "years", names=names) if years else tr("all of {names}", names=names)
            )
            break
    return ". ".join(parts) + "."


def cause_line(found: Vanishing) -> tuple[str, bool]:
    """Why rows are missing, and whether that is known: a filter that somebody set in the ERP."""
    if "preset" in found.filters:
        return tr("Cause: in the ERP the filter of this list says “{text}”.", text=found.filters["preset"]), True
    if found.filters:
        text = " · ".join(f"{filter_word(k)}: {v}" for k, v in found.filters.items())
        return tr("Cause: in the ERP this list is filtered ({text}).", text=text), True
    return tr("The cause is not clear: usually it is enough to read again."), False


def group_word(name: str) -> str:
    """What rows are grouped by."""
    return {"year": tr("By year"), "customer": tr("By customer"), "letter": tr("By first letter")}.get(name, name)


def filter_word(name: str) -> str:
    """What people call the ERP's five ways to show fewer rows (keys of an error's evidence)."""
    return {
        "preset": tr("chosen filter"),
        "row": tr("filter row"),
        "search": tr("search field"),
        "bar": tr("filter bar"),
        "header": tr("filter in a heading"),
        "group": tr("grouping"),
    }.get(name, name)


class GroupPicture(QWidget):
    """Horizontal bars: what is stored, and in the colour of errors what would vanish of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[tuple[str, int, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_group(self, gone: Mapping[str, int], stored: Mapping[str, int]) -> None:
        """Show one grouping, the largest losses first, then by name: :data:`BARS` bars, the last for all others."""
        ranked = sorted(set(gone) | set(stored), key=lambda n: (-gone.get(n, 0), n))
        values = [(n, gone.get(n, 0), max(stored.get(n, 0), gone.get(n, 0))) for n in ranked]
        rest = values[BARS - 1 :] if len(values) > BARS else []
        if rest:
            name = tr("%n other(s)", "", len(rest))
            values[BARS - 1 :] = [(name, sum(lost for _, lost, _ in rest), sum(every for _, _, every in rest))]
        self._values = values
        self.setAccessibleName(tr("What would vanish"))
        self.updateGeometry()
        self.update()

    def summary(self) -> str:
        """The bars in words."""
        return ", ".join(
            tr("{name}: {gone} of {all}", name=n, gone=number(g), all=number(a)) for n, g, a in self._values
        )

    def sizeHint(self) -> QSize:
        return QSize(400, (QFontMetrics(self.font()).height() + 8) * BARS + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        step = metrics.height() + 8
        left = min(180, max([40, *(metrics.horizontalAdvance(n) for n, _, _ in self._values)])) + 12
        most = max([1, *(a for _, _, a in self._values)])
        right = metrics.horizontalAdvance("0.000 / 0.000") + 12
        room = max(40, self.width() - left - right)
        for at, (name, gone, every) in enumerate(self._values):
            top = at * step
            painter.setPen(color("text"))
            painter.drawText(
                QRectF(0, top, left - 10, step),
                _MIDDLE_LEFT,
                metrics.elidedText(name, Qt.TextElideMode.ElideRight, left - 12),
            )
            painter.fillRect(QRectF(left, top + 6, room * every / most, step - 12), color("bar"))
            painter.fillRect(QRectF(left, top + 6, room * gone / most, step - 12), color("bar_bad"))
            painter.setPen(color("bad" if gone else "muted"))
            text = f"−{number(gone)} / {number(every)}" if gone else number(every)
            painter.drawText(QRectF(left + room * every / most + 8, top, right + room, step), _MIDDLE_LEFT, text)
        painter.end()


class TroubleDialog(Dialog):
    """One trouble of a type and account, shown so that it can be decided."""

    def __init__(self, context: Context, item: AccountTypeStatus, parent: QWidget | None = None) -> None:
        super().__init__(_title(item), parent, 640)
        self._context, self._item = context, item
        self._said: list[QLabel] = []
        error = item.last_error
        if error is not None:
            for text in _sentences(error):
                self._said.append(label(text, wrap=True))
                self.body.addWidget(self._said[-1])
        self._found: Vanishing | None = None
        self._middle = QVBoxLayout()
        self._middle.setSpacing(10)
        self.body.addLayout(self._middle)
        self.picture: GroupPicture | None = None
        self._safe: QPushButton | None = None
        """The button that helps and loses nothing: it has the focus, so that Enter and Space are never a loss."""
        if error is not None and error.kind is FailureKind.REFUSED:
            context.background.run(self._look(), "vanishing", self)
        if item.unclean_in_a_row >= 2:
            explained = tr(
                "The list changed while it was being read, {count} times in a row. New and changed rows were stored; "
                "nothing was marked as gone. Read it again at a calmer moment.",
                count=item.unclean_in_a_row,
            )
            self.body.addWidget(label(explained, wrap=True))
        self.body.addStretch(1)
        self._buttons(error)

    async def _look(self) -> None:
        """Find out what would vanish, and show it."""
        services, error = self._context.services, self._item.last_error
        if services is None or error is None:
            return
        try:
            found = await vanishing_of(services, self._item)
        except SyncFailure as failure:  # decided or out of date meanwhile
            self._middle.addWidget(label(problem(failure), "muted", wrap=True))
            return
        if found is not None:
            self._picture(found)
        else:
            self._filters(filters_found(error.evidence))

    def _filters(self, filters: Mapping[str, str]) -> None:
        if filters:
            text = " · ".join(f"{filter_word(k)}: {v}" for k, v in filters.items())
            self._middle.addWidget(label(tr("Filters found: {text}", text=text), "muted", wrap=True))

    def _picture(self, found: Vanishing) -> None:
        error = self._item.last_error
        if error is not None:
            # The title says it, with the figures of the kept read; the sentences of the error have older ones.
            self.headline.setText(_fact(self._item, found.read, found.total))
            for part in self._said:
                part.hide()
        self._found = found
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
        item = self._item
        if error is not None and error.code in words.CERTIFICATE:
            accept = self.add_button(tr("Accept this certi&ficate…"), lambda: self._accept_certificate(error))
            accept.setEnabled(services is not None and bool(error.params.get("key")))
            self.add_button(tr("&Look again"), self._retry_login)
        elif error is not None and error.code == "password-missing":
            self.add_button(tr("&Look again"), self._retry_login)  # the keyring may have it by now
            self._safe = self.add_button(tr("&Enter password…"), self._ask_password, "primary")
        elif error is not None and error.kind is FailureKind.CREDENTIALS:
            self.add_button(tr("Try the same &once"), self._retry_login)
            self._safe = self.add_button(tr("&Enter password…"), self._open_settings, "primary")
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
            self._safe = self.add_button(tr("&Read again"), self._again, "primary")
        if item.last_run_id:
            self.add_button(tr("&Details"), lambda: self._context.open("run", item.last_run_id))
        close = self.add_button(tr("&Close"), self.close)
        harmless = self._safe or close
        harmless.setDefault(True)
        harmless.setFocus()

    def _again(self) -> None:
        self._context.sync(self._item.type, self._item.account)
        self.close()

    def _retry_login(self) -> None:
        services = self._context.services
        if services is not None:
            services.orchestrator.retry_login(self._item.account)
            self._context.say(tr("One more try with the same password, at the next update."))
        self.close()

    def _accept_certificate(self, error: ErrorInfo) -> None:
        self._context.background.run(self._pinned(error), "certificate")

    async def _pinned(self, error: ErrorInfo) -> None:
        """Pin the key of the certificate that was seen, after a question that names it."""
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
        self._context.sync(self._item.type, self._item.account)
        self._context.say(tr("The certificate is accepted."), "ok")
        self.close()

    def _open_settings(self) -> None:
        self._context.open("settings", "erp.accounts")
        self.close()

    def _ask_password(self) -> None:
        self._context.open("password", self._item.account)
        self.close()

    def _decide(self, what: str) -> None:
        self._context.background.run(self._decided(what), what, self)

    async def _decided(self, what: str) -> None:
        services = self._context.services
        run_id = self._item.last_run_id
        act = None if services is None else services.rekey if what == "rekey" else services.accept_read
        if services is None or act is None or run_id is None:
            return
        name = words.type_name(self._item.type)
        if what == "rekey":
            question = tr("Give the rows of {type} their new ids?", type=name)
            if not await confirm_loss(self, question, tr("A backup is made first."), tr("Re-&key")):
                return
        else:
            try:
                found = self._found or await vanishing_of(services, self._item)
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
            return _fact(item, now, before)
        when = absolute(item.last_attempt) if item.last_attempt is not None else ""
        return tr("{type}: the read of {time} was not stored", type=name, time=when)
    return tr("{type}: trouble", type=name)


def _fact(item: AccountTypeStatus, now: int, before: int) -> str:
    """A refused read in one sentence."""
    return tr(
        "{type}: the ERP sent {now} rows of {before}. Nothing was changed.",
        type=words.type_name(item.type),
        now=number(now),
        before=number(before),
    )


def _sentences(error: ErrorInfo) -> Sequence[str]:
    found = words.told(error.code, error.params)
    if found is None:
        return (error.message,)
    return tuple(t for t in (found.what, found.means, found.todo) if t)
