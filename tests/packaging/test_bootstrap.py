"""The README's one command where something is missing: one clear sentence, exit code not 0, no traceback."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "packaging" / "bootstrap.py"

NO_ENSUREPIP = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "ensurepip" else find(name, *rest)
"""
"""Makes a Python like Debian's without python3-venv."""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: uses PATH to hide its programs")


IN_PARALLEL = [
    *("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("-o", "faulthandler_timeout=900", "-o", "faulthandler_exit_on_timeout=true"),
]
"""How the tests are distributed on two processors."""
if sys.platform == "win32":
    IN_PARALLEL = []


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archisync_bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small copy of the project: what an installation reads."""
    return copy_to(tmp_path / "checkout")


def copy_to(folder: Path) -> Path:
    (folder / "packaging").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "packaging")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "packaging" / "locked", folder / "packaging" / "locked")
    (folder / "archisync_gui").mkdir()
    shutil.copy(ROOT / "archisync_gui" / "__init__.py", folder / "archisync_gui")
    (folder / "resources").mkdir()
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder that comes first on PATH; its apt-get installs nothing and says so."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "apt-get", 'echo "E: Unable to locate package" >&2; exit 100')
    return folder


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def environment(tools: Path | None = None, **changes: str) -> dict[str, str]:
    """This machine's, English, without pip's settings and without network for pip: a closed port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "LC_", "DISPLAY", "WAYLAND"))}
    path = f"{tools}{os.pathsep}{os.environ['PATH']}" if tools else os.environ["PATH"]
    closed = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"http://127.0.0.1:{port}/", "PIP_RETRIES": "0"}
    return {**kept, "PATH": path, "LANG": "C.UTF-8", **closed, **changes}


def start(checkout: Path, *arguments: str, env: dict[str, str], prelude: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as a person would; ``prelude`` is code that makes this Python a poorer one first."""
    script = checkout / "packaging" / "bootstrap.py"
    run = f"runpy.run_path({str(script)!r}, run_name='__main__')"
    code = f"{prelude}\nimport runpy, sys; sys.argv = {[str(script), *arguments]!r}; {run}"
    # The interpreter below any virtual environment: a person has none yet.
    python = getattr(sys, "_base_executable", sys.executable)
    return subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, timeout=120)


def assert_one_sentence(done: subprocess.CompletedProcess[str], pattern: str) -> None:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    assert re.search(pattern, lines[0]), lines[0]
    assert done.returncode == 69
    assert "Traceback" not in done.stdout


def test_it_parses_on_old_pythons() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_in_both_languages(checkout: Path, version: tuple[int, int, int]) -> None:
    done = start(checkout, "run", env=environment(), prelude=f"import sys; sys.version_info = {(*version, 'final', 0)}")
    english, italian = done.stderr.strip().splitlines()
    name = f"{version[0]}.{version[1]}"
    assert re.match(rf"Archisync needs Python 3\.11 or newer, and this is Python {re.escape(name)}:", english)
    assert re.match(rf"Archisync richiede Python 3\.11 o successivo, e questo è Python {re.escape(name)}:", italian)
    assert done.returncode == 69


@linux
def test_a_python_without_pip_is_one_sentence(checkout: Path, tools: Path) -> None:
    """As on Debian without python3-venv: ``ensurepip`` cannot be imported. Not root: apt is named, never called."""
    prelude = NO_ENSUREPIP + "import os; os.geteuid = lambda: 1000"
    done = start(checkout, "run", env=environment(tools), prelude=prelude)
    assert_one_sentence(done, r"no pip .*\(sudo apt-get install python3-venv\)")
    assert not (checkout / ".venv").exists()


@linux
def test_apt_that_fails_is_one_sentence_with_the_command(checkout: Path, tools: Path) -> None:
    prelude = NO_ENSUREPIP + "import os; os.geteuid = lambda: 0"
    done = start(checkout, "run", env=environment(tools), prelude=prelude)
    assert_one_sentence(done, r"apt could not install .*python3-venv.*Unable to locate package.*apt-get install -y")


@linux
def test_what_is_missing_is_named_with_the_exact_command(checkout: Path, tools: Path) -> None:
    """Not root, and a library that nobody has."""
    prelude = (
        "import ctypes, os; os.geteuid = lambda: 1000; old = ctypes.CDLL\n"
        "def load(name, *a, **k):\n"
        "    if name == 'libEGL.so.1': raise OSError(name)\n"
        "    return old(name, *a, **k)\n"
        "ctypes.CDLL = load"
    )
    done = start(checkout, "run", env=environment(tools, QT_QPA_PLATFORM="offscreen"), prelude=prelude)
    assert_one_sentence(done, r"lacks libegl1; .* sudo apt-get install -y --no-install-recommends libegl1$")


@linux
def test_no_network_is_one_sentence_and_a_half_made_environment_is_repaired(checkout: Path, tools: Path) -> None:
    half = checkout / ".venv" / "bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(tools / "nowhere")
    prelude = "import os; os.geteuid = lambda: 1000"
    done = start(checkout, "run", env=environment(tools), prelude=prelude)
    assert_one_sentence(done, r"could not be downloaded \(.+\): check the network")
    assert "half-made" in done.stdout
    python = checkout / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    again = start(checkout, "run", env=environment(tools), prelude=prelude)
    assert re.search(r"environment .venv \.\.\. there", again.stdout)


@linux
def test_italian_is_spoken_on_an_italian_system(checkout: Path, tools: Path) -> None:
    prelude = "import os, shutil; os.geteuid = lambda: 1000\n"
    prelude += "shutil.disk_usage = lambda p: shutil._ntuple_diskusage(9, 9, 1_000_000)"
    done = start(checkout, "run", env=environment(tools, LANG="it_IT.UTF-8"), prelude=prelude)
    assert_one_sentence(done, r"Spazio insufficiente sul disco di .*\(1 MB liberi, circa 1300 MB necessari\)")


def small_disk_command(command: str) -> list[str]:
    return ["unshare", "--mount", "sh", "-ec", command]


def can_mount(folder: Path) -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(small_disk_command(f"mount -t tmpfs -o size=1m tmpfs {folder}"), capture_output=True)
    return tried.returncode == 0


@pytest.mark.parametrize("room", ["known", "found out"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, tools: Path, room: str) -> None:
    """A real small disk: seen before anything is made, or, when it seemed large enough, where writing fails."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("needs Linux and root, to mount a small disk")
    source = copy_to(tmp_path / "source")
    script = disk / "checkout" / "packaging" / "bootstrap.py"
    code = f"import os, runpy, shutil, sys; os.geteuid = lambda: 1000; sys.argv = [{str(script)!r}, 'run']\n"
    if room == "found out":
        code += "real = shutil.disk_usage; lies = [10**12]\n"
        code += "def measure(p): return real(p)._replace(free=lies.pop()) if lies else real(p)\n"
        code += "shutil.disk_usage = measure\n"
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    starter = tmp_path / "starter.py"
    starter.write_text(code)
    python = getattr(sys, "_base_executable", sys.executable)
    command = f"mount -t tmpfs -o size=6m tmpfs {disk}; cp -r {source} {disk}/checkout; exec {python} {starter}"
    done = subprocess.run(
        small_disk_command(command), env=environment(tools), capture_output=True, text=True, timeout=120
    )
    assert_one_sentence(done, r"not enough room on the disk of .*/disk/checkout \(")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", "disk-full"),
        ("WARNING: Retrying ... Temporary failure in name resolution\nERROR: No matching distribution", "no-network"),
        ("ERROR: HTTP error 503 Service Unavailable while getting ...\n", "no-network"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...", "no-network"),
        ("ERROR: Could not install: [Errno 13] Permission denied: 'x'\n", "not-writable"),
        ("ERROR: Package 'x' requires a different Python: 3.11.2 not in '>=3.12'\n", "install-failed"),
    ],
)
def test_what_pip_says_is_understood(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: str
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    assert bootstrap.install_failure(said).code == code


@linux
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'chrome: error while loading shared libraries: libnss3.so' >&2; exit 127", r"libnss3\.so"),
        ("kill -SEGV $$", "Segmentation fault"),
        ("exit 5", "exit 5"),
        ("exec sleep 60", "1 s"),
    ],
)
def test_a_browser_that_does_not_start_says_why(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(bootstrap, "BROWSER_SECONDS", 1 if "sleep" in script else 60)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp.json")
    broken = program(tmp_path / "google-chrome", script)
    monkeypatch.setattr(bootstrap, "find_browser", lambda: str(broken))
    with pytest.raises(bootstrap.SetupFailure, match=reason) as caught:
        bootstrap.browser(bootstrap.Step("browser"), {})
    assert caught.value.code == "browser-silent"
    assert not (tmp_path / "stamp.json").exists()


@linux
def test_a_browser_is_found_on_the_path_and_really_started(bootstrap: ModuleType, tmp_path: Path) -> None:
    path = bootstrap.find_browser()
    assert path is not None
    assert bootstrap.try_browser(path) is None


@linux
def test_a_browser_that_was_seen_is_not_started_again(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "starts"
    browser = program(tmp_path / "chromium", f"echo start >> {log}; echo '<html></html>'")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(bootstrap, "find_browser", lambda: str(browser))
    for _ in range(3):
        bootstrap.browser(bootstrap.Step("browser"), bootstrap.read_stamp())
    assert log.read_text().split() == ["start"]
    os.utime(browser, (1, 1))  # updated by the system
    bootstrap.browser(bootstrap.Step("browser"), bootstrap.read_stamp())
    assert log.read_text().split() == ["start", "start"]


def test_the_environment_of_a_checkout_that_was_moved_or_copied_is_made_anew(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own Python still runs, but `.venv/bin/pytest` would start the old folder's, or none."""

    def at(root: Path) -> None:
        values = {"ROOT": root, "VENV": root / ".venv", "STAMP": root / ".venv" / "stamp.json"}
        for name, value in {**values, "LOCKED": root}.items():
            monkeypatch.setattr(bootstrap, name, value)

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    (first / "pyproject.toml").touch()
    at(first)
    venv.create(first / ".venv", with_pip=True)
    bootstrap.write_stamp(extras=[])
    assert bootstrap.environment(bootstrap.Step("environment"), bootstrap.read_stamp()) == bootstrap.text("present")

    first.rename(second)
    at(second)
    assert bootstrap.read_stamp() == {}
    assert bootstrap.environment(bootstrap.Step("environment"), {}) == bootstrap.text("repaired")
    if sys.platform != "win32":
        assert str(second) in (second / ".venv" / "bin" / "pip").read_text()


def test_an_installation_is_repeated_only_when_something_changed(
    bootstrap: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = checkout / ".venv"
    venv.mkdir()
    locked = checkout / "packaging" / "locked"
    for name, value in {"ROOT": checkout, "VENV": venv, "LOCKED": locked, "STAMP": venv / "stamp.json"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    calls: list[list[str]] = []

    class Pip:
        returncode = 0
        stdout = ()

        def __init__(self, command: list[str], **options: object) -> None:
            calls.append(command)

        def __enter__(self) -> Pip:
            return self

        def __exit__(self, *error: object) -> None: ...

    monkeypatch.setattr(bootstrap.subprocess, "Popen", Pip)

    def install(*extras: str) -> str | None:
        calls.clear()
        bootstrap.libraries(bootstrap.Step("libraries"), bootstrap.read_stamp(), set(extras))
        for call in calls[:-1]:  # the locked versions come before the checkout, and nothing unchecked with them
            assert call[-4:-1] == ["--require-hashes", "--no-deps", "-r"]
        return calls[-1][-1] if calls else None

    assert install() == "."
    assert [call[-1] for call in calls] == [str(locked / "run.txt"), "."]
    assert install() is None
    assert install("test") == ".[test]"
    assert [call[-1] for call in calls] == [str(locked / "test.txt"), ".[test]"]
    assert install("test") is None
    assert install() is None
    assert install("docs") == ".[test]"
    assert [call[-1] for call in calls] == [str(locked / "test.txt"), str(locked / "docs.txt"), ".[test]"]
    with (locked / "run.txt").open("a") as lock:
        lock.write("# changed\n")
    assert install("test") == ".[test]"
    with (checkout / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    assert install("test") == ".[test]"
    (venv / "stamp.json").write_text("{half")
    assert install() == "."


@linux
@pytest.mark.parametrize(
    ("variables", "shows"),
    [
        ({}, False),
        ({"DISPLAY": ":987"}, False),
        ({"DISPLAY": "nonsense"}, False),
        ({"WAYLAND_DISPLAY": "wayland-987"}, False),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
)
def test_a_display_counts_when_somebody_answers_there(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], shows: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert bootstrap.can_show_windows() is shows


@linux
def test_a_wayland_socket_that_answers_counts(
    bootstrap: ModuleType, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("w")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(folder / "wayland-0"))
        compositor.listen()
        assert bootstrap.can_show_windows()


@pytest.mark.parametrize(
    ("shows", "command"),
    [
        (True, ["-m", "archisync_gui", "--demo", "--latency", "none"]),
        (False, ["-m", "archisync_gui", "sync", "all", "--demo", "--latency", "real", "--latency", "none"]),
    ],
)
def test_arguments_are_passed_on_and_without_a_display_the_terminal_does_the_job(
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shows: bool,
    command: list[str],
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "set_up", lambda extras: None)
    monkeypatch.setattr(bootstrap, "can_show_windows", lambda: shows)
    monkeypatch.setattr(bootstrap, "become", lambda arguments: started.append(arguments) or sys.exit(0))
    with pytest.raises(SystemExit):
        bootstrap.main(["run", "--latency", "none"])
    assert started == [command]
    assert ("No display" in capsys.readouterr().out) is not shows


@pytest.mark.parametrize(
    ("arguments", "needs", "command"),
    [
        (["test", "-q", "tests/store"], {"test"}, ["-m", "pytest", *IN_PARALLEL, "-q", "tests/store"]),
        (["test"], {"test"}, ["-m", "pytest", *IN_PARALLEL]),
        (["test", "-n", "2"], {"test"}, ["-m", "pytest", "-n", "2"]),
        (["test", "-m", "nightly"], {"test"}, ["-m", "pytest", "-m", "nightly"]),
        (["test", "tests/test_zone.py"], {"test"}, ["-m", "pytest", "tests/test_zone.py"]),
        (["test", "tests/test_zone.py::test_x"], {"test"}, ["-m", "pytest", "tests/test_zone.py::test_x"]),
        (["test", "--windows"], {"test"}, ["packaging/wine", "--suite"]),
        (
            ["test", "--windows", "tests/store"],
            {"test"},
            ["packaging/wine", "-m", "pytest", "-p", "no:cacheprovider", "tests/store"],
        ),
        (["docs"], {"docs"}, ["-m", "mkdocs", "build", "--strict", "--quiet"]),
        (["docs", "serve"], {"docs"}, ["-m", "mkdocs", "serve"]),
    ],
)
def test_each_command_installs_what_it_needs_and_starts_it(
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    needs: set[str],
    command: list[str],
) -> None:
    done: list[object] = []
    monkeypatch.setattr(bootstrap, "set_up", done.append)
    monkeypatch.setattr(bootstrap, "become", lambda words: done.append(words) or sys.exit(0))
    monkeypatch.setattr(bootstrap.os, "cpu_count", lambda: 2)
    with pytest.raises(SystemExit):
        bootstrap.main(arguments)
    assert done == [needs, command]


def test_every_text_has_both_languages(bootstrap: ModuleType) -> None:
    for english, italian in bootstrap.TEXTS.values():
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", italian)


@pytest.mark.parametrize("kind", ["wheel", "deb", "windows", "release"])
def test_each_artefact_has_its_script(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "set_up", lambda extras: None)
    monkeypatch.setattr(bootstrap, "become", lambda words: started.append(words) or sys.exit(0))
    with pytest.raises(SystemExit):
        bootstrap.main(["build", kind, "--out", "x"])
    ((script, *rest),) = started
    assert (ROOT / script).exists()
    assert rest == ["--out", "x"]


@pytest.mark.parametrize("arguments", [[], ["rpm"]])
def test_an_unknown_artefact_is_a_usage_error(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        bootstrap.main(["build", *arguments])
    assert ended.value.code == 2
    assert "wheel | deb" in capsys.readouterr().err


def test_an_unknown_command_is_a_usage_error(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["jump"]) == 2
    assert "bootstrap.py run" in capsys.readouterr().err
