"""The host's counterpart of `chrome.c`: starts a Chromium for each connection and forwards Playwright's debugging
pipes."""

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
"""The most bytes forwarded in one step."""

OURS = ("--user-data-dir", "--disk-cache-dir", "--no-sandbox")
"""Arguments that are not forwarded: they contain Windows folders, or are set here."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Run a browser until the connection is closed."""
    count = int(await reader.readline())
    # They are in Windows' code page; only the folders that are left out below have characters beyond ASCII.
    arguments = [(await reader.readline()).decode("ascii", "replace").rstrip("\n") for _ in range(count)]
    profile = tempfile.mkdtemp(prefix="archisync-chromium-")
    commands_in, commands = _pipe()
    answers, answers_out = _pipe()
    browser = await asyncio.create_subprocess_exec(
        *("bash", "-c", f'exec 3<&{commands_in} 4>&{answers_out}; exec "$@"', "bash"),
        *("chromium", "--no-sandbox", f"--user-data-dir={profile}"),
        *(argument for argument in arguments if not argument.startswith(OURS)),
        cwd=profile,  # where it writes files with paths like C:\\...
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
        pass  # the browser has ended or the caller has closed the connection
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
    """A pipe whose descriptors are above 9, so that they differ from 3 and 4, to which bash duplicates them."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


def _write(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]


async def main() -> None:
    """Serve on a free port of the loopback address, print the port, and end when standard input is closed."""
    # Each browser needs a thread that waits for its answers.
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
