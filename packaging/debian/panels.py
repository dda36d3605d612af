"""Ends the processes of this package before its files are replaced or removed, and starts the panels again afterwards.

Called as root by prerm and postinst with `end`, `note` (end, and note which panels to start again) or `begin`. A
process that went on would take the rest of its modules, and the browser's driver, from the new version. Nothing but the
standard library: it runs on the system's Python while the package's own files change. It never fails an installation:
what it could not do it says.
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
"""What the package's programs run on: their first argument."""

PANEL = "archisync-gui-panel"

UNIT = "archisync-gui.service"

NOTES = Path("/run/archisync-gui-panels.json")
"""The panels that ran, until they are started again. Only root can read it: it has their environment."""

PATIENCE = 70.0
"""Seconds; a panel ends its read, closes its data and is gone well before."""

LOOK = 0.2
"""Seconds between two looks at the processes that were asked to end; they are no children of this one."""


@dataclass(frozen=True)
class Process:
    """A process of this package."""

    pid: int
    born: str
    """When it began, in the kernel's ticks: a number that is given again belongs to another process."""
    uid: int
    gid: int
    words: list[str]
    environment: dict[str, str]
    by_unit: bool
    """Whether the user's systemd has started it."""

    @property
    def is_panel(self) -> bool:
        """A command such as ``sync`` is no panel: it is ended, and not started again."""
        program = [Path(word).name for word in self.words[:3]]
        return PANEL in program or (program[-1:] == ["archisync-gui"] and len(self.words) == 3)


def running(proc: Path = Path("/proc"), python: str = PYTHON) -> list[Process]:
    """The processes of this package in this system, and in no container beside it."""
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
    """From ``/proc/PID/stat``; the name before it, in brackets, may have spaces. "" for one that has ended."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def end(processes: list[Process], patience: float = PATIENCE) -> list[Process]:
    """Ask them to end, as a system that shuts down does, and wait. Returns those that stay."""
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
    """Remember which panels to start again. Without any, an earlier call's stay: a failed upgrade calls prerm twice."""
    panels = [asdict(process) for process in processes if process.is_panel]
    if panels:
        notes.unlink(missing_ok=True)
        with os.fdopen(os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(panels, file)


def begin(notes: Path = NOTES) -> None:
    """Start the noted panels again, each as its user, without a window. Forgets them."""
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
    """Run the command on its own: with the user's rights and environment, beyond the end of this program."""
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
