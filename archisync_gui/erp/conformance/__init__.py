"""``doctor --erp``: examines an ERP without changing it and says, for each fact of ``docs/erp.md``, whether this ERP
agrees, and what Archisync does if it does not."""

from archisync_gui.erp.conformance.examine import examine
from archisync_gui.erp.conformance.facts import Fact, Report, Verdict
from archisync_gui.erp.conformance.spoken import doctor, sentence

__all__ = ["Fact", "Report", "Verdict", "doctor", "examine", "sentence"]
