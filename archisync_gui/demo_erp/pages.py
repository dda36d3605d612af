"""The HTML of whole pages around the grid: login, list view, plain pages, error page. No routes, no state."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from archisync_gui.demo_erp.columns import SIDEBAR, ListView, MenuItem
from archisync_gui.demo_erp.editors import Combo, search_box
from archisync_gui.demo_erp.texts import Speech

BASE = "/Archibald"

_MODULE = "xafkidemovb"
_MENU = "Vertical_mainMenu_Menu"
TITLE = "KI di gestione intelligente degli ordini"


def _hidden_fields() -> str:
    """WebForms' own hidden fields, at their usual sizes; their content means nothing here."""
    fields = {
        "__EVENTTARGET": "",
        "__EVENTARGUMENT": "",
        "__VIEWSTATE": secrets.token_hex(1_150),
        "__VIEWSTATEGENERATOR": secrets.token_hex(4).upper(),
        "__EVENTVALIDATION": secrets.token_hex(154),
    }
    return "".join(f'<input type="hidden" name="{name}" id="{name}" value="{value}">' for name, value in fields.items())


def document(title: str, body: str, boot: Mapping[str, Any], body_class: str, action: str, speech: Speech) -> str:
    """A whole page: head, form, hidden fields and ``body``."""
    data = json.dumps(boot, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<!DOCTYPE html><html lang="{speech.captions}" class="dxChrome dxWebKitFamily dxTheme-XafTheme"><head>'
        f'<meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{BASE}/DXR.axd?r=1_css"><link rel="icon" href="data:,"></head>'
        f'<body class="{body_class}"><form id="form1" method="post" action="{escape(action)}" onsubmit="return false">'
        f"{_hidden_fields()}{body}</form>"
        f'<script src="{BASE}/DXR.axd?r=1_js"></script><script>DemoErpClient.boot({data});</script></body></html>'
    )


def login_page(return_url: str, number: int, version: str, speech: Speech, notice: str = "") -> str:
    """The login page with its ids of this load (docs/erp.md, Login). ``notice``: what its error box tells."""
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
        f'<div class="LogonContent"><p>{welcome}</p><div id="Logon_ErrorInfo" class="ErrorInfo">{escape(notice)}</div>'
        f"<table>{editor('xaf_l30', 'UserName', speech.of('NOME ACCOUNT:', 'USER NAME:'), 'text')}"
        f"{editor('xaf_l35', 'Password', 'PASSWORD:', 'password')}</table>"
        '<ul id="Logon_PopupActions_Menu" class="dxm-main">'
        f'<li id="Logon_PopupActions_Menu_DXI0_" class="dxm-item" title="{button}">'
        '<a id="Logon_PopupActions_Menu_DXI0_T" class="dxm-content dxm-hasText dx dxalink" href="javascript:;" '
        f'role="menuitem"><span class="dx-vam dxm-contentText">{button}</span></a></li></ul></div>'
        '<table id="ctl01" class="dxlpLoadingPanel_XafTheme dxlpControl_XafTheme" style="display:none">'
        '<tr><td>Loading…</td></tr></table><div id="ctl01_LD" style="display:none"></div>'
        f"{footer(version)}"
    )
    boot = {"kind": "login", "prefix": prefix}
    action = f"./Login.aspx?ReturnUrl={quote(return_url, safe='')}"
    return document("Log In", body, boot, "Dialog", action, speech)


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that a list view page is made of."""

    view: ListView
    user: str
    grid: str
    grid_html: str
    grid_data: Mapping[str, Any]
    """The client's data of the grid (see ``list_view.grid_data``)."""
    menu: Sequence[MenuItem]
    combos: Mapping[int, Combo]
    """The toolbar's combo boxes by toolbar index."""
    preset: str
    """Control id of the preset filter; empty where the list has none."""
    search: str
    """Control id of the toolbar's search box."""
    search_text: str
    search_null: str
    fold_below: int
    forced: bool
    """The cells' language is imposed (a fault), so the page must not ask for the browser's own."""
    busy: bool
    accepts_early: bool
    version: str
    stale: str = ""
    """Control id of a grid that is no longer in the page but still registered (a variation)."""


def list_page(page: ListPage, speech: Speech) -> str:
    """A list view."""
    items = {item.index: _menu_item(item, speech) for item in page.menu}
    for index, combo in page.combos.items():
        items[index] = (
            f'<li id="{_MENU}_DXI{index}_" class="dxm-item dxm-tmpl"><div id="{_MENU}_ITCNT{index}">'
            f"{combo.html()}</div></li>"
        )
    overflow = max(page.view.overflow, *items) if page.view.overflow not in items else max(items) + 1
    items[overflow] = (
        f'<li id="{_MENU}_DXI{overflow}_" class="dxm-item dxm-adaptive" style="display:none" '
        f'title="Show hidden items"><a id="{_MENU}_DXI{overflow}_T" class="dxm-content" '
        'href="javascript:;" role="menuitem"><span class="dxm-contentText">…</span></a>'
        '<ul class="dxm-popupMain" style="display:none"></ul></li>'
    )
    toolbar = "".join(items[index] + _menu_spacing(index) for index in sorted(items))
    title = speech.of(page.view.it, page.view.en)
    search_html, search_data = search_box(page.search, page.search_text, page.search_null)
    body = (
        f"{frame(page.user, page.view.path, speech)}<h1 class='ViewCaption'>{title}</h1>"
        f'<ul id="{_MENU}" class="dxm-main">{toolbar}</ul><div class="SearchAC">{search_html}</div>'
        f'<div id="Vertical_ViewSite">{grid_root(page.grid, page.grid_html)}</div>'
        '<table id="ctl01" class="dxlpLoadingPanel_XafTheme dxlpControl_XafTheme" style="display:none"><tbody>'
        f"<tr><td>Loading…</td></tr></tbody></table>{footer(page.version)}"
    )
    boot = {
        "kind": "list",
        "grid": page.grid_data,
        "combos": [{**combo.data(), "menu": True} for combo in page.combos.values()],
        "preset": page.preset,
        "search": search_data,
        "menu": [[item.index, item.name] for item in page.menu],
        "overflow": overflow,
        "foldBelow": page.fold_below,
        "locale": speech.cells,
        "forced": page.forced,
        "busy": page.busy,
        "acceptsEarly": page.accepts_early,
        "detail": f"{BASE}/{page.view.detail}/" if page.view.detail else "",
        "stale": page.stale,
    }
    return document(f"{title} - {TITLE}", body, boot, "VerticalTemplate", f"./{page.view.path}/", speech)


def grid_root(grid: str, inner: str) -> str:
    """The root table of a grid around its inner HTML."""
    return (
        f'<table id="{grid}" class="dxgvControl_XafTheme dxgv" cellspacing="0"><tbody><tr>'
        f'<td id="{grid}_DXCell">{inner}</td></tr></tbody></table>'
    )


def _menu_item(item: MenuItem, speech: Speech) -> str:
    caption = speech.of(item.it, item.en)
    title = "Esportare in PDF File" if item.name == "export" else caption
    element = f"{_MENU}_DXI{item.index}_"
    return (
        f'<li id="{element}" class="dxm-item" title="{title}"><a id="{element}T" class="dxm-content dxm-hasText" '
        f'href="javascript:;" role="menuitem"><span class="dx-vam dxm-contentText">{caption}</span>'
        f'<span class="dx-vam dxm-contentText" style="display:none">{caption}</span></a></li>'
    )


def _menu_spacing(index: int) -> str:
    """The separator and indent elements that follow each toolbar item."""
    return "".join(f'<li id="{_MENU}_DXI{index}_{part}" class="dxm-spacing"></li>' for part in ("IS", "II"))


def frame(user: str, path: str, speech: Speech) -> str:
    """What stands around each page of a user who is logged in: header and sidebar."""
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


def footer(version: str) -> str:
    """The foot of each page with the ERP's version."""
    return f'<footer id="Vertical_Footer">{_MODULE} - {version} - Demo</footer>'


def plain_page(user: str, path: str, it: str, en: str, version: str, speech: Speech) -> str:
    """A page of the ERP that this demo knows only by name (announcements, map, consent, line discounts)."""
    title = speech.of(it, en)
    text = speech.of("Nessun annuncio.", "Nothing here.")
    body = f"{frame(user, path, speech)}<h1 class='ViewCaption'>{title}</h1><p>{text}</p>{footer(version)}"
    return document(
        f"{title} - {TITLE}", body, {"kind": "plain", "locale": speech.cells}, "VerticalTemplate", f"./{path}/", speech
    )


def error_page(speech: Speech) -> str:
    """Error.aspx."""
    text = speech.of("Si è verificato un errore dell'applicazione.", "An application error has occurred.")
    body = f'<div class="ErrorPage"><h1>{text}</h1><a href="{BASE}/Default.aspx">Default</a></div>'
    return document(
        "Application Error", body, {"kind": "plain", "locale": speech.cells}, "Dialog", "./Error.aspx", speech
    )
