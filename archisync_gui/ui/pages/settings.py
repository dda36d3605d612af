"""The settings page, made from ``settings.DECLARATIONS``; each change is checked and applied at once.

It also contains the accounts, paired pages, watches, backups and the log. Passwords are stored in the keyring and never
shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
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

from archisync_gui.settings import (
    DECLARATIONS,
    Setting,
)
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns
from archisync_gui.ui.live.watches import Watches
from archisync_gui.ui.pages.accounts import Accounts
from archisync_gui.ui.pages.backups import Backups
from archisync_gui.ui.pages.clear_list import ClearList
from archisync_gui.ui.pages.log import LogFeed, LogView
from archisync_gui.ui.pages.paired_pages import PairedPages
from archisync_gui.ui.pages.setting_field import TOO_BUSY, Field, _Days, load, side_by_side
from archisync_gui.ui.pages.watch_list import WatchList
from archisync_gui.ui.text.i18n import decimal, message, plain, tr
from archisync_gui.ui.widgets.basic import (
    Page,
    breakable,
    card,
    column,
    label,
    row,
    set_look,
)
from archisync_gui.ui.widgets.files import open_path

GROUPS = ("erp", "sync", "session", "endpoint", "notify", "look", "data", "assistance", "about")

ADVANCED = frozenset({"erp.browser", "erp.pinned_key", "erp.login_budget", "erp.catalogue_account"})
"""Settings that are folded by default."""


def group_title(name: str) -> str:
    """The title of a group."""
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


class SettingsPage(Page):
    """The settings page."""

    def __init__(
        self, context: Context, past_runs: PastRuns, watches: Watches, log: LogFeed, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._past_runs = context, past_runs
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
        past_runs.runs_changed.connect(self._show_load)
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
            self._advanced_part = QWidget()
            self._advanced_part.setLayout(self._grid(expert))
            self._advanced_part.hide()
            self.advanced.toggled.connect(self._unfold)
            inside.addWidget(self.advanced, 0, Qt.AlignmentFlag.AlignLeft)
            inside.addWidget(self._advanced_part)
        for part in self._parts(name):
            inside.addWidget(part)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def _parts(self, name: str) -> Sequence[QWidget]:
        """The widgets below the settings of a group."""
        match name:
            case "look":
                return (side_by_side(self.again),)
            case "about":
                return (side_by_side(self.about),)
            case "notify":
                return (self.watches,)
            case "endpoint":
                return (self.pages,)
            case "data":
                buttons = side_by_side(self.folder, self.one_customer, self.office)
                return self._sizes, buttons, self.backups, self.clear_list
        return ()

    def _grid(self, settings: Sequence[Setting]) -> QGridLayout:
        """A grid of settings: name, control, error, help."""
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        # The same width in every group, so that all controls are aligned.
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
            left = 0 if isinstance(field.control, QCheckBox) else 1  # a check box contains its name
            if left:
                field.name.setFixedWidth(wide)
                grid.addWidget(field.name, at, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            grid.addLayout(line, at, left, 1, 2 - left)
            grid.addWidget(field.wrong, at + 1, left, 1, 2 - left)
            grid.addWidget(field.help, at + 2, left, 1, 2 - left)
            grid.setRowMinimumHeight(at + 3, 8)
        return grid

    def _unfold(self, shown: bool) -> None:
        self._advanced_part.setVisible(shown)
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
        """Open the group or setting with the key ``what``."""
        key = str(what)
        group = next((d.group for d in DECLARATIONS if d.key == key), key.split(".")[0])
        if group in GROUPS:
            self.groups.setCurrentRow(GROUPS.index(group))
        if key in self.fields:
            control = self.fields[key].control
            self.advanced.setChecked(self.advanced.isChecked() or key in ADVANCED)
            control.setFocus()
            if isinstance(control, (QSpinBox, QLineEdit)):
                control.selectAll()  # typing replaces the value

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
        share = load(entities, self._past_runs.runs, self._context.settings(), accounts)
        percent = decimal(share * 100, 0)
        if share > TOO_BUSY:
            text = tr(
                "With these intervals the ERP is busy {percent} % of the time: above 70 % lists will be late. Choose "
                "longer intervals.",
                percent=percent,
            )
        else:
            text = tr("With these intervals the ERP is busy about {percent} % of the time.", percent=percent)
        set_look(self._load, "bad" if share > TOO_BUSY else "muted")
        self._load.setText(text)

    def _show_data(self) -> None:
        services = self._context.services
        folder = services.data_folder if services is not None else None
        self.folder.setEnabled(folder is not None)
        self.folder.setToolTip(plain(str(folder)) if folder is not None else tr("Not available here"))
        self.backups.show_backups()
        lines = [tr("Folder: {path}", path=breakable(str(folder)))] if folder is not None else []
        if services is not None and services.store is not None:
            size = decimal((self._past_runs.size or 0) / 1e6, 1)
            lines.append(tr("Archive {size} MB", size=size))
        self._sizes.setText("\n".join(lines))

    def _open_folder(self) -> None:
        services = self._context.services
        if services is not None and services.data_folder is not None and not open_path(services.data_folder):
            self._context.say(tr("The folder could not be opened: {path}", path=services.data_folder), "bad")
