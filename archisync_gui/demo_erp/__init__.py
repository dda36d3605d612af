"""An embedded stand-in for the ERP, for demo mode and tests: a local web application with invented, living data.

It behaves as ``docs/erp.md`` says, topic by topic:

===============================  =======================================================================
topic in docs/erp.md             where here
===============================  =======================================================================
login, cookies, expiry           ``server.Server._login``, ``sessions``, ``pages.login_page``
language, numbers, dates         ``grid.Speech``, ``grid.cell_text``
list view page, toolbar          ``pages.list_page``, ``columns`` (menus, captions)
grid: DOM and cells              ``grid.grid_html``
grid: client objects             ``client.js``
preset filters, remembered state ``columns.ListView.options``, ``sessions.Preferences``, ``grid.in_preset``
lists that load empty            ``sessions.GridPage.filled``
column chooser                   ``server._column_dialog``
callback protocol                ``client.js`` (``post``), ``server._result``
the six lists                    ``columns`` (columns), ``world`` (data, garbage, links)
what goes wrong                  ``faults``
===============================  =======================================================================

The PDF export, which Archisync never uses, is not there. Importing this package is cheap: the web framework is
imported by ``DemoErp.start``. It imports nothing of Archisync's other packages.
"""

from archisync_gui.demo_erp.clock import STOPPED_AT, DemoClock
from archisync_gui.demo_erp.demo import DemoErp
from archisync_gui.demo_erp.faults import FAULTS, Fault
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.recorder import Action
from archisync_gui.demo_erp.sessions import Preferences

__all__ = ["FAULTS", "STOPPED_AT", "Action", "DemoClock", "DemoErp", "Fault", "Latency", "Preferences"]
