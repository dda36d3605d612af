"""The list of products: its columns, toolbar and preset filter, typed from docs/erp.md."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.view import SELECT_EDIT, Column, ListView, MenuItem, definition_order

_PRODUCTS = (
    Column("ITEMID", "ID ARTICOLO", "ITEM ID"),
    Column("NAME", "NOME ARTICOLO:", "ITEM NAME:"),
    Column("DESCRIPTION", "DESCRIZIONE", "DESCRIPTION"),
    Column("PRODUCTGROUPID.ID", "GRUPPO ARTICOLO:", "ITEM GROUP:"),
    Column("ImageCalc", "IMMAGINE:", "IMAGE:", "image"),
    Column("BRASPACKINGCONTENTS", "CONTENUTO DELL'IMBALLAGGIO", "PACKING CONTENTS"),
    Column("SEARCHNAME", "NOME DELLA RICERCA", "SEARCH NAME"),
    Column("PRICEUNIT", "UNITÀ DI PREZZO:", "PRICE UNIT:", "qty"),
    Column("PRODUCTGROUPID.PRODUCTGROUPID", "ID GRUPPO DI PRODOTTI", "PRODUCT GROUP ID"),
    Column("PRODUCTGROUPID.PRODUCTGROUP1", "DESCRIZIONE GRUPPO ARTICOLO:", "ITEM GROUP DESCRIPTION:"),
    Column("LOWESTQTY", "QTÀ MINIMA:", "LOWEST QTY:", "qty"),
    Column("MULTIPLEQTY", "QTÀ MULTIPLI:", "MULTIPLE QTY:", "qty"),
    Column("HIGHESTQTY", "QTÀ MASSIMA:", "HIGHEST QTY:", "qty"),
    Column("BRASFIGURE", "FIGURA:", "FIGURE:", visible=False),
    Column("BRASITEMIDBULK", "ID IN BLOCCO DELL'ARTICOLO", "ITEM ID BULK", visible=False),
    Column("BRASPACKAGEEXPERTS", "PACCO", "PACKAGE", visible=False),
    Column("BRASSHANK", "GAMBA", "SHANK", visible=False),
    Column("BRASSIZE", "GRANDEZZA", "SIZE", visible=False),
    Column("CONFIGID", "ID DI CONFIGURAZIONE", "CONFIG ID", visible=False),
    Column("CREATEDBY", "CREATO DA", "CREATED BY", visible=False),
    Column("CREATEDDATETIME", "DATA CREATA", "CREATED DATE", "datetime", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    Column("DEFAULTSALESQTY", "QTÀ PREDEFINITA", "DEFAULT QTY", "qty", visible=False),
    Column("DISPLAYPRODUCTNUMBER", "VISUALIZZA IL NUMERO DI PRODOTTO", "DISPLAY PRODUCT NUMBER", visible=False),
    Column("ENDDISC", "SCONTO ASSOLUTO TOTALE", "END DISCOUNT", "number", visible=False),
    Column("ID", "ID", "ID", "id", visible=False),
    Column("LINEDISC.ID", "SCONTO LINEA", "LINE DISCOUNT", visible=False),
    Column("MODIFIEDBY", "MODIFICATO DA", "MODIFIED BY", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    Column("ORDERITEM", "ARTICOLO ORDINABILE:", "ORDERABLE ITEM:", "bool", visible=False),
    Column("PURCHPRICEPCS", "PURCH PRICE PCS", "PURCH PRICE PCS", "amount", visible=False),
    Column("STANDARDCONFIGID", "ID DI CONFIGURAZIONE STANDARD", "STANDARD CONFIG ID", visible=False),
    Column("STANDARDQTY", "QTÀ STANDARD", "STANDARD QTY", "qty", visible=False),
    Column("STOPPED", "FERMATO", "STOPPED", visible=False),
    Column("UNITID", "ID UNITÀ", "UNIT ID", visible=False),
    Column("TAXITEMGROUPID", "TAXITEMGROUPID", "TAXITEMGROUPID", visible=False),
)

PRODUCTS = ListView(
    name="products",
    path="INVENTTABLE_ListView",
    it="Prodotti",
    en="Products",
    record="INVENTTABLE",
    columns=_PRODUCTS,
    system=SELECT_EDIT,
    sort=(("ITEMID", "ASC"),),
    menu=(
        MenuItem(0, "edit", "Modifica", "Edit", writes=True),
        MenuItem(1, "refresh", "Aggiorna", "Refresh"),
        MenuItem(2, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(3, "export", "Esportare in", "Export to"),
    ),
    overflow=4,
    shared=True,
    definition_order=definition_order(_PRODUCTS, 2, {}),
)
