"""What the operator can set: declared once as data, from which the file, the validation and the dialog come.

Each list's interval starts as its entity declares it. Loading and saving live here too; what a setting does is known
only by the part that reads it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from archisync_gui.disk import keep_copy, replace_file
from archisync_gui.entities import ENTITIES, Entity

log = logging.getLogger(__name__)

VERSION = 1
"""Version of the file's layout. Of a file of another version what this program knows is used, and a copy is kept."""

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]
SettingType: TypeAlias = Literal["bool", "int", "text", "choice", "time", "list", "url", "days", "zone"]


class SettingsError(ValueError):
    """A setting is not as declared. ``key`` names it, ``code`` its text in ``resources/messages/app.toml``."""

    def __init__(self, key: str, code: str, **params: object) -> None:
        super().__init__(f"{key}: {code} {params}")
        self.key = key
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set."""

    key: str
    type: SettingType
    default: SettingValue
    group: str
    """Which page of the dialog: ``erp``, ``sync``, ``session``, ``endpoint``, ``notify``, ``look``, ``data``,
    ``about``."""
    it: str
    en: str
    help_it: str = ""
    help_en: str = ""
    low: int = 0
    high: int = 0
    """Range of an ``int`` (inclusive). ``low = high = 0``: none."""
    off: bool = False
    """An ``int`` that may also be 0 = off."""
    choices: tuple[str, ...] = ()
    unit: str = ""
    """Unit of an ``int``: ``min``, ``s``, ``days``."""

    def check(self, value: object) -> SettingValue:
        """``value`` as this setting keeps it, or :class:`SettingsError`."""
        match self.type, value:
            case "bool", bool():
                return value
            case "int", int() if not isinstance(value, bool):
                return self._in_range(value)
            case "list", list() | tuple() if all(isinstance(item, str) for item in value):
                return tuple(dict.fromkeys(self._one_line(item) for item in value if item.strip()))
            case (("text" | "zone" | "choice" | "time" | "url" | "days"), str()):
                return self._text(value)
        raise SettingsError(self.key, "setting-type", type=self.type)

    def _in_range(self, value: int) -> int:
        if (self.off and value == 0) or (self.low, self.high) == (0, 0) or self.low <= value <= self.high:
            return value
        raise SettingsError(self.key, "setting-range", low=self.low, high=self.high)

    def _text(self, value: str) -> str:
        match self.type:
            case "zone":
                return self._zone(value.strip())
            case "choice" if value not in self.choices:
                raise SettingsError(self.key, "setting-choice", choices=", ".join(self.choices))
            case "time" if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
                raise SettingsError(self.key, "setting-time")
            case "days" if not re.fullmatch(r"[1-7]*", value) or list(value) != sorted(set(value)):
                raise SettingsError(self.key, "setting-days")
            case "url":
                return _checked_url(self.key, value.strip())
            case "text":
                return self._one_line(value)
        return value

    def _one_line(self, value: str) -> str:
        text = value.strip()
        if not text.isprintable():
            raise SettingsError(self.key, "setting-unprintable")
        return text

    def _zone(self, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:  # unknown, not a name, a folder of the system's zones
            raise SettingsError(self.key, "setting-zone") from error
        return value


def _checked_url(key: str, value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port != 0
    except ValueError as error:
        raise SettingsError(key, "setting-url") from error
    if not value.isprintable() or " " in value or not port_is_valid:
        raise SettingsError(key, "setting-url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(key, "setting-url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(key, "setting-url-extra")
    return value.rstrip("/")


def interval_key(sync_type: str) -> str:
    """The key of the setting that holds the interval of a sync type, in minutes (0: only on request)."""
    return f"sync.{sync_type}.interval"


def _interval(entity: Entity) -> Setting:
    return Setting(
        interval_key(entity.name),
        "int",
        entity.spec.interval or 0,
        "sync",
        f"{entity.it}: ogni",
        f"{entity.en}: every",
        "Minuti tra due aggiornamenti programmati; 0 = solo a richiesta.",
        "Minutes between scheduled reads; 0 = only on request.",
        low=5,
        high=1440,
        off=True,
        unit="min",
    )


DECLARATIONS: tuple[Setting, ...] = (
    Setting(
        "erp.url",
        "url",
        "",
        "erp",
        "Indirizzo dell'ERP",
        "Address of the ERP",
        "Fino ad /Archibald compreso, per esempio https://erp.example.test/Archibald",
        "Up to and including /Archibald, for example https://erp.example.test/Archibald",
    ),
    Setting(
        "erp.accounts",
        "list",
        (),
        "erp",
        "Utenti dell'ERP",
        "ERP accounts",
        "Un nome utente per ogni agente; le password stanno nel portachiavi del sistema.",
        "One user name per agent; passwords are kept in the system's keyring.",
    ),
    Setting(
        "erp.catalogue_account",
        "text",
        "",
        "erp",
        "Utente per prodotti e prezzi",
        "Account for products and prices",
        "Vuoto: il primo utente.",
        "Empty: the first account.",
    ),
    Setting(
        "erp.browser",
        "text",
        "",
        "erp",
        "Browser",
        "Browser",
        "Percorso del programma; vuoto: Chrome, Edge o Chromium del sistema.",
        "Path of the program; empty: the system's Chrome, Edge or Chromium.",
    ),
    Setting(
        "erp.pinned_key",
        "text",
        "",
        "erp",
        "Certificato accettato",
        "Accepted certificate",
        "Impronta della chiave accettata al primo contatto.",
        "Fingerprint of the key accepted at first contact.",
    ),
    Setting(
        "erp.login_budget",
        "int",
        15,
        "erp",
        "Accessi al giorno e utente",
        "Logins per day and account",
        "Oltre questo numero gli aggiornamenti programmati aspettano domani; le richieste a mano passano sempre.",
        "Beyond this number scheduled reads wait for tomorrow; your own requests always pass.",
        low=1,
        high=100,
    ),
    *(_interval(entity) for entity in ENTITIES),
    Setting("sync.daily", "bool", True, "sync", "Aggiornamento completo ogni giorno", "Full read every day"),
    Setting("sync.daily_time", "time", "12:00", "sync", "Ora dell'aggiornamento completo", "Time of the full read"),
    Setting(
        "sync.office_hours",
        "bool",
        True,
        "sync",
        "Solo in orario d'ufficio",
        "Only in office hours",
        "Fuori orario gli aggiornamenti programmati aspettano; le richieste a mano passano sempre.",
        "Outside them scheduled reads wait; your own requests always pass.",
    ),
    Setting("sync.office_from", "time", "07:00", "sync", "Dalle", "From"),
    Setting("sync.office_to", "time", "20:00", "sync", "Alle", "To"),
    Setting("sync.office_days", "days", "123456", "sync", "Giorni", "Days"),
    Setting(
        "sync.timezone",
        "zone",
        "Europe/Rome",
        "sync",
        "Fuso orario",
        "Time zone",
    ),
    Setting(
        "session.quiet",
        "int",
        15,
        "session",
        "Silenzio durante il modulo ordini",
        "Quiet while an order form is open",
        "Dopo questo tempo gli elenchi in ritardo si aggiornano uno alla volta.",
        "After this time late reads pass one at a time.",
        low=1,
        high=120,
        unit="min",
    ),
    Setting(
        "session.lease",
        "int",
        10,
        "session",
        "Scheda considerata abbandonata dopo",
        "A tab counts as left after",
        low=2,
        high=120,
        unit="min",
    ),
    Setting(
        "session.shared_read",
        "int",
        30,
        "session",
        "Riusa l'ultimo aggiornamento rapido per",
        "Reuse the last quick update for",
        low=0,
        high=300,
        unit="s",
    ),
    Setting(
        "endpoint.port",
        "int",
        0,
        "endpoint",
        "Porta locale",
        "Local port",
        "0 = 47800 (demo: 47801).",
        "0 = 47800 (demo: 47801).",
        low=1024,
        high=65535,
        off=True,
    ),
    Setting("notify.failure", "bool", True, "notify", "Aggiornamenti non riusciti", "Failed updates"),
    Setting("notify.credentials", "bool", True, "notify", "Password rifiutata dall'ERP", "Password refused by the ERP"),
    Setting("notify.recovery", "bool", True, "notify", "Problema risolto", "Trouble resolved"),
    Setting("notify.session_timeout", "bool", True, "notify", "Modulo ordini scaduto", "Order form timed out"),
    Setting("notify.long_hold", "bool", True, "notify", "Pausa lunga", "Long pause"),
    Setting(
        "notify.watches", "bool", True, "notify", "Clienti e ordini tenuti d'occhio", "Watched customers and orders"
    ),
    Setting("notify.quiet_from", "time", "20:00", "notify", "Silenzio dalle", "Quiet from"),
    Setting("notify.quiet_to", "time", "07:00", "notify", "Silenzio fino alle", "Quiet until"),
    Setting(
        "look.language",
        "choice",
        "system",
        "look",
        "Lingua",
        "Language",
        choices=("system", "it", "en"),
    ),
    Setting("look.theme", "choice", "system", "look", "Aspetto", "Appearance", choices=("system", "light", "dark")),
    Setting("look.autostart", "bool", False, "look", "Avvia insieme al computer", "Start with the computer"),
    Setting(
        "look.close_to_tray",
        "bool",
        True,
        "look",
        "Chiudendo la finestra Archisync resta aperto",
        "Closing the window leaves Archisync running",
        "Resta accanto all'orologio, o ridotto a icona. Altrimenti chiudere la finestra è uscire.",
        "In the tray, or minimised. Otherwise closing the window quits.",
    ),
    Setting(
        "summary.morning",
        "choice",
        "off",
        "data",
        "Riepilogo ogni mattina",
        "Summary every morning",
        "Il riepilogo del giorno prima, in PDF in una cartella o sulla stampante predefinita.",
        "The summary of the day before, as PDF in a folder or on the usual printer.",
        choices=("off", "folder", "print"),
    ),
    Setting("summary.time", "time", "08:00", "data", "Ora del riepilogo", "Time of the summary"),
    Setting("summary.folder", "text", "", "data", "Cartella del riepilogo", "Folder of the summary"),
    Setting(
        "updates.ask",
        "bool",
        False,
        "about",
        "Chiedi una volta al giorno se c'è una versione nuova",
        "Ask once a day whether there is a newer version",
        "Viene letto un elenco firmato a un indirizzo fisso; non viene inviato nulla di questo computer e non viene "
        "installato nulla.",
        "A signed list is read from a fixed address; nothing about this computer is sent and nothing is installed.",
    ),
    Setting("look.tray_told", "bool", False, "hidden", "", ""),
    Setting("look.first_run_done", "bool", False, "hidden", "", ""),
)

_BY_KEY: Mapping[str, Setting] = MappingProxyType({s.key: s for s in DECLARATIONS})


class Settings(Mapping[str, SettingValue]):
    """All settings with their values: an immutable mapping from key to value."""

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        given = dict(values or {})
        unknown = sorted(set(given) - set(_BY_KEY))
        if unknown:
            raise SettingsError(unknown[0], "setting-unknown")
        self._values: Mapping[str, SettingValue] = MappingProxyType(
            {key: s.check(given[key]) if key in given else s.default for key, s in _BY_KEY.items()}
        )

    def __getitem__(self, key: str) -> SettingValue:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, key: str) -> str:
        """A textual setting (``text``, ``url``, ``choice``, ``time``, ``days``, ``zone``)."""
        value = self._values[key]
        assert isinstance(value, str), key
        return value

    def number(self, key: str) -> int:
        """An ``int`` setting."""
        value = self._values[key]
        assert isinstance(value, int), key
        return value

    def flag(self, key: str) -> bool:
        """A ``bool`` setting."""
        value = self._values[key]
        assert isinstance(value, bool), key
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A ``list`` setting."""
        value = self._values[key]
        assert isinstance(value, tuple), key
        return value

    def with_(self, changes: Mapping[str, object]) -> Settings:
        """A copy with some values changed, all checked; :class:`SettingsError` names the first wrong one."""
        return Settings({**self._values, **changes})

    def save(self, path: Path) -> None:
        """Replace the file, completely or not at all; only what differs from the defaults is written. Blocking.

        What the file held before stays in :func:`spare_file`, if it could be read. Raises ``OSError``.
        """
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in self.items() if v != _BY_KEY[k].default}
        text = json.dumps({"version": VERSION, "settings": values}, indent=2, ensure_ascii=False) + "\n"
        try:
            before = path.read_text(encoding="utf-8-sig")
            _values_of(before)
        except (OSError, ValueError):
            pass  # nothing that could be of use later
        else:
            if before != text:
                replace_file(spare_file(path), before)
        replace_file(path, text)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings as they were found, and what was wrong with them."""

    settings: Settings
    troubles: tuple[SettingsError, ...] = ()
    """One for each value that could not be used, or one for the whole file. Each has a text."""
    copy_needed: bool = field(default=False)
    """The file holds something that the next :meth:`Settings.save` would lose."""


def schedule_warnings(settings: Settings) -> tuple[SettingsError, ...]:
    """Settings that are each valid, but do together what hardly anybody wants. They are shown beside the setting of
    their ``key``; none of them is raised. For the demo, which has no office hours, nothing is to be shown."""
    if not settings.flag("sync.office_hours"):
        return ()
    if not settings.text("sync.office_days"):
        return (SettingsError("sync.office_days", "setting-never-open"),)
    opens, closes, daily = (settings.text(f"sync.{name}") for name in ("office_from", "office_to", "daily_time"))
    # Texts like "07:00" sort as times do. Closing at or before the opening means on the next day.
    inside = opens <= daily < closes if opens < closes else daily >= opens or daily < closes
    if settings.flag("sync.daily") and not inside:
        params = {"time": daily, "opens": opens, "closes": closes}
        return (SettingsError("sync.daily_time", "setting-daily-closed", **params),)
    return ()


def spare_file(path: Path) -> Path:
    """Where the content of the settings file before its last change is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def load_settings(path: Path) -> LoadedSettings:
    """Read the file; without one the defaults. Changes nothing. Blocking.

    A value that cannot be used is replaced by its default, a file that cannot be read by the one before its last
    change, or else by the defaults; ``troubles`` says which. Raises :class:`SettingsError` ``settings-unreadable``
    where the system does not let us read the file: it may be in order, and must not be replaced.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor may have put a byte order mark before it
    except FileNotFoundError:
        return LoadedSettings(Settings())
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(path.name, "settings-unreadable", path=str(path), reason=reason) from error
    except UnicodeDecodeError:
        return _from_spare(path)
    try:
        version, values = _values_of(text)
    except ValueError:
        return _from_spare(path)
    usable: dict[str, SettingValue] = {}
    troubles: list[SettingsError] = []
    unknown = [key for key in values if key not in _BY_KEY]
    if version > VERSION:
        troubles.append(SettingsError(path.name, "settings-newer", path=str(path)))
    for key in values.keys() & _BY_KEY.keys():
        try:
            usable[key] = _BY_KEY[key].check(values[key])
        except SettingsError as error:
            log.warning("settings: %s", error)
            troubles.append(SettingsError(key, "setting-ignored", name=key, path=str(path)))
    return LoadedSettings(Settings(usable), tuple(troubles), bool(troubles or unknown) or version != VERSION)


def _from_spare(path: Path) -> LoadedSettings:
    """The settings before the last change, for a file that cannot be read."""
    spare = spare_file(path)
    if spare.exists():
        found = load_settings(spare)
        if not any(trouble.key in (path.name, spare.name) for trouble in found.troubles):
            trouble = SettingsError(path.name, "settings-previous", path=str(path))
            return LoadedSettings(found.settings, (trouble, *found.troubles), copy_needed=True)
    trouble = SettingsError(path.name, "settings-damaged", path=str(path))
    return LoadedSettings(Settings(), (trouble,), copy_needed=True)


def _values_of(text: str) -> tuple[int, dict[str, object]]:
    """Version and values of a settings file; ``ValueError`` when it is none."""
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    version, values = document.get("version"), document.get("settings")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(values, dict):
        raise ValueError("not a settings file")
    return version, values


def open_settings(path: Path) -> LoadedSettings:
    """:func:`load_settings` for the holder of the profile: what the next save would lose is copied first. Blocking."""
    loaded = load_settings(path)
    if loaded.copy_needed:
        log.warning("settings: %s was copied to %s", path.name, keep_copy(path))
    return loaded


def setting(key: str) -> Setting:
    """The declaration of one setting; ``KeyError`` if there is none."""
    return _BY_KEY[key]
