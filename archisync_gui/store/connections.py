"""The interface of a database: implemented for SQLite's file (``database.py``) and an office's server
(``postgres.py``)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Connections(Protocol):
    """A writing and a reading connection, each on its own thread. Every method may raise ``StoreError``."""

    @property
    def place(self) -> str:
        """Path or name of the database, for messages."""

    def require_place(self) -> None:
        """Raise ``file-replaced`` if the open file was moved, replaced or deleted; does nothing for a server.
        Blocking."""

    async def create(self) -> None:
        """Create the database if it is missing."""

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run a job in one write transaction."""

    async def change_schema(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a migration in one write transaction."""

    async def read(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a job that reads one committed state (snapshot)."""

    async def exclusive(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a job on the writing connection outside a transaction."""

    async def close(self) -> None:
        """Finish the jobs in the queue and close the connections."""
