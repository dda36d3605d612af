"""Invoices are identified by the ERP's row key instead of their number: rows, change log and ``touched`` get the new
key."""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NO_KEYS = zlib.compress(b"")
"""No keys of the last whole read: the next read's keys are not compared, but its number of rows still is."""


def upgrade() -> None:
    connection = op.get_bind()
    if not sa.inspect(connection).has_table("invoices"):
        return
    if "erp_id" in {column["name"] for column in sa.inspect(connection).get_columns("invoices")}:
        for account, old, new in _renamed(connection):
            which = {"account": account, "old": old, "new": new}
            connection.execute(
                sa.text("UPDATE invoices SET row_key = :new WHERE row_account = :account AND row_key = :old"), which
            )
            for table in ("changes", "touched"):
                connection.execute(
                    sa.text(
                        f"UPDATE {table} SET row_key = :new "
                        "WHERE entity = 'invoices' AND account = :account AND row_key = :old"
                    ),
                    which,
                )
    connection.execute(sa.text("UPDATE reads SET seen_keys = :none WHERE entity = 'invoices'"), {"none": NO_KEYS})


def _renamed(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """Account, old key and new key of each invoice whose id is known and unique."""
    rows = connection.execute(
        sa.text("SELECT row_account, row_key, erp_id FROM invoices WHERE erp_id IS NOT NULL AND erp_id <> ''")
    ).all()
    keys = connection.execute(sa.text("SELECT row_account, row_key FROM invoices")).all()
    taken = {(account, key) for account, key in keys}
    counts: dict[tuple[str, str], int] = {}
    for account, _, new in rows:
        counts[account, new] = counts.get((account, new), 0) + 1
    return [
        (account, old, new)
        for account, old, new in rows
        if old != new and counts[account, new] == 1 and (account, new) not in taken
    ]
