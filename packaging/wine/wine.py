"""Runs the project on Windows' own Python and Qt under Wine, on a Linux host. Needs root and Debian (its apt sources
are used).

    .venv/bin/python packaging/wine PYTHON-ARGUMENT...               Windows' Python on the working tree, e.g.
    .venv/bin/python packaging/wine -m archisync_gui sync all --demo --json
    .venv/bin/python packaging/wine -m pytest -q tests/store
    .venv/bin/python packaging/wine --program FILE.exe [ARGUMENT...]    any Windows program

The first call makes a store (about 3 GB, some minutes) in the user's cache folder, or the folder in ARCHISYNC_WINE:

    system/     a Debian 13 with Wine 10, made by debootstrap: Debian 12's Wine is too old for this Python and Qt
    python/     Windows' Python with the locked wheels for Windows, made again when a lock has changed
    prefix/     the Windows user's folders and registry, kept between calls; --prefix NAME uses another one

The working tree is Z:\\project. In Windows' Python Qt is offscreen, unless QT_QPA_PLATFORM is set. In place of Google
Chrome there is a small program (`chrome.c`) that forwards Playwright's pipes to the host's Chromium
(`browser_outside.py`), so that the ERP is read with a real browser. Tests that need PostgreSQL use a server on the
host. Tests that pass under Wine may fail on Windows, and the reverse.
"""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

import wheels  # noqa: E402

SUITE = "trixie"
"""Debian's release whose Wine is used."""

COMPILER = "x86_64-w64-mingw32-gcc-win32"

HOST_PROGRAMS = {"debootstrap": "debootstrap", COMPILER: "gcc-mingw-w64-x86-64-win32", "chromium": "chromium"}
"""Programs that the host needs → Debian package."""

CHROME = Path("drive_c/Program Files/Google/Chrome/Application/chrome.exe")
"""Chrome's path in a prefix."""

FONTS = Path("/usr/share/fonts/truetype/dejavu")
"""The host's fonts, which are installed with Debian's libraries for Qt."""

PYTHON = r"Z:\store\python\python.exe"

LOCKS_OF = "made-from.txt"
"""File in the store's `python` with a hash of the locks from which it was made."""

# CopyFile2, which shutil uses if Python has it, is missing in Wine 10.
SITECUSTOMIZE = """\
import _winapi

if hasattr(_winapi, "CopyFile2"):
    del _winapi.CopyFile2
"""

HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
"""Content of /etc/hosts, which debootstrap does not write."""

MOUNTS = """\
mount -t proc proc "$SYSTEM/proc"
mount --rbind /dev "$SYSTEM/dev"
mount --bind "$STORE" "$SYSTEM/store"
[ -z "$PROJECT" ] || mount --bind "$PROJECT" "$SYSTEM/project"
mkdir -p "$SYSTEM/tmp/.X11-unix"
[ ! -d /tmp/.X11-unix ] || mount --bind /tmp/.X11-unix "$SYSTEM/tmp/.X11-unix"
echo ready
read -r _ || true
"""
"""Script that mounts the folders of the Debian 13 in its own mount namespace, which lasts until its input ends."""

SERVER_ENDED = "wine client error:0: recvmsg: Connection reset by peer\n"
"""All that a program says that connects just when Wine's server ends with the program before it. It has not begun."""

END = "timeout 20 wineserver -w || wineserver -k"
"""Waits until Wine has written its registry and all programs have ended, or kills them after 20 s."""


@dataclass(frozen=True)
class Wine:
    """A store and a Windows user in it."""

    store: Path
    prefix: str = "prefix"
    project: Path | None = field(default=ROOT)
    """The tree that is mounted as Z:\\project; ``None``: an empty folder."""

    @property
    def home(self) -> Path:
        """The prefix: the folder with drive C and the registry."""
        return self.store / self.prefix

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A running Windows, in which all programs of the session run. At its end all programs are ended, so a user can
        have one session at a time (otherwise `RuntimeError`)."""
        places = {"SYSTEM": self.store / "system", "STORE": self.store, "PROJECT": self.project or ""}
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-ec", MOUNTS]
        environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
        with (
            self._alone(),
            _browser_outside() as port,
            subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as namespace,
        ):
            assert namespace.stdin is not None
            assert namespace.stdout is not None
            if namespace.stdout.readline() != "ready\n":
                raise RuntimeError("The Wine script could not mount its folders.")
            (init,) = Path(f"/proc/{namespace.pid}/task/{namespace.pid}/children").read_text().split()
            session = Session(self, int(init), port)
            try:
                yield session
            finally:
                session.run(["bash", "-c", END], windows=False)
                namespace.stdin.close()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        import fcntl  # here, since it is missing on Windows, where tests import this module

        with (self.store / f"{self.prefix}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RuntimeError(
                    f"The Windows user {self.prefix!r} is busy: wait for it, or take another one with --prefix NAME."
                ) from None
            yield

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, show: IO[bytes] | None = None
    ) -> tuple[int, str]:
        """Run one program in a new session; see :meth:`Session.run`."""
        with self.session() as session:
            return session.run(command, env=env, show=show)

    def make_prefix(self) -> None:
        """Make the Windows user with its Chrome, as far as it does not exist yet."""
        if not self.home.exists():
            new = replace(self, prefix=f"{self.prefix}.new")
            shutil.rmtree(new.home, ignore_errors=True)
            with new.session() as session:
                session.run(["wineboot", "-i"])
                # wineboot continues in the background, on a cold disk for longer than the end of a session waits.
                code, said = session.run(["timeout", "300", "wineserver", "-w"], windows=False)
            if code:
                raise RuntimeError(f"Wine could not make its user in {new.home}.\n{said}".rstrip())
            new.home.rename(self.home)
        places = {"chrome.exe": CHROME, "icuuc.dll": Path("drive_c/windows/system32/icuuc.dll")}
        for name, place in places.items():
            target = self.home / place
            if not target.exists() or not filecmp.cmp(self.store / name, target, shallow=False):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.store / name, target)


@dataclass(frozen=True)
class Session:
    """A running Windows; made by :meth:`Wine.session`."""

    wine: Wine
    init: int
    """Id of the first process in the namespaces."""
    browser_port: int

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        show: IO[bytes] | None = None,
        windows: bool = True,
    ) -> tuple[int, str]:
        """Run a program and wait for its end. Returns its exit code and output (both streams).

        ``show``: also write the output there while the program runs. ``windows`` False: a program of the Debian system.
        Programs under Wine fail if their output is no file or their input has ended; so the output is a file, and the
        input a pipe into which nothing is written.
        """
        code, said = self._ran(command, env or {}, show, windows)
        return self._ran(command, env or {}, show, windows) if code and said == SERVER_ENDED else (code, said)

    def _ran(
        self, command: Sequence[str], env: Mapping[str, str], show: IO[bytes] | None, windows: bool
    ) -> tuple[int, str]:
        quiet, keep_open = os.pipe()
        with tempfile.TemporaryFile(dir=self.wine.store) as out:
            ended = threading.Event()
            follower = threading.Thread(target=_follow, args=(out.fileno(), show, ended))
            follower.start()
            try:
                words = ["wine", *command] if windows else list(command)
                code = subprocess.call(self._inside(words, env), stdin=quiet, stdout=out, stderr=subprocess.STDOUT)
            finally:
                ended.set()
                follower.join()
                os.close(quiet)
                os.close(keep_open)
            said = os.pread(out.fileno(), os.fstat(out.fileno()).st_size, 0).decode("utf-8", "replace")
        return code, said.replace("\r\n", "\n")

    def start(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a Windows program in the background, without output. It ends with the session at the latest."""
        return subprocess.Popen(
            self._inside(["sh", "-c", 'exec wine "$@" <>"$0"', "/dev/zero", *command], env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _inside(self, command: Sequence[str], env: Mapping[str, str]) -> list[str]:
        passed = {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY") if name in os.environ}
        variables = {
            "HOME": "/root",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "XDG_RUNTIME_DIR": "/tmp",
            "WINEPREFIX": f"/store/{self.wine.prefix}",
            "WINEARCH": "win64",
            "WINEDEBUG": os.environ.get("WINEDEBUG", "-all"),
            "ARCHISYNC_BROWSER_PORT": str(self.browser_port),
            **passed,
            **env,
        }
        # Wine does not pass variables QT_… to programs, but WINEQT_… as QT_….
        settings = [f"{'WINE' if name.startswith('QT_') else ''}{name}={value}" for name, value in variables.items()]
        system = str(self.wine.store / "system")
        enter = ["nsenter", f"--target={self.init}", "--mount", "--pid", "chroot", system]
        return [*enter, "env", "-i", "-C", "/project", *settings, *command]


PYTHON_ENVIRONMENT = {
    "PYTHONPYCACHEPREFIX": r"Z:\store\pycache",
    "QT_QPA_FONTDIR": r"Z:\store\letters",
    "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
}
"""Environment variables for Windows' Python: its byte code is not written to the working tree, and Wine has no
fonts."""


@contextlib.contextmanager
def _browser_outside() -> Iterator[int]:
    """Run the server for browsers on the host (`browser_outside.py`); yields its port."""
    command = [sys.executable, str(HERE / "browser_outside.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bridge:
        assert bridge.stdout is not None
        assert bridge.stdin is not None
        try:
            yield int(bridge.stdout.readline())
        finally:
            bridge.stdin.close()


@contextlib.contextmanager
def server_outside() -> Iterator[dict[str, str]]:
    """Run the tests' PostgreSQL server on the host, if there is one; yields environment variables with its ports."""
    command = [sys.executable, "-m", "tests.support.postgres"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            ports = server.stdout.readline().strip()
            yield {"ARCHISYNC_TEST_SERVER": ports} if ports else {}
        finally:
            server.stdin.close()


def _follow(file: int, show: IO[bytes] | None, ended: threading.Event) -> None:
    """Copy what is written to ``file`` to ``show`` until ``ended``, without Wine's own messages."""
    place = 0
    while show is not None:
        last = ended.wait(0.2)
        data = os.pread(file, 1 << 20, place)
        place += len(data)
        show.write(b"".join(line for line in data.splitlines(True) if not line.startswith(b"wine: ")))
        show.flush()
        if last and not data:
            return


# ------------------------------------------------------------------------------------------------ the store


def store_folder() -> Path:
    """The folder of the store."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("ARCHISYNC_WINE") or cache / "archisync-wine")


def ready(store: Path) -> None:
    """Make the missing parts of the store; each gets its name only when it is complete. Raises `RuntimeError`."""
    if os.geteuid() != 0:
        raise RuntimeError("The Wine script needs root: it makes a Debian system of its own and mounts folders in it.")
    store.mkdir(parents=True, exist_ok=True)
    _host_programs()
    parts: dict[str, Callable[[Path], object]] = {
        "system": _make_system,
        "python": _make_python,
        "chrome.exe": lambda new: _compile("chrome.c", new, "-lws2_32"),
        "icuuc.dll": lambda new: _compile("icuuc.c", new, "-shared"),
        # Without the mathematical font, which Qt would use by default, since it is the first one by name.
        "letters": lambda new: shutil.copytree(FONTS, new, ignore=shutil.ignore_patterns("*Math*")),
    }
    stamp = store / "python" / LOCKS_OF
    if not stamp.exists() or stamp.read_text() != _locks():
        shutil.rmtree(store / "python", ignore_errors=True)
    for name, make in parts.items():
        if not (store / name).exists():
            print(f"wine: making {name}", file=sys.stderr, flush=True)
            new = store / f"{name}.new"
            shutil.rmtree(new, ignore_errors=True)
            make(new)
            new.rename(store / name)
    (store / "system" / "etc" / "hosts").write_text(HOSTS)


def _host_programs() -> None:
    missing = [package for program, package in HOST_PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        _output(["apt-get", "update", "-qq"])
        _output(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])


def _make_system(new: Path) -> None:
    _output(["debootstrap", "--variant=minbase", "--include=wine,wine64", SUITE, str(new), debian_mirror()])
    for folder in ("store", "project"):
        (new / folder).mkdir()


def _make_python(new: Path) -> None:
    wheels.windows_python(new)
    site = new / "Lib" / "site-packages"
    wheels.install_wheels(wheels.LOCKED / "test.txt", site, wheels.WINDOWS, replace=wheels.LOCKED / "wine.txt")
    (site / "sitecustomize.py").write_text(SITECUSTOMIZE)
    (site / "project.pth").write_text("Z:\\project\n")
    (new / LOCKS_OF).write_text(_locks())


def _locks() -> str:
    """A hash that changes when Windows' Python has to be made again."""
    locks = [wheels.LOCKED / name for name in ("windows-python.txt", "test.txt", "wine.txt")]
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()


def _compile(source: str, target: Path, *options: str) -> None:
    _output([COMPILER, "-O1", "-o", str(target), str(HERE / source), *options])


def debian_mirror() -> str:
    """The mirror that the host's apt uses."""
    for file in (*Path("/etc/apt/sources.list.d").glob("*.sources"), Path("/etc/apt/sources.list")):
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            words = line.split()
            if len(words) > 1 and words[0] in ("URIs:", "deb"):
                return next(word for word in words[1:] if "://" in word)
    raise RuntimeError("apt has no source here: Debian's mirror is not known.")


def _output(command: list[str]) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}".rstrip())


def main(arguments: Sequence[str]) -> int:
    """Entry point; returns the Windows program's exit code."""
    prefix, program, words = "prefix", False, list(arguments)
    while words and words[0] in ("--prefix", "--program", "--help", "-h"):
        option = words.pop(0)
        if option in ("--help", "-h"):
            print(__doc__)
            return 0
        if option == "--program":
            program = True
        elif words:
            prefix = words.pop(0)
    wine = Wine(store_folder(), prefix)
    try:
        ready(wine.store)
        wine.make_prefix()
        if program:
            return wine.run(words, show=sys.stdout.buffer)[0]
        with contextlib.ExitStack() as stack:
            variables = stack.enter_context(server_outside()) if words[:2] == ["-m", "pytest"] else {}
            return wine.run([PYTHON, *words], env={**PYTHON_ENVIRONMENT, **variables}, show=sys.stdout.buffer)[0]
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 69
