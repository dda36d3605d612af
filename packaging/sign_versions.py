"""Makes the owner's key, and signs the list of versions that the panels download, and the checksums of a release.

    .venv/bin/python packaging/sign_versions.py key SECRET          once; prints the line for resources/updates.toml
    .venv/bin/python packaging/sign_versions.py sign versions.json --key SECRET [--days 120]
    .venv/bin/python packaging/sign_versions.py check versions.json
    .venv/bin/python packaging/sign_versions.py sums SHA256SUMS --key SECRET
    .venv/bin/python packaging/sign_versions.py check-sums SHA256SUMS

`sign` increases the list's serial number, sets its date and expiry, and writes `versions.json.minisig` beside it:
publish both under the address in `resources/updates.toml`. Also without a new version the list has to be signed again
before it expires, or panels show that newer versions may be withheld. `sums` checks that the files beside `SHA256SUMS`
match it, and writes `SHA256SUMS.minisig`, which `check-sums` and `minisign -V` check. The secret key is a file in
minisign's format; do not keep it on a computer that builds or serves. The password is asked for, or read from standard
input with `--password-stdin`.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import minisign

from archisync_gui.disk import replace_file
from archisync_gui.updates.signed_list import FORMAT, PRODUCT, UpdatesError, numbers, read_list, read_source, verify

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "resources" / "updates.toml"


class Refused(Exception):
    """Nothing was written; the message has the reason."""


def make_key(secret: Path, password: str) -> str:
    """Make a key pair, write the encrypted secret key to ``secret``, return the public one. Never replaces a file."""
    if not password:
        raise Refused("An empty password: whoever finds the file could sign.")
    pair = minisign.KeyPair.generate()
    public = str(pair.public_key.to_base64(), "ascii")
    pair.secret_key.encrypt(password)
    try:
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(bytes(pair.secret_key) + b"\n")
    except FileExistsError as error:
        raise Refused(f"{secret} is there already: a lost key means a new build for every office.") from error
    return public


def signature_of(path: Path) -> Path:
    """The path of a file's signature."""
    return path.with_name(f"{path.name}.minisig")


def signed(content: bytes, now: datetime, days: int, key: minisign.SecretKey) -> tuple[bytes, bytes]:
    """The list with its new number and dates, and its signature. Raises :class:`Refused` for a list that panels could
    not read.

    ``content``: JSON with ``versions``, a list of objects with ``version``, ``date``, ``it``, ``en``, ``page`` and, if
    it fixes a vulnerability, ``security``. Fields that an earlier signing added are replaced.
    """
    try:
        document: Any = json.loads(content)
    except ValueError as error:
        raise Refused(f"The list is not JSON: {error}") from error
    versions = document.get("versions") if isinstance(document, dict) else None
    if not isinstance(versions, list):
        raise Refused('The list has no "versions".')
    serial = document.get("serial", 0)
    if not isinstance(serial, int) or isinstance(serial, bool):
        raise Refused('"serial" is no number.')
    whole = {
        "product": PRODUCT,
        "format": FORMAT,
        "serial": serial + 1,
        "issued": now.astimezone(UTC).isoformat(timespec="seconds"),
        "expires": (now + timedelta(days=days)).astimezone(UTC).isoformat(timespec="seconds"),
        "versions": versions,
    }
    text = (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()
    try:
        understood = read_list(text)
    except UpdatesError as error:
        raise Refused(f"No panel could read the list: {error}") from error
    complete = {version.name for version in understood.versions if version.date and version.it and version.en}
    for entry in versions:
        name = entry.get("version") if isinstance(entry, dict) else None
        if name not in complete:
            raise Refused(f"{name!r} is no released version (1.2.3), or lacks date, it or en.")
        if not next(v for v in understood.versions if v.name == name).page:
            raise Refused(f"{name}: its page is no https address.")
    if len({numbers(name) for name in complete}) != len(versions):
        raise Refused("A version stands in the list twice.")
    return text, bytes(key.sign(text, trusted_comment=f"serial:{serial + 1}")) + b"\n"


def sign(path: Path, secret: Path, password: str, now: datetime, days: int) -> int:
    """Sign the list in ``path``; returns its new serial number. Writes both files, or raises :class:`Refused`."""
    text, signature = signed(path.read_bytes(), now, days, _unlocked(secret, password))
    replace_file(path, text)
    replace_file(signature_of(path), signature)
    return read_list(text).serial


def sign_sums(path: Path, secret: Path, password: str) -> int:
    """Check the files beside ``path`` with its checksums, sign it, and write ``path``.minisig; returns the number of
    files. Raises :class:`Refused`.
    """
    content = path.read_bytes()
    names = compared(content, path.parent)
    key = _unlocked(secret, password)
    signature = bytes(key.sign(content, trusted_comment=f"file:{path.name}")) + b"\n"
    replace_file(signature_of(path), signature)
    return len(names)


def check_sums(path: Path) -> int:
    """Check a downloaded release: first the signature, then the files; returns their number. Raises ``UpdatesError``
    and :class:`Refused`."""
    content = path.read_bytes()
    verify(content, signature_of(path).read_bytes(), read_source(SOURCE).public_key)
    return len(compared(content, path.parent))


def compared(sums: bytes, folder: Path) -> list[str]:
    """Check that ``folder`` has all files of ``sums`` with these checksums; returns their names. Raises
    :class:`Refused`."""
    lines = sums.decode("utf-8").splitlines()
    found = [re.fullmatch(r"([0-9a-f]{64})  ([^/\\]+)", line) for line in lines]
    named = {match[2]: match[1] for match in found if match is not None}
    if not named or len(named) != len(lines):
        raise Refused("These are no checksums of a release.")
    for name, digest in named.items():
        if not (folder / name).is_file():
            raise Refused(f"{name} is not beside the checksums: download all files of the release.")
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise Refused(f"{name} is not the file that was built: its checksum differs.")
    return list(named)


def _unlocked(secret: Path, password: str) -> minisign.SecretKey:
    """The decrypted secret key. Raises :class:`Refused` if this tree has the public key of another one."""
    key = minisign.SecretKey.from_file(secret)
    if key.is_encrypted():
        key.decrypt(password)
    public = read_source(SOURCE).public_key
    if public and public != key.get_public_key().to_base64().decode():
        raise Refused(f"This is not the key in {SOURCE.name}: nobody would accept the signature.")
    return key


def check(path: Path) -> str:
    """Check the signed list in ``path`` as a panel of this tree does; returns a line about it. Raises
    ``UpdatesError``."""
    content = path.read_bytes()
    verify(content, signature_of(path).read_bytes(), read_source(SOURCE).public_key)
    found = read_list(content)
    names = ", ".join(version.name for version in found.versions)
    return f"number {found.serial} of {found.issued:%Y-%m-%d}, valid until {found.expires:%Y-%m-%d}: {names or 'none'}"


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("key", help="make the owner's key")
    making.add_argument("secret", type=Path)
    signing = actions.add_parser("sign", help="number, date and sign a list")
    signing.add_argument("list", type=Path)
    signing.add_argument("--key", type=Path, required=True)
    signing.add_argument("--days", type=int, default=120, help="how long panels take it for the last one")
    checking = actions.add_parser("check", help="look at a list as a panel does")
    checking.add_argument("list", type=Path)
    summing = actions.add_parser("sums", help="sign the checksums of a release")
    summing.add_argument("list", type=Path, metavar="SHA256SUMS")
    summing.add_argument("--key", type=Path, required=True)
    looking = actions.add_parser("check-sums", help="look at a release as somebody who has downloaded it")
    looking.add_argument("list", type=Path, metavar="SHA256SUMS")
    for action in (making, signing, summing):
        action.add_argument("--password-stdin", action="store_true")
    options = parser.parse_args()
    try:
        if options.action == "check":
            print(check(options.list))
            return 0
        if options.action == "check-sums":
            print(f"{check_sums(options.list)} files, as the owner has signed them")
            return 0
        password = sys.stdin.readline().rstrip("\r\n") if options.password_stdin else getpass.getpass()
        if options.action == "key":
            public = make_key(options.secret, password)
            print(f'Put this into {SOURCE.relative_to(ROOT)}:\npublic_key = "{public}"')
        elif options.action == "sums":
            count = sign_sums(options.list, options.key, password)
            print(f"{count} files are signed for; publish {options.list.name}.minisig with them.")
        else:
            serial = sign(options.list, options.key, password, datetime.now(UTC), options.days)
            print(f"{options.list} is number {serial} now; publish it together with {options.list.name}.minisig.")
    except (Refused, UpdatesError, minisign.Error, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
