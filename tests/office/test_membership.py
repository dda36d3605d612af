"""``office.json``: a profile whose office is unknown does not read the ERP by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from archisync_gui.office.membership import FILE, Membership, forget, keep, membership, refuse_member
from archisync_gui.store import StoreError

JOINED = Membership("postgresql://office@server.example.test:5432/office?schema=archisync", may_lead=False)


def test_it_is_written_read_and_removed(tmp_path: Path) -> None:
    assert membership(tmp_path) is None
    refuse_member(tmp_path)
    keep(tmp_path, JOINED)
    assert membership(tmp_path) == JOINED
    with pytest.raises(StoreError, match="office-profile"):
        refuse_member(tmp_path)
    forget(tmp_path)
    forget(tmp_path)
    assert membership(tmp_path) is None


NO_ADDRESS = [b'{"may_lead": true}', b'{"url": null}', b'{"url": 5}', b'{"url": "postgresql://", "may_lead": "false"}']


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"5", b"null", b"{}", bytes(range(200)), b"[" * 100_000, *NO_ADDRESS]
)
def test_a_damaged_file_counts_as_membership(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="office-file-unreadable"):
        membership(tmp_path)


def test_a_folder_in_its_place_counts_as_membership(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError, match="office-file-unreadable"):
        refuse_member(tmp_path)


def test_reading_it_imports_no_database() -> None:
    """Every command reads it, also one that only passes its request to the panel."""
    script = """
import sys
from pathlib import Path
from archisync_gui.office.membership import membership
assert membership(Path("nowhere")) is None
print({"sqlalchemy", "psycopg"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
