"""A setting as a field of the settings page: its widget, its check, and saving it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from archisync_gui import messages
from archisync_gui.entities import Entity
from archisync_gui.model import Outcome, RunRecord
from archisync_gui.settings import (
    Setting,
    Settings,
    SettingsError,
    interval_key,
    schedule_warnings,
)
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text.choices import choice_word
from archisync_gui.ui.text.i18n import language, tr
from archisync_gui.ui.widgets.basic import (
    Flow,
    breakable,
    inset,
    label,
    restyle,
)
from archisync_gui.ui.widgets.time_field import TimeField

APPLY_DELAY = 400
"""Milliseconds without a further change after which a number or a time is put into effect."""

TOO_BUSY = 0.7
"""The share of the time that reads keep the ERP busy above which the page warns."""


def load(entities: Sequence[Entity], runs: Sequence[RunRecord], settings: Settings, accounts: int) -> float:
    """The share of the time that scheduled reads keep the ERP busy, from the median duration of each list's reads."""
    total = 0.0
    for entity in entities:
        minutes = settings.number(interval_key(entity.name))
        lengths = sorted(
            (r.ended - r.started).total_seconds()
            for r in runs
            if r.type == entity.name and r.ended is not None and r.outcome is Outcome.COMPLETED
        )
        if minutes and lengths:
            many = 1 if entity.spec.shared else max(1, accounts)
            total += many * lengths[len(lengths) // 2] / (minutes * 60)
    return total


class Field(QObject):
    """One setting: its control, its help, and the error about its value."""

    def __init__(self, context: Context, declared: Setting, parent: QObject) -> None:
        super().__init__(parent)
        self.setting = declared
        self._context = context
        self._shown: object = None
        self._apply_timer = QTimer(self, singleShot=True, interval=APPLY_DELAY)
        self._apply_timer.timeout.connect(self._start)
        context.ending.connect(self.settle)
        self.repeated = False
        """Its help is the same as that of the field above, and is not shown again."""
        self.name = label(wrap=True)
        self.help = label(name="muted", factor=0.92, wrap=True)
        self.wrong = label(name="bad", factor=0.92, wrap=True)
        self.wrong.hide()
        self.control, self._read, self._write = self._make()
        if isinstance(self.control, QSpinBox):
            inset(self.control)
        self.control.installEventFilter(self)
        self.retranslate()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore the mouse wheel without focus, so that scrolling changes no setting; apply a change when the control
        loses the focus."""
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.settle()
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _make(self) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        match self.setting.type:
            case "bool":
                box = QCheckBox()
                box.toggled.connect(self._changed)
                return box, box.isChecked, box.setChecked
            case "int":
                spin = QSpinBox()
                low = 0 if self.setting.off else self.setting.low
                spin.setRange(low, self.setting.high if (self.setting.low, self.setting.high) != (0, 0) else 10**9)
                spin.setKeyboardTracking(False)
                spin.setMaximumWidth(160)
                spin.valueChanged.connect(self._changed)
                return spin, spin.value, spin.setValue
            case "choice":
                combo = QComboBox()
                for choice in self.setting.choices:
                    combo.addItem(choice_word(choice), choice)
                combo.setMaximumWidth(260)
                combo.currentIndexChanged.connect(self._changed)
                return combo, combo.currentData, lambda v: combo.setCurrentIndex(max(0, combo.findData(v)))
            case "time":
                edit = TimeField()
                edit.changed.connect(self._changed)
                return edit, edit.value, edit.set_value
            case "days":
                days = _Days(self._changed)
                return days, days.value, days.set_value
            case "list":
                line = QLineEdit()
                line.editingFinished.connect(self._changed)
                return (
                    line,
                    lambda: [p.strip() for p in line.text().split(",") if p.strip()],
                    lambda v: line.setText(", ".join(v)),
                )
            case _:
                line = QLineEdit()
                line.editingFinished.connect(self._changed)
                line.textEdited.connect(self._check_only)
                return line, line.text, line.setText

    def retranslate(self) -> None:
        """Set the setting's texts in the present language."""
        italian = language() == "it"
        name = self.setting.it if italian else self.setting.en
        text = self.setting.help_it if italian else self.setting.help_en
        self.help.setText(breakable(text))
        self.help.setVisible(bool(text) and not self.repeated)
        self.control.setAccessibleName(name)
        self.control.setAccessibleDescription(text)
        if isinstance(self.control, QCheckBox):
            self.control.setText(name)
            self.name.setText("")
        else:
            self.name.setText(name)
            self.name.setBuddy(self.control)
        if isinstance(self.control, QSpinBox):
            unit = {"min": tr("min"), "s": tr("s"), "days": tr("days")}.get(self.setting.unit, "")
            self.control.setSuffix(f" {unit}" if unit else "")
            if self.setting.off:
                automatic = self.setting.key == "endpoint.port"
                self.control.setSpecialValueText(tr("automatic") if automatic else tr("off, on request only"))
        if isinstance(self.control, QComboBox):
            for at in range(self.control.count()):
                self.control.setItemText(at, choice_word(str(self.control.itemData(at))))
        if isinstance(self.control, _Days):
            self.control.retranslate()

    def show_value(self, value: object) -> None:
        """Show the value in use, unless a change is not applied yet or a wrong text replaces that value."""
        in_use = list(value) if isinstance(value, tuple) else value
        if self._apply_timer.isActive() or (self.control.property("wrong") and in_use == self._shown):
            return
        self._shown = in_use
        self.control.blockSignals(True)
        self._write(value)
        self.control.blockSignals(False)
        self._say("")
        self.warn()

    def _check_only(self, *_: object) -> None:
        try:
            self.setting.check(self._read())
        except SettingsError as error:
            self._say(_wrong(error))
        else:
            self._say("")

    def _changed(self, *_: object) -> None:
        value = self._read()
        if value == self._shown:
            return
        try:
            self.setting.check(value)
        except SettingsError as error:
            self._say(_wrong(error))
            return
        self._say("")
        self._shown = value
        if isinstance(self.control, (QSpinBox, TimeField)):
            self._apply_timer.start()  # the wheel or a held arrow key gives many values: only the last one is applied
        else:
            self._start()

    def _start(self) -> None:
        self._apply_timer.stop()
        self._context.background.run(self._apply(self._shown), f"setting-{self.setting.key}")

    def settle(self) -> None:
        """Apply a pending change now."""
        if self._apply_timer.isActive():
            self._start()

    async def _apply(self, value: object) -> None:
        services = self._context.services
        if services is None:
            self._say(tr("Archisync is still starting."))
            return
        try:
            await services.apply_settings({self.setting.key: value})
        except SettingsError as error:
            self._refused(_wrong(error))
        except Exception as error:
            self._refused(problem(error))
        else:
            self._context.settings_changed.emit()

    def _refused(self, why: str) -> None:
        """The change was refused: show the value in use, and the reason."""
        self.show_value(self._context.settings()[self.setting.key])
        self._say(why)

    def warn(self) -> None:
        """Show a warning if the value in use conflicts with other settings."""
        services = self._context.services
        if services is None or services.demo:  # the demo has no office hours
            return
        for warning in schedule_warnings(services.settings()):
            if warning.key == self.setting.key:
                self.wrong.setText(_wrong(warning))
                self.wrong.show()

    def _say(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        self.control.setProperty("wrong", bool(text))
        restyle(self.control)


def _wrong(error: SettingsError) -> str:
    return str(messages.text(error.code, language(), error.params))


class _Days(QWidget):
    """Seven check boxes, Monday first; the value is e.g. ``"123456"`` for Monday to Saturday."""

    def __init__(self, changed: Callable[[], object]) -> None:
        super().__init__()
        layout = Flow(self, gap=10)
        self._boxes = [QCheckBox() for _ in range(7)]
        for box in self._boxes:
            box.toggled.connect(lambda _: changed())
            layout.addWidget(box)
        self.retranslate()

    def retranslate(self) -> None:
        names = (tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun"))
        for box, name in zip(self._boxes, names, strict=True):
            box.setText(name)

    def value(self) -> str:
        return "".join(str(at) for at, box in enumerate(self._boxes, 1) if box.isChecked())

    def set_value(self, value: str) -> None:
        for at, box in enumerate(self._boxes, 1):
            box.blockSignals(True)
            box.setChecked(str(at) in value)
            box.blockSignals(False)


def side_by_side(*parts: QWidget) -> QWidget:
    """These controls in one line, or in several where there is no room."""
    holder = QWidget()
    line = Flow(holder, gap=8)
    for part in parts:
        line.addWidget(part)
    return holder
