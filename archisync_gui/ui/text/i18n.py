"""The panel's language: switching it without a restart, and numbers and times in its format.

The panel's own texts are English in the code and Italian in ``resources/translations/archisync_it.ts`` (Qt's format,
compiled to ``.qm``); the texts of errors are in ``resources/messages``.
"""

from __future__ import annotations

import html
from datetime import date, datetime

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import Qt

from archisync_gui import messages, zone

_state: dict[str, str] = {"language": "en"}
_translators: list[QTranslator] = []


def tr(text: str, comment: str = "", n: int = -1, /, **params: object) -> str:
    """``text`` in the panel's language, with ``{name}`` replaced from ``params``; with ``n`` the plural for ``%n``."""
    found = QCoreApplication.translate("", text, comment, n)
    if n >= 0:
        found = found.replace("%n", number(n)).replace(str(n), number(n)) if n > 999 else found.replace("%n", str(n))
    return found.format_map({k: str(v) for k, v in params.items()}) if params else found


def message(code: str, **params: object) -> str:
    """The text of ``code`` in ``resources/messages``, in the panel's language, as one string."""
    return str(messages.text(code, language(), params))


def language() -> str:
    """``it`` or ``en``."""
    return _state["language"]


def set_language(choice: str) -> str:
    """Switch to ``it``, ``en`` or ``system``; every widget gets a ``LanguageChange`` event. Returns the language."""
    wanted = messages.system_language() if choice == "system" else choice
    _state["language"] = wanted
    app = QCoreApplication.instance()
    if app is None:
        return wanted
    for old in _translators:
        app.removeTranslator(old)
    _translators.clear()
    QLocale.setDefault(QLocale(QLocale.Language.Italian if wanted == "it" else QLocale.Language.English))
    folder = messages.resources() / "translations"
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for name, place in ((f"qtbase_{wanted}", qt_folder), (f"archisync_{wanted}", str(folder))):
        translator = QTranslator()
        if translator.load(name, place):
            app.installTranslator(translator)
            _translators.append(translator)
    return wanted


def number(value: int) -> str:
    """``1604`` → ``1.604`` in Italian, ``1,604`` in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language() == "it" else text


def decimal(value: float, digits: int = 1) -> str:
    """``2.1`` → ``2,1`` in Italian."""
    text = f"{value:,.{digits}f}"
    return text.translate({44: 46, 46: 44}) if language() == "it" else text


def clock(moment: datetime, seconds: bool = False) -> str:
    """Local time of day, ``14:05``."""
    return zone.local(moment).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(moment: datetime | date) -> str:
    """``3 dic 2026``."""
    local = zone.local(moment).date() if isinstance(moment, datetime) else moment
    locale = QLocale()
    return f"{local.day} {locale.monthName(local.month, QLocale.FormatType.ShortFormat)} {local.year}"


def day_short(moment: datetime | date) -> str:
    """``3 dic``, for axes and for times within a year."""
    local = zone.local(moment).date() if isinstance(moment, datetime) else moment
    return f"{local.day} {QLocale().monthName(local.month, QLocale.FormatType.ShortFormat)}"


def moment(value: datetime, now: datetime | None = None) -> str:
    """Time of day; with the date unless it is that of ``now``."""
    local = zone.local(value)
    if now is not None and local.date() == zone.local(now).date():
        return clock(value)
    return f"{day(value)} {clock(value)}"


def absolute(value: datetime) -> str:
    """Date and time to the second, for tooltips."""
    return f"{day(value)} {clock(value, seconds=True)}"


def span(seconds: float) -> str:
    """A short duration in minutes and seconds: ``0:15``, ``12:04``, ``1:02:03``."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def ago(seconds: float) -> str:
    """How long ago, in whole minutes: ``adesso``, ``12 min fa``, ``1 h 12 min fa``, ``3 giorni fa``."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return tr("now", "freshness: less than a minute")
    hours, rest = divmod(minutes, 60)
    if hours < 1:
        return tr("{minutes} min ago", minutes=minutes)
    if hours < 24:
        return (
            tr("{hours} h {minutes} min ago", hours=hours, minutes=rest) if rest else tr("{hours} h ago", hours=hours)
        )
    return tr("%n day(s) ago", "", hours // 24)


def date_format() -> str:
    """Qt's format for a date field: ``10/03/2026``, in English ``10 Mar 2026`` (unambiguous)."""
    return "dd/MM/yyyy" if language() == "it" else "d MMM yyyy"


def took(seconds: float) -> str:
    """A measured duration, to the second up to an hour: ``3,1 s``, ``42 s``, ``1 min 36 s``, ``1 h 05 min``."""
    if seconds < 10:
        return tr("{seconds} s", seconds=decimal(max(0.0, seconds)))
    minutes, rest = divmod(round(seconds), 60)
    if not minutes or minutes >= 60 or not rest:
        return lasting(seconds)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def lasting(seconds: float) -> str:
    """A rounded duration: ``40 s``, ``14 min``, ``1 h 05 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return tr("{seconds} s", seconds=whole)
    minutes, hours = whole // 60, whole // 3600
    if hours < 1:
        return tr("{minutes} min", minutes=minutes)
    return tr("{hours} h {minutes} min", hours=hours, minutes=f"{minutes % 60:02d}")


def plain(text: str) -> str:
    """``text`` for tooltips and input dialogs, which show it unchanged. Qt would take text that looks like markup for
    rich text, and load its pictures."""
    if not Qt.mightBeRichText(text):
        return text
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"
