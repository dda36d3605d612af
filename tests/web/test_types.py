"""The types of the pages' scripts, as their comments declare them, hold: TypeScript's checker, as deno brings it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

from archisync_gui import messages

FORM = messages.resources() / "web" / "order-form"
ENTRIES = ("form.js", "drafts.js", "handover-frame.js", "handover-worker.js")
"""All other modules are reached from these."""


def test_the_pages_types_are_right(tmp_path: Path) -> None:
    deno = Path(sysconfig.get_path("scripts")) / ("deno.exe" if os.name == "nt" else "deno")
    config = Path(__file__).with_name("deno.json")
    command = [deno, "check", "--no-remote", "--no-npm", "--config", config, *(FORM / entry for entry in ENTRIES)]
    environment = {**os.environ, "DENO_DIR": str(tmp_path), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    checked = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_module_is_checked() -> None:
    found = {path.relative_to(FORM).as_posix() for path in FORM.rglob("*.js")}
    reached, left = set[str](), list(ENTRIES)
    while left:
        name = left.pop()
        if name in reached:
            continue
        reached.add(name)
        for line in (FORM / name).read_text(encoding="utf-8").splitlines():
            if line.startswith(("import ", "} from ")) and '"' in line:
                target = (FORM / name).parent / line.split('"')[1]
                relative = os.path.relpath(target, FORM).replace(os.sep, "/")
                if relative.endswith(".js") and not relative.startswith(".."):
                    left.append(relative)
    assert found == reached
