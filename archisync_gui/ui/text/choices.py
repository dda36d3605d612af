"""Words for choices that settings and first run share."""

from __future__ import annotations

from archisync_gui.ui.text.i18n import tr


def choice_word(choice: str) -> str:
    """A choice for people."""
    return {
        "system": tr("As the system"),
        "it": "Italiano",
        "en": "English",
        "light": tr("Light"),
        "dark": tr("Dark"),
        "off": tr("no", "choice"),
        "folder": tr("write it to a folder"),
        "print": tr("print it"),
    }.get(choice, choice)


def place_word(place: str) -> str:
    """Where a password is kept (``keyring``, ``file``, ``memory``, ``""``), for people."""
    match place:
        case "keyring":
            return tr("password stored in the system's keyring")
        case "file":
            return tr("password stored in a file, not in a keyring")
        case "memory":
            return no_keyring()
        case _:
            return tr("no password yet")


def no_keyring() -> str:
    """What it means that passwords cannot be kept as they should be."""
    return tr("This computer has no keyring: the password is forgotten when Archisync is closed.")
