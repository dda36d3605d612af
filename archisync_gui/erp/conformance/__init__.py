"""``doctor --erp``: looks at an ERP without changing it and says, fact by fact, whether it is as ``docs/erp.md`` says,
and what Archisync does because of it."""

from archisync_gui.erp.conformance.examine import examine
from archisync_gui.erp.conformance.facts import Fact, Report, Verdict
from archisync_gui.erp.conformance.spoken import doctor, sentence

__all__ = ["Fact", "Report", "Verdict", "doctor", "examine", "sentence"]
