"""Failures: the exception with which a run fails, and the value that is stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from archisync_gui.model.kinds import Json


class FailureKind(StrEnum):
    """The kind of a failure, which decides what the orchestrator does."""

    TRANSIENT = "transient"
    """Time-out, navigation, 5xx, lost browser: tried again after 5, 10 and 20 s."""
    CREDENTIALS = "credentials"
    """The ERP refused user name or password, or its certificate is not accepted: the account stops at once."""
    LOGIN = "login"
    """A login failed in any other way: no repeats, one more try 15 minutes later."""
    LAYOUT = "layout"
    """The page is not as declared (a mapped column is missing, …): not repeated automatically."""
    REFUSED = "refused"
    """The read was doubtful and was not applied: not repeated automatically; outcome ``REFUSED``."""
    PERMANENT = "permanent"
    """A fault of the program or the computer (bug, full disk, wrong setting): not repeated automatically."""


class SyncFailure(Exception):
    """A failure of a run or a request. ``code`` names the text in ``resources/messages``; ``params`` fill it in.

    ``evidence`` is JSON (counts, filter state, keys of missing rows); ``screenshot`` the path of a PNG, or ``None``.
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
    """Technical text (``str`` of the exception); people read the text of ``code``."""
    params: Mapping[str, Json] = field(default_factory=dict)
    stack: str = ""
    screenshot: str | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, error: SyncFailure) -> ErrorInfo:
        """A failure that is shown but not stored: without stack, screenshot and evidence."""
        return cls(error.code, error.kind, str(error), error.params)
