"""What a release consists of: version, checksums, list of parts, licences; and the repository's own files for it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from types import ModuleType

import build_windows
import pytest
import release
import yaml
from build_windows import numbers, tree_version

import archisync_gui
from archisync_gui.licences import FILE, LIBRARIES, licences

ROOT = Path(__file__).parents[2]
CHAPTER = re.MULTILINE | re.DOTALL
WORKFLOWS = [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / ".pre-commit-config.yaml"]


def _parts() -> ModuleType:
    """The module beside `archisync.spec`, whose folder is on no search path."""
    file = ROOT / "packaging" / "macos" / "parts.py"
    spec = importlib.util.spec_from_file_location("macos_parts", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


parts = _parts()


def test_the_version_stands_in_one_place() -> None:
    assert tree_version() == archisync_gui.__version__
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("version", "four"), [("1.2.3", (1, 2, 3, 0)), ("0.1", (0, 1, 0, 0)), ("2.0.0rc1", (2, 0, 0, 0))]
)
def test_windows_gets_four_numbers(version: str, four: tuple[int, int, int, int]) -> None:
    assert numbers(version) == four


def test_a_tag_that_is_not_the_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["release.py", "--tag", "v999.0.0", "--out", str(tmp_path / "dist")])
    assert release.main() == 1
    assert f"v{archisync_gui.__version__}" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()


def test_only_what_git_has_is_built(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.test"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "a.py").touch()
    git("add", "a.py")
    git("commit", "-m", "first")
    git("tag", "v1.0.0")
    release.clean(tmp_path, "v1.0.0")
    release.clean(tmp_path, None)
    (tmp_path / "new.py").touch()
    with pytest.raises(release.Refused, match=r"new\.py"):
        release.clean(tmp_path, None)
    git("add", "new.py")
    git("commit", "-m", "second")
    with pytest.raises(release.Refused, match=r"v1\.0\.0"):
        release.clean(tmp_path, "v1.0.0")
    with pytest.raises(release.Refused):
        release.clean(tmp_path, "v2.0.0")


def test_a_release_is_built_of_what_main_has_and_the_tests_have_passed() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert jobs["build"]["needs"] == "tests"
    assert any("merge-base --is-ancestor" in step.get("run", "") for step in jobs["build"]["steps"])
    called = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8"))
    assert "workflow_call" in called[True]  # YAML reads "on" as true


def test_only_an_earlier_release_is_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """``--out .`` in a checkout once took the checkout."""
    (tmp_path / "archisync.whl").write_bytes(b"wheel")
    release.checksums(tmp_path)
    (tmp_path / "SHA256SUMS.minisig").touch()
    release.empty(tmp_path)
    assert list(tmp_path.iterdir()) == []
    release.empty(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()

    monkeypatch.setattr(build_windows.shutil, "which", lambda _: "there")
    monkeypatch.setattr(release, "build_wheel", lambda _: pytest.fail("it builds"))
    monkeypatch.setattr(release, "clean", lambda *_: None)
    (tmp_path / ".git").mkdir()
    (tmp_path / "archisync.whl").write_bytes(b"wheel")
    release.checksums(tmp_path)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(sys, "argv", ["release.py", "--out", str(tmp_path)])
    assert release.main() == 1
    assert ".git" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_called_windows_that_is_not_ours_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / "notes.txt").touch()
    monkeypatch.setattr(build_windows.shutil, "which", lambda _: "there")
    monkeypatch.setattr(build_windows, "program_folder", lambda *_: pytest.fail("it builds"))
    monkeypatch.setattr(sys, "argv", ["build_windows.py", "--out", str(tmp_path)])
    assert build_windows.main() == 1
    assert str(tmp_path) in capsys.readouterr().err
    assert (tmp_path / "windows" / "notes.txt").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: uses sha256sum")
def test_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a.exe").write_bytes(b"a")
    (tmp_path / "b.deb").write_bytes(b"b")
    sums = release.checksums(tmp_path)
    assert release.checksums(tmp_path).read_text() == sums.read_text()  # not of itself
    check = ["sha256sum", "--check", "--strict", sums.name]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "a.exe").write_bytes(b"changed")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


def test_every_library_that_is_shipped_has_a_licence() -> None:
    """Of what is installed here, which has the versions that are shipped."""
    text = licences(Path(sysconfig.get_path("purelib")))
    lock = (ROOT / "packaging" / "locked" / "run.txt").read_text("utf-8")
    here = {
        re.sub(r"[-_.]+", "-", name).lower(): licence
        for name, licence in re.findall(r"^={100}\n(\S+) \S+: [^\n]+\n={100}$(.*?)(?=^={100}$|\Z)", text, CHAPTER)
    }
    for name, marker in re.findall(r"^([a-z0-9-]+)==\S+( ;.*)?", lock, re.MULTILINE):
        if not marker:
            assert name in here, f"{name}: no licence found"
            assert len(here[name].strip()) > 300, f"{name}: a heading without a text"
    assert "Permission is hereby granted" in text
    assert "Node.js" in text


def test_each_library_inside_a_wheel_has_a_licence() -> None:
    """Those of psycopg's wheel by the names of its files; a new one has no text until somebody adds it."""
    site = Path(sysconfig.get_path("purelib"))
    patterns = [pattern for pattern, _ in LIBRARIES.values()]
    # Parts of one project: the others of Kerberos, of OpenLDAP and of OpenSSL.
    patterns += [f"psycopg_binary*/**/{name}*" for name in ("libgssapi_krb5", "libk5crypto", "liblber", "libssl")]
    known = {file for pattern in patterns for file in site.glob(pattern)}
    assert [file.name for file in site.glob("psycopg_binary.libs/*") if file not in known] == []
    text = licences(site)
    for chapter in LIBRARIES:
        if next(site.glob(LIBRARIES[chapter][0]), None) is not None:
            assert f"\n{chapter}, inside a wheel\n" in text
    for name in ("FreeType", "HarfBuzz", "Independent JPEG Group", "OpenBLAS"):
        assert name.lower() in text.lower()
    version = metadata.version("PySide6-Essentials")
    assert f"/official_releases/qt/{version.rpartition('.')[0]}/{version}/" in text
    assert "GNU LESSER GENERAL PUBLIC LICENSE\n                       Version 3" in text


def test_the_bundle_for_macos_has_the_licences_of_what_is_inside(tmp_path: Path) -> None:
    site, python = tmp_path / "site", tmp_path / "LICENSE.txt"
    # As the wheels for macOS have them.
    for name in (
        "PySide6/QtCore.abi3.so",
        "psycopg_binary/.dylibs/libpq.5.dylib",
        "psycopg_binary/.dylibs/libcrypto.3.dylib",
    ):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    with pytest.raises(FileNotFoundError):
        parts.resources(tmp_path, site, python)
    python.write_text("PSF LICENSE AGREEMENT")
    data = parts.resources(tmp_path, site, python)
    assert {target for _, target in data} == {"archisync_gui/_resources"}
    folder, file = (Path(source) for source, _ in data)
    assert folder == ROOT / "resources"
    assert file.name == FILE
    text = file.read_text("utf-8")
    for chapter in ("Qt, inside", "PostgreSQL's libpq", "OpenSSL", "PSF LICENSE AGREEMENT"):
        assert chapter in text
    spec = (ROOT / "packaging" / "macos" / "archisync.spec").read_text("utf-8")
    compile(spec, "archisync.spec", "exec")
    assert spec.index("datas=[") < spec.index("*parts.resources(work, ") < spec.index("hiddenimports=[")


def test_the_bundle_for_macos_is_made_of_the_release_s_wheel_and_is_no_part_of_the_release() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]
    said = "\n".join(str(step) for step in jobs["macos"]["steps"])
    assert "pip install --no-deps release/archisync_gui-*.whl" in said
    assert "pip install --no-deps ." not in said  # would build with a hatchling that no lock names
    assert jobs["macos"]["needs"] == "build"
    assert "macos" not in jobs["draft"]["needs"]
    assert all(step.get("with", {}).get("name", "release") == "release" for step in jobs["draft"]["steps"])
    assert "no part of a release" in (ROOT / "README.md").read_text("utf-8")


def test_the_programs_inside_the_wheels_have_a_version() -> None:
    """They are in no lock; a list of parts without them hides what has to be updated."""
    found = {name: version for name, version, _ in release.inside()}
    assert set(found) == {"Python", "Node.js", "Qt"}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(\.\d+)?", version) for version in found.values()), found


def test_what_the_wheels_say_of_themselves_is_in_the_list_of_parts() -> None:
    """OpenSSL and Kerberos inside of wheels stand in no lock."""
    shipped = [("psycopg-binary", ""), ("cryptography", "")]
    found = release.bundled(Path(sysconfig.get_path("purelib")), shipped)
    assert {part["description"] for part in found} == {f"in the wheel of {name}" for name, _ in shipped}
    assert "openssl" in {part["name"] for part in found}
    assert all(part.get("version") for part in found)
    references = [part["bom-ref"] for part in found]
    assert len(references) == len(set(references))
    assert "psycopg-binary" not in {part["name"].replace("_", "-") for part in found}


@pytest.mark.nightly
def test_the_list_of_parts_names_what_is_locked(tmp_path: Path) -> None:
    release.sbom(tmp_path / "parts.json")
    parts = json.loads((tmp_path / "parts.json").read_text("utf-8"))
    assert parts["bomFormat"] == "CycloneDX"
    named = {part["name"] for part in parts["components"]}
    assert {"playwright", "pyside6-essentials", "sqlalchemy", "Python", "Node.js", "Qt", "openssl"} <= named
    references = [part["bom-ref"] for part in parts["components"]]
    assert len(references) == len(set(references))
    assert all(part.get("version") for part in parts["components"])
    assert parts["metadata"]["component"]["name"] == "archisync-gui"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_can_be_read_and_calls_what_exists(path: Path) -> None:
    content = path.read_text("utf-8")
    document = yaml.safe_load(content)
    assert isinstance(document, dict)
    for script in re.findall(r"packaging/[\w/.-]+\.(?:py|spec|txt)", content.replace("$lock", "run")):
        assert (ROOT / script).exists(), script
    if path.parent.name == "workflows":
        assert document["permissions"] == {"contents": "read"}
        assert all(job.get("timeout-minutes") or {"needs", "uses"} & set(job) for job in document["jobs"].values())
