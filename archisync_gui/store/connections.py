"""What the store needs of a database, of SQLite's file (``database.py``) as of an office's (``postgres.py``)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Connections(Protocol):
    """Two connections on threads of their own. Every method may raise ``StoreError``."""

    @property
    def place(self) -> str:
        """Where the database is, for people."""

    def require_place(self) -> None:
        """Raise ``file-replaced`` where another file, or none, is in the place of the open one; a server's database has
        no place. Blocking."""

    async def create(self) -> None:
        """Make the database where it is missing."""

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run a job in one write transaction."""

    async def change_schema(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a migration in one write transaction."""

    async def read(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a job that sees one committed state."""

    async def exclusive(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a job on the writing connection outside a transaction."""

    async def close(self) -> None:
        """Finish what was asked for and close."""
