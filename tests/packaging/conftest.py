"""Fixtures of the tests of the Windows installer around a small program; the constants are in `small_setup.py`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import build_windows
import pytest
from small_setup import HERE, HOME, RUN_KEY, UNINSTALL_KEY, place, until_true
from wine import Session, Wine, ready, store_folder


@pytest.fixture(scope="module")
def setups(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Installers of the small program, as Windows paths: two versions, and one that takes itself for tiny."""
    ready(store_folder())
    app = tmp_path_factory.mktemp("small") / "app"
    app.mkdir()
    for name, options in build_windows.LAUNCHERS.items():
        command = [build_windows.COMPILER, "-municode", *options, "-o", str(app / f"{name}.exe")]
        subprocess.run([*command, str(HERE / "small_program.c")], check=True)
    (app / "large.bin").write_bytes(bytes(range(256)) * 16_384)  # 4 MB
    made = {}
    for kind in ("0.1.0", "0.2.0", "tiny"):
        version = "0.2.0" if kind == "tiny" else kind
        (app / "version.txt").write_text(version)
        name = f"{request.module.__name__}-{kind}-setup.exe"
        with pytest.MonkeyPatch.context() as patched:
            if kind == "tiny":
                patched.setattr(build_windows, "_output", smaller(build_windows._output))
            build_windows.installer(app, version, store_folder() / name, quick=True)
        made[kind] = rf"Z:\store\{name}"
    yield made
    for kind in made:
        (store_folder() / f"{request.module.__name__}-{kind}-setup.exe").unlink()


def smaller(output: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    """The same, with an installer that is told a size of one kilobyte."""
    return lambda command: output([re.sub(r"^-DSIZE_KB=\d+$", "-DSIZE_KB=1", word) for word in command])


@pytest.fixture(scope="module")
def windows(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A running Windows with a new user."""
    ready(store_folder())
    wine = Wine(store_folder(), f"small-{request.module.__name__}", project=None)
    shutil.rmtree(wine.home, ignore_errors=True)
    wine.make_prefix()
    with wine.session() as session:
        yield session
    shutil.rmtree(wine.home)


@pytest.fixture
def home(windows: Session) -> Iterator[Path]:
    """The usual folder of the program, not there yet."""
    yield place(windows, HOME)
    windows.run(["reg", "delete", UNINSTALL_KEY, "/f"])
    windows.run(["reg", "delete", RUN_KEY, "/v", "Archisync", "/f"])
    until_true(lambda: shutil.rmtree(place(windows, HOME), ignore_errors=True) or not place(windows, HOME).exists())
