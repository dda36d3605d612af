"""Records the path of a request through our code: files entered, distinct moves between files, functions."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

import archisync_gui

PACKAGE = Path(archisync_gui.__file__).parent
_PREFIX = f"{PACKAGE}{'/' if '/' in str(PACKAGE) else chr(92)}"

NOT_COUNTED = ("demo_erp/",)
"""The demo ERP takes the place of a program on another computer."""


@dataclass
class Walk:
    """The files and functions that were entered while a request was served."""

    files: set[str] = field(default_factory=set)
    """Paths below the package, with forward slashes."""
    moves: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of files between which control passed, from the caller to the callee and back. The caller is the
    nearest frame of ours on the stack."""
    functions: set[CodeType] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{len(self.files)} files, {len(self.moves)} distinct moves, {len(self.functions)} functions"

    def by_folder(self) -> dict[str, int]:
        """Files entered per folder of the package."""
        found: dict[str, int] = {}
        for file in self.files:
            folder = file.rpartition("/")[0].partition("/")[0] or "."
            found[folder] = found.get(folder, 0) + 1
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def _ours(code: CodeType, known: dict[CodeType, str]) -> str:
    """The path of a function's file below the package; empty for code that is not counted."""
    place = known.get(code)
    if place is None:
        name = code.co_filename
        place = name[len(_PREFIX) :].replace("\\", "/") if name.startswith(_PREFIX) else ""
        if place.startswith(NOT_COUNTED) or code.co_name == "<module>":
            place = ""
        known[code] = place
    return place


@contextmanager
def recorded() -> Iterator[Walk]:
    """Record every call into our package, in this thread and in threads started within the block."""
    walk = Walk()
    known: dict[CodeType, str] = {}

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        place = _ours(frame.f_code, known)
        if not place:
            return
        walk.files.add(place)
        walk.functions.add(frame.f_code)
        caller = frame.f_back
        while caller is not None:
            origin = _ours(caller.f_code, known)
            if origin:
                if origin != place:
                    walk.moves.update({(origin, place), (place, origin)})
                return
            caller = caller.f_back

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield walk
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
