"""Ends the processes of this package before its files are replaced or removed, and starts the panels again afterwards.

Called as root by prerm and postinst with `end`, `note` (end, and store which panels to start again) or `begin`. A
process that keeps running would load its remaining modules, and the browser's driver, from the new version. Only the
standard library: it runs on the system's Python while the package's own files change. It never makes an installation
fail: errors are printed.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PYTHON = "/usr/lib/archisync-gui/bin/python"
"""The interpreter of the package's programs: their first argument."""

PANEL = "archisync-gui-panel"

UNIT = "archisync-gui.service"

NOTES = Path("/run/archisync-gui-panels.json")
"""The panels to start again. Only root can read it, since it contains their environment variables."""

PATIENCE = 70.0
"""Seconds to wait; a panel ends its read, closes its data and exits well before."""

LOOK = 0.2
"""Seconds between two checks whether the processes have ended, which are no children of this one."""


@dataclass(frozen=True)
class Process:
    """A process of this package."""

    pid: int
    born: str
    """Start time in the kernel's ticks, to distinguish processes with the same pid."""
    uid: int
    gid: int
    words: list[str]
    environment: dict[str, str]
    by_unit: bool
    """Whether the user's systemd has started it."""

    @property
    def is_panel(self) -> bool:
        """Whether it is a panel. A command such as ``sync`` is not; it is ended, but not started again."""
        program = [Path(word).name for word in self.words[:3]]
        return PANEL in program or (program[-1:] == ["archisync-gui"] and len(self.words) == 3)


def running(proc: Path = Path("/proc"), python: str = PYTHON) -> list[Process]:
    """The processes of this package in this system, without those in containers."""
    found = []
    for folder in proc.iterdir():
        if folder.name.isdecimal():
            try:
                process = _process(folder, python)
            except OSError:  # it has ended meanwhile
                continue
            if process is not None:
                found.append(process)
    return found


def _process(folder: Path, python: str) -> Process | None:
    words = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")[:-1]
    if words[:1] != [python] or not (folder / "root").samefile("/"):
        return None
    variables = os.fsdecode((folder / "environ").read_bytes()).split("\0")
    owner = folder.stat()
    return Process(
        int(folder.name),
        _born(folder),
        owner.st_uid,
        owner.st_gid,
        words,
        dict(pair for variable in variables if len(pair := variable.split("=", 1)) == 2),
        UNIT in (folder / "cgroup").read_text(),
    )


def _born(folder: Path) -> str:
    """The start time from ``/proc/PID/stat``, after the name in brackets, which may have spaces; "" if it has ended."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def end(processes: list[Process], patience: float = PATIENCE) -> list[Process]:
    """Send SIGTERM to the processes and wait. Returns those that have not ended."""
    for process in processes:
        if _lives(process):
            os.kill(process.pid, signal.SIGTERM)
    limit = time.monotonic() + patience
    while (left := [process for process in processes if _lives(process)]) and time.monotonic() < limit:
        time.sleep(LOOK)
    return left


def _lives(process: Process) -> bool:
    try:
        return _born(Path("/proc", str(process.pid))) == process.born
    except OSError:
        return False


def note(processes: list[Process], notes: Path = NOTES) -> None:
    """Store the panels to start again. If there are none, those of an earlier call are kept, since a failed upgrade
    calls prerm twice."""
    panels = [asdict(process) for process in processes if process.is_panel]
    if panels:
        notes.unlink(missing_ok=True)
        with os.fdopen(os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(panels, file)


def begin(notes: Path = NOTES) -> None:
    """Start the stored panels again, each as its user and without a window, and remove the list."""
    if not notes.exists():
        return
    panels = [Process(**panel) for panel in json.loads(notes.read_text("utf-8"))]
    notes.unlink()
    for panel in panels:
        command = panel.words if "--hidden" in panel.words else [*panel.words, "--hidden"]
        if panel.by_unit:
            command = ["/usr/bin/systemctl", "--user", "start", UNIT]
        _start(panel, command)


def _start(panel: Process, command: list[str]) -> None:
    """Start the command as a separate process with the user's rights and environment."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        if os.geteuid() == 0:
            os.initgroups(pwd.getpwuid(panel.uid).pw_name, panel.gid)
            os.setgid(panel.gid)
            os.setuid(panel.uid)
        os.chdir("/")
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        os.closerange(3, 1024)
        os.execve(command[0], command, panel.environment)
    finally:
        os._exit(1)


def main(action: str) -> None:
    """Entry point."""
    if action == "begin":
        begin()
        return
    processes = running()
    if action == "note":
        note(processes)
    else:
        NOTES.unlink(missing_ok=True)
    for process in end(processes):
        print(f"archisync-gui: process {process.pid} has not ended; please end it and open the panel again.")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Exception as error:
        print(f"archisync-gui: running panels could not be ended or started: {error}", file=sys.stderr)
