"""A password that a command is given: as it was meant, or not at all, since a wrong one stops the account."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from archisync_gui import cli
from archisync_gui.app import exit_codes, given_password
from archisync_gui.app.channel import ChannelServer
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.messages import system_language, text
from archisync_gui.model import SyncFailure

WORD = "Perchè ò€1"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(f"{tmp_path / 'p'}{os.sep}", demo=True)


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes, *, encoding: str = "cp1252", system: str = "win32") -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding))
    monkeypatch.setattr(given_password, "sys_platform", lambda: system)


@pytest.mark.parametrize(
    "content",
    [
        WORD.encode(),
        f"{WORD}\n".encode(),
        f"{WORD}\r\nsecond line\r\n".encode(),
        f"{WORD}\r\n".encode("utf-8-sig"),  # Notepad
        f"\ufeff{WORD}\r\n".encode("utf-16-le"),  # PowerShell 5's `>`
        f"\ufeff{WORD}".encode("utf-16-le"),
        f"\ufeff{WORD}\r\nsecond line\r\n".encode("utf-16-le"),
    ],
)
def test_it_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    pipe(monkeypatch, content)
    assert given_password.on_standard_input() == WORD


@pytest.mark.parametrize("word", ["lozinkaЊ1", "ਅPW1", "ЊЊ", "\u0a0a1"])
@pytest.mark.parametrize("end", ["\r\n", "\r\nsecond line\r\n", ""])
def test_a_letter_with_the_byte_of_a_line_feed_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch, word: str, end: str
) -> None:
    """Њ is 0A 04 in UTF-16, ਅ 05 0A: what stands before it was tried as the password."""
    pipe(monkeypatch, f"\ufeff{word}{end}".encode("utf-16-le"))
    assert given_password.on_standard_input() == word


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nothing_behind_the_line_is_waited_for(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """The program at the other end of the pipe may wait for the answer of this one."""
    content = f"{WORD}\r\n".encode(encoding)

    class KeptOpen(io.RawIOBase):
        left = content

        def readable(self) -> bool:
            return True

        def readinto(self, into: bytearray) -> int:
            assert self.left, "waits for more"
            into[: len(self.left)], count, self.left = self.left, len(self.left), b""
            return count

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(KeptOpen()), "cp1252"))
    assert given_password.on_standard_input() == WORD


@pytest.mark.parametrize("encoding", ["cp850", "cp1252"])
def test_the_code_page_of_a_pipe_on_windows_is_not_guessed(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """``echo`` in a console writes cp850, an editor cp1252; each was taken for cp1252, or was a traceback (``ì``)."""
    pipe(monkeypatch, "perchì\r\n".encode(encoding))
    with pytest.raises(SyncFailure) as refused:
        given_password.on_standard_input()
    assert refused.value.code == "given-password-unreadable"


def test_elsewhere_the_terminals_encoding_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "perchì\n".encode("latin-1"), encoding="latin-1", system="linux")
    assert given_password.on_standard_input() == "perchì"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", "\ufeff\r\n".encode("utf-16-le")])
def test_an_empty_one_is_no_password(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """It went to the ERP, before the one in the keyring, and the refused login stopped the account."""
    pipe(monkeypatch, content)
    where = ["--demo", "--profile", f"{profile.folder}{os.sep}"]
    assert cli.main(["sync", "customers", "--password-stdin", *where]) == exit_codes.USAGE
    assert str(text("given-password-empty", system_language(), {"variable": "ARCHISYNC_PASSWORD"})) in (
        capsys.readouterr().err
    )
    monkeypatch.setenv("ARCHISYNC_PASSWORD", "")
    assert given_password.in_environment() is None


def test_beside_a_panel_it_is_said_that_it_is_not_used(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def beside() -> int:
        async def serve(*_: object) -> tuple[int, object]:
            return exit_codes.OK, []

        server = ChannelServer(profile, serve)
        await server.start()
        try:
            where = ["--demo", "--profile", f"{profile.folder}{os.sep}"]
            return await asyncio.to_thread(cli.main, ["sync", "customers", "--password-stdin", *where])
        finally:
            await server.stop()

    pipe(monkeypatch, b"secret\n")
    lock = ProfileLock(profile)
    assert lock.acquire()
    try:
        assert asyncio.run(beside()) == exit_codes.OK
    finally:
        lock.release()
    assert str(text("given-password-not-used", system_language())) in capsys.readouterr().err
