"""The rows that a refused read would make vanish: grouped, with the filter that may have hidden them, and a chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from archisync_gui.entities.declaration import Entity, Kind, Row
from archisync_gui.model import AccountTypeStatus, Json
from archisync_gui.ui.dialogs.accept import NAMED
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.look.theme import color
from archisync_gui.ui.text.i18n import number, tr

_MIDDLE_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

BARS = 8
"""Bars of the chart; its height does not depend on its content, so that no button is pushed off the screen."""


ACCEPTABLE = frozenset({"shrink", "no-rows", "garbage-grew"})
"""Codes of refused reads that can be accepted; after others the list can only be read again."""
REKEYABLE = "keys-changed"
"""Code of refused reads after which the stored rows can get new ids."""


@dataclass(frozen=True, slots=True)
class Vanishing:
    """Which rows a refused read would make vanish, grouped."""

    count: int
    groups: Mapping[str, Mapping[str, int]]
    """``year``, ``customer``, ``letter`` → group → rows that would vanish."""
    stored: Mapping[str, Mapping[str, int]]
    """The same for all stored rows."""
    filters: Mapping[str, str]
    """The values of the ERP's filters, without the list's usual preset, which is no cause."""
    total: int = 0
    """Number of stored rows."""
    read: int = 0
    """Number of rows of the kept read."""
    names: tuple[str, ...] = ()
    """Titles of some rows that would vanish."""


def filters_found(evidence: Mapping[str, Json]) -> dict[str, str]:
    """The filters in an error's evidence, without empty ones."""
    for name in ("filters", "filtersAfter", "filtersBefore"):
        found = evidence.get(name)
        if isinstance(found, Mapping):
            return {str(k): str(v) for k, v in found.items() if v not in (None, "", [], {}, False)}
    return {}


def grouped(entity: Entity, rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Numbers of rows by year, customer and first letter, if the list has such columns."""
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
    """The rows that the refused read of ``item`` would make vanish; ``None`` when the read was not kept."""
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
    """A sentence about why rows are missing, and whether the cause is known: a filter that is set in the ERP."""
    if "preset" in found.filters:
        return tr("Cause: in the ERP the filter of this list says “{text}”.", text=found.filters["preset"]), True
    if found.filters:
        text = " · ".join(f"{filter_word(k)}: {v}" for k, v in found.filters.items())
        return tr("Cause: in the ERP this list is filtered ({text}).", text=text), True
    return tr("The cause is not clear: usually it is enough to read again."), False


def group_word(name: str) -> str:
    """The text for a grouping."""
    return {"year": tr("By year"), "customer": tr("By customer"), "letter": tr("By first letter")}.get(name, name)


def filter_word(name: str) -> str:
    """The name of one of the ERP's filters (keys in an error's evidence)."""
    return {
        "preset": tr("chosen filter"),
        "row": tr("filter row"),
        "search": tr("search field"),
        "bar": tr("filter bar"),
        "header": tr("filter in a heading"),
        "group": tr("grouping"),
    }.get(name, name)


class GroupPicture(QWidget):
    """Horizontal bars of the stored rows, with the part that would vanish in the colour of errors."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[tuple[str, int, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_group(self, gone: Mapping[str, int], stored: Mapping[str, int]) -> None:
        """Show one grouping in :data:`BARS` bars, by loss, then by name; the last one is for all others."""
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
        """The bars in words, for screen readers."""
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
