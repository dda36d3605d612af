"""The folder of a profile, by its name or path. Used before the first paint, so this module imports hardly anything."""

from __future__ import annotations

import os
from pathlib import Path

BIRTH = "profile.json"
"""File in the folder with the profile's id and kind, written when it is created."""

LOCK = "profile.lock"
"""File that the process that holds the profile has locked."""


def profiles_folder() -> Path:
    """The folder of the named profiles: in platformdirs' data folder of this user."""
    import platformdirs

    return platformdirs.user_data_path("archisync", appauthor=False) / "profiles"


def is_folder(name_or_folder: str) -> bool:
    """Whether a text names a folder: it has a path separator. Any other text is a name."""
    return os.sep in name_or_folder or bool(os.altsep and os.altsep in name_or_folder)


def folder_of(name_or_folder: str | None, *, demo: bool) -> Path:
    """The folder of a profile, whether it exists or not; ``None``: of the default one. Raises ``ValueError`` for a path
    below the home folder of a user that the system does not know."""
    chosen = name_or_folder if name_or_folder is not None else ("demo" if demo else "default")
    if not is_folder(chosen):
        return profiles_folder() / chosen
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(str(error).rstrip(".")) from error
