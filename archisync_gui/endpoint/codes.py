"""The one-time codes with which the panel opens our own order form; ``pairing`` exchanges them for tokens."""

from __future__ import annotations

from dataclasses import dataclass

from archisync_gui.endpoint.paired_pages import PairingError, Random, as_text, digest_of
from archisync_gui.model import AccountId, Clock

CODE_LIFE = 30.0
"""Seconds for which a one-time code of the order form is valid."""


@dataclass(slots=True)
class Code:
    """What is stored of a code, by its digest."""

    until: float
    """Monotonic time at which it expires."""
    account: AccountId | None
    """The account for the token; ``None``: the default one."""
    page_id: str | None = None
    """The page that was paired with it; ``None``: it was not used yet."""


class Codes:
    """The codes of the last :data:`CODE_LIFE` seconds."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock, self._random = clock, random
        self._codes: dict[bytes, Code] = {}

    def new(self, account: AccountId | None) -> str:
        """Make a code."""
        now = self._clock.monotonic()
        self._codes = {digest: code for digest, code in self._codes.items() if code.until > now}
        text = as_text(self._random(24))
        self._codes[digest_of(text)] = Code(now + CODE_LIFE, account)
        return text

    def find(self, text: str) -> Code:
        """What is stored of a code, used or not. Raises ``pairing-code`` when it is too old or was never made."""
        found = self._codes.get(digest_of(text))
        if found is None or found.until <= self._clock.monotonic():
            raise PairingError("pairing-code")
        return found
