"""The jump list of Windows' taskbar: the tasks in the context menu of Archisync's button. Not used on other systems.

A task starts the program again with ``--open``; the second process passes that on to the running panel. Windows keeps
one list for each program, so with several profiles it is that of the last one opened. COM's functions are called by
their indices in the tables of functions: the library with their names (pywin32) would be shipped for this file alone.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import language, tr

log = logging.getLogger(__name__)

LIST = ("77f10cf0-3db5-4966-b520-b7c54fd35ed6", "6332debf-87b5-4670-90c0-5e57b408a49e")
"""``CLSID_DestinationList`` and ``IID_ICustomDestinationList``."""
COLLECTION = ("2d3468c1-36a7-43b6-ac24-d3f02fd9607a", "5632b1a4-e38a-400a-928a-d4cd63230295")
"""``CLSID_EnumerableObjectCollection`` and ``IID_IObjectCollection``."""
LINK = ("00021401-0000-0000-c000-000000000046", "000214f9-0000-0000-c000-000000000046")
"""``CLSID_ShellLink`` and ``IID_IShellLinkW``."""
PROPERTIES = "886d8eeb-8cf2-4446-8d02-cdba1dbdcf99"
"""``IID_IPropertyStore``."""
ARRAY = "92ca9dcd-5622-4bba-a805-5e9f541bd8c9"
"""``IID_IObjectArray``."""
TITLE = ("f29f85e0-4ff9-1068-ab91-08002b27b3d9", 2)
"""``PKEY_Title``: format and number."""

# Indices in the interfaces' tables of functions, from the headers of the Windows SDK.
QUERY_INTERFACE, RELEASE = 0, 2
BEGIN_LIST, ADD_USER_TASKS, COMMIT_LIST = 4, 7, 8
ADD_OBJECT = 5
SET_ARGUMENTS, SET_ICON_LOCATION, SET_PATH = 11, 17, 20
SET_VALUE, COMMIT = 6, 7

APARTMENT_THREADED = 2
IN_PROCESS = 1
WIDE_STRING = 31  # VT_LPWSTR


@dataclass(frozen=True)
class Task:
    """One line of the jump list."""

    title: str
    program: str
    arguments: str
    """One command line, quoted for Windows."""


def tasks(command: Sequence[str]) -> tuple[Task, ...]:
    """The tasks, in the panel's language. ``command``: the command that starts the panel of this profile."""
    program, *start_arguments = command
    titles = {
        "order-form": tr("Open order &form").replace("&", ""),
        "summary": tr("Summary", "page"),
        "data": tr("Data", "page"),
        "timeline": tr("Timeline"),
        "settings": tr("Settings", "page"),
    }
    return tuple(
        Task(title, program, subprocess.list2cmdline([*start_arguments, "--open", place]))
        for place, title in titles.items()
    )


class JumpList(QObject):
    """Writes the list again when the language changes. It is a child of ``context``."""

    def __init__(self, command: Sequence[str], context: Context) -> None:
        super().__init__(context)
        self._command = command
        self._context = context
        self._written = ""
        self._writing = asyncio.Lock()
        context.settings_changed.connect(self._write)
        self._write()

    def _write(self) -> None:
        if language() != self._written:
            self._written = language()
            self._context.background.run(self._write_tasks(tasks(self._command)), "jump-list")

    async def _write_tasks(self, wanted: Sequence[Task]) -> None:
        try:
            async with self._writing:  # one after the other, in the order of the changes
                await asyncio.to_thread(write, wanted)
        except OSError as error:
            log.info("the taskbar has no jump list: %s", error)


def write(wanted: Sequence[Task]) -> None:
    """Replace this program's list by these tasks. Blocking. Raises ``OSError`` where that fails."""
    with _com() as com:
        collection = com.create(*COLLECTION)
        for task in wanted:
            com.call(collection, ADD_OBJECT, link(com, task))
        jump_list = com.create(*LIST)
        slots, removed = ctypes.c_uint(), ctypes.c_void_p()
        com.call(jump_list, BEGIN_LIST, _address(slots), _guid(ARRAY), _address(removed))
        com.keep(removed)
        com.call(jump_list, ADD_USER_TASKS, collection)
        com.call(jump_list, COMMIT_LIST)


def link(com: Com, task: Task) -> ctypes.c_void_p:
    """The shell link (``IShellLinkW``) that Windows shows for ``task``; its icon is the program's."""
    made = com.create(*LINK)
    com.call(made, SET_PATH, ctypes.c_wchar_p(task.program))
    com.call(made, SET_ARGUMENTS, ctypes.c_wchar_p(task.arguments))
    com.call(made, SET_ICON_LOCATION, ctypes.c_wchar_p(task.program), ctypes.c_int(0))
    properties = com.keep(ctypes.c_void_p())
    com.call(made, QUERY_INTERFACE, _guid(PROPERTIES), _address(properties))
    key, value = title_key(), Variant(WIDE_STRING, text=task.title)
    com.call(properties, SET_VALUE, _address(key), _address(value))
    com.call(properties, COMMIT)
    return made


class Variant(ctypes.Structure):
    """A ``PROPVARIANT`` that holds a text."""

    _fields_ = (
        ("kind", ctypes.c_ushort),
        ("reserved", ctypes.c_ushort * 3),
        ("text", ctypes.c_wchar_p),
        ("rest", ctypes.c_void_p),
    )


class Key(ctypes.Structure):
    """A ``PROPERTYKEY``."""

    _fields_ = (("format", ctypes.c_byte * 16), ("number", ctypes.c_uint))


def title_key() -> Key:
    """``PKEY_Title``."""
    return Key((ctypes.c_byte * 16).from_buffer_copy(uuid.UUID(TITLE[0]).bytes_le), TITLE[1])


class Com:
    """COM on this thread. :meth:`close` releases the objects that were made."""

    def __init__(self) -> None:
        self._ole32: Any = getattr(ctypes, "OleDLL")("ole32")  # noqa: B009  # unknown elsewhere to mypy
        self._made: list[ctypes.c_void_p] = []
        self._ole32.CoInitializeEx(None, APARTMENT_THREADED)

    def create(self, class_id: str, interface: str) -> ctypes.c_void_p:
        """Make an object; returns that interface of it."""
        made = self.keep(ctypes.c_void_p())
        self._ole32.CoCreateInstance(_guid(class_id), None, IN_PROCESS, _guid(interface), ctypes.byref(made))
        return made

    def keep(self, made: ctypes.c_void_p) -> ctypes.c_void_p:
        """Release this object, too, in :meth:`close`."""
        self._made.append(made)
        return made

    def call(self, this: ctypes.c_void_p, place: int, *arguments: Any) -> None:
        """Call the function with the index ``place`` in the object's table. Raises ``OSError`` when it fails."""
        table = ctypes.cast(this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
        kinds = [ctypes.c_void_p if isinstance(a, ctypes.Array) else type(a) for a in arguments]
        function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, *kinds)(table[place])
        result = function(this, *arguments)
        if result < 0:
            raise OSError(f"COM says 0x{result & 0xFFFFFFFF:08x}")

    def close(self) -> None:
        """Release the objects, the last one first, and uninitialise COM."""
        for made in reversed([m for m in self._made if m.value]):
            table = ctypes.cast(made, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
            ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p)(table[RELEASE])(made)
        self._ole32.CoUninitialize()


@contextmanager
def _com() -> Iterator[Com]:
    com = Com()
    try:
        yield com
    finally:
        com.close()


def _guid(text: str) -> Any:
    return ctypes.create_string_buffer(uuid.UUID(text).bytes_le, 16)


def _address(of: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(ctypes.addressof(of))
