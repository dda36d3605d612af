"""The owner's tool: it makes a key, numbers, dates and signs a list, and refuses what no panel could read."""

from __future__ import annotations

import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import minisign
import pytest
import release
import sign_versions
from sign_versions import Refused, make_key, sign

from archisync_gui.updates.signed_list import UpdatesError, read_list, verify

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GOOD = {
    "version": "0.2.0",
    "date": "2026-03-01",
    "it": "Novità",
    "en": "News",
    "page": "https://archisync.example.test/0.2.0",
}


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """Secret key file and public key; the tree's `updates.toml` has that key."""
    public = make_key(tmp_path / "secret.key", "a password")
    source = tmp_path / "updates.toml"
    source.write_text(f'address = "https://archisync.example.test/versions.json"\npublic_key = "{public}"\n')
    monkeypatch.setattr(sign_versions, "SOURCE", source)
    return tmp_path / "secret.key", public


def draft(folder: Path, *versions: object, **more: object) -> Path:
    path = folder / "versions.json"
    path.write_text(json.dumps({"versions": list(versions), **more}))
    return path


def test_a_panel_accepts_what_was_signed_and_each_signing_counts(owner: tuple[Path, str], tmp_path: Path) -> None:
    secret, public = owner
    path = draft(tmp_path, GOOD)
    for serial in (1, 2, 3):
        assert sign(path, secret, "a password", NOW, days=120) == serial
        content = path.read_bytes()
        verify(content, (tmp_path / "versions.json.minisig").read_bytes(), public)
        found = read_list(content)
        assert (found.serial, found.issued, found.expires) == (serial, NOW, NOW + timedelta(days=120))
        assert [v.name for v in found.versions] == ["0.2.0"]
    assert sign_versions.check(path) == "number 3 of 2026-03-02, valid until 2026-06-30: 0.2.0"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(UpdatesError):
        sign_versions.check(path)


@pytest.mark.parametrize(
    "versions",
    [
        [GOOD | {"version": "v0.2"}],
        [GOOD | {"version": "0.2.0rc1"}],
        [{"version": "0.2.0"}],
        [GOOD | {"page": "http://archisync.example.test"}],
        [GOOD, GOOD | {"version": "0.2"}],
        ["0.2.0"],
    ],
)
def test_what_no_panel_would_show_is_not_signed(
    owner: tuple[Path, str], tmp_path: Path, versions: list[object]
) -> None:
    path = draft(tmp_path, *versions)
    before = path.read_bytes()
    with pytest.raises(Refused):
        sign(path, owner[0], "a password", NOW, days=120)
    assert path.read_bytes() == before
    assert not (tmp_path / "versions.json.minisig").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"versions": [], "serial": "one"}'])
def test_what_is_no_list_is_not_signed(owner: tuple[Path, str], tmp_path: Path, content: str) -> None:
    (tmp_path / "versions.json").write_text(content)
    with pytest.raises(Refused):
        sign(tmp_path / "versions.json", owner[0], "a password", NOW, days=120)


def test_another_key_than_the_builds_is_refused(owner: tuple[Path, str], tmp_path: Path) -> None:
    make_key(tmp_path / "other.key", "a password")
    with pytest.raises(Refused, match="nobody would accept"):
        sign(draft(tmp_path, GOOD), tmp_path / "other.key", "a password", NOW, days=120)


def release_in(folder: Path) -> Path:
    """A release of two files; returns its checksums."""
    folder.mkdir()
    for name in ("Archisync-0.2.0-setup.exe", "archisync-gui.deb"):
        (folder / name).write_bytes(name.encode() * 1000)
    return release.checksums(folder)


def test_the_checksums_of_a_release_are_signed_by_the_owner(owner: tuple[Path, str], tmp_path: Path) -> None:
    secret, public = owner
    sums = release_in(tmp_path / "release")
    assert sign_versions.sign_sums(sums, secret, "a password") == 2
    signature = minisign.Signature.from_bytes((tmp_path / "release" / "SHA256SUMS.minisig").read_bytes())
    minisign.PublicKey.from_base64(public).verify(sums.read_bytes(), signature)
    assert sign_versions.check_sums(sums) == 2

    # Whoever can change the page can change both files, and not the signature.
    changed = tmp_path / "release" / "archisync-gui.deb"
    changed.write_bytes(b"another")
    with pytest.raises(Refused, match=r"archisync-gui\.deb"):
        sign_versions.check_sums(sums)
    release.checksums(tmp_path / "release")
    with pytest.raises(UpdatesError):
        sign_versions.check_sums(sums)


def test_checksums_that_are_not_those_of_the_files_are_not_signed(owner: tuple[Path, str], tmp_path: Path) -> None:
    secret, _ = owner
    sums = release_in(tmp_path / "release")
    for damage in (
        lambda: (tmp_path / "release" / "archisync-gui.deb").write_bytes(b"another"),
        lambda: (tmp_path / "release" / "archisync-gui.deb").unlink(),
        lambda: sums.write_text("no checksums\n"),
        lambda: sums.write_text(f"{'0' * 64}  ../secret.key\n"),
    ):
        damage()
        with pytest.raises(Refused):
            sign_versions.sign_sums(sums, secret, "a password")
    make_key(tmp_path / "other.key", "a password")
    second = release_in(tmp_path / "second")
    with pytest.raises(Refused, match="nobody would accept"):
        sign_versions.sign_sums(second, tmp_path / "other.key", "a password")
    assert list(tmp_path.rglob("*.minisig")) == []


def test_the_key_is_encrypted_private_and_never_replaced(owner: tuple[Path, str], tmp_path: Path) -> None:
    secret, _ = owner
    assert minisign.SecretKey.from_file(secret).is_encrypted()
    if sys.platform != "win32":
        assert secret.stat().st_mode & 0o777 == 0o600
    before = secret.read_bytes()
    with pytest.raises(Refused, match="there already"):
        make_key(secret, "another")
    assert secret.read_bytes() == before
    with pytest.raises(Refused):
        make_key(tmp_path / "new.key", "")
    with pytest.raises(minisign.Error):
        sign(draft(tmp_path, GOOD), secret, "wrong", NOW, days=120)


def test_as_a_person_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["sign_versions.py", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO("a password" + os.linesep))
        return sign_versions.main()

    secret, path = str(tmp_path / "secret.key"), str(draft(tmp_path, GOOD))
    assert call("key", secret, "--password-stdin") == 0
    assert 'public_key = "RW' in capsys.readouterr().out
    assert call("key", secret, "--password-stdin") == 1
    assert call("sign", path, "--key", secret, "--password-stdin") == 0
    assert "number 1" in capsys.readouterr().out
    sums = str(release_in(tmp_path / "release"))
    assert call("sums", sums, "--key", secret, "--password-stdin") == 0
    assert "2 files" in capsys.readouterr().out
    assert call("check-sums", sums) == 1  # the tree has no key yet
    assert call("sign", str(tmp_path / "nothing.json"), "--key", secret, "--password-stdin") == 1
