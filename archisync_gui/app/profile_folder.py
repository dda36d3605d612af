"""Where a profile lies, by name or folder. Asked before the first picture, so it imports next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

BIRTH = "profile.json"
"""File in the folder that says what the profile was born as."""

LOCK = "profile.lock"
"""File whose lock the holder of the profile has."""


def profiles_folder() -> Path:
    """Where named profiles live: platformdirs' data folder of this user."""
    import platformdirs

    return platformdirs.user_data_path("archisync", appauthor=False) / "profiles"


def is_folder(given: str) -> bool:
    """A text with a path separator is a folder, anything else a name."""
    return os.sep in given or bool(os.altsep and os.altsep in given)


def folder_of(name_or_folder: str | None, *, demo: bool) -> Path:
    """The folder of a profile, whether it is there or not; without a name that of the usual one."""
    given = name_or_folder if name_or_folder is not None else ("demo" if demo else "default")
    return Path(given).expanduser().absolute() if is_folder(given) else profiles_folder() / given
