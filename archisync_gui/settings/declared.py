"""The declaration of a setting: key, type, limits, default, captions, and the check of a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from archisync_gui.entities import Entity

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]
SettingType: TypeAlias = Literal["bool", "int", "text", "choice", "time", "list", "url", "days", "zone"]


class SettingsError(ValueError):
    """A setting or the settings' file is invalid. ``key`` names it, ``code`` its text in
    ``resources/messages/app.toml``."""

    def __init__(self, key: str, code: str, **params: object) -> None:
        super().__init__(f"{key}: {code} {params}")
        self.key = key
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting."""

    key: str
    type: SettingType
    default: SettingValue
    group: str
    """Its page of the dialog: ``erp``, ``sync``, ``session``, ``endpoint``, ``notify``, ``look``, ``data``, ``about``;
    ``hidden``: on none."""
    it: str
    en: str
    help_it: str = ""
    help_en: str = ""
    low: int = 0
    high: int = 0
    """Range of an ``int``, inclusive; ``low = high = 0``: no limits."""
    off: bool = False
    """An ``int`` may also be 0, which means off."""
    choices: tuple[str, ...] = ()
    unit: str = ""
    """Unit of an ``int``: ``min``, ``s``, ``days``."""

    def check(self, value: object) -> SettingValue:
        """``value`` in its stored form. Raises :class:`SettingsError` if it is not valid."""
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
    """The key of the setting for the interval of a sync type, in minutes (0: only on request)."""
    return f"sync.{sync_type}.interval"


def interval_setting(entity: Entity) -> Setting:
    """The declaration of the setting for a list's interval."""
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
