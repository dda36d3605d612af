"""The local channel: the process that holds a profile (*holder*) serves other processes of the same user.

One request for each connection, as JSON lines: ``{"call": name, "args": {…}}``, answered by any number of
``{"event": …}`` and one ``{"exit": code, "result": …}``. On Linux and macOS over a Unix socket, where each end gets the
other one's user from the kernel. On Windows over a loopback port, with a secret in the profile's folder, which only its
user can read: before the request each end proves that it knows the secret, without sending it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import socket
import stat
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from archisync_gui.app.profile import Profile
from archisync_gui.disk import read_json, replace_file
from archisync_gui.listening import Listener
from archisync_gui.model import SyncFailure

log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]
Handler = Callable[[str, dict[str, Any], Emit], Awaitable[tuple[int, Any]]]
"""Executes a call: name, arguments, function for events; returns exit code and result (JSON)."""

LINE_LIMIT = 1 << 20
"""The most bytes of a line; a longer one ends the connection."""

FIRST_ANSWER = 5.0
"""Seconds in which the holder must send its first line; otherwise the caller's exit code is 75."""


PATIENCE = 15.0
"""Seconds that a command waits for the channel of a holder that is still opening its profile."""

RETRY_PAUSE = 0.1

SIGN_OF_LIFE = 15.0
"""Seconds between two signs of life from a holder that executes a call."""

SILENCE = 60.0
"""Seconds without any sign of life after which a caller gives up."""


LOOPBACK = sys.platform == "win32"
"""There are no Unix sockets: use a port of 127.0.0.1, on which any user's program may listen."""


class NoAnswer(Exception):
    """The holder could not be reached, or stopped answering."""


def _socket_path(profile: Profile) -> Path:
    """The preferred path of the socket."""
    return _socket_paths(profile)[0]


def _socket_paths(profile: Profile) -> tuple[Path, ...]:
    """The possible paths of the socket, the preferred one first: the server uses the first that works, a caller tries
    all."""
    path = profile.folder / "channel.sock"
    # Not the environment's temporary folder, whose path may be too long and differ between the processes.
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
    elsewhere = Path("/tmp") / f"archisync-{os.getuid()}" / f"{digest}.sock"
    # The kernel's limit is 108 bytes on Linux, 104 on macOS. Some file systems (FAT, exFAT) have no sockets.
    return (path, elsewhere) if len(os.fsencode(path)) < 100 else (elsewhere,)


def _address_file(profile: Profile) -> Path:
    return profile.folder / "channel.json"


def _peer_uid(connection: socket.socket) -> int | None:
    """The user id of the other end, from the kernel; ``None`` if the system does not provide it."""
    if sys.platform == "linux":
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return int(uid)
    if sys.platform == "darwin":
        # struct xucred: version, uid, groups …; SOL_LOCAL = 0, LOCAL_PEERCRED = 1
        return int(struct.unpack_from("2I", connection.getsockopt(0, 1, 76))[1])
    return None


def _proof(secret: str, role: str, nonce: str) -> str:
    """The proof that the one with that role (``holder`` or ``caller``) knows the secret; the other end chose the
    nonce."""
    return hmac.new(secret.encode(), f"{role} {nonce}".encode(), hashlib.sha256).hexdigest()


class ChannelServer:
    """Serves other processes of the same user with a :data:`Handler`, while the profile is held."""

    def __init__(self, profile: Profile, handler: Handler) -> None:
        self._profile = profile
        self._handler = handler
        self._server: asyncio.Server | Listener | None = None
        self._path: Path | None = None
        self._secret = secrets.token_hex(32)
        self._calls: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Open the channel. The caller holds the profile's lock, so an existing socket is of a dead process and is
        removed.

        If no path can be used, this is logged; then other processes cannot call this one.
        """
        if LOOPBACK:
            try:
                listening = socket.create_server(("127.0.0.1", 0))
                port = listening.getsockname()[1]
                self._server = Listener(listening, self._protocol)
                await self._server.start()
                replace_file(_address_file(self._profile), json.dumps({"port": port, "secret": self._secret}))
            except OSError as error:  # a full disk, or a scanner that holds the file
                log.warning("no channel: %s", error)
            return
        for path in _socket_paths(self._profile):
            try:
                await self._open(path)
            except OSError as error:
                log.warning("no channel at %s: %s", path, error)
            else:
                self._path = path
                return

    async def _open(self, path: Path) -> None:
        if path.parent != self._profile.folder:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            found = path.parent.lstat()
            if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
                raise PermissionError(f"{path.parent} belongs to another user")
        path.unlink(missing_ok=True)  # noqa: ASYNC240  one call to a local disk, before the first call is served
        old = os.umask(0o077)
        try:
            self._server = await asyncio.start_unix_server(self._accept, str(path), limit=LINE_LIMIT)
        finally:
            os.umask(old)

    async def stop(self) -> None:
        """Close the channel and cancel running calls."""
        if self._server is None:
            return
        if isinstance(self._server, Listener):
            await self._server.close()
        else:
            self._server.close()
        calls = dict(self._calls)
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for writer in calls.values():  # a task that was cancelled before its first step has not closed its writer
            await _closed(writer)
        self._server = None
        if LOOPBACK:
            with contextlib.suppress(OSError):  # a scanner holds it: nothing listens at that port any more
                _address_file(self._profile).unlink(missing_ok=True)
        elif self._path is not None:
            with contextlib.suppress(OSError):  # the folder may have been removed
                self._path.unlink(missing_ok=True)
            if self._path.parent != self._profile.folder:
                with contextlib.suppress(OSError):  # another profile's socket may still be there
                    self._path.parent.rmdir()

    def _protocol(self) -> asyncio.Protocol:
        """The protocol of a new connection, as ``asyncio.start_server`` makes it."""
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(LINE_LIMIT), self._accept)

    async def _knows_secret(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Prove to the caller that this is the holder; returns whether the caller has proved that it knows the
        secret."""
        nonce = secrets.token_hex(32)
        try:
            proof = _proof(self._secret, "holder", str(json.loads(await reader.readline())["nonce"]))
            writer.write(json.dumps({"proof": proof, "nonce": nonce}).encode() + b"\n")
            answer = str(json.loads(await reader.readline())["proof"])
        except TypeError as error:
            raise ValueError("no proof") from error
        return hmac.compare_digest(answer.encode(), _proof(self._secret, "caller", nonce).encode())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._calls[task] = writer
        task.add_done_callback(self._calls.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                if not (await self._knows_secret(reader, writer) if LOOPBACK else _is_own_user(writer)):
                    log.warning("channel: a process of another user was turned away")
                    return
                request = json.loads(await reader.readline())
            if not isinstance(request, dict) or not isinstance(request.get("args") or {}, dict):
                raise ValueError("not a call")

            def emit(event: dict[str, Any]) -> None:
                # A caller that does not read (Ctrl-Z) gets no progress; results are always sent, since they are few.
                if event.get("kind") == "result" or writer.transport.get_write_buffer_size() < LINE_LIMIT:
                    writer.write(json.dumps({"event": event}).encode() + b"\n")

            emit({"kind": "accepted"})
            call = asyncio.ensure_future(self._handler(str(request["call"]), dict(request.get("args") or {}), emit))
            gone = asyncio.ensure_future(reader.read(1))  # done when the caller closes the connection (Ctrl-C)
            try:
                while not (call.done() or gone.done()):
                    await asyncio.wait({call, gone}, timeout=SIGN_OF_LIFE, return_when=asyncio.FIRST_COMPLETED)
                    emit({"kind": "alive"})
                if call.done():
                    code, result = call.result()
                    writer.write(json.dumps({"exit": code, "result": result}).encode() + b"\n")
                    async with asyncio.timeout(SILENCE):  # a stopped caller (Ctrl-Z) reads nothing
                        await writer.drain()
            finally:
                for task in (call, gone):
                    task.cancel()
                await asyncio.gather(call, gone, return_exceptions=True)
        except (OSError, ValueError, KeyError, asyncio.LimitOverrunError, SyncFailure) as error:
            log.warning("channel: a call was dropped: %s", error)
        except Exception:
            log.exception("channel: a call failed")
        finally:
            # Only ``stop`` awaits ``wait_closed``: if that were cancelled here, it would be cancelled there, too.
            writer.close()


async def call(
    profile: Profile, name: str, args: dict[str, Any], on_event: Emit, *, patience: float = 0.0
) -> tuple[int, Any]:
    """Call the holder of ``profile``; returns exit code and result. Events are passed to ``on_event``.

    ``patience``: seconds to wait for the channel, which a holder opens a little after its start. Raises
    :class:`NoAnswer`.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            reader, writer = await _reached(profile, patience)
            async with asyncio.timeout(FIRST_ANSWER):
                writer.write(json.dumps({"call": name, "args": args}).encode() + b"\n")
                await writer.drain()
                first = await reader.readline()
        except (OSError, TimeoutError, ValueError) as error:
            raise NoAnswer(str(error)) from error
        if not first:
            raise NoAnswer("turned away")
        while line := await _next_line(reader):
            message = _message(line)
            if isinstance(message.get("exit"), int):
                return message["exit"], message.get("result")
            event = message.get("event")
            if isinstance(event, dict) and event.get("kind") != "alive":
                on_event(event)
        raise NoAnswer("hung up")
    finally:
        if writer is not None:
            await _closed(writer)


async def _reached(profile: Profile, patience: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while True:
        try:
            async with asyncio.timeout(FIRST_ANSWER):
                return await _connect(profile)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if loop.time() >= until:
                raise NoAnswer(str(error)) from error
        await asyncio.sleep(RETRY_PAUSE)


async def _next_line(reader: asyncio.StreamReader) -> bytes:
    """The holder's next line; it sends one at least every :data:`SIGN_OF_LIFE` seconds."""
    try:
        async with asyncio.timeout(SILENCE):
            return await reader.readline()
    except (OSError, TimeoutError, ValueError) as error:
        raise NoAnswer(str(error)) from error


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise NoAnswer("not understood") from error
    if not isinstance(message, dict):
        raise NoAnswer("not understood")
    return message


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(FIRST_ANSWER):
            await writer.wait_closed()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(profile: Profile) -> Ends:
    """A connection to the holder. Raises an error if another user's program listens there."""
    if LOOPBACK:
        address = read_json(_address_file(profile))
        ends = await asyncio.open_connection("127.0.0.1", address["port"], limit=LINE_LIMIT)
        async with _closed_unless_good(ends):
            _require(await _proves_it(ends, address["secret"]))
        return ends
    *others, last = _socket_paths(profile)
    for path in others:
        with contextlib.suppress(OSError):
            return await _connect_at(path)
    return await _connect_at(last)


async def _connect_at(path: Path) -> Ends:
    ends = await asyncio.open_unix_connection(str(path), limit=LINE_LIMIT)
    async with _closed_unless_good(ends):
        _require(_is_own_user(ends[1]))
    return ends


@contextlib.asynccontextmanager
async def _closed_unless_good(ends: Ends) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await _closed(ends[1])
        raise


def _require(is_holder: bool) -> None:
    if not is_holder:
        raise PermissionError("a program of another user listens in the holder's place")


def _is_own_user(writer: asyncio.StreamWriter) -> bool:
    return _peer_uid(writer.get_extra_info("socket")) == os.getuid()


async def _proves_it(ends: Ends, secret: str) -> bool:
    """Check the other end's proof that it is the holder, and if it is right, send this process's proof."""
    reader, writer = ends
    nonce = secrets.token_hex(32)
    writer.write(json.dumps({"nonce": nonce}).encode() + b"\n")
    answer = json.loads(await reader.readline())
    if not hmac.compare_digest(str(answer["proof"]).encode(), _proof(secret, "holder", nonce).encode()):
        return False
    writer.write(json.dumps({"proof": _proof(secret, "caller", str(answer["nonce"]))}).encode() + b"\n")
    return True
