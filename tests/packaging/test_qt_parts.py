"""The panel and its charts import nothing of Qt that the installer and the Debian package leave out."""

from __future__ import annotations

import subprocess
import sys

from wheels import QT_KEPT

IMPORT_ALL = """
import importlib, pkgutil, sys
from importlib.abc import MetaPathFinder

kept = {f"PySide6.Qt{name}" for name in sys.argv[1:]}


class LeftOut(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.startswith("PySide6.Qt") and name not in kept:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, LeftOut())
import archisync_gui.ui

for module in pkgutil.walk_packages(archisync_gui.ui.__path__, "archisync_gui.ui."):
    importlib.import_module(module.name)
import PySide6.QtPrintSupport  # imported when something is printed
print("archisync_gui.ui.widgets.charts" in sys.modules)
"""


def test_every_module_of_the_panel_can_be_imported_with_what_is_shipped() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *QT_KEPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True\n"
