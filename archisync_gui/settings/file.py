"""The settings of a profile: reading them from the file, checking, changing and saving them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from archisync_gui.disk import keep_copy, read_text, replace_file
from archisync_gui.settings.catalogue import BY_KEY
from archisync_gui.settings.declared import SettingsError, SettingValue

log = logging.getLogger(__name__)

VERSION = 1
"""Version of the file's format. From a file of another version the known settings are used, and a copy is kept."""


class Settings(Mapping[str, SettingValue]):
    """All settings with their values: an immutable mapping from key to value."""

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        named = dict(values or {})
        unknown = sorted(set(named) - set(BY_KEY))
        if unknown:
            raise SettingsError(unknown[0], "setting-unknown")
        self._values: Mapping[str, SettingValue] = MappingProxyType(
            {key: s.check(named[key]) if key in named else s.default for key, s in BY_KEY.items()}
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
        """A copy with changed values. Raises :class:`SettingsError` for the first invalid one."""
        return Settings({**self._values, **changes})

    def save(self, path: Path) -> None:
        """Replace the file atomically; only values that differ from the defaults are written. Blocking.

        The previous content is kept in :func:`spare_file`, if it could be parsed. Raises ``OSError``.
        """
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in self.items() if v != BY_KEY[k].default}
        text = json.dumps({"version": VERSION, "settings": values}, indent=2, ensure_ascii=False) + "\n"
        try:
            before = read_text(path)
            _values_of(before)
        except (OSError, ValueError):
            pass  # there is no previous content that could be used
        else:
            if before != text:
                replace_file(spare_file(path), before)
        replace_file(path, text)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings from a file, and its errors."""

    settings: Settings
    troubles: tuple[SettingsError, ...] = ()
    """One for each value that could not be used, or about the whole file. Each has a text."""
    copy_needed: bool = field(default=False)
    """The file has content that the next :meth:`Settings.save` would lose."""


def schedule_warnings(settings: Settings) -> tuple[SettingsError, ...]:
    """Warnings about settings that are valid each, but hardly useful together. They are shown beside the setting of
    their ``key`` and never raised. Not to be used for the demo, which has no office hours."""
    if not settings.flag("sync.office_hours"):
        return ()
    if not settings.text("sync.office_days"):
        return (SettingsError("sync.office_days", "setting-never-open"),)
    opens, closes, daily = (settings.text(f"sync.{name}") for name in ("office_from", "office_to", "daily_time"))
    # Texts like "07:00" sort like times. A closing time at or before the opening time is on the next day.
    inside = opens <= daily < closes if opens < closes else daily >= opens or daily < closes
    if settings.flag("sync.daily") and not inside:
        params = {"time": daily, "opens": opens, "closes": closes}
        return (SettingsError("sync.daily_time", "setting-daily-closed", **params),)
    return ()


def spare_file(path: Path) -> Path:
    """The file with the content of the settings' file before its last change."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def load_settings(path: Path) -> LoadedSettings:
    """Read the file; the defaults if there is none. Changes nothing. Blocking.

    An invalid value is replaced by its default, a damaged file by :func:`spare_file` or else by the defaults;
    ``troubles`` has the reasons. Raises :class:`SettingsError` ``settings-unreadable`` if the system refuses reading
    the file: it may be in order and must not be replaced.
    """
    try:
        text = read_text(path)
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
    unknown = [key for key in values if key not in BY_KEY]
    if version > VERSION:
        troubles.append(SettingsError(path.name, "settings-newer", path=str(path)))
    for key in values.keys() & BY_KEY.keys():
        try:
            usable[key] = BY_KEY[key].check(values[key])
        except SettingsError as error:
            log.warning("settings: %s", error)
            troubles.append(SettingsError(key, "setting-ignored", name=key, path=str(path)))
    return LoadedSettings(Settings(usable), tuple(troubles), bool(troubles or unknown) or version != VERSION)


def _from_spare(path: Path) -> LoadedSettings:
    """The settings before the last change, in place of a damaged file."""
    spare = spare_file(path)
    if spare.exists():
        found = load_settings(spare)
        if not any(trouble.key in (path.name, spare.name) for trouble in found.troubles):
            trouble = SettingsError(path.name, "settings-previous", path=str(path))
            return LoadedSettings(found.settings, (trouble, *found.troubles), copy_needed=True)
    trouble = SettingsError(path.name, "settings-damaged", path=str(path))
    return LoadedSettings(Settings(), (trouble,), copy_needed=True)


def _values_of(text: str) -> tuple[int, dict[str, object]]:
    """Version and values in the text of a settings' file. Raises ``ValueError`` if it is not one."""
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
    """:func:`load_settings` for the process that holds the profile: copies the file first if the next save would lose
    something. Blocking."""
    loaded = load_settings(path)
    if loaded.copy_needed:
        log.warning("settings: %s was copied to %s", path.name, keep_copy(path))
    return loaded
