"""The table of the demo ERP's variations: what was not the same at every visit of the real ERP. Nothing acts here.

A variation is not a fault: the ERP is in order, only other than by default. Each is switched like a fault, by
``DemoErp(variations=...)``, ``demo-erp --variation NAME[=ARG]`` or the control path.
"""

from __future__ import annotations

from collections.abc import Mapping

from archisync_gui.demo_erp.switches import Switch, parse_switch

_PAGES = (
    Switch(
        "other-digits",
        "Le cifre negli id dei controlli sono altre",
        "The digits in the control ids are others",
        {"search": "a1", "first": "a0", "second": "a3"},
    ),
    Switch("english-session", "La sessione è in inglese", "The session is English", {"cells": ""}, "cells"),
    Switch("version", "L'ERP ha un'altra versione", "The ERP has another version", {"number": "2.0.21"}, "number"),
    Switch(
        "other-null-texts",
        "I testi dei campi vuoti sono altri",
        "The null texts of empty editors are others",
        {"search": "Type to search", "enum": "N/D"},
    ),
    Switch(
        "login-notice",
        "La pagina d'accesso mostra già un avviso",
        "The login page shows a text in its error box before anybody logs in",
        {"text": "Questa sera dalle 20 manutenzione."},
        "text",
    ),
    Switch("loads-empty", "L'elenco si apre con celle vuote", "The list loads with empty cells", {}, "list"),
    Switch("toolbar-combo-a2", "Il filtro è il secondo controllo", "The preset combo counts as second", {}, "list"),
    Switch(
        "foreign-details-refused",
        "Le schede dei clienti altrui non si aprono",
        "Detail pages of other agents' records are refused",
        {},
        "list",
    ),
    Switch(
        "details-by-path", "Le schede usano anche i nomi lunghi", "Detail ids keep the lookups' sub-paths", {}, "list"
    ),
)

_GRID = (
    Switch(
        "scrolling-headers",
        "Intestazioni in una tabella a parte",
        "The headers stand in a table of their own",
        {},
        "list",
    ),
    Switch("bands", "Intestazioni su due righe", "The headers have two rows (bands)", {}, "list"),
    Switch("indent-cells", "Una cella di rientro in ogni riga", "An indent cell without id leads each row", {}, "list"),
    Switch("detail-rows", "Righe con una griglia interna", "Rows are followed by rows with a nested grid", {}, "list"),
    Switch("template-row", "Una riga modello nascosta", "A hidden template row stands before the rows", {}, "list"),
    Switch(
        "stale-control",
        "Un controllo senza tabella",
        "A control of a grid that is gone is still registered",
        {},
        "list",
    ),
    Switch(
        "footer-separator", "Il totale usa un altro separatore", "The footer groups thousands otherwise", {"sign": " "}
    ),
    Switch("no-visible-index", "Le colonne non dicono visibleIndex", "Client columns have no visibleIndex", {}, "list"),
    Switch(
        "columns-added", "Ci sono colonne nuove", "Columns were added since the last visit", {"count": "9"}, "count"
    ),
    Switch(
        "id-notation",
        "Gli ID sono scritti in altro modo",
        "Ids are written in another notation",
        {"cells": "plain", "keys": "plain"},
        "cells",
    ),
    Switch("yes-no-words", "Sì e no sono parole", "Yes and no are words instead of images"),
    Switch(
        "invoice-amounts-signed",
        "Gli importi delle fatture hanno il simbolo €",
        "Amounts of invoices carry the currency sign",
    ),
    Switch(
        "sizes",
        "Le righe per pagina offerte sono altre",
        "Other page sizes are offered",
        {"offered": "10,20,50"},
        "offered",
    ),
    Switch("filter-bar-for-all", "La barra mostra ogni filtro", "The filter bar shows every filter", {}, "list"),
    Switch("grid-kept", "La griglia resta la stessa", "The grid object survives a preset or a search", {}, "list"),
    Switch(
        "grid-renumbered",
        "La griglia cambia id",
        "A preset or a search replaces the grid by one with another id; the old control stays registered",
        {},
        "list",
    ),
    Switch(
        "preset-accepted-early",
        "Il filtro è accettato prima della risposta",
        "The page notes a chosen preset before the server has answered",
        {},
        "list",
    ),
)

_VALUES = (
    Switch("page-values-absent", "GetPageRowValues non c'è", "There is no GetPageRowValues", {}, "list"),
    Switch("page-values-silent", "GetPageRowValues non risponde mai", "GetPageRowValues never answers", {}, "list"),
    Switch("page-values-error", "GetPageRowValues dà errore", "GetPageRowValues answers with an error", {}, "list"),
    Switch(
        "page-values-stale",
        "GetPageRowValues risponde per altre righe",
        "GetPageRowValues answers for the rows of another page",
        {},
        "list",
    ),
    Switch(
        "page-values-short",
        "GetPageRowValues risponde per meno righe",
        "GetPageRowValues answers for fewer rows than the page has",
        {"missing": "1"},
        "list",
    ),
    Switch("enum-words", "I valori degli stati sono parole", "Enum values are the displayed words", {}, "list"),
)

_LEFT_ON = (
    Switch("preset-left-on", "Filtro preimpostato lasciato", "Somebody left another preset on", {"option": ""}, "list"),
    Switch(
        "row-filter-left-on",
        "Filtro di riga lasciato",
        "Somebody left a row filter on",
        {"column": "", "value": "a", "operator": "Contains"},
        "list",
    ),
    Switch("search-left-on", "Ricerca lasciata", "Somebody left a search on", {"text": "a"}, "list"),
    Switch(
        "search-panel-left-on",
        "Ricerca della griglia lasciata",
        "Somebody left a text in the grid's own search box",
        {"text": "a"},
        "list",
    ),
    Switch(
        "header-filter-left-on",
        "Filtro d'intestazione lasciato",
        "Somebody left a header filter on",
        {"column": ""},
        "list",
    ),
    Switch(
        "builder-left-on",
        "Filtro composto lasciato",
        "Somebody left a filter builder filter on",
        {"column": ""},
        "list",
    ),
    Switch(
        "grouping-left-on",
        "Raggruppamento lasciato",
        "Somebody left the list grouped",
        {"column": "", "expanded": ""},
        "list",
    ),
    Switch("page-size-all", "«All» lasciato come righe per pagina", "Somebody left the page size at All", {}, "list"),
)

VARIATIONS: Mapping[str, Switch] = {switch.name: switch for switch in (*_PAGES, *_GRID, *_VALUES, *_LEFT_ON)}
"""Every variation by name."""

LEFT_ON: frozenset[str] = frozenset(switch.name for switch in _LEFT_ON)
"""Variations that change what the ERP keeps of the users' views, once, when they are switched on."""


def parse_variation(text: str) -> tuple[str, dict[str, str]]:
    """``NAME``, ``NAME=VALUE`` or ``NAME=key:value,...``, as ``parse_fault``. ValueError if it is none."""
    return parse_switch(VARIATIONS, "variation", text)
