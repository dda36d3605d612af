"""The ERP seen through Playwright: browser, login, list view, parsers. Reads only."""

from archisync_gui.erp.browser import Browser, try_browser
from archisync_gui.erp.certificate import Certificate
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.erp import IDLE, Erp

__all__ = ["IDLE", "Browser", "Certificate", "Erp", "Limits", "try_browser"]
