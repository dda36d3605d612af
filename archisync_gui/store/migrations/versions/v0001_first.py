"""The first version: runs, events, explanations, notes, reads, change log, refused reads."""

import sqlalchemy as sa
from alembic import op

from archisync_gui.store import dialect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Times are ISO 8601 texts in UTC of 32 characters.
TIME = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("asked", TIME, nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME),
        sa.Column("outcome", sa.String),
        sa.Column("as_of", TIME),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
        sa.Column("warnings", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("suspensions", sa.JSON),
    )
    op.create_index("runs_by_time", "runs", ["started"])
    op.create_index("runs_by_type", "runs", ["type", "account", "started"])
    op.create_index("runs_by_outcome", "runs", ["outcome", "started"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("boot", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("data", sa.JSON),
    )
    op.create_index("events_by_time", "events", ["at"])
    op.create_table(
        "explanations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("params", sa.JSON),
        sa.Column("forecast", sa.JSON),
    )
    op.create_index("explanations_by_time", "explanations", ["at"])
    op.create_table(  # an archive that was made to replace another one may have this table already
        "notes", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.JSON), if_not_exists=True
    )
    op.create_table(
        "reads",
        sa.Column("entity", sa.String, primary_key=True),
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("run_id", sa.String),
        sa.Column("last_success", TIME),
        sa.Column("new_as_of", TIME),
        sa.Column("all_as_of", TIME),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("seen_keys", sa.LargeBinary),
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("row_key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("field", sa.String),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("percent", sa.Integer),
    )
    op.create_index("changes_by_row", "changes", ["entity", "account", "row_key", "id"])
    op.create_index("changes_by_time", "changes", ["at"])
    op.create_index("changes_by_run", "changes", ["run_id"])
    op.create_table(
        "refused_reads",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("kept_at", TIME, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("clean", sa.Boolean, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
    )
    op.create_table(
        "refused_rows",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table("declared", sa.Column("entity", sa.String, primary_key=True), sa.Column("search", sa.JSON))
    op.create_table(
        "unfilled_columns",
        sa.Column("entity", sa.String, primary_key=True),
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("column", sa.String, primary_key=True),
    )
    if dialect.is_postgres(op.get_bind()):
        _on_postgres()


def _on_postgres() -> None:
    """What SQLite has without declaration (order of insertion, 64 bits), and the tables that an office's members
    share."""
    for table in ("runs", "refused_reads"):
        dialect.add_rowid(op.get_bind(), table)
    op.execute("ALTER TABLE changes ALTER COLUMN id TYPE bigint, ALTER COLUMN percent TYPE bigint")
    op.execute("ALTER TABLE events ALTER COLUMN id TYPE bigint")
    for statement in OFFICE:
        op.execute(statement)


OFFICE = (
    """CREATE TABLE leader (
        id integer PRIMARY KEY CHECK (id = 1), epoch bigint NOT NULL, member text, name text,
        since timestamptz, renewed timestamptz, backend integer
    )""",
    "INSERT INTO leader (id, epoch) VALUES (1, 0)",
    """CREATE TABLE members (
        id text PRIMARY KEY, name text NOT NULL, version text NOT NULL, lock integer NOT NULL,
        joined timestamptz NOT NULL DEFAULT clock_timestamp(), seen timestamptz NOT NULL DEFAULT clock_timestamp()
    )""",
    """CREATE TABLE commands (
        id text PRIMARY KEY, member text NOT NULL, name text NOT NULL, args text NOT NULL,
        asked timestamptz NOT NULL DEFAULT clock_timestamp(), epoch bigint, exit integer, result text,
        done timestamptz, cancelled boolean NOT NULL DEFAULT false
    )""",
    "CREATE INDEX commands_open ON commands (asked) WHERE done IS NULL",
    """CREATE TABLE command_events (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        command text NOT NULL REFERENCES commands (id) ON DELETE CASCADE, event text NOT NULL
    )""",
    "CREATE INDEX command_events_of ON command_events (command, number)",
    """CREATE TABLE status (
        id integer PRIMARY KEY CHECK (id = 1), epoch bigint NOT NULL, revision bigint NOT NULL,
        at timestamptz NOT NULL, value text NOT NULL
    )""",
)
"""Tables in PostgreSQL only: the leader with its epoch, the members, commands to the leader, the leader's status."""
