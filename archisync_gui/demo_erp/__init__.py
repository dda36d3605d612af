"""An embedded stand-in for the ERP, for demo mode and tests: a local web application with invented, living data.

It imitates the ERP's own pages as ``docs/erp.md`` describes them, and was written from those facts alone: it shares no
code and no assumption with the driver that reads it.

====================================  =================================================================
topic in docs/erp.md                  where here
====================================  =================================================================
login, cookies, expiry                ``login``, ``sessions``, ``pages``
language, numbers, dates              ``server.Server.speech``, ``texts``
list view page, toolbar, presets      ``pages``, ``lists``, ``client/combo.js``, ``client/view.js``
grid: HTML                            ``grid_html``, ``editors``, ``dialogs``
grid: client objects, row values      ``client/grid.js``, ``client/editors.js``, ``callbacks``
saved views                           ``saved_views``, ``commands``
callback protocol                     ``client/transport.js``, ``exchange``
detail pages                          ``detail_page``
the six lists                         ``lists`` (columns), ``world`` (data, garbage, links)
what goes wrong                       ``faults``
what differed between visits          ``variations``, ``left_on``, ``structure``
====================================  =================================================================

The PDF export, which Archisync never uses, is not there. Importing this package is cheap: the web framework is
imported by ``DemoErp.start``. It imports nothing of Archisync's other packages.
"""

from archisync_gui.demo_erp.clock import STOPPED_AT, DemoClock
from archisync_gui.demo_erp.demo import DemoErp
from archisync_gui.demo_erp.faults import FAULTS, Fault
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.recorder import Action
from archisync_gui.demo_erp.saved_views import Preferences, RowFilter
from archisync_gui.demo_erp.structure import Structure
from archisync_gui.demo_erp.variations import VARIATIONS

__all__ = [
    "FAULTS",
    "STOPPED_AT",
    "VARIATIONS",
    "Action",
    "DemoClock",
    "DemoErp",
    "Fault",
    "Latency",
    "Preferences",
    "RowFilter",
    "Structure",
]
