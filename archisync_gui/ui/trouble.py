"""Trouble: a refused read as a picture, refused credentials, unclean reads; and what can be decided about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from archisync_gui import messages
from archisync_gui.model import AccountTypeStatus, ErrorInfo, FailureKind, Json
from archisync_gui.ui import words
from archisync_gui.ui.context import Context, problem
from archisync_gui.ui.dialogs import Dialog
from archisync_gui.ui.i18n import absolute, language, number, tr
from archisync_gui.ui.theme import color
from archisync_gui.ui.widgets import confirm_loss, label, row

_MIDDLE_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Vanishing:
    """Which rows a refused read would make vanish, grouped.

    From an error's evidence: ``vanishing`` = ``{count, by: {year|customer|letter: {name: count}}}`` and, to compare,
    ``stored`` = the same shape for all stored rows; ``filters`` = what the filters were found at.
    """

    count: int
    groups: Mapping[str, Mapping[str, int]]
    stored: Mapping[str, Mapping[str, int]]
    filters: Mapping[str, str]


def vanishing(evidence: Mapping[str, Json]) -> Vanishing | None:
    """Read it from an error's evidence; ``None`` when it says nothing of rows."""
    found = evidence.get("vanishing")
    if not isinstance(found, Mapping):
        return None
    count = found.get("count")
    filters = evidence.get("filters")
    return Vanishing(
        int(count) if isinstance(count, (int, float)) else 0,
        _groups(found.get("by")),
        _groups(evidence.get("stored")),
        {str(k): str(v) for k, v in filters.items() if v} if isinstance(filters, Mapping) else {},
    )


def _groups(found: Json) -> dict[str, dict[str, int]]:
    if not isinstance(found, Mapping):
        return {}
    return {
        str(name): {str(k): int(v) for k, v in values.items() if isinstance(v, (int, float))}
        for name, values in found.items()
        if isinstance(values, Mapping)
    }


def sentence(type: str, found: Vanishing) -> str:
    """``These 612 rows would vanish: all of 2024. The filter says Questo mese.``"""
    parts = [tr("These %n row(s) would vanish", "", found.count)]
    whole = [
        name
        for group, values in found.groups.items()
        for name, gone in values.items()
        if gone and gone == found.stored.get(group, {}).get(name)
    ]
    if whole:
        parts[0] += ": " + tr("all of {names}", names=", ".join(whole[:4]))
    if "preset" in found.filters:
        parts.append(tr("The filter says “{text}”", text=found.filters["preset"]))
    return ". ".join(parts) + "."


def group_word(name: str) -> str:
    """What rows are grouped by."""
    return {"year": tr("By year"), "customer": tr("By customer"), "letter": tr("By first letter")}.get(name, name)


class GroupPicture(QWidget):
    """Horizontal bars: what is stored, and in the colour of errors what would vanish of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[tuple[str, int, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_group(self, gone: Mapping[str, int], stored: Mapping[str, int]) -> None:
        """Show one grouping, the largest losses first, then by name; at most 14 bars."""
        largest = sorted(set(gone) | set(stored), key=lambda n: (-gone.get(n, 0), n))[:14]
        self._values = [(n, gone.get(n, 0), max(stored.get(n, 0), gone.get(n, 0))) for n in sorted(largest)]
        self.setAccessibleName(
            ", ".join(tr("{name}: {gone} of {all}", name=n, gone=g, all=a) for n, g, a in self._values)
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, (QFontMetrics(self.font()).height() + 8) * max(1, len(self._values)) + 4)

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
        error = item.last_error
        if error is not None:
            for text in _sentences(error):
                self.body.addWidget(label(text, wrap=True))
        found = vanishing(error.evidence) if error is not None else None
        if found is not None:
            self._picture(found)
        if item.unclean_in_a_row >= 2:
            explained = tr(
                "The list changed while it was being read, {count} times in a row. New and changed rows were stored; "
                "nothing was marked as gone. Read it again at a calmer moment.",
                count=item.unclean_in_a_row,
            )
            self.body.addWidget(label(explained, wrap=True))
        self.body.addStretch(1)
        self._buttons(error)

    def _picture(self, found: Vanishing) -> None:
        self.body.addWidget(label(sentence(self._item.type, found), "bad", 1.05, True, True))
        if found.groups:
            self.by = QComboBox()
            self.by.setAccessibleName(tr("Group by"))
            for name in found.groups:
                self.by.addItem(group_word(name), name)
            line = row()
            line.addWidget(self.by)
            line.addStretch(1)
            self.body.addLayout(line)
            self.picture = GroupPicture()
            self.body.addWidget(self.picture)

            def show() -> None:
                name = self.by.currentData()
                self.picture.show_group(found.groups[name], found.stored.get(name, {}))

            self.by.currentIndexChanged.connect(lambda _: show())
            show()
        if found.filters:
            text = " · ".join(f"{k}: {v}" for k, v in found.filters.items())
            self.body.addWidget(label(tr("Filters found: {text}", text=text), "muted", wrap=True))

    def _buttons(self, error: ErrorInfo | None) -> None:
        services = self._context.services
        item = self._item
        if error is not None and error.kind is FailureKind.CREDENTIALS:
            self.add_button(tr("Try the same &once"), self._retry_login)
            self.add_button(tr("&Enter password…"), self._open_settings, "primary")
        else:
            can = services is not None and item.last_run_id is not None
            if error is not None and error.code.endswith("keys-changed"):
                button = self.add_button(tr("Re-&key…"), lambda: self._decide("rekey"))
                button.setEnabled(can and services is not None and services.rekey is not None)
                button.setToolTip(tr("The rows get their new ids; their history stays. A backup is made first"))
            elif error is not None and error.kind is FailureKind.REFUSED:
                button = self.add_button(tr("&Accept this read…"), lambda: self._decide("accept"), "danger")
                button.setEnabled(can and services is not None and services.accept_read is not None)
                button.setToolTip(
                    tr("Only a read with fewer rows can be accepted, for 24 hours, exactly as it was read")
                )
            self.add_button(tr("&Read again"), self._again, "primary")
        if item.last_run_id:
            self.add_button(tr("&Details"), lambda: self._context.open("run", item.last_run_id))
        self.add_button(tr("&Close"), self.close)

    def _again(self) -> None:
        self._context.sync(self._item.type, self._item.account)
        self.close()

    def _retry_login(self) -> None:
        services = self._context.services
        if services is not None:
            self._context.background.act(services.orchestrator.retry_login(self._item.account), "retry-login")
            self._context.say(tr("One more try with the same password, when the next sync starts."))
        self.close()

    def _open_settings(self) -> None:
        self._context.open("settings", "erp.accounts")
        self.close()

    def _decide(self, what: str) -> None:
        self._context.background.run(self._decided(what), what)

    async def _decided(self, what: str) -> None:
        services = self._context.services
        run_id = self._item.last_run_id
        act = None if services is None else services.rekey if what == "rekey" else services.accept_read
        if act is None or run_id is None:
            return
        name = words.type_name(self._item.type)
        if what == "rekey":
            question = tr("Give the rows of {type} their new ids?", type=name)
            yes = tr("Re-&key")
        else:
            question = tr("Store the read of {type} as it is? The rows it does not have count as gone.", type=name)
            yes = tr("&Accept")
        if not await confirm_loss(self, question, tr("A backup is made first."), yes):
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
        return tr("The ERP refused the password of {account}", account=item.account)
    if error is not None and error.kind is FailureKind.REFUSED:
        when = absolute(item.last_attempt) if item.last_attempt is not None else ""
        return tr("{type}: the read of {time} was not stored", type=name, time=when)
    return tr("{type}: trouble", type=name)


def _sentences(error: ErrorInfo) -> Sequence[str]:
    found = messages.text(error.code, language(), error.params)
    if found.what == error.code:
        return (error.message,)
    return tuple(t for t in (found.what, found.means, found.todo) if t)
