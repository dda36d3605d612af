"""Parses a delivery note's tracking cell: courier, number, link (``docs/erp.md``, Tracking). No storage."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

LINKS = {
    "FEDEX": "https://www.fedex.com/fedextrack/?trknbr={}",
    "UPS": "https://www.ups.com/track?loc=it_IT&tracknum={}",
    "DHL": "https://www.dhl.com/it-it/home/tracking.html?tracking-id={}",
    "TNT": "https://www.tnt.it/tracking/getTrack.html?wt=1&consigNos={}",
    "GLS": "https://www.gls-italy.com/it/servizi/ricerca-spedizioni?match={}",
    "BRT": "https://vas.brt.it/vas/sped_det_show.hsm?brtcode={}",
    "SDA": "https://www.sda.it/wps/portal/Servizi_online/dettaglio-spedizione?tracing.letteraVettura={}",
}
"""By courier: the address of its page for a shipment."""

# ``fidex`` is a typo that was seen in the ERP.
_NAMES = {"fedex": "FEDEX", "fidex": "FEDEX", "ups": "UPS", "dhl": "DHL", "tnt": "TNT", "gls": "GLS"} | {
    "bartolini": "BRT",
    "brt": "BRT",
    "sda": "SDA",
}
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+(?![0-9])|[0-9A-Za-z]+")
"""Digits in groups count as one number; the last group alone would be a wrong one."""


def _words(text: str) -> list[str]:
    return _WORD.findall(html.unescape(_TAG.sub(" ", text)))


def text_of(text: str) -> str:
    """The visible text of the cell: a link's text, without its tags."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def courier_of(text: str) -> str:
    """``fedex 440000000001`` → ``FEDEX``; empty when no known courier is named."""
    return next((_NAMES[word.lower()] for word in _words(text) if word.lower() in _NAMES), "")


def number_of(text: str) -> str:
    """``Ups 1Z000000000000001`` → ``1Z000000000000001``: the last word with a digit, case kept."""
    return next((word for word in reversed(_words(text)) if any(c.isdigit() for c in word)), "")


def link_of(text: str) -> str:
    """The courier's page for this shipment; empty when courier or number is not known."""
    courier, number = courier_of(text), number_of(text)
    return LINKS[courier].format(quote(number)) if courier and number else ""
