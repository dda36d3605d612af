"""The settings: declared once as data, which file, validation and dialog are based on; loading and saving.

The default interval of each list comes from its entity. What a setting does is implemented by the part that reads it.
"""

from archisync_gui.settings.catalogue import DECLARATIONS, setting
from archisync_gui.settings.declared import Setting, SettingsError, SettingType, SettingValue, interval_key
from archisync_gui.settings.file import (
    VERSION,
    LoadedSettings,
    Settings,
    load_settings,
    open_settings,
    schedule_warnings,
    spare_file,
)

__all__ = [
    "DECLARATIONS",
    "VERSION",
    "LoadedSettings",
    "Setting",
    "SettingType",
    "SettingValue",
    "Settings",
    "SettingsError",
    "interval_key",
    "load_settings",
    "open_settings",
    "schedule_warnings",
    "setting",
    "spare_file",
]
