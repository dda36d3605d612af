"""A seventh list is one declaration: settings, panel, data, search, export, endpoint and doctor follow from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("seventh_list.py")
ROOT = SCRIPT.parents[2]


@pytest.mark.nightly
def test_a_seventh_list_is_one_declaration(tmp_path: Path) -> None:
    """By day: ``tests/syncs/test_pipeline.py`` reads and stores a seventh list."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "profile")],
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "LANGUAGE": "en",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    walked = ["settings", "read", "overview", "data", "search", "export", "endpoint", "doctor"]
    assert [line for line in done.stdout.splitlines() if line in walked] == walked
