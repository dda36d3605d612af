"""Options of the embedded demo ERP; the demo ERP itself is in ``demo_erp``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.demo_erp import DemoErp

DEMO_ACCOUNT = "agente01"
"""The demo ERP's full-size agent."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the embedded demo ERP behaves."""

    latency: str
    """``none``, ``real`` or a factor of the real one."""
    clock: str
    """``live``, ``stopped`` or an ISO time."""

    def erp(self) -> DemoErp:
        """A demo ERP with these options, not started yet. Raises ``SyncFailure`` ``demo-option`` for invalid ones."""
        from archisync_gui.demo_erp import DemoClock, DemoErp

        try:
            return DemoErp(latency=self.latency, clock=DemoClock.parse(self.clock))
        except ValueError as error:
            raise SyncFailure("demo-option", FailureKind.PERMANENT, params={"reason": str(error)}) from error
