"""Failures: how a run says that it failed, and what is stored and shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from archisync_gui.model.kinds import Json


class FailureKind(StrEnum):
    """What the orchestrator does about a failure."""

    TRANSIENT = "transient"
    """Time-out, navigation, 5xx, lost browser: tried again after 5, 10 and 20 s."""
    CREDENTIALS = "credentials"
    """The ERP refused user name or password (or the pinned certificate changed): the account stops at once."""
    LOGIN = "login"
    """A login failed in any other way: no repeats, one more try 15 minutes later."""
    LAYOUT = "layout"
    """The page is not as declared (a mapped column is missing, …): not repeated by itself."""
    REFUSED = "refused"
    """The read looked wrong and was not applied: not repeated by itself; outcome ``REFUSED``."""
    PERMANENT = "permanent"
    """Ours or the machine's: disk full, bug, bad setting: not repeated by itself."""


class SyncFailure(Exception):
    """A run could not do its work. ``code`` names the text in ``resources/messages``; ``params`` fill it in.

    ``evidence`` is JSON (counts, filter state, rows that would vanish); ``screenshot`` a path of a PNG, or ``None``.
    """

    def __init__(
        self,
        code: str,
        kind: FailureKind,
        *,
        params: Mapping[str, Json] | None = None,
        evidence: Mapping[str, Json] | None = None,
        screenshot: str | None = None,
    ) -> None:
        super().__init__(f"{code} {dict(params or {})}")
        self.code = code
        self.kind = kind
        self.params: Mapping[str, Json] = dict(params or {})
        self.evidence: Mapping[str, Json] = dict(evidence or {})
        self.screenshot = screenshot


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """A failure as it is stored and shown."""

    code: str
    kind: FailureKind
    message: str
    """Technical sentence (``str`` of the exception); people read the text of ``code``."""
    params: Mapping[str, Json] = field(default_factory=dict)
    stack: str = ""
    screenshot: str | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, error: SyncFailure) -> ErrorInfo:
        """What people are shown of a failure that is not stored: without stack, picture and evidence."""
        return cls(error.code, error.kind, str(error), error.params)
