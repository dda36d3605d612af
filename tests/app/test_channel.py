"""The holder of a profile serves other processes of the same user, streams events, and notices closed connections."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.app import channel
from archisync_gui.app.channel import ChannelServer, Emit, NoAnswer, call
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.disk import replace_file
from tests.support.waiting import until


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "p"), demo=True)


async def test_a_call_streams_events_and_ends_with_a_code(profile: Profile) -> None:
    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        emit({"kind": "step", "n": 1})
        emit({"kind": "step", "n": 2})
        return 3, {"name": name, **args}

    server = ChannelServer(profile, handler)
    await server.start()
    events: list[dict[str, Any]] = []
    try:
        assert await call(profile, "sync", {"types": ["orders"]}, events.append) == (
            3,
            {"name": "sync", "types": ["orders"]},
        )
    finally:
        await server.stop()
    assert events == [{"kind": "step", "n": 1}, {"kind": "step", "n": 2}]


async def test_without_a_holder_there_is_no_answer(profile: Profile) -> None:
    with pytest.raises(NoAnswer):
        await call(profile, "status", {}, lambda event: None)


async def test_a_silent_holder_is_given_up(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "FIRST_ANSWER", 0.05)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(mute, str(channel._socket_path(profile)))
    try:
        with pytest.raises(NoAnswer):
            await call(profile, "status", {}, lambda event: None)
    finally:
        server.close()
        await server.wait_closed()


async def test_a_caller_that_hangs_up_cancels_its_call(profile: Profile) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0, None

    server = ChannelServer(profile, handler)
    await server.start()
    try:
        caller = asyncio.ensure_future(call(profile, "sync", {}, lambda event: None))
        await began.wait()
        caller.cancel()
        await asyncio.wait_for(ended.wait(), 20)
        with pytest.raises(asyncio.CancelledError):
            await caller
    finally:
        await server.stop()


async def test_a_process_of_another_user_is_refused(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        served.append(name)
        return 0, None

    monkeypatch.setattr(channel, "_peer_uid", lambda connection: os.getuid() + 1)
    server = ChannelServer(profile, handler)
    await server.start()
    try:
        reader, writer = await asyncio.open_unix_connection(str(channel._socket_path(profile)))
        assert await reader.read() == b""
        await channel._closed(writer)
    finally:
        await server.stop()
    assert served == []


async def forger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A false holder that confirms every call."""
    FORGED.append(await reader.readline())
    writer.write(b'{"event": {"kind": "accepted"}, "proof": "00", "nonce": "00"}\n{"exit": 0, "result": "forged"}\n')
    FORGED.append(await reader.read())
    writer.close()


FORGED: list[bytes] = []
"""The calls that the false holder received."""


async def test_the_socket_of_another_user_is_not_trusted(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Any user can make a socket at that path in /tmp before the holder does."""
    FORGED.clear()
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    monkeypatch.setattr(channel, "_socket_paths", lambda profile: (theirs, ours))
    real = channel._peer_uid
    monkeypatch.setattr(
        channel, "_peer_uid", lambda line: os.getuid() + (line.getpeername() == str(theirs)) if real(line) else None
    )
    server = await asyncio.start_unix_server(forger, str(theirs))
    try:
        with pytest.raises(NoAnswer):
            await call(profile, "raise", {}, lambda event: None)
        await until(lambda: len(FORGED) == 2)
        assert FORGED == [b"", b""]
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel as on Windows."""
    monkeypatch.setattr(channel, "LOOPBACK", True)


@pytest.mark.usefixtures("loopback")
async def test_another_process_on_the_port_of_a_dead_holder_is_not_trusted(profile: Profile) -> None:
    FORGED.clear()
    server = await asyncio.start_server(forger, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    replace_file(channel._address_file(profile), json.dumps({"port": port, "secret": "very secret"}))
    try:
        with pytest.raises(NoAnswer):
            await call(profile, "raise", {"open": "private"}, lambda event: None)
        await until(lambda: len(FORGED) == 2)
        assert b"very secret" not in b"".join(FORGED)
        assert b"private" not in b"".join(FORGED)
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("sent", [b'{"nonce": "1"}\n{"proof": "00"}\n', b'{"call": "status"}\n', b"[]\n", b"1\n[]\n"])
async def test_a_caller_without_the_secret_is_refused(profile: Profile, sent: bytes) -> None:
    served: list[str] = []

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        served.append(name)
        return 0, "served"

    server = ChannelServer(profile, handler)
    await server.start()
    try:
        port = json.loads(channel._address_file(profile).read_bytes())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent + b'{"call": "status"}\n')
        assert b"exit" not in await reader.read()
        await channel._closed(writer)
        assert served == []
        assert await call(profile, "status", {}, lambda event: None) == (0, "served")
    finally:
        await server.stop()


async def test_the_user_of_the_peer_is_known_from_the_kernel(profile: Profile) -> None:
    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return 0, None

    server = ChannelServer(profile, handler)
    await server.start()
    try:
        _, writer = await asyncio.open_unix_connection(str(channel._socket_path(profile)))
        assert channel._peer_uid(writer.get_extra_info("socket")) == os.getuid()
        writer.close()
        await writer.wait_closed()
    finally:
        await server.stop()


@pytest.mark.parametrize("sent", [b"nonsense\n", b"{}\n", b"[1]\n", b""])
async def test_a_malformed_call_is_dropped_and_the_next_one_served(profile: Profile, sent: bytes) -> None:
    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return 0, "served"

    server = ChannelServer(profile, handler)
    await server.start()
    try:
        reader, writer = await asyncio.open_unix_connection(str(channel._socket_path(profile)))
        writer.write(sent)
        writer.write_eof()
        assert b"exit" not in await reader.read()
        writer.close()
        await writer.wait_closed()
        assert await call(profile, "status", {}, lambda event: None) == (0, "served")
    finally:
        await server.stop()


async def test_a_long_folder_name_still_gets_a_socket(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / ("long" * 40)), demo=True)

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return 0, "served"

    server = ChannelServer(profile, handler)
    await server.start()
    try:
        assert await call(profile, "status", {}, lambda event: None) == (0, "served")
    finally:
        await server.stop()
    assert not channel._socket_path(profile).exists()


async def test_a_socket_left_by_a_killed_holder_is_replaced(profile: Profile) -> None:
    """Rule 1: only the holder of the lock opens the channel, so an existing socket is not in use."""

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return 0, "served"

    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(channel._socket_path(profile)))
    assert channel._socket_path(profile).exists()
    with pytest.raises(NoAnswer):
        await call(profile, "status", {}, lambda event: None)
    server = ChannelServer(profile, handler)
    await server.start()
    try:
        assert await call(profile, "status", {}, lambda event: None) == (0, "served")
    finally:
        await server.stop()


async def test_a_scanner_that_holds_windows_address_file_stops_neither_start_nor_end(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk neither: as on other systems, the holder works and cannot be called."""

    async def handler(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        return 0, name

    def held(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "The process cannot access the file", str(path))

    monkeypatch.setattr(channel, "LOOPBACK", True)
    with monkeypatch.context() as patch:
        patch.setattr(channel, "replace_file", held)
        silent = ChannelServer(profile, handler)
        await silent.start()
        with pytest.raises(NoAnswer):
            await call(profile, "status", {}, lambda event: None)
        await silent.stop()
    server = ChannelServer(profile, handler)
    await server.start()
    assert await call(profile, "status", {}, lambda event: None) == (0, "status")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        await server.stop()
    with pytest.raises(NoAnswer):
        await call(profile, "status", {}, lambda event: None)
