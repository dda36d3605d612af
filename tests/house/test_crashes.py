"""``tests/support/crashes.py``: a test that ends its worker or hangs fails by name, once, and the others run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

OPTIONS = (
    *("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-p", "tests.support.crashes"),
    *("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("-o", "faulthandler_timeout=5", "-o", "faulthandler_exit_on_timeout=true"),
)
"""As ``packaging/bootstrap.py`` starts pytest, with a shorter time limit."""

SPECIMENS = """
import os, time

def test_before(): pass
def test_ends_its_process(): os._exit(1)
def test_between(): pass
def test_hangs(): time.sleep(600)
def test_behind(): pass
"""


def test_a_test_that_ends_its_worker_or_hangs_fails_once_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    (tmp_path / "test_specimens.py").write_text(SPECIMENS)
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", *OPTIONS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,  # it starts four workers one after the other, slowly under Wine
    )
    assert done.returncode == 1, done.stdout
    outcomes = re.findall(r"^([A-Z]+) test_\w+\.py::test_(\w+)", done.stdout, re.MULTILINE)
    assert sorted(outcomes) == [
        ("FAILED", "ends_its_process"),
        ("FAILED", "hangs"),
        *(("PASSED", name) for name in ("before", "behind", "between", "other")),
    ]
    assert re.search(r"Timeout \(0:00:05\)!.*in test_hangs", done.stderr, re.DOTALL), "it does not show where it hangs"
