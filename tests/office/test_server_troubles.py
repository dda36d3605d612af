"""A real server with TLS, and one with a full disk: refusals, their codes, and work after the fault has ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from members import Candidate

from archisync_gui.drafts import Drafts
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock
from archisync_gui.office.checks import look
from archisync_gui.office.leadership import BEAT
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import Cluster, Offices, on_a_server

pytestmark = on_a_server


# ---------------------------------------------------------------------------------------------------- TLS


@dataclass
class Authority:
    """Certificates made for one test."""

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority of {self.folder.name}")])
        made = self._certificate(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.file = self.folder / "authority.crt"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())

    def give(self, cluster: Cluster, host: str) -> None:
        """Make the server use TLS with a certificate for ``host``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._certificate(name, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for file, content in (("server.crt", made.public_bytes(serialization.Encoding.PEM)), ("server.key", secret)):
            path = cluster.data / file
            path.write_bytes(content)
            path.chmod(0o600)
            if cluster.user is not None:
                shutil.chown(path, cluster.user, cluster.user)
        cluster.sql("ALTER SYSTEM SET ssl = on")
        cluster.halt()
        cluster.start()


@pytest.fixture
def plain(offices: Offices) -> Iterator[Cluster]:
    """The server; switched back to no TLS after the test."""
    cluster = offices.cluster
    yield cluster
    cluster.sql("ALTER SYSTEM RESET ssl")
    cluster.halt()
    cluster.start()
    for file in ("server.crt", "server.key"):
        (cluster.data / file).unlink(missing_ok=True)


async def test_the_servers_certificate_is_checked(office: Server, plain: Cluster, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    authority, stranger = Authority(tmp_path), Authority(tmp_path / "other")
    with pytest.raises(StoreError, match="office-tls"):  # this server does not encrypt yet
        look(replace(office, sslmode="require"))
    authority.give(plain, "localhost")
    url = f"postgresql://office@localhost:{office.port}/office?schema={office.schema}&sslrootcert={authority.file}"
    server = Server.from_url(url, office.password)
    assert server.tls == "verify-full"
    store = await Store.join(Postgres(server), tmp_path / "made", [], clock=SystemClock())
    await store.close()
    seen = look(server)
    assert (seen.exists, seen.tls) == (True, True)
    with pytest.raises(StoreError, match="office-tls") as refused:
        look(replace(server, sslrootcert=stranger.file))
    assert "certificate verify failed" in str(refused.value.params["detail"])
    with pytest.raises(StoreError, match="office-tls"):
        look(replace(server, sslrootcert=tmp_path / "missing.crt"))
    authority.give(plain, "server.example.test")
    with pytest.raises(StoreError, match="office-tls") as refused:
        look(server)
    assert "does not match host name" in str(refused.value.params["detail"])
    assert look(replace(server, sslmode="verify-ca")).tls
    assert look(replace(office, sslmode="require")).tls


# ---------------------------------------------------------------------------------------------------- a full disk

SIZE = 24
"""Megabytes of the small disk."""


@pytest.fixture
def small_disk(offices: Offices, office: Server) -> Iterator[Path]:
    """A small file system for the office's tables."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux: mounts a small file system")
    cluster = offices.cluster
    place = cluster.folder / f"disk-{office.schema}"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0777", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        place.rmdir()
        pytest.skip("needs root on Linux: mounts a small file system")
    space = f"small_{office.schema}"
    try:
        tables = place / "tables"
        tables.mkdir()
        if cluster.user is not None:
            shutil.chown(tables, cluster.user, cluster.user)
        cluster.sql(f"CREATE TABLESPACE {space} OWNER office LOCATION '{tables}'")
        cluster.sql(f"ALTER ROLE office SET default_tablespace = {space}")
        yield place
    finally:
        (place / "filler").unlink(missing_ok=True)
        cluster.sql("ALTER ROLE office RESET default_tablespace")
        offices.forget(office)
        with suppress(Exception):
            cluster.sql("CHECKPOINT")
        cluster.sql(f"DROP TABLESPACE {space}")
        # A lazy unmount, since one of the server's processes may still have a deleted file open.
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


def fill(place: Path) -> Path:
    """Fill the rest of the disk."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    return filler


def prices(count: int) -> Batch:
    rows = [
        {"id": str(n), "item_id": f"X{n}", "item_name": "Fresa " * 20, "price_group_name": "L", "unit_price": n}
        for n in range(count)
    ]
    return Batch(f"run-{count}", SystemClock().now(), rows, True, True)  # type: ignore[arg-type]


async def test_a_full_disk_of_the_server_is_reported_and_loses_nothing(
    office: Server, small_disk: Path, tmp_path: Path
) -> None:
    member = Candidate(office, "e", "pc")
    async with AsyncExitStack() as stack:
        store = await Store.join(Postgres(office), tmp_path / "made", ENTITIES, clock=SystemClock())
        stack.push_async_callback(store.close)
        await store.apply("prices", "", prices(50))
        drafts = await Drafts.join(Postgres(office, name="drafts"), clock=SystemClock())
        stack.push_async_callback(drafts.close)
        await drafts.put("agente01", "kept", {"text": "before"})
        member.leadership.start()
        stack.push_async_callback(member.stop)
        async with asyncio.timeout(30):
            await member.turned.wait()
        filler = fill(small_disk)
        with pytest.raises(StoreError) as failed:
            await store.apply("prices", "", prices(3000))
        assert failed.value.code == "office-disk-full"
        assert "No space left on device" in str(failed.value.params["detail"])
        big = {"text": os.urandom(500_000).hex()}
        with pytest.raises(StoreError, match="office-disk-full"):
            await drafts.put("agente01", "big", big)
        # Stored rows can be read, and the leader's heartbeats can still be written.
        assert (await store.rows("prices", "")).total == 50
        kept = await drafts.get("agente01", "kept")
        assert kept is not None
        assert kept.document == {"text": "before"}
        await asyncio.sleep(3 * BEAT)
        assert member.epochs == [1]
        # With free space everything works again, over the same connections.
        filler.unlink()
        await store.apply("prices", "", prices(3000))
        assert (await store.rows("prices", "")).total == 3000
        await drafts.put("agente01", "big", big)
    assert member.epochs == [1, None]
