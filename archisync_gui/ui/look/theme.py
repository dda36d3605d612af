"""Colours: two palettes of named roles, inserted into ``resources/style``, and following the system's light or dark.

Widgets call :func:`tokens` while they paint, and store no colours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from archisync_gui import messages


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colour of each role, as ``#rrggbb``."""

    page: str
    surface: str
    raised: str
    """Chips, elements under the pointer, the open page in the side bar."""
    selected: str
    """The selected row."""
    border: str
    control: str
    """The edge of a button; its text, too, shows that it is one."""
    field: str
    """The edge of a field or check box, which is recognised by its edge alone."""
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_strong: str
    ok: str
    warn: str
    bad: str
    session: str
    session_fill: str
    bar: str
    bar_bad: str
    focus: str
    check: str
    """Background of a white tick, and of the filled button that has the focus."""
    on_check: str


LIGHT = Tokens(
    page="#f5f7fa",
    surface="#ffffff",
    raised="#eef1f5",
    selected="#dde8fd",
    border="#e3e7ec",
    control="#d3d9e1",
    field="#868f9e",
    text="#182230",
    muted="#5a6678",
    accent="#2563eb",
    on_accent="#ffffff",
    accent_strong="#1d4fd7",
    ok="#15753a",
    warn="#a3500b",
    bad="#b42318",
    session="#6d28d9",
    session_fill="#e6daf8",
    bar="#7b8494",
    bar_bad="#c0392b",
    focus="#2563eb",
    check="#2563eb",
    on_check="#ffffff",
)

DARK = Tokens(
    page="#15181f",
    surface="#1e222a",
    raised="#2a2f39",
    selected="#28354d",
    border="#2d323c",
    control="#3d4451",
    field="#707a89",
    text="#e8ebf0",
    muted="#a0a8b5",
    accent="#6f9dff",
    on_accent="#0e1420",
    accent_strong="#8fb3ff",
    ok="#4ade80",
    warn="#fbbf24",
    bad="#fb7d74",
    session="#b794f6",
    session_fill="#3a3350",
    bar="#7a8493",
    bar_bad="#ef6a60",
    focus="#8fb3ff",
    check="#3b6fe0",
    on_check="#ffffff",
)

READABLE: tuple[tuple[str, str], ...] = (
    *(
        (front, back)
        for back in ("surface", "page", "raised")
        for front in ("text", "muted", "accent", "ok", "warn", "bad", "session")
    ),
    *((front, "selected") for front in ("text", "muted", "ok", "warn", "bad", "session")),
    ("on_accent", "accent"),
    ("on_accent", "accent_strong"),
    ("on_check", "check"),
    ("text", "session_fill"),
)
"""Pairs (text, background) in use; each has at least the contrast of WCAG AA (4.5 : 1). A test computes them."""

SEEN: tuple[tuple[str, str], ...] = (
    *((front, back) for back in ("surface", "page") for front in ("focus", "field", "bar", "bar_bad", "session")),
    *((front, "surface") for front in ("accent", "muted", "check", "ok", "warn", "bad")),
    ("bar", "selected"),
    ("bar_bad", "selected"),
    ("focus", "raised"),
    ("text", "check"),
)
"""Pairs (shape, background) of edges, signs and charts; each has a contrast of at least 3 : 1."""


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio of two colours, 1 to 21."""

    def luminance(name: str) -> float:
        color = QColor(name)
        parts = (color.redF(), color.greenF(), color.blueF())
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Theme(QObject):
    """The palette in use; one per application. ``changed`` is emitted after palette and style sheet were set."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = "system"
        self._tokens = LIGHT
        self._applied = False
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def tokens(self) -> Tokens:
        """The colours in use."""
        return self._tokens

    @property
    def dark(self) -> bool:
        """True when the dark palette is in use."""
        return self._tokens is DARK

    def choose(self, choice: str) -> None:
        """Use ``system``, ``light`` or ``dark`` from now on."""
        self._choice = choice
        hints = self._app.styleHints()
        match choice:
            case "light":
                hints.setColorScheme(Qt.ColorScheme.Light)
            case "dark":
                hints.setColorScheme(Qt.ColorScheme.Dark)
            case _:
                hints.unsetColorScheme()
        self._apply()

    def _system_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        if self._choice == "system":
            dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        else:
            dark = self._choice == "dark"
        wanted = DARK if dark else LIGHT
        if self._applied and wanted is self._tokens:
            return
        self._applied = True
        self._tokens = wanted
        self._app.setPalette(palette(wanted))
        self._app.setStyleSheet(style_sheet(wanted))
        self.changed.emit()


_themes: list[Theme] = []


def theme() -> Theme:
    """The application's theme."""
    if not _themes:
        app = QApplication.instance()
        assert isinstance(app, QApplication), "the theme needs a QApplication"
        _themes.append(Theme(app))
        app.destroyed.connect(_themes.clear)
    return _themes[0]


def tokens() -> Tokens:
    """The colours in use now."""
    return theme().tokens


def color(role: str) -> QColor:
    """The colour of a role (a field of :class:`Tokens`)."""
    return QColor(getattr(tokens(), role))


def scaled(font: QFont, factor: float, bold: bool = False) -> QFont:
    """``font`` larger or smaller by ``factor``, so that sizes follow the system's setting."""
    changed = QFont(font)
    if font.pointSizeF() > 0:
        changed.setPointSizeF(font.pointSizeF() * factor)
    else:
        changed.setPixelSize(max(1, round(font.pixelSize() * factor)))
    if bold:
        changed.setWeight(QFont.Weight.DemiBold)
    return changed


def palette(t: Tokens) -> QPalette:
    """Qt's palette, for the parts that the style sheet does not cover (menus, tooltips, Qt's own dialogs)."""
    result = QPalette()
    role = QPalette.ColorRole
    for part, name in (
        (role.Window, t.page),
        (role.WindowText, t.text),
        (role.Base, t.surface),
        (role.AlternateBase, t.page),
        (role.Text, t.text),
        (role.Button, t.surface),
        (role.ButtonText, t.text),
        (role.BrightText, t.bad),
        (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent),
        (role.Link, t.accent),
        (role.LinkVisited, t.session),
        (role.ToolTipBase, t.surface),
        (role.ToolTipText, t.text),
        (role.PlaceholderText, t.muted),
        (role.Mid, t.border),
        (role.Midlight, t.raised),
        (role.Light, t.surface),
        (role.Dark, t.control),
        (role.Shadow, t.border),
        (role.Accent, t.accent),
    ):
        result.setColor(part, QColor(name))
    for part in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, part, QColor(t.muted))
    return result


def style_sheet(t: Tokens) -> str:
    """The style sheet of the whole application."""
    sheet = (messages.resources() / "style" / "panel.qss").read_text(encoding="utf-8")
    sheet = sheet.replace("@icons@", (messages.resources() / "icons").as_posix())
    for part in fields(t):
        sheet = sheet.replace(f"@{part.name}@", getattr(t, part.name))
    return sheet
