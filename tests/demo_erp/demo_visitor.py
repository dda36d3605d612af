"""A session with the demo ERP without a browser, and the start data of a page's client objects."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp


def boot(text: str) -> dict[str, Any]:
    """The start data of a page's client objects."""
    found = re.search(r"DemoErpClient\.boot\((.*)\);</script>", text)
    assert found, text[-500:]
    return dict(json.loads(found[1]))


@dataclass
class Visitor:
    """An HTTP session that uses the ERP's protocol without a browser."""

    base: str
    http: aiohttp.ClientSession
    unique: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **options: Any) -> tuple[int, str, str]:
        """Status, text and final path of a page."""
        async with self.http.get(f"{self.base}/{path}", **options) as answer:
            return answer.status, await answer.text(), answer.url.path

    async def post(self, path: str, command: str, arguments: dict[str, Any], target: str = "") -> dict[str, Any]:
        """The result of one callback."""
        form = {"__CALLBACKID": target, "__CALLBACKPARAM": "c0:" + json.dumps([command, arguments])}
        async with self.http.post(f"{self.base}/{path}", data=form) as answer:
            answer.raise_for_status()
            text = await answer.text()
        start = text.index("/*DX*/(")
        size, _, rest = text.partition("|")
        assert rest.index("/*DX*/(") == int(size)
        return dict(json.loads(text[start + 7 : -1])["result"])

    async def login(self, user: str = "agente01", password: str = "demo") -> dict[str, Any]:
        """Log in and return the callback's result."""
        await self.get("Login.aspx")
        return await self.post("Login.aspx", "LOGON", {"user": user, "password": password})

    async def open(self, path: str) -> str:
        """Open a list view and store its grid for later calls."""
        status, text, _ = await self.get(f"{path}/")
        assert status == 200
        self.unique[path] = boot(text)["grid"]["unique"]
        return text

    async def grid(self, path: str, command: str, **arguments: Any) -> dict[str, Any]:
        """One callback of the list's newest grid."""
        return await self.post(f"{path}/", command, arguments, self.unique[path])
