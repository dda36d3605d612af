"""Settings: made from ``settings.DECLARATIONS``, checked and put into effect at each change; accounts and pages beside.

What a setting does is known by the part that reads it; passwords go to the keyring and are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from archisync_gui import messages
from archisync_gui.entities import Entity
from archisync_gui.model import Outcome, RunRecord
from archisync_gui.settings import (
    DECLARATIONS,
    Setting,
    Settings,
    SettingsError,
    interval_key,
    schedule_warnings,
)
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.live.services import PairedPage, Pairing
from archisync_gui.ui.live.watches import Watches
from archisync_gui.ui.pages.accounts import Accounts
from archisync_gui.ui.pages.backups import Backups
from archisync_gui.ui.pages.clear_list import ClearList
from archisync_gui.ui.pages.log import LogFeed, LogView
from archisync_gui.ui.pages.watch_list import WatchList
from archisync_gui.ui.text.choices import choice_word
from archisync_gui.ui.text.i18n import absolute, decimal, language, message, plain, tr
from archisync_gui.ui.widgets.basic import (
    Flow,
    Page,
    breakable,
    card,
    column,
    inset,
    label,
    restyle,
    row,
    set_look,
)
from archisync_gui.ui.widgets.dialog import confirm_loss
from archisync_gui.ui.widgets.files import open_path
from archisync_gui.ui.widgets.time_field import TimeField

GROUPS = ("erp", "sync", "session", "endpoint", "notify", "look", "data", "assistance", "about")

ADVANCED = frozenset({"erp.browser", "erp.pinned_key", "erp.login_budget", "erp.catalogue_account"})
"""Settings that are folded away."""

SETTLING = 400
"""Milliseconds without a further change after which a number or a time is put into effect."""

HEAVY = 0.7
"""Share of the time that syncs keep the ERP busy, above which the load is called too much."""


def group_title(name: str) -> str:
    """A group's title."""
    return {
        "erp": tr("ERP and accounts"),
        "sync": tr("Intervals"),
        "session": tr("Order form"),
        "endpoint": tr("Connected pages"),
        "notify": tr("Notifications"),
        "look": tr("Appearance"),
        "data": tr("Data and backups"),
        "assistance": tr("Assistance"),
        "about": message("about.group"),
    }.get(name, name)


def load(entities: Sequence[Entity], runs: Sequence[RunRecord], settings: Settings, accounts: int) -> float:
    """The share of the time that the schedule keeps the ERP busy, from the usual length of each list's reads."""
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


def scope_word(scope: str) -> str:
    """What a connected page may do, in a word."""
    return {"sessions": tr("order form"), "watch": tr("look"), "operate": tr("operate")}.get(scope, scope)


class Field(QObject):
    """One setting: its control, its help, and what is wrong with it beside."""

    def __init__(self, context: Context, declared: Setting, parent: QObject) -> None:
        super().__init__(parent)
        self.setting = declared
        self._context = context
        self._shown: object = None
        self._settling = QTimer(self, singleShot=True, interval=SETTLING)
        self._settling.timeout.connect(self._start)
        context.ending.connect(self.settle)
        self.repeated = False
        """Its help is that of the field before; said once is enough."""
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
        """The mouse wheel scrolls the page and changes no setting by accident; who leaves a control has decided."""
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
        """The setting's own words."""
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
        """Show the value in use; not over a change that is not in effect yet, nor over a text that is marked wrong."""
        in_use = list(value) if isinstance(value, tuple) else value
        if self._settling.isActive() or (self.control.property("wrong") and in_use == self._shown):
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
            self._settling.start()  # the wheel or a held arrow passes through many values: only the last one counts
        else:
            self._start()

    def _start(self) -> None:
        self._settling.stop()
        self._context.background.run(self._apply(self._shown), f"setting-{self.setting.key}")

    def settle(self) -> None:
        """Put a change that is still settling into effect now."""
        if self._settling.isActive():
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
        """Nothing changed: show what is in use, and why."""
        self.show_value(self._context.settings()[self.setting.key])
        self._say(why)

    def warn(self) -> None:
        """Say what is odd about the value in use together with other settings."""
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
    """Seven check boxes, Monday first; the value is ``"123456"``."""

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


def _side_by_side(*parts: QWidget) -> QWidget:
    """These controls in a line, at the left."""
    holder = QWidget()
    line = Flow(holder, gap=8)
    for part in parts:
        line.addWidget(part)
    return holder


class PairedPages(QWidget):
    """The pages and programs that were let in; connect one, revoke one."""

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
        """Show who may come in."""
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
            nobody = tr("No outside page is connected. The order form needs none.")
            self._rows.addWidget(label(nobody, "muted", wrap=True))
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


class SettingsPage(Page):
    """All settings by group."""

    def __init__(
        self, context: Context, feed: Feed, watches: Watches, log: LogFeed, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._feed = context, feed
        self.log = LogView(context, log)
        self.clear_list = ClearList(context)
        self.watches = WatchList(context, watches)
        self.groups = QListWidget()
        self.stack = QStackedWidget()
        self.fields: dict[str, Field] = {}
        self._titles: dict[str, QLabel] = {}
        self.accounts, self.pages = Accounts(context), PairedPages(context)
        self._load = label(wrap=True)
        self.advanced = QPushButton()
        self.advanced.setObjectName("link")
        self.advanced.setCheckable(True)
        self.folder, self.again, self.about = QPushButton(), QPushButton(), QPushButton()
        self.one_customer, self.office = QPushButton(), QPushButton()
        self.backups = Backups(context)
        self._sizes = label(name="muted", wrap=True)
        layout = row(self, (18, 14, 18, 14), 14)
        frame = card()
        column(frame, (4, 6, 4, 6)).addWidget(self.groups)
        self.groups.setFrameShape(QFrame.Shape.NoFrame)
        layout.addWidget(frame)
        layout.addWidget(self.stack, 1)
        for name in GROUPS:
            self.groups.addItem(QListWidgetItem(name))
            self.stack.addWidget(self._group(name))
        self.groups.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.folder.clicked.connect(self._open_folder)
        self.again.clicked.connect(partial(context.open, "first-run"))
        self.about.clicked.connect(partial(context.open, "about"))
        self.one_customer.clicked.connect(partial(context.open, "one-customer"))
        self.office.clicked.connect(partial(context.open, "office"))
        context.settings_changed.connect(self.show_settings)
        context.services_changed.connect(self.show_settings)
        feed.runs_changed.connect(self._show_load)
        self.retranslate()
        self.groups.setCurrentRow(0)

    def _group(self, name: str) -> QWidget:
        body = card()
        inside = column(body, (22, 18, 22, 18), 14)
        title = label(factor=1.15, bold=True)
        self._titles[name] = title
        inside.addWidget(title)
        if name == "assistance":
            inside.addWidget(self.log, 1)
            return body
        if name == "sync":
            inside.addWidget(self._load)
        declared = [setting for setting in DECLARATIONS if setting.group == name]
        inside.addLayout(self._grid([setting for setting in declared if setting.key not in ADVANCED]))
        if expert := [setting for setting in declared if setting.key in ADVANCED]:
            self._expert = QWidget()
            self._expert.setLayout(self._grid(expert))
            self._expert.hide()
            self.advanced.toggled.connect(self._unfold)
            inside.addWidget(self.advanced, 0, Qt.AlignmentFlag.AlignLeft)
            inside.addWidget(self._expert)
        for part in self._parts(name):
            inside.addWidget(part)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def _parts(self, name: str) -> Sequence[QWidget]:
        """What stands below the settings of a group."""
        match name:
            case "look":
                return (_side_by_side(self.again),)
            case "about":
                return (_side_by_side(self.about),)
            case "notify":
                return (self.watches,)
            case "endpoint":
                return (self.pages,)
            case "data":
                buttons = _side_by_side(self.folder, self.one_customer, self.office)
                return self._sizes, buttons, self.backups, self.clear_list
        return ()

    def _grid(self, settings: Sequence[Setting]) -> QGridLayout:
        """Settings below each other: name, control, what is wrong with it, its help."""
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        # The same in every group, so that the controls of all stand below each other.
        wide = self.fontMetrics().averageCharWidth() * 22
        grid.setColumnMinimumWidth(0, wide)
        before = ""
        for declared in settings:
            at = grid.rowCount()
            if declared.key == "erp.accounts":
                self._accounts_title = label()
                grid.addWidget(self._accounts_title, at, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(self.accounts, at, 1)
                grid.setRowMinimumHeight(at + 1, 10)
                continue
            field = self.fields[declared.key] = Field(self._context, declared, self)
            field.repeated = bool(before) and declared.help_en == before
            before = declared.help_en
            line = row(gap=0)
            line.addWidget(field.control, 1)
            line.addStretch(0 if isinstance(field.control, (QLineEdit, _Days)) else 1)
            left = 0 if isinstance(field.control, QCheckBox) else 1  # a check box says its name itself
            if left:
                field.name.setFixedWidth(wide)
                grid.addWidget(field.name, at, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            grid.addLayout(line, at, left, 1, 2 - left)
            grid.addWidget(field.wrong, at + 1, left, 1, 2 - left)
            grid.addWidget(field.help, at + 2, left, 1, 2 - left)
            grid.setRowMinimumHeight(at + 3, 8)
        return grid

    def _unfold(self, shown: bool) -> None:
        self._expert.setVisible(shown)
        self.advanced.setText(("▾ " if shown else "▸ ") + tr("Advanced"))

    def retranslate(self) -> None:
        self._unfold(self.advanced.isChecked())
        for at, name in enumerate(GROUPS):
            item = self.groups.item(at)
            if item is not None:
                item.setText(group_title(name))
            self._titles[name].setText(group_title(name))
        self.groups.setAccessibleName(tr("Groups of settings"))
        widest = max(self.groups.sizeHintForColumn(0), 120)
        self.groups.setFixedWidth(widest + 24)
        for field in self.fields.values():
            field.retranslate()
        self._accounts_title.setText(tr("Accounts"))
        self.accounts.retranslate()
        self.pages.retranslate()
        self.watches.retranslate()
        self.folder.setText(tr("Open data fo&lder"))
        self.again.setText(tr("Walk throu&gh the first steps again…"))
        self.about.setText(message("about.open"))
        self.one_customer.setText(message("one-customer.open"))
        self.office.setText(message("office-dialog.open"))
        self.backups.retranslate()
        self.clear_list.retranslate()
        self.log.retranslate()
        self.show_settings()

    def shown(self) -> None:
        self.show_settings()
        self.groups.setFocus()  # arrow keys choose the group

    def focus_on(self, what: object) -> None:
        """Open the group (or the setting) of that key."""
        key = str(what)
        group = next((d.group for d in DECLARATIONS if d.key == key), key.split(".")[0])
        if group in GROUPS:
            self.groups.setCurrentRow(GROUPS.index(group))
        if key in self.fields:
            control = self.fields[key].control
            self.advanced.setChecked(self.advanced.isChecked() or key in ADVANCED)
            control.setFocus()
            if isinstance(control, (QSpinBox, QLineEdit)):
                control.selectAll()  # what is typed takes the place of the value

    def show_settings(self) -> None:
        """Show the values in use."""
        settings: Mapping[str, object] = self._context.settings()
        for key, field in self.fields.items():
            if not field.control.hasFocus() or isinstance(field.control, (QCheckBox, QComboBox)):
                field.show_value(settings[key])
            else:
                field.warn()
        self.accounts.show_settings(self._context.settings(), self._context.status)
        self.pages.show_pages()
        self._show_load()
        self._show_data()

    def _show_load(self) -> None:
        status = self._context.status
        accounts = sum(a.enabled for a in status.accounts) if status is not None else 1
        services = self._context.services
        entities = services.entities if services is not None else ()
        share = load(entities, self._feed.runs, self._context.settings(), accounts)
        percent = decimal(share * 100, 0)
        if share > HEAVY:
            text = tr(
                "With these intervals the ERP is busy {percent} % of the time: above 70 % lists will be late. Choose "
                "longer intervals.",
                percent=percent,
            )
        else:
            text = tr("With these intervals the ERP is busy about {percent} % of the time.", percent=percent)
        set_look(self._load, "bad" if share > HEAVY else "muted")
        self._load.setText(text)

    def _show_data(self) -> None:
        services = self._context.services
        folder = services.data_folder if services is not None else None
        self.folder.setEnabled(folder is not None)
        self.folder.setToolTip(plain(str(folder)) if folder is not None else tr("Not available here"))
        self.backups.show_backups()
        lines = [tr("Folder: {path}", path=breakable(str(folder)))] if folder is not None else []
        if services is not None and services.store is not None:
            size = decimal((self._feed.size or 0) / 1e6, 1)
            lines.append(tr("Archive {size} MB", size=size))
        self._sizes.setText("\n".join(lines))

    def _open_folder(self) -> None:
        services = self._context.services
        if services is not None and services.data_folder is not None and not open_path(services.data_folder):
            self._context.say(tr("The folder could not be opened: {path}", path=services.data_folder), "bad")
