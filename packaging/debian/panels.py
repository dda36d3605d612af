"""Ends the processes of this package before its files are replaced or removed, and starts the panels again afterwards.

Called as root by prerm and postinst with `end`, `note` (end, and store which panels to start again) or `begin`. A
process that keeps running would load its remaining modules, and the browser's driver, from the new version. Only the
standard library: it runs on the system's Python while the package's own files change. It never makes an installation
fail: errors are printed.
"""

from __future__ import annotations

import itertools
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

PROGRAMS = ("archisync-gui", "archisync-gui-panel")
"""Names of the package's programs, which do the same."""

FLAGS = ("--demo", "--hidden")
"""Options of the panel without a value."""

VALUED = ("--profile", "--latency", "--demo-clock", "--open")
"""Options of the panel with a value, as the next word or after ``=``."""

OPTIONS = (*FLAGS, *VALUED)

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
    folder: str = "/"
    """Its current folder, for a profile given by a relative path."""

    @property
    def options(self) -> list[list[str]]:
        """The panel's options, each with its value, that follow the program. Abbreviated ones are known, as they are
        to argparse. Other words are an element of their own."""
        options: list[list[str]] = []
        words = iter(self.words[self._program + 1 :])
        for word in words:
            name, equals, _ = word.partition("=")
            option = full_name(name)
            if option in FLAGS and not equals:
                options.append([option])
            elif option in VALUED and equals:
                options.append([word.replace(name, option, 1)])
            elif option in VALUED:
                options.append([option, *itertools.islice(words, 1)])
            else:
                options.append([word])
        return options

    @property
    def commands(self) -> list[list[str]]:
        """The options that are none of the panel's: a command such as ``sync``, and what belongs to it."""
        return [words for words in self.options if words[0].partition("=")[0] not in OPTIONS]

    @property
    def is_panel(self) -> bool:
        """Whether it is a panel: only options of the panel follow the program. Others are commands such as ``sync``."""
        return self._program > 0 and not self.commands

    @property
    def starts_again(self) -> bool:
        """Whether it is started again: a panel, and ``office run``, which takes part in an office without a window.
        Other commands are ended only."""
        return self._program > 0 and self.commands in ([], [["office"], ["run"]])

    @property
    def again(self) -> list[str]:
        """The command line that starts it again: a panel without a window and without opening a place."""
        if not self.is_panel:
            return self.words
        kept = [option for option in self.options if option[0].partition("=")[0] not in ("--open", "--hidden")]
        return [*self.words[: self._program + 1], *itertools.chain.from_iterable(kept), "--hidden"]

    @property
    def _program(self) -> int:
        """Index of the program in the words, after the interpreter and its options; 0: it is another one."""
        for index, word in enumerate(self.words[1:], 1):
            if not word.startswith("-"):
                return index if Path(word).name in PROGRAMS else 0
        return 0


def full_name(name: str) -> str:
    """The panel's option that ``name`` is or abbreviates; ``name`` itself if it is none, or not the only one."""
    found = [option for option in OPTIONS if option.startswith(name)] if name.startswith("--") else []
    return found[0] if len(found) == 1 and name not in OPTIONS else name


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
        str((folder / "cwd").readlink()),
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
    """Store the processes to start again. If there are none, those of an earlier call are kept, since a failed upgrade
    calls prerm twice."""
    panels = [asdict(process) for process in processes if process.starts_again]
    if panels:
        notes.unlink(missing_ok=True)
        with os.fdopen(os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(panels, file)


def begin(notes: Path = NOTES) -> None:
    """Start the stored processes again, each as its user and without a window, and remove the list."""
    if not notes.exists():
        return
    panels = [Process(**panel) for panel in json.loads(notes.read_text("utf-8"))]
    notes.unlink()
    for panel in panels:
        _start(panel, ["/usr/bin/systemctl", "--user", "start", UNIT] if panel.by_unit else panel.again)


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
        try:
            os.chdir(panel.folder)
        except OSError:
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
