"""A pytest plugin for runs in several processes: a test that ends its worker is not given to the next worker.

pytest-xdist 3.8 repeats such a test, with the file that it is in, until no more workers may be started. A test that
hangs until its time limit would end each of them, and the tests behind it would not run.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The scheduler for ``--dist loadfile``; ``None``: that of pytest-xdist."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class WithoutRepeats(LoadFileScheduling):  # type: ignore[misc]  # it has no types
        def remove_node(self, node: Any) -> str | None:
            """As the library's method, but the test that was running counts as done."""
            units = self.assigned_work.pop(node)
            left: list[tuple[dict[str, bool], str]] = [
                (tests, name) for tests in units.values() for name, done in tests.items() if not done
            ]
            if not left:
                return None
            tests, running = left[0]
            tests[running] = True
            self.workqueue.update({file: tests for file, tests in units.items() if not all(tests.values())})
            for other in self.assigned_work:
                self._reschedule(other)
            return running

    return WithoutRepeats(config, log)
