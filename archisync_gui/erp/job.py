"""A Windows job object: the driver and every browser that it starts end with this process, however it ends.

Without it a browser could outlive its driver: on Windows a process whose parent has ended is no longer among our
descendants, so a search of our child processes does not find it.
"""

from __future__ import annotations

import ctypes
import logging
from typing import Any

from archisync_gui.system import sys_platform, windows_library

log = logging.getLogger(__name__)

_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_KILL_ON_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
_SET_QUOTA_AND_TERMINATE = 0x0100 | 0x0001  # PROCESS_SET_QUOTA | PROCESS_TERMINATE


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("per_process_time", ctypes.c_int64),
        ("per_job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


class Job:
    """Processes that end together: with :meth:`end`, or when this process ends."""

    def __init__(self) -> None:
        """Raises ``OSError`` where Windows refuses."""
        self._kernel32 = _kernel32()
        self._handle = self._kernel32.CreateJobObjectW(None, None)
        if not self._handle:
            raise _error("CreateJobObject")
        limits = _ExtendedLimits()
        limits.basic.flags = _KILL_ON_CLOSE
        if not self._kernel32.SetInformationJobObject(
            self._handle, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            error = _error("SetInformationJobObject")
            self.end()
            raise error

    def add(self, pid: int) -> None:
        """Put a process into the job. Processes that it starts from now on belong to it, too. Raises ``OSError``."""
        process = self._kernel32.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid)
        if not process:
            raise _error("OpenProcess")
        try:
            if not self._kernel32.AssignProcessToJobObject(self._handle, process):
                raise _error("AssignProcessToJobObject")
        finally:
            self._kernel32.CloseHandle(process)

    def end(self) -> None:
        """End every process of the job that still runs. A second call does nothing."""
        handle, self._handle = self._handle, None
        if handle:
            self._kernel32.CloseHandle(handle)


def job_of(pids: list[int]) -> Job | None:
    """A job with these processes. ``None`` on other systems, and where Windows refuses, which is only logged: the
    processes are also ended one by one."""
    if sys_platform() != "win32":
        return None
    try:
        job = Job()
    except OSError as error:
        log.warning("the browser is in no job: %s", error)
        return None
    for pid in pids:
        try:
            job.add(pid)
        except OSError as error:
            log.warning("process %s is in no job: %s", pid, error)
    return job


def _kernel32() -> Any:
    kernel32 = windows_library("kernel32")
    handle, number = ctypes.c_void_p, ctypes.c_uint32
    kernel32.CreateJobObjectW.restype = handle
    kernel32.CreateJobObjectW.argtypes = (handle, ctypes.c_wchar_p)
    kernel32.SetInformationJobObject.argtypes = (handle, ctypes.c_int, handle, number)
    kernel32.OpenProcess.restype = handle
    kernel32.OpenProcess.argtypes = (number, ctypes.c_int, number)
    kernel32.AssignProcessToJobObject.argtypes = (handle, handle)
    kernel32.CloseHandle.argtypes = (handle,)
    return kernel32


def _error(call: str) -> OSError:
    number: int = getattr(ctypes, "get_last_error")()  # noqa: B009
    return OSError(f"{call} failed: error {number}")
