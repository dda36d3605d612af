#!/usr/bin/env python3
"""Sets up a checkout and runs it: makes .venv, installs, finds a browser, then starts the panel, the tests or the benchmarks.

Only the standard library and nothing of the application, since it runs before anything is installed. The file must
parse and run up to the version check on old Pythons too, so that they get its message; hence no newer syntax in it.

    python3 packaging/bootstrap.py run      [ARGUMENT...]   the panel on the demo ERP (without a display: in the terminal)
    python3 packaging/bootstrap.py run --office-demo N      N members of an office on a temporary PostgreSQL server
    python3 packaging/bootstrap.py test     [ARGUMENT...]   the tests; arguments go to pytest
    python3 packaging/bootstrap.py test --windows           all tests on Windows' Python and Qt under Wine (as root), counted
    python3 packaging/bootstrap.py test --windows ARGUMENT...     some of them; arguments go to pytest
    python3 packaging/bootstrap.py docs     [ARGUMENT...]   the documentation into build/docs; arguments go to mkdocs
    python3 packaging/bootstrap.py bench    [ARGUMENT...]   the benchmarks; arguments go to their runner
    python3 packaging/bootstrap.py build    WHAT [ARGUMENT...]   wheel, deb, windows or release (all of them) into dist/
    python3 packaging/bootstrap.py packages                 the Debian packages that this system lacks for all three
"""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "Archisync needs Python 3.11 or newer, and this is Python %d.%d: install a newer one and start again with it.\n"
        "Archisync richiede Python 3.11 o successivo, e questo è Python %d.%d: installarne uno più nuovo e ripartire con quello.\n"
        % (sys.version_info[:2] * 2)
    )
    sys.exit(69)

import ctypes
import hashlib
import importlib.util
import json
import locale
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKED = ROOT / "packaging" / "locked"
STAMP = VENV / "archisync-setup.json"
"""What was installed and which browser started; written last, so without it the setup is incomplete."""

UNAVAILABLE = 69
"""Exit code of failures of the setup itself; programs that are started afterwards have their own."""

ROOM = 1_300_000_000
"""Bytes that a first installation needs at most (the environment itself: about 800 MB)."""

BROWSER_SECONDS = 40
"""Seconds in which a browser must show an empty page."""

HANGS = 900
"""Seconds after which a test counts as hung."""

LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libatomic.so.1": "libatomic1",
}
"""Libraries for importing Qt and for starting Playwright's driver (libatomic) → Debian package."""

WINDOW_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""Libraries for opening a window with Qt on X11 → Debian package."""

TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "xauth": "xauth",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xprop": "x11-utils",
    "import": "imagemagick",
    "dbus-run-session": "dbus-daemon",
    "trayer": "trayer",
    "dunst": "dunst",
    "pg_ctlcluster": "postgresql",
}
"""Programs with which the tests run a desktop without a screen and an office's server → Debian package."""

TEXTS = {
    # step names
    "system": ("system packages", "pacchetti di sistema"),
    "environment": ("environment .venv", "ambiente .venv"),
    "libraries": ("libraries", "librerie"),
    "browser": ("browser", "browser"),
    # outcomes of a step
    "present": ("there", "già presente"),
    "made": ("made", "creato"),
    "repaired": ("made anew: it was half-made or of another Python", "rifatto: era a metà o di un altro Python"),
    "installed": ("installed", "installate"),
    "apt": ("installing {names} with apt", "installazione di {names} con apt"),
    # what comes next
    "panel": ("starting the panel on the demo ERP", "avvio del pannello sull'ERP demo"),
    "no-display": (
        "No display here, so the same job runs in the terminal: reading all six lists of the demo ERP.",
        "Nessuno schermo disponibile: lo stesso lavoro viene svolto nel terminale, leggendo i sei elenchi dell'ERP demo.",
    ),
    # failures: one sentence each
    "packages-missing": (
        "This system lacks {names}; install them with: {command}",
        "A questo sistema manca {names}; si installa con: {command}",
    ),
    "libraries-missing": (
        "This system lacks the libraries {names}; install the packages of your system that contain them and start again.",
        "A questo sistema mancano le librerie {names}; installare i pacchetti che le contengono e riprovare.",
    ),
    "apt-failed": (
        "apt could not install {names} ({reason}); mend that, or run yourself: {command}",
        "apt non ha potuto installare {names} ({reason}); rimediare, oppure eseguire: {command}",
    ),
    "no-pip": (
        "This Python has no pip to set up an environment with; install it ({command}) and start again.",
        "Questo Python non ha pip, necessario per creare l'ambiente; installarlo ({command}) e riprovare.",
    ),
    "no-network": (
        "The Python packages could not be downloaded ({reason}): check the network or the proxy and start again; what is already here is kept.",
        "Impossibile scaricare i pacchetti Python ({reason}): controllare la rete o il proxy e riprovare; quanto già scaricato resta.",
    ),
    "disk-full": (
        "There is not enough room on the disk of {folder} ({free} MB free, about {need} MB needed): make room and start again.",
        "Spazio insufficiente sul disco di {folder} ({free} MB liberi, circa {need} MB necessari): liberarne e riprovare.",
    ),
    "not-writable": (
        "{folder} cannot be written ({reason}): put the checkout where you may write and start again.",
        "Impossibile scrivere in {folder} ({reason}): spostare la copia dove si può scrivere e riprovare.",
    ),
    "environment-failed": (
        "The environment could not be made in {folder} ({reason}): remove that folder and start again.",
        "Impossibile creare l'ambiente in {folder} ({reason}): eliminare la cartella e riprovare.",
    ),
    "install-failed": (
        "pip could not install the libraries ({reason}); everything it said is in {log}.",
        "pip non ha potuto installare le librerie ({reason}); tutto ciò che ha detto è in {log}.",
    ),
    "no-browser": (
        "No Chrome, Edge or Chromium was found; install one with: {command}",
        "Nessun Chrome, Edge o Chromium trovato; si installa con: {command}",
    ),
    "browser-silent": (
        "The browser {path} does not start ({reason}): mend or reinstall it and start again.",
        "Il browser {path} non si avvia ({reason}): ripararlo o reinstallarlo e riprovare.",
    ),
}


class SetupFailure(Exception):
    """The setup failed; ``str`` is the message in the user's language."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(text(code, **params))
        self.code = code


def text(code: str, **params: object) -> str:
    """A text in the system's language (Italian or English)."""
    if sys.platform == "win32":
        name = locale.getlocale()[0] or ""
    else:
        name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return TEXTS[code][name.lower().startswith("it")].format(**params)


class Step:
    """One line of output: its name while it runs, its outcome and time at the end."""

    def __init__(self, name: str) -> None:
        self._head = f"  {text(name)} "
        self._live = sys.stdout.isatty()
        self._began = time.monotonic()
        self._open = False

    def tick(self, what: str) -> None:
        """Show what is being done now; without a terminal only once that something is."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print("\r\x1b[K" + f"{self._head}... {what}"[:width], end="", flush=True)
        elif not self._open:
            print(f"{self._head}... ", end="", flush=True)
        self._open = True

    def done(self, outcome: str) -> None:
        """End the line."""
        seconds = time.monotonic() - self._began
        if self._live:
            print("\r\x1b[K", end="")
        if self._live or not self._open:
            print(f"{self._head}... ", end="")
        print(outcome + (f" ({seconds:.0f} s)" if seconds >= 1 else ""), flush=True)
        self._open = False

    def broken(self) -> None:
        """End the line of a step that failed; its message follows."""
        if self._open:
            print(flush=True)


# ------------------------------------------------------------------------------------------------ the system's packages


def is_root() -> bool:
    """True when apt may be used."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_apt() -> bool:
    """True on Debian, Ubuntu and other systems with apt."""
    return sys.platform.startswith("linux") and shutil.which("apt-get") is not None


def apt_command(packages: list[str], prefix: str = "sudo ") -> str:
    """The command line for installing Debian packages."""
    return f"{prefix}apt-get update && {prefix}apt-get install -y --no-install-recommends {' '.join(packages)}"


def loads(library: str) -> bool:
    """True when the system has a shared library of that name."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(*, window: bool) -> dict[str, str]:
    """Shared libraries that Qt needs and this Linux lacks, with the Debian package of each."""
    if not sys.platform.startswith("linux"):
        return {}
    wanted = {**LIBRARIES, **(WINDOW_LIBRARIES if window else {})}
    return {name: package for name, package in wanted.items() if not loads(name)}


def missing_packages(*, test: bool) -> list[str]:
    """Debian packages that this system lacks: for Qt's windows, for the browser, and for the tests if asked."""
    packages = list(missing_libraries(window=True).values())
    if test:
        packages += [package for program, package in TEST_PROGRAMS.items() if shutil.which(program) is None]
    if find_browser() is None:
        packages.append("chromium")
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    return packages


def apt_install(packages: list[str], step: Step) -> None:
    """Install Debian packages; root only."""
    names = ", ".join(packages)
    step.tick(text("apt", names=names))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    said = ""
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        said += done.stdout + done.stderr
        if done.returncode:
            if re.search(r"No space left|not enough free space", said, re.IGNORECASE):
                raise disk_full(Path("/"))
            raise SetupFailure(
                "apt-failed", names=names, reason=last_words(said, r"^[EW]: "), command=apt_command(packages, "")
            )


def system_packages(step: Step, *, test: bool) -> str:
    """Install or check the system's packages; returns the outcome to show. Raises `SetupFailure`."""
    if has_apt() and is_root():
        packages = missing_packages(test=test)
        if not packages:
            return text("present")
        apt_install(packages, step)
        return " ".join(packages)
    shown = can_show_windows()
    libraries = missing_libraries(window=shown or test) if shown or test else {}
    if has_apt():
        programs = {n: p for n, p in TEST_PROGRAMS.items() if test and shutil.which(n) is None}
        packages = [*libraries.values(), *programs.values()]
        if packages:
            raise SetupFailure("packages-missing", names=", ".join(packages), command=apt_command(packages))
    elif libraries:
        names = ", ".join(libraries)
        for tool in ("dnf", "zypper"):  # both find a package by the name of a library
            if shutil.which(tool):
                command = f"sudo {tool} install " + " ".join(f"'{name}()(64bit)'" for name in libraries)
                raise SetupFailure("packages-missing", names=names, command=command)
        raise SetupFailure("libraries-missing", names=names)
    return text("present")


# ------------------------------------------------------------------------------------------------ the environment


def venv_python() -> Path:
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def locks(extras: set[str]) -> list[Path]:
    """The files with the exact versions and hashes of what is installed; see packaging/lock.py."""
    names = ["test.txt" if "test" in extras else "run.txt", *(["docs.txt"] if "docs" in extras else [])]
    return [LOCKED / name for name in names]


def fingerprint() -> str:
    """A hash that changes when the environment must be made again: other dependencies or Python, moved checkout."""
    files = ROOT / "pyproject.toml", *sorted(LOCKED.glob("*.txt"))
    parts = *(file.read_bytes() for file in files), sys.version.encode(), str(ROOT).encode()
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamped() -> dict[str, object]:
    """The content of the stamp file, also of an outdated one; empty if it cannot be read."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def read_stamp() -> dict[str, object]:
    """The content of the stamp file; empty if there is none or it is outdated."""
    stamp = stamped()
    return stamp if stamp.get("fingerprint") == fingerprint() else {}


def write_stamp(**changes: object) -> None:
    """Write the stamp file with changed values."""
    stamp = {**read_stamp(), "fingerprint": fingerprint(), "root": str(ROOT), **changes}
    STAMP.write_text(json.dumps(stamp), "utf-8")


def moved() -> bool:
    """True when the environment was made in another folder: its programs (`.venv/bin/pytest`) contain that path."""
    return stamped().get("root", str(ROOT)) != str(ROOT)


def environment(step: Step, stamp: dict[str, object]) -> str:
    """Make ``.venv`` unless it is complete; returns the outcome to show. Raises `SetupFailure`."""
    if stamp and venv_python().exists():
        return text("present")
    check_room()
    existed = VENV.exists()
    if existed and same_python() and not moved():
        return text("present")
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupFailure("no-pip", command="sudo apt-get install python3-venv" if has_apt() else "ensurepip")
    step.tick(str(VENV))
    python = getattr(sys, "_base_executable", None) or sys.executable
    done = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        said = done.stdout + done.stderr
        if disk_words(said) or free_room() < 50_000_000:
            raise disk_full(ROOT)
        if "Permission denied" in said or "Read-only" in said:
            raise SetupFailure("not-writable", folder=ROOT, reason=last_words(said, "Error"))
        raise SetupFailure("environment-failed", folder=VENV, reason=last_words(said, "Error"))
    return text("repaired" if existed else "made")


def same_python() -> bool:
    """True when ``.venv`` is a working environment with pip, of the Python that runs this."""
    ask = "import pip, sys; print(sys.version)"
    try:
        done = subprocess.run([str(venv_python()), "-c", ask], capture_output=True, text=True, errors="replace")
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()


def free_room() -> int:
    """Free bytes on the disk of the checkout."""
    return shutil.disk_usage(ROOT).free


def check_room() -> None:
    """Raise `SetupFailure` before the first installation if the disk has not enough space."""
    if not VENV.exists() and free_room() < ROOM:
        raise disk_full(ROOT)


def disk_full(folder: Path) -> SetupFailure:
    """The failure of a full disk."""
    free = shutil.disk_usage(folder).free // 1_000_000
    return SetupFailure("disk-full", folder=folder, free=free, need=ROOM // 1_000_000)


def disk_words(said: str) -> bool:
    """True when a program's output is about a full disk."""
    return re.search(r"No space left on device|Errno 28|ENOSPC|not enough space on the disk", said) is not None


def libraries(step: Step, stamp: dict[str, object], extras: set[str]) -> str:
    """Install the project and its libraries unless they are installed; returns the outcome to show."""
    already = set(map(str, stamp.get("extras") or ())) if stamp else None  # type: ignore[call-overload]
    if already is not None and extras <= already:
        return text("present")
    extras = extras | (already or set())
    # First all packages with locked versions and hashes, then the checkout itself, whose dependencies are then there.
    for lock in locks(extras):
        pip_install(step, "--require-hashes", "--no-deps", "-r", str(lock))
    target = "." + ("[test]" if "test" in extras else "")
    pip_install(step, "-e", target)
    write_stamp(extras=sorted(extras))
    return text("installed")


def pip_install(step: Step, *what: str) -> None:
    """Run ``pip install`` in the environment and show its progress. Raises `SetupFailure`."""
    command = [str(venv_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *what]
    step.tick("pip")
    said: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            word = re.match(r"(Collecting|Building|Installing)\b[^;(<>=!]*", line.strip())
            if word:
                step.tick(word[0])
    if pip.returncode:
        raise install_failure("".join(said))


def install_failure(said: str) -> SetupFailure:
    """The failure for pip's output."""
    if disk_words(said):
        return disk_full(ROOT)
    network = re.search(
        r"Temporary failure in name resolution|Name or service not known|getaddrinfo failed|nodename nor servname"
        r"|Network is unreachable|No route to host|Connection refused|actively refused|Connection reset|timed out"
        r"|from versions: none|Cannot connect to proxy|ProxyError|CERTIFICATE_VERIFY_FAILED|\b(?:403|407|502|503) [A-Z]\w+",
        said,
    )
    if network:
        return SetupFailure("no-network", reason=network[0])
    if "Permission denied" in said or "Read-only file system" in said:
        return SetupFailure("not-writable", folder=VENV, reason=last_words(said, "^ERROR"))
    log = VENV / "pip.log"
    try:
        log.write_text(said, "utf-8")
    except OSError:
        return disk_full(ROOT)
    return SetupFailure("install-failed", reason=last_words(said, "^ERROR"), log=log)


def last_words(said: str, mark: str) -> str:
    """The last line of an output that matches ``mark``, else the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    marked = [line for line in lines if re.search(mark, line)]
    return (marked or lines or ["?"])[-1][:200].rstrip(".")


# ------------------------------------------------------------------------------------------------ the browser


def find_browser() -> "str | None":
    """The first one found of Chrome, Edge, Chromium and Playwright's own Chromium."""
    if sys.platform == "win32":
        bases = [os.environ.get(name) for name in ("LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")]
        ends = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
        fixed = [Path(base, end) for end in ends for base in bases if base]
        names, cache, own = [], Path(os.environ.get("LOCALAPPDATA", ""), "ms-playwright"), "chrome-win*/chrome.exe"
    elif sys.platform == "darwin":
        programs = ("Google Chrome", "Microsoft Edge", "Chromium")
        fixed = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in programs]
        names, cache, own = [], Path.home() / "Library/Caches/ms-playwright", "chrome-mac*/*.app/Contents/MacOS/*"
    else:
        fixed = [Path("/opt/google/chrome/chrome"), Path("/opt/microsoft/msedge/msedge")]
        names = ["google-chrome", "google-chrome-stable", "microsoft-edge", "chromium", "chromium-browser"]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ms-playwright")
        own = "chrome-linux*/chrome"
    for path in fixed:
        if path.exists():
            return str(path)
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or cache)
    downloaded = sorted(cache.glob(f"chromium-*/{own}"))
    return str(downloaded[-1]) if downloaded else None


def browser(step: Step, stamp: dict[str, object]) -> str:
    """Start the browser for a test, unless the same one was started before; returns its path. Raises `SetupFailure`."""
    path = find_browser()
    if path is None:
        own = f"{venv_python()} -m playwright install chromium"
        raise SetupFailure("no-browser", command=apt_command(["chromium"]) if has_apt() else own)
    seen = [path, Path(path).stat().st_mtime, is_root()]
    if stamp.get("browser") == seen:
        return path
    step.tick(path)
    reason = try_browser(path)
    if reason is not None:
        raise SetupFailure("browser-silent", path=path, reason=reason)
    write_stamp(browser=seen)
    return path


def try_browser(path: str) -> "str | None":
    """Let a browser show an empty page; returns the reason why it cannot, or ``None``."""
    with tempfile.TemporaryDirectory(prefix="archisync-setup-", ignore_cleanup_errors=True) as profile:
        command = [path, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]
        command += ["--no-sandbox"] if is_root() else []  # Chromium refuses to start as root with its sandbox
        try:
            done = subprocess.run(
                [*command, "--dump-dom", "about:blank"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=BROWSER_SECONDS,
            )
        except OSError as error:
            return error.strerror or str(error)
        except subprocess.TimeoutExpired:
            return f"{BROWSER_SECONDS} s"
    if done.returncode == 0 and "<html" in done.stdout:
        return None
    if done.returncode < 0:
        return signal.strsignal(-done.returncode) or str(done.returncode)
    said = done.stderr.strip() or done.stdout.strip()
    return last_words(said, r"FATAL|[Nn]o usable sandbox|error while loading") if said else f"exit {done.returncode}"


# ------------------------------------------------------------------------------------------------ the display


def can_show_windows() -> bool:
    """True when there is a display that takes connections, or Qt needs none."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return wayland_answers() or x11_answers()


def wayland_answers() -> bool:
    """True when the Wayland compositor's socket takes a connection."""
    name = os.environ.get("WAYLAND_DISPLAY")
    return bool(name) and connects(socket.AF_UNIX, str(Path(os.environ.get("XDG_RUNTIME_DIR", ""), name or "")))


def x11_answers() -> bool:
    """True when the X server of ``DISPLAY`` takes a connection."""
    found = re.fullmatch(r"(?:unix)?([^:]*):(\d+)(?:\.\d+)?", os.environ.get("DISPLAY", ""))
    if found is None:
        return False
    host, number = found[1], int(found[2])
    if host:
        return connects(socket.AF_INET, (host, 6000 + number))
    place = f"/tmp/.X11-unix/X{number}"
    return connects(socket.AF_UNIX, place) or connects(socket.AF_UNIX, "\0" + place)


def connects(family: int, address: "str | tuple[str, int]") -> bool:
    """True when a connection to the address can be made within a second."""
    with socket.socket(family) as probe:
        probe.settimeout(1)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


# ------------------------------------------------------------------------------------------------ the commands


def set_up(extras: set[str]) -> None:
    """Run all steps; each does nothing if it was done already."""
    stamp = read_stamp()
    steps: dict[str, Callable[[Step], str]] = {
        "system": lambda step: system_packages(step, test="test" in extras),
        "environment": lambda step: environment(step, stamp),
        "libraries": lambda step: libraries(step, stamp, extras),
        "browser": lambda step: browser(step, stamp),
    }
    for name, work in steps.items():
        step = Step(name)
        try:
            outcome = work(step)
        except BaseException:
            step.broken()
            raise
        step.done(outcome)


def become(arguments: list[str]) -> NoReturn:
    """Replace this process by the environment's Python with these arguments; its exit code is this one's."""
    command = [str(venv_python()), *arguments]
    os.chdir(ROOT)
    sys.stdout.flush()
    if sys.platform == "win32":  # there ``exec`` returns to the shell at once
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def run(arguments: list[str]) -> NoReturn:
    """Run the panel, or without a display a sync in the terminal; ``--office-demo N``: N members of an office."""
    if arguments[:1] == ["--office-demo"]:
        set_up({"test"})  # installs the PostgreSQL server
        become(["-m", "tests.support.office_demo", *arguments[1:]])
    set_up(set())
    if can_show_windows():
        print(f"  {text('panel')}", flush=True)
        become(["-m", "archisync_gui", "--demo", *arguments])
    print(text("no-display"), flush=True)
    become(["-m", "archisync_gui", "sync", "all", "--demo", "--latency", "real", *arguments])


def test(arguments: list[str]) -> NoReturn:
    """Run the tests; with ``--windows`` as first argument on Windows' Python under Wine."""
    set_up({"test"})
    # The tests start the program some hundred times. With this variable, which many containers set, each start compiles
    # all modules again, which takes a quarter of its CPU time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments == ["--windows"]:
        become(["packaging/wine", "--suite"])
    if arguments[:1] == ["--windows"]:
        become(["packaging/wine", "-m", "pytest", "-p", "no:cacheprovider", *arguments[1:]])
    become(["-m", "pytest", *parallel(arguments), *arguments])


def parallel(arguments: list[str]) -> list[str]:
    """The options with which pytest uses all processors: worker processes, each with whole files, the long ones first.
    One more than processors, since tests spend about half of their time waiting for servers, browsers and timers. A
    worker whose test hangs shows where and is ended; the test fails (tests/support/crashes.py).

    None for a single file or test, for chosen marks (nightly tests and those at the real ERP's speed measure time), for
    interactive options or a chosen number of workers, and on Windows, where it was never tried.
    """
    own = ("-n", "--numprocesses", "-m", "-s", "-p", "--pdb", "--co")
    if sys.platform == "win32" or any(a.startswith(own) or "::" in a or a.endswith(".py") for a in arguments):
        return []
    processors = os.cpu_count() or 1
    workers = processors + 1
    limit = ["-o", f"faulthandler_timeout={HANGS}", "-o", "faulthandler_exit_on_timeout=true"]
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder", *limit]


def docs(arguments: list[str]) -> NoReturn:
    """Build the documentation as HTML in build/docs; fails for a broken link or a page that one language lacks."""
    set_up({"docs"})
    become(["-m", "mkdocs", *(arguments or ["build", "--strict", "--quiet"])])


def bench(arguments: list[str]) -> NoReturn:
    """Run the benchmarks."""
    set_up({"test"})
    become(["-m", "tests.benchmarks", *arguments])


def build(arguments: list[str]) -> NoReturn:
    """Build what is shipped; each kind has its own script in this folder."""
    kinds = {"wheel": "build_wheel.py", "deb": "build_deb.py", "windows": "build_windows.py", "release": "release.py"}
    script = kinds.get("".join(arguments[:1]))
    if script is None:
        print(f"build {' | '.join(kinds)}", file=sys.stderr)
        sys.exit(2)
    set_up({"test"})
    become([f"packaging/{script}", *arguments[1:]])


def main(arguments: list[str]) -> int:
    """Entry point; returns the exit code if no other program was started."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    commands = {"run": run, "test": test, "bench": bench, "docs": docs, "build": build}
    command, *rest = arguments or ["--help"]
    if command in ("-h", "--help"):
        print(__doc__)
        return 0
    if command == "packages":
        print(" ".join(missing_packages(test=True)))
        return 0
    if command not in commands:
        print(f"{command}?\n{__doc__}", file=sys.stderr)
        return 2
    try:
        commands[command](rest)
    except SetupFailure as failure:
        print(failure, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            print(disk_full(ROOT), file=sys.stderr)
        else:
            reason = error.strerror or str(error)
            print(text("not-writable", folder=error.filename or ROOT, reason=reason), file=sys.stderr)
    return UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
