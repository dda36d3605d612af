"""The ways in which reading the ERP fails, each with its code (``resources/messages/erp.toml``) and kind; no texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from archisync_gui.model import FailureKind, Json, SyncFailure

BROWSER_GONE = frozenset(["browser-lost", "browser-silent"])
"""Codes of a browser that has ended or no longer answers."""


def transient(code: str, **params: Json) -> SyncFailure:
    """A failure that may pass: time-out, navigation, 5xx, lost browser."""
    return SyncFailure(code, FailureKind.TRANSIENT, params=params)


def layout(code: str, **params: Json) -> SyncFailure:
    """The page is not as declared."""
    return SyncFailure(code, FailureKind.LAYOUT, params=params)


def refused(code: str, **params: Json) -> SyncFailure:
    """The read is wrong or doubtful and must not be applied."""
    return SyncFailure(code, FailureKind.REFUSED, params=params)


class SessionExpired(Exception):
    """The ERP redirected to its login page in the middle of a step. ``syncs`` renews the session; no run fails with
    this."""


class StalePage(Exception):
    """A list that was left open no longer answers as it should. ``syncs`` opens it again; no run fails with this."""


class SuspendHere(Exception):
    """The run is to be suspended, and this is a safe point. ``syncs`` suspends it; no run fails with this."""


class Navigated(Exception):
    """The page navigated away while a script of ours ran in it."""


_LOST = re.compile(r"has been closed|Connection closed|Target crashed|Browser closed|Page crashed|pipe closed", re.I)
_NAVIGATED = re.compile(
    r"Execution context was destroyed|because of a navigation|frame was detached|interrupted by another navigation",
    re.I,
)
_GRID_GONE = "Error: no grid on this page"
"""In the message of the page scripts' own error (``needGrid`` in ``controls.js``)."""
_NET = re.compile(r"net::(ERR_[A-Z_0-9]+)")


@contextmanager
def translated(step: str) -> Iterator[None]:
    """Convert Playwright's errors to our failures. ``step`` names what was being done (``open``, ``read`` …)."""
    from playwright.async_api import Error
    from playwright.async_api import TimeoutError as TimedOut

    try:
        yield
    except TimedOut as error:
        raise transient("erp-slow", step=step) from error
    except Error as error:
        text = str(error)
        if _LOST.search(text):
            raise transient("browser-lost", step=step) from error
        if _NAVIGATED.search(text):
            raise Navigated(step) from error
        if _GRID_GONE in text:
            raise transient("grid-gone", step=step) from error
        if found := _NET.search(text):
            if found[1].startswith("ERR_CERT"):
                raise SyncFailure("certificate-unknown", FailureKind.CREDENTIALS, params={"error": found[1]}) from error
            raise transient("erp-unreachable", error=found[1]) from error
        raise layout("erp-script-failed", step=step, error=text.splitlines()[0][:300]) from error
    except (BrokenPipeError, ConnectionError) as error:
        # The driver process died between two calls.
        raise transient("browser-lost", step=step) from error
