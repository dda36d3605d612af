"""What the manual tells to type into a terminal besides our program's own commands, taken from its pages and run: the
office's server of `several-pcs.md` on a real PostgreSQL, and the check of a release of `install.md`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import release
import sign_versions

from tests.support.postgres import PASSWORD, Cluster, Offices, on_a_server, programs

MANUAL = Path(__file__).parents[2] / "docs" / "manual"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: the commands are a shell's")


def blocks(language: str, page: str) -> list[list[str]]:
    """The lines of each block of a page, without prose."""
    text = (MANUAL / language / page).read_text("utf-8")
    return [block.splitlines() for block in re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


# ------------------------------------------------------------------------------------------- the office's server


@pytest.fixture(scope="module")
def cluster(offices: Offices) -> Iterator[Cluster]:
    """A server of these tests alone: they make the role and the database `office` themselves."""
    found = programs()
    if found is None or os.environ.get("ARCHISYNC_TEST_SERVER"):
        pytest.skip("needs Linux or macOS with a PostgreSQL server of its own (Debian: postgresql)")
    made = Cluster(found)
    yield made
    made.stop()


@pytest.fixture
def bare(cluster: Cluster) -> Cluster:
    """A server as it is after its installation."""
    cluster.sql("DROP DATABASE IF EXISTS office")
    cluster.sql("DROP ROLE IF EXISTS office")
    return cluster


@pytest.fixture
def shell(bare: Cluster, tmp_path: Path) -> Callable[..., str]:
    """Runs a line of the page. `server` is this computer, `sudo -u postgres` the server's administrator."""

    def call(line: str, stdin: str = "") -> str:
        words = shlex.split(line.replace("server:5432", f"127.0.0.1:{bare.port}"))
        as_admin = words[:3] == ["sudo", "-u", "postgres"]
        words = words[3:] if as_admin else words
        if words[0] == "archisync-gui":
            words = [sys.executable, "-m", "archisync_gui", *words[1:], "--demo"]
        else:
            if not (bare.programs / words[0]).exists():
                pytest.skip(f"needs Linux or macOS with PostgreSQL's {words[0]} (Debian: postgresql)")
            words[0] = str(bare.programs / words[0])
        environment = {
            **os.environ,
            "PGHOSTADDR": "127.0.0.1",
            "PGPORT": str(bare.port),
            "PGUSER": "admin" if as_admin else "nobody",
            "PGPASSWORD": PASSWORD,
            "PGSSLMODE": "disable",
            "ARCHISYNC_OFFICE_PASSWORD": PASSWORD,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "XDG_DATA_HOME": str(tmp_path / "data"),
        }
        # A session of its own has no terminal, so that a password is read from standard input.
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    return call


SERVER = re.compile(r"(?:sudo -u postgres \w|pg_dump |pg_restore |archisync-gui office )")


def test_both_languages_say_the_same() -> None:
    """So that running one of them is enough; the commands of our program are compared in `test_manual.py`."""
    english, italian = (
        [line for block in blocks(language, "several-pcs.md") for line in block] for language in ("en", "it")
    )
    assert len(english) > 15
    italian = [line.replace("una password lunga", "a long password") for line in italian]
    assert [line.replace("VERSIONE", "VERSION") for line in italian] == english


@on_a_server
def test_the_office_is_made_used_and_saved_as_the_page_says(bare: Cluster, shell: Callable[..., str]) -> None:
    """From the server's installation to a restored backup, in the order of the page."""
    lines = [line for block in blocks("en", "several-pcs.md") for line in block if SERVER.match(line)]
    names = [line.removeprefix("sudo -u postgres ").split()[:3] for line in lines]
    ours = [name[2] for name in names if name[0] == "archisync-gui"]
    assert ours == ["create", "join", "status", "doctor", "leave"]
    others = [name[0] for name in names if name[0] != "archisync-gui"]
    assert others == ["createuser", "createdb", "psql", "pg_dump", "pg_restore"]
    for line in lines:
        shell(line, f"{PASSWORD}\n{PASSWORD}\n" if "--pwprompt" in line else "")
    rights = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'office'"
    assert bare.sql(rights) == [(False, False, False)]
    count = "SELECT count(*) > 5 FROM pg_tables WHERE schemaname = 'archisync' AND tableowner = 'office'"
    assert bare.sql(count, "office") == [(True,)]


@on_a_server
def test_what_is_typed_into_windows_sql_shell_makes_the_same(bare: Cluster, shell: Callable[..., str]) -> None:
    (typed,) = (block for block in blocks("en", "several-pcs.md") if block[0].startswith("CREATE ROLE"))
    script = "\n".join(typed).replace("a long password", PASSWORD)
    shell("sudo -u postgres psql --dbname postgres --set ON_ERROR_STOP=1", script)
    assert bare.sql("SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'", "office") == [("pg_trgm",)]
    (create,) = (line for block in blocks("en", "several-pcs.md") for line in block if "office create" in line)
    shell(create)


# ------------------------------------------------------------------------------------------- a release

STAND_IN = """\
#!{python}
import argparse, pathlib, sys
import minisign
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("-V", action="store_true", required=True)
parser.add_argument("-m", required=True)
parser.add_argument("-P", required=True)
given = parser.parse_args()
try:
    minisign.PublicKey.from_base64(given.P).verify(
        pathlib.Path(given.m).read_bytes(), minisign.Signature.from_file(given.m + ".minisig")
    )
except minisign.VerifyError as error:
    sys.exit(str(error))
"""
"""Where the program `minisign` is not installed (Debian: minisign): the library, with the options that the page
uses."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: uses sha256sum")
@pytest.mark.parametrize(("language", "key"), [("en", "KEY"), ("it", "CHIAVE")])
def test_a_release_is_checked_as_the_page_says(language: str, key: str, tmp_path: Path) -> None:
    public = sign_versions.make_key(tmp_path / "secret.key", "a password")
    folder = tmp_path / "release"
    folder.mkdir()
    for name in ("Archisync-1.2.3-setup.exe", "archisync-gui_1.2.3_python3.11_amd64.deb"):
        (folder / name).write_bytes(name.encode())
    sums = release.checksums(folder)
    sign_versions.sign_sums(sums, tmp_path / "secret.key", "a password")
    (folder / "Archisync-1.2.3-setup.exe").unlink()  # only one file was downloaded
    environment = dict(os.environ)
    if shutil.which("minisign") is None:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "minisign").write_text(STAND_IN.format(python=sys.executable))
        (programs / "minisign").chmod(0o755)
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    ((signature, checksums),) = (b for b in blocks(language, "install.md") if b[0].startswith("minisign"))
    assert signature.split()[-1] == key

    def code(line: str) -> int:
        words = [public if word == key else word for word in shlex.split(line)]
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
        return done.returncode

    assert (code(signature), code(checksums)) == (0, 0)
    package = folder / "archisync-gui_1.2.3_python3.11_amd64.deb"
    package.write_bytes(b"of somebody else")
    assert (code(signature), code(checksums)) == (0, 1)
    release.checksums(folder)  # by who has put the other file there
    assert (code(signature) != 0, code(checksums)) == (True, 0)
