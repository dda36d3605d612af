"""The ERP's TLS certificate, as shown to the operator at first contact. The browser decides whether it is trusted."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from archisync_gui.erp.failures import transient
from archisync_gui.model import AccountId, FailureKind, SyncFailure

LIMIT = 10.0
"""Seconds for the connection."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is shown of a server's certificate."""

    name: str
    """Subject, as RFC 4514 text."""
    issuer: str
    fingerprint: str
    """SHA-256 of the certificate, hex in pairs with colons, as browsers show it."""
    key: str
    """Base64 SHA-256 of the public key. This value is pinned and given to Chromium's
    ``--ignore-certificate-errors-spki-list``."""
    expires: datetime


async def look_at(address: str) -> Certificate:
    """The certificate that the ERP's host presents now, trusted or not. Raises ``erp-unreachable``."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443

    def fetch() -> bytes:
        pem = ssl.get_server_certificate((host, port), timeout=LIMIT)
        return ssl.PEM_cert_to_DER_cert(pem)

    try:
        der = await asyncio.to_thread(fetch)
    except (OSError, ValueError) as error:
        raise transient("erp-unreachable", error=type(error).__name__) from error
    return describe(der)


def describe(der: bytes) -> Certificate:
    """Parse a certificate in DER form."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found = x509.load_der_x509_certificate(der)
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(der).hexdigest().upper()
    return Certificate(
        found.subject.rfc4514_string(),
        found.issuer.rfc4514_string(),
        ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)),
        base64.b64encode(hashlib.sha256(key).digest()).decode(),
        found.not_valid_after_utc,
    )


def unknown(shown: Certificate, pinned: str, account: AccountId) -> SyncFailure:
    """The failure for a certificate that is not accepted: ``certificate-changed`` if another key is ``pinned`` (empty:
    none is), else ``certificate-unknown``."""
    return SyncFailure(
        "certificate-changed" if pinned and pinned != shown.key else "certificate-unknown",
        FailureKind.CREDENTIALS,
        params={
            "name": shown.name,
            "issuer": shown.issuer,
            # With a blank in the middle: a text without one cannot be wrapped and is cut off in the dialog.
            "fingerprint": f"{shown.fingerprint[:47]} {shown.fingerprint[48:]}",
            "key": shown.key,
            "expires": f"{shown.expires:%d/%m/%Y}",
            "account": account,
        },
    )
