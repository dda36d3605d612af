"""The host's side of `chrome.c`: starts a Chromium for each connection and passes Playwright's debugging pipes
through."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile

BLOCK = 1 << 16
"""Bytes passed on at once."""

OURS = ("--user-data-dir", "--disk-cache-dir", "--no-sandbox")
"""Arguments that are not taken over: they name Windows folders, or are set here."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One browser, for as long as the connection lives."""
    count = int(await reader.readline())
    # They come in Windows' code page; only the folders that are left out below have letters beyond ASCII.
    arguments = [(await reader.readline()).decode("ascii", "replace").rstrip("\n") for _ in range(count)]
    profile = tempfile.mkdtemp(prefix="archisync-chromium-")
    commands_in, commands = _pipe()
    answers, answers_out = _pipe()
    browser = await asyncio.create_subprocess_exec(
        *("bash", "-c", f'exec 3<&{commands_in} 4>&{answers_out}; exec "$@"', "bash"),
        *("chromium", "--no-sandbox", f"--user-data-dir={profile}"),
        *(argument for argument in arguments if not argument.startswith(OURS)),
        cwd=profile,  # where it writes what Windows programs name C:\\...
        pass_fds=(commands_in, answers_out),
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(commands_in)
    os.close(answers_out)
    back = asyncio.create_task(_pass_answers(answers, writer))
    try:
        while data := await reader.read(BLOCK):
            await asyncio.to_thread(_write, commands, data)
    except OSError:
        pass  # the browser or the caller is gone: both end below
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        await browser.wait()
        os.close(commands)
        await asyncio.gather(back, return_exceptions=True)
        writer.close()
        shutil.rmtree(profile, ignore_errors=True)


async def _pass_answers(pipe: int, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await asyncio.to_thread(os.read, pipe, BLOCK):
            writer.write(data)
            await writer.drain()
    finally:
        os.close(pipe)
        writer.close()


def _pipe() -> tuple[int, int]:
    """A pipe whose descriptors are above 9, so that neither is one of those that bash moves it to."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


def _write(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]


async def main() -> None:
    """Serve on a free port of the loopback address, print it, and end when standard input does."""
    # Each browser keeps one thread waiting for its answers.
    from concurrent.futures import ThreadPoolExecutor

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(64))
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    end = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(end), sys.stdin)
    await end.read()
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
