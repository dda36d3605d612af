"""The taskbar's jump list: its tasks, and that the right COM functions are called."""

from __future__ import annotations

import asyncio
import ctypes
import sys
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject

from archisync_gui.cli import build_parser
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.shell import jump_list
from archisync_gui.ui.shell.jump_list import JumpList, Task, tasks
from archisync_gui.ui.text.i18n import set_language
from tests.support.wine import under_wine

COMMAND = [r"C:\Program Files\Archisync\archisync-gui-panel.exe", "--profile", "due parole"]


@pytest.fixture(autouse=True)
def _english(qapp: object) -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


async def written_out() -> None:
    """Wait until all writes have ended."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "ui:jump-list"))


def test_every_task_is_a_command_line_that_the_program_knows() -> None:
    found = tasks(COMMAND)
    assert [task.title for task in found] == ["Open order form", "Summary", "Data", "Timeline", "Settings"]
    assert {task.program for task in found} == {COMMAND[0]}
    assert found[0].arguments == '--profile "due parole" --open order-form'
    for task in found:
        options = build_parser().parse_args(["--profile", "due parole", "--open", task.arguments.split()[-1]])
        assert options.open in task.arguments


def test_the_tasks_are_in_the_panels_language() -> None:
    set_language("it")
    assert tasks(COMMAND)[0].title == "Apri il modulo ordini"


async def test_the_list_is_written_at_the_start_and_when_the_language_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(jump_list, "write", lambda wanted: written.append(wanted[0].title))
    parent = QObject()
    context = Context(parent)
    made = JumpList(COMMAND, context)
    assert made.parent() is context
    context.settings_changed.emit()
    set_language("it")
    context.settings_changed.emit()
    context.settings_changed.emit()
    await written_out()
    assert written == ["Open order form", "Apri il modulo ordini"]
    parent.deleteLater()


async def test_without_jump_lists_there_is_only_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: object) -> None:
        raise OSError("COM says 0x80004001")

    monkeypatch.setattr(jump_list, "write", refused)
    caplog.set_level("INFO", jump_list.__name__)
    context = Context()
    JumpList(COMMAND, context)
    await written_out()
    assert "no jump list: COM says 0x80004001" in caplog.text
    context.deleteLater()


# The functions of each interface in the order of the Windows SDK's headers, listed independently of the code.
UNKNOWN = ["QueryInterface", "AddRef", "Release"]
FUNCTIONS = {
    "6332debf-87b5-4670-90c0-5e57b408a49e": [
        *UNKNOWN, "SetAppID", "BeginList", "AppendCategory", "AppendKnownCategory", "AddUserTasks", "CommitList",
        "GetRemovedDestinations", "DeleteList", "AbortList",
    ],
    "5632b1a4-e38a-400a-928a-d4cd63230295": [
        *UNKNOWN, "GetCount", "GetAt", "AddObject", "AddFromArray", "RemoveObjectAt", "Clear",
    ],
    "000214f9-0000-0000-c000-000000000046": [
        *UNKNOWN, "GetPath", "GetIDList", "SetIDList", "GetDescription", "SetDescription", "GetWorkingDirectory",
        "SetWorkingDirectory", "GetArguments", "SetArguments", "GetHotkey", "SetHotkey", "GetShowCmd", "SetShowCmd",
        "GetIconLocation", "SetIconLocation", "SetRelativePath", "Resolve", "SetPath",
    ],
    "886d8eeb-8cf2-4446-8d02-cdba1dbdcf99": [*UNKNOWN, "GetCount", "GetAt", "GetValue", "SetValue", "Commit"],
}  # fmt: skip


class FakeWindows:
    """Fake COM objects whose functions record their arguments."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.fails: dict[str, int] = {}
        self.alive = 0
        self._kept: list[object] = []

    def object(self, interface: str) -> int:
        """Make an object with that interface; returns its address."""
        self.alive += 1
        names = FUNCTIONS[interface]
        kind = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4)
        functions = [kind(self._function(name)) for name in names]
        table = (ctypes.c_void_p * len(names))(*[ctypes.cast(f, ctypes.c_void_p).value for f in functions])
        this = ctypes.c_void_p(ctypes.addressof(table))
        self._kept += [functions, table, this]
        return ctypes.addressof(this)

    def _function(self, name: str) -> Callable[..., int]:
        def function(_this: int, first: int, second: int, _third: int) -> int:
            said = name
            match name:
                case "SetPath" | "SetArguments" | "SetIconLocation":
                    said = f"{name} {ctypes.wstring_at(first)}"
                case "SetValue":
                    said = f"{name} {ctypes.cast(second, ctypes.POINTER(jump_list.Variant)).contents.text}"
                case "QueryInterface":
                    interface = str(uuid.UUID(bytes_le=ctypes.string_at(first, 16)))
                    ctypes.c_void_p.from_address(second).value = self.object(interface)
                case "Release":
                    self.alive -= 1
            self.called.append(said)
            return self.fails.get(name, 0)

        return function

    def ole32(self, _name: str) -> Any:
        def create(_class: object, _outer: object, _where: int, interface: Any, made: Any) -> None:
            made._obj.value = self.object(str(uuid.UUID(bytes_le=interface.raw)))

        return SimpleNamespace(
            CoInitializeEx=lambda *_: self.called.append("enter"),
            CoCreateInstance=create,
            CoUninitialize=lambda: self.called.append("leave"),
        )


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> FakeWindows:
    fake = FakeWindows()
    monkeypatch.setattr(ctypes, "OleDLL", fake.ole32, raising=False)
    return fake


def test_the_tasks_are_passed_to_windows(windows: FakeWindows) -> None:
    jump_list.write([Task("Dati", "a.exe", "--open data")])
    assert windows.called[0] == "enter"
    assert windows.called[-1] == "leave"
    assert [name for name in windows.called[1:-1] if name != "Release"] == [
        "SetPath a.exe", "SetArguments --open data", "SetIconLocation a.exe", "QueryInterface", "SetValue Dati",
        "Commit", "AddObject", "BeginList", "AddUserTasks", "CommitList",
    ]  # fmt: skip
    assert windows.alive == 0


def test_a_refusal_of_windows_is_an_error_and_all_objects_are_released(windows: FakeWindows) -> None:
    windows.fails["BeginList"] = -2147467263
    with pytest.raises(OSError, match="0x80004001"):
        jump_list.write([Task("Dati", "a.exe", "--open data")])
    assert "CommitList" not in windows.called
    assert windows.alive == 0
    assert windows.called[-1] == "leave"


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows: its own shell links")
def test_windows_reads_a_link_with_the_values_that_were_set() -> None:
    """With the real COM. Wine has shell links, though no jump list."""
    com = jump_list.Com()
    try:
        program = r"C:\windows\system32\cmd.exe"
        made = jump_list.link(com, Task("Dati", program, '--profile "due parole"'))
        text = ctypes.create_unicode_buffer(1024)
        com.call(made, 10, text, ctypes.c_int(1024))  # GetArguments
        assert text.value == '--profile "due parole"'
        com.call(made, 3, text, ctypes.c_int(1024), ctypes.c_void_p(), ctypes.c_uint(0))  # GetPath
        assert text.value.lower() == program.lower()
        if under_wine():
            return  # Wine accepts the title but cannot return it
        properties = com.keep(ctypes.c_void_p())
        wanted = ctypes.create_string_buffer(uuid.UUID(jump_list.PROPERTIES).bytes_le, 16)
        com.call(made, jump_list.QUERY_INTERFACE, wanted, ctypes.c_void_p(ctypes.addressof(properties)))
        key, value = jump_list.title_key(), jump_list.Variant()
        com.call(properties, 5, ctypes.c_void_p(ctypes.addressof(key)), ctypes.c_void_p(ctypes.addressof(value)))
        assert (value.kind, value.text) == (jump_list.WIDE_STRING, "Dati")
    finally:
        com.close()
