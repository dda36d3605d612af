"""Words for choices, used by the settings and the first run."""

from __future__ import annotations

from archisync_gui.ui.text.i18n import tr


def choice_word(choice: str) -> str:
    """The text of a choice."""
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
    """A text for where a password is stored (``keyring``, ``file``, ``memory``, ``""``)."""
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
    """What a missing or silent keyring means for passwords."""
    return tr("There is no keyring, or it does not answer: the password is forgotten when Archisync is closed.")
