"""The HTML of whole pages around the grid: login, list view frame, detail views, error page; no routes, no state."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from archisync_gui.demo_erp.columns import SIDEBAR, ListView, MenuItem
from archisync_gui.demo_erp.grid import Speech, cell_text
from archisync_gui.demo_erp.world import Row

BASE = "/Archibald"

_MODULE = "xafkidemovb"
_TITLE = "KI di gestione intelligente degli ordini"


def _hidden_fields() -> str:
    """WebForms' own hidden fields, at their usual sizes; their content means nothing here."""
    noise = random.Random()
    fields = {
        "__EVENTTARGET": "",
        "__EVENTARGUMENT": "",
        "__VIEWSTATE": noise.randbytes(1_150).hex(),
        "__VIEWSTATEGENERATOR": noise.randbytes(4).hex().upper(),
        "__EVENTVALIDATION": noise.randbytes(154).hex(),
    }
    return "".join(f'<input type="hidden" name="{name}" id="{name}" value="{value}">' for name, value in fields.items())


def _document(title: str, body: str, boot: Mapping[str, Any], body_class: str, action: str, speech: Speech) -> str:
    data = json.dumps(boot, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<!DOCTYPE html><html lang="{speech.captions}" class="dxChrome dxWebKitFamily dxTheme-XafTheme"><head>'
        f'<meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{BASE}/DXR.axd?r=1_css"><link rel="icon" href="data:,"></head>'
        f'<body class="{body_class}"><form id="form1" method="post" action="{escape(action)}" onsubmit="return false">'
        f"{_hidden_fields()}{body}</form>"
        f'<script src="{BASE}/DXR.axd?r=1_js"></script><script>DemoErpClient.boot({data});</script></body></html>'
    )


def login_page(return_url: str, number: int, tracker: str, speech: Speech) -> str:
    """The login page with its ids of this load (docs/erp.md, login page)."""
    button = speech.of("Accedi", "Log In")
    welcome = speech.of(
        "Benvenuto! Inserisci il tuo nome utente e password qui sotto.",
        "Welcome! Please enter your user name and password below.",
    )
    prefix = f"Logon_v0_{number}_MainLayoutEdit_xaf_l12"

    def editor(item: str, field: str, caption: str, kind: str) -> str:
        control = f"{prefix}_{item}_xaf_dvi{field}_Edit"
        name = f"Logon$v0_{number}$MainLayoutEdit$xaf_l12${item}$xaf_dvi{field}_Edit"
        return (
            f'<tr><td class="Caption">{caption}</td><td><table id="{control}" class="dxeTextBox_XafTheme">'
            f'<tr><td class="dxic"><input class="dxeEditArea_XafTheme dxeEditAreaSys" id="{control}_I" name="{name}" '
            f'type="{kind}" autocomplete="off" onchange="ASPx.EValueChanged(\'{control}\')"></td></tr></table>'
            f'<input type="hidden" id="{control}_EditorClientInfo" value=""></td></tr>'
        )

    body = (
        f'<a id="Logon_LogoLink" href="{BASE}/Default.aspx">ARCHIBALD</a>'
        f'<div class="LogonContent"><p>{welcome}</p><div id="Logon_ErrorInfo" class="ErrorInfo"></div>'
        f"<table>{editor('xaf_l30', 'UserName', speech.of('NOME ACCOUNT:', 'USER NAME:'), 'text')}"
        f"{editor('xaf_l35', 'Password', 'PASSWORD:', 'password')}</table>"
        '<ul id="Logon_PopupActions_Menu" class="dxm-main">'
        f'<li id="Logon_PopupActions_Menu_DXI0_" class="dxm-item" title="{button}">'
        '<a id="Logon_PopupActions_Menu_DXI0_T" class="dxm-content dxm-hasText dx dxalink" href="javascript:;" '
        f'role="menuitem"><span class="dx-vam dxm-contentText">{button}</span></a></li></ul></div>'
        '<table id="ctl01" class="dxlpLoadingPanel_XafTheme dxlpControl_XafTheme" style="display:none">'
        '<tr><td>Loading…</td></tr></table><div id="ctl01_LD" style="display:none"></div>'
    )
    boot = {"kind": "login", "prefix": prefix, "tracker": tracker}
    action = f"./Login.aspx?ReturnUrl={quote(return_url, safe='')}"
    return _document("Log In", body, boot, "Dialog", action, speech)


@dataclass(frozen=True, slots=True)
class Combo:
    """A combo box in the toolbar. ``set_value`` says what the client's SetValue does: nothing, callback, navigate."""

    container: int
    value: str
    items: tuple[tuple[str, str], ...]
    set_value: str
    target: str

    @property
    def control(self) -> str:
        """The client id."""
        return f"Vertical_mainMenu_Menu_ITCNT{self.container}_xaf_a1_Cb"

    @property
    def name(self) -> str:
        """The WebForms name."""
        return f"Vertical$mainMenu$Menu$ITCNT{self.container}$xaf_a1$Cb"

    @property
    def text(self) -> str:
        """The text of the chosen item."""
        return dict(self.items).get(self.value, "")


def _combo_html(combo: Combo) -> str:
    control, items = combo.control, ""
    for index, (value, text) in enumerate(combo.items):
        selected = " dxeListBoxItemSelected_XafTheme" if value == combo.value else ""
        items += (
            f'<tr class="dxeListBoxItemRow_XafTheme"><td id="{control}_DDD_L_LBI{index}T0" data-index="{index}" '
            f'class="dxeListBoxItem_XafTheme{selected}">{escape(text)}</td></tr>'
        )
    return (
        f'<table id="{control}" class="dxeButtonEditSys dxeButtonEdit_XafTheme"><tr><td class="dxic">'
        f'<input id="{control}_I" name="{combo.name}" type="text" readonly class="dxeEditArea_XafTheme dxeEditAreaSys" '
        f'value="{escape(combo.text)}"></td><td id="{control}_B-1" class="dxeButton dxeButtonEditButton_XafTheme">'
        f'<img alt="v"></td></tr></table><input type="hidden" id="{control}_VI" name="{combo.name}_VI" '
        f'value="{escape(combo.value)}"><input type="hidden" name="{combo.name}$DDD$L" value="">'
        f'<div id="{control}_DDD_PW-1" class="dxpcDropDown_XafTheme" style="display:none">'
        f'<table id="{control}_DDD_L" class="dxeListBox_XafTheme"><tbody>{items}</tbody></table></div>'
    )


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything a list view page is made of."""

    view: ListView
    user: str
    grid: str
    unique: str
    grid_html: str
    state: Mapping[str, Any]
    columns: Sequence[Mapping[str, Any]]
    menu: Sequence[MenuItem]
    combos: Sequence[Combo]
    search: str
    paint: float
    fold_below: int
    tracker: str
    forced: bool
    """The cells' locale is imposed (a fault), so the page must not ask for the browser's own."""
    busy: bool


def list_page(page: ListPage, speech: Speech) -> str:
    """A list view."""
    items = {item.index: _menu_item(item, speech) for item in page.menu}
    for combo in page.combos:
        place = f"Vertical_mainMenu_Menu_DXI{combo.container}_"
        items[combo.container] = (
            f'<li id="{place}" class="dxm-item dxm-tmpl"><div id="Vertical_mainMenu_Menu_ITCNT{combo.container}">'
            f"{_combo_html(combo)}</div></li>"
        )
    overflow = max(items) + 1
    items[overflow] = (
        f'<li id="Vertical_mainMenu_Menu_DXI{overflow}_" class="dxm-item dxm-adaptive" style="display:none" '
        f'title="Show hidden items"><a id="Vertical_mainMenu_Menu_DXI{overflow}_T" class="dxm-content" '
        'href="javascript:;" role="menuitem"><span class="dxm-contentText">…</span></a>'
        '<ul class="dxm-popupMain" style="display:none"></ul></li>'
    )
    title = speech.of(page.view.it, page.view.en)
    search = "Vertical_SearchAC_Menu_ITCNT0_xaf_a1_Ed"
    body = (
        f"{_frame(page.user, page.view.path, speech)}<h1 class='ViewCaption'>{title}</h1>"
        f'<ul id="Vertical_mainMenu_Menu" class="dxm-main">{"".join(items[i] for i in sorted(items))}</ul>'
        f'<table id="{search}" class="dxeButtonEdit_XafTheme SearchAC"><tr><td><input id="{search}_I" type="text" '
        f'placeholder="{speech.of("Inserire testo di ricerca", "Enter text to search")}" '
        f'value="{escape(page.search)}"></td><td id="{search}_B1" class="dxeButton"><img alt="Search"></td></tr>'
        "</table>"
        f'<div id="{page.grid}" class="dxgvControl_XafTheme">{page.grid_html}</div>'
        '<table id="ctl01" class="dxlpLoadingPanel_XafTheme dxlpControl_XafTheme" style="display:none">'
        "<tr><td>Loading…</td></tr></table>"
        f"<footer>{_MODULE} - 2.0.21 - Demo</footer>"
    )
    boot = {
        "kind": "list",
        "grid": page.grid,
        "unique": page.unique,
        "state": page.state,
        "columns": page.columns,
        "combos": [
            {
                "id": combo.control,
                "name": combo.name,
                "value": combo.value,
                "items": combo.items,
                "setValue": combo.set_value,
                "target": combo.target,
            }
            for combo in page.combos
        ],
        "menu": [[item.index, item.name] for item in page.menu],
        "overflow": overflow,
        "foldBelow": page.fold_below,
        "paint": page.paint,
        "locale": speech.cells,
        "tracker": page.tracker,
        "forced": page.forced,
        "busy": page.busy,
        "detail": f"{BASE}/{page.view.detail}/" if page.view.detail else "",
        "search": search,
    }
    return _document(f"{title} - {_TITLE}", body, boot, "VerticalTemplate", f"./{page.view.path}/", speech)


def _menu_item(item: MenuItem, speech: Speech) -> str:
    caption = speech.of(item.it, item.en)
    title = "Esportare in PDF File" if item.name == "export" else caption
    element = f"Vertical_mainMenu_Menu_DXI{item.index}_"
    return (
        f'<li id="{element}" class="dxm-item" title="{title}"><a id="{element}T" class="dxm-content dxm-hasText" '
        f'href="javascript:;" role="menuitem"><span class="dx-vam dxm-contentText">{caption}</span></a></li>'
    )


def _frame(user: str, path: str, speech: Speech) -> str:
    links, group = "", ""
    for heading, target, it, en in SIDEBAR:
        if heading != group:
            links, group = f"{links}<h2>{heading}</h2>", heading
        selected = ' class="selected"' if target == path else ""
        links += f'<a{selected} href="{BASE}/{target}/">{speech.of(it, en)}</a>'
    profile = speech.of("Il mio profilo", "My Details")
    return (
        f'<header><span class="burger">☰</span><b>ARCHIBALD</b><span class="bell">🔔 0</span>'
        f'<a id="Vertical_MyDetails" href="javascript:;">{profile} ({escape(user)})</a></header><nav>{links}</nav>'
    )


def plain_page(user: str, path: str, it: str, en: str, speech: Speech) -> str:
    """A page of the ERP that this demo knows only by name (announcements, map, consent, line discounts)."""
    title = speech.of(it, en)
    text = speech.of("Nessun annuncio.", "Nothing here.")
    body = f"{_frame(user, path, speech)}<h1 class='ViewCaption'>{title}</h1><p>{text}</p>"
    return _document(
        f"{title} - {_TITLE}", body, {"kind": "plain", "locale": speech.cells}, "VerticalTemplate", f"./{path}/", speech
    )


def detail_page(user: str, view: ListView, row: Row, speech: Speech) -> str:
    """The read-only detail view of one record: each field in an element whose id holds ``xaf_dvi{FIELD}_View``."""
    number = random.randint(100_000_000, 999_999_999)
    fields = ""
    for column in view.columns:
        text = escape(cell_text(row, column, speech)).replace("\n", "<br>\n")
        name = column.field.replace(".", "_")
        fields += (
            f'<tr><td class="Caption">{escape(speech.of(column.it, column.en))}</td>'
            f'<td id="Vertical_v3_{number}_MainLayoutView_xaf_l1_xaf_dvi{name}_View">{text}</td></tr>'
        )
    title = f"{row.values.get('NAME') or row.values.get('SALESID') or row.key} - {speech.of(view.it, view.en)}"
    heading = f"<h1 class='ViewCaption'>{escape(title)}</h1>"
    body = f"{_frame(user, view.path, speech)}{heading}<table class='detail'>{fields}</table>"
    return _document(title, body, {"kind": "plain", "locale": speech.cells}, "VerticalTemplate", "./", speech)


def error_page(speech: Speech) -> str:
    """Error.aspx."""
    text = speech.of("Si è verificato un errore dell'applicazione.", "An application error has occurred.")
    body = f'<div class="ErrorPage"><h1>{text}</h1><a href="{BASE}/Default.aspx">Default</a></div>'
    return _document(
        "Application Error", body, {"kind": "plain", "locale": speech.cells}, "Dialog", "./Error.aspx", speech
    )
