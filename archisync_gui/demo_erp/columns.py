"""The six list views by name and by path, and the sidebar. Each list is defined in ``lists``."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.customers import CUSTOMERS
from archisync_gui.demo_erp.lists.ddt import DDT
from archisync_gui.demo_erp.lists.enums import ENUM_SETS, enum_text
from archisync_gui.demo_erp.lists.invoices import INVOICES
from archisync_gui.demo_erp.lists.orders import ORDERS
from archisync_gui.demo_erp.lists.prices import PRICES
from archisync_gui.demo_erp.lists.products import PRODUCTS
from archisync_gui.demo_erp.lists.view import Column, FilterOption, Kind, ListView, MenuItem

__all__ = [
    "BY_PATH",
    "ENUM_SETS",
    "LISTS",
    "SIDEBAR",
    "Column",
    "FilterOption",
    "Kind",
    "ListView",
    "MenuItem",
    "enum_text",
]

LISTS: dict[str, ListView] = {view.name: view for view in (CUSTOMERS, ORDERS, DDT, INVOICES, PRODUCTS, PRICES)}
"""The six list views by their short name."""

BY_PATH: dict[str, ListView] = {view.path: view for view in LISTS.values()}
"""The same by the URL's last part."""

SIDEBAR: tuple[tuple[str, str, str, str], ...] = (
    ("AGENT", "Announcements_ListView", "Annunci", "Announcements"),
    ("AGENT", "CUSTTABLE_ListView_Agent", "Clienti", "Customers"),
    ("AGENT", "CUSTTABLE_ListView_RoadMap", "Mappa clienti", "Customer map"),
    ("AGENT", "CustomerConsent_ListViewAgent", "Consenso del cliente", "Customer consent"),
    ("AGENT", "SALESTABLE_ListView_Agent", "Ordini", "Orders"),
    ("AGENT", "CUSTPACKINGSLIPJOUR_ListView", "Documenti di trasporto", "Packing slip journal"),
    ("AGENT", "CUSTINVOICEJOUR_ListView", "Fatture", "Customer invoice journal"),
    ("MASTER DATA", "INVENTTABLE_ListView", "Prodotti", "Products"),
    ("MASTER DATA", "PRICEDISCTABLE_ListView", "Tabella prezzi", "Price table"),
    ("MASTER DATA", "PRICEDISCTABLE_ListViewLineDisc", "Sconti linea", "Line discounts"),
)
"""Group, path, Italian and English caption of each sidebar link."""
