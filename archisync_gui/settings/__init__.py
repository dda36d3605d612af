"""What the operator can set: declared once as data, from which the file, the validation and the dialog come.

Each list's interval starts as its entity declares it. Loading and saving live here too; what a setting does is known
only by the part that reads it.
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
