"""Tables for the leader's events and the shared settings of an office; SQLite files are not changed."""

from alembic import op

from archisync_gui.store import dialect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OFFICE = (
    """CREATE TABLE announced (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, epoch bigint NOT NULL, event text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    )""",
    """CREATE TABLE settings (
        key text PRIMARY KEY, value text NOT NULL, version bigint NOT NULL, computer text NOT NULL,
        changed timestamptz NOT NULL DEFAULT clock_timestamp()
    )""",
    "ALTER TABLE leader DROP COLUMN renewed",
)


def upgrade() -> None:
    if dialect.is_postgres(op.get_bind()):
        for statement in OFFICE:
            op.execute(statement)
