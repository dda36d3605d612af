"""The Debian package in a bare Debian 12 and 13: installed, run as a user, removed without a trace but the data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import build_deb
import pytest
from bare_debian import BareDebian, bare_debian
from build_windows import tree_version

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("debootstrap") is None,
        reason="needs Linux, root and debootstrap, to make a bare Debian",
    ),
]


PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}


@pytest.fixture(scope="module", params=PYTHONS)
def debian(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareDebian]:
    """A bare Debian with an ordinary user, with the package in its root folder."""
    folder = tmp_path_factory.mktemp("deb")
    system = bare_debian(folder, request.param)
    shutil.copy(build_deb.build(folder, tree_version(), PYTHONS[request.param]), system.root / "archisync-gui.deb")
    system.must("useradd --create-home anna")
    yield system
    shutil.rmtree(folder)


def listing(system: BareDebian) -> set[str]:
    """Files and folders outside the places that packages of Debian change by themselves."""
    found = system.must("find /etc /usr /opt -xdev -path '*archisync*' -print")
    return set(found.splitlines())


def test_installed_run_and_removed(debian: BareDebian) -> None:
    assert listing(debian) == set()
    debian.must("apt-get install -y -qq /archisync-gui.deb chromium systemd desktop-file-utils >/dev/null")
    assert debian.must("archisync-gui --version", user="anna") == f"Archisync {tree_version()}\n"
    debian.must("desktop-file-validate /usr/share/applications/archisync-gui.desktop")
    unit = "/usr/lib/systemd/user/archisync-gui.service"  # no login has made a runtime folder here
    debian.must(
        f"XDG_RUNTIME_DIR=/tmp systemd-analyze verify --user {unit} 2>&1", user="anna"
    )  # no login made one here

    # Every module can be imported: what was left out of Qt and the libraries is not missed.
    said = debian.must(
        "cat >/tmp/all.py <<'EOF'\n" + IMPORT_ALL + "EOF\n/usr/lib/archisync-gui/bin/python -I /tmp/all.py"
    )
    assert int(said) > 100

    # The main job, as an ordinary user.
    said = debian.must("archisync-gui sync all --demo --demo-clock stopped --json", user="anna")
    results = [json.loads(line) for line in said.splitlines()]
    assert {r["type"]: r["outcome"] for r in results} == dict.fromkeys(
        ("customers", "orders", "ddt", "invoices", "prices", "products"), "completed"
    )
    found = {
        f["check"]: f["verdict"]
        for f in json.loads(debian.run("archisync-gui doctor --json --demo", user="anna").stdout)
    }
    assert found["python"] == found["browser"] == found["database"] == "ok"

    # The panel as the unit starts it; asked for its status, started once more, and ended as the unit ends it.
    said = debian.must(PANEL, user="anna")
    assert '"boot"' in said
    assert said.rstrip().splitlines()[-3:] == ["second 0", "1", "ended 0"]

    # What the panel writes for the desktop's autostart leads to this installation.
    assert debian.must(AUTOSTART, user="anna").strip() == "/usr/lib/archisync-gui/bin/archisync-gui-panel"

    # An upgrade ends a running panel and starts it again; a removal ends it.
    debian.must(UPGRADE_AND_PURGE)
    assert listing(debian) == set()
    assert (debian.root / "home/anna/.local/share/archisync/profiles/demo/archisync.db").exists()


IMPORT_ALL = """
import importlib, pkgutil, archisync_gui
count = 0
for module in pkgutil.walk_packages(archisync_gui.__path__, 'archisync_gui.'):
    if '__main__' not in module.name and '.migrations' not in module.name:
        importlib.import_module(module.name); count += 1
from archisync_gui.ui.widgets import charts
print(count)
"""

PANEL = """
archisync-gui-panel --hidden --demo & panel=$!
for _ in $(seq 60); do archisync-gui status --demo --json 2>/dev/null | grep '"boot"' && break; sleep 1; done
archisync-gui-panel --hidden --demo; echo second $?
archisync-gui status --demo --json | grep -c '"boot"'
kill $panel
wait $panel; echo ended $?
"""

UPGRADE_AND_PURGE = r"""
set -e
anna() { runuser -u anna -- env HOME="$(getent passwd anna | cut -d: -f6)" "$@"; }
boot() {
    for _ in $(seq 60); do
        found=$(anna archisync-gui status --demo --json 2>/dev/null | sed -n 's/.*"boot": *"\([^"]*\)".*/\1/p')
        [ -z "$found" ] || { echo "$found"; return; }
        sleep 1
    done
}
anna archisync-gui-panel --hidden --demo >/dev/null 2>&1 &
first=$(boot)
dpkg -i /archisync-gui.deb >/dev/null
second=$(boot)
echo "first $first, second $second"
[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ]
apt-get purge -y -qq archisync-gui >/dev/null
! grep -la 'lib/archisync-gui/[b]in' /proc/[0-9]*/cmdline
"""

AUTOSTART = (
    "/usr/lib/archisync-gui/bin/python -I -c 'from archisync_gui.app import autostart; print(*autostart.program())'"
)


def test_the_package_is_as_debian_wants_it(debian: BareDebian, tmp_path: Path) -> None:
    """Owned by root, readable by everybody, no leftovers of the build."""
    done = subprocess.run(
        ["dpkg-deb", "-c", str(debian.root / "archisync-gui.deb")], capture_output=True, text=True, check=True
    )
    lines = [line.split(maxsplit=5) for line in done.stdout.splitlines()]
    assert {line[1] for line in lines} == {"root/root"}
    assert all(line[0] in ("drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx") for line in lines)
    names = [line[5] for line in lines]
    assert not [n for n in names if "__pycache__" in n or n.endswith(".pyi") or "/qml/" in n or "Qt6Quick" in n]
    assert [n for n in names if n.endswith("/driver/node") and lines[names.index(n)][0] == "-rwxr-xr-x"]
