"""What the operator can set: declared once as data, from which the file, the validation and the dialog come.

Loading and saving live here too; what a setting does is known only by the part that reads it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

VERSION = 1
"""Version of the file's layout. A file of a newer version is refused, an older one is backed up before migration."""

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]
SettingType: TypeAlias = Literal["bool", "int", "text", "choice", "time", "list", "url", "days"]


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
    """Which page of the dialog: ``erp``, ``sync``, ``session``, ``endpoint``, ``notify``, ``look``, ``data``."""
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
        match self.type:
            case "bool" if isinstance(value, bool):
                return value
            case "int" if isinstance(value, int) and not isinstance(value, bool):
                if (self.off and value == 0) or (self.low, self.high) == (0, 0) or self.low <= value <= self.high:
                    return value
                raise SettingsError(self.key, "setting-range", low=self.low, high=self.high)
            case "text" if isinstance(value, str):
                return value.strip()
            case "choice" if isinstance(value, str):
                if value in self.choices:
                    return value
                raise SettingsError(self.key, "setting-choice", choices=", ".join(self.choices))
            case "time" if isinstance(value, str):
                if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
                    return value
                raise SettingsError(self.key, "setting-time")
            case "url" if isinstance(value, str):
                return _checked_url(self.key, value.strip())
            case "list" if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
                return tuple(dict.fromkeys(v.strip() for v in value if v.strip()))
            case "days" if isinstance(value, str):
                if re.fullmatch(r"[1-7]*", value) and list(value) == sorted(set(value)):
                    return value
                raise SettingsError(self.key, "setting-days")
        raise SettingsError(self.key, "setting-type", type=self.type)


def _checked_url(key: str, value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(key, "setting-url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(key, "setting-url-extra")
    return value.rstrip("/")


def _interval(name: str, default: int, it: str, en: str) -> Setting:
    return Setting(
        f"sync.{name}.interval",
        "int",
        default,
        "sync",
        f"{it}: ogni",
        f"{en}: every",
        "Minuti tra due letture programmate; 0 = solo a richiesta.",
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
        "Oltre questo numero le letture programmate aspettano domani; le richieste a mano passano sempre.",
        "Beyond this number scheduled reads wait for tomorrow; your own requests always pass.",
        low=1,
        high=100,
    ),
    _interval("orders", 10, "Ordini", "Orders"),
    _interval("customers", 30, "Clienti", "Customers"),
    _interval("prices", 30, "Prezzi", "Prices"),
    _interval("invoices", 30, "Fatture", "Invoices"),
    _interval("ddt", 45, "DDT", "Delivery notes"),
    _interval("products", 90, "Prodotti", "Products"),
    Setting("sync.daily", "bool", True, "sync", "Lettura completa ogni giorno", "Full read every day"),
    Setting("sync.daily_time", "time", "12:00", "sync", "Ora della lettura completa", "Time of the full read"),
    Setting(
        "sync.office_hours",
        "bool",
        True,
        "sync",
        "Solo in orario d'ufficio",
        "Only in office hours",
        "Fuori orario le letture programmate aspettano; le richieste a mano passano sempre.",
        "Outside them scheduled reads wait; your own requests always pass.",
    ),
    Setting("sync.office_from", "time", "07:00", "sync", "Dalle", "From"),
    Setting("sync.office_to", "time", "20:00", "sync", "Alle", "To"),
    Setting("sync.office_days", "days", "123456", "sync", "Giorni", "Days"),
    Setting(
        "sync.timezone",
        "text",
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
        "Dopo questo tempo le letture in ritardo passano una alla volta.",
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
        "Una lettura veloce vale per chi apre entro",
        "One fast read serves forms opened within",
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
    Setting("notify.failure", "bool", True, "notify", "Letture non riuscite", "Failed reads"),
    Setting("notify.credentials", "bool", True, "notify", "Password rifiutata dall'ERP", "Password refused by the ERP"),
    Setting("notify.recovery", "bool", True, "notify", "Problema risolto", "Trouble resolved"),
    Setting("notify.session_timeout", "bool", True, "notify", "Modulo ordini scaduto", "Order form timed out"),
    Setting("notify.long_hold", "bool", True, "notify", "Sospensione lunga", "Long hold"),
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
    Setting("look.autostart", "bool", False, "look", "Avvia all'accesso", "Start at login"),
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
        """A textual setting (``text``, ``url``, ``choice``, ``time``, ``days``)."""
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
        """Write the file whole or not at all (temporary file, then rename). Only what differs from the defaults."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in self.items() if v != _BY_KEY[k].default}
        temporary = path.with_suffix(".tmp")
        document = json.dumps({"version": VERSION, "settings": values}, indent=2, ensure_ascii=False) + "\n"
        with temporary.open("w", encoding="utf-8") as file:  # Windows flushes only what is open for writing
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read the file; without one the defaults. :class:`SettingsError` says which key is wrong.

        Keys that this version no longer knows are dropped after the file was backed up beside itself.
        """
        if not path.exists():
            return cls()
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            version, values = document["version"], dict(document["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(path.name, "settings-damaged", path=str(path)) from error
        if not isinstance(version, int) or version > VERSION:
            raise SettingsError(path.name, "settings-newer", path=str(path))
        unknown = set(values) - set(_BY_KEY)
        if unknown or version < VERSION:
            shutil.copy2(path, path.with_suffix(f".v{version}.bak"))
        return cls({k: v for k, v in values.items() if k not in unknown})


def setting(key: str) -> Setting:
    """The declaration of one setting; ``KeyError`` if there is none."""
    return _BY_KEY[key]
